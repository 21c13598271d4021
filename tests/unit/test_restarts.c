/* test_restarts.c - nodes that end soon are followed later and later, others at once. */
#include "tests/lib/cmocka.h"

#include "prog/ipopd/restarts.h"

static const struct mono start = { .us = 1000000 };

static void each_waits_longer_up_to_a_limit(void **state)
{
	static const uint64_t expected[] = { 250,  500,   1000,  2000,  4000,
					     8000, 16000, 30000, 30000, 30000 };
	struct restarts restarts = { .in_a_row = 0 };

	(void)state;
	for (uint32_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_int_equal(restarts_wait_ms(&restarts, start, mono_add_ms(start, 10)),
				 expected[i]);
		assert_int_equal(restarts.in_a_row, i + 1);
	}
}

static void who_was_stable_is_the_first_again(void **state)
{
	struct restarts restarts = { .in_a_row = 0 };

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		(void)restarts_wait_ms(&restarts, start, start);
	assert_int_equal(
		restarts_wait_ms(&restarts, start, mono_add_ms(start, RESTARTS_STABLE_MS - 1)),
		8000);
	assert_int_equal(restarts.in_a_row, 6);
	assert_int_equal(restarts_wait_ms(&restarts, start, mono_add_ms(start, RESTARTS_STABLE_MS)),
			 RESTARTS_MIN_MS);
	assert_int_equal(restarts.in_a_row, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_waits_longer_up_to_a_limit),
		cmocka_unit_test(who_was_stable_is_the_first_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
