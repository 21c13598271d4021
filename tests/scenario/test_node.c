/* test_node.c - members on the simulated Internet: they find who their bundle names, carry packets,
 * lose none of their own on a wire that loses none, and come back from whatever happens. */
#include "base/err.h"
#include "node/node_internal.h"
#include "path/paths.h"
#include "tests/lib/packet.h"
#include "tests/scenario/lab.h"
#include "vnet/address.h"

#include <stdio.h>
#include <stdlib.h>

/* The second has a line to the first, and a second of time. */
static void two_meet(struct world *world)
{
	lab_start_star(world, 2);
	lab_run_ms(1000);
}

/* Does `i` say, to who asks for it, that the peer of this name is gone, and why? */
static bool says_gone(unsigned i, const char *name, const char *why)
{
	struct node_reply reply;
	bool gone = false;

	node_host_request(lab.members[i].node, NODE_PING, name);
	lab_run_ms(NODE_PING_MS + 10); /* it may come back */
	while (node_host_reply(lab.members[i].node, &reply))
		gone = gone || (reply.kind == NODE_REPLY_ERROR && reply.error.err == ERR_TIMEOUT &&
				strcmp(reply.error.text, why) == 0);
	return gone;
}

static void the_first_packets_wait_for_the_session_and_none_is_lost(struct world *world)
{
	lab_start_star(world, 2);
	for (unsigned n = 0; n < 64; n += 2)
		lab_send_number(1, 0, n);
	for (unsigned n = 1; n < 64; n += 2)
		lab_send_number(1, 0, n);
	lab_run_ms(1000); /* the promise of a join */
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 64) == 64);
	for (unsigned n = 0; n < 64; n++)
		lab_send_number(0, 1, n);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(0, 1, 0, 64) == 64);
	SCENARIO_EXPECT(world, lab_status(0).peers_up == 1 && lab_status(1).peers_up == 1);
}

static void fifty_members_all_reach_the_first(struct world *world)
{
	lab_start_star(world, 50);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_status(0).peers_up == 49);
	for (unsigned i = 1; i < 50; i++)
		for (unsigned n = 0; n < 4; n++) {
			lab_send_number(i, 0, n);
			lab_send_number(0, i, n);
			lab_run_ms(10);
		}
	lab_run_ms(200);
	for (unsigned i = 1; i < 50; i++) {
		SCENARIO_EXPECT(world, lab_arrived(i, 0, 0, 4) == 4);
		SCENARIO_EXPECT(world, lab_arrived(0, i, 0, 4) == 4);
	}
}

static void a_killed_member_comes_back_at_once(struct world *world)
{
	two_meet(world);
	lab_crash(1);
	lab_run_ms(3000);
	lab_start(1);
	for (unsigned n = 0; n < 20; n++)
		lab_send_number(1, 0, n);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 20) == 20);
	for (unsigned n = 20; n < 40; n++)
		lab_send_number(0, 1, n);
	lab_run_ms(200);
	SCENARIO_EXPECT(world,
			lab_arrived(0, 1, 20, 40) == 20); /* by the new session, not the old */
	lab_run_ms(30000);
	SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == 1); /* the old one is gone */
}

static void the_first_member_dies_and_all_come_back(struct world *world)
{
	lab_start_star(world, 10);
	lab_run_ms(1000);
	lab_crash(0);
	lab_run_ms(120000);
	for (unsigned i = 1; i < 10; i++) { /* the others have each other */
		SCENARIO_EXPECT(world, lab_status(i).is_settled);
		for (unsigned k = 1; k < 10; k++)
			if (k != i)
				lab_send_number(i, k, i);
	}
	lab_run_ms(1000);
	for (unsigned i = 1; i < 10; i++)
		for (unsigned k = 1; k < 10; k++)
			SCENARIO_EXPECT(world, k == i || lab_arrived(i, k, i, i + 1) == 1);
	lab_start(0);
	lab_run_ms(125000); /* who has a link tries its line each two minutes, everybody at another
			       time */
	SCENARIO_EXPECT(world, lab_status(0).is_settled);
	SCENARIO_EXPECT(world, lab_status(0).peers_up >= 6);
}

static void a_member_that_restarts_unseen_is_found_by_silence(struct world *world)
{
	two_meet(world);
	lab_crash(0);
	lab_start(0); /* knows nothing of the session; the other does not know that */
	lab_run_ms(PATHS_QUIET_MS + 5000);
	lab_send_number(1, 0, 0);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 1) == 1);
}

/* Each life of a member leaves a session behind at who does not know that it ended. Four of one
 * peer may stand; with a fifth those end that were replaced, before their 10 s are over. */
static void who_comes_again_and_again_holds_four_sessions(struct world *world)
{
	lab_start_star(world, 2);
	lab_run_ms(500);
	for (uint32_t lives = 1; lives < PEER_CHANNELS_MAX; lives++) {
		SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == lives);
		lab_crash(1);
		lab_start(1);
		lab_run_ms(500);
	}
	SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == PEER_CHANNELS_MAX);
	lab_crash(1);
	lab_start(1);
	lab_run_ms(500);
	SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == 1);
	lab_send_number(0, 1, 0);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(0, 1, 0, 1) == 1);
}

/* Both dial at the same moment: two handshakes cross, and packets flow all the while. */
static void both_dial_and_agree(struct world *world)
{
	lab_set_up(world, 2);
	lab_place_all_public();
	lab_add_line(0, 1);
	lab_add_line(1, 0);
	net_path(world_net(world), lab.members[0].host, lab.members[1].host)->delay_us =
		(uint32_t)rng_between(world_rng(world), 100, 60000);
	lab_start(0);
	lab_run_ms(10 * rng_between(world_rng(world), 0, 6));
	lab_start(1);
	for (unsigned n = 0; n < 200; n++) {
		lab_send_number(0, 1, n);
		lab_send_number(1, 0, n);
		lab_run_ms(100);
	}
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(0, 1, 0, 200) == 200);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 200) == 200);
	SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == 1);
	SCENARIO_EXPECT(world, lab_status(1).sessions.sessions == 1);
}

static void hours_of_traffic_are_rekeyed_without_a_lost_packet(struct world *world)
{
	struct node_peer peer;

	two_meet(world);
	for (unsigned n = 0; n < LAB_NUMBERS_MAX; n++) { /* 1 h 8 min */
		lab_send_number(n % 3 == 0, n % 3 != 0, n);
		lab_run_slowly_ms(1000);
	}
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(0, 1, 0, LAB_NUMBERS_MAX) +
					       lab_arrived(1, 0, 0, LAB_NUMBERS_MAX) ==
				       LAB_NUMBERS_MAX);
	SCENARIO_EXPECT(world, lab_status(1).sessions.rekeys >= 30);
	SCENARIO_EXPECT(world, lab_peer(0, 1, &peer));
	/* Under all its keys, and not one is missing. */
	SCENARIO_EXPECT(world, peer.counters.packets_received >= LAB_NUMBERS_MAX / 3);
	SCENARIO_EXPECT(world, peer.counters.expected == peer.counters.packets_received);
}

static void a_member_moves_and_traffic_follows(struct world *world)
{
	two_meet(world);
	net_remove_address(world_net(world), lab.members[1].host, "192.0.2.2");
	net_add_address(world_net(world), lab.members[1].host, NET_INTERNET, "192.0.2.77");
	lab_send_number(1, 0, 0); /* the first packet from there */
	lab_run_ms(3500);         /* the new way is proven, and the old one was asked in vain */
	lab_send_number(0, 1, 1);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 1) == 1);
	SCENARIO_EXPECT(world, lab_arrived(0, 1, 1, 2) == 1);
}

/* Who crashed comes back elsewhere, and what belongs to his new session goes there: whether the one
 * before it stands above or below it in our list. */
static void who_comes_back_elsewhere_is_answered_there(struct world *world)
{
	struct net *net = world_net(world);
	uint64_t astray;

	two_meet(world);
	for (unsigned life = 1; life < 4; life++) {
		char from[32], to[32];

		(void)snprintf(from, sizeof(from), "192.0.2.%u", life == 1 ? 2 : 70 + life);
		(void)snprintf(to, sizeof(to), "192.0.2.%u", 71 + life);
		lab_crash(1);
		net_remove_address(net, lab.members[1].host, from);
		net_add_address(net, lab.members[1].host, NET_INTERNET, to);
		astray = net_count(net, FATE_NO_ROUTE);
		lab_start(1);
		lab_run_ms(200);
		SCENARIO_EXPECT(world, lab_status(1).peers_up == 1);
		SCENARIO_EXPECT(world, net_count(net, FATE_NO_ROUTE) == astray);
		lab_run_ms(15000); /* the session before the last has ended, its place is free */
	}
}

static void who_is_not_there_is_answered(struct world *world)
{
	uint8_t packet[LAB_PACKET_LEN];
	const uint8_t nobody[4] = { 10, 130, 9, 9 };
	struct ip_address stranger;

	two_meet(world);
	stranger = lab_ipv6(0);
	stranger.bytes[15] ^= 1;
	(void)packet_v6(packet, sizeof(packet), lab_ipv6(1).bytes, stranger.bytes);
	SCENARIO_EXPECT(world,
			node_host_send(lab.members[1].node, span_of(packet, sizeof(packet))));
	lab_run_ms(4900); /* the ring says that there is no such member, but it may come */
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
	lab_run_ms(200);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 1);
	(void)packet_v4(packet, sizeof(packet), lab.members[1].identity.certificate.ipv4, nobody);
	SCENARIO_EXPECT(world,
			node_host_send(lab.members[1].node, span_of(packet, sizeof(packet))));
	lab_run_ms(2900);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 1);
	lab_run_ms(200); /* who does not answer for three seconds is nobody */
	SCENARIO_EXPECT(world, lab.members[1].icmp == 2);
}

/* A hole in the ring, as it is when somebody is just coming, ends no packet's wait. */
static void who_comes_while_a_packet_waits_gets_it(struct world *world)
{
	lab_set_up(world, 3);
	lab_place_all_public();
	for (unsigned i = 1; i < 3; i++)
		lab_add_line(i, 0);
	for (unsigned i = 0; i < 2; i++)
		lab_start(i);
	lab_run_ms(2000);
	for (unsigned n = 2; n < 20; n += 2)
		lab_send_number(1, 2, n);
	lab_run_ms(2000);
	lab_start(2);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 2, 20) == 9);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
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
	lab_start_star(world, 4);
	for (unsigned n = 0; n < 600; n++) {
		for (unsigned i = 1; i < 4; i++) {
			lab_send_number(i, 0, n);
			lab_send_number(0, i, n);
		}
		lab_run_ms(50);
	}
	net_set_calm(world_net(world), true);
	lab_run_ms(20000);
	for (unsigned i = 1; i < 4; i++) {
		SCENARIO_EXPECT(world, lab_arrived(i, 0, 0, 600) > 300);
		SCENARIO_EXPECT(world, lab_arrived(0, i, 0, 600) > 300);
		for (unsigned n = 600; n < 630; n++)
			lab_send_number(i, 0, n);
	}
	lab_run_ms(200);
	for (unsigned i = 1; i < 4; i++)
		SCENARIO_EXPECT(world, lab_arrived(i, 0, 600, 630) == 30);
}

static void a_resumed_copy_drops_its_keys(struct world *world)
{
	two_meet(world);
	world_step_wall(world, lab.members[1].host, 11 * INT64_C(1000000));
	for (unsigned n = 0; n < 10; n++)
		lab_send_number(1, 0, n);
	lab_run_ms(1500);
	SCENARIO_EXPECT(world, lab_status(1).sessions.snapshots == 1);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 1);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 10) == 10); /* they waited for the new keys */
	for (unsigned n = 10; n < 20; n++)
		lab_send_number(1, 0, n);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 10, 20) == 10);
}

/* The calendar is as it was: nothing but the kernel knows. */
static void a_copy_that_the_kernel_tells_of_drops_its_keys(struct world *world)
{
	struct node_host *copy;
	uint64_t sent;

	two_meet(world);
	copy = lab.members[1].node;
	sent = node_host_counters(copy)->sent;
	node_host_copied(copy);
	for (unsigned n = 0; n < 10; n++)
		lab_send_number(1, 0, n);
	lab_run_ms(1);
	SCENARIO_EXPECT(world, node_host_counters(copy)->sent == sent); /* under no old key */
	lab_run_ms(1500);
	SCENARIO_EXPECT(world, lab_status(1).sessions.snapshots == 1);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 1);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 10) == 10); /* they waited for new ones */
}

/* The responder has no keys before M2 came, so nothing may be sent before it has proven them. */
static void a_lost_last_message_loses_no_packet(struct world *world)
{
	struct leg *to_hub;

	lab_start_star(world, 2);
	to_hub = net_path(world_net(world), lab.members[1].host, lab.members[0].host);
	for (unsigned n = 0; n < 64; n++)
		lab_send_number(1, 0, n);
	lab_run_ms(30); /* M0 has arrived, M1 is on its way */
	to_hub->loss = 1000;
	lab_run_ms(100); /* M2 is lost, at least once */
	to_hub->loss = 0;
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 64) == 64);
}

/* To a hub whose calendar is slow, the member's certificate is not valid yet. */
static void who_is_refused_is_not_up_and_backs_off(struct world *world)
{
	lab_set_up(world, 2);
	lab_place_all_public();
	lab.members[0].config.built = (struct wall){ 0 };
	lab_add_line(1, 0);
	lab_start(0);
	world_step_wall(world, lab.members[0].host, -600 * INT64_C(1000000));
	lab_run_ms(100);
	lab_start(1);
	for (unsigned i = 0; i < 60; i++) {
		lab_run_ms(1000);
		SCENARIO_EXPECT(world, lab_status(1).peers_up == 0);
	}
	SCENARIO_EXPECT(world, lab_status(0).sessions.m0_received < 40);
}

/* The hub does not dial its members, but remembers who they were. */
static void who_falls_silent_is_remembered(struct world *world)
{
	two_meet(world);
	lab_crash(1);
	lab_run_ms(PATHS_QUIET_MS + 5000);
	SCENARIO_EXPECT(world, says_gone(0, "member-1", "stopped answering"));
}

/* 20 MB a day are for a member of a network; one without any is not to cost more. */
static void who_is_alone_asks_seldom(struct world *world)
{
	uint64_t bytes;

	two_meet(world);
	lab_run_ms(10000); /* it is remembered */
	lab_crash(0);
	lab_run_slowly_ms(120000);
	bytes = net_bytes(world_net(world), FATE_SENT);
	lab_run_slowly_ms(3600000);
	bytes = net_bytes(world_net(world), FATE_SENT) - bytes;
	SCENARIO_EXPECT(world, bytes > 0 && bytes < UINT64_C(20000000) / 24);
	for (bytes = net_bytes(world_net(world), FATE_SENT);
	     bytes == net_bytes(world_net(world), FATE_SENT);)
		lab_run_slowly_ms(1000);
	lab_run_slowly_ms(5000); /* that one got no answer, and the next dial is not due for long */
	lab_start(0);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 0);
	net_add_address(world_net(world), lab.members[1].host, NET_INTERNET, "192.0.2.99");
	node_host_addresses_changed(lab.members[1].node);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 1); /* who comes elsewhere asks anew */
	lab_crash(0);
	lab_run_slowly_ms(3600000);
	lab_start(0);
	lab_run_ms(60000);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 1);
}

/* Members that were remembered, and of whom nobody knows whose their addresses are by now. */
static void the_gone_are_forgotten(struct world *world)
{
	struct node_config *config = &lab.members[1].config;
	struct memory *memory;
	uint64_t bytes;

	lab_set_up(world, 2);
	lab_place_all_public();
	lab_add_line(1, 0);
	for (uint32_t i = 0; i < NODE_NEIGHBOURS_MAX; i++) {
		struct node_neighbour *gone = &config->neighbours[config->neighbour_count++];

		gone->id.bytes[0] = (uint8_t)(i + 1);
		CHECK(endpoint_ip_from_text("203.0.113.1", &gone->endpoint) == 0);
		gone->endpoint.ip[15] = (uint8_t)(i + 1);
		gone->endpoint.port = LAB_PORT;
	}
	lab_start(0);
	lab_start(1);
	lab_run_ms(25000); /* the first answer ends the other dials */
	SCENARIO_EXPECT(world, lab_status(1).is_settled);
	SCENARIO_EXPECT(world, net_count(world_net(world), FATE_NO_ROUTE) <=
				       UINT64_C(3) * NODE_NEIGHBOURS_MAX);
	lab_run_slowly_ms(6 * UINT64_C(3600000));
	bytes = net_bytes(world_net(world), FATE_NO_ROUTE);
	lab_run_slowly_ms(UINT64_C(3600000));
	bytes = net_bytes(world_net(world), FATE_NO_ROUTE) - bytes;
	SCENARIO_EXPECT(world, bytes > 0 && bytes < 100000);
	memory = &lab_node(1)->memory;
	for (uint32_t i = 0; i < memory->count; i++)
		memory->all[i].vain = REMEMBER_VAIN_MAX - 1;
	lab_run_slowly_ms(2 * UINT64_C(3600000));
	SCENARIO_EXPECT(world, memory->count <= 1); /* but for the one that is there */
}

static void who_leaves_says_so_and_lets_nobody_in(struct world *world)
{
	two_meet(world);
	node_host_request(lab.members[0].node, NODE_SHUTDOWN, "");
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 0); /* told, not found out by silence */
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == 0);
}

/* One who died without a word, came back and leaves: what the other holds of the first run is no
 * reason to wait for him. */
static void who_leaves_after_a_crash_is_gone(struct world *world)
{
	two_meet(world);
	lab_crash(1);
	lab_run_ms(1000);
	lab_start(1);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == 2);
	node_host_request(lab.members[1].node, NODE_SHUTDOWN, "");
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_status(0).peers_up == 0);
	lab_run_ms(2500);
	SCENARIO_EXPECT(world, lab_status(0).sessions.sessions == 0);
	SCENARIO_EXPECT(world, says_gone(0, "member-1", "the peer said goodbye"));
}

/* The CA gave an address to another member while its first holder's certificate is still valid. */
static void two_with_one_ipv4_address_keep_their_ipv6(struct world *world)
{
	unsigned told = 0;

	lab_set_up(world, 3);
	lab_place_all_public();
	for (unsigned i = 1; i < 3; i++)
		lab_add_line(i, 0);
	group_member_free(&lab.members[2].identity);
	group_member_init(&lab.group, "member-2", lab.members[1].identity.certificate.ipv4,
			  &lab.members[2].identity);
	lab.members[2].config.key = lab.members[2].identity.key;
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_status(0).peers_up == 2);
	for (unsigned n = 0; n < 20; n += 2) {
		lab_send_number(1, 0, n);
		lab_send_number(2, 0, n);
	}
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 20) == 10);
	SCENARIO_EXPECT(world, lab_arrived(2, 0, 0, 20) == 10);
	for (unsigned i = 1; i < 3; i++) { /* and who asks is told so */
		struct node_peer peer;

		told += lab_peer(0, i, &peer) &&
			strcmp(peer.why, "its IPv4 address is another member's too") == 0;
	}
	SCENARIO_EXPECT(world, told == 1);
}

static bool has_session(unsigned i, unsigned of)
{
	const struct peer *peer = lab_inside(i, of);

	return peer != NULL && peer_is_up(peer);
}

/* More peers than the outbox has room for are due in one turn; none may be taken for dead. Others
 * let it go meanwhile, since it did not answer RELEASE: that is another matter. */
static void a_paused_hub_keeps_its_members(struct world *world)
{
	unsigned dead = 0;
	struct mono paused;

	lab_start_star(world, 68);
	lab_run_ms(2000);
	paused = world_time(world);
	world_pause(world, lab.members[0].host);
	lab_run_ms(8800);
	world_resume(world, lab.members[0].host);
	for (unsigned ms = 0; ms < 12000; ms += 10) {
		lab_run_ms(10);
		for (unsigned i = 1; i < 68; i++)
			dead += has_session(i, 0) && lab_inside(0, i) != NULL &&
				!mono_reached(lab_inside(i, 0)->since, paused) &&
				lab_inside(0, i)->paths.is_dead;
	}
	SCENARIO_EXPECT(world, dead == 0);
}

/* The first ping of two homes goes along the ring, and another way may stand when it is back. */
static void a_ping_tells_the_way_that_it_took(struct world *world)
{
	const struct way ring = { .kind = WAY_RING };
	struct node_reply reply = { 0 };

	two_meet(world);
	node_host_request(lab.members[1].node, NODE_PING, "member-0");
	lab_run_ms(1);
	SCENARIO_EXPECT(world, lab_node(1)->asked[0].ping_token != 0);
	answer_pong(lab_node(1), lab_now(1), lab_node(1)->asked[0].ping_token, &ring);
	world_wake(world, lab.members[1].host); /* before the true answer is there */
	lab_run_ms(100);
	SCENARIO_EXPECT(world, node_host_reply(lab.members[1].node, &reply));
	SCENARIO_EXPECT(world, reply.kind == NODE_REPLY_PONG && reply.pong.peer.way == WAY_RING);
	node_host_request(lab.members[1].node, NODE_PING, "member-0");
	lab_run_ms(200);
	SCENARIO_EXPECT(world, node_host_reply(lab.members[1].node, &reply));
	SCENARIO_EXPECT(world, reply.pong.peer.way == WAY_DIRECT);
}

static void a_user_pings_by_name_address_and_id(struct world *world)
{
	static const char *const names[] = { "member-0", "member-0.test.ipop", "10.130.0.1" };
	struct node_reply reply;
	unsigned pongs = 0, errors = 0;

	lab_start_star(world, 2);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) /* before they have met */
		node_host_request(lab.members[1].node, NODE_PING, names[i]);
	node_host_request(lab.members[1].node, NODE_PING, "nobody");
	lab_run_ms(2200); /* nobody is looked for as long as a ping may take */
	while (node_host_reply(lab.members[1].node, &reply)) {
		pongs += reply.kind == NODE_REPLY_PONG &&
			 reply.pong.rtt_us == 2UL * NET_CORE_DELAY_US;
		errors += reply.kind == NODE_REPLY_ERROR;
	}
	SCENARIO_EXPECT(world, pongs == 3 && errors == 1);
}

/* What a ping of `name` by `i` fails with, after so long; 0: it does not. */
static int ping_error(unsigned i, const char *name, uint64_t ms)
{
	struct node_reply reply;
	int err = 0;

	node_host_request(lab.members[i].node, NODE_PING, name);
	lab_run_ms(ms);
	while (node_host_reply(lab.members[i].node, &reply))
		err = reply.kind == NODE_REPLY_ERROR ? reply.error.err : 0;
	return err;
}

/* Who watches a member by its pings learns that none came, whether this host knows the member or,
 * since it has restarted, does not. What can be nobody's is another matter, and told at once. */
static void a_ping_of_who_is_not_there_is_not_answered(struct world *world)
{
	static const char *const names[] = { "member-1", "10.130.0.2" };
	char id[ID_TEXT_CHARS + 1];

	lab_start_star(world, 3);
	lab_run_ms(1000);
	lab_crash(1);
	lab_crash(2);
	lab_start(2);
	lab_run_ms(1000);
	id_to_text(lab_id(1), id);
	SCENARIO_EXPECT(world, ping_error(2, names[0], 2200) == ERR_TIMEOUT);
	SCENARIO_EXPECT(world, ping_error(2, names[1], 2200) == ERR_TIMEOUT);
	SCENARIO_EXPECT(world, ping_error(2, id, 2200) == ERR_TIMEOUT);
	SCENARIO_EXPECT(world, ping_error(2, "fe80::1", 1) == ERR_NOT_FOUND);
	lab_crash(0);
	lab_crash(2);
	lab_start(2); /* nobody is there any more */
	lab_run_ms(60000);
	SCENARIO_EXPECT(world, ping_error(2, names[0], 2200) == ERR_TIMEOUT);
	SCENARIO_EXPECT(world, ping_error(2, "", 1) == ERR_NOT_FOUND);
}

static void nobody_pings_himself(struct world *world)
{
	static const char *const names[] = { "member-1", "member-1.test.ipop", "10.130.0.2" };
	struct node_reply reply;
	unsigned refused = 0;

	lab_start_star(world, 2);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		node_host_request(lab.members[1].node, NODE_PING, names[i]);
	lab_run_ms(1); /* at once, not when a time is over */
	while (node_host_reply(lab.members[1].node, &reply))
		refused += reply.kind == NODE_REPLY_ERROR && reply.error.err == ERR_UNSUPPORTED;
	SCENARIO_EXPECT(world, refused == 3);
}

/* Who has a link gives an attempt up early; its user gets to read what happened, and of which line.
 */
static void a_line_that_leads_nowhere_says_so(struct world *world)
{
	unsigned waits = 0;
	unsigned silent = 0;

	lab_set_up(world, 3);
	lab_place_all_public();
	lab_add_line(1, 0);
	lab_add_line(1, 2);
	lab_add_line(1, 0);
	memcpy(lab.members[1].config.bootstrap[0].host, "192.0.2.99", sizeof("192.0.2.99"));
	lab_start(0);
	lab_start(1);
	for (unsigned i = 0; i < 200; i++) {
		struct node_peer peer;

		lab_run_ms(100);
		SCENARIO_EXPECT(world, lab_peer(1, 2, &peer));
		SCENARIO_EXPECT(world, peer.state == NODE_PEER_CONNECTING && peer.line != NULL);
		SCENARIO_EXPECT(world, strcmp(peer.line->host, "192.0.2.3") == 0);
		waits += strcmp(peer.why, "dialled, no answer yet") == 0;
		silent += strcmp(peer.why, "no answer in time") == 0;
	}
	SCENARIO_EXPECT(world, waits > 0 && silent > 0 && waits + silent == 200);
	SCENARIO_EXPECT(world, lab_has_met(1, 0)); /* by one of its two lines */
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
		{ .name = "again", .play = who_comes_again_and_again_holds_four_sessions },
		{ .name = "both-dial", .seeds = 40, .play = both_dial_and_agree },
		{ .name = "rekeys", .play = hours_of_traffic_are_rekeyed_without_a_lost_packet },
		{ .name = "moves", .seeds = 5, .play = a_member_moves_and_traffic_follows },
		{ .name = "elsewhere",
		  .seeds = 5,
		  .play = who_comes_back_elsewhere_is_answered_there },
		{ .name = "nobody", .play = who_is_not_there_is_answered },
		{ .name = "comes", .seeds = 5, .play = who_comes_while_a_packet_waits_gets_it },
		{ .name = "bad-wire",
		  .seeds = 10,
		  .play = a_bad_wire_delays_but_never_doubles_or_harms },
		{ .name = "snapshot", .seeds = 5, .play = a_resumed_copy_drops_its_keys },
		{ .name = "copied",
		  .seeds = 5,
		  .play = a_copy_that_the_kernel_tells_of_drops_its_keys },
		{ .name = "lost-m2", .seeds = 5, .play = a_lost_last_message_loses_no_packet },
		{ .name = "refused", .play = who_is_refused_is_not_up_and_backs_off },
		{ .name = "silent", .play = who_falls_silent_is_remembered },
		{ .name = "gone", .play = the_gone_are_forgotten },
		{ .name = "alone", .seeds = 3, .play = who_is_alone_asks_seldom },
		{ .name = "leaves", .play = who_leaves_says_so_and_lets_nobody_in },
		{ .name = "leave-after-crash", .play = who_leaves_after_a_crash_is_gone },
		{ .name = "one-ipv4", .play = two_with_one_ipv4_address_keep_their_ipv6 },
		{ .name = "paused", .play = a_paused_hub_keeps_its_members },
		{ .name = "ping", .play = a_user_pings_by_name_address_and_id },
		{ .name = "ping-way", .play = a_ping_tells_the_way_that_it_took },
		{ .name = "ping-nobody", .play = a_ping_of_who_is_not_there_is_not_answered },
		{ .name = "ping-self", .play = nobody_pings_himself },
		{ .name = "nowhere", .play = a_line_that_leads_nowhere_says_so },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
