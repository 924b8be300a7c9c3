"""What the rows of the benchmark use: tools, systems, durations, and the load generator."""
import contextlib
import functools
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import urllib.request

from . import load, processes, systems
from .figures import BEFORE, Failed, Unavailable

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAMERAS = {720: (1280, 720, 120, 60_000), 1080: (1920, 1080, 60, 240_000), 120: (160, 120, 8, 2_000),
           480: (640, 480, 4, 40_000)}
SHARED_MEMORY = pathlib.Path("/dev/shm")
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))     # without proxies: all servers are local


def get(url):
    """Returns the body of `url`."""
    with DIRECTLY.open(url, timeout=10) as answer:
        return answer.read()


def clear_away(pid):
    """Removes the folders and rings of the benchmark whose process id is or was `pid`."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob(f"oriel-bench.{pid}.*"):
        shutil.rmtree(folder, ignore_errors=True)
    for ring in SHARED_MEMORY.glob(f"oriel-bench-{pid}[-.]*"):
        ring.unlink(missing_ok=True)


def clear_away_the_dead():
    """Removes the folders and rings that killed benchmarks of this user have left behind."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob("oriel-bench.*.*"):
        pid = folder.name.split(".")[1]
        if pid.isdigit() and not os.path.exists(f"/proc/{pid}") and os.access(folder, os.W_OK):
            clear_away(pid)


class Context:
    """What the rows of one run have in common.

    `rounds` is the number of repetitions; `quick` and `smoke` shorten the run. `before` is a folder with another build
    of Oriel's programs to compare with, or None.
    """

    def __init__(self, rounds, quick=False, smoke=False, say=print, before=None):
        self.rounds, self.quick, self.smoke, self.say, self.before = rounds, quick, smoke, say, before
        self.few = rounds if before else min(rounds, 2)     # the number of rounds for figures without a limit
        self.has_python = not quick and not before          # whether the Python pair is measured too
        self.place = {}                                     # the current system and round, for the records
        self.records = []                                   # results of the load generator in this row
        self.cache = ROOT / ".build" / "bench"              # kept for later runs: compiled tools, pictures, packages
        self.cache.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"oriel-bench.{os.getpid()}."))
        self.folder.chmod(0o711)                            # nginx's user needs access
        self.prefix = f"oriel-bench-{os.getpid()}"
        self.processes = processes.Processes()
        self.done = []                                      # the rows measured in this run
        self._counter = 0
        self._no_python = {}                                # folder → why it cannot be created
        self.bin = pathlib.Path(os.environ.get("ORIEL_BIN_DIR") or ROOT / ".build" / "release")

    def close(self):
        """Stops everything and cleans up."""
        self.processes.stop_all()
        clear_away(os.getpid())

    # ---- time

    def seconds(self, full, quick=None, smoke=None):
        """Returns a duration in seconds: `full` for a normal run, or a shorter one for --quick or --smoke."""
        if self.smoke:
            return smoke if smoke is not None else min(0.4, full)
        if self.quick:
            return quick if quick is not None else full * 0.6
        return full

    def count(self, full, smoke):
        """Returns a number of viewers, frames or the like: `smoke` in a smoke test, otherwise `full`."""
        return smoke if self.smoke else full

    def alternate(self, result, measurements, rounds=None):
        """Runs (name, callable) pairs in alternating rounds, A B C A B C …; returns name → results of its rounds.

        With --before, every second round runs in the opposite order, so that neither build always comes first. If a
        measurement raises Failed, its round does not count, and the exception is stored as the round's result. A system
        that raises Unavailable is left out, and `result` notes why.
        """
        count = rounds or self.rounds
        found = {name: [None] * count for name, _ in measurements}
        for number in range(count):
            for name, measure in reversed(measurements) if self.before and number % 2 else measurements:
                if name not in found:
                    continue
                self.place = {"system": name, "round": number + 1}
                try:
                    found[name][number] = measure()
                except Failed as reason:
                    found[name][number] = reason
                    self.say(f"    {name}, round {number + 1} does not count: {reason}")
                    self.records.append({**self.place, "failed": str(reason)})
                except Unavailable as reason:
                    del found[name]
                    result.leave_out(name, reason)
                    self.say(f"    {name}: {reason}", once=True)
        self.place = {}
        return found

    # ---- tools

    def compile(self, name, sources, *options):
        """Compiles a C program or library if it is missing or older than its sources, and returns its path."""
        target = self.cache / name
        sources = [ROOT / source for source in sources]
        if not target.exists() or any(target.stat().st_mtime < source.stat().st_mtime for source in sources):
            command = ["cc", "-O2", "-Wall", "-Wextra", "-o", target.with_suffix(".new"), *sources, *options]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Unavailable(f"{name} does not compile: {done.stderr.strip().splitlines()[-1:]}")
            target.with_suffix(".new").rename(target)
        return target

    @property
    def viewers(self):
        return self.compile("viewers", [f"Benchmarks/Viewers/{name}" for name in ("main.c", "viewer.c", "report.c")])

    @property
    def fake_camera(self):
        return self.compile(
            "fake-camera.so", ["Tests/FakeCamera/camera.c", "Tests/FakeCamera/preload.c"], "-shared", "-fPIC")

    @property
    def bare_server(self):
        return self.compile("bare-server", ["Benchmarks/Peers/bare-server.c"])

    def pictures(self, height):
        """Returns the folder with the camera's pictures of this height."""
        width, _, count, byte_count = CAMERAS[height]
        if self.smoke:
            count = min(count, 8)
        folder = self.cache / f"pictures-{height}-{count}"
        if not (folder / "raw.yuyv").exists():
            draw = self.compile("pictures", ["Benchmarks/Pictures/pictures.c"], "-lturbojpeg")
            unfinished = folder.with_suffix(".new")
            for old in (unfinished, folder):
                shutil.rmtree(old, ignore_errors=True)
            unfinished.mkdir()
            subprocess.run([draw, unfinished, str(width), str(height), str(count), str(byte_count)], check=True)
            unfinished.rename(folder)
        return folder

    def camera_environment(self, height, form="mjpeg", rate=30, log=None):
        """Returns the environment variables that make a program see the fake camera."""
        width = CAMERAS[height][0]
        environment = {
            "LD_PRELOAD": str(self.fake_camera), "FAKE_CAMERA_COMMENT": "1", "FAKE_CAMERA_FORMATS": form,
            "FAKE_CAMERA_FRAMES": str(self.pictures(height)), "FAKE_CAMERA_SIZES": f"{width}x{height}",
            "FAKE_CAMERA_RATE": str(rate), "FAKE_CAMERA_RAW": str(self.pictures(height) / "raw.yuyv"),
            "FAKE_CAMERA_RANGE": "full",
        }
        return {**environment, "FAKE_CAMERA_LOG": str(log)} if log else environment

    def python(self, name="venv", packages=("fastapi", "uvicorn", "opencv-python-headless", "requests")):
        """Returns the path of a Python that has these packages. Tries to install them once per run.

        By default, these are the packages of the Python pair.
        """
        if self.smoke:
            raise Unavailable("It is not part of the smoke test, since its packages are large.")
        folder = self.cache / name
        if name not in self._no_python and not (folder / "done").exists():
            self.say(f"    installing {', '.join(packages)} …")
            self._no_python[name] = install_python(folder, packages)
        if self._no_python.get(name):
            raise Unavailable(self._no_python[name])
        return folder / "bin/python"

    def prepare(self):
        """Prepares what the rows need, so that no row's duration includes the time for these preparations.

        Errors are ignored here. Each row tries again, and reports what it lacks.
        """
        makers = [lambda: self.viewers, lambda: self.fake_camera, lambda: self.bare_server, self.python]
        makers += [lambda height=height: self.pictures(height) for height in (720, 1080)]
        for make in makers:
            if make != self.python or self.has_python:
                with contextlib.suppress(Unavailable, OSError, subprocess.SubprocessError):
                    make()

    # ---- systems

    def new_folder(self, name):
        self._counter += 1
        folder = self.folder / f"{name}-{self._counter}"
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)
        return folder

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def oriel(self, **options):
        return systems.Oriel(self, **options)

    def builds(self):
        """Returns a (name, factory) pair for Oriel and, with --before, another for the programs to compare with."""
        found = [("Oriel", self.oriel)]
        if self.before:
            found.append((BEFORE, functools.partial(self.oriel, name=BEFORE, programs=self.before)))
        return found

    def leave_python_out(self, result):
        """Notes in the row why the Python pair is missing."""
        option = "the short run (--quick)" if self.quick else "the comparison of two builds (--before)"
        result.leave_out("Python pair", f"{option} leaves it out.")

    def ustreamer(self, **options):
        return systems.UStreamer(self, **options)

    def bare(self, **options):
        return systems.BareServer(self, **options)

    def python_pair(self, **options):
        return systems.PythonPair(self, **options)

    # ---- the load generator

    def watch(self, *groups, systems=(), checks=True, rate=load.RATE, share=load.SHARE, everyone=True, **options):
        """Runs the load generator on `groups` ("50=http://…", "10:300000=…", "16:ask=…") of `systems`.

        Returns its result, which includes the CPU time by process name. Raises Failed if a process exited, if a viewer
        was lost, or if the viewers received fewer frames per second than `rate` times `share`. If `everyone` is true,
        it also raises Failed if a viewer received no frame.
        """
        return self.finish(load.Load(self, groups, systems, **options).wait(), systems, checks, rate, share, everyone)

    def attempt(self, *groups, **options):
        """Like watch(), but returns a Failed instead of raising it, for one of several measurements in a round."""
        try:
            return self.watch(*groups, **options)
        except Failed as reason:
            self.say(f"    {self.place['system']}, round {self.place['round']}: {reason}")
            self.records.append({**self.place, "failed": str(reason)})
            return reason

    def finish(self, result, systems, checks=True, rate=load.RATE, share=load.SHARE, everyone=True):
        """Checks the result of a Load, as watch() does."""
        is_stamped = not any(system.is_unstamped for system in systems)
        if systems:
            self.records.append({**self.place, **load.record(result)})
        for group in result["groups"] if checks else []:
            why = load.problem(group, None if self.smoke else rate, share, everyone, is_stamped)
            if why:
                raise Failed(why)
        return result

    def counted(self, groups, name):
        """Returns `groups`, the results of the system called `name`, or a Failed if they do not count."""
        why = next(filter(None, (load.problem(group, None if self.smoke else load.RATE) for group in groups)), None)
        if not why:
            return groups
        self.say(f"    {name}, round {self.place['round']}: {why}")
        return Failed(why)


def install_python(folder, packages):
    """Creates the virtual environment. Returns None, or a sentence that says why it could not be created."""
    shutil.rmtree(folder, ignore_errors=True)
    for command in (
        ["/usr/bin/python3", "-m", "venv", folder],
        [folder / "bin/pip", "install", "-q", *packages],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"Its packages cannot be installed: {error}"
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            return f"Its packages cannot be installed from PyPI: {' '.join(last)}"
    (folder / "done").touch()
    return None
