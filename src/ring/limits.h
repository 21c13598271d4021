/* limits.h - the numbers of the ring, in one place. */
#ifndef RING_LIMITS_H
#define RING_LIMITS_H

#include "base/mono.h"
#include "base/rng.h"

#define RING_NEAR 3           /* on each side */
#define RING_MEMBERS_MAX 1024 /* met at once */
#define RING_WANTED_MAX 64    /* heard of, and not met; the farthest gives, counted in members */
#define RING_TRIES 3
#define RING_TRY_MS 1000    /* then 2, 4 s */
#define RING_BEHIND_MS 400  /* before the first, for whom another one stands between */
#define RING_IGNORE_MS 2000 /* after the last try in vain; one more try, then 4, 8 ... */
#define RING_IGNORE_MAX_MS 32000
#define RING_JOIN_MAX_MS 30000 /* between two questions for our place; from RING_TRY_MS on */
#define RING_TELL_MIN_MS 100   /* between two lists to the same member */
#define RING_ASKED_MS 1000     /* after a list, until who asks for one is told it again */
#define RING_TELL_MS 300000    /* a list goes to each near member at least so often */
#define RING_NAME_MS 330000    /* a name that nobody repeats is kept */
#define RING_SUSPECT_MS 10000  /* after two have met neither is missed in the other's list */

#define RING_SHORTCUTS_MAX 12 /* of our own: enough for 2^24 members */
#define RING_NEAR_LOG 406     /* id_log2() of RING_NEAR: 1.58 */
#define RING_SPARSE_LOG 4     /* who answers to a key stands within 2^4 mean gaps of it */
#define RING_SPARSE (1 << RING_SPARSE_LOG)
#define RING_SEEK_MS 2000 /* after a shortcut was sought in vain: then 4, 8 ... */
#define RING_SEEK_MAX_MS 60000
#define RING_SEEK_STEP_MS 200      /* between two that are sought */
#define RING_SEEK_PATIENCE_MS 6000 /* for the answer */
#define RING_RIVAL_MS 600000       /* a shortcut's rivals are sought so far apart, */
#define RING_RIVALS 3              /* and so many of them */
#define RING_RIVALRY_MS 15000      /* until both must have been measured */

/* Taken off every interval at random: who met, or failed, together does not go on in step. */
#define RING_JITTER_PER_CENT 20

static inline struct mono ring_after(struct rng *rng, struct now now, uint64_t interval_ms)
{
	const uint64_t off_ms = rng_between(rng, 0, interval_ms * RING_JITTER_PER_CENT / 100);

	return mono_add_ms(now.mono, interval_ms - off_ms);
}

/* `first`, doubled so many times, but not more than `most`. */
static inline uint64_t ring_doubled(uint64_t first, unsigned times, uint64_t most)
{
	while (times-- > 0 && first < most)
		first *= 2;
	return first < most ? first : most;
}

#endif
