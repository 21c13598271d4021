"""soak_picture.py - a run of `make soak` as a picture: memory, what is held, handshakes over time; SVG."""

import html

WIDTH, LEFT, RIGHT, PANEL, GAP, HEAD, FOOT = 860, 90, 150, 150, 40, 60, 40
STYLE = """
    .page { fill: #f6f8fa; stroke: #d0d7de } .t { fill: #1f2328; font-size: 16px; font-weight: bold }
    .s { fill: #57606a; font-size: 12px } .grid { stroke: #d0d7de } polyline { fill: none; stroke-width: 1.5 }
"""
COLOURS = ("#0969da", "#8ec0f5", "#bc4c00", "#e8a87c", "#8250df")


def nice_top(value):
    """The least round number that is not less."""
    step = 1
    while step * 10 < value:
        step *= 10
    return next(step * factor for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * factor >= value)


def panel(title, top_at, lines, last_s):
    """One plot: lines are (name, points in seconds and values), from 0 to a round number."""
    most = nice_top(max(1, *(value for _, points in lines for _, value in points)))
    across, down = (WIDTH - LEFT - RIGHT) / last_s, PANEL / most
    bottom = top_at + PANEL
    parts = [f'<text class="s" x="20" y="{top_at - 8}">{html.escape(title)}</text>']
    for part in range(5):
        value = most * part / 4
        at = bottom - value * down
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}"/>'
                     f'<text class="s" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>')
    for number, (name, points) in enumerate(lines):
        where = " ".join(f"{LEFT + s * across:.1f},{bottom - value * down:.1f}" for s, value in points)
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline stroke="{colour}" points="{where}"/>'
                     f'<rect fill="{colour}" x="{WIDTH - RIGHT + 12}" y="{top_at + 4 + 20 * number}" width="12" height="12"/>'
                     f'<text class="s" x="{WIDTH - RIGHT + 30}" y="{top_at + 14 + 20 * number}">{html.escape(name)}</text>')
    return parts


def course(run, get):
    began = run.during[0]["s"]
    return [(row["s"] - began, get(row)) for row in run.during]


def draw(run):
    host = run.hosts[0]
    last_s = run.during[-1]["s"] - run.during[0]["s"]
    memory = [(f"{name} {process}", course(run, lambda row, n=name, p=process: row["hosts"][n][p]["rss"] / 1024))
              for name in run.hosts for process in ("node", "steward")]
    held = [("descriptors", course(run, lambda row: row["hosts"][host]["node"]["fds"]))]
    held += [(name, course(run, lambda row, n=name: row["hosts"][host]["levels"][n]))
             for name in ("sessions", "half_open", "keysets", "timers")]
    done = [("handshakes", course(run, lambda row: row["guests"].get("completed", 0)))]
    panels = (("resident memory, MiB", memory), (f"{host} holds", held), ("completed", done))
    height = HEAD + len(panels) * (PANEL + GAP) + FOOT
    parts = [f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
             f'<text class="t" x="20" y="28">{run.end["guests"]["completed"]} handshakes with one daemon in '
             f'{last_s / 60:.0f} minutes</text>']
    top_at = HEAD + 10
    for title, lines in panels:
        parts += panel(title, top_at, lines, last_s)
        top_at += PANEL + GAP
    for part in range(5):
        s = last_s * part / 4
        parts.append(f'<text class="s" x="{LEFT + s * (WIDTH - LEFT - RIGHT) / last_s:.1f}" y="{top_at - GAP + 18}" '
                     f'text-anchor="middle">{s / 60:.1f} min</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">'
            f"<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>")
