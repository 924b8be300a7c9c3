"""Starts the real system with scripts/run, two fake cameras (Tests/FakeCamera) and one synthetic camera."""

import collections
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pictures

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAMERAS = {"main": (1280, 720), "door": (640, 480)}     # the cameras that stamp their pictures; the synthetic camera "hall" does not
Process = collections.namedtuple("Process", "pid parent name line")

WRAPPER = """#!/bin/sh
case " $* " in
    *" --camera main "*) FAKE_CAMERA_STAMP=main FAKE_CAMERA_DEVICE=/dev/video0 ;;
    *" --camera door "*) FAKE_CAMERA_STAMP=door FAKE_CAMERA_DEVICE=/dev/video1 ;;
    *) exec {program} "$@" ;;
esac
export FAKE_CAMERA_STAMP FAKE_CAMERA_DEVICE FAKE_CAMERA_FRAMES={folder}/$FAKE_CAMERA_STAMP FAKE_CAMERA_FAULTS={folder}/faults.$FAKE_CAMERA_STAMP
export FAKE_CAMERA_SIZES=1280x720,640x480 LD_PRELOAD={folder}/fake-camera.so
exec {program} "$@"
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class System:
    def __init__(self, programs, seed):
        self.prefix = f"soak{os.getpid()}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oriel-soak-"))
        self.process = None
        self.stopped = set()            # the IDs of processes that were stopped with SIGSTOP
        try:
            self._start(programs, seed)
        except BaseException:
            self.close()
            raise

    def _start(self, programs, seed):
        self.folder.chmod(0o755)        # nginx's workers may run as another user
        for number, (camera, size) in enumerate(CAMERAS.items()):
            pictures.write(self.folder / camera, *size, 24, seed * 2 + number)
        self._build_camera()
        (self.folder / "bin").mkdir()
        # Ask oriel for the list of its parts, so that workers added later are killed and paused too.
        parts = json.loads(subprocess.run([programs / "oriel", "parts", "--json"], check=True, capture_output=True).stdout)
        self.workers = tuple(part["program"] for part in parts if part["socket"])
        for program in (*self.workers, "oriel"):
            (self.folder / "bin" / program).symlink_to(programs / program)
        wrapper = self.folder / "bin" / "capture-daemon"
        wrapper.write_text(WRAPPER.format(program=programs / "capture-daemon", folder=self.folder))
        wrapper.chmod(0o755)
        self.web_port, self.ingest_port = free_port(), free_port()
        self.runtime = self.folder / "run"
        settings = {
            "ORIEL_PREFIX": self.prefix, "ORIEL_RUNTIME_DIR": str(self.runtime), "ORIEL_BIN_DIR": str(self.folder / "bin"),
            "ORIEL_CAMERAS": "main=/dev/video0 door=/dev/video1 hall=pattern", "ORIEL_FPS": "30", "ORIEL_SIZE": "1280x720",
            "ORIEL_WEB_PORT": str(self.web_port), "ORIEL_INGEST_PORT": str(self.ingest_port),
            "ORIEL_BIND": "127.0.0.1", "ORIEL_INGEST_BIND": "127.0.0.1", "ORIEL_HOSTS": "", "ORIEL_DEPLOY_DIR": "",
            "ORIEL_MODEL": str(ROOT / "Tests/DetectionTests/Models/stub_yolox_32.onnx"),
        }
        settings = {name: value for name, value in os.environ.items() if name != "SWIFT_BACKTRACE"} | settings
        with open(self.folder / "output", "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", ROOT / "scripts" / "run"], env=settings,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while "Press Ctrl-C to stop." not in self.output:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"scripts/run did not start:\n{self.output}")
            time.sleep(0.05)

    def _build_camera(self):
        swift = shutil.which("swift")
        beside = str(pathlib.Path(swift).resolve().parent / "clang") if swift else ""
        compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc") or shutil.which(beside)
        if not compiler:
            raise RuntimeError("there is no C compiler: install gcc")
        source = ROOT / "Tests" / "FakeCamera"
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", self.folder / "fake-camera.so", source / "camera.c",
             source / "preload.c", "-ldl", "-lpthread"], check=True)

    @property
    def output(self):
        return (self.folder / "output").read_text(errors="replace")

    def log(self, part):
        return (self.runtime / "log" / f"{part}.log").read_text(errors="replace")

    # ---- requests

    def address(self, path):
        """Returns the URL of a path: on the ingest server for /mjpeg, otherwise on the web server."""
        port = self.ingest_port if path.startswith("/mjpeg") else self.web_port
        return f"http://127.0.0.1:{port}{path}"

    def request(self, method, path, port=None, headers=(), body=None, patience=25):
        """Sends a request and returns status, headers and body.
        Raises OSError or http.client.HTTPException if there is no complete response.
        """
        connection = http.client.HTTPConnection("127.0.0.1", port or self.web_port, timeout=patience)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    # ---- its processes

    def processes(self):
        """Returns the process IDs of each part, by names such as nginx-web-worker. The name of scripts/run is run."""
        children = collections.defaultdict(list)
        for entry in os.scandir("/proc"):
            if not entry.name.isdigit():
                continue
            try:
                with open(f"/proc/{entry.name}/stat", "rb") as file:
                    name, rest = file.read().decode(errors="replace").split("(", 1)[1].rsplit(")", 1)
                with open(f"/proc/{entry.name}/cmdline", "rb") as file:
                    line = file.read().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            state, parent = rest.split()[:2]
            if state != "Z":
                children[int(parent)].append(Process(int(entry.name), int(parent), name, line))
        parts, pending = collections.defaultdict(list), [(self.process.pid, "")]
        while pending:
            parent, above = pending.pop()
            for child in children[parent]:
                part = self._part(child, above)
                pending.append((child.pid, part))
                if part:
                    parts[part].append(child.pid)
        parts["run"] = [self.process.pid]
        return parts

    def _part(self, process, above):
        if process.name == "nginx":
            if "shutting down" in process.line:
                return ""
            if "worker process" in process.line:
                return f"{above}-worker"
            return "nginx-web" if "/nginx-web" in process.line else "nginx-ingest"
        if process.name == "capture-daemon":
            camera = process.line.partition("--camera ")[2].split()
            return f"capture-{camera[0]}" if camera else ""         # a process that is exiting has no command line
        return process.name if process.name in self.workers else ""

    def send(self, number, pid):
        """Sends a signal to a process of the system. Returns False if the process has exited."""
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if not any(pid in found for found in self.processes().values()):
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        if number == signal.SIGSTOP:
            self.stopped.add(pid)
        return True

    def resume(self):
        """Sends SIGCONT to all stopped processes."""
        for pid in list(self.stopped):
            self.send(signal.SIGCONT, pid)
            self.stopped.discard(pid)

    def set_faults(self, camera, words):
        """Sets the faults of a fake camera, or removes them if `words` is empty."""
        new = self.folder / f"faults.{camera}.new"
        new.write_text(words)
        new.rename(self.folder / f"faults.{camera}")

    def rings(self):
        return list(pathlib.Path("/dev/shm").glob(f"{self.prefix}.*"))

    # ---- stopping

    def keep_logs(self, folder):
        target = pathlib.Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        for log in [self.folder / "output", *self.runtime.glob("log/*.log")]:
            shutil.copy(log, target)

    def _is_ours(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return any(word in file.read() for word in (b"nginx", str(self.folder).encode()))
        except OSError:
            return False

    def close(self):
        """Stops the system. Returns a description of everything that it left behind, which should be nothing."""
        left = []
        if self.process:
            self.resume()
            known = [pid for found in self.processes().values() for pid in found]
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                left.append("scripts/run did not exit within 20 s")
                self.process.kill()
                self.process.wait()
            deadline = time.monotonic() + 5
            while (lasting := [pid for pid in known if self._is_ours(pid)]) and time.monotonic() < deadline:
                time.sleep(0.05)
            left += [f"process {pid}" for pid in lasting]
            left += [str(ring) for ring in self.rings()]
        for ring in self.rings():
            ring.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        return left
