"""Checks the boxes of objects that the server detects in real time, against a scripted server."""

import json

import coded
from checking import expect, wait_equal, wait_until
from page_checks import CONTRAST, Scene

BOX = (80, 60, 160, 120)


def results(number, look="exact", **changes):
    """Returns a JPEG comment segment with a frame's detection results. docs/live-detection.md describes its format."""
    return segment({"seq": number, "look": look, "objects": [detected(**changes)], "motion": []})


def detected(label="person", box=BOX, score=0.87):
    return {"label": label, "score": score, "box": list(box) if isinstance(box, tuple) else box}


def segment(content):
    """Returns a JPEG comment segment that contains an object as JSON, after the tag of detection results."""
    text = b"ORIEL/1 " + json.dumps(content).encode()
    return b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text


def found(*objects):
    """Returns a JPEG comment segment with several objects."""
    return segment({"seq": 1, "look": "exact", "objects": list(objects), "motion": []})


def button_is_grey(page):
    """Returns whether the button that shows the boxes is grey, or None if there is no button yet."""
    state = page.run("return document.querySelector('[data-tool=boxes]')?.getAttribute('aria-disabled') ?? null")
    return None if state is None else state == "true"


class DetectedScene(Scene):
    """A scene whose cameras show plain grey pictures, in which the server has detected one object."""

    def __init__(self, browser, names=("main",), rate=10, host="127.0.0.1"):
        super().__init__(browser, names, host, rate)
        self.server.detections = []
        self.browser = browser
        self.comment = results(0)
        # The detector's stream adds the comment to each picture.
        for camera in self.cameras:
            self.sources[camera.name].publish = lambda camera=camera: camera.publish(coded.plain(128))
            self.server.results[camera.name] = lambda: self.comment

    def open(self, path="/#/main"):
        self.page.open("/image.html")
        self.page.run("localStorage.clear()")
        self.page.open(path)
        self.wait_live()
        if path == "/#/":
            wait_until(lambda: self.page.run("return document.querySelector('[data-tool=wallBoxes]').checkVisibility()"), "the wall's button for boxes")
        else:
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
        expect(scene.page.player("player.frame.objects.length"), 1, "the number of boxes")
        browser.press("b")
        wait_until(lambda: not scene.is_drawn(moved), "no box")
        scene.page.run("localStorage.clear()")


def invalid_results(browser):
    """The page must not trust the results that a server sends, since a program other than Oriel may have made them."""
    with DetectedScene(browser) as scene:
        scene.open_with_boxes()
        browser.console()       # discards earlier messages
        for comment in (
            b"\xff\xfe\x00\x0cORIEL/1 {,", results(1, box=[1, 2, 3]), results(1, box=["a", 0, 9, 9]), results(1, label=None),
            results(1, box=[60, 60, 20, 20]), b"\xff\xfe\xff\xffORIEL/1 {}", b"", b"\xff\xfe\x00\x0eORIEL/1 null",
        ):
            scene.comment = comment
            wait_until(lambda: scene.page.player("player.frame.objects.length") == 0, lambda: f"no boxes from {comment}")
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


CHIPS = "return [...document.querySelectorAll('.chips button')].map((one) => one.querySelector('.words span').textContent)"
PRESSED = "return [...document.querySelectorAll('.chips button')].map((one) => one.getAttribute('aria-pressed'))"
PLACES = "return [...document.querySelectorAll('.chips button')].map((one) => { const { x, y, width, height } = one.getBoundingClientRect(); return [x, y, width, height]; })"
OTHER_BOX = (200, 140, 300, 220)


def chips_count_and_filter(browser):
    with DetectedScene(browser, names=("main", "door")) as scene:
        page = scene.page
        scene.comment = found(detected(), detected(), detected("car", OTHER_BOX))
        scene.open()
        expect(page.run(CHIPS), [], "chips before the user asks for boxes")
        browser.press("b")
        wait_equal(lambda: page.run(CHIPS), ["2 people", "1 car"], "the chips")
        wait_until(lambda: scene.is_drawn() and scene.is_drawn(OTHER_BOX), "both boxes")
        places = page.run(PLACES)
        assert all(width >= 44 and height >= 44 for _, _, width, height in places), places
        # The numbers follow the pictures, and nothing moves.
        scene.comment = found(detected("car", OTHER_BOX), *[detected()] * 12)
        wait_equal(lambda: page.run(CHIPS), ["12 people", "1 car"], "the chips with more people")
        scene.comment = found(detected())
        wait_equal(lambda: page.run(CHIPS), ["1 person", "0 cars"], "the chips with fewer objects")
        expect(page.run(PLACES), places, "the places of the chips")
        scene.comment = found(detected("unicorn"), detected(), detected("car", OTHER_BOX))
        wait_equal(lambda: page.run(CHIPS), ["1 person", "1 car", "1 × unicorn"], "the chips with an unknown class")
        scene.comment = found(detected(), detected("car", OTHER_BOX))
        # A chip that is switched off filters, but still counts.
        browser.click(".chips [data-label=car]")
        wait_until(lambda: not scene.is_drawn(OTHER_BOX) and scene.is_drawn(), "only the person's box")
        expect([page.run(CHIPS)[:2], page.run(PRESSED)[:2]], [["1 person", "1 car"], ["true", "false"]], "the chips without the car's boxes")
        # The choice belongs to the camera, and is remembered.
        page.run("location.hash = '#/door'")
        wait_equal(lambda: page.run("return [document.title, ...[...document.querySelectorAll('.chips button')].map((one) => one.ariaPressed)]"),
                   ["door · Oriel", "true", "true"], "the chips of another camera")
        page.open("/#/main")
        scene.wait_live()
        wait_until(lambda: scene.is_drawn() and not scene.is_drawn(OTHER_BOX), "only the person's box after a reload")
        scene.comment = results(1)
        wait_equal(lambda: sorted(page.run(CHIPS)), ["0 cars", "1 person"], "the chips, with the one that is switched off")
        scene.comment = found(detected(), detected("car", OTHER_BOX))
        browser.press("l")
        wait_equal(lambda: sorted(page.run(CHIPS)), ["사람 1명", "자동차 1대"], "the chips in Korean")
        browser.press("l")
        wait_equal(lambda: sorted(page.run(CHIPS)), ["1 car", "1 person"], "the chips in English")
        # While the detector is gone, there are no numbers.
        for name in ("main", "door"):
            scene.server.results[name] = None
        scene.server.end_streams()
        wait_until(lambda: page.run("return document.querySelector('.chips').hidden"), "no chips without a detector")
        page.run("localStorage.clear()")


def chips_on_a_frozen_picture(browser):
    """A choice also applies to a picture that does not change."""
    with DetectedScene(browser) as scene:
        scene.open_with_boxes()
        wait_equal(lambda: scene.page.run(CHIPS), ["1 person"], "the chips")
        browser.press(" ")
        scene.wait_state("frozen")
        number = scene.page.player("player.frozen.id")
        for is_drawn in (False, True):
            browser.click(".chips button")
            wait_until(lambda: scene.is_drawn() == is_drawn, f"the box: {is_drawn}")
        expect(scene.page.player("player.frozen.id"), number, "the frozen picture")
        expect(scene.page.run(CHIPS), ["1 person"], "the chips of the frozen picture")
        scene.page.run("localStorage.clear()")


def chips_are_accessible(browser):
    with DetectedScene(browser) as scene:
        page = scene.page
        scene.comment = found(detected(), detected("car", OTHER_BOX))
        scene.open()
        browser.press("b")
        wait_equal(lambda: page.run(CHIPS), ["1 person", "1 car"], "the chips")
        focused = "return document.activeElement.dataset.label ?? null"
        page.run("document.querySelector('.chips button').focus()")
        browser.press("ArrowRight")
        expect(page.run(focused), "car", "the focus after →")
        browser.press("ArrowRight")
        expect(page.run(focused), "person", "the focus after a second →")
        expect(page.run("return [...document.querySelectorAll('.chips button')].map((one) => one.tabIndex)"), [0, -1], "which chip Tab reaches")
        browser.press(" ")
        wait_equal(lambda: page.run(PRESSED), ["false", "true"], "the chips after Space")
        browser.press(" ")
        wait_equal(lambda: page.run(PRESSED), ["true", "true"], "the chips after a second Space")
        # A focused chip keeps its name while the number changes, since a screen reader would read each change.
        scene.comment = found(*[detected()] * 3, *[detected("car", OTHER_BOX)] * 3)
        wait_equal(lambda: page.run(CHIPS), ["3 people", "3 cars"], "the chips with more objects")
        names = "return [...document.querySelectorAll('.chips button')].map((one) => one.ariaLabel)"
        expect(page.run(names), ["1 person", "3 cars"], "the names while the first chip has the focus")
        page.run("document.activeElement.blur()")
        wait_equal(lambda: page.run(names), ["3 people", "3 cars"], "the names without a focus")
        live = "return [...document.querySelectorAll('.chips, .chips *')].filter((one) => one.ariaLive || ['status', 'alert', 'log'].includes(one.getAttribute('role'))).length"
        expect(page.run(live), 0, "elements that announce changes")
        expect(page.run("return document.querySelector('.chips').ariaLabel"), "Objects in the picture", "the name of the row")
        expect(page.run(CONTRAST), [], "texts whose contrast is below 4.5")
        page.run("localStorage.clear()")


def tiles_show_boxes(browser):
    with DetectedScene(browser, names=("main", "door")) as scene:
        page = scene.page
        scene.open("/#/")
        viewers = lambda: sum(camera.viewers for camera in scene.cameras)
        wait_equal(viewers, 2, "streams before the user asks for boxes")
        expect(scene.asked("/detect_stream"), 0, "streams with results before the user asks for boxes")
        browser.press("b")
        wait_until(scene.is_drawn, "the box in a tile")
        wait_until(lambda: all(scene.asked(f"/detect_stream/{name}?boxes=data") == 1 for name in ("main", "door")), "a stream with results for each tile")
        wait_equal(viewers, 2, "streams with boxes")
        expect(page.run("return document.querySelector('[data-tool=wallBoxes]').getAttribute('aria-pressed')"), "true", "whether the wall's button is pressed")
        # The switch of the wall is its own. If both are on, opening a camera interrupts nothing.
        plain = scene.asked("/video/main")
        page.run("location.hash = '#/main'")
        wait_until(lambda: scene.asked("/video/main") > plain, "a plain stream for the camera alone")
        browser.press("b")
        wait_until(scene.is_drawn, "the box in the picture of the camera alone")
        asked = scene.asked("/detect_stream/main")
        page.run("location.hash = '#/'")
        wait_until(lambda: page.run("return document.querySelectorAll('.tile:not([hidden])').length") == 2 and viewers() == 2, "the wall")
        wait_until(scene.is_drawn, "the box in a tile again")
        expect(scene.asked("/detect_stream/main"), asked, "streams with results, none of which was interrupted")
        # The choice is remembered, and falls back to the plain streams.
        page.open("/#/")
        wait_until(lambda: page.state() == "live" and scene.is_drawn(), "the box after a reload")
        for name in ("main", "door"):
            scene.server.results[name] = None
        scene.server.end_streams()
        wait_until(lambda: page.state("main") == page.state("door") == "live" and not scene.is_drawn(), "the plain pictures, live")
        scene.server.results["main"] = scene.server.results["door"] = lambda: scene.comment
        wait_until(scene.is_drawn, "the box again")
        browser.press("b")
        wait_until(lambda: not scene.is_drawn(), "no box")
        page.run("localStorage.clear()")


def snapshots_show_boxes(browser):
    """Over HTTP/1.1, four tiles show streams, and the others show snapshots. All of them show boxes."""
    names = [f"cam{index}" for index in range(6)]
    with DetectedScene(browser, names=names) as scene:
        scene.open("/#/")
        browser.press("b")
        for name in names[:4]:
            wait_until(lambda: scene.asked(f"/detect_stream/{name}?boxes=data") == 1, f"a stream with results of {name}")
        for name in names[4:]:
            wait_until(lambda: scene.asked(f"/detect_snapshot/{name}?boxes=data") > 1, f"snapshots with results of {name}")
        objects = "return [...document.querySelectorAll('oriel-player')].map((player) => player.frame?.objects?.length ?? 0)"
        wait_equal(lambda: scene.page.run(objects), [1] * 6, "the numbers of objects in all tiles")
        most = max(sum(camera.viewers for camera in scene.cameras) for _ in range(20))
        assert most <= 4, f"{most} streams"
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
    yield "boxes: chips count the objects of each class, and switch their boxes off and on", chips_count_and_filter, browser
    yield "boxes: chips also apply to a frozen picture", chips_on_a_frozen_picture, browser
    yield "boxes: chips can be used with the keyboard and a screen reader", chips_are_accessible, browser
    yield "boxes: the tiles of the wall show boxes, without further streams", tiles_show_boxes, browser
    yield "boxes: tiles that show snapshots show boxes too", snapshots_show_boxes, browser
    yield "boxes: if live detection is switched off, the button is grey and says so", live_detection_is_off, browser
    yield "boxes: without a detector, the button is grey and says why", no_detector, browser


def chromium_checks(browser):
    yield from ()
