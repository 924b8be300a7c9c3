"""Checks the boxes of objects that the server detects in real time, against a scripted server."""

import json

import coded
from checking import expect, wait_until
from page_checks import Scene

BOX = (80, 60, 160, 120)


def results(number, look="exact", **changes):
    """Returns a JPEG comment segment with a frame's detection results. docs/live-detection.md describes its format."""
    detected = {"label": "person", "score": 0.87, "box": list(BOX)} | changes
    text = b"ORIEL/1 " + json.dumps({"seq": number, "look": look, "objects": [detected], "motion": []}).encode()
    return b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text


def button_is_grey(page):
    """Returns whether the button that shows the boxes is grey, or None if there is no button yet."""
    state = page.run("return document.querySelector('[data-tool=boxes]')?.getAttribute('aria-disabled') ?? null")
    return None if state is None else state == "true"


class DetectedScene(Scene):
    """A scene whose camera shows plain grey pictures, in which the server has detected one object."""

    def __init__(self, browser):
        super().__init__(browser, rate=10)
        self.server.detections = []
        self.browser = browser
        self.comment = results(0)
        # The detector's stream adds the comment to each picture.
        self.source.publish = lambda: self.cameras[0].publish(coded.plain(128))

    def open(self):
        self.server.results["main"] = lambda: self.comment
        self.page.open("/#/main")
        self.page.run("localStorage.clear()")
        self.wait_live()
        wait_until(lambda: button_is_grey(self.page) is False, "the enabled button for boxes")

    def open_with_boxes(self):
        self.open()
        self.browser.press("b")
        wait_until(self.is_drawn, "the box")

    def asked(self, path):
        return sum(request.startswith(path) for request in self.server.requests)

    def color(self, x, y):
        """Returns whether a pixel on the screen is coloured. The picture is grey, so only boxes are coloured."""
        place = self.page.player(
            f"(({{ x, y }}, canvas) => [canvas.x + x * canvas.width / {coded.WIDTH}, canvas.y + y * canvas.height / {coded.HEIGHT}])"
            f"({{ x: {x}, y: {y} }}, player.shadowRoot.querySelector('.picture').getBoundingClientRect())")
        red, green, blue = coded.Screenshot(self.browser.screenshot([place[0] - 1, place[1] - 1, 3, 3])).pixel(0.5, 0.5)
        return max(red, green, blue) - min(red, green, blue) > 40

    def is_drawn(self, box=BOX):
        """Returns whether the left, right and lower edges of the box are drawn, and nothing is drawn inside the box."""
        left, top, right, bottom = box
        middle = (top + bottom) / 2
        edges = [(left, middle), (right, middle), ((left + right) / 2, bottom)]
        return all(self.color(*edge) for edge in edges) and not self.color((left + right) / 2, middle + 10)


def boxes_are_drawn(browser):
    with DetectedScene(browser) as scene:
        scene.open()
        expect(scene.is_drawn(), False, "whether a box is drawn before the user asks for boxes")
        expect(scene.asked("/detect_stream"), 0, "requests for results before the user asks for boxes")
        browser.press("b")
        wait_until(lambda: scene.asked("/detect_stream/main?boxes=data") == 1, "a stream with results")
        wait_until(scene.is_drawn, "the box in its place")
        moved = (160, 90, 260, 200)
        scene.comment = results(1, box=list(moved))
        wait_until(lambda: scene.is_drawn(moved), "the box of the next frame")
        expect(scene.is_drawn(), False, "whether the box of the previous frame is still drawn")
        expect(scene.page.player("player.frame.boxes"), 1, "the number of boxes")
        browser.press("b")
        wait_until(lambda: not scene.is_drawn(moved), "no box")
        scene.page.run("localStorage.clear()")


def invalid_results(browser):
    """The page must not trust the results that a server sends, since a program other than Oriel may have made them."""
    browser.console()       # discards the messages of earlier checks
    with DetectedScene(browser) as scene:
        scene.open_with_boxes()
        for comment in (
            b"\xff\xfe\x00\x0cORIEL/1 {,", results(1, box=[1, 2, 3]), results(1, box=["a", 0, 9, 9]), results(1, label=None),
            results(1, box=[60, 60, 20, 20]), b"\xff\xfe\xff\xffORIEL/1 {}", b"", b"\xff\xfe\x00\x0eORIEL/1 null",
        ):
            scene.comment = comment
            wait_until(lambda: scene.page.player("player.frame.boxes") == 0, lambda: f"no boxes from {comment}")
        scene.comment = results(2)
        wait_until(scene.is_drawn, "the box of valid results")
        expect(browser.console(), [], "console messages")
        scene.page.run("localStorage.clear()")


def detector_is_gone(browser):
    """Without the detector, the plain pictures are shown. When it is back, its boxes are shown again."""
    with DetectedScene(browser) as scene:
        scene.open_with_boxes()
        scene.server.results["main"] = None
        scene.server.end_streams()
        before = scene.asked("/video")
        wait_until(lambda: scene.asked("/video") > before, "a plain stream")
        wait_until(lambda: scene.page.state() == "live" and not scene.is_drawn(), "the plain picture, live")
        scene.server.results["main"] = lambda: scene.comment
        wait_until(scene.is_drawn, "the box again")
        scene.page.run("localStorage.clear()")


def detector_is_gone_from_snapshots(browser):
    with DetectedScene(browser) as scene:
        scene.open_with_boxes()
        scene.page.player("player.setAttribute('mode', 'stills')")
        wait_until(lambda: scene.asked("/detect_snapshot/main?boxes=data") > 0, "a snapshot with results")
        wait_until(scene.is_drawn, "the box in a snapshot")
        scene.server.results["main"] = None
        before = scene.asked("/snapshot/main")
        wait_until(lambda: scene.asked("/snapshot/main") > before and not scene.is_drawn(), "plain snapshots")
        wait_until(lambda: scene.page.state() == "live", lambda: f"the state live, but it is {scene.page.state()}")
        scene.page.run("localStorage.clear()")


def no_detector(browser):
    with Scene(browser, rate=10) as scene:
        scene.page.open("/#/main")
        scene.wait_live()
        wait_until(lambda: button_is_grey(scene.page) is True, "a grey button")
        browser.press("b")
        wait_until(lambda: "scripts/get-detector" in (scene.page.text("#message") or ""), "the reason")
        expect(any(request.startswith("/detect_stream") for request in scene.server.requests), False, "whether results are requested")


def live_detection_is_off(browser):
    with DetectedScene(browser) as scene:
        scene.server.is_live = False
        scene.page.open("/#/main")
        scene.wait_live()
        wait_until(lambda: button_is_grey(scene.page) is True, "a grey button")
        browser.press("b")
        wait_until(lambda: "switched off" in (scene.page.text("#message") or ""), "the reason")
        expect(scene.asked("/detect_stream"), 0, "requests for results")
        expect(scene.page.run("return document.querySelector('[data-tool=detect]').getAttribute('aria-disabled')"), "false", "whether detection by click is disabled")


def checks(browser):
    yield "boxes: live boxes are drawn on exactly their frame, only while they are wanted", boxes_are_drawn, browser
    yield "boxes: invalid results are ignored", invalid_results, browser
    yield "boxes: while the detector does not respond, the plain pictures are shown", detector_is_gone, browser
    yield "boxes: while the detector does not respond, plain snapshots are shown instead of those with boxes", detector_is_gone_from_snapshots, browser
    yield "boxes: if live detection is switched off, the button is grey and says so", live_detection_is_off, browser
    yield "boxes: without a detector, the button is grey and says why", no_detector, browser


def chromium_checks(browser):
    yield from ()
