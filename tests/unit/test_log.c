/* test_log.c - what the daemon says is one line each, and no flood, whoever causes it. */
#include "tests/lib/cmocka.h"

#include "prog/ipopd/log.h"
#include "prog/ipopd/log_pace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES 20000
#define BYTES ((size_t)LINES * 64)

static char said[BYTES + 1];

/* What a flood of lines of this level brings to standard error: how many lines. */
static size_t flood(enum config_log_level level)
{
	char name[] = "/tmp/test_log.XXXXXX";
	const int file = mkstemp(name);
	const int before = dup(STDERR_FILENO);
	size_t lines = 0;
	ssize_t len;

	assert_true(file >= 0 && before >= 0);
	(void)unlink(name);
	assert_true(dup2(file, STDERR_FILENO) >= 0);
	for (int i = 0; i < LINES; i++)
		log_line(level, "a stranger knocks at the door");
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	len = pread(file, said, BYTES, 0);
	assert_true(len >= 0);
	said[len] = '\0';
	for (ssize_t i = 0; i < len; i++)
		lines += said[i] == '\n';
	(void)close(file);
	(void)close(before);
	return lines;
}

static void a_flood_is_no_flood(void **state)
{
	(void)state;
	log_init("node", "lab");
	log_set_level(CONFIG_LOG_DEBUG);
	assert_in_range(flood(CONFIG_LOG_WARNING), 1, 1000);
	assert_non_null(strstr(said, "warning node lab: a stranger knocks at the door\n"));
	assert_in_range(flood(CONFIG_LOG_INFO), 0, 1000);
	assert_in_range(flood(CONFIG_LOG_DEBUG), 1, LINES / 2);
}

/* Errors are ours, and end something: each is said. */
static void errors_are_not_left_out(void **state)
{
	(void)state;
	log_init("node", "lab");
	assert_int_equal(flood(CONFIG_LOG_ERROR), LINES);
}

/* So many at once, then at an even pace; who was left out is told of once. */
static void the_pace(void **state)
{
	struct log_pace pace = { .left_out = 0 };
	struct mono now = { .us = 5 };
	uint64_t left_out = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(log_pace_allow(&pace, now, 3, 10, &left_out));
		assert_int_equal(left_out, 0);
	}
	for (int i = 0; i < 7; i++)
		assert_false(log_pace_allow(&pace, now, 3, 10, &left_out));
	now.us += 99999;
	assert_false(log_pace_allow(&pace, now, 3, 10, &left_out));
	now.us += 1;
	assert_true(log_pace_allow(&pace, now, 3, 10, &left_out));
	assert_int_equal(left_out, 8);
	assert_false(log_pace_allow(&pace, now, 3, 10, &left_out));
	now.us += 1000000; /* no more than the burst is saved up */
	assert_true(log_pace_allow(&pace, now, 3, 10, &left_out));
	assert_int_equal(left_out, 1);
	assert_true(log_pace_allow(&pace, now, 3, 10, &left_out));
	assert_int_equal(left_out, 0);
	assert_true(log_pace_allow(&pace, now, 3, 10, &left_out));
	assert_false(log_pace_allow(&pace, now, 3, 10, &left_out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pace),
		cmocka_unit_test(a_flood_is_no_flood),
		cmocka_unit_test(errors_are_not_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
