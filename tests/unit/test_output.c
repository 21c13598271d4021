/* test_output.c - figures for people: few digits, the right unit, and nothing that a terminal would
 * obey. */
#include "tests/lib/cmocka.h"

#include "base/calendar.h"
#include "prog/ipop/output.h"

#include <stdio.h>
#include <string.h>

static void durations(void **state)
{
	static const struct {
		uint64_t s;
		const char *want;
	} cases[] = {
		{ 0, "0 s" },        { 59, "59 s" },          { 60, "1 min" },
		{ 61, "1 min 1 s" }, { 3599, "59 min 59 s" }, { 3600, "1 h" },
		{ 3659, "1 h" },     { 3660, "1 h 1 min" },   { 86399, "23 h 59 min" },
		{ 86400, "1 d" },    { 90000, "1 d 1 h" },    { 863999, "9 d 23 h" },
		{ 864000, "10 d" },  { 900000, "10 d" },      { 31536000, "365 d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(output_duration(cases[i].s).text, cases[i].want);
}

static void rates(void **state)
{
	static const struct {
		uint64_t bits_s;
		const char *want;
	} cases[] = {
		{ 0, "0 bit/s" },
		{ 999, "999 bit/s" },
		{ 1000, "1.00 kbit/s" },
		{ 943000000, "943 Mbit/s" },
		{ 999999999, "999 Mbit/s" },
		{ 1000000000, "1.00 Gbit/s" },
		{ 12345678901, "12.3 Gbit/s" },
		{ UINT64_MAX, "18.4 Ebit/s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(output_rate(cases[i].bits_s).text, cases[i].want);
}

static void round_trips(void **state)
{
	static const struct {
		uint64_t us;
		const char *want;
	} cases[] = {
		{ 0, "0.00 ms" },      { 9, "0.00 ms" },       { 10, "0.01 ms" },
		{ 812, "0.81 ms" },    { 9999, "9.99 ms" },    { 10000, "10.0 ms" },
		{ 99999, "99.9 ms" },  { 100000, "100 ms" },   { 999999, "999 ms" },
		{ 1000000, "1.00 s" }, { 12345678, "12.3 s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(output_rtt(cases[i].us).text, cases[i].want);
}

static void sizes(void **state)
{
	(void)state;
	assert_string_equal(output_bytes(0).text, "0 B");
	assert_string_equal(output_bytes(999).text, "999 B");
	assert_string_equal(output_bytes(1000).text, "1.00 kB");
	assert_string_equal(output_bytes(31400000).text, "31.4 MB");
	assert_string_equal(output_bytes(999999999).text, "999 MB");
	assert_string_equal(output_bytes(UINT64_MAX).text, "18.4 EB");
}

static void what_is_left(void **state)
{
	const struct wall now = wall_from_s(1826837940); /* 2027-11-21T22:59:00Z */

	(void)state;
	assert_string_equal(output_left("2027-11-22T22:59:00Z", now).text, "1 d");
	assert_string_equal(output_left("2027-11-21T22:59:01Z", now).text, "1 s");
	assert_string_equal(output_left("2027-11-21T22:59:00Z", now).text, "expired");
	assert_string_equal(output_left("1970-01-01T00:00:00Z", now).text, "expired");
	assert_string_equal(output_left("tomorrow", now).text, "?");
	/* One second after it was made, a certificate has its 365 days. */
	assert_string_equal(output_left("2028-11-20T22:58:59Z", now).text, "365 d");
	assert_string_equal(output_left("2027-12-03T10:58:59Z", now).text, "11 d");
	assert_string_equal(output_left("2027-12-03T10:59:00Z", now).text, "12 d");
	assert_string_equal(output_left("2027-12-01T22:58:59Z", now).text, "9 d 23 h");
	assert_string_equal(output_left(NULL, now).text, "?");
}

static void foreign_texts_are_harmless(void **state)
{
	char text[2 * OUTPUT_CHARS];

	(void)state;
	assert_string_equal(output_foreign("beta").text, "beta");
	assert_string_equal(output_foreign("").text, "-");
	assert_string_equal(output_foreign(NULL).text, "-");
	assert_string_equal(output_foreign("a\x1b[31m\n\x7f\xc3\xa9").text, "a?[31m????");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(output_foreign(text).text), OUTPUT_CHARS - 1);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	static const char *const cells[] = { "PEER", "RTT",        "WHY", "beta",     "0.81 ms",
					     "-",    "gamma-long", "-",   "no answer" };
	char text[512] = "";
	struct output_table table;
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(out);
	output_table_init(&table, 3);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		output_cell(&table, cells[i]);
	output_table_print(&table, "  ", out);
	output_table_free(&table);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "  PEER        RTT      WHY\n"
				  "  beta        0.81 ms  -\n"
				  "  gamma-long  -        no answer\n");
}

/* The last cell stands below its row, and nothing where it is empty. */
static void notes_stand_below_their_row(void **state)
{
	static const char *const cells[] = { "PEER", "RTT", "",      "beta",     "0.81 ms",
					     "why",  "al",  "31 ms", "no answer" };
	char text[512] = "";
	struct output_table table;
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(out);
	output_table_init(&table, 3);
	table.has_notes = true;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		output_cell(&table, cells[i]);
	output_table_print(&table, " ", out);
	output_table_free(&table);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, " PEER  RTT\n"
				  " beta  0.81 ms\n"
				  "   why\n"
				  " al    31 ms\n"
				  "   no answer\n");
}

static void tables_grow(void **state)
{
	struct output_table table;

	(void)state;
	output_table_init(&table, 1);
	for (size_t i = 0; i < 1000; i++)
		output_cell(&table, "x");
	assert_int_equal(table.count, 1000);
	output_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(rates),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(sizes),
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(foreign_texts_are_harmless),
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(notes_stand_below_their_row),
		cmocka_unit_test(tables_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
