"""underlay.py - the machines between which everything is measured, and the cables between them.

Two kinds of cable. `veth` hands super-packets over whole, which flatters whoever makes them. `nic` is
like a common network card: it computes checksums but cuts nothing, so the kernel segments as it sends
(TSO and UDP segmentation off), and it puts together what it receives (GRO on).
"""
import shutil
import subprocess
import time
from pathlib import Path

import place

KINDS = ("nic", "veth")
ADDRESS = {"a": "192.0.2.1", "b": "192.0.2.2"}  # RFC 5737
# With a member in the middle a and b have a cable to it, and no route to each other.
ADDRESS_BY = {"a": "198.51.100.1", "r.a": "198.51.100.2", "b": "203.0.113.1", "r.b": "203.0.113.2"}
RUN = Path("/run/bench")

SETTINGS = ("net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
            "net.ipv4.ip_forward=0", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")


class BenchError(Exception):
    """Something that has to be measured could not be; the text says what."""


def kinds_possible():
    """The kinds for which the tools are here."""
    return [kind for kind in KINDS if kind != "nic" or shutil.which("ethtool")]


class Underlay:
    """The machines a and b, and with `middle` r between them; empty but for what start() started."""

    def __init__(self, kind, middle=False):
        self.kind = kind
        self.jobs = {}
        self.machines = ("a", "b", "r") if middle else ("a", "b")
        for machine in self.machines:
            (RUN / machine).mkdir()
            subprocess.run(["ip", "netns", "add", machine], check=True)
            self.run(machine, "ip", "link", "set", "lo", "up")
            self.run(machine, "sysctl", "-qw", *SETTINGS)
        if middle:
            self._cable("a", ADDRESS_BY["a"], "r", ADDRESS_BY["r.a"])
            self._cable("b", ADDRESS_BY["b"], "r", ADDRESS_BY["r.b"])
        else:
            self._cable("a", ADDRESS["a"], "b", ADDRESS["b"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        place.kill_all()
        for machine in self.machines:
            subprocess.run(["ip", "netns", "delete", machine], check=True)
            shutil.rmtree(RUN / machine)

    def _cable(self, one, one_address, other, other_address):
        """The interface at each end is named after the machine at the other."""
        subprocess.run(["ip", "link", "add", "name", other, "netns", one, "type", "veth",
                        "peer", "name", one, "netns", other], check=True)
        for machine, interface, address in ((one, other, one_address), (other, one, other_address)):
            self.run(machine, "ip", "address", "add", f"{address}/24", "dev", interface)
            if self.kind == "nic":
                self.run(machine, "ethtool", "-K", interface, "tso", "off", "tx-udp-segmentation", "off",
                         "gro", "on")
            self.run(machine, "ip", "link", "set", "dev", interface, "mtu", "1500", "up")

    def on(self, machine, *command):
        return ["ip", "netns", "exec", machine, *map(str, command)]

    def run(self, machine, *command, timeout=60, text=None):
        """A command there: what it printed."""
        return run(*self.on(machine, *command), timeout=timeout, text=text)

    def start(self, machine, name, *command):
        """A program there, in the background; its output goes to RUN/MACHINE/NAME.log."""
        with open(RUN / machine / f"{name}.log", "ab") as log:
            self.jobs[machine, name] = subprocess.Popen(  # pylint: disable=consider-using-with
                self.on(machine, *command), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, cwd=RUN / machine)

    def write(self, machine, name, text, mode=0o600):
        """A file of that machine: its path."""
        path = RUN / machine / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def logs(self):
        """The last lines of what the programs said, for a complaint."""
        lines = []
        for machine in self.machines:
            for log in sorted((RUN / machine).glob("*.log")):
                lines += [f"{machine}/{log.name}: {line}"
                          for line in log.read_text(errors="replace").splitlines()[-8:]]
        return lines


def run(*command, timeout=60, text=None):
    """A command on no machine: what it printed."""
    try:
        done = subprocess.run(list(map(str, command)), input=text, capture_output=True, text=True,
                              timeout=timeout, check=False,
                              **({"stdin": subprocess.DEVNULL} if text is None else {}))
    except FileNotFoundError as error:
        raise BenchError(f"{error.filename} is missing") from error
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"not within {timeout} s: {' '.join(map(str, command))}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BenchError(f"{' '.join(map(str, command))}: {said[-1] if said else done.returncode}")
    return done.stdout


def wait_until(condition, what, seconds=20):
    """Returns as soon as it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def succeeds(function, *arguments, **options):
    """Whether it works, as a condition for wait_until."""
    try:
        function(*arguments, **options)
    except BenchError:
        return False
    return True
