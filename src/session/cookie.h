/* cookie.h - proof that who sends from an address also receives there, without state about him.
 *
 * Responder: the cookie of an address is a MAC under a secret that changes each SESSION_COOKIE_
 * LIFETIME_MS / 3; cookies of this slot of time and the two before it count, so each lives between
 * two thirds of the lifetime and all of it. A slot's secret is drawn when it is first needed and is
 * not known before, least of all by us. The cookie travels sealed under a key that only who made
 * the M0 in question can make, so nobody else can feed an initiator a false one.
 *
 * Initiator: mac2 is a MAC of M0 under the cookie.
 */
#ifndef SESSION_COOKIE_H
#define SESSION_COOKIE_H

#include "base/mono.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "wire/handshake.h"

#define COOKIE_SLOTS 3 /* [t - 2, t] */
#define COOKIE_SEALED_BYTES (HANDSHAKE_COOKIE_BYTES + HANDSHAKE_TAG_BYTES)

struct cookies {
	struct {
		bool used;
		uint64_t slot;
		uint8_t secret[MAC_KEY_BYTES];
	} slots[COOKIE_SLOTS];
};

/* No slot has a secret. Wipes those that were there. */
void cookies_reset(struct cookies *cookies);

/* The cookie of an address: 0 or ERR_NOMEM. */
int cookies_make(struct cookies *cookies, struct entropy *entropy, struct mono now,
		 struct span address, uint8_t ret[HANDSHAKE_COOKIE_BYTES]);

/* True if mac2 was made with a cookie of ours for this address that still counts. */
bool cookies_check(const struct cookies *cookies, struct mono now, struct span address,
		   const struct handshake_macs *macs);

/* What seals one cookie. All borrowed. */
struct cookie_seal {
	const uint8_t *mac1_key; /* of the run, MAC_KEY_BYTES */
	struct span mac1;        /* of the M0 that is answered */
	struct span nonce;       /* HANDSHAKE_COOKIE_NONCE_BYTES, never twice for one M0 */
};

/* 0, ERR_NOMEM or ERR_CRYPTO. */
int cookie_seal(const struct cookie_seal *seal, const uint8_t cookie[HANDSHAKE_COOKIE_BYTES],
		uint8_t ret[COOKIE_SEALED_BYTES]);

/* 0, ERR_AUTH (not made for this M0), ERR_NOMEM or ERR_CRYPTO. */
int cookie_open(const struct cookie_seal *seal, struct span sealed,
		uint8_t ret[HANDSHAKE_COOKIE_BYTES]);

/* 0 or ERR_NOMEM. */
int cookie_mac2(const uint8_t cookie[HANDSHAKE_COOKIE_BYTES], struct span covered,
		uint8_t ret[HANDSHAKE_MAC_BYTES]);

#endif
