"""Row 13: smaller pictures, as requested by a page with many tiles."""
import time

from frame import load
from frame.context import get
from frame.figures import Failed, Result, pick

NAME = "Smaller pictures: ?width=640"
FULL, SMALL = "Oriel, full pictures", "Oriel, ?width=640"
TILES, MANY = 12, 50
ONE_CAMERA, CAMERAS, SHARED = (
    f"{TILES} viewers of one camera", f"{TILES} cameras with one viewer each", f"{MANY} viewers of one camera")
DEADLINE = 10           # seconds within which all viewers must have connected or disconnected


def run(context):
    result = Result(NAME, reference=FULL)
    tiles, many = context.count(TILES, 2), context.count(MANY, 4)
    names = ["main", *(f"tile{number}" for number in range(2, tiles + 1))]

    def of(cameras, loads):
        """Returns a function that measures each load with full and with small pictures, in alternating order.

        A load is (column of the table, number of viewers of each camera).
        """
        def once():
            with context.oriel(cameras=cameras) as system:
                wait_for_all(system, cameras)
                system.is_unstamped = True      # scaling drops the comment with the camera's time
                kinds = [(FULL, ""), (SMALL, "?width=640")]
                if context.place["round"] % 2 == 0:
                    kinds.reverse()
                return {
                    (column, kind): attempt(context, system, viewers, [
                        f"{system.ingest_url}/mjpeg/{camera}{query}" for camera in cameras])
                    for column, viewers in loads for kind, query in kinds}
        return once

    found = context.alternate(result, [
        ("one camera", of(names[:1], [(ONE_CAMERA, tiles), (SHARED, many)])),
        ("several cameras", of(names, [(CAMERAS, 1)]))])
    for part, columns in (("one camera", (ONE_CAMERA, SHARED)), ("several cameras", (CAMERAS,))):
        for column in columns:
            for kind in (FULL, SMALL):
                runs = pick(found[part], lambda seen, at=(column, kind): seen[at])
                add(result, kind, column, runs)
    scaled = result.figure(SMALL, f"{SHARED}: scaled")
    if scaled:
        for text, at_least, limit in (("minimum", True, 0.95), ("maximum", False, 1.05)):
            result.target(
                f"{text} of scaled pictures per captured frame, with {MANY} viewers of one width", SMALL,
                f"{SHARED}: scaled", limit, scaled["unit"], at_least=at_least)
    result.leave_out("µStreamer, bare HTTP server, Python pair", "they do not scale pictures for a viewer.")
    result.note(
        "The cameras deliver 1280×720 at 30 frames per second, and a picture is about 60 kB. `?width=640` returns the "
        "smallest picture that is at least 640 pixels wide: here 640×360. *CPU* is the CPU time of capture-daemon, "
        "mjpeg-fcgi and nginx in milliseconds per second and viewer: 10 ms are 1 % of a core. *Scaled* is the growth "
        "of `oriel_frames_scaled_total` divided by the growth of `oriel_frames_published_total` (/metrics), for all "
        "cameras together. Viewers of one camera that request the same width share each scaled picture.")
    return result.as_dict()


def add(result, kind, column, runs):
    """Adds the figures of one load."""
    for title, unit, take in (
        ("received", "kB/s per viewer", lambda seen: seen["bytes"] / seen["seconds"] / seen["viewers"] / 1000),
        ("CPU", "ms/s per viewer", lambda seen: seen["cpu"] * 1000 / seen["seconds"] / seen["viewers"]),
        ("fewest frames per second of a viewer", "", lambda seen: seen["fewest_fps"]),
    ):
        result.add(kind, f"{column}: {title}", pick(runs, take), unit)
    if kind == SMALL:
        result.add(kind, f"{column}: scaled", pick(runs, lambda seen: seen["scaled"]), "per frame")


def wait_for_all(system, cameras):
    """Waits for pictures of each camera; the system itself waits only for the first one."""
    for camera in cameras[1:]:
        system.wait_for_frames(f"{system.ingest_url}/mjpeg/{camera}")


def attempt(context, system, viewers, urls):
    """Measures one load. If it fails, the other loads of the round still count."""
    try:
        return watched(context, system, viewers, urls)
    except Failed as reason:
        context.say(f"    {context.place['system']}, round {context.place['round']}: {reason}")
        context.records.append({**context.place, "failed": str(reason)})
        return reason


def watched(context, system, viewers, urls):
    """Returns bytes, CPU seconds and scaled pictures per captured frame while `viewers` watch each URL."""
    seconds = context.seconds(3, 2, 1)
    wait_for_viewers(system, 0)         # wait for the previous load's viewers to leave
    # The counters are read after all viewers have connected, and before the first one disconnects.
    running = load.Load(
        context, [f"{viewers}={url}" for url in urls], [system], seconds=seconds, warmup=0.7)
    try:
        wait_for_viewers(system, viewers * len(urls))
        before = counters(system)
        time.sleep(seconds * 0.8)
        after = counters(system)
    finally:
        seen = context.finish(running.wait(), [system], rate=None)
    frames = after["oriel_frames_published_total"] - before["oriel_frames_published_total"]
    if frames <= 0:
        raise Failed("The counter of published frames did not move.")
    groups = seen["groups"]
    return {
        "viewers": viewers * len(urls), "seconds": groups[0]["seconds"], "cpu": sum(seen["by_name"].values()),
        "bytes": sum(group["bytes"] for group in groups), "fewest_fps": min(group["fewest_fps"] for group in groups),
        "scaled": (after["oriel_frames_scaled_total"] - before["oriel_frames_scaled_total"]) / frames,
    }


def wait_for_viewers(system, count):
    deadline = time.monotonic() + DEADLINE
    while (found := counters(system).get("oriel_stream_clients", 0)) != count:
        if time.monotonic() > deadline:
            raise Failed(f"After {DEADLINE} s there were {found:.0f} viewers, not {count}.")
        time.sleep(0.05)


def counters(system):
    """Returns the metrics, summed over all cameras."""
    sums = {}
    for line in get(f"{system.ingest_url}/metrics").decode().splitlines():
        name, _, rest = line.partition("{")
        if rest and not line.startswith("#"):
            sums[name] = sums.get(name, 0.0) + float(rest.rpartition(" ")[2])
    return sums
