#!/usr/bin/env python3
"""unit.py calls|bound UNIT - what a unit file of systemd's lets its service do, for a lab that has no systemd.

calls  prints the system calls that its SystemCallFilter= lines leave, one a line: the sets are those of
       systemd-analyze; a line with ~ takes away, a later one without adds again (systemd.exec(5)).
bound  prints the words of its CapabilityBoundingSet=.
"""
import subprocess
import sys
from pathlib import Path


def values(unit, name):
    for line in Path(unit).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and key == name:
            yield value


def members(word):
    """A call, or all calls of a set and of those in it."""
    if not word.startswith("@"):
        return {word}
    done = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", word], check=True, text=True,
                          capture_output=True)
    words = [line.strip() for line in done.stdout.splitlines()[1:]]
    return set().union(*(members(inner) for inner in words if inner and inner[0] != "#"))


def calls(unit):
    kept = members("@default")
    for value in values(unit, "SystemCallFilter"):
        named = set().union(*(members(word) for word in value.removeprefix("~").split()))
        kept = kept - named if value.startswith("~") else kept | named
    return sorted(kept)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("calls", "bound"):
        sys.exit(__doc__)
    if sys.argv[1] == "calls":
        print("\n".join(calls(sys.argv[2])))
    else:
        print(*values(sys.argv[2], "CapabilityBoundingSet"))


if __name__ == "__main__":
    main()
