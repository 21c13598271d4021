/* test_session_bits.c - every bit and every length of every handshake message, and each message in
 * the place of another: never accepted, and never in the way of the true one.
 *
 * The messages are first harmed as anybody on the way can. Then mac1 is made right again after each
 * harm, as only a member can, so that what lies behind it is tried bit by bit too. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "tests/lib/forger.h"

#include <stdlib.h>

/* The three messages of a handshake between a and b that are still on their way. */
struct scene {
	struct party_group *group;
	struct party *a, *b, *c;
	struct forger forger; /* for its mac1 key */
	struct party_out m0, m1, m2;
};

static int set_up_with(void **state, enum handshake_carriage carriage)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct party_pair *pair;

	assert_non_null(s);
	(void)party_pair_set_up((void **)&pair);
	s->group = pair->group;
	s->a = pair->a;
	s->b = pair->b;
	free(pair);
	s->c = party_new(s->group, 3);
	s->a->address.carriage = s->b->address.carriage = carriage;
	forger_init(&s->forger, s->group, s->c);
	network_mac1_key(&s->forger.network, &s->forger.network.epochs[0], &s->b->certificate.id,
			 s->forger.mac1_key);
	(void)party_dial(s->a, party_start, s->b);
	s->m0 = *party_next(s->a);
	*state = s;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, HANDSHAKE_RAW);
}

static int set_up_carried(void **state)
{
	return set_up_with(state, HANDSHAKE_CARRIED);
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	forger_free(&s->forger);
	party_del(s->a);
	party_del(s->b);
	party_del(s->c);
	party_group_del(s->group);
	free(s);
	return 0;
}

static int give(struct party *to, const struct party *from, const struct party_out *out)
{
	return party_receive(to, party_start, &from->address, span_of(out->bytes, out->len));
}

static void reach_m1(struct scene *s)
{
	assert_int_equal(give(s->b, s->a, &s->m0), 0);
	s->m1 = *party_next(s->b);
	assert_int_equal(s->m1.bytes[0], DATAGRAM_M1);
}

static void reach_m2(struct scene *s)
{
	reach_m1(s);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	s->m2 = *party_next(s->a);
	assert_int_equal(s->m2.bytes[0], DATAGRAM_M2);
}

/* The true messages, from where things stand, lead to the session of a and b and to no other. */
static void assert_ends_well(struct scene *s)
{
	party_exchange(s->a, s->b, party_start);
	assert_true(party_is_joined(s->a, s->b));
	assert_int_equal(party_count(s->a, SESSION_ESTABLISHED), 1);
	assert_int_equal(party_count(s->b, SESSION_ESTABLISHED), 1);
	assert_true(
		id_equal(&party_last(s->a, SESSION_ESTABLISHED)->peer_id, &s->b->certificate.id));
	assert_true(
		id_equal(&party_last(s->b, SESSION_ESTABLISHED)->peer_id, &s->a->certificate.id));
}

/* From another source each time, so that what is tried here is not the limit of sources. */
static int give_anew(struct party *to, const struct party *from, const struct party_out *out,
		     size_t number)
{
	struct carrier carrier = from->address;

	carrier.source[1] = (uint8_t)(number >> 8);
	carrier.source[2] = (uint8_t)number;
	return party_receive(to, party_start, &carrier, span_of(out->bytes, out->len));
}

static void flip(struct party_out *out, size_t bit)
{
	out->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
}

/* Gives each one-bit harm of bytes [first, end) of a message to whom it is for, with mac1 mended if
 * `answered` is given; none may have any effect that is seen outside. */
static void flip_each(struct scene *s, const struct party_out *message, size_t first, size_t end,
		      const struct span *answered)
{
	struct party *const to = message->bytes[0] == DATAGRAM_M1 ? s->a : s->b;
	const struct party *const from = to == s->a ? s->b : s->a;
	const uint32_t notes = to->note_count;

	for (size_t bit = first * 8; bit < end * 8; bit++) {
		struct party_out harmed = *message;

		flip(&harmed, bit);
		if (answered != NULL)
			forger_mend(&s->forger, harmed.bytes, harmed.len, *answered);
		if (give(to, from, &harmed) == 0)
			fail_msg("bit %zu of message %u was accepted", bit, message->bytes[0]);
		assert_null(party_next(to));
	}
	assert_int_equal(to->note_count, notes);
}

/* -- one bit ----------------------------------------------------------------------------------- */

/* mac2 (bytes 72 to 88) is not looked at in calm: there M0 is what it was, and is answered. */
static void each_bit_of_m0(void **state)
{
	struct scene *s = *state;

	flip_each(s, &s->m0, 0, 72, NULL);
	flip_each(s, &s->m0, 88, HANDSHAKE_M0_BYTES, NULL);
	assert_int_equal(sessions_counters(s->b->sessions).half_open, 0);
	for (size_t bit = (size_t)72 * 8; bit < (size_t)88 * 8; bit++) {
		struct party_out harmed = s->m0;

		flip(&harmed, bit);
		assert_int_equal(give(s->b, s->a, &harmed), 0);
		party_lose(s->b);
	}
	assert_int_equal(sessions_counters(s->b->sessions).half_open, 1);
	reach_m1(s);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	assert_ends_well(s);
}

static void each_bit_of_m1(void **state)
{
	struct scene *s = *state;

	reach_m1(s);
	flip_each(s, &s->m1, 0, s->m1.len, NULL);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	assert_ends_well(s);
}

static void each_bit_of_m2(void **state)
{
	struct scene *s = *state;

	reach_m2(s);
	flip_each(s, &s->m2, 0, s->m2.len, NULL);
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
}

/* A member changed M0: its type, version, suite, epoch, sender, key or tag. */
static void each_bit_of_m0_behind_mac1(void **state)
{
	struct scene *s = *state;
	const struct span nothing = span_of(NULL, 0);

	for (size_t bit = 0; bit < (size_t)HANDSHAKE_M0_COVERED_BYTES * 8; bit++) {
		struct party_out harmed = s->m0;

		flip(&harmed, bit);
		if (bit < 8) /* another type, where mac1 stands elsewhere */
			assert_true(give_anew(s->b, s->a, &harmed, bit) < 0);
		else
			forger_mend(&s->forger, harmed.bytes, harmed.len, nothing);
		assert_true(give_anew(s->b, s->a, &harmed, bit) < 0);
		if (bit >= 8 && bit < 16) { /* VERSION, which a knows not to be for it */
			assert_int_equal(party_pass(s->b, s->a, party_start), ERR_AUTH);
		} else if (bit >= 16 && bit < 24 && party_next_type(s->b) != 0) {
			continue; /* VERSION again: another suite */
		}
		assert_null(party_next(s->b));
	}
	assert_int_equal(sessions_counters(s->b->sessions).half_open, 0);
	assert_int_equal(party_count(s->a, SESSION_CLOSED), 0);
	reach_m1(s);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	assert_ends_well(s);
}

/* M0's tag hides nothing from a member: its key comes of what M0 shows. So another sender can be
 * put under it, and then b's answer, turned back to a, must tell that b was asked something else.
 */
static void each_sender_of_m0_behind_its_tag(void **state)
{
	struct scene *s = *state;

	for (size_t bit = (size_t)4 * 8; bit < (size_t)8 * 8; bit++) {
		const struct span answered = span_of(s->m0.bytes + 8, HANDSHAKE_EPHEMERAL_BYTES);
		struct party_out harmed = s->m0;

		flip(&harmed, bit);
		forger_seal_m0(&s->forger, harmed.bytes, &s->b->certificate.id);
		assert_int_equal(give_anew(s->b, s->a, &harmed, bit), 0);
		s->m1 = *party_next(s->b);
		assert_int_equal(give(s->a, s->b, &s->m1), ERR_STALE);
		memcpy(s->m1.bytes + 4, s->m0.bytes + 4, 4);
		forger_mend(&s->forger, s->m1.bytes, s->m1.len, answered);
		assert_int_equal(give(s->a, s->b, &s->m1), ERR_AUTH);
	}
	reach_m1(s);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	assert_ends_well(s);
}

static void each_bit_of_m1_behind_mac1(void **state)
{
	struct scene *s = *state;
	const struct span answered = span_of(s->m0.bytes + 8, HANDSHAKE_EPHEMERAL_BYTES);

	reach_m1(s);
	flip_each(s, &s->m1, 1, s->m1.len - HANDSHAKE_MAC_BYTES, &answered);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	assert_ends_well(s);
}

static void each_bit_of_m2_behind_mac1(void **state)
{
	struct scene *s = *state;
	struct span answered;

	reach_m2(s);
	answered = span_of(s->m1.bytes + 12, HANDSHAKE_EPHEMERAL_BYTES);
	flip_each(s, &s->m2, 1, s->m2.len - HANDSHAKE_MAC_BYTES, &answered);
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
}

/* Over the overlay there is no mac1; the link's own seal stands in for it. */
static void each_bit_of_carried_messages(void **state)
{
	struct scene *s = *state;

	reach_m2(s);
	for (size_t bit = 0; bit < s->m0.len * 8; bit++) {
		struct party_out harmed = s->m0;

		flip(&harmed, bit);
		if (give_anew(s->c, s->a, &harmed, bit) == 0)
			fail_msg("c answered bit %zu", bit); /* it is for b, even so */
		assert_true(give_anew(s->b, s->a, &harmed, bit) < 0);
		party_lose(s->b);
		party_lose(s->c);
	}
	/* Without the type: with one bit changed it is an M0 of version 0, which is told so. */
	flip_each(s, &s->m2, 1, s->m2.len, NULL);
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
}

static void each_bit_of_a_carried_m1(void **state)
{
	struct scene *s = *state;

	reach_m1(s);
	flip_each(s, &s->m1, 0, s->m1.len, NULL);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	assert_ends_well(s);
}

/* -- lengths ----------------------------------------------------------------------------------- */

static void cut_each(struct scene *s, struct party *to, const struct party_out *message)
{
	const struct party *from = to == s->a ? s->b : s->a;

	for (size_t len = 0; len < message->len; len++) {
		struct party_out cut = *message;

		cut.len = len;
		assert_true(give(to, from, &cut) < 0);
		cut.len = message->len + 1 + len % 100;
		assert_true(give(to, from, &cut) < 0);
		assert_null(party_next(to));
	}
}

static void each_length_of_each_message(void **state)
{
	struct scene *s = *state;

	cut_each(s, s->b, &s->m0);
	reach_m1(s);
	cut_each(s, s->a, &s->m1);
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	s->m2 = *party_next(s->a);
	cut_each(s, s->b, &s->m2);
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
}

/* -- places ------------------------------------------------------------------------------------ */

/* Two runs of the same pair: no message of one fits into the other, mended or not. */
static void messages_of_two_runs_cannot_be_spliced(void **state)
{
	struct scene *s = *state;
	struct party_out other_m0;
	struct party_out other_m1;

	reach_m1(s);
	(void)party_dial(s->a, party_start, s->b);
	other_m0 = *party_next(s->a);
	assert_int_equal(give(s->b, s->a, &other_m0), 0);
	other_m1 = *party_next(s->b);
	for (unsigned mended = 0; mended < 2; mended++) { /* M1 of the second for the first */
		struct party_out spliced = other_m1;

		memcpy(spliced.bytes + 4, s->m1.bytes + 4, 4);
		if (mended != 0)
			forger_mend(&s->forger, spliced.bytes, spliced.len,
				    span_of(s->m0.bytes + 8, HANDSHAKE_EPHEMERAL_BYTES));
		assert_int_equal(give(s->a, s->b, &spliced), ERR_AUTH);
	}
	assert_int_equal(give(s->a, s->b, &s->m1), 0);
	s->m2 = *party_next(s->a);
	for (unsigned mended = 0; mended < 2; mended++) { /* M2 of the first for the second */
		struct party_out spliced = s->m2;

		memcpy(spliced.bytes + 4, other_m1.bytes + 8, 4);
		if (mended != 0)
			forger_mend(&s->forger, spliced.bytes, spliced.len,
				    span_of(other_m1.bytes + 12, HANDSHAKE_EPHEMERAL_BYTES));
		assert_int_equal(give(s->b, s->a, &spliced), ERR_AUTH);
	}
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
}

/* Item 19: the certificate and whatever M2 will ever carry are good for one run: M2 hangs on what
 * the responder drew for M1. M0 and M1 carry nothing but what they must. */
static void item_19_an_m2_is_good_for_one_run(void **state)
{
	struct scene *s = *state;

	reach_m2(s);
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
	party_restart(s->group, s->b);
	assert_int_equal(give(s->b, s->a, &s->m2), ERR_STALE);
	/* The same M0 again makes another run, which the old M2 does not fit. */
	assert_int_equal(give(s->b, s->a, &s->m0), 0);
	s->m1 = *party_next(s->b);
	memcpy(s->m2.bytes + 4, s->m1.bytes + 8, 4);
	forger_mend(&s->forger, s->m2.bytes, s->m2.len,
		    span_of(s->m1.bytes + 12, HANDSHAKE_EPHEMERAL_BYTES));
	assert_int_equal(give(s->b, s->a, &s->m2), ERR_AUTH);
	assert_int_equal(party_count(s->b, SESSION_ASK), 0);
}

/* A whole handshake is recorded and played to each side again, in every state it is in later. */
static void replays_do_nothing(void **state)
{
	struct scene *s = *state;

	reach_m2(s);
	assert_true(give(s->a, s->b, &s->m1) < 0); /* a is past M1 */
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
	for (unsigned closed = 0; closed < 2; closed++) {
		const uint32_t notes_a = s->a->note_count;
		const uint32_t notes_b = s->b->note_count;

		assert_true(give(s->a, s->b, &s->m1) < 0);
		assert_true(give(s->b, s->a, &s->m2) < 0);
		if (closed == 0)
			assert_int_equal(give(s->b, s->a, &s->m0), ERR_REPLAY);
		assert_int_equal(s->a->note_count, notes_a);
		assert_int_equal(s->b->note_count, notes_b);
		sessions_close(s->a->sessions, party_start, party_session(s->a),
			       FRAME_CLOSE_SHUTDOWN);
		party_exchange(s->a, s->b, party_start);
	}
	/* M0 alone, replayed after all is over, gets an M1 that nobody can use, and no more bytes
	 * than it brought. */
	assert_int_equal(give(s->b, s->a, &s->m0), 0);
	s->m1 = *party_next(s->b);
	assert_in_range(s->m1.len, 1, s->m0.len);
	assert_null(party_next(s->b));
	assert_int_equal(give(s->a, s->b, &s->m1), ERR_STALE);
}

/* Messages to the wrong role, and data datagrams in the place of handshakes. */
static void types_have_their_place(void **state)
{
	struct scene *s = *state;

	reach_m2(s);
	for (unsigned type = 0; type < 256; type++) {
		struct party_out wrong = s->m2;

		if (type == DATAGRAM_M2)
			continue;
		wrong.bytes[0] = (uint8_t)type;
		assert_true(give(s->b, s->a, &wrong) < 0);
		assert_true(sessions_handshake(s->b->sessions, party_start, &s->a->address,
					       span_of(wrong.bytes, wrong.len)) < 0);
	}
	assert_true(sessions_handshake(s->b->sessions, party_start, &s->a->address,
				       span_of(NULL, 0)) < 0);
	assert_true(give(s->a, s->b, &s->m2) < 0);
	assert_int_equal(give(s->b, s->a, &s->m2), 0);
	assert_ends_well(s);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define TEST_CARRIED(function) cmocka_unit_test_setup_teardown(function, set_up_carried, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_bit_of_m0),
		TEST(each_bit_of_m1),
		TEST(each_bit_of_m2),
		TEST(each_bit_of_m0_behind_mac1),
		TEST(each_sender_of_m0_behind_its_tag),
		TEST(each_bit_of_m1_behind_mac1),
		TEST(each_bit_of_m2_behind_mac1),
		TEST_CARRIED(each_bit_of_carried_messages),
		TEST_CARRIED(each_bit_of_a_carried_m1),
		TEST(each_length_of_each_message),
		TEST(messages_of_two_runs_cannot_be_spliced),
		TEST(item_19_an_m2_is_good_for_one_run),
		TEST(replays_do_nothing),
		TEST(types_have_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
