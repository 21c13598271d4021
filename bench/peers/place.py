"""place.py - where a run happens: namespaces of its own, in which everything lives and with which it ends.

The program starts itself again as the first process of new PID, mount and network namespaces, with a
/run of its own. With that process the kernel ends every daemon and removes every machine, cable and
file of the run, however it ends; it is killed when its starter is. The host's network is not touched.
"""
import os
import signal
import subprocess
import sys

INSIDE = "BENCH_PEERS_INSIDE"  # in the environment: this is the process inside


def is_inside():
    return os.environ.get(INSIDE) == "1"


def enter(program, arguments):
    """Runs the program again, inside; returns its exit status."""
    command = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--pid", "--net", "--fork",
               "--kill-child", "--mount-proc", "--", sys.executable, program, *arguments]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    with subprocess.Popen(command, env=os.environ | {INSIDE: "1"}) as process:
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:  # a terminal tells the one inside, too: it ends
                    signal.signal(signal.SIGINT, signal.SIG_IGN)
        finally:
            process.kill()  # unshare(1), and so what is inside


def interrupt(*_):
    raise KeyboardInterrupt


def settle():
    """What the first process inside does first."""
    signal.signal(signal.SIGTERM, interrupt)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for folder in ("/run/netns", "/run/lock", "/run/bench"):
        os.mkdir(folder)


def pids():
    """All processes inside but this one."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def kill_all():
    """Ends all of them, and waits until they are gone: the orphans among them are ours."""
    for pid in pids():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
