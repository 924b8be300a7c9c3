"""Figures: medians and ranges of rounds, and what a row reports."""
import statistics


def quantile(values, part):
    """The value below which `part` of the values lie."""
    ordered = sorted(values)
    return ordered[int((len(ordered) - 1) * part)]


def figure(values, unit):
    """One figure from the values of all rounds."""
    values = [float(value) for value in values]
    return {
        "unit": unit, "median": statistics.median(values), "low": min(values), "high": max(values), "values": values,
    }


def ratio(values, reference):
    """The median of the rounds' own ratios: what disturbs a round disturbs both of its sides."""
    pairs = [value / other for value, other in zip(values, reference) if other]
    return statistics.median(pairs) if pairs else None


class Result:
    """What a row has measured: a table of figures, ratios that are to hold, notes and plots."""

    def __init__(self, title, reference=None):
        self.title = title
        self.reference = reference      # the system that ratios in the table are told against
        self.figures = {}               # system → column → figure
        self.targets = []
        self.notes = []
        self.plots = []

    def add(self, system, column, values, unit):
        """Notes the rounds' values of one figure; nothing when there are none."""
        values = [value for value in values if value is not None]
        if values:
            self.figures.setdefault(system, {})[column] = figure(values, unit)

    def values(self, system, column):
        """The rounds' values, or nothing."""
        found = self.figures.get(system, {}).get(column)
        return found["values"] if found else []

    def median(self, system, column):
        found = self.figures.get(system, {}).get(column)
        return found["median"] if found else None

    def target(self, text, value, limit, unit="×", at_least=False):
        """Notes whether `value` keeps to `limit`; a value of None could not be measured."""
        holds = None if value is None else value >= limit if at_least else value <= limit
        self.targets.append(
            {"text": text, "value": value, "limit": limit, "unit": unit, "at_least": at_least, "holds": holds})

    def ratio_target(self, text, system, other, column, limit, other_column=None):
        """The same for the ratio of one column of two systems."""
        value = ratio(self.values(system, column), self.values(other, other_column or column))
        self.target(text, value, limit)

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
            "notes": self.notes, "plots": self.plots,
        }
