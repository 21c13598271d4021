#!/usr/bin/python3
"""leaks.py CAPTURE TEXT FILE... - looks for what no observer may see.

Searches a capture for TEXT and for 16 bytes in a row of any certificate, request or key that stands
in PEM form in one of the FILEs (JSON strings count). Prints what it found, and how much it looked
for. Exit status: 0 if nothing was found, 1 if something was, 2 if there was nothing to look for.
"""

import base64
import re
import sys
from pathlib import Path

WINDOW_BYTES = 16
VALUES_MIN = 4  # a window of padding, or of one repeated byte, is in every capture

PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----")


def documents(name):
    """What PEM the file holds: (kind, its bytes)."""
    text = Path(name).read_text(encoding="utf-8", errors="replace").replace("\\n", "\n")
    return [(match[1], base64.b64decode(match[2])) for match in PEM.finditer(text)]


def windows(data):
    every = (data[at:at + WINDOW_BYTES] for at in range(len(data) - WINDOW_BYTES + 1))
    return [window for window in every if len(set(window)) >= VALUES_MIN]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    capture = Path(sys.argv[1]).read_bytes()
    sought = {document: kind for name in sys.argv[3:] for kind, document in documents(name)}
    found = [f"the text {sys.argv[2]}"] if sys.argv[2].encode() in capture else []
    count = 0
    for document, kind in sought.items():
        parts = windows(document)
        count += len(parts)
        hits = sum(part in capture for part in parts)
        if hits:
            found.append(f"{hits} of {len(parts)} runs of {WINDOW_BYTES} bytes of a {kind.lower()}")
    print(f"{len(capture)} bytes searched for the text and {count} runs of bytes of "
          f"{len(sought)} documents: {'; '.join(found) or 'nothing found'}")
    sys.exit(2 if count == 0 else 1 if found else 0)


if __name__ == "__main__":
    main()
