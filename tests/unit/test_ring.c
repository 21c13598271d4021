/* test_ring.c - whom the ring wants, tells and asks, and when; both sides of every limit.
 *
 * We stand at 0xf000...; member n stands n/65536 of the ring clockwise of us, so that the order
 * wraps around zero and the other side begins at 0x8000. */
#include "base/err.h"
#include "ring/ring.h"

#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

#include <string.h>

#define SEEDS 50
#define SELF 0xf000U
#define BACK(n) (0x10000U - (n)) /* the n-th place on our counter-clockwise side */

#define LISTEN_MS 500 /* as ring.c has it */

static struct rng rng;
static struct ring *ring;
static struct now now;
static struct ring_output output;

static struct id id_at(unsigned place)
{
	const unsigned at = (SELF + place) & 0xffffU;
	struct id id = { { 0 } };

	id.bytes[0] = (uint8_t)(at >> 8);
	id.bytes[1] = (uint8_t)at;
	id.bytes[ID_BYTES - 1] = 1; /* so that none is zero */
	return id;
}

static unsigned place_of(const struct id *id)
{
	return ((unsigned)(id->bytes[0] << 8 | id->bytes[1]) - SELF) & 0xffffU;
}

static void set_up_seed(uint64_t seed)
{
	const struct id self = id_at(0);

	rng_init_seed(&rng, seed);
	now = (struct now){ .mono = { .us = 5000000 } };
	assert_int_equal(ring_new(&self, &rng, &ring), 0);
}

static int set_up(void **state)
{
	(void)state;
	set_up_seed(1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ring_del(ring);
	ring = NULL;
	return 0;
}

static void again(uint64_t seed)
{
	ring_del(ring);
	set_up_seed(seed);
}

static void pass_us(uint64_t us)
{
	now.mono = mono_add_us(now.mono, us);
}

static int meet(unsigned place, bool linked)
{
	return ring_met(ring, now, &(struct ring_member){ .id = id_at(place), .linked = linked });
}

static void leave(unsigned place)
{
	const struct id id = id_at(place);

	ring_left(ring, now, &id);
}

static int hear(unsigned from, const unsigned *places, size_t count)
{
	struct neighbours list = { .count = (uint8_t)count };
	const struct id id = id_at(from);

	for (size_t i = 0; i < count; i++)
		list.ids[i] = id_at(places[i]);
	return ring_hear(ring, now, &id, &list);
}

/* The next output of this kind at this instant, others passed over; false if there is none. */
static bool next_of(enum ring_output_kind kind)
{
	while (ring_poll(ring, now, &output))
		if (output.kind == kind)
			return true;
	return false;
}

/* How many of this kind come now; *ret_last tells about which member the last was. */
static unsigned count_of(enum ring_output_kind kind, unsigned *ret_last)
{
	unsigned count = 0;

	while (next_of(kind)) {
		*ret_last = place_of(&output.id);
		count++;
	}
	return count;
}

static void drain(void)
{
	while (ring_poll(ring, now, &output)) {
	}
}

/* From deadline to deadline until an output of this kind comes: after how many us; others are
 * passed over. */
static uint64_t wait_for(enum ring_output_kind kind)
{
	const struct mono from = now.mono;

	while (!next_of(kind)) {
		const struct mono due = ring_deadline(ring);

		assert_true(due.us != MONO_NEVER.us && due.us > now.mono.us);
		now.mono = (struct mono){ due.us - 1 };
		assert_false(ring_poll(ring, now, &output)); /* not before its time */
		now.mono = due;
	}
	return now.mono.us - from.us;
}

static void assert_jittered(uint64_t us, uint64_t ms)
{
	assert_in_range(us, ms * 1000 * (100 - RING_JITTER_PER_CENT) / 100, ms * 1000);
}

/* Two neighbours, linked, one on each side, who see us: we stand, and are settled. */
static void stand(void)
{
	assert_int_equal(meet(100, true), 0);
	assert_int_equal(meet(BACK(100), true), 0);
	assert_int_equal(hear(100, NULL, 0), 0);
	assert_int_equal(hear(BACK(100), NULL, 0), 0);
	drain();
	assert_true(ring_is_settled(ring));
}

/* Members that are met */

static void no_more_members_than_fit(void **state)
{
	const struct id self = id_at(0);
	const struct ring_member us = { .id = self };
	const struct ring_member nobody = { .linked = true };

	(void)state;
	assert_int_equal(ring_met(ring, now, &us), ERR_DENIED);
	assert_int_equal(ring_met(ring, now, &nobody), ERR_DENIED);
	for (unsigned i = 1; i <= RING_MEMBERS_MAX; i++)
		assert_int_equal(meet(i * 7, i % 2 == 0), 0);
	assert_int_equal(meet(3, true), ERR_FULL);
	assert_int_equal(meet(7, true), 0); /* known: only a change */
	leave(3);                           /* never met: nothing */
	assert_int_equal(meet(3, true), ERR_FULL);
	leave(700);
	assert_int_equal(meet(3, true), 0);
	assert_int_equal(meet(700, true), ERR_FULL);
}

static bool is_near(unsigned place)
{
	const struct id id = id_at(place);

	return ring_is_near(ring, &id);
}

static void near_are_three_on_each_side(void **state)
{
	static const unsigned order[] = { 500,  BACK(500), 20,  BACK(20), 300,    40,
					  7000, BACK(40),  400, BACK(60), 0x7fff, 30 };
	static const unsigned nearest[] = { BACK(60), BACK(40), BACK(20), 20, 30, 40 };
	struct id near[2 * RING_NEAR];

	(void)state;
	assert_int_equal(ring_near(ring, near), 0);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		assert_int_equal(meet(order[i], false), 0);
	assert_int_equal(ring_near(ring, near), 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(place_of(&near[i]), nearest[i]);
	assert_true(is_near(40) && !is_near(300) && !is_near(0x7fff));
	leave(30);
	assert_true(is_near(40) && is_near(300) && !is_near(30));
}

static void few_members_are_near_once_each(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= 2 * RING_NEAR; count++) {
		struct id near[2 * RING_NEAR];

		again(1);
		for (unsigned i = 0; i < count; i++)
			assert_int_equal(meet(100 + i, false), 0);
		assert_int_equal(ring_near(ring, near), count);
		for (unsigned i = 0; i < count; i++) /* the half of them counts as behind us */
			assert_int_equal(place_of(&near[i]), 100 + (i + count - count / 2) % count);
	}
}

static void changes_of_the_near_set_are_reported(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 2 * RING_NEAR; i++) {
		assert_int_equal(meet(i * 1000, false), 0);
		assert_true(ring_poll(ring, now, &output));
		assert_int_equal(output.kind, RING_NEAR_CHANGED);
		assert_false(next_of(RING_NEAR_CHANGED));
	}
	assert_int_equal(meet(3500, true), 0); /* between the third and the fourth */
	assert_false(next_of(RING_NEAR_CHANGED));
	assert_int_equal(meet(1000, true), 0); /* linked now */
	assert_false(next_of(RING_NEAR_CHANGED));
	leave(3500);
	assert_false(next_of(RING_NEAR_CHANGED));
	leave(3000);
	assert_int_equal(ring_deadline(ring).us, 0);
	assert_true(next_of(RING_NEAR_CHANGED));
}

static void the_first_link_is_the_soonest(void **state)
{
	static const unsigned places[] = { 50, 60, 40, 30, 90 };
	static const uint64_t rtts_us[] = { 0, 900, 1000, 0, 899 }; /* 0: not known */
	static const unsigned firsts[] = { 50, 60, 60, 60, 90 };    /* from then on */
	struct id first;

	(void)state;
	assert_false(ring_first_link(ring, &first));
	assert_int_equal(meet(20, false), 0);
	assert_false(ring_first_link(ring, &first)); /* met only */
	for (size_t i = 0; i < 5; i++) {
		const struct ring_member member = { id_at(places[i]), true, rtts_us[i] };

		assert_int_equal(ring_met(ring, now, &member), 0);
		assert_true(ring_first_link(ring, &first));
		assert_int_equal(place_of(&first), firsts[i]);
	}
	assert_int_equal(meet(90, false), 0); /* no longer linked */
	assert_true(ring_first_link(ring, &first));
	assert_int_equal(place_of(&first), 60);
}

/* Rumours */

static void a_stranger_is_not_heard(void **state)
{
	static const unsigned names[] = { 10, 20 };

	(void)state;
	stand();
	assert_int_equal(hear(7, names, 2), ERR_DENIED);
	assert_false(next_of(RING_WANT));
	assert_true(ring_is_settled(ring));
}

static void a_nearer_one_is_tried_three_times_and_then_ignored(void **state)
{
	static const unsigned names[] = { 50 };

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct mono ignored;

		again(seed);
		stand();
		assert_int_equal(hear(100, names, 1), 0);
		for (unsigned i = 0; i < RING_TRIES; i++) {
			const uint64_t us = wait_for(RING_WANT);

			assert_int_equal(place_of(&output.id), 50);
			assert_int_equal(place_of(&output.via), 100);
			if (i == 0)
				assert_int_equal(us, 0);
			else
				assert_jittered(us, (uint64_t)RING_TRY_MS << (i - 1));
			assert_false(ring_is_settled(ring));
			assert_int_equal(hear(100, names, 1), 0); /* starts nothing anew */
			assert_false(next_of(RING_WANT));
		}
		ignored = now.mono;
		while (!ring_is_settled(ring)) {
			now.mono = ring_deadline(ring);
			assert_false(next_of(RING_WANT));
		}
		assert_jittered(now.mono.us - ignored.us,
				(uint64_t)RING_TRY_MS << (RING_TRIES - 1));
		ignored = mono_add_ms(now.mono, RING_IGNORE_MS);
		for (; !mono_reached(now.mono, ignored); pass_us(100000)) {
			assert_int_equal(hear(100, names, 1), 0);
			assert_false(next_of(RING_WANT));
		}
		now.mono = (struct mono){ ignored.us - 1 };
		assert_int_equal(hear(BACK(100), names, 1), 0);
		assert_false(next_of(RING_WANT));
		now.mono = ignored; /* nobody names it now: it stays forgotten */
		assert_false(next_of(RING_WANT));
		assert_int_equal(hear(BACK(100), names, 1), 0);
		assert_true(next_of(RING_WANT));
		assert_int_equal(place_of(&output.via), BACK(100));
	}
}

static void who_failed_the_last_time_is_ignored_at_once(void **state)
{
	static const unsigned names[] = { 50 };
	const struct id id = id_at(50);

	(void)state;
	stand();
	assert_int_equal(hear(100, names, 1), 0);
	for (unsigned i = 0; i < RING_TRIES; i++) {
		assert_false(ring_is_settled(ring));
		(void)wait_for(RING_WANT); /* not sooner for having failed */
		ring_failed(ring, now, &id);
	}
	assert_true(ring_is_settled(ring));
	ring_failed(ring, now, &id); /* nothing to fail */
	assert_true(ring_is_settled(ring));
}

static void only_who_would_be_near_is_wanted(void **state)
{
	static const unsigned names[] = { 10, 20, 30, 40, BACK(10), BACK(20), BACK(30), BACK(40) };
	struct id id;
	unsigned last;

	(void)state;
	stand();
	assert_int_equal(hear(100, names, 8), 0);
	for (unsigned i = 0; i < 2 * RING_NEAR; i++) {
		assert_true(next_of(RING_WANT));
		assert_int_not_equal(place_of(&output.id), 40);
		assert_int_not_equal(place_of(&output.id), BACK(40));
	}
	assert_false(next_of(RING_WANT));

	assert_int_equal(meet(20, false), 0); /* one of them came, nothing changes */
	assert_int_equal(count_of(RING_WANT, &last), 0);
	id = id_at(30);
	ring_failed(ring, now, &id); /* who is behind it need not wait */
	assert_int_equal(count_of(RING_WANT, &last), 1);
	assert_int_equal(last, 40);
	for (unsigned i = 1; i <= 3; i++) { /* it came after all, and with it the others */
		assert_int_equal(meet(i * 10, false), 0);
		assert_int_equal(meet(BACK(i * 10), false), 0);
	}
	assert_int_equal(hear(10, NULL, 0), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	assert_true(ring_is_settled(ring)); /* 40 is not wanted any more */
}

static void the_next_follows_when_a_first_try_took_too_long(void **state)
{
	static const unsigned names[] = { 10, 20, 30, 40 };
	bool seen_40 = false;
	unsigned last;

	(void)state;
	stand();
	assert_int_equal(meet(BACK(10), false), 0); /* so that the names are far on this side */
	assert_int_equal(meet(BACK(20), false), 0);
	assert_int_equal(hear(BACK(10), NULL, 0), 0);
	assert_int_equal(hear(100, names, 4), 0);
	assert_int_equal(count_of(RING_WANT, &last), 3);
	while (!seen_40) {
		(void)wait_for(RING_WANT);
		seen_40 = place_of(&output.id) == 40;
		assert_true(seen_40 || place_of(&output.id) <= 30);
	}
	assert_in_range(now.mono.us, 5000000 + RING_TRY_MS * 800, 5000000 + RING_TRY_MS * 1000);
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
	assert_true(ring_is_settled(ring));
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
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.id), 150);
	assert_int_equal(place_of(&output.via), 30);
	assert_false(next_of(RING_WANT));
	leave(30); /* who told it: nobody is to be asked on the way */
	assert_true(next_of(RING_WANT));
	assert_int_equal(place_of(&output.id), 200);
	assert_true(id_is_zero(&output.via));

	leave(10); /* names that nobody repeats are forgotten after three lists */
	pass_us(UINT64_C(3) * RING_TELL_MS * 1000);
	drain();
	for (unsigned i = 1; i <= 3; i++)
		leave(BACK(i * 10));
	while (next_of(RING_WANT))
		assert_int_not_equal(place_of(&output.id), 400);
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

/* Lists */

static bool names(const struct neighbours *list, unsigned place)
{
	const struct id id = id_at(place);

	for (size_t i = 0; i < list->count; i++)
		if (id_equal(&list->ids[i], &id))
			return true;
	return false;
}

static void a_list_names_those_around_us_but_not_its_reader(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 12; i++) {
		assert_int_equal(meet(i * 10, false), 0);
		assert_int_equal(meet(BACK(i * 10), true), 0);
	}
	for (unsigned told = 0; told < 2 * RING_NEAR; told++) {
		const unsigned far = 10 * NEIGHBOURS_MAX / 2;

		assert_true(next_of(RING_TELL));
		assert_int_equal(output.list.count, NEIGHBOURS_MAX - 1);
		assert_false(names(&output.list, place_of(&output.id)));
		assert_true(names(&output.list, far));
		assert_true(names(&output.list, BACK(far)));
		assert_false(names(&output.list, far + 10));
		assert_false(names(&output.list, BACK(far + 10)));
		pass_us(1000);
	}
}

static void near_members_are_told_often_after_a_change_and_then_seldom(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		again(seed);
		assert_int_equal(meet(10, false), 0);
		assert_int_equal(wait_for(RING_TELL), 0);
		assert_int_equal(output.list.count, 0);
		for (uint64_t ms = 1000; ms < RING_TELL_MS; ms *= 2)
			assert_jittered(wait_for(RING_TELL), ms);
		for (unsigned i = 0; i < 5; i++)
			assert_jittered(wait_for(RING_TELL), RING_TELL_MS);
		pass_us(UINT64_C(1000) * RING_TELL_MIN_MS);
		assert_int_equal(meet(20, false), 0);
		assert_true(next_of(RING_TELL)); /* both at once */
		assert_true(next_of(RING_TELL));
		assert_false(next_of(RING_TELL));
	}
}

static void nobody_is_told_twice_within_the_shortest_interval(void **state)
{
	unsigned last;

	(void)state;
	assert_int_equal(meet(10, false), 0);
	assert_int_equal(count_of(RING_TELL, &last), 1);
	pass_us(1);
	assert_int_equal(meet(20, false), 0);
	assert_int_equal(count_of(RING_TELL, &last), 1);
	assert_int_equal(last, 20); /* 10 has to wait */
	pass_us(UINT64_C(1000) * RING_TELL_MIN_MS - 2);
	assert_int_equal(count_of(RING_TELL, &last), 0);
	pass_us(1);
	assert_int_equal(count_of(RING_TELL, &last), 1);
	assert_int_equal(last, 10);
}

static void far_members_are_told_when_it_matters(void **state)
{
	unsigned lists = 0;

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(meet(i * 10, true), 0);
		assert_int_equal(meet(BACK(i * 10), true), 0);
	}
	drain();
	assert_int_equal(meet(500, false), 0); /* found along the ring, far: it needs no list */
	assert_false(next_of(RING_TELL));
	assert_int_equal(meet(600, true), 0); /* found by its address: perhaps of another ring */
	assert_true(next_of(RING_TELL));
	assert_int_equal(place_of(&output.id), 600);
	assert_int_equal(hear(500, NULL, 0), 0); /* it takes us for near: it learns whether we do */
	assert_true(next_of(RING_TELL));
	assert_int_equal(place_of(&output.id), 500);
	assert_int_equal(hear(500, NULL, 0), 0);
	assert_false(next_of(RING_TELL)); /* once is enough */

	assert_int_equal(meet(5, false), 0); /* pushes 30 out */
	while (mono_ms_between((struct mono){ .us = 5000000 }, now.mono) < 60000) {
		if (next_of(RING_TELL)) {
			const unsigned place = place_of(&output.id);

			if (place == 30) {
				assert_true(names(&output.list, 5));
				lists++;
			}
			assert_true((place != 500 && place != 600) || now.mono.us < 9000000);
		} else {
			now.mono = ring_deadline(ring);
		}
	}
	assert_in_range(lists, 1, 3); /* and then no more */
}

/* Our place */

static void who_is_seen_on_both_sides_asks_nothing(void **state)
{
	unsigned last;

	(void)state;
	assert_false(ring_is_settled(ring));
	assert_int_equal(meet(10, false), 0);
	assert_int_equal(hear(10, NULL, 0), 0);
	assert_false(ring_is_settled(ring)); /* no link */
	assert_int_equal(meet(10, true), 0);
	assert_true(ring_is_settled(ring));
	assert_int_equal(count_of(RING_JOIN, &last), 0);
	pass_us(60000000);
	assert_int_equal(count_of(RING_JOIN, &last), 0);
}

static void a_silent_neighbour_is_asked_after_a_while(void **state)
{
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
	assert_false(ring_is_settled(ring));
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
			assert_int_equal(count_of(RING_WANT, &last),
					 6); /* now they are all we have */
		}

		assert_int_equal(meet(10, false), 0); /* it answered, carried by the ring */
		assert_int_equal(hear(10, both, 5), 0);
		while (next_of(RING_WANT))
			assert_true(place_of(&output.id) <= 30 ||
				    place_of(&output.id) >= BACK(40) || seed % 2 == 0);
		assert_false(ring_is_settled(ring));
		assert_int_equal(meet(BACK(20), false), 0);
		assert_int_equal(hear(BACK(20), &both[3], 2), 0);
		assert_int_equal(meet(BACK(30), false), 0);
		assert_int_equal(meet(20, false), 0);
		assert_int_equal(meet(30, false), 0);
		assert_false(ring_is_settled(ring)); /* the third on this side is wanted */
		assert_int_equal(meet(BACK(40), false), 0);
		assert_true(ring_is_settled(ring));
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
		for (uint64_t ms = RING_TRY_MS; ms < RING_IGNORE_MS; ms *= 2)
			assert_jittered(wait_for(RING_JOIN), ms);
		for (unsigned i = 0; i < 5; i++)
			assert_jittered(wait_for(RING_JOIN), RING_IGNORE_MS);
		assert_int_equal(hear(0x4500, NULL, 0), 0); /* we stand */
		assert_true(ring_is_settled(ring));
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
	assert_true(ring_is_settled(ring));

	assert_int_equal(meet(0x4500, false), 0); /* found along the ring: of ours */
	assert_int_equal(meet(0x4500, true), 0);
	assert_int_equal(hear(0x4500, afar, 6), 0);
	assert_false(next_of(RING_JOIN));
	assert_int_equal(meet(0x4501, true), 0); /* it knows one whom we know */
	assert_int_equal(hear(0x4501, known, 7), 0);
	assert_false(next_of(RING_JOIN));
	assert_int_equal(meet(0x4502, true), 0); /* knows nobody */
	assert_int_equal(hear(0x4502, NULL, 0), 0);
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
	assert_true(ring_is_settled(ring));

	assert_int_equal(meet(0x4504, true), 0); /* gone before it was asked */
	assert_int_equal(hear(0x4504, afar, 6), 0);
	leave(0x4504);
	assert_false(next_of(RING_JOIN));
}

/* Memory */

static void memory_is_taken_when_it_begins(void **state)
{
	const struct id self = id_at(0);
	const int64_t live = allocations_live();
	struct ring *other = NULL;
	uint64_t count = 0;

	(void)state;
	for (uint64_t n = 1;; n++) {
		allocations_fail_at(n);
		if (ring_new(&self, &rng, &other) == 0)
			break;
		assert_null(other);
		assert_int_equal(allocations_live(), live);
		count = n;
	}
	allocations_fail_at(0);
	assert_true(count > 5);
	ring_del(other);
	ring_del(NULL);
	assert_int_equal(allocations_live(), live);

	count = allocations_count();
	for (unsigned i = 1; i < 300; i++) {
		const unsigned heard[] = { i + 1000, i + 2000, BACK(i), i * 3 };

		assert_int_equal(meet(i * 5, i % 3 != 0), 0);
		assert_int_equal(hear(i * 5, heard, 4), 0);
		pass_us(UINT64_C(1000) * i);
		drain();
		if (i % 4 == 0)
			leave(i * 2 + i / 2);
	}
	assert_int_equal(allocations_count(), count);
}

#define RING_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(no_more_members_than_fit),
		RING_TEST(near_are_three_on_each_side),
		RING_TEST(few_members_are_near_once_each),
		RING_TEST(changes_of_the_near_set_are_reported),
		RING_TEST(the_first_link_is_the_soonest),
		RING_TEST(a_stranger_is_not_heard),
		RING_TEST(a_nearer_one_is_tried_three_times_and_then_ignored),
		RING_TEST(who_failed_the_last_time_is_ignored_at_once),
		RING_TEST(only_who_would_be_near_is_wanted),
		RING_TEST(the_next_follows_when_a_first_try_took_too_long),
		RING_TEST(who_left_is_wanted_only_when_named),
		RING_TEST(the_next_one_is_known_when_a_near_one_leaves),
		RING_TEST(names_beyond_the_limit_push_out_the_farthest),
		RING_TEST(a_list_names_those_around_us_but_not_its_reader),
		RING_TEST(near_members_are_told_often_after_a_change_and_then_seldom),
		RING_TEST(nobody_is_told_twice_within_the_shortest_interval),
		RING_TEST(far_members_are_told_when_it_matters),
		RING_TEST(who_is_seen_on_both_sides_asks_nothing),
		RING_TEST(a_silent_neighbour_is_asked_after_a_while),
		RING_TEST(a_newcomer_asks_for_its_place),
		RING_TEST(the_question_is_repeated_at_growing_intervals),
		RING_TEST(a_member_of_another_ring_is_asked_once),
		RING_TEST(memory_is_taken_when_it_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
