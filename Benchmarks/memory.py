"""Row 7: memory of each process, and whether it grows."""
import contextlib
import json
import time
import urllib.request

from frame import processes
from frame.context import Unavailable
from frame.figures import Result

NAME = "Memory"
VIEWERS = (0, 100, 1000)
MEBIBYTE = 1 << 20


def run(context):
    result = Result(NAME)
    with context.oriel() as system:
        parts = {"mjpeg-fcgi": system.pids_called("mjpeg-fcgi"), "capture-daemon": system.pids_called("capture-daemon"),
                 "nginx": system.pids_called("nginx")}
        for number in VIEWERS:
            sizes = sizes_with(context, system.url, context.count(number, min(number, 4)), parts)
            for name, size in sizes.items():
                result.add(f"Oriel: {name}", f"{number} viewers", [size], "MB")
    with contextlib.suppress(Unavailable), context.ustreamer() as system:
        nginx = [pid for pid in system.processes() if processes.name_of(pid) == "nginx"]
        server = [pid for pid in system.processes() if pid not in nginx]
        for number in (0, 100):
            sizes = sizes_with(
                context, system.url, context.count(number, min(number, 4)), {"ustreamer": server, "nginx": nginx})
            for name, size in sizes.items():
                result.add(f"µStreamer: {name}", f"{number} viewers", [size], "MB")
    result.target("Oriel's worker with 1000 viewers", result.median("Oriel: mjpeg-fcgi", "1000 viewers"), 25, "MB")
    growth(context, result)
    result.note(
        "Resident memory of each process (of nginx, all its processes together), in MB of 10⁶ bytes, pages of program "
        "files included, while so many watch 720p at 30 frames a second. µStreamer does not carry 1000 viewers here.")
    return result.as_dict()


def sizes_with(context, url, number, parts):
    """The most that each part held while `number` watched."""
    if number:
        seconds = context.seconds(3, 2, 0.3)
        command = [context.viewers, "--seconds", seconds + 1, "--warmup", 0.5, f"{number}={url}"]
        load = context.processes.start(command)
        time.sleep(number / 1000 + 0.5 + seconds)
    sizes = {name: sum(processes.memory_of(pid)["rss"] for pid in pids) / 1e6 for name, pids in parts.items()}
    if number:
        context.processes.stop(load)
    return sizes


def growth(context, result):
    """A million small frames, delivered as fast as a camera may be, and what the processes hold before and after."""
    wanted, viewers = context.count(50_000 if context.quick else 1_000_000, 500), context.count(200, 4)
    with context.oriel(height=120, rate=240) as system:
        pids = {name: system.pids_called(name) for name in ("capture-daemon", "mjpeg-fcgi")}
        load = context.processes.start([context.viewers, "--seconds", 400, "--sample", 64, f"{viewers}={system.url}"])
        deadline = time.monotonic() + context.seconds(70, 8, 5)
        settled, sizes, count = None, {}, 0
        while count < wanted and time.monotonic() < deadline:
            time.sleep(0.2)
            count = delivered(system)
            if settled is None and count > wanted / 10:
                settled = count
                sizes = {name: processes.memory_of(found[0])["own"] for name, found in pids.items() if found}
        for name, size in sizes.items():
            grown = (processes.memory_of(pids[name][0])["own"] - size) / 1024
            count_text = f"{round(count, -3):,}".replace(",", " ")
            result.add(f"Oriel: {name}", "growth while a million frames are delivered", [grown], "KiB")
            result.target(f"growth of {name} over {count_text} delivered frames", grown, 256, "KiB")
        context.processes.stop(load)


def delivered(system):
    """How many frames the worker has sent, by its status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{system.ingest_url}/status/main", timeout=5) as answer:
        return json.load(answer)["counters"]["frames_sent"]
