"""Row 5: the cost of encoding raw pictures as JPEGs."""
from frame import processes
from frame.context import get
from frame.figures import Result, paired, pick

NAME = "Encoding YUYV pictures, quality 80"
ENCODER_THREADS = ("jw-0", "jw-1", "jw-2", "jw-3")      # the names that µStreamer gives them
OURS, THEIRS = "Oriel's capture-daemon", "µStreamer"


def run(context):
    result = Result(NAME, reference=THEIRS)
    for height in (720, 1080):
        measure(context, result, height)
        result.ratio_target(
            f"capture-daemon compared with µStreamer's process, {height}p", OURS, THEIRS, f"{height}p, CPU", 0.60)
        sizes = [result.values(name, f"{height}p, size") for name in (OURS, THEIRS)]
        result.values_target(
            f"difference in size, {height}p", paired(lambda a, b: abs(a / b - 1) * 100, *sizes), 3.0, "%",
            reasons=[why for name in (OURS, THEIRS) for why in result.reasons(name, f"{height}p, size")])
    result.leave_out("Python pair", "it encodes its decoded pictures again for each viewer; the CPU time per "
                                    "delivered frame includes this cost")
    result.leave_out("bare HTTP server", "it does not encode pictures")
    result.leave_out("rate and size of the encoder threads", "they are the same as for µStreamer's whole process")
    result.note(
        "One viewer watches one picture at 30 frames per second. The samples of the picture have full range, so "
        "that both programs encode the same values to 4:2:0. Oriel's figure covers the whole capture-daemon, "
        "including capturing and writing to the ring. µStreamer's figure covers its whole process, including its "
        "HTTP server for this viewer. Its encoder threads are also shown separately. The thread of the fake camera "
        "is not included.")
    return result.as_dict()


def measure(context, result, height):
    cpu, size = f"{height}p, CPU", f"{height}p, size"
    measurements = [(OURS, lambda: oriel(context, height)), (THEIRS, lambda: ustreamer(context, height))]
    for name, rounds in context.alternate(result, measurements).items():
        result.add(name, cpu, pick(rounds, lambda value: value["cpu"]), "ms / frame")
        result.add(name, f"{height}p, rate", pick(rounds, lambda value: value["fps"]), "1/s")
        result.add(name, size, pick(rounds, lambda value: value["bytes"] / 1000), "kB")
        if name == THEIRS:
            result.add("µStreamer's encoder threads alone", cpu, pick(rounds, lambda value: value["encoder"]), "ms / frame")


def oriel(context, height):
    with context.oriel(form="yuyv", height=height) as system:
        watched = watch(context, system)
        group = watched["groups"][0]
        return {
            "cpu": watched["by_name"]["capture-daemon"] * 1000 / group["frames"],
            "bytes": len(get(f"{system.ingest_url}/snapshot/main")), "fps": group["fps"],
        }


def ustreamer(context, height):
    with context.ustreamer(form="yuyv", height=height, behind_nginx=False) as system:
        threads = [
            (pid, thread) for pid in system.processes() for name in ENCODER_THREADS
            for thread in processes.threads_called(pid, name)]
        watched = watch(context, system, threads)
        group, encoder = watched["groups"][0], watched["threads"]
        return {
            "cpu": watched["by_name"]["ustreamer"] * 1000 / group["frames"],
            "encoder": encoder * 1000 / group["frames"], "bytes": len(get(system.snapshot_url)), "fps": group["fps"],
        }


def watch(context, system, threads=()):
    return context.watch(f"1={system.url}", systems=[system], seconds=context.seconds(1.5, 1.2, 1), threads=threads)
