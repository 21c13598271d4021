#!/usr/bin/python3
"""judge.py QUESTION ROWS [ARGUMENT...] - what the rows of watch.py prove. Ends with 0 if it is so.

    handshakes N STATUS   N were completed, by the guests' account and the daemon's; soak_guests ended with STATUS
    company               from the base to the end guests left without a word, strangers were refused, and users had
                          each kind of answer; nobody was started anew
    memory PER_MILLE      the resident memory of each process, and what a node's malloc() has given out, grew by less
                          than so many thousandths: from when the first of several crowds had left (of one alone:
                          from before it came) until the last had
    base                  descriptors and levels are what they were before the first guest
    table                 prints the figures of a run
    picture               prints it as SVG
"""

import json
import sys

import soak_picture

KINDS = ("rss", "anonymous", "heap")
PROCESSES = ("node", "steward")


class Run:
    """The rows, by phase."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            rows = [json.loads(line) for line in file]
        self.base = rows[0]
        self.during = [row for row in rows if row["phase"] == "guests"]
        self.ends = [row for row in rows if row["phase"] == "end"]
        self.hosts = list(self.base["hosts"])
        if not self.during or not rows or rows[-1]["phase"] != "end":
            sys.exit("judge.py: the run did not end, or there is no row of its course")
        self.end = self.ends[-1]
        self.warm = self.ends[0] if len(self.ends) > 1 else self.base

    def memory(self, host, process, kind):
        """In kB, at rest: warm and at the end."""
        return tuple(row["hosts"][host][process][kind] for row in (self.warm, self.end))

    def loaded(self, host, process, kind):
        """While the last crowd is there: the means of its first and of its last quarter."""
        values = [row["hosts"][host][process][kind] for row in self.during if row["crowd"] == self.end["crowd"]]
        count = max(1, len(values) // 4)
        return sum(values[:count]) // count, sum(values[-count:]) // count


def grown_per_mille(warm, end):
    return 1000 * (end - warm) / warm


def handshakes(run, wanted, status):
    guests = run.end["guests"]
    established = {name: host["counters"]["established"] - run.base["hosts"][name]["counters"]["established"]
                   for name, host in run.end["hosts"].items()}
    print(guests, established)
    return (int(status) == 0 and guests["completed"] >= int(wanted) and guests["failed"] == guests["unmade"] == 0
            and established[run.hosts[0]] >= int(wanted))


def visits(row, host):
    """How often somebody came, of each kind: all that must have grown from the base to the end."""
    told = row["hosts"][host]
    counters = {name: told["counters"][name] for name in ("m0_bad_mac1", "drop_unknown_index")}
    guests = {name: row["guests"].get(name, 0) for name in ("quit", "crashed")}
    return {**guests, **counters, **told["answered"]}


def absent(before, after):
    """The kinds of which nobody came."""
    return [kind for kind, count in after.items() if count <= before[kind]]


def company(run):
    """Also that each kind would be missed."""
    before, after = (visits(row, run.hosts[0]) for row in (run.base, run.end))
    print(before, after, absent(before, after))
    return (all(row["hosts"][name]["is_same"] for row in (*run.during, run.end) for name in run.hosts)
            and not absent(before, after)
            and all(absent(before, {**after, kind: before[kind]}) == [kind] for kind in before))


def memory(run, most_per_mille):
    held = True
    for host in run.hosts:
        for process in PROCESSES:
            warm, end = run.memory(host, process, "rss")
            grown = grown_per_mille(warm, end)
            print(f"{host} {process}: {warm} kB, {end} kB, {grown / 10:+.2f} %")
            held = held and grown < float(most_per_mille)
        warm, end = run.memory(host, "node", "heap")
        print(f"{host} node: {warm} kB given out by malloc(), {end} kB, {grown_per_mille(warm, end) / 10:+.2f} %")
        held = held and grown_per_mille(warm, end) < float(most_per_mille)
    return held


def base(run):
    for host in run.hosts:
        for at, told in (("base", run.base["hosts"]), *(("end", end["as_before"]) for end in run.ends)):
            fds = {process: told[host][process]["fds"] for process in PROCESSES}
            print(host, at, fds, told[host]["levels"])
    return all(end["is_as_before"] for end in run.ends)


def table(run):
    guests = run.end["guests"]
    print(f"# {guests['completed']} handshakes in {guests['ms'] / 60000:.1f} min, {guests['quit']} left half open, "
          f"{guests['crashed']} guests gone without a word, {guests['strangers']} datagrams of strangers; the slowest "
          f"echo took {guests['slowest_ms']} ms")
    print(f"# memory in kB: at rest, before anybody came, when all had left after the first {run.warm['guests'].get('ms', 0) / 60000:.1f} "
          "min, and at the end; and while guests were there, the first and the last quarter of the time")
    print("# host   process   what          base     warm      end   growth    first     last")
    for host in run.hosts:
        for process in PROCESSES:
            for kind in KINDS if process == "node" else KINDS[:2]:
                warm, end = run.memory(host, process, kind)
                first, last = run.loaded(host, process, kind)
                print(f"# {host:6} {process:9} {kind:10} {run.base['hosts'][host][process][kind]:7} {warm:8} {end:8}"
                      f" {grown_per_mille(warm, end) / 10:+7.2f} % {first:7} {last:8}")
    print("# host   at     fds of node, steward; sessions, half-open, keys, wishes, timers, packets that wait; peers known")
    for host in run.hosts:
        most = max(run.during, key=lambda row: row["hosts"][host]["levels"]["timers"])
        for at, row in (("base", run.base["hosts"]), ("most", most["hosts"]), ("end", run.end["as_before"])):
            told = row[host]
            print(f"# {host:6} {at:5} {told['node']['fds']:4} {told['steward']['fds']:4};",
                  ", ".join(str(count) for count in told["levels"].values()) + f"; {told['peers_known']}")
    print(f"# back to base {run.end['took_s']} s after the last guest")
    return True


def picture(run):
    print(soak_picture.draw(run))
    return True


QUESTIONS = {each.__name__: each for each in (handshakes, company, memory, base, table, picture)}


def main():
    question, path, *arguments = sys.argv[1:]
    sys.exit(not QUESTIONS[question](Run(path), *arguments))


if __name__ == "__main__":
    main()
