"""Row 6: the cost while nobody watches."""
import contextlib
import time

from frame import processes
from frame.figures import Failed, Result, Unavailable, pick

NAME = "Idle"


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    makers = [
        ("Oriel", "MJPEG camera", lambda: context.oriel(web=True, detector=True)),
        ("Oriel", "YUYV camera", lambda: context.oriel(form="yuyv", web=True, detector=True)),
        ("µStreamer + nginx", "MJPEG camera", context.ustreamer),
        ("µStreamer + nginx", "YUYV camera", lambda: context.ustreamer(form="yuyv")),
        ("µStreamer + nginx, --slowdown", "MJPEG camera", lambda: context.ustreamer(slowdown=True)),
        ("µStreamer + nginx, --slowdown", "YUYV camera", lambda: context.ustreamer(form="yuyv", slowdown=True)),
    ]
    if context.quick:
        result.leave_out("Python pair", "the short run (--quick) leaves it out.")
    else:
        makers.append(("Python pair, both hops", "MJPEG camera", context.python_pair))
    rounds = {}
    with contextlib.ExitStack() as stack:
        systems = {}
        for name, column, make in makers:
            try:
                systems[name, column] = stack.enter_context(make())
            except Failed as reason:
                rounds[name, column] = [reason] * context.rounds
                context.say(f"    {name}, {column}: {reason}")
            except Unavailable as reason:
                result.leave_out(name, reason)
                context.say(f"    {name}: {reason}", once=True)
        # Oriel's relay disconnects 5 s after the last viewer has left, and the camera becomes idle 2 s later.
        time.sleep(context.seconds(8, 8, 0.5))
        watches = {key: Rest(system) for key, system in systems.items()}
        for _ in range(context.rounds):
            for watch in watches.values():
                watch.begin()
            time.sleep(context.seconds(3.5, 2))
            for key, watch in watches.items():
                rounds.setdefault(key, []).append(watch.end())
        # A system that has failed would seem to cost nothing, so check that each still serves pictures.
        for key, system in systems.items():
            try:
                context.watch(f"1={system.url}", systems=[system], seconds=1, warmup=0.5, rate=None)
            except Failed as reason:
                rounds[key] = [Failed(f"After the measurement: {reason}")] * context.rounds
                context.say(f"    {key[0]}, {key[1]}: {rounds[key][0]}")
    for (name, column), measured in rounds.items():
        total = pick(measured, lambda used: sum(used.values()))
        result.add(name, column, total, "% of a core")
        result.add(name, f"{column}, per minute", pick(total, lambda value: value * 0.6), "s of CPU")
    result.target("MJPEG camera", "Oriel", "MJPEG camera", 1.0, "%")
    result.target("YUYV camera", "Oriel", "YUYV camera", 3.0, "%")
    for (name, column), measured in rounds.items():
        counted = [used for used in measured if isinstance(used, dict)]
        if name == "Oriel" and counted:
            parts = {part: sum(used[part] for used in counted) / len(counted) for part in counted[0]}
            shares = ", ".join(f"{part} {share:.2f}" for part, share in parts.items() if share >= 0.005)
            result.note(f"CPU use of each program of Oriel with {column}, in % of one core: {shares}.")
    result.leave_out("Python pair with a YUYV camera", "it does nothing while nobody watches, whatever the "
                                                       "camera's format is")
    result.leave_out("bare HTTP server", "it has no camera")
    result.note(
        "The cameras deliver 720p at 30 frames per second. The measurement starts 8 s after the last viewer has "
        "left. All systems are measured at the same time, each with all its processes. For Oriel, these are the "
        "programs of both hops, both web servers and the detector. Afterwards a viewer connects to each system, and "
        "must receive pictures. The thread of the fake camera is not included. Most of the CPU time with raw "
        "pictures is spent on reading them. The frames of a real camera would arrive by DMA instead. With "
        "--slowdown, µStreamer captures one frame per second while nobody watches.")
    return result.as_dict()


class Rest:
    """The CPU usage of a system between begin() and end(): a dictionary, process name → % of a core."""

    def __init__(self, system):
        self.begun = {pid: processes.begin_of(pid) for pid in system.processes()}
        self.names = {pid: processes.program_of(pid) for pid in self.begun}
        self.time, self.before = 0.0, None

    def begin(self):
        self.time = time.monotonic()
        try:
            self.before = processes.cpu_of(self.begun)
        except Failed as reason:
            self.before = reason

    def end(self):
        """Returns the usage, or a Failed if a process has exited."""
        seconds = time.monotonic() - self.time
        if isinstance(self.before, Failed):
            return self.before
        try:
            after = processes.cpu_of(self.begun)
        except Failed as reason:
            return reason
        shares = {}
        for pid, name in self.names.items():
            if processes.begin_of(pid) != self.begun[pid]:
                return Failed(f"{name} ({pid}) exited while it was measured.")
            shares[name] = shares.get(name, 0) + (after[pid] - self.before[pid]) / seconds * 100
        return shares
