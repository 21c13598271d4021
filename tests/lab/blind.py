#!/usr/bin/python3
"""blind.py CAPTURE ADDRESS TEXT END RELAY... - what could a relay open of that which it passes on?

CAPTURE is of the relay's line. ADDRESS,PORT is where one END of a relayed pair is seen from outside,
and over the pair travels TEXT. END is the pid of its node, RELAY are those of the relay's processes.

The search proves itself. In END's memory it finds the key that opens a datagram between END and the
relay, inside that a datagram of the pair, and then the key that opens this one: TEXT appears. The
relay's memory must hold the first key, which is also its own, and neither the second one nor TEXT.
Both directions are tried. Prints what was found. Exit status: 0 if all is so, 1 if the relay can
see something, 2 if the search found nothing that it could prove itself by.
"""

import sys

from opening import DATA, FRAME_HEADER, RELAY_HEADER, datagrams, key_for, memory, opened

RELAY = 17  # kind of a frame (src/wire/frame.h)


def relayed(capture, is_ours, regions):
    """The longest relayed datagram of those: the key of its envelope, and itself."""
    key = None
    for _, _, datagram in sorted(filter(is_ours, datagrams(capture)), key=lambda each: -len(each[2])):
        if datagram[:1] != bytes([DATA]):
            continue
        plain = opened(key, datagram) if key else None
        if plain is None:
            key, plain = key_for(datagram, regions)
        if plain is not None and plain[0] == RELAY:
            size = int.from_bytes(plain[5:7], "big")
            return key, plain[FRAME_HEADER + RELAY_HEADER:FRAME_HEADER + size]
    return None, None


def main():
    capture, outside, text, end, *relay = sys.argv[1:]
    ends, relays = memory(end), [region for pid in relay for region in memory(pid)]
    sees = [] if not any(text.encode() in region for region in relays) else [f"the text {text}"]
    carried = b""
    for direction, at in (("to the relay", 0), ("from the relay", 1)):
        link_key, datagram = relayed(capture, lambda each, at=at: each[at] == outside, ends)
        key, plain = key_for(datagram, ends) if datagram else (None, None)
        if key is None:
            print(f"{direction}: nothing that could be opened with what {end} knows")
            sys.exit(2)
        carried += plain
        if not any(link_key in region for region in relays):
            print(f"{direction}: not even the relay's own key is found in it")
            sys.exit(2)
        sees += [f"the pair's key {direction}"] if any(key in region for region in relays) else []
        print(f"{direction}: the link's key is in the relay's memory, the pair's key in its end's")
    if text.encode() not in carried:
        print("the text was not in what was passed on")
        sys.exit(2)
    size = sum(map(len, relays)) >> 10
    print(f"{size} KiB of the relay's memory hold {' and '.join(sees) or 'neither key nor text'}")
    sys.exit(1 if sees else 0)


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main()
