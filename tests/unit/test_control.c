/* test_control.c - control connections: who asks is answered, in order, and nobody can hold the
 * daemon up. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/control.h"
#include "wire/overlay.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KIND 3
#define STATUS "{\"schema\":\"ipop.request/1\",\"verb\":\"status\"}\n"
#define PEERS "{\"schema\":\"ipop.request/1\",\"verb\":\"peers\"}\n"
#define VERSION "{\"schema\":\"ipop.request/1\",\"verb\":\"version\"}\n"
#define DOWN "{\"schema\":\"ipop.request/1\",\"verb\":\"down\"}\n"
#define PING "{\"schema\":\"ipop.request/1\",\"verb\":\"ping\",\"peer\":\"beta\"}\n"

/* The daemon's side, and an instant that the tests move. */
static struct {
	struct loop loop;
	struct control *control;
	struct now now;
} daemon_side;

static const struct forward_counters forward = { .sent = 5 };
static const struct egress_counters egress = { .sent = 6 };
static const struct udp_counters udp = { .received = 7 };
static const struct tun_counters tun = { .reads = 9 };
static const struct world_counters around = { .looped = 8 };
static const struct answers_world world = { .ready = true,
					    .trouble = "the interface lab is down",
					    .cipher = "none",
					    .port = 4767,
					    .forward = &forward,
					    .egress = &egress,
					    .udp = &udp,
					    .tun = &tun,
					    .world = &around };

static int set_up(void **state)
{
	(void)state;
	daemon_side.now = (struct now){ .mono.us = 1000000, .wall.us = 1795000000000000 };
	return loop_init(&daemon_side.loop) < 0 ||
			       control_new(&daemon_side.loop, KIND, &daemon_side.control) < 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	(void)state;
	control_del(daemon_side.control);
	loop_free(&daemon_side.loop);
	return 0;
}

/* A connection; returns the client's end. */
static int connect_as(uint32_t uid, bool may_change)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	control_accept(daemon_side.control, daemon_side.now, pair[1], uid, may_change);
	return pair[0];
}

static void say(int client, const char *text)
{
	assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Lets the daemon handle all that has happened, without waiting. */
static void settle(void)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	size_t count;

	for (int i = 0; i < 100; i++) {
		count = loop_wait(&daemon_side.loop, daemon_side.now.mono, daemon_side.now.mono,
				  events);
		if (count == 0)
			return;
		for (size_t e = 0; e < count; e++)
			control_event(daemon_side.control, daemon_side.now, &events[e]);
	}
	fail_msg("it never comes to rest");
}

static bool poll_request(struct control_request *ret)
{
	settle();
	return control_poll(daemon_side.control, daemon_side.now, ret);
}

/* The next line of an answer; NULL if the connection was closed instead. */
static json_t *hear(int client)
{
	static char line[ANSWERS_BYTES_MAX];
	size_t len = 0;
	json_t *json;

	settle();
	while (len < sizeof(line) && recv(client, line + len, 1, 0) == 1 && line[len] != '\n')
		len++;
	if (len == 0)
		return NULL;
	json = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

static bool is_closed(int client)
{
	char byte;

	settle();
	return recv(client, &byte, 1, 0) == 0;
}

static void expect_text(const json_t *json, const char *name, const char *want)
{
	assert_string_equal(json_string_value(json_object_get(json, name)), want);
}

static void expect_schema(int client, const char *schema)
{
	json_t *json = hear(client);

	assert_non_null(json);
	expect_text(json, "schema", schema);
	json_decref(json);
}

static void expect_error(int client, const char *code, int exit_code)
{
	json_t *json = hear(client);

	assert_non_null(json);
	expect_text(json, "schema", "ipop.error/1");
	expect_text(json, "code", code);
	assert_int_equal(json_integer_value(json_object_get(json, "exit")), exit_code);
	json_decref(json);
}

static void reply_error(uint64_t token, int err, const char *text)
{
	const struct node_reply reply = { .token = token,
					  .kind = NODE_REPLY_ERROR,
					  .error = { .err = err, .text = text } };

	control_reply(daemon_side.control, daemon_side.now, &reply, NULL);
}

static void reply(uint64_t token, enum node_reply_kind kind)
{
	struct node_reply reply = { .token = token, .kind = kind };

	if (kind == NODE_REPLY_ERROR) {
		reply.error.err = ERR_TIMEOUT;
		reply.error.text = "";
	}
	control_reply(daemon_side.control, daemon_side.now, &reply, &world);
}

static void a_version_needs_no_node(void **state)
{
	const int client = connect_as(1000, false);
	struct control_request request;

	(void)state;
	say(client, VERSION);
	assert_false(poll_request(&request));
	expect_schema(client, "ipop.version/1");
	(void)close(client);
}

static void a_status_is_answered_by_the_node(void **state)
{
	struct node_reply status = {
		.kind = NODE_REPLY_STATUS,
		.status = { .network = "lab",
			    .name = "alpha",
			    .ipv6 = { .bytes = { 0xfd, [15] = 1 } },
			    .has_ipv4 = true,
			    .ipv4 = { 10, 151, 0, 1 },
			    .ipv4_prefix_len = 16,
			    .not_after = { .us = 1795000000000000 },
			    .peers_up = 2,
			    .nat = NAT_CHANGING,
			    .has_clock_offset = true,
			    .clock_offset_us = -90000600000,
			    .is_settled = true,
			    .relayed_pairs = 3,
			    .vnet.held = 9 },
	};
	const int client = connect_as(1000, false);
	struct control_request request;
	json_t *json;

	(void)state;
	say(client, STATUS);
	assert_true(poll_request(&request));
	assert_int_equal(request.request.verb, REQUEST_STATUS);
	assert_false(poll_request(&request)); /* once */
	status.token = request.token;
	control_reply(daemon_side.control, daemon_side.now, &status, &world);
	reply(request.token, NODE_REPLY_END);
	json = hear(client);
	assert_non_null(json);
	expect_text(json, "schema", "ipop.status/1");
	expect_text(json, "network", "lab");
	expect_text(json, "ipv6", "fd00::1");
	expect_text(json, "ipv4", "10.151.0.1");
	expect_text(json, "certificate_not_after", "2026-11-18T11:06:40Z");
	assert_true(json_is_true(json_object_get(json, "ready")));
	assert_int_equal(json_integer_value(json_object_get(json, "peers_up")), 2);
	expect_text(json, "nat", "changing");
	assert_int_equal(json_integer_value(json_object_get(json, "clock_offset_s")), -90001);
	assert_true(json_is_true(json_object_get(json, "settled")));
	assert_int_equal(json_integer_value(json_object_get(json, "relayed_pairs")), 3);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(json_object_get(json, "counters"), "vnet"), "held")),
		9);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(json_object_get(json, "counters"), "udp"), "received")),
		7);
	json_decref(json);
	(void)close(client);
}

static void peers_come_one_by_one(void **state)
{
	struct node_reply peer = { .kind = NODE_REPLY_PEER,
				   .peer = { .name = "beta", .state = NODE_PEER_UP, .why = "" } };
	const int client = connect_as(1000, false);
	struct control_request request;
	json_t *json;

	(void)state;
	for (size_t n = 0; n <= 2; n++) {
		say(client, PEERS);
		assert_true(poll_request(&request));
		assert_int_equal(request.request.verb, REQUEST_PEERS);
		peer.token = request.token;
		for (size_t i = 0; i < n; i++)
			control_reply(daemon_side.control, daemon_side.now, &peer, &world);
		reply(request.token, NODE_REPLY_END);
		json = hear(client);
		assert_non_null(json);
		expect_text(json, "schema", "ipop.peers/1");
		assert_int_equal(json_array_size(json_object_get(json, "peers")), n);
		if (n > 0)
			expect_text(json_array_get(json_object_get(json, "peers"), n - 1), "state",
				    "up");
		json_decref(json);
	}
	(void)close(client);
}

/* A text, or null for NULL. */
static void expect_text_or_null(const json_t *json, const char *name, const char *want)
{
	if (want == NULL)
		assert_true(json_is_null(json_object_get(json, name)));
	else
		expect_text(json, name, want);
}

static void peers_name_their_lines(void **state)
{
	static const struct {
		struct node_bootstrap line;
		const char *text;
	} cases[] = {
		{ { .host = "vpn.example.org", .port = 4767 }, "vpn.example.org:4767" },
		{ { .host = "192.0.2.7", .port = 1 }, "192.0.2.7:1" },
		{ { .host = "2001:db8::1", .port = 65535 }, "[2001:db8::1]:65535" },
	};
	const size_t count = sizeof(cases) / sizeof(cases[0]);
	const int client = connect_as(1000, false);
	struct control_request request;
	const json_t *peers;
	json_t *json;

	(void)state;
	say(client, PEERS);
	assert_true(poll_request(&request));
	for (size_t i = 0; i <= count; i++) {
		const struct node_reply peer = { .token = request.token,
						 .kind = NODE_REPLY_PEER,
						 .peer.line = i < count ? &cases[i].line : NULL };

		control_reply(daemon_side.control, daemon_side.now, &peer, &world);
	}
	reply(request.token, NODE_REPLY_END);
	json = hear(client);
	peers = json_object_get(json, "peers");
	assert_int_equal(json_array_size(peers), count + 1);
	for (size_t i = 0; i <= count; i++)
		expect_text_or_null(json_array_get(peers, i), "line",
				    i < count ? cases[i].text : NULL);
	json_decref(json);
	(void)close(client);
}

/* Each way has what belongs to it, and null for the rest. */
static const struct {
	struct node_peer peer;
	const char *way, *remote, *relay, *nat; /* `mtu` is null, or that of `peer` */
} ways[] = {
	{ { .way = WAY_NONE, .nat = NAT_UNKNOWN }, NULL, NULL, NULL, NULL },
	{ { .way = WAY_RING, .nat = NAT_NONE, .why = "w" }, "ring", NULL, NULL, "none" },
	{ { .way = WAY_RELAY, .relay = "carol", .mtu = 1354, .nat = NAT_STABLE, .why = "w" },
	  "relay",
	  NULL,
	  "carol",
	  "stable" },
	{ { .way = WAY_RELAY, .why = "w" }, "relay", NULL, NULL, NULL }, /* it has left */
	{ { .way = WAY_DIRECT,
	    .remote = { .ip = { [10] = 0xff, [11] = 0xff, 203, 0, 113, 7 }, .port = 4767 },
	    .relay = "carol", /* not looked at */
	    .nat = NAT_CHANGING,
	    .why = "" },
	  "direct",
	  "203.0.113.7:4767",
	  NULL,
	  "changing" },
	{ { .way = WAY_DIRECT, .nat = NAT_CHANGING + 1 }, "direct", NULL, NULL, NULL },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void expect_way(const json_t *json, size_t i)
{
	expect_text_or_null(json, "way", ways[i].way);
	expect_text_or_null(json, "remote", ways[i].remote);
	expect_text_or_null(json, "relay", ways[i].relay);
	expect_text(json, "why", ways[i].peer.why == NULL ? "" : ways[i].peer.why);
}

static void peers_name_their_ways(void **state)
{
	const int client = connect_as(1000, false);
	struct control_request request;
	json_t *json;

	(void)state;
	say(client, PEERS);
	assert_true(poll_request(&request));
	for (size_t i = 0; i < WAYS; i++) {
		struct node_reply peer = { .token = request.token,
					   .kind = NODE_REPLY_PEER,
					   .peer = ways[i].peer };

		peer.peer.is_near = i % 2 == 1;
		control_reply(daemon_side.control, daemon_side.now, &peer, &world);
	}
	reply(request.token, NODE_REPLY_END);
	json = hear(client);
	assert_non_null(json);
	for (size_t i = 0; i < WAYS; i++) {
		const json_t *const row = json_array_get(json_object_get(json, "peers"), i);

		expect_way(row, i);
		expect_text_or_null(row, "nat", ways[i].nat);
		assert_int_equal(json_integer_value(json_object_get(row, "mtu")), ways[i].peer.mtu);
		assert_int_equal(json_is_null(json_object_get(row, "mtu")), ways[i].peer.mtu == 0);
		assert_int_equal(json_is_true(json_object_get(row, "near")), i % 2 == 1);
	}
	json_decref(json);
	(void)close(client);
}

static void a_pong_names_the_way_it_came(void **state)
{
	const int client = connect_as(1000, false);
	struct control_request request;

	(void)state;
	for (size_t i = 0; i < WAYS; i++) {
		struct node_reply pong = { .kind = NODE_REPLY_PONG,
					   .pong = { .peer = ways[i].peer, .rtt_us = 812 } };
		json_t *json;

		say(client, PING);
		assert_true(poll_request(&request));
		pong.token = request.token;
		control_reply(daemon_side.control, daemon_side.now, &pong, &world);
		json = hear(client);
		assert_non_null(json);
		expect_text(json, "schema", "ipop.ping/1");
		expect_way(json, i);
		assert_int_equal(json_integer_value(json_object_get(json, "rtt_us")), 812);
		assert_int_equal(json_is_true(json_object_get(json, "direct")),
				 ways[i].peer.way == WAY_DIRECT);
		json_decref(json);
	}
	(void)close(client);
}

static const struct node_who a_who = {
	.member = { .id = { { 1 } }, .name = "gamma" },
	.end = IAM_PASSED,
	.before = { .id = { { 2 } }, .name = "alpha" },
	.is_relay = true,
	.relay = { .id = { { 3 } } },
	.rtt_us = 3120,
	.link_count = 2,
	.links = { { .id = { { 4 } }, .name = "beta" }, { .id = { { 5 } } } },
	.link_is_near = { true, false },
	.link_is_relay = { false, true },
};

#define ID_REST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A_WHO                                                                                 \
	"{\"schema\":\"ipop.who/1\",\"name\":\"gamma\",\"id\":\"ae" ID_REST                   \
	"\",\"met\":false,\"end\":\"passed\",\"before\":\"alpha\",\"before_id\":\"ai" ID_REST \
	"\",\"way\":\"relay\",\"relay\":null,\"relay_id\":\"am" ID_REST                       \
	"\",\"step_us\":null,\"rtt_us\":3120,\"links\":["                                     \
	"{\"name\":\"beta\",\"id\":\"aq" ID_REST "\",\"near\":true,\"way\":\"direct\"},"      \
	"{\"name\":null,\"id\":\"au" ID_REST "\",\"near\":false,\"way\":\"relay\"}]}"

static void who_stands_on_a_way_is_told(void **state)
{
	static const char asked[] =
		"{\"schema\":\"ipop.request/1\",\"verb\":\"who\",\"peer\":\"beta\",\"hops\":2}\n";
	const int client = connect_as(1000, false);
	struct node_reply reply = { .kind = NODE_REPLY_WHO, .who = &a_who };
	struct control_request request;
	json_t *json;
	char *text;

	(void)state;
	say(client, asked);
	assert_true(poll_request(&request));
	assert_int_equal(request.request.route.hops, 2);
	reply.token = request.token;
	control_reply(daemon_side.control, daemon_side.now, &reply, &world);
	json = hear(client);
	assert_non_null(json);
	text = json_dumps(json, JSON_COMPACT);
	assert_string_equal(text, A_WHO);
	free(text);
	json_decref(json);
	/* Nobody answers: of whom that is said nobody knows. */
	say(client, asked);
	assert_true(poll_request(&request));
	reply = (struct node_reply){ .token = request.token,
				     .kind = NODE_REPLY_ERROR,
				     .error = { .err = ERR_TIMEOUT, .text = "" } };
	control_reply(daemon_side.control, daemon_side.now, &reply, &world);
	json = hear(client);
	expect_text(json, "text", "nobody answers at this hop on the way to beta");
	json_decref(json);
	(void)close(client);
}

static void an_error_replaces_what_was_begun(void **state)
{
	const int client = connect_as(1000, false);
	struct control_request request;

	(void)state;
	say(client, PING);
	assert_true(poll_request(&request));
	assert_string_equal(request.request.peer, "beta");
	reply(request.token, NODE_REPLY_ERROR);
	expect_error(client, "ERR_TIMEOUT", 5);
	(void)close(client);
}

/* The steward's answer while there is no node: it ends the connection, for the next may be the
 * node's. */
static void who_is_to_ask_again_asks_anew(void **state)
{
	const int client = connect_as(0, true);
	struct control_request request;
	uint8_t byte;

	(void)state;
	say(client, STATUS VERSION);
	settle();
	assert_true(control_poll(daemon_side.control, daemon_side.now, &request));
	reply_error(request.token, ERR_AGAIN, "the daemon starts");
	expect_error(client, "ERR_AGAIN", 1);
	assert_int_equal(recv(client, &byte, 1, MSG_DONTWAIT), 0);
	(void)close(client);
}

static void a_ping_that_fails_says_whose_it_was(void **state)
{
	static const struct {
		int err;
		const char *text, *want;
	} cases[] = {
		{ ERR_TIMEOUT, "", "beta does not answer" },
		{ ERR_TIMEOUT, "dialled, no answer yet", "beta is not up: dialled, no answer yet" },
		{ ERR_NOT_FOUND, "no peer of that name", "no peer of that name" },
	};
	const int client = connect_as(1000, false);
	struct control_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *json;

		say(client, PING);
		assert_true(poll_request(&request));
		reply_error(request.token, cases[i].err, cases[i].text);
		json = hear(client);
		assert_non_null(json);
		expect_text(json, "text", cases[i].want);
		json_decref(json);
	}
	(void)close(client);
}

static void requests_are_answered_in_their_order(void **state)
{
	const int client = connect_as(1000, false);
	struct control_request request;

	(void)state;
	say(client, VERSION STATUS VERSION);
	assert_true(poll_request(&request));
	expect_schema(client, "ipop.version/1");
	assert_null(hear(client)); /* the second version waits behind the status */
	reply(request.token, NODE_REPLY_ERROR);
	expect_error(client, "ERR_TIMEOUT", 5);
	expect_schema(client, "ipop.version/1");
	(void)close(client);
}

static void a_request_may_come_in_pieces(void **state)
{
	const int client = connect_as(1000, false);

	(void)state;
	for (const char *c = VERSION; *c != 0; c++) {
		const char piece[2] = { *c, 0 };

		assert_null(hear(client));
		say(client, piece);
	}
	expect_schema(client, "ipop.version/1");
	(void)close(client);
}

static void only_who_may_change_things_ends_the_daemon(void **state)
{
	const int reader = connect_as(1000, false);
	const int root = connect_as(0, true);
	struct control_request request;

	(void)state;
	say(reader, DOWN);
	assert_false(poll_request(&request));
	expect_error(reader, "ERR_DENIED", 7);
	say(reader, VERSION); /* and may go on reading */
	expect_schema(reader, "ipop.version/1");
	say(root, DOWN);
	assert_true(poll_request(&request));
	assert_int_equal(request.request.verb, REQUEST_DOWN);
	control_reply_down(daemon_side.control, daemon_side.now, request.token);
	expect_schema(root, "ipop.down/1");
	(void)close(reader);
	(void)close(root);
}

static void nonsense_ends_the_connection(void **state)
{
	const int client = connect_as(1000, false);
	const int other = connect_as(1000, false);

	(void)state;
	say(client, "hello\n" VERSION);
	expect_error(client, "ERR_MALFORMED", 2);
	assert_true(is_closed(client));
	say(other, "{\"schema\":\"ipop.request/1\",\"verb\":\"dance\"}\n" VERSION);
	expect_error(other, "ERR_UNSUPPORTED", 2); /* a later client's verb: no reason to part */
	assert_int_equal(control_counters(daemon_side.control).refused, 2);
	expect_schema(other, "ipop.version/1");
	(void)close(client);
	(void)close(other);
}

static void a_line_without_end_is_refused(void **state)
{
	static char line[REQUEST_BYTES_MAX + 1];
	const int client = connect_as(1000, false);
	size_t sent = 0;

	(void)state;
	memset(line, ' ', sizeof(line));
	while (sent < sizeof(line)) {
		const ssize_t n = send(client, line + sent, sizeof(line) - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		settle();
	}
	expect_error(client, "ERR_TOO_LONG", 2);
	assert_true(is_closed(client));
	(void)close(client);
}

static void clients_are_counted(void **state)
{
	int clients[CONTROL_CLIENTS_MAX];
	int refused;

	(void)state;
	for (uint32_t i = 0; i < CONTROL_CLIENTS_PER_USER_MAX; i++)
		clients[i] = connect_as(1000, false);
	refused = connect_as(1000, false); /* of one user */
	expect_error(refused, "ERR_FULL", 1);
	assert_true(is_closed(refused));
	(void)close(refused);
	for (uint32_t i = CONTROL_CLIENTS_PER_USER_MAX;
	     i < CONTROL_CLIENTS_MAX - CONTROL_ROOT_SLOTS; i++)
		clients[i] = connect_as(2000 + i / CONTROL_CLIENTS_PER_USER_MAX, false);
	refused = connect_as(3000, false); /* of all but root */
	expect_error(refused, "ERR_FULL", 1);
	(void)close(refused);
	for (uint32_t i = CONTROL_CLIENTS_MAX - CONTROL_ROOT_SLOTS; i < CONTROL_CLIENTS_MAX; i++)
		clients[i] = connect_as(0, true);
	refused = connect_as(0, true); /* of all */
	expect_error(refused, "ERR_FULL", 1);
	(void)close(refused);
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		say(clients[i], VERSION);
		expect_schema(clients[i], "ipop.version/1");
	}
	(void)close(clients[0]);
	settle();
	clients[0] = connect_as(1000, false); /* there is room again */
	say(clients[0], VERSION);
	expect_schema(clients[0], "ipop.version/1");
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		(void)close(clients[i]);
}

/* A program of root's that leaves connections behind does not keep `ipop down` out. */
static void root_is_not_counted(void **state)
{
	int clients[CONTROL_CLIENTS_PER_USER_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= CONTROL_CLIENTS_PER_USER_MAX; i++)
		clients[i] = connect_as(0, true);
	for (size_t i = 0; i <= CONTROL_CLIENTS_PER_USER_MAX; i++) {
		say(clients[i], VERSION);
		expect_schema(clients[i], "ipop.version/1");
		(void)close(clients[i]);
	}
}

static void an_answer_for_who_has_gone_finds_nobody(void **state)
{
	int client = connect_as(1000, false);
	struct control_request request;

	(void)state;
	say(client, STATUS);
	assert_true(poll_request(&request));
	(void)close(client);
	settle();
	client = connect_as(1000, false); /* in the same slot */
	reply(request.token, NODE_REPLY_ERROR);
	assert_null(hear(client));
	say(client, STATUS);
	settle();
	reply(request.token, NODE_REPLY_ERROR); /* the old token is not the new one's */
	assert_null(hear(client));
	(void)close(client);
}

static void pass_ms(uint64_t ms)
{
	daemon_side.now.mono = mono_add_ms(daemon_side.now.mono, ms);
}

static void who_asks_nothing_is_not_waited_for(void **state)
{
	const int idle = connect_as(1000, false);
	const int slow = connect_as(1000, false);
	const int busy = connect_as(1000, false);
	struct control_request request;

	(void)state;
	say(slow, "{");
	settle();
	pass_ms(CONTROL_PATIENCE_MS - 1);
	say(slow, " "); /* another byte buys no time */
	say(busy, VERSION);
	assert_false(poll_request(&request));
	expect_schema(busy, "ipop.version/1");
	assert_false(is_closed(slow));
	assert_false(is_closed(idle));
	pass_ms(1);
	assert_int_equal(control_deadline(daemon_side.control).us, daemon_side.now.mono.us);
	assert_false(poll_request(&request));
	assert_true(is_closed(slow));
	assert_true(is_closed(idle));
	pass_ms(CONTROL_PATIENCE_MS - 2);
	assert_false(poll_request(&request));
	assert_false(is_closed(busy)); /* its time began anew with its answer */
	pass_ms(1);
	assert_false(poll_request(&request));
	assert_true(is_closed(busy));
	(void)close(idle);
	(void)close(slow);
	(void)close(busy);
}

/* However long the node takes, who waits for its answer is not idle. */
static void who_waits_for_an_answer_is_not_idle(void **state)
{
	const int client = connect_as(1000, false);
	struct control_request request;

	(void)state;
	say(client, PING);
	assert_true(poll_request(&request));
	assert_int_equal(control_deadline(daemon_side.control).us, MONO_NEVER.us);
	pass_ms(UINT64_C(2) * CONTROL_PATIENCE_MS);
	assert_false(control_poll(daemon_side.control, daemon_side.now, &request));
	reply(request.token, NODE_REPLY_ERROR);
	expect_error(client, "ERR_TIMEOUT", 5);
	(void)close(client);
}

/* One who asks and does not read is let go when his patience ends, not ours. */
static void answers_that_nobody_reads_are_dropped(void **state)
{
	const int client = connect_as(1000, false);
	struct control_request request;
	const int small = 1;

	(void)state;
	(void)setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 0; i < 100000; i++) {
		if (send(client, VERSION, strlen(VERSION), MSG_NOSIGNAL) != strlen(VERSION))
			break;
		if (i % 10 == 0)
			settle();
	}
	settle();
	assert_int_not_equal(control_deadline(daemon_side.control).us, MONO_NEVER.us);
	daemon_side.now.mono = mono_add_ms(daemon_side.now.mono, CONTROL_PATIENCE_MS);
	assert_false(control_poll(daemon_side.control, daemon_side.now, &request));
	assert_int_equal(control_deadline(daemon_side.control).us, MONO_NEVER.us);
	assert_int_equal(send(client, "x", 1, MSG_NOSIGNAL), -1);
	(void)close(client);
}

#define WITH_DAEMON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DAEMON(a_version_needs_no_node),
		WITH_DAEMON(a_status_is_answered_by_the_node),
		WITH_DAEMON(peers_come_one_by_one),
		WITH_DAEMON(peers_name_their_ways),
		WITH_DAEMON(peers_name_their_lines),
		WITH_DAEMON(a_pong_names_the_way_it_came),
		WITH_DAEMON(who_stands_on_a_way_is_told),
		WITH_DAEMON(an_error_replaces_what_was_begun),
		WITH_DAEMON(who_is_to_ask_again_asks_anew),
		WITH_DAEMON(a_ping_that_fails_says_whose_it_was),
		WITH_DAEMON(requests_are_answered_in_their_order),
		WITH_DAEMON(a_request_may_come_in_pieces),
		WITH_DAEMON(only_who_may_change_things_ends_the_daemon),
		WITH_DAEMON(nonsense_ends_the_connection),
		WITH_DAEMON(a_line_without_end_is_refused),
		WITH_DAEMON(clients_are_counted),
		WITH_DAEMON(root_is_not_counted),
		WITH_DAEMON(an_answer_for_who_has_gone_finds_nobody),
		WITH_DAEMON(who_asks_nothing_is_not_waited_for),
		WITH_DAEMON(who_waits_for_an_answer_is_not_idle),
		WITH_DAEMON(answers_that_nobody_reads_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
