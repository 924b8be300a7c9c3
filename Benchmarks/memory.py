"""Row 7: memory of each process, and whether it grows."""
import json
import time

from frame import processes
from frame.context import get
from frame.figures import Failed, Result, pick
from frame.load import Load
from frame.plot import number as text_of

NAME = "Memory"
WANTED = 1_000_000
OURS, THEIRS = "Oriel", "µStreamer + nginx"
PARTS = {OURS: ("mjpeg-fcgi", "capture-daemon", "nginx"), THEIRS: ("ustreamer", "nginx")}
GROWTH = "growth over 10⁶ delivered frames"


def run(context):
    result = Result(NAME, reference={f"{OURS}: {part}": f"{THEIRS}: {part}" for part in ("together", "nginx")})
    makers = {OURS: context.oriel, THEIRS: context.ustreamer}
    for numbers, rounds in (((0, 100), None), ((1000,), 1)):
        measurements = [(name, lambda name=name: sizes(context, makers[name], name, numbers)) for name in makers]
        for name, found in context.alternate(result, measurements, rounds).items():
            for number in numbers:
                for part in (*PARTS[name], "together"):
                    values = pick(found, lambda size, key=(part, number): size[key])
                    result.add(f"{name}: {part}", f"{number} viewers", values, "MB")
    result.target("Oriel's worker with 1000 viewers", "Oriel: mjpeg-fcgi", "1000 viewers", 25, "MB")
    growth(context, result)
    result.leave_out("Python pair", "it cannot serve 100 viewers (see the maximum number of viewers)")
    result.leave_out("bare HTTP server", "it keeps all of the camera's pictures in memory, and only shows the cost "
                                         "of sending")
    result.leave_out("µStreamer's growth", "the limit applies only to Oriel")
    result.note(
        "The figures are the resident memory of each process in MB (10⁶ bytes), including mapped program files, "
        "while the stated number of viewers watch 720p at 30 frames per second. For nginx, they are the sum of all "
        "its processes, so pages that these processes share are counted several times. A figure counts only if all "
        "viewers are served and get an average of 20 frames per second each. The figures with 1000 viewers come "
        "from a single round.")
    return result.as_dict()


def sizes(context, make, name, numbers):
    """Returns a dictionary from (part, number of viewers) to MB."""
    found = {}
    with make() as system:
        for number in numbers:
            viewers = context.count(number, min(number, 4))
            for part, size in sizes_with(context, system, viewers, PARTS[name]).items():
                found[part, number] = size
    return found


def sizes_with(context, system, number, parts):
    """Returns the memory of each part, and of all parts together, in MB while `number` viewers watch."""
    if number:
        seconds = context.seconds(2, 1.5, 1)
        load = Load(context, [f"{number}={system.url}"], [system], seconds=seconds + 10, warmup=0.5)
        time.sleep(number / 1000 + 0.5 + seconds)
    found = {}
    for pid in system.processes():
        part = processes.program_of(pid)
        if part in parts:
            found[part] = found.get(part, 0) + processes.memory_of(pid)["rss"] / 1e6
    if number:
        context.finish(load.end(), [system], share=0.66)
    for part in parts:
        if part not in found:
            raise Failed(f"{part} is not running.")
    return {**found, "together": sum(found.values())}


def growth(context, result):
    """Adds to `result` by how much the memory of Oriel's processes grows while they deliver a million small frames."""
    parts = PARTS[OURS]
    text = "growth of {} over 10⁶ delivered frames"
    if context.quick:
        result.leave_out(GROWTH, "the short run (--quick) leaves it out.")
        for part in parts:
            result.verdict(text.format(part), None, None, None, 256, "KiB", missing="the short run leaves it out")
        return
    try:
        grown, written, seconds = grown_by(context, context.count(WANTED, 500), parts)
    except Failed as reason:
        context.say(f"    growth: {reason}")
        for part in parts:
            result.verdict(text.format(part), None, None, None, 256, "KiB", missing=str(reason))
        return
    for part, values in grown.items():
        result.add(f"Oriel: {part}", GROWTH, [values], "KiB")
        result.target(text.format(part), f"Oriel: {part}", GROWTH, 256, "KiB")
    result.note(
        "*Growth* is how much the private memory grows. Mapped files and the ring are not included. The "
        "measurement begins after the first 100 000 frames. It covers the next million frames, which mjpeg-fcgi and "
        f"nginx delivered to 200 viewers in {seconds:.0f} s. Meanwhile capture-daemon wrote {text_of(written)} frames "
        "of 160 × 120 into the ring.")


def grown_by(context, wanted, parts):
    """Returns (part → growth in KiB, number of frames that the camera delivered meanwhile, seconds).

    Raises Failed if the frames are not delivered in time.
    """
    viewers, longest = context.count(200, 4), context.seconds(150, None, 30)
    with context.oriel(height=120, rate=240) as system:
        pids = {part: system.pids_called(part) for part in parts}
        load = Load(context, [f"{viewers}={system.url}"], [system], seconds=longest + 30, sample=64)
        until(context, system, wanted / 10, longest)
        begin, before, first = time.monotonic(), owned(pids), counters(system)
        last = until(context, system, first["frames_sent"] + wanted, longest)
        after = owned(pids)
        seconds = time.monotonic() - begin
        context.finish(load.end(), [system], rate=None)
        grown = {part: (after[part] - before[part]) / 1024 for part in parts}
        return grown, last["published"] - first["published"], seconds


def owned(pids):
    return {part: sum(processes.memory_of(pid)["own"] for pid in found) for part, found in pids.items()}


def until(context, system, count, longest):
    """Waits until the worker has sent `count` frames since its start, and returns its counters.

    Raises Failed after `longest` seconds.
    """
    deadline = time.monotonic() + longest
    while (found := counters(system))["frames_sent"] < count:
        if time.monotonic() > deadline:
            raise Failed(f"only {found['frames_sent']} frames were delivered in {longest:.0f} s.")
        time.sleep(0.1)
    return found


def counters(system):
    """Returns the counters in the status that the camera's server reports."""
    return json.loads(get(f"{system.ingest_url}/status/main"))["counters"]
