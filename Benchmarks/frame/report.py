"""docs/benchmarks.md, its plots and docs/benchmarks.json."""
import json
import pathlib

from . import figures, plot

INTRODUCTION = """\
# Benchmarks

Written by `scripts/bench`, which measures Oriel beside what people use today, on one machine, over loopback: what is
compared takes turns (A B A B …) in one run, and each figure is the median of its rounds, with their range in brackets.
Speeds differ from machine to machine and from hour to hour; the ratios of one run do not, much. Raw values are in
[benchmarks.json](benchmarks.json).
"""

METHOD = (pathlib.Path(__file__).parent.parent / "method.md")


def cell(found, reference):
    """One figure: median, range, and the ratio to the reference's."""
    if not found:
        return "–"
    text = plot.number(found["median"])
    if len(found["values"]) > 1:
        text += f" ({plot.number(found['low'])}–{plot.number(found['high'])})"
    if reference and reference is not found:
        value = figures.ratio(found["values"], reference["values"])
        if value is not None:
            text += f", **{plot.number(value)}×**"
    return text


def table(row):
    """A table of systems and columns."""
    columns = []
    for system in row["figures"].values():
        columns += [(name, found["unit"]) for name, found in system.items() if (name, found["unit"]) not in columns]
    if not columns:
        return []
    reference = row["figures"].get(row["reference"], {})
    lines = ["| | " + " | ".join(f"{name} ({unit})" if unit else name for name, unit in columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for system, values in row["figures"].items():
        lines.append(
            f"| {system} | " + " | ".join(cell(values.get(name), reference.get(name)) for name, _ in columns) + " |")
    return lines


def targets(row):
    lines = []
    for target in row["targets"]:
        sign = "≥" if target["at_least"] else "≤"
        unit = target["unit"]
        limit = f"{sign} {plot.number(target['limit'])} {unit}".strip()
        if target["value"] is None:
            lines.append(f"- {target['text']}: not measured (to be {limit})")
        else:
            verdict = "holds" if target["holds"] else "**does not hold**"
            lines.append(f"- {target['text']}: {plot.number(target['value'])} {unit}, to be {limit}: {verdict}")
    return lines


def section(row, folder):
    lines = [f"## {row['title']}", "", *table(row), ""]
    if row["reference"] in row["figures"]:
        lines += [f"Bold: the ratio to {row['reference']}, the median of the rounds' own.", ""]
    found = targets(row)
    lines += [*found, ""] if found else []
    for picture in row["plots"]:
        lines += [f"![{picture['title']}]({folder}/{picture['name']}.svg)", ""]
    lines += [line for note in row["notes"] for line in (note, "")]
    return lines


def write(document, target):
    """Writes the three; `document` is what benchmarks.json holds, `target` the folder docs/."""
    target = pathlib.Path(target)
    pictures = target / "images" / "benchmarks"
    pictures.mkdir(parents=True, exist_ok=True)
    (target / "benchmarks.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    lines = [INTRODUCTION, "| | |", "| --- | --- |"]
    lines += [f"| {name} | {text} |" for name, text in document["machine"].items()]
    how = f"{document['rounds']} rounds, {document['seconds'] / 60:.0f} minutes"
    lines += [f"| run | {document['date']}, {how}{', short (--quick)' if document['quick'] else ''} |", ""]
    if METHOD.exists():
        lines += [METHOD.read_text().strip(), ""]
    for row in document["rows"].values():
        lines += section(row, "images/benchmarks")
        for picture in row["plots"]:
            (pictures / f"{picture['name']}.svg").write_text(plot.svg(picture))
    tried = METHOD.with_name("tried.md")
    if tried.exists():
        lines += [tried.read_text().strip(), ""]
    (target / "benchmarks.md").write_text("\n".join(lines).rstrip() + "\n")
