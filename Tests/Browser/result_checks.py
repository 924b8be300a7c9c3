"""Checks that live boxes are exactly on their objects, and that no picture can make the page's parser of results fail."""

import base64
import json

import coded
from box_checks import DetectedScene, detected, found, results, segment
from checking import expect, wait_until
from page import PLAYER

#: The size of the moving object in cells of 8 × 8 pixels.
ACROSS, DOWN = 6, 5
#: The object moves to the right by STEP cells per frame. At the right edge, it begins again at the left one. After
#: COLUMNS frames, it is one row lower.
COLUMNS, STEP, ROWS, FIRST_ROW = coded.WIDTH // 8 - ACROSS, 5, 22, 3
PLACES = COLUMNS * ROWS


def place_of(number):
    """Returns the place of the object in a frame, in cells. All places are different for PLACES frames."""
    return (number * STEP % COLUMNS, FIRST_ROW + number // COLUMNS % ROWS)


def moving_picture(number):
    """Returns a picture of a bright object on dark ground, and the detection results in it."""
    x, y = place_of(number)
    box = (8 * x, 8 * y, 8 * (x + ACROSS), 8 * (y + DOWN))
    picture = coded.spot(x, y, ACROSS, DOWN)
    return picture[:2] + results(number, ("exact", "predicted", "still")[number % 3], box=box) + picture[2:]


# Reads the canvas whenever the browser paints, and adds [x, y, distance] to `seen` if the object has moved. x and y are
# the object's place in cells. The distance is that between the object's edges and those of the box, in pixels; null if
# there is no box. A column or row belongs to the object if enough of its pixels are bright, and to a line of the box if
# enough are coloured. The plate with the box's label is above the box.
WATCH = """
const [across, down] = given;
const canvas = """ + PLAYER + """.shadowRoot.querySelector('canvas');
const copy = document.createElement('canvas');
const context = copy.getContext('2d', { willReadFrequently: true });
window.seen = [];
const runs = (counts, least) => {
  const found = [];
  counts.forEach((count, at) => {
    if (count < least) return;
    if (found.at(-1)?.[1] === at) found.at(-1)[1] = at + 1;
    else found.push([at, at + 1]);
  });
  return found;
};
const read = () => {
  const { width, height } = Object.assign(copy, { width: canvas.width, height: canvas.height });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const [brightColumns, brightRows, columns, rows] = [width, height, width, height].map((length) => new Array(length).fill(0));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = 4 * (y * width + x);
      const least = Math.min(data[at], data[at + 1], data[at + 2]);
      const most = Math.max(data[at], data[at + 1], data[at + 2]);
      if (least > 180) (brightColumns[x] += 1, brightRows[y] += 1);
      if (most - least > 50) (columns[x] += 1, rows[y] += 1);
    }
  }
  const [object] = runs(brightColumns, 20);
  const body = runs(brightRows, 8 * across - 10).at(-1);
  if (!object || !body) return;
  const [x, bottom] = [Math.round(object[0] / 8), Math.round(body[1] / 8)];
  const sides = runs(columns, 35);
  const [upper, lower] = runs(rows, 40).slice(-2);
  const middle = ([from, to]) => (from + to) / 2;
  const thickness = lower ? lower[1] - lower[0] : 0;
  const distance = sides.length < 2 || !lower ? null : Math.max(
    Math.abs(middle(sides[0]) - 8 * x), Math.abs(middle(sides.at(-1)) - 8 * (x + across)),
    Math.abs(middle(lower) - 8 * bottom), Math.abs(upper[1] - thickness / 2 - 8 * (bottom - down)));
  const last = seen.at(-1);
  if (!last || last[0] !== x || last[1] !== bottom - down) seen.push([x, bottom - down, distance]);
  else if (distance === null || distance > last[2]) last[2] = distance;
};
const watch = () => {
  read();
  requestAnimationFrame(watch);
};
watch();
"""


def boxes_are_exact(browser, rate, count=140):
    """If `rate` is None, a frame is published only after the page has shown the frame before it."""
    with DetectedScene(browser, rate=rate or 10) as scene:
        source, camera = scene.source, scene.cameras[0]
        scene.server.results["main"] = lambda: b""      # the pictures already contain the results
        source.pause()

        def publish():
            source.shown += 1
            camera.publish(moving_picture(source.shown))

        source.shown = -1
        publish()
        scene.page.open("/image.html")
        scene.page.run("localStorage.clear()")
        scene.page.run("localStorage.setItem('oriel.boxes', 'on')")
        scene.page.open("/#/main")
        wait_until(lambda: scene.page.player("player.frame?.objects.length ?? 0") == 1, "the first box")
        scene.page.run(WATCH, ACROSS, DOWN)
        numbers = {place_of(number): number for number in range(PLACES)}
        read = lambda: [(numbers.get((x, y)), distance) for x, y, distance in scene.page.run("return seen")]
        wait_until(lambda: scene.page.run("return seen.length") == 1, "the first frame")
        if rate is None:
            for number in range(1, count):
                publish()
                wait_until(lambda: scene.page.run("return seen.length") > number, f"frame {number}")
        else:
            # Each change of the filter paints the picture on the canvas again.
            scene.page.run(f"let turn = 0; setInterval(() => {PLAYER}.setAttribute('omit', `unicorn-${{turn++ % 2}}`), 5)")
            source.publish = publish
            source.go_on()
            wait_until(lambda: scene.page.run("return seen.length") >= count, f"{count} frames")
            source.pause()
            assert source.shown < PLACES, "the places were repeated"
        seen = read()
        scene.page.run("localStorage.clear()")
        order = [number for number, _ in seen]
        assert None not in order, seen
        expect(order, list(range(count)) if rate is None else sorted(set(order)), "the frames in the order in which they were shown")
        wrong = [(number, distance) for number, distance in seen if distance is None or distance > 2]
        expect(wrong, [], "frames whose box is more than 2 pixels away from its object")
        return f"{len(seen)} frames, boxes at most {max(distance for _, distance in seen)} pixels away"


# Changes pictures at random, and checks what the parser makes of them. `given` contains pictures in base64, a seed, and
# how many changed pictures to check. Returns the failures, and the number of changed pictures that contain objects.
FUZZ = r"""
const [pictures, seed, count] = given;
const { drawBoxes, resultsIn } = await import("/live-boxes.js");
const bases = pictures.map((text) => Array.from(atob(text), (one) => one.charCodeAt(0)));
const context = new OffscreenCanvas(320, 240).getContext("2d");
const values = ["1e999", "-1e999", "1e308", "-1e308", "-0", "NaN", "Infinity", "null", "true", "[]", "{}", "[[[[[[[[", "\"x\"", "\"\\ud800\"", "9".repeat(400), "\u0000"];
const keys = ["box", "label", "objects", "look", "score", "__proto__", "constructor", "toString", "length"];
// Mulberry32.
let state = seed;
const next = () => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};
const pick = (limit) => Math.floor(next() * limit);
const one = (list) => list[pick(list.length)];
const bytesOf = (text) => [...new TextEncoder().encode(text)];
/** Replaces a part of the picture that matches a pattern, and corrects the length of the comment in most cases. */
const replace = (bytes, pattern, text) => {
  const words = String.fromCharCode(...bytes);
  const matches = [...words.matchAll(pattern)];
  if (matches.length === 0) return;
  const { index, 0: { length } } = one(matches);
  const added = bytesOf(text);
  bytes.splice(index, length, ...added);
  const comment = words.indexOf("\u00ff\u00fe");
  if (comment < 0 || comment > index || next() < 0.1) return;
  const size = bytes[comment + 2] * 256 + bytes[comment + 3] + added.length - length;
  [bytes[comment + 2], bytes[comment + 3]] = [(size >> 8) & 255, size & 255];
};
const changes = [
  (bytes) => (bytes[pick(bytes.length)] ^= 1 << pick(8)),
  (bytes) => (bytes[pick(bytes.length)] = one([0, 0xff, 0xfe, 0xd8, 0xda, 0x22, 0x5b, 0x7b, pick(256)])),
  (bytes) => bytes.splice(pick(bytes.length), 0, ...Array.from({ length: 1 + pick(24) }, () => pick(256))),
  (bytes) => bytes.splice(pick(bytes.length), 1 + pick(24)),
  (bytes) => bytes.splice(pick(bytes.length), 0, ...bytes.slice(pick(bytes.length)).slice(0, 300)),
  (bytes) => bytes.splice(pick(bytes.length), pick(60), ...one(bases).slice(pick(60)).slice(0, 300)),
  (bytes) => (bytes.length = pick(bytes.length)),
  (bytes) => (bytes[2 + pick(4)] = pick(256)),
  (bytes) => replace(bytes, /-?\d+(\.\d+)?/g, one(values)),
  (bytes) => replace(bytes, /-?\d+(\.\d+)?/g, one(values)),
  (bytes) => replace(bytes, /"[a-z]+"/g, JSON.stringify(one(keys))),
  (bytes) => replace(bytes, /"[a-z]+"/g, JSON.stringify("x".repeat(pick(200)))),
  (bytes) => replace(bytes, /[[\]{}:,]/g, one(["[", "]", "{", "}", ":", ",", ""])),
];
const failures = [];
let withObjects = 0;
for (let turn = 0; turn < count && failures.length < 5; turn += 1) {
  const changed = [...one(bases)];
  for (let left = 1 + pick(4); left > 0 && changed.length > 4; left -= 1) one(changes)(changed);
  const bytes = Uint8Array.from(changed);
  try {
    const results = resultsIn(bytes);
    if (results !== null) {
      const { objects } = results;
      if (!Array.isArray(objects) || objects.length > 64) throw new Error("objects");
      for (const { box, label } of objects) {
        const numbers = [...box, box[2] - box[0], box[3] - box[1]];
        if (box.length !== 4 || !numbers.every((number) => typeof number === "number" && Number.isFinite(number))) throw new Error(`box ${box}`);
        if (numbers[4] <= 0 || numbers[5] <= 0 || typeof label !== "string") throw new Error(`box ${box} of ${label}`);
      }
      if (objects.length > 0) withObjects += 1;
    }
    const drawn = drawBoxes(context, bytes, { names: {}, omitted: ["car"], scale: 1 });
    const total = drawn.reduce((sum, [, number]) => sum + number, 0);
    if (total !== (results?.objects.length ?? 0)) throw new Error(`${total} objects were drawn`);
  } catch (error) {
    failures.push([turn, String(error), btoa(String.fromCharCode(...bytes.slice(0, 400)))]);
  }
}
return { failures, withObjects };
"""

PARSE = """
const { resultsIn } = await import("/live-boxes.js");
return given[0].map((text) => resultsIn(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)))?.objects ?? null);
"""


def sample_pictures():
    """Returns pairs of a picture and the objects in it, or None if it contains no results of Oriel."""
    start, rest = coded.plain(128, 32, 32)[:2], coded.plain(128, 32, 32)[2:]
    many = [detected(label, (index, 2.5, index + 10.25, 20)) for index, label in enumerate(["person", "car", "traffic light"] * 20)]
    one = [detected()]
    other = lambda text: b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    app0, app1 = rest[:18], b"\xff\xe1\x00\x0aExif\0\0\0\0"
    ordinary = [
        (start + found(*one) + rest, one),
        (start + app0 + found(*one) + rest[18:], one),
        (start + app0 + app1 + found(*one) + rest[18:], one),
        (start + found(*many) + rest, many),
        (start + found() + rest, []),
        (start + found(*many[:5]) + found(*one) + rest, many[:5]),
        (start + segment({"seq": 5, "objects": one, "unknown": [1, {"a": None}], "look": "later"}) + rest, one),
    ]
    strange = [
        (start + rest, None),
        (start + other(b"Lavc59.37.100") + rest, None),
        (start + other(b"Lavc59.37.100") + found(*one) + rest, one),
        (start + other(b"") + other(b"ORIEL/2 {\"objects\": []}") + found(*one) + rest, one),
        (start + other(b"ORIEL/1") + rest, None),
        (start + other(b"ORIEL/1 \xff\xfe\xff\xd8[]") + rest, None),
        (start + other(b"ORIEL/1 {\"objects\": 7}") + rest, None),
        (start + other(b"ORIEL/1 " + b"[" * 65_000) + rest, None),
        (start + other(bytes(range(256)) * 40) + rest, None),
    ]
    return ordinary + strange


def parser_survives_anything(browser, count=24_000, batch=1_000):
    with DetectedScene(browser) as scene:
        scene.page.open("/image.html")
        samples = sample_pictures()
        texts = [base64.b64encode(picture).decode() for picture, _ in samples]
        # Unchanged pictures.
        for (_, wanted), text in zip(samples, texts):
            expect(scene.page.run(PARSE, [text])[0], json.loads(json.dumps(wanted)), f"the objects in {text[:60]}")
        short = [text for text in texts if len(text) < 8_000]
        with_objects = 0
        for seed in range(count // batch):
            outcome = scene.page.run(FUZZ, short, seed, batch)
            expect(outcome["failures"], [], f"failures with the seed {seed}")
            with_objects += outcome["withObjects"]
        assert with_objects > count / 20, f"only {with_objects} of {count} changed pictures contain objects"
        return f"{count} changed pictures, {with_objects} of them with objects"


def checks(browser):
    yield "boxes: each box is exactly on its object, in 140 frames that are shown one by one", boxes_are_exact, browser, None
    yield "boxes: each box is exactly on its object, at 30 fps while the filter changes, and no frame is out of order", boxes_are_exact, browser, 30
    yield "boxes: no changed or foreign comment makes the parser fail", parser_survives_anything, browser


def chromium_checks(browser):
    yield from ()
