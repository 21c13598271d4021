"""terminal.py - runs a command on a terminal of its own, and looks at what it shows."""
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

SEQUENCE = re.compile(rb"\x1b\[(\??)(\d*)([A-Za-z])")


class Screen:
    """What a terminal shows, as far as `ipop` makes use of one: no colours, nothing scrolls."""

    def __init__(self, columns):
        self.columns = columns
        self.lines, self.row, self.column = [""], 0, 0
        self.picture = None  # the last one, of a program that took the screen and gave it back
        self.rest = b""

    def feed(self, data):
        data = self.rest + data
        at = 0
        while at < len(data):
            found = SEQUENCE.match(data, at)
            if data[at:at + 1] == b"\x1b" and not found:
                break  # the rest of it is to come
            if found:
                self._sequence(found[1] + found[2] + found[3])
                at = found.end()
            else:
                self._character(chr(data[at]))
                at += 1
        self.rest = data[at:]

    def _sequence(self, what):
        if what == b"H":
            self.row = self.column = 0
        elif what == b"K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif what == b"J":
            self.lines = self.lines[:self.row + 1]
            self.lines[-1] = self.lines[-1][:self.column]
        elif what == b"?1049l":
            self.picture = self.lines
        elif what not in (b"?1049h", b"?25l", b"?25h"):
            raise ValueError(f"a terminal is told {what!r}, which terminal.py does not know")

    def _character(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            self.lines += [""] * (self.row + 1 - len(self.lines))
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1

    def text(self):
        return "\n".join(line.rstrip() for line in (self.lines if self.picture is None else self.picture))


def _talk(master, screen, script, until):
    """Types what stands in the script, until the command has closed the terminal."""
    script = list(script)
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([master], [], [], left)[0]:
            raise TimeoutError(f"the terminal shows: {screen.text()}")
        try:
            data = os.read(master, 65536)
        except OSError:
            data = b""  # Linux says so that nobody has it any more
        if not data:
            return script
        screen.feed(data)
        if script and script[0] in screen.text():
            os.write(master, script[1].encode())
            script = script[2:]


def run(words, directory, environment, how, limit_s):
    """`how` is (columns, rows, [text, keys, ...]). Returns the exit code, and what was shown last."""
    columns, rows, script = how
    screen = Screen(columns)
    pid, master = pty.fork()
    if pid == 0:
        try:
            os.chdir(directory)
            # By the child, so that the size stands before anything asks for it.
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(words[0], words, environment)
        finally:
            os._exit(127)
    try:
        left = _talk(master, screen, script, time.monotonic() + limit_s)
    except BaseException:
        os.kill(pid, 9)
        raise
    finally:
        os.close(master)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if left:
        raise ValueError(f"the terminal never showed {left[0]!r}, but: {screen.text()}")
    return code, screen.text()
