#!/usr/bin/python3
"""paused.py PID - stops one thread of a process, its first, until this is told to end (SIGTERM).

The others go on, which no signal can do. Says "paused" when the thread stands still. The kernel lets it
go on when its tracer ends, however that ends (ptrace(2), PTRACE_SEIZE).
"""

import ctypes
import os
import signal
import sys

SEIZE, INTERRUPT = 0x4206, 0x4207
ALL = 0x40000000  # of waitpid(2), __WALL: threads too

libc = ctypes.CDLL(None, use_errno=True)


def trace(request, thread):
    if libc.ptrace(request, thread, None, None) != 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")


def main():
    thread = int(sys.argv[1])
    libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    trace(SEIZE, thread)
    trace(INTERRUPT, thread)
    os.waitpid(thread, ALL)
    print("paused", flush=True)
    signal.pause()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
