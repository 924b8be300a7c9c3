"""Row 2: how many viewers this machine can serve."""
from frame import load
from frame.figures import Failed, Result, pick

NAME = "Maximum number of viewers at 30 frames per second"
STEPS = [25, 50, 100, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1200, 1400, 1600, 2000, 2400, 3000]
FEW = [1, 2, 3, 4, 6, 8, 12, 16]
WORST = 29.0
COLUMN = f"viewers with at least {WORST:.0f} frames per second each"


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    found = context.alternate(result, [
        *((name, Climb(context, make)) for name, make in context.builds()),
        ("µStreamer + nginx", Climb(context, context.ustreamer))])
    if context.has_python:
        found |= context.alternate(result, [("bare HTTP server", Climb(context, context.bare))], rounds=1)
        pair = Climb(context, context.python_pair, FEW, 2, worst=9.0, probes=False)
        found |= context.alternate(result, [("Python pair, both hops", pair)], rounds=1)
    else:
        context.leave_python_out(result)
        result.leave_out("bare HTTP server", result.absent["Python pair"])
    for name, rounds in found.items():
        result.add(name, COLUMN, pick(rounds, lambda best: best["viewers"]), "")
    for name, rounds in found.items():
        for title, key, unit in (
            ("lowest frames per second of these viewers", "fewest", ""), ("age p99 of their frames", "p99", "ms")):
            result.add(name, title, pick(rounds, lambda best, key=key: best[key]), unit, is_compared=False)
    result.target("Oriel's viewers", "Oriel", COLUMN, 1000, "", at_least=True)
    bars = {name: result.median(name, COLUMN) for name in result.figures}
    result.plot("most", "Maximum number of viewers of 720p at 30 frames per second", "", "viewers", bars, "bars")
    result.note(
        "Everything runs on this machine, including the load generator. A step is a number of viewers. A system "
        "passes a step if, for three seconds, no connection was closed, every picture was correct, and every viewer "
        "received at least 29 frames per second. The figure is the highest step that the system passed. In the first "
        "round, each system "
        "starts with 100 viewers and tries one step after another, for 1.5 seconds each. It then has to pass the "
        "last step for the full time. Each later round starts at the result of the previous round. The last two "
        "columns have no ratios, because they are measured at different numbers of viewers. The Python pair sends "
        "at most 15 frames per second, and fewer because of its encoding, so 9 frames per second are enough for it "
        "to pass.")
    return result.as_dict()


class Climb:
    """Finds the highest step, which is a number of viewers, that a system passes.

    Each call is one round, and returns the result of the highest step. The next round starts at that step.
    """

    def __init__(self, context, make, steps=STEPS, first=100, worst=WORST, probes=True):
        self.context, self.make, self.steps, self.worst, self.probes = context, make, steps, worst, probes
        if context.smoke:
            self.steps, self.worst = [4, 8], 1
        self.place = self.steps.index(first) if first in self.steps else 0

    def __call__(self):
        with self.make() as system:
            if self.probes:
                self.probes = False
                while self.place + 2 < len(self.steps) and self.holds(system, self.place + 2, 1.5):
                    self.place += 2
            best, failed = None, len(self.steps)
            while self.place < failed:
                held = self.holds(system, self.place, self.context.seconds(3, 3, 1))
                if held:
                    best = held
                    if self.place + 1 == failed:
                        break
                    self.place += 1
                elif best or not self.place:
                    break
                else:
                    failed, self.place = self.place, self.place - 1
            if not best:
                raise Failed(
                    f"Not every viewer of the first step (viewers: {self.steps[self.place]}) received {self.worst:.0f} "
                    "frames per second.")
            self.place = self.steps.index(best["viewers"])
            return best

    def holds(self, system, place, seconds):
        """Returns the result of a step, or None if it does not pass."""
        viewers = self.steps[place]
        ran = self.context.watch(
            f"{viewers}={system.url}", systems=[system], checks=False, seconds=seconds, warmup=0.7, ramp=1500)
        group = ran["groups"][0]
        why = load.problem(group, rate=None, is_stamped=not system.is_unstamped)
        p99 = None if group["p99"] is None else group["p99"] * 1000
        self.context.say(
            f"      {system.name}: {viewers} viewers for {seconds} s, the slowest viewer received "
            f"{group['fewest_fps']:.1f} frames per second, p99 {p99 or 0:.0f} ms {why or ''}".rstrip())
        if why or group["fewest_fps"] < self.worst:
            return None
        return {"viewers": viewers, "fewest": group["fewest_fps"], "p99": p99}
