"""catalogue.py - who is compared: IPOP here, everybody else in others.py, the yardstick in yardstick.py."""
import os

import others
import peer_ipop
import yardstick
from peer import Raw

ALL = (Raw, *peer_ipop.ALL, *others.ALL)


def possible():
    """The peers by their names, in the order of tables."""
    return {peer.name: peer for peer in (each() for each in (*ALL, *yardstick.asked_for(os.environ)))}
