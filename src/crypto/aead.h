/* aead.h - authenticated encryption with a 256-bit key, a 96-bit nonce and a 128-bit tag.
 *
 * A table of functions stands behind each cipher, so that a faster library can be put in at run
 * time and a simulation can count bytes without paying for secrecy; the wire does not show which.
 * A context is for one key; it may not be used by two threads at once. Nonces are the caller's to
 * never repeat.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/span.h"

#define AEAD_KEY_BYTES 32
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES 16

struct aead;

struct aead_ops {
	const char *name; /* "AES-256-GCM (OpenSSL)": what `status` shows */
	/* Prepares the key schedule; aead->ops are these already. 0, ERR_NOMEM or ERR_CRYPTO. */
	int (*init)(struct aead *aead, const uint8_t key[AEAD_KEY_BYTES]);
	void (*free)(struct aead *aead);
	/* Writes len + AEAD_TAG_BYTES bytes; `ret` may be `plain` itself. 0 or ERR_CRYPTO. */
	int (*seal)(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
		    struct span plain, uint8_t *ret);
	/* Writes len - AEAD_TAG_BYTES bytes; `ret` may be `sealed` itself. 0, or ERR_AUTH, which
	 * leaves nothing readable in `ret`. */
	int (*open)(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
		    struct span sealed, uint8_t *ret);
};

struct aead {
	const struct aead_ops *ops; /* borrowed, for ever; NULL before init */
	void *state;                /* owned by the ops */
};

extern const struct aead_ops aead_aes_256_gcm;       /* RFC 5116 */
extern const struct aead_ops aead_chacha20_poly1305; /* RFC 8439 */

int aead_init(struct aead *aead, const struct aead_ops *ops, const uint8_t key[AEAD_KEY_BYTES]);

/* Wipes the key; accepts a zeroed context. */
void aead_free(struct aead *aead);

int aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
	      struct span plain, uint8_t *ret);
int aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
	      struct span sealed, uint8_t *ret);

/* The nonce of packets and of Noise with AES-GCM: four zero bytes, then the counter, big-endian.
 * (Noise with ChaCha20-Poly1305 has its counter little-endian: see noise.c.) */
void aead_counter_nonce(uint64_t counter, uint8_t ret[AEAD_NONCE_BYTES]);

#endif
