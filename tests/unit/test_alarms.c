/* test_alarms.c - the earliest alarm is always known, however often alarms move. */
#include "base/alarms.h"
#include "base/err.h"
#include "base/rng.h"
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = us };
}

static void none_set_is_never(void **state)
{
	struct alarms alarms;
	uint32_t owner = 77;

	(void)state;
	assert_int_equal(alarms_init(&alarms, 3), 0);
	assert_int_equal(alarms_first(&alarms, &owner).us, MONO_NEVER.us);
	assert_int_equal(owner, 77);
	alarms_set(&alarms, 1, MONO_NEVER);
	assert_int_equal(alarms_first(&alarms, &owner).us, MONO_NEVER.us);
	alarms_free(&alarms);
	alarms_free(&alarms);
}

static void equal_instants_ring_in_the_owners_order(void **state)
{
	struct alarms alarms;
	uint32_t owner;

	(void)state;
	assert_int_equal(alarms_init(&alarms, 10), 0);
	for (uint32_t i = 10; i-- > 0;)
		alarms_set(&alarms, i, at_us(5));
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(alarms_first(&alarms, &owner).us, 5);
		assert_int_equal(owner, i);
		alarms_set(&alarms, i, MONO_NEVER);
	}
	alarms_free(&alarms);
}

/* Alarms set, moved both ways and cleared at random; the model is a scan over all owners. */
static void random_use_agrees_with_a_model(void **state)
{
	enum { OWNERS = 37, STEPS = 50000 };
	struct mono model[OWNERS];
	struct alarms alarms;
	struct rng rng;

	(void)state;
	rng_init_seed(&rng, 1);
	assert_int_equal(alarms_init(&alarms, OWNERS), 0);
	for (uint32_t i = 0; i < OWNERS; i++)
		model[i] = MONO_NEVER;
	for (unsigned step = 0; step < STEPS; step++) {
		const uint32_t moved = (uint32_t)rng_between(&rng, 0, OWNERS - 1);
		uint32_t first = 0;
		uint32_t owner = 0;

		model[moved] = rng_chance(&rng, 300) ? MONO_NEVER : at_us(rng_between(&rng, 0, 50));
		alarms_set(&alarms, moved, model[moved]);
		for (uint32_t i = 1; i < OWNERS; i++) {
			if (model[i].us < model[first].us)
				first = i;
		}
		assert_int_equal(alarms_first(&alarms, &owner).us, model[first].us);
		if (model[first].us != MONO_NEVER.us)
			assert_int_equal(owner, first);
	}
	alarms_free(&alarms);
}

/* Owners come one by one; what was set stays set, and memory is seldom taken. */
static void more_owners_change_nothing(void **state)
{
	enum { OWNERS = 200 };
	struct alarms alarms = { 0 };
	struct rng rng;
	struct mono model[OWNERS];
	const uint64_t before = allocations_count();

	(void)state;
	rng_init_seed(&rng, 2);
	for (uint32_t n = 0; n < OWNERS; n++) {
		uint32_t first = 0;
		uint32_t owner = 0;

		assert_int_equal(alarms_grow(&alarms, n + 1), 0);
		assert_int_equal(alarms_grow(&alarms, n), 0);
		model[n] = rng_chance(&rng, 300) ? MONO_NEVER : at_us(rng_between(&rng, 0, 50));
		alarms_set(&alarms, n, model[n]);
		for (uint32_t i = 1; i <= n; i++)
			if (model[i].us < model[first].us)
				first = i;
		assert_int_equal(alarms_first(&alarms, &owner).us, model[first].us);
		if (model[first].us != MONO_NEVER.us)
			assert_int_equal(owner, first);
	}
	assert_true(allocations_count() - before <= 3 * (uint64_t)6); /* 8, 16 .. 256 */
	for (uint64_t lacking = 1; lacking <= 3; lacking++) {
		allocations_fail_at(lacking);
		assert_int_equal(alarms_grow(&alarms, 257), ERR_NOMEM);
	}
	allocations_fail_at(0);
	assert_int_equal(alarms.capacity, 256);
	alarms_free(&alarms);
	assert_int_equal(allocations_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_set_is_never),
		cmocka_unit_test(equal_instants_ring_in_the_owners_order),
		cmocka_unit_test(random_use_agrees_with_a_model),
		cmocka_unit_test(more_owners_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
