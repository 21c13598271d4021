/* trio.h - the two of members.h with a third, r, to whom both have a link and who relays for them:
 * what a sends to b goes to r, and r passes it on. Each has the table that its node would build.
 */
#ifndef TESTS_TRIO_H
#define TESTS_TRIO_H

#include "forward/seal.h"
#include "tests/lib/members.h"

#define TRIO_R_LINK \
	0xd /* a's and b's name for the link to r; r's for those to a and b are as ever */
#define TRIO_TO_B 0xab /* the index that a writes for r */
#define TRIO_TO_A 0xba
#define TRIO_AT_B 0xb1 /* the index that r writes for b, who asked for it */
#define TRIO_AT_A 0xa1
#define TRIO_RATE 1000000 /* r passes on so many bytes a second from each */
#define TRIO_BURST 100000

/* Receiver indices of the links. */
#define TRIO_AR_INDEX 0xa0a0a0a0 /* a's, for what comes from r */
#define TRIO_RA_INDEX 0x0a0a0a0a
#define TRIO_BR_INDEX 0xb0b0b0b0
#define TRIO_RB_INDEX 0x0b0b0b0b

struct trio {
	struct members *members; /* a and b; owned */
	struct member r;         /* its keyset is NULL: it has two */
	struct keyset *ar, *ra;  /* of the link between a and r: at a, at r */
	struct keyset *br, *rb;
	struct meter *meters[2]; /* for what comes from a, from b */
};

/* Of `like` everything counts but keys and indices; it is for the links' key sets. */
struct trio *trio_new(const struct keyset_config *like);
void trio_del(struct trio *trio);

/* Makes new tables of what is there. */
void trio_publish(struct trio *trio);

/* The way from one end of a link to the other. */
struct way trio_way_at_r(bool to_a);
struct way trio_way_to_r(bool at_a);

/* Empties the batch, then moves all that waits in the egress to it, as what came by that way. */
void trio_carry(struct packets *packets, struct egress *from, const struct way *came);

/* A relay frame of a's for r with anything inside; to r, from a. */
struct forward_packet *trio_add_relayed(struct packets *packets, struct trio *trio, uint32_t index,
					struct span datagram);

/* The same of r's for b. */
struct forward_packet *trio_add_passed_on(struct packets *packets, struct trio *trio,
					  uint32_t index, struct span datagram);

#endif
