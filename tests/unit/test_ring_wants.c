/* test_ring_wants.c - whom the ring tries to meet, and when it asks for its place; both sides of
 * every limit. */
#include "base/err.h"
#include "ring/ring.h"

#include "tests/lib/ring_alone.h"

#define SEEDS 50
#define LISTEN_MS 500 /* these as ring.c has them */
#define NAMES_MS 3000
#define NAMED_MAX 24

/* Rumours */

static void a_stranger_is_not_heard(void **state)
{
	static const unsigned names[] = { 10, 20 };

	(void)state;
	stand();
	assert_int_equal(hear(7, names, 2), ERR_DENIED);
	assert_false(next_of(RING_WANT));
	assert_true(is_at_rest());
}

/* Until what was tried last is given up; it is not tried before. */
static void give_up(void)
{
	const struct mono from = now.mono;

	assert_false(is_at_rest());
	while (!is_at_rest()) {
		now.mono = ring_deadline(ring);
		assert_false(next_of(RING_WANT));
	}
	assert_jittered(now.mono.us - from.us, (uint64_t)RING_TRY_MS << (RING_TRIES - 1));
}

/* The only one that is named by the member at 100. */
static void try_in_vain(const unsigned *name)
{
	assert_int_equal(hear(100, name, 1), 0);
	for (unsigned i = 0; i < RING_TRIES; i++) {
		const uint64_t us = wait_for(RING_WANT);

		assert_int_equal(place_of(&output.id), *name);
		assert_int_equal(place_of(&output.teller), 100);
		if (i == 1) /* not by the only one who names it, who may spoil it */
			assert_true(id_is_zero(&output.via));
		else
			assert_int_equal(place_of(&output.via), 100);
		if (i == 0)
			assert_int_equal(us, 0);
		else
			assert_jittered(us, (uint64_t)RING_TRY_MS << (i - 1));
		assert_false(is_at_rest());
		assert_int_equal(hear(100, name, 1), 0); /* starts nothing anew */
		assert_false(next_of(RING_WANT));
	}
	give_up();
}

static void a_nearer_one_is_tried_three_times_and_then_ever_less_often(void **state)
{
	static const unsigned names[] = { 50 };

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint64_t ignore_ms = RING_IGNORE_MS;

		again(seed);
		stand();
		try_in_vain(names);
		for (unsigned i = 0; i < 8; i++) {
			assert_int_equal(hear(100, names, 1), 0);
			assert_jittered(wait_for(RING_WANT), ignore_ms);
			assert_int_equal(place_of(&output.id), 50);
			give_up(); /* after one try */
			ignore_ms *= 2;
			if (ignore_ms > RING_IGNORE_MAX_MS)
				ignore_ms = RING_IGNORE_MAX_MS;
		}
		assert_int_equal(ignore_ms, RING_IGNORE_MAX_MS);
	}
}

static void who_was_in_vain_is_tried_again_only_when_named(void **state)
{
	static const unsigned names[] = { 50 };

	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		again(1);
		stand();
		try_in_vain(names);
		pass_us(UINT64_C(1000) * RING_NAME_MS - 1 + late);
		assert_false(next_of(RING_WANT));
		assert_int_equal(hear(BACK(100), names, 1), 0);
		assert_true(next_of(RING_WANT));
		assert_int_equal(place_of(&output.via), BACK(100));
		/* Once; or it was forgotten that it was in vain. */
		if (late == 0)
			give_up();
		else
			assert_jittered(wait_for(RING_WANT), RING_TRY_MS);
	}
}

static void who_came_after_all_was_not_in_vain(void **state)
{
	static const unsigned names[] = { 50 };

	(void)state;
	stand();
	try_in_vain(names);
	assert_int_equal(meet(50, true), 0);
	leave(50);
	try_in_vain(names);
}

/* Who was in vain before does not keep those behind it waiting. */
static void for_who_is_tried_again_nobody_waits(void **state)
{
	static const unsigned names[] = { 10, 20, 30, 40 };
	unsigned last;

	(void)state;
	stand();
	assert_int_equal(meet(BACK(10), false), 0); /* so that the names are far on this side */
	assert_int_equal(meet(BACK(20), false), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	try_in_vain(names);
	assert_int_equal(hear(100, names, 1), 0);
	(void)wait_for(RING_WANT);
	assert_int_equal(hear(100, names, 4), 0);
	assert_int_equal(count_of(RING_WANT, &last), 1);
	assert_int_equal(last, 20);
	pass_us(UINT64_C(1000) * RING_BEHIND_MS);
	assert_int_equal(count_of(RING_WANT, &last), 2);
}

static void who_failed_the_last_time_is_ignored_at_once(void **state)
{
	static const unsigned names[] = { 50 };
	const struct id id = id_at(50);

	(void)state;
	stand();
	assert_int_equal(hear(100, names, 1), 0);
	for (unsigned i = 0; i < RING_TRIES; i++) {
		assert_false(is_at_rest());
		(void)wait_for(RING_WANT); /* not sooner for having failed */
		ring_failed(ring, now, &id);
	}
	assert_true(is_at_rest());
	ring_failed(ring, now, &id); /* nothing to fail */
	assert_true(is_at_rest());
}

static void who_is_not_believed_was_not_heard(void **state)
{
	static const unsigned names[] = { 50 };
	const struct id id = id_at(50);

	(void)state;
	stand();
	assert_int_equal(hear(100, names, 1), 0);
	assert_true(next_of(RING_WANT));
	ring_disbelieve(ring, now, &id, &output.teller);
	assert_true(is_at_rest());
	assert_false(next_of(RING_WANT));
	assert_int_equal(hear(BACK(100), names, 1), 0); /* from somebody else */
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.via), BACK(100));
	ring_disbelieve(ring, now, &(struct id){ { 1 } }, &id); /* nobody named it */
	assert_false(is_at_rest());
}

/* Each liar repeats the name at each turn, and who has named it before counts as well. */
static void each_try_goes_by_another(void **state)
{
	static const unsigned names[] = { 50 };
	static const unsigned vias[] = { 100, BACK(100) };

	(void)state;
	stand();
	for (unsigned liar = 200; liar <= 400; liar += 100)
		assert_int_equal(meet(liar, true), 0);
	assert_int_equal(hear(100, names, 1), 0);
	assert_int_equal(hear(BACK(100), names, 1), 0);
	for (unsigned i = 0; i < RING_TRIES; i++) {
		for (unsigned liar = 200; liar <= 400; liar += 100)
			assert_int_equal(hear(liar, names, 1), 0);
		(void)wait_for(RING_WANT);
		assert_int_equal(place_of(&output.id), 50);
		if (i < 2)
			assert_int_equal(place_of(&output.via), vias[i]);
		else
			assert_true(id_is_zero(&output.via));
		assert_false(id_is_zero(&output.teller));
	}
}

/* Its names are used up: that ends no claim of another, who is asked at once. */
static void who_is_not_believed_speaks_for_itself_alone(void **state)
{
	static const unsigned names[] = { 50 };
	const struct id id = id_at(50);

	(void)state;
	stand();
	assert_int_equal(hear(100, names, 1), 0);
	assert_int_equal(hear(BACK(100), names, 1), 0);
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.teller), 100);
	ring_disbelieve(ring, now, &id, &output.teller);
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.via), BACK(100));
	for (unsigned i = 1; i < RING_TRIES; i++) /* all of its own tries */
		assert_jittered(wait_for(RING_WANT), (uint64_t)RING_TRY_MS << (i - 1));
	ring_disbelieve(ring, now, &id, &output.teller);
	assert_true(is_at_rest());
}

static void only_who_would_be_near_is_wanted(void **state)
{
	static const unsigned names[] = { 10, 20, 30, 40, BACK(10), BACK(20), BACK(30), BACK(40) };
	struct id id;
	unsigned last;

	(void)state;
	stand();
	assert_int_equal(hear(100, names, 8), 0);
	pass_us(UINT64_C(1000) * RING_BEHIND_MS);
	for (unsigned i = 0; i < 2 * RING_NEAR; i++) {
		assert_true(next_of(RING_WANT));
		assert_int_not_equal(place_of(&output.id), 40);
		assert_int_not_equal(place_of(&output.id), BACK(40));
	}
	assert_false(next_of(RING_WANT));

	assert_int_equal(meet(20, false), 0); /* one of them came, nothing changes */
	assert_int_equal(count_of(RING_WANT, &last), 0);
	id = id_at(30);
	ring_failed(ring, now, &id); /* who is behind it need not wait for it */
	pass_us(UINT64_C(1000) * RING_BEHIND_MS);
	assert_int_equal(count_of(RING_WANT, &last), 1);
	assert_int_equal(last, 40);
	for (unsigned i = 1; i <= 3; i++) { /* it came after all, and with it the others */
		assert_int_equal(meet(i * 10, false), 0);
		assert_int_equal(meet(BACK(i * 10), false), 0);
	}
	assert_int_equal(hear(10, NULL, 0), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	assert_true(is_at_rest()); /* 40 is not wanted any more */
}

static void the_next_follows_when_a_first_try_took_too_long(void **state)
{
	static const unsigned names[] = { 10, 20, 30, 40 };
	bool seen_40 = false;

	(void)state;
	stand();
	assert_int_equal(meet(BACK(10), false), 0); /* so that the names are far on this side */
	assert_int_equal(meet(BACK(20), false), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	const uint64_t heard_us = now.mono.us;

	assert_int_equal(hear(100, names, 4), 0);

	while (!seen_40) {
		(void)wait_for(RING_WANT);
		seen_40 = place_of(&output.id) == 40;
		assert_true(seen_40 || place_of(&output.id) <= 30);
	}
	/* The first try of one of the three was at once, and it was the next to wait. */
	assert_in_range(now.mono.us - heard_us, (RING_TRY_MS + RING_BEHIND_MS) * 800,
			(RING_TRY_MS + RING_BEHIND_MS) * 1000);
}

/* Of those who are named together only the nearest on either side are tried at once. */
static void who_stands_behind_another_is_tried_later(void **state)
{
	static const unsigned names[] = { 10, 20, 30, BACK(10), BACK(20), BACK(30) };
	unsigned last;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		again(seed);
		stand();
		const uint64_t heard_us = now.mono.us;

		assert_int_equal(hear(100, names, 6), 0);
		assert_true(next_of(RING_WANT));
		assert_int_equal(place_of(&output.id), 10);
		assert_true(next_of(RING_WANT));
		assert_int_equal(place_of(&output.id), BACK(10));
		for (unsigned i = 0; i < 4; i++) {
			const uint64_t us = wait_for(RING_WANT);

			assert_true(i > 0 || us >= UINT64_C(800) * RING_BEHIND_MS);
			assert_true(place_of(&output.id) == 20 || place_of(&output.id) == 30 ||
				    place_of(&output.id) == BACK(20) ||
				    place_of(&output.id) == BACK(30));
		}
		assert_in_range(now.mono.us - heard_us, UINT64_C(800) * RING_BEHIND_MS,
				UINT64_C(1000) * RING_BEHIND_MS);
		assert_int_equal(count_of(RING_WANT, &last), 0);
	}
}

/* While it waits nearer ones come: the session with it is never made. */
static void for_whom_nearer_ones_come_is_not_tried(void **state)
{
	static const unsigned names[] = { 40, 50, 60 };
	static const unsigned nearer[] = { 10, 20, 30 };

	(void)state;
	stand();
	for (unsigned place = 10; place <= 30; place += 10) /* so that they are far on this side */
		assert_int_equal(meet(BACK(place), false), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	const uint64_t heard_us = now.mono.us;

	assert_int_equal(hear(100, names, 3), 0);
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.id), 40);
	pass_us(UINT64_C(790) * RING_BEHIND_MS);
	assert_int_equal(hear(100, nearer, 3), 0);
	while (now.mono.us < heard_us + UINT64_C(2000) * RING_BEHIND_MS) {
		while (next_of(RING_WANT))
			assert_true(place_of(&output.id) <= 30);
		pass_us(1000);
	}
}

/* It failed who stood between: it is the nearest now, and waits no longer. */
static void who_becomes_the_nearest_is_tried_at_once(void **state)
{
	static const unsigned names[] = { 10, 20 };
	const struct id id = id_at(10);

	(void)state;
	stand();
	assert_int_equal(hear(100, names, 2), 0);
	assert_true(next_of(RING_WANT));
	assert_false(next_of(RING_WANT));
	ring_failed(ring, now, &id);
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.id), 20);
}

static void who_left_is_wanted_only_when_named(void **state)
{
	static const unsigned names[] = { 50 };

	(void)state;
	stand();
	assert_int_equal(meet(50, true), 0);
	assert_int_equal(hear(50, NULL, 0), 0);
	drain();
	leave(50);
	assert_false(next_of(RING_WANT));
	assert_true(is_at_rest());
	assert_int_equal(hear(100, names, 1), 0);
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.id), 50);
}

static void the_next_one_is_known_when_a_near_one_leaves(void **state)
{
	static const unsigned names[] = { 100, 150, 200, 300, 400 };
	unsigned last;

	(void)state;
	stand();
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(meet(i * 10, false), 0);
		assert_int_equal(meet(BACK(i * 10), false), 0);
	}
	assert_int_equal(hear(10, NULL, 0), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	assert_int_equal(hear(30, names, 5), 0);
	assert_int_equal(count_of(RING_WANT, &last), 0);
	leave(100);
	assert_int_equal(count_of(RING_WANT, &last), 0);
	leave(20);
	pass_us(UINT64_C(1000) * RING_BEHIND_MS);
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.id), 150);
	assert_int_equal(place_of(&output.via), 30);
	assert_false(next_of(RING_WANT));
	leave(30); /* who told it: nobody is to be asked on the way */
	pass_us(UINT64_C(1000) * RING_BEHIND_MS);
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.id), 200);
	assert_true(id_is_zero(&output.via));
}

/* After three lists that might have repeated it. */
static void a_name_is_forgotten_that_nobody_repeats(void **state)
{
	static const unsigned names[] = { 150 };

	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		again(1);
		stand();
		for (unsigned i = 1; i <= 3; i++) {
			assert_int_equal(meet(i * 10, false), 0);
			assert_int_equal(meet(BACK(i * 10), false), 0);
		}
		assert_int_equal(hear(10, names, 1), 0);
		pass_us(UINT64_C(1000) * RING_NAME_MS - 1 + late);
		leave(100);
		leave(20);
		pass_us(UINT64_C(1000) * RING_BEHIND_MS);
		assert_int_equal(next_of(RING_WANT), late == 0);
	}
}

/* Of too many names, those that are nearest on each side stay. */
static void names_beyond_the_limit_push_out_the_farthest(void **state)
{
	const unsigned count = 2 * RING_WANTED_MAX; /* from 1 on, all of them on one side */

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		bool wanted[2 * RING_WANTED_MAX + 1] = { false };
		unsigned names[2 * RING_WANTED_MAX];

		again(seed);
		stand();
		for (unsigned i = 0; i < count; i++) /* each once, in some order */
			names[i] = 101 + (i * (2 * (unsigned)seed + 1) + (unsigned)seed) % count;
		for (unsigned i = 0; i < count; i += NEIGHBOURS_MAX)
			assert_int_equal(hear(100, &names[i], NEIGHBOURS_MAX), 0);
		while (mono_ms_between((struct mono){ .us = 5000000 }, now.mono) < 29000) {
			while (next_of(RING_WANT))
				wanted[place_of(&output.id) - 100] = true;
			now.mono = ring_deadline(ring);
		}
		for (unsigned i = 1; i <= count; i++) { /* tried from both ends inwards */
			if (wanted[i])
				assert_true(i <= RING_WANTED_MAX / 2 ||
					    i > count - RING_WANTED_MAX / 2);
		}
		assert_true(wanted[1] && wanted[2] && wanted[3]);
		assert_true(wanted[count] && wanted[count - 1] && wanted[count - 2]);
	}
}

/* Our place */

static void who_is_seen_on_both_sides_asks_nothing(void **state)
{
	unsigned last;

	(void)state;
	assert_false(is_at_rest());
	assert_int_equal(meet(10, false), 0);
	assert_int_equal(hear(10, NULL, 0), 0);
	assert_false(is_at_rest()); /* no link */
	assert_int_equal(meet(10, true), 0);
	assert_true(is_at_rest());
	assert_int_equal(count_of(RING_JOIN, &last), 0);
	pass_us(60000000);
	assert_int_equal(count_of(RING_JOIN, &last), 0);
}

static void a_silent_neighbour_is_asked_after_a_while(void **state)
{
	static const unsigned names[] = { 50 };

	(void)state;
	assert_int_equal(meet(10, false), 0);
	drain();
	pass_us(LISTEN_MS * UINT64_C(2000));
	assert_false(next_of(RING_JOIN)); /* by whom? */
	again(1);
	assert_int_equal(meet(10, true), 0);
	drain();
	pass_us(LISTEN_MS * UINT64_C(1000) - 1);
	assert_false(next_of(RING_JOIN));
	pass_us(1);
	assert_true(next_of(RING_JOIN));
	assert_int_equal(place_of(&output.via), 10);
	assert_false(is_at_rest());

	again(1);
	stand();
	assert_int_equal(hear(100, names, 1), 0);
	assert_int_equal(meet(60, true), 0);
	/* Who is wanted may see us: it is tried first, but does not keep us from asking. */
	assert_int_equal(wait_for(RING_JOIN), NAMES_MS * UINT64_C(1000));
}

/* One who names others without end has a few of them tried, and hinders nothing else. */
static void who_invents_members_is_heard_within_bounds(void **state)
{
	unsigned tried = 0;
	unsigned last;

	(void)state;
	assert_int_equal(meet(0x7000, true), 0);
	assert_int_equal(hear(0x7000, NULL, 0), 0);
	for (unsigned ms = 0; ms < 60000; ms += 100, pass_us(100000)) {
		unsigned names[NEIGHBOURS_MAX];

		for (unsigned i = 0; i < NEIGHBOURS_MAX; i++)
			names[i] = 1 + ms / 100 * NEIGHBOURS_MAX + i;
		assert_int_equal(hear(0x7000, names, NEIGHBOURS_MAX), 0);
		tried += count_of(RING_WANT, &last);
		assert_true(ring_is_settled(ring));
	}
	/* In each window those that were tried, and those that were noted until then. */
	assert_in_range(tried, 1, 6 * (NAMED_MAX + 2 * RING_WANTED_MAX));
}

/* The only link is a bootstrap member that stands elsewhere. */
static void a_newcomer_asks_for_its_place(void **state)
{
	static const unsigned afar[] = { 0x4000, 0x4100, 0x4200, 0x4800, 0x4900, 0x4a00 };
	static const unsigned both[] = { BACK(40), BACK(30), BACK(20), 20, 30 };
	unsigned last;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint64_t interval_ms = RING_TRY_MS;

		again(seed);
		assert_int_equal(meet(0x4500, true), 0);
		assert_int_equal(hear(0x4500, afar, 6), 0);
		assert_int_equal(wait_for(RING_JOIN), 0);
		assert_int_equal(place_of(&output.via), 0x4500);
		assert_false(next_of(RING_WANT)); /* names from afar can wait for the answer */
		if (seed % 2 == 0) {              /* which is lost */
			assert_jittered(wait_for(RING_JOIN), interval_ms);
			/* Now they are all we have. */
			assert_int_equal(count_of(RING_WANT, &last), 2);
			pass_us(UINT64_C(1000) * RING_BEHIND_MS);
			assert_int_equal(count_of(RING_WANT, &last), 4);
		}

		assert_int_equal(meet(10, false), 0); /* it answered, carried by the ring */
		assert_int_equal(hear(10, both, 5), 0);
		while (next_of(RING_WANT))
			assert_true(place_of(&output.id) <= 30 ||
				    place_of(&output.id) >= BACK(40) || seed % 2 == 0);
		assert_false(is_at_rest());
		assert_int_equal(meet(BACK(20), false), 0);
		assert_int_equal(hear(BACK(20), &both[3], 2), 0);
		assert_int_equal(meet(BACK(30), false), 0);
		assert_int_equal(meet(20, false), 0);
		assert_int_equal(meet(30, false), 0);
		assert_false(is_at_rest()); /* the third on this side is wanted */
		assert_int_equal(meet(BACK(40), false), 0);
		assert_true(is_at_rest());
		assert_false(next_of(RING_JOIN));
	}
}

static void the_question_is_repeated_at_growing_intervals(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		again(seed);
		assert_int_equal(meet(0x4500, true), 0);
		assert_int_equal(wait_for(RING_JOIN), LISTEN_MS * 1000);
		for (uint64_t ms = RING_TRY_MS; ms < RING_JOIN_MAX_MS; ms *= 2)
			assert_jittered(wait_for(RING_JOIN), ms);
		for (unsigned i = 0; i < 5; i++)
			assert_jittered(wait_for(RING_JOIN), RING_JOIN_MAX_MS);
		assert_int_equal(hear(0x4500, NULL, 0), 0); /* we stand */
		assert_true(is_at_rest());
		pass_us(UINT64_C(1000) * RING_TRY_MS);
		leave(0x4500);
		assert_int_equal(meet(0x4600, true), 0); /* and do not: as eager as ever */
		assert_int_equal(wait_for(RING_JOIN), LISTEN_MS * 1000);
	}
}

static void a_member_of_another_ring_is_asked_once(void **state)
{
	static const unsigned afar[] = { 0x4000, 0x4100, 0x4200, 0x4800, 0x4900, 0x4a00 };
	static const unsigned known[] = { 10, 0x4000, 0x4100, 0x4200, 0x4800, 0x4900, 0x4a00 };
	const struct id self = id_at(0);

	(void)state;
	stand();
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(meet(i * 10, false), 0);
		assert_int_equal(meet(BACK(i * 10), false), 0);
	}
	assert_int_equal(hear(10, NULL, 0), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	assert_true(is_at_rest());

	assert_int_equal(meet(0x4500, false), 0); /* found along the ring: of ours */
	assert_int_equal(meet(0x4500, true), 0);
	assert_int_equal(hear(0x4500, afar, 6), 0);
	assert_false(next_of(RING_JOIN));
	assert_int_equal(meet(0x4501, true), 0); /* it knows one whom we know */
	assert_int_equal(hear(0x4501, known, 7), 0);
	assert_false(next_of(RING_JOIN));
	assert_int_equal(meet(0x4502, true), 0); /* knows nobody */
	assert_int_equal(hear(0x4502, NULL, 0), 0);
	assert_int_equal(hear(0x4502, afar, 6), 0); /* whom it met since */
	assert_false(next_of(RING_JOIN));
	assert_int_equal(meet(0x4503, true), 0);
	assert_int_equal(hear(0x4503, afar, 6), 0);
	assert_true(next_of(RING_JOIN));
	assert_int_equal(place_of(&output.via), 0x4503);
	assert_int_equal(hear(0x4503, afar, 6), 0);
	for (unsigned i = 1; i < 3; i++) { /* failed: again, but three times in all */
		assert_false(next_of(RING_JOIN));
		ring_failed(ring, now, &self);
		assert_jittered(wait_for(RING_JOIN), RING_TRY_MS);
		assert_int_equal(place_of(&output.via), 0x4503);
	}
	ring_failed(ring, now, &self);
	pass_us(UINT64_C(1000) * RING_TRY_MS);
	assert_false(next_of(RING_JOIN));
	assert_true(is_at_rest());

	assert_int_equal(meet(0x4504, true), 0); /* gone before it was asked */
	assert_int_equal(hear(0x4504, afar, 6), 0);
	leave(0x4504);
	assert_false(next_of(RING_JOIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(a_stranger_is_not_heard),
		RING_TEST(a_nearer_one_is_tried_three_times_and_then_ever_less_often),
		RING_TEST(who_was_in_vain_is_tried_again_only_when_named),
		RING_TEST(who_came_after_all_was_not_in_vain),
		RING_TEST(for_who_is_tried_again_nobody_waits),
		RING_TEST(who_failed_the_last_time_is_ignored_at_once),
		RING_TEST(who_is_not_believed_was_not_heard),
		RING_TEST(each_try_goes_by_another),
		RING_TEST(who_is_not_believed_speaks_for_itself_alone),
		RING_TEST(only_who_would_be_near_is_wanted),
		RING_TEST(the_next_follows_when_a_first_try_took_too_long),
		RING_TEST(who_stands_behind_another_is_tried_later),
		RING_TEST(for_whom_nearer_ones_come_is_not_tried),
		RING_TEST(who_becomes_the_nearest_is_tried_at_once),
		RING_TEST(who_left_is_wanted_only_when_named),
		RING_TEST(the_next_one_is_known_when_a_near_one_leaves),
		RING_TEST(a_name_is_forgotten_that_nobody_repeats),
		RING_TEST(names_beyond_the_limit_push_out_the_farthest),
		RING_TEST(who_is_seen_on_both_sides_asks_nothing),
		RING_TEST(a_silent_neighbour_is_asked_after_a_while),
		RING_TEST(who_invents_members_is_heard_within_bounds),
		RING_TEST(a_newcomer_asks_for_its_place),
		RING_TEST(the_question_is_repeated_at_growing_intervals),
		RING_TEST(a_member_of_another_ring_is_asked_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
