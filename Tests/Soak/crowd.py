"""Runs the viewers with load-generator, and reads its progress reports."""

import json
import subprocess
import threading
import time

WRONGS = ("torn", "foreign", "past", "broken", "disordered", "mistimed", "malformed")


class Crowd:
    """Groups of viewers, each a tuple (number of viewers, bytes per second, seconds to stay, camera, address).

    A rate or a time of 0 means no limit.
    """

    def __init__(self, program, groups, seed):
        self.groups = groups
        self._lock = threading.Condition()
        self._state, self._result = None, None
        self.seen = []                  # the lines that load-generator has printed about wrong frames
        arguments = []
        for count, rate, stay, camera, address in groups:
            limit = (f":{rate}" if rate else "") + (f"~{stay}" if stay else "")
            arguments.append(f"{count}{limit}{camera}={address}")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", program, "--seconds", "1000000", "--retry", "0.1", "--progress", "0.05",
             "--seed", str(seed), *arguments],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        result = ""
        for line in self.process.stdout:
            if line.startswith("{\"time\""):
                with self._lock:
                    self._state = json.loads(line)["groups"]
                    self._lock.notify_all()
            elif line.startswith("{\"wrong\""):
                self.seen.append(line.strip())
            else:
                result += line
        self._result = result

    @property
    def state(self):
        """The most recent report about each group."""
        with self._lock:
            if not self._lock.wait_for(lambda: self._state, 10):
                raise RuntimeError("load-generator has printed no report for 10 s")
            return self._state

    def total(self, what):
        return sum(group[what] for group in self.state)

    def wrongs(self):
        state = self.state
        return {wrong: sum(group[wrong] for group in state) for wrong in WRONGS}

    def oldest(self, is_slow=False):
        """Finds the viewer that has waited longest for a newer picture. Returns a time and the viewer's address.

        The time is when the viewer's newest picture was captured, or when the viewer connected, whichever is later.
        If `is_slow`, considers only viewers with a limited rate. If not, considers only viewers without a limit.
        """
        seen = [
            (group["oldest"], f"{spec[4]} ({group['watching']} of its {group['present']} viewers get pictures)")
            for spec, group in zip(self.groups, self.state) if bool(spec[1]) == is_slow and group["present"]]
        return min(seen, default=(time.time(), ""))

    def recovery(self, moment, least, patience, is_slow=False, age=1.0):
        """Waits until each viewer has a picture that was captured after `moment` and is younger than `age` seconds.

        Waits for at least `least` seconds. Returns the longest time after `moment` that a viewer waited for such a
        picture, that viewer's address, and whether every viewer had such a picture within `patience` seconds.
        """
        worst, where = 0.0, ""
        while True:
            now = time.time()
            oldest, address = self.oldest(is_slow)
            waited = now - max(oldest, moment)
            if waited > worst:
                worst, where = waited, address
            is_fresh = oldest > moment and now - oldest < age
            if is_fresh and now - moment >= least:
                return worst, where, True
            if now - moment > patience:
                return worst, address, False
            if self.process.poll() is not None:
                raise RuntimeError("load-generator has exited")
            with self._lock:
                self._lock.wait(1)

    def end(self):
        """Stops load-generator and returns its final report about each group."""
        self.process.terminate()
        self._reader.join(20)
        self.process.wait(5)
        return json.loads(self._result)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
