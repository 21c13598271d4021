/* test_handshake_wire.c - the form of the handshake messages: every length, every reserved byte,
 * every padding byte, and where the macs stand. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "wire/handshake.h"

#include <string.h>

#define BYTES_MAX (HANDSHAKE_BYTES_MAX + 8)

/* A message of any type: what the session appends to the head is filled with 0xee. */
static struct span message(enum datagram_type type, enum handshake_carriage carriage,
			   uint8_t ret[BYTES_MAX])
{
	static const uint8_t filler[32] = { 0xee };
	const struct handshake_m0 m0 = { .version = HANDSHAKE_VERSION,
					 .suite = 1,
					 .epoch = 9,
					 .sender = 0x01020304,
					 .target = { TARGET_PREFIX, { { 7, 7, 7 } } } };
	const struct handshake_version version = {
		.lowest = 1, .highest = 2, .receiver = 0x0a0b0c0d, .suites = 6
	};
	const struct handshake_cookie cookie = { .receiver = 0x0a0b0c0d,
						 .nonce = span_of(filler, 16),
						 .sealed = span_of(filler, 32) };
	const bool raw = carriage == HANDSHAKE_RAW;
	struct writer w = writer_of(ret, BYTES_MAX);
	size_t len = 0;

	memset(ret, 0, BYTES_MAX);
	switch (type) {
	case DATAGRAM_M0:
		handshake_m0_head_encode(&m0, carriage, &w);
		memset(ret + w.len, 0xee, raw ? 80 : 48);
		len = raw ? HANDSHAKE_M0_BYTES : HANDSHAKE_CARRIED_M0_BYTES;
		break;
	case DATAGRAM_M1:
		handshake_m1_head_encode(0x0a0b0c0d, 0x01020304, &w);
		len = HANDSHAKE_M1_BYTES - (raw ? 0 : HANDSHAKE_MAC_BYTES);
		memset(ret + w.len, 0xee, len - w.len);
		break;
	case DATAGRAM_M2:
		handshake_m2_head_encode(0x0a0b0c0d, &w);
		len = HANDSHAKE_M2_BYTES - (raw ? 0 : HANDSHAKE_MAC_BYTES);
		memset(ret + w.len, 0xee, len - w.len);
		break;
	case DATAGRAM_COOKIE:
		handshake_cookie_encode(&cookie, &w);
		len = w.len;
		break;
	case DATAGRAM_VERSION:
		handshake_version_encode(&version, &w);
		len = w.len + (raw ? HANDSHAKE_MAC_BYTES : 0);
		break;
	case DATAGRAM_DATA:
		break;
	}
	assert_true(writer_ok(&w));
	return span_of(ret, len);
}

static int decode(enum datagram_type type, enum handshake_carriage carriage, struct span bytes)
{
	struct handshake_m0 m0;
	struct handshake_m1 m1;
	struct handshake_m2 m2;
	struct handshake_cookie cookie;
	struct handshake_version version;

	switch (type) {
	case DATAGRAM_M0:
		return handshake_m0_decode(bytes, carriage, &m0);
	case DATAGRAM_M1:
		return handshake_m1_decode(bytes, carriage, &m1);
	case DATAGRAM_M2:
		return handshake_m2_decode(bytes, carriage, &m2);
	case DATAGRAM_COOKIE:
		return handshake_cookie_decode(bytes, &cookie);
	case DATAGRAM_VERSION:
		return handshake_version_decode(bytes, carriage, &version);
	case DATAGRAM_DATA:
		break;
	}
	return 0;
}

static void each_message_has_one_length(void **state)
{
	static const size_t raw[] = { 0, 1100, 1084, 1048, 56, 28 };
	static const size_t carried[] = { 0, 77, 1068, 1032, 56, 12 };

	(void)state;
	for (enum datagram_type type = DATAGRAM_M0; type <= DATAGRAM_VERSION; type++) {
		for (unsigned c = 0; c < 2; c++) {
			const enum handshake_carriage carriage =
				c == 0 ? HANDSHAKE_RAW : HANDSHAKE_CARRIED;
			uint8_t bytes[BYTES_MAX];
			const struct span all = message(type, carriage, bytes);

			assert_int_equal(all.len, c == 0 ? raw[type] : carried[type]);
			for (size_t len = 0; len <= all.len + 1; len++)
				assert_int_equal(decode(type, carriage, span_of(bytes, len)),
						 len == all.len ? 0 : ERR_MALFORMED);
			bytes[0] ^= 1;
			assert_int_equal(decode(type, carriage, all), ERR_MALFORMED);
		}
	}
}

static void reserved_bytes_are_zero(void **state)
{
	(void)state;
	for (enum datagram_type type = DATAGRAM_M1; type <= DATAGRAM_VERSION; type++) {
		uint8_t bytes[BYTES_MAX];
		const struct span all = message(type, HANDSHAKE_RAW, bytes);
		const size_t first = type == DATAGRAM_VERSION ? 3 : 1;

		for (size_t at = first; at < 4; at++) {
			bytes[at] ^= 0x80;
			assert_int_equal(decode(type, HANDSHAKE_RAW, all), ERR_MALFORMED);
			bytes[at] ^= 0x80;
		}
		assert_int_equal(decode(type, HANDSHAKE_RAW, all), 0);
	}
}

static void padding_of_m0_is_zero_in_each_byte(void **state)
{
	uint8_t bytes[BYTES_MAX];
	const struct span all = message(DATAGRAM_M0, HANDSHAKE_RAW, bytes);

	(void)state;
	for (size_t at = 88; at < HANDSHAKE_M0_BYTES; at++) {
		bytes[at] = 1;
		assert_int_equal(decode(DATAGRAM_M0, HANDSHAKE_RAW, all), ERR_MALFORMED);
		bytes[at] = 0;
	}
	assert_int_equal(decode(DATAGRAM_M0, HANDSHAKE_RAW, all), 0);
}

static void m0_reads_back(void **state)
{
	uint8_t bytes[BYTES_MAX];
	struct handshake_m0 m0;

	(void)state;
	assert_int_equal(
		handshake_m0_decode(message(DATAGRAM_M0, HANDSHAKE_RAW, bytes), HANDSHAKE_RAW, &m0),
		0);
	assert_int_equal(m0.version, HANDSHAKE_VERSION);
	assert_int_equal(m0.suite, 1);
	assert_int_equal(m0.epoch, 9);
	assert_int_equal(m0.sender, 0x01020304);
	assert_ptr_equal(m0.words.head.data, bytes);
	assert_int_equal(m0.words.head.len, 8);
	assert_ptr_equal(m0.words.noise.data, bytes + 8);
	assert_int_equal(m0.words.noise.len, 48);
	assert_int_equal(handshake_m0_decode(message(DATAGRAM_M0, HANDSHAKE_CARRIED, bytes),
					     HANDSHAKE_CARRIED, &m0),
			 0);
	assert_int_equal(m0.target.kind, TARGET_PREFIX);
	assert_int_equal(m0.target.id.bytes[2], 7);
	assert_ptr_equal(m0.words.head.data, bytes);
	assert_int_equal(m0.words.head.len, 29);
	assert_ptr_equal(m0.words.noise.data, bytes + 29);
	assert_int_equal(m0.words.noise.len, 48);
}

static void m0_of_another_version_shows_what_never_moves(void **state)
{
	uint8_t bytes[BYTES_MAX];
	const struct span all = message(DATAGRAM_M0, HANDSHAKE_RAW, bytes);
	struct handshake_m0 m0;

	(void)state;
	bytes[1] = 2;
	memset(bytes + 88, 0xdd, HANDSHAKE_M0_BYTES - 88); /* its own business */
	assert_int_equal(handshake_m0_decode(all, HANDSHAKE_RAW, &m0), 0);
	assert_int_equal(m0.version, 2);
	assert_int_equal(m0.epoch, 9);
	assert_int_equal(m0.sender, 0x01020304);
	assert_int_equal(m0.words.noise.len, 0);
	assert_int_equal(handshake_m0_decode(span_of(bytes, 1099), HANDSHAKE_RAW, &m0),
			 ERR_MALFORMED);
}

static void targets_have_three_kinds_and_prefixes_end_in_zeros(void **state)
{
	uint8_t bytes[BYTES_MAX];
	const struct span all = message(DATAGRAM_M0, HANDSHAKE_CARRIED, bytes);

	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		bytes[8] = (uint8_t)kind;
		assert_int_equal(decode(DATAGRAM_M0, HANDSHAKE_CARRIED, all),
				 kind >= TARGET_EXACT && kind <= TARGET_NEAREST ? 0
										: ERR_MALFORMED);
	}
	bytes[8] = TARGET_PREFIX;
	for (size_t at = 0; at < ID_BYTES; at++) {
		const uint8_t before = bytes[9 + at];

		bytes[9 + at] = 0x40;
		assert_int_equal(decode(DATAGRAM_M0, HANDSHAKE_CARRIED, all),
				 at < ID_PREFIX_BYTES ? 0 : ERR_MALFORMED);
		bytes[9 + at] = before;
	}
}

static void macs_are_found_by_type_and_length_alone(void **state)
{
	static const size_t mac1_at[] = { 0, 56, 1068, 1032, 0, 12 };
	struct handshake_macs macs;
	uint8_t bytes[BYTES_MAX];

	(void)state;
	for (enum datagram_type type = DATAGRAM_M0; type <= DATAGRAM_VERSION; type++) {
		const struct span all = message(type, HANDSHAKE_RAW, bytes);
		const int expected = type == DATAGRAM_COOKIE ? ERR_MALFORMED : 0;

		memset(bytes + 1, 0xff, all.len - 1); /* nothing else is looked at */
		for (size_t len = 0; len <= all.len + 1; len++)
			assert_int_equal(handshake_macs_find(span_of(bytes, len), &macs),
					 len == all.len ? expected : ERR_MALFORMED);
		if (expected != 0)
			continue;
		assert_int_equal(handshake_macs_find(all, &macs), 0);
		assert_ptr_equal(macs.covered_by_mac1.data, bytes);
		assert_int_equal(macs.covered_by_mac1.len, mac1_at[type]);
		assert_ptr_equal(macs.mac1.data, bytes + mac1_at[type]);
		assert_int_equal(macs.mac1.len, 16);
		assert_int_equal(macs.mac2.len, type == DATAGRAM_M0 ? 16 : 0);
	}
	assert_int_equal(handshake_macs_find(message(DATAGRAM_M0, HANDSHAKE_RAW, bytes), &macs), 0);
	assert_int_equal(macs.epoch, 9);
	assert_ptr_equal(macs.mac2.data, bytes + 72);
	assert_ptr_equal(macs.covered_by_mac2.data, bytes);
	assert_int_equal(macs.covered_by_mac2.len, 72);
}

static void the_receiver_stands_in_one_place(void **state)
{
	uint8_t bytes[BYTES_MAX];

	(void)state;
	for (enum datagram_type type = DATAGRAM_M1; type <= DATAGRAM_VERSION; type++) {
		(void)message(type, HANDSHAKE_RAW, bytes);
		assert_int_equal(handshake_receiver(span_of(bytes, 8)), 0x0a0b0c0d);
		assert_int_equal(handshake_receiver(span_of(bytes, 7)), 0);
	}
	assert_int_equal(handshake_receiver(span_of(NULL, 0)), 0);
}

static void the_others_read_back(void **state)
{
	uint8_t bytes[BYTES_MAX];
	struct handshake_m1 m1;
	struct handshake_m2 m2;
	struct handshake_cookie cookie;
	struct handshake_version version;

	(void)state;
	assert_int_equal(
		handshake_m1_decode(message(DATAGRAM_M1, HANDSHAKE_RAW, bytes), HANDSHAKE_RAW, &m1),
		0);
	assert_int_equal(m1.receiver, 0x0a0b0c0d);
	assert_int_equal(m1.sender, 0x01020304);
	assert_ptr_equal(m1.words.head.data, bytes);
	assert_int_equal(m1.words.head.len, 12);
	assert_ptr_equal(m1.words.noise.data, bytes + 12);
	assert_int_equal(m1.words.noise.len, 32 + 48 + 960 + 16);
	assert_int_equal(
		handshake_m2_decode(message(DATAGRAM_M2, HANDSHAKE_RAW, bytes), HANDSHAKE_RAW, &m2),
		0);
	assert_int_equal(m2.receiver, 0x0a0b0c0d);
	assert_ptr_equal(m2.words.head.data, bytes);
	assert_int_equal(m2.words.head.len, 8);
	assert_ptr_equal(m2.words.noise.data, bytes + 8);
	assert_int_equal(m2.words.noise.len, 48 + 960 + 16);
	assert_int_equal(
		handshake_cookie_decode(message(DATAGRAM_COOKIE, HANDSHAKE_RAW, bytes), &cookie),
		0);
	assert_int_equal(cookie.receiver, 0x0a0b0c0d);
	assert_ptr_equal(cookie.nonce.data, bytes + 8);
	assert_ptr_equal(cookie.sealed.data, bytes + 24);
	assert_int_equal(handshake_version_decode(message(DATAGRAM_VERSION, HANDSHAKE_RAW, bytes),
						  HANDSHAKE_RAW, &version),
			 0);
	assert_int_equal(version.lowest, 1);
	assert_int_equal(version.highest, 2);
	assert_int_equal(version.receiver, 0x0a0b0c0d);
	assert_int_equal(version.suites, 6);
}

static struct span payload_bytes(bool has_observed, uint8_t ret[HANDSHAKE_PAYLOAD_BYTES])
{
	const struct handshake_payload payload = {
		.certificate = span_text("certificate"),
		.signature = span_text("signature"),
		.capabilities = 0x11223344,
		.crl_number = 77,
		.has_observed = has_observed,
		.observed = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 4000),
	};
	struct writer w = writer_of(ret, HANDSHAKE_PAYLOAD_BYTES);

	handshake_payload_encode(&payload, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(w.len, HANDSHAKE_PAYLOAD_BYTES);
	return writer_span(&w);
}

#define PAYLOAD_FIXED_BYTES (2 + 11 + 1 + 9 + 4 + 8) /* of the payload above, no extension */

static void payload_reads_back(void **state)
{
	uint8_t bytes[HANDSHAKE_PAYLOAD_BYTES];

	(void)state;
	for (unsigned observed = 0; observed < 2; observed++) {
		struct handshake_payload back;

		assert_int_equal(
			handshake_payload_decode(payload_bytes(observed != 0, bytes), &back), 0);
		assert_true(span_equal(back.certificate, span_text("certificate")));
		assert_true(span_equal(back.signature, span_text("signature")));
		assert_int_equal(back.capabilities, 0x11223344);
		assert_int_equal(back.crl_number, 77);
		assert_int_equal(back.has_observed, observed);
		if (observed != 0)
			assert_int_equal(back.observed.port, 4000);
	}
}

static void payload_has_one_length_and_lengths_inside_it(void **state)
{
	uint8_t bytes[HANDSHAKE_PAYLOAD_BYTES + 1] = { 0 };
	struct handshake_payload back;

	(void)state;
	(void)payload_bytes(false, bytes);
	for (size_t len = 0; len <= sizeof(bytes); len++)
		assert_int_equal(handshake_payload_decode(span_of(bytes, len), &back),
				 len == HANDSHAKE_PAYLOAD_BYTES ? 0 : ERR_MALFORMED);
	const struct span all = span_of(bytes, HANDSHAKE_PAYLOAD_BYTES);

	bytes[0] = 0xff; /* a certificate of 64 KiB */
	assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
	memset(bytes, 0, sizeof(bytes));
	bytes[0] = (HANDSHAKE_PAYLOAD_BYTES - 2 - 13) >> 8; /* fills all but the fixed fields */
	bytes[1] = (HANDSHAKE_PAYLOAD_BYTES - 2 - 13) & 0xff;
	assert_int_equal(handshake_payload_decode(all, &back), 0);
	bytes[1]++;
	assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
}

static void extensions_unknown_are_skipped_and_known_come_once(void **state)
{
	uint8_t bytes[HANDSHAKE_PAYLOAD_BYTES];
	const struct span all = payload_bytes(true, bytes);
	uint8_t *const first = bytes + PAYLOAD_FIXED_BYTES;
	uint8_t *const second = first + 3 + ENDPOINT_WIRE_BYTES;
	struct handshake_payload back;

	(void)state;
	memcpy(second, first, 3 + ENDPOINT_WIRE_BYTES);
	assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
	second[0] = 200; /* unknown, any number of them */
	assert_int_equal(handshake_payload_decode(all, &back), 0);
	first[0] = 200;
	assert_int_equal(handshake_payload_decode(all, &back), 0);
	assert_false(back.has_observed);
	first[0] = HANDSHAKE_EXTENSION_OBSERVED;
	first[2] = ENDPOINT_WIRE_BYTES - 1; /* too short for an endpoint */
	assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
	first[1] = 0xff; /* beyond the end */
	assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
	first[0] = 0; /* padding begins, but is not zero */
	assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
}

/* One to four names of eight bytes, once. */
static void succeeded_sessions_are_named_by_eight_bytes_each(void **state)
{
	static const uint8_t names[48] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	(void)state;
	for (size_t len = 0; len <= sizeof(names); len++) {
		const struct handshake_payload payload = { .certificate = span_text("c"),
							   .succeeds = span_of(names, len) };
		uint8_t bytes[HANDSHAKE_PAYLOAD_BYTES];
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct handshake_payload back;
		const bool good = len % HANDSHAKE_NAME_BYTES == 0 &&
				  len <= (size_t)HANDSHAKE_NAMES_MAX * HANDSHAKE_NAME_BYTES;

		handshake_payload_encode(&payload, &w);
		assert_int_equal(handshake_payload_decode(writer_span(&w), &back),
				 good ? 0 : ERR_MALFORMED);
		if (!good)
			continue;
		assert_true(span_equal(back.succeeds, payload.succeeds));
		if (len == 0)
			continue;
		memcpy(bytes + 2 + 1 + 1 + 4 + 8 + 3 + len, bytes + 2 + 1 + 1 + 4 + 8, 3 + len);
		assert_int_equal(handshake_payload_decode(writer_span(&w), &back), ERR_MALFORMED);
	}
}

/* No names at all is nothing to say: the extension is not empty. */
static void an_empty_list_of_names_is_refused(void **state)
{
	uint8_t bytes[HANDSHAKE_PAYLOAD_BYTES];
	const struct span all = payload_bytes(false, bytes);
	struct handshake_payload back;

	(void)state;
	bytes[PAYLOAD_FIXED_BYTES] = HANDSHAKE_EXTENSION_SUCCEEDS;
	assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
}

static void padding_of_the_payload_is_zero_to_the_last_byte(void **state)
{
	uint8_t bytes[HANDSHAKE_PAYLOAD_BYTES];
	const struct span all = payload_bytes(false, bytes);
	struct handshake_payload back;

	(void)state;
	for (size_t at = PAYLOAD_FIXED_BYTES + 1; at < sizeof(bytes); at++) {
		bytes[at] = 1;
		assert_int_equal(handshake_payload_decode(all, &back), ERR_MALFORMED);
		bytes[at] = 0;
	}
}

static void a_payload_that_does_not_fit_is_not_written(void **state)
{
	static const uint8_t certificate[HANDSHAKE_PAYLOAD_BYTES];
	const size_t most = HANDSHAKE_PAYLOAD_BYTES - 2 - 1 - 4 - 8;
	uint8_t bytes[2 * HANDSHAKE_PAYLOAD_BYTES];

	(void)state;
	for (size_t len = most; len <= most + 1; len++) {
		const struct handshake_payload payload = { .certificate =
								   span_of(certificate, len) };
		struct writer w = writer_of(bytes, sizeof(bytes));

		handshake_payload_encode(&payload, &w);
		assert_int_equal(writer_ok(&w), len == most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_has_one_length),
		cmocka_unit_test(reserved_bytes_are_zero),
		cmocka_unit_test(padding_of_m0_is_zero_in_each_byte),
		cmocka_unit_test(m0_reads_back),
		cmocka_unit_test(m0_of_another_version_shows_what_never_moves),
		cmocka_unit_test(targets_have_three_kinds_and_prefixes_end_in_zeros),
		cmocka_unit_test(macs_are_found_by_type_and_length_alone),
		cmocka_unit_test(the_receiver_stands_in_one_place),
		cmocka_unit_test(the_others_read_back),
		cmocka_unit_test(payload_reads_back),
		cmocka_unit_test(payload_has_one_length_and_lengths_inside_it),
		cmocka_unit_test(extensions_unknown_are_skipped_and_known_come_once),
		cmocka_unit_test(succeeded_sessions_are_named_by_eight_bytes_each),
		cmocka_unit_test(an_empty_list_of_names_is_refused),
		cmocka_unit_test(padding_of_the_payload_is_zero_to_the_last_byte),
		cmocka_unit_test(a_payload_that_does_not_fit_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
