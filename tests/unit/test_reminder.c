/* test_reminder.c - from 30 days before a certificate ends it is said so, once a day. */
#include "tests/lib/cmocka.h"

#include "group/bundle.h"
#include "prog/ipopd/reminder.h"

#define DAY_S INT64_C(86400)
#define END_S 2000000000

/* So many seconds before the end, on both clocks. */
static struct now before_end(int64_t s)
{
	return (struct now){ .mono = { .us = (uint64_t)(END_S - s) * 1000000 },
			     .wall = wall_from_s(END_S - s) };
}

static struct reminder reminder_at(struct now now)
{
	struct reminder reminder;

	reminder_init(&reminder, wall_from_s(END_S), wall_from_s(0), now.mono);
	return reminder;
}

static void is_silent_until_it_is_due(void **state)
{
	const int64_t due = BUNDLE_RENEW_DAYS * DAY_S;
	struct reminder reminder = reminder_at(before_end(due + DAY_S));
	uint32_t days = 0;

	(void)state;
	assert_false(reminder_poll(&reminder, before_end(due + DAY_S), &days));
	assert_int_equal(reminder_deadline(&reminder).us, before_end(due).mono.us);
	assert_false(reminder_poll(&reminder, before_end(due + 1), &days));
	assert_true(reminder_poll(&reminder, before_end(due), &days));
	assert_int_equal(days, BUNDLE_RENEW_DAYS);
	assert_true(bundle_renewal_is_due(wall_from_s(END_S), before_end(due).wall));
	assert_false(bundle_renewal_is_due(wall_from_s(END_S), before_end(due + 1).wall));
}

static void says_it_once_a_day(void **state)
{
	struct reminder reminder = reminder_at(before_end(2 * DAY_S));
	uint32_t days = 0;

	(void)state;
	assert_true(reminder_poll(&reminder, before_end(2 * DAY_S), &days));
	assert_int_equal(days, 2);
	assert_false(reminder_poll(&reminder, before_end(2 * DAY_S), &days));
	assert_false(reminder_poll(&reminder, before_end(DAY_S + 1), &days));
	assert_true(reminder_poll(&reminder, before_end(DAY_S), &days));
	assert_int_equal(days, 1);
	assert_true(reminder_poll(&reminder, before_end(0), &days));
	assert_int_equal(days, 0);
	assert_true(reminder_poll(&reminder, before_end(-DAY_S), &days));
	assert_int_equal(days, 0);
}

static void counts_a_day_that_has_begun(void **state)
{
	struct reminder reminder = reminder_at(before_end(1));
	uint32_t days = 0;

	(void)state;
	assert_true(reminder_poll(&reminder, before_end(1), &days));
	assert_int_equal(days, 1);
	reminder = reminder_at(before_end(DAY_S + 1));
	assert_true(reminder_poll(&reminder, before_end(DAY_S + 1), &days));
	assert_int_equal(days, 2);
}

/* A clock that stands in 1970, or behind the end: of the first nothing is said. */
static void believes_no_calendar_before_the_program(void **state)
{
	const struct wall built = wall_from_s(END_S - DAY_S);
	struct reminder reminder;
	uint32_t days = 0;

	(void)state;
	reminder_init(&reminder, wall_from_s(END_S), built, before_end(DAY_S + 1).mono);
	assert_false(reminder_poll(&reminder, before_end(DAY_S + 1), &days));
	reminder_init(&reminder, wall_from_s(END_S), built, before_end(DAY_S).mono);
	assert_true(reminder_poll(&reminder, before_end(DAY_S), &days));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_silent_until_it_is_due),
		cmocka_unit_test(says_it_once_a_day),
		cmocka_unit_test(counts_a_day_that_has_begun),
		cmocka_unit_test(believes_no_calendar_before_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
