"""Row 4: viewers with a slow connection, and their effect on others."""
import contextlib

from frame.figures import Result, Unavailable, median, paired, pick

NAME = "Slow viewers"
RATE = 300_000
MOMENTS = (5, 15, 30)
ESTABLISHED = 3.0       # seconds until a slow viewer's buffers are full
AS_OURS = "µStreamer + nginx, with Oriel's sndbuf"


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    fast, slow = context.count(90, 4), context.count(10, 2)
    length = context.seconds(31, 9, 1.5)
    builds = context.builds()
    systems = [
        *builds, ("µStreamer + nginx", context.ustreamer), (AS_OURS, lambda: context.ustreamer(bounded=True))]

    def together():
        """Runs all systems at the same time. Returns name → results of its [fast, slow] viewers, or a Failed."""
        with contextlib.ExitStack() as stack:
            running = {}
            for name, make in systems:
                try:
                    running[name] = stack.enter_context(make())
                except Unavailable as reason:
                    result.leave_out(name, reason)
            groups = [f"{number}={system.url}" for system in running.values() for number in (fast, f"{slow}:{RATE}")]
            seen = context.watch(
                *groups, systems=list(running.values()), checks=False, seconds=length, warmup=0.2, ramp=2000)["groups"]
            return {name: context.counted(seen[2 * i:2 * i + 2], name) for i, name in enumerate(running)}

    def beside(make, with_slow):
        def once():
            with make() as system:
                groups = [f"{fast}={system.url}"] + ([f"{slow}:{RATE}={system.url}"] if with_slow else [])
                return context.watch(
                    *groups, systems=[system], seconds=context.seconds(2.5, 2, 1),
                    warmup=context.seconds(ESTABLISHED if with_slow else 0.8, None, 0.5))["groups"][0]
        return once

    long = context.alternate(result, [("together", together)], rounds=min(3, context.rounds))["together"]
    short = context.alternate(result, [
        (f"{name}, {text}", beside(make, with_slow))
        for text, with_slow in (("without slow viewers", False), ("with 10 slow viewers", True))
        for name, make in builds])
    curves = {}
    for name, _ in systems:
        runs = pick(long, lambda seen, key=name: seen.get(key))
        for moment in MOMENTS if not context.smoke else ():
            result.add(name, f"age after {moment} s", pick(runs, lambda seen, at=moment: age_at(seen[1], at)), "s")
        result.add(name, "fewest frames per second of a fast viewer", pick(runs, lambda seen: seen[0]["fewest_fps"]), "")
        curves[name] = curve([seen[1] for seen in runs if isinstance(seen, list)])
    for name, _ in builds:
        for text in ("without slow viewers", "with 10 slow viewers"):
            result.add_p99(name, f"age p99 for fast viewers, {text}", short[f"{name}, {text}"])
    result.target("age of a slow viewer's pictures after 30 s", "Oriel", "age after 30 s", 2.5, "s")
    late, early = (result.values("Oriel", f"age after {moment} s") for moment in (30, 15))
    result.values_target(
        "growth of this age from 15 s to 30 s", paired(lambda a, b: a - b, late, early), 0.2, "s",
        reasons=result.reasons("Oriel", "age after 30 s"))
    result.ratio_target(
        "age p99 for fast viewers, compared with the run without slow viewers", "Oriel", "Oriel",
        "age p99 for fast viewers, with 10 slow viewers", 1.2,
        other_column="age p99 for fast viewers, without slow viewers")
    result.plot("slow", "Age of the pictures that a viewer at 300 kB/s receives", "seconds since the viewer connected", "s", curves)
    result.leave_out("Python pair", "it cannot serve 100 viewers (see the maximum number of viewers)")
    result.leave_out("bare HTTP server", "it only shows the cost of sending, and is not made for slow viewers")
    result.leave_out("µStreamer, age p99 for fast viewers", "the limit compares Oriel with and without slow viewers, so "
                                                           "µStreamer is not measured")
    if context.quick:
        result.leave_out("ages after 15 s and 30 s", "the short run (--quick) ends earlier than that.")
    result.note(
        "100 viewers watch 720p at 30 frames per second (1.8 MB/s each). 10 of them read only 300 kB/s. The first "
        "three columns show the age of the pictures of these slow viewers. They are measured for all systems at "
        "the same time, in at most three rounds, because a round takes half a minute. The p99 for fast viewers is "
        "measured only for Oriel, over the samples of all rounds. With slow viewers, it is measured from "
        f"{ESTABLISHED:.0f} s after the slow viewers have connected, when their buffers are full.")
    result.note(
        "nginx's send buffer (`sndbuf` of `listen`, as set in deploy/) limits the age of the pictures. The server "
        "behind nginx does not. The second row of µStreamer shows that the same `sndbuf` limits the age of its pictures "
        "too. The first row of µStreamer has no `sndbuf`, as in the configurations of PiKVM and of Klipper's distributions.")
    return result.as_dict()


def curve(groups):
    """Returns a list of [second, age]. Each age is the median of the rounds' ages in this second."""
    by_second = {}
    for group in groups:
        for second, age in group["by_second"]:
            by_second.setdefault(second, []).append(age)
    return [[second, median(ages)] for second, ages in sorted(by_second.items())]


def age_at(group, moment):
    """Returns the median age in the three seconds before `moment`. The age varies by 0.2 s from second to second."""
    before = [age for second, age in group["by_second"] if moment - 3 <= second < moment]
    return median(before) if before and group["seconds"] >= moment - 0.5 else None
