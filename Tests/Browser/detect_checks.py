"""Checks object detection on the page. A small model made for tests finds an object in any bright picture."""

import json
import os
import pathlib
import tempfile

import coded
from checking import Skipped, expect, wait_until
from page import PLAYER, Page
from system import ROOT, System

STUB = ROOT / "Tests" / "DetectionTests" / "Models" / "stub_yolox_32.onnx"
RECTANGLE = "(element) => { const box = element.getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; }"


class Stage:
    def __init__(self, browser, system):
        self.browser, self.system = browser, system
        self.page = Page(browser, system.address)

    def open(self):
        self.browser.viewport(1280, 800)
        self.page.open()
        self.page.run("localStorage.clear()")
        wait_until(lambda: self.page.state() == "live", "the state live")

    def detect(self):
        self.browser.press("d")
        wait_until(lambda: self.page.run("return document.querySelectorAll('#detections li').length") > 0, "detections")

    def boxes(self):
        return self.page.run(f"return [...{PLAYER}.shadowRoot.querySelectorAll('.boxes .box')].map({RECTANGLE})")


def require_detector(system):
    def settled():
        state = json.loads(system.get("/detect/status")[1])
        return state if state["state"] != "loading" else None
    _, state = wait_until(settled, "a detector that is ready or says why it is not")
    if not state["ready"]:
        raise Skipped(state["message"])


def boxes_lie_over_the_picture(stage):
    require_detector(stage.system)
    stage.open()
    stage.detect()
    answer = stage.page.run(
        f"const picture = await {PLAYER}.picture();"
        "return await (await fetch('/detect_once', {method: 'POST', headers: {'Content-Type': 'image/jpeg'}, body: picture.blob})).json();")
    assert answer["count"] > 0, answer
    for width, height in ((1280, 800), (600, 900)):
        stage.browser.viewport(width, height)
        def distance():
            left, top, across, down = stage.page.run(f"return ({RECTANGLE})({PLAYER}.shadowRoot.querySelector('canvas'))")
            scale = across / answer["frame"]["width"]
            assert abs(down / answer["frame"]["height"] - scale) < 0.01, (across, down)
            maximum = 0
            for find, box in zip(answer["predictions"], reversed(stage.boxes())):
                wanted = (left + find["x_min"] * scale, top + find["y_min"] * scale,
                          (find["x_max"] - find["x_min"]) * scale, (find["y_max"] - find["y_min"]) * scale)
                maximum = max(maximum, *(abs(a - b) for a, b in zip(wanted, box)))
            return maximum
        wait_until(lambda: distance() < 1.5, f"boxes within 1.5 pixels of the predicted places at {width}x{height}")
    expect(len(stage.boxes()), answer["count"], "the number of boxes")


def list_and_boxes_agree(stage):
    require_detector(stage.system)
    stage.open()
    stage.detect()
    listed = stage.page.run("return [...document.querySelectorAll('#detections li')].map((item) => item.innerText.split('\\n').join(' '))")
    drawn = stage.page.run(f"return [...{PLAYER}.shadowRoot.querySelectorAll('.boxes text')].map((text) => text.textContent)")
    expect(sorted(drawn), sorted(listed), "labels of boxes and list")
    assert any(words.startswith("dog") for words in listed), listed
    stage.page.run("document.querySelector('#detections li button').focus()")
    expect(stage.page.run(f"return {PLAYER}.shadowRoot.querySelectorAll('.boxes .lit').length"), 1, "highlighted boxes")
    stage.browser.press("l")
    wait_until(lambda: "개" in stage.page.text("#detections li"), "the list in Korean")
    words = stage.page.run(f"return {PLAYER}.shadowRoot.querySelector('.boxes text').textContent")
    assert words.startswith("개"), words
    stage.page.run("localStorage.clear()")


def back_to_live(stage):
    require_detector(stage.system)
    stage.open()
    stage.browser.console()
    stage.detect()
    expect(stage.page.state(), "frozen", "the state")
    stage.browser.press("d")
    wait_until(lambda: stage.page.state() == "live", "the state live")
    expect(stage.boxes(), [], "boxes after the return to live")
    expect(stage.page.run("return document.getElementById('detections').hidden"), True, "whether the list is hidden")
    expect(stage.browser.console(), [], "console messages")


def grey_with_the_reason(stage):
    stage.open()
    button = "document.querySelector('[data-tool=detect]')"
    wait_until(lambda: stage.page.run(f"return {button}.getAttribute('aria-disabled')") == "true", "a grey button")
    title = stage.page.run(f"return {button}.title")
    assert "scripts/get-detector" in title, title
    stage.browser.press("d")
    wait_until(lambda: stage.page.text("#message"), "the reason")
    expect(stage.page.state(), "live", "the state")


def run(report, browser):
    detection = "detection: "
    with tempfile.TemporaryDirectory(prefix="oriel-bright-") as folder:
        bright = coded.plain(coded.WHITE)
        for number in range(2):
            (pathlib.Path(folder) / f"{number}.jpg").write_bytes(bright)
        for model, checks in (
            (STUB, [("boxes match the picture at two window sizes", boxes_lie_over_the_picture),
                    ("list and boxes agree, also in Korean", list_and_boxes_agree), ("a second D goes back to live", back_to_live)]),
            ("/nowhere/model.onnx", [("without a model the button is disabled and shows the reason", grey_with_the_reason)]),
        ):
            if not any(report.wants(detection + sentence) for sentence, _ in checks):
                continue
            os.environ["ORIEL_MODEL"] = str(model)
            try:
                with System(f"main={folder}", fps=5) as system:
                    stage = Stage(browser, system)
                    for sentence, check in checks:
                        report.run(detection + sentence, check, stage)
            finally:
                del os.environ["ORIEL_MODEL"]
