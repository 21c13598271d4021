/* rings.h - a toy network of ring machines alone: no sessions, addresses or bytes, only who met
 * whom.
 *
 * What a machine wants is done as a node would do it: the message that asks walks from link to link
 * by the others' ring_next(), the answer walks back, then both have met, and a little later they
 * are linked. Lists arrive late or not at all; who crashed is missed after a while; who has no link
 * left dials somebody by address.
 */
#ifndef TESTS_RINGS_H
#define TESTS_RINGS_H

#include "base/alarms.h"
#include "base/heap.h"
#include "base/pool.h"
#include "ring/ring.h"

#define RINGS_MAX 400

struct rings_member {
	struct ring *ring; /* owned; NULL while it is down */
	struct id id;      /* its number stands in the last two bytes */
};

enum rings_session { RINGS_NONE, RINGS_CARRIED, RINGS_LINKED };

/* The fields down to `list_loss` are the test's to set. */
struct rings {
	uint64_t delay_min_us, delay_max_us; /* of everything that travels */
	bool apart;                          /* even and odd members do not dial each other */
	unsigned list_loss;                  /* per mille */

	struct now now;
	struct rng rng;
	struct rings_member members[RINGS_MAX];
	size_t count;
	struct alarms deadlines; /* by number of the member */
	struct heap queue;       /* of slots of `events` */
	struct pool events;
	enum rings_session sessions[RINGS_MAX][RINGS_MAX]; /* the same both ways */
	uint32_t ages[RINGS_MAX][RINGS_MAX];               /* how many sessions the pair had */
	uint64_t joins, wants, seeks, lists;               /* asked for, and told, by all of them */
};

/* All members are down. Not for the stack: it is large. */
void rings_init(struct rings *rings, uint64_t seed, size_t count);
void rings_free(struct rings *rings);

/* Brings a member up; unless it is the first, it has dialled one that is up. */
void rings_start(struct rings *rings, size_t i);

/* A link made by address between two that are up. */
void rings_link(struct rings *rings, size_t i, size_t j);

/* It says goodbye, or it is missed after up to 13 s. */
void rings_stop(struct rings *rings, size_t i, bool says_goodbye);

/* Ends links that neither side has a use for, each with this chance. */
void rings_drop_idle(struct rings *rings, unsigned per_mille);

/* Lets time pass. */
void rings_run_ms(struct rings *rings, uint64_t ms);

/* A member that is up, drawn at random; false if there is none besides `but`. */
bool rings_any(struct rings *rings, size_t but, size_t *ret);

/* Where a message of member i arrives, or count: nowhere. *ret_hops: how many steps it went. */
size_t rings_walk(const struct rings *rings, size_t i, const struct routed *message,
		  unsigned *ret_hops);

/* What is wrong: NULL if every member that is up is settled, has exactly the near set that it must
 * have, and reaches everybody within ROUTED_HOPS_MAX steps, or else a word. */
const char *rings_fault(struct rings *rings);

#endif
