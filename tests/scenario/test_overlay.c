/* test_overlay.c - members behind NATs find each other along the ring, and go direct, or by a
 * relay.
 */
#include "node/carrier.h"
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/scenario/lab.h"

#define IDLE_DATAGRAMS 400      /* of three members, in 100 s */
#define DEAD_LINE_DATAGRAMS 400 /* to one who is gone, from three members, in 1,000 s */

/* A public member relays and knows the way; the others have a line to it alone. */
static void start_around_a_hub(struct world *world)
{
	for (unsigned i = 1; i < lab.count; i++)
		lab_add_line(i, 0);
	for (unsigned i = 0; i < lab.count; i++)
		lab_start(i);
	lab_run_ms(1000);
	(void)world;
}

static enum way_kind way_between(unsigned a, unsigned b)
{
	struct node_peer peer;

	return lab_peer(a, b, &peer) ? peer.way : WAY_NONE;
}

struct pair {
	const struct natbox_kind *a, *b;
	bool is_direct;
};

static void two_behind_nats(struct world *world, const struct pair *pair)
{
	const enum way_kind expected = pair->is_direct ? WAY_DIRECT : WAY_RELAY;

	lab_set_up(world, 3);
	lab_place_public(0);
	lab_place_behind(1, pair->a);
	lab_place_behind(2, pair->b);
	start_around_a_hub(world);
	for (unsigned n = 0; n < 120; n++) {
		lab_send_number(1, 2, n);
		lab_send_number(2, 1, n);
		lab_run_ms(100);
	}
	SCENARIO_EXPECT(world, way_between(1, 2) == expected);
	SCENARIO_EXPECT(world, way_between(2, 1) == expected);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 120) == 120);
	SCENARIO_EXPECT(world, lab_arrived(2, 1, 0, 120) == 120);
}

static void symmetric_and_symmetric(struct world *world)
{
	two_behind_nats(world, &(struct pair){ &natbox_symmetric, &natbox_symmetric, false });
}

static void port_restricted_and_symmetric(struct world *world)
{
	two_behind_nats(world, &(struct pair){ &natbox_port_restricted, &natbox_symmetric, false });
}

static void port_restricted_twice(struct world *world)
{
	two_behind_nats(world,
			&(struct pair){ &natbox_port_restricted, &natbox_port_restricted, true });
}

static void full_cone_and_symmetric(struct world *world)
{
	two_behind_nats(world, &(struct pair){ &natbox_full_cone, &natbox_symmetric, true });
}

static void linux_twice(struct world *world)
{
	two_behind_nats(world, &(struct pair){ &natbox_linux_accept, &natbox_linux_accept, true });
}

static void two_behind_one_nat_use_their_lan(struct world *world)
{
	struct node_peer peer;

	lab_set_up(world, 3);
	lab_place_public(0);
	lab_place_behind(1, &natbox_port_restricted);
	lab_place_beside(2, 1);
	start_around_a_hub(world);
	for (unsigned n = 0; n < 50; n++) {
		lab_send_number(1, 2, n);
		lab_run_ms(100);
	}
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 50) == 50);
	SCENARIO_EXPECT(world, lab_peer(1, 2, &peer) && peer.way == WAY_DIRECT);
	SCENARIO_EXPECT(world, peer.remote.ip[12] == 10); /* 10.0.1.x */
}

/* A pair that nobody uses costs little: probes now and then, and nothing that answers itself. */
static void an_idle_relayed_pair_is_quiet(struct world *world)
{
	uint64_t before;

	lab_set_up(world, 3);
	lab_place_public(0);
	lab_place_behind(1, &natbox_port_restricted);
	lab_place_behind(2, &natbox_symmetric);
	start_around_a_hub(world);
	lab_run_ms(60000);
	SCENARIO_EXPECT(world, way_between(1, 2) == WAY_RELAY);
	before = net_count(world_net(world), FATE_ARRIVED);
	lab_run_ms(100000);
	SCENARIO_EXPECT(world, net_count(world_net(world), FATE_ARRIVED) - before < IDLE_DATAGRAMS);
}

/* A bootstrap member that is gone for good is dialled now and then, and costs those who have each
 * other less than what keeps them together. */
static void a_dead_bootstrap_member_costs_little(struct world *world)
{
	uint64_t before;

	lab_start_star(world, 4);
	lab_run_ms(10000);
	lab_crash(0);
	lab_run_ms(60000);
	before = net_count(world_net(world), FATE_HOST_DOWN);
	lab_run_slowly_ms(1000000);
	SCENARIO_EXPECT(world,
			net_count(world_net(world), FATE_HOST_DOWN) - before < DEAD_LINE_DATAGRAMS);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 2);
}

/* What does not fit into one frame of a link travels in pieces. */
static void large_first_packets_go_along_the_ring(struct world *world)
{
	lab_set_up(world, 3);
	lab_place_public(0);
	lab_place_behind(1, &natbox_symmetric);
	lab_place_behind(2, &natbox_symmetric);
	start_around_a_hub(world);
	for (unsigned n = 0; n < 20; n++)
		lab_send_sized(1, 2, n, LAB_PACKET_BYTES_MAX - n);
	lab_run_ms(300); /* no relay yet */
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 20) == 20);
	SCENARIO_EXPECT(world, way_between(1, 2) == WAY_RING);
}

/* Everybody reaches others by both families, from the first packet on: all, or each `step`th. */
static void all_reach_others(struct world *world, unsigned settle_ms, unsigned step)
{
	const unsigned count = lab.count;

	lab_run_ms(settle_ms);
	for (unsigned a = 0; a < count; a++)
		for (unsigned b = a % step; b < count; b += step) {
			for (unsigned n = 1; a != b && n < 5; n++) /* IPv4 first */
				lab_send_number(a, b, n);
			lab_run_ms(10);
		}
	lab_run_ms(4000);
	for (unsigned a = 0; a < count; a++)
		for (unsigned b = a % step; b < count; b += step)
			SCENARIO_EXPECT(world, a == b || lab_arrived(a, b, 1, 5) == 4);
	for (unsigned a = 0; a < count; a++)
		SCENARIO_EXPECT(world, lab_status(a).is_settled);
}

/* Of whom only the IPv4 address is known, somebody must tell who that is. */
static void an_ipv4_address_is_found(struct world *world)
{
	lab_start_star(world, 16);
	lab_run_ms(5000);
	for (unsigned a = 1; a < 16; a++)
		for (unsigned b = 1; b < 16; b++) {
			if (a != b)
				lab_send_number(a, b, 1);
			lab_run_ms(20);
		}
	lab_run_ms(1000);
	for (unsigned a = 1; a < 16; a++)
		for (unsigned b = 1; b < 16; b++)
			SCENARIO_EXPECT(world, a == b || lab_arrived(a, b, 1, 2) == 1);
}

static const struct natbox_kind *kind_of(unsigned i)
{
	static const struct natbox_kind *const kinds[] = {
		&natbox_full_cone, &natbox_address_restricted, &natbox_port_restricted,
		&natbox_symmetric, &natbox_linux_accept,
	};

	return kinds[i % (sizeof(kinds) / sizeof(kinds[0]))];
}

/* One of three is public, the others stand behind NATs of all kinds. */
static void mixed(struct world *world, unsigned count)
{
	lab_set_up(world, count);
	for (unsigned i = 0; i < count; i++)
		if (i % 3 == 0)
			lab_place_public(i);
		else
			lab_place_behind(i, kind_of(i));
	start_around_a_hub(world);
	all_reach_others(world, 3000, 1);
}

static void seven_of_all_kinds(struct world *world)
{
	mixed(world, 7);
}

static void fifty_public(struct world *world)
{
	lab_start_star(world, 50);
	all_reach_others(world, 10000, 11);
}

static void the_bootstrap_member_is_gone_and_a_home_comes_back(struct world *world)
{
	lab_set_up(world, 5);
	lab_place_public(0);
	lab_place_public(1);
	for (unsigned i = 2; i < 5; i++)
		lab_place_behind(i, kind_of(i));
	start_around_a_hub(world);
	lab_run_ms(15000);
	lab_crash(0);
	lab_run_ms(20000);
	lab_crash_and_keep(3);
	lab_run_ms(1000);
	lab_start(3);
	lab_run_ms(1000);
	for (unsigned n = 0; n < 20; n++) {
		lab_send_number(3, 2, n);
		lab_send_number(4, 3, n);
		lab_run_ms(50);
	}
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(3, 2, 0, 20) == 20);
	SCENARIO_EXPECT(world, lab_arrived(4, 3, 0, 20) == 20);
}

/* Who was met along the ring, and went direct a moment later, is remembered as well. */
static void homes_remember_each_other(struct world *world)
{
	lab_set_up(world, 3);
	lab_place_public(0);
	lab_place_behind(1, &natbox_full_cone);
	lab_place_behind(2, &natbox_full_cone);
	lab_add_line(1, 0);
	lab_add_line(2, 0);
	lab_start(0);
	lab_start(1);
	lab_run_ms(20000);
	lab_start(2);
	lab_run_slowly_ms(60000);
	lab_crash(0);
	lab_crash_and_keep(1);
	lab_run_ms(1000);
	lab_start(1);
	lab_run_ms(1000);
	lab_send_number(1, 2, 2);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 2, 3) == 1);
}

/* Nobody was there for a while, and the line's next attempt is some time off: what is sent just
 * when its member comes back waits for that, and is not told that nobody has the address. */
static void what_is_sent_as_the_entrance_starts_waits(struct world *world)
{
	lab_start_star(world, 2);
	lab_crash(0);
	lab_run_ms(300000);
	lab_start(0);
	lab_run_ms(10);
	lab_send_number(1, 0, 1);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 1, 2) == 1);
	SCENARIO_EXPECT(world, lab.members[1].icmp == 0);
}

/* All have a line to it and it has none, so it finds back by those that it remembers. Its programs
 * send before any of them can have answered. */
static void the_bootstrap_member_comes_back(struct world *world)
{
	lab_start_star(world, 3);
	lab_run_ms(10000);
	lab_crash_and_keep(0);
	lab_start(0);
	lab_send_number(0, 1, 2);
	lab_send_number(0, 2, 1);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(0, 1, 2, 3) == 1 && lab_arrived(0, 2, 1, 2) == 1);
	SCENARIO_EXPECT(world, lab.members[0].icmp == 0);
}

/* Nobody is left whom everybody knows, and for a minute the two halves do not hear each other. Each
 * member has more neighbours than it has lost, and tries the lost. */
static void halves_become_one_ring_again(struct world *world)
{
	struct net *net = world_net(world);
	unsigned arrived = 0;

	lab_start_star(world, 15);
	lab_run_slowly_ms(20000);
	lab_crash(0);
	for (unsigned i = 1; i < lab.count; i++)
		net_set_side(net, lab.members[i].host, i % 2);
	net_cut(net, 0, 1, true);
	net_cut(net, 1, 0, true);
	lab_run_slowly_ms(70000);
	net_cut(net, 0, 1, false);
	net_cut(net, 1, 0, false);
	lab_run_slowly_ms(65000);
	for (unsigned i = 1; i < lab.count - 1; i++)
		lab_send_number(i, i + 1, i);
	lab_run_ms(2000);
	for (unsigned i = 1; i < lab.count - 1; i++)
		arrived += lab_arrived(i, i + 1, i, i + 1);
	SCENARIO_EXPECT(world, arrived == lab.count - 2);
}

/* Two talk along the ring; the member by whom one found the other goes. */
static void a_via_that_leaves_does_not_part_those_it_joined(struct world *world)
{
	unsigned via;

	lab_set_up(world, 4);
	for (unsigned i = 0; i < 4; i++) {
		lab.members[i].config.relay_bytes_s = 0;
		if (i < 2)
			lab_place_public(i);
		else
			lab_place_behind(i, &natbox_symmetric);
	}
	lab_add_line(2, 1);
	lab_add_line(3, 1);
	start_around_a_hub(world);
	lab_run_ms(10000);
	SCENARIO_EXPECT(world, way_between(2, 3) == WAY_RING);
	via = id_equal(&lab_inside(2, 3)->via, &lab.members[0].identity.certificate.id) ? 0 : 1;
	SCENARIO_EXPECT(
		world, id_equal(&lab_inside(2, 3)->via, &lab.members[via].identity.certificate.id));
	node_host_request(lab.members[via].node, NODE_SHUTDOWN, "");
	lab_run_ms(100);
	for (unsigned n = 0; n < 20; n++) {
		lab_send_number(2, 3, n);
		lab_run_ms(50);
	}
	SCENARIO_EXPECT(world, lab_arrived(2, 3, 0, 20) == 20);
}

/* One more session with a member to whom we have a link, carried by that link. */
static void dial_by_own_link(unsigned from, unsigned to)
{
	const struct lab_member *m = &lab.members[from];
	const struct target target = { .kind = TARGET_EXACT,
				       .id = lab.members[to].identity.certificate.id };
	const struct carrier carrier = carrier_to(&target.id, &target.id);
	struct handle unused;

	SCENARIO_EXPECT(lab.world, sessions_dial(node_host_node(m->node)->sessions,
						 world_now(lab.world, m->host), &target, &carrier,
						 &unused) == 0);
	world_wake(lab.world, m->host);
	lab_run_ms(300);
}

/* A session that was replaced takes over when the other has died with its ways: it has none of
 * them, and the peer is not said to be up by a way on which nothing is even tried. */
static void who_takes_over_tries_anew(struct world *world)
{
	const struct peer *peer;

	lab_start_star(world, 2);
	lab_run_ms(3000);
	dial_by_own_link(1, 0);
	dial_by_own_link(1, 0);
	peer = lab_inside(1, 0);
	SCENARIO_EXPECT(world, peer_way(peer).kind == WAY_DIRECT);
	lab_crash(0);
	for (unsigned n = 0; n < 80; n++) {
		lab_send_number(1, 0, n);
		lab_run_ms(100);
		SCENARIO_EXPECT(world, !peer_is_up(peer) || !peer->paths.is_dead);
	}
	lab_run_ms(PATHS_QUIET_MS + 10000);
	SCENARIO_EXPECT(world, !peer_is_up(peer));
}

/* Takes out everything, while it is cut. */
static bool pass_uncut(void *context, struct mono at, uint32_t from,
		       const struct net_datagram *datagram)
{
	(void)at;
	(void)from;
	(void)datagram;
	return !*(const bool *)context;
}

#define CUT_MS_STEP 100
#define CUT_MS_MIN 4000 /* nobody is given up in so long */
#define CUT_PINGS 20    /* 100 ms apart, to and fro */

/* The first may wait: for what is known to pass again. */
static bool all_but_the_first_pass(unsigned first)
{
	for (unsigned n = first; n < first + CUT_PINGS; n++) {
		lab_send_number(0, 1, n);
		lab_send_number(1, 0, n);
		lab_run_ms(100);
		if (n > first &&
		    (lab_arrived(0, 1, n, n + 1) != 1 || lab_arrived(1, 0, n, n + 1) != 1))
			return false;
	}
	return true;
}

/* Also in doubt: but not given up, nor the way that it goes by. */
static bool is_up(unsigned i, unsigned of)
{
	const struct peer *peer = lab_inside(i, of);

	return peer != NULL && peer_is_up(peer) &&
	       (paths_used(&peer->paths)->state == TRIAL_DOUBTED ||
		paths_used(&peer->paths)->state == TRIAL_PROVEN);
}

/* What is in doubt when the line comes back is not given up afterwards, for a way along the ring
 * that there is only with its help. */
static void a_line_that_is_back_stays(struct world *world)
{
	bool is_cut = false;
	unsigned first = 0;
	unsigned cut_ms = 0;

	lab_start_star(world, 2);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
	net_set_tap(world_net(world), (struct net_tap){ .pass = pass_uncut, .context = &is_cut });
	for (;;) {
		cut_ms += CUT_MS_STEP;
		is_cut = true;
		lab_run_ms(cut_ms);
		is_cut = false;
		if (!is_up(0, 1) || !is_up(1, 0))
			break;
		world_note(world, "cut for %u ms", cut_ms);
		if (!all_but_the_first_pass(first)) {
			world_fail(world, "a ping is lost after a cut of %u ms", cut_ms);
			return;
		}
		first += CUT_PINGS;
	}
	SCENARIO_EXPECT(world, cut_ms > CUT_MS_MIN);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "port-restricted", .seeds = 6, .play = port_restricted_twice },
		{ .name = "full-cone-symmetric", .seeds = 6, .play = full_cone_and_symmetric },
		{ .name = "linux", .seeds = 6, .play = linux_twice },
		{ .name = "symmetric", .seeds = 6, .play = symmetric_and_symmetric },
		{ .name = "port-restricted-symmetric",
		  .seeds = 6,
		  .play = port_restricted_and_symmetric },
		{ .name = "lan", .seeds = 5, .play = two_behind_one_nat_use_their_lan },
		{ .name = "takes-over", .seeds = 3, .play = who_takes_over_tries_anew },
		{ .name = "idle", .play = an_idle_relayed_pair_is_quiet },
		{ .name = "dead-line", .play = a_dead_bootstrap_member_costs_little },
		{ .name = "large", .seeds = 5, .play = large_first_packets_go_along_the_ring },
		{ .name = "seven", .seeds = 10, .play = seven_of_all_kinds },
		{ .name = "ipv4", .play = an_ipv4_address_is_found },
		{ .name = "fifty", .play = fifty_public },
		{ .name = "via-leaves",
		  .seeds = 5,
		  .play = a_via_that_leaves_does_not_part_those_it_joined },
		{ .name = "halves", .play = halves_become_one_ring_again },
		{ .name = "homes", .seeds = 3, .play = homes_remember_each_other },
		{ .name = "entrance-late",
		  .seeds = 3,
		  .play = what_is_sent_as_the_entrance_starts_waits },
		{ .name = "line-back", .seeds = 10, .play = a_line_that_is_back_stays },
		{ .name = "comes-back", .seeds = 3, .play = the_bootstrap_member_comes_back },
		{ .name = "remembered",
		  .seeds = 5,
		  .play = the_bootstrap_member_is_gone_and_a_home_comes_back },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
