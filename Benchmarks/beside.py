"""Row 12: whether detection affects viewers."""
import collections
import http.client
import json
import subprocess
import threading
import time

import detect
from frame.figures import Failed, Result, Unavailable, paired, pick

NAME = "Viewers during object detection"
OPTIONAL = True                     # needs scripts/get-detector
OURS = ""                           # all figures are Oriel's
VIEWERS, CLIENTS = 50, 4
ALONE, BESIDE = "no detection", f"{CLIENTS} clients use detection as fast as they can"


def run(context):
    result = Result(NAME, reference=ALONE)
    generator = context.bin / "load-generator"
    if not generator.exists():
        raise Unavailable(f"{generator} does not exist.")
    detect.folder()
    viewers = context.count(VIEWERS, 4)
    with context.oriel(web=True, detector=True) as system:
        detect.wait_until_ready(system)
        web = f"{viewers}={system.web_url}/video"
        measurements = [
            (ALONE, lambda: watch(context, generator, web)),
            (BESIDE, lambda: watch(context, generator, web, system.web_port)),
        ]
        rounds = context.rounds
        for name, values in context.alternate(result, measurements, rounds=rounds).items():
            for column, unit in (
                ("frames skipped", ""), ("frames", ""), ("age p50", "ms"), ("age p99", "ms"), ("responses", "1/s")):
                result.add(name, column, pick(values, lambda value, key=column: value.get(key)), unit)
        alone, beside = (result.values(name, "frames skipped") for name in (ALONE, BESIDE))
        if alone and beside:
            more = [sum(value or 0 for value in paired(lambda a, b: b - a, alone, beside))]
            reasons = [why for name in (ALONE, BESIDE) for why in result.reasons(name, "frames skipped")]
            result.values_target("frames skipped in all rounds because of detection", more, 0, "", reasons=reasons)
        found = compare(context, generator, web, system.web_port)
    result.add("frames requested by number", "pictures compared", [found["same"] + found["other"]], "")
    result.add("frames requested by number", "with different bytes", [found["other"]], "")
    result.add("frames requested by number", "no longer available (410)", [found[410]], "")
    result.target(
        "pictures of results that differ from the stream", "frames requested by number", "with different bytes", 0, "")
    result.leave_out("the other systems", "they have no object detection")
    result.note(
        f"{VIEWERS} viewers watch 720p at 30 frames per second on port 8000. Meanwhile {CLIENTS} clients send POST "
        "requests to /detect_once on the same port, each as soon as it has received the previous response. A frame "
        "counts as skipped if a viewer receives a later frame but not this one. Then, with the same "
        "viewers, another client reads the stream and requests every tenth frame of it with /detect_once?frame=. "
        "It compares the picture of the result with the picture in the stream. All programs run on this machine.")
    return result.as_dict()


def watch(context, generator, group, port=None):
    """Returns what the viewers received. If `port` is given, clients meanwhile request detection on that port."""
    seconds = context.seconds(12, 8, 1)
    stop, answers = threading.Event(), collections.Counter()
    clients = [threading.Thread(target=keep_detecting, args=(port, stop, answers)) for _ in range(CLIENTS if port else 0)]
    process = context.processes.start_piped([generator, "--seconds", seconds, "--warmup", 1.5, group])
    for client in clients:
        client.start()
    began = time.monotonic()
    try:
        output, _ = process.communicate(timeout=seconds + 40)
    except subprocess.TimeoutExpired as late:
        raise Failed("The load generator did not exit in time.") from late
    finally:
        stop.set()
        seconds_asked = time.monotonic() - began
        for client in clients:
            client.join()
        context.processes.stop(process)
    if process.returncode:
        raise Failed(f"The load generator exited with status {process.returncode}.")
    seen = json.loads(output)[0]
    if seen["cuts"] or seen["broken"]:
        raise Failed(f"The stream was broken: {seen}")
    values = {
        "frames skipped": seen["skipped"], "frames": seen["frames"] + seen["skipped"],
        "age p50": max(seen[half]["p50"] for half in ("early_age", "late_age")) * 1000,
        "age p99": max(seen[half]["p99"] for half in ("early_age", "late_age")) * 1000}
    if port:
        values["responses"] = answers[200] / seconds_asked
    return values


def keep_detecting(port, stop, answers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not stop.is_set():
        try:
            connection.request("POST", "/detect_once")
            response = connection.getresponse()
            response.read()
            answers[response.status] += 1
        except (OSError, http.client.HTTPException):
            connection.close()
            answers[None] += 1
            stop.wait(0.05)


def compare(context, generator, group, port):
    """Requests frames of the stream by number, and checks that the results show these frames."""
    count = context.count(100 if context.quick else 300, 5)
    crowd = context.processes.start([generator, "--seconds", 600, group])
    found = collections.Counter()
    stream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        stream.request("GET", "/video")
        body, deadline = stream.getresponse(), time.monotonic() + 120
        for index, (number, jpeg) in enumerate(parts(body)):
            if sum(found.values()) >= count or time.monotonic() > deadline:
                break
            if index % 10:
                continue
            asking.request("POST", f"/detect_once?frame={number}")
            answer = asking.getresponse()
            text = answer.read()
            if answer.status != 200:
                found[answer.status] += 1
                continue
            frame = json.loads(text)["frame"]
            asking.request("GET", frame["image"])
            answer = asking.getresponse()
            is_same = answer.read() == jpeg and frame["seq"] == number and answer.headers["X-Frame-Id"] == str(number)
            found["same" if is_same else "other"] += 1
    finally:
        stream.close()
        asking.close()
        context.processes.stop(crowd)
    return found


def parts(stream):
    """Yields the number and the bytes of each frame of a stream."""
    headers = {}
    while line := stream.readline():
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.lower()] = value.strip()
        elif headers:
            yield int(headers[b"x-frame-id"]), stream.read(int(headers[b"content-length"]))
            headers = {}
