"""Row 9: the time from exec to a viewer's first frame."""
import json
import time

from frame.figures import Failed, Result

NAME = "Startup"


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    column, times = "time to the first frame", 1 if context.smoke else 3
    found = context.alternate(
        result, [("Oriel", lambda: oriel(context)), ("µStreamer + nginx", lambda: ustreamer(context))],
        rounds=context.rounds * times)
    if context.quick:
        result.leave_out("Python pair", "the short run (--quick) leaves it out.")
    else:
        found |= context.alternate(result, [("Python pair, both hops", lambda: python(context))], rounds=context.few)
    for name, rounds in found.items():
        result.add(name, column, rounds, "ms")
    result.target("time to the first frame with Oriel", "Oriel", column, 250, "ms")
    result.leave_out("bare HTTP server", "it has no camera to start")
    result.note(
        "For Oriel, the figure is the time from the exec of capture-daemon until a viewer who was already connected "
        "has received the last byte of the camera's first frame. The worker and nginx were already running. µStreamer "
        "captures and serves in one process, so its viewer tries to connect every 5 ms until there is a picture. "
        "Its nginx was already running. For the Python pair, the time starts with the exec of both programs. The "
        "camera delivers its first frame 33 ms after it is started.")
    return result.as_dict()


def first_frame(context, url, begin):
    """Starts a viewer, and then a program with `begin`.

    Returns the milliseconds from the start of the program until the viewer's first frame. `begin` returns the time at
    which it started the program, in nanoseconds.
    """
    viewer = context.processes.start_piped(
        [context.viewers, "--seconds", 20, "--warmup", 0, "--sample", 1, "--until-first", f"1={url}"])
    time.sleep(0.15)
    began = begin()
    output, _ = viewer.communicate(timeout=40)
    context.processes.stop(viewer)
    group = json.loads(output)["groups"][0]
    if not group["first_frame"]:
        raise Failed("No frame arrived.")
    return (group["first_frame"] - began) / 1e6


def oriel(context):
    with context.oriel(capture=False) as system:
        def begin():
            began = time.monotonic_ns()
            system.start_capture()
            return began
        return first_frame(context, system.url, begin)


def ustreamer(context):
    system = context.ustreamer()
    try:
        system.prepare()
        def begin():
            began = time.monotonic_ns()
            system.start_server()
            return began
        return first_frame(context, system.url, begin)
    finally:
        system.stop()


def python(context):
    system = context.python_pair()
    began = time.monotonic()
    with system:
        return (time.monotonic() - began) * 1000
