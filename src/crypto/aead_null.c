/* aead_null.c - see aead_null.h.
 *
 * The checksum runs over 64-bit words; each step is a bijection of the state for a given word and
 * of the word for a given state, so a difference in a single word is always noticed.
 */
#include "crypto/aead_null.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>

struct checksum {
	uint64_t a, b;
};

static void checksum_word(struct checksum *sum, uint64_t word)
{
	sum->a = (sum->a ^ word) * 0x9e3779b97f4a7c15U;
	sum->a ^= sum->a >> 32;
	sum->b = (sum->b + sum->a) * 0xc2b2ae3d27d4eb4fU;
	sum->b ^= sum->b >> 29;
}

/* Eight bytes, little-endian; written out, it is one load to a compiler. */
static uint64_t load_word(const uint8_t *b)
{
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
	       (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
	       (uint64_t)b[7] << 56;
}

/* Fewer than eight. */
static uint64_t load_rest(const uint8_t *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

/* The last word is filled up with zeros; the number of bytes comes behind. */
static void checksum_bytes(struct checksum *sum, struct span bytes)
{
	size_t at = 0;

	for (; bytes.len - at >= 8; at += 8)
		checksum_word(sum, load_word(bytes.data + at));
	if (at < bytes.len)
		checksum_word(sum, load_rest(bytes.data + at, bytes.len - at));
	checksum_word(sum, bytes.len);
}

static void make_tag(const struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES],
		     struct span aad, struct span plain, uint8_t ret[AEAD_TAG_BYTES])
{
	struct checksum sum = *(const struct checksum *)aead->state;

	checksum_bytes(&sum, span_of(nonce, AEAD_NONCE_BYTES));
	checksum_bytes(&sum, aad);
	checksum_bytes(&sum, plain);
	for (size_t i = 0; i < 8; i++) {
		ret[i] = (uint8_t)(sum.a >> (8 * i));
		ret[8 + i] = (uint8_t)(sum.b >> (8 * i));
	}
}

static int null_init(struct aead *aead, const uint8_t key[AEAD_KEY_BYTES])
{
	struct checksum *sum = calloc(1, sizeof(*sum));

	if (sum == NULL)
		return ERR_NOMEM;
	checksum_bytes(sum, span_of(key, AEAD_KEY_BYTES));
	aead->state = sum;
	return 0;
}

static void null_free(struct aead *aead)
{
	free(aead->state);
}

static int null_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
		     struct span plain, uint8_t *ret)
{
	uint8_t tag[AEAD_TAG_BYTES];

	make_tag(aead, nonce, aad, plain, tag);
	if (plain.len > 0)
		memmove(ret, plain.data, plain.len);
	memcpy(ret + plain.len, tag, sizeof(tag));
	return 0;
}

static int null_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
		     struct span sealed, uint8_t *ret)
{
	const struct span plain = span_of(sealed.data, sealed.len - AEAD_TAG_BYTES);
	uint8_t tag[AEAD_TAG_BYTES];

	make_tag(aead, nonce, aad, plain, tag);
	if (memcmp(tag, sealed.data + plain.len, sizeof(tag)) != 0) {
		memset(ret, 0, plain.len);
		return ERR_AUTH;
	}
	memmove(ret, plain.data, plain.len);
	return 0;
}

const struct aead_ops aead_null = {
	.name = "none (simulation)",
	.init = null_init,
	.free = null_free,
	.seal = null_seal,
	.open = null_open,
};
