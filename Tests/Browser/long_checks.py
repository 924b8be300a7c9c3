"""Compares the page's memory and CPU time with a plain <img>, over as many frames as arrive in an hour."""

import os
import pathlib
import statistics
import threading
import time

import coded
from checking import wait_until
from page import PLAYER, Page
from scripted import Camera, ScriptedServer

FRAMES = int(os.environ.get("ORIEL_LONG_FRAMES", 36_000))
WIDTH, HEIGHT = 1280, 704
MAXIMUM_MEGABYTES = 8_000   # a run ends when the browser uses this much memory, to protect the machine
IMAGE_PAGE = "<!doctype html><title>image</title><style>img { width: 100%; }</style><img src='video/main'>"


class Usage:
    """The memory and CPU time of all processes of a browser.

    These are the processes whose command line contains the browser's profile, and their descendants.
    """

    def __init__(self, browser):
        self.browser = browser

    def _processes(self):
        parents, own = {}, set()
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if self.browser.profile in (folder / "cmdline").read_text(errors="replace"):
                    own.add(int(folder.name))
            except OSError:
                continue
        while more := {process for process, parent in parents.items() if parent in own} - own:
            own |= more
        return own

    @property
    def megabytes(self):
        """Returns two sizes (PSS): the total, and the size without mapped files, which other browsers may share."""
        every = own = 0
        for process in self._processes():
            try:
                lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
            every += sizes["Pss"]
            own += sizes["Pss_Anon"] + sizes["Pss_Shmem"]
        return every / 1024, own / 1024

    @property
    def seconds(self):
        ticks = 0
        for process in self._processes():
            try:
                fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
            except OSError:
                continue
        return ticks / os.sysconf("SC_CLK_TCK")


class Run:
    """The memory and CPU time that a browser used during a run.

    The samples are spread evenly over the last four fifths of the run. Each sample is (frames, megabytes in total,
    megabytes without mapped files).
    """

    def __init__(self, frames, samples, seconds):
        self.frames, self.samples, self.seconds = frames, samples, seconds

    @property
    def memory(self):
        return statistics.median(own for _, _, own in self.samples)

    @property
    def total(self):
        return statistics.median(every for _, every, _ in self.samples)

    @property
    def growth(self):
        """The growth in megabytes from the first to the last sample, by linear regression."""
        line = statistics.linear_regression([frames for frames, *_ in self.samples], [own for *_, own in self.samples])
        return line.slope * (self.samples[-1][0] - self.samples[0][0])

    def __str__(self):
        rise = 36_000 * self.growth / (self.samples[-1][0] - self.samples[0][0])
        return (f"{self.memory:.0f} MB ({self.total:.0f} MB with mapped files), {rise:+.0f} MB per hour at 10 fps, "
                f"{self.seconds:.0f} s of CPU over {self.frames} frames")


def watch(make_browser, path, frames):
    """Shows `frames` frames in a browser and returns a `Run` with up to 41 samples."""
    pictures = [coded.picture(number, WIDTH, HEIGHT) for number in range(64)]
    camera = Camera("main", WIDTH, HEIGHT)
    server = ScriptedServer([camera])
    server.extra["/image.html"] = IMAGE_PAGE
    published = 0
    is_running = True

    def publish():
        nonlocal published
        while is_running:
            camera.publish(pictures[published % 64])
            published += 1
            time.sleep(0.008)

    threading.Thread(target=publish, daemon=True).start()
    try:
        with make_browser() as browser:
            page = Page(browser, f"http://127.0.0.1:{server.port}")
            usage = Usage(browser)
            page.open(path)
            wait_until(lambda: camera.viewers == 1, "a viewer")
            time.sleep(2)
            first, before, samples = published, usage.seconds, []
            for step in range(10, 51):
                wait_until(lambda: published - first >= step * frames // 50, "the frames", 600)
                samples.append((published - first, *usage.megabytes))
                if len(samples) > 2 and samples[-1][1] > MAXIMUM_MEGABYTES:
                    break
            seconds = usage.seconds - before
            frames = samples[-1][0]
            if path == "/":
                received = page.player("player.metrics.received")
                assert received > 0.9 * frames, f"only {received} of {frames} frames arrived"
                assert page.run(f"return {PLAYER}.condition.state") == "live"
            return Run(frames, samples, seconds)
    finally:
        is_running = False
        server.is_cut = True
        server.shutdown()
        server.server_close()


def light_and_flat(make_browser, maximum):
    player = watch(make_browser, "/", FRAMES)
    image = watch(make_browser, "/image.html", FRAMES)
    work = (player.seconds / player.frames) / (image.seconds / image.frames)
    shares = (player.memory / image.memory, player.total / image.total, work)
    note = f"player {player}; <img> {image}; player / <img> {'{:.2f}, {:.2f} with mapped files, {:.2f} of the CPU'.format(*shares)}"
    assert player.growth < 0.1 * player.memory, note
    assert player.memory <= maximum * image.memory, note
    assert work <= 1.5, note        # the limit is above 1, since an <img> skips frames on a busy machine
    return note


def checks(make_browser, maximum):
    """Yields the checks. The player may use at most `maximum` times the memory of an <img>."""
    yield "over as many frames as arrive in an hour, the player's memory does not grow and is limited compared with an <img>", light_and_flat, make_browser, maximum
