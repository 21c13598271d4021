/* ring_internal.h - what the parts of the ring share; private to them.
 *
 * ring.c keeps the members, with rumours.h the near links, and with shortcuts.h the far ones;
 * route.c says where messages go. Both stand on two circles: the members that were met, and of
 * those the ones that are linked.
 */
#ifndef RING_INTERNAL_H
#define RING_INTERNAL_H

#include "base/alarms.h"
#include "base/pool.h"
#include "ring/circle.h"
#include "ring/ring.h"
#include "ring/rumours.h"
#include "ring/shortcuts.h"

/* A member that was met. */
struct member {
	struct id id;
	struct handle handle;
	bool linked, doubted;
	uint64_t rtt_us;

	struct mono met, told; /* told: when the last list went to it, if has_heard */
	unsigned lists;        /* told to it since it was met, or our near set changed */
	bool has_heard;        /* we told it a list */
	bool has_told;         /* it told us one */
	bool sees_us;          /* by the last of those we are among its near members */
	bool is_suspect;       /* near, and to be asked whether it lives */

	bool by_address; /* linked as it was met: found without the ring */
	bool foreign;    /* and it may stand on another one: to be asked who is nearest there */
	unsigned asked;  /* how often it was */

	unsigned tried;       /* members that it named and we tried to meet, */
	struct mono tried_at; /* since then */
};

struct ring {
	struct id self;
	struct rng *rng;     /* borrowed */
	struct pool members; /* of struct member */
	struct circle met;   /* spots name the slots of `members` */
	struct circle links; /* likewise */
	struct alarms lists; /* by slot: when to tell it our list; clear: never */
	struct rumours rumours;
	struct shortcuts shortcuts;
	struct id gap;     /* the mean way between two near members; zero: too few are met to say */
	bool near_changed; /* to be reported */
	bool has_suspects; /* somebody near may be one */

	struct mono wanting; /* since when somebody is wanted */
	struct mono quiet;   /* no question for our place before */
	unsigned joins;      /* questions since we last stood in it */
	struct id asked_via; /* the last one */
	size_t foreign;      /* so many members are */
};

struct member *ring_member_at(const struct ring *ring, uint16_t slot);

/* Where an id stands as seen from us. */
struct id ring_place(const struct ring *ring, const struct id *id);

#endif
