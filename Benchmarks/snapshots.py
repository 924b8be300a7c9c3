"""Row 10: pictures one by one."""
from frame.context import Unavailable
from frame.figures import Result

NAME = "Snapshots"
CONNECTIONS = 16


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    asking, viewers = context.count(CONNECTIONS, 4), context.count(200, 4)

    def of(make):
        def once():
            with make() as system:
                url = getattr(system, "snapshot_url", None) or f"{system.ingest_url}/snapshot"
                seconds = context.seconds(2, 1.5)
                alone = context.watch(f"{asking}:ask={url}", system=system, seconds=seconds, warmup=0.3)
                beside = context.watch(f"{asking}:ask={url}", f"{viewers}={system.url}", seconds=seconds, warmup=0.5)
            for group in (*alone["groups"], *beside["groups"]):
                if group["ended"] or group["broken"]:
                    raise Unavailable(
                        f"{group['ended']} of {group['viewers']} connections ended ({group['end']}), "
                        f"{group['broken']} pictures were broken.")
            return alone, beside
        return once

    measured = context.alternate(result, [("Oriel", of(context.oriel)), ("µStreamer + nginx", of(context.ustreamer))])
    for name, rounds in measured.items():
        groups = [alone["groups"][0] for alone, _ in rounds]
        result.add(name, "alone", [group["frames"] / group["seconds"] for group in groups], "a second")
        result.add(name, "alone, p99", [group["p99"] * 1000 for group in groups], "ms")
        costs = [sum(alone["cpu"].values()) * 1e6 / max(1, alone["groups"][0]["frames"]) for alone, _ in rounds]
        result.add(name, "CPU of one", costs, "µs")
        groups = [beside["groups"][0] for _, beside in rounds]
        result.add(name, "beside 200 viewers", [group["frames"] / group["seconds"] for group in groups], "a second")
        result.add(name, "beside 200 viewers, p99", [group["p99"] * 1000 for group in groups], "ms")
        streams = [beside["groups"][1] for _, beside in rounds]
        result.add(name, "those viewers' fewest frames a second", [group["fewest_fps"] for group in streams], "")
    result.target("requests a second, alone", result.median("Oriel", "alone"), 10_000, "", at_least=True)
    result.target("p99 beside 200 viewers", result.median("Oriel", "beside 200 viewers, p99"), 10, "ms")
    result.note(
        f"{CONNECTIONS} kept connections to nginx, each asking for the next picture when it has the last and opened anew "
        "when nginx closes it, as it does after a thousand answers; 720p, about 60 kB each. Behind nginx each picture is "
        "a connection of its own to the server.")
    return result.as_dict()
