"""The systems under test. Each serves a stream at `url` between start() and stop()."""
import os
import re
import shutil
import subprocess
import time

from . import context as frame
from . import processes
from .figures import EndedEarly, Failed, Unavailable


class System:
    """A system that runs as long as its `with` block."""

    name = ""
    url = ""

    def __init__(self, context):
        self.context = context
        self.folder = None
        self.started = []

    def __enter__(self):
        try:
            return self.attempt()
        except EndedEarly:
            # Another program may have taken the free port before it was used: try once more with other ports.
            return self.attempt()

    def attempt(self):
        try:
            self.start()
            self.wait_for_frames()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        raise NotImplementedError

    def run(self, command, variables=None):
        process = self.context.processes.start(command, variables, log=self.folder / "log")
        self.started.append(process)
        return process

    def stop(self):
        for process in reversed(self.started):
            self.context.processes.stop(process)
        self.started = []
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self):
        """Returns all processes of the system, including descendants."""
        found = []
        for process in self.started:
            found += [process.pid, *processes.descendants(process.pid)]
        return found

    def wait_for_frames(self, url=None, seconds=10):
        """Waits until a frame of the camera arrives."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(process.poll() is not None for process in self.started):
                raise EndedEarly(f"A part of {self.name} exited at once: {self.last_lines()}")
            watched = self.context.watch(
                f"1={url or self.url}", checks=False, seconds=1.5, warmup=0, options=["--until-first"], sample=1)
            if watched["groups"][0]["first_frame"] or (self.is_unstamped and watched["groups"][0]["frames"]):
                return
            time.sleep(0.05)
        raise Failed(f"No picture arrived within {seconds} s: {self.last_lines()}")

    def last_lines(self):
        """Returns the last lines of the system's log."""
        return " / ".join((self.folder / "log").read_text(errors="replace").strip().splitlines()[-3:])

    is_unstamped = False


def nginx(system, folder):
    """Starts nginx with the configuration in `folder`."""
    return system.run(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr", "-g", "daemon off;"])


def send_buffer():
    """Returns the option in deploy/ingest.conf that limits nginx's send buffer, such as `sndbuf=160k`."""
    return re.search(r"listen .*(sndbuf=\w+)", (frame.ROOT / "deploy/ingest.conf").read_text()).group(1)


def start_proxy(system, folder, name, port, listen="", is_postponing=False):
    """Starts nginx in front of a server on a unix socket.

    `listen` contains additional options of nginx's listen directive. If `is_postponing`, nginx may postpone output, as
    it does by default.
    """
    text = (frame.ROOT / "Benchmarks/Peers/proxy.conf").read_text()
    text = text.replace("FOLDER", str(folder)).replace("SOCKET", name).replace("PORT", str(port))
    text = text.replace("backlog=1024", f"backlog=1024 {listen}".strip())
    if is_postponing:
        text = text.replace("postpone_output 0;", "")
    if os.geteuid() == 0:
        text = "user www-data;\n" + text
    (folder / "nginx.conf").write_text(text)
    nginx(system, folder)


class Oriel(System):
    """Oriel with the configuration of deploy/: cameras, worker and nginx, and with `web` also the relay and its nginx.

    `programs` is the folder of Oriel's programs, by default `context.bin`. All `cameras` deliver the same pictures. A
    URL without a camera's name means the first camera.
    """

    def __init__(self, context, height=720, form="mjpeg", web=False, rate=30, capture=True, log=None, detector=False,
                 name="Oriel", programs=None, cameras=("main",)):
        super().__init__(context)
        self.name = f"{name}, both hops" if web else name
        self.programs, self.cameras = programs or context.bin, cameras
        self.height, self.form, self.web, self.rate = height, form, web, rate
        self.has_capture, self.camera_log, self.has_detector = capture, log, detector
        self.is_unstamped = form != "mjpeg"
        self.worker = self.relay = self.capture = None

    def start(self):
        context = self.context
        self.folder = context.new_folder("oriel")
        self.prefix = f"{context.prefix}-{self.folder.name}"
        self.ingest_port, self.web_port = context.free_port(), context.free_port()
        self.ingest_url = f"http://127.0.0.1:{self.ingest_port}"
        self.web_url = f"http://127.0.0.1:{self.web_port}"
        self.url = f"{self.web_url}/video" if self.web else f"{self.ingest_url}/mjpeg"
        self.environment = {"ORIEL_PREFIX": self.prefix, "ORIEL_RUNTIME_DIR": str(self.folder), "no_proxy": "127.0.0.1"}
        script = (
            'source scripts/lib/environment.bash; source scripts/lib/nginx.bash; runtime=$1 deploy=${ORIEL_DEPLOY_DIR:-$oriel/deploy}; '
            'web_bind=127.0.0.1 ingest_bind=127.0.0.1 ingest_port=$2 web_port=$3; configure_nginx ingest; '
            'configure_nginx web')
        done = subprocess.run(
            ["bash", "-c", script, "bench", self.folder, str(self.ingest_port), str(self.web_port)],
            cwd=frame.ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"nginx cannot be configured: {done.stderr.strip()}")
        if self.has_capture:
            for camera in self.cameras:
                self.start_capture(camera)
        self.worker = self.run_worker("mjpeg-fcgi", *(word for camera in self.cameras for word in ("--camera", camera)))
        nginx(self, self.folder / "nginx-ingest")
        if self.web:
            self.relay = self.run_worker("relay-fcgi", "--upstream", f"main={self.ingest_url}/mjpeg/main")
            nginx(self, self.folder / "nginx-web")
        if self.has_detector and (self.programs / "detect-fcgi").exists():
            self.run_worker("detect-fcgi", "--camera", "main")

    def __enter__(self):
        if self.has_capture:
            return super().__enter__()
        self.start()
        return self

    def start_capture(self, camera="main"):
        width = frame.CAMERAS[self.height][0]
        self.capture = self.run(
            [
                self.programs / "capture-daemon", "--camera", camera, "--device", "/dev/video0", "--size",
                f"{width}x{self.height}", "--fps", self.rate,
            ],
            {**self.environment, **self.context.camera_environment(
                self.height, self.form, self.rate, self.camera_log)})
        return self.capture

    def run_worker(self, name, *arguments):
        owner = ["-U", "www-data"] if os.geteuid() == 0 else []
        return self.run(
            [
                "spawn-fcgi", "-n", "-s", self.folder / f"{name}.sock", "-M", "0600", *owner, "--",
                self.programs / name, *arguments,
            ], self.environment)

    def pids_called(self, name):
        """Returns the ids of the system's processes with this name, of which the kernel stores only 15 characters."""
        return [pid for pid in self.processes() if processes.name_of(pid) == name[:15]]


class UStreamer(System):
    """µStreamer, which forwards the camera's JPEGs or encodes YUYV. It runs behind nginx on a unix socket, or alone."""

    def __init__(self, context, height=720, form="mjpeg", behind_nginx=True, rate=30, slowdown=False, log=None,
                 bounded=False):
        super().__init__(context)
        self.name = "µStreamer + nginx" if behind_nginx else "µStreamer"
        self.listen = send_buffer() if bounded else ""
        self.height, self.form, self.behind_nginx, self.rate = height, form, behind_nginx, rate
        self.slowdown, self.camera_log = slowdown, log
        self.is_unstamped = form != "mjpeg"

    def start(self):
        self.prepare()
        self.start_server()

    def prepare(self):
        """Starts nginx, and prepares what the server needs."""
        context = self.context
        if not shutil.which("ustreamer"):
            raise Unavailable("µStreamer is not installed (Debian's package ustreamer).")
        self.folder = context.new_folder("ustreamer")
        self.port = context.free_port()
        self.url = f"http://127.0.0.1:{self.port}/stream"
        self.snapshot_url = f"http://127.0.0.1:{self.port}/snapshot"
        if self.behind_nginx:
            start_proxy(self, self.folder, "ustreamer.sock", self.port, self.listen)

    def start_server(self):
        width = frame.CAMERAS[self.height][0]
        command = ["ustreamer", "-d", "/dev/video0", "-r", f"{width}x{self.height}", "-f", self.rate, "-q", "80"]
        command += ["-m", "MJPEG", "-c", "HW"] if self.form == "mjpeg" else ["-m", "YUYV", "-c", "CPU"]
        command += ["-l"] if self.slowdown else []
        if self.behind_nginx:
            command += ["-U", self.folder / "ustreamer.sock", "-D", "-M", "666"]
        else:
            command += ["-s", "127.0.0.1", "-p", self.port, "--tcp-nodelay"]
        self.server = self.run(
            command, self.context.camera_environment(self.height, self.form, self.rate, self.camera_log))


class BareServer(System):
    """A server that writes the same bytes to each of its clients, either directly or with nginx in front of it."""

    def __init__(self, context, height=720, rate=30, behind_nginx=False):
        super().__init__(context)
        self.name = "bare HTTP server + nginx" if behind_nginx else "bare HTTP server"
        self.height, self.rate, self.behind_nginx = height, rate, behind_nginx

    def start(self):
        self.folder = self.context.new_folder("bare")
        port = self.context.free_port()
        self.url = f"http://127.0.0.1:{port}/"
        place = self.folder / "bare.sock" if self.behind_nginx else port
        self.run([self.context.bare_server, place, self.context.pictures(self.height), self.rate])
        if self.behind_nginx:
            start_proxy(self, self.folder, "bare.sock", port, send_buffer(), is_postponing=True)


class PythonPair(System):
    """What many projects start with: a FastAPI server that uses OpenCV, and another one that relays its stream."""

    name = "Python pair"
    is_unstamped = True

    def stop(self):
        # After SIGTERM, uvicorn would wait until its viewers leave, which they never do.
        for process in self.started:
            process.kill()
        super().stop()

    def __init__(self, context, height=720, log=None):
        super().__init__(context)
        self.height, self.camera_log = height, log

    def start(self):
        context = self.context
        python = context.python()
        self.folder = context.new_folder("python")
        camera_port, web_port = context.free_port(), context.free_port()
        self.camera_url = f"http://127.0.0.1:{camera_port}/mjpeg"
        self.url = f"http://127.0.0.1:{web_port}/video"
        apps = frame.ROOT / "Benchmarks/Peers"
        command = [python, "-m", "uvicorn", "--app-dir", apps, "--log-level", "warning", "--port"]
        quiet = {"PYTHONDONTWRITEBYTECODE": "1", "no_proxy": "127.0.0.1"}
        self.run(
            [*command, camera_port, "camera_app:app"],
            {**quiet, **context.camera_environment(self.height, "mjpeg", 30, self.camera_log)})
        self.run([*command, web_port, "web_app:app"], {**quiet, "UPSTREAM": self.camera_url})
