"""The event journal of the scripted server. Tests append events to it."""

import json
import select
import threading
import time

import coded

BOX = [80.0, 60.0, 160.0, 120.0]


class ScriptedJournal:
    """A journal with one file, of which it keeps the lines and their places."""

    def __init__(self):
        self.changed = threading.Condition()
        self.file = int(time.time() * 1000)
        self.lines = []                 # (offset of the line, offset after it, type, text)
        self.end = 60
        self.streams = 0
        self.is_held = False            # whether a proxy holds back everything that is sent
        self.pictures = set()           # the IDs of objects that have a picture

    def append(self, kind, name, camera="main", label="person", start=None, end=None, **changes):
        """Appends an event of the object `name`, and returns the object's ID."""
        now = time.time()
        object_id = f"1795816090.551-{name}"
        after = {
            "id": object_id, "camera": camera, "frame_time": now, "label": label, "score": 0.8, "top_score": 0.9, "start_time": start or now,
            "end_time": (end or now) if kind == "end" else None, "box": BOX, "stationary": False, "current_zones": [], "entered_zones": [],
            "snapshot": {"frame_time": now, "box": BOX, "score": 0.9}} | changes
        self.pictures.add(object_id)
        self._append(kind, {"type": kind, "camera": camera, "time": now, "frame": 1, "before": None, "after": after, "reason": None})
        return object_id

    def append_motion(self, camera="main"):
        self._append("motion", {"type": "motion", "camera": camera, "time": time.time(), "frame": 1, "active": True})

    def _append(self, kind, record):
        text = json.dumps(record)
        with self.changed:
            self.lines.append((self.end, self.end + len(text) + 1, kind, text))
            self.end += len(text) + 1
            self.changed.notify_all()

    def after(self, offset, types):
        """Returns the lines that begin at or after an offset, and the journal's end."""
        with self.changed:
            return [line for line in self.lines if line[0] >= offset and line[2] in types], self.end


def serve_events(handler, journal, name, query):
    if name:
        object_id, _, rest = name.partition("/")
        if rest == "picture" and object_id in journal.pictures:
            handler.answer(200, "image/jpeg", coded.picture(7), {"Cache-Control": "no-cache"})
        else:
            handler.json(404, {"error": "event_not_found", "message": "There is no picture of this event."})
        return
    types = query["types"].split(",") if "types" in query else ["new", "update", "end", "motion"]
    offset = int(query["since"].split("-")[1]) if "since" in query else journal.end
    handler.close_connection = True
    journal.streams += 1
    try:
        stream(handler, journal, offset, types)
    except OSError:
        pass
    finally:
        journal.streams -= 1


def stream(handler, journal, offset, types):
    server, cuts, has_id = handler.server, handler.server.cuts, False
    held = b""

    def send(text):
        nonlocal held
        held += text.encode()
        if not journal.is_held:
            handler.connection.sendall(held)
            held = b""

    send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\nretry: 2000\n\n")
    while not server.is_cut and cuts == server.cuts:
        lines, end = journal.after(offset, types)
        for _, after, kind, text in lines:
            send(f"id: {journal.file}-{after}\nevent: {kind}\ndata: {text}\n\n")
            has_id = True
        offset = end
        if not has_id:
            send(f"id: {journal.file}-{end}\n\n")
            has_id = True
        with journal.changed:
            journal.changed.wait_for(lambda: journal.end > end, 0.1)
        # The browser sends nothing more, so the connection becomes readable only when the browser closes it.
        if select.select([handler.connection], [], [], 0)[0]:
            return
