"""Row 8: the ring in shared memory, beside the same in C and beside a sink that is polled."""
import json
import subprocess

from frame.context import Unavailable
from frame.figures import Result, quantile

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
    result.target("p50 from publication to waking, one reader", result.median("Oriel", "1 reader, wake p50"), 50, "µs")
    sink, ours = (result.median(name, "1 reader, wake p50") for name in ("C, polled sink", "Oriel"))
    result.target(
        "how much sooner than the polled sink, one reader", sink / ours if sink and ours else None, 10, "×", at_least=True)
    for count in READERS[1:]:
        result.ratio_target(
            f"p50 to waking beside C, {count} readers", "Oriel", "C, futex", f"{count} readers, wake p50", 1.5)
    few, many = (result.median("Oriel", f"{title(count)}, publish") for count in (READERS[0], READERS[-1]))
    result.target(
        "publishing with 16 readers beside publishing with one, waking aside", many / few if few and many else None, 1.25)
    result.note(
        "Wake: from the stamp that the writer takes as it publishes to the reader's knowing the frame's number; 100 "
        "frames of 60 kB a second, each reader a process of its own that waits. Publish: the writer's whole call, the "
        "copy of 60 kB included, with as many readers that have the ring mapped and do not wait at that moment; what "
        "waking costs is in the wake. Copies: one reader, as often as it can, while 30 frames a second are written. The "
        "polled sink is one frame under flock(2), looked at every millisecond, as µStreamer's memsink is read.")
    return result.as_dict()


def title(count):
    return "1 reader" if count == 1 else f"{count} readers"


def wake(context, result, count):
    measurements = [
        (name, lambda command=command(context): woken(context, command, count)) for name, command in SYSTEMS.items()]
    for name, values in context.alternate(result, measurements).items():
        result.add(name, f"{title(count)}, wake p50", [value["p50"] for value in values], "µs")
        result.add(name, f"{title(count)}, wake p99", [value["p99"] for value in values], "µs")
        result.add(name, f"{title(count)}, publish", [value["publish"] for value in values], "µs")


def woken(context, command, count):
    seconds = context.seconds(1.5, 1)
    _, readers = together(context, command, "wait", count, seconds, 60_000, 100)
    delays = [delay for reader in readers for delay in reader["wake_ns"]]
    writer, _ = together(context, command, "idle", count, context.seconds(0.8, 0.6), 60_000, 100)
    if not delays:
        raise Unavailable("No reader was woken.")
    return {
        "p50": quantile(delays, 0.5) / 1000, "p99": quantile(delays, 0.99) / 1000,
        "publish": quantile(writer["publish_ns"], 0.5) / 1000,
    }


def copies(context, result, byte_count, text):
    seconds = context.seconds(1, 0.8)
    measurements = [
        (name, lambda command=command(context): together(context, command, "copy", 1, seconds, byte_count, 30))
        for name, command in SYSTEMS.items()]
    for name, values in context.alternate(result, measurements).items():
        result.add(name, f"copies of {text}", [readers[0]["copies"] / seconds for _, readers in values], "1/s")


def together(context, command, kind, count, seconds, byte_count, rate):
    """One writer and `count` readers, each a process; what they printed."""
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
        raise Unavailable("A process of the measurement did not end.") from late
    if process.returncode:
        raise Unavailable(f"A process of the measurement ended with status {process.returncode}.")
    return json.loads(output)


def peer(context):
    return context.compile("ring-peer", ["Benchmarks/Peers/ring-peer.c"])
