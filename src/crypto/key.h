/* key.h - identity keys: Ed25519 (RFC 8032), or P-256 where hardware wants it. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "crypto/hash.h"
#include "crypto/random.h"

#define KEY_SECRET_BYTES 32
#define KEY_SPKI_BYTES_MAX 96      /* SubjectPublicKeyInfo, DER: 44 for Ed25519, 91 for P-256 */
#define KEY_SIGNATURE_BYTES_MAX 72 /* 64 for Ed25519, DER of two integers for P-256 */
#define KEY_PEM_BYTES_MAX 2048

enum key_kind { KEY_ED25519, KEY_P256 };

struct key; /* a private key; opaque, wiped on key_free() */

/* Made of the given secret bytes alone. 0, ERR_NOMEM, or ERR_CRYPTO (P-256: not a scalar). */
int key_new(enum key_kind kind, const uint8_t secret[KEY_SECRET_BYTES], struct key **ret);
/* A new one, of bytes that nobody else sees. 0, ERR_NOMEM, or ERR_CRYPTO. */
int key_draw(enum key_kind kind, struct entropy *entropy, struct key **ret);
void key_free(struct key *key);

/* PKCS#8 in PEM; with a passphrase PBES2 of scrypt and AES-256-CBC (RFC 8018, RFC 7914). An empty
 * passphrase means none. Reading: 0, ERR_MALFORMED, ERR_PASSPHRASE, ERR_UNSUPPORTED (another kind
 * of key), ERR_NOMEM. Nothing is ever prompted for. */
int key_from_pem(struct span pem, struct span passphrase, struct key **ret);
/* Writing: `ret` holds KEY_PEM_BYTES_MAX; secret; the caller wipes it. Salt and IV of a passphrase
 * come from `entropy`. 0, ERR_NOMEM or ERR_CRYPTO. */
int key_to_pem(const struct key *key, struct span passphrase, struct entropy *entropy, uint8_t *ret,
	       size_t *ret_len);

/* True if the PEM says that a passphrase is needed. */
bool key_pem_is_encrypted(struct span pem);

enum key_kind key_kind(const struct key *key);

/* The public half, as DER SubjectPublicKeyInfo; borrowed from the key. */
struct span key_spki(const struct key *key);

/* 0 or ERR_CRYPTO. `ret` holds KEY_SIGNATURE_BYTES_MAX. Ed25519 always gives the same signature of
 * the same message; P-256 has the library draw a number. */
int key_sign(const struct key *key, struct span message, uint8_t *ret, size_t *ret_len);

/* Verifies under a public key in DER: 0, ERR_AUTH, or ERR_UNSUPPORTED (kind of key). A message has
 * one signature under P-256, not two: the one with the lower s, which key_sign() makes. */
int key_verify(struct span spki, struct span message, struct span signature);

/* The kind of a public key in its one form (P-256: named curve, uncompressed): 0, ERR_UNSUPPORTED.
 * Whether P-256's point is on the curve is seen when the key is used. */
int key_spki_kind(struct span spki, enum key_kind *ret);

/* True if a signature under such a key has its one form. */
bool key_signature_is_canonical(enum key_kind kind, struct span signature);

#endif
