"""Checks the page with a virtual machine whose camera is simulated by the kernel's driver vivid.

A port of this host leads to the virtual machine's ingest server.
"""

import os
import subprocess
import tempfile

from checking import Skipped, expect, wait_until
from chromium import free_port
from page import Page
from system import OPENER, ROOT

HERE = ROOT / "Tests" / "VirtualMachine"


class Machine:
    """The virtual machine, and a web server on this host that relays the machine's camera and serves the page."""

    def __init__(self):
        self.programs = os.environ.get("ORIEL_BIN_DIR", str(ROOT / ".build" / "release"))
        self.shared = ROOT / ".build" / "machine" / "serve"
        ingest, web = free_port(), free_port()
        self.ingest, self.address = f"http://127.0.0.1:{ingest}", f"http://127.0.0.1:{web}"
        self.log = tempfile.TemporaryFile()
        self.parts = [self._start("run", "--serve", ingest), self._start("web", ingest, web)]
        try:
            wait_until(lambda: self._serves(self.ingest), "pictures of the machine's camera", 300)
            wait_until(lambda: self._serves(self.address), "pictures through the web server")
        except BaseException:
            self.log.seek(0)
            print(self.log.read().decode(errors="replace")[-1500:], flush=True)
            self.close()
            raise

    def _start(self, program, *arguments):
        # The program must exit when this process exits, even if this process is killed.
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", HERE / program, *map(str, arguments), self.programs],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def _serves(self, address):
        if self.parts[0].poll() == 77:
            self.log.seek(0)
            raise Skipped(self.log.read().decode(errors="replace").strip().splitlines()[-1])
        for part in self.parts:
            if part.poll() is not None:
                raise RuntimeError(f"{part.args[4]} exited with status {part.returncode}")
        try:
            return OPENER.open(f"{address}/snapshot/main", timeout=10).status == 200
        except OSError:
            return False

    def sh(self, command):
        """Runs a command in the virtual machine and returns its output."""
        answer = self.shared / "answer"
        answer.unlink(missing_ok=True)
        (self.shared / "command.new").write_text(command + "\n")
        (self.shared / "command.new").rename(self.shared / "command")
        wait_until(answer.exists, f"the output of {command}")
        return answer.read_text().strip()

    def value(self, control):
        """Returns the value of a control as the driver reports it, or None if the driver reports no value."""
        words = self.sh(f"v4l2-ctl -d /dev/video0 -C {control}").split()
        return int(words[-1]) if words and words[-1].lstrip("-").isdigit() else None

    def close(self):
        for part in reversed(self.parts):
            part.terminate()
        for part in self.parts:
            part.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def change_reaches_the_driver(browser, machine):
    page = Page(browser, machine.address)
    browser.viewport(1280, 800)
    page.open("/#/main")
    page.run("localStorage.clear()")
    wait_until(lambda: page.state() == "live", "the state live")
    wait_until(lambda: page.run("return document.querySelector('[data-tool=controls]')?.checkVisibility() ?? false"), "the controls button")
    browser.press("c")
    wait_until(lambda: not page.run("return document.getElementById('controls').hidden"), "the panel")
    expect(machine.value("brightness"), 128, "the driver's brightness before")
    page.run(
        "const field = document.querySelector('[data-control=brightness] input[type=range]');"
        "field.value = 77; field.dispatchEvent(new Event('input', { bubbles: true }));")
    wait_until(lambda: machine.value("brightness") == 77, "the driver's brightness at 77")

    machine.sh("echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind")
    wait_until(lambda: page.state() != "live", "a state other than live")
    machine.sh("echo vivid.0 >/sys/bus/platform/drivers/vivid/bind")
    wait_until(lambda: page.state() == "live", "the state live again")
    wait_until(lambda: machine.value("brightness") == 77, "brightness 77 after unbind and bind")
    shown = "return document.querySelector('[data-control=brightness] input[type=range]').value"
    wait_until(lambda: page.run(shown) == "77", "the panel to show 77")

    machine.sh("v4l2-ctl -d /dev/video0 -c brightness=1; killall -9 capture-daemon")
    wait_until(lambda: machine.value("brightness") == 77, "brightness 77 after a restart of the daemon")


def run(report, browser):
    sentence = "virtual machine: a change on the page reaches vivid, and is restored after unbind and bind, and after a restart"
    if not report.wants(sentence):
        return

    def check():
        with Machine() as machine:
            change_reaches_the_driver(browser, machine)

    report.run(sentence, check)
