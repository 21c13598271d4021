/* probe_budget.h - no member can have us flood somebody: how many probes may leave. Sans-I/O.
 *
 * Candidates are claims of a peer. A probe is small and goes at most PROBE_TARGET_S times in any
 * second to one address, whichever peers name it and by however many ports, and at most
 * PROBE_PEER_MIN times in any minute for one peer.
 */
#ifndef PATH_PROBE_BUDGET_H
#define PATH_PROBE_BUDGET_H

#include "base/map.h"
#include "base/mono.h"
#include "wire/endpoint.h"

#define PROBE_TARGET_S 8   /* to one IPv4 address or IPv6 /64, a second */
#define PROBE_PEER_MIN 100 /* for one peer, a minute */
#define PROBE_TARGETS_MAX \
	512 /* addresses that are remembered; when all are busy, no probe leaves */

struct probe_budget; /* opaque: of all peers together */

/* Draws the key of its map from the rng. 0 or ERR_NOMEM. */
int probe_budget_new(struct rng *rng, struct probe_budget **ret);
void probe_budget_del(struct probe_budget *budget); /* accepts NULL */

#define PROBE_PURSE_SLOT_MS 10000
#define PROBE_PURSE_SLOTS 7 /* no minute touches more of them */

/* What one peer has spent. Embed it, zeroed. */
struct probe_purse {
	uint64_t slot;                    /* number of the newest, counted from time zero */
	uint8_t spent[PROBE_PURSE_SLOTS]; /* in slot n: at n % PROBE_PURSE_SLOTS */
};

/* True, and counted, if one more probe for the purse's peer may go to this address now, and `spare`
 * more are left for it within the minute. */
bool probe_budget_take(struct probe_budget *budget, struct mono now, struct probe_purse *purse,
		       const struct endpoint *endpoint, uint32_t spare);

#endif
