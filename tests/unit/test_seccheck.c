/* test_seccheck.c - a predicate means itself, and in the build of the mutation gate the chosen one,
 * and only that one, its opposite, or that all is well. */
#include "base/seccheck.h"
#include "tests/lib/cmocka.h"

static unsigned evaluated;

static int fact(int value)
{
	evaluated++;
	return value;
}

#ifdef IPOP_MUTANTS
static void choose(int mutant)
{
	seccheck_mutant = mutant;
}
#else
static void choose(int mutant)
{
	(void)mutant;
}
#endif

static void predicate_is_its_expression(void **state)
{
	static const int truths[] = { 1, 2, -1, 0x100, INT32_MIN };

	(void)state;
	choose(SEC_NONE);
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++)
		assert_int_equal(SECCHECK(SECCHECKS, fact(truths[i])), true);
	assert_int_equal(SECCHECK(SECCHECKS, fact(0)), false);
}

static void expression_is_evaluated_once_in_its_place(void **state)
{
	(void)state;
	choose(SEC_NONE);
	evaluated = 0;
	assert_false(SECCHECK(SECCHECKS, fact(0)) && SECCHECK(SECCHECKS, fact(1)));
	assert_int_equal(evaluated, 1);
	assert_true(!SECCHECK(SECCHECKS, fact(0) || fact(0)));
	assert_int_equal(evaluated, 3);
}

/* SECCHECKS is one past the last of the list, so no product code has it. */
static void only_the_chosen_one_is_inverted_or_blind(void **state)
{
	(void)state;
#ifdef IPOP_MUTANTS
	choose(SECCHECKS);
	assert_int_equal(SECCHECK(SECCHECKS, fact(0)), true);
	assert_int_equal(SECCHECK(SECCHECKS, fact(2)), false);
	assert_int_equal(SECCHECK(SECCHECKS + 1, fact(2)), true);
	choose(-SECCHECKS);
	assert_int_equal(SECCHECK(SECCHECKS, fact(0)), true);
	assert_int_equal(SECCHECK(SECCHECKS, fact(2)), true);
	assert_int_equal(SECCHECK(SECCHECKS + 1, fact(0)), false);
	choose(SEC_NONE);
#else
	choose(SECCHECKS);
	assert_int_equal(SECCHECK(SECCHECKS, fact(0)), false);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(predicate_is_its_expression),
		cmocka_unit_test(expression_is_evaluated_once_in_its_place),
		cmocka_unit_test(only_the_chosen_one_is_inverted_or_blind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
