/* wanderer.h - a machine that is nothing but its ways to one peer: candidates, probes, paths.
 *
 * What a session would do for it goes in the clear, and a *hub*, a host of the open Internet, does
 * what other members would: it says under which endpoint it sees who asks, and passes on what two
 * wanderers send each other by the ring or by a relay. So all that is sent meets the NATs.
 */
#ifndef SCENARIO_WANDERER_H
#define SCENARIO_WANDERER_H

#include "path/candidates.h"
#include "path/paths.h"
#include "sim/world.h"

#define WANDERER_PORT 4767
#define HUBS 2 /* the first is the ring; each is a relay */

struct hub {
	struct world *world; /* borrowed, as the hub is by the world */
	uint32_t host, number;
	struct endpoint seen[2]; /* of the wanderers, where their last greeting came from */
	bool relays;             /* passes on what is to be relayed */
};

struct wanderer {
	struct world *world; /* borrowed, as all below and the wanderer by the world */
	struct wanderer *peer;
	struct hub *hubs;
	uint32_t host, number; /* 0 or 1; 0 leads */
	struct rng rng;
	struct probe_budget *budget; /* owned */
	struct candidates candidates;
	struct paths paths;
	struct paths_traffic traffic;
	bool is_met;       /* the session stands */
	uint64_t talk_ms;  /* an IP packet so often; 0: none */
	uint32_t greet_ms; /* a greeting to each hub so often */
	struct mono meets_at, next_greeting, next_packet, next_look;
	bool is_dead;

	/* What became of it. */
	uint64_t packets_got, uses;
	uint64_t said; /* frames, without candidates */
	struct mono got_last;
	uint64_t gap_max_us;      /* between two packets that came, since wanderer_begin_gaps() */
	struct way came_last;     /* by which the last packet came */
	struct mono direct_since; /* MONO_NEVER while another way is used */
};

/* Two hubs and two wanderers; `world` has no other hosts. A NAT of NULL: in the open Internet. The
 * same NAT twice: two hosts behind it. */
struct hike {
	struct world *world;
	struct hub hubs[HUBS];
	struct wanderer wanderers[2];
	uint32_t nats[2]; /* 0: none */
};
void hike_start(struct hike *hike, struct world *world, const struct natbox_kind *const nats[2],
		bool same_nat);
void hike_end(struct hike *hike);

/* A session stands from now on, over the ring; for one of them when it hears from the other. */
void hike_meet(struct hike *hike);

/* Both use direct ways, and each gets what the other sends by the way it uses itself. */
bool hike_is_direct(const struct hike *hike);

void wanderer_begin_gaps(struct wanderer *w);
uint64_t wanderer_gap_ms(const struct wanderer *w); /* the longest, also the one that lasts */

#endif
