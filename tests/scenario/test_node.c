/* test_node.c - members on the simulated Internet: they find who their bundle names, carry packets,
 * lose none of their own on a wire that loses none, and come back from whatever happens.
 *
 * Each member "pings" by an IPv6 or IPv4 packet with a number in it; what arrives is counted by
 * sender and number. */
#include "base/err.h"
#include "path/liveness.h"
#include "sim/node_host.h"
#include "tests/lib/group.h"
#include "tests/lib/packet.h"
#include "tests/scenario/scenario.h"
#include "vnet/address.h"

#include <stdio.h>
#include <stdlib.h>

#define PORT 4000
#define MEMBERS_MAX 80
#define NUMBERS_MAX 4096
#define PACKET_LEN 100

struct member {
	struct group_member identity;
	uint32_t host;
	struct node_host *node;
	struct node_config config;
	unsigned starts;
	uint8_t got[MEMBERS_MAX][NUMBERS_MAX]; /* by sender and number: how often */
	unsigned icmp;                         /* ICMP messages that its programs got */
};

static struct {
	struct world *world;
	struct group group;
	struct member members[MEMBERS_MAX];
	unsigned count;
} lab; /* too large for the stack, set up anew by each scenario */

static void ip_of(unsigned i, char ret[32])
{
	(void)snprintf(ret, 32, "192.0.2.%u", i + 1);
}

static void start(unsigned i)
{
	struct member *m = &lab.members[i];

	m->node = node_host_attach(lab.world, m->host, &m->config, PORT, ++m->starts);
	SCENARIO_EXPECT(lab.world, m->node != NULL);
}

/* Adds a bootstrap line to `to` to the bundle of `from`. */
static void add_line(unsigned from, unsigned to)
{
	struct node_config *config = &lab.members[from].config;
	struct node_bootstrap *line = &config->bootstrap[config->bootstrap_count++];

	ip_of(to, line->host);
	line->port = PORT;
	line->id = lab.members[to].identity.certificate.id;
}

static void set_up(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < lab.count; i++) /* of the play before */
		group_member_free(&lab.members[i].identity);
	group_free(&lab.group);
	memset(&lab, 0, sizeof(lab));
	lab.world = world;
	lab.count = count;
	group_init(&lab.group, rng_u64(world_rng(world)), wall_from_s(WORLD_START_S));
	for (unsigned i = 0; i < count; i++) {
		struct member *m = &lab.members[i];
		const uint8_t ipv4[4] = { 10, 130, 0, (uint8_t)(i + 1) };
		char name[32], ip[32];

		(void)snprintf(name, sizeof(name), "member-%u", i);
		ip_of(i, ip);
		group_member_init(&lab.group, name, ipv4, &m->identity);
		m->host = net_add_host(world_net(world));
		net_add_address(world_net(world), m->host, NET_INTERNET, ip);
		m->config = (struct node_config){
			.network = "test",
			.key = m->identity.key,
			.certificate = &m->identity.certificate,
			.trust = lab.group.trust,
			.suites = suites_all,
			.ipv4_prefix = { { 10, 130, 0, 0 }, 16 },
			.built = lab.group.issued,
			.bundle_issued = lab.group.issued,
		};
		m->config.secrets[0].epoch = 1;
		memcpy(m->config.secrets[0].bytes, lab.group.secret, SESSION_SECRET_BYTES);
	}
}

/* All but the first have a line to the first. */
static void start_star(struct world *world, unsigned count)
{
	set_up(world, count);
	for (unsigned i = 1; i < count; i++)
		add_line(i, 0);
	for (unsigned i = 0; i < count; i++)
		start(i);
}

static struct ip_address address_of_member(unsigned i)
{
	const struct certificate *c = &lab.members[i].identity.certificate;

	return address_ipv6(&c->network, &c->id);
}

/* One packet with a number; which family is the number's parity. */
static void send_number(unsigned from, unsigned to, unsigned number)
{
	uint8_t packet[PACKET_LEN];

	if (number % 2 == 0) {
		const struct ip_address source = address_of_member(from);
		const struct ip_address destination = address_of_member(to);

		(void)packet_v6(packet, sizeof(packet), source.bytes, destination.bytes);
	} else {
		(void)packet_v4(packet, sizeof(packet), lab.members[from].identity.certificate.ipv4,
				lab.members[to].identity.certificate.ipv4);
	}
	packet[PACKET_LEN - 3] = (uint8_t)from;
	packet_u16(packet + PACKET_LEN - 2, number);
	SCENARIO_EXPECT(lab.world,
			node_host_send(lab.members[from].node, span_of(packet, sizeof(packet))));
}

/* Counts what arrived; anything that nobody sent ends the play. */
static void collect(void)
{
	for (unsigned i = 0; i < lab.count; i++) {
		struct member *m = &lab.members[i];
		struct span packet;

		while (m->node != NULL && node_host_receive(m->node, &packet)) {
			const bool v6 = packet.data[0] >> 4 == 6;
			const uint8_t protocol = packet.data[v6 ? 6 : 9];
			unsigned from, number;

			if (protocol != PACKET_UDP) {
				m->icmp++;
				continue;
			}
			SCENARIO_EXPECT(lab.world, packet.len == PACKET_LEN);
			from = packet.data[PACKET_LEN - 3];
			number = packet.data[PACKET_LEN - 2] * 256U + packet.data[PACKET_LEN - 1];
			SCENARIO_EXPECT(lab.world, from < lab.count && number < NUMBERS_MAX);
			if (from < lab.count && number < NUMBERS_MAX)
				m->got[from][number]++;
		}
	}
}

static void run_ms(uint64_t ms)
{
	for (uint64_t done = 0; done < ms; done += 10) {
		world_run_ms(lab.world, 10);
		collect();
	}
}

/* How many of the numbers [first, end) arrived; none may have arrived twice. */
static unsigned arrived(unsigned from, unsigned to, unsigned first, unsigned end)
{
	unsigned count = 0;

	for (unsigned n = first; n < end; n++) {
		count += lab.members[to].got[from][n] > 0;
		SCENARIO_EXPECT(lab.world, lab.members[to].got[from][n] <= 1);
	}
	return count;
}

static struct node_status status_of(unsigned i)
{
	struct node_reply reply;
	struct node_status status = { .peers_up = UINT32_MAX };

	node_host_request(lab.members[i].node, NODE_STATUS, "");
	run_ms(10);
	while (node_host_reply(lab.members[i].node, &reply))
		if (reply.kind == NODE_REPLY_STATUS)
			status = reply.status;
	return status;
}

static void the_first_packets_wait_for_the_session_and_none_is_lost(struct world *world)
{
	start_star(world, 2);
	for (unsigned n = 0; n < 64; n += 2)
		send_number(1, 0, n);
	for (unsigned n = 1; n < 64; n += 2)
		send_number(1, 0, n);
	run_ms(1000); /* the promise of a join */
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 64) == 64);
	for (unsigned n = 0; n < 64; n++)
		send_number(0, 1, n);
	run_ms(100);
	SCENARIO_EXPECT(world, arrived(0, 1, 0, 64) == 64);
	SCENARIO_EXPECT(world, status_of(0).peers_up == 1 && status_of(1).peers_up == 1);
}

static void fifty_members_all_reach_the_first(struct world *world)
{
	start_star(world, 50);
	run_ms(1000);
	SCENARIO_EXPECT(world, status_of(0).peers_up == 49);
	for (unsigned i = 1; i < 50; i++)
		for (unsigned n = 0; n < 4; n++) {
			send_number(i, 0, n);
			send_number(0, i, n);
			run_ms(10);
		}
	run_ms(200);
	for (unsigned i = 1; i < 50; i++) {
		SCENARIO_EXPECT(world, arrived(i, 0, 0, 4) == 4);
		SCENARIO_EXPECT(world, arrived(0, i, 0, 4) == 4);
	}
}

static void a_killed_member_comes_back_at_once(struct world *world)
{
	start_star(world, 2);
	run_ms(1000);
	world_crash(world, lab.members[1].host);
	lab.members[1].node = NULL;
	run_ms(3000);
	start(1);
	for (unsigned n = 0; n < 20; n++)
		send_number(1, 0, n);
	run_ms(1000);
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 20) == 20);
	for (unsigned n = 20; n < 40; n++)
		send_number(0, 1, n);
	run_ms(200);
	SCENARIO_EXPECT(world, arrived(0, 1, 20, 40) == 20); /* by the new session, not the old */
	run_ms(30000);
	SCENARIO_EXPECT(world, status_of(0).sessions.sessions == 1); /* the old one is gone */
}

static void the_first_member_dies_and_all_come_back(struct world *world)
{
	start_star(world, 10);
	run_ms(1000);
	world_crash(world, lab.members[0].host);
	lab.members[0].node = NULL;
	run_ms(120000);
	for (unsigned i = 1; i < 10; i++)
		SCENARIO_EXPECT(world, status_of(i).peers_up == 0); /* noticed by silence */
	start(0);
	run_ms(25000); /* M0 repeats each 700 ms, new attempts start within a minute */
	run_ms(60000);
	SCENARIO_EXPECT(world, status_of(0).peers_up == 9);
}

static void a_member_that_restarts_unseen_is_found_by_silence(struct world *world)
{
	start_star(world, 2);
	run_ms(1000);
	world_crash(world, lab.members[0].host);
	lab.members[0].node = NULL;
	start(0); /* knows nothing of the session; the other does not know that */
	run_ms(LIVENESS_QUIET_MS + 5000);
	send_number(1, 0, 0);
	run_ms(1000);
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 1) == 1);
}

/* Both dial at the same moment: two handshakes cross, and packets flow all the while. */
static void both_dial_and_agree(struct world *world)
{
	set_up(world, 2);
	add_line(0, 1);
	add_line(1, 0);
	net_path(world_net(world), lab.members[0].host, lab.members[1].host)->delay_us =
		(uint32_t)rng_between(world_rng(world), 100, 60000);
	start(0);
	run_ms(10 * rng_between(world_rng(world), 0, 6));
	start(1);
	for (unsigned n = 0; n < 200; n++) {
		send_number(0, 1, n);
		send_number(1, 0, n);
		run_ms(100);
	}
	run_ms(1000);
	SCENARIO_EXPECT(world, arrived(0, 1, 0, 200) == 200);
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 200) == 200);
	SCENARIO_EXPECT(world, status_of(0).sessions.sessions == 1);
	SCENARIO_EXPECT(world, status_of(1).sessions.sessions == 1);
}

static void hours_of_traffic_are_rekeyed_without_a_lost_packet(struct world *world)
{
	start_star(world, 2);
	run_ms(1000);
	for (unsigned n = 0; n < NUMBERS_MAX; n++) { /* 1 h 8 min */
		send_number(n % 3 == 0, n % 3 != 0, n);
		world_run_ms(world, 1000);
		collect();
	}
	run_ms(1000);
	SCENARIO_EXPECT(world, arrived(0, 1, 0, NUMBERS_MAX) + arrived(1, 0, 0, NUMBERS_MAX) ==
				       NUMBERS_MAX);
	SCENARIO_EXPECT(world, status_of(1).sessions.rekeys >= 30);
}

static void a_member_moves_and_traffic_follows(struct world *world)
{
	start_star(world, 2);
	run_ms(1000);
	net_remove_address(world_net(world), lab.members[1].host, "192.0.2.2");
	net_add_address(world_net(world), lab.members[1].host, NET_INTERNET, "192.0.2.77");
	send_number(1, 0, 0); /* the first packet from there */
	run_ms(200);          /* challenged and answered */
	send_number(0, 1, 1);
	run_ms(100);
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 1) == 1);
	SCENARIO_EXPECT(world, arrived(0, 1, 1, 2) == 1);
}

static void who_is_not_there_is_answered(struct world *world)
{
	uint8_t packet[PACKET_LEN];
	const uint8_t nobody[4] = { 10, 130, 9, 9 };
	struct ip_address stranger;

	start_star(world, 2);
	run_ms(1000);
	stranger = address_of_member(0);
	stranger.bytes[15] ^= 1;
	(void)packet_v6(packet, sizeof(packet), address_of_member(1).bytes, stranger.bytes);
	SCENARIO_EXPECT(world,
			node_host_send(lab.members[1].node, span_of(packet, sizeof(packet))));
	run_ms(20);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 1);
	(void)packet_v4(packet, sizeof(packet), lab.members[1].identity.certificate.ipv4, nobody);
	SCENARIO_EXPECT(world,
			node_host_send(lab.members[1].node, span_of(packet, sizeof(packet))));
	run_ms(20);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 2);
}

/* Faults first: nothing is delivered twice or wrong. Then calm: everything works. */
static void a_bad_wire_delays_but_never_doubles_or_harms(struct world *world)
{
	struct leg *leg = net_realm(world_net(world), NET_INTERNET);

	leg->loss = 100;
	leg->duplication = 300;
	leg->reordering = 250;
	leg->reorder_us = 30000;
	leg->corruption = 100;
	start_star(world, 4);
	for (unsigned n = 0; n < 600; n++) {
		for (unsigned i = 1; i < 4; i++) {
			send_number(i, 0, n);
			send_number(0, i, n);
		}
		run_ms(50);
	}
	net_set_calm(world_net(world), true);
	run_ms(20000);
	for (unsigned i = 1; i < 4; i++) {
		SCENARIO_EXPECT(world, arrived(i, 0, 0, 600) > 300);
		SCENARIO_EXPECT(world, arrived(0, i, 0, 600) > 300);
		for (unsigned n = 600; n < 630; n++)
			send_number(i, 0, n);
	}
	run_ms(200);
	for (unsigned i = 1; i < 4; i++)
		SCENARIO_EXPECT(world, arrived(i, 0, 600, 630) == 30);
}

static void a_resumed_copy_drops_its_keys(struct world *world)
{
	start_star(world, 2);
	run_ms(1000);
	world_step_wall(world, lab.members[1].host, 11 * INT64_C(1000000));
	for (unsigned n = 0; n < 10; n++)
		send_number(1, 0, n);
	run_ms(1500);
	SCENARIO_EXPECT(world, status_of(1).sessions.snapshots == 1);
	SCENARIO_EXPECT(world, status_of(1).peers_up == 1);
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 10) == 10); /* they waited for the new keys */
	for (unsigned n = 10; n < 20; n++)
		send_number(1, 0, n);
	run_ms(100);
	SCENARIO_EXPECT(world, arrived(1, 0, 10, 20) == 10);
}

/* The responder has no keys before M2 came, so nothing may be sent before it has proven them. */
static void a_lost_last_message_loses_no_packet(struct world *world)
{
	struct leg *to_hub;

	start_star(world, 2);
	to_hub = net_path(world_net(world), lab.members[1].host, lab.members[0].host);
	for (unsigned n = 0; n < 64; n++)
		send_number(1, 0, n);
	run_ms(30); /* M0 has arrived, M1 is on its way */
	to_hub->loss = 1000;
	run_ms(100); /* M2 is lost, at least once */
	to_hub->loss = 0;
	run_ms(2000);
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 64) == 64);
}

/* To a hub whose calendar is slow, the member's certificate is not valid yet. */
static void who_is_refused_is_not_up_and_backs_off(struct world *world)
{
	set_up(world, 2);
	lab.members[0].config.built = (struct wall){ 0 };
	add_line(1, 0);
	start(0);
	world_step_wall(world, lab.members[0].host, -600 * INT64_C(1000000));
	run_ms(100);
	start(1);
	for (unsigned i = 0; i < 60; i++) {
		run_ms(1000);
		SCENARIO_EXPECT(world, status_of(1).peers_up == 0);
	}
	SCENARIO_EXPECT(world, status_of(0).sessions.m0_received < 40);
}

/* The hub does not dial its members, but remembers who they were. */
static void who_falls_silent_is_remembered(struct world *world)
{
	struct node_reply reply;
	bool gone = false;

	start_star(world, 2);
	run_ms(1000);
	world_crash(world, lab.members[1].host);
	lab.members[1].node = NULL;
	run_ms(15000);
	node_host_request(lab.members[0].node, NODE_PING, "member-1");
	run_ms(10);
	while (node_host_reply(lab.members[0].node, &reply))
		gone = gone || (reply.kind == NODE_REPLY_ERROR && reply.error.err == ERR_TIMEOUT &&
				strcmp(reply.error.text, "stopped answering") == 0);
	SCENARIO_EXPECT(world, gone);
}

static void who_leaves_says_so_and_lets_nobody_in(struct world *world)
{
	start_star(world, 2);
	run_ms(1000);
	node_host_request(lab.members[0].node, NODE_SHUTDOWN, "");
	run_ms(100);
	SCENARIO_EXPECT(world, status_of(1).peers_up == 0); /* told, not found out by silence */
	run_ms(5000);
	SCENARIO_EXPECT(world, status_of(0).sessions.sessions == 0);
}

/* One who died without a word, came back and leaves: what the other holds of the first run is no
 * reason to wait for him. */
static void who_leaves_after_a_crash_is_gone(struct world *world)
{
	struct node_reply reply;
	bool gone = false;

	start_star(world, 2);
	run_ms(1000);
	world_crash(world, lab.members[1].host);
	lab.members[1].node = NULL;
	run_ms(1000);
	start(1);
	run_ms(1000);
	SCENARIO_EXPECT(world, status_of(0).sessions.sessions == 2);
	node_host_request(lab.members[1].node, NODE_SHUTDOWN, "");
	run_ms(100);
	SCENARIO_EXPECT(world, status_of(0).peers_up == 0);
	run_ms(5000);
	SCENARIO_EXPECT(world, status_of(0).sessions.sessions == 0);
	node_host_request(lab.members[0].node, NODE_PING, "member-1");
	run_ms(10);
	while (node_host_reply(lab.members[0].node, &reply))
		gone = gone || (reply.kind == NODE_REPLY_ERROR && reply.error.err == ERR_TIMEOUT &&
				strcmp(reply.error.text, "the peer said goodbye") == 0);
	SCENARIO_EXPECT(world, gone);
}

/* The CA gave an address to another member while its first holder's certificate is still valid. */
static void two_with_one_ipv4_address_keep_their_ipv6(struct world *world)
{
	set_up(world, 3);
	for (unsigned i = 1; i < 3; i++)
		add_line(i, 0);
	group_member_free(&lab.members[2].identity);
	group_member_init(&lab.group, "member-2", lab.members[1].identity.certificate.ipv4,
			  &lab.members[2].identity);
	lab.members[2].config.key = lab.members[2].identity.key;
	for (unsigned i = 0; i < 3; i++)
		start(i);
	run_ms(1000);
	SCENARIO_EXPECT(world, status_of(0).peers_up == 2);
	for (unsigned n = 0; n < 20; n += 2) {
		send_number(1, 0, n);
		send_number(2, 0, n);
	}
	run_ms(100);
	SCENARIO_EXPECT(world, arrived(1, 0, 0, 20) == 10);
	SCENARIO_EXPECT(world, arrived(2, 0, 0, 20) == 10);
}

/* More peers than the outbox has room for are due in one turn; none may be taken for dead. */
static void a_paused_hub_keeps_its_members(struct world *world)
{
	uint64_t closed;

	start_star(world, 80);
	run_ms(2000);
	closed = status_of(0).sessions.closed;
	world_pause(world, lab.members[0].host);
	run_ms(8800);
	world_resume(world, lab.members[0].host);
	run_ms(12000);
	SCENARIO_EXPECT(world, status_of(0).peers_up == 79);
	SCENARIO_EXPECT(world, status_of(0).sessions.closed == closed);
}

static void a_user_pings_by_name_address_and_id(struct world *world)
{
	static const char *const names[] = { "member-0", "member-0.test.ipop", "10.130.0.1" };
	struct node_reply reply;
	unsigned pongs = 0, errors = 0;

	start_star(world, 2);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) /* before they have met */
		node_host_request(lab.members[1].node, NODE_PING, names[i]);
	node_host_request(lab.members[1].node, NODE_PING, "nobody");
	run_ms(200);
	while (node_host_reply(lab.members[1].node, &reply)) {
		pongs += reply.kind == NODE_REPLY_PONG &&
			 reply.pong.rtt_us == 2UL * NET_CORE_DELAY_US;
		errors += reply.kind == NODE_REPLY_ERROR;
	}
	SCENARIO_EXPECT(world, pongs == 3 && errors == 1);
}

static void nobody_pings_himself(struct world *world)
{
	static const char *const names[] = { "member-1", "member-1.test.ipop", "10.130.0.2" };
	struct node_reply reply;
	unsigned refused = 0;

	start_star(world, 2);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		node_host_request(lab.members[1].node, NODE_PING, names[i]);
	run_ms(1); /* at once, not when a time is over */
	while (node_host_reply(lab.members[1].node, &reply))
		refused += reply.kind == NODE_REPLY_ERROR && reply.error.err == ERR_UNSUPPORTED;
	SCENARIO_EXPECT(world, refused == 3);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "first-packets",
		  .seeds = 20,
		  .play = the_first_packets_wait_for_the_session_and_none_is_lost },
		{ .name = "fifty", .play = fifty_members_all_reach_the_first },
		{ .name = "killed", .seeds = 10, .play = a_killed_member_comes_back_at_once },
		{ .name = "hub-dies", .play = the_first_member_dies_and_all_come_back },
		{ .name = "unseen-restart",
		  .seeds = 5,
		  .play = a_member_that_restarts_unseen_is_found_by_silence },
		{ .name = "both-dial", .seeds = 40, .play = both_dial_and_agree },
		{ .name = "rekeys", .play = hours_of_traffic_are_rekeyed_without_a_lost_packet },
		{ .name = "moves", .seeds = 5, .play = a_member_moves_and_traffic_follows },
		{ .name = "nobody", .play = who_is_not_there_is_answered },
		{ .name = "bad-wire",
		  .seeds = 10,
		  .play = a_bad_wire_delays_but_never_doubles_or_harms },
		{ .name = "snapshot", .seeds = 5, .play = a_resumed_copy_drops_its_keys },
		{ .name = "lost-m2", .seeds = 5, .play = a_lost_last_message_loses_no_packet },
		{ .name = "refused", .play = who_is_refused_is_not_up_and_backs_off },
		{ .name = "silent", .play = who_falls_silent_is_remembered },
		{ .name = "leaves", .play = who_leaves_says_so_and_lets_nobody_in },
		{ .name = "leave-after-crash", .play = who_leaves_after_a_crash_is_gone },
		{ .name = "one-ipv4", .play = two_with_one_ipv4_address_keep_their_ipv6 },
		{ .name = "paused", .play = a_paused_hub_keeps_its_members },
		{ .name = "ping", .play = a_user_pings_by_name_address_and_id },
		{ .name = "ping-self", .play = nobody_pings_himself },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
