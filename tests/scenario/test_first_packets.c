/* test_first_packets.c - pairs that have no better way than the ring: what they send along it is
 * carried and watched as on any other way, and what it does not take at once waits. */
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/lib/packet.h"
#include "tests/scenario/lab.h"

/* Two whose NATs let nobody in, and a public member. */
static void start_a_pair(struct world *world, uint64_t relay_bytes_s)
{
	lab_set_up(world, 3);
	lab.members[0].config.relay_bytes_s = relay_bytes_s;
	lab_place_public(0);
	for (unsigned i = 1; i < 3; i++) {
		lab_place_behind(i, &natbox_symmetric);
		lab_add_line(i, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
}

/* And nobody relays for them. */
static void start_a_pair_on_the_ring(struct world *world)
{
	start_a_pair(world, 0);
	lab_run_slowly_ms(60000); /* what the start brings is over */
	SCENARIO_EXPECT(world, lab_inside(1, 2) != NULL && lab_inside(2, 1) != NULL);
	SCENARIO_EXPECT(world, peer_way(lab_inside(1, 2)).kind == WAY_RING);
}

/* Who sends listens for an answer from then on, and who receives answers. The node itself seals
 * here, and opens what comes: nobody else could tell path/ of it. */
static void traffic_is_watched_from_its_first_packet(struct world *world)
{
	start_a_pair_on_the_ring(world);
	SCENARIO_EXPECT(world, !paths_is_busy(&lab_inside(1, 2)->paths));
	SCENARIO_EXPECT(world, !paths_is_busy(&lab_inside(2, 1)->paths));
	lab_send_number(1, 2, 0);
	lab_run_ms(50);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 1) == 1);
	SCENARIO_EXPECT(world, paths_is_busy(&lab_inside(1, 2)->paths));
	SCENARIO_EXPECT(world, paths_is_busy(&lab_inside(2, 1)->paths));
}

/* So a peer that is gone is found out by the packet, not by ten seconds of silence. */
static void a_packet_finds_out_who_is_gone(struct world *world)
{
	start_a_pair_on_the_ring(world);
	lab_crash(2);
	lab_send_number(1, 2, 0);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, !peer_is_up(lab_inside(1, 2)));
}

/* IPv6 alone, whose packets to one member wait in one queue. */
static void send_even(unsigned from, unsigned to, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		lab_send_number(from, to, 2 * (first + i));
}

/* What is more than the ring takes at once leaves as its allowance comes back. */
static void what_the_ring_does_not_take_waits(struct world *world)
{
	start_a_pair_on_the_ring(world);
	send_even(1, 2, 0, RING_PACKETS_MAX);
	lab_run_ms(10); /* now the queue is empty again */
	send_even(1, 2, RING_PACKETS_MAX, 16);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 200) == RING_PACKETS_MAX);
	lab_run_ms(1000); /* a sixteenth of 64 is back */
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 200) == RING_PACKETS_MAX + 4);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 200) == RING_PACKETS_MAX + 16);
	SCENARIO_EXPECT(world, lab_status(1).vnet.held == 16);
}

/* And who waits too long was not unreachable: nothing of that is said. */
static void what_waits_too_long_is_dropped_in_silence(struct world *world)
{
	start_a_pair_on_the_ring(world);
	send_even(1, 2, 0, RING_PACKETS_MAX);
	lab_run_ms(10);
	send_even(1, 2, RING_PACKETS_MAX, 50);
	lab_run_ms(20000);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 300) < RING_PACKETS_MAX + 30);
	SCENARIO_EXPECT(world, lab_status(1).vnet.timed_out > 20);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

/* Two who meet along the ring, and have a relay a while later. */
static void a_better_way_takes_what_waits(struct world *world)
{
	start_a_pair(world, 1000000);
	send_even(1, 2, 0, VNET_QUEUE_PACKETS);
	lab_run_ms(500);
	send_even(1, 2, VNET_QUEUE_PACKETS, VNET_QUEUE_PACKETS);
	lab_run_ms(500);
	SCENARIO_EXPECT(world, peer_way(lab_inside(1, 2)).kind == WAY_RING);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, peer_way(lab_inside(1, 2)).kind == WAY_RELAY);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 300) == 2 * VNET_QUEUE_PACKETS);
}

/* Along the ring, where each packet takes two ways: sixteen members, of whom no two pairs are as
 * far from each other. */
static void the_ring_keeps_the_order(struct world *world)
{
	enum { COUNT = 16 };
	struct net *net = world_net(world);
	unsigned number = 0;
	unsigned along = 0; /* the ring */
	unsigned to;

	lab_set_up(world, COUNT);
	for (unsigned i = 0; i < COUNT; i++) {
		lab_place_public(i);
		lab_add_line(i, 0);
	}
	for (unsigned i = 0; i < COUNT; i++)
		for (unsigned j = 0; j < COUNT; j++)
			net_path(net, lab.members[i].host, lab.members[j].host)->delay_us =
				5000 + 4000 * ((i * j + i + j) % COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		lab_start(i);
	lab_run_ms(20000);
	to = lab_stranger(1, 2);
	for (; number < 200; number++) {
		lab_send_number(1, to, number);
		lab_run_ms(2);
		along += lab_inside(1, to) != NULL && peer_way(lab_inside(1, to)).kind == WAY_RING;
	}
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, along > 10);
	SCENARIO_EXPECT(world, lab_arrived(1, to, 0, number) == number);
	SCENARIO_EXPECT(world, lab.members[to].behind[1] == 0);
}

/* Two who meet along the ring, and directly a while later: by neither way packets take longer, so
 * none overtakes another. More come than the ring takes, so some wait when the change comes. */
static void a_better_way_keeps_the_order(struct world *world)
{
	struct net *net = world_net(world);
	unsigned number = 0;
	uint64_t held = 0;

	lab_set_up(world, 3);
	lab_place_public(0);
	for (unsigned i = 1; i < 3; i++) {
		lab_place_behind(i, &natbox_port_restricted);
		lab_add_line(i, 0);
	}
	for (unsigned i = 1; i < 3; i++)
		net_path(net, lab.members[i].nat, lab.members[3 - i].nat)->delay_us =
			2 * NET_CORE_DELAY_US;
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
	for (; number < 600; number++) {
		lab_send_number(1, 2, number);
		lab_send_number(2, 1, number);
		if (number % 2 == 1)
			lab_run_ms(10);
		if (lab_inside(1, 2) == NULL || peer_way(lab_inside(1, 2)).kind == WAY_RING)
			held = vnet_counters(lab_node(1)->vnet).held;
	}
	lab_run_ms(100);
	SCENARIO_EXPECT(world, peer_way(lab_inside(1, 2)).kind == WAY_DIRECT && held > 0);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, number) == number);
	SCENARIO_EXPECT(world, lab_arrived(2, 1, 0, number) == number);
	SCENARIO_EXPECT(world, lab.members[1].behind[2] == 0 && lab.members[2].behind[1] == 0);
}

/* What may leave does so before the table that has those behind it leave without asking the node.
 */
static void what_waits_leaves_before_the_table(struct world *world)
{
	struct node_action action;
	struct handle handle;
	unsigned sent = 0, tables = 0;

	start_a_pair_on_the_ring(world);
	send_even(1, 2, 0, RING_PACKETS_MAX);
	lab_run_ms(10);
	send_even(1, 2, RING_PACKETS_MAX, 16);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 200) == RING_PACKETS_MAX);
	peer_find(lab_node(1), lab_id(2), &handle)->ring_packets = (struct allowance){ 0 };
	peer_release(lab_node(1), handle);
	table_now(lab_node(1));
	while (node_poll(lab_node(1), lab_now(1), &action)) {
		sent += action.kind == NODE_SEND;
		tables += action.kind == NODE_TABLE;
		if (action.kind != NODE_TABLE)
			continue;
		table_del(action.table);
		SCENARIO_EXPECT(world, sent >= 16);
	}
	SCENARIO_EXPECT(world, tables == 1);
}

/* Of each IPv4 address all members are asked; many at once are asked for in turn. */
static void many_are_looked_for_at_once(struct world *world)
{
	uint8_t packet[LAB_PACKET_LEN];
	uint8_t nobody[4] = { 10, 130, 9, 0 };

	lab_start_star(world, 30);
	lab_run_slowly_ms(5000);
	for (nobody[3] = 1; nobody[3] <= 20; nobody[3]++) {
		(void)packet_v4(packet, sizeof(packet), lab.members[0].identity.certificate.ipv4,
				nobody);
		SCENARIO_EXPECT(world, node_host_send(lab.members[0].node,
						      span_of(packet, sizeof(packet))));
	}
	lab_run_ms(10);
	SCENARIO_EXPECT(world, lab_status(0).counters.departures_lost == 0);
	lab_run_ms(3500);
	SCENARIO_EXPECT(world, lab.members[0].icmp > 0);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "watched", .seeds = 5, .play = traffic_is_watched_from_its_first_packet },
		{ .name = "waits", .seeds = 3, .play = what_the_ring_does_not_take_waits },
		{ .name = "waits-too-long",
		  .seeds = 3,
		  .play = what_waits_too_long_is_dropped_in_silence },
		{ .name = "better-way", .seeds = 5, .play = a_better_way_takes_what_waits },
		{ .name = "ring-order", .seeds = 3, .play = the_ring_keeps_the_order },
		{ .name = "order", .seeds = 3, .play = a_better_way_keeps_the_order },
		{ .name = "table", .play = what_waits_leaves_before_the_table },
		{ .name = "look-ups", .play = many_are_looked_for_at_once },
		{ .name = "gone", .seeds = 5, .play = a_packet_finds_out_who_is_gone },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
