/* start.c - see start.h. */
#include "crypto/start.h"

#include "base/err.h"
#include "crypto/key.h"
#include "crypto/suite.h"
#include "crypto/x25519.h"

#include <openssl/crypto.h>

/* SHA-256, HMAC and HKDF stand on one hash; BLAKE2s is a library algorithm of its own. Answers are
 * those of the unit tests: FIPS 180-4, the BLAKE2 reference code. */
static bool hashes_work(void)
{
	static const uint8_t sha256_abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
	static const uint8_t blake2s_empty[] = { 0x95, 0x36, 0xf9, 0xb2, 0x67, 0x65, 0x57, 0x43 };
	const struct span abc = span_text("abc");
	uint8_t key[MAC_KEY_BYTES], hash[HASH_BYTES], mac[MAC_BYTES];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	hash_sha256(&abc, 1, hash);
	return memcmp(hash, sha256_abc, sizeof(sha256_abc)) == 0 &&
	       mac_once(key, NULL, 0, mac) == 0 &&
	       memcmp(mac, blake2s_empty, sizeof(blake2s_empty)) == 0;
}

/* Seals, opens, and refuses what was changed. */
static bool suite_works(const struct suite *suite)
{
	static const uint8_t key[AEAD_KEY_BYTES] = { 1 }, nonce[AEAD_NONCE_BYTES] = { 2 };
	uint8_t bytes[8 + AEAD_TAG_BYTES] = "message";
	const struct span plain = span_of(bytes, 8), sealed = span_of(bytes, sizeof(bytes));
	struct aead aead;

	if (aead_init(&aead, suite->handshake, key) != 0)
		return false;

	bool works = aead_seal(&aead, nonce, span_of(NULL, 0), plain, bytes) == 0 &&
		     memcmp(bytes, "message", 8) != 0 &&
		     aead_open(&aead, nonce, span_of(NULL, 0), sealed, bytes) == 0 &&
		     memcmp(bytes, "message", 8) == 0 &&
		     aead_seal(&aead, nonce, span_of(NULL, 0), plain, bytes) == 0;
	bytes[0] ^= 1;
	works = works && aead_open(&aead, nonce, span_of(NULL, 0), sealed, bytes) == ERR_AUTH;
	aead_free(&aead);
	return works;
}

/* RFC 7748, 6.1: Alice's public key. */
static bool x25519_works(void)
{
	static const uint8_t secret[X25519_BYTES] = {
		0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
		0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
		0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
	};
	static const uint8_t expected[] = { 0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54 };
	uint8_t public[X25519_BYTES], shared[X25519_BYTES];

	return x25519_public(secret, public) == 0 &&
	       memcmp(public, expected, sizeof(expected)) == 0 &&
	       x25519_shared(secret, public, public, shared) == 0;
}

static bool key_works(enum key_kind kind)
{
	static const uint8_t secret[KEY_SECRET_BYTES] = { 3 };
	const struct span message = span_text("message");
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
	size_t len;
	struct key *key;

	if (key_new(kind, secret, &key) != 0)
		return false;

	bool works = key_sign(key, message, signature, &len) == 0 &&
		     key_verify(key_spki(key), message, span_of(signature, len)) == 0 &&
		     key_verify(key_spki(key), span_text("messagf"), span_of(signature, len)) ==
			     ERR_AUTH;
	key_free(key);
	return works;
}

int crypto_start(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return ERR_CRYPTO;
	for (const struct suite *suite = suites_all; suite->id != SUITE_NONE; suite++)
		if (!suite_works(suite))
			return ERR_CRYPTO;
	return hashes_work() && x25519_works() && key_works(KEY_ED25519) && key_works(KEY_P256)
		       ? 0
		       : ERR_CRYPTO;
}
