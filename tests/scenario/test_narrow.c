/* test_narrow.c - lines that carry less than 1500 bytes and say nothing of it: what fits passes,
 * what does not is answered, what must pass does. */
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/lib/packet.h"
#include "tests/scenario/lab.h"

#include <stdio.h>

#define DIRECT_HEADERS 68 /* IPv4, UDP, and what a packet is sealed in */
#define RELAY_HEADERS 48  /* more, through a relay */
#define FOUND_MS 1500
#define CROWD 10
#define A 1
#define B 2

static struct leg *uplink(unsigned i)
{
	return net_uplink(world_net(lab.world),
			  lab.members[i].nat != 0 ? lab.members[i].nat : lab.members[i].host);
}

static void narrow(unsigned i, unsigned bytes)
{
	uplink(i)->mtu_bytes = (uint16_t)bytes;
}

static enum way_kind way_between(unsigned from, unsigned to)
{
	const struct peer *peer = lab_inside(from, to);

	return peer == NULL ? WAY_NONE : peer_way(peer).kind;
}

static unsigned size_between(unsigned from, unsigned to)
{
	const struct peer *peer = lab_inside(from, to);

	return peer == NULL ? 0 : paths_size(&peer->paths);
}

/* The entrance, and two who talk: in the open, or behind NATs that take a relay. */
static void start_pair(struct world *world, const struct natbox_kind *kind)
{
	lab_set_up(world, 3);
	lab_place_public(0);
	for (unsigned i = 1; i < 3; i++) {
		if (kind == NULL)
			lab_place_public(i);
		else
			lab_place_behind(i, kind);
		lab_add_line(i, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
	lab_run_ms(3000);
}

/* Small ones, both ways. */
static void talk_ms(unsigned *number, uint64_t ms)
{
	for (uint64_t done = 0; done < ms; done += 100) {
		lab_send_number(A, B, *number);
		lab_send_number(B, A, *number);
		++*number;
		lab_run_ms(100);
	}
}

static bool arrives(unsigned from, unsigned to, unsigned number, size_t len)
{
	lab_send_sized(from, to, number, len);
	lab_run_ms(200);
	return lab_arrived(from, to, number, number + 1) == 1;
}

/* IPv6 if the number is even, else IPv4 with DF. What fits passes, one byte more is answered. */
static void expect_limit(struct world *world, unsigned from, unsigned to, unsigned size)
{
	const unsigned first = LAB_NUMBERS_MAX - 4;
	const bool v6_too = size >= 1280;
	const unsigned icmp = lab.members[from].icmp;

	for (unsigned i = 0; i < 4; i++)
		lab.members[to].got[from][first + i] = 0;
	SCENARIO_EXPECT(world, size_between(from, to) == size);
	SCENARIO_EXPECT(world, arrives(from, to, first, size));
	SCENARIO_EXPECT(world, arrives(from, to, first + 1, size));
	SCENARIO_EXPECT(world, lab.members[from].icmp == icmp);
	if (size == LAB_PACKET_BYTES_MAX)
		return;
	SCENARIO_EXPECT(world, arrives(from, to, first + 2, size + 1) == !v6_too);
	SCENARIO_EXPECT(world, lab.members[from].icmp == icmp + (v6_too ? 1 : 0));
	SCENARIO_EXPECT(world, !arrives(from, to, first + 3, size + 1));
	SCENARIO_EXPECT(world, lab.members[from].icmp == icmp + (v6_too ? 2 : 1));
}

static void direct_with(struct world *world, unsigned bytes)
{
	const unsigned size = bytes - DIRECT_HEADERS;
	unsigned number = 0;

	start_pair(world, NULL);
	narrow(A, bytes);
	talk_ms(&number, FOUND_MS);
	SCENARIO_EXPECT(world, way_between(A, B) == WAY_DIRECT);
	expect_limit(world, A, B, size < LAB_PACKET_BYTES_MAX ? size : LAB_PACKET_BYTES_MAX);
	expect_limit(world, B, A, LAB_PACKET_BYTES_MAX);
	SCENARIO_EXPECT(world, lab_arrived(A, B, 0, number) == number);
}

static void direct_1428(struct world *world)
{
	direct_with(world, 1428);
}

static void direct_1427(struct world *world)
{
	direct_with(world, 1427);
}

static void direct_1400(struct world *world)
{
	direct_with(world, 1400);
}

/* IPv6 up to 1,280 passes, and IPv4 that may be cut. */
static void direct_1280(struct world *world)
{
	uint8_t packet[LAB_PACKET_BYTES_MAX];
	struct trial *ring;
	unsigned icmp;

	direct_with(world, 1280);
	ring = &lab_inside(B, A)->paths.first[0];
	ring->is_invited = false; /* as it was when they met */
	SCENARIO_EXPECT(world, arrives(A, B, 1000, 1280));
	SCENARIO_EXPECT(world, !ring->is_invited); /* nothing came that way */
	icmp = lab.members[A].icmp;
	SCENARIO_EXPECT(world, !arrives(A, B, 1002, 1281));
	SCENARIO_EXPECT(world, lab.members[A].icmp == icmp + 1);
	(void)packet_v4(packet, sizeof(packet), lab.members[A].identity.certificate.ipv4,
			lab.members[B].identity.certificate.ipv4);
	packet[6] = 0; /* may be cut */
	packet[sizeof(packet) - 3] = A;
	packet_u16(packet + sizeof(packet) - 2, 1001);
	SCENARIO_EXPECT(world,
			node_host_send(lab.members[A].node, span_of(packet, sizeof(packet))));
	lab_run_ms(200);
	SCENARIO_EXPECT(world, lab_arrived(A, B, 1001, 1002) == 1);
	for (unsigned n = 0; n < 50; n++) { /* a stream of them */
		lab_send_sized(A, B, 1004 + 2 * n, 1280);
		lab_run_ms(10);
	}
	lab_run_ms(200);
	for (unsigned n = 0; n < 50; n++)
		SCENARIO_EXPECT(world, lab_arrived(A, B, 1004 + 2 * n, 1005 + 2 * n) == 1);
}

/* The line of the relay: 1475 carries a byte less than all. */
static void relayed(struct world *world)
{
	unsigned number = 0;

	start_pair(world, &natbox_symmetric);
	narrow(0, 1475);
	talk_ms(&number, 5000);
	SCENARIO_EXPECT(world, way_between(A, B) == WAY_RELAY);
	expect_limit(world, A, B, 1475 - DIRECT_HEADERS - RELAY_HEADERS);
	narrow(A, 1280);
	talk_ms(&number, SIZE_CONFIRM_MS + FOUND_MS);
	expect_limit(world, A, B, 1280 - DIRECT_HEADERS - RELAY_HEADERS);
	SCENARIO_EXPECT(world, arrives(A, B, 1000, 1280));
	expect_limit(world, B, A, 1475 - DIRECT_HEADERS - RELAY_HEADERS);
}

/* While they talk a line gets narrower, the other end's too, and both as they were. */
static void changing(struct world *world)
{
	unsigned number = 0;

	start_pair(world, NULL);
	talk_ms(&number, 2000);
	expect_limit(world, A, B, LAB_PACKET_BYTES_MAX);
	narrow(A, 1420);
	narrow(B, 1300);
	talk_ms(&number, SIZE_CONFIRM_MS + FOUND_MS);
	expect_limit(world, A, B, 1420 - DIRECT_HEADERS);
	expect_limit(world, B, A, 1300 - DIRECT_HEADERS);
	narrow(A, 1300);
	talk_ms(&number, SIZE_CONFIRM_MS + FOUND_MS);
	expect_limit(world, A, B, 1300 - DIRECT_HEADERS);
	narrow(A, 0);
	narrow(B, 1500);
	for (unsigned i = 0; i < SIZE_RAISE_MS / 5000; i++) { /* IP, and no less of it than that */
		lab_send_number(A, B, number++);
		lab_run_slowly_ms(5000);
	}
	lab_send_number(A, B, number++);
	lab_run_ms(FOUND_MS);
	expect_limit(world, A, B, LAB_PACKET_BYTES_MAX);
	expect_limit(world, B, A, LAB_PACKET_BYTES_MAX);
}

/* What gets lost by chance is not too large. */
static void loss_is_not_narrow(struct world *world)
{
	unsigned number = 0;

	start_pair(world, NULL);
	uplink(A)->loss = 200;
	talk_ms(&number, 60000);
	SCENARIO_EXPECT(world, size_between(A, B) == LAB_PACKET_BYTES_MAX);
	uplink(A)->cut = true;
	talk_ms(&number, 3000);
	uplink(A)->cut = false;
	uplink(A)->loss = 0;
	talk_ms(&number, 10000);
	SCENARIO_EXPECT(world, size_between(A, B) == LAB_PACKET_BYTES_MAX);
	SCENARIO_EXPECT(world, size_between(B, A) == LAB_PACKET_BYTES_MAX);
}

/* A line that is offered twice what it takes drops large packets rather than small ones. */
static void full_is_not_narrow(struct world *world)
{
	unsigned number = 0;

	start_pair(world, NULL);
	talk_ms(&number, 2000);
	uplink(A)->rate_bytes = 60000;
	uplink(A)->queue_bytes = 16000;
	for (unsigned n = 0; n < 6000; n++) {
		lab_send_sized(A, B, 1000, 1300);
		if (n % 10 == 0)
			lab_send_number(B, A, 1001);
		lab_run_ms(10);
		SCENARIO_EXPECT(world, size_between(A, B) == LAB_PACKET_BYTES_MAX);
	}
}

/* Gives `payload` to B in pieces, as A's frame of that kind. */
static void say_in_pieces(uint8_t kind, uint16_t sequence, struct span payload)
{
	uint8_t bytes[PART_HEADER_BYTES + PIECE_BYTES];
	struct part part = { .sequence = sequence, .count = 2, .kind = kind };

	for (; part.which < part.count; part.which++) {
		struct writer w = writer_of(bytes, sizeof(bytes));
		const size_t at = (size_t)part.which * PIECE_BYTES;
		const size_t left = payload.len - at;

		part.piece = span_of(payload.data + at, left < PIECE_BYTES ? left : PIECE_BYTES);
		part_encode(&part, &w);
		lab_say(A, B, FRAME_PART, writer_span(&w));
	}
	lab_run_ms(200);
}

/* Only what its sender sealed and never sent before, and only such kinds as are cut. */
static void pieces_are_judged(struct world *world)
{
	const struct frame_header frame = { .kind = FRAME_IP };
	uint8_t packet[1280], sealed[1280 + KEYSET_OVERHEAD];
	const struct channel *channel;
	struct ip_address source, destination;
	unsigned number = 0;

	start_pair(world, NULL);
	talk_ms(&number, 1000);
	channel = channel_of(node_host_node(lab.members[A].node), lab_inside(A, B)->session);
	source = lab_ipv6(A);
	destination = lab_ipv6(B);
	(void)packet_v6(packet, sizeof(packet), source.bytes, destination.bytes);
	packet[sizeof(packet) - 3] = A;
	packet_u16(packet + sizeof(packet) - 2, 1000);
	say_in_pieces(FRAME_IP, 1, span_of(packet, sizeof(packet)));
	say_in_pieces(FRAME_DATAGRAM, 2, span_of(packet, sizeof(packet)));
	SCENARIO_EXPECT(world, lab_arrived(A, B, 1000, 1001) == 0);
	SCENARIO_EXPECT(world,
			keyset_seal(channel->send, world_now(world, lab.members[A].host).mono,
				    &frame, span_of(packet, sizeof(packet)), sealed) == 0);
	lab_say(A, B, FRAME_DATAGRAM, span_of(sealed, 1000)); /* whole, it is no frame */
	sealed[sizeof(sealed) - 1] ^= 1;
	say_in_pieces(FRAME_DATAGRAM, 3, span_of(sealed, sizeof(sealed)));
	SCENARIO_EXPECT(world, lab_arrived(A, B, 1000, 1001) == 0);
	sealed[sizeof(sealed) - 1] ^= 1;
	for (uint16_t i = 4; i < 6; i++) {
		say_in_pieces(FRAME_DATAGRAM, i, span_of(sealed, sizeof(sealed)));
		SCENARIO_EXPECT(world, lab_arrived(A, B, 1000, 1001) == 1); /* once */
	}
}

/* How many of the pieces of such a message would leave before all data. */
static unsigned control_pieces(uint8_t kind)
{
	static const uint8_t payload[PIECE_BYTES + 1];
	struct node *node = lab_node(A);
	unsigned count = 0;

	CHECK(part_send(node, lab_now(A), lab_inside(A, B), kind,
			span_of(payload, sizeof(payload))));
	for (uint32_t i = 0; i < pool_end(&node->departures); i++) {
		struct handle handle;
		const struct departure *departure = pool_slot(&node->departures, i, &handle);

		count += departure != NULL && departure->class == EGRESS_CONTROL;
	}
	world_wake(lab.world, lab.members[A].host);
	lab_run_ms(100);
	return count;
}

/* A packet of a user's does not overtake others for being cut. */
static void pieces_take_their_turn(struct world *world)
{
	unsigned number = 0;

	start_pair(world, NULL);
	talk_ms(&number, 1000);
	SCENARIO_EXPECT(world, control_pieces(FRAME_DATAGRAM) == 0);
	SCENARIO_EXPECT(world, control_pieces(FRAME_ROUTED) == 2);
}

/* A line of 1280 to an Internet in which the others are reached by the first member alone. */
static void place_behind_the_first(struct world *world, unsigned i)
{
	struct lab_member *m = &lab.members[i];
	char *host = m->config.bootstrap[0].host;
	char ip[32];

	(void)snprintf(ip, sizeof(ip), "2001:db8::%u", i + 1);
	net_add_address(world_net(world), m->host, NET_INTERNET, ip);
	narrow(i, 1280);
	for (unsigned k = 1; i > 0 && k < CROWD; k++)
		if (k != i)
			net_path(world_net(world), m->host, lab.members[k].host)->cut = true;
	if (i > 0)
		lab_add_line(i, 0);
	(void)snprintf(host, NODE_HOST_MAX, "2001:db8::1");
}

static void each_sends_to_each(unsigned number, size_t len)
{
	for (unsigned a = 0; a < CROWD; a++)
		for (unsigned b = 0; b < CROWD; b++)
			if (a != b)
				lab_send_sized(a, b, number, len);
	lab_run_ms(3000 + FOUND_MS);
}

/* All lines have the least that IPv6 has, and all but the first member meet by relays only: what
 * members say to each other by the overlay passes before anybody knows how narrow a way is, and
 * then so do packets of 1280 bytes. */
static void everybody_has_1280(struct world *world)
{
	unsigned relayed_pairs = 0;

	lab_set_up(world, CROWD);
	for (unsigned i = 0; i < CROWD; i++)
		place_behind_the_first(world, i);
	for (unsigned i = 0; i < CROWD; i++)
		lab_start(i);
	lab_run_ms(10000);
	SCENARIO_EXPECT(world, net_count(world_net(world), FATE_TOO_BIG) == 0);
	each_sends_to_each(0, LAB_PACKET_LEN);
	each_sends_to_each(2, 1280);
	for (unsigned i = 0; i < CROWD * CROWD; i++) {
		const unsigned a = i / CROWD, b = i % CROWD;

		SCENARIO_EXPECT(world, a == b || lab_arrived(a, b, 0, 3) == 2);
		relayed_pairs += a != b && way_between(a, b) == WAY_RELAY;
	}
	SCENARIO_EXPECT(world, relayed_pairs > CROWD);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "direct-1428", .play = direct_1428 },
		{ .name = "direct-1427", .play = direct_1427 },
		{ .name = "direct-1400", .play = direct_1400 },
		{ .name = "direct-1280", .play = direct_1280 },
		{ .name = "relayed", .play = relayed },
		{ .name = "changing", .play = changing },
		{ .name = "full", .play = full_is_not_narrow },
		{ .name = "pieces", .play = pieces_are_judged },
		{ .name = "turn", .play = pieces_take_their_turn },
		{ .name = "everybody-1280", .play = everybody_has_1280 },
		{ .name = "loss", .seeds = 3, .play = loss_is_not_narrow },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
