/* key.c - see key.h.
 *
 * A key is its kind and 32 secret bytes; whatever form it is read from, it is made anew of these,
 * so the public half always has one encoding.
 */
#include "crypto/key.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/der.h"
#include "crypto/ecdsa.h"
#include "crypto/pem.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define ED25519_BYTES 32
#define ED25519_SIGNATURE_BYTES 64
#define P256_POINT_BYTES 65 /* the form (4: uncompressed), x and y */
#define UNCOMPRESSED 4
#define PKCS8_BYTES_MAX 1024
#define DRAWS_MAX 8 /* one in 2^32 is no P-256 key */

/* scrypt with 16 MiB, five times over: about 0.2 s for whoever tries a passphrase (RFC 7914, 2). */
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 5

static const char plain_label[] = "PRIVATE KEY", encrypted_label[] = "ENCRYPTED PRIVATE KEY";

/* SubjectPublicKeyInfo up to the key: RFC 8410, 4; RFC 5480, 2 (named curve). */
static const uint8_t ed25519_spki[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
static const uint8_t p256_spki[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				     0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				     0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };

/* PrivateKeyInfo up to the secret bytes, which are its end: RFC 8410, 7; RFC 5208 with RFC 5915. */
static const uint8_t ed25519_pkcs8[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
					 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
static const uint8_t p256_pkcs8[] = { 0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07,
				      0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
				      0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04,
				      0x27, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20 };

struct key {
	enum key_kind kind;
	EVP_PKEY *pkey; /* owned */
	uint8_t secret[KEY_SECRET_BYTES];
	uint8_t spki[KEY_SPKI_BYTES_MAX];
	size_t spki_len;
};

static void put_pkcs8(struct writer *w, enum key_kind kind, const uint8_t secret[KEY_SECRET_BYTES])
{
	if (kind == KEY_ED25519)
		writer_bytes(w, ed25519_pkcs8, sizeof(ed25519_pkcs8));
	else
		writer_bytes(w, p256_pkcs8, sizeof(p256_pkcs8));
	writer_bytes(w, secret, KEY_SECRET_BYTES);
}

static PKCS8_PRIV_KEY_INFO *pkcs8_of(enum key_kind kind, const uint8_t secret[KEY_SECRET_BYTES])
{
	uint8_t buffer[sizeof(p256_pkcs8) + KEY_SECRET_BYTES];
	struct writer w = writer_of(buffer, sizeof(buffer));
	const unsigned char *at = buffer;

	put_pkcs8(&w, kind, secret);

	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)w.len);
	secret_wipe(buffer, sizeof(buffer));
	return info;
}

/* 0 < secret < n (FIPS 186-4, B.4.2). */
static bool is_scalar(const uint8_t secret[KEY_SECRET_BYTES])
{
	return !span_is_zero(span_of(secret, KEY_SECRET_BYTES)) &&
	       memcmp(secret, ecdsa_order, KEY_SECRET_BYTES) < 0;
}

/* A key of P-256 from its parts: the point, and the scalar in the machine's order or NULL. (The
 * library's readers of PKCS#8 and SPKI would do, but they leave copies of secrets behind and take
 * the time of several signatures.) */
static EVP_PKEY *p256_key(const uint8_t point[P256_POINT_BYTES], const uint8_t *native_scalar)
{
	static const char group[] = "prime256v1";
	char name[sizeof(group)]; /* parameters are only read, but have no const */
	uint8_t public[P256_POINT_BYTES], private[KEY_SECRET_BYTES];
	OSSL_PARAM params[4], *end = params;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	memcpy(name, group, sizeof(group));
	memcpy(public, point, sizeof(public));
	*end++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	*end++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public, sizeof(public));
	if (native_scalar != NULL) {
		memcpy(private, native_scalar, sizeof(private));
		*end++ =
			OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, private, sizeof(private));
	}
	*end = OSSL_PARAM_construct_end();
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(
			ctx, &key, native_scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			params); /* on failure `key` stays NULL */
	EVP_PKEY_CTX_free(ctx);
	secret_wipe(private, sizeof(private));
	return key;
}

/* The scalar times the group's generator, uncompressed. */
static EVP_PKEY *p256_key_of(const uint8_t secret[KEY_SECRET_BYTES],
			     uint8_t ret_point[P256_POINT_BYTES])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
	BIGNUM *scalar = BN_secure_new();
	uint8_t native[KEY_SECRET_BYTES];
	EVP_PKEY *key = NULL;

	if (point != NULL && scalar != NULL &&
	    BN_bin2bn(secret, KEY_SECRET_BYTES, scalar) != NULL &&
	    EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
	    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point,
			       P256_POINT_BYTES, NULL) == P256_POINT_BYTES &&
	    BN_bn2nativepad(scalar, native, sizeof(native)) == sizeof(native))
		key = p256_key(ret_point, native);
	secret_wipe(native, sizeof(native));
	BN_clear_free(scalar);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return key;
}

static EVP_PKEY *ed25519_key_of(const uint8_t secret[KEY_SECRET_BYTES],
				uint8_t ret_public[ED25519_BYTES])
{
	size_t len = ED25519_BYTES;
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, secret, KEY_SECRET_BYTES);

	if (key != NULL && EVP_PKEY_get_raw_public_key(key, ret_public, &len) != 1) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

int key_new(enum key_kind kind, const uint8_t secret[KEY_SECRET_BYTES], struct key **ret)
{
	uint8_t public[P256_POINT_BYTES];

	if (kind == KEY_P256 && !is_scalar(secret))
		return ERR_CRYPTO;

	struct key *key = calloc(1, sizeof(*key));
	if (key == NULL)
		return ERR_NOMEM;

	struct writer spki = writer_of(key->spki, sizeof(key->spki));
	key->kind = kind;
	memcpy(key->secret, secret, sizeof(key->secret));
	if (kind == KEY_ED25519) {
		key->pkey = ed25519_key_of(secret, public);
		writer_bytes(&spki, ed25519_spki, sizeof(ed25519_spki));
		writer_bytes(&spki, public, ED25519_BYTES);
	} else {
		key->pkey = p256_key_of(secret, public);
		writer_bytes(&spki, p256_spki, sizeof(p256_spki));
		writer_bytes(&spki, public, P256_POINT_BYTES);
	}
	key->spki_len = spki.len;
	ERR_clear_error();
	if (key->pkey == NULL) {
		key_free(key);
		return ERR_CRYPTO;
	}
	*ret = key;
	return 0;
}

int key_draw(enum key_kind kind, struct entropy *entropy, struct key **ret)
{
	uint8_t secret[KEY_SECRET_BYTES];
	int err = ERR_CRYPTO;

	for (unsigned i = 0; i < DRAWS_MAX && err == ERR_CRYPTO; i++) {
		entropy_bytes(entropy, secret, sizeof(secret));
		err = key_new(kind, secret, ret);
	}
	secret_wipe(secret, sizeof(secret));
	return err;
}

void key_free(struct key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	secret_wipe(key, sizeof(*key));
	free(key);
}

/* The kind that an AlgorithmIdentifier says: RFC 8410, 3 (no parameters); RFC 5480, 2.1.1 (the
 * parameter names the curve). */
static int take_kind(const X509_ALGOR *algorithm, enum key_kind *ret)
{
	const ASN1_OBJECT *oid = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;

	X509_ALGOR_get0(&oid, &type, &value, algorithm);

	const int nid = OBJ_obj2nid(oid);
	if (nid == NID_ED25519)
		*ret = KEY_ED25519;
	else if (nid == NID_X9_62_id_ecPublicKey && type == V_ASN1_OBJECT &&
		 OBJ_obj2nid(value) == NID_X9_62_prime256v1)
		*ret = KEY_P256;
	else
		return ERR_UNSUPPORTED;
	return 0;
}

/* The secret bytes out of the key's own structure: an OCTET STRING (RFC 8410, 7), or for P-256 the
 * second item of a sequence (RFC 5915, 3), whose public half does not matter to us. */
static bool take_secret(enum key_kind kind, struct span structure, struct span *ret)
{
	struct reader outer = reader_of(structure);
	struct span content, version;

	if (kind == KEY_ED25519)
		return der_take_tag(&outer, DER_OCTET_STRING, ret) && reader_end(&outer) &&
		       ret->len == KEY_SECRET_BYTES;
	if (!der_take_tag(&outer, DER_SEQUENCE, &content) || !reader_end(&outer))
		return false;

	struct reader inner = reader_of(content);
	return der_take_unsigned(&inner, &version) && der_take_tag(&inner, DER_OCTET_STRING, ret) &&
	       ret->len == KEY_SECRET_BYTES;
}

static int key_from_pkcs8(const PKCS8_PRIV_KEY_INFO *info, struct key **ret)
{
	const X509_ALGOR *algorithm = NULL;
	const unsigned char *bytes = NULL;
	enum key_kind kind;
	struct span secret;
	int len = 0;

	if (PKCS8_pkey_get0(NULL, &bytes, &len, &algorithm, info) != 1)
		return ERR_MALFORMED;
	if (take_kind(algorithm, &kind) != 0)
		return ERR_UNSUPPORTED;
	if (!take_secret(kind, span_of(bytes, (size_t)len), &secret))
		return ERR_MALFORMED;

	const int err = key_new(kind, secret.data, ret);
	return err == ERR_CRYPTO ? ERR_MALFORMED : err;
}

/* What no passphrase opens, as a damaged file, looks like a wrong one. */
static int decrypt_pkcs8(struct span der, struct span passphrase, PKCS8_PRIV_KEY_INFO **ret)
{
	const unsigned char *at = der.data;
	X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)der.len);

	if (sealed == NULL)
		return ERR_MALFORMED;
	*ret = PKCS8_decrypt_ex(sealed, (const char *)passphrase.data, (int)passphrase.len, NULL,
				NULL);
	X509_SIG_free(sealed);
	return SECCHECK(SEC_KEY_PASSPHRASE, *ret != NULL) ? 0 : ERR_PASSPHRASE;
}

int key_from_pem(struct span pem, struct span passphrase, struct key **ret)
{
	const bool encrypted = key_pem_is_encrypted(pem);
	uint8_t buffer[PKCS8_BYTES_MAX];
	struct writer der = writer_of(buffer, sizeof(buffer));
	const unsigned char *at = buffer;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	int err = pem_decode(pem, encrypted ? encrypted_label : plain_label, &der);

	if (err != 0)
		err = ERR_MALFORMED;
	else if (encrypted)
		err = passphrase.len == 0 ? ERR_PASSPHRASE
					  : decrypt_pkcs8(writer_span(&der), passphrase, &info);
	else
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
	if (err == 0)
		err = info == NULL ? ERR_MALFORMED : key_from_pkcs8(info, ret);
	PKCS8_PRIV_KEY_INFO_free(info);
	secret_wipe(buffer, sizeof(buffer));
	ERR_clear_error();
	return err;
}

static int encrypt_pkcs8(const struct key *key, struct span passphrase, struct entropy *entropy,
			 struct writer *ret)
{
	uint8_t salt[16], iv[16];
	uint8_t *out = NULL;
	PKCS8_PRIV_KEY_INFO *info = pkcs8_of(key->kind, key->secret);
	X509_SIG *sealed = NULL;
	int len = -1;

	entropy_bytes(entropy, salt, sizeof(salt));
	entropy_bytes(entropy, iv, sizeof(iv));

	X509_ALGOR *how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof(salt), iv, SCRYPT_N,
						SCRYPT_R, SCRYPT_P);
	if (info != NULL && how != NULL)
		sealed = PKCS8_set0_pbe_ex((const char *)passphrase.data, (int)passphrase.len, info,
					   how, NULL, NULL);
	if (sealed != NULL)
		len = i2d_X509_SIG(sealed, &out);
	else
		X509_ALGOR_free(how); /* else it belongs to `sealed` */
	if (len > 0)
		writer_bytes(ret, out, (size_t)len);
	OPENSSL_free(out);
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return len > 0 && writer_ok(ret) ? 0 : ERR_CRYPTO;
}

int key_to_pem(const struct key *key, struct span passphrase, struct entropy *entropy, uint8_t *ret,
	       size_t *ret_len)
{
	uint8_t buffer[PKCS8_BYTES_MAX];
	struct writer der = writer_of(buffer, sizeof(buffer));
	struct writer pem = writer_of(ret, KEY_PEM_BYTES_MAX);
	int err = 0;

	if (passphrase.len > 0)
		err = encrypt_pkcs8(key, passphrase, entropy, &der);
	else
		put_pkcs8(&der, key->kind, key->secret);
	if (err == 0)
		err = pem_encode(writer_span(&der),
				 passphrase.len > 0 ? encrypted_label : plain_label, &pem);
	secret_wipe(buffer, sizeof(buffer));
	if (err == 0)
		*ret_len = pem.len;
	return err;
}

bool key_pem_is_encrypted(struct span pem)
{
	return pem_has_label(pem, encrypted_label);
}

enum key_kind key_kind(const struct key *key)
{
	return key->kind;
}

struct span key_spki(const struct key *key)
{
	return span_of(key->spki, key->spki_len);
}

int key_spki_kind(struct span spki, enum key_kind *ret)
{
	if (spki.len == sizeof(ed25519_spki) + ED25519_BYTES &&
	    memcmp(spki.data, ed25519_spki, sizeof(ed25519_spki)) == 0)
		*ret = KEY_ED25519;
	else if (spki.len == sizeof(p256_spki) + P256_POINT_BYTES &&
		 memcmp(spki.data, p256_spki, sizeof(p256_spki)) == 0 &&
		 spki.data[sizeof(p256_spki)] == UNCOMPRESSED)
		*ret = KEY_P256;
	else
		return ERR_UNSUPPORTED;
	return 0;
}

/* Ed25519 hashes for itself. */
static const char *digest_of(enum key_kind kind)
{
	return kind == KEY_ED25519 ? NULL : "SHA256";
}

int key_sign(const struct key *key, struct span message, uint8_t *ret, size_t *ret_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = KEY_SIGNATURE_BYTES_MAX;
	int err = ERR_CRYPTO;

	if (ctx != NULL &&
	    EVP_DigestSignInit_ex(ctx, NULL, digest_of(key->kind), NULL, NULL, key->pkey, NULL) ==
		    1 &&
	    EVP_DigestSign(ctx, ret, &len, message.data, message.len) == 1) {
		if (key->kind == KEY_P256)
			ecdsa_make_canonical(ret, &len);
		*ret_len = len;
		err = 0;
	}
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

bool key_signature_is_canonical(enum key_kind kind, struct span signature)
{
	return kind == KEY_ED25519 ? signature.len == ED25519_SIGNATURE_BYTES
				   : ecdsa_is_canonical(signature);
}

static EVP_PKEY *public_key(enum key_kind kind, struct span spki)
{
	if (kind == KEY_ED25519)
		return EVP_PKEY_new_raw_public_key_ex(
			NULL, "ED25519", NULL, spki.data + sizeof(ed25519_spki), ED25519_BYTES);
	return p256_key(spki.data + sizeof(p256_spki), NULL);
}

int key_verify(struct span spki, struct span message, struct span signature)
{
	enum key_kind kind = KEY_ED25519;

	if (!SECCHECK(SEC_KEY_KIND, key_spki_kind(spki, &kind) == 0))
		return ERR_UNSUPPORTED;
	if (!SECCHECK(SEC_KEY_SIGNATURE_FORM, key_signature_is_canonical(kind, signature)))
		return ERR_AUTH;

	EVP_PKEY *pkey = public_key(kind, spki);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const bool ready =
		pkey != NULL && ctx != NULL &&
		EVP_DigestVerifyInit_ex(ctx, NULL, digest_of(kind), NULL, NULL, pkey, NULL) == 1;
	const bool valid = SECCHECK(SEC_KEY_SIGNATURE,
				    ready && EVP_DigestVerify(ctx, signature.data, signature.len,
							      message.data, message.len) == 1);

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return valid ? 0 : ERR_AUTH;
}
