/* test_liveness.c - a silent peer is found dead in bounded time, a heard one never.
 *
 * Method: no clock; every test walks from deadline to deadline, for many seeds. */
#include "base/err.h"
#include "path/liveness.h"

#include "tests/lib/cmocka.h"

#define SEEDS 200

static struct mono at_ms(uint64_t ms)
{
	return mono_add_ms((struct mono){ .us = 0 }, ms);
}

static void silence_is_probed_three_times_and_then_dead(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rng rng;
		struct liveness l;
		uint64_t token = 0, last = 0;
		struct mono due;

		rng_init_seed(&rng, seed);
		liveness_init(&l, &rng, at_ms(0));
		due = liveness_deadline(&l);
		assert_true(mono_reached(due, at_ms(LIVENESS_QUIET_MS - LIVENESS_JITTER_MS)));
		assert_true(mono_reached(at_ms(LIVENESS_QUIET_MS), due));
		for (unsigned i = 0; i < LIVENESS_PROBES_MAX; i++) {
			assert_false(liveness_poll(&l, (struct mono){ due.us - 1 }, &token));
			assert_true(liveness_poll(&l, due, &token));
			assert_int_not_equal(token, 0);
			assert_int_not_equal(token, last);
			assert_int_equal(l.state, LIVENESS_PROBING);
			last = token;
			assert_int_equal(liveness_deadline(&l).us,
					 mono_add_ms(due, LIVENESS_REPEAT_MS).us);
			due = liveness_deadline(&l);
		}
		assert_false(liveness_poll(&l, (struct mono){ due.us - 1 }, &token));
		assert_int_equal(l.state, LIVENESS_PROBING);
		assert_false(liveness_poll(&l, due, &token));
		assert_int_equal(l.state, LIVENESS_DEAD);
		assert_int_equal(liveness_deadline(&l).us, MONO_NEVER.us);
		assert_int_equal(liveness_answer(&l, due, last), ERR_STALE); /* too late */
		liveness_heard(&l, mono_add_ms(due, 1));
		assert_int_equal(l.state, LIVENESS_DEAD); /* final */
	}
}

static void anything_heard_starts_anew(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rng rng;
		struct liveness l;
		uint64_t token;
		struct mono now = at_ms(0);

		rng_init_seed(&rng, seed);
		liveness_init(&l, &rng, now);
		for (unsigned i = 0; i < 100; i++) {
			now = liveness_deadline(&l);
			while (l.probes < 1 + i % LIVENESS_PROBES_MAX) {
				assert_true(liveness_poll(&l, now, &token));
				now = liveness_deadline(&l);
			}
			now = (struct mono){ now.us - 1 }; /* the last instant at which it helps */
			liveness_heard(&l, now);
			assert_int_equal(l.state, LIVENESS_HEARD);
			assert_int_equal(l.probes, 0);
			assert_true(mono_reached(
				liveness_deadline(&l),
				mono_add_ms(now, LIVENESS_QUIET_MS - LIVENESS_JITTER_MS)));
		}
	}
}

static void what_was_heard_earlier_changes_nothing(void **state)
{
	struct rng rng;
	struct liveness l;
	struct mono due;

	(void)state;
	rng_init_seed(&rng, 1);
	liveness_init(&l, &rng, at_ms(1000));
	due = liveness_deadline(&l);
	liveness_heard(&l, at_ms(1000));
	liveness_heard(&l, at_ms(500));
	assert_int_equal(liveness_deadline(&l).us, due.us);
}

static void only_the_newest_probe_measures_and_only_once(void **state)
{
	struct rng rng;
	struct liveness l;
	uint64_t first, second;

	(void)state;
	rng_init_seed(&rng, 7);
	liveness_init(&l, &rng, at_ms(0));
	assert_int_equal(liveness_answer(&l, at_ms(1), 0), ERR_STALE);
	liveness_probe_now(&l, at_ms(5));
	assert_true(liveness_poll(&l, at_ms(5), &first));
	assert_true(liveness_poll(&l, at_ms(1005), &second));
	assert_int_equal(liveness_answer(&l, at_ms(1010), first), ERR_STALE);
	assert_false(l.has_rtt);
	assert_int_equal(liveness_answer(&l, at_ms(1045), second), 0);
	assert_true(l.has_rtt);
	assert_int_equal(l.rtt_us, 40000);
	assert_int_equal(liveness_answer(&l, at_ms(1046), second), ERR_STALE);
	assert_int_equal(l.state, LIVENESS_HEARD);

	liveness_probe_now(&l, at_ms(2000));
	assert_true(liveness_poll(&l, at_ms(2000), &first));
	assert_int_equal(liveness_answer(&l, at_ms(2120), first), 0);
	assert_int_equal(l.rtt_us, (7 * 40000 + 120000) / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_is_probed_three_times_and_then_dead),
		cmocka_unit_test(anything_heard_starts_anew),
		cmocka_unit_test(what_was_heard_earlier_changes_nothing),
		cmocka_unit_test(only_the_newest_probe_measures_and_only_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
