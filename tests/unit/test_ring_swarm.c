/* test_ring_swarm.c - many ring machines on a toy network (rings.h) end as one exact ring.
 *
 * First faults: members join through anybody, in any order, all at once or one by one, crash and
 * come back, links are dropped, lists are lost. Then calm: within a bound of virtual time every
 * near set is what a sorted list says, everybody is settled, and every pair can reach each other.
 */
#include "base/check.h"
#include "ring/ring.h"

#include "tests/lib/cmocka.h"
#include "tests/lib/rings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct rings rings;

/* Steps of calm until nothing is wrong; fails the test, and tells how to come back, if it never is.
 */
static uint64_t settle(const char *story, size_t count, uint64_t seed, uint64_t calm_ms)
{
	const char *fault = "time";
	uint64_t ms = 0;

	for (; ms <= calm_ms && fault != NULL; ms += 500) {
		rings_run_ms(&rings, 500);
		fault = rings_fault(&rings);
	}
	if (fault != NULL) {
		print_error("%s: %zu members, seed %" PRIu64 ": %s\n", story, count, seed, fault);
		fail();
	}
	return ms;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

struct story {
	const char *name;
	size_t count;
	unsigned seeds;
	uint64_t gap_max_ms; /* between two that join */
	unsigned list_loss;  /* per mille, all the time */
	bool churn;
	bool keeps_links; /* idle links are not dropped */
	uint64_t calm_ms;
};

static void churn(void)
{
	const unsigned steps = 4 + (unsigned)rings.count / 2;

	for (unsigned step = 0; step < steps; step++) {
		const size_t i = rng_between(&rings.rng, 0, rings.count - 1);
		const bool polite = rng_chance(&rings.rng, 300);

		if (rings.members[i].ring == NULL)
			rings_start(&rings, i);
		else
			rings_stop(&rings, i, polite);
		rings_run_ms(&rings, rng_between(&rings.rng, 0, 5000));
		rings_drop_idle(&rings, 300);
	}
}

static uint64_t play(const struct story *story, uint64_t seed)
{
	uint64_t ms;

	rings_init(&rings, seed, story->count);
	rings.list_loss = story->list_loss;
	rings.delay_max_us = seed % 4 == 0 ? 0 : 100000;
	for (size_t i = 0; i < story->count; i++) {
		rings_start(&rings, i); /* ids are drawn: any order of numbers is a random one */
		rings_run_ms(&rings, rng_between(&rings.rng, 0, story->gap_max_ms));
	}
	if (story->churn)
		churn();
	ms = settle(story->name, story->count, seed, story->calm_ms);
	if (!story->keeps_links) {
		rings_drop_idle(&rings, 1000); /* nothing rests on far links */
		ms = most(ms, settle("without far links", story->count, seed, story->calm_ms));
	}
	rings_free(&rings);
	return ms;
}

static void play_all(const struct story *stories, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t longest_ms = 0;

		for (uint64_t seed = 1; seed <= stories[i].seeds; seed++)
			longest_ms = most(longest_ms, play(&stories[i], seed));
		print_message("# %s: %zu members, seeds 1 to %u, calm after %" PRIu64
			      " ms at most\n",
			      stories[i].name, stories[i].count, stories[i].seeds, longest_ms);
	}
}

static void members_who_join_one_by_one_make_a_ring(void **state)
{
	static const struct story stories[] = {
		{ .name = "join", .count = 2, .seeds = 200, .gap_max_ms = 3000, .calm_ms = 2000 },
		{ .name = "join", .count = 3, .seeds = 200, .gap_max_ms = 3000, .calm_ms = 3000 },
		{ .name = "join", .count = 7, .seeds = 200, .gap_max_ms = 3000, .calm_ms = 5000 },
		{ .name = "join", .count = 50, .seeds = 10, .gap_max_ms = 3000, .calm_ms = 5000 },
		{ .name = "join",
		  .count = 200,
		  .seeds = 1,
		  .gap_max_ms = 1000,
		  .keeps_links = true,
		  .calm_ms = 5000 },
	};

	(void)state;
	play_all(stories, sizeof(stories) / sizeof(stories[0]));
}

static void members_who_join_all_at_once_make_a_ring(void **state)
{
	static const struct story stories[] = {
		{ .name = "storm", .count = 2, .seeds = 20, .calm_ms = 10000 },
		{ .name = "storm", .count = 7, .seeds = 100, .calm_ms = 20000 },
		{ .name = "storm", .count = 50, .seeds = 10, .calm_ms = 30000 },
		{ .name = "storm",
		  .count = 200,
		  .seeds = 1,
		  .keeps_links = true,
		  .calm_ms = 30000 },
	};

	(void)state;
	play_all(stories, sizeof(stories) / sizeof(stories[0]));
}

static void crashes_and_lost_lists_are_mended(void **state)
{
	static const struct story stories[] = {
		{ .name = "churn",
		  .count = 2,
		  .seeds = 200,
		  .gap_max_ms = 3000,
		  .list_loss = 200,
		  .churn = true,
		  .calm_ms = 20000 },
		{ .name = "churn",
		  .count = 3,
		  .seeds = 200,
		  .gap_max_ms = 3000,
		  .list_loss = 200,
		  .churn = true,
		  .calm_ms = 20000 },
		{ .name = "churn",
		  .count = 7,
		  .seeds = 200,
		  .gap_max_ms = 3000,
		  .list_loss = 200,
		  .churn = true,
		  .calm_ms = 20000 },
		{ .name = "churn",
		  .count = 20,
		  .seeds = 50,
		  .gap_max_ms = 1000,
		  .list_loss = 200,
		  .churn = true,
		  .calm_ms = 20000 },
		{ .name = "churn",
		  .count = 50,
		  .seeds = 10,
		  .gap_max_ms = 1000,
		  .list_loss = 200,
		  .churn = true,
		  .calm_ms = 20000 },
		{ .name = "churn",
		  .count = 200,
		  .seeds = 1,
		  .gap_max_ms = 1000,
		  .list_loss = 200,
		  .churn = true,
		  .keeps_links = true,
		  .calm_ms = 20000 },
	};

	(void)state;
	play_all(stories, sizeof(stories) / sizeof(stories[0]));
}

/* Two rings, of which one is drawn to be small, and one link between them. */
static uint64_t merge(size_t count, uint64_t seed, uint64_t calm_ms)
{
	const uint64_t share = 1 + seed % 8; /* of the odd members one in so many comes */
	uint64_t ms;

	rings_init(&rings, seed, count);
	rings.apart = true;
	for (size_t i = 0; i < count; i++)
		if (i % 2 == 0 || i == 1 || rng_between(&rings.rng, 1, share) == 1)
			rings_start(&rings, i);
	rings_run_ms(&rings, 60000);
	rings_drop_idle(&rings, 1000);
	rings_run_ms(&rings, 10000);
	rings_link(&rings, 0, 1);
	ms = settle("merge", count, seed, calm_ms);
	rings_free(&rings);
	return ms;
}

static void two_rings_that_meet_by_one_link_become_one(void **state)
{
	static const struct {
		size_t count;
		unsigned seeds;
	} sizes[] = { { 2, 10 }, { 4, 50 }, { 7, 100 }, { 20, 50 }, { 50, 20 }, { 100, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t longest_ms = 0;

		for (uint64_t seed = 1; seed <= sizes[i].seeds; seed++)
			longest_ms = most(longest_ms, merge(sizes[i].count, seed, 120000));
		print_message("# merge: %zu members, seeds 1 to %u, %" PRIu64 " ms at most\n",
			      sizes[i].count, sizes[i].seeds, longest_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_who_join_one_by_one_make_a_ring),
		cmocka_unit_test(members_who_join_all_at_once_make_a_ring),
		cmocka_unit_test(crashes_and_lost_lists_are_mended),
		cmocka_unit_test(two_rings_that_meet_by_one_link_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
