/* alarms.h - at most one alarm for each of n owners, movable in O(log n).
 *
 * A machine's deadline moves with every input. A heap that could not move an entry would fill with
 * stale ones; here an owner knows its place. Alarms of one instant ring in the owners' order.
 */
#ifndef ALARMS_H
#define ALARMS_H

#include "base/mono.h"

struct alarms {
	struct mono *at; /* owned: by owner; MONO_NEVER if not set */
	uint32_t *heap;  /* owned: owners, the earliest first */
	uint32_t *place; /* owned: by owner, where in the heap; of those that are set */
	uint32_t count, capacity;
};

/* For owners 0 to capacity - 1, none set. 0 or ERR_NOMEM. */
int alarms_init(struct alarms *alarms, uint32_t capacity);

/* For owners 0 to capacity - 1 at least, what is set stays. For owners that come one by one: it
 * takes memory seldom. 0 or ERR_NOMEM. */
int alarms_grow(struct alarms *alarms, uint32_t capacity);

/* Accepts zeroed alarms: for no owner, as they are before alarms_grow() too. */
void alarms_free(struct alarms *alarms);

/* Sets, moves or, with MONO_NEVER, clears. */
void alarms_set(struct alarms *alarms, uint32_t owner, struct mono at);

/* When the earliest rings, or MONO_NEVER; whose it is goes to *ret_owner (set only if there is
 * one). */
struct mono alarms_first(const struct alarms *alarms, uint32_t *ret_owner);

#endif
