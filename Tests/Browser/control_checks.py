"""Checks the panel of camera controls against a scripted server."""

from checking import expect, wait_equal, wait_until
from page_checks import CONTRAST, Scene
from scripted_controls import ScriptedControls

SLIDER = "[data-control=brightness] input[type=range]"
FOCUSED = "return document.activeElement.closest('[data-control]')?.dataset.control ?? document.activeElement.dataset.tool ?? document.activeElement.className"


class Desk(Scene):
    """A scene whose camera has controls."""

    def __init__(self, browser, names=("main",)):
        super().__init__(browser, names, rate=10)
        self.controls = self.server.controls["main"] = ScriptedControls()
        self.browser = browser

    def open(self, path="/#/main"):
        self.page.open(path)
        self.page.run("localStorage.clear()")
        self.wait_live()
        wait_until(lambda: self.is_offered, "the controls button")

    def open_panel(self, path="/#/main"):
        self.open(path)
        self.browser.press("c")
        wait_until(lambda: self.is_open, "the panel")

    @property
    def is_offered(self):
        return self.page.run("return document.querySelector('[data-tool=controls]')?.checkVisibility() ?? false")

    @property
    def is_open(self):
        return not self.page.run("return document.getElementById('controls').hidden")

    def row(self, name, expression):
        return self.page.run(f"const row = document.querySelector('[data-control={name}]'); return row && ({expression});")

    def turn(self, name, value, selector="input[type=range]", event="input"):
        self.page.run(
            "const field = document.querySelector(`[data-control=${given[0]}]`).querySelector(given[2]);"
            "field.value = given[1]; field.dispatchEvent(new Event(given[3], { bubbles: true }));", name, value, selector, event)

    def wait_value(self, name, value):
        wait_until(lambda: self.controls[name]["value"] == value, lambda: f"{name} to become {value}, but it is {self.controls[name]['value']}")

    def wait_remark(self, name, words):
        wait_until(lambda: words in (self.row(name, "row.querySelector('.remark').innerText") or ""), lambda: f"the remark “{words}”")


def offered_only_where_it_answers(browser):
    with Desk(browser, names=("main", "door", "garden")) as desk:
        desk.server.controls["door"] = ScriptedControls("door")
        desk.server.controls["door"].controls = []
        desk.server.controls["garden"] = None
        asked = lambda name: f"/controls/{name}" in desk.server.requests
        desk.open()
        desk.page.run("location.hash = '#/door'")
        wait_until(lambda: asked("door"), "the request for a camera without controls")
        wait_until(lambda: not desk.is_offered, "no button for a camera without controls")
        desk.page.run("location.hash = '#/garden'")
        wait_until(lambda: asked("garden"), "the request for a camera that the server answers with 404")
        # Wait until the page has received the response and has painted.
        wait_until(lambda: desk.page.run("return performance.getEntriesByType('resource').some((one) => one.name.endsWith('/controls/garden') && one.responseEnd)"),
                   "the response with status 404")
        desk.page.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        expect(desk.is_offered, False, "whether the button is shown after a 404")
        browser.press("c")
        expect(desk.is_open, False, "whether the panel opens after a 404")


def failed_request_is_retried(browser):
    """When the first pictures arrive, the controls may still be unavailable or slow."""
    with Desk(browser) as desk:
        desk.controls.refusal = (502, {})
        asked = desk.controls.asked
        desk.page.open("/#/main")
        desk.wait_live()
        wait_until(lambda: desk.controls.asked > asked, "a request that fails")
        expect(desk.is_offered, False, "whether the button is shown after a failure")
        desk.controls.refusal = None
        wait_until(lambda: desk.is_offered, "the button after a retry")


def values_reach_the_camera(browser):
    with Desk(browser) as desk:
        desk.open_panel()
        desk.turn("brightness", 140)
        desk.wait_value("brightness", 140)
        wait_until(lambda: desk.row("brightness", "row.querySelector('[type=number]').value") == "140", "the number field")
        desk.turn("brightness", 900, "[type=number]", "change")
        desk.wait_value("brightness", 255)
        desk.page.run("document.querySelector('[data-control=horizontal_flip] input').click()")
        desk.wait_value("horizontal_flip", 1)
        expect(desk.controls.changes[-1], {"horizontal_flip": True}, "the request of a switch")
        desk.page.run("document.querySelector('[data-control=do_white_balance] button').click()")
        wait_until(lambda: desk.controls.changes[-1] == {"do_white_balance": True}, "the request of a button")
        # The exposure time is enabled only while auto exposure is set to manual.
        expect(desk.row("exposure_time_absolute", "row.querySelector('input').disabled"), True, "whether exposure is disabled in auto mode")
        desk.turn("auto_exposure", 1, "select", "change")
        desk.wait_value("auto_exposure", 1)
        wait_until(lambda: desk.row("exposure_time_absolute", "row.querySelector('input').disabled") is False, "exposure to be enabled in manual mode")
        for name in ("temperature", "serial"):
            expect(desk.row(name, "row.querySelector('input').disabled"), True, f"whether {name} is disabled, since it is read-only")
            assert "Read-only" in desk.row(name, "row.innerText"), desk.row(name, "row.innerText")


def dragging_is_followed(browser):
    with Desk(browser) as desk:
        desk.controls.delay = 0.1
        desk.open_panel()
        x, y, width = desk.page.run(f"const box = document.querySelector('{SLIDER}').getBoundingClientRect(); return [box.x, box.y + box.height / 2, box.width]")
        desk.page.run(f"window.seen = []; document.querySelector('{SLIDER}').addEventListener('input', ({{ target }}) => seen.push(Number(target.value)))")
        for step in range(6):
            browser.drag(x + width * (0.1 + 0.1 * step), y, x + width * (0.2 + 0.1 * step), y)
        last = desk.page.run("return seen.at(-1)")
        assert last and last > 128, last
        desk.wait_value("brightness", last)
        seen = desk.page.run("return seen.length")
        expect(desk.controls.maximum_running, 1, "concurrent requests")
        assert 1 < len(desk.controls.changes) <= seen, (len(desk.controls.changes), seen)
        expect(desk.controls.changes[-1], {"brightness": last}, "the last request")
        return f"{seen} positions, {len(desk.controls.changes)} requests"


def newest_value_wins(browser):
    with Desk(browser) as desk:
        desk.controls.delay = 0.4
        desk.open_panel()
        desk.page.run(
            "for (const [name, from, to] of [['brightness', 10, 59], ['contrast', 98, 100]]) {"
            "  const slider = document.querySelector(`[data-control=${name}] [type=range]`);"
            "  for (let value = from; value <= to; value += 1) { slider.value = value; slider.dispatchEvent(new Event('input')); }"
            "}")
        desk.wait_value("contrast", 100)
        expect(desk.controls.changes, [{"brightness": 10}, {"brightness": 59, "contrast": 100}], "the requests")
        # The response to an older request does not move the slider back while the next request is in flight.
        desk.controls.maximum_answered = 2
        desk.turn("brightness", 70)
        wait_until(lambda: len(desk.controls.changes) == 3, "a third request")
        desk.turn("brightness", 80)
        desk.controls.maximum_answered = 3
        wait_until(lambda: len(desk.controls.changes) == 4, "a fourth request")
        expect(desk.controls["brightness"]["value"], 70, "the camera's brightness during the fourth request")
        expect(desk.row("brightness", "row.querySelector('[type=range]').value"), "80", "the slider during the fourth request")
        desk.controls.maximum_answered = 4
        desk.wait_value("brightness", 80)


def camera_sets_another_value(browser):
    with Desk(browser) as desk:
        desk.open_panel()
        desk.turn("contrast", 101, "[type=number]", "change")
        desk.wait_remark("contrast", "Set to 100 instead of 101")
        expect(desk.row("contrast", "row.querySelector('[type=range]').value"), "100", "the slider")
        desk.turn("sharpness", 5)
        desk.wait_remark("sharpness", "The camera refuses sharpness=5: Input/output error.")
        expect(desk.row("sharpness", "row.querySelector('[type=number]').value"), "3", "the number field after the refusal")
        browser.press("l")
        desk.wait_remark("sharpness", "The camera refuses sharpness=5")
        desk.turn("contrast", 103, "[type=number]", "change")
        desk.wait_remark("contrast", "카메라에 적용된 값은 102")
        expect(desk.row("brightness", "row.querySelector('label').textContent"), "밝기", "a name in Korean")
        browser.press("l")
        desk.wait_remark("contrast", "Set to 102 instead of 103")
        desk.page.run("localStorage.clear()")


def back_to_default(browser):
    with Desk(browser) as desk:
        desk.open_panel()
        hidden = "row.querySelector('.reset').getAttribute('aria-disabled')"
        expect(desk.row("brightness", hidden), "true", "whether reset is disabled at the default")
        desk.turn("brightness", 10)
        desk.wait_value("brightness", 10)
        wait_until(lambda: desk.row("brightness", hidden) == "false", "the enabled reset button")
        browser.click("[data-control=brightness] .reset")
        desk.wait_value("brightness", 128)
        expect(desk.controls.changes[-1], {"brightness": None}, "the request of a reset")
        for name, value in (("brightness", 20), ("contrast", 30)):
            desk.turn(name, value)
            desk.wait_value(name, value)
        desk.page.run("document.querySelector('.reset-all').click()")
        desk.wait_value("brightness", 128)
        desk.wait_value("contrast", 64)
        expect(desk.controls.changes[-1], {"*": None}, "the request of a reset of all controls")


def outdated_answers_are_ignored(browser):
    """A response is outdated if its request was sent before a change, but the response arrives after the change."""
    with Desk(browser) as desk:
        desk.open()
        desk.controls.may_answer.clear()
        asked = desk.controls.asked
        browser.press("c")
        wait_until(lambda: desk.is_open and desk.controls.asked > asked, "the request that the panel sends when it opens")
        desk.turn("contrast", 101, "[type=number]", "change")
        desk.wait_remark("contrast", "Set to 100 instead of 101")
        desk.page.run(
            "window.changes = []; new MutationObserver(() => changes.push(document.querySelector('[data-control=contrast]').innerText))"
            ".observe(document.getElementById('controls'), { childList: true, subtree: true, characterData: true, attributes: true });")
        desk.controls.may_answer.set()
        desk.controls["brightness"]["value"] = 77
        value = lambda name: desk.row(name, "row.querySelector('[type=range]').value")
        wait_until(lambda: value("brightness") == "77", lambda: f"brightness 77 from a newer response, but it is {value('brightness')}")
        expect(value("contrast"), "100", "the slider")
        desk.wait_remark("contrast", "Set to 100 instead of 101")
        changes = desk.page.run("return changes")
        assert all("Set to 100" in words for words in changes), changes


def errors_are_shown(browser):
    with Desk(browser) as desk:
        desk.open_panel()
        fault = lambda: desk.page.text(".fault")
        desk.controls.refusal = (409, {"error": "camera_offline", "message": "The camera at /dev/video0 is offline."})
        desk.turn("brightness", 10)
        wait_until(lambda: fault() == "The camera at /dev/video0 is offline.", lambda: f"the server's message, but the page shows “{fault()}”")
        wait_until(lambda: desk.row("brightness", "row.querySelector('[type=range]').value") == "128", "the slider to return to the old value")
        browser.press("l")
        wait_until(lambda: "카메라가 오프라인입니다" in fault(), lambda: f"the error in Korean, but the page shows “{fault()}”")
        browser.press("l")
        wait_until(lambda: fault() == "The camera at /dev/video0 is offline.", lambda: f"the message in English again, but the page shows “{fault()}”")
        desk.controls.refusal = None
        desk.turn("brightness", 30)
        desk.wait_value("brightness", 30)
        wait_until(lambda: not fault(), "the error to disappear")
        desk.server.is_cut = True
        desk.turn("brightness", 40)
        wait_until(lambda: "not responding" in (fault() or ""), lambda: f"the error of an unreachable server, but the page shows “{fault()}”")
        desk.page.run("localStorage.clear()")


def another_client(browser):
    with Desk(browser, names=("main", "door")) as desk:
        desk.open_panel()
        browser.press("Escape")
        wait_until(lambda: not desk.is_open, "Escape to close the panel")
        wait_equal(lambda: desk.page.run("return location.hash"), "#/main", "the address after Escape")
        browser.click("[data-tool=controls]")
        wait_until(lambda: desk.page.run(FOCUSED) == "brightness", "the panel to open after a click on its button, with the focus on brightness")
        browser.press("Escape")
        wait_equal(lambda: desk.page.run(FOCUSED), "controls", "the focus on the button")
        desk.controls["brightness"]["value"] = 77
        browser.press("c")
        wait_until(lambda: desk.row("brightness", "row.querySelector('[type=number]').value") == "77", "the value set by another client")
        browser.press("Escape")
        browser.press("Escape")
        wait_until(lambda: desk.page.run("return location.hash") == "#/", "the wall after a second Escape")


def keyboard_only(browser):
    with Desk(browser, names=("main", "door")) as desk:
        desk.open_panel()
        wait_until(lambda: desk.page.run(FOCUSED) == "brightness", "the focus on the first control")
        desk.page.run(f"document.querySelector('{SLIDER}').focus()")
        browser.press("ArrowRight")
        desk.wait_value("brightness", 129)
        expect(desk.page.run("return location.hash"), "#/main", "the address after an arrow key")
        desk.page.run("document.querySelector('[data-control=horizontal_flip] input').focus()")
        browser.press(" ")
        desk.wait_value("horizontal_flip", 1)
        expect(desk.page.player("player.frozen"), None, "the frozen frame, although Space on a switch must not freeze the picture")
        figure = "document.querySelector('[data-control=contrast] [type=number]')"
        desk.page.run(f"{figure}.focus(); {figure}.select()")
        browser.press("8")
        # A response that arrives while somebody is typing does not overwrite the input.
        desk.turn("brightness", 131)
        wait_until(lambda: desk.row("brightness", "row.querySelector('[type=number]').value") == "131", "the response")
        for key in ("0", "Enter"):
            browser.press(key)
        desk.wait_value("contrast", 80)
        # Every input has a name and can be reached by Tab.
        nameless = desk.page.run(
            "return [...document.querySelectorAll('#controls :is(input, select, button)')].filter((one) => one.checkVisibility())"
            ".filter((one) => !(one.labels?.length || one.getAttribute('aria-label') || one.textContent.trim()) || one.tabIndex < 0).map((one) => one.outerHTML)")
        expect(nameless, [], "inputs that have no name or that Tab does not reach")


def formats_are_listed(browser):
    with Desk(browser) as desk:
        desk.open_panel()
        desk.page.run("document.querySelector('.formats').open = true")
        words = desk.page.text(".formats")
        for wanted in ("Motion-JPEG", "1280 × 720", "30, 15 fps", "29.97", "48 × 32 to 1920 × 1080", "1 to 60 fps", "not supported"):
            assert wanted in words, (wanted, words)
        expect(desk.page.run("return [...document.querySelectorAll('.formats dt b')].map((one) => one.parentElement.innerText.replace(/\\s+/g, ' '))"),
               ["1280 × 720 current"], "the current size")


def room_for_the_picture(browser):
    with Desk(browser) as desk:
        try:
            for width, height in ((390, 844), (844, 390), (320, 568)):
                browser.viewport(width, height, 2, True)
                desk.open_panel()
                expect(desk.page.run("return document.documentElement.scrollWidth"), width, f"the page's width at {width} × {height}")
                desk.page.run("document.getElementById('controls').scrollTop = 0")
                picture, panel = desk.page.run(
                    "return [document.querySelector('oriel-player'), document.getElementById('controls')]"
                    ".map((one) => one.getBoundingClientRect()).map(({ x, y, right, bottom }) => [x, y, right, bottom])")
                assert picture[2] <= panel[0] + 1 or picture[3] <= panel[1] + 1, (picture, panel)
                assert picture[3] - picture[1] > 0.3 * height, (picture, panel)
                expect(desk.page.run("const panel = document.getElementById('controls'); return panel.scrollWidth - panel.clientWidth"), 0, "the panel's horizontal overflow")
        finally:
            browser.viewport(1280, 800)


def contrast_of_the_panel(browser):
    with Desk(browser) as desk:
        for theme in ("dark", "light"):
            browser.prefer(prefers_color_scheme=theme)
            desk.open_panel()
            desk.page.run("document.querySelector('.formats').open = true")
            desk.turn("contrast", 101, "[type=number]", "change")
            desk.wait_remark("contrast", "Set to")
            expect(desk.page.run(CONTRAST), [], f"texts whose contrast is below 4.5 in the {theme} theme")
        browser.prefer()


def checks(browser):
    yield "controls: the button is shown only if server and camera offer controls", offered_only_where_it_answers, browser
    yield "controls: a failed request is retried", failed_request_is_retried, browser
    yield "controls: values reach the camera, and dependent controls follow", values_reach_the_camera, browser
    yield "controls: dragging sends one request at a time", dragging_is_followed, browser
    yield "controls: the newest of several values wins", newest_value_wins, browser
    yield "controls: a value that the camera changed is reported", camera_sets_another_value, browser
    yield "controls: one control or all of them can be reset to their defaults", back_to_default, browser
    yield "controls: late responses to requests sent before a change are ignored", outdated_answers_are_ignored, browser
    yield "controls: errors are shown, also in Korean", errors_are_shown, browser
    yield "controls: the panel opens with values that other clients have set, and Escape closes it", another_client, browser
    yield "controls: everything can be done with the keyboard", keyboard_only, browser
    yield "controls: formats and sizes are listed", formats_are_listed, browser


def chromium_checks(browser):
    yield "controls: panel and picture fit on the screen of a phone", room_for_the_picture, browser
    yield "controls: the text has enough contrast in both themes", contrast_of_the_panel, browser
