/* x25519_null.c - x25519.h without secrecy: two sides share a hash of both public keys, which
 * everybody who listens could make. Same sizes, both ends agree, and no other pair has the same.
 * Never linked into ipopd; see key_null.c for how it takes the place of x25519.c.
 */
#include "crypto/x25519.h"

#include "base/err.h"
#include "crypto/hash.h"

int x25519_public(const uint8_t secret[X25519_BYTES], uint8_t ret[X25519_BYTES])
{
	const struct span parts[] = { span_text("null x25519"), span_of(secret, X25519_BYTES) };

	hash_sha256(parts, 2, ret);
	return 0;
}

int x25519_shared(const uint8_t secret[X25519_BYTES], const uint8_t public[X25519_BYTES],
		  const uint8_t theirs[X25519_BYTES], uint8_t ret[X25519_BYTES])
{
	const bool ours_first = memcmp(public, theirs, X25519_BYTES) < 0;
	const struct span parts[] = { span_of(ours_first ? public : theirs, X25519_BYTES),
				      span_of(ours_first ? theirs : public, X25519_BYTES) };

	(void)secret;
	if (span_is_zero(span_of(theirs, X25519_BYTES))) {
		memset(ret, 0, X25519_BYTES);
		return ERR_CRYPTO;
	}
	hash_sha256(parts, 2, ret);
	return 0;
}
