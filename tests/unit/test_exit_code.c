/* test_exit_code.c - each error ends both programs with what doc/cli.md says. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/exit_code.h"

static void errors_have_the_codes_of_the_manual(void **state)
{
	static const struct {
		int err;
		enum exit_code want;
	} cases[] = {
		{ 0, EXIT_OK },
		{ ERR_TIMEOUT, EXIT_NO_REPLY },
		{ ERR_PERMISSION, EXIT_DENIED },
		{ ERR_DENIED, EXIT_DENIED },
		{ ERR_CERTIFICATE, EXIT_CERTIFICATE },
		{ ERR_EXPIRED, EXIT_CERTIFICATE },
		{ ERR_NOT_YET, EXIT_CERTIFICATE },
		{ ERR_FOREIGN, EXIT_CERTIFICATE },
		{ ERR_REVOKED, EXIT_CERTIFICATE },
	};
#define ERR_VALUE(name, value, text) (value),
	static const int all[] = { ERR_LIST(ERR_VALUE) };
#undef ERR_VALUE
	unsigned failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(exit_code_of(cases[i].err), cases[i].want);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		failures += exit_code_of(all[i]) == EXIT_FAILED;
	/* All others; and 0 is no error. */
	assert_int_equal(failures,
			 sizeof(all) / sizeof(all[0]) - (sizeof(cases) / sizeof(cases[0]) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_the_codes_of_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
