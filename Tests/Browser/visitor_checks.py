"""Checks what users have tried: embedded players, other keyboard layouts, other addresses, phones in landscape."""

import hashlib
import http.server
import pathlib
import threading
import time

import coded
from checking import expect, wait_equal, wait_until
from control_checks import Desk
from page_checks import Scene, Source
from scripted import Camera

STATES = "return [...document.querySelectorAll('oriel-player')].map((player) => player.condition?.state)"
IDS = "return [...document.querySelectorAll('oriel-player')].map((player) => player.frame?.id ?? 0)"
KEY = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: given[0], code: given[1], bubbles: true }))"


class Foreign:
    """A page of another origin in which players are embedded."""

    def __init__(self, scene, players):
        scene.server.is_embeddable = True
        page = ("<!doctype html><meta charset=utf-8><title>Somebody else's page</title><link rel=icon href='data:,'>"
                "<style>oriel-player { display: inline-block; width: 200px; height: 120px }</style>"
                f"<script type=module src='{scene.page.address}/player.js'></script>{players}").encode()

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://localhost:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def embedded_players_share(browser):
    names = [f"cam{index}" for index in range(6)]
    players = "".join(f"<oriel-player camera={name}></oriel-player>" for name in [*names, "cam0", "cam1"])
    with Scene(browser, names=names, rate=10) as scene, Foreign(scene, players) as foreign:
        browser.open(foreign.address)
        states = lambda: browser.run(STATES)
        wait_until(lambda: states() == ["live"] * 8, lambda: f"eight live players, but their states are {states()}")
        wait_equal(lambda: sum(camera.viewers for camera in scene.cameras), 4, "streams over HTTP/1.1")
        before, asked = browser.run(IDS), scene.server.requests.count("/status")
        wait_until(lambda: all(now > then for now, then in zip(browser.run(IDS), before)), "a newer frame in every player")
        wait_until(lambda: scene.server.requests.count("/status") >= asked + 2, "status requests")
        scene.sources["cam0"].go_offline("no_signal", "The cable is unplugged.")
        scene.sources["cam5"].go_offline("no_signal", "The cable is unplugged.")
        wanted = ["offline", "live", "live", "live", "live", "offline", "offline", "live"]
        wait_until(lambda: states() == wanted, lambda: f"two cameras to be offline, but the players' states are {states()}")
        for name in ("cam0", "cam5"):
            scene.sources[name].go_on()
        wait_until(lambda: states() == ["live"] * 8, lambda: f"all players to be live again, but their states are {states()}")


def embedded_snapshots_have_an_age(browser):
    with Scene(browser) as scene, Foreign(scene, "<oriel-player mode=stills></oriel-player>") as foreign:
        browser.open(foreign.address)
        age = lambda: browser.run("const player = document.querySelector('oriel-player'); return player.frame?.id > 0 ? player.age : null")
        wait_until(lambda: age() is not None, "a frame number and an age")
        assert 0 <= age() < 30_000, age()


def embedded_unknown_camera_is_not_polled(browser):
    with Scene(browser) as scene, Foreign(scene, "<oriel-player camera=attic></oriel-player>") as foreign:
        browser.open(foreign.address)
        wait_until(lambda: browser.run(STATES) == ["missing"], "the state of an unknown camera")
        time.sleep(0.5)
        asked = lambda: sum("/attic" in request for request in scene.server.requests)
        before = asked()
        time.sleep(4)
        expect(asked() - before, 0, "requests for a camera that the status does not list")
        camera = Camera("attic", coded.WIDTH, coded.HEIGHT)
        scene.sources["attic"] = Source(camera)
        scene.server.cameras["attic"] = camera
        wait_until(lambda: browser.run(STATES) == ["live"], lambda: f"the state live, but it is {browser.run(STATES)}")
        wait_equal(lambda: camera.viewers, 1, "streams of the new camera")


def other_scripts(browser):
    with Scene(browser, names=("main", "door")) as scene:
        scene.page.open("/#/main")
        scene.wait_live()
        for key, code, wanted in (("ㄱ", "KeyR", "rotate=90"), ("Process", "KeyM", "rotate=90&mirror=1"), ("м", "KeyV", "fit=fill&rotate=90&mirror=1"),
                                  ("a", "KeyR", "fit=fill&rotate=90&mirror=1")):
            scene.page.run(KEY, key, code)
            wait_until(lambda: scene.page.run("return location.hash.split('?')[1] ?? ''") == wanted, f"the address to contain {wanted} after {key}")


def other_spellings(browser):
    with Scene(browser, names=("main", "cam2")) as scene:
        for path in ("/#/CAM2", "/#cam2", "/#/cam2/", "/#/Cam2?fit=fill"):
            scene.page.open(path)
            wait_until(lambda: scene.page.run("return document.title") == "cam2 · Oriel", f"the camera at {path}")
        scene.page.open("/#/nope")
        scene.wait_state("missing")
        time.sleep(0.3)
        expect([request for request in scene.server.requests if request.startswith("/controls/nope")], [],
               "requests for the controls of an unknown camera")


def keys_in_a_kiosk(browser):
    with Scene(browser, names=("main", "door")) as scene:
        scene.page.open("/?kiosk#/main")
        scene.wait_live()
        for key in ("i", "d", "c", "?", "t", "l", " "):
            browser.press(key)
        time.sleep(0.3)
        expect(scene.page.run("return [localStorage.length, document.querySelector('dialog').open, document.documentElement.lang]"), [0, False, "en"], "the effect of the keys")
        expect(scene.page.state(), "live", "the state")
        browser.press("ArrowRight")
        wait_until(lambda: scene.page.run("return document.title") == "door · Oriel", "→ opens the next camera")


def list_of_keys(browser):
    with Desk(browser, names=("main", "door")) as desk:
        keys = lambda: desk.page.run("return [...document.querySelectorAll('dialog kbd')].map((one) => one.textContent)")
        desk.open()
        browser.press("?")
        wait_until(lambda: {"C", "S", "↑", "↓"} <= set(keys()), lambda: f"the shortcuts, but the list contains {keys()}")
        assert "D" not in keys(), "the list contains D, although there is no detector"
        browser.press("?")
        wait_until(lambda: not desk.page.run("return document.querySelector('dialog').open"), "the list to be closed")
        desk.page.run("location.hash = '#/door'")
        wait_until(lambda: not desk.is_offered, "a camera without controls")
        browser.press("?")
        wait_until(lambda: desk.page.run("return document.querySelector('dialog').open"), "the list to open again")
        assert "C" not in keys(), "the list contains C, although there are no controls"


def frozen_frame(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        time.sleep(1)
        word = "return document.querySelector('.measures .age dt').textContent"
        expect(page.run(word), "Delay", "the label while playing")
        browser.press(" ")
        wait_until(lambda: page.state() == "frozen", "the state frozen")
        frozen = page.player("player.frozen.id")
        browser.press(",")
        wait_until(lambda: page.player("player.frozen.id") == frozen - 1, "the previous frame")
        expect(page.frame_number(), frozen - 1, "the player's frame")
        wait_until(lambda: page.run(word) == "Taken", "the label while frozen")


def controls_follow(browser):
    with Desk(browser) as desk:
        desk.open_panel()
        desk.turn("contrast", 101, "[type=number]", "change")
        desk.wait_remark("contrast", "Set to 100")
        desk.controls["brightness"]["value"] = 77
        value = lambda: desk.row("brightness", "row.querySelector('[type=range]').value")
        wait_until(lambda: value() == "77", lambda: f"the value 77, which another client has set, but it is {value()}")
        desk.wait_remark("contrast", "Set to 100")
        desk.controls.refusal = (503, {"error": "camera_offline", "message": "The camera at /dev/video0 is offline."})
        desk.source.go_offline("waiting", "It is unplugged.")
        wait_until(lambda: "is offline" in (desk.page.text(".fault") or ""), "the error in the panel")
        desk.controls.refusal = None
        desk.source.go_on()
        wait_until(lambda: not desk.page.text(".fault"), "the error to disappear")


def way_back_across(browser):
    with Scene(browser, names=("main", "door")) as scene:
        try:
            browser.viewport(844, 390, 2, True)
            scene.page.open("/#/door")
            scene.wait_live()
            browser.click("[data-tool=wall]")
            wait_until(lambda: scene.page.run("return location.hash") == "#/", "the wall")
        finally:
            browser.viewport(1280, 800)


def saved_without_streams(browser):
    with Scene(browser) as scene, browser.before_pages("delete Response.prototype.body;"):
        scene.page.open()
        scene.wait_live()
        expect(scene.page.run("return document.querySelector('[data-tool=freeze]').checkVisibility()"), False, "whether the freeze button is shown")
        wanted = coded.picture(scene.source.pause())
        folder = pathlib.Path(browser.profile)
        browser.protocol("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        browser.press("s")
        _, (file,) = wait_until(lambda: list(folder.glob("main-*.jpg")), "a file")
        wait_until(lambda: file.stat().st_size == len(wanted), "the whole file")
        expect(hashlib.sha256(file.read_bytes()).digest(), hashlib.sha256(wanted).digest(), "the hash of the saved file")
        file.unlink()


def many_without_streams(browser):
    with Scene(browser, names=[f"cam{index}" for index in range(6)], rate=10) as scene, browser.before_pages("delete Response.prototype.body;"):
        scene.page.open()
        widths = "return [...document.querySelectorAll('oriel-player')].map((player) => player.shadowRoot.querySelector('img').naturalWidth)"
        wait_until(lambda: scene.page.run(widths) == [coded.WIDTH] * 6, lambda: f"six pictures, but their widths are {scene.page.run(widths)}")
        asked = lambda: sum(request.startswith("/snapshot/cam5") for request in scene.server.requests)
        before = asked()
        wait_until(lambda: asked() >= before + 2, "newer snapshots")


def graphs_have_a_scale(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        browser.press("i")
        words = lambda: scene.page.run("return [...document.querySelectorAll('.graph small')].map((one) => one.textContent)")
        wait_until(lambda: len(words()) == 3 and all(word.startswith("max ") for word in words()), lambda: f"the maximum values, but the graphs show {words()}")
        scene.page.run("localStorage.clear()")


def checks(browser):
    yield "embedded: eight players share the connections and show the right states", embedded_players_share, browser
    yield "embedded: snapshots have a frame number and an age", embedded_snapshots_have_an_age, browser
    yield "embedded: an unknown camera is not requested again until the server lists it", embedded_unknown_camera_is_not_polled, browser
    yield "shortcuts work with non-Latin keyboard layouts", other_scripts, browser
    yield "other spellings of an address are accepted", other_spellings, browser
    yield "in a kiosk, keys that open or change something have no effect", keys_in_a_kiosk, browser
    yield "the list of shortcuts shows only those that are available", list_of_keys, browser
    yield "after a step to another picture, the player reports the frame of that picture", frozen_frame, browser
    yield "controls: an open panel follows the camera and shows when it is offline", controls_follow, browser
    yield "the graphs show their maximum", graphs_have_a_scale, browser


def chromium_checks(browser):
    yield "on a phone in landscape, a button leads back to all cameras", way_back_across, browser
    yield "if fetch does not support streams, the picture can be saved but not frozen", saved_without_streams, browser
    yield "if fetch does not support streams, six cameras are shown", many_without_streams, browser
