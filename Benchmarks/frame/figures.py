"""Figures: medians and ranges of rounds, and what a row reports.

A round's value is a number, None where there is none, or the Failed that says why the round does not count. Lists keep
their rounds' places, so that what is compared is always of one round.
"""
import statistics

# How the names of the figures of the programs of --before begin, where those of Oriel begin with "Oriel".
BEFORE = "before"


class Unavailable(Exception):
    """Why something cannot be measured here at all, as a sentence."""


class Failed(Exception):
    """Why this round does not count: viewers were lost, a process died, nothing came … As a sentence."""


class EndedEarly(Failed):
    """A program of a system ended before anything was measured."""


def quantile(values, part):
    """The value below which `part` of the values lie."""
    ordered = sorted(values)
    return ordered[int((len(ordered) - 1) * part)]


def pick(values, take):
    """`take` of each round that counts; the others stay what they are."""
    return [value if value is None or isinstance(value, Failed) else take(value) for value in values]


def paired(combine, values, others):
    """`combine` of two figures' values, round by round; None where either is missing."""
    return [None if a is None or b is None else combine(a, b) for a, b in zip(values, others)]


def ratios(values, reference):
    """The rounds' own ratios: what disturbs a round disturbs both of its sides."""
    return paired(lambda a, b: a / b if b else None, values, reference)


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def pooled_quantile(histograms, part):
    """A quantile over all samples of all rounds; each histogram is [[value, count], …]."""
    counts = sorted(pair for histogram in histograms for pair in histogram)
    rest = (sum(count for _, count in counts) - 1) * part
    for value, count in counts:
        if rest < count:
            return value
        rest -= count
    return None


def figure(values, unit, pooled=None, is_compared=True):
    """One figure from the values of all rounds; `pooled` is shown in place of their median."""
    failed = {str(i + 1): str(value) for i, value in enumerate(values) if isinstance(value, Failed)}
    values = [None if value is None or isinstance(value, Failed) else float(value) for value in values]
    known = [value for value in values if value is not None]
    return {
        "unit": unit, "median": median(values) if pooled is None else pooled, "low": min(known, default=None),
        "high": max(known, default=None), "values": values, "failed": failed, "is_pooled": pooled is not None,
        "is_compared": is_compared,
    }


def compared(found, reference):
    """(value, low, high, reasons) of the ratio of two figures: of the rounds' ratios, or of what is pooled over all."""
    rounds = [value for value in ratios(found["values"], reference["values"]) if value is not None]
    value = median(rounds)
    if found["is_pooled"] and reference["is_pooled"] and reference["median"]:
        value = found["median"] / reference["median"]
    reasons = [*reference["failed"].values(), *found["failed"].values()]
    return value, min(rounds, default=None), max(rounds, default=None), reasons


class Result:
    """What a row has measured: a table of figures, ratios that are to hold, notes and plots."""

    def __init__(self, title, reference=None):
        self.title = title
        self.reference = reference      # what the table's ratios are told against: a system, or system → system
        self.figures = {}               # system → column → figure
        self.targets = []
        self.absent = {}                # a peer, or a peer's column → why it is not there
        self.notes = []
        self.plots = []

    def add(self, system, column, values, unit, **options):
        """Notes the rounds' values of one figure; nothing when there are none."""
        if any(value is not None for value in values):
            self.figures.setdefault(system, {})[column] = figure(values, unit, **options)

    def add_p99(self, system, column, groups, scale=1000, unit="ms"):
        """The p99 over all rounds' samples of the load generator's groups, with the range of the rounds' own."""
        counted = [group for group in groups if group is not None and not isinstance(group, Failed)]
        pooled = pooled_quantile([group["ages"] for group in counted], 0.99) if counted else None
        self.add(
            system, column, pick(groups, lambda group: None if group["p99"] is None else group["p99"] * scale), unit,
            pooled=None if pooled is None else pooled * scale)

    def figure(self, system, column):
        return self.figures.get(system, {}).get(column)

    def values(self, system, column):
        """The rounds' values, or nothing."""
        found = self.figure(system, column)
        return found["values"] if found else []

    def median(self, system, column):
        found = self.figure(system, column)
        return found["median"] if found else None

    def reasons(self, system, column):
        """Why rounds of it failed."""
        found = self.figure(system, column)
        return list(found["failed"].values()) if found else []

    # ---- what is to hold

    def verdict(self, text, value, low, high, limit, unit="×", at_least=False, reasons=(), missing=""):
        """Notes whether `value` keeps to `limit`: None was not measured; where a round failed, it does not hold."""
        holds = None if value is None else value >= limit if at_least else value <= limit
        if reasons:
            holds = False
        self.targets.append({
            "text": text, "value": value, "low": low, "high": high, "limit": limit, "unit": unit, "at_least": at_least,
            "holds": holds, "failed": list(dict.fromkeys(reasons)), "missing": missing})

    def target(self, text, system, column, limit, unit, at_least=False):
        """The same of a figure of the table."""
        found = self.figure(system, column) or figure([], unit)
        self.verdict(
            text, found["median"], found["low"], found["high"], limit, unit, at_least, found["failed"].values())

    def ratio_target(self, text, system, other, column, limit, other_column=None, at_least=False):
        """The same of the ratio of two of the table's figures."""
        found, reference = self.figure(system, column), self.figure(other, other_column or column)
        if found and reference:
            value, low, high, reasons = compared(found, reference)
            self.verdict(text, value, low, high, limit, at_least=at_least, reasons=reasons)
        else:
            missing = next((name for name, there in ((system, found), (other, reference)) if not there))
            self.verdict(text, None, None, None, limit, at_least=at_least, missing=self.why_not(missing))

    def why_not(self, system):
        return next((why for name, why in self.absent.items() if system.startswith(name)), f"{system} is missing")

    def values_target(self, text, values, limit, unit="×", at_least=False, reasons=()):
        """The same of values of rounds that the table does not show."""
        known = [value for value in values if value is not None]
        self.verdict(
            text, median(known), min(known, default=None), max(known, default=None), limit, unit, at_least, reasons)

    def leave_out(self, system, why):
        """Says why a peer, or one of its columns, is not in the table."""
        self.absent.setdefault(system, str(why))

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def plot(self, name, title, x, y, series, kind="lines", logarithmic=False):
        """A picture: `series` is name → [[x, y], …]; of bars, name → value."""
        self.plots.append({
            "name": name, "title": title, "x": x, "y": y, "series": series, "kind": kind, "logarithmic": logarithmic})

    def as_dict(self):
        return {
            "title": self.title, "reference": self.reference, "figures": self.figures, "targets": self.targets,
            "absent": self.absent, "notes": self.notes, "plots": self.plots,
        }
