/* key_null.c - the functions of key.h that a simulation needs, without secrecy: anybody who knows a
 * public key can make its signatures. Same sizes and encodings as Ed25519, one signature a message,
 * and whatever is not that signature is refused. Never linked into ipopd.
 *
 * It takes the place of key.c when a program links it whole (meson: crypto_scale_dep). If anything
 * needs the rest of key.h the linker finds two of each, and says so.
 */
#include "crypto/key.h"

#include "base/err.h"

#include <stdlib.h>

#define PUBLIC_BYTES 32
#define SIGNATURE_BYTES 64

/* SubjectPublicKeyInfo of Ed25519 up to the key: RFC 8410, 4. */
static const uint8_t ed25519_spki[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };

struct key {
	uint8_t spki[sizeof(ed25519_spki) + PUBLIC_BYTES];
};

int key_new(enum key_kind kind, const uint8_t secret[KEY_SECRET_BYTES], struct key **ret)
{
	const struct span parts[] = { span_text("null key"), span_of(secret, KEY_SECRET_BYTES) };
	struct key *key = kind == KEY_ED25519 ? calloc(1, sizeof(*key)) : NULL;

	if (key == NULL)
		return ERR_NOMEM;
	memcpy(key->spki, ed25519_spki, sizeof(ed25519_spki));
	hash_sha256(parts, 2, key->spki + sizeof(ed25519_spki));
	*ret = key;
	return 0;
}

void key_free(struct key *key)
{
	free(key);
}

enum key_kind key_kind(const struct key *key)
{
	(void)key;
	return KEY_ED25519;
}

struct span key_spki(const struct key *key)
{
	return span_of(key->spki, sizeof(key->spki));
}

int key_spki_kind(struct span spki, enum key_kind *ret)
{
	if (spki.len != sizeof(ed25519_spki) + PUBLIC_BYTES ||
	    memcmp(spki.data, ed25519_spki, sizeof(ed25519_spki)) != 0)
		return ERR_UNSUPPORTED;
	*ret = KEY_ED25519;
	return 0;
}

bool key_signature_is_canonical(enum key_kind kind, struct span signature)
{
	return kind == KEY_ED25519 && signature.len == SIGNATURE_BYTES;
}

/* A hash of key and message, twice. */
static void make_signature(struct span spki, struct span message, uint8_t ret[SIGNATURE_BYTES])
{
	const struct span parts[] = { spki, message };

	hash_sha256(parts, 2, ret);
	memcpy(ret + HASH_BYTES, ret, HASH_BYTES);
}

int key_sign(const struct key *key, struct span message, uint8_t *ret, size_t *ret_len)
{
	make_signature(key_spki(key), message, ret);
	*ret_len = SIGNATURE_BYTES;
	return 0;
}

int key_verify(struct span spki, struct span message, struct span signature)
{
	uint8_t expected[SIGNATURE_BYTES];
	enum key_kind kind;

	if (key_spki_kind(spki, &kind) != 0)
		return ERR_UNSUPPORTED;
	make_signature(spki, message, expected);
	return span_equal(signature, span_of(expected, sizeof(expected))) ? 0 : ERR_AUTH;
}
