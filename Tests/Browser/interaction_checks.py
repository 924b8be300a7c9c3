"""Checks freezing, panels, keys, the wall and detections against a scripted server."""

import time

from checking import expect, wait_equal, wait_until
from control_checks import Desk
from page import PLAYER
from page_checks import Scene

ANNOUNCEMENTS = (
    "window.announced = []; for (const root of [document, ...[...document.querySelectorAll('oriel-player')].map((one) => one.shadowRoot)])"
    "  for (const region of root.querySelectorAll('[role=status]'))"
    "    new MutationObserver(() => announced.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });")
NOTICE = "const notice = document.getElementById('empty'); return notice.hidden ? '' : notice.innerText;"
WATCH_STATES = f"window.states = []; {PLAYER}.addEventListener('state', ({{ detail }}) => states.push(detail.state));"


def prediction(label, confidence, x_min, y_min, x_max, y_max, class_id=0):
    return {"label": label, "class_id": class_id, "confidence": confidence, "x_min": x_min, "y_min": y_min, "x_max": x_max, "y_max": y_max}


# Freezing.

def open_frozen(browser, scene):
    """Opens the page of a scene and freezes its picture."""
    scene.page.open()
    scene.wait_live()
    browser.press(" ")
    wait_until(lambda: scene.page.state() == "frozen", "the state frozen")


def back_to_live(browser):
    """After a freeze of several seconds, the frozen picture must not be treated as a picture that has just arrived."""
    with Scene(browser, rate=10) as scene:
        page = scene.page
        open_frozen(browser, scene)
        wait_until(lambda: (page.player("player.age") or 0) > 5_000, "a picture that is five seconds old")
        page.run(WATCH_STATES + ANNOUNCEMENTS)
        page.run(f"window.rates = []; window.delays = []; const player = {PLAYER}; player.addEventListener('measure', () => {{"
                 "  rates.push(player.metrics.rate); if (player.condition.state !== 'frozen') delays.push(player.frame?.delay); });")
        number = page.frame_number()
        browser.press(" ")
        scene.wait_live()
        wait_until(lambda: page.frame_number() > number + 15, "new pictures")
        states, rates, delays, announced = page.run("return [states, rates, delays, announced]")
        assert not {"stalled", "late"} & set(states), states
        assert all(rate is None or rate < 25 for rate in rates), rates
        assert max(delay or 0 for delay in delays) < 5_000, delays
        assert not any("Stalled" in text or "Late" in text for text in announced), announced


def short_freeze_shows_what_arrived(browser):
    """After a short freeze, the newest picture that arrived during it is shown, even if the camera has stopped."""
    with Scene(browser) as scene:
        page = scene.page
        open_frozen(browser, scene)
        number = scene.source.pause()
        wait_until(lambda: scene.cameras[0].number > page.player("player.frozen.id") or scene.source.publish() is None, "a newer picture")
        number = scene.source.shown
        # The page does not tell whether a picture has arrived during the freeze, so wait a moment. On a slow machine,
        # the picture may arrive only after the freeze. The page shows the picture then, too.
        time.sleep(0.3)
        browser.press(" ")
        scene.wait_shown(number)


def frozen_stream_is_closed(browser):
    with Scene(browser, rate=10) as scene:
        page = scene.page
        open_frozen(browser, scene)
        closed, _ = wait_until(lambda: scene.cameras[0].viewers == 0, "the stream to be closed")
        expect(page.state(), "frozen", "the state")
        number = page.frame_number()
        browser.press(" ")
        scene.wait_live()
        wait_until(lambda: page.frame_number() > number, "new pictures")
        return f"the stream was closed after {closed:.1f} s"


def frozen_and_offline(browser):
    with Scene(browser) as scene:
        page = scene.page
        open_frozen(browser, scene)
        wait_equal(lambda: page.text("#state"), "Frozen", "the state")
        scene.source.go_offline("waiting", "There is no camera at /dev/video0.")
        wait_equal(lambda: page.text("#state"), "Frozen · Camera offline", "the state of an offline camera")
        scene.source.go_on()
        wait_equal(lambda: page.text("#state"), "Frozen", "the state after the camera's return")


# Panels.

def back_closes_the_panel(browser):
    with Desk(browser, names=("main", "door")) as desk:
        hidden = lambda name: desk.page.run("return document.getElementById(given[0]).hidden", name)
        place = "return location.hash"
        desk.page.open("/#/")
        # While the page is loading, a change of its address would replace the history entry instead of adding one.
        wait_equal(lambda: desk.page.run("return document.readyState"), "complete", "the page's state")
        desk.page.run("localStorage.clear(); location.hash = '#/main'")
        wait_until(lambda: desk.is_offered, "the controls button")
        for key, panel in (("i", "details"), ("c", "controls")):
            browser.press(key)
            wait_until(lambda: not hidden(panel), f"{panel} to open")
            desk.page.run("setTimeout(() => history.back())")
            wait_until(lambda: hidden(panel), f"Back to close {panel}")
            expect(desk.page.run(place), "#/main", "the address")
            browser.press(key)
            wait_until(lambda: not hidden(panel), f"{panel} to open again")
            browser.press("Escape")
            wait_until(lambda: hidden(panel), f"Escape to close {panel}")
            wait_until(lambda: desk.page.run("return history.state?.panel ?? null") is None, "the history entry to be removed")
            expect(desk.page.run(place), "#/main", "the address")
        browser.press("i")
        browser.press("c")
        wait_until(lambda: hidden("details") and not hidden("controls"), "controls instead of details")
        desk.page.run("setTimeout(() => history.back())")
        wait_until(lambda: hidden("controls"), "Back to close the controls")
        desk.page.run("setTimeout(() => history.back())")
        wait_equal(lambda: desk.page.run(place), "#/", "the wall after a second Back")
        desk.page.run("localStorage.clear()")


def disabled_without_a_picture(browser):
    with Desk(browser, names=("main", "door")) as desk:
        usable = lambda: desk.page.run(
            "return [...document.querySelectorAll('#camera-tools button')].filter((one) => one.checkVisibility() && !one.disabled).map((one) => one.dataset.tool)")
        picture = {"freeze", "view", "rotate", "mirror", "snapshot", "detect"}
        desk.page.open("/#/nosuch")
        desk.wait_state("missing")
        wait_until(lambda: not picture & set(usable()), lambda: f"the picture buttons to be disabled, but {usable()} are enabled")
        browser.press(" ")
        expect(desk.page.state(), "missing", "the state after Space")
        desk.open_panel()
        wait_until(lambda: picture <= set(usable()), lambda: f"the picture buttons to be enabled, but only {usable()} are")
        disabled = lambda: desk.row("brightness", "row.querySelector('[type=range]').disabled")
        expect(disabled(), False, "whether brightness is disabled")
        desk.source.go_offline("waiting", "/dev/video0 does not exist.")
        wait_until(lambda: disabled() and desk.page.run("return document.querySelector('.reset-all').disabled"), "disabled controls")
        desk.source.go_on()
        wait_until(lambda: disabled() is False, "enabled controls")


# Keys.

def arrows_in_a_toolbar(browser):
    with Scene(browser, names=("main", "door")) as scene:
        page = scene.page
        page.open("/#/main")
        scene.wait_live()
        focused = "return document.activeElement.dataset.tool ?? document.activeElement.id"
        order = page.run("return [...document.querySelectorAll('#camera-tools button')].filter((one) => one.checkVisibility() && !one.disabled).map((one) => one.dataset.tool)")
        page.run("document.querySelector('[data-tool=snapshot]').focus()")
        browser.press("ArrowRight")
        expect(page.run(focused), order[(order.index("snapshot") + 1) % len(order)], "the focus after →")
        browser.press("ArrowLeft")
        browser.press("ArrowLeft")
        expect(page.run(focused), order[order.index("snapshot") - 1], "the focus after ← ←")
        expect(page.run("return location.hash"), "#/main", "the address")
        expect(page.run("return document.querySelectorAll('#camera-tools button[tabindex=\"0\"]').length"), 1, "buttons that Tab reaches")


def arrows_on_the_wall(browser):
    names = [f"cam{index:02}" for index in range(12)]
    with Scene(browser, names=names, rate=5) as scene:
        page = scene.page
        page.open()
        wait_until(lambda: page.run("return document.querySelectorAll('.tile').length") == 12, "twelve tiles")
        columns = lambda: page.run("return Number(document.getElementById('wall').style.getPropertyValue('--columns'))")
        wait_until(lambda: columns() > 1, "several columns")
        focused = lambda: page.run("return document.activeElement.getAttribute('href')")
        browser.press("ArrowRight")
        browser.press("ArrowRight")
        wait_equal(focused, "#/cam01", "the focus after → →")
        browser.press("ArrowDown")
        wait_equal(focused, f"#/{names[1 + columns()]}", "the focus after ↓")
        browser.press("ArrowUp")
        wait_equal(focused, "#/cam01", "the focus after ↑")
        browser.press("ArrowUp")
        wait_equal(focused, "#/cam01", "the focus after ↑ in the first row")


def shortcuts_can_be_switched_off(browser):
    with Scene(browser, names=("main", "door")) as scene:
        page = scene.page
        page.open("/#/main")
        scene.wait_live()
        browser.press("?")
        wait_until(lambda: page.run("return document.querySelector('dialog').open"), "the list of shortcuts")
        page.run("document.getElementById('shortcuts').click()")
        browser.press("Escape")
        page.open("/#/main")
        scene.wait_live()
        for key in ("r", "m", "l", "t", "?", " "):
            browser.press(key)
        time.sleep(0.3)     # wait for an effect that must not occur
        expect(page.run("return [location.hash, document.documentElement.lang, document.documentElement.dataset.theme ?? null, document.querySelector('dialog').open]"),
               ["#/main", "en", None, False], "the effect of the keys")
        expect(page.state(), "live", "the state")
        browser.press("ArrowRight")
        wait_equal(lambda: page.run("return document.title"), "door · Oriel", "→ opens the next camera")
        page.run("localStorage.clear()")


def skip_link(browser):
    with Scene(browser, names=("main", "door")) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        browser.press("Tab")
        expect(page.run("return document.activeElement.id"), "skip", "the first element that Tab reaches")
        expect(page.run("return document.activeElement.getBoundingClientRect().top >= 0"), True, "whether this element is visible")
        browser.press("Enter")
        wait_equal(lambda: page.run("return document.activeElement.id"), "wall", "the focus")
        browser.press("Tab")
        wait_equal(lambda: page.run("return document.activeElement.getAttribute('href')"), "#/main", "the next focus")
        expect(page.run("return location.hash"), "", "the address")


def theme_follows_the_system_again(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        scene.wait_live()
        seen = []
        for _ in range(3):
            browser.press("t")
            seen.append(page.run("return document.documentElement.dataset.theme ?? 'system'"))
        assert set(seen) == {"dark", "light", "system"} and seen[-1] == "system", seen
        page.open()
        scene.wait_live()
        expect(page.run("return document.documentElement.dataset.theme ?? 'system'"), "system", "the stored theme")
        page.run("localStorage.clear()")


def one_camera_has_no_keys_for_several(browser):
    with Scene(browser) as scene:
        scene.page.open()
        scene.wait_live()
        browser.press("?")
        keys = lambda: scene.page.run("return [...document.querySelectorAll('dialog kbd')].map((one) => one.textContent)")
        wait_until(lambda: "S" in keys(), "the list of shortcuts")
        assert not {"←", "Esc"} & set(keys()), keys()
        browser.press("?")


# The wall and the address.

def signed_out_wall(browser):
    with Scene(browser) as scene:
        scene.server.extra["/status"] = None
        scene.page.open()
        wait_equal(lambda: scene.page.run(NOTICE), "Not allowed\nSign in, then reload this page", "the notice")
        scene.server.extra.pop("/status")
        scene.wait_live()
        wait_equal(lambda: scene.page.run(NOTICE), "", "the notice once the status is allowed")


def snapshots_show_their_age(browser):
    names = [f"cam{index}" for index in range(6)]
    with Scene(browser, names=names, rate=10) as scene:
        page = scene.page
        page.open()
        label = lambda camera: page.run(
            "const label = document.querySelector(`.tile a[href='#/${given[0]}'] .label`);"
            "return label ? [label.dataset.state, label.querySelector('small').textContent, getComputedStyle(label.querySelector('path')).fill] : ['', '', ''];",
            camera)
        wait_until(lambda: label("cam5")[0] == "snapshot" and label("cam0")[0] == "live", lambda: f"the label of a snapshot, but it is {label('cam5')}")
        wait_until(lambda: label("cam5")[1].endswith(" s"), lambda: f"the age of the snapshot in its label, which is {label('cam5')}")
        expect(label("cam5")[2], "none", "the fill of the dot")
        assert label("cam0")[2] != "none" and label("cam0")[1] == "", label("cam0")
        # If the pictures of the camera become older, the age in the tile increases.
        scene.cameras[5].lag = 30
        wait_until(lambda: "30" in label("cam5")[1] or "31" in label("cam5")[1] or "32" in label("cam5")[1] or label("cam5")[0] == "late",
                   lambda: f"the label of an old snapshot, but it is {label('cam5')}")


def quiet_wall(browser):
    names = [f"cam{index:02}" for index in range(12)]
    with Scene(browser, names=names, rate=5) as scene, browser.before_pages(
            "window.heard = []; addEventListener('DOMContentLoaded', () => { new MutationObserver(() => {"
            "  const text = document.querySelector('main').previousElementSibling?.textContent; if (text && heard.at(-1) !== text) heard.push(text);"
            "}).observe(document.body, { childList: true, characterData: true, subtree: true }); });"):
        scene.sources["cam03"].go_offline("waiting", "It is unplugged.")
        scene.page.open()
        wait_until(lambda: scene.page.run("return heard"), "an announcement")
        wait_until(lambda: scene.page.run("return heard.at(-1)") == "12 cameras, not live: cam03", lambda: f"the summary, but the announcements are {scene.page.run('return heard')}")
        spoken = scene.page.run("return [...document.querySelectorAll('oriel-player')].map((one) => one.shadowRoot.querySelector('[role=status]').textContent)")
        expect(spoken, [""] * 12, "announcements of single tiles")
        scene.page.run("location.hash = '#/cam03'")
        spoken = "return document.querySelector('oriel-player[camera=cam03]').shadowRoot.querySelector('[role=status]').textContent"
        wait_equal(lambda: scene.page.run(spoken), "cam03: Camera offline", "the announcement when a camera is opened")
        scene.page.run("location.hash = '#/'")
        scene.sources["cam03"].go_on()
        wait_until(lambda: scene.page.run("return heard.at(-1)") == "12 cameras, all live", lambda: f"the camera's return, but the announcements are {scene.page.run('return heard')}")
        assert len(scene.page.run("return heard")) < 8, scene.page.run("return heard")


def unknown_pages(browser):
    with Scene(browser, names=("main", "review")) as scene:
        page = scene.page
        for path in ("/#/review", "/#/a/b/c", "/#/settings"):
            page.open(path)
            wait_equal(lambda: page.run(NOTICE), f"No such page\nThere is no page at “{path[1:]}”", "the notice")
        page.run("location.hash = '#/main'")
        scene.wait_live()
        wait_equal(lambda: page.run(NOTICE), "", "the notice on a camera's page")
        page.open("/#/camera/main")
        wait_equal(lambda: page.run("return document.title"), "main · Oriel", "a camera by its long address")
        page.open()
        wait_until(lambda: page.run("return document.querySelector('.tile a[href=\"#/camera/review\"]') !== null"), "the link to a camera with a reserved name")
        browser.click(".tile a[href='#/camera/review']")
        wait_equal(lambda: page.run("return document.title"), "review · Oriel", "a camera with a reserved name")
        scene.wait_live()
        browser.press("v")
        wait_equal(lambda: page.run("return location.hash"), "#/camera/review?fit=fill", "the camera's address with its view")


def korean_durations(browser):
    with Scene(browser) as scene:
        page = scene.page
        page.open()
        page.run("localStorage.setItem('oriel.language', 'ko')")
        try:
            page.open()
            scene.wait_live()
            scene.cameras[0].lag = 3
            wait_until(lambda: "초 전 영상입니다" in page.note(), lambda: f"a delay in Korean, but the page shows “{page.note()}”")
            assert " s" not in page.note(), page.note()
        finally:
            page.run("localStorage.clear()")


# Detections.

FOUND = [
    prediction("person", 0.93, 20, 60, 120, 200), prediction("dining table", 0.81, 20, 62, 200, 230, 60), prediction("cup", 0.72, 24, 64, 80, 120, 41),
    prediction("cat", 0.66, 150, 20, 220, 90, 15), prediction("bus", 0.55, 152, 22, 300, 120, 5), prediction("bowl", 0.51, 22, 66, 90, 140, 45),
]


def detections_are_told_apart(browser):
    with Scene(browser) as scene:
        page = scene.page
        scene.server.detections = FOUND
        for width, height in ((1280, 800), (390, 844)):
            browser.viewport(width, height)
            try:
                page.open()
                scene.wait_live()
                wait_until(lambda: page.run("return document.querySelector('[data-tool=detect]').getAttribute('aria-disabled')") == "false", "a detector")
                page.run("document.querySelector('[data-tool=detect]').click()")
                wait_until(lambda: page.run("return document.querySelectorAll('#detections li button').length") == len(FOUND), "the detections")
                tones = page.run(f"return [...{PLAYER}.shadowRoot.querySelectorAll('.boxes g[data-detection]')].map((one) => one.style.getPropertyValue('--tone'))")
                expect(len(set(tones)), len(FOUND), "different tones")
                overlaps = page.run(
                    f"const labels = [...{PLAYER}.shadowRoot.querySelectorAll('.boxes .label rect')].map((one) => one.getBoundingClientRect());"
                    "return labels.flatMap((one, index) => labels.slice(index + 1).filter((other) => one.left < other.right - 1 && other.left < one.right - 1"
                    "  && one.top < other.bottom - 1 && other.top < one.bottom - 1)).length")
                expect(overlaps, 0, f"labels that cover each other at {width} pixels")
                words = page.run(f"return [...{PLAYER}.shadowRoot.querySelectorAll('.boxes text')].map((one) => one.textContent)")
                assert all(word.endswith("%") for word in words) == (width > 480), words
                apart = page.run(
                    "return [...document.querySelectorAll('#detections li button')].every((one) =>"
                    "  one.querySelector('.detection').getBoundingClientRect().right <= one.querySelector('b').getBoundingClientRect().left)")
                expect(apart, True, "whether bars end before the numbers")
            finally:
                browser.viewport(1280, 800)


def detections_are_announced(browser):
    with Scene(browser) as scene:
        page = scene.page
        scene.server.detections = FOUND[:2]
        page.open()
        scene.wait_live()
        wait_until(lambda: page.run("return document.querySelector('[data-tool=detect]').getAttribute('aria-disabled')") == "false", "a detector")
        page.run("window.region = document.querySelector('#detections + [role=status]')")
        browser.press("d")
        wait_equal(lambda: page.run("return region.isConnected && region.textContent"), "Detected: person 93%, dining table 81%", "the announcement")
        expect(page.run("const item = document.querySelector('#detections li button'); return [item.getAttribute('aria-label'), item.getAttribute('aria-pressed')]"),
               ["person, 93%", "false"], "name and state of an item")
        page.run("document.querySelector('#detections li button').focus()")
        expect(page.run("return document.querySelector('#detections li button').getAttribute('aria-pressed')"), "true", "the state of the focused item")
        page.run("setTimeout(() => history.back())")
        scene.wait_live()
        expect(page.run("return document.getElementById('detections').hidden"), True, "whether Back closes the list")


def checks(browser):
    yield "after a freeze, the state is never stalled or late, and no absurd rate is shown", back_to_live, browser
    yield "after a short freeze, the newest picture is shown, even if the camera has stopped", short_freeze_shows_what_arrived, browser
    yield "during a long freeze the stream is closed, and afterwards it is opened again", frozen_stream_is_closed, browser
    yield "if the camera is offline, that is shown even while the picture is frozen", frozen_and_offline, browser
    yield "Back and Escape first close the open panel, and only then leave the camera", back_closes_the_panel, browser
    yield "buttons and controls are disabled without a picture or a camera", disabled_without_a_picture, browser
    yield "arrow keys move the focus within a toolbar", arrows_in_a_toolbar, browser
    yield "↑ and ↓ on the wall move the focus by rows", arrows_on_the_wall, browser
    yield "single-key shortcuts can be switched off", shortcuts_can_be_switched_off, browser
    yield "the first Tab reaches a link that skips to the pictures", skip_link, browser
    yield "the theme can follow the system again", theme_follows_the_system_again, browser
    yield "with only one camera, the list of shortcuts has no shortcuts for switching cameras", one_camera_has_no_keys_for_several, browser
    yield "if the status is refused, the wall asks the user to sign in", signed_out_wall, browser
    yield "a tile with snapshots shows their age instead of the dot of a live camera", snapshots_show_their_age, browser
    yield "an address that is not a camera's shows a notice, and cameras with reserved names have an address", unknown_pages, browser
    yield "on the Korean page, durations are in Korean", korean_durations, browser
    yield "detections have different tones and labels that do not cover each other", detections_are_told_apart, browser
    yield "detections are announced to screen readers, and the list consists of buttons", detections_are_announced, browser


def chromium_checks(browser):
    yield "a wall of twelve cameras is announced to screen readers in one sentence", quiet_wall, browser
