"""Checks the list of events and the notices about new events, against a scripted server."""

import time

from checking import expect, own_address, wait_equal, wait_until
from page_checks import CONTRAST, Scene
from scripted_events import BOX, ScriptedJournal

ENTRIES = "return [...document.querySelectorAll('#events li')].map((one) => one.innerText.split('\\n').map((line) => line.trim()).filter(Boolean))"
IDS = "return [...document.querySelectorAll('#events li')].map((one) => one.dataset.event.split('-')[1])"
TOASTS = "return [...document.querySelectorAll('.toast')].map((one) => one.textContent)"
#: Notes the texts of all notices, and how many there were at the same time.
COUNT_TOASTS = (
    "window.toasts = []; window.most = 0; new MutationObserver((changes) => {"
    "  changes.forEach(({ addedNodes }) => addedNodes.forEach((one) => toasts.push(one.textContent)));"
    "  most = Math.max(most, document.querySelectorAll('.toast').length); })"
    ".observe(document.querySelector('.toasts'), { childList: true });")
BUTTON = "return document.querySelector('[data-tool=events]')?.checkVisibility() ?? false"


class EventScene(Scene):
    """A scene whose detector writes a journal of events."""

    def __init__(self, browser, names=("main",), host="127.0.0.1", rate=5):
        super().__init__(browser, names, host, rate)
        self.browser = browser
        self.server.detections = []
        self.journal = self.server.journal = ScriptedJournal()

    def open(self, path="/#/main", **settings):
        self.page.open("/image.html")
        self.page.run("localStorage.clear(); for (const [key, value] of Object.entries(given[0])) localStorage.setItem(`oriel.${key}`, value)", settings)
        self.page.open(path)
        wait_until(self.is_offered, "the button for events")

    def open_panel(self, path="/#/main", **settings):
        self.open(path, **settings)
        self.browser.press("e")
        wait_until(self.is_open, "the panel")
        wait_until(lambda: self.page.text("#events .note") != "Loading…", "the earlier events")

    def is_offered(self):
        return self.page.run(BUTTON)

    def is_open(self):
        return self.page.run("return document.getElementById('events')?.checkVisibility() ?? false")

    def entries(self):
        """Returns the lines of each entry in lower case, because a style sheet capitalizes them."""
        return [[line.lower() for line in lines] for lines in self.page.run(ENTRIES)]

    def ids(self):
        return self.page.run(IDS)

    def wait_ids(self, *wanted):
        wait_equal(self.ids, list(wanted), "the events in the list")

    def wait_streams(self, count):
        wait_equal(lambda: self.journal.streams, count, "event streams")

    def wait_clock(self):
        """Waits until the page knows the server's clock, without which it shows no notices."""
        offset = "return (await import('/status.js')).StatusFeed.of(new URL('/', location)).clockOffset !== null"
        wait_equal(lambda: self.page.run(offset), True, "whether the clock is known")

    def wait_polls(self, count):
        """Waits until the page has requested the status `count` more times, so it could have done other things too."""
        asked = self.asked("/status")
        wait_until(lambda: self.asked("/status") >= asked + count, "requests for the status")

    def asked(self, path):
        return sum(request.startswith(path) for request in self.server.requests)


def list_is_filled_and_completed(browser):
    with EventScene(browser) as scene:
        now = time.time()
        scene.journal.append("new", "old", label="car", start=now - 200)
        scene.journal.append("end", "old", label="car", start=now - 200, end=now - 80)
        scene.open()
        expect(scene.is_open(), False, "whether the panel is open at first")
        browser.press("e")
        wait_until(scene.is_open, "the panel")
        scene.wait_ids("old")
        expect(scene.entries()[0][0], "car", "the label of the earlier event")
        expect(scene.entries()[0][-1], "2 min", "the duration of the earlier event")
        scene.journal.append("new", "p1", start=now - 7)
        scene.wait_ids("p1", "old")
        wait_equal(lambda: scene.entries()[0][-1], "still there", "the state of an object that has not gone")
        scene.page.run("document.querySelector('#events li button').focus(); window.kept = document.activeElement")
        scene.journal.append("update", "p1", start=now - 7, entered_zones=["porch", "street"])
        wait_equal(lambda: scene.entries()[0][-1], "still there · porch · street", "the zones")
        scene.journal.append("end", "p1", start=now - 7, end=now, entered_zones=["porch", "street"])
        wait_equal(lambda: scene.entries()[0][-1], "7 s · porch · street", "the completed entry")
        expect(scene.page.run("return document.activeElement === kept && kept.isConnected"), True, "whether the focus has stayed")
        expect(scene.ids(), ["p1", "old"], "the events in the list")
        wait_equal(lambda: scene.page.run("return document.querySelector('#events li img').naturalWidth > 0"), True, "whether a picture is shown")
        # The panel is remembered.
        scene.page.open("/#/main")
        wait_until(scene.is_open, "the panel after a reload")
        scene.wait_ids("p1", "old")


def list_follows_the_camera(browser):
    with EventScene(browser, names=("main", "door")) as scene:
        scene.open_panel("/#/")
        wait_until(lambda: "Nothing has been detected yet" in scene.page.text("#events .note"), "the sentence for an empty list")
        scene.journal.append("new", "a", camera="main")
        scene.journal.append("new", "b", camera="door", label="dog")
        scene.wait_ids("b", "a")
        wait_equal(lambda: [entry[0] for entry in scene.entries()], ["dog · door", "person · main"], "labels and cameras on the wall")
        scene.page.run("location.hash = '#/door'")
        scene.wait_ids("b")
        wait_equal(lambda: scene.entries()[0][0], "dog", "the label with one camera")
        for number in range(105):
            scene.journal.append("end", f"n{number:03}", camera="door")
        wait_until(lambda: len(scene.ids()) == 100 and scene.ids()[0] == "n104", lambda: f"the newest hundred, but the list has {len(scene.ids())}")
        scene.page.run("location.hash = '#/'")
        wait_until(lambda: scene.entries()[0][0].endswith(" · door"), "the list of all cameras")
        expect(len(scene.ids()), 100, "the number of events of all cameras")
        images = "return [...document.querySelectorAll('#events li img')].filter((one) => one.src).length"
        wait_until(lambda: 0 < scene.page.run(images) < 50, lambda: f"only visible pictures to be loaded, but there are {scene.page.run(images)}")


def old_events_are_read(browser):
    """The list is filled from earlier events, even if those are mostly motion."""
    with EventScene(browser) as scene:
        first = scene.journal.append("end", "first", start=time.time() - 9000)
        for _ in range(50):
            scene.journal.append_motion()
        scene.open_panel()
        scene.wait_ids("first")
        assert first in scene.page.run("return document.querySelector('#events li').dataset.event")
        wait_equal(lambda: scene.asked("/events?types=new,update,end&since=0-0"), 1, "requests for the whole journal, as the newest part has few events")


def choosing_shows_the_picture(browser):
    with EventScene(browser, names=("main", "door")) as scene:
        scene.open_panel("/#/")
        scene.journal.append("new", "a", camera="door")
        scene.wait_ids("a")
        scene.page.run("document.querySelector('#events li button').focus()")
        browser.press("Enter")
        wait_equal(lambda: scene.page.run("return location.hash"), "#/door", "the address")
        wait_until(lambda: scene.page.run("return document.querySelector('.event-picture img')?.naturalWidth > 0"), "the picture of the event")
        box = scene.page.run("const { x, y, width, height } = document.querySelector('.event-picture rect'); return [x, y, width, height].map((one) => one.baseVal.value)")
        expect(box, [BOX[0], BOX[1], BOX[2] - BOX[0], BOX[3] - BOX[1]], "the box")
        size = scene.page.run("return [document.querySelector('.event-stage svg').viewBox.baseVal.width, document.querySelector('.event-picture img').naturalWidth]")
        expect(size[0], size[1], "the width of the box's coordinates")
        expect(scene.page.run("return document.activeElement.closest('.event-picture') !== null"), True, "whether the picture has the focus")
        browser.press("Escape")
        wait_until(lambda: scene.page.run("return document.querySelector('.event-picture').hidden"), "Escape to close the picture")
        expect(scene.is_open(), True, "whether the list is still open")
        wait_equal(lambda: scene.page.run("return document.activeElement.closest('li')?.dataset.event.split('-')[1] ?? null"), "a", "the focus")
        scene.journal.append("new", "b", camera="door")
        scene.journal.pictures.clear()
        scene.wait_ids("b", "a")
        scene.page.run("document.querySelector('#events li button').click()")
        wait_until(lambda: "no picture of this event" in scene.page.text(".event-picture"), "the sentence for a missing picture")
        browser.press("Escape")
        browser.press("Escape")
        wait_until(lambda: not scene.is_open(), "Escape to close the list")


def panels_take_turns(browser):
    with EventScene(browser) as scene:
        scene.open_panel()
        browser.press("i")
        wait_until(lambda: not scene.is_open() and scene.page.run("return document.getElementById('details').checkVisibility()"), "details instead of the list")
        browser.press("e")
        wait_until(lambda: scene.is_open() and not scene.page.run("return document.getElementById('details').checkVisibility()"), "the list instead of details")
        browser.press("e")
        wait_until(lambda: not scene.is_open(), "the list to close")


def toast(browser):
    with EventScene(browser, names=("main", "door")) as scene:
        scene.journal.append("new", "old")
        scene.open("/#/main")
        scene.wait_live()
        scene.wait_streams(1)
        scene.page.run(COUNT_TOASTS + "document.querySelector('[data-tool=view]').focus()")
        scene.wait_clock()
        scene.journal.append("new", "a", camera="door", label="cat")
        wait_equal(lambda: scene.page.run(TOASTS), ["cat · door"], "the notices")
        expect(scene.page.run("return [document.activeElement.dataset.tool, document.querySelector('.toasts').role ?? document.querySelector('.toasts').getAttribute('role')]"),
               ["view", "status"], "the focus, and the role")
        scene.journal.append("update", "a", camera="door", label="cat")
        for name in "bcd":
            scene.journal.append("new", name, label="dog")
        wait_equal(lambda: scene.page.run(TOASTS), ["dog · main"] * 3, "at most three notices")
        wait_equal(lambda: scene.page.run(TOASTS), [], "the notices after a while")
        expect(scene.page.run("return most"), 3, "the largest number of notices at the same time")
        expect(scene.page.run("return toasts"), ["cat · door"] + ["dog · main"] * 3, "all notices, without one for an earlier event")
        browser.press("e")
        wait_until(scene.is_open, "the panel")
        browser.click("#toasts")
        browser.press("e")
        scene.wait_streams(0)
        browser.press("e")
        scene.wait_streams(1)
        scene.journal.append("new", "e")
        wait_until(lambda: scene.ids()[:1] == ["e"], "the event in the list")
        expect(scene.page.run("return toasts.length"), 4, "the number of notices after they were switched off")


def no_toasts_in_a_kiosk(browser):
    with EventScene(browser) as scene:
        scene.page.open("/?kiosk#/main")
        scene.page.run("localStorage.clear()")
        scene.wait_live()
        wait_until(lambda: scene.page.run("return document.querySelector('.toasts') !== null"), "the module for events")
        scene.wait_polls(2)
        expect(scene.asked("/events?"), 0, "event streams in a kiosk")
        scene.page.open("/?kiosk&toasts#/main")
        scene.wait_live()
        scene.wait_streams(1)
        scene.wait_clock()
        scene.journal.append("new", "a")
        wait_equal(lambda: scene.page.run(TOASTS), ["person"], "notices in a kiosk whose address asks for them")


def language_of_events(browser):
    with EventScene(browser) as scene:
        now = time.time()
        scene.journal.append("end", "a", start=now - 30, end=now - 1)
        scene.journal.append("new", "b", label="cat", start=now)
        scene.open_panel()
        scene.wait_ids("b", "a")
        browser.press("l")
        wait_equal(lambda: [[entry[0], entry[-1]] for entry in scene.entries()], [["고양이", "아직 있음"], ["사람", "29초"]], "the list in Korean")
        expect(scene.page.run("return [document.querySelector('[data-tool=events]').title, document.querySelector('#events h2').textContent]"), ["이벤트", "이벤트"], "the titles")
        browser.press("l")
        wait_equal(lambda: scene.entries()[0][0], "cat", "the list in English")


def server_comes_back(browser):
    with EventScene(browser) as scene:
        scene.open_panel()
        scene.wait_streams(1)
        scene.page.run(COUNT_TOASTS)
        start = time.time()
        scene.journal.append("new", "a", start=start)
        scene.wait_ids("a")
        scene.server.is_cut = True
        scene.wait_streams(0)
        scene.journal.append("new", "b", label="cat")
        scene.journal.append("end", "a", start=start)
        asked = scene.asked("/events?")
        wait_until(lambda: scene.asked("/events?") > asked, "an attempt during the outage")
        scene.server.is_cut = False
        scene.wait_ids("b", "a")
        wait_until(lambda: scene.entries()[1][-1].endswith(" s"), "the event that ended during the outage")
        scene.server.end_streams()
        scene.journal.append("new", "c", label="dog")
        scene.wait_ids("c", "b", "a")
        scene.journal.append("new", "d", label="car")
        scene.wait_ids("d", "c", "b", "a")
        wait_equal(lambda: scene.page.run("return toasts"), ["person", "cat", "dog", "car"], "the notices, each of which appears once")
        last = [request for request in scene.server.requests if request.startswith("/events?")][-1]
        assert f"since={scene.journal.file}-" in last, last


def windows_share_a_connection(browser, host="127.0.0.1"):
    with EventScene(browser, names=("main", "door"), host=host) as scene:
        scene.open_panel("/#/")
        scene.wait_streams(1)
        scene.journal.append("new", "a")
        scene.wait_ids("a")
        first = browser.command("GET", "/window")
        with browser.second_window():
            scene.page.open("/#/")
            second = browser.command("GET", "/window")
            # The second window reads the earlier events over the same connection.
            scene.wait_ids("a")
            scene.page.run(COUNT_TOASTS)
            scene.wait_polls(3)
            scene.wait_clock()
            scene.wait_streams(1)
            scene.journal.append("new", "b", label="cat")
            scene.wait_ids("b", "a")
            wait_equal(lambda: scene.page.run("return toasts"), ["cat · main"], "the notices in the second window")
            browser.command("POST", "/window", {"handle": first})
            scene.wait_ids("b", "a")
            # The window that reads the stream goes; the other one takes over. Which one reads is not known here.
            scene.page.open("/image.html")
            scene.journal.append("new", "c", label="dog")
            browser.command("POST", "/window", {"handle": second})
            scene.wait_ids("c", "b", "a")
            scene.journal.append("new", "d", label="bird")
            scene.wait_ids("d", "c", "b", "a")
            scene.wait_streams(1)
            expect(scene.page.run("return toasts"), ["cat · main", "dog · main", "bird · main"], "the notices in the second window")
            browser.command("POST", "/window", {"handle": first})
            scene.page.open("/#/")
            scene.wait_ids("d", "c", "b", "a")
            browser.command("POST", "/window", {"handle": second})
        scene.journal.append("new", "e")
        scene.wait_ids("e", "d", "c", "b", "a")
        wait_equal(lambda: scene.journal.streams, 1, "event streams")


def hidden_window(browser):
    with EventScene(browser) as scene:
        scene.open_panel()
        scene.journal.append("new", "a")
        scene.wait_ids("a")
        scene.page.run(COUNT_TOASTS)
        browser.new_tab()
        try:
            scene.wait_streams(0)
            scene.journal.append("end", "a")
            scene.journal.append("new", "b", label="cat")
        finally:
            browser.close_tab()
        scene.wait_ids("b", "a")
        wait_until(lambda: scene.entries()[1][-1].endswith(" s"), "the event that ended while the window was hidden")
        scene.wait_streams(1)


def window_that_missed_events(browser):
    """A window that was hidden while another one read the stream gets the events that it has missed."""
    use = lambda handle: browser.command("POST", "/window", {"handle": handle})
    with EventScene(browser) as scene:
        scene.open_panel()
        scene.journal.append("new", "a")
        scene.wait_ids("a")
        first = browser.command("GET", "/window")
        with browser.second_window():
            second = browser.command("GET", "/window")
            scene.page.open("/#/main")
            scene.wait_ids("a")
            hide = "Object.defineProperty(document, 'hidden', { configurable: true, value: given[0] }); document.dispatchEvent(new Event('visibilitychange'));"
            scene.page.run(hide, True)
            use(first)
            scene.wait_streams(1)
            scene.journal.append("new", "b", label="cat")
            scene.wait_ids("b", "a")
            use(second)
            expect(scene.ids(), ["a"], "the events in the hidden window")
            scene.page.run(hide, False)
            scene.wait_ids("b", "a")
            scene.journal.append("new", "c", label="dog")
            scene.wait_ids("c", "b", "a")
            scene.wait_streams(1)
            use(first)
            scene.wait_ids("c", "b", "a")
            use(second)


def buffering_proxy(browser):
    with EventScene(browser) as scene:
        scene.journal.is_held = True
        scene.open()
        browser.press("e")
        wait_until(scene.is_open, "the panel")
        wait_until(lambda: "A proxy" in (scene.page.text("#events .note") or ""), "the sentence about a proxy")
        scene.wait_streams(0)
        asked = scene.asked("/events?")
        scene.wait_polls(3)
        expect(scene.asked("/events?"), asked, "requests for events while a proxy holds them back")
        scene.wait_live()
        scene.journal.is_held = False
        scene.page.run("dispatchEvent(new Event('online'))")
        scene.journal.append("end", "a")
        scene.wait_ids("a")
        wait_equal(lambda: scene.page.text("#events .note"), "", "the note")


def wall_of_twelve(browser):
    names = [f"cam{index:02}" for index in range(12)]
    with EventScene(browser, names=names, rate=5) as scene:
        scene.journal.append("end", "a", camera="cam03")
        scene.open_panel("/#/")
        scene.wait_ids("a")
        total = lambda: scene.journal.streams + sum(camera.viewers for camera in scene.cameras)
        wait_equal(total, 5, "streams of pictures and events")
        ids = "return Object.fromEntries([...document.querySelectorAll('oriel-player')].map((player) => [player.camera, player.frame?.id ?? 0]))"
        wait_until(lambda: len(scene.page.run(ids)) == 12 and all(scene.page.run(ids).values()), "a picture in every tile")
        before, most = scene.page.run(ids), []
        def all_newer():
            most.append(total())
            return all(after > before[name] for name, after in scene.page.run(ids).items())
        wait_until(all_newer, "a newer picture in every tile")
        assert max(most) <= 5, most
        with browser.second_window():
            scene.page.open("/#/")
            states = lambda: scene.page.run("return [...document.querySelectorAll('oriel-player')].map((player) => player.condition.state)")
            wait_until(lambda: len(states()) == 12 and set(states()) <= {"live", "paused"}, lambda: f"live tiles in the second window, but their states are {states()}")
            scene.wait_ids("a")
            wait_until(lambda: total() <= 5, lambda: f"at most five streams for both windows, but there are {total()}")


def no_journal(browser):
    with EventScene(browser) as scene:
        journal, scene.server.journal = scene.journal, None
        scene.page.open("/#/main")
        scene.page.run("localStorage.clear()")
        scene.wait_live()
        wait_until(lambda: scene.page.run("return document.querySelector('[data-tool=boxes]')?.getAttribute('aria-disabled')") == "false", "the detector's status")
        expect(scene.page.run(BUTTON), False, "whether the button is shown without a journal")
        browser.press("e")
        scene.wait_polls(2)
        expect([scene.asked("/event"), scene.page.run("return document.getElementById('events')")], [0, None], "requests for events, and the panel")
        scene.server.journal = journal
        scene.open_panel()
        journal.append("end", "a")
        scene.wait_ids("a")
        # The detector is restarted without a journal. The stream ends, and the page asks for the status.
        scene.server.journal = None
        scene.server.end_streams()
        wait_until(lambda: not scene.is_open() and not scene.is_offered(), "the panel and its button to disappear")
        asked = scene.asked("/events?")
        scene.wait_polls(3)
        expect(scene.asked("/events?"), asked, "requests for events without a journal")


def accessible(browser):
    with EventScene(browser, names=("main", "door")) as scene:
        scene.journal.append("end", "a", start=time.time() - 8, entered_zones=["porch"])
        for theme in ("dark", "light"):
            browser.prefer(prefers_color_scheme=theme)
            scene.open_panel("/#/")
            scene.wait_ids("a")
            name = scene.page.run("return document.querySelector('#events li button').getAttribute('aria-label')")
            assert name.startswith("person, main, ") and name.endswith(", 8 s, porch"), name
            scene.page.run("document.querySelector('#events li button').click()")
            wait_until(lambda: scene.page.run("return document.querySelector('.event-picture img')?.naturalWidth > 0"), "the picture of the event")
            nameless = scene.page.run(
                "return [...document.querySelectorAll('button, a, input, section, aside, img, [role]')].filter((one) => one.checkVisibility())"
                ".filter((one) => !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.textContent.trim() || one.labels?.length || one.hasAttribute('alt')"
                " || one.role === 'status' || one.getAttribute('role') === 'status')).map((one) => one.outerHTML.slice(0, 80))")
            expect(nameless, [], "elements without a name")
            expect(scene.page.run(CONTRAST), [], f"texts whose contrast is below 4.5 in the {theme} theme")
        browser.prefer()
        for width, height in ((390, 844), (320, 568)):
            browser.viewport(width, height, 2, True)
            try:
                scene.open_panel("/#/")
                expect(scene.page.run("return document.documentElement.scrollWidth"), width, f"the page's width in a window of {width} × {height}")
            finally:
                browser.viewport(1280, 800)


def reduced_motion(browser):
    with EventScene(browser) as scene:
        browser.prefer(prefers_reduced_motion="reduce")
        try:
            scene.open()
            scene.wait_streams(1)
            scene.wait_clock()
            scene.journal.append("new", "a")
            wait_equal(lambda: scene.page.run(TOASTS), ["person"], "the notices")
            expect(scene.page.run("return getComputedStyle(document.querySelector('.toast')).animationName"), "none", "the animation of a notice")
        finally:
            browser.prefer()


def windows_without_locks_share(browser):
    """A page from another host over plain HTTP is not secure, so browsers have no locks there."""
    windows_share_a_connection(browser, own_address())


def checks(browser):
    yield "events: the list shows earlier and new events, and completes them in place", list_is_filled_and_completed, browser
    yield "events: the list shows the newest hundred of the shown camera, or of all cameras", list_follows_the_camera, browser
    yield "events: if the newest part of the journal has few events, older ones are read", old_events_are_read, browser
    yield "events: choosing one opens its camera, and shows its picture with the box", choosing_shows_the_picture, browser
    yield "events: opening another panel replaces the list, and the list replaces other panels", panels_take_turns, browser
    yield "events: new ones are announced by at most three notices, which disappear and can be switched off", toast, browser
    yield "events: a kiosk shows notices only if its address asks for them", no_toasts_in_a_kiosk, browser
    yield "events: the list follows the language", language_of_events, browser
    yield "events: after an outage of the server, none is missed or repeated", server_comes_back, browser
    yield "events: a hidden window has no event stream, and catches up afterwards", hidden_window, browser
    yield "events: while a proxy holds the stream back, the list says so", buffering_proxy, browser
    yield "events: without a journal, there is no button and no connection", no_journal, browser


def chromium_checks(browser):
    yield "events: two windows share one stream, and either takes over without missing or repeating events", windows_share_a_connection, browser
    yield "events: windows share one stream in a page that is not secure, too", windows_without_locks_share, browser
    yield "events: a window that was hidden gets the events that another window has received", window_that_missed_events, browser
    yield "events: a wall of twelve cameras has at most five streams, also in two windows", wall_of_twelve, browser
    yield "events: the list can be used with a screen reader, and on a phone", accessible, browser
    yield "events: notices do not move if the user prefers reduced motion", reduced_motion, browser
