"""Row 3: how old a frame is when a viewer has it."""
import bisect
import subprocess

from frame.context import Unavailable
from frame.figures import Result

NAME = "Age of a frame at its viewer"
VIEWERS = (1, 50, 200)


def run(context):
    result = Result(NAME, reference="µStreamer + nginx")
    numbers = tuple(context.count(number, min(number, 4)) for number in VIEWERS)
    measurements = [
        ("Oriel", lambda: both_ports(context, numbers)),
        ("µStreamer + nginx", lambda: one_port(context, context.ustreamer(), numbers)),
        ("µStreamer alone", lambda: one_port(context, context.ustreamer(behind_nginx=False), numbers)),
        ("bare HTTP server", lambda: one_port(context, context.bare(), numbers)),
    ]
    for name, rounds in context.alternate(result, measurements).items():
        for key, label in ((":9001", name), (":8000", f"{name} through the relay, :8000")):
            for shown, number in zip(VIEWERS, numbers):
                for part in ("p50", "p99"):
                    values = [ages[key, number][part] * 1000 for ages in rounds if (key, number) in ages]
                    result.add(label, f"{part}, {shown} viewer{'s' if shown > 1 else ''}", values, "ms")
    if not context.quick:
        python(context, result)
    relay = "Oriel through the relay, :8000"
    result.ratio_target("p50 to µStreamer + nginx, 50 viewers", "Oriel", "µStreamer + nginx", "p50, 50 viewers", 0.6)
    result.ratio_target("p99 to µStreamer + nginx, 50 viewers", "Oriel", "µStreamer + nginx", "p99, 50 viewers", 1.0)
    near, far = result.values("Oriel", "p50, 50 viewers"), result.values(relay, "p50, 50 viewers")
    added = sorted(b - a for a, b in zip(near, far))
    result.target("the relay adds to p50, 50 viewers", added[len(added) // 2] if added else None, 2.0, "ms")
    series = {}
    for name in result.figures:
        points = [[number, result.median(name, f"p99, {number} viewer{'s' if number > 1 else ''}")] for number in VIEWERS]
        if all(value is not None for _, value in points):
            series[name] = points
    result.plot("age", "Age of a frame at its viewer, p99", "viewers", "ms", series, logarithmic=True)
    result.note(
        "From the moment at which the camera delivers a frame, stamped into the frame itself, to the arrival of its last "
        "byte; 720p, 30 frames a second. Oriel is measured on :9001 (camera's side), and through the relay on :8000.")
    return result.as_dict()


def watched(context, url, number):
    group = context.watch(f"{number}={url}", seconds=context.seconds(1.2, 1), warmup=0.4)["groups"][0]
    return {"p50": group["p50"], "p99": group["p99"]}


def one_port(context, system, numbers):
    with system:
        return {(":9001", number): watched(context, system.url, number) for number in numbers}


def both_ports(context, numbers):
    with context.oriel(web=True) as system:
        ages = {}
        for number in numbers:
            ages[":9001", number] = watched(context, f"{system.ingest_url}/mjpeg", number)
            ages[":8000", number] = watched(context, f"{system.web_url}/video", number)
        return ages


# ---- the Python pair: it decodes and encodes again, so that its frames are known by their bytes


def python(context, result):
    """One viewer; with more, frames are older than the camera's pictures take to repeat."""
    for label, is_web in (("Python pair", False), ("Python pair, through the second", True)):
        try:
            ages = [python_ages(context, is_web)]
        except Unavailable as reason:
            result.note(f"Python pair: {reason}")
            return
        result.add(label, "p50, 1 viewer", [values[len(values) // 2] * 1000 for values in ages if values], "ms")
        result.add(label, "p99, 1 viewer", [values[len(values) * 99 // 100] * 1000 for values in ages if values], "ms")
    result.note(
        "The Python pair's frames carry no stamp, since it encodes them anew: each is known by its bytes, and the fake "
        "camera tells when it delivered that picture. Its pictures repeat after four seconds: one viewer is told alone.")


def python_ages(context, is_web):
    folder = context.new_folder("age")
    camera, seen = folder / "camera", folder / "seen"
    index_of = hashes(context)
    with context.python_pair(log=camera) as system:
        url = system.url if is_web else system.camera_url
        context.watch(f"1={url}", seconds=context.seconds(4, 3), warmup=0.5, options=["--log", seen])
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
        raise Unavailable("None of its frames could be told from the others.")
    return sorted(ages)


def hashes(context):
    """The load generator's hash of each picture as OpenCV encodes it again → its place in the camera's order."""
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
    """As Viewers/viewer.c computes it."""
    value, mask = 0, (1 << 64) - 1
    whole = len(data) // 8 * 8
    for i in range(0, whole + 8, 8):
        value = ((value ^ int.from_bytes(data[i:i + 8], "little")) * 0x9E3779B97F4A7C15) & mask
        value ^= value >> 29
    return f"{value:016x}"
