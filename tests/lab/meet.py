#!/usr/bin/python3
"""meet.py DIRECTORY IPOP SECONDS PAIR... - starts pairs of members, and watches each pair meet.

A PAIR is A,B,WAY: two machines whose daemons are down, and the way by which they shall talk in the
end, direct or relay. Runs on no machine of the lab but between them (lab_run lab ...).

Pair after pair, `ipop up` runs on both machines at once. From the moment that both have returned, A
pings B ten times a second by IPv4 and by IPv6, and both are asked for the way. The first of all is IPv4,
of an address whose owner nobody has asked for. It ends when both have said "direct" for
a second, or after SECONDS. One line for each pair, in the order of the arguments:

    A,B join_ms=210,195 reach4_ms=12 reach6_ms=9 direct_ms=640 way=direct relay=- sent=34 lost=0 twice=0 gone=-

join_ms: how long `ipop up` took on A and on B, or its exit status as "exit5". reach4_ms and reach6_ms:
until the first answer; direct_ms: until both said "direct"; from when both were up, "never" if not.
way and relay: what both said last ("direct/ring" if they differ). gone: when the pings left that had no
answer. Last, in quotes, why A and B say that it is not better.
"""

import ctypes
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
STAGGER_S = 0.4  # so that one pair's start is not measured while another's computes
PING_S = 0.1
ASK_S = 0.2
DIRECT_S = 1.0  # so long it is watched after it went direct
LAST_ANSWER_S = 2.0  # for what is still under way at the end


class Pings:
    """Of one family, from one machine."""

    def __init__(self, machine, family):
        """Namespaces are of threads, sockets stay where they were made."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{machine}", "rb") as netns:
            if libc.setns(netns.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"cannot enter {machine}")
        if family == 6:
            self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            self.request, self.reply = 128, 129
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            self.request, self.reply = 8, 0
        self.family, self.sent, self.answers, self.twice = family, 0, {}, 0

    def send(self, address):
        """The next; who cannot send has lost it."""
        echo = struct.pack("!BBHHH", self.request, 0, 0, os.getpid() & 0xffff, self.sent) + bytes(56)
        if self.family == 4:  # the kernel writes that of ICMPv6
            words = sum(struct.unpack(f"!{len(echo) // 2}H", echo))
            words = (words & 0xffff) + (words >> 16)
            echo = echo[:2] + struct.pack("!H", ~((words & 0xffff) + (words >> 16)) & 0xffff) + echo[4:]
        self.sent += 1
        try:
            self.socket.sendto(echo, (address, 0))
        except OSError:
            pass

    def hear(self, now):
        packet = self.socket.recv(2048)
        if self.family == 4:
            packet = packet[4 * (packet[0] & 15):]
        kind, _, _, ident, number = struct.unpack_from("!BBHHH", packet)
        if (kind, ident) == (self.reply, os.getpid() & 0xffff):
            self.twice += number in self.answers
            self.answers.setdefault(number, now)

    def gone(self):
        return [number for number in range(self.sent) if number not in self.answers]

    def first(self):
        return min(self.answers.values(), default=None)


class Member:
    """A machine with its daemon."""

    def __init__(self, name, directory, ipop):
        self.name, self.root, self.ipop = name, f"{directory}/{name}", ipop
        self.join, self.why = "-", ""
        self.control = None

    def up(self):
        begin = time.monotonic()
        with open(f"{self.root}/up", "w", encoding="utf-8") as log:
            status = subprocess.run(
                ["ip", "netns", "exec", self.name, self.ipop, "--root", self.root, "up", "lab"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
        self.join = f"exit{status}" if status else round((time.monotonic() - begin) * 1000)

    def ask(self, verb):
        """What the daemon answers, {} if it does not."""
        try:
            if self.control is None:
                sock = socket.socket(socket.AF_UNIX)
                sock.settimeout(5)
                sock.connect(f"{self.root}/run/ipop/lab/control")
                self.control = sock.makefile("rw")
            self.control.write(json.dumps({"schema": "ipop.request/1", "verb": verb}) + "\n")
            self.control.flush()
            return json.loads(self.control.readline())
        except (OSError, ValueError):
            self.control = None
            return {}

    def way_to(self, peer):
        """(way, relay, why) to the member of that name; the way is "-" if there is no session."""
        for each in self.ask("peers").get("peers", []):
            if each["name"] == peer.name:
                return each["way"] if each["state"] == "up" else "-", each["relay"], each["why"]
        return "-", None, "not known"


class Pair(threading.Thread):
    """One pair's story; each in a thread of its own."""

    def __init__(self, text, directory, ipop):
        super().__init__()
        a, b, self.wanted = text.split(",")
        self.a, self.b = Member(a, directory, ipop), Member(b, directory, ipop)
        self.pings = [Pings(a, 4), Pings(a, 6)]
        self.direct, self.way, self.relay = None, "-", None
        self.start_s = 0.0

    def run(self):
        ups = [threading.Thread(target=member.up) for member in (self.a, self.b)]
        for each in ups:
            each.start()
        for each in ups:
            each.join()
        self.start_s = time.monotonic()
        status = self.b.ask("status")
        addresses = [status.get("ipv4"), status.get("ipv6")]
        if all(addresses):
            self.watch(addresses)

    def now(self):
        return time.monotonic() - self.start_s

    def watch(self, addresses):
        next_ping, next_ask, end = 0.0, 0.0, SECONDS
        while self.now() < end:
            if self.now() >= next_ping:
                next_ping += PING_S
                for pings, address in zip(self.pings, addresses):
                    pings.send(address)
            if self.now() >= next_ask:
                next_ask = self.now() + ASK_S
                self.look()
                if self.direct is not None and self.wanted == "direct":
                    end = min(SECONDS, self.direct + DIRECT_S)
            self.hear(min(next_ping, next_ask) - self.now())
        end += LAST_ANSWER_S
        while self.now() < end and any(each.gone() for each in self.pings):
            self.hear(end - self.now())

    def hear(self, patience_s):
        sockets = {each.socket: each for each in self.pings}
        for each in select.select(sockets, [], [], max(0, patience_s))[0]:
            sockets[each].hear(self.now())

    def look(self):
        way, relay, self.a.why = self.a.way_to(self.b)
        way_b, relay_b, self.b.why = self.b.way_to(self.a)
        self.way = way if way == way_b else f"{way}/{way_b}"
        self.relay = relay if relay == relay_b else f"{relay}/{relay_b}"
        if self.way != "direct":
            self.direct = None
        elif self.direct is None:
            self.direct = self.now()

    def report(self):
        def ms(instant):
            return "never" if instant is None else round(instant * 1000)
        gone = sorted(number for each in self.pings for number in each.gone())
        print(f"{self.a.name},{self.b.name} join_ms={self.a.join},{self.b.join}",
              *(f"reach{each.family}_ms={ms(each.first())}" for each in self.pings),
              f"direct_ms={ms(self.direct)} way={self.way} relay={self.relay or '-'}",
              f"sent={sum(each.sent for each in self.pings)} lost={len(gone)}",
              f"twice={sum(each.twice for each in self.pings)}",
              f"gone={','.join(str(ms(PING_S * number)) for number in gone) or '-'}",
              f'"{self.a.why}" "{self.b.why}"')


def main():
    pairs = [Pair(text, *sys.argv[1:3]) for text in sys.argv[4:]]
    for pair in pairs:
        pair.start()
        time.sleep(STAGGER_S)
    for pair in pairs:
        pair.join()
        pair.report()


if __name__ == "__main__":
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    SECONDS = float(sys.argv[3])
    main()
