#!/usr/bin/python3
"""watch.py DIRECTORY OUT SECONDS CROWDS HOST... - what daemons hold while members come and go, minute by minute.

Runs in the lab, where DIRECTORY/HOST is the root of each HOST and DIRECTORY/HOST/ipopd.pid its steward's
process id. So many CROWDS of guests come, one after the other, for SECONDS in all: guests/crowdN.log in the
directory is what soak_guests says of the Nth, and guests/goneN is there when it has left.

Before the first it writes to OUT how things are (the base). It says "watching N", upon which the Nth may come;
and as long as it is there it asks the daemons all that a user may, has them reload, and opens and drops
connections. A row a minute goes to OUT and, as a line of a table, to standard output. When a crowd has left
it waits, for some minutes at most, until all is as it was before the first, and until the memory rests; how
things are then is a row of phase "end". OUT is lines of JSON; judge.py reads it.
"""

import json
import os
import signal
import socket
import sys
import time

ANSWER_S = 5
SETTLE_S = 60  # for the base;
REST_S = 3  # it has come when there is one session with each other, and nothing has changed for so long
PATIENCE_S = 300  # for the way back to it; of a run that is shorter,
PATIENCE_SHORT_S = 40
MEMORY_REST_S = 12  # a node gives memory back each 10 s; if it is nearly the same for so long, it rests
MEMORY_PATIENCE_S = 90
MEMORY_SLACK = 0.002
REHEARSALS = 60  # reloads, by when malloc() has in its cache what it keeps there for them
SHORT_S = 300  # of a run that is shorter neither of them is waited for
ROWS = 60  # of the time with guests; but none is nearer than
ROW_MIN_S = 1
MONITORS = 4  # connections that listen to events; the oldest is dropped for a new one
TEASE_S = 0.25  # between two things that are asked
MEMORY = {"Rss": "rss", "Pss": "pss", "Anonymous": "anonymous"}
PROCESSES = ("node", "steward")
LEVELS = {
    "sessions": ("sessions", "sessions"),
    "half_open": ("sessions", "half_open"),
    "keysets": ("levels", "keysets"),
    "wishes": ("levels", "wishes"),
    "timers": ("levels", "timers"),
    "waiting": ("vnet", "waiting"),
}
STATUS = b'{"schema": "ipop.request/1", "verb": "status"}\n'
RELOAD = b'{"schema": "ipop.request/1", "verb": "reload"}\n'
MONITOR = b'{"schema": "ipop.request/1", "verb": "monitor"}\n'
PING_GUEST = b'{"schema": "ipop.request/1", "verb": "ping", "peer": "guest-1"}\n'  # who is seldom here
# What is asked in turn, and what an answer to it is.
ASKED = (
    (STATUS, "ipop.status/1"),
    (b'{"schema": "ipop.request/1", "verb": "peers"}\n', "ipop.peers/1"),
    (b'{"schema": "ipop.request/1", "verb": "config"}\n', "ipop.config/1"),
    (b'{"schema": "ipop.request/1", "verb": "version"}\n', "ipop.version/1"),
    (b'{"schema": "ipop.request/1", "verb": "ping", "peer": "beta"}\n', "ipop.ping/1"),
    (b'{"schema": "ipop.request/1", "verb": "who", "peer": "beta"}\n', "ipop.who/1"),
    (b'{"schema": "ipop.request/1", "verb": "nonsense"}\n', "ipop.error/1"),
    (b'{"schema": "ipop.request/1", "verb": ["status"\n', "ipop.error/1"),
    (b'{"schema": "ipop.request/1", "ver', None),  # and then it hangs up
)
# What users get: how often each was answered as it has to be is told of each row.
ANSWERS = tuple(dict.fromkeys(wanted for _, wanted in ASKED if wanted)) + ("ipop.monitor/1", "ipop.reload/1")


class Host:
    """A daemon: its two processes and its control socket."""

    def __init__(self, directory, name):
        self.name = name
        self.folder = os.open(f"{directory}/{name}/run/ipop/lab", os.O_PATH)
        with open(f"{directory}/{name}/ipopd.pid", encoding="ascii") as file:
            self.pids = {"steward": int(file.read())}
        self.pids["node"] = self.child_of(self.pids["steward"])
        self.answered = dict.fromkeys(ANSWERS, 0)
        self.monitors = []

    @staticmethod
    def child_of(pid):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    def connect(self):
        control = socket.socket(socket.AF_UNIX)
        control.settimeout(ANSWER_S)
        # Paths of sockets are short, and those of labs long.
        control.connect(f"/proc/self/fd/{self.folder}/control")
        return control

    def ask(self, request):
        """The first line of the answer; None if there is none."""
        with self.connect() as control:
            control.sendall(request)
            if not request.endswith(b"\n"):
                return None
            with control.makefile() as answer:
                return json.loads(answer.readline())

    def status(self):
        answer = self.ask(STATUS)
        if answer["schema"] != "ipop.status/1":
            raise OSError(f"{self.name}: {answer}")
        return answer

    def want(self, request, wanted):
        """Asks, and counts the answer if it is one: an error is none, but where it is wanted."""
        answer = self.ask(request)
        if answer is not None and answer["schema"] == wanted:
            self.answered[wanted] += 1

    def listen(self):
        """One more connection that listens to events."""
        if len(self.monitors) == MONITORS:
            self.monitors.pop(0).close()
        self.monitors.append(self.connect())
        self.monitors[-1].sendall(MONITOR)
        self.answered["ipop.monitor/1"] += b'"ipop.monitor/1"' in self.monitors[-1].recv(1 << 16)

    def tease(self, turn):
        """One of the things that users do."""
        self.want(*ASKED[turn % len(ASKED)])
        if turn % 4 == 0:
            self.listen()
        for monitor in self.monitors:
            self.drain(monitor)
        if turn % 40 == 10:
            self.ask(PING_GUEST)
        if turn % 40 == 0:
            os.kill(self.pids["steward"], signal.SIGHUP)
        elif turn % 40 == 5:
            self.want(RELOAD, "ipop.reload/1")

    @staticmethod
    def drain(monitor):
        """Some of the events; who leaves many unread is another case."""
        monitor.setblocking(False)
        try:
            monitor.recv(1 << 16)
        except BlockingIOError:
            pass

    def let_go(self):
        while self.monitors:
            self.monitors.pop().close()

    def memory(self, process):
        with open(f"/proc/{self.pids[process]}/smaps_rollup", encoding="ascii") as file:
            fields = (line.split() for line in file if line.endswith("kB\n"))
            return {MEMORY[name[:-1]]: int(kb) for name, kb, _ in fields if name[:-1] in MEMORY}

    def descriptors(self, process):
        return len(os.listdir(f"/proc/{self.pids[process]}/fd"))

    def measure(self):
        """All that may grow."""
        told = {process: {"fds": self.descriptors(process), **self.memory(process)} for process in PROCESSES}
        status = self.status()
        counters = status["counters"]
        told["levels"] = {name: counters[part][field] for name, (part, field) in LEVELS.items()}
        told["node"]["heap"] = counters["world"]["heap_bytes"] // 1024
        told["steward"]["heap"] = 0  # it does not say
        told["peers_known"] = status["peers_known"]
        told["peers_up"] = status["peers_up"]
        told["counters"] = {**counters["sessions"], "drop_unknown_index": counters["forward"]["drop_unknown_index"],
                            "routed": counters["node"]["routed"]}
        told["answered"] = dict(self.answered)
        told["is_same"] = self.pids["node"] == self.child_of(self.pids["steward"])
        return told


def held(row):
    """What is to be as before when all have left: descriptors and levels."""
    return {name: [*(host[process]["fds"] for process in PROCESSES), host["levels"]]
            for name, host in row["hosts"].items()}


class Watch:
    """The rows of a run."""

    def __init__(self, directory, out, seconds, names):
        self.hosts = [Host(directory, name) for name in names]
        self.directory = directory
        self.crowd = 0  # the one that is here
        self.out = open(out, "w", encoding="ascii")
        self.began = time.monotonic()
        self.interval = max(ROW_MIN_S, seconds / ROWS)
        self.is_short = seconds < SHORT_S
        self.patience_s = PATIENCE_SHORT_S if self.is_short else PATIENCE_S
        self.turn = 0

    def guests(self):
        """Of all crowds together, as far as they have said anything."""
        sum_of = {}
        for crowd in range(1, self.crowd + 1):
            for name, count in self.told_of(crowd).items():
                if name == "slowest_ms":
                    sum_of[name] = max(sum_of.get(name, 0), count)
                else:
                    sum_of[name] = sum_of.get(name, 0) + count
        return sum_of

    def told_of(self, crowd):
        """The newest whole line of its soak_guests, or nothing before the first."""
        try:
            with open(f"{self.directory}/guests/crowd{crowd}.log", "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
                lines = [line for line in file.read().split(b"\n")[:-1] if line.startswith(b"{")]
                return json.loads(lines[-1]) if lines else {}
        except FileNotFoundError:
            return {}

    def row(self, phase):
        return {"phase": phase, "crowd": self.crowd, "s": round(time.monotonic() - self.began, 1), "guests": self.guests(),
                "hosts": {host.name: host.measure() for host in self.hosts}}

    def write(self, row):
        print(json.dumps(row), file=self.out, flush=True)
        host = row["hosts"][self.hosts[0].name]
        if row["phase"] == "base":
            print("#      min  handshakes  failed  here  node kB (anonymous)  steward kB  fds  sessions  timers")
        print(f"# {row['s'] / 60:8.1f}  {row['guests'].get('completed', 0):10}  {row['guests'].get('failed', 0):6}"
              f"  {row['guests'].get('here', 0):4}  {host['node']['rss']:7} {host['node']['anonymous']:11}"
              f"  {host['steward']['rss']:10}  {host['node']['fds']:3}  {host['levels']['sessions']:8}"
              f"  {host['levels']['timers']:6}  {row['phase']}", flush=True)

    def base(self):
        """How things are when nothing has happened for a while."""
        before, since = None, time.monotonic()
        deadline = since + SETTLE_S
        while time.monotonic() < deadline:
            row = self.row("base")
            sessions = {host["levels"]["sessions"] for host in row["hosts"].values()}
            half_open = any(host["levels"]["half_open"] for host in row["hosts"].values())
            if held(row) != before or half_open or sessions != {len(self.hosts) - 1}:
                before, since = held(row), time.monotonic()
            elif time.monotonic() - since >= REST_S:
                return row
            time.sleep(0.5)  # measuring is work for those who are measured
        sys.exit(f"watch.py: the daemons do not come to rest: {before}")

    def returned(self, base):
        """How things are once they are as before, or at last."""
        deadline = time.monotonic() + self.patience_s
        while True:
            row = self.row("end")
            row["is_as_before"] = held(row) == held(base)
            if row["is_as_before"] or time.monotonic() >= deadline:
                return row
            time.sleep(0.5)

    def rest(self):
        """Waits until no process takes or gives memory any more; nothing is asked of them meanwhile."""
        if self.is_short:
            return
        before, since = [0] * len(self.hosts) * len(PROCESSES), time.monotonic()
        deadline = since + MEMORY_PATIENCE_S
        while time.monotonic() < min(deadline, since + MEMORY_REST_S):
            now = [host.memory(process)["rss"] for host in self.hosts for process in PROCESSES]
            if any(abs(a - b) > MEMORY_SLACK * a for a, b in zip(now, before)):
                before, since = now, time.monotonic()
            time.sleep(0.5)

    def rehearse(self):
        """What is taken at the first time is taken now."""
        for _ in range(1 if self.is_short else REHEARSALS):  # one a second, at most, but of all at once
            controls = [host.connect() for host in self.hosts]
            for control in controls:
                control.sendall(RELOAD)
            for control in controls:
                with control, control.makefile() as answer:
                    answer.readline()
        for host in self.hosts:
            host.tease(self.turn)
            host.let_go()

    def watch(self):
        """One crowd, from its first guest to its last."""
        next_row = time.monotonic() + self.interval
        while not os.path.exists(f"{self.directory}/guests/gone{self.crowd}"):
            self.turn += 1
            for host in self.hosts:
                host.tease(self.turn)
            if time.monotonic() >= next_row:
                next_row += self.interval
                self.write(self.row("guests"))
            time.sleep(TEASE_S)
        self.write(self.row("left"))
        for host in self.hosts:
            host.let_go()

    def run(self, crowds):
        self.rehearse()
        self.rest()
        base = self.base()
        self.write(base)
        for self.crowd in range(1, crowds + 1):
            print(f"# watching {self.crowd}", flush=True)
            self.watch()
            left = time.monotonic()
            end = self.returned(base)
            took_s = round(time.monotonic() - left, 1)
            self.rest()
            self.write({**self.row("end"), "is_as_before": end["is_as_before"], "took_s": took_s,
                        "as_before": end["hosts"]})


def main():
    directory, out, seconds, crowds, *names = sys.argv[1:]
    Watch(directory, out, float(seconds), names).run(int(crowds))


if __name__ == "__main__":
    main()
