/* test_hostile.c - what one member can do to the others when it says what no honest one does.
 *
 * It is an honest member in whose name the story speaks, from within its node. */
#include "node/node_internal.h"
#include "tests/lib/packet.h"
#include "tests/scenario/lab.h"

#define CROWD 24 /* members, so that nobody has met all the others */

static struct node *node_of(unsigned i)
{
	return node_host_node(lab.members[i].node);
}

static const struct id *id_of(unsigned i)
{
	return &lab.members[i].identity.certificate.id;
}

static struct now now_of(unsigned i)
{
	return world_now(lab.world, lab.members[i].host);
}

static bool has_met(unsigned i, unsigned of)
{
	const struct peer *peer = lab_inside(i, of);

	return peer != NULL && peer_is_up(peer);
}

/* The first after `from` that `i` has not met. */
static unsigned stranger_to(unsigned i, unsigned from)
{
	unsigned other = from + 1;

	while (other < lab.count && (other == i || has_met(i, other)))
		other++;
	SCENARIO_EXPECT(lab.world, other < lab.count);
	return other < lab.count ? other : from;
}

/* A crowd that stands, all public. */
static void start_crowd(struct world *world)
{
	lab_start_star(world, CROWD);
	lab_run_ms(5000);
}

/* --- nobody is there ---------------------------------------------------------------------------
 */

/* That `to` wants nobody, since nobody is there: with an index that was guessed. */
static void say_unreachable(unsigned from, unsigned to)
{
	uint8_t bytes[sizeof(struct unreachable)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed routed = { .kind = ROUTED_UNREACHABLE,
				 .target = { TARGET_EXACT, *id_of(to) } };

	unreachable_encode(&(struct unreachable){ .sender = 1 }, &w);
	routed.payload = writer_span(&w);
	(void)overlay_send(node_of(from), now_of(from), &routed);
	world_wake(lab.world, lab.members[from].host);
}

static void nobody_can_deny_another(struct world *world)
{
	unsigned wanted;

	start_crowd(world);
	wanted = stranger_to(1, 1);
	lab_send_number(1, wanted, 2);
	for (unsigned i = 0; i < 100; i++) {
		say_unreachable(wanted == 2 ? 3 : 2, 1);
		lab_run_ms(10);
	}
	SCENARIO_EXPECT(world, lab_arrived(1, wanted, 2, 3) == 1);
}

/* `i` forgets all its links but the one to `one`. */
static void blind(unsigned i, unsigned one)
{
	for (unsigned k = 0; k < lab.count; k++)
		if (k != one && k != i)
			ring_left(node_of(i)->ring, now_of(i), id_of(k));
}

/* The link that would be taken knows nobody but us, and says so. */
static void another_link_leads_around_who_knows_nobody(struct world *world)
{
	struct routed routed = { .target = { .kind = TARGET_EXACT } };
	const struct id nobody = { 0 };
	unsigned first = 0;
	unsigned wanted;
	struct id link;

	start_crowd(world);
	wanted = stranger_to(1, 1);
	routed.target.id = *id_of(wanted);
	SCENARIO_EXPECT(world, ring_next(node_of(1)->ring, &routed, &nobody, &link) == RING_ON);
	while (first < CROWD && !id_equal(id_of(first), &link))
		first++;
	lab_send_number(1, wanted, 2);
	for (unsigned i = 0; i < 450; i++) {
		blind(first, 1);
		lab_run_ms(10);
	}
	SCENARIO_EXPECT(world, lab_arrived(1, wanted, 2, 3) == 1);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

/* --- false owners ------------------------------------------------------------------------------
 */

/* `liar` says that it is whom `i` asks for: the broadcast showed it the token. The true owner is
 * far away. */
static void claim(unsigned liar, unsigned i, unsigned owner)
{
	uint8_t bytes[sizeof(struct found)];
	struct routed routed = { .kind = ROUTED_FOUND, .target = { TARGET_EXACT, *id_of(i) } };

	net_uplink(world_net(lab.world), lab.members[owner].host)->delay_us = 200000;
	lab_run_ms(10);
	for (size_t k = 0; k < WISHES_MAX; k++) {
		struct writer w = writer_of(bytes, sizeof(bytes));

		if (node_of(i)->wishes[k].token == 0)
			continue;
		found_encode(&(struct found){ .token = node_of(i)->wishes[k].token }, &w);
		routed.payload = writer_span(&w);
		(void)overlay_send(node_of(liar), now_of(liar), &routed);
	}
	world_wake(lab.world, lab.members[liar].host);
}

static void who_claims_an_address_does_not_keep_it_from_its_owner(struct world *world)
{
	unsigned liar, owner;

	start_crowd(world);
	liar = stranger_to(1, 1);
	owner = stranger_to(1, liar);
	lab_send_number(1, owner, 1);
	claim(liar, 1, owner);
	lab_run_ms(4000);
	SCENARIO_EXPECT(world, has_met(1, liar)); /* it was asked to prove it */
	SCENARIO_EXPECT(world, lab_arrived(1, owner, 1, 2) == 1);
	SCENARIO_EXPECT(world, lab_arrived(1, liar, 1, 2) == 0);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

static void who_claims_a_name_does_not_keep_it_from_its_owner(struct world *world)
{
	struct node_reply reply;
	unsigned liar, owner;
	unsigned pongs = 0;

	start_crowd(world);
	liar = stranger_to(1, 1);
	owner = stranger_to(1, liar);
	node_host_request(lab.members[1].node, NODE_PING,
			  lab.members[owner].identity.certificate.name);
	claim(liar, 1, owner);
	lab_run_ms(3900);
	SCENARIO_EXPECT(world, has_met(1, liar));
	while (node_host_reply(lab.members[1].node, &reply))
		pongs += reply.kind == NODE_REPLY_PONG &&
			 id_equal(&reply.pong.peer.id, id_of(owner));
	SCENARIO_EXPECT(world, pongs == 1);
}

/* --- too many wishes ---------------------------------------------------------------------------
 */

static unsigned wishes_of(unsigned i)
{
	unsigned count = 0;

	for (size_t k = 0; k < WISHES_MAX; k++)
		count += node_of(i)->wishes[k].kind != WISH_NONE && !node_of(i)->wishes[k].of_ring;
	return count;
}

static void scan(unsigned from, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const uint8_t nobody[4] = { 10, 130, 7, (uint8_t)i };
		uint8_t packet[LAB_PACKET_LEN];

		(void)packet_v4(packet, sizeof(packet), lab.members[from].identity.certificate.ipv4,
				nobody);
		SCENARIO_EXPECT(lab.world, node_host_send(lab.members[from].node,
							  span_of(packet, sizeof(packet))));
	}
}

/* Whoever looks for too many at once looks for the last ones later, and the ring has places. */
static void a_scan_leaves_places_for_the_ring(struct world *world)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	unsigned wanted;

	start_crowd(world);
	wanted = stranger_to(1, 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		node_host_request(lab.members[1].node, NODE_PING, names[i]);
	scan(1, VNET_WAITING_MAX - 1);
	lab_run_ms(10);
	SCENARIO_EXPECT(world, wishes_of(1) == WISHES_MAX - WISHES_OF_RING);
	lab_send_number(1, wanted, 2);
	lab_run_ms(2900);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(1, wanted, 2, 3) == 1);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "denied", .seeds = 3, .play = nobody_can_deny_another },
		{ .name = "blind-link",
		  .seeds = 3,
		  .play = another_link_leads_around_who_knows_nobody },
		{ .name = "false-address",
		  .seeds = 3,
		  .play = who_claims_an_address_does_not_keep_it_from_its_owner },
		{ .name = "false-name",
		  .seeds = 3,
		  .play = who_claims_a_name_does_not_keep_it_from_its_owner },
		{ .name = "scan", .play = a_scan_leaves_places_for_the_ring },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
