#!/usr/bin/env python3
"""embed OUT FILE... - the scenarios of sim/scenarios/ as a C table, by the names of their files, and the style
of the page as a C string.
"""
import sys
from pathlib import Path


def literal(text):
    """Line by line, as a C string."""
    lines = text.replace("\\", "\\\\").replace('"', '\\"').split("\n")
    return "\n".join(f'\t  "{line}\\n"' for line in lines[:-1] or [""])


def main():
    out, files = sys.argv[1], [Path(name) for name in sys.argv[2:]]
    entries = "".join(f'\t{{ "{file.stem}",\n{literal(file.read_text())} }},\n' for file in files
                      if file.suffix == ".scenario")
    styles = "".join(literal(file.read_text()) for file in files if file.suffix == ".css")
    Path(out).write_text('#include "prog/ipop-sim/page.h"\n\n'
                         "const struct scenario_text scenario_texts[] = {\n"
                         f"{entries}\t{{ NULL, NULL }},\n}};\n\nconst char page_style[] =\n{styles};\n")


main()
