/* fuzz_noise.c - published runs of the handshake with edits on their way.
 *
 * Oracle: a message that arrives as it was sent is accepted and gives its payload; both sides write
 * the published bytes and end with the same keys. One that was changed in anything is refused, and
 * its reader is dead from then on. The input chooses the run and the edits.
 */
#include "base/check.h"
#include "base/err.h"
#include "crypto/noise.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/hex.h"
#include "tests/vectors/noise_vectors.h"

#define VECTORS (sizeof(noise_vectors) / sizeof(noise_vectors[0]))
#define MESSAGE_BYTES_MAX 256

static void start(size_t v, struct noise sides[2])
{
	const char *const statics[] = { noise_vector_initiator_static,
					noise_vector_responder_static };
	uint8_t prologue[16], psk[32], secret[32];

	for (size_t i = 0; i < 2; i++) {
		struct noise_keypair pair;
		const struct noise_config config = {
			.pattern = noise_vectors[v].pattern,
			.suite = suite_find(suites_all, (uint8_t)noise_vectors[v].suite),
			.initiator = i == 0,
			.prologue = hex_bytes(noise_vector_prologue, prologue, sizeof(prologue)),
			.psk = hex_bytes(noise_vector_psk, psk, sizeof(psk)).data,
			.local_static = &pair,
		};

		CHECK(noise_keypair(hex_bytes(statics[i], secret, sizeof(secret)).data, &pair) ==
		      0);
		noise_init(&sides[i], &config);
	}
}

/* Writes message `m`, which must be the published one. */
static struct span write_message(struct noise *side, size_t v, size_t m, struct span payload,
				 uint8_t *buffer)
{
	uint8_t ephemeral[32], expected[MESSAGE_BYTES_MAX];
	struct writer w = writer_of(buffer, MESSAGE_BYTES_MAX);

	hex_bytes(side->initiator ? noise_vector_initiator_ephemeral
				  : noise_vector_responder_ephemeral,
		  ephemeral, sizeof(ephemeral));
	CHECK(noise_write_keys(side, ephemeral, &w) == 0);
	CHECK(noise_write_payload(side, payload, &w) == 0);
	CHECK(span_equal(writer_span(&w),
			 hex_bytes(noise_vectors[v].messages[m], expected, sizeof(expected))));
	return writer_span(&w);
}

static int read_message(struct noise *side, struct span message, uint8_t *ret, size_t *ret_len)
{
	const int err = noise_read_keys(side, &message);

	return err != 0 ? err : noise_read_payload(side, message, ret, ret_len);
}

/* Edits a copy of the message and reads it with a copy of the reader. */
static void try_edited(const struct noise *side, struct span message, struct script *script)
{
	uint8_t bytes[MESSAGE_BYTES_MAX + 8], out[MESSAGE_BYTES_MAX + 8];
	struct noise copy = *side;
	size_t len = message.len, out_len;

	memcpy(bytes, message.data, len);
	for (unsigned edits = script_u8(script) % 4; edits > 0; edits--) {
		const size_t at = script_u8(script) % (len + 1);

		if (at == len && len < sizeof(bytes))
			bytes[len++] = script_u8(script);
		else if (at < len)
			bytes[at] ^= script_u8(script);
	}
	len -= script_u8(script) % (len + 1);
	if (span_equal(span_of(bytes, len), message))
		return;
	CHECK(read_message(&copy, span_of(bytes, len), out, &out_len) != 0);
	CHECK(copy.dead && !noise_is_done(&copy));
	CHECK(read_message(&copy, message, out, &out_len) == ERR_STALE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = script_of(data, size);
	const size_t v = script_u8(&script) % VECTORS;
	struct noise sides[2];
	struct noise_keys keys[2];

	start(v, sides);
	for (size_t m = 0; !noise_is_done(&sides[0]) || !noise_is_done(&sides[1]); m++) {
		uint8_t payload[64], message[MESSAGE_BYTES_MAX], out[MESSAGE_BYTES_MAX];
		const struct span p = hex_bytes(noise_vector_payloads[m], payload, sizeof(payload));
		const struct span sent = write_message(&sides[m % 2], v, m, p, message);
		size_t len = 0;

		for (unsigned tries = script_u8(&script) % 8; tries > 0; tries--)
			try_edited(&sides[(m + 1) % 2], sent, &script);
		CHECK(read_message(&sides[(m + 1) % 2], sent, out, &len) == 0);
		CHECK(span_equal(span_of(out, len), p));
	}
	noise_split(&sides[0], &keys[0]);
	noise_split(&sides[1], &keys[1]);
	CHECK(memcmp(&keys[0], &keys[1], sizeof(keys[0])) == 0);
	return 0;
}
