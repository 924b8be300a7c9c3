"""Writes docs/benchmarks.md, its plots and docs/benchmarks.json."""
import json
import pathlib

from . import figures, plot
from .figures import BEFORE
from .plot import number

INTRODUCTION = """\
# Benchmarks

`scripts/bench` writes this page. It compares Oriel with other servers on one machine, over loopback. The systems
alternate (A B A B …) within one run. Each figure is the median of its rounds, followed by the range of the rounds in
brackets. Speeds, and even ratios, vary between machines and from hour to hour, as the ranges show. A round does not
count if a viewer was refused, was disconnected or received too little, or if a process died. A limit that depends on
such a round counts as not met. If a figure was measured in more or fewer rounds than its section says, the brackets
also contain its number of rounds. [benchmarks.json](benchmarks.json) contains the raw values, and what the viewers
received in each round.

To repeat all measurements, run `scripts/bench` while no other programs are running. It takes 15 minutes, or 20 with
detection. `scripts/bench PART…` repeats some sections ({parts}). `--quick` measures only one round. `scripts/bench --help`
says where the results are written.
"""

RATIOS_BEFORE = (
    "The ratios compare this build (after) with an older one (before). Each number is the median of the rounds' "
    "ratios, followed by their range. For a p99, the number is computed from the frames of all rounds together.")
METHOD = (pathlib.Path(__file__).parent.parent / "method.md")


def of_rounds(count):
    return "1 round" if count == 1 else f"{count} rounds"


def span(low, high):
    return number(low) if number(low) == number(high) else f"{number(low)}–{number(high)}"


def cell(found, reference, rounds):
    """Formats one figure: median, range, and the ratio to the reference."""
    if not found:
        return "–"
    count, failed = len(found["values"]), len(found.get("failed", {}))
    if found["median"] is None:
        return "failed"
    about = [span(found["low"], found["high"])] if count > 1 else []
    about += [of_rounds(count)] if count != rounds else []
    about += [f"{failed} failed"] if failed else []
    text = number(found["median"]) + (f" ({'; '.join(about)})" if about else "")
    if reference and reference is not found and found.get("is_compared", True):
        old = {"is_pooled": False, "failed": {}}         # an older benchmarks.json lacks these two keys
        value = figures.compared({**old, **found}, {**old, **reference})[0]
        if value is not None:
            text += f", **{number(value)}×**"
    return text


def table(row):
    """Returns the lines of a table of systems and columns."""
    columns = []
    for system in row["figures"].values():
        columns += [(name, found["unit"]) for name, found in system.items() if (name, found["unit"]) not in columns]
    if not columns:
        return []
    lines = ["| system | " + " | ".join(f"{name} ({unit})" if unit else name for name, unit in columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for system, values in row["figures"].items():
        reference = row["figures"].get(reference_of(row, system), {})
        cells = (cell(values.get(name), reference.get(name), row["measured"]["rounds"]) for name, _ in columns)
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    return lines


def reference_of(row, system):
    """Returns the system to which the ratios of `system` refer."""
    return row["reference"].get(system) if isinstance(row["reference"], dict) else row["reference"]


def verdict_numbers(value, limit):
    """Formats a value and its limit, with enough digits to distinguish them."""
    text = number(value)
    if text == number(limit) and value != limit:
        text = next((f"{value:.{digits}f}" for digits in range(1, 9) if round(value, digits) != limit), repr(value))
    return text, number(limit)


def targets(row):
    lines = []
    for target in row["targets"]:
        sign, unit = "≥" if target["at_least"] else "≤", f" {target['unit']}".rstrip()
        if target["value"] is None:
            limit, text = number(target["limit"]), "not measured"
        else:
            text, limit = verdict_numbers(target["value"], target["limit"])
            text += unit
            if target.get("low") is not None and target["low"] != target["high"]:
                text += f" ({span(target['low'], target['high'])})"
        line = f"- {target['text']}: {text}, limit {sign} {limit}{unit}"
        if target["value"] is None and not target.get("failed"):
            why = target.get("missing", "").rstrip(".")
            lines.append(line + (f": {why}" if why else ""))
            continue
        line += ": met" if target["holds"] else ": **not met**"
        failed = target.get("failed") or []
        if failed:
            line += f"; rounds failed: {' '.join(failed)}"
        lines.append(line)
    return lines


def before(row):
    """Returns lines with the ratio of each of Oriel's figures to the figure of the programs given by --before."""
    lines = []
    for system, columns in row["figures"].items():
        ours = row["figures"].get(f"Oriel{system[len(BEFORE):]}") if system.startswith(BEFORE) else None
        for column, reference in columns.items():
            found = (ours or {}).get(column)
            if not found or "before" not in row["measured"]:
                continue
            value, low, high, reasons = figures.compared(found, reference)
            unit = f" {found['unit']}".rstrip()
            name = f"Oriel{system[len(BEFORE):]}, {column}"
            failed = f"; rounds failed: {' '.join(dict.fromkeys(reasons))}" if reasons else ""
            if value is None:
                lines.append(f"- {name}: not measured{failed}")
                continue
            rounds = sum(ratio is not None for ratio in figures.ratios(found["values"], reference["values"]))
            # Figures that were measured at different loads cannot be compared, so no ratio is shown.
            ratio = f"{value:.3f} × ({low:.3f}–{high:.3f}; {of_rounds(rounds)}), " if found["is_compared"] else ""
            lines.append(
                f"- {name}: {ratio}{number(reference['median'])}{unit} before, {number(found['median'])}{unit} "
                f"after{failed}")
    return lines


def measured(row, machine):
    """Returns when and with which build the row was measured, and how its environment differs from the document's."""
    found = row["measured"]
    other = [text for name, text in found.get("machine", machine).items() if machine.get(name) != text]
    seconds = f", which took {found['seconds']:.0f} s" if found["seconds"] is not None else ""
    short = ", short (`--quick`)" if found["quick"] else ""
    beside = f", compared with {found['before']}" if "before" in found else ""
    return f"Measured on {found['date']} with Oriel {found['Oriel']}{beside}, in {of_rounds(found['rounds'])}{short}{seconds}." + (
        f" The environment differs from the table above: {'; '.join(other)}." if other else "")


def section(row, folder, machine):
    lines = [f"## {row['title']}", "", measured(row, machine), "", *table(row), ""]
    if isinstance(row["reference"], str) and row["reference"] in row["figures"]:
        lines += [f"The bold numbers are ratios to {row['reference']}. Each is the median of the rounds' ratios.", ""]
    elif isinstance(row["reference"], dict):
        lines += [
            "The bold numbers are ratios to the same part of µStreamer + nginx. Each is the median of the rounds' ratios.", ""]
    if row["absent"]:
        why = [f"- {name}: {reason.rstrip('.')}." for name, reason in row["absent"].items()]
        lines += ["Some figures are not measured (“–” in the table, or missing):", "", *why, ""]
    failures = {
        f"{system}: {why}": None for system, columns in row["figures"].items() for found in columns.values()
        for why in found.get("failed", {}).values()}
    if failures:
        lines += [f"These rounds do not count: {' '.join(failures)}", ""]
    found = targets(row)
    lines += ["Limits:", "", *found, ""] if found else []
    found = before(row)
    lines += [RATIOS_BEFORE, "", *found, ""] if found else []
    for picture in row["plots"]:
        lines += [f"![{picture['title']}]({folder}/{picture['name']}.svg)", ""]
    lines += [line for note in row["notes"] for line in (note, "")]
    return lines


def compact(value, depth=0):
    """Formats JSON with one line for each figure and each run, instead of one line for each number."""
    if depth < 4 and isinstance(value, dict) and value:
        inner = ",\n".join(
            " " * (depth + 1) + json.dumps(key, ensure_ascii=False) + ": " + compact(item, depth + 1)
            for key, item in value.items())
        return "{\n" + inner + "\n" + " " * depth + "}"
    if depth < 4 and isinstance(value, list) and value and isinstance(value[0], dict):
        inner = ",\n".join(" " * (depth + 1) + json.dumps(item, ensure_ascii=False) for item in value)
        return "[\n" + inner + "\n" + " " * depth + "]"
    return json.dumps(value, ensure_ascii=False)


def write(document, target):
    """Writes the files. `document` is the content of benchmarks.json, `target` the folder docs/."""
    target = pathlib.Path(target)
    pictures = target / "images" / "benchmarks"
    pictures.mkdir(parents=True, exist_ok=True)
    rows = document["rows"]
    (target / "benchmarks.json").write_text(compact(document) + "\n")
    lines = [INTRODUCTION.replace("{parts}", ", ".join(f"`{name}`" for name in rows)), "| environment | |", "| --- | --- |"]
    lines += [f"| {name} | {text} |" for name, text in document["machine"].items()]
    lines += [f"| total duration | {document['seconds'] / 60:.0f} minutes |", ""]
    if METHOD.exists():
        lines += [METHOD.read_text().strip(), ""]
    for row in rows.values():
        lines += section(row, "images/benchmarks", document["machine"])
        for picture in row["plots"]:
            (pictures / f"{picture['name']}.svg").write_text(plot.svg(picture))
    tried = METHOD.with_name("tried.md")
    if tried.exists():
        lines += [tried.read_text().strip(), ""]
    (target / "benchmarks.md").write_text("\n".join(lines).rstrip() + "\n")
