/* noise.c - see noise.h; section numbers are those of the Noise specification, revision 34.
 *
 * The patterns are data: write_keys and read_keys walk over the tokens of the message under way and
 * keep the SymmetricState (5.2): a chaining key, a cipher key with its nonce, and the hash of all
 * that was said. Both patterns mix a key in before anything is encrypted (the `e` of a pattern with
 * a psk is such a key, 9.2), so a payload is never in clear.
 */
#include "crypto/noise.h"

#include "base/check.h"
#include "base/err.h"
#include "base/reader.h"
#include "base/seccheck.h"
#include "crypto/x25519.h"

#define MESSAGES_MAX 3
#define TOKENS_MAX 5
#define NAME_CHARS_MAX 40

enum token { TOKEN_END, TOKEN_E, TOKEN_S, TOKEN_EE, TOKEN_ES, TOKEN_SE, TOKEN_PSK };

struct pattern {
	const char *name;
	uint8_t messages;
	enum token tokens[MESSAGES_MAX][TOKENS_MAX];
};

static const struct pattern patterns[] = {
	[NOISE_XXPSK3] = { .name = "XXpsk3",
			   .messages = 3,
			   .tokens = { { TOKEN_E },
				       { TOKEN_E, TOKEN_EE, TOKEN_S, TOKEN_ES },
				       { TOKEN_S, TOKEN_SE, TOKEN_PSK } } },
	[NOISE_NNPSK0] = { .name = "NNpsk0",
			   .messages = 2,
			   .tokens = { { TOKEN_PSK, TOKEN_E }, { TOKEN_E, TOKEN_EE } } },
};

int noise_keypair(const uint8_t secret[NOISE_KEY_BYTES], struct noise_keypair *ret)
{
	struct noise_keypair pair;
	const int err = x25519_public(secret, pair.public);

	if (err == 0) {
		memcpy(pair.secret, secret, NOISE_KEY_BYTES);
		*ret = pair;
	}
	secret_wipe(&pair, sizeof(pair));
	return err;
}

/* Nothing of a dead handshake is kept. */
static int die(struct noise *noise, int err)
{
	noise_wipe(noise);
	return err;
}

static void mix_hash(struct noise *noise, struct span bytes)
{
	const struct span parts[] = { span_of(noise->hash, HASH_BYTES), bytes };

	hash_sha256(parts, 2, noise->hash);
}

static void mix_key(struct noise *noise, struct span input)
{
	hash_noise_hkdf(noise->chaining_key, input, noise->chaining_key, noise->cipher_key, NULL);
	noise->nonce = 0;
}

static void mix_key_and_hash(struct noise *noise, struct span input)
{
	uint8_t hash[HASH_BYTES];

	hash_noise_hkdf(noise->chaining_key, input, noise->chaining_key, hash, noise->cipher_key);
	mix_hash(noise, span_of(hash, sizeof(hash)));
	secret_wipe(hash, sizeof(hash));
	noise->nonce = 0;
}

/* 12.3 and 12.4: ChaChaPoly has its 64-bit counter little-endian, AESGCM big-endian. */
static void next_nonce(struct noise *noise, uint8_t ret[AEAD_NONCE_BYTES])
{
	const uint64_t counter = noise->nonce++;

	aead_counter_nonce(counter, ret);
	if (!noise->suite->little_endian_nonce)
		return;
	for (size_t i = 0; i < sizeof(counter); i++)
		ret[AEAD_NONCE_BYTES - sizeof(counter) + i] = (uint8_t)(counter >> (8 * i));
}

static int encrypt_and_hash(struct noise *noise, struct span plain, struct writer *w)
{
	const struct span aad = span_of(noise->hash, HASH_BYTES);
	const size_t len = plain.len + AEAD_TAG_BYTES;
	uint8_t nonce[AEAD_NONCE_BYTES];
	struct aead aead;
	uint8_t *sealed = writer_reserve(w, len);

	if (sealed == NULL)
		return ERR_TOO_LONG;
	int err = aead_init(&aead, noise->suite->handshake, noise->cipher_key);
	if (err != 0)
		return err;
	next_nonce(noise, nonce);
	err = aead_seal(&aead, nonce, aad, plain, sealed);
	aead_free(&aead);
	if (err == 0)
		mix_hash(noise, span_of(sealed, len));
	return err;
}

static int decrypt_and_hash(struct noise *noise, struct span sealed, uint8_t *ret)
{
	const struct span aad = span_of(noise->hash, HASH_BYTES);
	uint8_t nonce[AEAD_NONCE_BYTES], next_hash[HASH_BYTES];
	const struct span parts[] = { aad, sealed };
	struct aead aead;

	if (sealed.len < AEAD_TAG_BYTES)
		return ERR_MALFORMED;
	int err = aead_init(&aead, noise->suite->handshake, noise->cipher_key);
	if (err != 0)
		return err;
	hash_sha256(parts, 2, next_hash); /* before: `ret` may be `sealed` itself */
	next_nonce(noise, nonce);
	err = aead_open(&aead, nonce, aad, sealed, ret);
	aead_free(&aead);
	if (err == 0)
		memcpy(noise->hash, next_hash, HASH_BYTES);
	return err;
}

/* ee, es or se, seen from our side: the first letter is the initiator's key. */
static int mix_dh(struct noise *noise, enum token token)
{
	const bool ours_static = noise->initiator ? token == TOKEN_SE : token == TOKEN_ES;
	const bool theirs_static = noise->initiator ? token == TOKEN_ES : token == TOKEN_SE;
	const struct noise_keypair *ours =
		ours_static ? &noise->local_static : &noise->local_ephemeral;
	const uint8_t *theirs = theirs_static ? noise->remote_static : noise->remote_ephemeral;
	uint8_t secret[NOISE_KEY_BYTES];
	const int err = x25519_shared(ours->secret, ours->public, theirs, secret);

	if (err == 0)
		mix_key(noise, span_of(secret, sizeof(secret)));
	secret_wipe(secret, sizeof(secret));
	return err;
}

/* In a pattern with a psk the ephemeral key is mixed in as a key too (9.2). */
static void mix_ephemeral(struct noise *noise, const uint8_t public[NOISE_KEY_BYTES])
{
	mix_hash(noise, span_of(public, NOISE_KEY_BYTES));
	mix_key(noise, span_of(public, NOISE_KEY_BYTES));
}

static int write_token(struct noise *noise, enum token token, const uint8_t *ephemeral_secret,
		       struct writer *w)
{
	switch (token) {
	case TOKEN_E: {
		const int err = noise_keypair(ephemeral_secret, &noise->local_ephemeral);

		if (err != 0)
			return err;
		writer_bytes(w, noise->local_ephemeral.public, NOISE_KEY_BYTES);
		mix_ephemeral(noise, noise->local_ephemeral.public);
		return writer_ok(w) ? 0 : ERR_TOO_LONG;
	}
	case TOKEN_S:
		return encrypt_and_hash(noise, span_of(noise->local_static.public, NOISE_KEY_BYTES),
					w);
	case TOKEN_EE:
	case TOKEN_ES:
	case TOKEN_SE:
		return mix_dh(noise, token);
	case TOKEN_PSK:
		mix_key_and_hash(noise, span_of(noise->psk, sizeof(noise->psk)));
		return 0;
	case TOKEN_END:
		break;
	}
	UNREACHABLE();
}

static int read_token(struct noise *noise, enum token token, struct reader *r)
{
	struct span sealed;

	switch (token) {
	case TOKEN_E:
		if (!reader_bytes(r, noise->remote_ephemeral, NOISE_KEY_BYTES))
			return ERR_MALFORMED;
		mix_ephemeral(noise, noise->remote_ephemeral);
		return 0;
	case TOKEN_S:
		if (!reader_span(r, NOISE_KEY_BYTES + AEAD_TAG_BYTES, &sealed))
			return ERR_MALFORMED;
		return decrypt_and_hash(noise, sealed, noise->remote_static);
	case TOKEN_EE:
	case TOKEN_ES:
	case TOKEN_SE:
		return mix_dh(noise, token);
	case TOKEN_PSK:
		mix_key_and_hash(noise, span_of(noise->psk, sizeof(noise->psk)));
		return 0;
	case TOKEN_END:
		break;
	}
	UNREACHABLE();
}

void noise_init(struct noise *noise, const struct noise_config *config)
{
	const char *const cipher = config->suite->id == SUITE_AES_256_GCM ? "AESGCM" : "ChaChaPoly";
	const struct span name[] = { span_text("Noise_"), span_text(patterns[config->pattern].name),
				     span_text("_25519_"), span_text(cipher),
				     span_text("_SHA256") };
	uint8_t text[NAME_CHARS_MAX];
	struct writer w = writer_of(text, sizeof(text));

	*noise = (struct noise){ .suite = config->suite,
				 .pattern = config->pattern,
				 .initiator = config->initiator };
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		writer_span_of(&w, name[i]);
	CHECK(writer_ok(&w));

	/* 5.2, InitializeSymmetric: a name that fits is its own hash, filled up with zeros. */
	if (w.len <= HASH_BYTES) {
		memcpy(noise->hash, text, w.len);
	} else {
		const struct span whole = writer_span(&w);

		hash_sha256(&whole, 1, noise->hash);
	}
	memcpy(noise->chaining_key, noise->hash, HASH_BYTES);
	mix_hash(noise, config->prologue);
	memcpy(noise->psk, config->psk, sizeof(noise->psk));
	if (config->local_static != NULL)
		noise->local_static = *config->local_static;
}

void noise_wipe(struct noise *noise)
{
	secret_wipe(noise, sizeof(*noise));
	noise->dead = true;
}

/* True if the next thing to happen is to write (or else read) the keys (or else the payload). */
static bool is_due(const struct noise *noise, bool writing, bool keys)
{
	const bool our_turn = noise->initiator == (noise->message % 2 == 0);

	return !noise->dead && !noise_is_done(noise) && our_turn == writing &&
	       noise->keys_done == !keys;
}

int noise_bind(struct noise *noise, struct span bytes)
{
	if (!SECCHECK(SEC_NOISE_BIND_DUE,
		      !noise->dead && !noise_is_done(noise) && !noise->keys_done))
		return die(noise, ERR_STALE);
	mix_hash(noise, bytes);
	return 0;
}

static void end_message(struct noise *noise)
{
	noise->message++;
	noise->keys_done = false;
}

int noise_write_keys(struct noise *noise, const uint8_t *ephemeral_secret, struct writer *w)
{
	if (!SECCHECK(SEC_NOISE_WRITE_KEYS_DUE, is_due(noise, true, true)))
		return die(noise, ERR_STALE);

	const enum token *token = patterns[noise->pattern].tokens[noise->message];
	for (; *token != TOKEN_END; token++) {
		const int err = write_token(noise, *token, ephemeral_secret, w);

		if (err != 0)
			return die(noise, err);
	}
	noise->keys_done = true;
	return 0;
}

int noise_write_payload(struct noise *noise, struct span payload, struct writer *w)
{
	if (!SECCHECK(SEC_NOISE_WRITE_PAYLOAD_DUE, is_due(noise, true, false)))
		return die(noise, ERR_STALE);

	const int err = encrypt_and_hash(noise, payload, w);
	if (err != 0)
		return die(noise, err);
	end_message(noise);
	return 0;
}

int noise_read_keys(struct noise *noise, struct span *rest)
{
	struct reader r = reader_of(*rest);

	if (!SECCHECK(SEC_NOISE_READ_KEYS_DUE, is_due(noise, false, true)))
		return die(noise, ERR_STALE);

	const enum token *token = patterns[noise->pattern].tokens[noise->message];
	for (; *token != TOKEN_END; token++) {
		const int err = read_token(noise, *token, &r);

		if (err != 0)
			return die(noise, err);
	}
	noise->keys_done = true;
	*rest = r.rest;
	return 0;
}

int noise_read_payload(struct noise *noise, struct span sealed, uint8_t *ret, size_t *ret_len)
{
	if (!SECCHECK(SEC_NOISE_READ_PAYLOAD_DUE, is_due(noise, false, false)))
		return die(noise, ERR_STALE);

	const int err = decrypt_and_hash(noise, sealed, ret);
	if (err != 0)
		return die(noise, err);
	*ret_len = sealed.len - AEAD_TAG_BYTES;
	end_message(noise);
	return 0;
}

bool noise_is_done(const struct noise *noise)
{
	return !noise->dead && noise->message == patterns[noise->pattern].messages;
}

void noise_split(const struct noise *noise, struct noise_keys *ret)
{
	CHECK(noise_is_done(noise));
	hash_noise_hkdf(noise->chaining_key, span_of(NULL, 0), ret->initiator_to_responder,
			ret->responder_to_initiator, ret->exported);
}
