/* x25519.c - see x25519.h. */
#include "crypto/x25519.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* A key of the library's, of one half or both. */
static EVP_PKEY *make_key(const uint8_t *secret, const uint8_t *public)
{
	uint8_t copies[2][X25519_BYTES]; /* parameters are only read, but their type has no const */
	OSSL_PARAM params[3], *end = params;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
	EVP_PKEY *key = NULL;

	if (secret != NULL) {
		memcpy(copies[0], secret, X25519_BYTES);
		*end++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, copies[0],
							   X25519_BYTES);
	}
	if (public != NULL) {
		memcpy(copies[1], public, X25519_BYTES);
		*end++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copies[1],
							   X25519_BYTES);
	}
	*end = OSSL_PARAM_construct_end();
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key,
					secret != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
					params); /* on failure `key` stays NULL */
	EVP_PKEY_CTX_free(ctx);
	secret_wipe(copies, sizeof(copies));
	return key;
}

int x25519_public(const uint8_t secret[X25519_BYTES], uint8_t ret[X25519_BYTES])
{
	EVP_PKEY *key = make_key(secret, NULL);
	size_t len = X25519_BYTES;
	const bool made = key != NULL && EVP_PKEY_get_raw_public_key(key, ret, &len) == 1;

	EVP_PKEY_free(key);
	ERR_clear_error();
	return made && len == X25519_BYTES ? 0 : ERR_CRYPTO;
}

int x25519_shared(const uint8_t secret[X25519_BYTES], const uint8_t public[X25519_BYTES],
		  const uint8_t theirs[X25519_BYTES], uint8_t ret[X25519_BYTES])
{
	static const uint8_t zero[X25519_BYTES];
	EVP_PKEY *key = make_key(secret, public);
	EVP_PKEY *peer = make_key(NULL, theirs);
	EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	size_t len = X25519_BYTES;
	int err = ERR_CRYPTO;

	memset(ret, 0, X25519_BYTES);
	if (ctx != NULL && peer != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1) {
		const bool derived = EVP_PKEY_derive(ctx, ret, &len) == 1;

		/* A point of small order gives zero whatever the secret is, so who sends one knows
		 * the result without holding a key (RFC 7748, 6.1). OpenSSL refuses it as well; we
		 * do not lean on that. */
		if (SECCHECK(SEC_X25519_NONZERO, derived && !secret_equal(ret, zero, sizeof(zero))))
			err = 0;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return err;
}
