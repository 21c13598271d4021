"""programs.py - the test programs of a build tree, by the suites to which Meson assigns them."""
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
JOBS = os.cpu_count() or 2

ENVIRONMENT = {
    "CMOCKA_MESSAGE_OUTPUT": "TAP",
    # Memory that no machine has must be bad luck under the sanitizer too, not its own complaint.
    "ASAN_OPTIONS": "allocator_may_return_null=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


@dataclass
class Program:
    name: str
    command: list
    environment: dict
    timeout_s: float

    def with_arguments(self, *arguments):
        return replace(self, command=[*self.command, *arguments])


@dataclass
class Run:
    status: int  # negative: the signal that ended it; None: it took too long
    stdout: str
    stderr: str

    def fate(self):
        return "took too long" if self.status is None else f"exit status {self.status}"


def build(name):
    """Builds one of the trees of tools/build; if that fails, it has said why, and we end."""
    if subprocess.run([TOP / "tools" / "build", name], check=False).returncode != 0:
        sys.exit(1)


def of_tree(tree, suites):
    """The programs of these suites, in the order in which Meson knows them."""
    found = []
    for test in json.loads(Path(TOP, tree, "meson-info", "intro-tests.json").read_text()):
        if {suite.split(":")[-1] for suite in test["suite"]} & set(suites):
            found.append(Program(test["name"], test["cmd"], test["env"], test["timeout"]))
    return found


def run(program, timeout_s=None, **environment):
    """Runs it in a folder of its own, which is gone afterwards: what it leaves lying litters nothing,
    also when it is killed."""
    with tempfile.TemporaryDirectory(prefix="ipop-test-") as folder:
        environment = {"TMPDIR": folder} | environment
        try:
            done = subprocess.run(
                program.command, env=os.environ | ENVIRONMENT | program.environment | environment,
                timeout=timeout_s or program.timeout_s, cwd=folder, check=False, text=True,
                errors="replace", stdin=subprocess.DEVNULL, capture_output=True)
            return Run(done.returncode, done.stdout, done.stderr)
        except subprocess.TimeoutExpired:
            return Run(None, "", "")


def run_all(programs, **environment):
    """Runs them, some at a time; yields (program, run) in their order."""
    with ThreadPoolExecutor(JOBS) as pool:
        yield from zip(programs, pool.map(lambda one: run(one, **environment), programs))
