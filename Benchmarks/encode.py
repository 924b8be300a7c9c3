"""Row 5: what it costs to make JPEGs of raw pictures."""
import urllib.request

from frame import processes
from frame.figures import Result

NAME = "Encode YUYV, quality 80"
ENCODER_THREADS = ("jw-0", "jw-1", "jw-2", "jw-3")      # as µStreamer calls them


def run(context):
    result = Result(NAME, reference="µStreamer")
    for height in (720, 1080):
        measure(context, result, height)
        result.ratio_target(
            f"capture-daemon to µStreamer's process, {height}p", "Oriel's capture-daemon", "µStreamer",
            f"{height}p, CPU", 0.60)
        ours, theirs = (result.median(name, f"{height}p, size") for name in ("Oriel's capture-daemon", "µStreamer"))
        if ours and theirs:
            result.target(f"difference of the sizes, {height}p", abs(ours / theirs - 1) * 100, 3.0, "%")
    result.note(
        "One viewer at 30 frames a second of one picture, whose samples have full range, so that both encode the same "
        "numbers to 4:2:0. Oriel: all of capture-daemon, with capture and ring. µStreamer: its whole process with its own "
        "HTTP server for this one viewer; beside it its encoder threads alone. The fake camera's own thread is taken off.")
    return result.as_dict()


def measure(context, result, height):
    cpu, size = f"{height}p, CPU", f"{height}p, size"
    measurements = [
        ("Oriel's capture-daemon", lambda: oriel(context, height)), ("µStreamer", lambda: ustreamer(context, height))]
    for name, values in context.alternate(result, measurements).items():
        result.add(name, cpu, [value["cpu"] for value in values], "ms / frame")
        result.add(name, f"{height}p, rate", [value["fps"] for value in values], "1/s")
        result.add(name, size, [value["bytes"] / 1000 for value in values], "kB")
        if name == "µStreamer":
            result.add("its encoder threads alone", cpu, [value["encoder"] for value in values], "ms / frame")


def oriel(context, height):
    with context.oriel(form="yuyv", height=height) as system:
        watched = watch(context, system)
        frames = watched["groups"][0]["frames"]
        return {
            "cpu": watched["by_name"]["capture-daemon"] * 1000 / max(frames, 1),
            "bytes": size_of(f"{system.ingest_url}/snapshot/main"), "fps": watched["groups"][0]["fps"],
        }


def ustreamer(context, height):
    with context.ustreamer(form="yuyv", height=height, behind_nginx=False) as system:
        threads = [
            f"{pid}/{thread}" for pid in system.processes() for name in ENCODER_THREADS
            for thread in processes.threads_called(pid, name)]
        watched = watch(context, system, [word for thread in threads for word in ("--thread", thread)])
        frames = watched["groups"][0]["frames"]
        encoder = sum(watched["cpu"][thread] for thread in threads)
        return {
            "cpu": (sum(watched["cpu"].values()) - encoder) * 1000 / max(frames, 1),
            "encoder": encoder * 1000 / max(frames, 1), "bytes": size_of(system.snapshot_url),
            "fps": watched["groups"][0]["fps"],
        }


def watch(context, system, options=()):
    return context.watch(f"1={system.url}", system=system, seconds=context.seconds(4, 3, 1), options=options)


def size_of(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return len(answer.read())
