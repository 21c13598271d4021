/* test_leg.c - each property of a leg, on both sides of its limit. What is drawn is measured in
 * tests/scenario/test_kernel.c. */
#include "tests/lib/cmocka.h"

#include "sim/leg.h"

static struct rng rng;

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = us };
}

/* What a crossing adds to the delay; the packet must pass. */
static uint64_t cross(struct leg *leg, uint64_t us, uint32_t ip_bytes)
{
	struct passage passage = { 0 };

	assert_int_equal(leg_cross(leg, &rng, at_us(us), ip_bytes, &passage), FATE_ARRIVED);
	return passage.delay_us;
}

static void a_zeroed_leg_does_nothing(void **state)
{
	struct leg leg = { 0 };
	struct passage passage = { .delay_us = 7 };

	(void)state;
	assert_true(leg_is_plain(&leg));
	assert_int_equal(leg_cross(&leg, &rng, at_us(5), 65535, &passage), FATE_ARRIVED);
	assert_int_equal(passage.delay_us, 7);
	assert_false(passage.reordered || passage.corrupted);
	assert_false(leg_duplicates(&leg, &rng));
}

static void delays_add_up(void **state)
{
	struct leg leg = { .delay_us = 100 };
	struct passage passage = { .delay_us = 7 };

	(void)state;
	assert_int_equal(leg_cross(&leg, &rng, at_us(5), 100, &passage), FATE_ARRIVED);
	assert_int_equal(passage.delay_us, 107);
}

static void jitter_reaches_both_ends(void **state)
{
	struct leg leg = { .delay_us = 100, .jitter_us = 3 };
	unsigned seen[4] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		const uint64_t delay_us = cross(&leg, 0, 100);

		assert_in_range(delay_us, 100, 103);
		seen[delay_us - 100]++;
	}
	assert_true(seen[0] > 60 && seen[1] > 60 && seen[2] > 60 && seen[3] > 60);
}

static void the_mtu_passes_and_one_more_does_not(void **state)
{
	struct leg leg = { .mtu_bytes = 1280 };
	struct passage passage = { 0 };

	(void)state;
	assert_int_equal(cross(&leg, 0, 1280), 0);
	assert_int_equal(leg_cross(&leg, &rng, at_us(0), 1281, &passage), FATE_TOO_BIG);
}

static void a_cut_leg_carries_nothing(void **state)
{
	struct leg leg = { .cut = true };
	struct passage passage = { 0 };

	(void)state;
	assert_int_equal(leg_cross(&leg, &rng, at_us(0), 1, &passage), FATE_CUT);
}

/* 1,000 bytes at 1 MB/s take 1 ms each; 3,000 bytes may wait or be under way. */
static void a_rate_spaces_and_its_queue_is_bounded(void **state)
{
	struct leg leg = { .rate_bytes = 1000000, .queue_bytes = 3000, .delay_us = 50 };
	struct passage passage = { 0 };

	(void)state;
	assert_int_equal(cross(&leg, 0, 1000), 1050);
	assert_int_equal(cross(&leg, 0, 1000), 2050);
	assert_int_equal(cross(&leg, 0, 1000), 3050);
	assert_int_equal(leg_cross(&leg, &rng, at_us(0), 1, &passage), FATE_QUEUE_FULL);
	assert_int_equal(leg_cross(&leg, &rng, at_us(999), 1000, &passage), FATE_QUEUE_FULL);
	assert_int_equal(passage.delay_us, 0); /* untouched by those that were dropped */
	assert_int_equal(cross(&leg, 1000, 1000), 3050);
	assert_int_equal(cross(&leg, 4000, 1000), 1050); /* idle again */
	assert_int_equal(cross(&leg, 9000, 5000), 5050); /* a queue never blocks an idle leg */
}

static void certain_faults_always_happen(void **state)
{
	struct leg lossy = { .loss = 1000 };
	struct leg late = { .reordering = 1000, .reorder_us = 30, .delay_us = 5 };
	struct leg noisy = { .corruption = 1000 };
	const struct leg echoing = { .duplication = 1000 };
	struct passage passage = { 0 };

	(void)state;
	assert_int_equal(leg_cross(&lossy, &rng, at_us(0), 1, &passage), FATE_LOST);
	assert_int_equal(leg_cross(&late, &rng, at_us(0), 1, &passage), FATE_ARRIVED);
	assert_true(passage.reordered);
	assert_int_equal(passage.delay_us, 35);
	assert_false(passage.corrupted);
	assert_int_equal(leg_cross(&noisy, &rng, at_us(0), 1, &passage), FATE_ARRIVED);
	assert_true(passage.corrupted);
	assert_true(leg_duplicates(&echoing, &rng));
}

static void calm_leaves_delay_rate_and_mtu(void **state)
{
	struct leg leg = {
		.delay_us = 10,
		.jitter_us = 100,
		.loss = 1000,
		.duplication = 1000,
		.reordering = 1000,
		.reorder_us = 100,
		.corruption = 1000,
		.cut = true,
		.rate_bytes = 1000000,
		.queue_bytes = 100,
		.mtu_bytes = 100,
	};
	struct passage passage = { 0 };

	(void)state;
	assert_int_equal(leg_cross(&leg, NULL, at_us(0), 100, &passage), FATE_ARRIVED);
	assert_int_equal(passage.delay_us, 110);
	assert_false(passage.reordered || passage.corrupted);
	assert_false(leg_duplicates(&leg, NULL));
	assert_int_equal(leg_cross(&leg, NULL, at_us(0), 101, &passage), FATE_TOO_BIG);
	assert_int_equal(leg_cross(&leg, NULL, at_us(0), 100, &passage), FATE_QUEUE_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_leg_does_nothing),
		cmocka_unit_test(delays_add_up),
		cmocka_unit_test(jitter_reaches_both_ends),
		cmocka_unit_test(the_mtu_passes_and_one_more_does_not),
		cmocka_unit_test(a_cut_leg_carries_nothing),
		cmocka_unit_test(a_rate_spaces_and_its_queue_is_bounded),
		cmocka_unit_test(certain_faults_always_happen),
		cmocka_unit_test(calm_leaves_delay_rate_and_mtu),
	};

	rng_init_seed(&rng, 1);
	return cmocka_run_group_tests_name("leg", tests, NULL, NULL);
}
