/* test_paths.c - which ways are tried, what proves them, and which is chosen: each rule of paths.h
 * at its last instant before and its first after. */
#include "base/err.h"
#include "tests/lib/lone_paths.h"

#include "tests/lib/cmocka.h"

#define A "203.0.113.1:1000"
#define B "203.0.113.2:2000"

static const struct way ring = { .kind = WAY_RING };

/* -- punching ------------------------------------------------------------------------------ */

static void a_candidate_is_punched_low_first_then_at_growing_distances(void **state)
{
	static const unsigned at_ms[] = { 0, 500, 750, 1250, 2250, 4250, 6250, 8250 };
	struct lone *f = *state;
	const struct way way = lone_direct(A);
	unsigned n = 0;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_name(f, A, NULL);
	const uint64_t begin = f->now.us;

	lone_run(f, PATHS_PUNCH_MS - 1);
	for (unsigned i = 0; i < f->count; i++) {
		if (!lone_same_way(&f->sights[i].output.way, &way))
			continue;
		assert_int_equal(f->sights[i].output.kind, PATHS_PROBE);
		assert_int_equal(f->sights[i].us - begin, at_ms[n] * 1000U);
		assert_int_equal(f->sights[i].output.ttl, n == 0 ? PATHS_LOW_TTL : 0);
		n++;
	}
	assert_int_equal(n, sizeof(at_ms) / sizeof(at_ms[0]));
	assert_int_equal(lone_trial(f, way)->state, TRIAL_PUNCHING);
	lone_run(f, 1);
	assert_int_equal(lone_trial(f, way)->state, TRIAL_RESTING);
	lone_run(f, PATHS_RETRY_MS - 1);
	assert_int_equal(lone_trial(f, way)->state, TRIAL_RESTING);
	lone_run(f, 1); /* the next round */
	assert_int_equal(f->sights[f->count - 1].output.ttl, PATHS_LOW_TTL);
	assert_true(lone_same_way(&f->sights[f->count - 1].output.way, &way));
}

/* Probes to A until the next round begins. */
static unsigned probes_in_round(struct lone *f)
{
	const uint64_t round_us = (PATHS_PUNCH_MS + PATHS_RETRY_MS) * UINT64_C(1000);
	const struct way way = lone_direct(A);
	unsigned probes;

	assert_int_equal(LONE_START_US % round_us, 0);
	f->count = 0;
	lone_run_us(f, round_us - f->now.us % round_us - 1);
	probes = lone_seen(f, PATHS_PROBE, &way, 0);
	lone_run_us(f, 1);
	return probes;
}

/* What was in vain three times is so the fourth time, if nothing has changed. */
static void a_pair_without_ip_tries_less_and_less_often(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_name(f, A, NULL);
	for (unsigned round = 0; round < 50; round++)
		assert_int_equal(probes_in_round(f) > 0,
				 round == 1 || round == 4 || round % PATHS_RARELY == 0);
}

static void news_begin_the_rounds_anew(void **state)
{
	enum news { NOTHING, CANDIDATE, HOST, RETOLD, NEWS };

	for (unsigned news = 0; news < NEWS; news++) {
		struct lone *f = *state;

		f->working_count = 0;
		lone_works(f, ring, 50);
		lone_start(f, true, ring);
		lone_name(f, A, NULL);
		for (unsigned round = 0; round < 17; round++)
			(void)probes_in_round(f);
		if (news == CANDIDATE)
			lone_name(f, A, B);
		else if (news == HOST)
			paths_host_changed(&f->paths, f->now);
		else if (news == RETOLD)
			paths_retold(&f->paths, f->now);
		assert_int_equal(probes_in_round(f) > 0, news == HOST || news == RETOLD);
		assert_int_equal(probes_in_round(f) > 0, news != NOTHING);
		assert_int_equal(probes_in_round(f), 0);
		assert_int_equal(probes_in_round(f) > 0, news != NOTHING); /* the 20th */
		assert_int_equal(probes_in_round(f), 0);
	}
}

static void who_talks_tries_in_each_round(void **state)
{
	const struct way way = lone_direct(A);
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_name(f, A, NULL);
	for (unsigned round = 0; round < 5; round++)
		(void)probes_in_round(f);
	for (unsigned round = 5; round < 11; round++) {
		lone_run(f, 20000);
		f->traffic.ip_received = f->now;
		f->traffic.received = f->now;
		f->traffic.sent = f->now;
		lone_run(f, 0);
		(void)probes_in_round(f);
		f->count = 0;
		lone_run(f, 1000);
		assert_true(lone_seen(f, PATHS_PROBE, &way, 0) > 0);
	}
	(void)probes_in_round(f);
	assert_int_equal(probes_in_round(f), 0);
}

static void in_our_own_network_there_is_no_nat_to_open(void **state)
{
	struct lone *f = *state;
	const struct way lan = lone_direct(B);
	struct paths_candidates remote = lone_named(A, B);

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	remote.same_network = true;
	paths_candidates(&f->paths, f->now, &remote);
	lone_run(f, 0);
	assert_true(lone_trial(f, lan)->same_network);
	assert_false(lone_trial(f, lone_direct(A))->same_network); /* seen from outside */
	for (unsigned i = 0; i < f->count; i++)
		if (lone_same_way(&f->sights[i].output.way, &lan))
			assert_int_equal(f->sights[i].output.ttl, 0);
}

static void where_a_packet_came_from_is_punched_at_once(void **state)
{
	struct lone *f = *state;
	const struct way way = lone_direct(A);
	const struct way unnamed = lone_direct(B);

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_name(f, A, NULL);
	lone_run(f, 100);
	paths_probed(&f->paths, f->now, 2, &way);
	paths_came(&f->paths, f->now, &unnamed);
	const uint64_t now = f->now.us;

	lone_run(f, 99);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &way, now), 1);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &unnamed, now), 1);
	for (unsigned i = 0; i < f->count; i++)
		if (f->sights[i].us >= now)
			assert_int_equal(f->sights[i].output.ttl, 0);
	paths_probed(&f->paths, f->now, 2, &way); /* too early: they invite each other */
	lone_run(f, 0);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &way, now + 1), 0);
	lone_run(f, 1);
	paths_probed(&f->paths, f->now, 2, &way);
	lone_run(f, 0);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &way, now + 1), 1);
	lone_run(f, PATHS_PUNCH_MS);
	assert_null(lone_trial(f, unnamed)); /* nobody named it */
	assert_non_null(lone_trial(f, way));
}

static void what_is_no_longer_named_is_forgotten_unless_it_answers(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_works(f, lone_direct(A), 50);
	lone_start(f, true, ring);
	lone_name(f, A, B);
	lone_run(f, 1000);
	assert_true(lone_uses(f, lone_direct(A)));
	lone_name(f, "203.0.113.3:3000", NULL);
	assert_non_null(lone_trial(f, lone_direct(A)));
	assert_null(lone_trial(f, lone_direct(B)));
	assert_int_equal(lone_trial(f, lone_direct("203.0.113.3:3000"))->state, TRIAL_PUNCHING);
}

static void while_a_direct_way_stands_candidates_get_few_probes(void **state)
{
	struct lone *f = *state;
	const struct way way = lone_direct(B);

	lone_works(f, ring, 50);
	lone_works(f, lone_direct(A), 50);
	lone_start(f, true, ring);
	lone_name(f, A, NULL);
	lone_run(f, 1000);
	lone_name(f, A, B);
	lone_run(f, PATHS_PUNCH_MS);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &way, 0), PATHS_PUNCH_LESS);
	assert_int_equal(lone_trial(f, way)->state, TRIAL_RESTING);
}

static void unknown_kinds_of_candidates_are_skipped(void **state)
{
	struct lone *f = *state;
	struct paths_candidates remote = lone_named(A, NULL);

	lone_start(f, true, ring);
	remote.candidates[0].kind = 77;
	paths_candidates(&f->paths, f->now, &remote);
	assert_null(lone_trial(f, lone_direct(A)));
}

/* However many sources a peer feigns, the table holds, and what the peer named keeps its place. */
static void feigned_sources_displace_nothing_that_was_named(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_name(f, A, B);
	for (uint16_t i = 1; i < 2000; i++) {
		struct way way = lone_direct("198.51.100.1:1");

		way.remote.port = i;
		paths_came(&f->paths, f->now, &way);
		lone_run(f, 50);
	}
	assert_non_null(lone_trial(f, lone_direct(A)));
	assert_non_null(lone_trial(f, lone_direct(B)));
	assert_true(lone_uses(f, ring));
}

/* -- proof --------------------------------------------------------------------------------- */

static void only_the_token_by_the_way_of_its_probe_proves_it(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	const struct way b = lone_direct(B);
	uint64_t token;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_name(f, A, B);
	lone_run(f, 600);
	token = lone_token(f, a);
	assert_int_equal(paths_answered(&f->paths, f->now, 0, &a), ERR_STALE);
	assert_int_equal(paths_answered(&f->paths, f->now, token ^ 4, &a), ERR_STALE);
	assert_int_equal(paths_answered(&f->paths, f->now, token, &b), ERR_STALE);
	assert_int_equal(paths_answered(&f->paths, f->now, token, &ring), ERR_STALE);
	lone_run(f, 0);
	assert_true(lone_uses(f, ring));
	assert_int_equal(lone_trial(f, a)->state, TRIAL_PUNCHING);
	assert_int_equal(lone_trial(f, b)->state, TRIAL_PUNCHING);
	assert_int_equal(paths_answered(&f->paths, f->now, token, &a), 0);
	assert_int_equal(paths_answered(&f->paths, f->now, token, &a), ERR_STALE); /* once only */
	lone_run(f, 0);
	assert_true(lone_uses(f, a));
	assert_int_equal(lone_seen(f, PATHS_USE, &a, 0), 1);
	assert_string_equal(f->paths.why, "");
}

static void an_answer_that_takes_too_long_proves_nothing(void **state)
{
	for (unsigned late = 0; late < 2; late++) {
		struct lone *f = *state;
		const struct way a = lone_direct(A);
		uint64_t token;

		lone_works(f, ring, 50);
		lone_start(f, true, ring);
		lone_name(f, A, NULL);
		lone_run(f, 8250); /* the last one of the round */
		token = lone_token(f, a);
		lone_run_us(f, PATHS_ANSWER_MS * 1000 - 1 + late);
		assert_int_equal(paths_answered(&f->paths, f->now, token, &a),
				 late ? ERR_STALE : 0);
		f->count = 0;
	}
}

static void a_way_that_the_peer_feigns_to_use_is_not_adopted(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_start(f, false, ring);
	for (unsigned i = 0; i < 100; i++) {
		paths_probed(&f->paths, f->now, 1,
			     &(struct way){ .kind = WAY_DIRECT, .remote = lone_endpoint(A) });
		paths_came(&f->paths, f->now,
			   &(struct way){ .kind = WAY_DIRECT, .remote = lone_endpoint(A) });
		lone_run(f, 100);
	}
	assert_true(lone_uses(f, ring));
	assert_int_equal(lone_seen(f, PATHS_USE, NULL, 0), 0);
}

static void probes_say_by_their_lowest_bit_which_way_is_used(void **state)
{
	struct lone *f = *state;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_name(f, A, B);
	lone_run(f, 2000);
	assert_int_equal(lone_token(f, lone_direct(A)) & 1, 0);
	f->count = 0;
	lone_works(f, lone_direct(A), 50);
	lone_run(f, 300); /* 2250: asked, answered at 2300, adopted, asked again */
	assert_true(lone_uses(f, lone_direct(A)));
	assert_int_equal(f->sights[f->count - 1].output.kind, PATHS_PROBE);
	assert_int_equal(f->sights[f->count - 1].output.token & 1, 1);
}

/* -- choice -------------------------------------------------------------------------------- */

static void the_leader_takes_the_shorter_way_for_a_clear_gain_only(void **state)
{
	static const struct {
		uint64_t a_ms, b_ms;
		bool changes;
	} cases[] = { { 100, 76, false }, { 100, 74, true }, { 8, 7, false }, { 4, 1, true } };

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lone *f = *state;

		f->working_count = 0;
		f->count = 0;
		lone_works(f, ring, 200);
		lone_works(f, lone_direct(A), cases[i].a_ms);
		lone_start(f, true, ring);
		lone_name(f, A, NULL);
		lone_run(f, 1000);
		assert_true(lone_uses(f, lone_direct(A)));
		lone_works(f, lone_direct(B), cases[i].b_ms);
		lone_name(f, A, B);
		lone_run(f, 2000);
		assert_true(lone_uses(f, lone_direct(cases[i].changes ? B : A)));
	}
}

static void the_leader_takes_the_way_in_its_own_network_first(void **state)
{
	struct lone *f = *state;
	struct paths_candidates remote = lone_named(A, B);

	lone_works(f, ring, 50);
	lone_works(f, lone_direct(A), 10);
	lone_works(f, lone_direct(B), 40);
	lone_start(f, true, ring);
	remote.same_network = true;
	paths_candidates(&f->paths, f->now, &remote);
	lone_run(f, 3000);
	assert_true(lone_uses(f, lone_direct(B)));
}

static void the_other_side_takes_the_first_and_then_follows(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	const struct way b = lone_direct(B);

	lone_works(f, ring, 50);
	lone_works(f, a, 100);
	lone_works(f, b, 20);
	lone_start(f, false, ring);
	lone_name(f, A, NULL);
	lone_run(f, 1000);
	assert_true(lone_uses(f, a));
	lone_name(f, A, B);
	lone_run(f, 1500);
	assert_true(lone_uses(f, a)); /* though b is shorter */
	assert_int_equal(lone_trial(f, b)->state, TRIAL_PROVEN);
	paths_probed(&f->paths, f->now, 4, &b); /* the leader tries b, */
	lone_run(f, 0);
	assert_true(lone_uses(f, a));
	paths_probed(&f->paths, f->now, 5, &b); /* and is there */
	lone_run(f, 0);
	assert_true(lone_uses(f, b));
	paths_probed(&f->paths, f->now, 5, &ring); /* it fell back: ours is asked, and answers */
	lone_run(f, 5000);
	assert_true(lone_uses(f, b));
}

static void the_leader_stays_and_says_so_when_the_other_goes_elsewhere(void **state)
{
	struct lone *f = *state;
	const struct way a = lone_direct(A);
	const struct way b = lone_direct(B);

	lone_works(f, ring, 50);
	lone_works(f, a, 50);
	lone_works(f, b, 50);
	lone_start(f, true, ring);
	lone_name(f, A, NULL);
	lone_run(f, 1000);
	lone_name(f, A, B);
	lone_run(f, 3000);
	assert_true(lone_uses(f, a));
	f->count = 0;
	paths_probed(&f->paths, f->now, 5, &b);
	lone_run(f, 0);
	assert_int_equal(lone_seen(f, PATHS_PROBE, &a, 0), 1);
	assert_int_equal(lone_token(f, a) & 1, 1);
	lone_run(f, 3000);
	assert_true(lone_uses(f, a));
}

static void direct_before_relay_before_ring(void **state)
{
	struct lone *f = *state;
	const struct way relay = way_relay(4, 5);

	lone_works(f, ring, 10);
	lone_works(f, relay, 100);
	lone_start(f, false, ring);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &relay), 0);
	lone_run(f, 200);
	assert_true(lone_uses(f, relay));
	lone_works(f, lone_direct(A), 300);
	lone_name(f, A, NULL);
	lone_run(f, 2000);
	assert_true(lone_uses(f, lone_direct(A)));
}

/* Each change is a new table and more; a peer could ask for a thousand a second. */
static void the_leader_is_followed_in_measure(void **state)
{
	struct lone *f = *state;
	const struct way ways[2] = { lone_direct(A), lone_direct(B) };
	unsigned last = 0, uses = 0;

	lone_works(f, ring, 50);
	lone_works(f, ways[0], 20);
	lone_works(f, ways[1], 20);
	lone_start(f, false, ring);
	lone_name(f, A, B);
	lone_run(f, 8000);
	f->count = 0;
	for (unsigned ms = 0; ms < 3000; ms += 3) {
		last = !last;
		paths_probed(&f->paths, f->now, 5, &ways[last]);
		lone_run(f, 3);
		uses += lone_seen(f, PATHS_USE, NULL, f->now.us - 3000);
	}
	assert_in_range(uses, 2, 3000 / PATHS_FOLLOW_MS + 1);
	lone_run(f, PATHS_FOLLOW_MS);
	assert_true(lone_uses(f, ways[last])); /* where it is at last */
}

/* -- what is said, and how much ------------------------------------------------------------ */

static void it_is_said_why_the_way_is_not_direct(void **state)
{
	static const struct {
		uint8_t own, peer;
		const char *why;
	} cases[] = {
		{ NAT_CHANGING, NAT_CHANGING,
		  "both NATs lend another port for each peer, and no member relays" },
		{ NAT_CHANGING, NAT_STABLE,
		  "our NAT lends another port for each peer, and no member relays" },
		{ NAT_UNKNOWN, NAT_CHANGING,
		  "the peer's NAT lends another port for each peer, and no member relays" },
		{ NAT_STABLE, NAT_STABLE, "no direct way answers, and no member relays" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lone *f = *state;
		struct paths_candidates remote = lone_named(A, NULL);

		lone_works(f, ring, 50);
		lone_start(f, true, ring);
		lone_run(f, 100);
		assert_string_equal(f->paths.why, "the peer has named no address");
		remote.own_nat = cases[i].own;
		remote.nat = cases[i].peer;
		paths_candidates(&f->paths, f->now, &remote);
		lone_run(f, 100);
		assert_string_equal(f->paths.why, "direct ways are being tried");
		lone_run(f, PATHS_PUNCH_MS);
		assert_string_equal(f->paths.why, cases[i].why); /* one was asked for */
		f->count = 0;
	}
}

/* A relay that has no room is not the same as none. */
static void it_is_said_that_no_relay_has_room(void **state)
{
	struct lone *f = *state;
	struct way relay = way_relay(1, 1);

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_run(f, PATHS_NO_RELAY_MS + 100);
	assert_string_equal(f->paths.why, "the peer has named no address, and no member relays");
	paths_relay_refused(&f->paths, f->now);
	lone_run(f, 100);
	assert_string_equal(f->paths.why,
			    "the peer has named no address, and no relay takes the pair");
	lone_run(f, PATHS_REFUSED_MS - 200);
	assert_string_equal(f->paths.why,
			    "the peer has named no address, and no relay takes the pair");
	lone_run(f, PATHS_REFUSED_MS);
	assert_string_equal(f->paths.why, "the peer has named no address, and no member relays");
	lone_works(f, relay, 50);
	paths_relay_refused(&f->paths, f->now);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &relay), 0);
	lone_run(f, 300);
	assert_true(lone_uses(f, relay));
	assert_string_equal(f->paths.why, "the peer has named no address");
}

/* A peer that names addresses of somebody else: few probes, and some are left for true ways. */
static void a_peer_who_names_a_victim_gets_it_few_probes(void **state)
{
	struct lone *f = *state;
	const struct way true_way = lone_direct(B);
	unsigned probes = 0;
	uint64_t begin;

	lone_works(f, ring, 50);
	lone_start(f, true, ring);
	lone_run(f, 100);
	begin = f->now.us;
	for (uint16_t i = 0; i < 300; i++) {
		struct paths_candidates remote = { 0 };

		for (uint16_t k = 0; k < CANDIDATES_MAX; k++) {
			struct candidate *candidate = &remote.candidates[remote.count++];

			candidate->kind = CANDIDATE_SEEN;
			candidate->endpoint = lone_endpoint("198.51.100.7:1");
			candidate->endpoint.port = (uint16_t)(1 + i * CANDIDATES_MAX + k);
		}
		paths_candidates(&f->paths, f->now, &remote);
		lone_run(f, 100);
		for (unsigned n = 0; n < f->count; n++)
			if (f->sights[n].output.kind == PATHS_PROBE &&
			    f->sights[n].output.way.kind == WAY_DIRECT &&
			    f->sights[n].us >= f->now.us - 100000)
				probes++;
	}
	assert_int_equal(probes, PROBE_PEER_MIN - PATHS_SPARED);
	assert_true(f->now.us - begin < 60000000);
	lone_works(f, true_way, 50);
	paths_came(&f->paths, f->now, &true_way);
	lone_run(f, 50);
	assert_true(lone_uses(f, true_way));
}

#define PATHS_TEST(name) cmocka_unit_test_setup_teardown(name, lone_set_up, lone_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PATHS_TEST(a_candidate_is_punched_low_first_then_at_growing_distances),
		PATHS_TEST(a_pair_without_ip_tries_less_and_less_often),
		PATHS_TEST(news_begin_the_rounds_anew),
		PATHS_TEST(who_talks_tries_in_each_round),
		PATHS_TEST(in_our_own_network_there_is_no_nat_to_open),
		PATHS_TEST(where_a_packet_came_from_is_punched_at_once),
		PATHS_TEST(what_is_no_longer_named_is_forgotten_unless_it_answers),
		PATHS_TEST(while_a_direct_way_stands_candidates_get_few_probes),
		PATHS_TEST(unknown_kinds_of_candidates_are_skipped),
		PATHS_TEST(feigned_sources_displace_nothing_that_was_named),
		PATHS_TEST(only_the_token_by_the_way_of_its_probe_proves_it),
		PATHS_TEST(an_answer_that_takes_too_long_proves_nothing),
		PATHS_TEST(a_way_that_the_peer_feigns_to_use_is_not_adopted),
		PATHS_TEST(probes_say_by_their_lowest_bit_which_way_is_used),
		PATHS_TEST(the_leader_takes_the_shorter_way_for_a_clear_gain_only),
		PATHS_TEST(the_leader_takes_the_way_in_its_own_network_first),
		PATHS_TEST(the_other_side_takes_the_first_and_then_follows),
		PATHS_TEST(the_leader_is_followed_in_measure),
		PATHS_TEST(the_leader_stays_and_says_so_when_the_other_goes_elsewhere),
		PATHS_TEST(direct_before_relay_before_ring),
		PATHS_TEST(it_is_said_why_the_way_is_not_direct),
		PATHS_TEST(it_is_said_that_no_relay_has_room),
		PATHS_TEST(a_peer_who_names_a_victim_gets_it_few_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
