"""peer_ipop.py - IPOP: with the cipher that it chooses itself, with others, and through a relay.

As a user would set it up: a group, a bundle, `ipop up`; all else is what it is without configuration.
"""
import functools
import json
import re
import subprocess

from peer import Peer
from probes import TOP
from underlay import ADDRESS, ADDRESS_BY, RUN, BenchError, run, wait_until

IPOP = TOP / "build/src/prog/ipop/ipop"


@functools.cache
def _version():
    version = run(IPOP, "version").split("\n", 1)[0]
    found = re.search(r"\d[\w.+~-]*", version)
    commit = subprocess.run(["git", "-C", TOP, "log", "-1", "--format=%h", "--", "src"], capture_output=True,
                            text=True, check=False).stdout.strip()
    return (found[0] if found else version) + (f"-g{commit}" if commit else "")


class Ipop(Peer):
    """Two members on one cable."""

    name = "ipop"
    crypto = "auto"
    founder = "a"
    entrances = (ADDRESS["a"],)
    way = "direct"

    def __init__(self):
        self.cipher = "?"

    def version(self):
        return _version()

    @staticmethod
    def _ipop(bed, machine, *words):
        return bed.run(machine, IPOP, *words, "--root", RUN / machine)

    def start(self, bed):
        founder = self.founder
        entrances = [word for each in self.entrances for word in ("--bootstrap", f"{each}:4767")]
        self._ipop(bed, founder, "group", "create", "lab", "--name", founder, *entrances)
        for machine in bed.machines:
            if machine != founder:
                request = bed.write(machine, "request", self._ipop(bed, machine, "request", "--name",
                                                                   machine))
                bundle = bed.write(machine, "bundle", self._ipop(bed, founder, "group", "sign", "lab",
                                                                 request))
                self._ipop(bed, machine, "join", bundle, "--no-up")
            with open(RUN / machine / "etc/ipop/lab.conf", "a", encoding="utf-8") as conf:
                conf.write("\n".join(["", f"crypto = {self.crypto}", *self.more(machine), ""]))
        for machine in bed.machines:
            bed.start(machine, "up", IPOP, "up", "lab", "--root", RUN / machine)
        for machine in bed.machines:
            if bed.jobs[machine, "up"].wait(60) != 0:
                raise BenchError(f"ipop up: status {bed.jobs[machine, 'up'].returncode} on {machine}")
        for one, other in (("a", "b"), ("b", "a")):
            wait_until(lambda one=one, other=other: self._goes(bed, one, other),
                       f"{one} reaches {other} ({self.way})", 60)
        self.cipher = json.loads(self._ipop(bed, "a", "status", "lab", "--json"))["cipher"]
        return json.loads(self._ipop(bed, "b", "status", "lab", "--json"))["ipv4"]

    def more(self, _machine):
        """Further lines of its configuration."""
        return ()

    def _goes(self, bed, one, other):
        peers = json.loads(self._ipop(bed, one, "peers", "lab", "--json"))["peers"]
        return any(peer["name"] == other and peer["state"] == "up" and peer["way"] == self.way
                   for peer in peers)


class Openssl(Ipop):
    name = "ipop-openssl"
    crypto = "openssl"


class Chacha20(Ipop):
    name = "ipop-chacha20"
    crypto = "chacha20"


class Relay(Ipop):
    """a and b cannot reach each other; r, a member, passes on what it cannot read."""

    name = "ipop-relay"
    middle = True
    founder = "r"
    entrances = (ADDRESS_BY["r.a"], ADDRESS_BY["r.b"])
    way = "relay"

    def more(self, machine):
        # Without this a member gives others 10 Mbit/s of its line, and that would be measured.
        return ("relay = 100G",) if machine == "r" else ()


ALL = (Ipop, Openssl, Chacha20, Relay)
