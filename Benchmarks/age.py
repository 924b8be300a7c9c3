"""Row 3: the age of a frame when it arrives at a viewer."""
import bisect
import subprocess

from frame.figures import Failed, Result, median, paired, pick, quantile

NAME = "Age of a frame at its viewer"
VIEWERS = (1, 50, 200)
THROUGH_RELAY = " through the relay, :8000"
RELAY = f"Oriel{THROUGH_RELAY}"


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    numbers = {shown: context.count(shown, min(shown, 4)) for shown in VIEWERS}
    builds = dict(context.builds())
    found = context.alternate(result, [
        *((name, lambda make=make: both_ports(context, make, numbers)) for name, make in builds.items()),
        ("µStreamer + nginx", lambda: one_port(context, context.ustreamer(), numbers)),
        ("bare HTTP server", lambda: one_port(context, context.bare(), numbers)),
    ])
    found |= context.alternate(
        result, [("µStreamer alone", lambda: one_port(context, context.ustreamer(behind_nginx=False), numbers))],
        rounds=context.few)
    for name, rounds in found.items():
        for key, label in ((":9001", name), (":8000", name + THROUGH_RELAY)):
            if key == ":8000" and name not in builds:
                continue
            for shown in VIEWERS:
                groups = pick(rounds, lambda seen, at=(key, shown): seen[at])
                result.add(label, title("p50", shown), pick(groups, lambda group: group["p50"] * 1000), "ms")
                result.add_p99(label, title("p99", shown), groups)
    if context.has_python:
        python(context, result)
    else:
        context.leave_python_out(result)
    result.ratio_target(
        "p50 compared with µStreamer + nginx, 50 viewers", "Oriel", "µStreamer + nginx", title("p50", 50), 0.6)
    result.ratio_target(
        "p99 compared with µStreamer + nginx, 50 viewers", "Oriel", "µStreamer + nginx", title("p99", 50), 1.0)
    near, far = (result.values(name, title("p50", 50)) for name in ("Oriel", RELAY))
    result.values_target(
        "what the relay adds to p50, 50 viewers", paired(lambda a, b: b - a, near, far), 2.0, "ms",
        reasons=result.reasons(RELAY, title("p50", 50)))
    series = {}
    for name in result.figures:
        points = [[number, result.median(name, title("p99", number))] for number in VIEWERS]
        if all(value is not None for _, value in points):
            series[name] = points
    result.plot("age", "Age of a frame at its viewer, p99", "viewers", "ms", series, logarithmic=True)
    result.note(
        "The age of a frame is the time from its delivery by the camera until its last byte arrives at the viewer. "
        "The fake camera writes the time of delivery into the frame. The stream is 720p at 30 frames "
        "per second. p50 is the median of the medians of the rounds. p99 is computed from the frames of all rounds "
        "together, because one round has at most 40 frames. The brackets contain the lowest and the highest p99 of a "
        "round. Oriel is measured on port 9001 (the camera's side) and through the relay on port 8000. The order of "
        "these two measurements alternates.")
    return result.as_dict()


def title(part, number):
    return f"{part}, {number} viewer{'s' if number > 1 else ''}"


def watched(context, system, url, number):
    seconds = context.seconds(1.2, 1, 1)
    seen = context.attempt(f"{number}={url}", systems=[system], seconds=seconds, warmup=0.4)
    return seen if isinstance(seen, Failed) else seen["groups"][0]


def one_port(context, system, numbers):
    with system:
        return {(":9001", shown): watched(context, system, system.url, number) for shown, number in numbers.items()}


def both_ports(context, make, numbers):
    with make(web=True) as system:
        ports = [(":9001", f"{system.ingest_url}/mjpeg"), (":8000", f"{system.web_url}/video")]
        if context.place["round"] % 2 == 0:
            ports.reverse()
        return {
            (port, shown): watched(context, system, url, number)
            for shown, number in numbers.items() for port, url in ports}


# ---- the Python pair: it encodes frames again, so they are identified by their bytes


def python(context, result):
    """Measures the Python pair with one viewer only.

    With more viewers, frames would be older than four seconds. The camera's pictures repeat after that time, so the
    frames could not be identified.
    """
    near, far = "Python pair", "Python pair, through the relay"
    measurements = [(near, lambda: python_ages(context, False)), (far, lambda: python_ages(context, True))]
    for name, rounds in context.alternate(result, measurements, rounds=1).items():
        result.add(name, title("p50", 1), pick(rounds, lambda ages: median(ages) * 1000), "ms")
        result.add(name, title("p99", 1), pick(rounds, lambda ages: quantile(ages, 0.99) * 1000), "ms")
    result.leave_out("Python pair at 50 and 200 viewers", "it serves only a few viewers, and the age of its frames "
                                                          "could not be determined")
    result.note(
        "The Python pair encodes each frame again, so its frames do not contain the time of delivery. Each frame is "
        "therefore identified by its bytes, and the fake camera logs when it delivered the original picture. The "
        "fake camera's pictures repeat after four seconds. With more viewers, frames would be older than four "
        "seconds, so only one viewer is measured.")


def python_ages(context, is_web):
    folder = context.new_folder("age")
    camera, seen = folder / "camera", folder / "seen"
    index_of = hashes(context)
    with context.python_pair(log=camera) as system:
        url = system.url if is_web else system.camera_url
        context.watch(
            f"1={url}", systems=[system], rate=None, seconds=4, warmup=0.5, options=["--log", seen])
    deliveries = {}
    for line in camera.read_text().splitlines():
        _, index, moment = line.split()
        deliveries.setdefault(int(index), []).append(int(moment))
    ages = []
    for line in seen.read_text().splitlines():
        moment, _, value = line.split()
        times = deliveries.get(index_of.get(value), [])
        place = bisect.bisect_right(times, int(moment))
        if place:
            ages.append((int(moment) - times[place - 1]) / 1e9)
    if not ages:
        raise Failed("None of its frames could be identified.")
    return ages


def hashes(context):
    """Returns a dictionary: hash of a picture → position of the picture in the camera's sequence.

    Like the Python pair, this encodes each picture again with OpenCV. It then computes the same hash as the load
    generator.
    """
    script = (
        "import cv2, numpy, pathlib, sys\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.jpg')):\n"
        "    image = cv2.imdecode(numpy.frombuffer(path.read_bytes(), numpy.uint8), cv2.IMREAD_COLOR)\n"
        "    jpeg = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]\n"
        "    pathlib.Path(sys.argv[2], path.name).write_bytes(jpeg.tobytes())\n")
    folder = context.new_folder("again")
    subprocess.run([context.python(), "-c", script, context.pictures(720), folder], check=True)
    return {hash_of(path.read_bytes()): i for i, path in enumerate(sorted(folder.glob("*.jpg")))}


def hash_of(data):
    """Computes the same hash as Viewers/viewer.c."""
    value, mask = 0, (1 << 64) - 1
    whole = len(data) // 8 * 8
    for i in range(0, whole + 8, 8):
        value = ((value ^ int.from_bytes(data[i:i + 8], "little")) * 0x9E3779B97F4A7C15) & mask
        value ^= value >> 29
    return f"{value:016x}"
