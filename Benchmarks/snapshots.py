"""Row 10: pictures one by one."""
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
                alone = context.watch(f"{asking}:ask={url}", warmup=0.3, **options)
                beside = context.watch(f"{asking}:ask={url}", f"{viewers}={system.url}", warmup=0.5, **options)
            return {
                "alone": alone["groups"][0], "beside": beside["groups"][0], "streams": beside["groups"][1],
                "cpu": sum(alone["by_name"].values()) * 1e6 / alone["groups"][0]["frames"]}
        return once

    measured = context.alternate(result, [("Oriel", of(context.oriel)), ("µStreamer + nginx", of(context.ustreamer))])
    for name, rounds in measured.items():
        for key, title in (("alone", "alone"), ("beside", "beside 200 viewers")):
            groups = pick(rounds, lambda seen, key=key: seen[key])
            result.add(name, title, pick(groups, lambda group: group["frames"] / group["seconds"]), "a second")
            result.add_p99(name, f"{title}, p99", groups)
        result.add(name, "CPU of one", pick(rounds, lambda seen: seen["cpu"]), "µs")
        fewest = pick(rounds, lambda seen: seen["streams"]["fewest_fps"])
        result.add(name, "those viewers' fewest frames a second", fewest, "")
    result.target("requests a second, alone", "Oriel", "alone", 10_000, "", at_least=True)
    result.target("p99 beside 200 viewers", "Oriel", "beside 200 viewers, p99", 10, "ms")
    result.leave_out("Python pair", "it has no single pictures.")
    result.leave_out("bare HTTP server", "it has no single pictures.")
    result.note(
        f"{CONNECTIONS} kept connections to nginx, each asking for the next picture when it has the last and opened anew "
        "when nginx closes it, as it does after a thousand answers; 720p, about 60 kB each. Behind nginx each picture is "
        "a connection of its own to the server.")
    return result.as_dict()
