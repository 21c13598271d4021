/* handshake.c - see handshake.h. */
#include "wire/handshake.h"

#include "base/err.h"
#include "base/reader.h"

#include <assert.h>

#define TYPE_BYTES 4 /* type and what shares its word */
#define INDEX_BYTES 4
#define TARGET_BYTES (1 + ID_BYTES)
#define M0_NOISE_BYTES (HANDSHAKE_EPHEMERAL_BYTES + HANDSHAKE_TAG_BYTES)
#define PAYLOAD_SEALED_BYTES (HANDSHAKE_PAYLOAD_BYTES + HANDSHAKE_TAG_BYTES)
#define M1_NOISE_BYTES (HANDSHAKE_EPHEMERAL_BYTES + HANDSHAKE_STATIC_BYTES + PAYLOAD_SEALED_BYTES)
#define M2_NOISE_BYTES (HANDSHAKE_STATIC_BYTES + PAYLOAD_SEALED_BYTES)
#define M0_PADDING_BYTES (HANDSHAKE_M0_BYTES - HANDSHAKE_M0_COVERED_BYTES - 2 * HANDSHAKE_MAC_BYTES)

static_assert(HANDSHAKE_M0_COVERED_BYTES == TYPE_BYTES + INDEX_BYTES + M0_NOISE_BYTES, "layout");
static_assert(HANDSHAKE_M1_BYTES ==
		      TYPE_BYTES + 2 * INDEX_BYTES + M1_NOISE_BYTES + HANDSHAKE_MAC_BYTES,
	      "layout");
static_assert(HANDSHAKE_M2_BYTES == TYPE_BYTES + INDEX_BYTES + M2_NOISE_BYTES + HANDSHAKE_MAC_BYTES,
	      "layout");
static_assert(HANDSHAKE_CARRIED_M0_BYTES ==
		      TYPE_BYTES + INDEX_BYTES + TARGET_BYTES + M0_NOISE_BYTES,
	      "layout");
static_assert(HANDSHAKE_COOKIE_MESSAGE_BYTES ==
		      TYPE_BYTES + INDEX_BYTES + HANDSHAKE_COOKIE_NONCE_BYTES +
			      HANDSHAKE_COOKIE_BYTES + HANDSHAKE_TAG_BYTES,
	      "layout");
static_assert(HANDSHAKE_M1_BYTES <= HANDSHAKE_M0_BYTES && HANDSHAKE_M2_BYTES <= HANDSHAKE_M0_BYTES,
	      "an answer would be longer than the question");
static_assert(HANDSHAKE_M0_BYTES <= HANDSHAKE_BYTES_MAX, "a message would not fit");

int handshake_macs_find(struct span bytes, struct handshake_macs *ret)
{
	struct handshake_macs macs = { 0 };
	size_t mac1_at;

	switch (datagram_type(bytes)) {
	case DATAGRAM_M0:
		if (bytes.len != HANDSHAKE_M0_BYTES)
			return ERR_MALFORMED;
		mac1_at = HANDSHAKE_M0_COVERED_BYTES;
		macs.epoch = bytes.data[3];
		macs.covered_by_mac2 = span_of(bytes.data, mac1_at + HANDSHAKE_MAC_BYTES);
		macs.mac2 =
			span_of(bytes.data + mac1_at + HANDSHAKE_MAC_BYTES, HANDSHAKE_MAC_BYTES);
		break;
	case DATAGRAM_M1:
		if (bytes.len != HANDSHAKE_M1_BYTES)
			return ERR_MALFORMED;
		mac1_at = bytes.len - HANDSHAKE_MAC_BYTES;
		break;
	case DATAGRAM_M2:
		if (bytes.len != HANDSHAKE_M2_BYTES)
			return ERR_MALFORMED;
		mac1_at = bytes.len - HANDSHAKE_MAC_BYTES;
		break;
	case DATAGRAM_VERSION:
		if (bytes.len != HANDSHAKE_VERSION_MESSAGE_BYTES)
			return ERR_MALFORMED;
		mac1_at = bytes.len - HANDSHAKE_MAC_BYTES;
		break;
	default:
		return ERR_MALFORMED;
	}
	macs.covered_by_mac1 = span_of(bytes.data, mac1_at);
	macs.mac1 = span_of(bytes.data + mac1_at, HANDSHAKE_MAC_BYTES);
	*ret = macs;
	return 0;
}

uint32_t handshake_receiver(struct span bytes)
{
	struct reader r = reader_of(bytes);
	struct span type;
	uint32_t receiver = 0;

	if (!reader_span(&r, TYPE_BYTES, &type) || !reader_u32(&r, &receiver))
		return 0;
	return receiver;
}

/* The index under which the sender wants to be answered; 0 is nobody's. */
static bool take_sender(struct reader *r, uint32_t *ret)
{
	return reader_u32(r, ret) && *ret != 0;
}

static bool take_type(struct reader *r, enum datagram_type type)
{
	uint8_t found;

	return reader_u8(r, &found) && found == (uint8_t)type;
}

/* What follows the Noise bytes: macs were judged before, by handshake_macs_find(). */
static bool take_mac1(struct reader *r, enum handshake_carriage carriage)
{
	struct span mac1;

	return carriage == HANDSHAKE_CARRIED || reader_span(r, HANDSHAKE_MAC_BYTES, &mac1);
}

static bool take_target(struct reader *r, struct target *ret)
{
	uint8_t kind;

	if (!reader_u8(r, &kind) || !reader_bytes(r, ret->id.bytes, ID_BYTES))
		return false;
	switch (kind) {
	case TARGET_EXACT:
	case TARGET_NEAREST:
		break;
	case TARGET_PREFIX:
		if (!span_is_zero(
			    span_of(ret->id.bytes + ID_PREFIX_BYTES, ID_BYTES - ID_PREFIX_BYTES)))
			return false;
		break;
	default:
		return false;
	}
	ret->kind = (enum target_kind)kind;
	return true;
}

/* The Noise bytes; all that was read of the message before is its head. */
static bool take_words(struct reader *r, struct span bytes, size_t noise_bytes,
		       struct handshake_words *ret)
{
	ret->head = span_of(bytes.data, bytes.len - reader_left(r));
	return reader_span(r, noise_bytes, &ret->noise);
}

/* The part of M0 that is this version's. */
static bool take_m0_rest(struct reader *r, struct span bytes, enum handshake_carriage carriage,
			 struct handshake_m0 *m0)
{
	struct span macs;

	if (carriage == HANDSHAKE_CARRIED)
		return take_target(r, &m0->target) &&
		       take_words(r, bytes, M0_NOISE_BYTES, &m0->words) && reader_end(r);
	return take_words(r, bytes, M0_NOISE_BYTES, &m0->words) &&
	       reader_span(r, (size_t)2 * HANDSHAKE_MAC_BYTES, &macs) &&
	       reader_zero(r, M0_PADDING_BYTES) && reader_end(r);
}

int handshake_m0_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m0 *ret)
{
	struct reader r = reader_of(bytes);
	struct handshake_m0 m0 = { 0 };

	if (carriage == HANDSHAKE_RAW && bytes.len != HANDSHAKE_M0_BYTES)
		return ERR_MALFORMED;
	if (!take_type(&r, DATAGRAM_M0) || !reader_u8(&r, &m0.version) ||
	    !reader_u8(&r, &m0.suite) || !reader_u8(&r, &m0.epoch) || !take_sender(&r, &m0.sender))
		return ERR_MALFORMED;
	if (m0.version == HANDSHAKE_VERSION && !take_m0_rest(&r, bytes, carriage, &m0))
		return ERR_MALFORMED;
	*ret = m0;
	return 0;
}

int handshake_m1_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m1 *ret)
{
	struct reader r = reader_of(bytes);
	struct handshake_m1 m1;

	if (!take_type(&r, DATAGRAM_M1) || !reader_zero(&r, TYPE_BYTES - 1) ||
	    !reader_u32(&r, &m1.receiver) || !take_sender(&r, &m1.sender) ||
	    !take_words(&r, bytes, M1_NOISE_BYTES, &m1.words) || !take_mac1(&r, carriage) ||
	    !reader_end(&r))
		return ERR_MALFORMED;
	*ret = m1;
	return 0;
}

int handshake_m2_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m2 *ret)
{
	struct reader r = reader_of(bytes);
	struct handshake_m2 m2;

	if (!take_type(&r, DATAGRAM_M2) || !reader_zero(&r, TYPE_BYTES - 1) ||
	    !reader_u32(&r, &m2.receiver) || !take_words(&r, bytes, M2_NOISE_BYTES, &m2.words) ||
	    !take_mac1(&r, carriage) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = m2;
	return 0;
}

int handshake_cookie_decode(struct span bytes, struct handshake_cookie *ret)
{
	struct reader r = reader_of(bytes);
	struct handshake_cookie cookie;

	if (!take_type(&r, DATAGRAM_COOKIE) || !reader_zero(&r, TYPE_BYTES - 1) ||
	    !reader_u32(&r, &cookie.receiver) ||
	    !reader_span(&r, HANDSHAKE_COOKIE_NONCE_BYTES, &cookie.nonce) ||
	    !reader_span(&r, HANDSHAKE_COOKIE_BYTES + HANDSHAKE_TAG_BYTES, &cookie.sealed) ||
	    !reader_end(&r))
		return ERR_MALFORMED;
	*ret = cookie;
	return 0;
}

int handshake_version_decode(struct span bytes, enum handshake_carriage carriage,
			     struct handshake_version *ret)
{
	struct reader r = reader_of(bytes);
	struct handshake_version version;

	if (!take_type(&r, DATAGRAM_VERSION) || !reader_u8(&r, &version.lowest) ||
	    !reader_u8(&r, &version.highest) || !reader_zero(&r, 1) ||
	    !reader_u32(&r, &version.receiver) || !reader_u32(&r, &version.suites) ||
	    !take_mac1(&r, carriage) || !reader_end(&r))
		return ERR_MALFORMED;
	*ret = version;
	return 0;
}

void handshake_m0_head_encode(const struct handshake_m0 *m0, enum handshake_carriage carriage,
			      struct writer *w)
{
	writer_u8(w, DATAGRAM_M0);
	writer_u8(w, m0->version);
	writer_u8(w, m0->suite);
	writer_u8(w, m0->epoch);
	writer_u32(w, m0->sender);
	if (carriage == HANDSHAKE_CARRIED) {
		writer_u8(w, (uint8_t)m0->target.kind);
		writer_bytes(w, m0->target.id.bytes, ID_BYTES);
	}
}

void handshake_m1_head_encode(uint32_t receiver, uint32_t sender, struct writer *w)
{
	writer_u8(w, DATAGRAM_M1);
	writer_zero(w, TYPE_BYTES - 1);
	writer_u32(w, receiver);
	writer_u32(w, sender);
}

void handshake_m2_head_encode(uint32_t receiver, struct writer *w)
{
	writer_u8(w, DATAGRAM_M2);
	writer_zero(w, TYPE_BYTES - 1);
	writer_u32(w, receiver);
}

void handshake_cookie_encode(const struct handshake_cookie *cookie, struct writer *w)
{
	writer_u8(w, DATAGRAM_COOKIE);
	writer_zero(w, TYPE_BYTES - 1);
	writer_u32(w, cookie->receiver);
	writer_span_of(w, cookie->nonce);
	writer_span_of(w, cookie->sealed);
}

void handshake_version_encode(const struct handshake_version *version, struct writer *w)
{
	writer_u8(w, DATAGRAM_VERSION);
	writer_u8(w, version->lowest);
	writer_u8(w, version->highest);
	writer_zero(w, 1);
	writer_u32(w, version->receiver);
	writer_u32(w, version->suites);
}

static bool take_observed(struct span value, struct handshake_payload *payload)
{
	struct reader r = reader_of(value);

	if (payload->has_observed || !endpoint_decode(&r, &payload->observed) || !reader_end(&r))
		return false;
	payload->has_observed = true;
	return true;
}

static bool take_succeeds(struct span value, struct handshake_payload *payload)
{
	if (payload->succeeds.len != 0 || value.len == 0 || value.len % HANDSHAKE_NAME_BYTES != 0 ||
	    value.len > (size_t)HANDSHAKE_NAMES_MAX * HANDSHAKE_NAME_BYTES)
		return false;
	payload->succeeds = value;
	return true;
}

static bool take_extension(uint8_t type, struct span value, struct handshake_payload *payload)
{
	switch (type) {
	case HANDSHAKE_EXTENSION_OBSERVED:
		return take_observed(value, payload);
	case HANDSHAKE_EXTENSION_SUCCEEDS:
		return take_succeeds(value, payload);
	default:
		return true;
	}
}

/* All that is left. */
static bool take_extensions(struct reader *r, struct handshake_payload *payload)
{
	while (!reader_end(r)) {
		uint8_t type;
		uint16_t len;
		struct span value;

		if (!reader_u8(r, &type))
			return false;
		if (type == 0)
			return reader_zero(r, reader_left(r));
		if (!reader_u16(r, &len) || !reader_span(r, len, &value) ||
		    !take_extension(type, value, payload))
			return false;
	}
	return true;
}

int handshake_payload_decode(struct span bytes, struct handshake_payload *ret)
{
	struct reader r = reader_of(bytes);
	struct handshake_payload payload = { 0 };
	uint16_t certificate_len;
	uint8_t signature_len;

	if (bytes.len != HANDSHAKE_PAYLOAD_BYTES || !reader_u16(&r, &certificate_len) ||
	    !reader_span(&r, certificate_len, &payload.certificate) ||
	    !reader_u8(&r, &signature_len) || !reader_span(&r, signature_len, &payload.signature) ||
	    !reader_u32(&r, &payload.capabilities) || !reader_u64(&r, &payload.crl_number) ||
	    !take_extensions(&r, &payload))
		return ERR_MALFORMED;
	*ret = payload;
	return 0;
}

void handshake_payload_encode(const struct handshake_payload *payload, struct writer *w)
{
	const size_t start = w->len;

	writer_u16(w, (uint16_t)payload->certificate.len);
	writer_span_of(w, payload->certificate);
	writer_u8(w, (uint8_t)payload->signature.len);
	writer_span_of(w, payload->signature);
	writer_u32(w, payload->capabilities);
	writer_u64(w, payload->crl_number);
	if (payload->has_observed) {
		writer_u8(w, HANDSHAKE_EXTENSION_OBSERVED);
		writer_u16(w, ENDPOINT_WIRE_BYTES);
		endpoint_encode(&payload->observed, w);
	}
	if (payload->succeeds.len > 0) {
		writer_u8(w, HANDSHAKE_EXTENSION_SUCCEEDS);
		writer_u16(w, (uint16_t)payload->succeeds.len);
		writer_span_of(w, payload->succeeds);
	}
	const size_t written = w->len - start;

	if (written > HANDSHAKE_PAYLOAD_BYTES)
		w->overflow = true;
	else
		writer_zero(w, HANDSHAKE_PAYLOAD_BYTES - written);
}
