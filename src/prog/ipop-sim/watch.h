/* watch.h - eyes and hands inside the product, while it is simulated.
 *
 * The simulator runs the daemon's very objects, so what they do not tell is watched where they call
 * each other: the linker puts a function of this folder before one of theirs (--wrap, see
 * meson.build). Not a line of the product knows of it, and each function here calls the true one
 * unless it was told otherwise.
 */
#ifndef PROG_IPOP_SIM_WATCH_H
#define PROG_IPOP_SIM_WATCH_H

#include "sim/play.h"

/* What datagrams are sent for. */
#define PURPOSE_LIST(X)                                                       \
	X(PURPOSE_HANDSHAKES, "handshakes", "new sessions, straight")         \
	X(PURPOSE_KEYS, "keys", "new keys of sessions, and their end")        \
	X(PURPOSE_PROBES, "probes", "is the way alive, and how long is it")   \
	X(PURPOSE_PATHS, "paths", "candidates, and asking for relays")        \
	X(PURPOSE_NEIGHBOURS, "neighbours", "who stands beside whom")         \
	X(PURPOSE_ROUTED, "routed", "own messages along the ring")            \
	X(PURPOSE_CARRIED, "carried", "messages of others, one link further") \
	X(PURPOSE_RELAYED, "relayed", "datagrams of others, as their relay")  \
	X(PURPOSE_DATA, "data", "packets between programs")                   \
	X(PURPOSE_OTHER, "other", "all else")

#define PURPOSE_ENUM(name, text, help) name,
enum purpose { PURPOSE_LIST(PURPOSE_ENUM) PURPOSES };
#undef PURPOSE_ENUM

const char *purpose_name(enum purpose purpose);

/* IP bytes sent since the beginning, by purpose. */
struct purposes {
	uint64_t bytes[PURPOSES];
};

/* Bugs that may be planted into one member, to see that they are found. */
enum plant { PLANT_NONE, PLANT_TWICE, PLANT_ASTRAY, PLANT_BLIND, PLANT_CLEAR, PLANT_MIXED, PLANTS };

/* "twice"; PLANTS if there is none of that name. */
enum plant plant_find(const char *name);

/* What a run must say if the bug was found. */
const char *plant_finding(enum plant which);

/* From here on, of this play, and with what its script asks of members (hostile, shortcuts); NULL:
 * nothing is watched, and nobody is hostile. One at a time. */
void watch_begin(struct play *play, enum plant which);

struct purposes watch_purposes(void);

#endif
