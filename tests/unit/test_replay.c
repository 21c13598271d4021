/* test_replay.c - no counter is accepted twice, none too old, and none is lost without need.
 *
 * The last test plays random walks against a model that remembers every counter. */
#include "tests/lib/cmocka.h"

#include "base/rng.h"
#include "session/replay.h"

#include <string.h>

static void each_counter_once(void **state)
{
	struct replay replay;

	(void)state;
	replay_init(&replay);
	for (uint64_t counter = 0; counter < (uint64_t)3 * REPLAY_WINDOW; counter++) {
		assert_true(replay_check(&replay, counter));
		assert_true(replay_check(&replay, counter)); /* asking moves nothing */
		assert_true(replay_update(&replay, counter));
		assert_false(replay_check(&replay, counter));
		assert_false(replay_update(&replay, counter));
	}
}

/* Around a highest counter at each place in a word: 0, 1, 8191 and 8192 behind it. */
static void the_window_is_exactly_8192(void **state)
{
	(void)state;
	for (uint64_t highest = REPLAY_WINDOW; highest < REPLAY_WINDOW + 200; highest++) {
		struct replay replay;

		replay_init(&replay);
		assert_true(replay_update(&replay, highest));
		assert_false(replay_check(&replay, highest));
		assert_true(replay_check(&replay, highest - 1));
		assert_true(replay_check(&replay, highest - 8191));
		assert_false(replay_check(&replay, highest - 8192));
		assert_false(replay_update(&replay, highest - 8192));
		assert_true(replay_update(&replay, highest - 8191));
		assert_false(replay_update(&replay, highest - 8191));
		assert_true(replay_update(&replay, highest - 1));
	}
}

static void only_an_update_moves_the_window(void **state)
{
	struct replay replay;
	struct replay before;

	(void)state;
	replay_init(&replay);
	assert_true(replay_update(&replay, 5));
	before = replay;
	assert_true(replay_check(&replay, UINT64_C(1) << 40));
	assert_memory_equal(&replay, &before, sizeof(replay));
	assert_true(replay_update(&replay, 4));
}

static void a_jump_clears_what_it_passes(void **state)
{
	static const uint64_t jumps[] = { 1,    63,   64,   65,   8191,  8192,
					  8193, 8255, 8256, 8257, 16512, UINT64_C(1) << 32 };

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct replay replay;
		uint64_t highest = 0;

		replay_init(&replay);
		for (uint64_t counter = 0; counter < 20000; counter++)
			assert_true(replay_update(&replay, counter));
		highest = 19999 + jumps[i];
		assert_true(replay_update(&replay, highest));
		for (uint64_t back = 1; back < REPLAY_WINDOW; back++)
			assert_int_equal(replay_check(&replay, highest - back),
					 highest - back > 19999);
	}
}

static void the_end_of_the_counters_is_refused_and_nothing_wraps(void **state)
{
	struct replay replay;

	(void)state;
	replay_init(&replay);
	assert_false(replay_update(&replay, UINT64_MAX));
	assert_true(replay_update(&replay, UINT64_MAX - 1));
	assert_false(replay_update(&replay, UINT64_MAX));
	assert_false(replay_update(&replay, UINT64_MAX - 1));
	assert_true(replay_update(&replay, UINT64_MAX - 2));
	assert_false(replay_update(&replay, 0));
}

#define WALK_STEPS 30000
#define WALK_SPAN ((uint64_t)WALK_STEPS * 400)

/* The model: one byte a counter. Steps of all sizes around the edges, back and forth. */
static void random_walks_agree_with_a_model(void **state)
{
	static uint8_t seen[WALK_SPAN];
	struct rng rng;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct replay replay;
		uint64_t next = 0;

		rng_init_seed(&rng, seed);
		replay_init(&replay);
		memset(seen, 0, sizeof(seen));
		for (unsigned step = 0; step < WALK_STEPS; step++) {
			const unsigned reach = 1U << rng_between(&rng, 0, 14);
			const uint64_t ahead = rng_between(&rng, 0, reach);
			const bool back = rng_chance(&rng, 600) && next > ahead;
			const uint64_t counter = back ? next - ahead : next + ahead / 64;

			const bool expected =
				counter >= next || (next - counter <= 8192 && !seen[counter]);

			assert_in_range(counter, 0, WALK_SPAN - 1);
			assert_int_equal(replay_check(&replay, counter), expected);
			if (!rng_chance(&rng, 900))
				continue; /* did not open: forged */
			assert_int_equal(replay_update(&replay, counter), expected);
			seen[counter] = 1;
			next = counter >= next ? counter + 1 : next;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_counter_once),
		cmocka_unit_test(the_window_is_exactly_8192),
		cmocka_unit_test(only_an_update_moves_the_window),
		cmocka_unit_test(a_jump_clears_what_it_passes),
		cmocka_unit_test(the_end_of_the_counters_is_refused_and_nothing_wraps),
		cmocka_unit_test(random_walks_agree_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
