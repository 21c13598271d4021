/* test_relays.c - who is connected with whom, for how long, and who is told. */
#include "path/relays.h"

#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

#include "base/err.h"

#include <string.h>

static const struct id a = { { 1 } }, b = { { 2 } }, c = { { 3 } };

struct fixture {
	struct rng rng;
	struct relays *relays;
};

static struct mono at_ms(uint64_t ms)
{
	return mono_add_ms((struct mono){ .us = 0 }, ms);
}

static int set_up(void **state)
{
	static struct fixture f;

	rng_init_seed(&f.rng, 5);
	*state = &f;
	return relays_new(&f.rng, &f.relays);
}

static int tear_down(void **state)
{
	relays_del(((struct fixture *)*state)->relays);
	return 0;
}

static struct id member(uint32_t n)
{
	struct id id = { { 9, (uint8_t)(n >> 8), (uint8_t)n } };

	return id;
}

static int ask_with(void **state, uint64_t ms, struct id from, const struct relay_message *ask)
{
	return relays_ask(((struct fixture *)*state)->relays, at_ms(ms), &from, ask);
}

static int ask(void **state, uint64_t ms, struct id from, struct id peer, uint32_t index)
{
	return ask_with(state, ms, from,
			&(struct relay_message){ .peer = peer, .index = index, .is_needed = true });
}

/* It is not needed just now. */
static int ask_in_case(void **state, uint64_t ms, struct id from, struct id peer, uint32_t index)
{
	return ask_with(state, ms, from, &(struct relay_message){ .peer = peer, .index = index });
}

static void end_by(void **state, struct id from, struct id peer, uint32_t index)
{
	const struct relay_message message = { .peer = peer, .index = index };

	relays_end(((struct fixture *)*state)->relays, &from, &message);
}

static struct relays_output output(void **state, uint64_t ms)
{
	struct relays_output out;

	memset(&out, 0xaa, sizeof(out));
	assert_true(mono_reached(at_ms(ms), relays_deadline(((struct fixture *)*state)->relays)));
	assert_true(relays_poll(((struct fixture *)*state)->relays, at_ms(ms), &out));
	return out;
}

static void expect_changed(void **state, uint64_t ms)
{
	assert_int_equal(output(state, ms).kind, RELAYS_CHANGED);
}

/* The index that was granted. */
static uint32_t expect_grant(void **state, uint64_t ms, struct id to, struct id peer)
{
	const struct relays_output out = output(state, ms);

	assert_int_equal(out.kind, RELAYS_GRANT);
	assert_true(id_equal(&out.to, &to));
	assert_true(id_equal(&out.message.peer, &peer));
	assert_int_not_equal(out.message.index, 0);
	return out.message.index;
}

static void expect_end(void **state, uint64_t ms, struct id to, struct id peer)
{
	const struct relays_output out = output(state, ms);

	assert_int_equal(out.kind, RELAYS_END);
	assert_true(id_equal(&out.to, &to));
	assert_true(id_equal(&out.message.peer, &peer));
}

static void expect_nothing(void **state, uint64_t ms)
{
	struct relays_output out;

	assert_false(relays_poll(((struct fixture *)*state)->relays, at_ms(ms), &out));
}

static void expect_standing(void **state, uint32_t count)
{
	struct relays_direction direction;
	uint32_t cursor = 0;
	uint32_t directions = 0;

	while (relays_next(((struct fixture *)*state)->relays, &cursor, &direction))
		directions++;
	assert_int_equal(directions, 2 * count);
	assert_int_equal(relays_count(((struct fixture *)*state)->relays), count);
}

/* a and b, connected at `ms`; everything was told. */
static void connect(void **state, uint64_t ms)
{
	assert_int_equal(ask(state, ms, a, b, 11), 0);
	assert_int_equal(ask(state, ms, b, a, 22), 0);
	expect_changed(state, ms);
	(void)expect_grant(state, ms, a, b);
	(void)expect_grant(state, ms, b, a);
	expect_nothing(state, ms);
}

static void two_who_ask_for_each_other_are_connected(void **state)
{
	const struct fixture *f = *state;
	struct relays_direction direction;
	uint32_t cursor = 0;

	assert_int_equal(ask(state, 0, a, b, 11), 0);
	expect_nothing(state, 0);
	expect_standing(state, 0);
	assert_int_equal(ask(state, 1, c, b, 33), 0); /* is no answer to a */
	expect_nothing(state, 1);
	assert_int_equal(ask(state, 2, b, a, 22), 0);
	expect_changed(state, 2);
	const uint32_t of_a = expect_grant(state, 2, a, b);
	const uint32_t of_b = expect_grant(state, 2, b, a);

	expect_nothing(state, 2);
	assert_int_not_equal(of_a, of_b);
	assert_true(relays_next(f->relays, &cursor, &direction));
	assert_true(id_equal(&direction.from, &a) && id_equal(&direction.to, &b));
	assert_int_equal(direction.index, of_a);
	assert_int_equal(direction.to_index, 22);
	assert_true(relays_next(f->relays, &cursor, &direction));
	assert_true(id_equal(&direction.from, &b) && id_equal(&direction.to, &a));
	assert_int_equal(direction.index, of_b);
	assert_int_equal(direction.to_index, 11);
	assert_false(relays_next(f->relays, &cursor, &direction));
	expect_standing(state, 1);
}

static void who_repeats_its_ask_is_told_its_index_again(void **state)
{
	connect(state, 0);
	assert_int_equal(ask(state, 1, a, b, 11), 0);
	(void)expect_grant(state, 1, a, b);
	expect_nothing(state, 1);
	assert_int_equal(ask(state, 200, a, b, 12), 0); /* wants another index: another table */
	expect_changed(state, 200);
	(void)expect_grant(state, 200, a, b);
	expect_nothing(state, 200);
	expect_standing(state, 1);
}

/* However often members change their minds. */
static void tables_are_made_at_a_bounded_rate(void **state)
{
	const struct fixture *f = *state;
	unsigned tables = 0;

	connect(state, 0);
	for (uint64_t ms = 0; ms < UINT64_C(10) * RELAYS_CHANGED_MS; ms++) {
		struct relays_output out;

		if (ms % 3 == 0)
			end_by(state, a, b, 11);
		else
			(void)ask(state, ms, ms % 3 == 1 ? a : b, ms % 3 == 1 ? b : a,
				  ms % 3 == 1 ? 11 : (uint32_t)ms);
		while (relays_poll(f->relays, at_ms(ms), &out))
			tables += out.kind == RELAYS_CHANGED;
		if (relays_deadline(f->relays).us < at_ms(ms + 1).us)
			assert_true(relays_deadline(f->relays).us > at_ms(ms).us);
	}
	assert_int_equal(tables, 9);
}

static void nobody_is_told_of_what_no_table_has_yet(void **state)
{
	const struct fixture *f = *state;
	struct relays_output out;

	connect(state, 0);
	assert_int_equal(ask(state, 1, c, b, 33), 0);
	assert_int_equal(ask(state, 1, b, c, 23), 0);
	expect_nothing(state, RELAYS_CHANGED_MS - 1);
	assert_int_equal(relays_deadline(f->relays).us, at_ms(RELAYS_CHANGED_MS).us);
	assert_true(relays_poll(f->relays, at_ms(RELAYS_CHANGED_MS), &out));
	assert_int_equal(out.kind, RELAYS_CHANGED);
	(void)expect_grant(state, RELAYS_CHANGED_MS, c, b);
	(void)expect_grant(state, RELAYS_CHANGED_MS, b, c);
	expect_nothing(state, RELAYS_CHANGED_MS);
}

static void nonsense_is_refused(void **state)
{
	const struct id nobody = { { 0 } };

	assert_int_equal(ask(state, 0, a, a, 1), ERR_MALFORMED);
	assert_int_equal(ask(state, 0, a, b, 0), ERR_MALFORMED);
	assert_int_equal(ask(state, 0, a, nobody, 1), ERR_MALFORMED);
	expect_nothing(state, 0);
}

static void who_asks_alone_is_told_so(void **state)
{
	assert_int_equal(ask(state, 0, a, b, 11), 0);
	expect_nothing(state, 0);
	assert_int_equal(relays_deadline(((struct fixture *)*state)->relays).us,
			 at_ms(RELAYS_LONELY_MS).us);
	expect_nothing(state, RELAYS_LONELY_MS - 1);
	assert_int_equal(ask(state, RELAYS_LONELY_MS - 1, a, b, 11), 0); /* asks on */
	expect_nothing(state, RELAYS_LONELY_MS - 1);
	expect_nothing(state, 2 * RELAYS_LONELY_MS - 2);
	assert_true(ask(state, 0, b, c, 1) == 0); /* b asks, but for somebody else */
	struct relays_output out;

	assert_true(relays_poll(((struct fixture *)*state)->relays, at_ms(2 * RELAYS_LONELY_MS - 1),
				&out));
	assert_int_equal(out.kind, RELAYS_END);
	assert_true(id_equal(&out.to, &a) && id_equal(&out.message.peer, &b));
}

static void a_pair_ends_when_either_side_falls_silent(void **state)
{
	connect(state, 0);
	assert_int_equal(ask(state, 50000, a, b, 11), 0);
	(void)expect_grant(state, 50000, a, b);
	expect_nothing(state, RELAYS_EXPIRY_MS - 1);
	assert_int_equal(relays_deadline(((struct fixture *)*state)->relays).us,
			 at_ms(RELAYS_EXPIRY_MS).us);
	struct relays_output out;

	assert_true(relays_poll(((struct fixture *)*state)->relays, at_ms(RELAYS_EXPIRY_MS), &out));
	assert_int_equal(out.kind, RELAYS_CHANGED);
	expect_standing(state, 0);
	expect_end(state, RELAYS_EXPIRY_MS, a, b);
	expect_end(state, RELAYS_EXPIRY_MS, b, a);
	expect_nothing(state, RELAYS_EXPIRY_MS);
	assert_int_equal(relays_deadline(((struct fixture *)*state)->relays).us, MONO_NEVER.us);
	connect(state, RELAYS_EXPIRY_MS + RELAYS_CHANGED_MS);
}

static void who_ends_it_knows_and_the_other_is_told(void **state)
{
	connect(state, 0);
	end_by(state, c, a, 11); /* not theirs to end */
	end_by(state, a, b, 10); /* what a asked for before, said late */
	expect_nothing(state, 200);
	end_by(state, a, b, 11);
	assert_int_equal(ask(state, 200, a, b, 11), ERR_AGAIN);
	expect_changed(state, 200);
	expect_end(state, 200, b, a);
	expect_nothing(state, 200);
	expect_standing(state, 0);
	connect(state, 400);
}

static void who_did_not_ask_ends_nothing(void **state)
{
	assert_int_equal(ask(state, 0, a, b, 11), 0);
	end_by(state, b, a, 0);
	expect_nothing(state, 1);
	assert_int_equal(ask(state, 2, b, a, 22), 0);
	expect_changed(state, 2);
}

static void a_lost_link_ends_all_pairs_of_the_member(void **state)
{
	struct fixture *f = *state;

	connect(state, 0);
	assert_int_equal(ask(state, 0, a, c, 13), 0);
	assert_int_equal(ask(state, 0, c, a, 31), 0);
	assert_int_equal(ask(state, 0, b, c, 23), 0);
	expect_changed(state, 100);
	(void)expect_grant(state, 100, a, c);
	(void)expect_grant(state, 100, c, a);
	relays_link_down(f->relays, &a);
	expect_changed(state, 200);
	expect_end(state, 200, b, a);
	expect_end(state, 200, c, a);
	expect_nothing(state, 200);
	expect_standing(state, 0);
	assert_int_equal(ask(state, 300, c, b, 32), 0); /* that one was not a's */
	expect_changed(state, 300);
}

/* -- giving way ---------------------------------------------------------------------------- */

enum { OF_A = 100, OF_H = 1000, LEFT = 2000, RIGHT = 3000 }; /* whom member() makes */

/* Both ask: what the second is answered. */
static int pair_up(void **state, uint64_t ms, struct id one, struct id other, bool is_needed)
{
	int (*const say)(void **, uint64_t, struct id, struct id, uint32_t) =
		is_needed ? ask : ask_in_case;
	const int err = say(state, ms, one, other, 1);

	return err != 0 ? err : say(state, ms, other, one, 2);
}

/* Pairs from `first` on, each of two that have no other. */
static void fill(void **state, uint64_t ms, uint32_t first, uint32_t end, bool is_needed)
{
	for (uint32_t i = first; i < end; i++)
		assert_int_equal(pair_up(state, ms, member(LEFT + i), member(RIGHT + i), is_needed),
				 0);
}

static uint32_t standing(void **state)
{
	return relays_count(((struct fixture *)*state)->relays);
}

static bool stands(void **state, struct id one, struct id other)
{
	struct relays_direction direction;
	uint32_t cursor = 0;

	while (relays_next(((struct fixture *)*state)->relays, &cursor, &direction))
		if (id_equal(&direction.from, &one) && id_equal(&direction.to, &other))
			return true;
	return false;
}

static bool stands_filled(void **state, uint32_t i)
{
	return stands(state, member(LEFT + i), member(RIGHT + i));
}

/* Tells all that is to be told: how many ENDs, and to whom the first two. */
static uint32_t told_ends(void **state, uint64_t ms, struct id ret_first[2])
{
	struct relays_output out;
	uint32_t count = 0;

	while (relays_poll(((struct fixture *)*state)->relays, at_ms(ms), &out)) {
		if (out.kind != RELAYS_END)
			continue;
		if (count < 2)
			ret_first[count] = out.to;
		count++;
	}
	return count;
}

static void while_there_is_room_all_are_served(void **state)
{
	struct id unused[2];

	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(pair_up(state, 0, a, member(OF_A + i), true), 0);
	for (uint32_t i = 40; i < 80; i++)
		assert_int_equal(pair_up(state, 0, a, member(OF_A + i), false), 0);
	fill(state, 0, 80, RELAYS_MAX, false);
	assert_int_equal(told_ends(state, 0, unused), 0);
	assert_int_equal(standing(state), RELAYS_MAX);
}

/* And of those the one that was needed least lately; the newcomer may be alone with its share. */
static void what_nobody_needs_gives_way(void **state)
{
	struct id told[2];

	fill(state, 0, 0, 100, true);
	fill(state, 2000, 100, 101, false);
	fill(state, 1000, 101, 102, false);
	fill(state, 2000, 102, RELAYS_MAX, false);
	assert_int_equal(told_ends(state, 2000, told), 0);
	assert_int_equal(pair_up(state, 3000, a, b, true), 0);
	assert_int_equal(told_ends(state, 3000, told), 2);
	assert_true(id_equal(&told[0], &(struct id[]){ member(LEFT + 101) }[0]));
	assert_true(id_equal(&told[1], &(struct id[]){ member(RIGHT + 101) }[0]));
	assert_true(stands(state, a, b));
	assert_int_equal(standing(state), RELAYS_MAX);

	/* One of the two says that it is needed: that is not enough. */
	assert_int_equal(ask(state, 4000, member(LEFT + 100), member(RIGHT + 100), 1), 0);
	for (uint32_t i = 102; i < RELAYS_MAX; i++)
		assert_int_equal(pair_up(state, 5000, a, member(OF_A + i), true), 0);
	assert_true(stands_filled(state, 100));
	assert_int_equal(pair_up(state, 5000, b, c, true), 0);
	assert_false(stands_filled(state, 100));
	for (uint32_t i = 0; i < 100; i++)
		assert_true(stands_filled(state, i));
}

static void who_needs_nothing_takes_no_place(void **state)
{
	struct id told[2];

	fill(state, 0, 0, RELAYS_MAX, false);
	(void)told_ends(state, 0, told);
	assert_int_equal(pair_up(state, 1000, a, b, false), ERR_FULL);
	assert_int_equal(told_ends(state, 1000, told), 2);
	assert_true(id_equal(&told[0], &a) && id_equal(&told[1], &b));
	assert_int_equal(ask(state, 2000, a, b, 1), 0);
	assert_int_equal(ask_in_case(state, 2000, b, a, 2), ERR_FULL); /* one of the two */
	assert_int_equal(told_ends(state, 2000, told), 2);
	assert_int_equal(pair_up(state, 3000, a, b, true), 0);
	assert_int_equal(standing(state), RELAYS_MAX);
}

static void what_is_needed_gives_way_to_nobody(void **state)
{
	struct id told[2];

	fill(state, 0, 0, RELAYS_MAX, true);
	(void)told_ends(state, 0, told);
	assert_int_equal(pair_up(state, 1000, a, b, true), ERR_FULL);
	assert_int_equal(told_ends(state, 1000, told), 2);
	assert_true(id_equal(&told[0], &a) && id_equal(&told[1], &b));
	for (uint32_t i = 0; i < RELAYS_MAX; i++)
		assert_true(stands_filled(state, i));
	end_by(state, member(LEFT), member(RIGHT), 1);
	(void)told_ends(state, 2000, told);
	assert_int_equal(pair_up(state, 2000, a, b, true), 0);
}

/* 40 peers of one, who all talk: those beyond its share give way to others, and to nobody else. */
static void who_had_its_share_is_a_guest(void **state)
{
	struct id told[2];

	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(pair_up(state, i, a, member(OF_A + i), true), 0);
	fill(state, 40, 0, RELAYS_MAX - 40, true);
	assert_int_equal(told_ends(state, 100, told), 0);
	assert_int_equal(pair_up(state, 200, a, c, true), ERR_FULL); /* a guest for a guest */
	(void)told_ends(state, 200, told);
	for (uint32_t i = 0; i < 40; i++) /* each repeats its ASK */
		assert_int_equal(ask(state, 300 + i, a, member(OF_A + i), 1), 0);
	for (uint32_t i = RELAYS_PER_MEMBER; i < 40; i++) {
		assert_true(stands(state, a, member(OF_A + i)));
		assert_int_equal(
			pair_up(state, 1000, member(OF_H + i), member(OF_H + 50 + i), true), 0);
		assert_false(stands(state, a, member(OF_A + i)));
	}
	assert_int_equal(told_ends(state, 1000, told), 16);
	assert_true(id_equal(&told[0], &a));
	assert_int_equal(pair_up(state, 2000, b, c, true), ERR_FULL);
	for (uint32_t i = 0; i < RELAYS_PER_MEMBER; i++)
		assert_true(stands(state, a, member(OF_A + i)));
}

static void a_guest_that_has_less_is_none(void **state)
{
	struct id told[2];

	for (uint32_t i = 0; i <= RELAYS_PER_MEMBER; i++)
		assert_int_equal(pair_up(state, 0, a, member(OF_A + i), true), 0);
	end_by(state, a, member(OF_A), 1);
	fill(state, 0, 0, RELAYS_MAX - RELAYS_PER_MEMBER, true);
	assert_int_equal(told_ends(state, 100, told), 1);
	assert_int_equal(ask(state, 200, a, member(OF_A + RELAYS_PER_MEMBER), 1), 0);
	assert_int_equal(pair_up(state, 300, b, c, true), ERR_FULL);
	assert_true(stands(state, a, member(OF_A + RELAYS_PER_MEMBER)));
}

/* It asks for members that nobody has heard of, as fast as it can. */
static void who_asks_for_everybody_is_alone_with_it(void **state)
{
	struct id told[2];

	fill(state, 0, 0, 100, true);
	fill(state, 0, 100, RELAYS_MAX, false);
	for (uint32_t i = 0; i < 4 * RELAYS_MAX; i++) {
		(void)ask(state, 100 + i, b, member(OF_H + i), 1);
		if (i % 100 == 0)
			(void)told_ends(state, 100 + i, told);
	}
	for (uint32_t i = 0; i < RELAYS_MAX; i++)
		assert_true(stands_filled(state, i));
	assert_int_equal(pair_up(state, 1200, a, c, false), ERR_FULL);
	(void)told_ends(state, 1200, told);
	assert_int_equal(pair_up(state, 1300, a, c, true), 0);
	assert_int_equal(standing(state), RELAYS_MAX);
}

/* It has all members answer, and says of all that it needs them. */
static void who_talks_to_everybody_ends_no_talk(void **state)
{
	fill(state, 0, 0, 100, true);
	fill(state, 0, 100, RELAYS_MAX, false);
	for (uint32_t i = 0; i < 150; i++) { /* they were not talked to, after all */
		assert_int_equal(ask(state, 1000, b, member(OF_H + i), 1), 0);
		assert_int_equal(ask_in_case(state, 1000, member(OF_H + i), b, 2), ERR_FULL);
	}
	for (uint32_t i = 150; i < 400; i++)
		(void)pair_up(state, 2000, b, member(OF_H + i), true);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(stands_filled(state, i));
	assert_int_equal(pair_up(state, 3000, a, c, true), 0);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(stands_filled(state, i));
	assert_int_equal(standing(state), RELAYS_MAX);
}

/* Of those for whom one alone asked, there is room for so many. */
static void a_flood_of_refusals_is_bounded(void **state)
{
	for (uint32_t i = 0; i < RELAYS_MAX; i++)
		assert_int_equal(ask(state, 0, member(i), a, 1), 0);
	assert_int_equal(ask(state, 0, b, c, 1), ERR_FULL);
	expect_end(state, 0, b, c);
	for (uint32_t i = 0; i < 2 * RELAYS_REFUSALS_MAX; i++)
		assert_int_equal(ask(state, 0, b, c, 1), ERR_FULL);
	for (uint32_t i = 0; i < RELAYS_REFUSALS_MAX; i++)
		expect_end(state, 0, b, c);
	expect_nothing(state, 0);
	for (uint32_t i = 0; i < RELAYS_PER_MEMBER; i++)
		assert_int_equal(ask(state, 0, a, member(i), 1), 0);
	expect_changed(state, 0);
	expect_standing(state, RELAYS_PER_MEMBER);
}

/* Whatever happens: indices are unique, and what stands was asked for by both and is no older than
 * it may be. */
static void random_members_leave_it_sound(void **state)
{
	const struct fixture *f = *state;
	struct rng rng;
	uint64_t ms = 0;

	rng_init_seed(&rng, 3);
	for (unsigned step = 0; step < 20000; step++) {
		const struct id from = member(rng_u32(&rng) % 8);
		const struct id peer = member(rng_u32(&rng) % 8);
		const uint32_t index = 1 + rng_u32(&rng) % 2;
		struct relays_direction directions[64];
		struct relays_output out;
		uint32_t cursor = 0;
		uint32_t count = 0;

		ms += rng_between(&rng, 0, 2000);
		if (rng_chance(&rng, 800))
			(void)(rng_chance(&rng, 500) ? ask : ask_in_case)(state, ms, from, peer,
									  index);
		else if (rng_chance(&rng, 800))
			end_by(state, from, peer, index);
		else
			relays_link_down(f->relays, &from);
		while (relays_poll(f->relays, at_ms(ms), &out))
			assert_true(out.kind != RELAYS_GRANT || out.message.index != 0);
		while (relays_next(f->relays, &cursor, &directions[count])) {
			for (uint32_t i = 0; i < count; i++)
				assert_int_not_equal(directions[i].index, directions[count].index);
			assert_false(id_equal(&directions[count].from, &directions[count].to));
			count++;
		}
		assert_int_equal(count, 2 * relays_count(f->relays));
		assert_true(count <= 8 * 7);
		assert_true(mono_reached(relays_deadline(f->relays), at_ms(ms)));
	}
}

static void without_memory_there_is_none(void **state)
{
	const int64_t before = allocations_live();
	struct relays *relays = NULL;
	struct rng rng;
	unsigned failed = 0;

	(void)state;
	rng_init_seed(&rng, 1);
	for (;; failed++) {
		allocations_fail_at(failed + 1);
		const int err = relays_new(&rng, &relays);

		allocations_fail_at(0);
		if (err == 0)
			break;
		assert_int_equal(err, ERR_NOMEM);
		assert_int_equal(allocations_live(), before);
	}
	assert_true(failed >= 1);
	const struct relay_message message = { .peer = b, .index = 11 };

	allocations_fail_at(1);
	assert_int_equal(relays_ask(relays, at_ms(0), &a, &message), ERR_FULL);
	allocations_fail_at(0);
	assert_int_equal(relays_ask(relays, at_ms(0), &a, &message), 0);
	relays_del(relays);
	relays_del(NULL);
}

#define RELAYS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAYS_TEST(two_who_ask_for_each_other_are_connected),
		RELAYS_TEST(who_repeats_its_ask_is_told_its_index_again),
		RELAYS_TEST(tables_are_made_at_a_bounded_rate),
		RELAYS_TEST(nobody_is_told_of_what_no_table_has_yet),
		RELAYS_TEST(nonsense_is_refused),
		RELAYS_TEST(who_asks_alone_is_told_so),
		RELAYS_TEST(a_pair_ends_when_either_side_falls_silent),
		RELAYS_TEST(who_ends_it_knows_and_the_other_is_told),
		RELAYS_TEST(who_did_not_ask_ends_nothing),
		RELAYS_TEST(a_lost_link_ends_all_pairs_of_the_member),
		RELAYS_TEST(while_there_is_room_all_are_served),
		RELAYS_TEST(what_nobody_needs_gives_way),
		RELAYS_TEST(who_needs_nothing_takes_no_place),
		RELAYS_TEST(what_is_needed_gives_way_to_nobody),
		RELAYS_TEST(who_had_its_share_is_a_guest),
		RELAYS_TEST(a_guest_that_has_less_is_none),
		RELAYS_TEST(who_asks_for_everybody_is_alone_with_it),
		RELAYS_TEST(who_talks_to_everybody_ends_no_talk),
		RELAYS_TEST(a_flood_of_refusals_is_bounded),
		RELAYS_TEST(random_members_leave_it_sound),
		cmocka_unit_test(without_memory_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
