"""Checks that browsers show the pictures on Oriel's own page, but not on pages of other sites."""

import http.server
import shutil
import threading

from chromium import Chromium
from checking import expect
from firefox import Firefox
from system import System

PAGE = b"<!doctype html><title>Somebody else's page</title><body></body>"

# Adds an element to the page. Returns "shown", "refused", or "silent" if nothing has happened after the given seconds.
ADD = """
const [tag, address, seconds] = given;
return new Promise((resolve) => {
    const element = document.createElement(tag);
    element.onload = () => resolve('shown');
    element.onerror = () => resolve('refused');
    element.src = address;
    document.body.append(element);
    setTimeout(() => resolve(element.naturalWidth > 0 ? 'shown' : 'silent'), seconds * 1000);
});
"""
READ = "return fetch(given[0]).then(() => 'read', () => 'refused')"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def embed(browser, system, foreign):
    # Oriel's page is at 127.0.0.1. A page at 127.0.0.1 with another port has another origin but belongs to the same
    # site. A page at localhost belongs to another site.
    for host in ("127.0.0.1", "localhost"):
        browser.open(f"http://{host}:{foreign}/")
        for path in ("/snapshot", "/video", "/video?advance_headers=1"):
            outcome = browser.run(ADD, "img", system.address + path, 3)
            assert outcome in ("refused", "silent"), (host, path, outcome)
        expect(browser.run(ADD, "img", system.address + "/snapshot", 20), "refused", f"a snapshot on a page from {host}")
        for path in ("/snapshot", "/status", "/app.js"):
            expect(browser.run(READ, system.address + path), "refused", f"a script from {host} that reads {path}")
    expect(system.get("/")[0]["Cross-Origin-Opener-Policy"], None, "Cross-Origin-Opener-Policy, about which browsers warn without TLS")
    browser.open(system.address + "/")
    expect(browser.run(ADD, "img", "/snapshot", 20), "shown", "a snapshot on Oriel's own page")
    expect(browser.run(READ, "/status"), "read", "the status on Oriel's own page")


def run(report):
    sentence = "a foreign page cannot show the pictures or read anything"
    if not report.wants(sentence):
        return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with System("main=pattern", size="320x240") as system:
            for make_browser in [Chromium] + ([Firefox] if shutil.which("firefox-esr") or shutil.which("firefox") else []):
                with make_browser() as browser:
                    report.run(f"{browser.name}: {sentence}", embed, browser, system, server.server_port)
    finally:
        server.shutdown()
