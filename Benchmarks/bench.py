"""Measures Oriel and its peers; see scripts/bench for the options."""
import argparse
import datetime
import importlib
import json
import os
import pathlib
import signal
import sys
import time
import traceback

from frame import machine, report
from frame.context import ROOT, Context, clear_away_the_dead
from frame.figures import BEFORE, Unavailable

# Each part is a file in this folder that defines NAME and run(context) -> dict. The two numbers are its approximate
# durations in seconds on an idle machine: with five rounds, and with --quick.
PARTS = {
    "cpu": (120, 25), "most": (195, 45), "age": (145, 25), "slow": (150, 22), "encode": (52, 12), "idle": (40, 21),
    "memory": (95, 13), "ring": (70, 15), "start": (20, 3), "snapshots": (40, 8), "detect": (90, 15), "beside": (180, 60),
    "width": (125, 25)}
ONLY_NAMED = {"width"}      # rows that run only if the command line names them, or with --smoke
COMPARED = ("cpu", "most", "age", "slow")        # rows that --before can compare
ASIDE = ROOT / ".build" / "bench" / "results"
PROGRAMS = ("capture-daemon", "mjpeg-fcgi", "relay-fcgi", "ring-benchmark")     # detect-fcgi is optional
PROGRAMS_BEFORE = ("capture-daemon", "mjpeg-fcgi", "relay-fcgi")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(64, f"error: {message}\n")


def arguments():
    parser = Parser(prog="scripts/bench", add_help=False, allow_abbrev=False)
    parser.add_argument("--check", action="store_true")         # scripts/bench checks its arguments before it builds
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--before", type=pathlib.Path)
    parser.add_argument("--ustreamer", type=pathlib.Path)
    parser.add_argument("--into", type=pathlib.Path)
    parser.add_argument("part", nargs="*")
    options = parser.parse_args()
    for part in options.part:
        if part not in PARTS:
            parser.error(f"unknown part '{part}'; the parts are {' '.join(PARTS)}")
    if options.rounds is not None and not 1 <= options.rounds <= 100:
        parser.error("--rounds takes 1 to 100")
    options.rounds = options.rounds or (1 if options.smoke or options.quick else 5)
    if options.ustreamer:
        if options.ustreamer.name != "ustreamer" or not os.access(options.ustreamer, os.X_OK):
            parser.exit(66, f"error: --ustreamer: {options.ustreamer} is not a program called ustreamer.\n")
        os.environ["PATH"] = f"{options.ustreamer.parent}:{os.environ['PATH']}"
    if options.before:
        check_programs(parser, options.before)
        for part in options.part:
            if part not in COMPARED:
                parser.error(f"--before does not compare the part '{part}'; it compares: {' '.join(COMPARED)}")
        options.part = options.part or list(COMPARED)
    options.into = options.into or (ASIDE if options.quick or options.part else ROOT / "docs")
    if not options.smoke:
        check_folder(parser, options.into)
    return options


def check_programs(parser, folder):
    for program in PROGRAMS_BEFORE:
        if not os.access(folder / program, os.X_OK):
            parser.exit(66, f"error: --before: {folder / program} does not exist; use the folder of a release build.\n")


def check_folder(parser, folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / f".benchmarks-{os.getpid()}"
        trial.touch()
        trial.unlink()
        rows_in(folder)
    except (OSError, ValueError) as error:
        parser.exit(73, f"error: {folder} is not writable: {error}\n")


def rows_in(folder):
    """Returns the rows of the folder's benchmarks.json. Each row contains its date, build and machine."""
    file = folder / "benchmarks.json"
    document = json.loads(file.read_text()) if file.exists() else {"rows": {}}
    for row in document["rows"].values():
        row.setdefault("absent", {})
        row.setdefault("measured", {
            "date": document.get("date"), "rounds": document.get("rounds"), "quick": document.get("quick"),
            "seconds": row.get("seconds"), "Oriel": document.get("machine", {}).get("Oriel", "unknown"),
            "machine": {key: text for key, text in document.get("machine", {}).items() if key != "Oriel"}})
    return document["rows"]


def measure(context, name, measured):
    """Measures one row. An error in one row does not affect the other rows."""
    context.say(f"  {name}")
    begin, context.records = time.monotonic(), []
    try:
        row = importlib.import_module(name).run(context)
    except Exception as error:  # pylint: disable=broad-except
        if not isinstance(error, Unavailable):
            context.say(traceback.format_exc())
        context.say(f"    not measured: {error}")
        row = {
            "title": getattr(sys.modules.get(name), "NAME", name), "reference": None, "figures": {}, "targets": [],
            "absent": {}, "plots": [], "notes": [f"Not measured: {error}"],
            "optional": isinstance(error, Unavailable) and getattr(sys.modules.get(name), "OPTIONAL", False)}
    finally:
        context.processes.stop_all()
    row["measured"] = {**measured, "seconds": round(time.monotonic() - begin, 1)}
    row["runs"] = context.records
    row["ours"] = getattr(sys.modules.get(name), "OURS", "Oriel")        # the beginning of the names of Oriel's figures
    for line in report.targets(row):
        context.say(f"    {line[2:]}".replace("**", ""))
    for line in report.before(row):
        context.say(f"    {line[2:]}")
    context.say(f"    {row['measured']['seconds']:.0f} s")
    return row


def missing(row, is_strict):
    """Returns None, or the reason why the row lacks a figure of Oriel or of the programs given by --before.

    If `is_strict`, a figure also counts as missing if one of its rounds failed.
    """
    names = (row["ours"], BEFORE) if "before" in row["measured"] else row["ours"]
    ours = {name: columns for name, columns in row["figures"].items() if name.startswith(names)}
    if ours and "before" in row["measured"] and not any(name.startswith(BEFORE) for name in ours):
        return "the programs of --before were not measured"
    if not ours and row.get("optional"):
        return None
    if not ours:
        return "Oriel was not measured"
    for name, columns in ours.items():
        for column, found in columns.items():
            if found["median"] is None or (is_strict and found["failed"]):
                return f"{name}, {column}: {next(iter(found['failed'].values()))}"
    return None


def main():
    options = arguments()
    if options.check:
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    said = set()

    def say(text, once=False):
        if not once or text not in said:
            print(text, file=sys.stderr, flush=True)
        said.add(text)

    clear_away_the_dead()
    context = Context(options.rounds, options.quick, options.smoke, say=say, before=options.before)
    for program in PROGRAMS:
        if not os.access(context.bin / program, os.X_OK):
            say(f"error: {context.bin / program} does not exist; build it, or set ORIEL_BIN_DIR.")
            context.close()
            return 69
    measured = {
        "date": datetime.date.today().isoformat(), "rounds": options.rounds, "quick": options.quick,
        "Oriel": machine.programs(ROOT, context.bin)}
    if options.before:
        measured["before"] = machine.built_elsewhere(options.before)
    parts = options.part or [name for name in PARTS if options.smoke or name not in ONLY_NAMED]
    if not options.smoke:
        expected = sum(PARTS[name][1] if options.quick else PARTS[name][0] * options.rounds / 5 for name in parts)
        expected *= 1.4 if options.before else 1
        say(f"{len(parts)} rows, about {max(1, round(expected / 60))} minutes. Nothing else should run meanwhile.")
    begin, failed, rows = time.monotonic(), {}, {}
    if not options.smoke:
        rows = {name: row for name, row in rows_in(options.into).items() if options.part or name in ONLY_NAMED}
    try:
        context.prepare()
        for name in parts:
            rows[name] = measure(context, name, measured)
            context.done.append(name)
            why = missing(rows[name], options.smoke)
            if why:
                failed[name] = why
            if not options.smoke:
                report.write(document(context, rows), options.into)
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        context.close()
    say(f"{len(parts)} rows, {time.monotonic() - begin:.0f} s")
    if not options.smoke:
        say(f"Written: {options.into}/benchmarks.md")
    for name, why in failed.items():
        say(f"error: {name}: {why}")
    return 1 if failed else 0


def document(context, rows):
    """Returns the content of benchmarks.json."""
    python = context.cache / "venv"
    described = machine.describe(python / "bin/python" if (python / "done").exists() else None)
    for name in context.done:
        rows[name]["measured"]["machine"] = described
    return {
        "seconds": round(sum(row["measured"]["seconds"] or 0 for row in rows.values())), "cores": os.cpu_count(),
        "machine": described,
        "rows": {name: rows[name] for name in PARTS if name in rows},
    }


if __name__ == "__main__":
    sys.exit(main())
