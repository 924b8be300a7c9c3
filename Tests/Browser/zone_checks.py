"""Checks the panel in which the user draws zones, motion masks and ignored areas, against a scripted server."""

import re

from box_checks import DetectedScene
from checking import expect, own_address, wait_equal, wait_until
from page import PLAYER
from page_checks import CONTRAST

CLASSES = ["person", "car", "dog"]
PORCH = {"name": "porch", "corners": [[0.1, 0.55], [0.42, 0.55], [0.42, 0.98], [0.1, 0.98]], "classes": ["person", "dog"], "seconds": 2}
TREE = {"name": "tree", "corners": [[0.7, 0], [1, 0], [1, 0.4], [0.7, 0.4]]}
BUSH = {"name": "bush", "corners": [[0, 0.6], [0.08, 0.6], [0.08, 0.9], [0, 0.9]], "classes": ["person"]}
PORCH_LINES = ["zone.porch = 0.1,0.55 0.42,0.55 0.42,0.98 0.1,0.98", "zone.porch.classes = person, dog", "zone.porch.seconds = 2"]

LISTED = "return [...document.querySelectorAll('#zones li')].map((one) => one.innerText.split('\\n').map((word) => word.trim()).filter(Boolean).join(' · '))"
HANDLES = f"return [...{PLAYER}.shadowRoot.querySelectorAll('.areas .corner')].length"
OUTLINES = f"return [...({PLAYER}?.shadowRoot.querySelectorAll('.areas text') ?? [])].map((one) => one.textContent)"
SMALL = (
    "return [...document.querySelectorAll('#zones :is(button, label)')].filter((one) => one.checkVisibility() && !one.closest('.head, .field, .result, .switch'))"
    ".map((one) => [one.textContent, one.getBoundingClientRect().height]).filter(([, height]) => height < 44)")
NAMELESS = (
    "return [...document.querySelectorAll('#zones :is(button, input, textarea, fieldset)')].filter((one) => one.checkVisibility())"
    ".filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML.slice(0, 80))")


class ZoneScene(DetectedScene):
    """A scene whose detector reports the areas of the camera `main`, but not those of `door`."""

    def __init__(self, browser, zones=(), masks=(), ignored=(), names=("main",), host="127.0.0.1"):
        super().__init__(browser, names, host=host)
        self.comment = b""
        self.set_areas(zones, masks, ignored)

    def set_areas(self, zones=(), masks=(), ignored=()):
        self.server.live = [
            {"camera": "main", "classes": CLASSES, "zones": list(zones), "masks": list(masks), "ignored": list(ignored)}, {"camera": "door"}]

    def open_panel(self, path="/#/main"):
        self.open(path)
        wait_until(self.is_offered, "the button for zones")
        self.browser.press("z")
        wait_until(self.is_open, "the panel")
        self.wait_state("frozen")

    def is_offered(self):
        return self.page.run("return document.querySelector('[data-tool=zones]')?.checkVisibility() ?? false")

    def is_open(self):
        return self.page.run("return document.getElementById('zones')?.checkVisibility() ?? false")

    def push(self, name):
        """Presses a button of the panel."""
        self.page.run("document.querySelector(`#zones [data-area=${given[0]}]`).click()", name)

    def choose(self, index):
        """Presses an area in the list."""
        self.page.run("document.querySelectorAll('#zones li button')[given[0]].click()", index)

    def type(self, field, value):
        self.page.run("const field = document.getElementById(given[0]); field.value = given[1]; field.dispatchEvent(new Event('input', { bubbles: true }))", field, value)

    def place(self, x, y, is_turned=False):
        """Returns where a point of the picture is on the screen. x and y are fractions of the picture.

        If `is_turned` is true, the picture is mirrored and rotated by 90 degrees.
        """
        left, top, width, height = self.page.run(f"const box = {PLAYER}.shadowRoot.querySelector('.picture').getBoundingClientRect(); return [box.x, box.y, box.width, box.height]")
        across, down = (1 - y, 1 - x) if is_turned else (x, y)
        return left + across * width, top + down * height

    def click(self, x, y, times=1, is_turned=False):
        self.browser.click_at(*self.place(x, y, is_turned), times)

    def draw(self, corners, is_turned=False):
        self.push("new")
        for count, (x, y) in enumerate(corners, 1):
            self.click(x, y, is_turned=is_turned)
            wait_equal(lambda: self.page.run(HANDLES), count, "handles")

    def lines(self):
        return self.page.run("const lines = document.getElementById('area-lines'); return lines.checkVisibility() ? lines.value.split('\\n') : []")

    def wait_area(self, key, corners, tolerance=0.004):
        """Waits until the lines contain an area whose corners are near the given ones."""
        def is_near():
            found = [line.split(" = ")[1] for line in self.lines() if line.startswith(f"{key} = ")]
            if len(found) != 1 or not re.fullmatch(r"[0-9]+(\.[0-9]{1,3})?,[0-9]+(\.[0-9]{1,3})?( [0-9]+(\.[0-9]{1,3})?,[0-9]+(\.[0-9]{1,3})?)*", found[0]):
                return False
            shown = [[float(number) for number in corner.split(",")] for corner in found[0].split()]
            return len(shown) == len(corners) and all(abs(a - b) <= tolerance for one, other in zip(shown, corners) for a, b in zip(one, other))
        wait_until(is_near, lambda: f"{key} with the corners {corners}, but the lines are {self.lines()}")

    def note(self):
        return self.page.text("#zones .note")


def only_where_the_detector_has_areas(browser):
    with ZoneScene(browser, names=("main", "door")) as scene:
        scene.open("/#/door")
        expect(scene.is_offered(), False, "whether the button is shown for a camera without areas")
        browser.press("z")
        scene.page.run("location.hash = '#/main'")
        scene.wait_live()
        wait_until(scene.is_offered, "the button for a camera with areas")
        loaded = "return performance.getEntriesByType('resource').filter(({ name }) => /zone|area/.test(name)).length"
        expect([scene.page.run(loaded), scene.is_open()], [0, False], "modules for zones before they are used, and whether the panel is open")
        browser.press("z")
        wait_until(scene.is_open, "the panel")
        scene.page.run("location.hash = '#/door'")
        wait_until(lambda: not scene.is_open() and scene.page.state() == "live", "the panel to close with another camera")


def zone_is_drawn(browser):
    with ZoneScene(browser) as scene:
        scene.open_panel()
        expect([scene.lines(), scene.page.run(LISTED)], [[], []], "lines and areas at first")
        corners = PORCH["corners"]
        scene.draw(corners + [[0.6, 0.3]])
        browser.press("Backspace")
        wait_equal(lambda: scene.page.run(HANDLES), 4, "handles after Backspace")
        expect(scene.lines(), [], "lines before the area is closed")
        browser.press("Enter")
        scene.wait_area("zone.zone-1", corners)
        expect(len(scene.lines()), 1, "lines of an area with default settings")
        scene.type("area-name", "porch")
        for label in ("dog", "person"):
            browser.click(f"#area-class-{label}")
        scene.type("area-seconds", "2")
        scene.wait_area("zone.porch", corners)
        expect(scene.lines()[1:], PORCH_LINES[1:], "the other lines")
        where = scene.page.text("#zones .result .hint")
        assert "[camera main]" in where and "replace" not in where, where
        # A mask has no classes and no seconds.
        browser.click("#area-kind-mask")
        wait_equal(lambda: [line.split(" = ")[0] for line in scene.lines()], ["mask.porch"], "the lines of a mask")
        browser.click("#area-kind-ignore")
        wait_equal(lambda: [line.split(" = ")[0] for line in scene.lines()], ["ignore.porch", "ignore.porch.classes"], "the lines of an ignored area")
        # A second area is added to the lines. It is closed at its first corner.
        scene.draw([[0.7, 0.2], [0.9, 0.2], [0.8, 0.4]])
        scene.click(0.7, 0.2)
        scene.wait_area("zone.zone-1", [[0.7, 0.2], [0.9, 0.2], [0.8, 0.4]])
        scene.wait_area("ignore.porch", corners)
        # A third one is closed by a double click, which also sets its last corner.
        scene.draw([[0.5, 0.1], [0.6, 0.1]])
        scene.click(0.55, 0.2, times=2)
        scene.wait_area("zone.zone-2", [[0.5, 0.1], [0.6, 0.1], [0.55, 0.2]])
        scene.click(0.3, 0.1, times=2)
        expect([scene.page.state(), scene.page.player("player.view.zoom")], ["frozen", 1], "the state and the zoom after double clicks")
        # Esc cancels a fourth one, and then closes the panel.
        scene.draw([[0.3, 0.1]])
        browser.press("Escape")
        wait_equal(lambda: len(scene.page.run(LISTED)), 3, "areas after Esc")
        browser.press("Escape")
        wait_until(lambda: not scene.is_open(), "the panel to close")
        scene.wait_live()
        expect(scene.page.run(OUTLINES), [], "outlines in the live picture")
        # The areas are still there when the panel is opened again.
        browser.press("z")
        wait_equal(lambda: scene.page.run(LISTED), ["porch · Ignored area · new", "zone-1 · Zone · new", "zone-2 · Zone · new"], "areas of the panel that was opened again")


def corners_belong_to_the_picture(browser):
    """Corners do not depend on how the picture is rotated, mirrored and zoomed."""
    with ZoneScene(browser, [PORCH]) as scene:
        scene.open_panel("/#/main?rotate=90&mirror=1")
        corners = [[0.2, 0.3], [0.9, 0.25], [0.6, 0.7]]
        scene.draw(corners, is_turned=True)
        browser.press("Enter")
        scene.wait_area("zone.zone-1", corners, tolerance=0.006)
        # Dragging a corner of an area that exists. → moves a corner to the right on the screen.
        scene.choose(0)
        wait_equal(lambda: scene.page.run(HANDLES), 4, "handles")
        browser.drag(*scene.place(0.42, 0.55, True), *scene.place(0.5, 0.45, True))
        moved = [[0.1, 0.55], [0.5, 0.45], [0.42, 0.98], [0.1, 0.98]]
        scene.wait_area("zone.porch", moved, tolerance=0.006)
        browser.press("ArrowRight")
        wait_until(lambda: ",0.44" in scene.lines()[0] or ",0.45" in scene.lines()[0], "the corner to move upwards in the picture")
        # The same corner in a zoomed view.
        scene.page.player("player.view.set({ rotation: 0, isMirrored: false, zoom: 2 })")
        browser.drag(*scene.place(0.5, 0.45), *scene.place(0.42, 0.55))
        scene.wait_area("zone.porch", PORCH["corners"], tolerance=0.006)
        # Outside of the picture, a corner is on its edge.
        scene.page.player("player.view.reset()")
        left, top = scene.place(0, 0)
        browser.drag(*scene.place(0.1, 0.55), max(1, left - 60), top + 40)
        wait_until(lambda: scene.lines()[0].startswith("zone.porch = 0,"), lambda: f"a corner on the left edge, but the lines are {scene.lines()}")


def drawn_with_the_keyboard(browser):
    with ZoneScene(browser) as scene:
        scene.open_panel()
        focused = "return document.activeElement.dataset.area ?? document.activeElement.id ?? document.activeElement.tagName"
        expect(scene.page.run(focused), "new", "the focus in the panel")
        browser.press("Enter")
        wait_equal(lambda: scene.page.run(focused), "addCorner", "the focus while drawing")
        browser.press("Enter")
        for count in (2, 3, 4):
            wait_equal(lambda: scene.page.run(HANDLES), count - 1, "handles")
            browser.press(" ")
        handle = f"return {PLAYER}.shadowRoot.activeElement?.getAttribute('aria-label') ?? null"
        wait_equal(lambda: scene.page.run(handle), "Corner 4 of 4: 25.0% across, 75.0% down", "the name of the focused corner")
        for _ in range(10):
            browser.press("ArrowLeft")
        wait_until(lambda: "25.0% across" not in scene.page.run(handle), "the corner to move")
        width = scene.page.run(f"return {PLAYER}.shadowRoot.querySelector('.picture').getBoundingClientRect().width")
        browser.press("Enter")
        scene.wait_area("zone.zone-1", [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25 - 10 / width, 0.75]], tolerance=0.0011)
        browser.press("Delete")
        scene.wait_area("zone.zone-1", [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75]])
        browser.press("Delete")
        browser.press(" ")
        wait_equal(lambda: scene.page.run(HANDLES), 4, "handles after the last three corners could not be removed, and one was added")
        expect(scene.page.state(), "frozen", "the state after Space")
        names = scene.page.run(f"return [...{PLAYER}.shadowRoot.querySelectorAll('.corner')].filter((one) => !one.getAttribute('aria-label')).length")
        expect(names, 0, "corners without a name")


def existing_areas(browser):
    hostile = {"name": "<img src=x>", "corners": [[0.5, 0.1], [0.6, 0.1], [0.6, 0.2]], "classes": []}
    wrong = [{"name": "bad", "corners": [[0, 0], [2, 0], [1, 1]]}, {"name": "bad", "corners": "x"}, {"corners": PORCH["corners"]}, None]
    with ZoneScene(browser, [PORCH, *wrong], [TREE], [BUSH, hostile]) as scene:
        scene.open_panel()
        expect(scene.page.run(LISTED), ["porch · Zone", "tree · Motion mask", "bush · Ignored area", "<img src=x> · Ignored area"], "the areas")
        expect(scene.page.run(OUTLINES), ["porch", "tree", "bush", "<img src=x>"], "the names in the picture")
        expect(scene.page.run("return document.querySelectorAll('#zones img').length"), 0, "elements from a name")
        expect(scene.lines(), [], "lines before an area is selected")
        scene.choose(0)
        wait_equal(scene.lines, PORCH_LINES, "the lines of the zone")
        assert "replace" in scene.page.text("#zones .result .hint"), scene.page.text("#zones .result .hint")
        scene.choose(1)
        wait_equal(scene.lines, ["mask.tree = 0.7,0 1,0 1,0.4 0.7,0.4"], "the lines of the mask")
        # A click inside of an area selects it.
        scene.click(0.04, 0.75)
        wait_equal(scene.lines, ["ignore.bush = 0,0.6 0.08,0.6 0.08,0.9 0,0.9", "ignore.bush.classes = person"], "the lines of the ignored area")
        # All changed areas are in the lines.
        scene.type("area-name", "hedge")
        scene.choose(0)
        scene.type("area-seconds", "0.6")
        wait_equal(scene.lines, [*PORCH_LINES[:2], "ignore.hedge = 0,0.6 0.08,0.6 0.08,0.9 0,0.9", "ignore.hedge.classes = person"], "the lines of both")
        expect(scene.page.run(LISTED)[0], "porch · Zone · changed", "the changed zone in the list")
        scene.push("discard")
        wait_equal(lambda: scene.page.run(LISTED)[0], "porch · Zone", "the zone without its changes")
        # The detector has read the file again.
        renamed = dict(BUSH, name="hedge")
        scene.set_areas([PORCH], [TREE], [renamed, hostile])
        wait_equal(lambda: scene.page.run(LISTED)[1:3], ["tree · Motion mask", "hedge · Ignored area"], "the areas after the detector has read the file")
        wait_equal(scene.lines, PORCH_LINES, "the lines of the selected zone")
        # Lines were removed from the file, and those of the selected zone were changed in it.
        scene.set_areas([dict(PORCH, seconds=5)], [], [renamed])
        wait_equal(lambda: scene.page.run(LISTED), ["porch · Zone", "hedge · Ignored area"], "the areas after lines were removed")
        wait_equal(scene.lines, [*PORCH_LINES[:2], "zone.porch.seconds = 5"], "the changed lines of the selected zone")
        expect(scene.page.run("return document.getElementById('area-seconds').value"), "5", "the changed seconds in the form")


def faults_are_explained(browser):
    with ZoneScene(browser, [PORCH]) as scene:
        scene.open_panel()
        fault = lambda: scene.page.text("#area-fault") or ""
        scene.draw([[0.5, 0.2], [0.8, 0.2], [0.8, 0.5]])
        browser.press("Enter")
        scene.wait_area("zone.zone-1", [[0.5, 0.2], [0.8, 0.2], [0.8, 0.5]])
        for name, sentence in (("", "begin with a letter"), ("1st", "begin with a letter"), ("a b", "begin with a letter"), ("ä", "begin with a letter"), ("porch", "same name")):
            scene.type("area-name", name)
            wait_until(lambda: sentence in fault(), lambda: f"the fault of the name “{name}”, but it is “{fault()}”")
            expect(scene.lines(), [], f"lines with the name “{name}”")
        scene.type("area-name", "A-1_b")
        wait_equal(fault, "", "the fault of a valid name")
        scene.type("area-seconds", "-1")
        wait_until(lambda: "0 to 3600" in fault(), "the fault of negative seconds")
        scene.type("area-seconds", "3600")
        wait_until(lambda: scene.lines()[1:] == ["zone.A-1_b.seconds = 3600"], "the lines of the longest time")
        # A warning, since the area can be used.
        scene.draw([[0.1, 0.1], [0.3, 0.3], [0.3, 0.1], [0.1, 0.3]])
        browser.press("Enter")
        wait_until(lambda: "crosses itself" in fault() and len(scene.lines()) == 3, lambda: f"a warning, but there is “{fault()}” and the lines are {scene.lines()}")


def lines_are_copied(browser, host="127.0.0.1"):
    with ZoneScene(browser, [PORCH], host=host) as scene:
        scene.open_panel()
        scene.choose(0)
        wait_equal(scene.lines, PORCH_LINES, "the lines")
        scene.page.run("window.copied = null; addEventListener('copy', ({ target }) => (copied = target.value.slice(target.selectionStart, target.selectionEnd)), true)")
        browser.click("#zones [data-area=copy]")
        wait_until(scene.note, "a sentence")
        if scene.page.run("return isSecureContext"):
            assert scene.note() == "Lines copied" or "Ctrl+C" in scene.note(), scene.note()
        else:
            expect([scene.note(), scene.page.run("return copied")], ["Lines copied", "\n".join(PORCH_LINES)], "the sentence, and what was copied")
        selected = scene.page.run("const field = document.getElementById('area-lines'); return field.value.slice(field.selectionStart, field.selectionEnd)")
        expect(selected.split("\n"), PORCH_LINES, "the selected text")


def copied_over_plain_http(browser):
    lines_are_copied(browser, own_address())


def panels_take_turns(browser):
    with ZoneScene(browser, [PORCH]) as scene:
        scene.open_panel()
        hidden = lambda name: scene.page.run("return document.getElementById(given[0]).hidden", name)
        browser.press("i")
        wait_until(lambda: not scene.is_open() and not hidden("details"), "details instead of zones")
        scene.wait_live()
        browser.press("z")
        wait_until(lambda: scene.is_open() and hidden("details"), "zones instead of details")
        scene.wait_state("frozen")
        browser.press("d")
        wait_until(lambda: not scene.is_open() and not hidden("detections"), "detections instead of zones")
        browser.press("z")
        wait_until(lambda: scene.is_open() and hidden("detections"), "zones instead of detections")
        scene.wait_state("frozen")
        scene.page.run("setTimeout(() => history.back())")
        wait_until(lambda: not scene.is_open(), "Back to close the panel")
        expect(scene.page.run("return location.hash"), "#/main", "the address")
        scene.wait_live()
        expect(scene.page.run(OUTLINES), [], "outlines in the live picture")


def outlines_with_boxes(browser):
    with ZoneScene(browser, [PORCH], [TREE]) as scene:
        scene.open_panel()
        expect(scene.page.run("return document.getElementById('outlines').checked"), False, "whether outlines are shown at first")
        browser.click("#outlines")
        browser.press("Escape")
        scene.wait_live()
        expect(scene.page.run(OUTLINES), [], "outlines without boxes")
        browser.press("b")
        wait_equal(lambda: scene.page.run(OUTLINES), ["porch", "tree"], "outlines with boxes")
        scene.page.open("/#/main")
        wait_equal(lambda: scene.page.run(OUTLINES), ["porch", "tree"], "outlines after a reload")
        expect(scene.page.run(HANDLES), 0, "handles")
        browser.press("b")
        wait_equal(lambda: scene.page.run(OUTLINES), [], "outlines after the boxes are gone")


def accessible(browser):
    with ZoneScene(browser, [PORCH], [TREE], [BUSH]) as scene:
        try:
            for theme in ("dark", "light"):
                browser.prefer(prefers_color_scheme=theme)
                scene.open_panel()
                for index in range(3):
                    scene.choose(index)
                    wait_equal(lambda: scene.page.run("return document.querySelectorAll('#zones [aria-pressed=true]').length"), 1, "selected areas")
                    expect(scene.page.run(NAMELESS), [], "elements without a name")
                    expect(scene.page.run(CONTRAST), [], f"texts whose contrast is below 4.5 in the {theme} theme")
                    expect(scene.page.run(SMALL), [], "buttons that are too small")
            browser.press("l")
            wait_equal(lambda: scene.page.text("#zones h2"), "구역과 마스크", "the title in Korean")
            wait_equal(lambda: scene.page.run(LISTED)[0], "porch · 구역", "the list in Korean")
            wait_until(lambda: "사람" in scene.page.text("#zones"), "the classes in Korean")
            browser.press("l")
        finally:
            browser.prefer()


def drawn_on_a_phone(browser):
    for width, height in ((390, 844), (320, 568)):
        with ZoneScene(browser) as scene:
            browser.viewport(width, height, 2, True)
            try:
                scene.open_panel()
                expect(scene.page.run("return document.documentElement.scrollWidth"), width, "the width of the page")
                expect(scene.page.run(SMALL), [], "buttons that are too small for a finger")
                corners = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]]
                scene.push("new")
                for count, corner in enumerate(corners, 1):
                    browser.touch([scene.place(*corner)], [])
                    wait_equal(lambda: scene.page.run(HANDLES), count, "handles")
                scene.push("finish")
                scene.wait_area("zone.zone-1", corners, tolerance=0.01)
                browser.touch([scene.place(0.8, 0.8)], [scene.place(0.7, 0.75)], [scene.place(0.5, 0.7)], [])
                scene.wait_area("zone.zone-1", [[0.2, 0.2], [0.8, 0.2], [0.5, 0.7]], tolerance=0.02)
            finally:
                browser.viewport(1280, 800)


def checks(browser):
    yield "zones: the panel is offered only if the detector has areas, and loaded only when it is opened", only_where_the_detector_has_areas, browser
    yield "zones: an area can be drawn, named and turned into lines of the configuration", zone_is_drawn, browser
    yield "zones: corners are fractions of the camera's picture, whatever the view is", corners_belong_to_the_picture, browser
    yield "zones: an area can be drawn with the keyboard", drawn_with_the_keyboard, browser
    yield "zones: areas that exist can be changed, and follow the configuration file", existing_areas, browser
    yield "zones: what is wrong with an area is explained", faults_are_explained, browser
    yield "zones: the lines can be copied", lines_are_copied, browser
    yield "zones: opening another panel closes this one, and the picture is live afterwards", panels_take_turns, browser
    yield "zones: outlines can be shown together with boxes", outlines_with_boxes, browser


def chromium_checks(browser):
    yield "zones: over plain HTTP, the lines are copied by selecting them", copied_over_plain_http, browser
    yield "zones: all elements have a name, a size and contrast, in both themes and languages", accessible, browser
    yield "zones: an area can be drawn with a finger", drawn_on_a_phone, browser
