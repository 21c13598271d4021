/* test_mono.c - instants saturate instead of wrapping, and a deadline is reached exactly then. */
#include "base/mono.h"
#include "tests/lib/cmocka.h"

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = us };
}

static void addition_saturates_at_never(void **state)
{
	(void)state;
	assert_int_equal(mono_add_us(at_us(5), 7).us, 12);
	assert_int_equal(mono_add_us(at_us(UINT64_MAX - 7), 7).us, UINT64_MAX);
	assert_int_equal(mono_add_us(at_us(UINT64_MAX - 7), 8).us, UINT64_MAX);
	assert_int_equal(mono_add_us(MONO_NEVER, 1).us, MONO_NEVER.us);
	assert_int_equal(mono_add_ms(at_us(1), 3).us, 3001);
	assert_int_equal(mono_add_ms(at_us(0), UINT64_MAX / 1000).us, UINT64_MAX / 1000 * 1000);
	assert_int_equal(mono_add_ms(at_us(0), UINT64_MAX / 1000 + 1).us, UINT64_MAX);
	assert_int_equal(mono_add_ms(at_us(1000), UINT64_MAX / 1000).us, UINT64_MAX);
}

static void deadline_is_reached_at_its_microsecond(void **state)
{
	(void)state;
	assert_false(mono_reached(at_us(99), at_us(100)));
	assert_true(mono_reached(at_us(100), at_us(100)));
	assert_true(mono_reached(at_us(101), at_us(100)));
	assert_false(mono_reached(at_us(UINT64_MAX - 1), MONO_NEVER));
}

static void minimum_is_the_earlier(void **state)
{
	(void)state;
	assert_int_equal(mono_min(at_us(1), at_us(2)).us, 1);
	assert_int_equal(mono_min(at_us(2), at_us(1)).us, 1);
	assert_int_equal(mono_min(MONO_NEVER, at_us(9)).us, 9);
}

static void milliseconds_between_round_down_and_stop_at_zero(void **state)
{
	(void)state;
	assert_int_equal(mono_ms_between(at_us(1000), at_us(2999)), 1);
	assert_int_equal(mono_ms_between(at_us(1000), at_us(3000)), 2);
	assert_int_equal(mono_ms_between(at_us(1000), at_us(1000)), 0);
	assert_int_equal(mono_ms_between(at_us(1000), at_us(0)), 0);
	assert_int_equal(mono_ms_between(at_us(0), MONO_NEVER), UINT64_MAX / 1000);
}

/* Certificates speak of seconds; whatever one may say stays an instant of the calendar. */
static void calendar_seconds_round_down_and_saturate(void **state)
{
	(void)state;
	assert_int_equal(wall_from_s(1700000000).us, 1700000000000000);
	assert_int_equal(wall_from_s(-1).us, -1000000);
	assert_int_equal(wall_from_s(INT64_MAX / 1000000).us, INT64_MAX / 1000000 * 1000000);
	assert_int_equal(wall_from_s(INT64_MAX / 1000000 + 1).us, INT64_MAX);
	assert_int_equal(wall_from_s(INT64_MAX).us, INT64_MAX);
	assert_int_equal(wall_from_s(INT64_MIN).us, INT64_MIN);
	assert_int_equal(wall_to_s((struct wall){ .us = 1999999 }), 1);
	assert_int_equal(wall_to_s((struct wall){ .us = 2000000 }), 2);
	assert_int_equal(wall_to_s((struct wall){ .us = -1 }), -1);
	assert_int_equal(wall_to_s((struct wall){ .us = -1000000 }), -1);
	assert_int_equal(wall_to_s((struct wall){ .us = -1000001 }), -2);
}

static void offset_changes_only_when_one_clock_jumps(void **state)
{
	const struct now before = { .mono = { .us = 500 }, .wall = { .us = 9000 } };
	const struct now later = { .mono = { .us = 800 }, .wall = { .us = 9300 } };
	const struct now resumed = { .mono = { .us = 800 }, .wall = { .us = 99300 } };
	const struct now set_back = { .mono = { .us = 800 }, .wall = { .us = -300 } };

	(void)state;
	assert_int_equal(now_offset_us(before), 8500);
	assert_int_equal(now_offset_us(later), 8500);
	assert_int_equal(now_offset_us(resumed), 98500);
	assert_int_equal(now_offset_us(set_back), -1100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addition_saturates_at_never),
		cmocka_unit_test(deadline_is_reached_at_its_microsecond),
		cmocka_unit_test(minimum_is_the_earlier),
		cmocka_unit_test(milliseconds_between_round_down_and_stop_at_zero),
		cmocka_unit_test(calendar_seconds_round_down_and_saturate),
		cmocka_unit_test(offset_changes_only_when_one_clock_jumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
