/* test_session.c - how sessions come and end: messages, their repetition, policy, the
 * end. What is full or was copied is in test_session_limits.c, rekeys in test_session_rekey.c,
 * attacks in test_session_attack.c. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "tests/lib/party.h"

/* -- the handshake --------------------------------------------------------------------------- */

static void three_messages_make_a_session(void **state)
{
	const struct party_pair *f = *state;
	const struct party_note *at_a;
	const struct party_note *at_b;

	(void)party_dial(f->a, party_start, f->b);
	assert_int_equal(f->a->outs[0].bytes[0], DATAGRAM_M0);
	assert_int_equal(f->a->outs[0].len, HANDSHAKE_M0_BYTES);
	(void)party_pass(f->a, f->b, party_start);
	assert_int_equal(f->b->outs[0].bytes[0], DATAGRAM_M1);
	assert_int_equal(party_count(f->b, SESSION_ASK), 0);
	(void)party_pass(f->b, f->a, party_start);
	assert_int_equal(f->a->outs[1].bytes[0], DATAGRAM_M2);
	assert_int_equal(party_count(f->a, SESSION_ESTABLISHED), 1); /* may send already */
	(void)party_pass(f->a, f->b, party_start);
	assert_int_equal(f->b->outs[1].bytes[0], DATAGRAM_DATA); /* the empty frame */
	assert_int_equal(party_count(f->b, SESSION_ESTABLISHED), 1);
	party_exchange(f->a, f->b, party_start);
	assert_true(party_is_joined(f->a, f->b));

	at_a = party_last(f->a, SESSION_ESTABLISHED);
	at_b = party_last(f->b, SESSION_ESTABLISHED);
	assert_true(id_equal(&at_a->peer_id, &f->b->certificate.id));
	assert_true(id_equal(&at_b->peer_id, &f->a->certificate.id));
	assert_true(at_a->peer.initiator);
	assert_false(at_b->peer.initiator);
	assert_false(at_a->peer.rekey);
	assert_int_equal(at_a->peer.capabilities, 2); /* the party's number */
	assert_int_equal(at_b->peer.capabilities, 1);
	assert_int_equal(at_b->peer.epoch, 2);
	assert_memory_equal(at_b->peer.carrier.name, f->a->address.name,
			    sizeof(f->a->address.name));
	assert_int_equal(sessions_counters(f->a->sessions).established, 1);
	assert_int_equal(sessions_counters(f->b->sessions).established, 1);
	assert_int_equal(sessions_counters(f->b->sessions).half_open, 0);
}

static void packets_flow_both_ways(void **state)
{
	const struct party_pair *f = *state;

	party_connect(f->a, f->b, party_start);
	assert_true(party_send(f->a, party_start, party_session(f->a), FRAME_IP));
	assert_true(party_send(f->b, party_start, party_session(f->b), FRAME_IP));
	party_exchange(f->a, f->b, party_start);
	assert_int_equal(f->a->packets, 1);
	assert_int_equal(f->b->packets, 1);
}

static void peer_is_known_from_asking_on(void **state)
{
	const struct party_pair *f = *state;
	struct handle session;

	f->a->policy = PARTY_IS_SILENT;
	session = party_dial(f->a, party_start, f->b);
	assert_null(party_peer(f->a, session));
	party_exchange(f->a, f->b, party_start);
	assert_non_null(party_peer(f->a, session));
	assert_true(id_equal(&party_peer(f->a, session)->id, &f->b->certificate.id));
	assert_null(party_peer(f->a, HANDLE_NONE));
}

/* Until M1 has come, and under the index that M0 has. */
static void a_dial_awaits_an_answer_to_its_m0(void **state)
{
	const struct party_pair *f = *state;
	const struct handle dial = party_dial(f->a, party_start, f->b);
	const struct party_out *out = party_next(f->a);
	struct handshake_m0 m0;

	assert_non_null(out);
	assert_int_equal(handshake_m0_decode(span_of(out->bytes, out->len), HANDSHAKE_RAW, &m0), 0);
	assert_true(sessions_awaits(f->a->sessions, dial, m0.sender));
	assert_false(sessions_awaits(f->a->sessions, dial, m0.sender + 1));
	assert_false(sessions_awaits(f->a->sessions, HANDLE_NONE, m0.sender));
	assert_int_equal(
		party_receive(f->b, party_start, &f->a->address, span_of(out->bytes, out->len)), 0);
	assert_true(sessions_awaits(f->a->sessions, dial, m0.sender));
	party_exchange(f->a, f->b, party_start);
	assert_false(sessions_awaits(f->a->sessions, dial, m0.sender));
}

static void the_peer_says_how_it_sees_us(void **state)
{
	const struct party_pair *f = *state;
	const uint8_t ip[4] = { 192, 0, 2, 77 };

	f->a->address.has_observed = true; /* what b hears M0 come from */
	f->a->address.observed = endpoint_v4(ip, 7777);
	party_connect(f->a, f->b, party_start);
	assert_true(party_last(f->a, SESSION_ESTABLISHED)->peer.has_observed);
	assert_true(endpoint_equal(&party_last(f->a, SESSION_ESTABLISHED)->peer.observed,
				   &f->a->address.observed));
	assert_false(party_last(f->b, SESSION_ESTABLISHED)->peer.has_observed);
}

static void crl_numbers_are_told(void **state)
{
	const struct party_pair *f = *state;

	sessions_set_crl_number(f->a->sessions, 11);
	sessions_set_crl_number(f->b->sessions, 22);
	party_connect(f->a, f->b, party_start);
	assert_int_equal(party_last(f->a, SESSION_ASK)->peer.crl_number, 22);
	assert_int_equal(party_last(f->b, SESSION_ASK)->peer.crl_number, 11);
}

static void p256_members_meet_too(void **state)
{
	const struct party_pair *f = *state;
	struct party *c;

	f->group->kind = KEY_P256;
	c = party_new(f->group, 3);
	party_connect(f->a, c, party_start);
	party_del(c);
}

static void open_networks_need_no_secret(void **state)
{
	const struct party_pair *f = *state;

	party_connect(f->a, f->b, party_start);
	assert_int_equal(party_last(f->b, SESSION_ASK)->peer.epoch, 0);
}

/* -- over the overlay ------------------------------------------------------------------------ */

static struct carrier link_to(const struct party *party)
{
	struct carrier carrier = party->address;

	carrier.carriage = HANDSHAKE_CARRIED;
	return carrier;
}

static bool meets_over_link(const struct party_pair *f, const struct target *target)
{
	const struct carrier to_b = link_to(f->b);
	const struct carrier to_a = link_to(f->a);
	struct handle session;

	f->a->address = to_a;
	f->b->address = to_b;
	assert_int_equal(sessions_dial(f->a->sessions, party_start, target, &to_b, &session), 0);
	party_exchange(f->a, f->b, party_start);
	return party_is_joined(f->a, f->b);
}

static void carried_exact_target(void **state)
{
	const struct party_pair *f = *state;
	const struct target target = party_target(f->b);

	assert_true(meets_over_link(f, &target));
	assert_int_equal(f->a->outs[0].len, HANDSHAKE_CARRIED_M0_BYTES);
}

/* The same M0 leaves again, by another link and at once, and its answer ends the dial well. */
static void a_carried_dial_goes_on_by_another_link(void **state)
{
	const struct party_pair *f = *state;
	const struct target target = party_target(f->b);
	const struct carrier raw = f->b->address;
	const struct carrier to_b = link_to(f->b);
	struct carrier away = to_b;
	struct handle dial;

	away.name[0] ^= 1;
	f->a->address = link_to(f->a);
	f->b->address = to_b;
	assert_int_equal(sessions_dial(f->a->sessions, party_start, &target, &away, &dial), 0);
	party_drain(f->a, party_start);
	assert_memory_equal(&f->a->outs[0].to, &away, sizeof(away));
	sessions_redirect(f->a->sessions, party_later_ms(300), dial, &raw);
	party_drain(f->a, party_later_ms(300));
	assert_int_equal(f->a->outs[1].len, 0);
	sessions_redirect(f->a->sessions, party_later_ms(300), dial, &to_b);
	party_drain(f->a, party_later_ms(300));
	assert_memory_equal(&f->a->outs[1].to, &to_b, sizeof(to_b));
	assert_memory_equal(f->a->outs[1].bytes, f->a->outs[0].bytes, f->a->outs[0].len);
	party_exchange(f->a, f->b, party_later_ms(300));
	assert_true(party_is_joined(f->a, f->b));
}

static void carried_prefix_target(void **state)
{
	const struct party_pair *f = *state;
	struct target target = { .kind = TARGET_PREFIX };

	memcpy(target.id.bytes, f->b->certificate.id.bytes, ID_PREFIX_BYTES);
	assert_true(meets_over_link(f, &target));
}

static void carried_nearest_target(void **state)
{
	const struct party_pair *f = *state;
	const struct target target = { .kind = TARGET_NEAREST, .id = { { 7 } } };

	assert_true(meets_over_link(f, &target));
	assert_int_equal(party_last(f->b, SESSION_ASK)->peer.target.kind, TARGET_NEAREST);
	assert_int_equal(party_last(f->b, SESSION_ASK)->peer.target.id.bytes[0], 7);
}

static void raw_targets_must_be_exact_and_not_ourselves(void **state)
{
	const struct party_pair *f = *state;
	struct target target = party_target(f->a);
	struct handle session;

	assert_int_equal(
		sessions_dial(f->a->sessions, party_start, &target, &f->b->address, &session),
		ERR_UNSUPPORTED);
	target = party_target(f->b);
	target.kind = TARGET_NEAREST;
	assert_int_equal(
		sessions_dial(f->a->sessions, party_start, &target, &f->b->address, &session),
		ERR_UNSUPPORTED);
	assert_int_equal(sessions_counters(f->a->sessions).sessions, 0);
}

/* -- repetition ------------------------------------------------------------------------------ */

/* The instants, in ms after the dial, at which something of that type left. */
static size_t instants(struct party *party, enum datagram_type type, uint64_t until_ms,
		       uint64_t ret[64])
{
	size_t count = 0;
	uint64_t ms = 0;

	for (;;) {
		uint8_t found;

		while ((found = party_next_type(party)) != 0) {
			assert_int_equal(found, type);
			assert_in_range(count, 0, 63);
			ret[count++] = ms;
		}
		const struct mono deadline = sessions_deadline(party->sessions);

		if (deadline.us > party_later_ms(until_ms).mono.us)
			return count;
		ms = (deadline.us - party_start.mono.us + 999) / 1000;
		party_drain(party, party_later_ms(ms));
	}
}

static void check_pace(const uint64_t *at, size_t count)
{
	assert_in_range(count, 26, 34); /* 20 s: one at once, one at 400 ms, then each 700 ms */
	assert_int_equal(at[0], 0);
	assert_in_range(at[1], 360, 441);
	for (size_t i = 2; i < count; i++)
		assert_in_range(at[i] - at[i - 1], 629, 772);
	assert_in_range(at[count - 1], 19000, 20000);
}

static void m0_is_repeated_until_the_dial_ends(void **state)
{
	const struct party_pair *f = *state;
	uint64_t at[64];

	(void)party_dial(f->a, party_start, f->b);
	check_pace(at, instants(f->a, DATAGRAM_M0, 30000, at));
	assert_int_equal(party_last(f->a, SESSION_CLOSED)->reason.err, ERR_TIMEOUT);
	assert_int_equal(sessions_counters(f->a->sessions).sessions, 0);
}

static size_t m0s_left(struct party *party, uint64_t at_ms)
{
	size_t count = 0;

	party_drain(party, party_later_ms(at_ms));
	for (uint8_t type = party_next_type(party); type != 0; type = party_next_type(party))
		count += type == DATAGRAM_M0;
	return count;
}

/* 250 ms after the first one, 500 after the second; not before, however often it is wanted. */
static void m0_is_hastened_in_measure(void **state)
{
	static const uint64_t due_ms[] = { 250, 750 };
	const struct party_pair *f = *state;
	const struct handle dial = party_dial(f->a, party_start, f->b);
	uint64_t ms = 0;

	sessions_hasten(f->a->sessions, party_start, HANDLE_NONE);
	assert_int_equal(m0s_left(f->a, 0), 1);
	for (size_t i = 0; i < sizeof(due_ms) / sizeof(due_ms[0]); i++) {
		for (; ms < due_ms[i]; ms += 10)
			sessions_hasten(f->a->sessions, party_later_ms(ms), dial);
		assert_int_equal(m0s_left(f->a, due_ms[i] - 1), 0);
		assert_int_equal(m0s_left(f->a, due_ms[i]), 1);
	}
	sessions_hasten(f->a->sessions, party_later_ms(750), dial);
	assert_int_equal(m0s_left(f->a, 750 + 629), 0); /* 700 ms less ten per cent */
	assert_int_equal(m0s_left(f->a, 750 + 770), 1);
}

static void m2_is_repeated_until_it_is_confirmed(void **state)
{
	const struct party_pair *f = *state;
	uint64_t at[64];

	(void)party_dial(f->a, party_start, f->b);
	(void)party_pass(f->a, f->b, party_start);
	(void)party_pass(f->b, f->a, party_start);
	check_pace(at, instants(f->a, DATAGRAM_M2, 30000, at));
	assert_int_equal(party_last(f->a, SESSION_CLOSED)->reason.err, ERR_TIMEOUT);

	(void)party_dial(f->a, party_start, f->b);
	party_exchange(f->a, f->b, party_start);
	party_run(f->a, 30000);
	assert_null(party_next(f->a)); /* confirmed: silent */
}

static void a_dial_ends_at_20_s_and_not_before(void **state)
{
	const struct party_pair *f = *state;

	(void)party_dial(f->a, party_start, f->b);
	party_drain(f->a, party_later_ms(19999));
	assert_int_equal(party_count(f->a, SESSION_CLOSED), 0);
	party_drain(f->a, party_later_ms(20000));
	assert_int_equal(party_count(f->a, SESSION_CLOSED), 1);
}

/* A repeated M2 means that nothing of ours came through: the empty frame goes out once more. */
static void a_repeated_m2_is_answered_with_an_empty_frame(void **state)
{
	const struct party_pair *f = *state;
	struct party_out m2;

	(void)party_dial(f->a, party_start, f->b);
	(void)party_pass(f->a, f->b, party_start);
	(void)party_pass(f->b, f->a, party_start);
	m2 = *party_next(f->a);
	for (unsigned i = 0; i < 3; i++) {
		const int err =
			party_receive(f->b, party_start, &f->a->address, span_of(m2.bytes, m2.len));

		assert_int_equal(err, i == 0 ? 0 : ERR_REPLAY);
		assert_int_equal(party_next_type(f->b), DATAGRAM_DATA);
		assert_int_equal(party_next_type(f->b), 0);
	}
	assert_int_equal(party_count(f->b, SESSION_ESTABLISHED), 1);
	assert_int_equal(sessions_counters(f->b->sessions).m2_repeated, 2);

	/* Who saw only where it went cannot have us answer. */
	m2.bytes[m2.len - 1] ^= 1;
	assert_int_equal(
		party_receive(f->b, party_start, &f->a->address, span_of(m2.bytes, m2.len)),
		ERR_STALE);
	assert_int_equal(party_next_type(f->b), 0);
	assert_int_equal(sessions_counters(f->b->sessions).m2_repeated, 2);
}

static void a_half_open_handshake_lives_10_s(void **state)
{
	const struct party_pair *f = *state;

	for (unsigned late = 0; late < 2; late++) {
		party_restart(f->group, f->a);
		party_restart(f->group, f->b);
		(void)party_dial(f->a, party_start, f->b);
		(void)party_pass(f->a, f->b, party_start);
		(void)party_pass(f->b, f->a, party_start);
		party_drain(f->b, party_later_ms(9999 + late));
		assert_int_equal(sessions_counters(f->b->sessions).half_open, 1 - late);
		(void)party_pass(f->a, f->b, party_later_ms(9999 + late));
		assert_int_equal(party_count(f->b, SESSION_ESTABLISHED), 1 - late);
	}
}

/* The same without a poll before the message comes, for M0, M1 and M2. */
static void late_messages_are_late_before_any_poll(void **state)
{
	const struct party_pair *f = *state;

	for (unsigned late = 0; late < 2; late++) {
		struct party_out m0;
		struct party_out m1;
		struct party_out m2;

		party_restart(f->group, f->a);
		party_restart(f->group, f->b);
		(void)party_dial(f->a, party_start, f->b);
		m0 = *party_next(f->a);
		(void)party_receive(f->b, party_start, &f->a->address, span_of(m0.bytes, m0.len));
		m1 = *party_next(f->b);
		assert_int_equal(sessions_handshake(f->a->sessions, party_later_ms(19999 + late),
						    &f->b->address, span_of(m1.bytes, m1.len)),
				 late == 0 ? 0 : ERR_STALE);
		/* M0 once more makes a new M1 when the old one's time is over. */
		assert_int_equal(sessions_handshake(f->b->sessions, party_later_ms(9999 + late),
						    &f->a->address, span_of(m0.bytes, m0.len)),
				 0);
		party_drain(f->b, party_later_ms(9999 + late));
		m2 = *party_next(f->b);
		assert_int_equal(memcmp(m1.bytes, m2.bytes, m1.len) == 0, late == 0);
		assert_int_equal(sessions_counters(f->b->sessions).half_open, 1);

		party_restart(f->group, f->a);
		party_restart(f->group, f->b);
		(void)party_dial(f->a, party_start, f->b);
		(void)party_pass(f->a, f->b, party_start);
		(void)party_pass(f->b, f->a, party_start);
		m2 = *party_next(f->a);
		assert_int_equal(sessions_handshake(f->b->sessions, party_later_ms(9999 + late),
						    &f->a->address, span_of(m2.bytes, m2.len)),
				 late == 0 ? 0 : ERR_STALE);
	}
}

/* -- policy ---------------------------------------------------------------------------------- */

static void an_initiator_whose_policy_denies_shows_nothing(void **state)
{
	const struct party_pair *f = *state;

	f->a->policy = PARTY_DENIES;
	(void)party_dial(f->a, party_start, f->b);
	(void)party_pass(f->a, f->b, party_start);
	(void)party_pass(f->b, f->a, party_start);
	assert_null(party_next(f->a));
	assert_int_equal(party_count(f->a, SESSION_KEYS), 0);
	assert_int_equal(party_count(f->a, SESSION_ESTABLISHED), 0);
	assert_int_equal(party_last(f->a, SESSION_CLOSED)->reason.err, ERR_DENIED);
}

static void a_responder_whose_policy_denies_says_so_and_no_more(void **state)
{
	const struct party_pair *f = *state;

	f->b->policy = PARTY_DENIES;
	(void)party_dial(f->a, party_start, f->b);
	party_exchange(f->a, f->b, party_start);
	assert_int_equal(party_count(f->b, SESSION_ESTABLISHED), 0);
	assert_int_equal(party_last(f->b, SESSION_CLOSED)->reason.err, ERR_DENIED);
	assert_int_equal(party_last(f->a, SESSION_CLOSED)->reason.close, FRAME_CLOSE_DENIED);
	assert_true(party_last(f->a, SESSION_CLOSED)->reason.remote);
	assert_int_equal(party_count(f->b, SESSION_KEYS), party_count(f->b, SESSION_FORGET));
	assert_int_equal(sessions_counters(f->b->sessions).sessions, 0);
}

static void a_policy_that_never_answers_ends_at_20_s(void **state)
{
	const struct party_pair *f = *state;

	f->a->policy = PARTY_IS_SILENT;
	f->b->policy = PARTY_IS_SILENT;
	(void)party_dial(f->a, party_start, f->b);
	party_exchange(f->a, f->b, party_start);
	party_drain(f->a, party_later_ms(19999));
	assert_int_equal(party_count(f->a, SESSION_CLOSED), 0);
	assert_int_equal(party_count(f->a, SESSION_KEYS), 0);
	party_drain(f->a, party_later_ms(20000));
	assert_int_equal(party_last(f->a, SESSION_CLOSED)->reason.err, ERR_TIMEOUT);
}

static void answers_that_nobody_asked_for_are_ignored(void **state)
{
	const struct party_pair *f = *state;
	struct handle session;

	session = party_dial(f->a, party_start, f->b);
	sessions_answer(f->a->sessions, party_start, session, true); /* before the question */
	sessions_answer(f->a->sessions, party_start, HANDLE_NONE, true);
	party_drain(f->a, party_start);
	assert_int_equal(party_count(f->a, SESSION_KEYS), 0);
	party_exchange(f->a, f->b, party_start);
	sessions_answer(f->a->sessions, party_start, session, false); /* after it */
	party_drain(f->a, party_start);
	assert_int_equal(party_count(f->a, SESSION_CLOSED), 0);
}

/* -- the end --------------------------------------------------------------------------------- */

static void closing_tells_the_peer_and_forgets_all_keys(void **state)
{
	const struct party_pair *f = *state;

	party_connect(f->a, f->b, party_start);
	sessions_close(f->a->sessions, party_start, party_session(f->a), FRAME_CLOSE_SHUTDOWN);
	party_exchange(f->a, f->b, party_start);
	assert_int_equal(party_last(f->a, SESSION_CLOSED)->reason.close, FRAME_CLOSE_SHUTDOWN);
	assert_int_equal(party_last(f->b, SESSION_CLOSED)->reason.close, FRAME_CLOSE_SHUTDOWN);
	assert_false(party_last(f->a, SESSION_CLOSED)->reason.remote);
	assert_true(party_last(f->b, SESSION_CLOSED)->reason.remote);
	assert_int_equal(party_count(f->a, SESSION_FORGET), 1);
	assert_int_equal(party_count(f->b, SESSION_FORGET), 1);
	assert_int_equal(sessions_counters(f->a->sessions).sessions, 0);
	assert_int_equal(sessions_counters(f->b->sessions).sessions, 0);
}

static void closing_a_dial_is_silent(void **state)
{
	const struct party_pair *f = *state;
	const struct handle session = party_dial(f->a, party_start, f->b);

	party_lose(f->a);
	sessions_close(f->a->sessions, party_start, session, FRAME_CLOSE_SHUTDOWN);
	party_drain(f->a, party_start);
	assert_null(party_next(f->a));
	assert_int_equal(party_count(f->a, SESSION_CLOSED), 1);
}

/* Of one that is dialled and of one that stands: what people get to read. */
static void closing_says_why(void **state)
{
	static const struct {
		enum frame_close_reason reason;
		const char *dialled, *stood;
	} cases[] = {
		{ FRAME_CLOSE_IDLE, "no answer in time", "stopped answering" },
		{ FRAME_CLOSE_REPLACED, "another session with this peer",
		  "another session with this peer" },
		{ FRAME_CLOSE_DENIED, "policy does not admit", "policy does not admit" },
		{ FRAME_CLOSE_UNNEEDED, "in reserve", "in reserve" },
		{ FRAME_CLOSE_DOUBLE, "two machines have its key", "two machines have its key" },
		{ FRAME_CLOSE_SHUTDOWN, "closed by us", "closed by us" },
	};
	const struct party_pair *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct handle dialled = party_dial(f->a, party_start, f->b);

		party_lose(f->a);
		sessions_close(f->a->sessions, party_start, dialled, cases[i].reason);
		party_drain(f->a, party_start);
		assert_ptr_equal(
			strstr(party_last(f->a, SESSION_CLOSED)->reason.text, cases[i].dialled),
			party_last(f->a, SESSION_CLOSED)->reason.text);
		party_connect(f->a, f->b, party_start);
		sessions_close(f->a->sessions, party_start, party_session(f->a), cases[i].reason);
		party_exchange(f->a, f->b, party_start);
		assert_ptr_equal(
			strstr(party_last(f->a, SESSION_CLOSED)->reason.text, cases[i].stood),
			party_last(f->a, SESSION_CLOSED)->reason.text);
	}
}

/* Item 14 of the list of what can go wrong: nothing of an old session is reached by its handle. */
static void item_14_handles_of_closed_sessions_are_stale(void **state)
{
	const struct party_pair *f = *state;
	struct handle old;
	struct handle next;

	party_connect(f->a, f->b, party_start);
	old = party_session(f->a);
	sessions_close(f->a->sessions, party_start, old, FRAME_CLOSE_SHUTDOWN);
	party_exchange(f->a, f->b, party_start);
	party_connect(f->a, f->b, party_start);
	next = party_session(f->a);
	assert_int_equal(old.index, next.index); /* the same place */
	assert_null(party_peer(f->a, old));
	assert_int_equal(
		sessions_frame(f->a->sessions, party_start, old, FRAME_CLOSE, span_of("\1", 1)),
		ERR_STALE);
	sessions_answer(f->a->sessions, party_start, old, false);
	sessions_close(f->a->sessions, party_start, old, FRAME_CLOSE_SHUTDOWN);
	party_drain(f->a, party_start);
	assert_true(handle_equal(party_session(f->a), next));
}

static void frames_before_a_session_stands_are_refused(void **state)
{
	const struct party_pair *f = *state;
	const struct handle session = party_dial(f->a, party_start, f->b);

	assert_int_equal(
		sessions_frame(f->a->sessions, party_start, session, FRAME_CLOSE, span_of("\1", 1)),
		ERR_STALE);
	party_exchange(f->a, f->b, party_start);
	assert_int_equal(sessions_frame(f->a->sessions, party_start, session, FRAME_CLOSE,
					span_of("\1\1", 2)),
			 ERR_MALFORMED);
	assert_int_equal(
		sessions_frame(f->a->sessions, party_start, session, FRAME_PROBE, span_of("", 0)),
		ERR_UNSUPPORTED);
	assert_int_equal(sessions_counters(f->a->sessions).frames_refused, 3);
	assert_int_equal(party_count(f->a, SESSION_CLOSED), 0);
}

static void each_move_is_traced(void **state)
{
	static const char *const moves[] = { "FREE>DIALLING", "DIALLING>ASKING",
					     "ASKING>CONFIRMING", "CONFIRMING>ESTABLISHED",
					     "ESTABLISHED>CLOSED" };
	const struct party_pair *f = *state;
	struct trace_record record;

	party_connect(f->a, f->b, party_start);
	sessions_close(f->a->sessions, party_start, party_session(f->a), FRAME_CLOSE_IDLE);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		const char *const arrow = strchr(moves[i], '>');

		assert_true(trace_poll(&f->a->trace, &record));
		assert_string_equal(record.machine, "session");
		assert_memory_equal(record.from, moves[i], (size_t)(arrow - moves[i]));
		assert_string_equal(record.to, arrow + 1);
	}
	assert_false(trace_poll(&f->a->trace, &record));
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, party_pair_set_up, party_pair_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_messages_make_a_session),
		TEST(packets_flow_both_ways),
		TEST(peer_is_known_from_asking_on),
		TEST(a_dial_awaits_an_answer_to_its_m0),
		TEST(the_peer_says_how_it_sees_us),
		TEST(crl_numbers_are_told),
		TEST(p256_members_meet_too),
		cmocka_unit_test_setup_teardown(open_networks_need_no_secret,
						party_pair_set_up_open, party_pair_tear_down),
		TEST(carried_exact_target),
		TEST(a_carried_dial_goes_on_by_another_link),
		TEST(carried_prefix_target),
		TEST(carried_nearest_target),
		TEST(raw_targets_must_be_exact_and_not_ourselves),
		TEST(m0_is_repeated_until_the_dial_ends),
		TEST(m0_is_hastened_in_measure),
		TEST(m2_is_repeated_until_it_is_confirmed),
		TEST(a_dial_ends_at_20_s_and_not_before),
		TEST(a_repeated_m2_is_answered_with_an_empty_frame),
		TEST(a_half_open_handshake_lives_10_s),
		TEST(late_messages_are_late_before_any_poll),
		TEST(an_initiator_whose_policy_denies_shows_nothing),
		TEST(a_responder_whose_policy_denies_says_so_and_no_more),
		TEST(a_policy_that_never_answers_ends_at_20_s),
		TEST(answers_that_nobody_asked_for_are_ignored),
		TEST(closing_tells_the_peer_and_forgets_all_keys),
		TEST(closing_a_dial_is_silent),
		TEST(closing_says_why),
		TEST(item_14_handles_of_closed_sessions_are_stale),
		TEST(frames_before_a_session_stands_are_refused),
		TEST(each_move_is_traced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
