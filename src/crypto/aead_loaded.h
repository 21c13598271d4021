/* aead_loaded.h - AES-256-GCM by functions that a program found when it started.
 *
 * A library that is faster than the one we link is opened at run time, where it is installed and
 * the CPU is one that it is made for. Its functions only compute. What makes a cipher of it stays
 * here: keys are wiped, tags are compared in constant time, and what its tag does not fit is wiped
 * before anybody can read it.
 */
#ifndef CRYPTO_AEAD_LOADED_H
#define CRYPTO_AEAD_LOADED_H

#include "crypto/aead.h"

#define AEAD_SCHEDULE_ALIGNMENT 64

/* One message; what belongs together has the same length. */
struct aead_message {
	const uint8_t *nonce; /* AEAD_NONCE_BYTES */
	struct span aad, in;
	uint8_t *out; /* in.len bytes; may be in.data */
	uint8_t *tag; /* AEAD_TAG_BYTES: what it is, which open does not compare */
};

struct aead_functions {
	const char *name;
	size_t schedule_bytes; /* of an expanded key; it stands at AEAD_SCHEDULE_ALIGNMENT */
	void (*expand)(const uint8_t key[AEAD_KEY_BYTES], void *ret_schedule);
	/* Any number of threads may use a schedule at once. */
	void (*seal)(const void *schedule, const struct aead_message *message);
	void (*open)(const void *schedule, const struct aead_message *message);
};

struct aead_loaded {
	struct aead_ops ops; /* first: a context's ops are these */
	struct aead_functions functions;
};

/* Both outlive every context that is made with loaded->ops. */
void aead_loaded_init(struct aead_loaded *loaded, const struct aead_functions *functions);

#endif
