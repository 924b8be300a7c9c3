"""Starts processes so that none is left behind, finds their descendants, and measures them with the kernel's clocks."""
import os
import signal
import subprocess
import time

from .figures import Failed


def environment(more=None):
    """Returns the current environment and `more`, without the proxy variables, since all servers are local."""
    ours = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**ours, **(more or {})}


class Processes:
    """The running processes of the benchmark."""

    def __init__(self):
        self.running = []

    def start(self, command, variables=None, log=None, cwd=None):
        """Starts `command` in a new session, as a process that gets SIGTERM when the benchmark dies."""
        output = open(log, "ab") if log else subprocess.DEVNULL
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)], cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True, env=environment(variables))
        if log:
            output.close()
        self.running.append(process)
        return process

    def start_piped(self, command, has_input=False):
        """Starts a program with a pipe for its output, and with `has_input` another pipe for its input."""
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)],
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
            start_new_session=True, env=environment())
        self.running.append(process)
        return process

    def stop(self, process):
        """Stops a process and its descendants: with SIGTERM, then with SIGKILL."""
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
    """Returns (name, parent, session, start time) of a process, or None if it has exited."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    name = text[text.index("(") + 1:text.rindex(")")]
    rest = text[text.rindex(")") + 2:].split()
    return None if rest[0] in "ZX" else (name, int(rest[1]), int(rest[3]), int(rest[19]))


def is_child_of_session(pid, session):
    found = stat(pid)
    return found is not None and found[2] == session


def descendants(pid):
    """Returns the ids of the children of the process `pid`, of their children, and so on."""
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


def begin_of(pid):
    """Returns the start time of a process in the kernel's ticks, or None if it has exited.

    Two processes that had the same id one after the other have different start times.
    """
    found = stat(pid)
    return found[3] if found else None


def name_of(pid):
    found = stat(pid)
    return found[0] if found else ""


def program_of(pid):
    """Returns the name of a process's executable file, which the process cannot change, or "" if it has exited."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
    except OSError:
        return name_of(pid)


def threads_called(pid, name):
    """Returns the ids of all threads of a process that have this name."""
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
    """Returns the CPU time of a process (the clock of clock_getcpuclockid(3)), or None if it has exited."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


def thread_cpu_seconds(pid, thread):
    try:
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="utf-8") as file:
            return int(file.read().split()[0]) / 1e9
    except OSError:
        return None


def memory_of(pid):
    """Returns the memory of a process in bytes, as {"rss": …, "own": …}; "own" excludes mapped files.

    Raises Failed if the process has exited.
    """
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        return {key: int(fields[name].split()[0]) * 1024 for key, name in (("rss", "VmRSS"), ("own", "RssAnon"))}
    except (OSError, KeyError) as error:
        raise Failed(f"A process ({pid}) exited while its memory was measured.") from error


def cpu_of(pids):
    """Returns the CPU time of each process, excluding the thread of its fake camera. Raises Failed if one has exited."""
    times = {}
    for pid in pids:
        cameras = [thread_cpu_seconds(pid, thread) for thread in threads_called(pid, "fake-camera")]
        total = cpu_seconds(pid)
        if total is None or None in cameras:
            raise Failed(f"A process ({pid}) exited while it was measured.")
        times[pid] = total - sum(cameras)
    return times
