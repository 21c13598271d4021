/* test_ring_shortcuts.c - far links: how many, how far, kept by how fast they answer; and that they
 * make routes short, on a toy network (rings.h). */
#include "ring/ring.h"
#include "ring/shortcuts.h"

#include "tests/lib/cmocka.h"
#include "tests/lib/rings.h"

#include <stdlib.h>

#define SEEDS 200

static struct rings rings;
static struct shortcuts shortcuts;
static struct rng rng;
static struct now now;
static const struct id self = { { 0x77, 1 } };

/* So many members, evenly: the mean way from one to the next. */
static struct id gap_of(unsigned members_log)
{
	return id_exp2((ID_BITS - members_log) * ID_LOG_ONE);
}

static void begin(uint64_t seed, unsigned members_log)
{
	const struct id gap = gap_of(members_log);

	now = (struct now){ .mono = { .us = 1000000 } };
	rng_init_seed(&rng, seed);
	shortcuts_init(&shortcuts, &self, &rng);
	shortcuts_size(&shortcuts, now, &gap);
}

static struct id member(uint8_t number)
{
	return (struct id){ { number, 0xee } };
}

/* Lets time pass until something is sought; false within ten minutes. */
static bool wait_seek(struct id *ret_key)
{
	for (unsigned i = 0; i < 6000; i++, now.mono = mono_add_ms(now.mono, 100))
		if (shortcuts_poll(&shortcuts, now, ret_key))
			return true;
	return false;
}

static void there_are_half_as_many_as_the_logarithm_says(void **state)
{
	static const struct {
		unsigned members_log, count;
	} cases[] = { { 3, 2 }, { 4, 2 }, { 5, 3 }, { 10, 5 }, { 13, 7 }, { 24, 12 }, { 40, 12 } };
	const struct id none = { { 0 } };
	struct id key;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(1, cases[i].members_log);
		assert_int_equal(shortcuts.count, cases[i].count);
	}
	begin(1, 2); /* all four are near */
	assert_int_equal(shortcuts.count, 0);
	begin(1, 10);
	shortcuts_size(&shortcuts, now, &none);
	assert_int_equal(shortcuts.count, 0);
	assert_false(wait_seek(&key));
	assert_true(shortcuts_deadline(&shortcuts).us == MONO_NEVER.us);
}

/* Each slot draws from its own share of the logarithm, on both sides. */
static void each_is_drawn_from_its_own_share(void **state)
{
	const uint32_t least = (ID_BITS - 10) * ID_LOG_ONE + RING_NEAR_LOG;
	const uint32_t range = (ID_BITS - 1) * ID_LOG_ONE - least;
	unsigned clockwise = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		begin(seed, 10);
		for (uint32_t i = 0; i < 5; i++) {
			struct id key;

			assert_true(wait_seek(&key));
			const struct id ahead = id_clockwise(&self, &key);
			const struct id way = id_distance(&self, &key);
			const uint32_t log = id_log2(&way);

			assert_in_range(log, least + range * i / 5, least + range * (i + 1) / 5);
			clockwise += id_equal(&ahead, &way);
			const struct id found = member((uint8_t)i);

			shortcuts_sought(&shortcuts, now, &key, &found);
		}
	}
	assert_in_range(clockwise, SEEDS * 5 * 40 / 100, SEEDS * 5 * 60 / 100);
}

static void in_vain_means_later(void **state)
{
	struct id key;
	struct mono before;

	(void)state;
	begin(1, 3); /* two slots */
	assert_true(wait_seek(&key));
	shortcuts_sought(&shortcuts, now, &key, &self);
	for (uint64_t ms = RING_SEEK_MS; ms <= RING_SEEK_MAX_MS; ms *= 2) {
		assert_true(wait_seek(&key));
		before = now.mono;
		shortcuts_sought(&shortcuts, now, &key, NULL);
		assert_true(wait_seek(&key));
		assert_in_range(now.mono.us - before.us, ms * 800, ms * 1000 + 100000);
		before = now.mono; /* no answer is as good as a bad one */
		shortcuts.slots[1].tries--;
		assert_false(shortcuts_poll(&shortcuts, now, &key));
		now.mono = mono_add_ms(now.mono, RING_SEEK_PATIENCE_MS);
		(void)shortcuts_poll(&shortcuts, now, &key);
		assert_int_equal(shortcuts.slots[1].state, SHORTCUT_EMPTY);
	}
}

/* Fills the first slot with member 1, and lets it meet a rival, member 2. */
static void begin_rivalry(void)
{
	const struct id one = member(1);
	const struct id other = member(2);
	struct id key;

	begin(1, 3);
	assert_true(wait_seek(&key));
	shortcuts_sought(&shortcuts, now, &key, &one);
	assert_true(wait_seek(&key));
	shortcuts_sought(&shortcuts, now, &key, &self);
	assert_true(shortcuts_has(&shortcuts, &one));
	assert_false(shortcuts_has(&shortcuts, &other));
	assert_true(wait_seek(&key));
	while (shortcuts.slots[0].state != SHORTCUT_HELD_SOUGHT) {
		shortcuts_sought(&shortcuts, now, &key, NULL);
		assert_true(wait_seek(&key));
	}
	shortcuts_sought(&shortcuts, now, &key, &other);
	assert_true(shortcuts_has(&shortcuts, &one) && shortcuts_has(&shortcuts, &other));
}

static void of_two_rivals_one_stays(void **state)
{
	const struct id one = member(1);
	const struct id other = member(2);
	struct id a, b;

	(void)state;
	begin_rivalry();
	assert_false(shortcuts_rivals(&shortcuts, now, &a, &b)); /* they are measured first */
	now.mono = mono_add_ms(now.mono, RING_RIVALRY_MS);
	assert_true(shortcuts_rivals(&shortcuts, now, &a, &b));
	assert_true(id_equal(&a, &one) && id_equal(&b, &other));
	shortcuts_decide(&shortcuts, now, &one);
	assert_false(shortcuts_has(&shortcuts, &one));
	assert_true(shortcuts_has(&shortcuts, &other));

	begin_rivalry();
	shortcuts_left(&shortcuts, now, &other); /* nothing to compare */
	assert_true(shortcuts_has(&shortcuts, &one));
	assert_false(shortcuts_has(&shortcuts, &other));
	begin_rivalry();
	shortcuts_left(&shortcuts, now, &one);
	assert_true(shortcuts_has(&shortcuts, &other));
}

static void who_left_is_replaced(void **state)
{
	const struct id one = member(1);
	struct id key;

	(void)state;
	begin(1, 3);
	assert_true(wait_seek(&key));
	shortcuts_sought(&shortcuts, now, &key, &one);
	assert_true(wait_seek(&key));
	shortcuts_sought(&shortcuts, now, &key, &self);
	const struct mono left = now.mono;

	shortcuts_left(&shortcuts, now, &one);
	assert_false(shortcuts_has(&shortcuts, &one));
	assert_true(wait_seek(&key));
	assert_in_range(now.mono.us - left.us, RING_SEEK_MS * 800, RING_SEEK_MS * 1000 + 100000);
}

/* Rivals come so often, and no more: an old network rests. */
static void rivals_are_few(void **state)
{
	struct id key;
	unsigned seeks = 0;

	(void)state;
	begin(1, 3);
	for (uint8_t i = 1; wait_seek(&key); i++, seeks++) {
		const struct id found = member(i);
		struct id a, b;

		shortcuts_sought(&shortcuts, now, &key, &found);
		now.mono = mono_add_ms(now.mono, RING_RIVALRY_MS);
		while (shortcuts_rivals(&shortcuts, now, &a, &b))
			shortcuts_decide(&shortcuts, now, &b);
	}
	assert_int_equal(seeks, 2 * (1 + RING_RIVALS));
}

/* Mean hops in hundredths between all pairs; *ret_degree: links of a member, likewise. */
static unsigned hops_of(size_t count, unsigned *ret_degree)
{
	unsigned long hops_all = 0;
	unsigned links = 0;

	rings_init(&rings, 1, count);
	for (size_t i = 0; i < count; i++) {
		rings_start(&rings, i);
		rings_run_ms(&rings, 20);
	}
	rings_run_ms(&rings, 30000);
	for (unsigned i = 0; i < 5; i++) {
		rings_drop_idle(&rings, 1000);
		rings_run_ms(&rings, 2000);
	}
	assert_null(rings_fault(&rings));
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			const struct routed message = {
				.target = { TARGET_EXACT, rings.members[j].id },
				.from = rings.members[i].id,
			};
			unsigned hops;

			links += rings.sessions[i][j] == RINGS_LINKED;
			assert_int_equal(rings_walk(&rings, i, &message, &hops), j);
			hops_all += hops;
		}
	}
	*ret_degree = links * 100 / (unsigned)count;
	rings_free(&rings);
	return (unsigned)(hops_all * 100 / (count * count));
}

static void routes_are_short_and_links_few(void **state)
{
	static const struct {
		size_t members;
		unsigned hops_max, degree_max;
	} cases[] = { { 20, 200, 1300 }, { 100, 350, 1600 }, { 400, 450, 1800 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned degree;
		const unsigned hops = hops_of(cases[i].members, &degree);

		print_message("# %zu members: %u.%02u hops, %u.%02u links\n", cases[i].members,
			      hops / 100, hops % 100, degree / 100, degree % 100);
		assert_in_range(hops, 100, cases[i].hops_max);
		assert_in_range(degree, 600, cases[i].degree_max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_half_as_many_as_the_logarithm_says),
		cmocka_unit_test(each_is_drawn_from_its_own_share),
		cmocka_unit_test(in_vain_means_later),
		cmocka_unit_test(of_two_rivals_one_stays),
		cmocka_unit_test(who_left_is_replaced),
		cmocka_unit_test(rivals_are_few),
		cmocka_unit_test(routes_are_short_and_links_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
