/* test_node_send.c - on whose account what a node sends leaves, and how much of it in one turn. */
#include "node/node_internal.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/members.h"

#include <stdlib.h>

/* No more of a node than what sends. */
struct sender {
	struct node node;
	struct channel channel;
	struct members *members; /* whose keys seal */
};

static struct sender *new_sender(void)
{
	struct sender *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	send_init(&s->node);
	pool_init(&s->node.peers, NODE_PEERS_MAX, sizeof(struct peer));
	s->members = members_new(&(struct keyset_config){ 0 });
	s->channel.send = s->members->a.keyset;
	s->channel.way.kind = WAY_DIRECT;
	return s;
}

static void free_sender(struct sender *s)
{
	members_del(s->members);
	pool_free(&s->node.peers);
	pool_free(&s->node.departures);
	free(s);
}

static bool send_close(struct sender *s)
{
	const uint8_t denied = FRAME_CLOSE_DENIED;
	const struct sealing sealing = { .channel = &s->channel,
					 .kind = FRAME_CLOSE,
					 .payload = span_of(&denied, 1) };

	return send_frame(&s->node, members_start, &sealing);
}

static uint32_t polled_link(struct sender *s)
{
	struct node_action action;

	assert_true(send_poll(&s->node, &action));
	assert_int_equal(action.kind, NODE_SEND);
	return action.send.link;
}

/* Who is denied becomes no peer; what tells it so is not the first peer's. */
static void what_goes_to_a_stranger_is_on_no_peers_account(void **state)
{
	struct sender *s = new_sender();

	(void)state;
	assert_non_null(pool_take(&s->node.peers, &s->channel.peer));
	assert_true(send_close(s));
	assert_int_equal(polled_link(s), s->channel.peer.index + 1);
	s->channel.peer = HANDLE_NONE;
	assert_true(send_close(s));
	assert_int_equal(polled_link(s), EGRESS_LINK_NONE);
	free_sender(s);
}

static void what_there_is_no_room_for_is_lost_and_counted(void **state)
{
	struct sender *s = new_sender();

	(void)state;
	for (uint32_t i = 0; i < DEPARTURES_MAX; i++) {
		assert_int_equal(send_room(&s->node), DEPARTURES_MAX - i);
		assert_true(send_close(s));
	}
	assert_int_equal(send_room(&s->node), 0);
	assert_false(send_close(s));
	assert_int_equal(s->node.counters.departures_lost, 1);
	(void)polled_link(s);
	assert_int_equal(send_room(&s->node), 1);
	assert_true(send_close(s));
	free_sender(s);
}

/* The world may read what it was given until it asks for more, whatever is sent meanwhile. */
static void what_was_polled_stands_until_the_next_poll(void **state)
{
	struct sender *s = new_sender();
	struct node_action first;
	struct node_action next;
	uint8_t bytes[DEPARTURE_BYTES_MAX];

	(void)state;
	for (uint32_t i = 0; i < DEPARTURES_MAX; i++)
		assert_true(send_close(s));
	assert_true(send_poll(&s->node, &first));
	memcpy(bytes, first.send.bytes.data, first.send.bytes.len);
	assert_true(send_close(s));
	assert_false(send_close(s));
	assert_memory_equal(first.send.bytes.data, bytes, first.send.bytes.len);
	for (uint32_t i = 0; i < DEPARTURES_MAX; i++)
		assert_true(send_poll(&s->node, &next));
	assert_false(send_poll(&s->node, &next));
	assert_int_equal(pool_count(&s->node.departures), 0);
	free_sender(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_there_is_no_room_for_is_lost_and_counted),
		cmocka_unit_test(what_was_polled_stands_until_the_next_poll),
		cmocka_unit_test(what_goes_to_a_stranger_is_on_no_peers_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
