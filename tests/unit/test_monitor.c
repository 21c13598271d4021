/* test_monitor.c - who monitors is told what changes, once, and how much it has missed; and cannot
 * make the daemon keep more than it may. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/unix.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/monitor.h"
#include "wire/overlay.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KIND 3
#define MONITOR "{\"schema\":\"ipop.request/1\",\"verb\":\"monitor\"}\n"

static struct {
	struct loop loop;
	struct monitor monitor;
	struct now now;
	int steward; /* its end of the channel */
} side;

static int set_up(void **state)
{
	int pair[2];

	(void)state;
	if (unix_pair(pair) < 0)
		return -1;
	side.steward = pair[0];
	side.monitor = (struct monitor){ .channel = pair[1] };
	side.now = (struct now){ .mono.us = 1000000, .wall.us = 1795000000000000 };
	return loop_init(&side.loop) < 0 || control_new(&side.loop, KIND, &side.monitor.control) < 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	(void)state;
	control_del(side.monitor.control);
	monitor_free(&side.monitor);
	(void)close(side.steward);
	(void)close(side.monitor.channel);
	loop_free(&side.loop);
	return 0;
}

static void settle(void)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	size_t count;

	while ((count = loop_wait(&side.loop, side.now.mono, side.now.mono, events)) > 0)
		for (size_t e = 0; e < count; e++)
			control_event(side.monitor.control, side.now, &events[e]);
}

/* The next line; NULL if there is none. */
static json_t *hear(int client)
{
	static char line[4096];
	size_t len = 0;

	settle();
	while (len < sizeof(line) && recv(client, line + len, 1, 0) == 1 && line[len] != '\n')
		len++;
	return len == 0 ? NULL : json_loadb(line, len, 0, NULL);
}

/* The next line is such an event, of this number, if that is not negative. */
static void expect(int client, const char *kind, json_int_t number)
{
	json_t *json = hear(client);

	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "event")), kind);
	if (number >= 0)
		assert_int_equal(json_integer_value(json_object_get(json, "number")), number);
	json_decref(json);
}

static void expect_nothing(int client)
{
	settle();
	assert_null(hear(client));
}

/* A client that monitors, and has read that it does. */
static int begin(void)
{
	struct control_request request;
	json_t *json;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	control_accept(side.monitor.control, side.now, pair[1], 1000, false);
	assert_int_equal(send(pair[0], MONITOR, strlen(MONITOR), MSG_NOSIGNAL), strlen(MONITOR));
	settle();
	assert_true(control_poll(side.monitor.control, side.now, &request));
	assert_int_equal(request.request.verb, REQUEST_MONITOR);
	control_watch(side.monitor.control, side.now, request.token);
	json = hear(pair[0]);
	assert_string_equal(json_string_value(json_object_get(json, "schema")), "ipop.monitor/1");
	json_decref(json);
	return pair[0];
}

/* What the node says in one look: a status, and so many peers. */
static void look_after(uint64_t ms, const struct node_status *status, const struct node_peer *peers,
		       size_t count)
{
	struct node_reply reply = { .kind = NODE_REPLY_STATUS, .status = *status };

	side.now.mono = mono_add_ms(side.now.mono, ms);
	assert_true(monitor_is_due(&side.monitor, side.now.mono));
	reply.token = monitor_question(0).request.token;
	assert_true(monitor_reply(&side.monitor, side.now, &reply));
	reply.kind = NODE_REPLY_END;
	assert_true(monitor_reply(&side.monitor, side.now, &reply));
	reply.token = monitor_question(1).request.token;
	for (size_t i = 0; i < count; i++) {
		reply.kind = NODE_REPLY_PEER;
		reply.peer = peers[i];
		assert_true(monitor_reply(&side.monitor, side.now, &reply));
	}
	reply.kind = NODE_REPLY_END;
	assert_true(monitor_reply(&side.monitor, side.now, &reply));
}

static void look(const struct node_status *status, const struct node_peer *peers, size_t count)
{
	look_after(LOOKOUT_MS, status, peers, count);
}

static const struct node_status calm = { .nat = NAT_STABLE, .is_settled = true };
static const struct node_peer up = { .name = "beta",
				     .id.bytes = { 1 },
				     .state = NODE_PEER_UP,
				     .way = WAY_DIRECT,
				     .remote = { .ip = { 1 }, .port = 1 },
				     .why = "" };

static void each_change_is_told_once(void **state)
{
	const struct node_peer other = { .name = "carl", .id.bytes = { 2 }, .why = "" };
	struct node_peer rows[2];
	int client;

	(void)state;
	assert_false(monitor_is_due(&side.monitor, side.now.mono)); /* nobody is there */
	client = begin();
	rows[0] = up;
	rows[1] = other;
	look(&calm, rows, 2); /* how it is */
	expect_nothing(client);
	rows[0].state = NODE_PEER_STALE;
	look(&calm, rows, 2);
	expect(client, "peer-stale", -1);
	look(&calm, rows, 2);
	expect_nothing(client);
	rows[0].state = NODE_PEER_UP;
	rows[0].remote.port = 2;
	rows[1].state = NODE_PEER_UP;
	rows[1].way = WAY_RING;
	look(&calm, rows, 2);
	expect(client, "way", -1);
	expect(client, "peer-up", -1);
	rows[0] = rows[1]; /* beta is forgotten, and the rows have moved */
	rows[0].way = WAY_RELAY;
	rows[0].state = NODE_PEER_GONE;
	look(&calm, rows, 1);
	expect(client, "peer-down", -1);
	expect(client, "peer-down", -1);
	expect_nothing(client);
	(void)close(client);
}

static void what_is_of_this_host_is_told(void **state)
{
	const struct node_status moved = { .nat = NAT_CHANGING, .is_settled = false };
	int client;

	(void)state;
	client = begin();
	look(&calm, NULL, 0);
	look(&moved, NULL, 0);
	expect(client, "nat", -1);
	expect(client, "place", -1);
	monitor_tell(&side.monitor, side.now, HAPPENING_HOST, 3);
	expect(client, "host", 3);
	monitor_tell(&side.monitor, side.now, HAPPENING_CERTIFICATE, 0);
	expect(client, "certificate", 0);
	expect_nothing(client);
	(void)close(client);
}

static void it_looks_soon_when_something_moves(void **state)
{
	int client;

	(void)state;
	assert_int_equal(monitor_deadline(&side.monitor).us, MONO_NEVER.us);
	client = begin();
	look(&calm, NULL, 0);
	assert_int_equal(monitor_deadline(&side.monitor).us,
			 mono_add_ms(side.now.mono, LOOKOUT_MS).us);
	monitor_hint(&side.monitor, side.now.mono);
	assert_int_equal(monitor_deadline(&side.monitor).us,
			 mono_add_ms(side.now.mono, LOOKOUT_SOON_MS).us);
	(void)close(client);
	settle();
	assert_false(monitor_is_due(&side.monitor, side.now.mono));
	assert_null(side.monitor.clients); /* nobody listens: nothing is kept */
	assert_int_equal(monitor_deadline(&side.monitor).us, MONO_NEVER.us);
}

/* More than the socket and the buffer take: the rest is counted, and nobody else misses any. */
static void a_slow_reader_is_told_what_it_missed(void **state)
{
	enum { TOLD = 10000 };
	uint64_t heard = 0;
	uint64_t lost = 0;
	int quick;
	int slow;

	(void)state;
	slow = begin();
	quick = begin();
	for (uint64_t n = 0; n < TOLD; n++) {
		monitor_tell(&side.monitor, side.now, HAPPENING_HOST, n);
		expect(quick, "host", (json_int_t)n);
	}
	for (json_t *json; (json = hear(slow)) != NULL; json_decref(json)) {
		const uint64_t number =
			(uint64_t)json_integer_value(json_object_get(json, "number"));

		if (strcmp(json_string_value(json_object_get(json, "event")), "lost") == 0) {
			assert_int_equal(lost, 0);
			lost = number;
		} else {
			assert_int_equal(number, heard); /* in order, and none is torn */
			heard++;
		}
	}
	assert_true(lost > 0);
	assert_int_equal(heard + lost, TOLD);
	monitor_tell(&side.monitor, side.now, HAPPENING_COPIED, 0);
	expect(slow, "copied", -1);
	(void)close(slow);
	(void)close(quick);
}

/* Whoever reads, however slowly, is no dead one. */
static void a_reader_that_is_never_done_stays(void **state)
{
	int slow;

	(void)state;
	slow = begin();
	for (unsigned minute = 0; minute < 5; minute++) {
		struct control_request request;
		char some[196608];

		for (uint64_t n = 0; n < 10000; n++)
			monitor_tell(&side.monitor, side.now, HAPPENING_HOST, n);
		assert_true(recv(slow, some, sizeof(some), 0) > 0);
		settle();
		side.now.mono = mono_add_ms(side.now.mono, CONTROL_PATIENCE_MS - 1);
		assert_false(control_poll(side.monitor.control, side.now, &request));
		assert_true(control_is_watched(side.monitor.control));
	}
	(void)close(slow);
}

static void who_never_reads_is_closed(void **state)
{
	struct control_request request;
	char rest[4096];
	ssize_t n;
	int client;

	(void)state;
	client = begin();
	side.now.mono = mono_add_ms(side.now.mono, 10 * (uint64_t)CONTROL_PATIENCE_MS);
	assert_false(control_poll(side.monitor.control, side.now, &request));
	assert_true(control_is_watched(side.monitor.control)); /* there was nothing to read */
	for (int i = 0; i < 10000; i++)
		monitor_tell(&side.monitor, side.now, HAPPENING_HOST, 1);
	side.now.mono = mono_add_ms(side.now.mono, CONTROL_PATIENCE_MS);
	assert_false(control_poll(side.monitor.control, side.now, &request));
	assert_false(control_is_watched(side.monitor.control));
	while ((n = recv(client, rest, sizeof(rest), 0)) > 0) {
	}
	assert_int_equal(n, 0);
	(void)close(client);
}

static void who_monitors_says_no_more(void **state)
{
	int client;

	(void)state;
	client = begin();
	assert_int_equal(send(client, MONITOR, strlen(MONITOR), MSG_NOSIGNAL), strlen(MONITOR));
	settle();
	assert_false(control_is_watched(side.monitor.control));
	(void)close(client);
}

/* The steward hears next of that peer, or (NULL) of nobody. */
static void expect_steward(const struct node_peer *peer, bool is_there)
{
	struct channel_message message;

	if (peer == NULL) {
		assert_int_equal(channel_receive(side.steward, false, &message), ERR_AGAIN);
		return;
	}
	assert_int_equal(channel_receive(side.steward, false, &message), 0);
	assert_int_equal(message.kind, CHANNEL_PEER);
	assert_true(id_equal(&message.peer.id, &peer->id));
	assert_string_equal(message.peer.name, peer->name);
	assert_int_equal(message.peer.is_there, is_there);
}

/* Who is there already, and who comes and goes; nothing else. */
static void the_steward_hears_of_members(void **state)
{
	struct node_peer peer = up;
	int client;

	(void)state;
	client = begin();
	look(&calm, &peer, 1);
	expect_steward(NULL, false); /* it does not listen */
	side.monitor.steward_listens = true;
	look(&calm, &peer, 1);
	expect_steward(&peer, true);
	expect_nothing(client); /* who knows it */
	peer.remote.port = 2;
	look(&calm, &peer, 1);
	expect_steward(NULL, false);
	expect(client, "way", -1);
	(void)close(client);
	settle();
	look(&calm, &peer, 0);
	expect_steward(&peer, false);
	peer.state = NODE_PEER_CONNECTING;
	look(&calm, &peer, 1);
	expect_steward(NULL, false);
	side.monitor.steward_listens = false;
	peer.state = NODE_PEER_UP;
	side.now.mono = mono_add_ms(side.now.mono, LOOKOUT_MS);
	assert_false(monitor_is_due(&side.monitor, side.now.mono));
}

/* It has lost sight of them, and asks; also of one who goes before the next look it hears. */
static void a_steward_that_asks_hears_of_all_again(void **state)
{
	struct node_peer rows[] = { up, up };

	(void)state;
	monitor_tell_again(&side.monitor); /* nobody listens */
	side.monitor.steward_listens = true;
	rows[1].id.bytes[0] = 2;
	look(&calm, rows, 2);
	expect_steward(&rows[0], true);
	expect_steward(&rows[1], true);
	look(&calm, rows, 2);
	expect_steward(NULL, false);
	monitor_tell_again(&side.monitor);
	assert_true(mono_reached(side.now.mono, monitor_deadline(&side.monitor)));
	look(&calm, rows, 1);
	expect_steward(&rows[0], true);
	expect_steward(&rows[1], false);
	look(&calm, rows, 1);
	expect_steward(NULL, false);
}

/* An answer to its question has room, or it would end this node. */
static void many_members_leave_room_for_other_things(void **state)
{
	static struct node_peer rows[NODE_PEERS_MAX];
	const struct channel_message pong = { .kind = CHANNEL_PONG };

	(void)state;
	side.monitor.steward_listens = true;
	for (uint32_t i = 0; i < NODE_PEERS_MAX; i++) {
		rows[i] = up;
		memcpy(rows[i].id.bytes, &i, sizeof(i));
	}
	look(&calm, rows, NODE_PEERS_MAX);
	for (unsigned i = 0; i < 10; i++) { /* and it is asked to look again at once */
		monitor_hint(&side.monitor, side.now.mono);
		look_after(LOOKOUT_SOON_MS, &calm, rows, NODE_PEERS_MAX);
	}
	assert_int_equal(channel_send(side.monitor.channel, &pong), 0);
	look(&calm, rows, NODE_PEERS_MAX);
	assert_int_equal(channel_send(side.monitor.channel, &pong), 0);
}

/* What it could not be told it is told later, as things are then. */
static void a_busy_steward_is_told_later(void **state)
{
	static struct node_peer rows[NODE_PEERS_MAX];
	struct channel_message message;
	uint32_t told = 0;
	uint32_t gone = 0;

	(void)state;
	side.monitor.steward_listens = true;
	for (uint32_t i = 0; i < NODE_PEERS_MAX; i++) {
		rows[i] = up;
		memcpy(rows[i].id.bytes, &i, sizeof(i));
	}
	look(&calm, rows, NODE_PEERS_MAX);
	while (channel_receive(side.steward, false, &message) == 0)
		told++;
	assert_in_range(told, 1, NODE_PEERS_MAX - 1); /* else this tests nothing */
	for (uint32_t before = 0; told != before;) {
		before = told;
		look(&calm, rows, NODE_PEERS_MAX);
		while (channel_receive(side.steward, false, &message) == 0)
			told++;
	}
	assert_int_equal(told, NODE_PEERS_MAX);
	look(&calm, rows, 0); /* all go */
	while (channel_receive(side.steward, false, &message) == 0)
		gone++;
	assert_in_range(gone, 1, NODE_PEERS_MAX - 1);
	for (uint32_t before = 0; gone != before;) {
		before = gone;
		look(&calm, rows, 0);
		while (channel_receive(side.steward, false, &message) == 0)
			gone++;
	}
	assert_int_equal(gone, NODE_PEERS_MAX);
}

/* As many peers as a node can have, in any order, and one more. */
static void many_peers_fit(void **state)
{
	struct lookout *const lookout = lookout_new(LOOKOUT_PICTURE);
	struct node_peer peer = up;
	struct happening happening;

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		lookout_begin(lookout, side.now.mono);
		for (uint32_t i = 0; i < NODE_PEERS_MAX + 1; i++) {
			const uint32_t n = round == 0 ? i : NODE_PEERS_MAX - i;

			memcpy(peer.id.bytes, &n, sizeof(n));
			assert_false(lookout_peer(lookout, &peer, &happening) &&
				     happening.kind != HAPPENING_PEER_UP);
		}
		while (lookout_end(lookout, &happening))
			assert_int_equal(happening.kind, HAPPENING_PEER_DOWN);
	}
	lookout_del(lookout);
}

#define WITH_SIDE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SIDE(each_change_is_told_once),
		WITH_SIDE(what_is_of_this_host_is_told),
		WITH_SIDE(it_looks_soon_when_something_moves),
		WITH_SIDE(a_slow_reader_is_told_what_it_missed),
		WITH_SIDE(a_reader_that_is_never_done_stays),
		WITH_SIDE(who_never_reads_is_closed),
		WITH_SIDE(who_monitors_says_no_more),
		WITH_SIDE(the_steward_hears_of_members),
		WITH_SIDE(a_steward_that_asks_hears_of_all_again),
		WITH_SIDE(many_members_leave_room_for_other_things),
		WITH_SIDE(a_busy_steward_is_told_later),
		WITH_SIDE(many_peers_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
