/* test_ring.c - whom the ring has met, who of them is near, and whom it tells; both sides of every
 * limit. */
#include "base/err.h"
#include "ring/ring.h"

#include "tests/lib/allocations.h"
#include "tests/lib/ring_alone.h"

#define SEEDS 50

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

/* Its newest list may be lost: nobody can know but us. */
static void who_should_see_us_and_does_not_is_asked_for_its_list(void **state)
{
	static const unsigned beside[] = { 5, 10, 15, 110, 120, 130 };

	(void)state;
	stand();
	assert_int_equal(meet(20, false), 0); /* which has told no list: one may be on its way */
	assert_true(next_of(RING_TELL) && !output.list.asks);
	drain();
	assert_int_equal(hear(20, beside, 6), 0); /* and by this one does not see us */
	(void)wait_for(RING_JOIN);
	assert_false(next_of(RING_TELL)); /* the ring may know who stands between us */
	(void)wait_for(RING_JOIN);
	assert_true(next_of(RING_TELL));
	assert_int_equal(place_of(&output.id), 20);
	assert_true(output.list.asks);
	assert_int_equal(hear(20, NULL, 0), 0); /* now it sees us */
	assert_true(ring_is_settled(ring));
	assert_int_equal(meet(30, false), 0);
	while (next_of(RING_TELL))
		assert_false(output.list.asks);
}

static void who_asks_for_our_list_is_told_it(void **state)
{
	struct neighbours list = { .asks = true };
	const struct id id = id_at(100);

	(void)state;
	stand();
	pass_us(UINT64_C(1000) * RING_ASKED_MS);
	assert_false(next_of(RING_TELL));
	assert_int_equal(ring_hear(ring, now, &id, &list), 0);
	assert_true(next_of(RING_TELL));
	assert_int_equal(place_of(&output.id), 100);
	for (unsigned i = 0; i < 50; i++) /* not more often for asking more often */
		assert_int_equal(ring_hear(ring, now, &id, &list), 0);
	assert_false(next_of(RING_TELL));
	const uint64_t asked_us = now.mono.us;

	do /* the other one has its list meanwhile */
		(void)wait_for(RING_TELL);
	while (place_of(&output.id) != 100);
	assert_int_equal(now.mono.us - asked_us, UINT64_C(1000) * RING_ASKED_MS);
}

static void near_members_are_told_often_after_a_change_and_then_seldom(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		again(seed);
		assert_int_equal(meet(10, false), 0);
		assert_int_equal(wait_for(RING_TELL), 0);
		assert_int_equal(output.list.count, 0);
		for (uint64_t ms = 2000; ms < RING_TELL_MS; ms *= 4)
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

/* Who may be gone */

static const unsigned around[] = { 10, 20, 30, BACK(10), BACK(20), BACK(30) };

static void meet_those_around(void)
{
	for (unsigned i = 0; i < 2 * RING_NEAR; i++)
		assert_int_equal(meet(around[i], true), 0);
	assert_int_equal(meet(500, true), 0); /* far */
	drain();
}

/* All around, but for one and the teller itself. */
static void hear_without(unsigned teller, unsigned missing)
{
	unsigned places[2 * RING_NEAR + 1] = { 500 };
	size_t count = 1;

	for (unsigned i = 0; i < 2 * RING_NEAR; i++)
		if (around[i] != teller && around[i] != missing)
			places[count++] = around[i];
	assert_int_equal(hear(teller, places, count), 0);
}

static void who_is_missing_from_a_list_is_asked(void **state)
{
	unsigned last;

	(void)state;
	meet_those_around();
	pass_us(UINT64_C(1000) * RING_SUSPECT_MS - 1);
	hear_without(10, 20);
	assert_int_equal(count_of(RING_CHECK, &last), 0); /* they have met just now */
	pass_us(1);
	hear_without(10, 0);
	assert_int_equal(count_of(RING_CHECK, &last), 0);
	hear_without(10, 20);
	assert_int_equal(ring_deadline(ring).us, 0);
	assert_int_equal(count_of(RING_CHECK, &last), 1);
	assert_int_equal(last, 20);
	hear_without(10, BACK(20)); /* we, 10 back, and it: near to 10 */
	assert_int_equal(count_of(RING_CHECK, &last), 1);
	assert_int_equal(last, BACK(20));
	hear_without(10, BACK(30)); /* three are between them, and one is we */
	assert_int_equal(count_of(RING_CHECK, &last), 0);
	hear_without(500, 20); /* not near */
	assert_int_equal(count_of(RING_CHECK, &last), 0);
}

static void when_one_near_member_is_gone_the_others_are_asked(void **state)
{
	unsigned last;

	(void)state;
	meet_those_around();
	pass_us(UINT64_C(1000) * RING_SUSPECT_MS - 1);
	leave(500);
	assert_int_equal(count_of(RING_CHECK, &last), 0);
	leave(20); /* who comes and goes in no time tells of nothing */
	assert_int_equal(count_of(RING_CHECK, &last), 0);
	pass_us(1);
	leave(30);
	assert_int_equal(count_of(RING_CHECK, &last), 2 * RING_NEAR - 2);
	assert_int_equal(count_of(RING_CHECK, &last), 0);
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

	pass_us(UINT64_C(1000) * RING_TELL_MIN_MS);
	assert_int_equal(meet(5, false),
			 0); /* pushes 30 out: it is told at once, as the near are */
	for (unsigned i = 0; i <= 2 * RING_NEAR; i++) {
		assert_true(next_of(RING_TELL));
		lists += place_of(&output.id) == 30 ? 1 : 0;
	}
	assert_int_equal(lists, 1);
	while (mono_ms_between((struct mono){ .us = 5000000 }, now.mono) < 60000) {
		if (next_of(RING_TELL)) {
			const unsigned place = place_of(&output.id);

			if (place == 30) {
				assert_true(names(&output.list, 5));
				lists++;
			}
			assert_true((place != 500 && place != 600) || now.mono.us < 16000000);
		} else {
			now.mono = ring_deadline(ring);
		}
	}
	assert_int_equal(lists, 3); /* and then no more */
}

/* Memory */

static void memory_is_taken_as_members_come_and_for_nothing_else(void **state)
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
	assert_true(count >= 2);
	ring_del(other);
	ring_del(NULL);
	assert_int_equal(allocations_live(), live);

	for (unsigned i = 1; i < 300; i++) {
		const unsigned heard[] = { i + 1000, i + 2000, BACK(i), i * 3 };

		for (uint64_t n = 1; n <= 8; n++) { /* whatever lacks, nobody is met by halves */
			allocations_fail_at(n);
			if (meet(i * 5, i % 3 != 0) == 0)
				break;
		}
		allocations_fail_at(0);
		assert_int_equal(meet(i * 5, i % 3 != 0), 0);
		count = allocations_count();
		assert_int_equal(hear(i * 5, heard, 4), 0);
		pass_us(UINT64_C(1000) * i);
		drain();
		if (i % 4 == 0)
			leave(i * 2 + i / 2);
		assert_int_equal(allocations_count(), count);
	}
}

/* Six near members a step apart, that see us: so far apart do all stand. */
static void stand_in_place(unsigned step)
{
	const unsigned side[] = { 3 * step,   2 * step,       step,
				  BACK(step), BACK(2 * step), BACK(3 * step) };

	again(1);
	for (size_t i = 0; i < sizeof(side) / sizeof(side[0]); i++)
		assert_int_equal(meet(side[i], true), 0);
	for (size_t i = 0; i < sizeof(side) / sizeof(side[0]); i++)
		assert_int_equal(hear(side[i], NULL, 0), 0);
	assert_true(ring_is_settled(ring));
}

/* Who answers to a key from so far away has passed over many who stand nearer. */
static void who_answers_from_far_away_is_not_believed(void **state)
{
	static const unsigned steps[] = { 1, 4, 16 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		for (unsigned gaps = 12; gaps <= 20; gaps += 8) {
			struct id answered, key;
			unsigned place, way;

			stand_in_place(steps[i]);
			(void)wait_for(RING_SEEK);
			key = output.id;
			place = place_of(&key);
			way = gaps * steps[i]; /* away from us */
			answered = id_at(place < 0x8000 ? place + way : place - way);
			assert_int_equal(meet(place_of(&answered), true), 0);
			ring_sought(ring, now, &key, &answered);
			assert_int_equal(ring_uses(ring, &answered), gaps < RING_SPARSE);
			if (gaps >= RING_SPARSE) /* and another one is sought */
				assert_in_range(wait_for(RING_SEEK), 0, 1000 * RING_SEEK_MS);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(no_more_members_than_fit),
		RING_TEST(near_are_three_on_each_side),
		RING_TEST(few_members_are_near_once_each),
		RING_TEST(changes_of_the_near_set_are_reported),
		RING_TEST(a_list_names_those_around_us_but_not_its_reader),
		RING_TEST(who_should_see_us_and_does_not_is_asked_for_its_list),
		RING_TEST(who_asks_for_our_list_is_told_it),
		RING_TEST(near_members_are_told_often_after_a_change_and_then_seldom),
		RING_TEST(nobody_is_told_twice_within_the_shortest_interval),
		RING_TEST(who_is_missing_from_a_list_is_asked),
		RING_TEST(when_one_near_member_is_gone_the_others_are_asked),
		RING_TEST(far_members_are_told_when_it_matters),
		RING_TEST(who_answers_from_far_away_is_not_believed),
		RING_TEST(memory_is_taken_as_members_come_and_for_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
