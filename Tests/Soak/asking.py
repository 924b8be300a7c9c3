"""Requests snapshots, status, the page and detection, and sends invalid requests. Does not request streams."""

import collections
import http.client
import json
import random
import threading
import time

import pictures

# The requests, each with the statuses that are correct for its response. The status 503 and failed connections are
# always allowed, because workers and nginx may be down.
REQUESTS = [
    ("GET", "/snapshot/main", {200}), ("GET", "/snapshot/door", {200}), ("GET", "/snapshot/hall", {200}),
    ("GET", "/snapshot/main?max_age=500", {200}), ("GET", "/snapshot/door?offline=picture", {200}),
    ("GET", "/status", {200}), ("GET", "/status/door", {200}), ("GET", "/healthz", {200}), ("GET", "/metrics", {200}),
    ("GET", "/", {200}), ("HEAD", "/video/main", {200}), ("POST", "/video/main", {405}), ("GET", "/video/nobody", {404}),
    ("GET", "/../../etc/passwd", {400}), ("GET", "/.git/config", {404}), ("GET", "/video/main?" + "q" * 9000, {414}),
    ("GET", "/status?" + "fps=" * 1500, {200, 400}), ("GET", "/detect/status", {200}),
]
FRESH = 2.5                             # how old a snapshot's picture may be when the request is sent, in seconds


class Asking:
    def __init__(self, system, seed, detects, pause=0.5):
        self.system, self.chance = system, random.Random(seed)
        self.wrongs = []                # a message for each wrong response
        self.answers = collections.Counter()
        self._detects, self._pause = detects, pause
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(self.chance.random(),), daemon=True) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def _run(self, seed):
        chance = random.Random(seed)
        while not self._is_over.wait(chance.uniform(self._pause / 10, self._pause)):
            if self._detects and chance.random() < 0.2:
                self._ask("POST", f"/detect_once/{chance.choice(['main', 'door', 'hall'])}", {200})
            else:
                self._ask(*chance.choice(REQUESTS))

    def _ask(self, method, path, wanted):
        began = time.monotonic()
        try:
            status, headers, body = self.system.request(method, path, headers={"Host": "localhost"})
        except TimeoutError:
            self.wrongs.append(f"{method} {path[:60]}: no response within 25 s")
            return
        except (OSError, http.client.HTTPException):
            self.answers["broken off"] += 1
            return
        self.answers[status] += 1
        if status not in wanted | {503}:
            self.wrongs.append(f"{method} {path[:60]}: {status} {body[:200]!r}")
        elif status == 200 and path.startswith("/snapshot"):
            self._check_snapshot(path, headers, body, began)
        elif status >= 400 or path.startswith(("/status", "/detect")):
            try:
                json.loads(body)
            except ValueError:
                self.wrongs.append(f"{method} {path[:60]}: {status}, but the body is not JSON: {body[:200]!r}")

    def _check_snapshot(self, path, headers, body, began):
        camera = path.split("/")[2].split("?")[0]
        if body[:2] != b"\xff\xd8" or body[-2:] != b"\xff\xd9":
            self.wrongs.append(f"{path}: an incomplete JPEG of {len(body)} bytes")
        if headers["X-Oriel-Offline"] or camera == "hall":
            return
        stamp = pictures.stamp(body)
        if not stamp:
            self.wrongs.append(f"{path}: a damaged picture, or a picture without the stamp")
        elif stamp[0] != camera:
            self.wrongs.append(f"{path}: a picture of the camera {stamp[0]}")
        elif stamp[1] < began - FRESH:
            self.wrongs.append(f"{path}: a picture that was {began - stamp[1]:.1f} s old when it was requested")

    def close(self):
        self._is_over.set()
        for thread in self._threads:
            thread.join(30)
