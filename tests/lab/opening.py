"""opening.py - opens captured datagrams with what a process of the lab knows; for blind.py, purposes.py.

Whoever may read a member's memory finds its keys there. That is no break of anything: it is how a test
looks into sessions without the programs having to offer a way for that.
"""

import ctypes
import ctypes.util
import re
import struct
from pathlib import Path

DATA = 6  # type of a datagram (src/wire/datagram.h)
HEADER, FRAME_HEADER, RELAY_HEADER, TAG = 16, 8, 8, 16  # bytes
KEY = 32
ALIGNMENT = 8  # of keys in memory, at least
VALUES_MIN = 20  # different bytes in a key: fewer have a chance of less than one in a million
SET_TAG, AES_256_GCM = 0x11, b"AES-256-GCM"

libcrypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
for name in ("EVP_CIPHER_CTX_new", "EVP_CIPHER_fetch"):
    getattr(libcrypto, name).restype = ctypes.c_void_p
CONTEXT = ctypes.c_void_p(libcrypto.EVP_CIPHER_CTX_new())
CIPHER = ctypes.c_void_p(libcrypto.EVP_CIPHER_fetch(None, AES_256_GCM, None))


def opened(key, datagram):
    """The plaintext, or None if this is not the key."""
    nonce = bytes(4) + datagram[8:HEADER]
    sealed, tag = datagram[HEADER:-TAG], datagram[-TAG:]
    plain, length = ctypes.create_string_buffer(len(sealed)), ctypes.c_int()
    libcrypto.EVP_DecryptInit_ex2(CONTEXT, CIPHER, key, nonce, None)
    libcrypto.EVP_DecryptUpdate(CONTEXT, None, ctypes.byref(length), datagram, HEADER)
    libcrypto.EVP_DecryptUpdate(CONTEXT, plain, ctypes.byref(length), sealed, len(sealed))
    libcrypto.EVP_CIPHER_CTX_ctrl(CONTEXT, SET_TAG, TAG, tag)
    return plain.raw if libcrypto.EVP_DecryptFinal_ex(CONTEXT, None, ctypes.byref(length)) == 1 else None


def memory(pid):
    """All that the process can write."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            begin, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if not rights.startswith("rw"):
                continue
            mem.seek(int(begin, 16))
            try:
                found.append(mem.read(int(end, 16) - int(begin, 16)))
            except OSError:
                pass  # no memory stands behind it
    return found


def key_for(datagram, regions):
    tried = set()
    for region in regions:
        for at in range(0, len(region) - KEY + 1, ALIGNMENT):
            key = region[at:at + KEY]
            if key in tried or len(set(key)) < VALUES_MIN:
                continue
            tried.add(key)
            plain = opened(key, datagram)
            if plain is not None:
                return key, plain
    return None, None


def datagrams(capture):
    """(source, destination, UDP payload) of each IPv4 packet of an Ethernet capture."""
    data = Path(capture).read_bytes()
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[14] != 0x45 or frame[23] != 17:
            continue
        ends = [f"{'.'.join(map(str, frame[a:a + 4]))},{int.from_bytes(frame[p:p + 2], 'big')}"
                for a, p in ((26, 34), (30, 36))]
        yield (*ends, frame[42:])
