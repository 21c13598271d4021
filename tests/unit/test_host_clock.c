/* test_host_clock.c - a host's clocks drift and are set, and its deadlines come exactly in time. */
#include "tests/lib/cmocka.h"

#include "base/rng.h"
#include "sim/host_clock.h"

#define DAY_US 86400000000
#define START_S 1767225600

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = us };
}

static struct host_clock new_clock(void)
{
	struct host_clock clock;

	host_clock_init(&clock, at_us(1000), (struct now){ .wall = wall_from_s(START_S) });
	return clock;
}

static void without_drift_it_is_the_worlds_time(void **state)
{
	const struct host_clock clock = new_clock();
	const struct now now = host_clock_at(&clock, at_us(1000 + DAY_US));

	(void)state;
	assert_int_equal(host_clock_at(&clock, at_us(1000)).mono.us, 0);
	assert_int_equal(now.mono.us, DAY_US);
	assert_int_equal(wall_to_s(now.wall), START_S + 86400);
	assert_int_equal(host_clock_when(&clock, at_us(5)).us, 1005);
	assert_int_equal(host_clock_when(&clock, at_us(0)).us, 1000);
	assert_int_equal(host_clock_when(&clock, MONO_NEVER).us, MONO_NEVER.us);
}

static void drift_moves_both_clocks(void **state)
{
	struct host_clock clock = new_clock();
	struct now now;

	(void)state;
	host_clock_set_drift(&clock, at_us(1000), 100);
	now = host_clock_at(&clock, at_us(1000 + DAY_US));
	assert_int_equal(now.mono.us, DAY_US + DAY_US / 10000);
	assert_int_equal(now_offset_us(now), (int64_t)START_S * 1000000);
	/* From here on it runs slow; what it has gained it keeps. */
	host_clock_set_drift(&clock, at_us(1000 + DAY_US), -100);
	now = host_clock_at(&clock, at_us(1000 + 2 * DAY_US));
	assert_int_equal(now.mono.us, 2 * DAY_US);
}

static void setting_the_calendar_leaves_the_steady_clock(void **state)
{
	struct host_clock clock = new_clock();
	struct now now;

	(void)state;
	host_clock_step_wall(&clock, at_us(2000), -3600 * (int64_t)1000000);
	now = host_clock_at(&clock, at_us(3000));
	assert_int_equal(now.mono.us, 2000);
	assert_int_equal(now_offset_us(now), (int64_t)(START_S - 3600) * 1000000);
}

/* At the instant that is named the host's clock has reached the deadline; one before, not yet. */
static void a_deadline_is_met_to_the_microsecond(void **state)
{
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 1);
	for (unsigned i = 0; i < 20000; i++) {
		struct host_clock clock = new_clock();
		const int32_t drift =
			(int32_t)rng_between(&rng, 0, 2UL * HOST_CLOCK_DRIFT_PPM_MAX) -
			HOST_CLOCK_DRIFT_PPM_MAX;
		const struct mono due = at_us(
			rng_between(&rng, 1, rng_chance(&rng, 500) ? 5000000 : 1000 * DAY_US));

		host_clock_set_drift(&clock, at_us(1000), drift);
		const struct mono when = host_clock_when(&clock, due);

		assert_true(mono_reached(host_clock_at(&clock, when).mono, due));
		assert_false(mono_reached(host_clock_at(&clock, at_us(when.us - 1)).mono, due));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_drift_it_is_the_worlds_time),
		cmocka_unit_test(drift_moves_both_clocks),
		cmocka_unit_test(setting_the_calendar_leaves_the_steady_clock),
		cmocka_unit_test(a_deadline_is_met_to_the_microsecond),
	};

	return cmocka_run_group_tests_name("host_clock", tests, NULL, NULL);
}
