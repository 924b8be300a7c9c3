"""A server whose frames, pauses and failures are controlled by tests.

It implements the web server's HTTP API (docs/http-api.md) and serves the page. A test knows which frame the server sent
last, and can compare it with the frame on the screen.
"""

import json
import pathlib
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import coded
from scripted_controls import NO_CONTROLS
from scripted_events import serve_events

HTML = pathlib.Path(__file__).resolve().parents[2] / "html"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Camera:
    """A camera of the scripted server. A test publishes its pictures."""

    def __init__(self, name, width, height):
        self.name = name
        self.width = width
        self.height = height
        self.changed = threading.Condition()
        self.number = int(time.time() * 1000)
        self.picture = b""
        self.taken = 0.0
        self.state = "live"
        self.reason = ""
        self.viewers = 0
        self.lag = 0.0
        self.repeats_after = 4      # in seconds, or None to send the newest picture only once
        self.clock_offset = 0.0

    def publish(self, picture):
        """Publishes a picture and returns its frame number."""
        with self.changed:
            self.number += 1
            self.picture = picture
            self.taken = time.time() - self.lag + self.clock_offset
            self.state, self.reason = "live", ""
            self.changed.notify_all()
            return self.number

    def go_offline(self, state, reason):
        with self.changed:
            self.state, self.reason = state, reason
            self.changed.notify_all()

    def wait_newer(self, number, seconds):
        with self.changed:
            self.changed.wait_for(lambda: self.number > number and self.picture, seconds)
            return self.number, self.picture, self.taken

    def is_due(self, sent):
        """Returns whether a picture that was last sent at the time `sent` must be sent again."""
        return self.repeats_after is not None and time.time() - sent >= self.repeats_after

    @property
    def status(self):
        return {
            "camera": self.name, "state": self.state, "reason": self.reason, "online": self.state == "live",
            "frame_id": self.number, "age_ms": round((time.time() - self.taken) * 1000), "width": self.width,
            "height": self.height, "fps": {"asked": 30, "captured": 30}, "viewers": self.viewers,
            "bytes_per_frame": len(self.picture), "restarts": 0, "counters": {}, "clock_offset_ms": self.clock_offset * 1000,
            "source": {"kind": "pattern", "device": "", "name": "Scripted camera", "format": "MJPG"},
        }


class ScriptedServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, cameras, address=("127.0.0.1", 0)):
        self.cameras = {camera.name: camera for camera in cameras}
        self.requests = []
        self.extra = {}
        self.is_cut = False
        self.is_full = False
        self.is_embeddable = False      # whether other origins may read the responses
        self.clock_error = 0.0
        self.cuts = 0
        self.controls = {}
        self.is_live = True             # whether the detector also looks at frames in real time
        self.live = []                  # what the detector's status says about each camera
        self.results = {}               # for each camera: a function that returns a frame's results, or None
        self.journal = None             # the ScriptedJournal, if the detector writes events
        self.detections = None          # the predictions for every picture, or None if there is no detector
        super().__init__(address, Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def end_streams(self):
        """Ends all open streams. New ones can be opened at once."""
        self.cuts += 1

    @property
    def port(self):
        return self.server_address[1]

    def handle_error(self, request, client_address):
        """Prints nothing: a viewer that disconnects is not an error."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def end_headers(self):
        if self.server.is_embeddable:
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Expose-Headers", "X-Frame-Id, X-Timestamp")
        super().end_headers()

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        self.server.requests.append(self.path)
        first, _, name = address.path.lstrip("/").partition("/")
        if self.server.is_cut:
            self.close_connection = True
        elif address.path in self.server.extra and self.server.extra[address.path] is None:
            self.json(403, {"error": "forbidden", "message": "Access denied."})
        elif address.path in self.server.extra:
            self.answer(200, "text/html; charset=utf-8", self.server.extra[address.path])
        elif address.path == "/detect/status" and self.server.detections is not None:
            self.json(200, {"state": "ready", "ready": True, "journal": {} if self.server.journal else None} | ({"live": self.server.live} if self.server.is_live else {}))
        elif address.path == "/detect/status":
            self.json(200, {"state": "unavailable", "ready": False, "error": "model_missing", "message": "No model is installed."})
        elif first == "controls":
            self.controls(self.server.controls.get(name, NO_CONTROLS))
        elif first in ("video", "snapshot", "status"):
            self.camera_request(first, name, query)
        elif first == "events" and self.server.journal:
            serve_events(self, self.server.journal, name, query)
        elif first in ("detect_stream", "detect_snapshot", "detect_objects"):
            self.detector_request(first, name, query)
        else:
            self.file(address.path)

    def controls(self, controls):
        if controls:
            self.json(*controls.get())
        else:
            self.json(404, {"error": "not_found", "message": "There is nothing here."})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/detect_once" or self.server.detections is None:
            self.json(404, {"error": "not_found", "message": "There is nothing here."})
            return
        self.json(200, {
            "success": True, "predictions": self.server.detections, "frame": {"width": coded.WIDTH, "height": coded.HEIGHT},
            "model": {"name": "scripted", "input": [416, 320]}, "inferenceMs": 1,
            "timing": {"inference_ms": 1.0, "process_ms": 1.0}})

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        first, _, name = self.path.lstrip("/").partition("/")
        if self.server.is_cut:
            self.close_connection = True
        elif first == "controls" and self.server.controls.get(name) and self.headers.get("Content-Type") == "application/json":
            self.json(*self.server.controls[name].put(json.loads(body)))
        else:
            self.json(404, {"error": "not_found", "message": "There is nothing here."})

    def detector_request(self, kind, name, query):
        results = self.server.results.get(name)
        if kind == "detect_objects" and results:
            self.json(200, {"objects": []})
        elif kind == "detect_stream":
            self.camera_request("video", name, query, results or self.NO_DETECTOR)
        elif results:
            self.camera_request("snapshot", name, query, results)
        else:
            self.json(503, {"error": "camera_offline", "message": self.NO_DETECTOR})

    NO_DETECTOR = "the detector is not running, or is off for this camera"

    def camera_request(self, kind, name, query, results=None):
        cameras = self.server.cameras
        if kind == "status":
            now = {"now": time.time() + self.server.clock_error}
            if not name:
                self.json(200, now | {"cameras": [camera.status for camera in list(cameras.values())]})
            elif name in cameras:
                self.json(200, now | cameras[name].status)
            else:
                self.json(404, {"error": "unknown_camera", "message": f"There is no camera “{name}”."})
            return
        camera = cameras.get(name or next(iter(cameras), ""))
        if not camera:
            self.json(404, {"error": "unknown_camera", "message": f"There is no camera “{name}”."})
        elif kind == "video" and self.server.is_full:
            self.json(503, {"error": "too_many_viewers", "message": "There are 2000 viewers already."})
        elif kind == "video":
            self.stream(camera, query, results)
        elif camera.state != "live":
            self.json(503, {"error": "camera_offline", "camera": camera.name, "message": camera.reason})
        else:
            number, picture, taken = camera.wait_newer(0, 5)
            picture = self.with_results(picture, results)
            taken += self.server.clock_error
            self.answer(200, "image/jpeg", picture, {"X-Frame-Id": number, "X-Timestamp": f"{taken:.6f}", "ETag": f'"{number}"'})

    @staticmethod
    def with_results(picture, results):
        """Returns the picture. If there is a detector, its results are inserted after the picture's start marker."""
        return picture[:2] + results() + picture[2:] if callable(results) else picture

    def stream(self, camera, query, results=None):
        """Sends a camera's pictures. `results` is a detector's function, or the reason why there is no detector."""
        accept = self.headers.get("Accept", "")
        advance = query.get("advance_headers", str(int(accept.startswith(("image/", "text/html"))))) == "1"
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        camera.viewers += 1
        try:
            self.wfile.write(b"--frame\r\n" + (b"Content-Type: image/jpeg\r\n\r\n" if advance else b""))
            number, last_outage, sent, cuts = 0, "", 0.0, self.server.cuts
            while not self.server.is_cut and cuts == self.server.cuts:
                newest, picture, taken = camera.wait_newer(number, 0.3)
                outage = ""
                reason = camera.reason if camera.state != "live" else results if isinstance(results, str) else ""
                if reason:
                    picture, outage = coded.picture(4095), f"X-Oriel-Offline: {reason}\r\n"
                else:
                    picture = self.with_results(picture, results)
                if not picture or ((newest, outage) == (number, last_outage) and not camera.is_due(sent)):
                    continue
                number, last_outage, sent = newest, outage, time.time()
                if advance:
                    self.wfile.write(picture + b"\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n")
                else:
                    head = (
                        f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n"
                        f"X-Timestamp: {taken + self.server.clock_error:.6f}\r\nX-Frame-Id: {number}\r\n{outage}\r\n"
                    )
                    self.wfile.write(head.encode() + picture + b"\r\n--frame\r\n")
        except OSError:
            pass
        finally:
            camera.viewers -= 1

    def file(self, path):
        name = (path.lstrip("/") or "index.html")
        file = HTML / name
        if ".." in name or not file.is_file():
            self.json(404, {"error": "not_found", "message": "There is nothing here."})
            return
        self.answer(200, TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes(), {"Content-Security-Policy": POLICY})

    def json(self, status, value):
        self.answer(status, "application/json", json.dumps(value).encode())

    def answer(self, status, kind, body, headers=None):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)
