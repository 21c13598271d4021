"""growth_page.py - the page of growth: each figure against log2 N, as SVG inside one file without a network."""
import html
import math
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
STYLE = TOP / "src/prog/ipop-sim/page.css"  # the page of one run looks the same
COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5",
           "#9c6b4e", "#9498a0")
WIDTH, HEIGHT, LEFT, RIGHT, TOP_EDGE, BOTTOM = 460, 262, 52, 24, 46, 40
LEGEND_ROW = 4  # entries
PROMISED_HOPS = ((100, 3.5), (1000, 5.5), (10000, 7.5))  # what the network is held to, on average

# What a member keeps and sends shall grow as log N: these are compared with a line over log2 N.
FITTED = {"degree_mean": "links", "sent_per_node_s": "bytes/s sent", "rss_kb_per_node": "kB",
          "events_per_node_s": "events/s"}


def fit(points):
    """Least squares: y = a + b log2 x, and how much of what differs that explains (R squared)."""
    logs = [(math.log2(x), y) for x, y in points if y is not None]
    if len(logs) < 3:
        return None
    mean_x, mean_y = (sum(axis) / len(logs) for axis in zip(*logs))
    wide = sum((x - mean_x) ** 2 for x, _ in logs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in logs) / wide
    rest = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in logs)
    all_of_it = sum((y - mean_y) ** 2 for _, y in logs)
    return {"at_1": round(mean_y - slope * mean_x, 3), "per_doubling": round(slope, 3),
            "r2": round(1 - rest / all_of_it, 4) if all_of_it > 0 else 1}


def fits(rows):
    return {key: fit([(row["nodes"], row[key]) for row in rows]) for key in FITTED}


def short(value):
    """A number as people say it."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return html.escape(str(value))
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def round_step(most, ticks=5):
    """1, 2 or 5 times a power of ten, of which `ticks` or fewer reach `most`."""
    power = 10.0 ** (math.floor(math.log10(most)) - 1)
    return next(power * factor for factor in (1, 2, 5, 10, 20, 50, 100)
                if power * factor * ticks >= most)


class Plot:
    """One figure; x is a number of members, on a logarithmic axis from the least to the most."""

    def __init__(self, title, unit, sizes, y_max):
        self.low, self.high = math.log2(min(sizes)), math.log2(max(sizes))
        if self.low == self.high:
            self.low, self.high = self.low - 1, self.high + 1
        step = round_step(y_max or 1)
        self.y_max = step * math.ceil((y_max or 1) / step - 1e-9)
        self.entries = 0
        self.parts = [f'<text class="title" x="{LEFT}" y="14">{html.escape(title)}</text>']
        self._axes(sizes, step, unit)

    def x(self, nodes):
        return LEFT + (math.log2(nodes) - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.y_max * (HEIGHT - TOP_EDGE - BOTTOM)

    def _axes(self, sizes, step, unit):
        for n in range(round(self.y_max / step) + 1):
            y = self.y(n * step)
            self.parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
                              f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                              f'{n * step:g}</text>')
        for nodes in sizes:
            self.parts.append(f'<text class="tick" x="{self.x(nodes):.1f}" y="{HEIGHT - BOTTOM + 15}" '
                              f'text-anchor="middle">{nodes}</text>')
        self.parts.append(f'<text class="label" x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">'
                          f'members, logarithmic</text><text class="label" x="2" y="{TOP_EDGE - 8}">{unit}</text>')

    def _legend(self, name, colour):
        x, y = LEFT + self.entries % LEGEND_ROW * 98, 20 + self.entries // LEGEND_ROW * 11
        self.entries += 1
        self.parts.append(f'<rect x="{x}" y="{y}" width="8" height="8" fill="{colour}"/>'
                          f'<text class="tick" x="{x + 12}" y="{y + 8}">{html.escape(name)}</text>')

    def _path(self, points):
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)

    def line(self, points, name, dashed=False):
        """Of (members, value), with a dot for each that was measured."""
        points = [(x, y) for x, y in points if y is not None]
        colour = COLOURS[self.entries % len(COLOURS)]
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<polyline class="line" stroke="{colour}"{dash} points="{self._path(points)}"/>')
        self.parts += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="{1.5 if dashed else 3}" '
                       f'fill="{colour}"><title>{x} members: {short(y)}</title></circle>' for x, y in points]
        self._legend(name, colour)

    def area(self, low, high, name):
        colour = COLOURS[self.entries % len(COLOURS)]
        self.parts.append(f'<polygon fill="{colour}" points="{self._path(high)} {self._path(low[::-1])}">'
                          f'<title>{html.escape(name)}</title></polygon>')
        self._legend(name, colour)

    def fitted(self, line):
        """The line over log2 N that comes nearest."""
        if line is None:
            return
        ends = [(2 ** log, line["at_1"] + line["per_doubling"] * log) for log in (self.low, self.high)]
        self.parts.append(f'<polyline class="line fit" points="{self._path(ends)}"/>')

    def promise(self, nodes, value):
        if not self.low <= math.log2(nodes) <= self.high or value > self.y_max:
            return
        x, y = self.x(nodes), self.y(value)
        self.parts.append(f'<path class="promise" d="M{x - 7:.1f} {y:.1f}h14"><title>at most {value} at {nodes}'
                          f'</title></path><text class="tick" x="{x:.1f}" y="{y - 4:.1f}" '
                          f'text-anchor="middle">at most {value}</text>')

    def figure(self, note):
        return (f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(self.parts)}</svg>'
                f'<figcaption>{note}</figcaption></figure>')


def told_fit(line, unit):
    if line is None:
        return "too few sizes for a line"
    return (f"dotted: {short(line['at_1'])} + {short(line['per_doubling'])} log₂ N{unit and ' '}{unit}, which "
            f"explains {100 * line['r2']:.1f} % of what differs (R²)")


def lines(rows, title, unit, series, note, line=None):
    """A plot of some figures of the rows: (key, name) each."""
    sizes = [row["nodes"] for row in rows]
    most = max((row[key] or 0 for row in rows for key, _ in series), default=0)
    plot = Plot(title, unit, sizes, most)
    for key, name in series:
        plot.line([(row["nodes"], row[key]) for row in rows], name, dashed=name == "ideal ring")
    plot.fitted(line)
    return plot.figure(note)


def hops(rows):
    sizes = [row["nodes"] for row in rows]
    most = max(max(row[key] or 0 for key in ("hops_mean", "hops_p99", "hops_ideal", "hops_law"))
               for row in rows)
    plot = Plot("Hops from one member to another", "links", sizes, most)
    for key, name, dashed in (("hops_mean", "mean", False), ("hops_p99", "99 of 100", False),
                              ("hops_ideal", "ideal ring", True), ("hops_law", "log₂²N / k", True)):
        plot.line([(row["nodes"], row[key]) for row in rows], name, dashed)
    for nodes, value in PROMISED_HOPS:
        plot.promise(nodes, value)
    return plot.figure("Symphony (Manku, Bawa, Raghavan 2003): O(log² N / k) hops with k far links. Dashed: that "
                       "law as log₂²N / k with the measured k = mean links − 6, and the mean of an ideal ring, "
                       "whose links were drawn by somebody who knows everybody; a member has more: those that "
                       "others need, and those in use.")


def purposes(rows, line):
    sizes = [row["nodes"] for row in rows]
    plot = Plot("Sent by a member in quiet, by purpose", "bytes/s", sizes,
                max(row["sent_per_node_s"] for row in rows))
    low = [(size, 0) for size in sizes]
    for name in rows[0]["sent_by_purpose"]:
        if not any(row["sent_by_purpose"][name] for row in rows):
            continue
        high = [(x, y + row["sent_by_purpose"][name]) for (x, y), row in zip(low, rows)]
        plot.area(low, high, name)
        low = high
    plot.fitted(line)
    return plot.figure(f"IP bytes with all headers; as many are received. The sum, {told_fit(line, 'bytes/s')}.")


def tiles(row):
    shown = (("hops_mean", "hops on average"), ("stretch_p50", "times the straight way, median"),
             ("degree_mean", "links of a member"), ("sent_per_node_s", "bytes/s sent by a member"),
             ("join_ms_p50", "ms to join, median"), ("usable_ms_p99", "ms until usable, p99"),
             ("rss_kb_per_node", "kB of memory a member"))
    return "".join(f'<div class="tile"><b>{short(row[key])}</b><span>{text}</span></div>' for key, text in shown)


def table(rows):
    keys = [key for key in rows[0] if key != "sent_by_purpose"]
    body = "".join(f"<tr><td>{key}</td>" + "".join(f"<td>{short(row[key])}</td>" for row in rows) + "</tr>"
                   for key in keys)
    body += "".join(f"<tr><td>sent: {name}</td>" + "".join(
        f"<td>{short(row['sent_by_purpose'][name])}</td>" for row in rows) + "</tr>"
        for name in rows[0]["sent_by_purpose"])
    return f'<details><summary>All figures</summary><table class="numbers">{body}</table></details>'


def page(summary):
    rows = summary["rows"]
    if not rows:
        return "<!doctype html><title>growth</title><p>nothing was played</p>\n"
    fitted = summary["fits"]
    good = all(row["violations"] == 0 for row in rows)
    largest = rows[-1]
    plots = [
        hops(rows),
        lines(rows, "Links of a member", "links", (("degree_mean", "mean"), ("degree_p99", "99 of 100"), ("links_ideal", "ideal ring")),
              f"State: the mean, {told_fit(fitted['degree_mean'], '')}.", fitted["degree_mean"]),
        purposes(rows, fitted["sent_per_node_s"]),
        lines(rows, "Joining: from start to", "ms",
              (("join_ms_p50", "place, median"), ("join_ms_p99", "place, p99"),
               ("usable_ms_p50", "usable, median"), ("usable_ms_p99", "usable, p99")),
              f"Cold, {summary['joins_per_s']} members a second, mean round trip 50 ms. Usable: a first packet has "
              "reached somebody."),
        lines(rows, "Stretch of the route", "times the straight way",
              (("stretch_p50", "median"), ("stretch_p99", "99 of 100")),
              "Time along the links by the time straight, of the sampled pairs. Who talks has a way of its own "
              "after a moment; the route is for what comes before."),
        lines(rows, "Memory", "kB a member", (("rss_kb_per_node", "of the whole run"),),
              f"Of the simulator with its Internet, at its greatest; {told_fit(fitted['rss_kb_per_node'], 'kB')}.",
              fitted["rss_kb_per_node"]),
        lines(rows, "Work: datagrams that arrive and timers that ring", "a member and second",
              (("events_per_node_s", "events"),),
              f"Over the whole run, joins too; {told_fit(fitted['events_per_node_s'], '')}.",
              fitted["events_per_node_s"]),
        lines(rows, "Price of a simulated second", "ms a member", (("wall_ms_per_node_s", "on this machine"),),
              "Wall time of the run by members and virtual seconds; it depends on what else the machine did."),
    ]
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width"><title>ipop-sim: growth</title><style>{STYLE.read_text()}</style></head>'
            f'<body>\n<h1>growth<span class="verdict {"good" if good else "bad"}">'
            f'{"all came true" if good else "violated"}</span></h1>\n<p>What a member knows, sends and waits for, '
            f'against the size of the network: {rows[0]["nodes"]} to {largest["nodes"]} members, of them 60 % behind '
            f'NATs &middot; measured {summary["calm_s"]} s after the last join &middot; seed {summary["seed"]}</p>\n'
            f'<p>With {largest["nodes"]} members:</p><div class="tiles">{tiles(largest)}</div>\n'
            f'<div class="plots">\n{"".join(plots)}\n</div>\n{table(rows)}\n</body></html>\n')
