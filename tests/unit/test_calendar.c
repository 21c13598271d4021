/* test_calendar.c - one text an instant, one instant a text, and nothing else passes. */
#include "base/calendar.h"
#include "base/err.h"
#include "tests/lib/cmocka.h"

#define DAY_S 86400

/* Seconds of known dates: those of `date -u -d TEXT +%s`. */
static const struct {
	const char *text;
	int64_t s;
} known[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00:01Z", 1 },
	{ "1999-12-31T23:59:59Z", 946684799 },
	{ "2000-02-29T12:00:00Z", 951825600 },
	{ "2000-03-01T00:00:00Z", 951868800 },
	{ "2024-02-29T00:00:00Z", 1709164800 },
	{ "2027-11-21T22:59:00Z", 1826837940 },
	{ "2038-01-19T03:14:08Z", 2147483648 },
	{ "2100-02-28T23:59:59Z", 4107542399 },
	{ "2100-03-01T00:00:00Z", 4107542400 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
};

static const char *const refused[] = {
	"",
	"2027-11-21T22:59:00",
	"2027-11-21T22:59:00z",
	"2027-11-21 22:59:00Z",
	"2027-11-21T22:59:00Z ",
	"2027-11-21T22:59:0Z",
	"2027/11/21T22:59:00Z",
	"2027-11-21T22-59-00Z",
	"2027-00-21T22:59:00Z",
	"2027-13-21T22:59:00Z",
	"2027-11-00T22:59:00Z",
	"2027-11-31T22:59:00Z",
	"2027-02-29T00:00:00Z", /* no leap year */
	"2100-02-29T00:00:00Z", /* nor this */
	"2027-11-21T24:00:00Z",
	"2027-11-21T22:60:00Z",
	"2027-11-21T22:59:60Z", /* a leap second */
	"1969-12-31T23:59:59Z",
	"0000-01-01T00:00:00Z",
	"202a-11-21T22:59:00Z",
	"2027-1\x80-21T22:59:00Z",
	"  27-11-21T22:59:00Z",
	"+027-11-21T22:59:00Z",
};

static void known_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char text[CALENDAR_TEXT_CHARS + 1];
		struct wall t = { .us = -1 };

		calendar_to_text(wall_from_s(known[i].s), text);
		assert_string_equal(text, known[i].text);
		assert_int_equal(calendar_from_text(span_text(text), &t), 0);
		assert_int_equal(t.us, known[i].s * 1000000);
	}
}

static void every_day_has_its_own_text(void **state)
{
	char before[CALENDAR_TEXT_CHARS + 1] = "";

	(void)state;
	/* To the year 2400: all kinds of leap years. */
	for (int64_t day = 0; day < 157054; day++) {
		const struct wall t = wall_from_s(day * DAY_S + day % DAY_S);
		char text[CALENDAR_TEXT_CHARS + 1];
		struct wall again;

		calendar_to_text(t, text);
		assert_true(strcmp(before, text) < 0);
		assert_int_equal(calendar_from_text(span_text(text), &again), 0);
		assert_int_equal(again.us, t.us);
		memcpy(before, text, sizeof(before));
	}
	assert_memory_equal(before, "2399-12-31", 10);
}

static void other_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct wall t = { .us = 7 };

		if (calendar_from_text(span_text(refused[i]), &t) != ERR_MALFORMED)
			fail_msg("accepted: %s", refused[i]);
		assert_int_equal(t.us, 7);
	}
}

static void the_ends_of_the_calendar_hold(void **state)
{
	char text[CALENDAR_TEXT_CHARS + 1];

	(void)state;
	calendar_to_text((struct wall){ .us = -1 }, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	calendar_to_text((struct wall){ .us = INT64_MIN }, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	calendar_to_text((struct wall){ .us = 999999 }, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	calendar_to_text((struct wall){ .us = INT64_MAX }, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates),
		cmocka_unit_test(every_day_has_its_own_text),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(the_ends_of_the_calendar_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
