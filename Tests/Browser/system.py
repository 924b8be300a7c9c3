"""Starts the real system with scripts/run, with its own names, ports and folders."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

from chromium import free_port
from checking import Skipped, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class System:
    def __init__(self, cameras, fps=30, size="1280x720", bind="127.0.0.1", settings=None):
        self.prefix = f"browser{os.getpid()}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oriel-browser-"))
        self.folder.chmod(0o755)        # so that nginx's workers, which run as another user, can reach the sockets
        self.log = self.folder / "run.log"
        self.port, ingest = free_port(), free_port()
        settings = (settings or {}) | {
            "ORIEL_PREFIX": self.prefix, "ORIEL_RUNTIME_DIR": str(self.folder / "run"), "ORIEL_CAMERAS": cameras,
            "ORIEL_FPS": str(fps), "ORIEL_SIZE": size, "ORIEL_WEB_PORT": str(self.port), "ORIEL_INGEST_PORT": str(ingest),
            "ORIEL_BIND": bind, "ORIEL_STATE_DIR": str(self.folder / "state"),
        }
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [ROOT / "scripts" / "run"], env=os.environ | settings, stdout=log, stderr=log, start_new_session=True)
        self.address = f"http://127.0.0.1:{self.port}"
        names = [camera.split("=")[0] for camera in cameras.split()]
        try:
            timeout = 60 if "ORIEL_BIN_DIR" in os.environ else 900     # scripts/run may have to build first
            wait_until(lambda: self._is_up(names), "a picture of every camera", timeout)
        except BaseException:
            print(self.log.read_text(errors="replace")[-1500:], flush=True)
            self.close()
            raise

    def _is_up(self, names):
        if self.process.poll() is not None:
            raise RuntimeError(f"scripts/run exited: {self.log.read_text()[-800:]}")
        try:
            return all(OPENER.open(f"{self.address}/snapshot/{name}", timeout=6).status == 200 for name in names)
        except OSError:
            return False

    def get(self, path):
        """Requests a path, and returns the headers and the body of the response."""
        with OPENER.open(self.address + path, timeout=10) as answer:
            return answer.headers, answer.read()

    def status(self, camera="main"):
        return json.loads(self.get(f"/status/{camera}")[1])

    def processes(self, program=None):
        """Returns the IDs of all processes of the system, or only of the processes of `program`, such as nginx-web."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes().decode(errors="replace")
                is_own = f"ORIEL_PREFIX={self.prefix}".encode() in (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if line.startswith("nginx:"):       # nginx overwrites its environment with its title
                is_own = str(self.folder) in line
                name = "nginx-web" if "nginx-web" in line else "nginx-ingest"
            else:
                name = line.split("\0")[0].split("/")[-1]
            if is_own and program in (None, name):
                found.append(int(folder.name))
        return found

    def signal(self, number, program):
        found = self.processes(program)
        if not found:
            raise RuntimeError(f"{program} is not running")
        for process in found:
            os.kill(process, number)

    @contextlib.contextmanager
    def kept_down(self, program):
        """Kills a program, and pauses `oriel run` until the end of the `with` block, so that it restarts nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            if program.startswith("nginx-"):
                for master in self.processes(program):
                    os.killpg(master, signal.SIGKILL)       # kills nginx's workers too, which listen on its port
            else:
                self.signal(signal.SIGKILL, program)
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def close(self):
        try:
            self.signal(signal.SIGCONT, "capture-daemon")
        except (RuntimeError, OSError):
            pass
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        left = self.processes() if self._lasts() else []
        for process in left:
            os.kill(process, signal.SIGKILL)
        objects = list(pathlib.Path("/dev/shm").glob(f"{self.prefix}.*"))
        for leftover in objects:
            leftover.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        if left or objects:
            raise AssertionError(f"scripts/run left processes or shared memory behind: {left} {objects}")

    def _lasts(self):
        """Returns whether processes of the system are still running after two seconds."""
        deadline = time.monotonic() + 2
        while self.processes():
            if time.monotonic() > deadline:
                return True
            time.sleep(0.05)
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class USBCamera:
    """A camera that can be unplugged. The library Tests/FakeCamera, preloaded into capture-daemon, simulates it."""

    NODE = "/dev/video42"

    def __init__(self, pictures):
        compiler = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
        programs = pathlib.Path(os.environ.get("ORIEL_BIN_DIR", ROOT / ".build" / "release"))
        if not compiler:
            raise Skipped("no C compiler is installed")
        if not (programs / "capture-daemon").exists():
            raise Skipped(f"capture-daemon is not in {programs}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oriel-usb-"))
        self.faults = self.folder / "faults"
        self.faults.touch()
        library = self.folder / "fake-camera.so"
        source = ROOT / "Tests" / "FakeCamera"
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source / "camera.c", source / "preload.c"], check=True)
        frames = self.folder / "frames"
        frames.mkdir()
        for number, picture in enumerate(pictures):
            (frames / f"{number:04}.jpg").write_bytes(picture)
        bin = self.folder / "bin"
        bin.mkdir()
        for program in programs.iterdir():
            if program.is_file() and os.access(program, os.X_OK) and program.name != "capture-daemon":
                (bin / program.name).symlink_to(program.resolve())
        wrapper = bin / "capture-daemon"
        wrapper.write_text(f"#!/bin/sh\nLD_PRELOAD={library} exec {programs.resolve()}/capture-daemon \"$@\"\n")
        wrapper.chmod(0o755)
        self.settings = {
            "ORIEL_BIN_DIR": str(bin), "FAKE_CAMERA_DEVICE": self.NODE, "FAKE_CAMERA_FRAMES": str(frames),
            "FAKE_CAMERA_FAULTS": str(self.faults),
        }

    def unplug(self):
        self.faults.write_text("unplug\n")

    def plug_in(self):
        self.faults.write_text("")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)
