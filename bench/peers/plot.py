"""plot.py - the picture in the README: one stream of TCP through each peer, as bars, in a file of its own.

It has a background of its own, so it reads the same on light and on dark pages.
"""
import html

from report import RATIO_OF, machine, median_of

WIDTH, LEFT, RIGHT, BAR, GAP, HEAD, FOOT = 860, 150, 130, 13, 9, 78, 40
COMMAND_CHARS = 70  # of it below the bars; the description has it whole
STYLE = """
    .page { fill: #f6f8fa; stroke: #d0d7de }
    .t { fill: #1f2328 } .s { fill: #57606a; font-size: 12px } .h { font-size: 16px; font-weight: bold }
    .grid { stroke: #d0d7de }
    .nic { fill: #8c959f } .veth { fill: #ced4da }
    .ours.nic { fill: #0969da } .ours.veth { fill: #8ec0f5 }
"""
UNDERLAYS = {"nic": "as over a network card", "veth": "over veth"}


def bars(told):
    """Name, and for each underlay Gbit/s; the fastest first. Neither the cable, which would dwarf them, nor
    the yardstick, which nobody can use."""
    rows = {}
    for entry in told["peers"]:
        value = median_of(entry, RATIO_OF)
        if value is not None and not entry["name"].startswith(("raw", "yardstick")):
            rows.setdefault(entry["name"], {})[entry["underlay"]] = value / 1000
    return sorted(rows.items(), key=lambda row: -max(row[1].values()))


def cables(told):
    """What the cable carries without any of them."""
    raw = {entry["underlay"]: median_of(entry, RATIO_OF) for entry in told["peers"] if entry["name"] == "raw"}
    return ", ".join(f"{value / 1000:.1f} Gbit/s {UNDERLAYS[underlay]}" for underlay, value in raw.items() if value)


def draw(told):
    rows = bars(told)
    underlays = [underlay for underlay in UNDERLAYS if any(underlay in values for _, values in rows)]
    most = max(max(values.values()) for _, values in rows)
    step = next(each for each in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if most / each <= 8)
    scale = (WIDTH - LEFT - RIGHT) / most
    group = BAR * len(underlays) + GAP
    height = HEAD + group * len(rows) + FOOT
    bottom = height - FOOT
    here = told.get("machine") or machine()
    parts = [f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
             '<text class="t h" x="20" y="28">One TCP stream through each, between two hosts on one machine</text>']
    cable = cables(told)
    parts.append(f'<text class="s" x="20" y="47">Gbit/s, medians; rounds: {told["rounds"]}'
                 f'{"; the cable alone: " + cable if cable else ""}</text>')
    x = 20
    for underlay in underlays:
        parts.append(f'<rect class="{underlay} ours" x="{x}" y="56" width="12" height="12"/>'
                     f'<rect class="{underlay}" x="{x + 14}" y="56" width="12" height="12"/>'
                     f'<text class="s" x="{x + 32}" y="66">{UNDERLAYS[underlay]}</text>')
        x += 210
    for n in range(int(most / step) + 1):
        at = LEFT + n * step * scale
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{HEAD - 4}" y2="{bottom}"/>'
                     f'<text class="s" x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{n * step:g}</text>')
    for i, (name, values) in enumerate(rows):
        y = HEAD + i * group
        ours = " ours" if name.startswith("ipop") else ""
        parts.append(f'<text class="t" x="{LEFT - 10}" y="{y + (group - GAP) / 2 + 5:.1f}" text-anchor="end"'
                     f'{" font-weight=" + chr(34) + "bold" + chr(34) if ours else ""}>{html.escape(name)}</text>')
        for j, underlay in enumerate(underlays):
            value = values.get(underlay)
            if value is None:
                continue
            top = y + j * BAR
            parts.append(f'<rect class="{underlay}{ours}" x="{LEFT}" y="{top}" width="{value * scale:.1f}" '
                         f'height="{BAR - 1}"/><text class="s" x="{LEFT + value * scale + 6:.1f}" '
                         f'y="{top + BAR - 3}">{value:.2f}</text>')
    command = told["command"] if len(told["command"]) <= COMMAND_CHARS else told["command"][:COMMAND_CHARS - 1] + "…"
    parts.append(f'<text class="s" x="20" y="{height - 10}">{html.escape(here["cpu"])}, '
                 f'{here["processors"]} processors</text><text class="s" x="{WIDTH - 20}" y="{height - 10}" '
                 f'text-anchor="end">{html.escape(command)}</text>')
    described = (f'{told["command"]}: ' + "; ".join(
        f'{name} ' + ", ".join(f"{value:.2f} Gbit/s {UNDERLAYS[underlay]}" for underlay, value in values.items())
        for name, values in rows))
    lines = "\n".join(f"  {part}" for part in parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
            f'font-size="14" role="img" aria-labelledby="title desc">\n'
            f'  <title id="title">IPOP beside other VPNs: one TCP stream ({html.escape(told["command"])})</title>\n'
            f'  <desc id="desc">{html.escape(described)}</desc>\n  <style>{STYLE}  </style>\n{lines}\n</svg>\n')
