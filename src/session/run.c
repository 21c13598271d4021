/* run.c - see run.h. */
#include "session/run.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#include <assert.h>

#define PROLOGUE_LABEL "IPOP"
#define SIGNATURE_LABEL "ipop-hs-v1"
#define PROLOGUE_BYTES (4 + 3 + ID_BYTES + 1 + ID_BYTES)
#define SIGNED_BYTES (10 + 1 + HASH_BYTES)

static_assert(2 + CERTIFICATE_BYTES_MAX + 1 + KEY_SIGNATURE_BYTES_MAX + 4 + 8 +
			      (3 + ENDPOINT_WIRE_BYTES) + 3 +
			      HANDSHAKE_NAMES_MAX * HANDSHAKE_NAME_BYTES <=
		      HANDSHAKE_PAYLOAD_BYTES,
	      "the longest certificate and all claims would not fit into a payload");

enum role { ROLE_INITIATOR = 1, ROLE_RESPONDER = 2 };

void run_init(struct run *run, const struct run_self *self, const struct run_terms *terms)
{
	uint8_t prologue[PROLOGUE_BYTES];
	struct writer w = writer_of(prologue, sizeof(prologue));

	writer_span_of(&w, span_text(PROLOGUE_LABEL));
	writer_u8(&w, HANDSHAKE_VERSION);
	writer_u8(&w, (uint8_t)terms->suite->id);
	writer_u8(&w, terms->epoch);
	writer_bytes(&w, trust_network(self->trust)->bytes, ID_BYTES);
	writer_u8(&w, (uint8_t)terms->target.kind);
	writer_bytes(&w, terms->target.id.bytes, ID_BYTES);
	CHECK(writer_ok(&w) && w.len == sizeof(prologue));

	const struct noise_config config = { .pattern = NOISE_XXPSK3,
					     .suite = terms->suite,
					     .initiator = terms->initiator,
					     .prologue = writer_span(&w),
					     .psk = terms->psk,
					     .local_static = &self->noise_static };

	*run = (struct run){ .target = terms->target };
	noise_init(&run->noise, &config);
}

void run_wipe(struct run *run)
{
	noise_wipe(&run->noise);
	run->other_end_spoke = false;
}

static struct span ephemeral_of(const struct noise *noise, bool initiator)
{
	return span_of(noise->initiator == initiator ? noise->local_ephemeral.public
						     : noise->remote_ephemeral,
		       NOISE_KEY_BYTES);
}

struct span run_initiator_ephemeral(const struct run *run)
{
	return ephemeral_of(&run->noise, true);
}

struct span run_responder_ephemeral(const struct run *run)
{
	return ephemeral_of(&run->noise, false);
}

/* The keys of a message behind its head; `entropy` is for an `e`, NULL if it has none. */
static int write_keys(struct run *run, struct entropy *entropy, struct writer *w)
{
	uint8_t secret[NOISE_KEY_BYTES] = { 0 };
	int err = noise_bind(&run->noise, writer_span(w));

	if (entropy != NULL)
		entropy_bytes(entropy, secret, sizeof(secret));
	if (err == 0)
		err = noise_write_keys(&run->noise, secret, w);
	secret_wipe(secret, sizeof(secret));
	return err;
}

/* The keys of a message; `ret_rest` is what stands behind them. */
static int read_keys(struct noise *noise, const struct handshake_words *words,
		     struct span *ret_rest)
{
	const int err = noise_bind(noise, words->head);

	*ret_rest = words->noise;
	return err != 0 ? err : noise_read_keys(noise, ret_rest);
}

/* What `role` signs: the hash before its payload stands for all that was said. */
static struct span signed_bytes(const struct noise *noise, enum role role,
				uint8_t ret[SIGNED_BYTES])
{
	struct writer w = writer_of(ret, SIGNED_BYTES);

	writer_span_of(&w, span_text(SIGNATURE_LABEL));
	writer_u8(&w, (uint8_t)role);
	writer_bytes(&w, noise->hash, sizeof(noise->hash));
	CHECK(writer_ok(&w) && w.len == SIGNED_BYTES);
	return writer_span(&w);
}

static int write_payload(struct run *run, const struct run_self *self,
			 const struct run_claims *claims, struct writer *w)
{
	const enum role role = run->noise.initiator ? ROLE_INITIATOR : ROLE_RESPONDER;
	uint8_t message[SIGNED_BYTES];
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
	uint8_t plain[HANDSHAKE_PAYLOAD_BYTES];
	struct writer payload = writer_of(plain, sizeof(plain));
	size_t signature_len;
	const int err = key_sign(self->key, signed_bytes(&run->noise, role, message), signature,
				 &signature_len);

	if (err != 0)
		return err;
	handshake_payload_encode(
		&(struct handshake_payload){
			.certificate = span_of(self->certificate.der, self->certificate.der_len),
			.signature = span_of(signature, signature_len),
			.capabilities = self->capabilities,
			.crl_number = self->crl_number,
			.succeeds = span_of(claims->succeeds, claims->succeeds_len),
			.has_observed = claims->has_observed,
			.observed = claims->observed },
		&payload);
	CHECK(writer_ok(&payload)); /* see the static_assert above */
	return noise_write_payload(&run->noise, writer_span(&payload), w);
}

int run_write_m0(struct run *run, struct entropy *entropy, struct writer *w)
{
	const int err = write_keys(run, entropy, w);

	return err != 0 ? err : noise_write_payload(&run->noise, span_of(NULL, 0), w);
}

int run_write_m1(struct run *run, const struct run_self *self, const struct run_claims *claims,
		 struct entropy *entropy, struct writer *w)
{
	const int err = write_keys(run, entropy, w);

	return err != 0 ? err : write_payload(run, self, claims, w);
}

int run_write_m2(struct run *run, const struct run_self *self, const struct run_claims *claims,
		 struct writer *w)
{
	const int err = write_keys(run, NULL, w);

	return err != 0 ? err : write_payload(run, self, claims, w);
}

int run_read_m0(struct run *run, const struct handshake_words *words)
{
	struct noise next = run->noise;
	uint8_t nothing[HANDSHAKE_TAG_BYTES];
	struct span rest;
	size_t len;
	int err = read_keys(&next, words, &rest);

	if (err == 0)
		err = noise_read_payload(&next, rest, nothing, &len);
	if (err == 0)
		run->noise = next;
	noise_wipe(&next);
	return err;
}

static bool is_self(const struct run_self *self, const struct certificate *peer)
{
	return id_equal(&peer->id, &self->certificate.id) ||
	       memcmp(peer->spki_hash, self->certificate.spki_hash, HASH_BYTES) == 0;
}

/* Who says so, and is it true? Certificate first: it has the key under which the signature is
 * verified, each time anew (nothing is remembered by bytes that a peer can vary). */
static int judge_payload(const struct run_self *self, struct wall now,
			 const struct handshake_payload *payload, struct span message,
			 struct run_peer *ret)
{
	int err = certificate_verify(self->trust, payload->certificate, now, &ret->certificate);

	if (!SECCHECK(SEC_RUN_CERTIFICATE, err == 0))
		return err != 0 ? err : ERR_CERTIFICATE;
	err = key_verify(span_of(ret->certificate.spki, ret->certificate.spki_len), message,
			 payload->signature);
	if (!SECCHECK(SEC_RUN_SIGNATURE, err == 0))
		return err != 0 ? err : ERR_AUTH;
	if (!SECCHECK(SEC_RUN_NOT_SELF, !is_self(self, &ret->certificate)))
		return ERR_PEER;
	ret->capabilities = payload->capabilities;
	ret->crl_number = payload->crl_number;
	ret->claims = (struct run_claims){ .has_observed = payload->has_observed,
					   .observed = payload->observed,
					   .succeeds_len = payload->succeeds.len };
	if (payload->succeeds.len > 0)
		memcpy(ret->claims.succeeds, payload->succeeds.data, payload->succeeds.len);
	return 0;
}

struct opened {
	uint8_t message[SIGNED_BYTES]; /* what the other end must have signed */
	uint8_t plain[HANDSHAKE_PAYLOAD_BYTES];
};

/* All of M1 or M2. */
static int open_answer(struct noise *noise, const struct handshake_words *words, struct opened *ret)
{
	const enum role role = noise->initiator ? ROLE_RESPONDER : ROLE_INITIATOR;
	struct span rest;
	size_t len;
	const int err = read_keys(noise, words, &rest);

	if (err != 0)
		return err;
	if (rest.len != sizeof(ret->plain) + HANDSHAKE_TAG_BYTES)
		return ERR_MALFORMED;
	(void)signed_bytes(noise, role, ret->message);
	return noise_read_payload(noise, rest, ret->plain, &len);
}

int run_read_answer(struct run *run, const struct run_self *self, struct wall now,
		    const struct handshake_words *words, struct run_peer *ret)
{
	struct noise next = run->noise;
	struct handshake_payload payload;
	struct opened opened;
	int err = open_answer(&next, words, &opened);

	if (err == 0) {
		run->other_end_spoke = true;
		err = handshake_payload_decode(span_of(opened.plain, sizeof(opened.plain)),
					       &payload);
	}
	if (err == 0)
		err = judge_payload(self, now, &payload,
				    span_of(opened.message, sizeof(opened.message)), ret);
	if (err == 0 && run->noise.initiator &&
	    !run_target_is_met(&run->target, &ret->certificate.id))
		err = ERR_PEER;
	if (err == 0)
		run->noise = next;
	noise_wipe(&next);
	return err;
}

bool run_target_is_met(const struct target *target, const struct id *id)
{
	switch (target->kind) {
	case TARGET_EXACT:
		return SECCHECK(SEC_TARGET_EXACT, id_equal(&target->id, id));
	case TARGET_PREFIX:
		return SECCHECK(SEC_TARGET_PREFIX, id_prefix_equal(&target->id, id));
	case TARGET_NEAREST:
		return true;
	}
	UNREACHABLE();
}
