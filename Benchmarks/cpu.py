"""Row 1: CPU time per delivered frame."""
from frame.figures import Result, compared, pick

NAME = "CPU per delivered frame"
TARGETS = {720: 0.40, 1080: 0.30}
UNIT = "ms / 1000 frames"
BARE, PROXIED = "bare HTTP server", "bare HTTP server + nginx"


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    for height, viewers in ((720, 50), (1080, 20)):
        measure(context, result, height, context.count(viewers, 4))
    bars = {name: result.median(name, "720p, 50 viewers") for name in result.figures}
    result.plot("cpu", "CPU per 1000 delivered frames, 720p, 50 viewers", "", "ms", bars, "bars", logarithmic=True)
    result.leave_out("µStreamer's worker alone", "µStreamer is one process, which captures and sends")
    result.leave_out("µStreamer alone, Oriel with both hops and the Python pair at 1080p", "these are measured "
                                                                                           "only at 720p")
    result.note(
        "The figures are the CPU time of all processes of a system, including the capture program and nginx, per "
        "1000 frames that arrived complete and correct. They do not include the thread of the fake camera, which "
        "plays the part of a driver. The kernel's work for interrupts is not counted for any process. Over "
        "loopback, however, the sender's process does this work, so it is counted.")
    result.note(
        "The column *without capture* does not include capture-daemon, whose work depends on the number of frames "
        "and not on the number of viewers. µStreamer captures and sends in one process, so it has the same figure "
        "with and without capture.")
    result.note(
        "The column *worker alone* compares two kinds of sockets. Oriel's mjpeg-fcgi writes to nginx on a unix "
        "socket, while the bare HTTP server writes to its viewers over TCP. The limit of 1.0 applies to this "
        "comparison. In the row \"bare HTTP server + nginx\", the server writes to a unix socket, as Oriel's worker does. "
        "It has no camera, and its nginx has Oriel's settings but uses proxy_pass instead of FastCGI. This setup is an "
        "alternative to Oriel's design, and not a lower bound for the cost.")
    if "Python pair, both hops" in result.figures:
        result.note(
            "The Python pair cannot serve 50 viewers. Its figure is computed from the frames that it delivered. "
            "The raw results contain the number of frames of the viewer that received the fewest.")
    return result.as_dict()


def measure(context, result, height, viewers):
    column, both, worker, nginx = (f"{height}p, {text}" for text in (
        f"{50 if height == 720 else 20} viewers", "without capture", "worker alone", "nginx"))

    def of(make, **options):
        def once():
            with make(height=height, **options) as system:
                return watched(context, system, viewers)
        return once

    builds = context.builds()
    found = context.alternate(result, [
        *((name, of(make)) for name, make in builds), ("µStreamer + nginx", of(context.ustreamer)),
        (BARE, of(context.bare)), (PROXIED, of(context.bare, behind_nginx=True)),
    ])
    if height == 720:
        measurements = [
            ("µStreamer alone", of(context.ustreamer, behind_nginx=False)),
            *((f"{name}, both hops", of(make, web=True)) for name, make in builds)]
        if context.has_python:
            measurements.append(("Python pair, both hops", of(context.python_pair)))
        else:
            context.leave_python_out(result)
        found |= context.alternate(result, measurements, rounds=context.few)
    for name, rounds in found.items():
        result.add(name, column, pick(rounds, lambda used: used["all"]), UNIT)
    for name, _ in builds:
        result.add(name, both, pick(found.get(name, []), lambda used: used["mjpeg-fcgi"] + used["nginx"]), UNIT)
    result.add("µStreamer + nginx", both, pick(found.get("µStreamer + nginx", []), lambda used: used["all"]), UNIT)
    workers = [(name, "mjpeg-fcgi") for name, _ in builds]
    for name, process in (*workers, (BARE, "bare-server"), (PROXIED, "bare-server")):
        result.add(name, worker, pick(found.get(name, []), lambda used, key=process: used[key]), UNIT)
    for name in (*(name for name, _ in builds), "µStreamer + nginx", PROXIED):
        result.add(name, nginx, pick(found.get(name, []), lambda used: used["nginx"]), UNIT)
    result.ratio_target(
        f"Oriel's worker and nginx, compared with µStreamer and nginx, {height}p", "Oriel",
        "µStreamer + nginx", both, TARGETS[height])
    result.ratio_target(
        f"all of Oriel, including capture-daemon, compared with µStreamer and nginx, {height}p", "Oriel",
        "µStreamer + nginx", column, TARGETS[height])
    ours, theirs = result.figure("Oriel", worker), result.figure(PROXIED, worker)
    if ours and theirs:
        value, low, high, _ = compared(ours, theirs)
        if value is not None:
            about = f" ({low:.2f}–{high:.2f})" if low != high else ""
            result.note(
                f"With the same kind of socket, {height}p: Oriel's worker takes {value:.2f} ×{about} the CPU time "
                "of the bare HTTP server behind nginx.")
    if height == 720:
        result.ratio_target(
            "Oriel's worker (sending to nginx over a unix socket) compared with the bare HTTP server (sending to "
            "its viewers over TCP)", "Oriel", BARE,
            worker, 1.0)
        result.ratio_target(
            "Oriel compared with the Python pair, both hops of each", "Oriel, both hops", "Python pair, both hops",
            column, 0.01)


def watched(context, system, viewers):
    """Returns the CPU time in milliseconds per 1000 frames, in total ("all") and by process name."""
    options = {"seconds": context.seconds(2, 1, 1), "warmup": 0.5}
    if system.name == "Python pair":
        options = {"seconds": 5, "warmup": 1, "rate": None, "everyone": False}
    run = context.watch(f"{viewers}={system.url}", systems=[system], **options)
    thousands = run["groups"][0]["frames"] / 1000
    used = {name: seconds * 1000 / thousands for name, seconds in run["by_name"].items()}
    return {**used, "all": sum(used.values())}
