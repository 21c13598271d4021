/* test_allowance.c - so much at once, and so much of it back with time. */
#include "node/allowance.h"
#include "tests/lib/cmocka.h"

#define MAX 160
#define REFILL_MS 100

static bool take(struct allowance *a, uint64_t at_ms, uint32_t amount)
{
	return allowance_take(a, (struct mono){ 1000000 + at_ms * 1000 }, amount, MAX, REFILL_MS);
}

static void all_of_it_at_once_and_no_more(void **state)
{
	struct allowance a = { 0 };

	(void)state;
	assert_false(take(&a, 0, MAX + 1));
	assert_true(take(&a, 0, MAX - 1));
	assert_true(take(&a, 0, 1));
	assert_false(take(&a, 0, 1));
	assert_true(take(&a, 0, 0));
}

static void a_sixteenth_comes_back_at_its_time(void **state)
{
	struct allowance a = { 0 };

	(void)state;
	assert_true(take(&a, 0, MAX));
	assert_false(take(&a, REFILL_MS - 1, 1));
	assert_false(take(&a, REFILL_MS, MAX / ALLOWANCE_STEPS + 1));
	assert_true(take(&a, REFILL_MS, MAX / ALLOWANCE_STEPS));
	assert_false(take(&a, 2 * REFILL_MS - 1, 1));
}

static void asking_spends_nothing(void **state)
{
	struct allowance a = { 0 };
	const struct mono start = { 1000000 };

	(void)state;
	assert_int_equal(allowance_left(&a, start, MAX, REFILL_MS), MAX);
	assert_true(take(&a, 0, 100));
	assert_int_equal(allowance_left(&a, start, MAX, REFILL_MS), MAX - 100);
	assert_int_equal(allowance_left(&a, start, MAX, REFILL_MS), MAX - 100);
	assert_int_equal(allowance_left(&a, mono_add_ms(start, REFILL_MS), MAX, REFILL_MS),
			 MAX - 90);
}

static void what_is_given_back_can_be_taken_again(void **state)
{
	struct allowance a = { 0 };

	(void)state;
	assert_true(take(&a, 0, MAX));
	allowance_give_back(&a, 2);
	assert_false(take(&a, 0, 3));
	assert_true(take(&a, 0, 2));
	allowance_give_back(&a, MAX + 1); /* but not more than all */
	assert_false(take(&a, 0, MAX + 1));
	assert_true(take(&a, 0, MAX));
}

static void it_is_never_more_than_all(void **state)
{
	struct allowance a = { 0 };

	(void)state;
	assert_true(take(&a, 0, MAX));
	assert_true(take(&a, UINT64_C(1000) * 86400, MAX));
	assert_false(take(&a, UINT64_C(1000) * 86400, 1));
	assert_false(take(&a, UINT64_C(1000) * 86400 + REFILL_MS - 1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_at_once_and_no_more),
		cmocka_unit_test(a_sixteenth_comes_back_at_its_time),
		cmocka_unit_test(asking_spends_nothing),
		cmocka_unit_test(what_is_given_back_can_be_taken_again),
		cmocka_unit_test(it_is_never_more_than_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
