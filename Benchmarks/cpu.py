"""Row 1: what a delivered frame costs."""
from frame.figures import Result

NAME = "CPU per delivered frame"
TARGETS = {720: 0.40, 1080: 0.30}


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    for height, viewers in ((720, 50), (1080, 20)):
        measure(context, result, height, context.count(viewers, 4))
    bars = {name: result.median(name, "720p, 50 viewers") for name in result.figures}
    result.plot("cpu", "CPU per 1000 delivered frames, 720p, 50 viewers", "", "ms", bars, "bars", logarithmic=True)
    result.note(
        "CPU is the time of all processes of a system, camera program and nginx included, per 1000 frames that arrived "
        "whole and right; the fake camera's own thread, which stands for a driver, is taken off everywhere. The bare "
        "server has no camera and no web server in front; behind nginx it shows what that alone costs, whoever is behind "
        "it. The kernel's work at interrupts belongs to no process; over loopback it is done by whoever sends.")
    return result.as_dict()


def measure(context, result, height, viewers):
    column = f"{height}p, {50 if height == 720 else 20} viewers"
    parts = {}

    def of(make, **options):
        def once():
            with make(height=height, **options) as system:
                return watched(context, system, viewers, parts)
        return once

    measurements = [
        ("Oriel", of(context.oriel)),
        ("µStreamer + nginx", of(context.ustreamer)),
        ("bare HTTP server", of(context.bare)),
        ("bare HTTP server + nginx", of(context.bare, behind_nginx=True)),
    ]
    if height == 720:
        measurements += [
            ("µStreamer alone", of(context.ustreamer, behind_nginx=False)),
            ("Oriel, both hops", of(context.oriel, web=True)),
        ]
    found = context.alternate(result, measurements)
    if height == 720:
        # A hundredfold needs no more than two rounds to be seen.
        pair = ("Python pair, both hops", of(context.python_pair))
        found |= context.alternate(result, [pair], rounds=min(2, context.rounds))
    for name, values in found.items():
        result.add(name, column, values, "ms / 1000")
    worker = f"{height}p, worker alone"
    result.add("Oriel", worker, parts.get(("Oriel", "mjpeg-fcgi"), []), "ms / 1000")
    result.add("bare HTTP server", worker, result.values("bare HTTP server", column), "ms / 1000")
    result.add("Oriel", f"{height}p, nginx", parts.get(("Oriel", "nginx"), []), "ms / 1000")
    for name in ("µStreamer + nginx", "bare HTTP server + nginx"):
        result.add(name, f"{height}p, nginx", parts.get((name, "nginx"), []), "ms / 1000")
    result.ratio_target(f"Oriel to µStreamer + nginx, {height}p", "Oriel", "µStreamer + nginx", column, TARGETS[height])
    if height == 720:
        result.ratio_target("Oriel's worker to the bare HTTP server", "Oriel", "bare HTTP server", worker, 1.0)
        result.ratio_target(
            "Oriel to the Python pair, both hops of each", "Oriel, both hops", "Python pair, both hops", column, 0.01)


def watched(context, system, viewers, parts):
    """Milliseconds of CPU for 1000 frames."""
    slow = system.name == "Python pair"
    seconds = context.seconds(5 if slow else 1.8, 3 if slow else 1.2)
    run = context.watch(f"{viewers}={system.url}", system=system, seconds=seconds, warmup=1 if slow else 0.5)
    group = run["groups"][0]
    if not group["frames"] or group["broken"]:
        return None
    thousands = group["frames"] / 1000
    for name, used in run["by_name"].items():
        parts.setdefault((system.name, name), []).append(used * 1000 / thousands)
    return sum(run["cpu"].values()) * 1000 / thousands
