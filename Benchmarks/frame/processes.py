"""Processes: started so that none is left behind, found by descent, measured by the kernel's own clocks."""
import os
import signal
import subprocess
import time


class Processes:
    """All that the benchmark has started and not yet ended."""

    def __init__(self):
        self.running = []

    def start(self, command, environment=None, log=None, cwd=None):
        """Starts `command` as a session of its own; it gets SIGTERM when the benchmark dies."""
        output = open(log, "ab") if log else subprocess.DEVNULL
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)], cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True, env={**os.environ, **(environment or {})})
        if log:
            output.close()
        self.running.append(process)
        return process

    def start_piped(self, command, has_input=False):
        """The same for a program whose output is wanted, or that is told something too."""
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)],
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            start_new_session=True)
        self.running.append(process)
        return process

    def stop(self, process):
        """Ends a process and all that it has started: by its own leave, then by force."""
        family = descendants(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                pass
        for pid in [process.pid, *family]:
            if is_child_of_session(pid, process.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        process.wait()
        if process in self.running:
            self.running.remove(process)

    def stop_all(self):
        for process in list(reversed(self.running)):
            self.stop(process)


def stat(pid):
    """(name, parent, session) of a process, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    name = text[text.index("(") + 1:text.rindex(")")]
    rest = text[text.rindex(")") + 2:].split()
    return name, int(rest[1]), int(rest[3])


def is_child_of_session(pid, session):
    found = stat(pid)
    return found is not None and found[2] == session


def descendants(pid):
    """The processes that descend from `pid`."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            found = stat(entry)
            if found:
                children.setdefault(found[1], []).append(int(entry))
    family, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            family.append(child)
            todo.append(child)
    return family


def name_of(pid):
    found = stat(pid)
    return found[0] if found else ""


def threads_called(pid, name):
    """The threads of a process that have this name."""
    threads = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as file:
                if file.read().strip() == name:
                    threads.append(int(thread))
    except OSError:
        pass
    return threads


def cpu_seconds(pid):
    """The CPU time of all threads of a process so far (the clock of clock_getcpuclockid(3)); 0 if it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def thread_cpu_seconds(pid, thread):
    try:
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="utf-8") as file:
            return int(file.read().split()[0]) / 1e9
    except OSError:
        return 0.0


def memory_of(pid):
    """What a process holds: {"rss", "own"} in bytes; "own" without the pages of files that others share."""
    fields = {}
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            for line in file:
                key, _, value = line.partition(":")
                fields[key] = value
    except OSError:
        return {"rss": 0, "own": 0}
    size = {key: int(fields[key].split()[0]) * 1024 for key in ("VmRSS", "RssAnon") if key in fields}
    return {"rss": size.get("VmRSS", 0), "own": size.get("RssAnon", 0)}


def cpu_of(pids):
    """CPU time of each of the processes, without the threads that play the camera."""
    times = {}
    for pid in pids:
        camera = sum(thread_cpu_seconds(pid, thread) for thread in threads_called(pid, "fake-camera"))
        times[pid] = cpu_seconds(pid) - camera
    return times
