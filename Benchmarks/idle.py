"""Row 6: what it costs when nobody looks."""
import contextlib
import time

from frame import processes
from frame.context import Unavailable
from frame.figures import Result

NAME = "Nobody looks"


def run(context):
    result = Result(NAME)
    makers = [
        ("Oriel", "MJPEG camera", lambda: context.oriel(web=True, detector=True)),
        ("Oriel", "YUYV camera", lambda: context.oriel(form="yuyv", web=True, detector=True)),
        ("µStreamer + nginx", "MJPEG camera", context.ustreamer),
        ("µStreamer + nginx", "YUYV camera", lambda: context.ustreamer(form="yuyv")),
        ("µStreamer + nginx, --slowdown", "MJPEG camera", lambda: context.ustreamer(slowdown=True)),
        ("µStreamer + nginx, --slowdown", "YUYV camera", lambda: context.ustreamer(form="yuyv", slowdown=True)),
        ("Python pair, both hops", "MJPEG camera", context.python_pair),
    ]
    values, parts = {}, {}
    with contextlib.ExitStack() as stack:
        systems = []
        for name, column, make in makers:
            try:
                systems.append((name, column, stack.enter_context(make())))
            except Unavailable as reason:
                result.note(f"{name}, {column}: {reason}")
        # Oriel's relay lets its upstream go after the last viewer, and an idle camera rests: let all that pass.
        time.sleep(context.seconds(5, 3, 0.5))
        for _ in range(context.rounds):
            pids = {(name, column): system.processes() for name, column, system in systems}
            begin, before = time.monotonic(), {key: processes.cpu_of(found) for key, found in pids.items()}
            time.sleep(context.seconds(4, 3))
            seconds = time.monotonic() - begin
            for key, found in pids.items():
                after = processes.cpu_of(found)
                used = {pid: after[pid] - before[key][pid] for pid in found}
                values.setdefault(key, []).append(sum(used.values()) / seconds * 100)
                for pid, spent in used.items():
                    part = parts.setdefault(key, {}).setdefault(processes.name_of(pid), [])
                    part.append(spent / seconds * 100)
    for (name, column), measured in values.items():
        result.add(name, column, measured, "% of a core")
        result.add(name, f"{column}, a minute", [value * 0.6 for value in measured], "s of CPU")
    result.target("MJPEG camera", result.median("Oriel", "MJPEG camera"), 1.0, "%")
    result.target("YUYV camera", result.median("Oriel", "YUYV camera"), 3.0, "%")
    for key, names in parts.items():
        if key[0] == "Oriel":
            shares = ", ".join(f"{name} {sum(spent) / len(spent):.2f}" for name, spent in names.items() if sum(spent) > 0)
            result.note(f"Of Oriel's {key[1]}, in % of a core: {shares}.")
    result.note(
        "720p, 30 frames a second; all systems at the same time, each with all its processes (Oriel: both hops, both "
        "web servers, the detector). The fake camera's own thread is taken off. A real camera's frames come by DMA; here "
        "reading a raw frame is what costs. With --slowdown µStreamer takes one frame a second while nobody looks.")
    return result.as_dict()
