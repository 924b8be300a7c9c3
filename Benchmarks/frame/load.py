"""The load generator, and the checks of its results."""
import json
import signal
import subprocess

from . import processes
from .figures import Failed

RATE = 30               # the camera's frames per second
SHARE = 0.8             # the share of these frames that must arrive


class Load:
    """A running load generator; end() and wait() return its result. Context.watch() explains `groups`."""

    def __init__(self, context, groups, systems=(), seconds=3.0, warmup=0.5, ramp=1000, sample=16, options=(),
                 threads=()):
        self.threads = [f"{pid}/{thread}" for pid, thread in threads]
        self.context, self.groups, self.systems = context, groups, systems
        viewers = sum(int(group.split("=")[0].split(":")[0]) for group in groups)
        self.longest = seconds + warmup + viewers / max(ramp, 1) + 30
        command = [
            context.viewers, "--seconds", seconds, "--warmup", warmup, "--ramp", ramp, "--sample", sample, *options]
        self.cameras = []
        self.watched = {pid: processes.begin_of(pid) for system in systems for pid in system.processes()}
        self.names = {pid: processes.program_of(pid) for pid in self.watched}
        for pid in self.watched:
            command += ["--process", pid]
            for thread in processes.threads_called(pid, "fake-camera"):
                command += ["--thread", f"{pid}/{thread}"]
                self.cameras.append((pid, thread))
        command += [word for thread in self.threads for word in ("--thread", thread)]
        self.process = context.processes.start_piped([*command, *groups])

    def end(self):
        """Stops the load generator early and returns its result."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        """Returns the result with the systems' CPU time by pid and name. Raises Failed if a process has exited."""
        try:
            output, _ = self.process.communicate(timeout=self.longest)
        except subprocess.TimeoutExpired as late:
            raise Failed("The load generator did not exit in time.") from late
        finally:
            self.context.processes.stop(self.process)
        if self.process.returncode:
            raise Failed(f"The load generator exited with status {self.process.returncode}.")
        result = json.loads(output)
        for pid, begin in self.watched.items():
            if begin is None or processes.begin_of(pid) != begin or result["cpu"].get(str(pid)) is None:
                raise Failed(f"{self.names[pid] or 'A process'} ({pid}) exited while it was measured.")
        times = result["cpu"]
        for pid, thread in self.cameras:
            used = times.pop(f"{pid}/{thread}")
            if used is None:
                raise Failed("The camera's thread exited while it was measured.")
            times[str(pid)] -= used
        result["threads"] = sum(times.pop(thread) or 0 for thread in self.threads)
        result["by_name"] = {}
        for pid, name in self.names.items():
            result["by_name"][name] = result["by_name"].get(name, 0) + times[str(pid)]
        for spec, group in zip(self.groups, result["groups"]):
            kind = spec.split("=")[0].partition(":")[2]
            group["asks"], group["is_slow"] = kind == "ask", kind not in ("", "ask")
            group["fps"] = group["frames"] / max(group["seconds"], 1e-3) / group["viewers"]
            group["fewest_fps"] = group["fewest"] / max(group["seconds"], 1e-3)
        return result


def problem(group, rate=RATE, share=SHARE, everyone=True, is_stamped=True):
    """Returns a sentence that says why the group's result does not count, or None."""
    viewers, what = group["viewers"], "connection" if group["asks"] else "viewer"
    what += "s" if viewers != 1 else ""
    if group["ended"]:
        return f"{group['ended']} of {viewers} {what} were refused or lost ({group['end']})."
    if group["broken"]:
        return f"{group['broken']} pictures were broken."
    if not group["frames"]:
        return f"{viewers} {what} received nothing."
    if everyone and not group["fewest"]:
        return f"At least one of {viewers} {what} received nothing."
    foreign = group["frames"] - sum(count for _, count in group["ages"])
    if is_stamped and foreign:
        return f"{foreign} of {group['frames']} pictures did not come from the camera."
    if rate and not group["asks"] and not group["is_slow"] and group["fps"] < rate * share:
        return f"{viewers} {what} received {group['fps']:.1f} frames per second instead of {rate}."
    return None


def record(result):
    """Returns the part of a result that is written to benchmarks.json."""
    wanted = (
        "viewers", "seconds", "frames", "fewest_fps", "fps", "ended", "broken", "repeated", "compared", "p50", "p99")
    return {
        "groups": [{key: rounded(group[key]) for key in wanted} for group in result["groups"]],
        "cpu": {name: rounded(used) for name, used in result["by_name"].items()}, "generator": rounded(result["own_cpu"]),
    }


def rounded(value):
    return round(value, 6) if isinstance(value, float) else value
