/* aead.c - see aead.h: the two ciphers of OpenSSL.
 *
 * A cipher is looked up and keyed in init; a packet then costs setting the nonce, the bytes and the
 * tag, and allocates nothing. One context serves both directions: both ciphers run the same key
 * schedule forwards whether they seal or open.
 */
#include "crypto/aead.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/hash.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static int openssl_init(struct aead *aead, const char *name, const uint8_t key[AEAD_KEY_BYTES])
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int err = 0;

	if (cipher == NULL || ctx == NULL)
		err = ERR_NOMEM;
	else if (EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) != 1)
		err = ERR_CRYPTO;
	EVP_CIPHER_free(cipher); /* the context holds its own reference */
	if (err != 0) {
		EVP_CIPHER_CTX_free(ctx);
		ERR_clear_error();
		return err;
	}
	aead->state = ctx;
	return 0;
}

static int aes_256_gcm_init(struct aead *aead, const uint8_t key[AEAD_KEY_BYTES])
{
	return openssl_init(aead, "AES-256-GCM", key);
}

static int chacha20_poly1305_init(struct aead *aead, const uint8_t key[AEAD_KEY_BYTES])
{
	return openssl_init(aead, "ChaCha20-Poly1305", key);
}

static void openssl_free(struct aead *aead)
{
	EVP_CIPHER_CTX_free(aead->state); /* which wipes */
}

static int openssl_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
			struct span plain, uint8_t *ret)
{
	EVP_CIPHER_CTX *ctx = aead->state;
	int n;

	if (EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL) == 1 &&
	    (aad.len == 0 || EVP_EncryptUpdate(ctx, NULL, &n, aad.data, (int)aad.len) == 1) &&
	    (plain.len == 0 || EVP_EncryptUpdate(ctx, ret, &n, plain.data, (int)plain.len) == 1) &&
	    EVP_EncryptFinal_ex(ctx, ret + plain.len, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, ret + plain.len) == 1)
		return 0;
	ERR_clear_error();
	return ERR_CRYPTO;
}

static int openssl_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
			struct span sealed, uint8_t *ret)
{
	EVP_CIPHER_CTX *ctx = aead->state;
	const size_t len = sealed.len - AEAD_TAG_BYTES;
	uint8_t tag[AEAD_TAG_BYTES];
	int n;

	memcpy(tag, sealed.data + len, sizeof(tag)); /* EVP takes it through a non-const pointer */
	if (EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, NULL) == 1 &&
	    (aad.len == 0 || EVP_DecryptUpdate(ctx, NULL, &n, aad.data, (int)aad.len) == 1) &&
	    (len == 0 || EVP_DecryptUpdate(ctx, ret, &n, sealed.data, (int)len) == 1) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, tag) == 1 &&
	    SECCHECK(SEC_AEAD_TAG, EVP_DecryptFinal_ex(ctx, ret + len, &n) == 1))
		return 0;
	secret_wipe(ret, len);
	ERR_clear_error();
	return ERR_AUTH;
}

const struct aead_ops aead_aes_256_gcm = {
	.name = "AES-256-GCM (OpenSSL)",
	.init = aes_256_gcm_init,
	.free = openssl_free,
	.seal = openssl_seal,
	.open = openssl_open,
};

const struct aead_ops aead_chacha20_poly1305 = {
	.name = "ChaCha20-Poly1305 (OpenSSL)",
	.init = chacha20_poly1305_init,
	.free = openssl_free,
	.seal = openssl_seal,
	.open = openssl_open,
};

int aead_init(struct aead *aead, const struct aead_ops *ops, const uint8_t key[AEAD_KEY_BYTES])
{
	*aead = (struct aead){ .ops = ops };

	const int err = ops->init(aead, key);
	if (err != 0)
		*aead = (struct aead){ 0 };
	return err;
}

void aead_free(struct aead *aead)
{
	if (aead->ops != NULL)
		aead->ops->free(aead);
	*aead = (struct aead){ 0 };
}

int aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
	      struct span plain, uint8_t *ret)
{
	CHECK(aad.len <= INT_MAX && plain.len <= INT_MAX - AEAD_TAG_BYTES);
	return aead->ops->seal(aead, nonce, aad, plain, ret);
}

int aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_BYTES], struct span aad,
	      struct span sealed, uint8_t *ret)
{
	CHECK(aad.len <= INT_MAX && sealed.len <= INT_MAX);
	if (sealed.len < AEAD_TAG_BYTES)
		return ERR_AUTH;
	return aead->ops->open(aead, nonce, aad, sealed, ret);
}

void aead_counter_nonce(uint64_t counter, uint8_t ret[AEAD_NONCE_BYTES])
{
	memset(ret, 0, AEAD_NONCE_BYTES - sizeof(counter));
	for (size_t i = AEAD_NONCE_BYTES; i > AEAD_NONCE_BYTES - sizeof(counter); i--) {
		ret[i - 1] = (uint8_t)counter;
		counter >>= 8;
	}
}
