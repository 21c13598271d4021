/* test_trace.c - records leave in order; a full trace keeps the oldest and counts the rest. */
#include "base/trace.h"
#include "tests/lib/cmocka.h"

static struct trace_record record_of(uint32_t index)
{
	return (struct trace_record){ .at = { .us = index },
				      .machine = "session",
				      .index = index,
				      .from = "WAITING",
				      .to = "OPEN",
				      .why = "answered" };
}

static void records_leave_whole_and_in_order(void **state)
{
	struct trace trace;
	struct trace_record got;

	(void)state;
	trace_init(&trace);
	assert_false(trace_poll(&trace, &got));
	for (uint32_t i = 0; i < 3; i++) {
		const struct trace_record record = record_of(i);

		trace_move(&trace, &record);
	}
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(trace_poll(&trace, &got));
		assert_int_equal(got.index, i);
		assert_int_equal(got.at.us, i);
		assert_string_equal(got.machine, "session");
		assert_string_equal(got.from, "WAITING");
		assert_string_equal(got.to, "OPEN");
		assert_string_equal(got.why, "answered");
	}
	assert_false(trace_poll(&trace, &got));
}

static void full_trace_drops_the_newest_and_counts(void **state)
{
	struct trace trace;
	struct trace_record got;

	(void)state;
	trace_init(&trace);
	for (uint32_t i = 0; i < TRACE_RECORDS_MAX + 5; i++) {
		const struct trace_record record = record_of(i);

		assert_int_equal(trace.dropped, i < TRACE_RECORDS_MAX ? 0 : i - TRACE_RECORDS_MAX);
		trace_move(&trace, &record);
	}
	assert_int_equal(trace.dropped, 5);
	for (uint32_t i = 0; i < TRACE_RECORDS_MAX; i++) {
		assert_true(trace_poll(&trace, &got));
		assert_int_equal(got.index, i);
	}
	assert_false(trace_poll(&trace, &got));
	const struct trace_record record = record_of(9);

	trace_move(&trace, &record); /* there is room again */
	assert_true(trace_poll(&trace, &got));
	assert_int_equal(got.index, 9);
	assert_int_equal(trace.dropped, 5);
}

static void no_trace_notes_nothing(void **state)
{
	const struct trace_record record = record_of(1);

	(void)state;
	trace_move(NULL, &record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_leave_whole_and_in_order),
		cmocka_unit_test(full_trace_drops_the_newest_and_counts),
		cmocka_unit_test(no_trace_notes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
