/* x25519.h - Diffie-Hellman on Curve25519 (RFC 7748). */
#ifndef CRYPTO_X25519_H
#define CRYPTO_X25519_H

#include <stdint.h>

#define X25519_BYTES 32 /* of a secret, a public key and what two sides share */

/* The public key of 32 secret bytes: 0 or ERR_CRYPTO. */
int x25519_public(const uint8_t secret[X25519_BYTES], uint8_t ret[X25519_BYTES]);

/* What the owner of (secret, public) shares with the owner of `theirs`: 0, or ERR_CRYPTO with
 * `ret` all zero, above all for a `theirs` of small order. `public` must be that of `secret`; it is
 * asked for because making it again would double the work. */
int x25519_shared(const uint8_t secret[X25519_BYTES], const uint8_t public[X25519_BYTES],
		  const uint8_t theirs[X25519_BYTES], uint8_t ret[X25519_BYTES]);

#endif
