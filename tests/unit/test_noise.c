/* test_noise.c - both patterns under both suites against published runs; every bit of every message
 * flipped; every call out of its turn; points of small order in each place that takes a key. */
#include "base/err.h"
#include "crypto/noise.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/hex.h"
#include "tests/vectors/noise_vectors.h"

#define VECTORS (sizeof(noise_vectors) / sizeof(noise_vectors[0]))
#define MESSAGE_BYTES_MAX 256

static size_t handshake_messages(enum noise_pattern pattern)
{
	return pattern == NOISE_XXPSK3 ? 3 : 2;
}

/* The two sides of published vector `v`: [0] is the initiator. */
static void start(size_t v, struct noise sides[2])
{
	const char *const statics[] = { noise_vector_initiator_static,
					noise_vector_responder_static };
	uint8_t prologue[16], psk[32], secret[32];

	for (size_t i = 0; i < 2; i++) {
		struct noise_keypair pair;
		struct noise_config config = {
			.pattern = noise_vectors[v].pattern,
			.suite = suite_find(suites_all, (uint8_t)noise_vectors[v].suite),
			.initiator = i == 0,
			.prologue = hex_bytes(noise_vector_prologue, prologue, sizeof(prologue)),
			.psk = hex_bytes(noise_vector_psk, psk, sizeof(psk)).data,
		};

		hex_bytes(statics[i], secret, sizeof(secret));
		assert_int_equal(noise_keypair(secret, &pair), 0);
		if (config.pattern == NOISE_XXPSK3)
			config.local_static = &pair;
		noise_init(&sides[i], &config);
	}
}

static int write_message(struct noise *side, struct span payload, struct writer *w)
{
	uint8_t ephemeral[32];

	hex_bytes(side->initiator ? noise_vector_initiator_ephemeral
				  : noise_vector_responder_ephemeral,
		  ephemeral, sizeof(ephemeral));

	const int err = noise_write_keys(side, ephemeral, w);
	return err != 0 ? err : noise_write_payload(side, payload, w);
}

static int read_message(struct noise *side, struct span message, uint8_t *ret, size_t *ret_len)
{
	const int err = noise_read_keys(side, &message);

	return err != 0 ? err : noise_read_payload(side, message, ret, ret_len);
}

/* Carries message `m` of vector `v` from the one whose turn it is to the other. */
static void step(size_t v, struct noise sides[2], size_t m)
{
	uint8_t payload[64], message[MESSAGE_BYTES_MAX], expected[MESSAGE_BYTES_MAX], out[64];
	const struct span p = hex_bytes(noise_vector_payloads[m], payload, sizeof(payload));
	const struct span e = hex_bytes(noise_vectors[v].messages[m], expected, sizeof(expected));
	struct writer w = writer_of(message, sizeof(message));
	size_t len = 0;

	assert_int_equal(write_message(&sides[m % 2], p, &w), 0);
	assert_int_equal(w.len, e.len);
	assert_memory_equal(message, e.data, e.len);
	assert_int_equal(read_message(&sides[(m + 1) % 2], writer_span(&w), out, &len), 0);
	assert_int_equal(len, p.len);
	assert_memory_equal(out, payload, len);
}

static void assert_transport(size_t v, const struct noise_keys *keys)
{
	const struct suite *suite = suite_find(suites_all, (uint8_t)noise_vectors[v].suite);

	for (size_t m = handshake_messages(noise_vectors[v].pattern); m < NOISE_VECTOR_MESSAGES;
	     m++) {
		const size_t first = handshake_messages(noise_vectors[v].pattern);
		const uint8_t counter = (uint8_t)((m - first) / 2);
		uint8_t payload[64], expected[64], out[64], nonce[AEAD_NONCE_BYTES] = { 0 };
		const struct span p = hex_bytes(noise_vector_payloads[m], payload, sizeof(payload));
		const struct span e =
			hex_bytes(noise_vectors[v].messages[m], expected, sizeof(expected));
		struct aead aead;

		nonce[suite->little_endian_nonce ? 4 : 11] = counter;
		assert_int_equal(aead_init(&aead, suite->handshake,
					   m % 2 == 0 ? keys->initiator_to_responder
						      : keys->responder_to_initiator),
				 0);
		assert_int_equal(aead_seal(&aead, nonce, span_of(NULL, 0), p, out), 0);
		assert_memory_equal(out, e.data, e.len);
		aead_free(&aead);
	}
}

static void test_published(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		struct noise sides[2];
		struct noise_keys keys[2];
		const size_t messages = handshake_messages(noise_vectors[v].pattern);
		uint8_t three[HASH_BYTES], ignored[HASH_BYTES];

		start(v, sides);
		for (size_t m = 0; m < messages; m++) {
			assert_false(noise_is_done(&sides[0]));
			assert_false(noise_is_done(&sides[1]));
			step(v, sides, m);
		}
		for (size_t i = 0; i < 2; i++) {
			assert_true(noise_is_done(&sides[i]));
			noise_split(&sides[i], &keys[i]);
		}
		assert_memory_equal(sides[0].hash, sides[1].hash, HASH_BYTES);
		assert_memory_equal(&keys[0], &keys[1], sizeof(keys[0]));
		assert_transport(v, &keys[0]);

		hash_noise_hkdf(sides[0].chaining_key, span_of(NULL, 0), ignored, ignored, three);
		assert_memory_equal(keys[0].exported, three, sizeof(three));

		noise_wipe(&sides[0]);
		assert_false(noise_is_done(&sides[0]));
		assert_true(span_is_zero(span_of(sides[0].chaining_key, HASH_BYTES)));
	}
}

/* Each bit of each message, one at a time: refused, at the latest with the payload, and the
 * handshake is dead afterwards. A flipped bit of an `e` shows in the first tag behind it. */
static void test_every_bit_counts(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		struct noise sides[2], copy;
		uint8_t message[MESSAGE_BYTES_MAX], out[MESSAGE_BYTES_MAX];

		start(v, sides);
		for (size_t m = 0; m < handshake_messages(noise_vectors[v].pattern); m++) {
			const struct span whole =
				hex_bytes(noise_vectors[v].messages[m], message, sizeof(message));

			for (size_t bit = 0; bit < 8 * whole.len; bit++) {
				size_t len = SIZE_MAX;

				copy = sides[(m + 1) % 2];
				message[bit / 8] ^= (uint8_t)(1U << bit % 8);
				assert_int_equal(read_message(&copy, whole, out, &len), ERR_AUTH);
				assert_int_equal(len, SIZE_MAX);
				assert_true(copy.dead);
				assert_true(span_is_zero(span_of(copy.psk, sizeof(copy.psk))));
				message[bit / 8] ^= (uint8_t)(1U << bit % 8);
			}
			step(v, sides, m);
		}
	}
}

static void test_every_length_counts(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		struct noise sides[2], copy;
		uint8_t message[MESSAGE_BYTES_MAX], out[MESSAGE_BYTES_MAX];

		start(v, sides);
		for (size_t m = 0; m < handshake_messages(noise_vectors[v].pattern); m++) {
			const struct span whole =
				hex_bytes(noise_vectors[v].messages[m], message, sizeof(message));

			for (size_t len = 0; len <= whole.len + 1; len++) {
				size_t out_len;
				int err;

				copy = sides[(m + 1) % 2];
				err = read_message(&copy, span_of(message, len), out, &out_len);
				if (len == whole.len)
					assert_int_equal(err, 0);
				else
					assert_true(err == ERR_MALFORMED || err == ERR_AUTH);
			}
			step(v, sides, m);
		}
	}
}

/* Every tag covers the hash up to it (5.2); only its last step shows in none. */
static void test_hash_takes_the_last_payload(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		const size_t last = handshake_messages(noise_vectors[v].pattern) - 1;
		const uint8_t ephemeral[32] = { 8 };
		struct noise sides[2], *from = &sides[last % 2];
		uint8_t message[MESSAGE_BYTES_MAX], before[HASH_BYTES], after[HASH_BYTES];
		struct writer w = writer_of(message, sizeof(message));

		start(v, sides);
		for (size_t m = 0; m < last; m++)
			step(v, sides, m);
		assert_int_equal(noise_write_keys(from, ephemeral, &w), 0);
		memcpy(before, from->hash, sizeof(before));

		const size_t keys_len = w.len;
		assert_int_equal(noise_write_payload(from, span_text("signed"), &w), 0);
		const struct span parts[] = { span_of(before, sizeof(before)),
					      span_of(message + keys_len, w.len - keys_len) };
		hash_sha256(parts, 2, after);
		assert_memory_equal(from->hash, after, sizeof(after));
	}
}

/* What goes into the handshake from outside decides whether the first tag fits. */
static void test_prologue_psk_and_suite_count(void **state)
{
	const uint8_t psk[32] = { 1 }, other_psk[32] = { 2 }, ephemeral[32] = { 8 };
	struct noise_config config = { .pattern = NOISE_NNPSK0,
				       .suite = suite_find(suites_all, SUITE_AES_256_GCM),
				       .initiator = true,
				       .prologue = span_text("network"),
				       .psk = psk };
	uint8_t message[64], out[64];
	struct writer w = writer_of(message, sizeof(message));
	struct noise initiator, responder;
	size_t len;

	(void)state;
	noise_init(&initiator, &config);
	assert_int_equal(noise_write_keys(&initiator, ephemeral, &w), 0);
	assert_int_equal(noise_write_payload(&initiator, span_text("hello"), &w), 0);
	config.initiator = false;
	for (size_t i = 0; i < 5; i++) {
		struct noise_config changed = config;

		changed.prologue = i == 1 ? span_text("networl") : config.prologue;
		changed.psk = i == 2 ? other_psk : psk;
		if (i == 3)
			changed.suite = suite_find(suites_all, SUITE_CHACHA20_POLY1305);
		if (i == 4)
			changed.pattern = NOISE_XXPSK3;
		noise_init(&responder, &changed);
		assert_int_equal(read_message(&responder, writer_span(&w), out, &len),
				 i == 0 ? 0 : ERR_AUTH);
	}
}

/* Message `m`, whose writer has bound `ours` and whose reader `theirs`: what reading says. */
static int step_bound(struct noise sides[2], size_t m, const char *ours, const char *theirs)
{
	const uint8_t ephemerals[2][32] = { { 8 }, { 16 } };
	struct noise *from = &sides[m % 2], *to = &sides[(m + 1) % 2];
	uint8_t message[MESSAGE_BYTES_MAX], out[MESSAGE_BYTES_MAX];
	struct writer w = writer_of(message, sizeof(message));
	size_t len;

	assert_int_equal(noise_bind(from, span_text(ours)), 0);
	assert_int_equal(noise_bind(to, span_text(theirs)), 0);
	assert_int_equal(noise_write_keys(from, ephemerals[m % 2], &w), 0);
	assert_int_equal(noise_write_payload(from, span_text("x"), &w), 0);
	return read_message(to, writer_span(&w), out, &len);
}

/* In each message what was bound must be the same at both ends; to bind nothing is another thing.
 */
static void test_what_is_bound_counts(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		const size_t messages = handshake_messages(noise_vectors[v].pattern);
		struct noise sides[2];

		for (size_t harmed = 0; harmed <= messages; harmed++) {
			int err = 0;

			start(v, sides);
			for (size_t m = 0; m < messages && err == 0; m++) {
				err = step_bound(sides, m, "head", m == harmed ? "heae" : "head");
				assert_int_equal(err, m == harmed ? ERR_AUTH : 0);
			}
		}
		start(v, sides);
		assert_int_equal(step_bound(sides, 0, "head", ""), ERR_AUTH);
	}
}

/* Bytes are bound between two messages: not inside one, and not when all is said. */
static void assert_bound(const struct noise *noise, bool due)
{
	struct noise copy = *noise;

	assert_int_equal(noise_bind(&copy, span_text("head")), due ? 0 : ERR_STALE);
	assert_true(copy.dead == !due);
}

/* Calls one of the four functions and says what came of it. */
static int call(struct noise *noise, unsigned which)
{
	const uint8_t ephemeral[32] = { 8 };
	uint8_t buffer[MESSAGE_BYTES_MAX] = { 9 }, out[MESSAGE_BYTES_MAX];
	struct writer w = writer_of(buffer, sizeof(buffer));
	struct span rest = span_of(buffer, sizeof(buffer));
	size_t len;

	switch (which) {
	case 0:
		return noise_write_keys(noise, ephemeral, &w);
	case 1:
		return noise_write_payload(noise, span_text("x"), &w);
	case 2:
		return noise_read_keys(noise, &rest);
	default:
		return noise_read_payload(noise, rest, out, &len);
	}
}

/* At each point of the run one of the four calls is due; the other three are stale and kill. */
static void assert_only_due(const struct noise *noise, unsigned due)
{
	for (unsigned which = 0; which < 4; which++) {
		struct noise copy = *noise;
		const int err = call(&copy, which);

		assert_true((err == ERR_STALE) == (which != due));
		if (which == due)
			continue;
		for (unsigned again = 0; again < 4; again++)
			assert_int_equal(call(&copy, again), ERR_STALE);
		assert_false(noise_is_done(&copy));
	}
}

static void test_only_what_is_due(void **state)
{
	const uint8_t ephemerals[2][32] = { { 8 }, { 16 } };

	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		struct noise sides[2];

		start(v, sides);
		for (size_t m = 0; m < handshake_messages(noise_vectors[v].pattern); m++) {
			struct noise *from = &sides[m % 2], *to = &sides[(m + 1) % 2];
			uint8_t message[MESSAGE_BYTES_MAX], out[MESSAGE_BYTES_MAX];
			struct writer w = writer_of(message, sizeof(message));
			size_t len;

			assert_bound(from, true);
			assert_bound(to, true);
			assert_only_due(from, 0);
			assert_int_equal(noise_write_keys(from, ephemerals[m % 2], &w), 0);
			assert_bound(from, false);
			assert_only_due(from, 1);
			assert_int_equal(noise_write_payload(from, span_text("x"), &w), 0);

			struct span rest = writer_span(&w);
			assert_only_due(to, 2);
			assert_int_equal(noise_read_keys(to, &rest), 0);
			assert_bound(to, false);
			assert_only_due(to, 3);
			assert_int_equal(noise_read_payload(to, rest, out, &len), 0);
		}
		assert_only_due(&sides[0], UINT32_MAX); /* done: nothing is due */
		assert_only_due(&sides[1], UINT32_MAX);
		assert_bound(&sides[0], false);
		noise_wipe(&sides[1]);
		assert_bound(&sides[1], false);
	}
}

/* `e` of the second message in both patterns, of the first in XX (it is used in the second). */
static void test_small_order_is_refused(void **state)
{
	const uint8_t ephemeral[32] = { 8 };

	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		struct noise sides[2];
		uint8_t message[MESSAGE_BYTES_MAX] = { 0 }; /* a key of zero, then anything */
		struct span rest = span_of(message, sizeof(message));
		struct writer w = writer_of(message, sizeof(message));

		start(v, sides);
		assert_int_equal(noise_read_keys(&sides[1], &rest), 0);
		sides[1].message = 1; /* as if the payload of a peer without honour had passed */
		sides[1].keys_done = false;
		assert_int_equal(noise_write_keys(&sides[1], ephemeral, &w), ERR_CRYPTO);
		assert_true(sides[1].dead);

		start(v, sides);
		step(v, sides, 0);
		memset(message, 0, sizeof(message));
		rest = span_of(message, sizeof(message));
		assert_int_equal(noise_read_keys(&sides[0], &rest), ERR_CRYPTO);
		assert_int_equal(rest.len, sizeof(message)); /* untouched */
		assert_true(sides[0].dead);
	}
}

static void test_no_room(void **state)
{
	(void)state;
	for (size_t size = 0; size < 64; size++) { /* 64: e, payload of 16, tag */
		struct noise sides[2];
		uint8_t message[MESSAGE_BYTES_MAX], payload[16] = { 0 };
		struct writer w = writer_of(message, size);

		start(0, sides);
		assert_int_equal(write_message(&sides[0], span_of(payload, 16), &w), ERR_TOO_LONG);
		assert_true(sides[0].dead);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_every_length_counts),
		cmocka_unit_test(test_hash_takes_the_last_payload),
		cmocka_unit_test(test_prologue_psk_and_suite_count),
		cmocka_unit_test(test_what_is_bound_counts),
		cmocka_unit_test(test_only_what_is_due),
		cmocka_unit_test(test_small_order_is_refused),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
