#!/usr/bin/python3
"""ring.py DIRECTORY MEMBER... - do these members, and no others, stand on an exact ring?

Asks the daemon of each, by its control socket below DIRECTORY/MEMBER, who it is and whom it has for
neighbours, and compares with what their ids say: the three nearest on either side. Prints how many
have just those, and who has others; ends with 0 if nobody has.
"""

import base64
import json
import os
import socket
import sys

NEAR = 3  # on a side (src/ring/limits.h)
PATIENCE_S = 5


def ask(directory, member, verb):
    """The answer of a member's daemon, or None if it has no answer."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(PATIENCE_S)
        try:
            # Paths of sockets are short, and those of labs long.
            folder = os.open(f"{directory}/{member}/run/ipop/lab", os.O_PATH)
            try:
                control.connect(f"/proc/self/fd/{folder}/control")
            finally:
                os.close(folder)
            control.sendall(json.dumps({"schema": "ipop.request/1", "verb": verb}).encode() + b"\n")
            with control.makefile() as answer:
                return json.loads(answer.readline())
        except (OSError, ValueError):
            return None


def number(text):
    return int.from_bytes(base64.b32decode(text.upper()), "big")


def true_neighbours(member, ring):
    """Of a list of members in the order of their ids."""
    at, count = ring.index(member), len(ring)
    steps = [*range(1, NEAR + 1), *range(-NEAR, 0)]
    return {ring[(at + step) % count] for step in steps} - {member}


def main():
    directory, members = sys.argv[1], sys.argv[2:]
    ids, near = {}, {}
    for member in members:
        status, peers = ask(directory, member, "status"), ask(directory, member, "peers")
        if status is None or peers is None:
            continue
        ids[member] = number(status["id"])
        near[member] = {peer["name"] for peer in peers["peers"]
                        if peer["near"] and peer["state"] == "up"}
    silent = sorted(set(members) - ids.keys())
    ring = sorted(ids, key=ids.get)
    wrong = [member for member in ring if near[member] != true_neighbours(member, ring)]
    print(f"exact {len(ring) - len(wrong)} of {len(members)}; others: {' '.join(wrong) or '-'}; "
          f"silent: {' '.join(silent) or '-'}")
    return 1 if wrong or silent else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main())
