"""tap.py - the one form in which tests report here: TAP (testanything.org), a line for each case.

    ok 3 - a name # 2.1 s             passed; what stands behind # is for the reader
    not ok 4 - a name                 failed; lines that begin with # say more about it
    ok 5 - a name # SKIP the reason   did not run: counted for itself, never as passed
    not ok 6 - a name # MISS figure   missed a bound of time; what becomes of it: see tools/test
    1..6                              how many there are; first or last
"""
import re
from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED, MISSED = "passed", "failed", "skipped", "missed"

OUTPUT_LINES_MAX = 200  # kept for a failing case

_CASE = re.compile(r"(?P<bad>not )?ok\b(?: +\d+)?(?: +-)? *(?P<name>[^#]*?) *"
                   r"(?:# *(?:(?P<word>SKIP|MISS)\S* *)?(?P<detail>.*))?$")
_PLAN = re.compile(r"1\.\.(\d+)\b")


@dataclass
class Case:
    name: str
    result: str
    detail: str = ""  # what stands behind #, without SKIP or MISS
    notes: list = field(default_factory=list)  # what was printed before it, and the # lines after


class Reader:
    """Takes TAP apart, line by line."""

    def __init__(self):
        self.cases = []
        self.planned = None
        self.rest = []  # what was printed since the last case
        self.partial = ""

    def feed(self, line):
        """Returns the case if the line reports one."""
        plan, case = _PLAN.match(line), _CASE.match(line)
        if plan:
            self.planned = int(plan[1])
            return None
        if not case:
            if line.startswith("#") and self.cases and not self.rest:
                self.cases[-1].notes.append(line)
            else:
                self.rest = (self.rest + [line])[-OUTPUT_LINES_MAX:]
            return None
        detail = case["detail"] or ""
        name = case["name"] or detail  # cmocka puts the name of a skipped case there
        if case["word"] == "SKIP":
            result = SKIPPED
        elif case["bad"]:
            result = MISSED if case["word"] == "MISS" else FAILED
        else:
            result = PASSED
        self.cases.append(Case(name, result, detail, self.rest))
        self.rest = []
        return self.cases[-1]

    def feed_text(self, text):
        """Takes any piece of the output; a line that is not whole yet waits for its rest."""
        *lines, self.partial = (self.partial + text).split("\n")
        for line in lines:
            self.feed(line)
        return self


class Writer:
    """Prints cases as they come, numbered, and the plan at the end."""

    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, passed, notes=()):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - {name}", flush=True)
        for note in notes:
            print("#", note.removeprefix("# "), flush=True)

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    def end(self):
        """Prints the plan; the exit status that fits."""
        print(f"1..{self.count}", flush=True)
        return 0 if self.failed == 0 and self.count > 0 else 1
