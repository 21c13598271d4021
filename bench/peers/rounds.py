"""rounds.py - plays the rounds: in each every peer on every underlay once, in an order that chance mixes
anew, so that what the machine does besides meets them all alike."""
import random
import sys
import time
from dataclasses import dataclass, field

import probes
from underlay import BenchError, Underlay, wait_until

BUSY_PCT = 10  # others used more than this share of the machine: the round is marked
FIGURES = ("tcp_mbps", "tcp_back_mbps", "tcp4_mbps", "tcp4_back_mbps", "udp64_kpps", "rtt_idle_ms",
           "rtt_loaded_ms", "rtt_loaded_p99_ms", "cpu_s_per_gb", "rss_mb", "busy_pct")


@dataclass
class Row:
    """What was measured of one peer on one underlay: for each figure one a round, None where it could not
    be measured."""
    peer: object
    underlay: str
    figures: dict = field(default_factory=lambda: {name: [] for name in FIGURES})

    def add(self, measured):
        for name in FIGURES:
            value = measured.get(name)
            self.figures[name].append(None if value is None else float(f"{value:.4g}"))


def wait_for_quiet(seconds):
    """Until for a second nothing else used the machine, or as long as that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        others = probes.Others()
        time.sleep(1)
        if others.percent() <= BUSY_PCT:
            return


class Progress:
    """A line a peer, for somebody who waits."""

    def __init__(self, steps):
        self.steps, self.done, self.begin = steps, 0, time.monotonic()

    def tell(self, text):
        left = ""
        if self.done:
            left_s = (time.monotonic() - self.begin) / self.done * (self.steps - self.done)
            left = f", {left_s / 60:.0f} min left" if left_s > 90 else f", {left_s:.0f} s left"
        print(f"[{self.done + 1}/{self.steps}{left}] {text}", file=sys.stderr, flush=True)


def play_one(row, lengths, say):
    """Brings the peer up, measures it, and removes everything."""
    measured = {}
    with Underlay(row.underlay, row.peer.middle) as bed:
        try:
            target = row.peer.start(bed)
            wait_until(lambda: probes.can_ping(bed, target), f"a ping through {row.peer.name}", 40)
            wait_until(lambda: row.peer.is_ready(bed), f"{row.peer.name} comes to rest", 40)
            measured, failures = probes.measure(bed, row.peer, target, lengths)
        except BenchError as error:
            failures = [str(error), *bed.logs()]
        for failure in failures:
            say(f"  {row.peer.name} on {row.underlay}: {failure}")
    row.add(measured)
    return measured


def play(rows, rounds, seed, plan):
    """All rounds; the rows take the figures. Yields the number of each round that is over."""
    lengths, quiet_s = plan
    chance = random.Random(seed)
    progress = Progress(rounds * len(rows))
    for number in range(1, rounds + 1):
        for row in chance.sample(rows, len(rows)):
            progress.tell(f"round {number} of {rounds}: {row.peer.name} on {row.underlay}")
            wait_for_quiet(quiet_s)
            measured = play_one(row, lengths, lambda text: print(text, file=sys.stderr, flush=True))
            progress.done += 1
            if measured.get("tcp_mbps"):
                busy = (measured.get("busy_pct") or 0) > BUSY_PCT
                print(f"  TCP {measured['tcp_mbps']:.0f} Mbit/s"
                      + (f"; others used {measured['busy_pct']:.0f} % of the machine" if busy else ""),
                      file=sys.stderr, flush=True)
        yield number
