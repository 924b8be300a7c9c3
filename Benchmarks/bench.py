"""Measures Oriel beside its peers; see scripts/bench."""
import argparse
import datetime
import importlib
import json
import os
import pathlib
import signal
import sys
import time

from frame import machine, report
from frame.context import ROOT, Context, Unavailable

# Each is a file beside this one with NAME and run(context) -> dict.
PARTS = ["cpu", "most", "age", "slow", "encode", "idle", "memory", "ring", "start", "snapshots", "detect", "beside"]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four minutes, one round")
    parser.add_argument("--smoke", action="store_true", help="seconds: only whether everything works")
    parser.add_argument("--rounds", type=int, help="how often everything is repeated (5)")
    parser.add_argument("--into", default=ROOT / "docs", help="the folder for benchmarks.md, .json and plots (docs)")
    parser.add_argument("part", nargs="*", help=f"only these, the others' results are kept: {' '.join(PARTS)}")
    options = parser.parse_args()
    for part in options.part:
        if part not in PARTS:
            parser.error(f"there is no part '{part}'; there are: {' '.join(PARTS)}")
    if options.rounds is not None and not 1 <= options.rounds <= 100:
        parser.error("--rounds takes 1 to 100")
    return options


def measure(context, name):
    """One row, or why there is none."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
    context.say(f"  {name}")
    begin = time.monotonic()
    try:
        row = module.run(context)
    except Unavailable as reason:
        context.say(f"    not measured: {reason}")
        row = {
            "title": getattr(module, "NAME", name), "reference": None, "figures": {}, "targets": [], "plots": [],
            "notes": [f"Not measured: {reason}"], "optional": getattr(module, "OPTIONAL", False),
        }
    row["seconds"] = round(time.monotonic() - begin, 1)
    for target in row["targets"]:
        context.say(f"    {target['text']}: {target['value']} (limit {target['limit']}, holds: {target['holds']})")
    return row


def main():
    options = arguments()
    rounds = options.rounds or (1 if options.smoke or options.quick else 5)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    context = Context(
        rounds, options.quick, options.smoke, say=lambda text: print(text, file=sys.stderr, flush=True))
    target = pathlib.Path(options.into)
    document = {"rows": {}}
    if options.part and (target / "benchmarks.json").exists():
        document = json.loads((target / "benchmarks.json").read_text())
    begin, failed = time.monotonic(), []
    try:
        rows = {}
        for name in options.part or PARTS:
            row = measure(context, name)
            if row:
                rows[name] = row
                if options.smoke and not row["figures"] and not row.get("optional"):
                    failed.append(name)
        found = {**document["rows"], **rows}
        python = context.cache / "venv/bin/python"
        document = {
            "date": datetime.date.today().isoformat(), "rounds": rounds, "quick": options.quick,
            "seconds": round(time.monotonic() - begin), "cores": os.cpu_count(),
            "machine": machine.describe(ROOT, python if python.exists() else None),
            "rows": {name: found[name] for name in PARTS if name in found},
        }
    except KeyboardInterrupt:
        context.say("Stopped.")
        return 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        context.close()
    if options.smoke:
        target = None
        context.say(f"{len(rows)} rows work" if not failed else f"these gave no figure: {' '.join(failed)}")
        return 1 if failed else 0
    report.write(document, pathlib.Path(options.into))
    context.say(f"Written: {options.into}/benchmarks.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
