"""symphony.py - what routes should cost by Symphony (Manku, Bawa and Raghavan 2003), to compare with.

The law: with k far links, drawn so that the logarithm of the way there is uniform, one of them halves the
way that is left with probability k / log2 N, and log2 N halvings lead anywhere: O(log^2 N / k) hops.
The ideal ring: the links that ring/shortcuts.h describes, drawn by somebody who knows everybody, with three
near ones on each side; routes over it are counted, greedy and by the shorter way round.
"""
import bisect
import math
import random

NEAR_EACH_SIDE = 3
PAIRS = 2000


def law(nodes, far_links):
    """log2(N)^2 / k: hops at most, on average."""
    return math.log2(nodes) ** 2 / far_links


def _nearest(places, at):
    """Index of who stands nearest to this place of the ring, which is 1 around."""
    above = bisect.bisect(places, at % 1) % len(places)
    return min((above - 1) % len(places), above, key=lambda i: _way(places[i], at % 1))


def _way(one, other):
    ahead = (other - one) % 1
    return min(ahead, 1 - ahead)


def ideal_ring(nodes, chance):
    """(places in their order, the links of each): as shortcuts.h has it, N being known."""
    places = sorted(chance.random() for _ in range(nodes))
    links = [set() for _ in places]
    for i in range(nodes):
        for step in range(1, min(NEAR_EACH_SIDE, nodes - 1) + 1):
            links[i].add((i + step) % nodes)
            links[(i + step) % nodes].add(i)
    least, most = math.log2(NEAR_EACH_SIDE / nodes), math.log2(0.5)
    slots = math.ceil(math.log2(nodes) / 2) if least < most else 0
    for i in range(nodes):
        for slot in range(slots):
            way = 2 ** (least + (most - least) * (slot + chance.random()) / slots)
            other = _nearest(places, places[i] + way * chance.choice((1, -1)))
            if other != i:
                links[i].add(other)
                links[other].add(i)
    return places, links


def ideal(nodes, seed, pairs=PAIRS):
    """The ideal ring: hops from one to another on average, and links of a member."""
    chance = random.Random(seed)
    places, links = ideal_ring(nodes, chance)
    hops = 0
    for _ in range(pairs):
        at, to = chance.sample(range(nodes), 2)
        while at != to:
            at = min(links[at], key=lambda i: _way(places[i], places[to]))
            hops += 1
    return hops / pairs, sum(len(some) for some in links) / nodes
