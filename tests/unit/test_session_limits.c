/* test_session_limits.c - sessions where room, versions or the machine itself come to an end. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "tests/lib/party.h"

/* -- capacity -------------------------------------------------------------------------------- */

static void sessions_and_dials_are_bounded(void **state)
{
	const struct party_pair *f = *state;
	const struct target target = party_target(f->b);
	struct party *c;
	struct handle session;

	f->group->sessions_max = 2;
	c = party_new(f->group, 3);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
			sessions_dial(c->sessions, party_start, &target, &f->b->address, &session),
			0);
	assert_int_equal(sessions_dial(c->sessions, party_start, &target, &f->b->address, &session),
			 ERR_FULL);
	sessions_close(c->sessions, party_start, session, FRAME_CLOSE_SHUTDOWN);
	party_drain(c, party_start);
	assert_int_equal(sessions_dial(c->sessions, party_start, &target, &f->b->address, &session),
			 0);
	party_del(c);
}

static void dials_are_bounded_by_256(void **state)
{
	const struct party_pair *f = *state;
	const struct target target = party_target(f->b);
	struct party *c;
	struct handle session;

	f->group->sessions_max = 1000;
	c = party_new(f->group, 3);
	for (unsigned i = 0; i < SESSION_DIALS_MAX; i++)
		assert_int_equal(
			sessions_dial(c->sessions, party_start, &target, &f->b->address, &session),
			0);
	assert_int_equal(sessions_dial(c->sessions, party_start, &target, &f->b->address, &session),
			 ERR_FULL);
	party_del(c);
}

/* A responder without room keeps the half-open handshake: there may be room when M2 is repeated. */
static void a_full_responder_refuses_m2_for_now(void **state)
{
	const struct party_pair *f = *state;
	const struct target target = party_target(f->b);
	struct party_out m2;
	struct party *c;
	struct handle session;

	f->group->sessions_max = 1;
	c = party_new(f->group, 3);
	assert_int_equal(sessions_dial(c->sessions, party_start, &target, &f->b->address, &session),
			 0);
	party_drain(c, party_start);
	party_lose(c);
	(void)party_dial(f->a, party_start, c);
	(void)party_pass(f->a, c, party_start);
	(void)party_pass(c, f->a, party_start);
	m2 = *party_next(f->a);
	assert_int_equal(party_receive(c, party_start, &f->a->address, span_of(m2.bytes, m2.len)),
			 ERR_FULL);
	sessions_close(c->sessions, party_start, session, FRAME_CLOSE_SHUTDOWN);
	party_drain(c, party_start);
	assert_int_equal(party_receive(c, party_start, &f->a->address, span_of(m2.bytes, m2.len)),
			 0);
	assert_int_equal(party_count(c, SESSION_ESTABLISHED), 1);
	party_del(c);
}

/* Outputs are flags, not a queue: however late they are polled, none is missing. */
static void nothing_is_lost_when_polls_are_rare(void **state)
{
	const struct party_pair *f = *state;
	const struct target target = party_target(f->b);
	struct session_output output;
	struct handle session;
	unsigned m0 = 0;

	for (unsigned i = 0; i < PARTY_SESSIONS_MAX; i++)
		assert_int_equal(sessions_dial(f->a->sessions, party_start, &target, &f->b->address,
					       &session),
				 0);
	for (unsigned ms = 0; ms <= 5000; ms += 2500) { /* each M0 that fell due leaves once */
		while (sessions_poll(f->a->sessions, party_later_ms(ms), &output))
			m0 += output.kind == SESSION_SEND_HANDSHAKE;
	}
	assert_int_equal(m0, 3 * PARTY_SESSIONS_MAX);
	while (sessions_poll(f->a->sessions, party_later_ms(25000), &output))
		m0 -= output.kind == SESSION_CLOSED;
	assert_int_equal(m0, 2 * PARTY_SESSIONS_MAX);
}

/* -- snapshots ------------------------------------------------------------------------------- */

static struct now drifted(uint64_t ms, int64_t drift_us)
{
	struct now now = party_later_ms(ms);

	now.wall.us += drift_us;
	return now;
}

static void item_13_a_resumed_copy_sends_nothing_and_forgets_all(void **state)
{
	const struct party_pair *f = *state;

	for (int sign = -1; sign <= 1; sign += 2) {
		party_connect(f->a, f->b, party_start);
		(void)party_dial(f->b, party_start, f->a);
		party_lose(f->b);
		/* At the limit: nothing happens, and the next call compares with this one. */
		party_drain(f->b, drifted(1000, sign * INT64_C(10000000)));
		assert_int_equal(sessions_counters(f->b->sessions).snapshots, 0);
		party_lose(f->b);
		f->b->note_count = 0;
		party_drain(f->b, drifted(3000, sign * INT64_C(20000001)));
		assert_int_equal(sessions_counters(f->b->sessions).snapshots, 1);
		assert_null(party_next(f->b)); /* an M0 was due */
		assert_int_equal(party_count(f->b, SESSION_FORGET), 1);
		assert_int_equal(party_count(f->b, SESSION_CLOSED), 2);
		assert_non_null(strstr(party_last(f->b, SESSION_CLOSED)->reason.text, "snapshot"));
		assert_int_equal(sessions_counters(f->b->sessions).sessions, 0);
		party_restart(f->group, f->a);
		party_restart(f->group, f->b);
	}
}

/* What was to leave when the machine was copied does not leave from the copy: half-open handshakes,
 * a last word, keys that were not handed out. */
static void a_resumed_copy_says_no_last_words(void **state)
{
	const struct party_pair *f = *state;
	struct session_output output;
	struct party_out m0;

	party_connect(f->a, f->b, party_start);
	sessions_close(f->a->sessions, party_start, party_session(f->a), FRAME_CLOSE_SHUTDOWN);
	(void)party_dial(f->b, party_start, f->a);
	m0 = *party_next(f->b);
	assert_int_equal(sessions_handshake(f->a->sessions, party_start, &f->b->address,
					    span_of(m0.bytes, m0.len)),
			 0);
	assert_int_equal(sessions_counters(f->a->sessions).half_open, 1);
	while (sessions_poll(f->a->sessions, drifted(0, 10000001), &output)) {
		assert_int_not_equal(output.kind, SESSION_SEND_FRAME);
		assert_int_not_equal(output.kind, SESSION_SEND_HANDSHAKE);
	}
	assert_int_equal(sessions_counters(f->a->sessions).half_open, 0);
	assert_int_equal(sessions_counters(f->a->sessions).sessions, 0);
}

static void the_kernel_can_tell_of_a_copy_too(void **state)
{
	const struct party_pair *f = *state;

	party_connect(f->a, f->b, party_start);
	sessions_snapshot(f->a->sessions, party_start);
	party_drain(f->a, party_start);
	assert_null(party_next(f->a));
	assert_int_equal(party_count(f->a, SESSION_FORGET), 1);
	assert_int_equal(party_count(f->a, SESSION_CLOSED), 1);
	assert_non_null(strstr(party_last(f->a, SESSION_CLOSED)->reason.text, "kernel"));
	assert_int_equal(sessions_counters(f->a->sessions).snapshots, 1);
}

/* -- versions and suites --------------------------------------------------------------------- */

static const struct suite *chacha_first(void)
{
	static struct suite suites[3];

	suites[0] = *suite_find(suites_all, SUITE_CHACHA20_POLY1305);
	suites[1] = *suite_find(suites_all, SUITE_AES_256_GCM);
	suites[2] = (struct suite){ .id = SUITE_NONE };
	return suites;
}

static const struct suite *chacha_only(void)
{
	static struct suite suites[2];

	suites[0] = *suite_find(suites_all, SUITE_CHACHA20_POLY1305);
	suites[1] = (struct suite){ .id = SUITE_NONE };
	return suites;
}

static const struct suite *aes_only(void)
{
	static struct suite suites[2];

	suites[0] = *suite_find(suites_all, SUITE_AES_256_GCM);
	suites[1] = (struct suite){ .id = SUITE_NONE };
	return suites;
}

static void a_suite_that_both_speak_is_found(void **state)
{
	const struct party_pair *f = *state;
	struct party *c;
	struct party *d;

	f->group->suites = aes_only();
	c = party_new(f->group, 3);
	f->group->suites = chacha_first();
	d = party_new(f->group, 4);
	party_connect(d, c, party_start); /* d dials with ChaCha first and is told */
	assert_int_equal(d->m0_sent, 2);
	assert_int_equal(sessions_counters(c->sessions).m0_bad_version, 1);
	party_del(c);
	party_del(d);
}

static void no_common_suite_is_said_clearly(void **state)
{
	const struct party_pair *f = *state;
	struct party *c;
	struct party *d;

	f->group->suites = aes_only();
	c = party_new(f->group, 3);
	f->group->suites = chacha_only();
	d = party_new(f->group, 4);
	(void)party_dial(d, party_start, c);
	party_exchange(d, c, party_start);
	assert_null(party_last(d, SESSION_CLOSED)); /* another may have said it: M1 has 3 s yet */
	party_exchange(d, c, party_later_ms(2999));
	assert_null(party_last(d, SESSION_CLOSED));
	party_exchange(d, c, party_later_ms(3000));
	assert_int_equal(party_last(d, SESSION_CLOSED)->reason.err, ERR_VERSION);
	assert_non_null(strstr(party_last(d, SESSION_CLOSED)->reason.text, "suites"));
	party_del(c);
	party_del(d);
}

static void epochs_in_force_and_before_are_accepted(void **state)
{
	const struct party_pair *f = *state;
	const struct session_secret newest = f->group->secrets[0];
	struct party *c;

	f->group->secrets[0] = f->group->secrets[1]; /* has missed the rotation */
	f->group->secrets[1].epoch = 0;
	c = party_new(f->group, 3);
	party_connect(c, f->b, party_start);
	assert_int_equal(party_last(f->b, SESSION_ASK)->peer.epoch, 1);
	party_del(c);
	f->group->secrets[0] = newest;
	f->group->secrets[0].epoch = 3; /* is ahead of us */
	c = party_new(f->group, 3);
	(void)party_dial(c, party_start, f->a);
	party_exchange(c, f->a, party_start);
	assert_int_equal(sessions_counters(f->a->sessions).m0_bad_mac1, 1);
	party_del(c);
}

static void a_group_without_a_secret_cannot_begin(void **state)
{
	const struct party_pair *f = *state;
	const struct session_config config = { .key = f->a->key,
					       .certificate = &f->a->certificate,
					       .trust = f->group->trust,
					       .suites = suites_all,
					       .sessions_max = 1 };
	struct sessions *sessions = NULL;

	assert_int_equal(sessions_new(&config, &f->a->entropy, &f->a->rng, NULL, &sessions),
			 ERR_UNSUPPORTED);
	assert_null(sessions);
	sessions_del(NULL);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, party_pair_set_up, party_pair_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sessions_and_dials_are_bounded),
		TEST(dials_are_bounded_by_256),
		TEST(a_full_responder_refuses_m2_for_now),
		TEST(nothing_is_lost_when_polls_are_rare),
		TEST(item_13_a_resumed_copy_sends_nothing_and_forgets_all),
		TEST(a_resumed_copy_says_no_last_words),
		TEST(the_kernel_can_tell_of_a_copy_too),
		TEST(a_suite_that_both_speak_is_found),
		TEST(no_common_suite_is_said_clearly),
		TEST(epochs_in_force_and_before_are_accepted),
		TEST(a_group_without_a_secret_cannot_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
