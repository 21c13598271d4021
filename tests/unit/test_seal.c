/* test_seal.c - one frame in one datagram, and through a relay that datagram in another; what does
 * not fit, or whose keys are at their end, is not half sealed. */
#include "base/err.h"
#include "forward/seal.h"
#include "tests/lib/cmocka.h"

#include <string.h>

#define PEER_INDEX 0x11111111
#define RELAY_INDEX 0x22222222
#define NAME 0x01020304 /* of the peer, at the relay */

static const struct mono start = { .us = 1000000 };
static const struct frame_header probe = { .kind = FRAME_PROBE };
static const uint8_t key[AEAD_KEY_BYTES] = { 7 };

/* Its datagrams are for itself: it seals and opens with one key. */
static struct keyset *new_keyset(uint32_t index, uint64_t packets_max)
{
	const struct keyset_config config = { .local_index = index,
					      .remote_index = index,
					      .send_key = key,
					      .receive_key = key,
					      .suite = suite_find(suites_all, SUITE_AES_256_GCM),
					      .stop = MONO_NEVER,
					      .packets_max = packets_max };
	struct keyset *keyset = NULL;

	assert_int_equal(keyset_new(&config, &keyset), 0);
	return keyset;
}

static void free_keys(const struct seal_keys *keys)
{
	keyset_unref(keys->keyset);
	keyset_unref(keys->relay);
}

static uint8_t *filled(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i + 1);
	return bytes;
}

/* A run of one frame. */
static int seal(const struct seal_keys *keys, struct span payload, uint8_t *ret)
{
	struct seal_run run;
	int err = seal_run_begin(keys, start, 1, &run);

	if (err != 0)
		return err;
	assert_int_equal(seal_run_overhead(&run), keys->relay == NULL
							  ? KEYSET_OVERHEAD
							  : KEYSET_OVERHEAD + SEAL_RELAY_OVERHEAD);
	if (payload.len > 0)
		memcpy(ret + seal_run_payload_at(&run), payload.data, payload.len);
	err = seal_run_next(&run, &probe, payload.len, ret);
	seal_run_end(&run);
	return err;
}

static void straight_is_the_key_set_alone(void **state)
{
	const struct seal_keys keys = { .keyset = new_keyset(PEER_INDEX, 0) };
	uint8_t payload[KEYSET_PAYLOAD_BYTES_MAX + 1];
	uint8_t bytes[DATAGRAM_BYTES_MAX];
	struct keyset_opened opened;

	(void)state;
	(void)filled(payload, sizeof(payload));
	assert_int_equal(seal(&keys, span_of(payload, sizeof(payload)), bytes), ERR_TOO_LONG);
	for (size_t len = 0; len < sizeof(payload); len += 353) {
		assert_int_equal(seal(&keys, span_of(payload, len), bytes), 0);
		assert_int_equal(
			keyset_open(keys.keyset, start, bytes, len + KEYSET_OVERHEAD, &opened), 0);
		assert_int_equal(opened.frame.kind, FRAME_PROBE);
		assert_true(span_equal(span_of(opened.payload, opened.frame.payload_len),
				       span_of(payload, len)));
	}
	free_keys(&keys);
}

static void relayed_is_one_datagram_in_another(void **state)
{
	const struct seal_keys keys = { .keyset = new_keyset(PEER_INDEX, 0),
					.relay = new_keyset(RELAY_INDEX, 0),
					.relay_index = NAME };
	uint8_t payload[SEAL_RELAYED_PAYLOAD_BYTES_MAX];
	uint8_t bytes[DATAGRAM_BYTES_MAX];

	(void)state;
	(void)filled(payload, sizeof(payload));
	for (size_t len = 0; len <= sizeof(payload); len++) {
		struct keyset_opened outer;
		struct keyset_opened inner;
		struct span datagram;
		uint32_t index;

		assert_int_equal(seal(&keys, span_of(payload, len), bytes), 0);
		assert_int_equal(keyset_open(keys.relay, start, bytes,
					     len + KEYSET_OVERHEAD + SEAL_RELAY_OVERHEAD, &outer),
				 0);
		assert_int_equal(outer.frame.kind, FRAME_RELAY);
		assert_int_equal(
			relay_header_decode(span_of(outer.payload, outer.frame.payload_len), &index,
					    &datagram),
			0);
		assert_int_equal(index, NAME);
		assert_int_equal(keyset_open(keys.keyset, start, outer.payload + RELAY_HEADER_BYTES,
					     datagram.len, &inner),
				 0);
		assert_int_equal(inner.frame.kind, FRAME_PROBE);
		assert_true(span_equal(span_of(inner.payload, inner.frame.payload_len),
				       span_of(payload, len)));
	}
	assert_int_equal(sizeof(payload) + KEYSET_OVERHEAD + SEAL_RELAY_OVERHEAD,
			 DATAGRAM_BYTES_MAX);
	free_keys(&keys);
}

static void what_does_not_fit_is_not_sealed(void **state)
{
	const struct seal_keys keys = { .keyset = new_keyset(PEER_INDEX, 0),
					.relay = new_keyset(RELAY_INDEX, 0),
					.relay_index = NAME };
	uint8_t payload[SEAL_RELAYED_PAYLOAD_BYTES_MAX + KEYSET_OVERHEAD + 1];
	uint8_t bytes[DATAGRAM_BYTES_MAX];

	(void)state;
	(void)filled(payload, sizeof(payload));
	assert_int_equal(seal(&keys, span_of(payload, SEAL_RELAYED_PAYLOAD_BYTES_MAX + 1), bytes),
			 ERR_TOO_LONG);
	memset(bytes, 0x55, sizeof(bytes));
	assert_int_equal(
		seal_relayed(keys.relay, start, NAME, span_of(payload, sizeof(payload)), bytes),
		ERR_TOO_LONG);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0x55);
	assert_int_equal(
		seal_relayed(keys.relay, start, NAME, span_of(payload, sizeof(payload) - 1), bytes),
		0);
	assert_int_equal(keyset_counters(keys.keyset).packets_sent, 0);
	assert_int_equal(keyset_counters(keys.relay).packets_sent, 1);
	assert_int_equal(keyset_counters(keys.relay).bytes_sent, DATAGRAM_BYTES_MAX);
	free_keys(&keys);
}

/* Either key set may be at its end. */
static void each_key_set_may_refuse(void **state)
{
	uint8_t bytes[DATAGRAM_BYTES_MAX];

	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		const struct seal_keys keys = { .keyset = new_keyset(PEER_INDEX, which == 0),
						.relay = new_keyset(RELAY_INDEX, which == 1) };

		assert_int_equal(seal(&keys, span_text("once"), bytes), 0);
		assert_int_equal(seal(&keys, span_text("twice"), bytes), ERR_EXHAUSTED);
		free_keys(&keys);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(straight_is_the_key_set_alone),
		cmocka_unit_test(relayed_is_one_datagram_in_another),
		cmocka_unit_test(what_does_not_fit_is_not_sealed),
		cmocka_unit_test(each_key_set_may_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
