/* test_hook_peers.c - what a program of the owner's hears of members: how things are, each change
 * once, and nothing that was over before it could be told. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/hook_peers.h"

#include <string.h>

static struct hook_peers peers;

static struct hook_peer member(uint32_t number, bool is_there)
{
	struct hook_peer peer = { .is_there = is_there, .name = "beta" };

	memcpy(peer.id.bytes, &number, sizeof(number));
	return peer;
}

static void take(uint32_t number, bool is_there)
{
	const struct hook_peer peer = member(number, is_there);

	assert_int_equal(hook_peers_take(&peers, &peer), 0);
}

static void expect(uint32_t number, bool is_there)
{
	const struct hook_peer want = member(number, is_there);
	struct hook_peer got;

	assert_true(hook_peers_are_waiting(&peers));
	assert_true(hook_peers_next(&peers, &got));
	assert_true(id_equal(&got.id, &want.id));
	assert_int_equal(got.is_there, is_there);
	assert_string_equal(got.name, "beta");
}

static void expect_nobody(void)
{
	struct hook_peer got;

	assert_false(hook_peers_are_waiting(&peers));
	assert_false(hook_peers_next(&peers, &got));
}

static int tear_down(void **state)
{
	(void)state;
	hook_peers_free(&peers);
	return 0;
}

static void each_change_is_told_once_in_its_order(void **state)
{
	(void)state;
	expect_nobody();
	take(2, true);
	take(1, true);
	take(2, true);
	expect(2, true);
	expect(1, true);
	expect_nobody();
	take(1, false);
	take(1, false);
	expect(1, false);
	expect_nobody();
	take(1, true);
	expect(1, true);
}

static void what_is_over_is_not_told(void **state)
{
	(void)state;
	take(1, true);
	take(1, false);
	expect_nobody();
	take(1, true);
	expect(1, true);
	take(1, false);
	take(1, true);
	expect_nobody();
	take(3, false); /* nobody was told that it was there */
	expect_nobody();
}

static void with_the_node_all_are_gone(void **state)
{
	(void)state;
	hook_peers_all_gone(&peers); /* there is none */
	take(1, true);
	expect(1, true);
	take(2, true);
	hook_peers_all_gone(&peers);
	expect(1, false);
	expect_nobody();
	take(1, true);
	expect(1, true);
	hook_peers_all_gone(&peers);
	take(1, true); /* the next node meets it before that is told */
	expect_nobody();
}

static void a_full_table_takes_no_more(void **state)
{
	struct hook_peer peer = member(HOOK_PEERS_MAX, true);

	(void)state;
	for (uint32_t i = 0; i < HOOK_PEERS_MAX; i++)
		take(i, true);
	assert_false(hook_peers_can_catch_up(&peers));
	assert_int_equal(hook_peers_take(&peers, &peer), ERR_FULL);
	assert_false(hook_peers_can_catch_up(&peers)); /* there is no room */
	peer.is_there = false;
	assert_int_equal(hook_peers_take(&peers, &peer), 0); /* nobody was told otherwise */
	peer.is_there = true;
	expect(0, true);
	take(0, false);
	assert_int_equal(hook_peers_take(&peers, &peer), ERR_FULL);
	for (uint32_t i = 1; i < HOOK_PEERS_MAX; i++)
		expect(i, true);
	expect(0, false); /* and its place is free */
	assert_true(hook_peers_can_catch_up(&peers));
	take(HOOK_PEERS_MAX, true);
	expect(HOOK_PEERS_MAX, true);
}

#define WITH_PEERS(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PEERS(each_change_is_told_once_in_its_order),
		WITH_PEERS(what_is_over_is_not_told),
		WITH_PEERS(with_the_node_all_are_gone),
		WITH_PEERS(a_full_table_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
