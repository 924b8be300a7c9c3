"""Row 10: single pictures."""
from frame.figures import Result, pick

NAME = "Snapshots"
CONNECTIONS = 16


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    asking, viewers = context.count(CONNECTIONS, 4), context.count(200, 4)

    def of(make):
        def once():
            with make() as system:
                url = getattr(system, "snapshot_url", None) or f"{system.ingest_url}/snapshot"
                options = {"systems": [system], "seconds": context.seconds(1.3, 1.3, 1), "rate": 20}
                return (
                    context.attempt(f"{asking}:ask={url}", warmup=0.3, **options),
                    context.attempt(f"{asking}:ask={url}", f"{viewers}={system.url}", warmup=0.5, **options))
        return once

    measured = context.alternate(result, [("Oriel", of(context.oriel)), ("µStreamer + nginx", of(context.ustreamer))])
    for name, rounds in measured.items():
        alone, beside = (pick(rounds, lambda seen, i=i: seen[i]) for i in (0, 1))
        for runs, title in ((alone, "without viewers"), (beside, "with 200 viewers")):
            groups = pick(runs, lambda seen: seen["groups"][0])
            result.add(name, title, pick(groups, lambda group: group["frames"] / group["seconds"]), "requests/s")
            result.add_p99(name, f"{title}, p99", groups)
        result.add(name, "CPU per snapshot", pick(alone, cpu_of_one), "µs")
        fewest = pick(beside, lambda seen: seen["groups"][1]["fewest_fps"])
        result.add(name, "fewest frames per second of these viewers", fewest, "")
    result.target("requests per second, without viewers", "Oriel", "without viewers", 10_000, "", at_least=True)
    result.target("p99 with 200 viewers", "Oriel", "with 200 viewers, p99", 10, "ms")
    result.leave_out("Python pair", "it does not offer snapshots")
    result.leave_out("bare HTTP server", "it does not offer snapshots")
    result.note(
        f"{CONNECTIONS} persistent connections to nginx are open. Each requests a picture as soon as it has "
        "received the previous one, and is reopened when nginx closes it after a thousand responses. The pictures "
        "are 720p and about 60 kB each. Behind nginx, each request uses a separate connection to the server.")
    return result.as_dict()


def cpu_of_one(seen):
    """Returns the CPU time of all processes per picture, in microseconds."""
    return sum(seen["by_name"].values()) * 1e6 / seen["groups"][0]["frames"]
