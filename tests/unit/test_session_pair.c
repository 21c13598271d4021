/* test_session_pair.c - two sessions of one pair: both ends must say the same of which one sends,
 * though neither sees the other's clock (item 10 of the list of what can go wrong).
 *
 * A little network with delays, losses and its own order of arrival stands between a and b. */
#include "tests/lib/cmocka.h"

#include "base/check.h"
#include "base/err.h"
#include "tests/lib/party.h"

#include <stdlib.h>

#define FLIGHTS_MAX 128

struct flight {
	bool taken;
	bool to_b;
	uint64_t at_ms;
	struct party_out out;
};

struct scene {
	struct party_group *group;
	struct party *a, *b;
	struct rng rng;
	uint64_t ms;
	uint64_t delay_min, delay_max; /* ms, each datagram by itself: they overtake each other */
	unsigned loss;                 /* per mille */
	struct flight flights[FLIGHTS_MAX];
	unsigned in_air;
};

static struct scene *scene_new(uint64_t seed)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->group = party_group_new(seed, false);
	s->a = party_new(s->group, 1);
	s->b = party_new(s->group, 2);
	rng_init_seed(&s->rng, seed);
	s->delay_min = s->delay_max = 10;
	return s;
}

static void scene_del(struct scene *s)
{
	party_del(s->a);
	party_del(s->b);
	party_group_del(s->group);
	free(s);
}

/* What the party has to say takes off, unless it is lost. */
static void depart(struct scene *s, struct party *party)
{
	const struct party_out *out;

	while ((out = party_next(party)) != NULL) {
		struct flight *free_place = NULL;

		if (rng_chance(&s->rng, s->loss))
			continue;
		for (size_t i = 0; i < FLIGHTS_MAX && free_place == NULL; i++) {
			if (!s->flights[i].taken)
				free_place = &s->flights[i];
		}
		CHECK(free_place != NULL);
		s->in_air++;
		free_place->taken = true;
		free_place->to_b = party == s->a;
		free_place->at_ms = s->ms + rng_between(&s->rng, s->delay_min, s->delay_max);
		free_place->out = *out;
	}
}

static void land(struct scene *s, struct flight *flight)
{
	struct party *to = flight->to_b ? s->b : s->a;
	const struct party *from = flight->to_b ? s->a : s->b;

	s->in_air--;
	flight->taken = false;
	(void)party_receive(to, party_later_ms(s->ms), &from->address,
			    span_of(flight->out.bytes, flight->out.len));
	depart(s, to);
}

static void run_ms(struct scene *s, uint64_t ms)
{
	for (const uint64_t end = s->ms + ms; s->ms < end; s->ms++) {
		for (size_t i = 0; s->in_air > 0 && i < FLIGHTS_MAX; i++) {
			if (s->flights[i].taken && s->flights[i].at_ms <= s->ms)
				land(s, &s->flights[i]);
		}
		if (s->ms % 10 != 0)
			continue;
		party_drain(s->a, party_later_ms(s->ms));
		party_drain(s->b, party_later_ms(s->ms));
		depart(s, s->a);
		depart(s, s->b);
	}
}

static void dial(struct scene *s, struct party *from, const struct party *to)
{
	(void)party_dial(from, party_later_ms(s->ms), to);
	depart(s, from);
}

/* Both say the same: one session, its keys fit, and in the end it is the only one. */
static void assert_one_session(const struct scene *s)
{
	assert_true(party_is_joined(s->a, s->b));
	assert_int_equal(sessions_counters(s->a->sessions).sessions, 1);
	assert_int_equal(sessions_counters(s->b->sessions).sessions, 1);
	assert_int_equal(party_count(s->a, SESSION_KEYS) - party_count(s->a, SESSION_FORGET), 1);
	assert_int_equal(party_count(s->b, SESSION_KEYS) - party_count(s->b, SESSION_FORGET), 1);
}

/* Each hears of the other's M0 when its own M1 is on the way: both handshakes come through. */
static void item_10_both_dial_at_once(void **state)
{
	unsigned a_won = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct scene *s = scene_new(seed);

		dial(s, s->a, s->b);
		dial(s, s->b, s->a);
		run_ms(s, 9000);
		assert_int_equal(party_count(s->a, SESSION_ESTABLISHED), 2);
		assert_int_equal(party_count(s->b, SESSION_ESTABLISHED), 2);
		assert_int_equal(party_count(s->a, SESSION_REPLACED), 1);
		assert_int_equal(party_count(s->b, SESSION_REPLACED), 1);
		assert_true(party_is_joined(s->a, s->b)); /* both receive still */
		assert_int_equal(sessions_counters(s->a->sessions).sessions, 2);
		run_ms(s, 3000);
		assert_one_session(s);
		assert_int_equal(party_last(s->a, SESSION_CLOSED)->reason.close,
				 FRAME_CLOSE_REPLACED);
		a_won += party_last(s->a, SESSION_REPLACED)->session.index != 0;
		scene_del(s);
	}
	assert_in_range(a_won, 5, 25); /* by chance of their keys, not by who they are */
}

/* The lower key of an initiator sends. */
static void item_10_the_lower_ephemeral_key_wins(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct scene *s = scene_new(seed);
		uint8_t e[2][32];
		struct handle of_a;

		of_a = party_dial(s->a, party_start, s->b);
		(void)party_dial(s->b, party_start, s->a);
		memcpy(e[0], s->a->outs[0].bytes + 8, 32);
		memcpy(e[1], s->b->outs[0].bytes + 8, 32);
		party_exchange(s->a, s->b, party_start);
		assert_true(party_is_joined(s->a, s->b));
		assert_int_equal(handle_equal(party_session(s->a), of_a),
				 memcmp(e[0], e[1], 32) < 0);
		scene_del(s);
	}
}

/* All manners of delays and losses, and up to two seconds between the two dials. */
static void item_10_whenever_they_dial_both_agree(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (getenv("IPOP_SOAK") == NULL ? 60U : 5000U); seed++) {
		struct scene *s = scene_new(seed);

		s->delay_min = rng_between(&s->rng, 0, 50);
		s->delay_max = s->delay_min + rng_between(&s->rng, 0, 700);
		s->loss = seed % 3 == 0 ? 0 : (unsigned)rng_between(&s->rng, 0, 300);
		dial(s, s->a, s->b);
		run_ms(s, rng_between(&s->rng, 0, seed % 2 == 0 ? 100 : 2000));
		dial(s, s->b, s->a);
		run_ms(s, 8000);
		if (!party_is_joined(s->a, s->b))
			run_ms(s, 8000); /* the bad luck of many losses */
		if (!party_is_joined(s->a, s->b))
			fail_msg("seed %llu: they do not agree", (unsigned long long)seed);
		run_ms(s, 22000);
		if (!party_is_joined(s->a, s->b) ||
		    sessions_counters(s->a->sessions).sessions != 1 ||
		    sessions_counters(s->b->sessions).sessions != 1)
			fail_msg("seed %llu: not one session", (unsigned long long)seed);
		scene_del(s);
	}
}

/* Dialled again on purpose, by either side, whatever the age of the session before. */
static void a_dial_in_spite_of_a_session_replaces_it(void **state)
{
	(void)state;
	for (uint64_t gap_ms = 0; gap_ms < 15000; gap_ms += 2900) {
		for (unsigned who = 0; who < 4; who++) {
			struct scene *s = scene_new(who + gap_ms);
			struct party *first = who / 2 == 0 ? s->a : s->b;
			struct party *second = who % 2 == 0 ? s->a : s->b;
			struct handle before;

			dial(s, first, first == s->a ? s->b : s->a);
			run_ms(s, 100 + gap_ms);
			before = party_session(s->a);
			dial(s, second, second == s->a ? s->b : s->a);
			run_ms(s, 200);
			assert_true(party_is_joined(s->a, s->b));
			assert_false(handle_equal(party_session(s->a), before));
			assert_true(
				handle_equal(party_last(s->a, SESSION_REPLACED)->session, before));
			assert_true(handle_equal(party_last(s->a, SESSION_REPLACED)->by,
						 party_session(s->a)));
			run_ms(s, 11000);
			assert_one_session(s);
			scene_del(s);
		}
	}
}

/* Both at once, although a session stands already: each names it in its M2, and both mean the same.
 */
static void item_10_both_dial_in_spite_of_a_session(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (getenv("IPOP_SOAK") == NULL ? 40U : 5000U); seed++) {
		struct scene *s = scene_new(seed);

		dial(s, s->a, s->b);
		run_ms(s, 50 + seed % 7 * 1000);
		s->delay_max = seed % 2 == 0 ? 10 : 300;
		dial(s, s->a, s->b);
		run_ms(s, seed % 3 * 5);
		dial(s, s->b, s->a);
		run_ms(s, 3000);
		if (!party_is_joined(s->a, s->b))
			fail_msg("seed %llu: they do not agree", (unsigned long long)seed);
		run_ms(s, 22000);
		assert_one_session(s);
		scene_del(s);
	}
}

/* One dials again as soon as its first session stands at itself, while the other's dial is under
 * way: of the three each beats another, and the two ends see them established in any order. */
static void of_three_that_cross_both_choose_the_same(void **state)
{
	unsigned three = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= (getenv("IPOP_SOAK") == NULL ? 300U : 20000U); seed++) {
		struct scene *s = scene_new(seed);

		s->delay_min = 20;
		s->delay_max = 20 + rng_between(&s->rng, 0, 400);
		dial(s, s->a, s->b);
		dial(s, s->b, s->a);
		while (party_count(s->a, SESSION_KEYS) == 0)
			run_ms(s, 1);
		dial(s, s->a, s->b);
		run_ms(s, 5000);
		three += party_count(s->a, SESSION_ESTABLISHED) == 3;
		if (!party_is_joined(s->a, s->b))
			fail_msg("seed %llu: they do not agree", (unsigned long long)seed);
		run_ms(s, 22000);
		assert_one_session(s);
		scene_del(s);
	}
	assert_true(three > 20); /* or it shows nothing */
}

/* One end lost all it knew and dials anew; the other still has the session, perhaps a young one. */
static void who_restarted_is_met_again(void **state)
{
	(void)state;
	for (uint64_t gap_ms = 0; gap_ms < 15000; gap_ms += 2900) {
		for (unsigned who = 0; who < 2; who++) { /* initiator or responder restarts */
			struct scene *s = scene_new(who + gap_ms);
			struct party *lost = who == 0 ? s->a : s->b;

			dial(s, s->a, s->b);
			run_ms(s, 100 + gap_ms);
			party_restart(s->group, lost);
			dial(s, lost, lost == s->a ? s->b : s->a);
			run_ms(s, 200);
			assert_true(party_is_joined(s->a, s->b));
			run_ms(s, 11000);
			assert_one_session(s);
			scene_del(s);
		}
	}
}

/* The responder crashed between M2 and its confirmation: the initiator's session, which nobody has
 * any more, must not win over the one that works. */
static void a_session_that_was_never_confirmed_does_not_win(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct scene *s = scene_new(seed);

		(void)party_dial(s->a, party_start, s->b);
		(void)party_pass(s->a, s->b, party_start);
		(void)party_pass(s->b, s->a, party_start);
		party_lose(s->a); /* M2; a takes its session for standing */
		party_restart(s->group, s->b);
		s->ms = 100;
		dial(s, s->b, s->a);
		run_ms(s, 300);
		assert_int_equal(party_count(s->a, SESSION_ESTABLISHED), 2);
		assert_true(party_is_joined(s->a, s->b));
		run_ms(s, 31000);
		assert_one_session(s);
		scene_del(s);
	}
}

/* b's dial has not been answered when a's handshake comes through: it is superfluous. */
static void a_dial_ends_when_the_peers_session_stands(void **state)
{
	struct scene *s = scene_new(1);
	struct handle dialled;

	(void)state;
	dialled = party_dial(s->b, party_start, s->a);
	party_lose(s->b);
	(void)party_dial(s->a, party_start, s->b);
	party_exchange(s->a, s->b, party_start);
	assert_true(party_is_joined(s->a, s->b));
	assert_true(handle_equal(party_last(s->b, SESSION_REPLACED)->session, dialled));
	assert_true(handle_equal(party_last(s->b, SESSION_REPLACED)->by, party_session(s->b)));
	assert_true(handle_equal(party_last(s->b, SESSION_CLOSED)->session, dialled));
	assert_int_equal(party_last(s->b, SESSION_CLOSED)->reason.close, FRAME_CLOSE_REPLACED);
	assert_int_equal(sessions_counters(s->b->sessions).sessions, 1);
	scene_del(s);
}

/* The same if policy still thinks about the peer of that dial. */
static void a_dial_ends_while_policy_is_asked(void **state)
{
	struct scene *s = scene_new(1);
	struct handle dialled;

	(void)state;
	s->b->policy = PARTY_IS_SILENT;
	dialled = party_dial(s->b, party_start, s->a);
	party_exchange(s->a, s->b, party_start);
	assert_int_equal(party_count(s->b, SESSION_ASK), 1);
	s->b->policy = PARTY_ALLOWS;
	(void)party_dial(s->a, party_start, s->b);
	party_exchange(s->a, s->b, party_start);
	assert_true(handle_equal(party_last(s->b, SESSION_CLOSED)->session, dialled));
	assert_true(party_is_joined(s->a, s->b));
	sessions_answer(s->b->sessions, party_start, dialled, true); /* too late */
	party_exchange(s->a, s->b, party_start);
	assert_int_equal(sessions_counters(s->b->sessions).sessions, 1);
	scene_del(s);
}

/* Who was looked for is only known from M1: then it shows that its session stands already. */
static void a_dial_to_the_nearest_ends_at_its_m1(void **state)
{
	struct scene *s = scene_new(1);
	const struct target target = { .kind = TARGET_NEAREST };
	struct handle dialled;

	(void)state;
	s->a->address.carriage = s->b->address.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(
		sessions_dial(s->b->sessions, party_start, &target, &s->a->address, &dialled), 0);
	party_drain(s->b, party_start);
	(void)party_dial(s->a, party_start, s->b);
	(void)party_pass(s->a, s->b, party_start);
	(void)party_pass(s->b, s->a, party_start); /* b's M0 */
	(void)party_pass(s->b, s->a, party_start); /* b's M1 */
	assert_int_equal(party_next_type(s->a), DATAGRAM_M1);
	(void)party_pass(s->a, s->b, party_start); /* M2: a's session stands at b */
	assert_int_equal(party_count(s->b, SESSION_ESTABLISHED), 1);
	assert_int_equal(party_count(s->b, SESSION_CLOSED), 0);
	party_drain(s->b, party_later_ms(500)); /* M0 again, and now its M1 comes */
	party_exchange(s->a, s->b, party_later_ms(500));
	assert_true(handle_equal(party_last(s->b, SESSION_CLOSED)->session, dialled));
	assert_true(handle_equal(party_last(s->b, SESSION_REPLACED)->by, party_session(s->b)));
	assert_int_equal(party_count(s->b, SESSION_ASK), 1);
	assert_true(party_is_joined(s->a, s->b));
	scene_del(s);
}

/* Several dials of one side to one peer (it has several addresses): the first that comes through
 * ends the others. */
static void of_many_dials_one_is_left(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct scene *s = scene_new(seed);

		s->delay_max = 400;
		for (unsigned i = 0; i < 4; i++)
			dial(s, s->a, s->b);
		run_ms(s, 12000);
		assert_one_session(s);
		assert_int_equal(party_count(s->b, SESSION_ESTABLISHED), 1);
		scene_del(s);
	}
}

/* Replaced for 10 s: until then what is under way still arrives; then it is closed, in silence. */
static void a_replaced_session_receives_for_10_s(void **state)
{
	struct scene *s = scene_new(1);
	struct handle first;
	struct party_out late[2];

	(void)state;
	party_connect(s->a, s->b, party_start);
	first = party_session(s->a);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(party_send(s->a, party_start, first, FRAME_IP));
		late[i] = *party_next(s->a);
	}
	(void)party_dial(s->a, party_start, s->b);
	party_exchange(s->a, s->b, party_start);
	assert_int_equal(party_count(s->b, SESSION_REPLACED), 1);
	party_drain(s->b, party_later_ms(9999));
	assert_int_equal(party_receive(s->b, party_later_ms(9999), &s->a->address,
				       span_of(late[0].bytes, late[0].len)),
			 0);
	assert_int_equal(s->b->packets, 1);
	party_drain(s->b, party_later_ms(10000));
	assert_int_equal(party_count(s->b, SESSION_CLOSED), 1);
	assert_int_equal(party_receive(s->b, party_later_ms(10000), &s->a->address,
				       span_of(late[1].bytes, late[1].len)),
			 ERR_NOT_FOUND);
	assert_null(party_next(s->b));
	scene_del(s);
}

/* Two sessions, of which the second takes the place of the first: that of b. */
static struct handle replace_session(struct scene *s)
{
	struct handle first;

	party_connect(s->a, s->b, party_start);
	first = s->b->links[0].session;
	(void)party_dial(s->a, party_start, s->b);
	party_exchange(s->a, s->b, party_start);
	return first;
}

/* The one that took its place closes: it is all that is left, and stays. */
static void a_replaced_session_serves_again(void **state)
{
	struct scene *s = scene_new(1);
	struct handle first;

	(void)state;
	first = replace_session(s);
	assert_true(handle_equal(party_last(s->b, SESSION_REPLACED)->session, first));
	sessions_close(s->b->sessions, party_start, party_last(s->b, SESSION_REPLACED)->by,
		       FRAME_CLOSE_IDLE);
	party_drain(s->b, party_later_ms(10000));
	assert_int_equal(party_count(s->b, SESSION_CLOSED), 1);
	assert_false(handle_equal(party_last(s->b, SESSION_CLOSED)->session, first));
	assert_int_equal(sessions_counters(s->b->sessions).sessions, 1);
	scene_del(s);
}

/* Unless neither side has a use for the other any more: the peer, which is told, has nothing left
 * that this one could serve. */
static void a_replaced_session_goes_with_what_nobody_needs(void **state)
{
	static const enum frame_close_reason reasons[] = { FRAME_CLOSE_SHUTDOWN,
							   FRAME_CLOSE_UNNEEDED };

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct scene *s = scene_new(1);

		(void)replace_session(s);
		sessions_close(s->b->sessions, party_start, party_last(s->b, SESSION_REPLACED)->by,
			       reasons[i]);
		party_drain(s->b, party_start);
		assert_int_equal(party_count(s->b, SESSION_CLOSED), 2);
		assert_int_equal(sessions_counters(s->b->sessions).sessions, 0);
		party_exchange(s->a, s->b, party_start);
		assert_int_equal(sessions_counters(s->a->sessions).sessions, 0);
		scene_del(s);
	}
}

static void a_replaced_session_does_not_rekey(void **state)
{
	struct scene *s = scene_new(1);
	struct handle first;

	(void)state;
	first = replace_session(s);
	assert_int_equal(sessions_frame(s->a->sessions, party_start, s->a->links[0].session,
					FRAME_REKEY_WANTED, span_of("", 0)),
			 ERR_DENIED);
	assert_true(sessions_frame(s->b->sessions, party_start, first, FRAME_REKEY,
				   span_of(s->b->outs[0].bytes, 60)) < 0);
	scene_del(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(item_10_both_dial_at_once),
		cmocka_unit_test(item_10_the_lower_ephemeral_key_wins),
		cmocka_unit_test(item_10_whenever_they_dial_both_agree),
		cmocka_unit_test(a_dial_in_spite_of_a_session_replaces_it),
		cmocka_unit_test(item_10_both_dial_in_spite_of_a_session),
		cmocka_unit_test(of_three_that_cross_both_choose_the_same),
		cmocka_unit_test(who_restarted_is_met_again),
		cmocka_unit_test(a_session_that_was_never_confirmed_does_not_win),
		cmocka_unit_test(a_dial_ends_when_the_peers_session_stands),
		cmocka_unit_test(a_dial_ends_while_policy_is_asked),
		cmocka_unit_test(a_dial_to_the_nearest_ends_at_its_m1),
		cmocka_unit_test(of_many_dials_one_is_left),
		cmocka_unit_test(a_replaced_session_receives_for_10_s),
		cmocka_unit_test(a_replaced_session_serves_again),
		cmocka_unit_test(a_replaced_session_goes_with_what_nobody_needs),
		cmocka_unit_test(a_replaced_session_does_not_rekey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
