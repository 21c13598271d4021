/* test_bench_wire.c - what two `ipop bench` say to each other, byte by byte. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipop/bench_wire.h"

#include <string.h>

static const struct bench_token token = { .bytes = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
						     15, 16 } };

static void a_hello_has_its_bytes(void **state)
{
	static const uint8_t want[BENCH_HELLO_BYTES] = {
		'i', 'p', 'b', 'e', 'n', 'c', 'h', 1, 2, 60, 0,  0,  0,  0,  0,  0,
		1,   2,   3,   4,   5,   6,   7,   8, 9, 10, 11, 12, 13, 14, 15, 16,
	};
	const struct bench_hello hello = { .purpose = BENCH_GIVE, .seconds = 60, .token = token };
	uint8_t bytes[BENCH_HELLO_BYTES + 1] = { 0 };
	struct bench_hello back = { .seconds = 7 };
	uint8_t version = 0;

	(void)state;
	bench_hello_encode(&hello, bytes);
	assert_memory_equal(bytes, want, sizeof(want));
	for (size_t len = 0; len < BENCH_HELLO_BYTES; len++)
		assert_int_equal(bench_hello_decode(span_of(bytes, len), &back, &version),
				 ERR_AGAIN);
	assert_int_equal(back.seconds, 7); /* untouched */
	assert_int_equal(bench_hello_decode(span_of(bytes, BENCH_HELLO_BYTES), &back, &version), 0);
	assert_int_equal(back.purpose, BENCH_GIVE);
	assert_int_equal(back.seconds, 60);
	assert_int_equal(back.streams, 0);
	assert_memory_equal(back.token.bytes, token.bytes, BENCH_TOKEN_BYTES);
	assert_int_equal(bench_hello_decode(span_of(bytes, sizeof(bytes)), &back, &version),
			 ERR_MALFORMED);
}

/* Both sides of each limit, and each byte that must be zero. */
static void a_hello_has_limits(void **state)
{
	static const struct {
		uint8_t purpose, seconds, streams;
		int want;
	} cases[] = {
		{ BENCH_RUN, 0, 1, 0 },
		{ BENCH_RUN, 0, BENCH_STREAMS_MAX, 0 },
		{ BENCH_RUN, 0, 0, ERR_MALFORMED },
		{ BENCH_RUN, 0, BENCH_STREAMS_MAX + 1, ERR_MALFORMED },
		{ BENCH_RUN, 1, 1, ERR_MALFORMED },
		{ BENCH_GIVE, 1, 0, 0 },
		{ BENCH_TAKE, BENCH_SECONDS_MAX, 0, 0 },
		{ BENCH_GIVE, 0, 0, ERR_MALFORMED },
		{ BENCH_TAKE, BENCH_SECONDS_MAX + 1, 0, ERR_MALFORMED },
		{ BENCH_TAKE, 1, 1, ERR_MALFORMED },
		{ 0, 1, 0, ERR_MALFORMED },
		{ 4, 1, 0, ERR_MALFORMED },
		{ 255, 1, 0, ERR_MALFORMED },
	};
	const struct bench_hello hello = { .purpose = BENCH_RUN, .streams = 1, .token = token };
	uint8_t bytes[BENCH_HELLO_BYTES];
	struct bench_hello back;
	uint8_t version;

	(void)state;
	bench_hello_encode(&hello, bytes);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bytes[8] = cases[i].purpose;
		bytes[9] = cases[i].seconds;
		bytes[10] = cases[i].streams;
		assert_int_equal(bench_hello_decode(span_of(bytes, sizeof(bytes)), &back, &version),
				 cases[i].want);
	}
	for (size_t i = 11; i < 16; i++) {
		bench_hello_encode(&hello, bytes);
		bytes[i] = 1;
		assert_int_equal(bench_hello_decode(span_of(bytes, sizeof(bytes)), &back, &version),
				 ERR_MALFORMED);
	}
}

/* What is no hello is known by its first wrong byte, so that nobody waits for the rest. */
static void junk_is_known_early(void **state)
{
	static const char *const junk[] = { "G", "GET / HTTP/1.1", "\n", "ipbencx", "ipbenc\n" };
	struct bench_hello hello;
	uint8_t version;

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		assert_int_equal(bench_hello_decode(span_text(junk[i]), &hello, &version),
				 ERR_MALFORMED);
}

static void versions_are_told_apart(void **state)
{
	static const uint8_t later[] = { 'i', 'p', 'b', 'e', 'n', 'c', 'h', 2 };
	static const uint8_t first[] = { 'i', 'p', 'b', 'e', 'n', 'c', 'h', 0, 9, 9, 9 };
	struct bench_hello hello;
	enum bench_verdict verdict;
	struct bench_echo echo;
	uint8_t version = 0;

	(void)state;
	assert_int_equal(bench_hello_decode(span_of(later, 7), &hello, &version), ERR_AGAIN);
	assert_int_equal(bench_hello_decode(span_of(later, 8), &hello, &version), ERR_VERSION);
	assert_int_equal(version, 2);
	assert_int_equal(bench_answer_decode(span_of(first, sizeof(first)), &verdict, &version),
			 ERR_VERSION);
	assert_int_equal(version, 0);
	assert_int_equal(bench_echo_decode(span_of(later, sizeof(later)), &echo, &version),
			 ERR_VERSION);
}

static void an_answer_has_its_bytes_and_limits(void **state)
{
	uint8_t bytes[BENCH_ANSWER_BYTES + 1] = { 0 };
	enum bench_verdict back;
	uint8_t version;

	(void)state;
	for (enum bench_verdict v = BENCH_GO; v <= BENCH_STRANGER; v++) {
		bench_answer_encode(v, bytes);
		assert_memory_equal(bytes, "ipbench\1", 8);
		assert_int_equal(bytes[8], v);
		assert_int_equal(
			bench_answer_decode(span_of(bytes, BENCH_ANSWER_BYTES), &back, &version),
			0);
		assert_int_equal(back, v);
	}
	assert_int_equal(bench_answer_decode(span_of(bytes, 0), &back, &version), ERR_AGAIN);
	assert_int_equal(
		bench_answer_decode(span_of(bytes, BENCH_ANSWER_BYTES - 1), &back, &version),
		ERR_AGAIN);
	assert_int_equal(
		bench_answer_decode(span_of(bytes, BENCH_ANSWER_BYTES + 1), &back, &version),
		ERR_MALFORMED);
	for (size_t i = 9; i < BENCH_ANSWER_BYTES; i++) {
		bytes[i] = 1;
		assert_int_equal(
			bench_answer_decode(span_of(bytes, BENCH_ANSWER_BYTES), &back, &version),
			ERR_MALFORMED);
		bytes[i] = 0;
	}
	bytes[8] = 0;
	assert_int_equal(bench_answer_decode(span_of(bytes, BENCH_ANSWER_BYTES), &back, &version),
			 ERR_MALFORMED);
	bytes[8] = BENCH_STRANGER + 1;
	assert_int_equal(bench_answer_decode(span_of(bytes, BENCH_ANSWER_BYTES), &back, &version),
			 ERR_MALFORMED);
}

static void an_echo_has_its_bytes_and_limits(void **state)
{
	const struct bench_echo echo = { .is_answer = true,
					 .token = token,
					 .number = 0x1112131415161718 };
	static const uint8_t number[] = { 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18 };
	uint8_t bytes[BENCH_ECHO_BYTES + 1] = { 0 };
	struct bench_echo back;
	uint8_t version;

	(void)state;
	bench_echo_encode(&echo, bytes);
	assert_memory_equal(bytes, "ipbench\1\5", 9);
	assert_memory_equal(bytes + 16, token.bytes, BENCH_TOKEN_BYTES);
	assert_memory_equal(bytes + 32, number, sizeof(number));
	assert_int_equal(bench_echo_decode(span_of(bytes, BENCH_ECHO_BYTES), &back, &version), 0);
	assert_true(back.is_answer);
	assert_true(back.number == echo.number);
	assert_int_not_equal(
		bench_echo_decode(span_of(bytes, BENCH_ECHO_BYTES - 1), &back, &version), 0);
	assert_int_equal(bench_echo_decode(span_of(bytes, sizeof(bytes)), &back, &version),
			 ERR_MALFORMED);
	for (size_t i = 0; i < BENCH_ECHO_BYTES; i++) {
		const bool must_be_zero = (i > 8 && i < 16) || i >= 40;

		if (!must_be_zero)
			continue;
		bytes[i] = 1;
		assert_int_equal(
			bench_echo_decode(span_of(bytes, BENCH_ECHO_BYTES), &back, &version),
			ERR_MALFORMED);
		bytes[i] = 0;
	}
	bytes[8] = 3;
	assert_int_equal(bench_echo_decode(span_of(bytes, BENCH_ECHO_BYTES), &back, &version),
			 ERR_MALFORMED);
	bytes[8] = 6;
	assert_int_equal(bench_echo_decode(span_of(bytes, BENCH_ECHO_BYTES), &back, &version),
			 ERR_MALFORMED);
	bytes[8] = 4;
	assert_int_equal(bench_echo_decode(span_of(bytes, BENCH_ECHO_BYTES), &back, &version), 0);
	assert_false(back.is_answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_has_its_bytes),
		cmocka_unit_test(a_hello_has_limits),
		cmocka_unit_test(junk_is_known_early),
		cmocka_unit_test(versions_are_told_apart),
		cmocka_unit_test(an_answer_has_its_bytes_and_limits),
		cmocka_unit_test(an_echo_has_its_bytes_and_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
