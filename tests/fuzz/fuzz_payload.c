/* fuzz_payload.c - the input as what is inside: the payload of M1 and M2, and a frame of each kind
 * (F4). Only a member can send these, so each must be judged as if a hostile one had.
 *
 * Oracles: what is decoded lies inside the input and, encoded again, decodes to the same values;
 * where a format leaves no choice (every frame, and a payload without unknown extensions in the
 * order in which we write), encoding gives the input back byte for byte.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"
#include "wire/handshake.h"

static void lies_in(struct span inner, struct span outer)
{
	CHECK(inner.len == 0 ||
	      (inner.data >= outer.data && inner.data + inner.len <= outer.data + outer.len));
}

static void payload_is_same(const struct handshake_payload *a, const struct handshake_payload *b)
{
	CHECK(span_equal(a->certificate, b->certificate) && span_equal(a->signature, b->signature));
	CHECK(a->capabilities == b->capabilities && a->crl_number == b->crl_number);
	CHECK(span_equal(a->succeeds, b->succeeds) && a->has_observed == b->has_observed);
	CHECK(!a->has_observed || endpoint_equal(&a->observed, &b->observed));
}

/* True if behind the fields that every payload has there are our own extensions at most, as we
 * order them: then there is one way to write it. */
static bool is_as_we_write(struct span bytes, const struct handshake_payload *payload)
{
	size_t at = 2 + payload->certificate.len + 1 + payload->signature.len + 4 + 8;

	if (payload->has_observed) {
		if (bytes.data[at] != HANDSHAKE_EXTENSION_OBSERVED)
			return false;
		at += 3 + ENDPOINT_WIRE_BYTES;
	}
	if (payload->succeeds.len > 0) {
		if (at >= bytes.len || bytes.data[at] != HANDSHAKE_EXTENSION_SUCCEEDS)
			return false;
		at += 3 + payload->succeeds.len;
	}
	return at == bytes.len || bytes.data[at] == 0;
}

/* How many extensions of a type there are, by their lengths alone; they are known to be in order.
 */
static unsigned count_extensions(struct span bytes, const struct handshake_payload *payload,
				 uint8_t type)
{
	size_t at = 2 + payload->certificate.len + 1 + payload->signature.len + 4 + 8;
	unsigned count = 0;

	while (at < bytes.len && bytes.data[at] != 0) {
		CHECK(bytes.len - at >= 3);
		count += bytes.data[at] == type;
		at += (size_t)3 + (size_t)256 * bytes.data[at + 1] + bytes.data[at + 2];
	}
	CHECK(at <= bytes.len);
	return count;
}

static void try_payload(struct span bytes)
{
	uint8_t buffer[HANDSHAKE_PAYLOAD_BYTES];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct handshake_payload payload, again;

	if (handshake_payload_decode(bytes, &payload) != 0)
		return;
	CHECK(bytes.len == HANDSHAKE_PAYLOAD_BYTES);
	lies_in(payload.certificate, bytes);
	lies_in(payload.signature, bytes);
	lies_in(payload.succeeds, bytes);
	CHECK(count_extensions(bytes, &payload, HANDSHAKE_EXTENSION_OBSERVED) ==
	      payload.has_observed);
	CHECK(count_extensions(bytes, &payload, HANDSHAKE_EXTENSION_SUCCEEDS) ==
	      (payload.succeeds.len > 0));
	handshake_payload_encode(&payload, &w);
	CHECK(writer_ok(&w) && w.len == sizeof(buffer));
	CHECK(handshake_payload_decode(writer_span(&w), &again) == 0);
	payload_is_same(&payload, &again);
	if (is_as_we_write(bytes, &payload))
		CHECK(span_equal(writer_span(&w), bytes));
}

static void try_frame(struct span bytes)
{
	uint8_t buffer[FRAME_HEADER_BYTES];
	struct frame_header header;
	struct span payload;

	if (frame_decode(bytes, &header, &payload) != 0)
		return;
	CHECK(payload.data == bytes.data + FRAME_HEADER_BYTES);
	CHECK(payload.len == header.payload_len && payload.len <= bytes.len - FRAME_HEADER_BYTES);
	CHECK(header.header_len <= payload.len);
	if ((header.flags & FRAME_FLAG_PARTIAL_CHECKSUM) != 0)
		CHECK((size_t)header.checksum_start + header.checksum_offset + 2 <= payload.len);
	frame_header_encode(&header, buffer);
	CHECK(memcmp(buffer, bytes.data, sizeof(buffer)) == 0);
}

static bool has_probe_zeros(struct span bytes)
{
	return span_is_zero(span_of(bytes.data + 14, bytes.len - 14));
}

/* Of a year that has four digits: 0x0384440ccc736000 is the first that has not. */
static bool is_instant(struct span bytes)
{
	static const uint8_t end[] = { 0x03, 0x84, 0x44, 0x0c, 0xcc, 0x73, 0x60, 0x00 };

	return memcmp(bytes.data, end, sizeof(end)) < 0;
}

/* Every kind's own payload; what is not of its one length must be refused. */
static void try_kinds(struct span bytes)
{
	uint8_t buffer[128];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct frame_probe probe;
	struct frame_probe_ack ack;
	struct frame_rekey rekey;
	struct frame_close close;
	struct frame_clock clock;

	if (frame_probe_decode(bytes, &probe) == 0)
		frame_probe_encode(&probe, &w);
	CHECK((w.len > 0) == (bytes.len == FRAME_PROBE_BYTES && has_probe_zeros(bytes)));
	CHECK((frame_probe_ack_decode(bytes, &ack) == 0) == (bytes.len == FRAME_PROBE_BYTES));
	if (bytes.len == FRAME_PROBE_BYTES && !has_probe_zeros(bytes))
		frame_probe_ack_encode(&ack, &w);
	CHECK((frame_rekey_decode(bytes, &rekey) == 0) ==
	      (bytes.len == 60 && !span_is_zero(span_of(bytes.data, 4))));
	if (bytes.len == 60 && !span_is_zero(span_of(bytes.data, 4)))
		frame_rekey_encode(&rekey, &w);
	CHECK((frame_close_decode(bytes, &close) == 0) == (bytes.len == 1));
	if (bytes.len == 1)
		frame_close_encode(&close, &w);
	if (frame_clock_decode(bytes, &clock) == 0) {
		CHECK(bytes.len == FRAME_CLOCK_BYTES && clock.at.us >= 0 &&
		      clock.at.us <= FRAME_CLOCK_MAX_US);
		frame_clock_encode(&clock, &w);
	} else {
		CHECK(bytes.len != FRAME_CLOCK_BYTES || !is_instant(bytes));
	}
	CHECK(writer_ok(&w) && (w.len == 0 || span_equal(writer_span(&w), bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t padded[HANDSHAKE_PAYLOAD_BYTES];
	const struct span bytes = span_of(data, size);

	try_payload(bytes);
	if (size < sizeof(padded)) { /* short inputs as payloads, too: the rest is zero anyway */
		memset(padded, 0, sizeof(padded));
		if (size > 0)
			memcpy(padded, data, size);
		try_payload(span_of(padded, sizeof(padded)));
	}
	try_frame(bytes);
	try_kinds(bytes);
	return 0;
}
