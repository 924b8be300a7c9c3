"""What a row is given: tools, systems, time, and the load generator."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from . import processes, systems

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAMERAS = {720: (1280, 720, 120, 60_000), 1080: (1920, 1080, 60, 240_000), 120: (160, 120, 8, 2_000), 480: (640, 480, 4, 40_000)}


class Unavailable(Exception):
    """Why something cannot be measured here, as a sentence."""


class EndedEarly(Unavailable):
    """A program of a system ended before anything was measured."""


class Context:
    """`quick` and `smoke` shorten what takes long; `rounds` is how often everything is repeated."""

    def __init__(self, rounds, quick=False, smoke=False, say=print):
        self.rounds, self.quick, self.smoke, self.say = rounds, quick, smoke, say
        self.cache = ROOT / ".build" / "bench"              # kept: compiled tools, pictures, Python's packages
        self.cache.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oriel-bench."))
        self.folder.chmod(0o711)                            # nginx's own user goes through it
        self.prefix = f"oriel-bench-{os.getpid()}"
        self.processes = processes.Processes()
        self._counter = 0
        self.bin = pathlib.Path(os.environ.get("ORIEL_BIN_DIR") or ROOT / ".build" / "release")

    def close(self):
        """Ends everything and removes what it left."""
        self.processes.stop_all()
        for ring in pathlib.Path("/dev/shm").glob(f"{self.prefix}.*"):
            ring.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- time

    def seconds(self, full, quick=None, smoke=None):
        """How long something takes in this run."""
        if self.smoke:
            return smoke if smoke is not None else min(0.4, full)
        if self.quick:
            return quick if quick is not None else full * 0.6
        return full

    def count(self, full, smoke):
        """How many viewers, frames … of something; fewer where it is only to be seen that it works."""
        return smoke if self.smoke else full

    def alternate(self, result, measurements, rounds=None):
        """Runs all of (name, callable) in turn, round by round: A B C A B C …; name → list of what they gave.

        A measurement that cannot be made here raises Unavailable and is left out from then on; `result` notes why.
        """
        results, unavailable = {}, set()
        for number in range(rounds or self.rounds):
            for name, measure in measurements:
                if name in unavailable:
                    continue
                try:
                    results.setdefault(name, []).append(measure())
                except Unavailable as reason:
                    unavailable.add(name)
                    result.note(f"{name}: {reason}")
                    self.say(f"    {name}: {reason}")
            self.say(f"    round {number + 1} of {rounds or self.rounds}")
        return {name: values for name, values in results.items() if name not in unavailable}

    # ---- tools

    def compile(self, name, sources, *options):
        """A C program or library of the benchmark, compiled when its sources are newer."""
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
        return self.compile("viewers", ["Benchmarks/Viewers/main.c", "Benchmarks/Viewers/viewer.c"])

    @property
    def fake_camera(self):
        return self.compile(
            "fake-camera.so", ["Tests/FakeCamera/camera.c", "Tests/FakeCamera/preload.c"], "-shared", "-fPIC")

    @property
    def bare_server(self):
        return self.compile("bare-server", ["Benchmarks/Peers/bare-server.c"])

    def pictures(self, height):
        """The folder of the camera's pictures of this height."""
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
        """What makes a program see the fake camera."""
        width = CAMERAS[height][0]
        environment = {
            "LD_PRELOAD": str(self.fake_camera), "FAKE_CAMERA_COMMENT": "1", "FAKE_CAMERA_FORMATS": form,
            "FAKE_CAMERA_FRAMES": str(self.pictures(height)), "FAKE_CAMERA_SIZES": f"{width}x{height}",
            "FAKE_CAMERA_RATE": str(rate), "FAKE_CAMERA_RAW": str(self.pictures(height) / "raw.yuyv"),
            "FAKE_CAMERA_RANGE": "full",
        }
        return {**environment, "FAKE_CAMERA_LOG": str(log)} if log else environment

    def python(self, name="venv", packages=("fastapi", "uvicorn", "opencv-python-headless", "requests")):
        """Python with these packages (those of the Python pair); installs them once."""
        if self.smoke:
            raise Unavailable("The short run leaves it out: its packages are large.")
        folder = self.cache / name
        if not (folder / "done").exists():
            self.say(f"    installing {', '.join(packages)} …")
            shutil.rmtree(folder, ignore_errors=True)
            for command in (
                ["/usr/bin/python3", "-m", "venv", folder],
                [folder / "bin/pip", "install", "-q", *packages],
            ):
                try:
                    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
                except (OSError, subprocess.TimeoutExpired) as error:
                    raise Unavailable(f"Its packages cannot be installed: {error}") from error
                if done.returncode:
                    raise Unavailable("Its packages cannot be installed from PyPI.")
            (folder / "done").touch()
        return folder / "bin/python"

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

    def ustreamer(self, **options):
        return systems.UStreamer(self, **options)

    def bare(self, **options):
        return systems.BareServer(self, **options)

    def python_pair(self, **options):
        return systems.PythonPair(self, **options)

    # ---- the load generator

    def watch(self, *groups, system=None, seconds=3.0, warmup=0.5, ramp=1000, sample=16, options=()):
        """Runs the load generator on `groups` ("50=http://…"); its JSON, with `system`'s CPU by pid.

        Without `system` nobody's CPU is measured.
        """
        command = [self.viewers, "--seconds", seconds, "--warmup", warmup, "--ramp", ramp, "--sample", sample, *options]
        cameras = []
        for pid in system.processes() if system else []:
            command += ["--process", pid]
            for thread in processes.threads_called(pid, "fake-camera"):
                command += ["--thread", f"{pid}/{thread}"]
                cameras.append((pid, thread))
        process = self.processes.start_piped([*command, *groups])
        count = sum(int(group.split("=")[0].split(":")[0]) for group in groups)
        try:
            output, _ = process.communicate(timeout=seconds + warmup + count / max(ramp, 1) + 30)
        except subprocess.TimeoutExpired as late:
            raise Unavailable("The load generator did not end in time.") from late
        finally:
            self.processes.stop(process)
        if process.returncode:
            raise Unavailable(f"The load generator ended with status {process.returncode}.")
        result = json.loads(output)
        times = result["cpu"]
        for pid, thread in cameras:
            times[str(pid)] -= times.pop(f"{pid}/{thread}")
        result["by_name"] = {}
        for pid, used in times.items():
            name = processes.name_of(pid)
            result["by_name"][name] = result["by_name"].get(name, 0) + used
        for group in result["groups"]:
            group["fps"] = group["frames"] / group["seconds"] / group["viewers"]
            group["fewest_fps"] = group["fewest"] / group["seconds"]
        return result
