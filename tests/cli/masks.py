"""masks.py - takes out of a text what differs from run to run: times, ids, keys, addresses, the host.

Each becomes a word of the same width, so that tables stay tables; what is canned stays as it is.
"""
import re
import subprocess

INSTANT = r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"
ID = r"\b[a-z2-7]{32}\b"
PRIVATE_V6 = r"\bfd(?!12:3456:789a:)[0-9a-f]{2}:[0-9a-f:]*[0-9a-f:]"  # but for the one of answers.json
RATE = r"\b\d[\d.]*(?= [kMG]?(?:B|bit)/s)"  # what was divided by the time that has passed
RATE_JSON = r'(?<=(?:sent_s|ived_s|val_ms)":)\d+'

# What one host has: each line becomes the words.
FACTS = [
    (r"^Linux \S+ \S+$", "Linux RELEASE MACHINE"),
    (r"^PRETTY_NAME=.*$", "PRETTY_NAME=SYSTEM"),
    (r"^model name\s*: .*$", "model name: PROCESSOR"),
    (r"^(MemTotal|MemAvailable): .*$", r"\1: N kB"),
    (r"^#workers = \d+$", "#workers = N"),
    (r"^\w+: says goodbye\n", ""),  # where that takes a moment
    (r"\b20\d{6}T\d{6}Z\b", "YYYYMMDDThhmmssZ"),
    (r"\b[0-9a-f]{64}\b", "(number)"),
    (r" [12]\d{9}$", " (seconds since 1970)"),
]


def version_of(ipop):
    """That of a program, which changes with every release."""
    return subprocess.run([ipop, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


class Masks:
    """Of one story: the same id is the same word, and another one is another. `canned` is the text of
    what is said as it is."""

    def __init__(self, work, canned, version):
        self.work = str(work)
        self.version = version
        self.canned = canned
        self.ids = {}

    def _own(self, pattern, word, text):
        """Replaces all but what was canned; `word` gets the text."""
        return re.sub(pattern, lambda found: found[0] if found[0] in self.canned else word(found[0]), text)

    def _id(self, text):
        number = self.ids.setdefault(text, len(self.ids) + 1)
        return f"id{number}".ljust(32, ".")

    def __call__(self, text):
        text = text.replace(self.work + "/", "")
        text = re.sub(r"\b(?:alpha|beta|gamma)/(?=(?:etc|var|run)/)", "/", text)
        text = re.sub(r"(?<=-----\n)[A-Za-z0-9+/=\n]+(?=-----END)", "(base64)\n", text)
        text = re.sub(r'(?<=")-----BEGIN [^"]*', "(PEM)", text)
        text = re.sub(r'(?<="secret": ")[A-Za-z0-9+/]{43}=', "(secret)", text)
        text = re.sub(r'(?<="serial": ")[0-9a-f]+', "(number)", text)
        text = re.sub(rf"\b{re.escape(self.version)}(?![\w.])", "VERSION", text)
        text = self._own(INSTANT, lambda _: "YYYY-MM-DDThh:mm:ssZ", text)
        text = self._own(ID, self._id, text)
        text = re.sub(PRIVATE_V6, "fdXX:XXXX:XXXX::", text)  # zeros may be left away: no width is the right one
        text = re.sub(RATE, lambda found: re.sub(r"\d", "#", found[0]) if found[0] != "0" else "0", text)
        text = re.sub(RATE_JSON, "#", text)
        for pattern, word in FACTS:
            text = re.sub(pattern, word, text, flags=re.M)
        return text
