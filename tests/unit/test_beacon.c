/* test_beacon.c - what members say to their own network segment, byte by byte. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "wire/beacon.h"

#include <string.h>

static const uint8_t nonce[BEACON_NONCE_BYTES] = "123456789abc";

static struct beacon a_beacon(void)
{
	struct beacon beacon = { .at = { 0x0102030405060708 }, .port = 0x1234, .alone = true };

	memset(beacon.id.bytes, 7, ID_BYTES);
	return beacon;
}

static void words_have_their_bytes_and_read_back(void **state)
{
	static const uint8_t behind_id[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0x12, 0x34, 1, 0 };
	const struct beacon beacon = a_beacon();
	uint8_t bytes[BEACON_WORDS_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct beacon back;

	(void)state;
	beacon_encode(&beacon, &w);
	assert_true(writer_ok(&w) && w.len == sizeof(bytes));
	assert_memory_equal(bytes, beacon.id.bytes, ID_BYTES);
	assert_memory_equal(bytes + ID_BYTES, behind_id, sizeof(behind_id));
	assert_int_equal(beacon_decode(writer_span(&w), &back), 0);
	assert_true(id_equal(&back.id, &beacon.id));
	assert_true(back.at.us == beacon.at.us && back.port == beacon.port && back.alone);
}

static void words_that_are_not_right_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} cases[] = { { 20, 0x80 }, { 30, 2 }, { 30, 0x80 }, { 31, 1 } };
	const struct beacon beacon = a_beacon();
	uint8_t bytes[BEACON_WORDS_BYTES + 1] = { 0 };
	struct writer w = writer_of(bytes, BEACON_WORDS_BYTES);
	struct beacon back;

	(void)state;
	beacon_encode(&beacon, &w);
	assert_int_equal(beacon_decode(span_of(bytes, w.len - 1), &back), ERR_MALFORMED);
	assert_int_equal(beacon_decode(span_of(bytes, w.len + 1), &back), ERR_MALFORMED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t right = bytes[cases[i].at];

		bytes[cases[i].at] = cases[i].byte;
		assert_int_equal(beacon_decode(writer_span(&w), &back), ERR_MALFORMED);
		bytes[cases[i].at] = right;
	}
	bytes[28] = bytes[29] = 0;
	assert_int_equal(beacon_decode(writer_span(&w), &back), ERR_MALFORMED);
}

static void an_envelope_has_its_bytes_and_reads_back(void **state)
{
	uint8_t bytes[BEACON_BYTES + 1] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct beacon_envelope envelope;

	(void)state;
	beacon_envelope_encode(9, nonce, &w);
	assert_int_equal(w.len, BEACON_HEAD_BYTES + BEACON_NONCE_BYTES);
	assert_memory_equal(bytes,
			    "\x01\x09\0\0"
			    "123456789abc",
			    w.len);
	assert_int_equal(beacon_envelope_decode(span_of(bytes, BEACON_BYTES), &envelope), 0);
	assert_int_equal(envelope.epoch, 9);
	assert_ptr_equal(envelope.head.data, bytes);
	assert_ptr_equal(envelope.nonce.data, bytes + 4);
	assert_ptr_equal(envelope.sealed.data, bytes + 16);
	assert_int_equal(envelope.sealed.len, 48);
	assert_int_equal(beacon_envelope_decode(span_of(bytes, BEACON_BYTES - 1), &envelope),
			 ERR_MALFORMED);
	assert_int_equal(beacon_envelope_decode(span_of(bytes, BEACON_BYTES + 1), &envelope),
			 ERR_MALFORMED);
	for (size_t i = 0; i < 4; i++) {
		bytes[i] ^= 2;
		assert_int_equal(beacon_envelope_decode(span_of(bytes, BEACON_BYTES), &envelope),
				 i == 1 ? 0 : ERR_MALFORMED);
		bytes[i] ^= 2;
	}
}

static void groups_are_what_they_are(void **state)
{
	char text[ENDPOINT_TEXT_CHARS + 1];
	struct endpoint group = beacon_group(true);

	(void)state;
	endpoint_to_text(&group, text);
	assert_string_equal(text, "239.255.73.80:4768");
	group = beacon_group(false);
	endpoint_to_text(&group, text);
	assert_string_equal(text, "[ff12::4950:4f50]:4768");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_have_their_bytes_and_read_back),
		cmocka_unit_test(words_that_are_not_right_are_refused),
		cmocka_unit_test(an_envelope_has_its_bytes_and_reads_back),
		cmocka_unit_test(groups_are_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
