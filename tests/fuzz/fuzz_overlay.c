/* fuzz_overlay.c - what members say to each other as parts of the overlay (F6 and F16's form).
 *
 * The first byte chooses the decoder. Oracle: each message has one form, so what is taken is what
 * the encoder writes of it, byte for byte; and what is refused is not touched.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "wire/beacon.h"
#include "wire/overlay.h"

#define BYTES_MAX 4096

/* Decodes, encodes, compares: for one message of type `struct name_`. */
#define TRY(type_, name_)                                            \
	static void try_##name_(struct span bytes, struct writer *w) \
	{                                                            \
		type_ message;                                       \
                                                                     \
		if (name_##_decode(bytes, &message) != 0)            \
			return;                                      \
		name_##_encode(&message, w);                         \
		CHECK(writer_ok(w));                                 \
		CHECK(span_equal(writer_span(w), bytes));            \
	}

TRY(struct routed, routed)
TRY(struct found, found)
TRY(struct unreachable, unreachable)
TRY(struct broadcast, broadcast)
TRY(struct neighbours, neighbours)
TRY(struct candidates_message, candidates)
TRY(struct relay_message, relay_message)
TRY(struct part, part)
TRY(struct beacon, beacon)

static void try_beacon_envelope(struct span bytes, struct writer *w)
{
	struct beacon_envelope envelope;

	if (beacon_envelope_decode(bytes, &envelope) != 0)
		return;
	beacon_envelope_encode(envelope.epoch, envelope.nonce.data, w);
	writer_span_of(w, envelope.sealed);
	CHECK(span_equal(writer_span(w), bytes));
}

static void try_relay_header(struct span bytes, struct writer *w)
{
	struct span datagram;
	uint32_t index;

	if (relay_header_decode(bytes, &index, &datagram) != 0)
		return;
	CHECK(writer_reserve(w, RELAY_HEADER_BYTES) == w->data);
	relay_header_encode(index, w->data);
	writer_span_of(w, datagram);
	CHECK(span_equal(writer_span(w), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const decoders[])(struct span bytes, struct writer * w) = {
		try_routed,       try_found,      try_unreachable,    try_broadcast,
		try_neighbours,   try_candidates, try_relay_message,  try_part,
		try_relay_header, try_beacon,     try_beacon_envelope
	};
	uint8_t out[BYTES_MAX];
	struct writer w = writer_of(out, sizeof(out));

	if (size == 0 || size > BYTES_MAX)
		return 0;
	decoders[data[0] % (sizeof(decoders) / sizeof(decoders[0]))](span_of(data + 1, size - 1),
								     &w);
	return 0;
}
