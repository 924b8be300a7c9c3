"""Draws line and bar plots as SVG. Their background and colors follow the reader's light or dark theme."""
import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 376, 70, 20, 84, 48
STYLE = """
.ground{fill:#fff}.text{fill:#222}.quiet{fill:#555}.grid{stroke:#ddd}
.c0{--c:#0b62d6}.c1{--c:#c4411a}.c2{--c:#1a7f37}.c3{--c:#8250df}.c4{--c:#9a6700}.c5{--c:#57606a}
.line{fill:none;stroke:var(--c);stroke-width:2}.mark{fill:var(--c)}
@media(prefers-color-scheme:dark){.ground{fill:#14181d}.text{fill:#e8e8e8}.quiet{fill:#aaa}.grid{stroke:#333a42}
.c0{--c:#62a8ff}.c1{--c:#ff8a5c}.c2{--c:#56d364}.c3{--c:#c297ff}.c4{--c:#e3b341}.c5{--c:#9aa4af}}
text{font:13px system-ui,sans-serif}.title{font-size:15px;font-weight:600}
"""


def svg(plot):
    """Returns the SVG text of a plot that Result.plot() has added."""
    body = bars(plot) if plot["kind"] == "bars" else lines(plot)
    height = body.pop(0)
    title = html.escape(plot["title"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>\n'
        f'<text class="text title" x="16" y="24">{title}</text>\n' + "\n".join(body) + "\n</svg>\n")


def number(value):
    """Formats a number with three significant digits."""
    if value == 0:
        return "0"
    digits = max(0, 2 - int(math.floor(math.log10(abs(value)))))
    text = f"{value:,.{min(digits, 3)}f}".replace(",", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text


def ticks(low, high, is_logarithmic):
    if is_logarithmic:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [10.0 ** power for power in range(first, last + 1)]
    raw = (high - low) / 5 or 1
    unit = 10 ** math.floor(math.log10(raw))
    step = next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= raw)
    start = math.floor(low / step) * step
    return [start + i * step for i in range(int(math.ceil((high - start) / step - 1e-9)) + 1)]


def legend(names):
    parts, x, y = [], 16, 38
    for i, name in enumerate(names):
        if x + 18 + 7.4 * len(name) > WIDTH - 16:
            x, y = 16, y + 20
        parts.append(f'<g class="c{i % 6}"><rect class="mark" x="{x}" y="{y}" width="12" height="12" rx="2"/></g>')
        parts.append(f'<text class="text" x="{x + 18}" y="{y + 11}">{html.escape(name)}</text>')
        x += 36 + int(7.4 * len(name))
    return parts


def lines(plot):
    series = {name: points for name, points in plot["series"].items() if points}
    xs = sorted({point[0] for points in series.values() for point in points})
    ys = [point[1] for points in series.values() for point in points]
    if not xs:
        return [80, '<text class="quiet" x="16" y="60">Nothing was measured.</text>']
    is_logarithmic = plot["logarithmic"]
    marks = ticks(min(ys) if is_logarithmic else 0, max(ys), is_logarithmic)
    low, high = marks[0], marks[-1]

    def place_x(value):
        span = xs[-1] - xs[0] or 1
        return LEFT + (value - xs[0]) / span * (WIDTH - LEFT - RIGHT)

    def place_y(value):
        part = (math.log10(value / low) / math.log10(high / low)) if is_logarithmic else (value - low) / (high - low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    body = [HEIGHT, *legend(series)]
    for mark in marks:
        y = place_y(mark)
        body.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(f'<text class="quiet" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(mark)}</text>')
    for value in xs if len(xs) <= 8 else ticks(xs[0], xs[-1], False):
        if xs[0] <= value <= xs[-1]:
            body.append(
                f'<text class="quiet" x="{place_x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                f"{number(value)}</text>")
    body.append(
        f'<text class="quiet" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">'
        f'{html.escape(plot["x"])}</text>')
    body.append(
        f'<text class="quiet" transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" '
        f'text-anchor="middle">{html.escape(plot["y"])}</text>')
    for i, points in enumerate(series.values()):
        path = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in sorted(points))
        body.append(f'<g class="c{i % 6}"><polyline class="line" points="{path}"/>')
        if len(points) <= 12:
            body += [f'<circle class="mark" cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="4"/>' for x, y in points]
        body.append("</g>")
    return body


def bars(plot):
    values = {name: value for name, value in plot["series"].items() if value is not None}
    left, right = 250, 90
    high = max(values.values(), default=1) or 1
    low = min((value for value in values.values() if value > 0), default=1) / 2
    body = [64 + 30 * len(values) + 24, f'<text class="quiet" x="16" y="44">{html.escape(plot["y"])}</text>']
    for i, (name, value) in enumerate(values.items()):
        part = math.log(value / low) / math.log(high / low) if plot["logarithmic"] and value > 0 else value / high
        y, width = 60 + 30 * i, max(2, part * (WIDTH - left - right))
        body.append(f'<text class="text" x="{left - 10}" y="{y + 15}" text-anchor="end">{html.escape(name)}</text>')
        shade = "c0" if name.startswith("Oriel") else "c5"
        body.append(
            f'<g class="{shade}"><rect class="mark" x="{left}" y="{y}" width="{width:.1f}" height="20" rx="3"/></g>')
        body.append(f'<text class="text" x="{left + width + 8:.1f}" y="{y + 15}">{number(value)}</text>')
    if plot["logarithmic"]:
        body.append(f'<text class="quiet" x="{left}" y="{body[0] - 8}">logarithmic</text>')
    return body
