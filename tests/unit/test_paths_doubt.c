/* test_paths_doubt.c - what a way in doubt is worth while its peer is heard. */
#include "tests/lib/lone_paths.h"

#include "tests/lib/cmocka.h"

#define A "203.0.113.1:1000"

/* How many probes left by that way within so long; it ends with the last of `enough`. */
static unsigned asked_within(struct lone *f, struct way way, unsigned ms, unsigned enough)
{
	unsigned asked = 0;

	for (unsigned i = 0; i < ms && asked < enough; i++) {
		const uint64_t before = f->now.us;

		lone_run(f, 1);
		asked += lone_seen(f, PATHS_PROBE, &way, before + 1);
	}
	return asked;
}

/* A direct way, the only one, of that round trip; what was asked has no answer any more. */
static void asked_in_vain(struct lone *f, struct way way, uint64_t rtt_ms, unsigned probes)
{
	f->working_count = 0;
	f->count = 0;
	f->traffic = (struct paths_traffic){ 0 };
	lone_works(f, way, rtt_ms);
	lone_start(f, true, way);
	lone_run(f, 5000);
	lone_works_no_more(f, way);
	assert_int_equal(asked_within(f, way, PATHS_QUIET_MS, probes), probes);
	f->count = 0; /* nor will it have */
	lone_works(f, way, rtt_ms);
}

/* The line was down, and is there again after the fourth probe: the peer's own says so. */
static void a_way_is_not_given_up_when_the_peer_comes_by_it(void **state)
{
	for (uint64_t token = 2; token < 4; token++) {
		struct lone *f = *state;
		const struct way a = lone_direct(A);
		uint64_t begin;

		asked_in_vain(f, a, 20, PATHS_DOUBT_PROBES);
		paths_probed(&f->paths, f->now, token, &a); /* too early: they invite each other */
		assert_int_equal(asked_within(f, a, 99, 1), 0);
		lone_run(f, 1);
		begin = f->now.us;
		paths_probed(&f->paths, f->now, token, &a);
		lone_run(f, 20);
		assert_int_equal(lone_seen(f, PATHS_PROBE, &a, begin), 1);
		assert_int_equal(paths_used(&f->paths)->state, TRIAL_PROVEN);
		lone_run(f, 5000);
		assert_true(lone_uses(f, a));
		assert_false(f->paths.is_dead);
	}
}

/* Nor when its packets come, of which path/ is not told by which way: the verdict waits for one
 * probe more. */
static void a_way_is_not_given_up_while_the_peer_is_heard(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	uint64_t begin;

	asked_in_vain(f, a, 20, PATHS_DOUBT_PROBES);
	lone_run(f, 10);
	begin = f->now.us;
	f->traffic.received = f->now;
	while (paths_used(&f->paths)->state == TRIAL_DOUBTED)
		lone_run(f, 1);
	assert_int_equal(paths_used(&f->paths)->state, TRIAL_PROVEN);
	assert_in_range(f->now.us - begin, 20000, 2000000);
}

/* The peer's packets come one after another: were it asked at each, newer tokens would push out the
 * one that its answer has. */
static void a_long_way_has_time_for_its_answer(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	unsigned ms = 0;

	asked_in_vain(f, a, 350, 2);
	while (paths_used(&f->paths)->state == TRIAL_DOUBTED && ms++ < 2000) {
		paths_came(&f->paths, f->now, &a);
		lone_run(f, 1);
	}
	assert_int_equal(paths_used(&f->paths)->state, TRIAL_PROVEN);
	assert_in_range(ms, 350, 800);
}

/* The same with a way that is tried for the first time: what comes by it, our answers among them,
 * must not make us ask faster than it answers. */
static void a_long_new_way_has_time_for_its_answer(void **state)
{
	static const uint64_t rtts_ms[] = { 20, 150, 560, 900 };

	for (unsigned i = 0; i < sizeof(rtts_ms) / sizeof(rtts_ms[0]); i++) {
		struct lone *f = *state;
		const struct way ring = { .kind = WAY_RING };
		const struct way relay = { .kind = WAY_RELAY, .link = 1 };
		unsigned ms = 0;

		f->working_count = 0;
		f->count = 0;
		f->traffic = (struct paths_traffic){ 0 };
		lone_works(f, relay, rtts_ms[i]);
		lone_start(f, true, ring);
		assert_int_equal(paths_add_relay(&f->paths, f->now, &relay), 0);
		while (!lone_uses(f, relay) && ms++ < PATHS_PUNCH_MS) {
			paths_came(&f->paths, f->now, &relay);
			lone_run(f, 1);
		}
		assert_in_range(ms, rtts_ms[i], 2 * rtts_ms[i] + 1000);
	}
}

/* As many as come at once earn one. */
static void a_batch_earns_one_probe(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);

	asked_in_vain(f, a, 20, PATHS_DOUBT_PROBES);
	lone_works_no_more(f, a);
	lone_run(f, 100);
	for (unsigned i = 0; i < 3; i++)
		paths_came(&f->paths, f->now, &a);
	assert_int_equal(paths_used(&f->paths)->probes, PATHS_DOUBT_PROBES - 1);
	lone_run(f, 5000);
	assert_true(f->paths.is_dead);
}

/* Who comes by it and never answers keeps it for a while, whatever it sends. */
static void a_way_that_only_the_peer_can_use_is_given_up(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	unsigned asked = 0;
	unsigned ms = 0;

	asked_in_vain(f, a, 20, 1);
	lone_works_no_more(f, a);
	for (; !f->paths.is_dead && ms < 3 * PATHS_DOUBT_MORE_MS; ms += 50) {
		f->count = 0;
		f->traffic.received = f->now;
		paths_probed(&f->paths, f->now, 3, &a);
		lone_run(f, 50);
		asked += lone_seen(f, PATHS_PROBE, &a, 0);
		if (ms < PATHS_DOUBT_MORE_MS - 100)
			assert_int_equal(paths_used(&f->paths)->state, TRIAL_DOUBTED);
	}
	assert_true(f->paths.is_dead);
	assert_in_range(ms, PATHS_DOUBT_MORE_MS, PATHS_DOUBT_MORE_MS + 4000);
	assert_in_range(asked, 50, PATHS_DOUBT_MORE_MS / 100 + PATHS_DOUBT_PROBES);
}

int main(void)
{
#define PATHS_TEST(f) cmocka_unit_test_setup_teardown(f, lone_set_up, lone_tear_down)
	const struct CMUnitTest tests[] = {
		PATHS_TEST(a_way_is_not_given_up_when_the_peer_comes_by_it),
		PATHS_TEST(a_way_is_not_given_up_while_the_peer_is_heard),
		PATHS_TEST(a_long_way_has_time_for_its_answer),
		PATHS_TEST(a_long_new_way_has_time_for_its_answer),
		PATHS_TEST(a_batch_earns_one_probe),
		PATHS_TEST(a_way_that_only_the_peer_can_use_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
