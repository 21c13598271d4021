/* test_meter.c - a burst, then the rate to the byte, and never more of either. */
#include "forward/meter.h"
#include "tests/lib/cmocka.h"

#define RATE 1000000 /* a byte a microsecond */
#define BURST 5000
#define DEBT UINT64_C(10000)

static struct mono at_us(uint64_t us)
{
	return (struct mono){ .us = UINT64_C(1000000000) + us };
}

static struct meter *new_meter(uint64_t rate, uint32_t burst)
{
	struct meter *meter = NULL;

	assert_int_equal(meter_new(rate, burst, &meter), 0);
	return meter;
}

static void a_burst_and_not_a_byte_more(void **state)
{
	struct meter *whole = new_meter(RATE, BURST);
	struct meter *pieces = new_meter(RATE, BURST);

	(void)state;
	assert_false(meter_take(whole, at_us(0), BURST + 1));
	assert_true(meter_take(whole, at_us(0), BURST)); /* the refused bytes took nothing */
	assert_false(meter_take(whole, at_us(0), 1));
	for (unsigned i = 0; i < 10; i++)
		assert_true(meter_take(pieces, at_us(0), BURST / 10));
	assert_false(meter_take(pieces, at_us(0), 1));
	assert_true(meter_take(pieces, at_us(0), 0));
	meter_unref(whole);
	meter_unref(pieces);
}

static void bytes_come_back_at_the_rate(void **state)
{
	struct meter *meter = new_meter(RATE, BURST);
	uint64_t us = 0;

	(void)state;
	assert_true(meter_take(meter, at_us(us), BURST));
	for (unsigned bytes = 1; bytes <= BURST; bytes += 617) {
		assert_false(meter_take(meter, at_us(us + bytes - 1), bytes));
		assert_true(meter_take(meter, at_us(us + bytes), bytes));
		us += bytes;
	}
	/* However long nobody comes, it is a burst and no more. */
	us += UINT64_C(86400) * 1000000;
	assert_true(meter_take(meter, at_us(us), BURST));
	assert_false(meter_take(meter, at_us(us), 1));
	meter_unref(meter);
}

/* Rates at which a byte costs no whole number of nanoseconds, and the fastest. */
static void no_rate_is_exceeded(void **state)
{
	static const uint64_t rates[] = { 3, 700, 12500001, 999999999, METER_RATE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct meter *meter = new_meter(rates[i], BURST);
		const uint64_t span_us = rates[i] < 1000 ? UINT64_C(3600000000) : 1000000;
		const uint64_t due = rates[i] * span_us / 1000000;
		uint64_t taken = 0;

		for (uint64_t step = 0; step <= 10000; step++)
			while (meter_take(meter, at_us(step * span_us / 10000), 1400))
				taken += 1400;
		assert_true(taken <= BURST + due);
		if (rates[i] < 1000) /* else the steps are too far apart to use it all */
			assert_true(taken + 1400 > BURST + due - 1);
		meter_unref(meter);
	}
}

/* Another thread of the same batch may have read the clock a little before. */
static void an_earlier_instant_gives_nothing_back(void **state)
{
	struct meter *meter = new_meter(RATE, BURST);

	(void)state;
	assert_true(meter_take(meter, at_us(100), BURST));
	assert_false(meter_take(meter, at_us(0), 1));
	assert_false(meter_take(meter, at_us(100), 1));
	assert_true(meter_take(meter, at_us(101), 1));
	meter_unref(meter);
}

/* What has to pass passes, and is paid by who comes next. */
static void a_charge_leaves_a_debt(void **state)
{
	struct meter *meter = new_meter(RATE, BURST);

	(void)state;
	meter_charge(meter, at_us(0), BURST + DEBT);
	assert_false(meter_take(meter, at_us(DEBT), 1));
	assert_true(meter_take(meter, at_us(DEBT + 1), 1));
	meter_unref(meter);
}

static void a_rate_may_be_changed(void **state)
{
	struct meter *meter = new_meter(RATE, BURST);

	(void)state;
	assert_true(meter_take(meter, at_us(0), BURST));
	meter_set(meter, RATE / 10, BURST / 10);
	assert_false(meter_take(meter, at_us(BURST), BURST / 10 + 1)); /* full, of another size */
	assert_true(meter_take(meter, at_us(BURST), BURST / 10));
	assert_false(meter_take(meter, at_us(BURST + 9), 1));
	assert_true(meter_take(meter, at_us(BURST + 10), 1));
	meter_unref(meter);
}

static void the_last_reference_frees(void **state)
{
	struct meter *meter = new_meter(1, 1);

	(void)state;
	assert_ptr_equal(meter_ref(meter), meter);
	meter_unref(meter);
	assert_true(meter_take(meter, at_us(0), 1));
	meter_unref(meter); /* the leak checker of the sanitized build looks on */
	meter_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_and_not_a_byte_more),
		cmocka_unit_test(bytes_come_back_at_the_rate),
		cmocka_unit_test(no_rate_is_exceeded),
		cmocka_unit_test(an_earlier_instant_gives_nothing_back),
		cmocka_unit_test(a_charge_leaves_a_debt),
		cmocka_unit_test(a_rate_may_be_changed),
		cmocka_unit_test(the_last_reference_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
