/* limiter.h - at most so many handshakes a second from one source, in a fixed amount of memory.
 *
 * Sources share 4,096 places by a keyed hash, so nobody can aim at somebody's place; two that meet
 * in one share its rate. Memory follows use, in shelves of places. A place holds one instant (the
 * generic cell rate algorithm of ITU-T I.371): a source may start SESSION_PER_SOURCE_S at once,
 * then one each 1/SESSION_PER_SOURCE_S.
 */
#ifndef SESSION_LIMITER_H
#define SESSION_LIMITER_H

#include "base/mono.h"
#include "base/span.h"
#include "crypto/hash.h"

#define LIMITER_SHELVES 64
#define LIMITER_SHELF_PLACES 64 /* both powers of two */
#define LIMITER_PLACES (LIMITER_SHELVES * LIMITER_SHELF_PLACES)

struct limiter {
	struct mac mac;
	/* Owned: instants at which the next one would be due at an even pace. A shelf is made when
	 * the first of its places is used, unless there is one all of whose instants are past. */
	struct mono *shelves[LIMITER_SHELVES];
};

/* 0 or ERR_NOMEM. */
int limiter_init(struct limiter *limiter, const uint8_t key[MAC_KEY_BYTES]);

/* Accepts a zeroed one. */
void limiter_free(struct limiter *limiter);

/* Takes one from the source's allowance; false if it is used up, or there is no memory to count. */
bool limiter_allow(struct limiter *limiter, struct mono now, struct span source);

#endif
