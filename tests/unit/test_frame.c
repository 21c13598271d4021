/* test_frame.c - what is inside a sealed datagram, and what no peer may claim about it. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "wire/frame.h"

#include <string.h>

#define FRAME_BYTES_MAX 256

/* A frame with this header, `room` bytes behind the header. */
static struct span frame_of(const struct frame_header *header, uint8_t ret[FRAME_BYTES_MAX],
			    size_t room)
{
	memset(ret, 0x55, FRAME_BYTES_MAX);
	frame_header_encode(header, ret);
	return span_of(ret, FRAME_HEADER_BYTES + room);
}

static int decode(const struct frame_header *header, size_t room)
{
	uint8_t bytes[FRAME_BYTES_MAX];
	struct frame_header back;
	struct span payload;

	return frame_decode(frame_of(header, bytes, room), &back, &payload);
}

static void header_has_its_bytes_and_reads_back(void **state)
{
	const uint8_t expected[FRAME_HEADER_BYTES] = { 1, 3, 40, 20, 16, 0, 100, 0 };
	const struct frame_header header = { .kind = FRAME_IP,
					     .flags = FRAME_FLAG_PARTIAL_CHECKSUM |
						      FRAME_FLAG_CONTINUES,
					     .header_len = 40,
					     .checksum_start = 20,
					     .checksum_offset = 16,
					     .payload_len = 100 };
	uint8_t bytes[FRAME_BYTES_MAX];
	const struct span frame = frame_of(&header, bytes, 100 + 28); /* 28 of padding */
	struct frame_header back;
	struct span payload;

	(void)state;
	assert_memory_equal(bytes, expected, sizeof(expected));
	assert_int_equal(frame_decode(frame, &back, &payload), 0);
	assert_int_equal(back.kind, header.kind);
	assert_int_equal(back.flags, header.flags);
	assert_int_equal(back.header_len, header.header_len);
	assert_int_equal(back.checksum_start, header.checksum_start);
	assert_int_equal(back.checksum_offset, header.checksum_offset);
	assert_int_equal(back.payload_len, header.payload_len);
	assert_ptr_equal(payload.data, bytes + FRAME_HEADER_BYTES);
	assert_int_equal(payload.len, 100);
}

static void payload_must_end_inside_the_frame(void **state)
{
	const struct frame_header header = { .kind = FRAME_IP, .payload_len = 100 };
	const struct frame_header longest = { .kind = FRAME_IP, .payload_len = UINT16_MAX };

	(void)state;
	assert_int_equal(decode(&header, 100), 0);
	assert_int_equal(decode(&header, 99), ERR_MALFORMED);
	assert_int_equal(decode(&header, 0), ERR_MALFORMED);
	assert_int_equal(decode(&longest, 200), ERR_MALFORMED);
}

static void stated_places_must_lie_inside_the_payload(void **state)
{
	struct frame_header header = { .kind = FRAME_IP, .header_len = 100, .payload_len = 100 };

	(void)state;
	assert_int_equal(decode(&header, 100), 0);
	header.header_len = 101;
	assert_int_equal(decode(&header, 128), ERR_MALFORMED);
	header.header_len = 0;
	header.flags = FRAME_FLAG_PARTIAL_CHECKSUM;
	header.checksum_start = 90;
	header.checksum_offset = 8; /* ends exactly with the payload */
	assert_int_equal(decode(&header, 100), 0);
	header.checksum_offset = 9;
	assert_int_equal(decode(&header, 128), ERR_MALFORMED);
	header.checksum_start = 255;
	header.checksum_offset = 255;
	assert_int_equal(decode(&header, 128), ERR_MALFORMED);
	header.flags = 0; /* then the two mean nothing */
	assert_int_equal(decode(&header, 100), 0);
}

static void truncated_and_reserved_are_refused(void **state)
{
	const struct frame_header header = { .kind = FRAME_EMPTY };
	uint8_t bytes[FRAME_BYTES_MAX];
	struct span frame = frame_of(&header, bytes, 0);
	struct frame_header back = { .kind = 99 };
	struct span payload = span_of("x", 1);

	(void)state;
	assert_int_equal(frame_decode(frame, &back, &payload), 0);
	assert_int_equal(payload.len, 0);
	back.kind = 99;
	for (size_t len = 0; len < FRAME_HEADER_BYTES; len++)
		assert_int_equal(frame_decode(span_of(bytes, len), &back, &payload), ERR_MALFORMED);
	bytes[7] = 1;
	assert_int_equal(frame_decode(frame, &back, &payload), ERR_MALFORMED);
	assert_int_equal(back.kind, 99);
}

/* Every payload: reads back at its length, and at no other. */
static void probes_read_back(void **state)
{
	const struct frame_probe probe = { .token = FRAME_TOKEN_MAX - 0x1234, .crl_number = 9 };
	struct frame_probe back;
	uint8_t bytes[FRAME_BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	frame_probe_encode(&probe, &w);
	for (size_t len = 0; len < w.len + 2; len++)
		assert_int_equal(frame_probe_decode(span_of(bytes, len), &back),
				 len == w.len ? 0 : ERR_MALFORMED);
	assert_int_equal(back.token, probe.token);
	assert_int_equal(back.crl_number, probe.crl_number);
	for (size_t i = 14; i < w.len; i++) {
		bytes[i] = 1;
		assert_int_equal(frame_probe_decode(writer_span(&w), &back), ERR_MALFORMED);
		bytes[i] = 0;
	}
}

/* And both in no more than 64 bytes. */
static void the_answer_to_a_probe_is_no_longer_than_the_probe(void **state)
{
	uint8_t bytes[FRAME_BYTES_MAX];
	struct writer probe = writer_of(bytes, sizeof(bytes));
	struct writer ack = writer_of(bytes, sizeof(bytes));

	(void)state;
	frame_probe_encode(&(struct frame_probe){ .token = 1 }, &probe);
	frame_probe_ack_encode(&(struct frame_probe_ack){ .token = 1 }, &ack);
	assert_int_equal(probe.len, FRAME_PROBE_BYTES);
	assert_int_equal(ack.len, FRAME_PROBE_BYTES);
	assert_int_equal(16 + FRAME_HEADER_BYTES + FRAME_PROBE_BYTES + 16, 64); /* header, tag */
}

static void probe_acks_read_back(void **state)
{
	const struct frame_probe_ack ack = {
		.token = 3, .observed = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 4000)
	};
	struct frame_probe_ack back;
	uint8_t bytes[FRAME_BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	frame_probe_ack_encode(&ack, &w);
	for (size_t len = 0; len < w.len + 2; len++)
		assert_int_equal(frame_probe_ack_decode(span_of(bytes, len), &back),
				 len == w.len ? 0 : ERR_MALFORMED);
	assert_int_equal(back.token, ack.token);
	assert_true(endpoint_equal(&back.observed, &ack.observed));
}

static void rekeys_read_back(void **state)
{
	struct frame_rekey rekey = { .sender = 0xaabbccdd, .crl_number = 5 };
	struct frame_rekey back;
	uint8_t bytes[FRAME_BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	memset(rekey.noise, 0x77, sizeof(rekey.noise));
	frame_rekey_encode(&rekey, &w);
	assert_in_range(w.len, 1, 128); /* the design's bound for a rekey message */
	for (size_t len = 0; len < w.len + 2; len++)
		assert_int_equal(frame_rekey_decode(span_of(bytes, len), &back),
				 len == w.len ? 0 : ERR_MALFORMED);
	assert_int_equal(back.sender, rekey.sender);
	assert_int_equal(back.crl_number, rekey.crl_number);
	assert_memory_equal(back.noise, rekey.noise, sizeof(rekey.noise));
}

static void closes_read_back(void **state)
{
	const struct frame_close close = { .reason = FRAME_CLOSE_DENIED };
	struct frame_close back = { 0 };
	uint8_t bytes[FRAME_BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	frame_close_encode(&close, &w);
	for (size_t len = 0; len < w.len + 2; len++)
		assert_int_equal(frame_close_decode(span_of(bytes, len), &back),
				 len == w.len ? 0 : ERR_MALFORMED);
	assert_int_equal(back.reason, FRAME_CLOSE_DENIED);
}

static void clocks_read_back(void **state)
{
	const uint8_t expected[FRAME_CLOCK_BYTES] = { 0, 6, 0x52, 0xe7, 0xcd, 0xae, 0x40, 0x0a };
	const struct frame_clock clock = { .at = { 0x000652e7cdae400a } };
	struct frame_clock back = { .at = { 99 } };
	uint8_t bytes[FRAME_BYTES_MAX] = { 0 };
	struct writer w = writer_of(bytes, sizeof(bytes));

	(void)state;
	frame_clock_encode(&clock, &w);
	assert_int_equal(w.len, FRAME_CLOCK_BYTES);
	assert_memory_equal(bytes, expected, sizeof(expected));
	for (size_t len = 0; len < w.len + 2; len++)
		assert_int_equal(frame_clock_decode(span_of(bytes, len), &back),
				 len == w.len ? 0 : ERR_MALFORMED);
	assert_int_equal(back.at.us, clock.at.us);
}

/* What no calendar shows is none: whoever computes with it need not fear for its ends. */
static void clocks_show_years_of_four_digits(void **state)
{
	static const struct {
		uint64_t us;
		int err;
	} cases[] = {
		{ 0, 0 },
		{ UINT64_C(253402300799999999), 0 },
		{ UINT64_C(253402300800000000), ERR_MALFORMED },
		{ INT64_MAX, ERR_MALFORMED },
		{ (uint64_t)INT64_MAX + 1, ERR_MALFORMED },
		{ UINT64_MAX, ERR_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame_clock back = { .at = { 99 } };
		uint8_t bytes[FRAME_CLOCK_BYTES];
		struct writer w = writer_of(bytes, sizeof(bytes));

		writer_u64(&w, cases[i].us);
		assert_int_equal(frame_clock_decode(writer_span(&w), &back), cases[i].err);
		assert_int_equal(back.at.us, cases[i].err == 0 ? (int64_t)cases[i].us : 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_has_its_bytes_and_reads_back),
		cmocka_unit_test(payload_must_end_inside_the_frame),
		cmocka_unit_test(stated_places_must_lie_inside_the_payload),
		cmocka_unit_test(truncated_and_reserved_are_refused),
		cmocka_unit_test(probes_read_back),
		cmocka_unit_test(probe_acks_read_back),
		cmocka_unit_test(the_answer_to_a_probe_is_no_longer_than_the_probe),
		cmocka_unit_test(rekeys_read_back),
		cmocka_unit_test(closes_read_back),
		cmocka_unit_test(clocks_read_back),
		cmocka_unit_test(clocks_show_years_of_four_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
