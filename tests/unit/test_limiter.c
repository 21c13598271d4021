/* test_limiter.c - twenty at once, then one each fifty milliseconds, for each source by itself. */
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

#include "session/limiter.h"
#include "session/limits.h"

#include <stdlib.h>

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = UINT64_C(1000000000) + us };
}

static int set_up(void **state)
{
	static const uint8_t key[MAC_KEY_BYTES] = { 3 };

	*state = calloc(1, sizeof(struct limiter));
	assert_non_null(*state);
	return limiter_init(*state, key);
}

static int tear_down(void **state)
{
	limiter_free(*state);
	free(*state);
	return 0;
}

static void twenty_at_once_and_then_one_each_50_ms(void **state)
{
	const struct span source = span_text("192.0.2.1");

	for (unsigned i = 0; i < 20; i++)
		assert_true(limiter_allow(*state, at_us(0), source));
	assert_false(limiter_allow(*state, at_us(0), source));
	for (uint64_t n = 1; n < 100; n++) {
		assert_false(limiter_allow(*state, at_us(n * 50000 - 1), source));
		assert_true(limiter_allow(*state, at_us(n * 50000), source));
		assert_false(limiter_allow(*state, at_us(n * 50000), source));
	}
}

static void refused_attempts_cost_nothing(void **state)
{
	const struct span source = span_text("192.0.2.1");

	for (unsigned i = 0; i < 5000; i++)
		(void)limiter_allow(*state, at_us(i), source);
	assert_true(limiter_allow(*state, at_us(50000), source));
}

/* After a rest no more than twenty, however long it was. */
static void an_allowance_does_not_pile_up(void **state)
{
	const struct span source = span_text("192.0.2.1");

	assert_true(limiter_allow(*state, at_us(0), source));
	for (unsigned i = 0; i < 20; i++)
		assert_true(limiter_allow(*state, at_us(UINT64_C(3600) * 1000000), source));
	assert_false(limiter_allow(*state, at_us(UINT64_C(3600) * 1000000), source));
}

/* Sources share places by a keyed hash: of 200 others, hardly one meets the flooder. */
static void others_are_not_affected(void **state)
{
	const struct span flooder = span_text("192.0.2.1");
	unsigned refused = 0;

	for (unsigned i = 0; i < 100000; i++)
		(void)limiter_allow(*state, at_us(0), flooder);
	for (unsigned i = 0; i < 200; i++) {
		const uint8_t source[2] = { (uint8_t)i, 77 };

		refused += !limiter_allow(*state, at_us(0), span_of(source, sizeof(source)));
	}
	assert_in_range(refused, 0, 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* Who cannot be counted is not let in; and nothing is taken twice for one source. */
static void without_memory_nobody_is_allowed(void **state)
{
	const struct span source = span_text("source");

	allocations_fail_at(1);
	assert_false(limiter_allow(*state, at_us(0), source));
	allocations_fail_at(0);
	assert_true(limiter_allow(*state, at_us(0), source));
	const uint64_t before = allocations_count();

	assert_true(limiter_allow(*state, at_us(0), source));
	assert_int_equal(allocations_count(), before);
}

/* Members come from ever new addresses, and each counts for a moment only. */
static void memory_is_for_those_who_are_counted(void **state)
{
	int64_t first;

	assert_true(limiter_allow(*state, at_us(0), span_text("first")));
	first = allocations_live();
	for (uint32_t i = 1; i <= 10000; i++) {
		const uint8_t source[2] = { (uint8_t)i, (uint8_t)(i >> 8) };

		assert_true(limiter_allow(*state, at_us(i * UINT64_C(50000)),
					  span_of(source, sizeof(source))));
		assert_int_equal(allocations_live(), first);
	}
}

/* Whoever has used up his allowance has not after others came in crowds. */
static void who_counts_is_not_forgotten(void **state)
{
	const struct span flooder = span_text("192.0.2.1");
	unsigned allowed = 0;

	for (unsigned i = 0; i < 20; i++)
		assert_true(limiter_allow(*state, at_us(0), flooder));
	for (uint32_t i = 1; i <= 1000; i++) {
		const uint8_t source[2] = { (uint8_t)i, (uint8_t)(i >> 8) };

		(void)limiter_allow(*state, at_us(i * UINT64_C(900)),
				    span_of(source, sizeof(source)));
		allowed += limiter_allow(*state, at_us(i * UINT64_C(900)), flooder);
	}
	assert_int_equal(allowed, 18); /* one each 50 ms, for 0.9 s */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(twenty_at_once_and_then_one_each_50_ms),
		TEST(refused_attempts_cost_nothing),
		TEST(an_allowance_does_not_pile_up),
		TEST(others_are_not_affected),
		TEST(without_memory_nobody_is_allowed),
		TEST(memory_is_for_those_who_are_counted),
		TEST(who_counts_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
