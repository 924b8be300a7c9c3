"""Checks the page with the real system: capture-daemon, both workers and both web servers."""

import contextlib
import json
import pathlib
import signal
import statistics
import tempfile
import time

import coded
from checking import TIMEOUT, Skipped, expect, own_address, wait_until
from page import PLAYER, Page
from system import System, USBCamera
from wire import Wire

COUNT = 20


class Stage:
    """A system and its page, which several checks share."""

    def __init__(self, browser, system, host="127.0.0.1", port=None):
        self.browser, self.system = browser, system
        self.page = Page(browser, f"http://{host}:{port or system.port}")

    def wait_live(self):
        """Waits until the page is live, and returns how many seconds that took."""
        return wait_until(lambda: self.page.state() == "live", lambda: f"the state live, but it is {self.page.state()}")[0]

    def open_marked(self):
        """Opens the page and marks its document, so that a reload can be detected."""
        self.page.open()
        self.wait_live()
        self.page.run("window.mark = 'the same document'")

    def expect_same_document(self):
        expect(self.page.run("return window.mark ?? null"), "the same document", "the document")


def moving_pictures(stage):
    stage.page.open()
    stage.wait_live()
    box = stage.page.run(f"const box = {PLAYER}.getBoundingClientRect(); return [box.x, box.y, box.width, box.height]")
    first, number = stage.browser.screenshot(box), stage.page.frame_number()
    assert number > 0, number
    wait_until(lambda: stage.page.frame_number() > number, "a newer frame")
    wait_until(lambda: stage.browser.screenshot(box) != first, "another picture on the screen")
    _, rate = wait_until(lambda: stage.page.player("player.metrics.rate"), "a rate")
    return f"{rate:.1f} fps"


def delay_is_correct(stage):
    """Checks the delay that the page measures between the capture of a frame and its display."""
    stage.page.open()
    stage.wait_live()
    stage.page.run(
        "window.delays = []; const player = " + PLAYER + ";"
        "player.addEventListener('measure', () => delays.push(player.frame.delay));")
    time.sleep(4)
    delays = lambda: [delay for delay in stage.page.run("return delays") if delay is not None]
    wait_until(lambda: len(delays()) >= 5, "five delays")
    delays = delays()
    assert all(0 <= delay < 30_000 for delay in delays), delays
    return f"from capture to display: median {statistics.median(delays):.0f} ms, max {max(delays):.0f} ms"


def capture_stops(stage):
    stage.open_marked()
    stage.system.signal(signal.SIGSTOP, "capture-daemon")
    try:
        went, _ = wait_until(lambda: stage.page.state() in ("offline", "stalled"), "a state other than live")
        wait_until(lambda: stage.page.state() == "offline", "the state offline")
        note = stage.page.note()
    finally:
        stage.system.signal(signal.SIGCONT, "capture-daemon")
    back = stage.wait_live()
    stage.expect_same_document()
    return f"the loss was shown after {went:.1f} s (“{' '.join(note.split())}”), and the page was live {back:.2f} s after the return"


def gone_and_back(stage, leave, come_back, states):
    """Measures how soon the page reports a loss, and how soon it is live again after the return, without a reload."""
    stage.open_marked()
    time.sleep(0.5)
    leave()
    try:
        went, _ = wait_until(lambda: stage.page.state() in states, lambda: f"the state {' or '.join(states)}, but it is {stage.page.state()}")
        note = " ".join(stage.page.note().split())
        time.sleep(1)
        wait_until(lambda: stage.page.state() in states, lambda: f"still the state {' or '.join(states)}, but it is {stage.page.state()}")
        number = stage.page.frame_number()
    finally:
        come_back()
    back, _ = wait_until(lambda: stage.page.state() == "live" and stage.page.frame_number() > number, "the state live, with new frames")
    stage.expect_same_document()
    return f"the loss was shown after {went:.1f} s (“{note}”), and the page was live {back:.2f} s after the return"


def camera_unplugged(stage, camera):
    return gone_and_back(stage, camera.unplug, camera.plug_in, ["offline"])


def part_stays_dead(stage, program, state):
    with contextlib.ExitStack() as down:
        return gone_and_back(stage, lambda: down.enter_context(stage.system.kept_down(program)), down.close, [state])


def network_gone(stage):
    """Acts as if a cable between browser and web server were unplugged: no data passes, and no connection is closed."""
    with Wire(stage.system.port) as wire:
        note = gone_and_back(Stage(stage.browser, stage.system, port=wire.port), wire.cut, wire.mend, ["unreachable"])
        stage.browser.leave()
        return note


def losses(report, browser):
    """Checks how the page reacts when each part of the system is lost, and when it returns."""
    name = f"real system, {browser.name}:"
    checks = [
        (f"{name} the camera is unplugged and plugged in again", camera_unplugged, None),
        (f"{name} capture-daemon stays dead for a while", part_stays_dead, "capture-daemon", "offline"),
        (f"{name} mjpeg-fcgi stays dead for a while", part_stays_dead, "mjpeg-fcgi", "offline"),
        (f"{name} relay-fcgi stays dead for a while", part_stays_dead, "relay-fcgi", "unreachable"),
        (f"{name} the web server stays dead for a while", part_stays_dead, "nginx-web", "unreachable"),
        (f"{name} the camera's web server stays dead for a while", part_stays_dead, "nginx-ingest", "offline"),
        (f"{name} the network is gone for a while", network_gone),
        (f"{name} a control set on the page is restored when the camera is plugged in again", set_on_the_page, None),
    ]
    if not any(report.wants(sentence) for sentence, *_ in checks):
        return
    try:
        camera = USBCamera(coded.picture(number) for number in range(COUNT))
    except Skipped as reason:
        report.run(f"{name} losses", _raise, reason)
        return
    with camera, System(f"main={camera.NODE}", size="640x480", settings=camera.settings | {"ORIEL_CONTROLS": "1"}) as system:
        for sentence, check, *arguments in checks:
            report.run(sentence, check, Stage(browser, system), *(argument or camera for argument in arguments))


def set_on_the_page(stage, camera):
    """Sets a control on the page. A camera that is unplugged loses the value, so the daemon must set it again."""
    answer = lambda: json.loads(stage.system.get("/controls/main")[1])
    value = lambda: next(control["value"] for control in answer()["controls"] if control["name"] == "brightness")
    shown = "return document.querySelector('[data-control=brightness] [type=number]')?.value"
    before = value()
    stage.open_marked()
    offered = "return document.querySelector('[data-tool=controls]').checkVisibility()"
    wait_until(lambda: stage.page.run(offered), "the controls button")
    stage.browser.press("c")
    wait_until(lambda: stage.page.run(shown) == str(before), lambda: f"the panel to show {before}, but it shows {stage.page.run(shown)}")
    stage.page.run("document.querySelector('[data-control=brightness] [type=range]').focus()")
    stage.browser.press("ArrowRight")
    wait_until(lambda: value() == before + 1, lambda: f"the camera's brightness to become {before + 1}, but it is {value()}")
    camera.unplug()
    wait_until(lambda: stage.page.state() == "offline", "the state offline")
    camera.plug_in()
    wait_until(lambda: stage.page.state() == "live", "the state live")
    wait_until(lambda: value() == before + 1, lambda: f"brightness {before + 1} after the camera's return, but it is {value()}")
    stage.page.run("document.querySelector('.reset-all').click()")
    wait_until(lambda: value() == before, lambda: f"the value {before} again after the reset, but it is {value()}")
    stage.browser.press("Escape")
    stage.expect_same_document()


def part_dies(stage, program):
    stage.open_marked()
    number = stage.page.frame_number()
    stage.system.signal(signal.SIGKILL, program)
    killed = time.monotonic()
    time.sleep(0.3)
    began = time.monotonic()
    wait_until(lambda: stage.page.state() == "live" and stage.page.frame_number() > number + 5, "the state live, with five new frames")
    back = time.monotonic() - killed
    time.sleep(max(0, 1.5 - (time.monotonic() - began)))
    wait_until(lambda: stage.page.state() == "live", "the state live")
    later = stage.page.frame_number()
    wait_until(lambda: stage.page.frame_number() > later, "further frames")
    stage.expect_same_document()
    return f"live with five new pictures {back:.2f} s after the kill"


def light_on_the_wire(stage):
    stage.page.open()
    stage.wait_live()
    entries = stage.page.run(
        "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map((entry) => [new URL(entry.name).pathname, entry.encodedBodySize])")
    # Count each path once. When a worker or an <img> repeats a request, the browser uses its cache.
    sizes = {path: size for path, size in entries if path.endswith(("/", ".js", ".css", ".svg"))}
    assert len(sizes) > 30 and sum(sizes.values()) <= 60_000, sizes
    return f"{sum(sizes.values()) / 1000:.1f} kB in {len(sizes)} files"


def strict_policy(stage):
    headers, _ = stage.system.get("/")
    policy = headers.get("Content-Security-Policy", "")
    assert "default-src 'none'" in policy and "unsafe" not in policy, policy
    stage.browser.console()
    stage.page.open()
    stage.wait_live()
    for key in ("d", "v", "r", " ", ",", " ", "l", "t", "l", "t", "d"):
        stage.browser.press(key)
        time.sleep(0.05)
    stage.page.run("localStorage.clear()")
    expect(stage.browser.console(), [], "console messages")


def wall_of_cameras(stage):
    stage.page.open()
    states = "return [...document.querySelectorAll('oriel-player')].map((player) => player.condition.state)"
    wait_until(lambda: stage.page.run(states) == ["live"] * 6, "six live tiles")
    ids = "return [...document.querySelectorAll('oriel-player')].map((player) => player.frame.id)"
    before = stage.page.run(ids)
    wait_until(lambda: all(b > a for a, b in zip(before, stage.page.run(ids))), "a newer picture in every tile")


def newest_frame(stage, way):
    """At one frame per second, the frame on the screen must be the frame that /snapshot returns."""
    path, element = {
        "player": ("/", f"{PLAYER}?.shadowRoot.querySelector('.picture')"),
        "<img>": ("/", "document.images[document.images.length - 1]"),
        "typed address": ("/video", "document.images[0]"),
    }[way]
    stage.browser.viewport(360, 340)        # small screenshots are decoded quickly
    stage.page.open(path)
    if way == "<img>":
        stage.page.run(
            "document.body.replaceChildren(Object.assign(document.createElement('img'), { src: 'video', width: 320, height: 240 }))")
    wait_until(lambda: stage.page.shown_number(element) is not None, "a picture")
    pictures = {coded.picture(number): number for number in range(COUNT)}
    matched, seen = set(), []
    deadline = time.monotonic() + 2 * TIMEOUT
    while len(matched) < 4:
        before = stage.system.get("/snapshot")
        shown = stage.page.shown_number(element)
        after = stage.system.get("/snapshot")
        # Compare only if no newer frame arrived during the screenshot. Even then, the newest frame may still be on its
        # way to the screen, so only matches count.
        if before[0]["X-Frame-Id"] == after[0]["X-Frame-Id"]:
            seen.append((pictures[before[1]], shown))
            if seen[-1][0] == seen[-1][1]:
                matched.add(before[0]["X-Frame-Id"])
        if time.monotonic() > deadline:
            raise AssertionError(f"the newest picture was shown only {len(matched)} times; pairs of the newest and the shown picture: {seen}")
    return f"{len(matched)} frames were shown without a lag"


def run(report, browser):
    own = None
    try:
        own = own_address()
    except Exception as reason:
        report.run("this machine's own address", _raise, reason)

    with System("main=pattern", bind="0.0.0.0" if own else "127.0.0.1") as system:
        for host in ["127.0.0.1"] + ([own] if own else []):
            stage = Stage(browser, system, host)
            report.run(f"real system: moving pictures at {host}", moving_pictures, stage)
            report.run(f"real system: the delay is correct at {host}", delay_is_correct, stage)
        stage = Stage(browser, system)
        report.run("real system: the page runs under the strict content policy without console messages", strict_policy, stage)
        report.run("real system: the page's files take at most 60 kB on the wire", light_on_the_wire, stage)
        report.run("real system: capture-daemon hangs and resumes", capture_stops, stage)
        report.run("real system: capture-daemon dies", part_dies, stage, "capture-daemon")
        report.run("real system: mjpeg-fcgi dies", part_dies, stage, "mjpeg-fcgi")
        report.run("real system: relay-fcgi dies", part_dies, stage, "relay-fcgi")
        report.run("real system: the web server dies", part_dies, stage, "nginx-web")
        report.run("real system: the camera's web server dies", part_dies, stage, "nginx-ingest")

    losses(report, browser)
    with System(" ".join(f"cam{index}=pattern" for index in range(6)), fps=10, size="640x360") as system:
        report.run("real system: six cameras on the wall", wall_of_cameras, Stage(browser, system))

    with tempfile.TemporaryDirectory(prefix="oriel-coded-") as folder:
        for number in range(COUNT):
            (pathlib.Path(folder) / f"{number:04}.jpg").write_bytes(coded.picture(number))
        with System(f"main={folder}", fps=1, bind="0.0.0.0" if own else "127.0.0.1") as system:
            for host in ["127.0.0.1"] + ([own] if own else []):
                for way in ("player", "<img>", "typed address"):
                    sentence = f"real system: the newest frame is on the screen: {way}, 1 fps, {host}"
                    report.run(sentence, newest_frame, Stage(browser, system, host), way)


def _raise(error):
    raise error
