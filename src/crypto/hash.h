/* hash.h - SHA-256, HMAC, HKDF, short MACs, and the two helpers that every secret needs.
 *
 * Outputs may be inputs. A hash takes no memory, and has no failure to report.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/span.h"

#define HASH_BYTES 32
#define MAC_BYTES 16
#define MAC_KEY_BYTES 32

/* SHA-256 over the parts, one behind the other. */
void hash_sha256(const struct span *parts, size_t count, uint8_t ret[HASH_BYTES]);

/* HMAC-SHA-256 (RFC 2104); any key length. */
void hash_hmac(struct span key, const struct span *parts, size_t count, uint8_t ret[HASH_BYTES]);

/* HKDF-SHA-256 (RFC 5869), extract and expand; requires ret_len <= 255 * 32. */
void hash_hkdf(struct span salt, struct span secret, struct span info, uint8_t *ret,
	       size_t ret_len);

/* The HKDF of the Noise specification (revision 34, 4.3): up to three outputs of 32 bytes; an
 * output that is NULL, and all after it, is not made. */
void hash_noise_hkdf(const uint8_t chaining_key[HASH_BYTES], struct span input,
		     uint8_t ret1[HASH_BYTES], uint8_t ret2[HASH_BYTES], uint8_t ret3[HASH_BYTES]);

/* A MAC of 16 bytes for messages that must be cheap to refuse: keyed BLAKE2s (RFC 7693). The
 * key is prepared once, since a flood is answered by computing it 200,000 times a second. One
 * thread at a time: computing moves the context. */
struct mac {
	void *context; /* owned: the library's */
};

/* 0 or ERR_NOMEM. */
int mac_init(struct mac *mac, const uint8_t key[MAC_KEY_BYTES]);
void mac_free(struct mac *mac);
void mac_compute(const struct mac *mac, const struct span *parts, size_t count,
		 uint8_t ret[MAC_BYTES]);

/* mac_init, mac_compute, mac_free in one, for keys that are used once: 0 or ERR_NOMEM. */
int mac_once(const uint8_t key[MAC_KEY_BYTES], const struct span *parts, size_t count,
	     uint8_t ret[MAC_BYTES]);

/* Compares secrets in a time that depends on `len` only. */
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* Overwrites in a way that the compiler cannot leave out. */
void secret_wipe(void *secret, size_t len);

#endif
