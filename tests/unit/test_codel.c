/* test_codel.c - RFC 8289: both sides of the target and of the interval, and the pace that follows.
 */
#include "forward/codel.h"
#include "tests/lib/cmocka.h"

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = us };
}

static void both_sides_of_the_target(void **state)
{
	(void)state;
	for (uint64_t late_us = 4999; late_us <= 5000; late_us++) {
		struct codel codel = { .count = 0 };
		unsigned lost = 0;

		for (uint64_t us = 10000; us < 1000000; us += 1000)
			lost += codel_judges(&codel, at_us(us), at_us(us - late_us), false);
		assert_int_equal(lost > 0, late_us == 5000);
	}
}

static void both_sides_of_the_interval(void **state)
{
	struct codel codel = { .count = 0 };

	(void)state;
	assert_false(codel_judges(&codel, at_us(10000), at_us(1), false)); /* late from here on */
	assert_false(codel_judges(&codel, at_us(109999), at_us(1), false));
	assert_true(codel_judges(&codel, at_us(110000), at_us(1), false));
	assert_false(codel_judges(&codel, at_us(209999), at_us(1), false));
	assert_true(codel_judges(&codel, at_us(210000), at_us(1), false)); /* 100 ms / sqrt(1) */
	assert_false(codel_judges(&codel, at_us(280709), at_us(1), false));
	assert_true(codel_judges(&codel, at_us(280710), at_us(1), false)); /* / sqrt(2) */
	assert_true(codel_judges(&codel, at_us(338445), at_us(1), false)); /* / sqrt(3) */
}

static void one_that_was_not_late_ends_it(void **state)
{
	struct codel codel = { .count = 0 };

	(void)state;
	assert_false(codel_judges(&codel, at_us(10000), at_us(1), false));
	assert_true(codel_judges(&codel, at_us(110000), at_us(1), false));
	assert_false(codel_judges(&codel, at_us(300000), at_us(299000), false));
	assert_false(codel_judges(&codel, at_us(400000), at_us(1), false));
	assert_false(codel_judges(&codel, at_us(499999), at_us(1), false));
	assert_true(codel_judges(&codel, at_us(500000), at_us(1), false));
}

static void one_alone_is_never_late(void **state)
{
	struct codel codel = { .count = 0 };

	(void)state;
	for (uint64_t us = 10000; us < 1000000; us += 1000)
		assert_false(codel_judges(&codel, at_us(us), at_us(1), true));
}

/* Who fills the queue again soon is slowed down at the pace that had worked. */
static void it_goes_on_where_it_was(void **state)
{
	struct codel codel = { .count = 0 };
	uint64_t us = 10000;

	(void)state;
	while (codel.count < 10)
		(void)codel_judges(&codel, at_us(us += 1000), at_us(1), false);
	(void)codel_judges(&codel, at_us(us), at_us(us), false);
	(void)codel_judges(&codel, at_us(us += 1000), at_us(1), false);
	assert_true(codel_judges(&codel, at_us(us += 100000), at_us(1), false));
	assert_int_equal(codel.count, 8);
	(void)codel_judges(&codel, at_us(us), at_us(us), false);
	us += 2000000; /* long after */
	(void)codel_judges(&codel, at_us(us), at_us(1), false);
	assert_true(codel_judges(&codel, at_us(us += 100000), at_us(1), false));
	assert_int_equal(codel.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_of_the_target),
		cmocka_unit_test(both_sides_of_the_interval),
		cmocka_unit_test(one_that_was_not_late_ends_it),
		cmocka_unit_test(one_alone_is_never_late),
		cmocka_unit_test(it_goes_on_where_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
