/* test_err.c - every code has a text, a name and a number of its own. */
#include "base/err.h"
#include "tests/lib/cmocka.h"

struct code {
	int value;
	const char *name, *text;
};

#define AS_CODE(name, value, text) { (name), #name, (text) },
static const struct code codes[] = { ERR_LIST(AS_CODE) };
#undef AS_CODE

#define CODES (sizeof(codes) / sizeof(codes[0]))

static void each_code_gives_its_name_and_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODES; i++) {
		assert_string_equal(err_name(codes[i].value), codes[i].name);
		assert_string_equal(err_text(codes[i].value), codes[i].text);
	}
}

/* The switch in err.c makes equal numbers a compile error; equal texts would confuse a reader. */
static void codes_are_negative_and_texts_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODES; i++) {
		assert_true(codes[i].value < 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(codes[i].text, codes[k].text);
	}
}

static void no_error_and_unknown_codes_have_texts_too(void **state)
{
	static const int unknown[] = { 1, -1000, INT32_MIN, INT32_MAX };

	(void)state;
	assert_string_equal(err_text(0), "no error");
	assert_string_equal(err_name(0), "OK");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_string_equal(err_text(unknown[i]), "unknown error");
		assert_string_equal(err_name(unknown[i]), "ERR_UNKNOWN");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_gives_its_name_and_text),
		cmocka_unit_test(codes_are_negative_and_texts_differ),
		cmocka_unit_test(no_error_and_unknown_codes_have_texts_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
