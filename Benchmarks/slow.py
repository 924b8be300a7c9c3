"""Row 4: viewers on a slow line, and those beside them."""
from frame.figures import Result, ratio

NAME = "Slow viewers"
RATE = 300_000
MOMENTS = (5, 15, 30)


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    fast, slow = context.count(90, 4), context.count(10, 2)
    length = context.seconds(31, 12, 1.5)
    curves = {}

    def beside(with_slow):
        def once():
            with context.oriel() as system:
                groups = [f"{fast}={system.url}"] + ([f"{slow}:{RATE}={system.url}"] if with_slow else [])
                return context.watch(*groups, seconds=context.seconds(2.5, 2), warmup=0.8)["groups"][0]
        return once

    def long_run():
        with context.oriel() as ours, context.ustreamer() as theirs:
            groups = [f"{number}={system.url}" for system in (ours, theirs) for number in (fast, f"{slow}:{RATE}")]
            return context.watch(*groups, seconds=length, warmup=0.2, ramp=2000)["groups"]

    # Half a minute each: three of them show it, with ten slow viewers in each.
    measured = context.alternate(result, [("long", long_run)], rounds=min(3, context.rounds))
    measured |= context.alternate(result, [("without", beside(False)), ("with", beside(True))])
    for name, place in (("Oriel", 0), ("µStreamer + nginx", 2)):
        runs = [groups[place + 1] for groups in measured.get("long", [])]
        for moment in MOMENTS:
            result.add(name, f"age after {moment} s", [age_at(group, moment) for group in runs], "s")
        result.add(
            name, "fewest frames a second of the fast", [groups[place]["fewest_fps"] for groups in measured.get("long", [])], "")
        by_second = {}
        for group in runs:
            for second, age in group["by_second"]:
                by_second.setdefault(second, []).append(age)
        curves[name] = [[second, sorted(ages)[len(ages) // 2]] for second, ages in sorted(by_second.items())]
    alone = [group["p99"] * 1000 for group in measured.get("without", [])]
    crowded = [group["p99"] * 1000 for group in measured.get("with", [])]
    result.add("Oriel", "fast p99, no slow ones", alone, "ms")
    result.add("Oriel", "fast p99, 10 slow ones", crowded, "ms")
    result.target("age that a slow viewer sees after 30 s", result.median("Oriel", "age after 30 s"), 2.5, "s")
    growth = [late - early for late, early in zip(
        result.values("Oriel", "age after 30 s"), result.values("Oriel", "age after 15 s"))]
    result.target("its growth from 15 s to 30 s", sorted(growth)[len(growth) // 2] if growth else None, 0.2, "s")
    result.target("fast viewers' p99 to the run without slow ones", ratio(crowded, alone), 1.2)
    result.plot("slow", "Age of what a viewer at 300 kB/s sees", "seconds since it came", "s", curves)
    result.note(
        "100 viewers of 720p at 30 frames a second (1.8 MB/s each), of whom 10 read 300 kB/s. The ages over 30 s are of "
        "both systems at the same time; those of fast viewers with and without slow ones are of Oriel by itself.")
    return result.as_dict()


def age_at(group, moment):
    """The median age of what arrived in the second before `moment`, or in the last one before that."""
    before = [age for second, age in group["by_second"] if moment - 3 <= second < moment]
    return before[-1] if before else None
