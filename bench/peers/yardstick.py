"""yardstick.py - a prototype that shows what is possible, if YARDSTICK names one.

It is a program like tunlimit, or a folder with tunlimit.c, which is built into build/bench/. It takes
-i INTERFACE -l ADDRESS:PORT -p ADDRESS:PORT -c CIPHER, with a fixed key: a line to measure against, and
no way to carry anything.
"""
from pathlib import Path

from others import bring_up
from peer import INNER, Peer
from probes import TOP
from underlay import ADDRESS, run

PORT = 6000
BUILT = TOP / "build/bench/yardstick"
FLAGS = ("-O3", "-march=native", "-w", "-DIMB")
LIBRARIES = ("-lcrypto", "-lpthread", "-lIPSec_MB", "-luring")


class Yardstick(Peer):
    """The prototype with AES of ipsec-mb."""

    name = "yardstick"
    cipher = "AES-256-GCM (ipsec-mb)"
    word = "imb256"
    program = None

    def version(self):
        return "prototype"

    def start(self, bed):
        for one, other in (("a", "b"), ("b", "a")):
            bed.start(one, "yardstick", self.program, "-i", "yard0", "-l", f"{ADDRESS[one]}:{PORT}",
                      "-p", f"{ADDRESS[other]}:{PORT}", "-c", self.word)
        bring_up(bed, "yard0", 1420)
        return INNER["b"]


class YardstickOpenssl(Yardstick):
    name = "yardstick-openssl"
    cipher = "AES-256-GCM (OpenSSL)"
    word = "aes256"


def asked_for(environment):
    """The peers for $YARDSTICK: none without it."""
    where = environment.get("YARDSTICK")
    if not where:
        return ()
    Yardstick.program = Path(where).absolute()
    if Yardstick.program.is_dir():
        Yardstick.program = BUILT
    return (Yardstick, YardstickOpenssl)


def build(environment):
    """Builds it if a folder was named."""
    where = environment.get("YARDSTICK")
    if where and Path(where).is_dir():
        run("gcc", *FLAGS, "-o", BUILT, Path(where, "tunlimit.c"), *LIBRARIES, timeout=120)
