"""What takes long: memory and processor time over an hour's worth of frames, beside a plain <img>."""

import os
import pathlib
import threading
import time

import coded
from checking import wait_until
from page import PLAYER, Page
from scripted import Camera, ScriptedServer

FRAMES = int(os.environ.get("ORIEL_LONG_FRAMES", 36_000))
WIDTH, HEIGHT = 1280, 704
IMAGE_PAGE = "<!doctype html><title>image</title><style>img { width: 100%; }</style><img src='video/main'>"


class Usage:
    """Memory and processor time of a browser: every process that has its profile in the command line, and their children."""

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
        """Proportional set size, so that shared pages count once."""
        total = 0
        for process in self._processes():
            try:
                for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:
                continue
        return total / 1024

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


def watch(make_browser, path, frames):
    """Memory at a fifth, at half and at the end, in megabytes, and processor seconds, while the frames go by."""
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
    with make_browser() as browser:
        page = Page(browser, f"http://127.0.0.1:{server.port}")
        usage = Usage(browser)
        page.open(path)
        wait_until(lambda: camera.viewers == 1, 20, "a viewer")
        time.sleep(2)
        first, before, memory = published, usage.seconds, []
        for share in (0.2, 0.6, 1.0):
            wait_until(lambda: published - first >= share * frames, 3600, "the frames")
            memory.append(usage.megabytes)
        seconds = usage.seconds - before
        if path == "/":
            received = page.player("player.metrics.received")
            assert received > 0.9 * frames, f"only {received} of {frames} frames came"
            assert page.run(f"return {PLAYER}.condition.state") == "live"
    is_running = False
    server.is_cut = True
    server.shutdown()
    server.server_close()
    return memory, seconds


def memory_is_flat(make_browser):
    memory, seconds = watch(make_browser, "/", FRAMES)
    assert memory[2] < memory[0] * 1.15 + 20, memory
    return f"{', '.join(f'{value:.0f}' for value in memory)} MB at 20, 60 and 100 % of {FRAMES} frames, {seconds:.0f} s of processor"


def lighter_than_image(make_browser):
    frames = FRAMES // 6
    player, player_seconds = watch(make_browser, "/", frames)
    image, image_seconds = watch(make_browser, "/image.html", frames)
    note = f"{player[2]:.0f} MB and {player_seconds:.1f} s, <img> {image[2]:.0f} MB and {image_seconds:.1f} s, over {frames} frames"
    assert player[2] <= image[2], note
    return note


def checks(make_browser):
    yield "memory stays flat over an hour's worth of frames", memory_is_flat, make_browser
    yield "the player takes no more memory than an <img>", lighter_than_image, make_browser
