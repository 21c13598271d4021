"""probes.py - what is measured between two machines: throughput, small packets, round trips, processor
time, memory, and whether the machine was busy with something else meanwhile."""
import json
import os
import re
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import place
from underlay import BenchError, succeeds, wait_until

TOP = Path(__file__).resolve().parents[2]
BLAST = TOP / "build/bench/udp_blast"
PORT = 5201
TICKS_S = os.sysconf("SC_CLK_TCK")

LADDER_KPPS = (10, 25, 50, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1300, 1600, 2000)
LOSS_MAX = 0.01
PING_STEP_S = 0.02  # ping(8) spins on a processor if it is asked for 10 ms or less
RAMP_S = 0.5  # of a TCP stream, before round trips beside it count


@dataclass
class Lengths:
    """How long each probe takes."""
    tcp_s: int = 3
    tcp_rest: tuple = ("--time", "3")  # iperf3's words for all TCP but the stream that has pings beside it
    rung_ms: int = 400
    refinements: int = 3  # halvings between the last rung that passed and the first that did not
    idle_pings: int = 50  # twice


def median(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# ---- what processes use -------------------------------------------------------------------------

def _stat(pid):
    """The fields of /proc/PID/stat behind the name, or None if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def cpu_s(pids, children=False):
    """User and system time of these together, in seconds."""
    fields = filter(None, map(_stat, pids))
    return sum(int(ticks) for each in fields for ticks in each[11:15 if children else 13]) / TICKS_S


def rss_mb(processes):
    """The most memory that an end's processes had in RAM, each at its own worst moment, in MB (10^6
    bytes); of the end that had more. Pages that two of them share count twice."""
    ends = {}
    for pid, end in processes.items():
        try:
            peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue
        if peak:
            ends[end] = ends.get(end, 0) + int(peak[1]) * 1024 / 1e6
    return max(ends.values(), default=None)


def processes_now():
    """The processes inside, and on which machine (network namespace) each is."""
    ends = {}
    for pid in place.pids():
        try:
            fields = _stat(pid)
            if fields and fields[0] != "Z":
                ends[pid] = os.readlink(f"/proc/{pid}/ns/net")
        except OSError:
            continue
    return ends


class Others:
    """The share of the machine that is used by what is not ours, between two moments."""

    def __init__(self):
        self.begin = self._now()

    @staticmethod
    def _now():
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        busy = sum(ticks) - ticks[3] - ticks[4]  # not idle, nor waiting for a disk
        ours = cpu_s(place.pids()) + cpu_s([os.getpid()], children=True)
        return busy / TICKS_S - ours, sum(ticks) / TICKS_S

    def percent(self):
        end = self._now()
        return max(0.0, 100 * (end[0] - self.begin[0]) / max(end[1] - self.begin[1], 1 / TICKS_S))


# ---- what passes -----------------------------------------------------------------------------------

def can_ping(bed, target):
    return succeeds(bed.run, "a", "ping", "-n", "-c", "1", "-W", "1", target, timeout=5)


def round_trips_ms(bed, target, count):
    """Of so many pings from a; those without an answer are left out."""
    deadline_s = int(count * PING_STEP_S) + 2
    output = bed.run("a", "ping", "-n", "-i", PING_STEP_S, "-c", count, "-w", deadline_s, target,
                     timeout=deadline_s + 5)
    times = [float(word) for word in re.findall(r"time=([\d.]+) ms", output)]
    if not times:
        raise BenchError(f"no answer from {target}")
    return times


class Streams:
    """TCP between a and b through iperf3, whose server runs on b."""

    def __init__(self, bed, target, lengths):
        self.bed, self.target, self.lengths = bed, target, lengths
        bed.start("b", "iperf3", "iperf3", "--server", "--bind", target, "--port", PORT)
        wait_until(lambda: b"LISTEN" in run_bytes(bed.on("b", "ss", "-Hltn", f"sport = {PORT}")),
                   "iperf3 listens")

    def run(self, count=1, back=False, length=None):
        """So many streams from a to b, or back: Mbit/s and bytes that arrived."""
        command = ["iperf3", "--client", self.target, "--port", PORT, *(length or self.lengths.tcp_rest),
                   "--parallel", count, "--json", "--connect-timeout", 5000]
        told = json.loads(self.bed.run("a", *command, *(["--reverse"] if back else []),
                                       timeout=self.lengths.tcp_s + 15))
        arrived = told["end"]["sum_received"]
        if not arrived["bytes"]:
            raise BenchError("nothing arrived")
        return arrived["bits_per_second"] / 1e6, arrived["bytes"]

    def run_with_pings(self):
        """One stream from a to b, with round trips beside it: what run() says, and those."""
        result = []

        def stream():
            try:
                result.append(self.run(length=("--time", self.lengths.tcp_s)))
            except BenchError as error:
                result.append(error)

        thread = threading.Thread(target=stream)
        thread.start()
        try:
            time.sleep(RAMP_S)  # not to wait for anything: what is measured is the stream at its speed
            count = max(3, int((self.lengths.tcp_s - 2 * RAMP_S) / PING_STEP_S))
            times = round_trips_ms(self.bed, self.target, count)
        finally:
            thread.join()
        if isinstance(result[0], BenchError):
            raise result[0]
        return result[0], times


def run_bytes(command):
    return subprocess.run(command, capture_output=True, check=False, timeout=10).stdout


def _rung(bed, target, kpps, milliseconds):
    """Sends at that rate from a to b: thousands a second that arrived, share that was lost, and whether
    the sender could send as fast."""
    with subprocess.Popen(bed.on("b", BLAST, "receive", target, PORT), stdout=subprocess.PIPE,
                          text=True) as receiver:
        try:
            if receiver.stdout.readline() != "ready\n":
                raise BenchError("the receiver of small packets does not start")
            sent, took_ms = map(int, bed.run("a", BLAST, "send", target, PORT, kpps, milliseconds,
                                             timeout=30).split())
            got = int(receiver.communicate(timeout=30)[0].split()[0])
        finally:
            receiver.kill()
    return got / max(took_ms, 1), 1 - got / max(sent, 1), sent >= 0.95 * kpps * took_ms


def small_packets_kpps(bed, target, lengths):
    """The highest rate of UDP with 64 B of payload from a to b of which less than 1 % is lost, in
    thousands a second: the ladder upward until a rung fails twice, then halving in between."""
    def passes(kpps):
        for _ in range(2):
            rate, loss, kept_up = _rung(bed, target, kpps, lengths.rung_ms)
            if loss < LOSS_MAX:
                return rate, kept_up
        return None, True

    best, low, high = 0.0, 0, None
    for kpps in LADDER_KPPS:
        rate, kept_up = passes(kpps)
        if rate is None:
            high = kpps
            break
        best, low = max(best, rate), kpps
        if not kept_up:  # the sender is the limit
            return best
    for _ in range(lengths.refinements if high else 0):
        middle = round((low + high) / 2)
        rate, _ = passes(middle)
        if rate is None:
            high = middle
        else:
            best, low = max(best, rate), middle
    return best


def measure(bed, peer, target, lengths):
    """Everything, of a peer that is up: figure by name; and what could not be measured, and why."""
    processes = processes_now()
    figures, failures = {}, []

    def probe(what, function):
        try:
            return function()
        except (BenchError, ValueError, KeyError) as error:
            failures.append(f"{what}: {error}")
            return None

    def idle():
        others = Others()
        times = round_trips_ms(bed, target, lengths.idle_pings)
        return times, others.percent()

    before = probe("idle round trip", idle)
    streams = probe("iperf3", lambda: Streams(bed, target, lengths))
    if streams:
        own = list(processes)
        used = cpu_s(own)
        forth = probe("TCP", streams.run_with_pings)
        back = probe("TCP back", lambda: streams.run(back=True))
        used = cpu_s(own) - used
        carried = (forth[0][1] if forth else 0) + (back[1] if back else 0)
        if forth:
            figures["tcp_mbps"] = forth[0][0]
            figures["rtt_loaded_ms"] = median(forth[1])
            figures["rtt_loaded_p99_ms"] = percentile(forth[1], 0.99)
        figures["tcp_back_mbps"] = back and back[0]
        figures["cpu_s_per_gb"] = used / (carried / 1e9) if carried and peer.has_processes else None
        four = probe("four TCP streams", lambda: streams.run(count=4))
        four_back = probe("four TCP streams back", lambda: streams.run(count=4, back=True))
        figures["tcp4_mbps"] = four and four[0]
        figures["tcp4_back_mbps"] = four_back and four_back[0]
    figures["udp64_kpps"] = probe("small packets",
                                  lambda: small_packets_kpps(bed, target, lengths))
    after = probe("idle round trip", idle)
    idles = [each for each in (before, after) if each]
    figures["rtt_idle_ms"] = median([value for times, _ in idles for value in times]) if idles else None
    figures["busy_pct"] = max((percent for _, percent in idles), default=None)
    figures["rss_mb"] = rss_mb(processes) if peer.has_processes else None
    return figures, failures
