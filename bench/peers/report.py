"""report.py - figures to medians, ratios, a table, and JSON (`ipop.bench-peers/1`, doc/performance.md)."""
import json
import re
from pathlib import Path

from probes import median
from rounds import BUSY_PCT, FIGURES

SCHEMA = "ipop.bench-peers/1"
MEASURED = tuple(name for name in FIGURES if name != "busy_pct")
RATIO_OF = "tcp_mbps"  # what "ratios" are of; "ratios_all" has the others
COLUMNS = (("TCP >", "tcp_mbps"), ("TCP <", "tcp_back_mbps"), ("x4 >", "tcp4_mbps"), ("x4 <", "tcp4_back_mbps"),
           ("kpps 64B", "udp64_kpps"), ("idle ms", "rtt_idle_ms"), ("loaded ms", "rtt_loaded_ms"),
           ("p99 ms", "rtt_loaded_p99_ms"), ("CPU s/GB", "cpu_s_per_gb"), ("RSS MB", "rss_mb"))


def machine():
    """The processor, and whether it has the wide AES instructions."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.*)$", text, re.MULTILINE)
    words = flags[1].split() if flags else []
    return {"cpu": model[1] if model else "unknown", "processors": len(re.findall(r"^processor", text, re.M)),
            "aes": "aes" in words, "vaes": "vaes" in words, "avx512": "avx512f" in words,
            "kernel": Path("/proc/sys/kernel/osrelease").read_text(encoding="utf-8").strip()}


def is_quiet(busy_pct):
    return busy_pct is not None and busy_pct <= BUSY_PCT


def quiet_median(values, quiet):
    """The median of the rounds that were quiet, if they are half of all at least; else of all rounds.
    None if nothing was measured."""
    chosen = [value for value, ok in zip(values, quiet) if ok and value is not None]
    if 2 * sum(quiet) < len(quiet):
        chosen = [value for value in values if value is not None]
    return median(chosen) if chosen else None


def median_of(entry, figure):
    return quiet_median(entry[figure], list(map(is_quiet, entry["busy_pct"])))


def ratio(ipop, peer, figure):
    """The median over the rounds of IPOP's figure by the peer's in the same round."""
    pairs = list(zip(ipop[figure], peer[figure]))
    quiet = [is_quiet(one) and is_quiet(other) for one, other in zip(ipop["busy_pct"], peer["busy_pct"])]
    return quiet_median([one / other if one is not None and other else None for one, other in pairs], quiet)


def ratios_of(entries):
    """Underlay by peer by figure: IPOP's by the peer's, rounded to three digits."""
    told = {}
    for underlay in dict.fromkeys(entry["underlay"] for entry in entries):
        here = [entry for entry in entries if entry["underlay"] == underlay]
        ipop = next((entry for entry in here if entry["name"] == "ipop"), None)
        told[underlay] = {
            entry["name"]: {name: value and float(f"{value:.3g}") for name in MEASURED
                            for value in [ratio(ipop, entry, name)]}
            for entry in here} if ipop else {}
    return told


def as_json(rows, rounds, seed, command):
    """The document. "ratios" is of one stream of TCP, on `nic` if that was measured."""
    entries = [{"name": row.peer.name, "underlay": row.underlay, "version": row.peer.version(),
                "cipher": row.peer.cipher, **row.figures,
                "busy_rounds": [number for number, value in enumerate(row.figures["busy_pct"], 1)
                                if not is_quiet(value)]}
               for row in rows]
    every = ratios_of(entries)
    underlay = next(iter(every))
    return {"schema": SCHEMA, "rounds": rounds, "seed": seed, "command": command, "machine": machine(),
            "peers": entries, "ratios_are_of": {"underlay": underlay, "figure": RATIO_OF},
            "ratios": {name: figures[RATIO_OF] for name, figures in every[underlay].items()},
            "ratios_all": every}


def short(value):
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 0.001 else f"{value:.4f}"


def grid(head, lines, is_words=False):
    """Columns: the first to the left, figures to the right."""
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    for line in [head, *lines]:
        yield "  ".join(word.ljust(width) if i == 0 or is_words else word.rjust(width)
                        for i, (word, width) in enumerate(zip(line, widths))).rstrip()


def table(told):
    """The lines of a report for people: figures, ratios, then who took part and what to doubt."""
    here = told["machine"]
    yield (f"{here['cpu']}, {here['processors']} processors, {'' if here['vaes'] else 'no '}VAES, "
           f"{'' if here['avx512'] else 'no '}AVX-512; Linux {here['kernel']}; "
           f"rounds: {told['rounds']}, seed {told['seed']}")
    heads = [head for head, _ in COLUMNS]
    for underlay, ratios in told["ratios_all"].items():
        entries = [entry for entry in told["peers"] if entry["underlay"] == underlay]
        yield ""
        yield f"{underlay}: medians (TCP in Mbit/s, > from a to b, < back, x4: four streams)"
        yield from grid(["peer", *heads, "busy"],
                        [[entry["name"], *(short(median_of(entry, name)) for _, name in COLUMNS),
                          f"{len(entry['busy_rounds'])}/{told['rounds']}"] for entry in entries])
        if ratios:
            yield ""
            yield f"{underlay}: IPOP / peer, medians of the rounds' ratios"
            yield from grid(["peer", *heads],
                            [[name, *(short(figures[figure]) for _, figure in COLUMNS)]
                             for name, figures in ratios.items()])
    yield ""
    yield from grid(["peer", "version", "cipher"],
                    [[entry["name"], entry["version"], entry["cipher"]] for entry in told["peers"]
                     if entry["underlay"] == told["peers"][0]["underlay"]], is_words=True)
    yield from doubts(told)


def doubts(told):
    """What a reader has to know before the figures are believed."""
    busy = [entry for entry in told["peers"] if entry["busy_rounds"]]
    if busy:
        yield ""
        yield f"busy: rounds in which something else used more than {BUSY_PCT} % of the machine. They are left out of a"
        yield "median, unless fewer than half of its rounds were quiet: then all count, and that is so for"
        crowded = [f"{entry['name']} on {entry['underlay']}" for entry in busy
                   if 2 * len(entry["busy_rounds"]) > told["rounds"]]
        yield f"{', '.join(crowded)}." if crowded else "none."
    missing = [f"{entry['name']} on {entry['underlay']}" for entry in told["peers"]
               if any(value is None for value in entry["tcp_mbps"])]
    if missing:
        yield f"not measured in every round: {', '.join(missing)}"


def fits(told):
    """What is wrong with a document of this schema, a line each."""
    if told.get("schema") != SCHEMA:
        yield f"the schema is {told.get('schema')}"
        return
    for entry in told["peers"]:
        where = f"{entry.get('name')} on {entry.get('underlay')}"
        for name in ("name", "underlay", "version", "cipher"):
            if not isinstance(entry.get(name), str) or not entry[name]:
                yield f"{where}: no {name}"
        for name in FIGURES:
            values = entry.get(name)
            if not isinstance(values, list) or len(values) != told["rounds"]:
                yield f"{where}: {name} has not one figure a round"
            elif not all(value is None or isinstance(value, (int, float)) for value in values):
                yield f"{where}: {name} is no number"
    for name, value in told["ratios"].items():
        if not (value is None or value > 0):
            yield f"the ratio of {name} is {value}"


def read(path):
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    wrong = next(fits(told), None)
    if wrong:
        raise ValueError(wrong)
    return told
