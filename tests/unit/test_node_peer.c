/* test_node_peer.c - whom a node remembers when they are gone. */
#include "node/node_internal.h"
#include "tests/lib/cmocka.h"

#include <stdlib.h>

#define MET 200

/* No more of a node than what knows peers. */
static struct node *new_node(void)
{
	struct node *node = calloc(1, sizeof(*node));

	assert_non_null(node);
	rng_init_seed(&node->rng, 1);
	pool_init(&node->peers, NODE_PEERS_MAX, sizeof(struct peer));
	map_init(&node->peer_by_id, &node->rng, NODE_PEERS_MAX, ID_BYTES);
	return node;
}

static void free_node(struct node *node)
{
	map_free(&node->peer_by_id);
	alarms_free(&node->way_alarms);
	pool_free(&node->peers);
	free(node);
}

static struct id numbered(unsigned n)
{
	return (struct id){ { 1, (uint8_t)(n >> 8), (uint8_t)n } };
}

/* Met at this time, and up until somebody clears `session`. */
static struct peer *meet(struct node *node, unsigned n)
{
	const struct id id = numbered(n);
	struct handle handle;
	struct peer *peer = peer_get(node, &id, &handle);

	assert_non_null(peer);
	peer->session = (struct handle){ .index = n, .generation = 1 };
	peer->since = (struct mono){ n + 1U };
	return peer;
}

static bool is_known(const struct node *node, unsigned n)
{
	const struct id id = numbered(n);
	struct handle handle;

	return peer_find(node, &id, &handle) != NULL;
}

/* Most are met in passing. The last of those who are gone are remembered, whoever is there or is
 * named in the bundle is not forgotten for them. */
static void the_last_who_are_gone_are_remembered(void **state)
{
	struct node *node = new_node();

	(void)state;
	for (unsigned n = 0; n < MET; n++) {
		struct peer *peer = meet(node, n);

		if (n == 0)
			peer->is_line = true;
		if (n != 7)
			peer->session = HANDLE_NONE;
	}
	assert_true(is_known(node, 0));
	assert_true(is_known(node, 7));
	assert_false(is_known(node, MET - NODE_GONE_MAX - 1));
	assert_true(is_known(node, MET - NODE_GONE_MAX));
	assert_true(is_known(node, MET - 1));
	assert_int_equal(pool_count(&node->peers), NODE_GONE_MAX + 2);
	free_node(node);
}

/* Of a crowd that left together the last are remembered, whether somebody comes after it or not. */
static void a_crowd_is_not_remembered(void **state)
{
	struct node *node = new_node();
	struct handle handle;

	(void)state;
	for (unsigned n = 0; n < MET; n++)
		(void)meet(node, n);
	for (unsigned n = 0; n < MET; n++) {
		const struct id id = numbered(n);

		peer_find(node, &id, &handle)->session = HANDLE_NONE;
	}
	peers_tick(node);
	assert_int_equal(pool_count(&node->peers), MET); /* nobody said that they left */
	node->peers_left = true;
	peers_tick(node);
	assert_int_equal(pool_count(&node->peers), NODE_GONE_MAX);
	assert_true(is_known(node, MET - NODE_GONE_MAX));
	assert_false(is_known(node, MET - NODE_GONE_MAX - 1));
	(void)meet(node, MET);
	assert_int_equal(pool_count(&node->peers), NODE_GONE_MAX);
	assert_true(is_known(node, MET - NODE_GONE_MAX + 1));
	assert_false(is_known(node, MET - NODE_GONE_MAX));
	free_node(node);
}

/* When all places are taken the last who are gone give theirs, and those who are there do not. */
static void who_is_there_keeps_its_place(void **state)
{
	struct node *node = new_node();
	const struct id late = numbered(NODE_PEERS_MAX);
	struct handle handle;

	(void)state;
	for (unsigned n = 0; n < NODE_PEERS_MAX; n++)
		(void)meet(node, n);
	assert_null(peer_get(node, &late, &handle));
	const struct id gone = numbered(3);

	peer_find(node, &gone, &handle)->session = HANDLE_NONE;
	assert_non_null(peer_get(node, &late, &handle));
	assert_false(is_known(node, 3));
	assert_int_equal(pool_count(&node->peers), NODE_PEERS_MAX);
	free_node(node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_who_are_gone_are_remembered),
		cmocka_unit_test(a_crowd_is_not_remembered),
		cmocka_unit_test(who_is_there_keeps_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
