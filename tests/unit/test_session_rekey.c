/* test_session_rekey.c - keys change in time, on both sides, whatever is lost; who is no longer
 * welcome is noticed then. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "tests/lib/party.h"

#define HOUR_MS UINT64_C(3600000)

/* Both ends run up to that instant, and nothing is lost. */
static void pass_time(const struct party_pair *p, uint64_t until_ms)
{
	party_run(p->a, until_ms);
	party_run(p->b, until_ms);
	party_exchange(p->a, p->b, party_later_ms(until_ms));
}

/* A session of a's, in which a packet went at 0 ms. */
static void begin_with_ip(const struct party_pair *p)
{
	party_connect(p->a, p->b, party_start);
	assert_true(party_send(p->a, party_start, party_session(p->a), FRAME_IP));
	party_exchange(p->a, p->b, party_start);
}

static uint32_t rekeys(const struct party *party)
{
	return (uint32_t)sessions_counters(party->sessions).rekeys;
}

static void due_120_s_after_the_first_ip_packet(void **state)
{
	const struct party_pair *p = *state;

	begin_with_ip(p);
	assert_true(party_send(p->a, party_later_ms(60000), party_session(p->a), FRAME_IP));
	pass_time(p, 119999);
	assert_int_equal(rekeys(p->a), 0);
	pass_time(p, 120000);
	assert_int_equal(rekeys(p->a), 1);
	assert_int_equal(rekeys(p->b), 1);
	assert_true(party_is_joined(p->a, p->b));
}

static void due_1_h_after_birth_without_ip(void **state)
{
	const struct party_pair *p = *state;

	party_connect(p->a, p->b, party_start);
	pass_time(p, HOUR_MS - 1);
	assert_int_equal(rekeys(p->a), 0);
	pass_time(p, HOUR_MS);
	assert_int_equal(rekeys(p->a), 1);
	assert_true(party_is_joined(p->a, p->b));
}

static void due_after_2_to_the_32_packets(void **state)
{
	const struct party_pair *p = *state;
	uint32_t local_index;

	party_connect(p->a, p->b, party_start);
	local_index = party_last(p->a, SESSION_KEYS)->local_index;
	sessions_used(p->a->sessions, party_start, local_index, SESSION_USE_SENT,
		      SESSION_REKEY_PACKETS - 1);
	pass_time(p, 1);
	assert_int_equal(rekeys(p->a), 0);
	sessions_used(p->a->sessions, party_later_ms(1), local_index, SESSION_USE_SENT,
		      SESSION_REKEY_PACKETS);
	pass_time(p, 2);
	assert_int_equal(rekeys(p->a), 1);
}

/* Other indices, other keys, counters from 0; the old keys go on receiving until their stop. */
static void new_keys_have_nothing_of_the_old_ones(void **state)
{
	const struct party_pair *p = *state;
	struct party_keyset before[2];
	const struct party_out *out;
	struct datagram_header header;

	begin_with_ip(p);
	before[0] = p->a->keysets[0];
	before[1] = p->b->keysets[0];
	pass_time(p, 120000);
	assert_int_equal(party_count(p->a, SESSION_KEYS), 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct party_keyset *now = i == 0 ? &p->a->keysets[1] : &p->b->keysets[1];

		assert_int_not_equal(now->local_index, before[i].local_index);
		assert_memory_not_equal(now->send_key, before[i].send_key, AEAD_KEY_BYTES);
		assert_memory_not_equal(now->receive_key, before[i].receive_key, AEAD_KEY_BYTES);
		assert_memory_not_equal(now->send_key, now->receive_key, AEAD_KEY_BYTES);
	}
	assert_true(party_send(p->a, party_later_ms(120000), party_session(p->a), FRAME_IP));
	out = party_next(p->a);
	assert_int_equal(datagram_header_decode(span_of(out->bytes, out->len), &header), 0);
	assert_int_equal(header.counter, 1); /* the empty frame was 0 */
	assert_int_equal(header.receiver, p->b->keysets[1].local_index);
}

static void old_keys_receive_until_their_stop_and_are_forgotten_then(void **state)
{
	const struct party_pair *p = *state;
	struct party_out late;
	uint32_t old_index;

	begin_with_ip(p);
	old_index = party_last(p->b, SESSION_KEYS)->local_index;
	party_run(p->a, 119999);
	assert_true(party_send(p->a, party_later_ms(119999), party_session(p->a), FRAME_IP));
	late = *party_next(p->a); /* takes its time */
	pass_time(p, 120000);
	pass_time(p, 179999);
	assert_int_equal(party_count(p->b, SESSION_FORGET), 0);
	assert_int_equal(party_receive(p->b, party_later_ms(179999), &p->a->address,
				       span_of(late.bytes, late.len)),
			 0);
	pass_time(p, 180000);
	assert_int_equal(party_count(p->b, SESSION_FORGET), 1);
	assert_int_equal(party_last(p->b, SESSION_FORGET)->local_index, old_index);
	assert_true(party_is_joined(p->a, p->b));
}

/* The initiator may have lost the answer: until a packet of its comes under the new keys, the
 * responder sends under the old ones. */
static void the_responder_waits_for_a_packet_under_the_new_keys(void **state)
{
	const struct party_pair *p = *state;
	const struct now now = party_later_ms(120000);
	struct datagram_header header;
	const struct party_out *out;

	begin_with_ip(p);
	party_run(p->a, 120000);
	(void)party_pass(p->a, p->b, now); /* REKEY */
	assert_true(party_send(p->b, now, party_session(p->b), FRAME_IP));
	(void)party_pass(p->b, p->a, now); /* its answer */
	out = party_next(p->b);
	assert_int_equal(datagram_header_decode(span_of(out->bytes, out->len), &header), 0);
	assert_int_equal(header.receiver, p->a->keysets[0].local_index);
	(void)party_pass(p->a, p->b, now); /* the empty frame */
	assert_true(party_send(p->b, now, party_session(p->b), FRAME_IP));
	out = party_next(p->b);
	assert_int_equal(datagram_header_decode(span_of(out->bytes, out->len), &header), 0);
	assert_int_equal(header.receiver, p->a->keysets[1].local_index);
}

/* All confirmations are lost: the responder turns to the new keys when the old ones stop. */
static void an_unconfirmed_responder_changes_at_the_stop(void **state)
{
	const struct party_pair *p = *state;

	begin_with_ip(p);
	party_run(p->a, 120000);
	(void)party_pass(p->a, p->b, party_later_ms(120000));
	(void)party_pass(p->b, p->a, party_later_ms(120000));
	party_lose(p->a);
	party_run(p->b, 179999);
	assert_int_equal(party_count(p->b, SESSION_SEND_WITH), 1);
	party_run(p->b, 180000);
	assert_int_equal(party_count(p->b, SESSION_SEND_WITH), 2);
	assert_int_equal(party_count(p->b, SESSION_CLOSED), 0);
	assert_true(party_is_joined(p->a, p->b));
}

static void rekey_is_repeated_each_second_until_the_stop_closes(void **state)
{
	const struct party_pair *p = *state;
	uint64_t last_ms = 0;
	unsigned count = 0;

	begin_with_ip(p);
	for (uint64_t ms = 119990; ms < 180000; ms++) {
		party_run(p->a, ms);
		if (party_next(p->a) == NULL)
			continue;
		assert_int_equal(p->a->frame.kind, FRAME_REKEY);
		if (count++ > 0)
			assert_in_range(ms - last_ms, 900, 1101);
		last_ms = ms;
	}
	assert_in_range(count, 55, 66);
	assert_int_equal(party_count(p->a, SESSION_CLOSED), 0);
	party_run(p->a, 180000);
	assert_null(party_next(p->a)); /* nothing to seal with */
	assert_int_equal(party_last(p->a, SESSION_CLOSED)->reason.err, ERR_EXPIRED);
	assert_int_equal(party_count(p->a, SESSION_FORGET), 1);
}

static void without_ip_the_stop_is_at_90_minutes(void **state)
{
	const struct party_pair *p = *state;

	party_connect(p->a, p->b, party_start);
	for (uint64_t ms = HOUR_MS; ms < HOUR_MS * 3 / 2; ms += 60000) {
		party_run(p->a, ms);
		party_lose(p->a);
	}
	party_run(p->a, HOUR_MS * 3 / 2 - 1);
	party_lose(p->a);
	assert_int_equal(party_count(p->a, SESSION_CLOSED), 0);
	party_run(p->a, HOUR_MS * 3 / 2);
	assert_int_equal(party_last(p->a, SESSION_CLOSED)->reason.err, ERR_EXPIRED);
}

static void a_lost_answer_is_given_again_and_is_the_same(void **state)
{
	const struct party_pair *p = *state;
	uint8_t answer[64];

	begin_with_ip(p);
	party_run(p->a, 120000);
	(void)party_pass(p->a, p->b, party_later_ms(120000));
	memcpy(answer, p->b->frame.payload, sizeof(answer));
	party_lose(p->b);
	for (uint64_t ms = 122000; ms < 130000; ms += 2000) {
		party_run(p->a, ms);
		(void)party_pass(p->a, p->b, party_later_ms(ms));
		party_lose(p->a);
		assert_int_equal(p->b->frame.kind, FRAME_REKEY_ACK);
		assert_memory_equal(answer, p->b->frame.payload, sizeof(answer));
		if (ms < 128000)
			party_lose(p->b);
	}
	party_exchange(p->a, p->b, party_later_ms(130000));
	assert_int_equal(party_count(p->b, SESSION_KEYS), 2);
	assert_int_equal(rekeys(p->a), 1);
	assert_true(party_is_joined(p->a, p->b));
}

/* Only the responder knows of the packet: it asks 5 s after the time, each second. */
static void the_responder_asks_when_the_initiator_is_late(void **state)
{
	const struct party_pair *p = *state;

	party_connect(p->a, p->b, party_start);
	assert_true(party_send(p->b, party_start, party_session(p->b), FRAME_IP));
	party_lose(p->b);
	party_run(p->b, 124999);
	assert_null(party_next(p->b));
	party_run(p->b, 125000);
	assert_int_equal(p->b->frame.kind, FRAME_REKEY_WANTED);
	party_lose(p->b);
	party_run(p->b, 126101);
	assert_non_null(party_next(p->b));
	pass_time(p, 128000);
	assert_int_equal(rekeys(p->a), 1);
	assert_int_equal(rekeys(p->b), 1);
	assert_true(party_is_joined(p->a, p->b));
}

static void only_the_initiator_starts(void **state)
{
	const struct party_pair *p = *state;
	uint8_t rekey[64];
	size_t len;
	uint32_t asked;

	begin_with_ip(p);
	party_run(p->a, 120000);
	len = p->a->frame.len;
	memcpy(rekey, p->a->frame.payload, len);
	asked = party_count(p->a, SESSION_ASK);
	assert_int_equal(sessions_frame(p->a->sessions, party_later_ms(120000), party_session(p->a),
					FRAME_REKEY, span_of(rekey, len)),
			 ERR_DENIED);
	assert_int_equal(sessions_frame(p->b->sessions, party_later_ms(120000), party_session(p->b),
					FRAME_REKEY_ACK, span_of(rekey, len)),
			 ERR_STALE);
	assert_int_equal(sessions_frame(p->b->sessions, party_later_ms(120000), party_session(p->b),
					FRAME_REKEY_WANTED, span_of("", 0)),
			 ERR_DENIED);
	party_drain(p->a, party_later_ms(120000));
	assert_int_equal(party_count(p->a, SESSION_ASK), asked);
	party_exchange(p->a, p->b, party_later_ms(120000));
	assert_int_equal(rekeys(p->b), 1);
}

/* While policy thinks about the first one, the same again gets no answer, and another one nothing
 * either. */
static void one_rekey_at_a_time(void **state)
{
	const struct party_pair *p = *state;
	const struct now now = party_later_ms(120000);
	uint8_t rekey[64];
	size_t len;

	begin_with_ip(p);
	p->b->policy = PARTY_IS_SILENT;
	party_run(p->a, 120000);
	len = p->a->frame.len;
	memcpy(rekey, p->a->frame.payload, len);
	assert_int_equal(party_pass(p->a, p->b, now), 0);
	assert_int_equal(party_count(p->b, SESSION_ASK), 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sessions_frame(p->b->sessions, now, party_session(p->b),
						FRAME_REKEY, span_of(rekey, len)),
				 ERR_STALE);
		party_drain(p->b, now);
		assert_null(party_next(p->b));
		rekey[len - 1] ^= 1;
	}
	assert_int_equal(rekeys(p->b), 0);
}

static void rekeys_are_10_s_apart_whoever_asks(void **state)
{
	const struct party_pair *p = *state;
	const struct handle session = (party_connect(p->a, p->b, party_start), party_session(p->a));
	const struct span nothing = span_of("", 0);

	assert_int_equal(
		sessions_frame(p->a->sessions, party_start, session, FRAME_REKEY_WANTED, nothing),
		0);
	pass_time(p, 0);
	assert_int_equal(rekeys(p->a), 1);
	assert_int_equal(
		sessions_frame(p->a->sessions, party_start, session, FRAME_REKEY_WANTED, nothing),
		0);
	pass_time(p, 9999);
	assert_int_equal(rekeys(p->a), 1);
	pass_time(p, 10000);
	assert_int_equal(rekeys(p->a), 2);
	/* An initiator whose clock runs fast is refused by the responder's. */
	assert_int_equal(sessions_frame(p->a->sessions, party_later_ms(10000), session,
					FRAME_REKEY_WANTED, nothing),
			 0);
	party_run(p->a, 20000);
	assert_int_equal(party_pass(p->a, p->b, party_later_ms(19999)), ERR_FULL);
	assert_int_equal(rekeys(p->b), 2);
	pass_time(p, 21500);
	assert_int_equal(rekeys(p->b), 3);
}

/* Item 5: whether the peer may still be here is asked at each rekey, on both sides. */
static void item_05_policy_is_asked_again(void **state)
{
	const struct party_pair *p = *state;

	sessions_set_crl_number(p->a->sessions, 31);
	begin_with_ip(p);
	sessions_set_crl_number(p->a->sessions, 32);
	sessions_set_crl_number(p->b->sessions, 33);
	pass_time(p, 120000);
	for (unsigned i = 0; i < 2; i++) {
		const struct party *party = i == 0 ? p->a : p->b;

		assert_int_equal(party_count(party, SESSION_ASK), 2);
		assert_true(party_last(party, SESSION_ASK)->peer.rekey);
		assert_int_equal(party_last(party, SESSION_ASK)->peer.crl_number, i == 0 ? 33 : 32);
	}
}

static void item_05_a_responder_that_denies_closes(void **state)
{
	const struct party_pair *p = *state;

	begin_with_ip(p);
	p->b->policy = PARTY_DENIES;
	pass_time(p, 120000);
	assert_int_equal(party_last(p->b, SESSION_CLOSED)->reason.err, ERR_DENIED);
	assert_int_equal(party_last(p->a, SESSION_CLOSED)->reason.close, FRAME_CLOSE_DENIED);
	assert_true(party_last(p->a, SESSION_CLOSED)->reason.remote);
	assert_int_equal(party_count(p->b, SESSION_KEYS), 1); /* no new ones were handed out */
	assert_int_equal(party_count(p->b, SESSION_FORGET), 1);
}

static void item_05_an_initiator_that_denies_closes(void **state)
{
	const struct party_pair *p = *state;

	begin_with_ip(p);
	p->a->policy = PARTY_DENIES;
	pass_time(p, 120000);
	assert_int_equal(party_last(p->a, SESSION_CLOSED)->reason.err, ERR_DENIED);
	assert_int_equal(party_last(p->b, SESSION_CLOSED)->reason.close, FRAME_CLOSE_DENIED);
	assert_int_equal(party_count(p->a, SESSION_KEYS), 1);
}

/* A day and the five minutes of grace: whoever's certificate ends is cut off at the next rekey. */
static void certificates_are_judged_again(void **state)
{
	const struct party_pair *p = *state;
	const uint64_t end_ms = UINT64_C(24) * HOUR_MS + 300000;

	for (unsigned i = 0; i < 3; i++) { /* 0: the initiator's, 1: the responder's, 2: in time */
		struct party_pair q = *p;
		const uint64_t start_ms = end_ms - (i == 2 ? 121000 : 60000);

		p->group->days = i == 1 ? 365 : 1;
		q.a = party_new(p->group, 5);
		p->group->days = i == 0 ? 365 : 1;
		q.b = party_new(p->group, 6);
		party_connect(q.a, q.b, party_later_ms(start_ms));
		assert_true(
			party_send(q.a, party_later_ms(start_ms), party_session(q.a), FRAME_IP));
		party_exchange(q.a, q.b, party_later_ms(start_ms));
		pass_time(&q, start_ms + 120000);
		assert_int_equal(rekeys(q.a), i == 2);
		if (i < 2) {
			const struct party *judge = i == 0 ? q.b : q.a;
			const struct party *judged = i == 0 ? q.a : q.b;

			assert_int_equal(party_last(judge, SESSION_CLOSED)->reason.err,
					 ERR_EXPIRED);
			assert_int_equal(party_last(judged, SESSION_CLOSED)->reason.close,
					 FRAME_CLOSE_DENIED);
		}
		party_del(q.a);
		party_del(q.b);
	}
}

/* Index and Noise bytes; the CRL number between them is protected by the frame's own seal. */
static bool is_bound(size_t byte)
{
	return byte < 4 || byte >= 12;
}

static void each_bit_of_a_rekey_counts(void **state)
{
	const struct party_pair *p = *state;
	const struct now now = party_later_ms(120000);
	uint8_t frame[64];
	size_t len;

	begin_with_ip(p);
	party_run(p->a, 120000);
	len = p->a->frame.len;
	memcpy(frame, p->a->frame.payload, len);
	for (size_t bit = 0; bit < len * 8; bit++) {
		if (!is_bound(bit / 8))
			continue;
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(sessions_frame(p->b->sessions, now, party_session(p->b),
						    FRAME_REKEY, span_of(frame, len)),
				     0);
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(sessions_frame(p->b->sessions, now, party_session(p->b),
						FRAME_REKEY, span_of(frame, cut)),
				 ERR_MALFORMED);
	party_drain(p->b, now);
	assert_int_equal(party_count(p->b, SESSION_ASK), 1);
	assert_null(party_next(p->b));
	party_exchange(p->a, p->b, now);
	assert_int_equal(rekeys(p->b), 1);
}

static void each_bit_of_the_answer_counts(void **state)
{
	const struct party_pair *p = *state;
	const struct now now = party_later_ms(120000);
	uint8_t frame[64];
	size_t len;

	begin_with_ip(p);
	party_run(p->a, 120000);
	(void)party_pass(p->a, p->b, now);
	len = p->b->frame.len;
	memcpy(frame, p->b->frame.payload, len);
	for (size_t bit = 12UL * 8; bit < len * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(sessions_frame(p->a->sessions, now, party_session(p->a),
						    FRAME_REKEY_ACK, span_of(frame, len)),
				     0);
		frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	party_exchange(p->a, p->b, now);
	assert_int_equal(rekeys(p->a), 1);
	assert_true(party_is_joined(p->a, p->b));
}

/* A rekey of another session, also of the same pair, hangs on another chain of keys. */
static void rekeys_do_not_fit_another_session(void **state)
{
	const struct party_pair *p = *state;
	struct party *c = party_new(p->group, 3);
	const struct now now = party_later_ms(120000);

	begin_with_ip(p);
	party_connect(c, p->b, party_start);
	assert_true(party_send(c, party_start, party_session(c), FRAME_IP));
	party_exchange(c, p->b, party_start);
	party_run(c, 120000);
	assert_int_equal(c->frame.kind, FRAME_REKEY);
	assert_int_equal(sessions_frame(p->b->sessions, now, p->b->keysets[0].session, FRAME_REKEY,
					span_of(c->frame.payload, c->frame.len)),
			 ERR_AUTH);
	party_del(c);
}

static unsigned keysets(const struct party *party)
{
	unsigned count = 0;

	for (size_t i = 0; i < PARTY_KEYSETS_MAX; i++)
		count += party->keysets[i].keyset != NULL;
	return count;
}

static void a_session_keeps_four_key_sets_at_most(void **state)
{
	const struct party_pair *p = *state;

	party_connect(p->a, p->b, party_start);
	for (uint64_t ms = 0; ms < 200000; ms += 10000) {
		assert_int_equal(sessions_frame(p->a->sessions, party_later_ms(ms),
						party_session(p->a), FRAME_REKEY_WANTED,
						span_of("", 0)),
				 0);
		pass_time(p, ms);
		pass_time(p, ms + 2200); /* room is made in between */
		assert_in_range(keysets(p->a), 1, 4);
		assert_in_range(keysets(p->b), 1, 4);
		assert_true(party_is_joined(p->a, p->b));
	}
	assert_in_range(rekeys(p->b), 10, 20);
}

static void a_day_of_traffic_is_a_day_of_rekeys(void **state)
{
	const struct party_pair *p = *state;

	party_connect(p->a, p->b, party_start);
	for (uint64_t ms = 0; ms < 24 * HOUR_MS; ms += 7000) {
		p->a->note_count = p->a->note_count > PARTY_NOTES_MAX / 2 ? 3 : p->a->note_count;
		p->b->note_count = p->b->note_count > PARTY_NOTES_MAX / 2 ? 5 : p->b->note_count;
		pass_time(p, ms);
		assert_true(party_send(p->a, party_later_ms(ms), p->a->links[0].session, FRAME_IP));
		assert_true(party_send(p->b, party_later_ms(ms), p->b->links[0].session, FRAME_IP));
		party_exchange(p->a, p->b, party_later_ms(ms));
	}
	assert_int_equal(p->a->packets, p->b->packets);
	assert_int_equal(p->a->packets, 24 * HOUR_MS / 7000 + 1);
	assert_in_range(rekeys(p->a), 650, 720);
	assert_in_range(keysets(p->a), 1, 3);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, party_pair_set_up, party_pair_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(due_120_s_after_the_first_ip_packet),
		TEST(due_1_h_after_birth_without_ip),
		TEST(due_after_2_to_the_32_packets),
		TEST(new_keys_have_nothing_of_the_old_ones),
		TEST(old_keys_receive_until_their_stop_and_are_forgotten_then),
		TEST(the_responder_waits_for_a_packet_under_the_new_keys),
		TEST(an_unconfirmed_responder_changes_at_the_stop),
		TEST(rekey_is_repeated_each_second_until_the_stop_closes),
		TEST(without_ip_the_stop_is_at_90_minutes),
		TEST(a_lost_answer_is_given_again_and_is_the_same),
		TEST(the_responder_asks_when_the_initiator_is_late),
		TEST(only_the_initiator_starts),
		TEST(one_rekey_at_a_time),
		TEST(rekeys_are_10_s_apart_whoever_asks),
		TEST(item_05_policy_is_asked_again),
		TEST(item_05_a_responder_that_denies_closes),
		TEST(item_05_an_initiator_that_denies_closes),
		TEST(certificates_are_judged_again),
		TEST(each_bit_of_a_rekey_counts),
		TEST(each_bit_of_the_answer_counts),
		TEST(rekeys_do_not_fit_another_session),
		TEST(a_session_keeps_four_key_sets_at_most),
		TEST(a_day_of_traffic_is_a_day_of_rekeys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
