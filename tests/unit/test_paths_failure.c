/* test_paths_failure.c - what makes a way doubted, and what carries on: relays, silence, moves,
 * death. */
#include "base/err.h"
#include "tests/lib/lone_paths.h"

#include "tests/lib/cmocka.h"

#define A "203.0.113.1:1000"
#define B "203.0.113.2:2000"

static const struct way ring = { .kind = WAY_RING };

static void ip_sent(struct lone *f)
{
	f->traffic.ip_sent = f->now;
	f->traffic.sent = f->now;
}

static void ip_received(struct lone *f)
{
	f->traffic.ip_received = f->now;
	f->traffic.received = f->now;
}

static unsigned seen_by(const struct lone *f, enum paths_output_kind kind, struct way way,
			uint64_t since_us)
{
	return lone_seen(f, kind, &way, since_us);
}

/* Each keepalive asks, and is answered a round trip later: that is no doubt. */
static void a_way_is_doubted_when_its_answer_is_overdue(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 150);
	lone_start(f, true, ring);
	for (unsigned ms = 0; ms < 3 * PATHS_QUIET_MS; ms += 10) {
		lone_run(f, 10);
		assert_false(paths_is_doubted(&f->paths));
	}
	lone_works_no_more(f, ring);
	f->count = 0;
	while (lone_seen(f, PATHS_PROBE, &ring, 0) < 1)
		lone_run(f, 10);
	assert_false(paths_is_doubted(&f->paths));
	while (lone_seen(f, PATHS_PROBE, &ring, 0) < 2)
		lone_run(f, 10);
	assert_true(paths_is_doubted(&f->paths));
	while (!f->paths.is_dead) {
		lone_run(f, 100);
		assert_true(paths_is_doubted(&f->paths)); /* also when all were in vain */
	}
}

/* The first packet that has no answer counts: later ones do not put it off. */
static void a_stream_one_way_is_answered_while_it_flows(void **state)
{
	struct lone *f = *state;
	unsigned said = 0;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	for (unsigned n = 0; n < 40; n++) { /* a second */
		ip_received(f);
		lone_run(f, 25);
		said += lone_seen(f, PATHS_EMPTY, NULL, 0);
	}
	assert_in_range(said, 7, 10);
}

/* What asks first along the ring is the handshake: nothing is to be learned there that was not. */
static void a_way_along_the_ring_is_not_asked_at_once(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_run(f, PATHS_QUIET_MS - PATHS_QUIET_JITTER_MS - 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &ring, 0), 0);
	lone_run(f, PATHS_QUIET_JITTER_MS + 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &ring, 0), 1);
}

/* Who becomes near is asked sooner than was foreseen; who is near no longer waits as others do. */
static void a_near_member_is_asked_sooner(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	paths_set_near(&f->paths, true);
	lone_run(f, PATHS_NEAR_QUIET_MS - PATHS_QUIET_JITTER_MS - 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &ring, 0), 0);
	lone_run(f, PATHS_QUIET_JITTER_MS + 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &ring, 0), 1);
	lone_run(f, 1000);
	paths_set_near(&f->paths, false);
	lone_run(f, 2 * PATHS_NEAR_QUIET_MS - 2000);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &ring, 0), 1);
}

static void a_direct_way_is_asked_at_once(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);

	lone_works(f, a, 50);
	lone_start(f, true, a);
	lone_run(f, 0);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &a, 0), 1);
}

/* -- relays -------------------------------------------------------------------------------- */

/* IP all the time, so that a relay is wanted in reserve. */
static void talk(struct lone *f, uint64_t ms)
{
	for (uint64_t done = 0; done < ms; done += 100) {
		ip_sent(f);
		ip_received(f);
		lone_run(f, 100);
	}
}

static void relays_are_asked_for_until_there_are_enough(void **state)
{
	struct lone *f = *state;
	const struct way first = way_relay(1, 1);
	const struct way second = way_relay(2, 2);

	lone_works(f, ring, 50);
	lone_works(f, first, 50);
	lone_works(f, second, 50);
	lone_start(f, true, ring);
	lone_run(f, PATHS_NO_RELAY_MS - 1);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 0);
	lone_run(f, 1);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 1);
	f->count = 0;
	lone_run(f, PATHS_RELAY_AGAIN_MS - 1);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 0);
	lone_run(f, 1);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 1);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &first), 0);
	f->count = 0;
	lone_run(f, 60000); /* one does while nobody talks */
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 0);
	ip_sent(f);
	ip_received(f);
	lone_run(f, 0); /* one more, in reserve */
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 1);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &second), 0);
	for (unsigned i = 0; i < 100; i++) {
		f->count = 0;
		talk(f, 600);
		assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 0);
	}
}

static void a_direct_way_wants_a_relay_in_reserve_while_it_carries_ip(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_works(f, lone_direct(A), 50);
	lone_start(f, true, lone_direct(A));
	lone_run(f, 30000);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 0);
	ip_sent(f);
	ip_received(f);
	lone_run(f, 0);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 1);
	lone_run(f, PATHS_QUIET_MS + 20000);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 0);
}

static void the_reserve_is_asked_each_20_s_while_somebody_talks(void **state)
{
	struct lone *f = *state;
	const struct way relay = way_relay(1, 1);
	unsigned probes = 0;

	lone_works(f, relay, 50);
	lone_works(f, lone_direct(A), 50);
	lone_start(f, true, lone_direct(A));
	assert_int_equal(paths_add_relay(&f->paths, f->now, &relay), 0);
	talk(f, 100);
	const struct mono proven = lone_trial(f, relay)->proven;

	while (f->now.us < proven.us + PATHS_STANDBY_MS * UINT64_C(1000) - 1) {
		const uint64_t left_us =
			proven.us + PATHS_STANDBY_MS * UINT64_C(1000) - 1 - f->now.us;

		ip_sent(f);
		ip_received(f);
		lone_run_us(f, left_us < 100000 ? left_us : 100000);
		assert_int_equal(lone_seen(f, PATHS_PROBE, &relay, proven.us + 1), 0);
	}
	lone_run_us(f, 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &relay, proven.us + 1), 1);
	lone_run(f, PATHS_TALK_MS + 1000); /* nobody talks any more */
	for (unsigned i = 0; i < 4; i++) {
		f->count = 0;
		lone_run(f, 10000);
		probes += seen_by(f, PATHS_PROBE, relay, 0);
	}
	assert_int_equal(probes, 0);
	lone_works_no_more(f, relay);
	talk(f, 5000);
	assert_int_equal(lone_trial(f, relay)->state, TRIAL_RESTING);
	assert_true(lone_uses(f, lone_direct(A)));
}

static void a_relay_that_nobody_wants_is_given_up(void **state)
{
	for (unsigned direct = 0; direct < 2; direct++) {
		struct lone *f = *state;
		const struct way used = direct ? lone_direct(A) : way_relay(1, 1);
		const struct way spare = way_relay(3, 3);
		uint64_t unwanted_us;

		f->working_count = 0;
		f->count = 0;
		f->traffic = (struct paths_traffic){ 0 };
		lone_works(f, ring, 50);
		lone_works(f, used, 50);
		lone_works(f, spare, 60);
		lone_start(f, true, direct ? used : ring);
		if (!direct)
			assert_int_equal(paths_add_relay(&f->paths, f->now, &used), 0);
		talk(f, 100);
		assert_int_equal(paths_add_relay(&f->paths, f->now, &spare), 0);
		talk(f, 90000);
		unwanted_us = f->now.us - 100000 + PATHS_TALK_MS * UINT64_C(1000);
		lone_run_us(f, unwanted_us + PATHS_RELAY_SPARE_MS * UINT64_C(1000) - f->now.us - 1);
		assert_non_null(lone_trial(f, spare));
		f->count = 0;
		lone_run(f, PATHS_QUIET_MS + 1000); /* it is looked at when silence gets too long */
		assert_int_equal(lone_seen(f, PATHS_DROP_RELAY, &spare, 0), 1);
		assert_int_equal(lone_seen(f, PATHS_DROP_RELAY, NULL, 0), 1);
		assert_null(lone_trial(f, spare));
		assert_true(lone_uses(f, used));
		assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 0);
	}
}

static void of_too_many_relays_one_that_carries_nothing_is_given_up(void **state)
{
	struct lone *f = *state;
	const struct way first = way_relay(1, 1);
	const struct way second = way_relay(2, 2);
	const struct way third = way_relay(3, 3);
	unsigned dropped = 0;

	lone_works(f, ring, 50);
	lone_works(f, first, 50);
	lone_works(f, third, 50);
	lone_start(f, true, ring);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &first), 0);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &second), 0);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &third), 0);
	talk(f, 59000);
	assert_true(paths_rests(&f->paths, &second));
	assert_false(paths_rests(&f->paths, &third));
	for (unsigned i = 0; i < 1000; i++) {
		talk(f, 100);
		dropped += lone_seen(f, PATHS_DROP_RELAY, NULL, 0);
	}
	assert_int_equal(dropped, 1);
	assert_null(lone_trial(f, second));
	assert_non_null(lone_trial(f, third));
}

/* Who was granted just now has proven nothing yet. */
static void the_reserve_that_answers_stays(void **state)
{
	struct lone *f = *state;
	const struct way proven = way_relay(1, 1);
	const struct way second = way_relay(2, 2);
	const struct way third = way_relay(3, 3);
	unsigned dropped = 0;

	lone_works(f, ring, 50);
	lone_works(f, proven, 50);
	lone_works(f, lone_direct(A), 50);
	lone_start(f, true, lone_direct(A));
	assert_int_equal(paths_add_relay(&f->paths, f->now, &proven), 0);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &second), 0);
	talk(f, PATHS_RELAY_SPARE_MS - 1000);
	paths_remove_relay(&f->paths, f->now, &second);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &third), 0);
	for (unsigned i = 0; i < 20; i++) {
		talk(f, 100);
		dropped += lone_seen(f, PATHS_DROP_RELAY, &third, 0);
	}
	assert_int_equal(dropped, 1);
	assert_non_null(lone_trial(f, proven));
}

/* Who grants and ends in one breath is not asked as often as it does that. */
static void a_relay_that_ends_at_once_is_not_asked_for_in_a_loop(void **state)
{
	struct lone *f = *state;
	unsigned wants = 0;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_run(f, PATHS_NO_RELAY_MS);
	for (uint32_t i = 1; i <= 500; i++) {
		const struct way relay = way_relay(1, i);

		f->count = 0;
		lone_run(f, 10);
		wants += lone_seen(f, PATHS_WANT_RELAY, NULL, 0);
		assert_int_equal(paths_add_relay(&f->paths, f->now, &relay), 0);
		lone_run(f, 10);
		paths_remove_relay(&f->paths, f->now, &relay);
	}
	assert_true(wants <= 10);
	assert_true(wants >= 9); /* and yet without delay */
}

/* Relays are far and shared: their times say little, and a change costs the order of packets. */
static void of_relays_the_one_in_use_stays_unless_another_is_much_better(void **state)
{
	static const struct {
		uint64_t used_ms, other_ms;
		bool changes;
	} cases[] = { { 100, 60, false }, { 20, 1, false }, { 150, 50, true } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lone *f = *state;
		const struct way used = way_relay(1, 1);
		const struct way other = way_relay(2, 2);

		f->working_count = 0;
		f->count = 0;
		lone_works(f, ring, 200);
		lone_works(f, used, cases[i].used_ms);
		lone_works(f, other, cases[i].other_ms);
		lone_start(f, true, ring);
		assert_int_equal(paths_add_relay(&f->paths, f->now, &used), 0);
		lone_run(f, 1000);
		assert_true(lone_uses(f, used));
		assert_int_equal(paths_add_relay(&f->paths, f->now, &other), 0);
		lone_run(f, 2000);
		assert_true(lone_uses(f, cases[i].changes ? other : used));
	}
}

static void without_the_relay_in_use_the_next_best_carries_on_at_once(void **state)
{
	struct lone *f = *state;
	const struct way first = way_relay(1, 1);
	const struct way second = way_relay(2, 2);

	lone_works(f, ring, 50);
	lone_works(f, first, 50);
	lone_works(f, second, 90);
	lone_start(f, true, ring);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &first), 0);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &second), 0);
	lone_run(f, 5000);
	assert_true(lone_uses(f, first));
	f->count = 0;
	ip_sent(f);
	ip_received(f);
	paths_remove_relay(&f->paths, f->now, &first);
	lone_run(f, 0);
	assert_true(lone_uses(f, second));
	assert_int_equal(lone_seen(f, PATHS_USE, &second, 0), 1);
	assert_int_equal(lone_seen(f, PATHS_WANT_RELAY, NULL, 0), 1);
	assert_null(lone_trial(f, first));
	paths_remove_relay(&f->paths, f->now, &first); /* of no effect */
	paths_remove_relay(&f->paths, f->now, &second);
	lone_run(f, 0);
	assert_true(lone_uses(f, ring));
}

static void of_too_many_relays_the_last_is_left_away(void **state)
{
	struct lone *f = *state;

	lone_start(f, true, ring);
	for (uint32_t i = 1; i <= PATHS_RELAYS_MAX + 1; i++) {
		const struct way way = way_relay(i, i);

		lone_works(f, way, 50);
		for (unsigned n = 0; n < 2; n++) /* the second time it is the same one */
			assert_int_equal(paths_add_relay(&f->paths, f->now, &way),
					 i <= PATHS_RELAYS_MAX ? 0 : ERR_FULL);
		lone_run(f, 100);
	}
	assert_non_null(lone_trial(f, way_relay(PATHS_RELAYS_MAX, PATHS_RELAYS_MAX)));
	assert_null(lone_trial(f, way_relay(PATHS_RELAYS_MAX + 1, PATHS_RELAYS_MAX + 1)));
}

/* -- failure ------------------------------------------------------------------------------- */

static void who_received_ip_says_that_it_is_there(void **state)
{
	struct lone *f = *state;

	lone_works(f, lone_direct(A), 50);
	lone_start(f, true, lone_direct(A));
	lone_run(f, 1000);
	ip_received(f);
	lone_run_us(f, PATHS_ECHO_MS * 1000 - 1);
	assert_int_equal(lone_seen(f, PATHS_EMPTY, NULL, 0), 0);
	lone_run_us(f, 1);
	assert_int_equal(lone_seen(f, PATHS_EMPTY, &paths_used(&f->paths)->way, 0), 1);
	lone_run(f, 1000);
	assert_int_equal(lone_seen(f, PATHS_EMPTY, NULL, f->now.us - 999999), 0); /* once */
	ip_received(f);
	lone_run(f, PATHS_ECHO_MS - 1);
	f->traffic.sent = f->now; /* anything */
	lone_run(f, 1000);
	assert_int_equal(lone_seen(f, PATHS_EMPTY, NULL, f->now.us - 900000), 0);
}

/* A direct way and a relay in reserve, both proven, long ago. */
static void with_reserve(struct lone *f, struct way *ret_relay)
{
	*ret_relay = way_relay(1, 1);
	lone_works(f, ring, 60);
	lone_works(f, *ret_relay, 80);
	lone_works(f, lone_direct(A), 100);
	lone_start(f, true, lone_direct(A));
	assert_int_equal(paths_add_relay(&f->paths, f->now, ret_relay), 0);
	lone_run(f, 3000);
	assert_true(lone_uses(f, lone_direct(A)));
	f->count = 0;
}

static void who_hears_nothing_for_its_ip_asks_all_and_the_first_carries_on(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	struct way relay;

	with_reserve(f, &relay);
	lone_works_no_more(f, a);
	lone_works_no_more(f, ring);
	ip_sent(f);
	const uint64_t begin = f->now.us;
	const uint64_t patience_us =
		PATHS_DOUBT_MS * UINT64_C(1000) + 2 * paths_used(&f->paths)->rtt_us;

	lone_run_us(f, patience_us - 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, NULL, begin), 0);
	assert_true(paths_is_busy(&f->paths));
	lone_run_us(f, 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &a, begin), 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &relay, begin), 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &ring, begin), 1);
	lone_run_us(f, 80000 - 1);
	assert_true(lone_uses(f, a));
	lone_run_us(f, 1);
	assert_true(lone_uses(f, relay));
	assert_int_equal(lone_seen(f, PATHS_USE, &relay, begin), 1);
	lone_works(f, a, 100); /* the doubted one is there again */
	lone_run(f, 2000);
	assert_true(lone_uses(f, a));
}

static void who_hears_anything_does_not_doubt(void **state)
{
	struct lone *f = *state;
	struct way relay;

	with_reserve(f, &relay);
	const uint64_t begin = f->now.us;

	for (unsigned i = 0; i < 50; i++) {
		ip_sent(f);
		lone_run(f, 400);
		f->traffic.received = f->now; /* an empty frame */
		lone_run(f, 0);
	}
	assert_int_equal(seen_by(f, PATHS_PROBE, lone_direct(A), begin), 0);
}

static void silence_is_asked_about_sooner_after_traffic(void **state)
{
	for (unsigned busy = 0; busy < 2; busy++) {
		struct lone *f = *state;
		const struct way a = lone_direct(A);
		uint64_t begin;

		f->working_count = 0;
		f->traffic = (struct paths_traffic){ 0 };
		lone_works(f, a, 50);
		lone_start(f, true, a);
		lone_run(f, 60000);
		if (busy) { /* how much the way carries is asked, and not again so soon */
			f->traffic.ip_received = f->now;
			f->traffic.sent = f->now;
			lone_run(f, 1000);
		}
		begin = f->now.us;
		f->count = 0;
		f->traffic.received = f->now;
		f->traffic.sent = f->now;
		if (busy)
			f->traffic.ip_received = f->now;
		lone_run_us(f,
			    (busy ? PATHS_BUSY_QUIET_MS : PATHS_QUIET_MS - PATHS_QUIET_JITTER_MS) *
					    1000 -
				    1);
		assert_int_equal(lone_seen(f, PATHS_PROBE, &a, begin), 0);
		lone_run_us(f, busy ? 1 : PATHS_QUIET_JITTER_MS * 1000 + 1);
		assert_int_equal(lone_seen(f, PATHS_PROBE, &a, begin), 1);
	}
}

/* A NAT is kept open by what leaves through it: who hears all the time, and says nothing, asks. And
 * who says all the time, and hears nothing, does. */
static void silence_in_either_direction_is_asked_about(void **state)
{
	for (unsigned hears = 0; hears < 2; hears++) {
		struct lone *f = *state;
		const struct way a = lone_direct(A);
		unsigned probes = 0;

		f->working_count = 0;
		f->traffic = (struct paths_traffic){ 0 };
		lone_works(f, a, 50);
		lone_start(f, true, a);
		lone_run(f, 1000);
		for (unsigned s = 0; s < 10 * PATHS_QUIET_MS / 1000; s++) {
			*(hears ? &f->traffic.received : &f->traffic.sent) = f->now;
			f->count = 0;
			lone_run(f, 1000);
			probes += lone_seen(f, PATHS_PROBE, &a, 0);
		}
		assert_in_range(probes, 9,
				10 * PATHS_QUIET_MS / (PATHS_QUIET_MS - PATHS_QUIET_JITTER_MS));
	}
}

static void who_is_taken_for_gone_is_asked_unless_it_was_just_heard(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);

	lone_works(f, a, 50);
	lone_start(f, true, a);
	lone_run(f, 1000);
	f->traffic.received = f->now;
	lone_run(f, PATHS_CHECK_MS - 1);
	f->count = 0;
	paths_check(&f->paths, f->now);
	lone_run(f, 0);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &a, 0), 0);
	lone_run(f, 1);
	paths_check(&f->paths, f->now);
	paths_check(&f->paths, f->now);
	lone_run(f, 0);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &a, 0), 1);
	lone_run(f, 5000);
	assert_true(lone_uses(f, a));
	lone_works_no_more(f, a);
	paths_check(&f->paths, f->now);
	lone_run(f, 9000);
	assert_true(f->paths.is_dead);
}

/* Nothing was heard for so long that the way in use is asked, in this instant. */
static void until_quiet(struct lone *f)
{
	lone_run_us(f, f->paths.quiet_at.us - f->now.us);
}

/* Asked four times in vain, nothing else answers either: dead, and that is the last word. */
static void when_nothing_answers_the_peer_is_dead(void **state)
{
	struct lone *f = *state;
	struct way relay;
	uint64_t begin;

	with_reserve(f, &relay);
	lone_run(f, 30000);
	f->working_count = 0;
	f->count = 0;
	until_quiet(f);
	begin = f->now.us;
	lone_run(f, 5000);
	assert_true(f->paths.is_dead);
	assert_int_equal(seen_by(f, PATHS_PROBE, lone_direct(A), begin),
			 PATHS_DOUBT_PROBES + 1); /* and once more, to open our NAT anew */
	assert_int_equal(lone_seen(f, PATHS_PROBE, &ring, begin), PATHS_DOUBT_PROBES);
	assert_int_equal(lone_seen(f, PATHS_DEAD, NULL, begin), 1);
	assert_int_equal(lone_seen(f, PATHS_DEAD, NULL, begin + 3500000), 1); /* not earlier */
	assert_int_equal(paths_deadline(&f->paths).us, MONO_NEVER.us);
	assert_false(paths_is_busy(&f->paths));
	lone_run(f, 100000);
	assert_int_equal(f->count, 0);
}

static void one_lost_probe_changes_nothing(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	struct way relay;

	with_reserve(f, &relay);
	lone_works_no_more(f, relay);
	lone_works_no_more(f, ring);
	lone_works_no_more(f, a);
	until_quiet(f);
	f->count = 0; /* that probe is lost */
	lone_works(f, a, 100);
	lone_run(f, 5000);
	assert_true(lone_uses(f, a));
	assert_int_equal(lone_seen(f, PATHS_USE, NULL, 0), 0);
	assert_int_equal(paths_used(&f->paths)->state, TRIAL_PROVEN);
}

/* The peer's packets come from a new mapping of its NAT, and the old one is dead. */
static void a_new_mapping_is_followed(void **state)
{
	for (unsigned leads = 0; leads < 2; leads++) {
		struct lone *f = *state;
		const struct way a = lone_direct(A);
		const struct way moved = { .kind = WAY_DIRECT,
					   .local = lone_endpoint("192.0.2.1:4767"),
					   .remote = lone_endpoint(B) };

		f->working_count = 0;
		f->count = 0;
		f->traffic = (struct paths_traffic){ 0 };
		lone_works(f, a, 50);
		lone_start(f, leads, a);
		lone_run(f, 5000);
		lone_works_no_more(f, a);
		lone_works(f, moved, 50);
		paths_came(&f->paths, f->now, &moved);
		lone_run(f, 49);
		assert_true(lone_uses(f, a));
		lone_run(f, 200);
		assert_true(lone_uses(f, moved));
		lone_run(f, 5000);
		assert_true(lone_uses(f, moved));
		assert_int_equal(paths_used(&f->paths)->state, TRIAL_PROVEN);
	}
}

static void a_second_address_of_a_peer_whose_first_answers_is_not_followed(void **state)
{
	struct lone *f = *state;

	lone_works(f, lone_direct(A), 50);
	lone_works(f, lone_direct(B), 50);
	lone_start(f, true, lone_direct(A));
	lone_run(f, 5000);
	for (unsigned i = 0; i < 20; i++) {
		paths_came(&f->paths, f->now,
			   &(struct way){ .kind = WAY_DIRECT, .remote = lone_endpoint(B) });
		lone_run(f, 500);
	}
	assert_true(lone_uses(f, lone_direct(A)));
}

static void when_the_host_changed_everything_is_asked_again(void **state)
{
	struct lone *f = *state;
	const struct way old = { .kind = WAY_DIRECT,
				 .local = lone_endpoint("192.0.2.1:4767"),
				 .remote = lone_endpoint(A) };
	const struct way relay = way_relay(1, 1);

	lone_works(f, ring, 50);
	lone_works(f, old, 50);
	lone_works(f, relay, 60);
	lone_start(f, true, old);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &relay), 0);
	lone_name(f, A, B);
	lone_run(f, 20000);
	assert_int_equal(lone_trial(f, lone_direct(B))->state, TRIAL_RESTING);
	f->count = 0;
	lone_works(f, lone_direct(A), 50);
	paths_host_changed(&f->paths, f->now);
	lone_run(f, 0);
	assert_true(lone_uses(f, lone_direct(A))); /* by whichever address the kernel takes now */
	assert_int_equal(seen_by(f, PATHS_USE, lone_direct(A), 0), 1);
	assert_int_equal(seen_by(f, PATHS_PROBE, lone_direct(A), 0), 1);
	assert_int_equal(seen_by(f, PATHS_PROBE, lone_direct(B), 0), 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &relay, 0), 1);
	lone_run(f, 1000);
	assert_true(lone_uses(f, lone_direct(A)));
}

#define PATHS_TEST(name) cmocka_unit_test_setup_teardown(name, lone_set_up, lone_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PATHS_TEST(relays_are_asked_for_until_there_are_enough),
		PATHS_TEST(a_direct_way_wants_a_relay_in_reserve_while_it_carries_ip),
		PATHS_TEST(the_reserve_is_asked_each_20_s_while_somebody_talks),
		PATHS_TEST(a_relay_that_nobody_wants_is_given_up),
		PATHS_TEST(of_too_many_relays_one_that_carries_nothing_is_given_up),
		PATHS_TEST(the_reserve_that_answers_stays),
		PATHS_TEST(a_relay_that_ends_at_once_is_not_asked_for_in_a_loop),
		PATHS_TEST(of_relays_the_one_in_use_stays_unless_another_is_much_better),
		PATHS_TEST(without_the_relay_in_use_the_next_best_carries_on_at_once),
		PATHS_TEST(of_too_many_relays_the_last_is_left_away),
		PATHS_TEST(a_way_is_doubted_when_its_answer_is_overdue),
		PATHS_TEST(a_stream_one_way_is_answered_while_it_flows),
		PATHS_TEST(a_way_along_the_ring_is_not_asked_at_once),
		PATHS_TEST(a_near_member_is_asked_sooner),
		PATHS_TEST(a_direct_way_is_asked_at_once),
		PATHS_TEST(who_received_ip_says_that_it_is_there),
		PATHS_TEST(who_hears_nothing_for_its_ip_asks_all_and_the_first_carries_on),
		PATHS_TEST(who_hears_anything_does_not_doubt),
		PATHS_TEST(silence_is_asked_about_sooner_after_traffic),
		PATHS_TEST(silence_in_either_direction_is_asked_about),
		PATHS_TEST(who_is_taken_for_gone_is_asked_unless_it_was_just_heard),
		PATHS_TEST(when_nothing_answers_the_peer_is_dead),
		PATHS_TEST(one_lost_probe_changes_nothing),
		PATHS_TEST(a_new_mapping_is_followed),
		PATHS_TEST(a_second_address_of_a_peer_whose_first_answers_is_not_followed),
		PATHS_TEST(when_the_host_changed_everything_is_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
