"""Drives Debian's Chromium through chromedriver (WebDriver). Uses only the standard library."""

import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015",
        "Enter": "\ue007", "Tab": "\ue004", "Backspace": "\ue003", "Delete": "\ue017"}


class BrowserError(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def drag_actions(x, y, to_x, to_y):
    return [
        {"type": "pointerMove", "x": round(x), "y": round(y)}, {"type": "pointerDown", "button": 0},
        {"type": "pointerMove", "x": round(to_x), "y": round(to_y), "duration": 50}, {"type": "pointerUp", "button": 0},
    ]


def click_actions(x, y, times):
    click = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
    return [{"type": "pointerMove", "x": round(x), "y": round(y)}] + click * times


class Chromium:
    """One browser with its own profile; `close` stops it and removes the profile."""

    name = "chromium"

    def __init__(self, width=1280, height=800, languages="en-US", arguments=()):
        self.profile = tempfile.mkdtemp(prefix="oriel-chromium-")
        port = free_port()
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, env=dict(os.environ, HOME=self.profile))
        self.address = f"http://127.0.0.1:{port}"
        options = {
            "binary": shutil.which("chromium"),
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                     "--no-first-run", "--disable-background-networking", "--no-proxy-server", "--ignore-certificate-errors",
                     f"--window-size={width},{height}", f"--user-data-dir={self.profile}/profile", *arguments],
            "prefs": {"intl.accept_languages": languages},
        }
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
                        "pageLoadStrategy": "none"}
        try:
            self._wait_for_driver()
            made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self.version = made["capabilities"]["browserVersion"]
            self.session = f"/session/{made['sessionId']}"
            self.viewport(width, height)
        except BaseException:
            self.close()
            raise

    def _wait_for_driver(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except (OSError, BrowserError):
                if time.monotonic() > deadline:
                    raise BrowserError("chromedriver does not respond") from None
            time.sleep(0.05)

    def _call(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            problem = json.load(error)["value"]
            raise BrowserError(f"{problem['error']}: {problem['message'].splitlines()[0]}") from None

    def command(self, method, path, body=None):
        return self._call(method, self.session + path, body)

    def protocol(self, command, **parameters):
        """Sends a command of the Chrome DevTools Protocol."""
        return self.command("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, address):
        """Opens an address and waits for the document, but not for the load event, which a stream delays forever."""
        self.leave()
        self.command("POST", "/url", {"url": address})
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.run("return location.href !== 'about:blank' && document.body !== null"):
                    return
            except BrowserError:
                pass        # the old document is gone, and the new one does not exist yet
            if time.monotonic() > deadline:
                raise BrowserError(f"{address} does not open")
            time.sleep(0.01)

    def run(self, script, *arguments):
        """Runs a function body in the page and returns its result. If the result is a promise, waits for its value."""
        body = (
            "const done = arguments[arguments.length - 1]; const given = Array.from(arguments).slice(0, -1);"
            f"(async function () {{ {script} }}).apply(null, given).then((value) => done([true, value]), (error) => done([false, String(error)]));"
        )
        isFine, value = self.command("POST", "/execute/async", {"script": body, "args": list(arguments)})
        if not isFine:
            raise BrowserError(value)
        return value

    def screenshot(self, clip=None):
        """Returns a PNG of the window, or of a part of it: (x, y, width, height)."""
        if not clip:
            return base64.b64decode(self.command("GET", "/screenshot"))
        x, y, width, height = clip
        shot = self.protocol("Page.captureScreenshot", clip={"x": x, "y": y, "width": width, "height": height, "scale": 1})
        return base64.b64decode(shot["data"])

    @contextlib.contextmanager
    def before_pages(self, script):
        """Runs a script in every page that is opened within the `with` block, before the page's own scripts."""
        added = self.protocol("Page.addScriptToEvaluateOnNewDocument", source=script)
        try:
            yield
        finally:
            self.protocol("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])

    def press(self, key):
        code = KEYS.get(key, key)
        self.command("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": code}, {"type": "keyUp", "value": code}]}]})

    def click(self, selector):
        element = self.command("POST", "/element", {"using": "css selector", "value": selector})
        self.command("POST", f"/element/{element[ELEMENT]}/click")

    def wheel(self, x, y, amount):
        self.command("POST", "/actions", {"actions": [{"type": "wheel", "id": "wheel", "actions": [
            {"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": amount}]}]})

    def drag(self, x, y, to_x, to_y):
        self.command("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": drag_actions(x, y, to_x, to_y)}]})

    def click_at(self, x, y, times=1):
        self.command("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": click_actions(x, y, times)}]})

    def touch(self, *moments):
        """Simulates touches. Each moment is a list of finger positions (x, y). An empty list lifts all fingers."""
        down = 0
        for places in moments:
            kind = "touchEnd" if not places else "touchStart" if len(places) > down else "touchMove"
            points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
            self.protocol("Input.dispatchTouchEvent", type=kind, touchPoints=points)
            down = len(places)

    def viewport(self, width, height, scale=1, is_phone=False):
        self.protocol("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=is_phone)
        self.protocol("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def prefer(self, **features):
        """Sets media features, such as prefer(prefers_color_scheme="light")."""
        self.protocol("Emulation.setEmulatedMedia", features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def network(self, is_on):
        self.protocol("Network.enable")
        self.protocol("Network.emulateNetworkConditions", offline=not is_on, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    def console(self):
        """Returns the warnings and errors that the console received since the last call."""
        entries = self.command("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("WARNING", "SEVERE")]

    def leave(self):
        """Opens an empty page."""
        self.command("POST", "/url", {"url": "about:blank"})

    @contextlib.contextmanager
    def second_window(self):
        """Opens a second window and sends all commands within the `with` block to it. Both windows are visible."""
        first = self.command("GET", "/window")
        self.command("POST", "/window", {"handle": self.command("POST", "/window/new", {"type": "window"})["handle"]})
        try:
            yield
        finally:
            self.command("DELETE", "/window")
            self.command("POST", "/window", {"handle": first})

    def new_tab(self):
        """Opens a tab in the foreground and sends all commands to it until `close_tab` is called."""
        self.first = self.command("GET", "/window")
        self.command("POST", "/window", {"handle": self.command("POST", "/window/new", {"type": "tab"})["handle"]})

    def close_tab(self):
        self.command("DELETE", "/window")
        self.command("POST", "/window", {"handle": self.first})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if hasattr(self, "session"):
                self.command("DELETE", "")
        except (OSError, BrowserError):
            pass
        try:
            os.killpg(self.driver.pid, signal.SIGTERM)
            self.driver.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.driver.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.driver.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
