/* rng.c - see rng.h. */
#include "base/rng.h"

#include "base/check.h"

#include <string.h>

static uint32_t rotate(uint32_t x, unsigned bits)
{
	return (x << bits) | (x >> (32 - bits));
}

static void quarter_round(uint32_t s[RNG_BLOCK_WORDS], unsigned a, unsigned b, unsigned c,
			  unsigned d)
{
	s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

/* RFC 8439, 2.3, with counter and nonce 0: ten double rounds, columns then diagonals, added to
 * the input. Every block has a key of its own, so the counter never needs to move. */
static void refill(struct rng *rng)
{
	uint32_t input[RNG_BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s[RNG_BLOCK_WORDS];

	memcpy(input + 4, rng->key, sizeof(rng->key));
	memcpy(s, input, sizeof(s));
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 4; i++)
			quarter_round(s, i, i + 4, i + 8, i + 12);
		for (unsigned i = 0; i < 4; i++)
			quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
	}
	for (unsigned i = 0; i < RNG_BLOCK_WORDS; i++)
		rng->block[i] = s[i] + input[i];

	memcpy(rng->key, rng->block, sizeof(rng->key));
	memset(rng->block, 0, sizeof(rng->key));
	rng->used = RNG_KEY_WORDS;
}

void rng_init(struct rng *rng, const uint32_t key[RNG_KEY_WORDS])
{
	*rng = (struct rng){ .used = RNG_BLOCK_WORDS };
	memcpy(rng->key, key, sizeof(rng->key));
}

void rng_init_seed(struct rng *rng, uint64_t seed)
{
	const uint32_t key[RNG_KEY_WORDS] = { (uint32_t)seed, (uint32_t)(seed >> 32) };

	rng_init(rng, key);
}

void rng_mix(struct rng *rng, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		const size_t chunk = len < sizeof(rng->key) ? len : sizeof(rng->key);
		uint8_t key[sizeof(rng->key)];

		refill(rng); /* before each chunk: later bytes cannot cancel earlier ones */
		memcpy(key, rng->key, sizeof(key));
		for (size_t i = 0; i < chunk; i++)
			key[i] ^= bytes[i];
		memcpy(rng->key, key, sizeof(key));
		bytes += chunk;
		len -= chunk;
	}
	refill(rng); /* what was drawn ahead under the old key is not handed out any more */
}

uint32_t rng_u32(struct rng *rng)
{
	if (rng->used == RNG_BLOCK_WORDS)
		refill(rng);

	const uint32_t word = rng->block[rng->used];
	rng->block[rng->used++] = 0;
	return word;
}

uint64_t rng_u64(struct rng *rng)
{
	const uint64_t high = rng_u32(rng);

	return (high << 32) | rng_u32(rng);
}

uint64_t rng_between(struct rng *rng, uint64_t min, uint64_t max)
{
	CHECK(min <= max);
	CHECK(max - min < UINT64_MAX);

	const uint64_t span = max - min + 1;
	const uint64_t bias = (UINT64_MAX % span + 1) % span; /* 2^64 mod span */
	uint64_t x;
	do {
		x = rng_u64(rng);
	} while (x > UINT64_MAX - bias); /* at most half is ever thrown away */
	return min + x % span;
}

void rng_bytes(struct rng *rng, uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const uint32_t word = rng_u32(rng);

		ret[i] = (uint8_t)word;
		for (unsigned byte = 1; byte < 4 && i + 1 < len; byte++)
			ret[++i] = (uint8_t)(word >> (8 * byte));
	}
}

bool rng_chance(struct rng *rng, unsigned per_mille)
{
	CHECK(per_mille <= 1000);
	return rng_between(rng, 0, 999) < per_mille;
}
