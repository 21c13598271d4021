#!/usr/bin/python3
"""purposes.py CAPTURE SECONDS ADDRESS NODE - what a member sends and receives for which purpose.

CAPTURE, of SECONDS, is of the line of a member; ADDRESS is the one under which it is seen there, and
NODE the pid of its node, in whose memory the keys are found that open what was captured. Prints what
a day of this would be, headers of UDP and IP included: a line for each kind of frame, sent and received,
and "total BYTES" at the end. What no key opens counts as `unopened`.
"""

import collections
import sys

from opening import DATA, datagrams, key_for, memory, opened

BEACONS = ("239.255.73.80,4768", "ff12::4950:4f50,4768")
DAY_S = 86400
IP_UDP = 28
KINDS = {2: "empty frames", 3: "probes", 4: "probe answers", 5: "rekeys", 6: "rekeys", 7: "rekeys",
         9: "parts", 10: "routed", 11: "broadcasts", 12: "neighbour lists", 13: "candidates",
         14: "relay requests", 15: "relay requests", 16: "relay requests", 17: "relayed",
         21: "clocks"}


class Opener:
    """Finds the key of each session once."""

    def __init__(self, regions):
        self.regions, self.keys = regions, {}

    def purpose(self, datagram):
        if datagram[:1] != bytes([DATA]):
            return "handshakes"
        session = datagram[4:8]
        if session not in self.keys:
            self.keys[session] = key_for(datagram, self.regions)[0]
        plain = opened(self.keys[session], datagram) if self.keys[session] else None
        return KINDS.get(plain[0], f"kind {plain[0]}") if plain else "unopened"


def main():
    capture, seconds, address, node = sys.argv[1:]
    opener, count, size = Opener(memory(node)), collections.Counter(), collections.Counter()
    for source, destination, datagram in datagrams(capture):
        way = "sent" if source.split(",")[0] == address else "received"
        purpose = "beacons" if destination in BEACONS else opener.purpose(datagram)
        count[purpose, way] += 1
        size[purpose, way] += len(datagram) + IP_UDP
    a_day = DAY_S / float(seconds)
    total = sum(size.values())
    for (purpose, way), part in size.most_common():
        print(f"{purpose:16} {way:8} {count[purpose, way]:5} packets {part / total:6.1%} "
              f"{part * a_day / 1e6:8.3f} MB a day")
    print(f"total {total * a_day:.0f}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main()
