#!/usr/bin/python3
"""probe.py - measures what the laboratory does to packets.

Runs on no machine of the lab but between them (lab_run lab ...): it opens each of its sockets in
the network namespace of the machine that the argument names, so one process sees both ends of a
path and one clock times it. A PLACE is MACHINE,ADDRESS,PORT, and port 0 is any.

    probe.py nat PLACE SERVER SERVER    the kind of NAT between a machine and two servers
    probe.py map PLACE SERVER           the outside address of PLACE, as ADDRESS,PORT
    probe.py knock SERVER ADDRESS,PORT PLACE    "in" or "out": does a packet come through?
    probe.py flow FROM TO COUNT BYTES RATE      sends RATE packets/s: which arrive, and how?
    probe.py stream FROM TO RATE SECONDS TEXT   TCP of RATE bytes/s: all of it, and the longest silence
    probe.py poke PLACE ADDRESS,PORT    sends 1000 packets of all kinds: who answers, with how much?
"""

import contextlib
import ctypes
import itertools
import os
import select
import socket
import struct
import sys
import time
import zlib

CLONE_NEWNET = 0x40000000
PATIENCE_S = 1.0  # for a packet that should come
SILENCE_S = 0.5  # for one that should not: what was dropped costs so much time
COPY_S = 0.1  # for second copies, when all have come


def open_at(place, kind=socket.SOCK_DGRAM):
    """A socket on a machine: namespaces are of threads, sockets stay where they were made."""
    machine, address, port = place.split(",")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{machine}", "rb") as netns:
        if libc.setns(netns.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {machine}")
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)  # SO_RCVBUFFORCE
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
    sock.bind((address, int(port)))
    return sock


def receive(sock, patience_s=PATIENCE_S):
    """The next packet and who sent it, or (None, None)."""
    if not select.select([sock], [], [], patience_s)[0]:
        return None, None
    data, sender = sock.recvfrom(65535)
    return data, sender[:2]


def seen_by(server, client):
    """Under which address the server sees the client."""
    token = os.urandom(8)
    client.sendto(token, server.getsockname()[:2])
    while True:
        data, sender = receive(server)
        if data in (token, None):
            return sender


def arrivals(client, marker_from, outside, senders):
    """Which of `senders` reach the client at its outside address: the names of those that do.

    No waiting for what does not come: the last packet is one that the box surely lets in, and
    packets do not overtake each other here.
    """
    for name, server in senders.items():
        server.sendto(name.encode(), outside)
    marker_from.sendto(b"end", outside)
    names = set()
    while True:
        data, _ = receive(client)
        if data is None:
            raise SystemExit("probe.py: not even the peer gets through")
        if data == b"end":
            return names
        names.add(data.decode())


def mapping_of(client, a, a_other_port, b):
    outside = [seen_by(server, client) for server in (a, a_other_port, b)]
    if None in outside:
        raise SystemExit("probe.py: a server cannot be reached")
    if outside[0] == outside[1] == outside[2]:
        return "endpoint-independent"
    return "address-dependent" if outside[0] == outside[1] else "address-and-port-dependent"


def filtering_of(client, a, a_other_port, b):
    """Only `a` was sent to before."""
    outside = seen_by(a, client)
    names = arrivals(client, a, outside, {"address": a_other_port, "any": b})
    if "any" in names:
        return "endpoint-independent"
    return "address-dependent" if "address" in names else "address-and-port-dependent"


def early_knock(client, a, b):
    """What becomes of the mapping if `b` knocks before the client has ever sent to it."""
    outside = seen_by(a, client)
    if arrivals(client, a, outside, {"early": b}):
        return "admitted"
    return "kept" if seen_by(b, client) == outside else "remapped"


def nat(place, server, other_server):
    machine, address, _ = place.split(",")
    clients = [open_at(f"{machine},{address},{port}") for port in (5000, 5001, 5002)]
    a, b = open_at(f"{server},7000"), open_at(f"{other_server},7000")
    a_other_port = open_at(f"{server},7001")
    print(f"mapping={mapping_of(clients[0], a, a_other_port, b)}")
    print(f"filtering={filtering_of(clients[1], a, a_other_port, b)}")
    print(f"early-knock={early_knock(clients[2], a, b)}")


def map_(place, server):
    outside = seen_by(open_at(server), open_at(place))
    if outside is None:
        raise SystemExit("probe.py: the server cannot be reached")
    print(f"{outside[0]},{outside[1]}")


def knock(server, outside, place):
    address, port = outside.split(",")
    client = open_at(place)
    open_at(server).sendto(b"knock", (address, int(port)))
    print("out" if receive(client, SILENCE_S)[0] is None else "in")


HEADER = struct.Struct("!IIQ")  # checksum of the rest, number, when it was sent in ns


def packet(number, size):
    rest = struct.pack("!IQ", number, time.monotonic_ns()) + bytes(size - HEADER.size)
    return struct.pack("!I", zlib.crc32(rest)) + rest


class Arrivals:
    """What came of a flow."""

    def __init__(self):
        self.numbers, self.delays_ns = [], []
        self.damaged = self.size = 0
        self.first_ns = self.last_ns = time.monotonic_ns()

    def take(self, data):
        now = time.monotonic_ns()
        self.first_ns = self.first_ns if self.size else now
        self.last_ns = now
        self.size += len(data)
        checksum, number, sent_ns = HEADER.unpack_from(data)
        if zlib.crc32(data[4:]) != checksum:
            self.damaged += 1
            return
        self.numbers.append(number)
        self.delays_ns.append(now - sent_ns)

    def report(self, sent):
        came = set(self.numbers)
        highest = itertools.accumulate(self.numbers, max)
        late = sum(1 for number, top in zip(self.numbers, highest) if number < top)
        gone = [number not in came for number in range(sent)]
        runs = sum(1 for before, now in zip([False] + gone, gone) if now and not before)
        delays = sorted(self.delays_ns) or [0]
        span_us = max(1, (self.last_ns - self.first_ns) // 1000)
        return {
            "sent": sent,
            "came": len(came),
            "twice": len(self.numbers) - len(came),
            "late": late,
            "damaged": self.damaged,
            "runs": runs,
            "least_us": delays[0] // 1000,
            "median_us": delays[len(delays) // 2] // 1000,
            "most_us": delays[-1] // 1000,
            "kbit": self.size * 8000 // span_us,
        }


def flow(from_, to, count, size, rate):
    count, size, rate = int(count), int(size), int(rate)
    source, sink = open_at(from_), open_at(to)
    sink.setblocking(False)
    arrivals_, begin = Arrivals(), time.monotonic()
    sent, quiet_at = 0, None
    while sent < count or time.monotonic() < quiet_at:
        while sent < count and time.monotonic() - begin >= sent / rate:
            source.sendto(packet(sent, size), sink.getsockname()[:2])
            sent += 1
            quiet_at = time.monotonic() + SILENCE_S
        wait = max(0, begin + sent / rate - time.monotonic()) if sent < count else 0.02
        if select.select([sink], [], [], wait)[0]:
            arrivals_.take(sink.recv(65535))
            all_came = len(arrivals_.numbers) + arrivals_.damaged >= count
            quiet_at = time.monotonic() + (COPY_S if all_came else SILENCE_S)
    print(" ".join(f"{key}={value}" for key, value in arrivals_.report(sent).items()))


TICK_S = 0.01  # of a stream
STALL_S = 30  # a stream that stands still for so long is dead


def stream(from_, to, rate, seconds, text):
    """Says "stream begins" when it does. A stream ends when all has come, in whatever time."""
    server = open_at(to, socket.SOCK_STREAM)
    server.listen()
    source = open_at(from_, socket.SOCK_STREAM)
    source.connect(server.getsockname()[:2])
    sink, _ = server.accept()
    source.setblocking(False)
    piece = (text.encode() * (int(rate) // 100 // len(text) + 1))[:int(rate) // 100]
    total, sent, came = len(piece) * int(float(seconds) / TICK_S), 0, 0
    print("stream begins", flush=True)
    begin = last = time.monotonic()
    longest, when = 0.0, 0.0
    while came < total:
        now = time.monotonic()
        due = min(total, int((now - begin) / TICK_S + 1) * len(piece))
        at = sent % len(piece)
        with contextlib.suppress(BlockingIOError):
            sent += source.send(piece[at:at + due - sent]) if sent < due else 0
        if select.select([sink], [], [], TICK_S)[0]:
            came += len(sink.recv(1 << 16))
            now = time.monotonic()
            if now - last > longest:
                longest, when = now - last, last - begin
            last = now
        elif now - last > STALL_S:
            break
    print(f"sent={sent} came={came} longest_ms={longest * 1000:.0f} at_ms={when * 1000:.0f}")


def poke(place, target):
    """Every first byte and all kinds of lengths, random and zero behind it. "refused" is an ICMP
    error, which the kernel reports to a connected socket."""
    address, port = target.split(",")
    client = open_at(place)
    client.connect((address, int(port)))
    answers = answered_bytes = refused = 0
    for number in range(1000):
        size = (0, 1, 16, 32, 60, 148, 576, 1100, 1200, 1400)[number % 10]
        fill = bytes(size) if number % 3 == 0 else os.urandom(size)
        try:
            client.send((bytes([number % 256]) + fill)[:size])
            while select.select([client], [], [], SILENCE_S if number == 999 else 0)[0]:
                answers, answered_bytes = answers + 1, answered_bytes + len(client.recv(65535))
        except ConnectionRefusedError:
            refused += 1
    print(f"sent=1000 answers={answers} bytes={answered_bytes} refused={refused}")


def main():
    commands = {"nat": (nat, 3), "map": (map_, 2), "knock": (knock, 3), "flow": (flow, 5),
                "stream": (stream, 5), "poke": (poke, 2)}
    command, count = commands.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    if command is None or len(sys.argv) != count + 2:
        raise SystemExit(__doc__)
    command(*sys.argv[2:])


if __name__ == "__main__":
    main()
