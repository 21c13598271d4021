"""peer.py - what a peer is: how it comes up between two machines, and what it is called."""
import functools

from underlay import ADDRESS, run

INNER = {"a": "10.77.0.1", "b": "10.77.0.2"}  # inside the tunnel, of whoever lets us choose


class Peer:
    """One way to get packets from a to b. A subclass sets the fields and says how it starts."""

    name = ""
    cipher = ""
    package = None  # of Debian
    middle = False  # whether it needs the machine r between a and b
    has_processes = True  # or it is the kernel's

    def version(self):
        return _package_version(self.package)

    def start(self, bed):
        """Starts it on the machines of bed; returns the address of b in the tunnel. Packets have to pass
        soon; measuring begins when a ping does."""
        raise NotImplementedError

    def is_ready(self, _bed):
        """Whether it has come to rest, once pings pass."""
        return True


@functools.cache
def _package_version(package):
    return run("dpkg-query", "-W", "-f", "${Version}", package)


class Raw(Peer):
    """The cable itself."""

    name = "raw"
    cipher = "none"
    has_processes = False

    def version(self):
        return f"Linux {run('uname', '-r').strip()}"

    def start(self, bed):
        return ADDRESS["b"]
