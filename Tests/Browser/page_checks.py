"""Checks the page with a scripted server. Each check decides what frames the server sends, and how the server fails."""

import contextlib
import gzip
import hashlib
import pathlib
import re
import threading
import time

import coded
from checking import expect, own_address, wait_equal, wait_until
from front import Front
from page import PLAYER, Page
from scripted import HTML, Camera, ScriptedServer
from wire import Wire

#: The modules that the page loads only when they are used.
LOADED_LATER = {
    "area-layer.js", "areas.js", "boxes.js", "chip-texts.js", "chips.css", "chips.js", "details.js", "event-list.js", "event-picture.js",
    "event-stream.js", "event-texts.js", "event-turn.js", "events.css", "events.js", "help.js", "korean.js", "live-boxes.js", "picture-queue.js",
    "toasts.js", "tones.js", "zone-texts.js", "zones.css", "zones.js",
}
IMAGE_PAGE = "<!doctype html><title>image</title><img src='video/main' width=320 height=240>"


class Source:
    """Publishes `rate` coded pictures per second while it is not paused."""

    def __init__(self, camera, rate=30):
        self.camera, self.rate = camera, rate
        self.shown = 0
        self.is_running = True
        self.is_paused = False
        self.gate = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while self.is_running:
            if not self.is_paused:
                self.publish()
            time.sleep(1 / self.rate)

    def publish(self):
        with self.gate:
            self.shown = (self.shown + 1) % 4096
            self.camera.publish(coded.picture(self.shown))

    def pause(self):
        self.is_paused = True
        with self.gate:
            return self.shown

    def go_on(self):
        self.is_paused = False

    def go_offline(self, state, reason):
        self.pause()
        self.camera.go_offline(state, reason)


class Scene:
    """A scripted server with cameras, each with a source of pictures, and the page that the server serves."""

    def __init__(self, browser, names=("main",), host="127.0.0.1", rate=30):
        self.cameras = [Camera(name, coded.WIDTH, coded.HEIGHT) for name in names]
        self.sources = {camera.name: Source(camera, rate) for camera in self.cameras}
        self.server = ScriptedServer(self.cameras, ("127.0.0.1" if host == "127.0.0.1" else "0.0.0.0", 0))
        self.server.extra["/image.html"] = IMAGE_PAGE
        self.page = Page(browser, f"http://{host}:{self.server.port}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for source in self.sources.values():
            source.is_running = False
        self.page.browser.leave()
        self.server.is_cut = True
        self.server.shutdown()
        self.server.server_close()

    @property
    def source(self):
        return next(iter(self.sources.values()))

    def wait_state(self, state, camera=None):
        """Waits until a player has a state, and returns how many seconds that took."""
        return wait_until(lambda: self.page.state(camera) == state, lambda: f"the state {state}, but it is {self.page.state(camera)}")[0]

    def wait_live(self):
        return self.wait_state("live")

    def wait_shown(self, number, element=f"{PLAYER}.shadowRoot.querySelector('.picture')"):
        """Waits until the picture with this number is on the screen, and returns how many seconds that took."""
        seen = []

        def is_shown():
            seen.append(self.page.shown_number(element))
            return seen[-1] == number

        try:
            return wait_until(is_shown, f"picture {number} on the screen")[0]
        except AssertionError as error:
            frame = self.page.player("[player.frame?.id, player.condition.state]")
            raise AssertionError(f"{error}; the numbers seen were {seen}, the player's frame and state are {frame}") from None

    def streams_opened(self):
        return sum(request.startswith("/video") for request in self.server.requests)


# Checks that the newest frame is on the screen. For each way to show frames, WAYS contains the path of a page and the
# element on this page that shows the frames.

WAYS = {
    "player": ("/", f"{PLAYER}?.shadowRoot.querySelector('.picture')"),
    "<img>": ("/image.html", "document.images[0]"),
    "typed address": ("/video/main", "document.images[0]"),
}


def newest_frame_is_seen(browser, way, host, rate):
    path, element = WAYS[way]
    with Scene(browser, host=own_address() if host == "own address" else host, rate=rate) as scene, small_window(browser):
        # If the server repeated the newest picture, or the page reconnected, the check would not notice a lag.
        scene.cameras[0].repeats_after = None
        scene.page.open(path)
        wait_until(lambda: scene.page.shown_number(element) is not None, "a picture")
        opened = scene.streams_opened()
        for _ in range(3):
            time.sleep(1.2 / min(rate, 4))
            number = scene.source.pause()
            waited = scene.wait_shown(number, element)
            if rate < 5:
                time.sleep(0.1)
                scene.source.publish()
            scene.source.go_on()
        expect(scene.streams_opened(), opened, "streams opened")
        return f"after the camera paused, its last frame was on the screen within {waited * 1000:.0f} ms"


@contextlib.contextmanager
def small_window(browser):
    """Makes the window small within the `with` block, so that screenshots are decoded quickly."""
    browser.viewport(360, 340)
    try:
        yield
    finally:
        browser.viewport(1280, 800)


# States.

def camera_offline(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        before, opened = scene.page.frame_number(), scene.streams_opened()
        scene.source.go_offline("waiting", "There is no camera at /dev/video0.")
        went = scene.wait_state("offline")
        note = scene.page.note()
        assert "There is no camera at /dev/video0." in note, note
        expect(scene.page.player("player.shadowRoot.querySelector('[role=status]').textContent"), "main: Camera offline", "the announcement")
        scene.source.go_on()
        back = scene.wait_live()
        assert scene.page.frame_number() > before
        expect(scene.streams_opened(), opened, "streams opened")
        return f"the loss was shown after {went:.1f} s, and the page was live {back:.2f} s after the return"


def offline_from_the_start(browser):
    with Scene(browser) as scene:
        scene.source.go_offline("no_signal", "The camera sends nothing.")
        scene.page.open()
        scene.wait_state("offline")
        scene.source.go_on()
        return f"live {scene.wait_live():.2f} s after the camera appeared"


def stalled(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        scene.source.pause()
        went = scene.wait_state("stalled")
        wait_until(lambda: "No new picture" in scene.page.note(), "the explanation")
        scene.source.go_on()
        return f"stalled after {went:.1f} s, live {scene.wait_live():.2f} s after the next frame"


def late(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        scene.cameras[0].lag = 3
        scene.wait_state("late")
        wait_until(lambda: re.search(r"\b[3-9]\.\d s old", scene.page.note()), lambda: f"the age of the picture, but the page shows “{scene.page.note()}”")
        scene.cameras[0].lag = 0
        scene.wait_live()


def server_away(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        scene.server.is_cut = True
        went = scene.wait_state("unreachable")
        time.sleep(3)
        scene.server.is_cut = False
        back = scene.wait_live()
        return f"the loss was shown after {went:.1f} s, and the page was live {back:.2f} s after the return"


def network_silent(browser):
    """Simulates an unplugged cable: no data passes, and no connection is closed."""
    with Scene(browser) as scene, Wire(scene.server.port) as wire:
        page = Page(browser, f"http://127.0.0.1:{wire.port}")
        page.open()
        scene.wait_live()
        time.sleep(1)
        wire.cut()
        went, _ = wait_until(lambda: page.state() in ("unreachable", "stalled"), "a state other than live")
        wait_until(lambda: page.state() == "unreachable", "the state unreachable")
        time.sleep(1)
        wire.mend()
        back = scene.wait_live()
        browser.leave()
        return f"the loss was shown after {went:.1f} s, and the page was live {back:.2f} s after the return"


def network_away(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        browser.network(False)
        scene.server.is_cut = True      # the emulated outage affects neither open connections nor workers
        try:
            went = scene.wait_state("unreachable")
            time.sleep(2)
        finally:
            scene.server.is_cut = False
            browser.network(True)
        return f"the loss was shown after {went:.1f} s, and the page was live {scene.wait_live():.2f} s after the return"


def worker_restarts(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        opened, began = scene.streams_opened(), time.monotonic()
        states = "window.states = []; " + PLAYER + ".addEventListener('state', (event) => states.push(event.detail.state));"
        scene.page.run(states)
        scene.server.end_streams()
        wait_until(lambda: scene.streams_opened() > opened, "the stream to be opened again")
        number = scene.page.frame_number()
        wait_until(lambda: scene.page.frame_number() > number, "new pictures")
        shown, took = scene.page.run("return states"), time.monotonic() - began
        # If reconnecting took longer because the machine is slow, the page rightly shows another state.
        if took < 1:
            expect(shown, [], "states shown while a worker restarts")
        return f"new pictures arrived after {took:.1f} s, and the states shown were {shown}"


def server_full(browser):
    with Scene(browser) as scene:
        scene.server.is_full = True
        scene.page.open()
        scene.wait_state("busy")
        wait_until(lambda: "2000 viewers" in scene.page.note(), lambda: f"the server's reason, but the page shows “{scene.page.note()}”")
        scene.server.is_full = False
        return f"live {scene.wait_live():.1f} s after the server accepted viewers again"


def errors_in_korean(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        page.run("localStorage.setItem('oriel.language', 'ko')")
        try:
            page.open()
            scene.wait_live()
            scene.source.go_offline("waiting", "There is no camera at /dev/video0.")
            scene.wait_state("offline")
            for wanted in ("카메라를 기다리는 중입니다", "There is no camera at /dev/video0."):
                wait_until(lambda: wanted in page.note(), lambda: f"“{wanted}”, but the page shows “{page.note()}”")
            scene.server.is_full = True
            page.open()
            scene.source.go_on()
            scene.wait_state("busy")
            for wanted in ("시청자가 너무 많습니다", "2000 viewers"):
                wait_until(lambda: wanted in page.note(), lambda: f"“{wanted}”, but the page shows “{page.note()}”")
            expect(page.player("player.shadowRoot.querySelector('.note small').lang"), "en", "the language of the server's message")
        finally:
            page.run("localStorage.clear()")


def status_forbidden(browser):
    with Scene(browser, rate=1) as scene:
        scene.page.open("/#/main")
        scene.wait_live()
        scene.page.run("window.states = []; " + PLAYER + ".addEventListener('state', (event) => states.push(event.detail.state));")
        scene.server.extra["/status"] = None
        asked = scene.server.requests.count("/status")
        wait_until(lambda: scene.server.requests.count("/status") >= asked + 3, "three refused requests")
        scene.wait_live()
        shown = scene.page.run("return states")
        assert set(shown) <= {"live", "late", "stalled"}, shown     # late and stalled occur only if the machine is slow


def unknown_camera(browser):
    with Scene(browser) as scene:
        scene.page.open("/#/attic")
        scene.wait_state("missing")
        assert "attic" in scene.page.note()


def wrong_clock(browser):
    with Scene(browser) as scene:
        scene.server.clock_error = -3600
        scene.cameras[0].clock_offset = 120
        scene.page.open()
        scene.wait_live()
        age = lambda: scene.page.player("player.age")
        wait_until(lambda: age() is not None, "an age")
        age = age()
        assert 0 <= age < 30_000, age
        return f"the age is {age:.0f} ms"


# Connections.

def hidden_tab(browser):
    with Scene(browser, names=("main", "door")) as scene:
        scene.page.open()
        wait_until(lambda: [camera.viewers for camera in scene.cameras] == [1, 1], "two streams")
        browser.new_tab()
        gone, _ = wait_until(lambda: sum(camera.viewers for camera in scene.cameras) == 0, "the end of all streams")
        browser.close_tab()
        scene.wait_live()
        return f"the streams were closed after {gone:.1f} s"


def leaving_page(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        browser.leave()
        gone, _ = wait_until(lambda: scene.cameras[0].viewers == 0, "the end of all streams")
        return f"the streams were closed after {gone:.1f} s"


def many_cameras(browser):
    names = [f"cam{index:02}" for index in range(12)]
    with Scene(browser, names=names, rate=10) as scene:
        scene.page.open()
        ids = "return Object.fromEntries([...document.querySelectorAll('oriel-player')].map((player) => [player.camera, player.frame?.id ?? 0]))"
        wait_until(lambda: len(scene.page.run(ids)) == 12 and all(scene.page.run(ids).values()), "a picture in every tile")
        before = scene.page.run(ids)
        wait_until(lambda: all(after > before[name] for name, after in scene.page.run(ids).items()), "a newer picture in every tile")
        live = sum(camera.viewers for camera in scene.cameras)
        assert live <= 4, f"{live} streams over HTTP/1.1"
        answered = scene.page.run("const began = performance.now(); await (await fetch('status')).json(); return performance.now() - began")
        assert answered < 20_000, f"a request took {answered} ms"
        # When a camera whose tile shows snapshots is opened, it gets a stream at once.
        scene.page.run("location.hash = '#/cam11'")
        wait_until(lambda: scene.cameras[11].viewers == 1, "a stream for the camera that was opened")
        wait_until(lambda: sum(camera.viewers for camera in scene.cameras) == 1, "the other streams to be closed")
        scene.page.run("location.hash = '#/'")
        wait_until(lambda: sum(camera.viewers for camera in scene.cameras) == 4, "four streams again")


def many_cameras_at_once(browser):
    names = [f"cam{index:02}" for index in range(12)]
    with Scene(browser, names=names, rate=10) as scene, Front(scene.server.port) as front:
        Page(browser, front.address).open()
        wait_until(lambda: sum(camera.viewers for camera in scene.cameras) == 12, "twelve streams")
        states = "return [...document.querySelectorAll('oriel-player')].map((player) => player.condition.state)"
        wait_until(lambda: scene.page.run(states) == ["live"] * 12, "twelve live tiles")
        browser.leave()


def two_windows(browser):
    names = [f"cam{index}" for index in range(6)]
    with Scene(browser, names=names, rate=10) as scene:
        scene.page.open()
        wait_until(lambda: sum(camera.viewers for camera in scene.cameras) == 4, "four streams")
        with browser.second_window():
            scene.page.open()
            states = "return [...document.querySelectorAll('oriel-player')].map((player) => player.condition.state)"
            wait_until(lambda: scene.page.run(states) == ["live"] * 6, "six live tiles in the second window")
            expect(scene.page.run("return document.hidden"), False, "whether the second window is hidden")
            wait_until(lambda: sum(camera.viewers for camera in scene.cameras) == 4, "four streams for both windows together")
        wait_until(lambda: sum(camera.viewers for camera in scene.cameras) == 4, "four streams for the remaining window")


def new_camera(browser):
    with Scene(browser, names=("main", "door")) as scene:
        scene.page.open()
        scene.wait_live()
        camera = Camera("garden", coded.WIDTH, coded.HEIGHT)
        scene.server.cameras["garden"] = camera
        scene.sources["garden"] = Source(camera)
        scene.wait_state("live", camera="garden")
        del scene.server.cameras["garden"]
        wait_until(lambda: scene.page.state("garden") is None, "the removal of the camera's tile")
        expect(scene.streams_opened(), 3, "streams opened")


def order_of_cameras(browser):
    names = ["main", "door", "garden"]
    with Scene(browser, names=names) as scene:
        scene.page.open("/#/garden")
        scene.wait_live()
        scene.page.run("location.hash = '#/'")
        order = "return [...document.querySelectorAll('oriel-player')].map((player) => player.camera)"
        wait_until(lambda: scene.page.run(order) == names, "the server's order")


def opening_interrupts_nothing(browser):
    with Scene(browser, names=("main", "door")) as scene:
        scene.page.open()
        scene.wait_live()
        browser.click(".tile a[href='#/door']")
        wait_until(lambda: scene.page.run("return document.title") == "door · Oriel", "the page of the camera")
        opened = [request for request in scene.server.requests if request.startswith("/video/door")]
        time.sleep(0.5)
        expect(len(opened), 1, "streams opened for the camera")
        wait_until(lambda: scene.cameras[0].viewers == 0, "the other stream to be closed")
        browser.press("Escape")
        wait_until(lambda: scene.page.run("return location.hash") == "#/", "the wall")
        wait_equal(lambda: scene.page.run("return document.activeElement.getAttribute('href')"), "#/door", "the link that has the focus")


# User actions.

def keyboard(browser):
    with Scene(browser, names=("main", "door", "garden")) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        browser.press("ArrowRight")
        browser.press("ArrowRight")
        browser.press("Enter")
        title = "return document.title"
        wait_until(lambda: page.run(title) == "door · Oriel", "Enter opens the focused tile")
        browser.press("ArrowRight")
        wait_until(lambda: page.run(title) == "garden · Oriel", "→ opens the next camera")
        browser.press("ArrowRight")
        wait_until(lambda: page.run(title) == "main · Oriel", "→ wraps around at the end")
        browser.press("?")
        wait_equal(lambda: page.run("return document.querySelector('dialog').open"), True, "? opens the list of shortcuts")
        browser.press("Escape")
        wait_equal(lambda: page.run("return [document.querySelector('dialog').open, location.hash]"), [False, "#/main"], "Escape closes only the list")
        for key, wanted in (("v", "fit=fill"), ("v", "fit=actual"), ("v", ""), ("r", "rotate=90"), ("m", "rotate=90&mirror=1")):
            browser.press(key)
            wait_equal(lambda: page.run("return location.hash.split('?')[1] ?? ''"), wanted, f"the address after {key}")
        browser.press("+")
        wait_until(lambda: page.player("player.view.zoom") > 1, "a larger picture")
        page.open("/#/main?fit=fill&rotate=90&mirror=1")
        scene.wait_live()
        expect(page.player("[player.view.mode, player.view.rotation, player.view.isMirrored]"), ["fill", 90, True], "the view from the address")


def freeze_and_step(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        time.sleep(1)
        browser.press(" ")
        wait_until(lambda: page.state() == "frozen", "the state frozen")
        frozen = page.player("player.frozen.id")
        time.sleep(0.5)
        _, shown = wait_until(page.shown_number, "a picture on the screen")
        browser.press(",")
        wait_until(lambda: page.player("player.frozen.id") == frozen - 1, "the previous frame")
        wait_until(lambda: page.shown_number() == shown - 1, "the previous picture")
        browser.press(".")
        wait_until(lambda: page.shown_number() == shown, "the frozen frame again")
        taken = page.player("new Date(player.frozen.time).getMilliseconds()")
        wait_until(lambda: page.text("#measures .age").endswith(f".{taken:03}"), lambda: f"the time of the frozen frame, but the page shows {page.text('#measures .age')}")
        browser.press(" ")
        scene.wait_live()
        wait_until(lambda: page.frame_number() > frozen, "newer frames")


def frozen_shape(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        number = scene.source.pause()
        for height in (160, 240):
            number += 1
            shown = scene.cameras[0].publish(coded.picture(number, 320, height))
            wait_until(lambda: page.frame_number() == shown, "the next frame")
        shape = "(() => { const box = player.shadowRoot.querySelector('.picture').getBoundingClientRect(); return Math.round(box.width / box.height * 100); })()"
        wait_until(lambda: page.player(shape) == 133, "a picture of 4:3")
        browser.press(" ")
        wait_until(lambda: page.state() == "frozen", "the state frozen")
        browser.press(",")
        wait_until(lambda: page.player(shape) == 200, lambda: f"the previous picture, whose shape is 2:1, but the shape in percent is {page.player(shape)}")


def zoom_and_move(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        x, y = page.run("return [innerWidth * 0.5, innerHeight * 0.4]")
        under = f"(() => {{ const box = player.shadowRoot.querySelector('.picture').getBoundingClientRect(); return ({y} - box.y) / box.height; }})()"
        before = page.player(under)
        for _ in range(4):
            browser.wheel(x, y, -200)
        wait_until(lambda: (page.player("player.view.zoom") or 1) > 2, "the wheel to zoom the picture")
        after = page.player(under)
        assert abs(after - before) < 0.02, f"the point under the pointer went from {before:.3f} to {after:.3f}"
        wait_until(lambda: "zoom=" in page.run("return location.hash"), "the zoom in the address")
        at = page.player("player.view.y")
        browser.drag(x, y, x, y + 40)
        wait_equal(lambda: round(page.player("player.view.y") - at), 40, "the distance by which dragging moved the picture")
        browser.press("0")
        wait_equal(lambda: page.player("player.view.zoom"), 1, "the zoom after 0")


def pinch(browser):
    """When two fingers spread to three times their distance, the point between them must stay between them."""
    with Scene(browser) as scene:
        page = scene.page
        browser.viewport(390, 844, 2, True)
        try:
            page.open("/#/main?fit=fill")       # so that the picture can be moved in both directions
            scene.wait_live()
            left, top, width, height = page.run(f"const box = {PLAYER}.getBoundingClientRect(); return [box.x, box.y, box.width, box.height]")
            x, y = left + width * 0.6, top + height * 0.45
            under = (
                "(() => { const box = player.shadowRoot.querySelector('.picture').getBoundingClientRect();"
                f"return [({x} - box.x) / box.width, ({y} - box.y) / box.height]; }})()")
            before = page.player(under)
            spread = [[(x - distance, y), (x + distance, y)] for distance in range(20, 61, 5)]
            browser.touch(spread[0][:1], *spread, [])
            wait_until(lambda: abs(page.player("player.view.zoom") - 3) < 0.1, lambda: f"a zoom of 3, but it is {page.player('player.view.zoom')}")
            after = page.player(under)
            assert all(abs(a - b) < 0.03 for a, b in zip(before, after)), f"the point between the fingers went from {before} to {after}"
            expect(page.run("return visualViewport.scale"), 1, "the zoom of the page itself")
            # One finger moves the picture, and pinching reduces the zoom again.
            at = page.player("[player.view.x, player.view.y]")
            browser.touch([(x, y)], [(x - 15, y)], [(x - 30, y)], [])
            wait_until(lambda: round(page.player("player.view.x") - at[0]) == -30, "a finger to move the picture")
            expect(page.player("player.view.y"), at[1], "the vertical position, which must not change")
            browser.touch(spread[-1][:1], *reversed(spread), [])
            wait_until(lambda: page.player("player.view.zoom") < 1.1, "the picture to become small again")
            # If one of two fingers is lifted after a pinch, the picture must not jump.
            browser.touch(spread[0][:1], *spread)
            wait_until(lambda: page.player("player.view.zoom") > 2.9, "the picture to become large again")
            time.sleep(0.2)
            at = page.player("player.view.x")
            browser.touch(spread[-1][:1], [])
            assert abs(page.player("player.view.x") - at) < 2, "a jump when a finger was lifted"
        finally:
            browser.viewport(1280, 800)


def saved_picture(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        number = scene.source.pause()
        wanted = coded.picture(number)
        scene.wait_shown(number)
        folder = pathlib.Path(browser.profile)
        browser.protocol("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        browser.press("s")
        _, (file,) = wait_until(lambda: list(folder.glob("main-*.jpg")), "a file")
        wait_until(lambda: file.stat().st_size == len(wanted), "the whole file")
        expect(hashlib.sha256(file.read_bytes()).digest(), hashlib.sha256(wanted).digest(), "the hash of the saved file")
        file.unlink()
        return file.name


def copied_picture(browser):
    with Scene(browser) as scene:
        browser.protocol("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"], origin=scene.page.address)
        scene.page.open()
        scene.wait_live()
        browser.click("[data-tool=copy]")
        wait_until(lambda: scene.page.text("#message") == "Picture copied", "the message")
        expect(scene.page.run("return (await navigator.clipboard.read()).map((item) => item.types)"), [["image/png"]], "the clipboard")


def picture_in_picture(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        browser.click("[data-tool=pictureInPicture]")
        wait_until(lambda: scene.page.run("return document.pictureInPictureElement?.videoWidth") == coded.WIDTH, "the picture-in-picture window")
        browser.new_tab()
        try:
            time.sleep(1)
            wait_equal(lambda: scene.cameras[0].viewers, 1, "streams while the tab is hidden")
        finally:
            browser.close_tab()
        browser.click("[data-tool=pictureInPicture]")
        wait_until(lambda: scene.page.run("return document.pictureInPictureElement === null"), "the window to be closed")


def language_and_theme(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        expect(page.run("return document.documentElement.lang"), "en", "the language")
        wait_equal(lambda: page.text("#state"), "Live", "the state")
        browser.click("[data-tool=language]")
        wait_equal(lambda: page.run("return document.documentElement.lang"), "ko", "the language after the switch")
        wait_equal(lambda: page.text("#state"), "실시간", "the state in Korean")
        ground = "return getComputedStyle(document.body).backgroundColor"
        before = page.run(ground)
        browser.click("[data-tool=theme]")
        wait_until(lambda: page.run(ground) != before, "another background")
        after = page.run(ground)
        page.open()
        scene.wait_live()
        expect([page.run("return document.documentElement.lang"), page.run(ground)], ["ko", after], "the stored language and background")
        page.run("localStorage.clear()")
        for theme in ("dark", "light"):
            browser.prefer(prefers_color_scheme=theme)
            page.open()
            scene.wait_live()
            level = sum(int(part) for part in page.run(ground).strip("rgb()").split(",")) / 3
            assert (level < 60) == (theme == "dark"), f"{theme}: {level}"


def phone(browser):
    with Scene(browser, names=("main", "door", "garden")) as scene:
        try:
            for width, height in ((390, 844), (844, 390), (320, 568)):
                browser.viewport(width, height, 2, True)
                for path in ("/", "/#/door"):
                    scene.page.open(path)
                    scene.wait_live()
                    expect(scene.page.run("return document.documentElement.scrollWidth"), width, f"the page's width at {path} in a window of {width} × {height}")
                    small = scene.page.run(
                        "return [...document.querySelectorAll('button, nav a')].filter((one) => one.checkVisibility())"
                        ".map((one) => [one.dataset.tool ?? one.textContent, one.getBoundingClientRect().height])"
                        ".filter(([, height]) => height < 32).map(([name]) => name)")
                    expect(small, [], f"buttons too small for a finger at {width} × {height}")
        finally:
            browser.viewport(1280, 800)


def kiosk(browser):
    with Scene(browser, names=("main", "door")) as scene:
        scene.page.open("/?kiosk")
        scene.wait_live()
        visible = scene.page.run("return [...document.querySelectorAll('header, footer, .label')].filter((one) => one.checkVisibility()).length")
        expect(visible, 0, "elements besides the pictures")
        sides = "const boxes = [...document.querySelectorAll('.tile')].map((one) => one.getBoundingClientRect()); return [boxes.at(0).x, boxes.at(-1).right - innerWidth]"
        wait_until(lambda: scene.page.run(sides) == [0, 0], lambda: f"tiles from edge to edge, but the gaps are {scene.page.run(sides)}")


def names_and_contrast(browser):
    with Scene(browser, names=("main", "door")) as scene:
        page = scene.page
        for theme in ("dark", "light"):
            browser.prefer(prefers_color_scheme=theme)
            for path in ("/", "/#/main"):
                page.open(path)
                scene.wait_live()
                nameless = page.run(
                    "return [...document.querySelectorAll('button, a, dialog, nav, aside')].filter((one) => one.checkVisibility())"
                    ".filter((one) => !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.textContent.trim())).map((one) => one.outerHTML.slice(0, 80))")
                expect(nameless, [], "elements without a name")
                faint = page.run(CONTRAST)
                expect(faint, [], f"texts whose contrast is below 4.5 in the {theme} theme")
        browser.prefer()


CONTRAST = """
const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255)
  .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = channels(getComputedStyle(at).backgroundColor);
    if (colour[3] === undefined || colour[3] > 0.6) return colour;
  }
  return channels(getComputedStyle(document.body).backgroundColor);
};
return [...document.querySelectorAll('a, button, p, dt, dd, strong, small, .label')]
  .filter((one) => one.checkVisibility() && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((one) => {
    const [a, b] = [luminance(channels(getComputedStyle(one).color)), luminance(ground(one))].sort((x, y) => y - x);
    return [one.innerText.slice(0, 20), (a + 0.05) / (b + 0.05)];
  })
  .filter(([, ratio]) => ratio < 4.5);
"""


# Fallbacks.

def without_scripts(browser):
    with Scene(browser) as scene:
        browser.protocol("Emulation.setScriptExecutionDisabled", value=True)
        try:
            browser.command("POST", "/url", {"url": scene.page.address})
            wait_until(lambda: scene.cameras[0].viewers == 1, "an <img> that opens the stream")
        finally:
            browser.protocol("Emulation.setScriptExecutionDisabled", value=False)


def without_streams(browser):
    with Scene(browser) as scene, browser.before_pages("delete Response.prototype.body;"):
        scene.page.open()
        scene.wait_live()
        number = scene.source.pause()
        wait_until(lambda: scene.page.shown_number() == number, "the newest frame in the <img>")


def without_workers(browser):
    with Scene(browser) as scene, browser.before_pages("delete window.OffscreenCanvas;"):
        scene.page.open()
        scene.wait_live()
        number = scene.source.pause()
        wait_until(lambda: scene.page.shown_number() == number, "the newest frame, decoded in the page")


# The files.

def quiet_console(browser):
    with Scene(browser, names=("main", "door")) as scene:
        browser.console()
        scene.page.open()
        scene.wait_live()
        for key in ("ArrowRight", "Enter", "d", "v", "r", " ", ",", " ", "?", "Escape", "l", "t", "Escape"):
            browser.press(key)
            time.sleep(0.05)
        scene.page.run("localStorage.clear()")
        foreign = scene.page.run("return performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => !name.startsWith(location.origin))")
        expect(foreign, [], "requests to other origins")
        expect(browser.console(), [], "console messages")


def every_module_is_preloaded():
    page = (HTML / "index.html").read_text()
    modules = {file.name for file in HTML.glob("*.js")} - {"early.js", "app.js", "worker.js"} - LOADED_LATER
    missing = sorted(name for name in modules if f'rel="modulepreload" href="{name}"' not in page)
    expect(missing, [], "modules that index.html does not preload")


def page_weight():
    """Checks the total compressed size of the files that the page always loads. Files loaded on demand do not count."""
    weights = {file.name: len(gzip.compress(file.read_bytes(), 6)) for file in HTML.iterdir() if file.is_file()}
    later = sum(weights.pop(name) for name in LOADED_LATER)
    assert sum(weights.values()) <= 60_000, sum(weights.values())
    return f"{sum(weights.values()) / 1000:.1f} kB at once, {later / 1000:.1f} kB on demand"


def checks(browser):
    """Yields the checks for both browsers. A check is a description, a function and the function's arguments."""
    for host in ("127.0.0.1", "own address"):
        for way in WAYS:
            for rate in (1, 30):
                yield f"the newest frame is on the screen: {way}, {rate} fps, {host}", newest_frame_is_seen, browser, way, host, rate
    yield "an offline camera is shown with the reason, and live again without a reload", camera_offline, browser
    yield "a camera that is offline at first is shown once it is online", offline_from_the_start, browser
    yield "a stream without new frames is shown as stalled", stalled, browser
    yield "old pictures are shown as late", late, browser
    yield "an outage of the server is shown, and the server's return is noticed at once", server_away, browser
    yield "a silent network is noticed, and so is its return", network_silent, browser
    yield "a restart of the worker is not visible", worker_restarts, browser
    yield "a full server is shown as busy and tried again", server_full, browser
    yield "errors are shown in Korean, with the server's message as a detail", errors_in_korean, browser
    yield "if the status is refused but pictures arrive, the camera is shown as live", status_forbidden, browser
    yield "for an unknown camera, the page says which camera is missing", unknown_camera, browser
    yield "the delay is correct although the clocks of server and camera are wrong", wrong_clock, browser
    yield "a hidden tab has no stream", hidden_tab, browser
    yield "a closed page has no stream", leaving_page, browser
    yield "twelve cameras over HTTP/1.1 all update, and no request hangs", many_cameras, browser
    yield "a new camera appears by itself, and a removed one disappears", new_camera, browser
    yield "cameras keep the server's order, whichever was opened first", order_of_cameras, browser
    yield "opening a camera from the wall does not interrupt its stream", opening_interrupts_nothing, browser
    yield "cameras, views and the list of shortcuts can be opened with the keyboard", keyboard, browser
    yield "a frozen picture does not change, and the user can step to earlier frames", freeze_and_step, browser
    yield "a frozen picture keeps its own shape, whatever shape earlier pictures had", frozen_shape, browser
    yield "the wheel zooms the picture, and dragging moves it", zoom_and_move, browser
    yield "a kiosk shows only pictures", kiosk, browser
    yield "there are no console messages and no requests to other origins", quiet_console, browser


def chromium_checks(browser):
    """Yields the checks that need Chromium's own protocol, or no browser at all."""
    yield "an outage of the network is shown, and the network's return is noticed at once", network_away, browser
    yield "two windows share the browser's limit of connections", two_windows, browser
    yield "over HTTP/2, twelve cameras stream at the same time", many_cameras_at_once, browser
    yield "two fingers zoom the picture around the point between them, and one finger moves it", pinch, browser
    yield "a saved picture is byte for byte what the server sent", saved_picture, browser
    yield "a picture can be copied", copied_picture, browser
    yield "a picture-in-picture window continues while the tab is hidden", picture_in_picture, browser
    yield "language and theme can be switched, are stored, and follow the system", language_and_theme, browser
    yield "the page fits on the screen of a phone, in portrait and landscape", phone, browser
    yield "all elements have a name, and text has enough contrast in both themes", names_and_contrast, browser
    yield "without scripts an <img> shows the camera", without_scripts, browser
    yield "if fetch does not support streams, an <img> shows the camera", without_streams, browser
    yield "without workers, the page itself decodes the pictures", without_workers, browser
    yield "index.html preloads all modules that the page loads at once", every_module_is_preloaded
    yield "the page is at most 60 kB compressed", page_weight
