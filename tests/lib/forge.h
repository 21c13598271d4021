/* forge.h - certificates that differ from a good one in one respect, and the good ones.
 *
 * Built with OpenSSL's X.509 and not with our own writer, so the good ones also show that the two
 * agree on every byte; then one thing is changed in the DER and the result is signed again, so that
 * only that one thing can be the reason of a refusal. Deterministic but for ECDSA's own numbers.
 */
#ifndef TESTS_FORGE_H
#define TESTS_FORGE_H

#include "crypto/ca.h"

#define FORGE_BYTES_MAX 2048

/* Who is believed: a group with an Ed25519 or a P-256 CA, or a network without one. */
enum forge_world { FORGE_ED25519, FORGE_P256, FORGE_OPEN, FORGE_WORLDS };

struct forge {
	struct entropy entropy;
	struct wall now;                    /* when all certificates begin to be valid */
	struct key *ca_keys[2];             /* owned */
	struct key *foreign_key;            /* owned: of another CA with the same name */
	struct key *member_keys[2];         /* owned: by enum key_kind */
	struct trust *trusts[FORGE_WORLDS]; /* owned */
	uint8_t ca_ders[2][CERTIFICATE_BYTES_MAX];
	size_t ca_lens[2];
};

struct forged {
	const char *what;
	enum forge_world world; /* whom to present it to */
	struct wall now;        /* and when */
	int expected;           /* what certificate_verify() has to say */
	uint8_t der[FORGE_BYTES_MAX];
	size_t len;
};

void forge_init(struct forge *forge);
void forge_free(struct forge *forge);

size_t forge_good_count(void);
void forge_good(struct forge *forge, size_t i, struct forged *ret);

size_t forge_bad_count(void);
void forge_bad(struct forge *forge, size_t i, struct forged *ret);

#endif
