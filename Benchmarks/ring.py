"""Row 8: the ring in shared memory, compared with the same design in C and with the design of µStreamer's memsink."""
import json
import subprocess

from frame.figures import Failed, Result, pick, quantile, ratios

NAME = "Ring"
SYSTEMS = {
    "Oriel": lambda context: [context.bin / "ring-benchmark"],
    "C, futex": lambda context: [peer(context), "futex"],
    "C, polled sink": lambda context: [peer(context), "polling"],
}
READERS = (1, 4, 16)


def run(context):
    result = Result(NAME, reference="C, futex")
    for count in READERS:
        wake(context, result, count)
    for byte_count, text in ((60_000, "60 kB"), (1_000_000, "1 MB")):
        copies(context, result, byte_count, text)
    p50 = "1 reader, wake p50"
    result.target("p50 from publication to wake-up, one reader", "Oriel", p50, 50, "µs")
    result.ratio_target(
        "speed of the wake-up compared with the polled sink, one reader", "C, polled sink", "Oriel",
        p50, 10, at_least=True)
    for count in READERS[1:]:
        result.ratio_target(
            f"p50 to wake-up, compared with C, {count} readers", "Oriel", "C, futex", f"{count} readers, wake p50", 1.5)
    few, many = (f"{title(count)}, publish" for count in (READERS[0], READERS[-1]))
    result.values_target(
        "time to publish with 16 readers, compared with one reader, without the wake-up",
        ratios(result.values("Oriel", many), result.values("Oriel", few)), 1.25,
        reasons=[why for column in (few, many) for why in result.reasons("Oriel", column)])
    result.leave_out("µStreamer", "Debian's package contains no program that reads its memsink; the row \"C, "
                                  "polled sink\" imitates the design of the memsink")
    result.leave_out("Python pair, bare HTTP server", "they do not pass frames to other processes")
    result.note(
        "*Wake* is the time from the publication of a frame, according to the writer's time stamp, until the reader "
        "knows the frame's number. The writer publishes 100 frames of 60 kB per second, and each reader is a "
        "process that waits for the next frame. The p99 is computed from the frames of all rounds together. "
        "*Publish* is the time of the writer's whole call, including the copy of 60 kB. Meanwhile, the stated "
        "number of readers have mapped the ring but do not wait, since the time to wake them is already part of "
        "*wake*. *Copies* is how many times per second one reader can copy the newest frame, while the writer "
        "publishes 30 frames per second. In the row \"C, polled sink\", readers poll one frame under flock(2) every "
        "millisecond, as clients of µStreamer's memsink do. In the row \"C, futex\", writer and readers are minimal "
        "C programs with eight slots, a sequence number per slot and FUTEX_WAKE, as in docs/shared-memory.md.")
    return result.as_dict()


def title(count):
    return "1 reader" if count == 1 else f"{count} readers"


def wake(context, result, count):
    measurements = [
        (name, lambda command=command(context): woken(context, command, count)) for name, command in SYSTEMS.items()]
    for name, rounds in context.alternate(result, measurements).items():
        for key, text in (("wake", "wake p50"), ("publish", "publish")):
            medians = pick(rounds, lambda value, key=key: quantile(value[key], 0.5) / 1000)
            result.add(name, f"{title(count)}, {text}", medians, "µs")
        pooled = [delay for value in rounds if isinstance(value, dict) for delay in value["wake"]]
        result.add(
            name, f"{title(count)}, wake p99", pick(rounds, lambda value: quantile(value["wake"], 0.99) / 1000), "µs",
            pooled=quantile(pooled, 0.99) / 1000 if pooled else None)


def woken(context, command, count):
    """Returns two lists in nanoseconds: the delays until readers knew of a frame, and the times to publish a frame."""
    seconds = context.seconds(0.7, 0.7, 0.6)
    writer, readers = together(context, command, "wait", count, seconds, 60_000, 100)
    least = min(len(reader["wake_ns"]) for reader in readers)
    if least < (1 if context.smoke else len(writer["publish_ns"]) / 2):
        raise Failed(f"A reader was woken {least} times for {len(writer['publish_ns'])} frames.")
    idle, _ = together(context, command, "idle", count, context.seconds(0.4, 0.4, 0.4), 60_000, 100)
    if not idle["publish_ns"]:
        raise Failed("The writer wrote nothing.")
    return {"wake": [delay for reader in readers for delay in reader["wake_ns"]], "publish": idle["publish_ns"]}


def copies(context, result, byte_count, text):
    seconds = context.seconds(0.5, 0.5)
    measurements = [
        (name, lambda command=command(context): together(context, command, "copy", 1, seconds, byte_count, 30))
        for name, command in SYSTEMS.items()]
    for name, rounds in context.alternate(result, measurements).items():
        result.add(name, f"copies of {text}", pick(rounds, lambda found: found[1][0]["copies"] / seconds), "1/s")


def together(context, command, kind, count, seconds, byte_count, rate):
    """Runs one writer and `count` readers as processes, and returns their output."""
    common = ["--prefix", context.prefix, "--seconds"]
    readers = [context.processes.start_piped([*command, kind, *common, seconds]) for _ in range(count)]
    writer = context.processes.start_piped(
        [*command, "write", *common, seconds, "--bytes", byte_count, "--rate", rate])
    try:
        return answer(writer, seconds), [answer(reader, seconds) for reader in readers]
    finally:
        for process in (writer, *readers):
            context.processes.stop(process)


def answer(process, seconds):
    try:
        output, _ = process.communicate(timeout=seconds + 20)
    except subprocess.TimeoutExpired as late:
        raise Failed("A process of the measurement did not exit.") from late
    if process.returncode:
        raise Failed(f"A process of the measurement exited with status {process.returncode}.")
    return json.loads(output)


def peer(context):
    return context.compile("ring-peer", ["Benchmarks/Peers/ring-peer.c"])
