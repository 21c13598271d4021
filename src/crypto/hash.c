/* hash.c - see hash.h.
 *
 * SHA-256 is computed on the stack, by the oldest of the library's interfaces: it takes no memory,
 * so it cannot fail, and looks nothing up by name. The newer one takes some hundred bytes a hash,
 * and there is nothing that a handshake could say when there are none. OpenSSL 3.0 calls the old
 * one deprecated; that it goes on giving the published answers is asked at each start (start.c).
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.h"

#include "base/check.h"
#include "base/err.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#define SHA256_BLOCK_BYTES 64

/* One SHA-256 after the other. The library's calls have no reason to fail. */
struct hasher {
	SHA256_CTX ctx;
};

/* Wipes what the hash has seen. */
static void hasher_close(struct hasher *h)
{
	secret_wipe(h, sizeof(*h));
}

static void begin(struct hasher *h)
{
	CHECK(SHA256_Init(&h->ctx) == 1);
}

static void add(struct hasher *h, struct span bytes)
{
	CHECK(SHA256_Update(&h->ctx, bytes.data, bytes.len) == 1);
}

static void end(struct hasher *h, uint8_t ret[HASH_BYTES])
{
	CHECK(SHA256_Final(ret, &h->ctx) == 1);
}

/* `ret` may be the key or one of the parts. */
static void hmac(struct hasher *h, struct span key, const struct span *parts, size_t count,
		 uint8_t ret[HASH_BYTES])
{
	uint8_t pad[SHA256_BLOCK_BYTES] = { 0 }, inner[HASH_BYTES];

	if (key.len > sizeof(pad)) {
		begin(h);
		add(h, key);
		end(h, pad);
	} else if (key.len > 0) {
		memcpy(pad, key.data, key.len);
	}

	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	begin(h);
	add(h, span_of(pad, sizeof(pad)));
	for (size_t i = 0; i < count; i++)
		add(h, parts[i]);
	end(h, inner);

	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	begin(h);
	add(h, span_of(pad, sizeof(pad)));
	add(h, span_of(inner, sizeof(inner)));
	end(h, ret);

	secret_wipe(pad, sizeof(pad));
	secret_wipe(inner, sizeof(inner));
}

void hash_sha256(const struct span *parts, size_t count, uint8_t ret[HASH_BYTES])
{
	struct hasher h;

	begin(&h);
	for (size_t i = 0; i < count; i++)
		add(&h, parts[i]);
	end(&h, ret);
	hasher_close(&h);
}

void hash_hmac(struct span key, const struct span *parts, size_t count, uint8_t ret[HASH_BYTES])
{
	struct hasher h;

	hmac(&h, key, parts, count, ret);
	hasher_close(&h);
}

/* The expand step, which RFC 5869 and the Noise specification share: T(n) = HMAC(key, T(n - 1) |
 * info | n), T(0) empty; the output is T(1) | T(2) | ... */
static void expand(struct hasher *h, const uint8_t key[HASH_BYTES], struct span info, uint8_t *ret,
		   size_t ret_len)
{
	uint8_t block[HASH_BYTES], counter = 0;

	for (size_t done = 0; done < ret_len; done += HASH_BYTES) {
		const size_t left = ret_len - done;
		const struct span parts[] = { span_of(block, counter == 0 ? 0 : HASH_BYTES), info,
					      span_of(&counter, 1) };

		counter++;
		hmac(h, span_of(key, HASH_BYTES), parts, 3, block);
		memcpy(ret + done, block, left < HASH_BYTES ? left : HASH_BYTES);
	}
	secret_wipe(block, sizeof(block));
}

void hash_hkdf(struct span salt, struct span secret, struct span info, uint8_t *ret, size_t ret_len)
{
	struct hasher h;
	uint8_t key[HASH_BYTES];

	CHECK(ret_len <= (size_t)255 * HASH_BYTES);
	hmac(&h, salt, &secret, 1, key);
	expand(&h, key, info, ret, ret_len);
	secret_wipe(key, sizeof(key));
	hasher_close(&h);
}

void hash_noise_hkdf(const uint8_t chaining_key[HASH_BYTES], struct span input,
		     uint8_t ret1[HASH_BYTES], uint8_t ret2[HASH_BYTES], uint8_t ret3[HASH_BYTES])
{
	const size_t count = ret3 != NULL && ret2 != NULL ? 3 : ret2 != NULL ? 2 : 1;
	struct hasher h;
	uint8_t key[HASH_BYTES], all[3 * HASH_BYTES];

	hmac(&h, span_of(chaining_key, HASH_BYTES), &input, 1, key);
	expand(&h, key, span_of(NULL, 0), all, count * HASH_BYTES);
	memcpy(ret1, all, HASH_BYTES);
	if (count > 1)
		memcpy(ret2, all + HASH_BYTES, HASH_BYTES);
	if (count > 2)
		memcpy(ret3, all + (size_t)2 * HASH_BYTES, HASH_BYTES);
	secret_wipe(key, sizeof(key));
	secret_wipe(all, sizeof(all));
	hasher_close(&h);
}

int mac_init(struct mac *mac, const uint8_t key[MAC_KEY_BYTES])
{
	size_t size = MAC_BYTES;
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
				      OSSL_PARAM_construct_end() };
	EVP_MAC *blake2s = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_BLAKE2SMAC, NULL);
	EVP_MAC_CTX *ctx = blake2s == NULL ? NULL : EVP_MAC_CTX_new(blake2s);

	EVP_MAC_free(blake2s); /* the context holds its own reference */
	mac->context = NULL;
	if (ctx == NULL || EVP_MAC_init(ctx, key, MAC_KEY_BYTES, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ERR_clear_error();
		return ERR_NOMEM;
	}
	mac->context = ctx;
	return 0;
}

void mac_free(struct mac *mac)
{
	EVP_MAC_CTX_free(mac->context);
	mac->context = NULL;
}

void mac_compute(const struct mac *mac, const struct span *parts, size_t count,
		 uint8_t ret[MAC_BYTES])
{
	EVP_MAC_CTX *ctx = mac->context;
	size_t len = 0;

	CHECK(EVP_MAC_init(ctx, NULL, 0, NULL) == 1); /* starts again under the same key */
	for (size_t i = 0; i < count; i++)
		CHECK(EVP_MAC_update(ctx, parts[i].data, parts[i].len) == 1);
	CHECK(EVP_MAC_final(ctx, ret, &len, MAC_BYTES) == 1 && len == MAC_BYTES);
}

int mac_once(const uint8_t key[MAC_KEY_BYTES], const struct span *parts, size_t count,
	     uint8_t ret[MAC_BYTES])
{
	struct mac mac;
	const int err = mac_init(&mac, key);

	if (err != 0)
		return err;
	mac_compute(&mac, parts, count, ret);
	mac_free(&mac);
	return 0;
}

bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void secret_wipe(void *secret, size_t len)
{
	OPENSSL_cleanse(secret, len);
}
