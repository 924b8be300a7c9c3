"""Row 11: object detection, compared with a C program and a Python program that use the same library."""
import contextlib
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import time

from frame import fastcgi, processes
from frame.context import ROOT
from frame.figures import Failed, Result, Unavailable, pick

NAME = "Object detection"
OPTIONAL = True                     # needs scripts/get-detector
PICTURES = 20                       # per turn
RUNTIME = "1.28.0"                  # the version that scripts/get-detector installs; Python has its own copy
# Makes the network accept pictures of any size, as detect-fcgi does when it loads a model.
OPEN_MODEL = """
import onnx, sys
model = onnx.load(sys.argv[1])
del model.graph.value_info[:]
shape = model.graph.input[0].type.tensor_type.shape.dim
shape[2].dim_param, shape[3].dim_param = "height", "width"
model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "rows"
onnx.save(model, sys.argv[2])
"""


def run(context):
    result = Result(NAME, reference="C, same library")
    detector = folder()
    files = sorted(context.pictures(480).glob("*.jpg"))
    with contextlib.ExitStack() as stack:
        system = stack.enter_context(context.oriel(capture=False, web=True, detector=True))
        worker = wait_until_ready(system)
        socket_path, web = str(system.folder / "detect-fcgi.sock"), ("127.0.0.1", system.web_port)
        nginx = [pid for pid in system.pids_called("nginx") if f"{system.folder}/nginx-web" in command_of_group(pid)]
        turn = iter(range(1 << 30))
        makers = [
            ("Oriel's worker", lambda jpeg: fastcgi.post(socket_path, "/detect_once", jpeg), [worker], False),
            ("Oriel's worker, at normal priority",
             lambda jpeg: fastcgi.post(socket_path, "/detect_once", jpeg), [worker], True),
            ("Oriel through nginx", Client(web).detect, [worker, *nginx], False),
        ]
        measurements = [
            (name, lambda ask=ask, pids=pids, first=first: oriel(next(turn), files, ask, pids, worker if first else None))
            for name, ask, pids, first in makers
        ]
        for name, start in (("C, same library", start_c), ("Python, same library", start_python)):
            try:
                program = start(context, detector)
                stack.callback(context.processes.stop, program)
            except Unavailable as reason:
                result.leave_out(name, reason)
                continue
            measurements.append((name, lambda program=program: ask_program(program, files[next(turn) % len(files)])))
        for measure in [measure for _, measure in measurements] * 2:
            with contextlib.suppress(Failed, Unavailable):
                measure()                       # the first use takes longer
        rounds = context.count(context.rounds * 8, 1)
        for name, values in context.alternate(result, measurements, rounds=rounds).items():
            result.add(name, "time, p50", pick(values, lambda value: value["p50"]), "ms")
            result.add(name, "CPU", pick(values, lambda value: value["cpu"]), "ms")
        result.add("Oriel's worker", "memory", [processes.memory_of(worker)["rss"] / 1e6], "MB")
    times, used = starts(context, detector, context.count(context.rounds * 3, 1))
    result.add("Oriel's worker", "startup time", times, "ms")
    result.add("Oriel's worker", "CPU during startup", used, "ms")
    even = "Oriel's worker, at normal priority"
    own = even if result.values(even, "CPU") else "Oriel's worker"
    for other, limit in (("C, same library", 1.15), ("Python, same library", 1.0)):
        for column in ("time, p50", "CPU"):
            result.ratio_target(f"{own}, compared with {other}: {column}", own, other, column, limit)
    result.target("memory", "Oriel's worker", "memory", 70, "MB")
    result.target("startup time", "Oriel's worker", "startup time", 200, "ms")
    result.leave_out("the other systems", "they have no object detection")
    result.note(
        "The pictures have 640x480 pixels, and the input of the model (YOLOX-nano) has 416x320. All programs use "
        f"one thread and ONNX Runtime {RUNTIME}. In each turn, every program processes {PICTURES} pictures. Oriel's "
        "time is the time from the first byte of the request to the last byte of the JSON, on its worker's socket or "
        "through nginx. Its CPU time is the time of the whole worker or, through nginx, of the worker and nginx "
        "together. The C program (Tests/DetectionTests/reference.c) and the Python program with OpenCV "
        "(reference.py) have the picture in memory and return boxes instead of JSON. Detection normally runs at low "
        "priority (docs/detection.md), which makes it slower while other programs need the CPU. It is therefore also "
        "measured at normal priority, like the C program and the Python program.")
    return result.as_dict()


# ---- requirements


def folder():
    """Returns the folder into which scripts/get-detector installs, and sets ORIEL_DETECTOR to it for the workers."""
    found = os.environ.setdefault("ORIEL_DETECTOR", str(ROOT / ".detector"))
    if not os.path.exists(f"{found}/lib/libonnxruntime.so.1") or not os.path.exists(f"{found}/models/model.onnx"):
        raise Unavailable("ONNX Runtime or the model is not installed: run scripts/get-detector.")
    return found


def python(context):
    return context.python("detection", [
        f"onnxruntime=={RUNTIME}", "numpy", "opencv-python-headless", "onnx"])


def open_model(context, detector):
    """Returns the path of the model with variable height and width."""
    source, target = f"{detector}/models/model.onnx", context.cache / "open.onnx"
    if not target.exists() or target.stat().st_mtime < os.stat(source).st_mtime:
        done = subprocess.run(
            [python(context), "-c", OPEN_MODEL, source, target], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"The model cannot be converted: {done.stderr.strip().splitlines()[-1:]}")
    return target


# ---- Oriel


class Client:
    """A persistent connection to nginx."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(*address, timeout=30)

    def detect(self, jpeg):
        self.connection.request("POST", "/detect_once", jpeg, {"Content-Type": "image/jpeg"})
        return self.connection.getresponse().read()


def command_of_group(pid):
    """Returns the command lines of a process and its parent, because workers of nginx overwrite their own."""
    found = processes.stat(pid)
    texts = []
    for number in (pid, found[1] if found else pid):
        with contextlib.suppress(OSError), open(f"/proc/{number}/cmdline", encoding="utf-8") as file:
            texts.append(file.read())
    return " ".join(texts)


def wait_until_ready(system):
    """Waits until the detector is ready, and returns its process id."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            connection = http.client.HTTPConnection("127.0.0.1", system.web_port, timeout=5)
            connection.request("GET", "/detect/status")
            if json.load(connection.getresponse()).get("ready"):
                return system.pids_called("detect-fcgi")[0]
        time.sleep(0.05)
    raise Failed("The detector does not become ready.")


def oriel(turn, files, ask, pids, not_giving_way):
    """Runs one turn; returns the median time and the CPU time per picture."""
    jpeg = files[turn % len(files)].read_bytes()
    times = []
    with evenly(not_giving_way) if not_giving_way else contextlib.nullcontext():
        used = sum(processes.cpu_of(pids).values())
        for _ in range(PICTURES):
            began = time.perf_counter()
            answer = ask(jpeg)
            times.append((time.perf_counter() - began) * 1000)
        used = sum(processes.cpu_of(pids).values()) - used
    if not json.loads(answer).get("success"):
        raise Failed(f"The detector returned an error: {answer[:200]}")
    return {"p50": statistics.median(times), "cpu": used * 1000 / PICTURES}


@contextlib.contextmanager
def evenly(worker):
    """Runs the worker at normal priority: resets the niceness of its session and threads, and restores it afterwards."""
    threads = [int(thread) for thread in os.listdir(f"/proc/{worker}/task")]
    before = {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}
    group = f"/proc/{worker}/autogroup"
    try:
        with contextlib.suppress(FileNotFoundError), open(group, encoding="utf-8") as file:
            niceness = file.read().split()[-1]
            with open(group, "w", encoding="utf-8") as output:
                output.write("0")
        for thread in threads:
            os.setpriority(os.PRIO_PROCESS, thread, 0)
    except PermissionError as error:
        raise Unavailable("Only root can lower the niceness of a process.") from error
    try:
        yield
    finally:
        for thread, priority in before.items():
            os.setpriority(os.PRIO_PROCESS, thread, priority)
        if os.path.exists(group):
            with open(group, "w", encoding="utf-8") as output:
                output.write(niceness)


def starts(context, detector, count):
    """Starts the worker `count` times, and returns startup times and the CPU times used meanwhile, in milliseconds.

    A startup time is the time from the start of the process until the log reports that the worker is ready.
    """
    times, used = [], []
    for _ in range(count):
        path = str(context.folder / "ready.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            began = time.monotonic()
            process = subprocess.Popen(
                [context.bin / "detect-fcgi"], stdin=listener, stderr=subprocess.PIPE, text=True, start_new_session=True,
                env={**os.environ, "ORIEL_DETECTOR": detector, "ORIEL_PREFIX": context.prefix})
        context.processes.running.append(process)
        line = ""
        while not re.search("ready with", line):
            line = process.stderr.readline()
            if not line:
                raise Failed("The detector does not start.")
        times.append((time.monotonic() - began) * 1000)
        used.append(processes.cpu_seconds(process.pid) * 1000)
        context.processes.stop(process)
        process.stderr.close()
    return times, used


# ---- C and Python


def start_c(context, detector):
    program = context.compile(
        "detection-reference", ["Tests/DetectionTests/reference.c"], "-O3", "-march=native", "-lturbojpeg", "-ldl", "-lm")
    return context.processes.start_piped(
        [program, f"{detector}/lib/libonnxruntime.so.1", open_model(context, detector), "-"], has_input=True)


def start_python(context, detector):
    program = ROOT / "Tests/DetectionTests/reference.py"
    return context.processes.start_piped(
        [python(context), "-B", program, "--model", open_model(context, detector), "--turns"], has_input=True)


def ask_program(program, file):
    """Tells a reference program to process `file` PICTURES times, and returns the result that it prints."""
    program.stdin.write(f"{PICTURES} {file}\n")
    program.stdin.flush()
    line = program.stdout.readline()
    if not line:
        raise Failed("The reference program exited.")
    return json.loads(line)
