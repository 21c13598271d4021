/* test_check.c - a false CHECK stops the process and says where; a true one costs nothing. */
#include "base/check.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

#include <string.h>

static void break_a_promise(void)
{
	const int two = 2;

	CHECK(two + two == 5);
}

static void reach_the_unreachable(void)
{
	UNREACHABLE();
}

static void keep_a_promise(void)
{
	const int two = 2;

	CHECK(two + two == 4);
}

static void false_check_names_itself_and_its_place(void **state)
{
	const char *text = death_text(break_a_promise);

	(void)state;
	assert_non_null(text);
	assert_non_null(strstr(text, "test_check.c:"));
	assert_non_null(strstr(text, ": check failed: two + two == 5\n"));
}

static void unreachable_always_fails(void **state)
{
	const char *text = death_text(reach_the_unreachable);

	(void)state;
	assert_non_null(text);
	assert_non_null(strstr(text, ": check failed: unreachable\n"));
}

static void true_check_does_nothing(void **state)
{
	(void)state;
	assert_null(death_text(keep_a_promise));
}

/* A CHECK is one expression: it stands where a statement may, and evaluates its fact once. */
static void condition_is_evaluated_once(void **state)
{
	int count = 0;

	(void)state;
	if (count == 0)
		CHECK(++count == 1);
	else
		fail();
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(false_check_names_itself_and_its_place),
		cmocka_unit_test(unreachable_always_fails),
		cmocka_unit_test(true_check_does_nothing),
		cmocka_unit_test(condition_is_evaluated_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
