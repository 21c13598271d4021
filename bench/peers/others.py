"""others.py - the peers that Debian packages, each as its own documents recommend it for two hosts.

AES-256-GCM where it is offered. Where a document says nothing the default stays, and no figure of ours
made us change one.
"""
import functools
import json
import signal

from peer import INNER, Peer
from underlay import ADDRESS, RUN, run, succeeds, wait_until

PAIRS = (("a", "b"), ("b", "a"))


def has_interface(bed, machine, interface):
    return succeeds(bed.run, machine, "ip", "link", "show", "dev", interface)


def bring_up(bed, interface, mtu=None, prefix=24):
    """Waits for an interface that a program makes, and gives it the inner addresses."""
    for machine in ("a", "b"):
        wait_until(lambda machine=machine: has_interface(bed, machine, interface), f"{interface} is made")
        bed.run(machine, "ip", "address", "replace", f"{INNER[machine]}/{prefix}", "dev", interface)
        bed.run(machine, "ip", "link", "set", "dev", interface, *(["mtu", mtu] if mtu else []), "up")


def kept(function):
    """Of keys, which are made once a run: making them is not measured."""
    return functools.lru_cache(maxsize=None)(function)


class WireguardGo(Peer):
    """wireguard-go(1) and wg(8); MTU as wg-quick(8) would set it: that of the line, 1500, less 80."""

    name = "wireguard-go"
    package = "wireguard-go"
    cipher = "ChaCha20-Poly1305"  # there is no other

    @staticmethod
    @kept
    def keys():
        secrets = {machine: run("wg", "genkey").strip() for machine in ("a", "b")}
        return {machine: (secret, run("wg", "pubkey", text=secret).strip())
                for machine, secret in secrets.items()}

    def start(self, bed):
        keys = self.keys()
        for one, other in PAIRS:
            interface = f"wg{one}"  # their sockets in /run are named after it
            bed.start(one, "wireguard-go", "wireguard-go", "--foreground", interface)
            wait_until(lambda one=one, interface=interface: has_interface(bed, one, interface) and succeeds(
                bed.run, one, "wg", "show", interface), "wireguard-go listens")
            bed.run(one, "wg", "setconf", interface, bed.write(one, "wg.conf", f"""[Interface]
PrivateKey = {keys[one][0]}
ListenPort = 51820
[Peer]
PublicKey = {keys[other][1]}
Endpoint = {ADDRESS[other]}:51820
AllowedIPs = {INNER[other]}/32
"""))
            bed.run(one, "ip", "address", "add", f"{INNER[one]}/24", "dev", interface)
            bed.run(one, "ip", "link", "set", "dev", interface, "mtu", "1420", "up")
        return INNER["b"]


class Nebula(Peer):
    """As examples/config.yml of the package, whose values these are (MTU 1300, transmit queue 500, one
    routine), with the cipher for processors that have AES and the socket buffers that stand there as an
    example. Two hosts that know each other's address need no lighthouse."""

    name = "nebula"
    package = "nebula"
    cipher = "AES-256-GCM"

    @staticmethod
    @kept
    def keys():
        folder = RUN / "nebula-keys"
        folder.mkdir()
        run("nebula-cert", "ca", "-name", "lab", "-out-crt", folder / "ca.crt", "-out-key", folder / "ca.key")
        for machine in ("a", "b"):
            run("nebula-cert", "sign", "-ca-crt", folder / "ca.crt", "-ca-key", folder / "ca.key", "-name",
                machine, "-ip", f"{INNER[machine]}/24", "-out-crt", folder / f"{machine}.crt", "-out-key",
                folder / f"{machine}.key")
        return folder

    def start(self, bed):
        keys = self.keys()
        for one, other in PAIRS:
            anything = [{"port": "any", "proto": "any", "host": "any"}]
            conf = bed.write(one, "nebula.yml", json.dumps({  # YAML takes JSON
                "pki": {"ca": str(keys / "ca.crt"), "cert": str(keys / f"{one}.crt"),
                        "key": str(keys / f"{one}.key")},
                "static_host_map": {INNER[other]: [f"{ADDRESS[other]}:4242"]},
                "lighthouse": {"am_lighthouse": False, "hosts": []},
                "listen": {"host": "0.0.0.0", "port": 4242, "read_buffer": 10485760,
                           "write_buffer": 10485760},
                "cipher": "aes",
                "punchy": {"punch": True},
                "tun": {"dev": "nebula1", "tx_queue": 500, "mtu": 1300},
                "logging": {"level": "info", "format": "text"},
                "firewall": {"outbound": anything, "inbound": anything},
            }))
            bed.start(one, "nebula", "nebula", "-config", conf)
        return INNER["b"]


class Openvpn(Peer):
    """openvpn(8) and its "peer-fingerprint" how-to for two hosts, with --fast-io as the manual offers it
    for UDP; MTU, mssfix and socket buffers stay what they are without options (larger buffers made the loaded
    round trip three times as long, and no more arrived). The kernel's DCO is used by itself if it is
    there."""

    name = "openvpn"
    package = "openvpn"
    cipher = "AES-256-GCM"

    @staticmethod
    @kept
    def keys():
        folder = RUN / "openvpn-keys"
        folder.mkdir()
        prints = {}
        for machine in ("a", "b"):
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-nodes",
                "-sha256", "-days", "30", "-subj", f"/CN={machine}", "-keyout", folder / f"{machine}.key",
                "-out", folder / f"{machine}.crt")
            prints[machine] = run("openssl", "x509", "-in", folder / f"{machine}.crt", "-noout", "-sha256",
                                  "-fingerprint").strip().partition("=")[2]
        return folder, prints

    def start(self, bed):
        folder, prints = self.keys()
        for one, other in PAIRS:
            bed.start(one, "openvpn", "openvpn", "--dev", "tun0", "--dev-type", "tun", "--proto", "udp",
                      "--local", ADDRESS[one], "--remote", ADDRESS[other], "--port", "1194",
                      "--ifconfig", INNER[one], INNER[other],
                      *(["--tls-server", "--dh", "none"] if one == "a" else ["--tls-client"]),
                      "--cert", folder / f"{one}.crt", "--key", folder / f"{one}.key",
                      "--peer-fingerprint", prints[other], "--data-ciphers", "AES-256-GCM", "--cipher",
                      "AES-256-GCM", "--fast-io", "--keepalive", "10", "60", "--verb", "3")
        return INNER["b"]


class Tinc(Peer):
    """tinc.conf(5) and the manual's "Example configuration": Cipher, Digest and the rest as they are
    without a line for them."""

    name = "tinc"
    package = "tinc"
    cipher = "AES-256-CBC, HMAC-SHA-256"

    @staticmethod
    @kept
    def keys():
        folder = RUN / "tinc-keys"
        for machine in ("a", "b"):
            (folder / machine).mkdir(parents=True)
            (folder / machine / "tinc.conf").write_text(f"Name = {machine}\n")
            (folder / machine / "hosts").mkdir()
            run("tincd", "-c", folder / machine, "-K2048", text="\n\n")
        return folder

    def start(self, bed):
        keys = self.keys()
        for one, other in PAIRS:
            bed.write(one, "tinc/tinc.conf", f"Name = {one}\nAddressFamily = ipv4\nInterface = tinc0\n"
                      f"ConnectTo = {other}\n")
            bed.write(one, "tinc/rsa_key.priv", (keys / one / "rsa_key.priv").read_text())
            for machine in (one, other):
                public = (keys / machine / "hosts" / machine).read_text()
                bed.write(one, f"tinc/hosts/{machine}",
                          f"Address = {ADDRESS[machine]}\nSubnet = {INNER[machine]}/32\n{public}")
            bed.write(one, "tinc/tinc-up", "#!/bin/sh\nip link set dev $INTERFACE up\n"
                      f"ip address add {INNER[one]}/24 dev $INTERFACE\n", 0o700)
            bed.start(one, "tinc", "tincd", "-c", RUN / one / "tinc", "-D", "-d1", "--pidfile",
                      RUN / one / "tinc.pid")
        return INNER["b"]

    def is_ready(self, bed):
        """Until the size of packets has been found out they travel in the TCP connection. SIGUSR2 has
        the daemon say what it knows: "pmtu 1459 (min 1459 max 1459)"."""
        for machine, other in PAIRS:
            bed.jobs[machine, "tinc"].send_signal(signal.SIGUSR2)
            lines = (RUN / machine / "tinc.log").read_text(errors="replace").splitlines()
            told = [line for line in lines if f" {other} at " in line and " pmtu " in line]
            words = told[-1].replace("(", "").replace(")", "").split() if told else []
            if not words or int(words[words.index("min") + 1]) < 1400:
                return False
        return True


class Fastd(Peer):
    """The manual's recommended method for privacy and integrity, and the MTU of its page on that: for
    TUN mode over IPv4 on a line of 1500 that is 1448."""

    name = "fastd"
    package = "fastd"
    cipher = "Salsa20/12, UMAC"

    @staticmethod
    @kept
    def keys():
        secrets = {machine: run("fastd", "--generate-key", "--machine-readable").strip()
                   for machine in ("a", "b")}
        return {machine: (secret, run("fastd", "--show-key", "--machine-readable", "--config", "-",
                                      text=f'secret "{secret}";').strip())
                for machine, secret in secrets.items()}

    def start(self, bed):
        keys = self.keys()
        for one, other in PAIRS:
            conf = bed.write(one, "fastd.conf", f"""mode tun;
interface "fastd0";
bind {ADDRESS[one]}:10000;
method "salsa2012+umac";
mtu 1448;
secret "{keys[one][0]}";
peer "{other}" {{
	key "{keys[other][1]}";
	remote {ADDRESS[other]} port 10000;
}}
""")
            bed.start(one, "fastd", "fastd", "--config", conf)
        bring_up(bed, "fastd0")
        return INNER["b"]


class N2n(Peer):
    """edge(8): the supernode introduces the two and then carries nothing. It has one cipher, and an MTU
    of 1400 by itself; that makes outer fragments, and with 1300, which makes none, it was no faster."""

    name = "n2n"
    package = "n2n"
    cipher = "Twofish-CBC"  # without a MAC

    def start(self, bed):
        bed.start("a", "supernode", "supernode", "-l", "7654")
        for number, machine in enumerate(("a", "b"), 1):
            bed.start(machine, "n2n", "edge", "-d", "n2n0", "-a", INNER[machine], "-c", "lab", "-k",
                      "a secret for two", "-l", f"{ADDRESS['a']}:7654", "-m", f"02:00:00:00:00:0{number}")
        for machine in ("a", "b"):
            wait_until(lambda machine=machine: has_interface(bed, machine, "n2n0"), "n2n0 is made")
        return INNER["b"]


class Yggdrasil(Peer):
    """As `yggdrasil -genconf` writes it, with one static peering and no search for others on the segment.
    Of the peerings that its documents offer the one without TLS: it encrypts from end to end anyway. The
    MTU is what it is by itself, for it travels in TCP."""

    name = "yggdrasil"
    package = "yggdrasil"
    cipher = "XSalsa20-Poly1305"

    @staticmethod
    @kept
    def keys():
        return {machine: json.loads(run("yggdrasil", "-genconf", "-json")) for machine in ("a", "b")}

    def start(self, bed):
        confs = self.keys()
        address = None
        for one in ("b", "a"):
            confs[one] |= {"Listen": ["tcp://0.0.0.0:9001"] if one == "b" else [],
                           "Peers": [f"tcp://{ADDRESS['b']}:9001"] if one == "a" else [],
                           "MulticastInterfaces": [], "AdminListen": "none", "IfName": "ygg0"}
            conf = bed.write(one, "yggdrasil.conf", json.dumps(confs[one]))
            if one == "b":
                address = run("yggdrasil", "-useconffile", conf, "-address").strip()
            bed.start(one, "yggdrasil", "yggdrasil", "-useconffile", conf)
            if one == "b":  # who dials too early tries again after a minute
                wait_until(lambda: bed.run("b", "ss", "-Hltn", "sport = 9001"), "yggdrasil listens")
        wait_until(lambda: all(has_interface(bed, machine, "ygg0") for machine in ("a", "b")), "ygg0 is made")
        return address


ALL = (WireguardGo, Nebula, Openvpn, Tinc, Fastd, N2n, Yggdrasil)
