/* trace_hash.c - see trace_hash.h. */
#include "sim/trace_hash.h"

#define KEY_LOW 0x0706050403020100
#define KEY_HIGH 0x0f0e0d0c0b0a0908

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
	v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static void take_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

void trace_hash_init(struct trace_hash *hash)
{
	*hash = (struct trace_hash){
		.v = { KEY_LOW ^ 0x736f6d6570736575, KEY_HIGH ^ 0x646f72616e646f6d,
		       KEY_LOW ^ 0x6c7967656e657261, KEY_HIGH ^ 0x7465646279746573 }
	};
}

static void take_byte(struct trace_hash *hash, uint8_t byte)
{
	const unsigned place = (unsigned)(hash->len++ % 8);

	hash->word |= (uint64_t)byte << (8 * place);
	if (place == 7) {
		take_word(hash->v, hash->word);
		hash->word = 0;
	}
}

void trace_hash_u64(struct trace_hash *hash, uint64_t value)
{
	const unsigned shift = (unsigned)(8 * (hash->len % 8));

	/* Its low bytes fill the open word, its high bytes open the next. */
	take_word(hash->v, hash->word | value << shift);
	hash->word = shift == 0 ? 0 : value >> (64 - shift);
	hash->len += 8;
}

void trace_hash_bytes(struct trace_hash *hash, struct span bytes)
{
	size_t at = 0;

	for (; bytes.len - at >= 8; at += 8) {
		uint64_t word = 0;

		for (unsigned i = 0; i < 8; i++)
			word |= (uint64_t)bytes.data[at + i] << (8 * i);
		trace_hash_u64(hash, word);
	}
	for (; at < bytes.len; at++)
		take_byte(hash, bytes.data[at]);
}

uint64_t trace_hash_value(const struct trace_hash *hash)
{
	uint64_t v[4] = { hash->v[0], hash->v[1], hash->v[2], hash->v[3] };

	take_word(v, hash->word | hash->len << 56);
	v[2] ^= 0xff;
	for (unsigned round = 0; round < 4; round++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
