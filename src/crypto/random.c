/* random.c - see random.h; the names of the steps are those of SP 800-90A, 10.1.2. */
#include "crypto/random.h"

#include "base/check.h"
#include "crypto/hash.h"

#define REQUEST_BYTES_MAX 65536 /* SP 800-90A, table 2: 2^19 bits */

/* HMAC_DRBG_Update; `bytes` may be empty. */
static void update(struct entropy *entropy, struct span bytes)
{
	const struct span value = span_of(entropy->value, sizeof(entropy->value));

	for (uint8_t round = 0; round < 2; round++) {
		const struct span parts[] = { value, span_of(&round, 1), bytes };
		const struct span key = span_of(entropy->key, sizeof(entropy->key));

		hash_hmac(key, parts, 3, entropy->key);
		hash_hmac(key, &value, 1, entropy->value);
		if (bytes.len == 0)
			break;
	}
}

void entropy_init(struct entropy *entropy, const uint8_t seed[ENTROPY_SEED_BYTES])
{
	memset(entropy->key, 0, sizeof(entropy->key));
	memset(entropy->value, 1, sizeof(entropy->value));
	update(entropy, span_of(seed, ENTROPY_SEED_BYTES));
}

void entropy_mix(struct entropy *entropy, struct span bytes)
{
	update(entropy, bytes);
}

void entropy_bytes(struct entropy *entropy, uint8_t *ret, size_t len)
{
	const struct span key = span_of(entropy->key, sizeof(entropy->key));
	const struct span value = span_of(entropy->value, sizeof(entropy->value));

	CHECK(len <= REQUEST_BYTES_MAX);
	for (size_t done = 0; done < len; done += sizeof(entropy->value)) {
		const size_t left = len - done;

		hash_hmac(key, &value, 1, entropy->value);
		memcpy(ret + done, entropy->value,
		       left < sizeof(entropy->value) ? left : sizeof(entropy->value));
	}
	update(entropy, span_of(NULL, 0)); /* what was drawn cannot be found from what is kept */
}

void entropy_wipe(struct entropy *entropy)
{
	secret_wipe(entropy, sizeof(*entropy));
}
