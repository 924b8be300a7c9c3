"""The controls of a scripted camera, in the format of docs/controls.md. The camera changes or refuses some values."""

import copy
import math
import threading
import time


def integer(name, description, minimum, maximum, default, **more):
    return {"name": name, "description": description, "type": "integer", "minimum": minimum, "maximum": maximum, "step": 1,
            "default": default, "value": default, "choices": {}, "read_only": False, "inactive": False} | more


def other(kind, name, description, default, **more):
    return integer(name, description, 0, 1, default) | {"type": kind} | more


class NoControls:
    """The response of a server that does not offer controls."""

    def get(self):
        return 200, {"controls": []}


NO_CONTROLS = NoControls()


class ScriptedControls:
    """The controls of a camera that behaves in three special ways.

    It reduces odd values of contrast by one and refuses changes of sharpness. Its exposure time is inactive unless auto
    exposure is set to manual.
    """

    def __init__(self, camera="main"):
        self.camera = camera
        self.lock = threading.Lock()
        self.delay = 0.0
        self.may_answer = threading.Event()     # responses to reads wait until this is set
        self.may_answer.set()
        self.changes = []
        self.maximum_answered = math.inf        # how many changes are answered; further responses wait
        self.running = self.maximum_running = self.asked = 0
        self.refusal = None
        self.controls = [
            integer("brightness", "Brightness", 0, 255, 128),
            integer("contrast", "Contrast", 0, 254, 64, step=2),
            integer("sharpness", "Sharpness", 0, 6, 3),
            other("menu", "auto_exposure", "Auto Exposure", 3, minimum=0, maximum=3,
                  choices={"1": "Manual Mode", "3": "Aperture Priority Mode"}),
            integer("exposure_time_absolute", "Exposure Time, Absolute", 3, 2047, 250, inactive=True),
            other("boolean", "horizontal_flip", "Horizontal Flip", 0),
            other("bitmask", "leds", "LEDs", 0, maximum=0x80000000),
            other("button", "do_white_balance", "Do White Balance", 0, value=None),
            integer("temperature", "Sensor Temperature", -20, 100, 41, read_only=True),
            other("other", "serial", "Serial Number", None, value="A-17", read_only=True),
        ]

    def __getitem__(self, name):
        return next(control for control in self.controls if control["name"] == name)

    @property
    def answer(self):
        sizes = [{"size": "1280x720", "fps": [30, 15]}, {"size": "640x480", "fps": [30, 29.97, 7.5]}]
        return {
            "camera": self.camera, "device": {"path": "/dev/video0", "name": "Scripted camera", "driver": "scripted"},
            "now": {"format": "MJPG", "size": "1280x720", "fps": 30}, "controls": self.controls,
            "formats": [
                {"format": "MJPG", "fourcc": "MJPG", "description": "Motion-JPEG", "usable": True, "sizes": sizes},
                {"format": "YUYV", "fourcc": "YUYV", "description": "YUYV 4:2:2", "usable": True,
                 "sizes": [{"smallest": "48x32", "largest": "1920x1080", "step": "8x8", "fps": {"slowest": 1, "fastest": 60}}]},
                {"format": "H264", "fourcc": "H264", "description": "H.264", "usable": False, "sizes": sizes[:1]},
            ],
        }

    def get(self):
        """Reads the values, waits until `may_answer` is set, and then returns the status and the body."""
        with self.lock:
            self.asked += 1
            answer = self.refusal or (200, copy.deepcopy(self.answer))
        self.may_answer.wait(60)
        return answer

    def put(self, changes):
        """Applies changes, and returns the status and the body of the response."""
        with self.lock:
            self.running += 1
            self.maximum_running = max(self.maximum_running, self.running)
            self.changes.append(changes)
            place = len(self.changes)
        time.sleep(self.delay)
        while place > self.maximum_answered:
            time.sleep(0.01)
        try:
            if self.refusal:
                return self.refusal
            if "*" in changes:
                for control in self.controls:
                    if not control["read_only"] and control["type"] != "button":
                        control["value"] = control["default"]
                changes = {}
            results = [self._set(self[name], value) for name, value in changes.items()]
            self["exposure_time_absolute"]["inactive"] = self["auto_exposure"]["value"] != 1
            return 200, self.answer | {"results": results}
        finally:
            with self.lock:
                self.running -= 1

    def _set(self, control, asked):
        wanted, message = control["default"] if asked is None else asked, ""
        if control["name"] == "sharpness":
            wanted, message = control["value"], "The camera refuses sharpness=" + str(asked) + ": Input/output error."
        if control["name"] == "contrast":
            wanted -= wanted % 2
        if control["type"] != "button":
            control["value"] = int(wanted)
        return {"name": control["name"], "asked": asked, "value": control["value"], "message": message}
