"""Figures, which are medians and ranges of the values of several rounds, and the result of a row.

The value of a round is a number, None if there is no value, or a Failed that says why the round does not count. Lists
of values are in the order of the rounds, so that values of the same round can be compared.
"""
import statistics

# For the programs given by --before, the names of figures begin with this word. The names of Oriel's own figures begin
# with "Oriel".
BEFORE = "before"


class Unavailable(Exception):
    """Something cannot be measured on this machine; the message is a sentence with the reason."""


class Failed(Exception):
    """The round does not count; the message is a sentence with the reason (lost viewers, a process that exited …)."""


class EndedEarly(Failed):
    """A program of a system exited before the measurement."""


def quantile(values, part):
    """Returns the value below which `part` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[int((len(ordered) - 1) * part)]


def pick(values, take):
    """Applies `take` to each round that counts; other values are unchanged."""
    return [value if value is None or isinstance(value, Failed) else take(value) for value in values]


def paired(combine, values, others):
    """Combines the values of two figures round by round. The result of a round is None if either value is missing."""
    return [None if a is None or b is None else combine(a, b) for a, b in zip(values, others)]


def ratios(values, reference):
    """Returns each round's ratio of two values. A disturbance affects both values, and hardly their ratio."""
    return paired(lambda a, b: a / b if b else None, values, reference)


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def pooled_quantile(histograms, part):
    """Returns a quantile over all samples of all rounds; each histogram is [[value, count], …]."""
    counts = sorted(pair for histogram in histograms for pair in histogram)
    rest = (sum(count for _, count in counts) - 1) * part
    for value, count in counts:
        if rest < count:
            return value
        rest -= count
    return None


def figure(values, unit, pooled=None, is_compared=True):
    """Creates a figure from the values of all rounds. If `pooled` is given, it replaces the median."""
    failed = {str(i + 1): str(value) for i, value in enumerate(values) if isinstance(value, Failed)}
    values = [None if value is None or isinstance(value, Failed) else float(value) for value in values]
    known = [value for value in values if value is not None]
    return {
        "unit": unit, "median": median(values) if pooled is None else pooled, "low": min(known, default=None),
        "high": max(known, default=None), "values": values, "failed": failed, "is_pooled": pooled is not None,
        "is_compared": is_compared,
    }


def compared(found, reference):
    """Returns the ratio of two figures as (value, low, high, reasons).

    `value` is the median of the rounds' ratios, or the ratio of the pooled values if both figures are pooled. `low` and
    `high` are the range of the rounds' ratios. `reasons` says why rounds failed.
    """
    rounds = [value for value in ratios(found["values"], reference["values"]) if value is not None]
    value = median(rounds)
    if found["is_pooled"] and reference["is_pooled"] and reference["median"]:
        value = found["median"] / reference["median"]
    reasons = [*reference["failed"].values(), *found["failed"].values()]
    return value, min(rounds, default=None), max(rounds, default=None), reasons


class Result:
    """The result of a row: a table of figures, limits, notes and plots."""

    def __init__(self, title, reference=None):
        self.title = title
        self.reference = reference      # what the table's ratios refer to: a system, or system → system
        self.figures = {}               # system → column → figure
        self.targets = []
        self.absent = {}                # a peer, or a peer's column → why it is missing
        self.notes = []
        self.plots = []

    def add(self, system, column, values, unit, **options):
        """Adds a figure with the values of the rounds, unless there are none."""
        if any(value is not None for value in values):
            self.figures.setdefault(system, {})[column] = figure(values, unit, **options)

    def add_p99(self, system, column, groups, scale=1000, unit="ms"):
        """Adds the p99 over the samples of all rounds together, with the range of the p99 of single rounds.

        `groups` contains one group of the load generator's result per round.
        """
        counted = [group for group in groups if group is not None and not isinstance(group, Failed)]
        pooled = pooled_quantile([group["ages"] for group in counted], 0.99) if counted else None
        self.add(
            system, column, pick(groups, lambda group: None if group["p99"] is None else group["p99"] * scale), unit,
            pooled=None if pooled is None else pooled * scale)

    def figure(self, system, column):
        return self.figures.get(system, {}).get(column)

    def values(self, system, column):
        """Returns the values of the rounds, or an empty list."""
        found = self.figure(system, column)
        return found["values"] if found else []

    def median(self, system, column):
        found = self.figure(system, column)
        return found["median"] if found else None

    def reasons(self, system, column):
        """Returns why rounds of a figure failed."""
        found = self.figure(system, column)
        return list(found["failed"].values()) if found else []

    # ---- limits

    def verdict(self, text, value, low, high, limit, unit="×", at_least=False, reasons=(), missing=""):
        """Records whether `value` (None: not measured) meets `limit`. If a round failed, the limit is not met."""
        holds = None if value is None else value >= limit if at_least else value <= limit
        if reasons:
            holds = False
        self.targets.append({
            "text": text, "value": value, "low": low, "high": high, "limit": limit, "unit": unit, "at_least": at_least,
            "holds": holds, "failed": list(dict.fromkeys(reasons)), "missing": missing})

    def target(self, text, system, column, limit, unit, at_least=False):
        """Records a limit on a figure of the table."""
        found = self.figure(system, column) or figure([], unit)
        self.verdict(
            text, found["median"], found["low"], found["high"], limit, unit, at_least, found["failed"].values())

    def ratio_target(self, text, system, other, column, limit, other_column=None, at_least=False):
        """Records a limit on the ratio of two figures of the table."""
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
        """Records a limit on the values of rounds, for values that the table does not contain."""
        known = [value for value in values if value is not None]
        self.verdict(
            text, median(known), min(known, default=None), max(known, default=None), limit, unit, at_least, reasons)

    def leave_out(self, system, why):
        """Records why a peer, or one of its columns, is not in the table."""
        self.absent.setdefault(system, str(why))

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def plot(self, name, title, x, y, series, kind="lines", logarithmic=False):
        """Adds a plot: `series` is name → [[x, y], …], or name → value for bars."""
        self.plots.append({
            "name": name, "title": title, "x": x, "y": y, "series": series, "kind": kind, "logarithmic": logarithmic})

    def as_dict(self):
        return {
            "title": self.title, "reference": self.reference, "figures": self.figures, "targets": self.targets,
            "absent": self.absent, "notes": self.notes, "plots": self.plots,
        }
