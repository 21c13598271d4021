/* noise.h - the Noise protocol framework, revision 34, for the two patterns that we speak.
 *
 *     XXpsk3: -> e    <- e, ee, s, es    -> s, se, psk     the handshake between two members
 *     NNpsk0: -> psk, e    <- e, ee                        the rekey inside a session
 *
 * with X25519, SHA-256 and the suite's cipher. Writing and reading a message is split in two, keys
 * first and payload second, since our payloads sign the handshake hash between them (the SIGMA
 * way of binding an identity to a run). Sans-I/O: the ephemeral secret is an argument. Every call
 * that fails leaves the handshake dead: it answers ERR_STALE from then on.
 */
#ifndef CRYPTO_NOISE_H
#define CRYPTO_NOISE_H

#include "base/writer.h"
#include "crypto/hash.h"
#include "crypto/suite.h"

#define NOISE_KEY_BYTES 32 /* X25519 (RFC 7748), public and secret alike */

enum noise_pattern { NOISE_XXPSK3, NOISE_NNPSK0 };

struct noise_keypair {
	uint8_t secret[NOISE_KEY_BYTES], public[NOISE_KEY_BYTES];
};

struct noise {
	const struct suite *suite; /* borrowed, for ever */
	enum noise_pattern pattern;
	bool initiator, dead; /* dead: wiped, answers ERR_STALE */
	uint8_t message;      /* number of the message under way, 0..2 */
	bool keys_done;       /* of that message: keys are through, payload is next */
	uint64_t nonce;
	uint8_t cipher_key[HASH_BYTES], chaining_key[HASH_BYTES], hash[HASH_BYTES];
	uint8_t psk[HASH_BYTES];
	struct noise_keypair local_static, local_ephemeral;
	uint8_t remote_static[NOISE_KEY_BYTES], remote_ephemeral[NOISE_KEY_BYTES];
};

struct noise_config {
	enum noise_pattern pattern;
	const struct suite *suite;
	bool initiator;
	struct span prologue;                     /* borrowed for the call */
	const uint8_t *psk;                       /* 32 bytes, borrowed for the call */
	const struct noise_keypair *local_static; /* copied; NULL for NNpsk0 */
};

struct noise_keys {
	uint8_t initiator_to_responder[HASH_BYTES], responder_to_initiator[HASH_BYTES];
	uint8_t exported[HASH_BYTES]; /* the final HKDF's third output: the psk of the next rekey */
};

/* The key pair of 32 secret bytes: 0 or ERR_CRYPTO. */
int noise_keypair(const uint8_t secret[NOISE_KEY_BYTES], struct noise_keypair *ret);

void noise_init(struct noise *noise, const struct noise_config *config);

/* Wipes all secrets; the handshake is dead. Needed after noise_split() too. */
void noise_wipe(struct noise *noise);

/* Binds bytes that go in clear before the next message, whoever sends it: mixed into the hash as
 * the prologue is, so that the message can only be read, and its signature only be right, where the
 * same bytes were bound. 0, or ERR_STALE (dead, done, or that message's keys are through). */
int noise_bind(struct noise *noise, struct span bytes);

/* Keys of the next message to send, appended to `w`. `ephemeral_secret` (32 bytes) is used if the
 * message has an `e`. 0, ERR_CRYPTO, ERR_TOO_LONG (no room), or ERR_STALE (dead, or not our turn).
 */
int noise_write_keys(struct noise *noise, const uint8_t *ephemeral_secret, struct writer *w);

/* The payload, encrypted (with these patterns there is a key from the first message on), appended
 * to `w`. 0, ERR_CRYPTO, ERR_TOO_LONG or ERR_STALE. */
int noise_write_payload(struct noise *noise, struct span payload, struct writer *w);

/* Takes the keys from the front of `*rest` and moves it behind them. 0, ERR_MALFORMED, ERR_AUTH,
 * ERR_CRYPTO for a key that gives an all-zero secret (RFC 7748, 6.1), or ERR_STALE. */
int noise_read_keys(struct noise *noise, struct span *rest);

/* Decrypts all of `sealed` into `ret` (sealed.len - AEAD_TAG_BYTES bytes), which may be `sealed`
 * itself. 0, ERR_MALFORMED, ERR_AUTH or ERR_STALE. */
int noise_read_payload(struct noise *noise, struct span sealed, uint8_t *ret, size_t *ret_len);

/* True once all messages are through. */
bool noise_is_done(const struct noise *noise);

/* Split(), with one more output; requires noise_is_done(). */
void noise_split(const struct noise *noise, struct noise_keys *ret);

#endif
