#!/usr/bin/python3
"""meet.py DIRECTORY IPOP SECONDS PAIR... - starts pairs of members, and watches each pair meet.

A PAIR is A,B,WAY: two machines whose daemons are down, and the way by which they shall talk in the
end, direct or relay. Runs on no machine of the lab but between them (lab_run lab ...).

Pair after pair, `ipop up` runs on both machines at once. From the moment that both have returned, A
pings B ten times a second, and both are asked for the way. It ends when both have said "direct" for
a second, or after SECONDS. One line for each pair, in the order of the arguments:

    A,B join_ms=210,195 reach_ms=8 direct_ms=640 way=direct relay=- sent=17 lost=0 twice=0 gone=-

join_ms: how long `ipop up` took on A and on B, or its exit status as "exit5". reach_ms: until the
first answer; direct_ms: until both said "direct"; from when both were up, "never" if not. way and
relay: what both said last ("direct/ring" if they differ). gone: when the pings left that had no
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
ECHO_REQUEST, ECHO_REPLY = 128, 129


def icmp6_on(machine):
    """Namespaces are of threads, sockets stay where they were made."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{machine}", "rb") as netns:
        if libc.setns(netns.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {machine}")
    return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)


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
        self.socket = icmp6_on(a)
        self.sent, self.answers, self.twice = 0, {}, 0
        self.direct, self.way, self.relay = None, "-", None
        self.start_s = 0.0

    def run(self):
        ups = [threading.Thread(target=member.up) for member in (self.a, self.b)]
        for each in ups:
            each.start()
        for each in ups:
            each.join()
        self.start_s = time.monotonic()
        address = self.b.ask("status").get("ipv6")
        if address:
            self.watch(address)

    def now(self):
        return time.monotonic() - self.start_s

    def watch(self, address):
        next_ask, end = 0.0, SECONDS
        while self.now() < end:
            if self.now() >= PING_S * self.sent:
                self.ping(address)
            if self.now() >= next_ask:
                next_ask = self.now() + ASK_S
                self.look()
                if self.direct is not None and self.wanted == "direct":
                    end = min(SECONDS, self.direct + DIRECT_S)
            self.hear(min(PING_S * self.sent, next_ask) - self.now())
        end += LAST_ANSWER_S
        while self.now() < end and len(self.answers) < self.sent:
            self.hear(end - self.now())

    def ping(self, address):
        echo = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, os.getpid() & 0xffff, self.sent)
        self.sent += 1
        try:
            self.socket.sendto(echo + bytes(56), (address, 0))
        except OSError:
            pass  # counted as sent, and as lost

    def hear(self, patience_s):
        if not select.select([self.socket], [], [], max(0, patience_s))[0]:
            return
        kind, _, _, ident, number = struct.unpack_from("!BBHHH", self.socket.recv(2048))
        if (kind, ident) == (ECHO_REPLY, os.getpid() & 0xffff):
            self.twice += number in self.answers
            self.answers.setdefault(number, self.now())

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
        gone = [number for number in range(self.sent) if number not in self.answers]
        print(f"{self.a.name},{self.b.name} join_ms={self.a.join},{self.b.join}",
              f"reach_ms={ms(min(self.answers.values(), default=None))}",
              f"direct_ms={ms(self.direct)} way={self.way} relay={self.relay or '-'}",
              f"sent={self.sent} lost={len(gone)} twice={self.twice}",
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
