/* suite.h - the byte in the first handshake message that names all algorithms of a session. */
#ifndef CRYPTO_SUITE_H
#define CRYPTO_SUITE_H

#include "crypto/aead.h"

enum suite_id {
	SUITE_NONE = 0,
	SUITE_AES_256_GCM = 1,       /* X25519, AES-256-GCM, SHA-256 */
	SUITE_CHACHA20_POLY1305 = 2, /* X25519, ChaCha20-Poly1305, SHA-256: for CPUs without AES */
	SUITE_HYBRID_ML_KEM = 16,    /* reserved: X25519 with ML-KEM-768 */
};

struct suite {
	enum suite_id id;
	const struct aead_ops
		*handshake; /* in the handshake: always the real cipher, but in scale simulations */
	const struct aead_ops *packets; /* for packets: perhaps from a faster library */
	bool little_endian_nonce;       /* of the handshake: Noise revision 34, 12.3 and 12.4 */
};

/* The suites of this build, best first, ended by id SUITE_NONE. */
extern const struct suite suites_all[];

/* NULL if this build does not speak it. */
const struct suite *suite_find(const struct suite *suites, uint8_t id);

#endif
