"""The real system, started by scripts/run with names, ports and folders of its own."""

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
from checking import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class System:
    def __init__(self, cameras, fps=30, size="1280x720", bind="127.0.0.1"):
        self.prefix = f"browser{os.getpid()}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oriel-browser-"))
        self.folder.chmod(0o755)        # nginx's workers, which are another user, reach the sockets through it
        self.log = self.folder / "run.log"
        self.port, ingest = free_port(), free_port()
        settings = {
            "ORIEL_PREFIX": self.prefix, "ORIEL_RUNTIME_DIR": str(self.folder / "run"), "ORIEL_CAMERAS": cameras,
            "ORIEL_FPS": str(fps), "ORIEL_SIZE": size, "ORIEL_WEB_PORT": str(self.port), "ORIEL_INGEST_PORT": str(ingest),
            "ORIEL_BIND": bind,
        }
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [ROOT / "scripts" / "run"], env=os.environ | settings, stdout=log, stderr=log, start_new_session=True)
        self.address = f"http://127.0.0.1:{self.port}"
        names = [camera.split("=")[0] for camera in cameras.split()]
        try:
            patience = 60 if "ORIEL_BIN_DIR" in os.environ else 900     # scripts/run may have to build first
            wait_until(lambda: self._is_up(names), patience, "a picture of every camera")
        except BaseException:
            print(self.log.read_text(errors="replace")[-1500:], flush=True)
            self.close()
            raise

    def _is_up(self, names):
        if self.process.poll() is not None:
            raise RuntimeError(f"scripts/run ended: {self.log.read_text()[-800:]}")
        try:
            return all(OPENER.open(f"{self.address}/snapshot/{name}", timeout=6).status == 200 for name in names)
        except OSError:
            return False

    def get(self, path):
        """Headers and body of an answer."""
        with OPENER.open(self.address + path, timeout=10) as answer:
            return answer.headers, answer.read()

    def status(self, camera="main"):
        return json.loads(self.get(f"/status/{camera}")[1])

    def processes(self, program=None):
        """The system's own processes, or only those of one program; nginx-web is the web server's master."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes().decode(errors="replace")
                is_own = f"ORIEL_PREFIX={self.prefix}".encode() in (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if line.startswith("nginx:"):       # which has written its title over its environment
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
            raise RuntimeError(f"no process: {program}")
        for process in found:
            os.kill(process, number)

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
            raise AssertionError(f"scripts/run left behind: {left} {objects}")

    def _lasts(self):
        """Whether processes of the system are still there after a moment."""
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
