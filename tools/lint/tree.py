"""tree.py - what all linters ask about the tree: its files, layers, includes and compile commands.

A linter prints one line for each finding, `file:line: what is wrong`, and ends with 1 if there was
one. All work on the tree in which they stand; tests/lint/, full of planted mistakes, is not a part
of it.
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tools"))  # for tap.py
BUILD = TOP / "build"
CACHE = BUILD / "lint"
JOBS = os.cpu_count() or 2

ELSEWHERE = {"sim", "tests", "bench"}  # layers that are not a folder of src/


def findings_end(findings):
    """Prints the findings and ends the linter."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


@functools.cache
def files():
    """Every file that is in git, or would be after `git add -A`, as a path from the top."""
    names = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=TOP,
                           check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({name for name in names if name and not name.startswith("tests/lint/")
                   and (TOP / name).is_file()})


def c_files(*suffixes):
    return [name for name in files() if name.endswith(suffixes or (".c", ".h"))]


def layer_of(name):
    """The folder that is the file's layer, or None if it lies in none."""
    parts = name.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return parts[0] if parts[0] in ELSEWHERE and len(parts) > 1 else None


@functools.cache
def text(name):
    return (TOP / name).read_text(encoding="utf-8", errors="replace")


_NOT_CODE = re.compile(r"""
    //[^\n]* | /\*.*?\*/                     # comments
  | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'  # strings and characters
""", re.VERBOSE | re.DOTALL)


@functools.cache
def code(name):
    """The text without comments and without what stands in quotes; the lines keep their numbers."""
    def blank(match):
        found = match[0]
        return (found[0] * 2 if found[0] in "\"'" else " ") + "\n" * found.count("\n")
    return _NOT_CODE.sub(blank, text(name))


def line_at(source, offset):
    return source.count("\n", 0, offset) + 1


_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)


@functools.cache
def includes(name):
    """(line, file of ours or None, as it is written) for each include; <...> ones as they are."""
    found = []
    for match in _INCLUDE.finditer(text(name)):
        quoted, system = match[1], match[2]
        ours = None
        if quoted:
            places = (Path(name).parent, Path("src"), Path("."))
            ours = next((os.path.normpath(place / quoted) for place in places
                         if (TOP / place / quoted).is_file()), None)
        found.append((line_at(text(name), match.start()), ours, quoted or f"<{system}>"))
    return found


# What the compiler joins may stand between any two characters: a backslash at the end of a line.
_JOINED = r"(?:\\\n)*"
_DIRECTIVE = re.compile(rf"^(?:[ \t]|\\\n)*(?:#|%:)(?:[ \t]|\\\n)*"
                        rf"(?:{_JOINED.join('include')}\w*|{_JOINED.join('import')})", re.MULTILINE)


@functools.cache
def odd_includes(name):
    """The lines of includes that includes() cannot read: of a macro, of another spelling."""
    plain = {line for line, _, _ in includes(name)}
    lines = (line_at(code(name), match.start()) for match in _DIRECTIVE.finditer(code(name)))
    return [line for line in lines if line not in plain]


@functools.cache
def closure(name):
    """The file and every file of ours that it includes, directly or not."""
    seen, rest = set(), [name]
    while rest:
        one = rest.pop()
        if one not in seen:
            seen.add(one)
            rest += [ours for _, ours, _ in includes(one) if ours]
    return sorted(seen)


def table(name, separator=":"):
    """The lines of a data file in tools/, as lists of words on each side of the separator."""
    rows = []
    for number, line in enumerate(text(name).splitlines(), 1):
        line = line.split("#")[0].strip()
        if line:
            rows.append((number, *(side.split() for side in line.split(separator))))
    return rows


@dataclass
class Compilation:
    """One run of the compiler in the main build."""
    source: str  # from the top
    directory: Path
    arguments: list
    output: Path

    def options(self):
        """Of the arguments, what another tool needs: all but compiler, input and output."""
        kept, skip = [], False
        for argument in self.arguments[1:]:
            if skip or argument in ("-MD", "-c") or argument.endswith(".c"):
                skip = False
            elif argument in ("-o", "-MF", "-MQ"):
                skip = True
            elif argument.startswith("-I"):
                kept.append("-I" + os.path.normpath(self.directory / argument[2:]))
            else:
                kept.append(argument)
        return kept


@functools.cache
def compilations():
    found = []
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        directory = Path(entry["directory"])
        source = os.path.relpath((directory / entry["file"]).resolve(), TOP)
        words = shlex.split(entry["command"])
        if Path(words[0]).name == "ccache":  # which Meson takes where it is installed
            words = words[1:]
        found.append(Compilation(source, directory, words,
                                 directory / entry["output"]))
    return found


@functools.cache
def options(name):
    """The compiler's options for a source file: those of its first compilation; or None."""
    return next((one.options() for one in compilations() if one.source == name), None)


def sources(arguments):
    """The .c files to look at: those of the command line, or all."""
    chosen = c_files(".c")
    if arguments:
        chosen = [name for name in chosen if name in arguments]
    return [name for name in chosen if options(name)]  # `built` reports the others


def each_cached(linter, names, command_of, *configuration):
    """Runs a command for each file, some at a time. What passed is not run again until the file, a
    header below it, the command or the configuration changes. Returns the output of what failed."""
    place = CACHE / linter
    place.mkdir(parents=True, exist_ok=True)

    def run(name):
        command = command_of(name)
        key = hashlib.sha256(repr((command, configuration)).encode())
        for one in closure(name):
            key.update(repr((one, text(one))).encode())
        passed = place / key.hexdigest()
        if passed.exists():
            return None
        done = subprocess.run(command, cwd=TOP, check=False, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if done.returncode == 0:
            passed.touch()
            return None
        return f"{done.stdout}{done.stderr}".strip() or f"{name}: exit status {done.returncode}"

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return [output for output in pool.map(run, names) if output]


def version(program):
    return subprocess.run([program, "--version"], check=True, capture_output=True).stdout
