/* leg.h - one direction of one stretch of the way between two hosts, and what it does to datagrams.
 *
 * Every crossing of a network is three legs: the sender's uplink, the network between, the
 * receiver's downlink. A zeroed leg carries everything at once and unharmed. Fields may be changed
 * at any time; what is in flight has already met its fate.
 */
#ifndef SIM_LEG_H
#define SIM_LEG_H

#include "base/mono.h"
#include "base/rng.h"
#include "sim/fate.h"

struct leg {
	uint32_t delay_us;
	uint32_t jitter_us;   /* up to this is added, uniformly; it reorders what is sent faster */
	uint16_t loss;        /* per mille, as the next three; each datagram by itself */
	uint16_t duplication; /* a second copy makes its own way from the same instant */
	uint16_t reordering;  /* delayed by reorder_us, so that later ones overtake */
	uint16_t corruption;  /* one byte of the payload changes */
	uint32_t reorder_us;
	uint32_t rate_bytes;    /* a second, of whole IP packets; 0: unlimited */
	uint32_t queue_bytes;   /* being sent or waiting for it; what does not fit is dropped */
	uint16_t mtu_bytes;     /* of the IP packet: payload, UDP and IP header; 0: unlimited */
	uint8_t hops;           /* routers that decrement the TTL */
	bool cut;               /* carries nothing */
	struct mono busy_until; /* leg_cross()'s: when the rate has sent what waits */
};

/* True if the leg does nothing to anything. */
static inline bool leg_is_plain(const struct leg *leg)
{
	return leg->delay_us == 0 && leg->jitter_us == 0 && leg->loss == 0 &&
	       leg->duplication == 0 && leg->reordering == 0 && leg->corruption == 0 &&
	       leg->rate_bytes == 0 && leg->mtu_bytes == 0 && !leg->cut;
}

/* What a datagram met on the legs of one crossing; zeroed at its start. */
struct passage {
	uint64_t delay_us;
	bool reordered, corrupted;
};

/* Sends an IP packet along the leg at an instant: FATE_ARRIVED and adds to *passage, or why it is
 * dropped. Without an rng (NULL) the leg is calm: no jitter and no fault happens, no cut holds;
 * delay, rate and MTU stay. The TTL is the caller's to count. */
enum fate leg_cross(struct leg *leg, struct rng *rng, struct mono at, uint32_t ip_bytes,
		    struct passage *passage);

/* Draws whether the leg makes a second copy. */
bool leg_duplicates(const struct leg *leg, struct rng *rng);

#endif
