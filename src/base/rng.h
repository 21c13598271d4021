/* rng.h - chance for timers and tokens: a ChaCha20 key stream (RFC 8439) that forgets.
 *
 * The daemon keys it from the kernel, a simulation from its seed; the code that draws from it
 * cannot tell. Each refill takes the next key out of the stream and erases the one that made it
 * (fast key erasure, Bernstein 2017), so what was drawn cannot be found in memory later.
 * Secret keys are not drawn here but from crypto/random.h.
 */
#ifndef RNG_H
#define RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RNG_KEY_WORDS 8
#define RNG_BLOCK_WORDS 16

struct rng {
	uint32_t key[RNG_KEY_WORDS];     /* makes the next block; replaced by each refill */
	uint32_t block[RNG_BLOCK_WORDS]; /* the first RNG_KEY_WORDS became the key and are erased */
	unsigned used;                   /* words of `block` already handed out */
};

void rng_init(struct rng *rng, const uint32_t key[RNG_KEY_WORDS]);

/* For simulations and tests: a key made of the seed. */
void rng_init_seed(struct rng *rng, uint64_t seed);

/* Stirs `len` fresh bytes into the key, for a process that may run on in a copy of its machine. */
void rng_mix(struct rng *rng, const uint8_t *bytes, size_t len);

uint32_t rng_u32(struct rng *rng);
uint64_t rng_u64(struct rng *rng);

/* A uniform value in [min, max]; requires min <= max and not the whole range of 64 bits. */
uint64_t rng_between(struct rng *rng, uint64_t min, uint64_t max);

void rng_bytes(struct rng *rng, uint8_t *ret, size_t len);

/* True in `per_mille` of 1,000 draws; requires per_mille <= 1000. */
bool rng_chance(struct rng *rng, unsigned per_mille);

#endif
