"""Runs the system with 50 viewers and random faults, and checks what the viewers see."""

import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import signal
import sys
import time
import traceback

import census
from asking import Asking
from crowd import WRONGS, Crowd
from faults import Faults
from system import CAMERAS, ROOT, System

BOUND = 3.0                             # all viewers must see fresh pictures within this many seconds after a fault
PATIENCE = 20.0                         # seconds after which this program no longer waits for fresh pictures
CALM_DAY = 32.0                         # the allowed growth of a process in a run without faults, in MiB per day
# For parts that handle pictures and requests of all sizes, the allowed growth is in KiB over the whole run, since their
# heap varies by several hundred KiB.
CALM_RUN = {"nginx-web-worker": 1024, "nginx-ingest-worker": 1024, "detect-fcgi": 1024}
# The allowed growth of a process from before the faults to after them, without viewers: (descriptors, threads, KiB).
# malloc keeps the memory that the busiest moment needed. In ten minutes, a leak of one picture per fault would add up
# to ten times the allowed memory.
TOLERANCE = (0, 0, 6144)
RESULTS = 16384                         # how much detect-fcgi stores at most, in KiB: results and their pictures


def groups_of(system, is_hasty=False):
    """Returns groups of viewers, fifty in all, at both servers. Some stay, others come and go. Some are slow.
    If `is_hasty`, every viewer stays for only one second.
    """
    web, ingest = system.address("/video/"), system.address("/mjpeg/")
    groups = [
        (9, 0, 0, "@main", web + "main"), (6, 0, 8, "@main", web + "main"), (2, 300000, 0, "@main", web + "main"),
        (1, 60000, 20, "@main", web + "main"), (4, 0, 0, "@main", ingest + "main"), (2, 0, 5, "@main", ingest + "main"),
        (6, 0, 0, "@door", web + "door"), (5, 0, 8, "@door", web + "door"), (1, 150000, 0, "@door", web + "door"),
        (3, 0, 6, "@door", ingest + "door"),
        (4, 0, 0, "%hall", web + "hall"), (3, 0, 8, "%hall", web + "hall"), (1, 300000, 0, "%hall", web + "hall"),
        (2, 0, 0, "%hall", ingest + "hall"), (1, 0, 3, "%hall", ingest + "hall"),
    ]
    return [(*group[:2], 1, *group[3:]) for group in groups] if is_hasty else groups


class Soak:
    def __init__(self, given):
        self.given, self.began = given, time.monotonic()
        self.failures = []
        self.recoveries = collections.defaultdict(list)     # by kind of fault: (seconds, description)
        self.worst_load = 0.0
        self.system = self.crowd = self.asking = self.sampler = None

    def say(self, words):
        print(f"{time.monotonic() - self.began:7.1f}  {words}", flush=True)

    def fail(self, words):
        self.failures.append(words)
        self.say(f"FAIL  {words}")

    def load(self):
        """Returns the load average per core."""
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        self.worst_load = max(self.worst_load, load)
        return load

    def bound(self):
        """Returns how long a recovery may take, in seconds: more than BOUND if the load is above two per core."""
        return BOUND * max(1.0, self.load() / 2)

    # ---- phases

    def start(self):
        given = self.given
        self.system = System(pathlib.Path(given.programs).resolve(), given.seed)
        self.say(f"started, prefix {self.system.prefix}, ports {self.system.web_port} and {self.system.ingest_port}")
        self.detects = b'"ready":true' in self.system.request("GET", "/detect/status")[2].replace(b" ", b"")
        if not self.detects:
            self.say("detection is not tested: to test it, install ONNX Runtime with scripts/get-detector --runtime-only")

    def come(self, is_hasty=False):
        self.crowd = Crowd(
            str(pathlib.Path(self.given.programs) / "load-generator"), groups_of(self.system, is_hasty), self.given.seed)
        worst, where, is_fresh = self.crowd.recovery(time.time(), 1, 60)
        if not is_fresh:
            raise RuntimeError(f"not all viewers see pictures: {where}\n{self.system.output}")

    def warm_up(self):
        """Triggers every kind of growth that occurs only once. Then measures all processes while there are no viewers."""
        self.come()
        asking = Asking(self.system, 0, self.detects)
        self.fill_detector()
        for _ in range(2):              # make each camera unavailable until viewers get an outage picture
            for camera in CAMERAS:
                self.system.set_faults(camera, "unplug")
            for pid in self.system.processes()["capture-hall"]:
                self.system.send(signal.SIGSTOP, pid)
            time.sleep(3)
            self.system.resume()
            for camera in CAMERAS:
                self.system.set_faults(camera, "")
            time.sleep(self.given.warm_up / 2)
        asking.close()
        self.crowd.end()
        if self.given.calm:
            self.hasten()
        self.rest()
        self.fresh = census.census(self.system)

    def hasten(self):
        """Lets many viewers come and go quickly, so that the memory that malloc keeps reaches its maximum."""
        self.come(is_hasty=True)
        asking = Asking(self.system, 0, self.detects, pause=0.05)
        time.sleep(min(120, self.given.minutes * 15))
        asking.close()
        self.crowd.end()

    def fill_detector(self):
        """Fills detect-fcgi's store of results, so that its memory does not grow later."""
        deadline = time.monotonic() + 20
        for number in range(500 if self.detects else 0):
            self.system.request("POST", f"/detect_once/{('main', 'hall')[number % 2]}", headers={"Host": "localhost"})
            if time.monotonic() > deadline:
                break

    def rest(self):
        """Waits until neither server has viewers."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                answers = [json.loads(self.system.request("GET", "/status", port)[2])
                           for port in (self.system.web_port, self.system.ingest_port)]
                if all(camera["viewers"] == 0 for answer in answers for camera in answer["cameras"]):
                    break
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                pass                    # a worker is being restarted
            time.sleep(0.2)
        else:
            self.fail("30 s after the last viewer left, the status still counts viewers")
        time.sleep(2.5)                 # until idle connections between the servers are closed

    def prove_eyes(self):
        """Injects wrong pictures. If load-generator did not detect them, its other results would prove nothing."""
        self.system.set_faults("main", "tear=1 foreign=1 past=1")
        deadline = time.monotonic() + 10
        wanted = ("torn", "foreign", "past", "mistimed")
        staying = [index for index, group in enumerate(self.crowd.groups) if group[3:4] == ("@main",) and not group[1]]
        while not all(any(self.crowd.state[index][wrong] for index in staying) for wrong in wanted):
            if time.monotonic() > deadline:
                self.fail(f"injected wrong pictures were not detected: {self.crowd.wrongs()}")
                break
            time.sleep(0.1)
        self.system.set_faults("main", "")
        time.sleep(2)                   # until slow viewers have received the wrong pictures
        self.planted = {}
        while self.planted != (now := self.crowd.wrongs()):
            self.planted = now
            time.sleep(3)
        self.say("a torn, a foreign and an old picture were injected and detected: " + ", ".join(
            f"{count} {wrong}" for wrong, count in self.planted.items() if count))
        self.crowd.seen.clear()

    def disturb(self, seconds):
        faults, chance = Faults(self.system, random.Random(self.given.seed), self.given.only), random.Random(self.given.seed + 1)
        deadline, number = time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            kind, words, action = faults.choose()
            is_watched, pause = chance.random() < 0.75, chance.uniform(0.2, 2)
            number += 1
            action()
            moment = time.time()
            if not is_watched and time.monotonic() < deadline - 5:
                self.say(f"{number:4} {words}; the next fault follows immediately")
                time.sleep(pause / 2)
                continue
            self.watch(number, kind, words, moment)
            time.sleep(pause)
        self.system.resume()
        self.faults = number

    def watch(self, number, kind, words, moment):
        worst, where, is_fresh = self.crowd.recovery(moment, 1.5, PATIENCE)
        self.recoveries[kind].append((worst, words))
        bound = self.bound()
        outcome = "all viewers had fresh pictures" if is_fresh else "some viewers had no fresh picture"
        line = f"{number:4} {words}: {outcome} after {worst:.2f} s"
        if worst > 0.7:
            line += f" at {where}"
        if worst > BOUND:
            line += f", load {self.load():.1f} per core"
        self.say(line)
        if not is_fresh:
            self.fail(f"fault {number}, {words}: some viewers have no fresh picture after {PATIENCE:.0f} s: {where}")
            self.report_state()
        elif worst > bound:
            self.fail(f"fault {number}, {words}: all viewers had fresh pictures only after {worst:.2f} s, "
                      f"more than the allowed {bound:.1f} s: {where}")

    def report_state(self):
        for port in (self.system.ingest_port, self.system.web_port):
            try:
                answer = json.loads(self.system.request("GET", "/status", port, patience=5)[2])
                self.say(f"      :{port} " + json.dumps([
                    {name: camera.get(name) for name in ("camera", "state", "reason", "age_ms", "viewers")}
                    for camera in answer["cameras"]]))
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.say(f"      :{port} {error!r}")

    def stay_calm(self, seconds):
        self.sampler = census.Sampler(self.system)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(min(30, max(0.1, deadline - time.monotonic())))
            self.say(f"{self.crowd.total('checked')} frames, {self.crowd.total('present')} of 50 viewers are connected")
        self.sampler.close()

    def finish(self):
        # A picture needs several seconds to reach the slowest viewer.
        worst, where, is_fresh = self.crowd.recovery(time.time(), 1.5, 60, is_slow=True, age=8)
        if not is_fresh:
            self.fail(f"a slow viewer got no recent picture: {where}")
        self.asking.close()
        self.wrongs = {wrong: count - self.planted.get(wrong, 0) for wrong, count in self.crowd.wrongs().items()}
        self.state = self.crowd.state
        self.result = self.crowd.end()
        for wrong, count in self.wrongs.items():
            if count:
                self.fail(f"{count} {wrong} frames")
        for line in self.crowd.seen[:20]:
            self.say(f"      {line}")
        for words in self.asking.wrongs[:20]:
            self.fail(words)
        if self.system.process.poll() is not None:
            self.fail(f"scripts/run has exited:\n{self.system.output[-2000:]}")
            return
        self.rest()
        self.compare()

    def compare(self):
        """Compares the resources that each process uses now with what it used before the faults, without viewers."""
        deadline = time.monotonic() + 10
        while True:
            found, wrong = census.census(self.system), []
            for part, fresh in self.fresh.items():
                now = found.get(part)
                if not now:
                    wrong.append(f"{part} is no longer running")
                    continue
                if now[0] != fresh[0]:
                    wrong.append(f"{part}: {now[0]} processes instead of {fresh[0]}")
                for name, before, after, most in zip(census.MEASURES, fresh[1:], now[1:], TOLERANCE):
                    if part == "detect-fcgi" and name == "memory":
                        most += RESULTS
                    if after > before + most:
                        wrong.append(f"{part}: {name} without viewers: {after} instead of {before}" + (" KiB" if most > 9 else ""))
            if not wrong or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        self.rested = found
        for part, fresh in sorted(self.fresh.items()):
            now = found.get(part, (0, 0, 0, 0))
            self.say(f"at rest  {part:20} {fresh[1]:3} -> {now[1]:3} descriptors, {fresh[2]:2} -> {now[2]:2} threads, "
                     f"{fresh[3]:6} -> {now[3]:6} KiB")
        for words in wrong:
            self.fail(words)

    def tell_slopes(self):
        """Reports how memory and descriptors changed over time. A significant growth per day is a failure."""
        least = self.given.minutes * 60 * 0.5
        told = []
        for part, pid, seconds, rises, course in self.sampler.slopes(self.given.minutes * 60 * 0.2, least):
            (memory, width), (descriptors, wide), (threads, _) = rises["memory"], rises["descriptors"], rises["threads"]
            day = memory * 24 / 1024
            self.say(f"slope  {part:20} {memory:+9.0f} ± {width:.0f} KiB/h ({day:+.1f} MiB a day, {course[0]} to {course[-1]} KiB), "
                     f"{descriptors:+.2f} ± {wide:.2f} descriptors/h, over {seconds:.0f} s")
            told.append({"part": part, "pid": pid, "seconds": seconds, "memory_kib_per_hour": memory,
                         "memory_confidence": width, "memory_kib": course,
                         "descriptors_per_hour": descriptors, "descriptors_confidence": wide})
            grown = (memory - width) * seconds / 3600
            if grown > CALM_RUN[part] if part in CALM_RUN else memory > width and day > CALM_DAY:
                self.fail(f"{part} grows by {memory:.0f} ± {width:.0f} KiB/h: {day:.0f} MiB a day")
            if descriptors > wide and descriptors * 24 > 200:
                self.fail(f"{part} opens {descriptors:.1f} ± {wide:.1f} more descriptors per hour than it closes")
        if not told:
            self.fail("no process ran long enough to compute a slope")
        return told

    # ---- the whole run

    def run(self):
        given = self.given
        self.say(f"seed {given.seed}, {given.minutes:g} minutes{', calm' if given.calm else ''}, load average {os.getloadavg()[0]:.1f}")
        self.start()
        self.warm_up()
        self.come()
        self.prove_eyes()
        self.asking = Asking(self.system, given.seed, self.detects)
        self.faults, slopes = 0, None
        if given.calm:
            self.stay_calm(given.minutes * 60)
        else:
            self.disturb(given.minutes * 60)
        self.finish()
        if given.calm:
            slopes = self.tell_slopes()
        self.summarise(slopes)

    def summarise(self, slopes):
        restarts = self.system.output.count("; restarting")
        checked = sum(group["checked"] for group in self.result)
        summary = {
            "seed": self.given.seed, "minutes": self.given.minutes, "calm": self.given.calm, "faults": self.faults,
            "frames": checked, "wrong": self.wrongs, "connections_cut": sum(group["cuts"] for group in self.result),
            "outage_pictures": sum(group["told"] for group in self.result), "restarts": restarts,
            "answers": {str(status): count for status, count in self.asking.answers.items()},
            "worst_recovery": {kind: round(max(seen)[0], 3) for kind, seen in sorted(self.recoveries.items())},
            "load_per_core": round(self.worst_load, 2), "at_rest": {"start": self.fresh, "end": getattr(self, "rested", {})},
            "slopes": slopes, "failures": self.failures,
        }
        for kind, seen in sorted(self.recoveries.items()):
            worst, words = max(seen)
            self.say(f"worst of {len(seen):2}  {kind:22} {worst:5.2f} s  ({words})")
        self.say(f"{checked} frames checked at 50 viewers, {summary['connections_cut']} connections cut, "
                 f"{summary['outage_pictures']} outage pictures, {restarts} restarts by scripts/run, "
                 f"{sum(self.asking.answers.values())} requests")
        self.say(", ".join(f"{self.wrongs[wrong]} {wrong}" for wrong in WRONGS))
        if self.given.json:
            pathlib.Path(self.given.json).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")

    def close(self):
        for part in (self.sampler, self.asking):
            if part:
                part._is_over.set()
        if self.crowd:
            self.crowd.close()
        if self.system:
            if self.failures and self.given.keep:
                self.system.keep_logs(self.given.keep)
            for words in self.system.close():
                self.fail(f"the system left something behind: {words}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=10, help="how long faults are injected, in minutes (default: 10)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the faults of the run with this seed")
    parser.add_argument("--only", metavar="KIND", action="append", help="inject only faults of this kind, such as 'kill worker'")
    parser.add_argument("--calm", action="store_true", help="inject no faults, but measure how memory and descriptors change over time")
    parser.add_argument("--json", metavar="FILE", help="write the results to this file")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the logs in this folder if the run fails")
    parser.add_argument("--programs", default=os.environ.get("ORIEL_BIN_DIR") or ROOT / ".build/release", help=argparse.SUPPRESS)
    parser.add_argument("--warm-up", type=float, default=8, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not 0 < given.minutes <= 10000:
        parser.error("minutes must be above 0 and at most 10000")
    given.seed = random.SystemRandom().randrange(1, 1 << 31) if given.seed is None else given.seed

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    soak = Soak(given)
    status = 0
    try:
        soak.run()
    except KeyboardInterrupt:
        status = 130
    except Exception as error:      # report any error, and stop the system
        traceback.print_exc()
        soak.fail(f"{type(error).__name__}: {error}")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        soak.close()
    if soak.failures:
        soak.say(f"FAILED, {len(soak.failures)} failures; scripts/soak {given.minutes:g} --seed {given.seed} "
                 "injects the same faults")
        status = status or 1
    elif not status:
        soak.say("passed")
    sys.exit(status)


main()
