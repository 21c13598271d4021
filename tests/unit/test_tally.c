/* test_tally.c - percentiles against their definition. */
#include "base/rng.h"
#include "sim/tally.h"
#include "tests/lib/cmocka.h"

static void nothing_has_no_percentile(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	assert_int_equal(tally_per_mille(&tally, 500), 0);
	assert_int_equal(tally_mean_millionths(&tally), 0);
	tally_free(&tally);
}

static void a_value_beyond_32_bits_is_the_greatest(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	tally_add(&tally, (uint64_t)UINT32_MAX + 1);
	assert_int_equal(tally.max, UINT32_MAX);
	assert_int_equal(tally_per_mille(&tally, 0), UINT32_MAX);
	tally_free(&tally);
}

/* The least value that so many do not exceed, counted by hand; also when more come after. */
static void percentiles_are_by_definition(void **state)
{
	struct tally tally = { 0 };
	struct rng rng;
	uint32_t values[300];
	uint64_t sum = 0;

	(void)state;
	rng_init_seed(&rng, 1);
	for (uint32_t count = 1; count <= 300; count++) {
		const unsigned per_mille = (unsigned)rng_between(&rng, 0, 1000);
		uint32_t not_above = 0;

		values[count - 1] = (uint32_t)rng_between(&rng, 0, 50);
		sum += values[count - 1];
		tally_add(&tally, values[count - 1]);

		const uint32_t found = tally_per_mille(&tally, per_mille);
		uint32_t below = 0;

		for (uint32_t i = 0; i < count; i++) {
			not_above += values[i] <= found;
			below += values[i] < found;
		}
		assert_true(not_above * 1000 >= per_mille * count);
		assert_true(below == 0 || below * 1000 < per_mille * count);
		assert_int_equal(tally_mean_millionths(&tally), sum * 1000000 / count);
	}
	tally_free(&tally);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_has_no_percentile),
		cmocka_unit_test(a_value_beyond_32_bits_is_the_greatest),
		cmocka_unit_test(percentiles_are_by_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
