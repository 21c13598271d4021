/* random.h - secret bytes: HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1, 10.1.2).
 *
 * Keys and certificate salts are made of these bytes and of nothing else: the daemon seeds from
 * the kernel and stirs fresh kernel bytes in at each second of work, so that a resumed copy of a
 * machine does not draw what the original draws; the simulator seeds from its one seed.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/span.h"

#define ENTROPY_SEED_BYTES 32

struct entropy {
	uint8_t key[32], value[32]; /* K and V of the standard; secret */
};

void entropy_init(struct entropy *entropy, const uint8_t seed[ENTROPY_SEED_BYTES]);

/* The reseed function of the standard. */
void entropy_mix(struct entropy *entropy, struct span bytes);

/* Fills `ret`; requires len <= 65536. */
void entropy_bytes(struct entropy *entropy, uint8_t *ret, size_t len);

void entropy_wipe(struct entropy *entropy);

#endif
