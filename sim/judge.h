/* judge.h - compares what members believe with what is true, which only a simulation knows.
 *
 * Who is up is up: a member that just died is no neighbour any more, and who has not noticed yet is
 * wrong. Looking changes nothing. During a partition each side is a ring of its own.
 */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "node/node_look.h"
#include "sim/crowd.h"

#define JUDGE_STEPS 64
#define JUDGE_HOPS_MAX 64 /* of a walk; a message has fewer */

/* How the ring stands: `exact` of the members that are up have exactly their true neighbours near,
 * and a link to each. */
struct judge_ring {
	uint32_t up, settled, exact;
	uint32_t near, near_relayed; /* links to near members; how many of them over a relay */
	uint32_t wrong;              /* a member that is not exact, or CROWD_NOBODY */
};

/* Room for one look after another. */
struct judge {
	const struct crowd *crowd; /* borrowed */
	uint32_t *ring;            /* owned: of one side, in the order of ids */
	struct node_link *links;   /* owned: of one member */
	uint64_t steps;            /* of the world */
};

void judge_init(struct judge *judge, const struct crowd *crowd);
void judge_free(struct judge *judge);

struct judge_ring judge_ring(struct judge *judge);

/* For world_add_checker(), with the judge as context. Safety: whom a member has a link with is a
 * member, and the address at which it is reached is not somebody else's. What is wrong there stays
 * so for a while, and looking at it takes time: it is done after one in JUDGE_STEPS steps. */
const char *judge_check(void *context, uint32_t host);

/* Follows a message from one member to another along their links as they are now. */
struct judge_walk {
	bool arrived;
	uint32_t hops;
	uint64_t time_us;   /* by the least delays of all links taken */
	uint32_t lost_at;   /* if it did not arrive: at whom */
	const char *reason; /* literal; likewise */
};
struct judge_walk judge_walk(const struct judge *judge, uint32_t from, uint32_t to);

/* True if messages between them can be asked for: both up, on one side. */
bool judge_is_pair(const struct judge *judge, uint32_t from, uint32_t to);

#endif
