/* test_node_clock.c - who has a wrong clock hears so from the others, and a few of them cannot lie
 * it to anybody. */
#include "base/err.h"
#include "node/node_internal.h"
#include "tests/lib/cmocka.h"

#include <stdlib.h>

#define NOON INT64_C(1780000000000000)
#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)

/* No more of a node than what knows peers. */
static struct node *new_node(void)
{
	struct node *node = calloc(1, sizeof(*node));
	const struct now start = { .wall = { NOON } };

	assert_non_null(node);
	rng_init_seed(&node->rng, 1);
	pool_init(&node->peers, NODE_PEERS_MAX, sizeof(struct peer));
	map_init(&node->peer_by_id, &node->rng, NODE_PEERS_MAX, ID_BYTES);
	trace_init(&node->trace);
	clocks_init(node, start);
	return node;
}

static void free_node(struct node *node)
{
	map_free(&node->peer_by_id);
	alarms_free(&node->way_alarms);
	pool_free(&node->peers);
	free(node);
}

static struct peer *peer_at(struct node *node, unsigned n)
{
	const struct id id = { { 1, (uint8_t)(n >> 8), (uint8_t)n } };
	struct handle handle;
	struct peer *peer = peer_get(node, &id, &handle);

	assert_non_null(peer);
	return peer;
}

/* So long after noon, by a calendar that stands `off_us` before the right one. */
static struct now at(uint64_t ms, int64_t off_us)
{
	return (struct now){ .mono = mono_add_ms((struct mono){ 0 }, ms),
			     .wall = { NOON + (int64_t)ms * 1000 + off_us } };
}

static int say(struct node *node, struct now now, unsigned n, uint64_t us)
{
	uint8_t bytes[FRAME_CLOCK_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	writer_u64(&w, us);
	return clocks_take(node, now, peer_at(node, n), writer_span(&w));
}

/* The n-th peer is up, and says at that time that it is so much later. */
static void hear(struct node *node, uint64_t ms, unsigned n, int64_t off_us)
{
	peer_at(node, n)->session = (struct handle){ .index = n, .generation = 1 };
	assert_int_equal(say(node, at(ms, 0), n, (uint64_t)at(ms, off_us).wall.us), 0);
}

/* Our own calendar is right. */
static bool offset(const struct node *node, int64_t *ret_us)
{
	return clocks_offset(node, at(0, 0), ret_us);
}

static void fewer_than_three_are_no_verdict(void **state)
{
	struct node *node = new_node();
	int64_t off_us = 99;

	(void)state;
	for (unsigned n = 0; n < 3; n++) {
		assert_false(offset(node, &off_us));
		assert_int_equal(off_us, 99);
		hear(node, 0, n, HOUR_US);
	}
	assert_true(offset(node, &off_us));
	assert_int_equal(off_us, -HOUR_US);
	free_node(node);
}

/* Of those who are not there any more nothing counts, nor of those who have said nothing. */
static void who_is_down_does_not_count(void **state)
{
	struct node *node = new_node();
	int64_t off_us;

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		hear(node, 0, n, HOUR_US);
	peer_at(node, 3)->session = (struct handle){ .index = 3, .generation = 1 };
	assert_true(offset(node, &off_us));
	peer_at(node, 1)->session = HANDLE_NONE;
	assert_false(offset(node, &off_us));
	hear(node, 0, 1, 0);
	assert_true(offset(node, &off_us));
	clocks_end(peer_at(node, 1));
	assert_false(offset(node, &off_us));
	free_node(node);
}

static int64_t offset_of(const int64_t *said, unsigned count)
{
	struct node *node = new_node();
	int64_t off_us = 0;

	for (unsigned n = 0; n < count; n++)
		hear(node, 0, n, said[n]);
	assert_true(offset(node, &off_us));
	free_node(node);
	return off_us;
}

/* However far they go, and on whichever side. */
static void a_minority_moves_nothing(void **state)
{
	const int64_t far_us = FRAME_CLOCK_MAX_US - NOON;
	const int64_t past[] = { 3 * SECOND_US, -NOON, SECOND_US, -NOON, 2 * SECOND_US };
	const int64_t future[] = { far_us, 3 * SECOND_US, far_us, SECOND_US, 2 * SECOND_US };
	const int64_t both[] = { far_us, 3 * SECOND_US, -NOON, SECOND_US, 2 * SECOND_US };
	const int64_t most[] = { far_us, 3 * SECOND_US, far_us, SECOND_US, far_us };

	(void)state;
	assert_int_equal(offset_of(past, 5), -SECOND_US);
	assert_int_equal(offset_of(future, 5), -3 * SECOND_US);
	assert_int_equal(offset_of(both, 5), -2 * SECOND_US);
	assert_int_equal(offset_of(most, 5), -far_us);
}

/* Half of them could be right or wrong: whoever agrees with us is believed. */
static void half_of_them_move_nothing(void **state)
{
	const int64_t later[] = { HOUR_US, SECOND_US, HOUR_US, 0 };
	const int64_t earlier[] = { -HOUR_US, SECOND_US, -HOUR_US, 0 };
	const int64_t most[] = { HOUR_US, HOUR_US, HOUR_US, 0 };
	const int64_t around[] = { -HOUR_US, -2 * SECOND_US, 3 * SECOND_US, HOUR_US };

	(void)state;
	assert_int_equal(offset_of(later, 4), -SECOND_US);
	assert_int_equal(offset_of(earlier, 4), 0);
	assert_int_equal(offset_of(most, 4), -HOUR_US);
	assert_int_equal(offset_of(around, 4), 2 * SECOND_US);
}

/* True if that became known at this time, by our calendar. */
static bool turns(struct node *node, struct now raw, bool *ret_differs)
{
	struct node_action action;

	if (!clocks_poll(node, raw, &action))
		return false;
	assert_int_equal(action.kind, NODE_CLOCK);
	*ret_differs = action.clock.differs;
	return true;
}

static void five_minutes_are_the_limit_on_both_sides(void **state)
{
	static const struct {
		int64_t off_us;
		bool differs;
	} cases[] = {
		{ CLOCKS_OFF_US, false },
		{ -CLOCKS_OFF_US, false },
		{ CLOCKS_OFF_US + 1, true },
		{ -CLOCKS_OFF_US - 1, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node *node = new_node();
		bool differs = false;

		for (unsigned n = 0; n < 4; n++)
			hear(node, 0, n, cases[i].off_us);
		assert_int_equal(turns(node, at(0, 0), &differs), cases[i].differs);
		assert_int_equal(differs, cases[i].differs);
		assert_false(turns(node, at(0, 0), &differs)); /* said once */
		free_node(node);
	}
}

/* Nobody says anything anew: what they said goes on with our steady clock. */
static void a_step_of_ours_shows_at_once(void **state)
{
	struct node *node = new_node();
	bool differs = false;
	int64_t off_us;

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		hear(node, 0, n, 0);
	assert_false(turns(node, at(0, 0), &differs));
	assert_false(turns(node, at(60000, 0), &differs));
	assert_int_equal(clocks_deadline(node).us, MONO_NEVER.us);
	assert_true(turns(node, at(60001, HOUR_US), &differs));
	assert_true(differs);
	assert_true(clocks_offset(node, at(60001, HOUR_US), &off_us));
	assert_int_equal(off_us, HOUR_US);
	/* Set right again: that is told when the verdict has stood for a while, and not forgotten.
	 */
	assert_false(turns(node, at(60002, 0), &differs));
	assert_int_equal(clocks_deadline(node).us, (60001 + CLOCKS_HOLD_MS) * UINT64_C(1000));
	assert_false(turns(node, at(60000 + CLOCKS_HOLD_MS, 0), &differs));
	assert_true(turns(node, at(60001 + CLOCKS_HOLD_MS, 0), &differs));
	assert_false(differs);
	free_node(node);
}

/* Somebody who says something new without end makes us look now and then. */
static void looks_keep_their_distance(void **state)
{
	struct node *node = new_node();
	bool differs = false;

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		hear(node, 0, n, 0);
	assert_false(turns(node, at(0, 0), &differs));
	for (unsigned n = 0; n < 3; n++)
		hear(node, 1, n, HOUR_US);
	assert_int_equal(clocks_deadline(node).us, CLOCKS_LOOK_MS * UINT64_C(1000));
	assert_false(turns(node, at(CLOCKS_LOOK_MS - 1, 0), &differs));
	assert_true(turns(node, at(CLOCKS_LOOK_MS, 0), &differs));
	free_node(node);
}

/* Who knows too few has learnt nothing: neither that all is well now, nor that it is not. */
static void without_a_verdict_the_last_one_stands(void **state)
{
	struct node *node = new_node();
	bool differs = false;

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		hear(node, 0, n, HOUR_US);
	assert_true(turns(node, at(0, 0), &differs));
	for (unsigned n = 0; n < 3; n++)
		clocks_end(peer_at(node, n));
	for (unsigned n = 0; n < 2; n++)
		hear(node, CLOCKS_HOLD_MS, n, 0);
	assert_false(turns(node, at(CLOCKS_HOLD_MS, 0), &differs));
	hear(node, CLOCKS_HOLD_MS + 1, 2, 0);
	assert_true(turns(node, at(CLOCKS_HOLD_MS + CLOCKS_LOOK_MS, 0), &differs));
	assert_false(differs);
	free_node(node);
}

static void nonsense_is_not_taken(void **state)
{
	struct node *node = new_node();
	int64_t off_us;

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		hear(node, 0, n, HOUR_US);
	assert_int_equal(say(node, at(0, 0), 0, (uint64_t)FRAME_CLOCK_MAX_US + 1), ERR_MALFORMED);
	assert_int_equal(clocks_take(node, at(0, 0), peer_at(node, 1), span_text("seven!!")),
			 ERR_MALFORMED);
	assert_true(offset(node, &off_us));
	assert_int_equal(off_us, -HOUR_US);
	free_node(node);
}

/* As many as a node can know. */
static void a_thousand_have_a_median(void **state)
{
	struct node *node = new_node();
	int64_t off_us;

	(void)state;
	for (unsigned n = 0; n < NODE_PEERS_MAX; n++)
		hear(node, 0, n, ((int64_t)n * 389 % NODE_PEERS_MAX) * SECOND_US);
	assert_true(offset(node, &off_us));
	assert_int_equal(off_us, -(NODE_PEERS_MAX / 2 - 1) * SECOND_US);
	free_node(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fewer_than_three_are_no_verdict),
		cmocka_unit_test(who_is_down_does_not_count),
		cmocka_unit_test(a_minority_moves_nothing),
		cmocka_unit_test(half_of_them_move_nothing),
		cmocka_unit_test(five_minutes_are_the_limit_on_both_sides),
		cmocka_unit_test(a_step_of_ours_shows_at_once),
		cmocka_unit_test(looks_keep_their_distance),
		cmocka_unit_test(without_a_verdict_the_last_one_stands),
		cmocka_unit_test(nonsense_is_not_taken),
		cmocka_unit_test(a_thousand_have_a_median),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
