/* streams.h - one seed, many streams of chance, one for each purpose and owner.
 *
 * Whoever draws once more shifts only its own stream, so a change in one place leaves the rest of
 * a run as it was.
 */
#ifndef SIM_STREAMS_H
#define SIM_STREAMS_H

#include "base/rng.h"

enum stream {
	STREAM_SCENARIO = 1, /* topology, churn: what the scenario draws */
	STREAM_TABLES = 2,   /* keys of hash tables */
	STREAM_DEVICE = 3,   /* faults and ports on one device's account */
	STREAM_MACHINE = 4,  /* what the machine on one host draws */
	STREAM_JUDGE = 5,    /* what is looked at: looking shifts nothing else */
	STREAM_HOSTILE = 6,  /* what hostile members draw */
};

static inline void stream_init(struct rng *rng, uint64_t seed, enum stream stream, uint32_t owner)
{
	const uint32_t key[RNG_KEY_WORDS] = { (uint32_t)seed, (uint32_t)(seed >> 32),
					      (uint32_t)stream, owner };

	rng_init(rng, key);
}

#endif
