"""Drives Debian's Firefox through WebDriver BiDi, without a driver program."""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from bidi import BiDi
from chromium import KEYS, click_actions, drag_actions, free_port

PREFERENCES = {
    "remote.active-protocols": 1, "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.enabled": False,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False,
    "extensions.update.enabled": False, "intl.accept_languages": "en-US", "network.proxy.type": 0,
    "browser.newtabpage.enabled": False, "browser.startup.page": 0,
}


class Firefox:
    name = "firefox"

    def __init__(self, width=1280, height=800):
        self.profile = tempfile.mkdtemp(prefix="oriel-firefox-")
        with open(f"{self.profile}/user.js", "w", encoding="utf-8") as file:
            for name, value in PREFERENCES.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        port = free_port()
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        self.process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--profile", self.profile, f"--remote-debugging-port={port}", "about:blank"],
            env=dict(os.environ, HOME=self.profile, MOZ_HEADLESS="1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        try:
            self.bidi = self._connect(port)
            made = self.bidi.command("session.new", capabilities={})
            self.version = made["capabilities"]["browserVersion"]
            # The first window does not get the focus, without which Enter and Space do not press a button.
            first = self.bidi.command("browsingContext.getTree")["contexts"][0]["context"]
            self.context = self.bidi.command("browsingContext.create", type="window")["context"]
            self.bidi.command("browsingContext.close", context=first)
            self.bidi.command("session.subscribe", events=["log.entryAdded"])
            self.viewport(width, height)
        except BaseException:
            self.close()
            raise

    def _connect(self, port):
        deadline = time.monotonic() + 60
        while True:
            try:
                return BiDi(port)
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.2)

    def leave(self):
        """Opens an empty page."""
        self.bidi.command("browsingContext.navigate", context=self.context, url="about:blank", wait="complete")

    def open(self, address):
        """Opens an address and waits for the document, but not for the load event, which a stream delays forever."""
        self.leave()
        self.bidi.command("browsingContext.navigate", context=self.context, url=address, wait="none")
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.run("return location.href !== 'about:blank' && document.body !== null"):
                    return
            except RuntimeError:
                pass        # the old document is gone, and the new one does not exist yet
            if time.monotonic() > deadline:
                raise TimeoutError(f"{address} does not open")
            time.sleep(0.02)

    def run(self, script, *arguments):
        """Runs a function body in the page and returns its result. If the result is a promise, waits for its value."""
        body = f"async function (given) {{ given = JSON.parse(given); return JSON.stringify((await (async () => {{ {script} }})()) ?? null); }}"
        result = self.bidi.command(
            "script.callFunction", functionDeclaration=body, awaitPromise=True, target={"context": self.context},
            arguments=[{"type": "string", "value": json.dumps(arguments)}])
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def screenshot(self, clip=None):
        box = {}
        if clip:
            x, y, width, height = clip
            box = {"clip": {"type": "box", "x": x, "y": y, "width": width, "height": height}}
        deadline = time.monotonic() + 30
        while True:
            try:
                return base64.b64decode(self.bidi.command("browsingContext.captureScreenshot", context=self.context, **box)["data"])
            except RuntimeError:        # “Unable to capture screenshot” happens now and then on a busy machine
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def press(self, key):
        code = KEYS.get(key, key)
        self._act({"type": "key", "id": "keyboard", "actions": [{"type": "keyDown", "value": code}, {"type": "keyUp", "value": code}]})

    def click(self, selector):
        x, y = self.run(
            "const one = document.querySelector(given[0]); one.scrollIntoView({ block: 'nearest' });"
            "const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2].map(Math.round)", selector)
        self._act({"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]})

    def _act(self, source):
        self.bidi.command("input.performActions", context=self.context, actions=[source])

    def wheel(self, x, y, amount):
        self._act({"type": "wheel", "id": "wheel", "actions": [
            {"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": amount}]})

    def drag(self, x, y, to_x, to_y):
        self._act({"type": "pointer", "id": "mouse", "actions": drag_actions(x, y, to_x, to_y)})

    def click_at(self, x, y, times=1):
        self._act({"type": "pointer", "id": "mouse", "actions": click_actions(x, y, times)})

    def viewport(self, width, height, *_):
        self.bidi.command("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height})

    def console(self):
        """Returns the warnings and errors that the console received since the last call."""
        self.run("return 1")
        entries = [event["params"] for event in self.bidi.events if event.get("method") == "log.entryAdded"]
        self.bidi.events.clear()
        return [entry["text"] for entry in entries if entry["level"] in ("warn", "error")]

    def new_tab(self):
        """Opens a tab in the foreground and sends all commands to it until `close_tab` is called."""
        self.first = self.context
        self.context = self.bidi.command("browsingContext.create", type="tab")["context"]
        self.bidi.command("browsingContext.activate", context=self.context)

    def close_tab(self):
        self.bidi.command("browsingContext.close", context=self.context)
        self.context = self.first
        self.bidi.command("browsingContext.activate", context=self.context)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.bidi.command("browser.close")
            self.bidi.close()
        except (AttributeError, OSError, RuntimeError):
            pass
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
