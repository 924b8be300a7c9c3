"""Row 2: how many viewers this machine carries."""
from frame.context import Unavailable
from frame.figures import Result

NAME = "Most viewers at 30 frames a second"
STEPS = [25, 50, 100, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1200, 1400, 1600, 2000, 2400, 3000]
FEW = [1, 2, 3, 4, 6, 8, 12, 16]
WORST = 29.0


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    systems = [
        ("Oriel", Climb(context, context.oriel, STEPS, 1000)),
        ("µStreamer + nginx", Climb(context, context.ustreamer, STEPS, 200)),
    ]
    if not context.quick:
        systems.append(("bare HTTP server", Climb(context, context.bare, STEPS, 1600)))
    column = f"viewers, the worst ≥ {WORST:.0f} frames a second"
    for name, values in context.alternate(result, systems).items():
        result.add(name, column, values, "")
    pair = Climb(context, context.python_pair, FEW, 2, worst=10.0)
    pairs = [] if context.quick else [("Python pair, both hops", pair)]
    for name, values in context.alternate(result, pairs, rounds=1).items():
        result.add(name, column, values, "")
    for name, climb in systems:
        if climb.seen:
            result.add(name, "the worst viewer's frames a second", [climb.seen[-1][1]], "")
            result.add(name, "age p99 there", [climb.seen[-1][2] * 1000], "ms")
    result.target("Oriel's viewers", result.median("Oriel", column), 1000, "", at_least=True)
    bars = {name: result.median(name, column) for name in result.figures}
    result.plot("most", "Most viewers of 720p at 30 frames a second", "", "viewers", bars, "bars")
    result.note(
        "Everything, the load generator too, runs on this machine. A step counts when nobody's connection ended and the "
        "worst viewer had 29 frames a second. The Python pair makes 15 a second at most: there 10 count, in one round.")
    return result.as_dict()


class Climb:
    """Looks for the highest step that holds, from where the last round found it."""

    def __init__(self, context, make, steps, first, worst=WORST, **options):
        self.context, self.make, self.steps, self.options, self.worst = context, make, steps, options, worst
        self.place = min(range(len(steps)), key=lambda i: abs(steps[i] - first))
        self.seen = []                      # viewers, the worst one's rate, p99: of steps that held
        if context.smoke:
            self.steps, self.place = [4, 8], 0

    def __call__(self):
        with self.make(**self.options) as system:
            best = 0
            if self.holds(system):
                while True:
                    best = self.steps[self.place]
                    if self.place + 1 == len(self.steps):
                        break
                    self.place += 1
                    if not self.holds(system):
                        self.place -= 1
                        break
            else:
                while self.place > 0:
                    self.place -= 1
                    if self.holds(system):
                        best = self.steps[self.place]
                        break
        if not best:
            raise Unavailable("Not even the lowest step held.")
        return best

    def holds(self, system):
        viewers, slow = self.steps[self.place], self.worst < 20
        ran = self.context.watch(
            f"{viewers}={system.url}", seconds=4 if slow else self.context.seconds(2.2, 2, 0.5), warmup=2 if slow else 0.7, ramp=1000)
        group = ran["groups"][0]
        self.context.say(
            f"      {system.name}: {viewers} viewers, the worst {group['fewest_fps']:.1f}, p99 "
            f"{group['p99'] * 1000:.0f} ms, {group['ended']} ended")
        worst = 1 if self.context.smoke else self.worst
        holds = not group["ended"] and not group["broken"] and group["fewest_fps"] >= worst
        if holds:
            self.seen.append((viewers, group["fewest_fps"], group["p99"]))
        return holds
