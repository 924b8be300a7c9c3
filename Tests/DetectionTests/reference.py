#!/usr/bin/env python3
"""Compares what Oriel detects with what onnxruntime and OpenCV detect in Python, with the same pictures and input size.

    reference.py --model yolox_nano.onnx (--program .build/release/detect-fcgi | --url http://127.0.0.1:8000) FILE…
    reference.py --model yolox_nano.onnx --time 200 FILE…        only measures Python
    reference.py --model yolox_nano.onnx --turns                 measures Python for each line "COUNT FILE" of its input

If the model's file declares a fixed input size, this program uses that size, but Oriel uses an input of the picture's
shape. To compare both with the same input, pass a model with dynamic height and width. scripts/bench detect creates
such a model: .build/bench/open.onnx.
Requires: pip install onnxruntime==1.28.0 numpy opencv-python-headless. Exits with status 1 if the results differ too
much.
"""
import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request

import cv2
import numpy as np
import onnxruntime


def input_shape(width, height, longest):
    """Returns the model's input size: the picture's size, scaled to a long side of `longest`, in multiples of 32."""
    def side(length):
        return max(32, -(-int(np.ceil(longest * length / max(width, height))) // 32) * 32)
    return side(width), side(height)


def letterbox(picture, shape):
    width, height = shape
    ratio = min(width / picture.shape[1], height / picture.shape[0])
    small = cv2.resize(picture, (int(picture.shape[1] * ratio), int(picture.shape[0] * ratio)),
                       interpolation=cv2.INTER_LINEAR)
    padded = np.full((height, width, 3), 114, np.uint8)
    padded[:small.shape[0], :small.shape[1]] = small
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32), ratio


def decode(rows, shape, ratio, threshold):
    width, height = shape
    grids, strides = [], []
    for stride in (8, 16, 32):
        x, y = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        grids.append(np.stack((x, y), 2).reshape(-1, 2))
        strides.append(np.full((grids[-1].shape[0], 1), stride))
    grids, strides = np.concatenate(grids), np.concatenate(strides)
    centre = (rows[:, :2] + grids) * strides
    size = np.exp(rows[:, 2:4]) * strides
    scores = rows[:, 4:5] * rows[:, 5:]
    classes = scores.argmax(1)
    best = scores.max(1)
    boxes = np.concatenate((centre - size / 2, centre + size / 2), 1) / ratio
    keep = best >= threshold
    order = np.argsort(-best[keep], kind="stable")
    return boxes[keep][order], best[keep][order], classes[keep][order]


def overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def suppress(found, same_class):
    kept = []
    for box, score, kind in found:
        limit = 0.45 if same_class else 0.8
        if not any((k == kind or not same_class) and overlap(b, box) > limit for b, _, k in kept):
            kept.append((box, score, kind))
    return kept


class Reference:
    def __init__(self, model, longest):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.longest = longest

    def detect(self, jpeg, threshold, shape=None):
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        height, width = picture.shape[:2]
        if isinstance(self.input.shape[2], int):
            shape = self.input.shape[3], self.input.shape[2]
        shape = shape or input_shape(width, height, self.longest)
        tensor, ratio = letterbox(picture, shape)
        rows = self.session.run(None, {self.input.name: tensor})[0][0]
        boxes, scores, classes = decode(rows, shape, ratio, threshold)
        found = suppress(suppress(list(zip(boxes, scores, classes)), True), False)
        limit = np.array([width, height, width, height])
        return [(np.clip(box, 0, limit), float(score), int(kind)) for box, score, kind in found], shape


def ask_program(program, arguments, file):
    line = subprocess.run([program, "picture", "--threshold", "0.3", *arguments, file],
                          check=True, capture_output=True, text=True).stdout
    answer = json.loads(line)
    return answer["predictions"], answer["input"]


def ask_url(url, jpeg):
    request = urllib.request.Request(url + "/detect_once?min=0.3", jpeg, {"Content-Type": "image/jpeg"})
    with urllib.request.urlopen(request) as response:
        answer = json.load(response)
    return answer["predictions"], answer["model"]["input"]


def compare(reference, options):
    overlaps, differences, worst = [], [], 0
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "Models", "coco80.txt"), encoding="utf-8") as file:
        names = file.read().split("\n")
    for file in options.files:
        with open(file, "rb") as stream:
            jpeg = stream.read()
        if options.url:
            ours, shape = ask_url(options.url, jpeg)
        else:
            ours, shape = ask_program(options.program, ["--model", options.model], file)
        theirs, _ = reference.detect(jpeg, 0.3, tuple(shape))
        print(f"{os.path.basename(file)}, input {shape[0]}x{shape[1]}")
        for box, score, kind in theirs:
            if score < options.threshold:
                continue
            label = names[kind]
            same = [p for p in ours if p["label"] == label]
            pairs = [(overlap(box, (p["x_min"], p["y_min"], p["x_max"], p["y_max"])), p["confidence"]) for p in same]
            best, confidence = max(pairs, default=(0.0, 0.0))
            overlaps.append(best)
            differences.append(abs(confidence - score))
            is_good = best >= 0.90 and abs(confidence - score) <= 0.05
            worst |= not is_good
            print(f"  {label:14} Python {score:.3f}  Oriel {confidence:.3f}  IoU {best:.3f}{'' if is_good else '  TOO FAR'}")
        for p in ours:
            if p["confidence"] >= options.threshold + 0.05:
                box = p["x_min"], p["y_min"], p["x_max"], p["y_max"]
                if not any(names[kind] == p["label"] and overlap(box, b) >= 0.9 for b, _, kind in theirs):
                    print(f"  {p['label']:14} Oriel {p['confidence']:.3f}, but Python did not find this object  TOO FAR")
                    worst = 1
    if not overlaps:
        sys.exit("no object was found, so there is nothing to compare")
    mean, difference = float(np.mean(overlaps)), float(np.mean(differences))
    print(f"{len(overlaps)} boxes: mean IoU {mean:.4f}, minimum {min(overlaps):.4f}; "
          f"mean difference of confidence {difference:.4f}, maximum {max(differences):.4f}")
    return worst or mean < 0.96 or difference > 0.02


def measure(reference, count, file):
    """Processes the picture repeatedly (`count` times), and prints the times in ms; "cpu" is the mean CPU time."""
    with open(file, "rb") as stream:
        jpeg = stream.read()
    times, cpu = [], time.process_time()
    for _ in range(count):
        began = time.perf_counter()
        _, shape = reference.detect(jpeg, 0.4)
        times.append((time.perf_counter() - began) * 1000)
    cpu = (time.process_time() - cpu) * 1000 / count
    times.sort()
    print(json.dumps({"file": os.path.basename(file), "input": shape, "min": times[0], "p50": times[len(times) // 2],
                      "p90": times[len(times) * 9 // 10], "cpu": cpu}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--program")
    parser.add_argument("--url")
    parser.add_argument("--time", type=int, metavar="COUNT")
    parser.add_argument("--turns", action="store_true")
    parser.add_argument("--longest", type=int, default=416)
    parser.add_argument("--threshold", type=float, default=0.4)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    reference = Reference(options.model, options.longest)
    if options.turns:
        for line in sys.stdin:
            count, file = line.split(maxsplit=1)
            measure(reference, int(count), file.rstrip("\n"))
    elif not options.files:
        parser.error("name at least one picture")
    elif options.time:
        for file in options.files:
            measure(reference, options.time, file)
    elif compare(reference, options):
        sys.exit(1)


main()
