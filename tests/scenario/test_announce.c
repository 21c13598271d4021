/* test_announce.c - what members tell each other of their addresses: when it changes, and not
 * oftener, however much comes and goes around them. */
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/scenario/lab.h"

#include <stdio.h>

#define HUB 0
#define HOME 1 /* lets in whom it spoke to */
#define OTHER                                                                                     \
	2       /* behind a NAT that lends another port for each peer: HOME is reached by the hub \
		 */
#define GUEST 3 /* public; relays for nobody */

static void start_a_relayed_pair(struct world *world)
{
	lab_set_up(world, 4);
	lab.members[GUEST].config.relay_bytes_s = 0;
	lab_place_public(HUB);
	lab_place_behind(HOME, &natbox_port_restricted);
	lab_place_behind(OTHER, &natbox_symmetric);
	lab_place_public(GUEST);
	for (unsigned i = 1; i < 4; i++)
		lab_add_line(i, HUB);
	for (unsigned i = 0; i < 4; i++)
		lab_start(i);
	lab_run_slowly_ms(90000); /* all is told, again and again */
	SCENARIO_EXPECT(world, peer_way(lab_inside(HOME, OTHER)).kind == WAY_RELAY);
	SCENARIO_EXPECT(world, peer_way(lab_inside(OTHER, HOME)).kind == WAY_RELAY);
}

/* Does `i` know that `of` may be reached there? */
static bool knows(unsigned i, unsigned of, const struct endpoint *endpoint)
{
	const struct candidates_message *message = &lab_inside(i, of)->candidates;

	for (size_t k = 0; k < message->candidate_count; k++)
		if (endpoint_equal(&message->candidates[k].endpoint, endpoint))
			return true;
	return false;
}

static struct endpoint endpoint_at(const char *ip, uint16_t port)
{
	struct endpoint endpoint = { 0 };

	CHECK(endpoint_ip_from_text(ip, &endpoint) == 0);
	endpoint.port = port;
	return endpoint;
}

/* Its peers know the members near them; that one of them comes and goes changes no address, and who
 * could relay neither. */
static void who_comes_and_goes_has_nothing_told_anew(struct world *world)
{
	uint8_t by_home, by_other;

	start_a_relayed_pair(world);
	by_home = lab_inside(HOME, OTHER)->announcement.repeats;
	by_other = lab_inside(OTHER, HOME)->announcement.repeats;
	SCENARIO_EXPECT(world, by_home > 5 && by_other > 5);
	for (unsigned life = 0; life < 5; life++) {
		lab_crash(GUEST);
		lab_run_ms(life % 2 == 0 ? 1000 : 20000); /* before anybody sees it, or after */
		lab_start(GUEST);
		lab_run_ms(3000);
		SCENARIO_EXPECT(world, peer_is_up(lab_inside(HOME, GUEST)));
	}
	SCENARIO_EXPECT(world, lab_inside(HOME, OTHER)->announcement.repeats >= by_home);
	SCENARIO_EXPECT(world, lab_inside(OTHER, HOME)->announcement.repeats >= by_other);
}

/* A new address is told in the turn that brings it, not when the next repetition is due. */
static void a_new_address_is_told_at_once(struct world *world)
{
	const struct endpoint fresh = endpoint_at("192.0.2.99", LAB_PORT);

	start_a_relayed_pair(world);
	net_add_address(world_net(world), lab.members[HOME].host, NET_INTERNET, "192.0.2.99");
	node_host_addresses_changed(lab.members[HOME].node);
	world_run_ms(world, 2 * NET_CORE_DELAY_US / 1000 + 5); /* to the hub, and on */
	SCENARIO_EXPECT(world, knows(OTHER, HOME, &fresh));
	SCENARIO_EXPECT(world, knows(HUB, HOME, &fresh)); /* also who is reached directly */
}

/* While a way is direct nobody need know what else there is; when it is lost it must be known. */
static void who_loses_the_direct_way_is_told_again(struct world *world)
{
	struct net *net = world_net(world);
	uint32_t home, guest;

	start_a_relayed_pair(world);
	home = lab.members[HOME].nat;
	guest = lab.members[GUEST].host;
	SCENARIO_EXPECT(world, peer_way(lab_inside(GUEST, HOME)).kind == WAY_DIRECT);
	lab_inside(GUEST, HOME)->candidates = (struct candidates_message){ 0 };
	net_path(net, home, guest)->loss = 1000;
	net_path(net, guest, home)->loss = 1000;
	lab_run_ms(PATHS_QUIET_MS + 10000);
	SCENARIO_EXPECT(world, peer_way(lab_inside(GUEST, HOME)).kind == WAY_RELAY);
	SCENARIO_EXPECT(world, lab_inside(GUEST, HOME)->candidates.candidate_count > 0);
}

/* Each with four addresses. */
static void start_fifty_of_many_ways(struct world *world)
{
	lab_set_up(world, 50);
	lab_place_all_public();
	for (unsigned i = 1; i < lab.count; i++) {
		for (unsigned more = 0; more < 3; more++) {
			char ip[32];

			(void)snprintf(ip, sizeof(ip), "198.18.%u.%u", more, i);
			net_add_address(world_net(world), lab.members[i].host, NET_INTERNET, ip);
		}
		lab_add_line(i, HUB);
	}
	for (unsigned i = 0; i < lab.count; i++)
		lab_start(i);
}

/* All peers at once are asked by all ways, and told: more datagrams than wait for the world at
 * once, and more than its queue of what leaves. None is lost by us. */
static void all_of_fifty_are_asked_and_told(struct world *world)
{
	const struct endpoint fresh = endpoint_at("192.0.2.99", LAB_PORT);
	struct egress_counters egress;

	start_fifty_of_many_ways(world);
	lab_run_slowly_ms(5000);
	SCENARIO_EXPECT(world, lab_status(HUB).peers_up == 49);
	net_add_address(world_net(world), lab.members[HUB].host, NET_INTERNET, "192.0.2.99");
	node_host_addresses_changed(lab.members[HUB].node);
	lab_run_ms(10);
	SCENARIO_EXPECT(world, lab_status(HUB).counters.departures_lost == 0);
	egress = node_host_egress_counters(lab.members[HUB].node);
	SCENARIO_EXPECT(world, egress.refused + egress.displaced == 0);
	lab_run_ms(NET_CORE_DELAY_US / 1000);
	for (unsigned i = 1; i < lab.count; i++)
		SCENARIO_EXPECT(world, knows(i, HUB, &fresh));
}

/* How a peer sees us it may say when it was asked. */
static void an_answer_that_nobody_asked_for_teaches_nothing(struct world *world)
{
	const struct frame_probe_ack ack = { .token = 4711,
					     .observed = endpoint_at("203.0.113.66", 6666) };
	uint8_t bytes[sizeof(ack)];
	struct writer w = writer_of(bytes, sizeof(bytes));

	start_a_relayed_pair(world);
	frame_probe_ack_encode(&ack, &w);
	lab_say(HUB, HOME, FRAME_PROBE_ACK, writer_span(&w));
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, !knows(OTHER, HOME, &ack.observed));
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "unchanged",
		  .seeds = 3,
		  .play = who_comes_and_goes_has_nothing_told_anew },
		{ .name = "changed", .seeds = 3, .play = a_new_address_is_told_at_once },
		{ .name = "lost", .seeds = 3, .play = who_loses_the_direct_way_is_told_again },
		{ .name = "fifty", .play = all_of_fifty_are_asked_and_told },
		{ .name = "unasked",
		  .seeds = 3,
		  .play = an_answer_that_nobody_asked_for_teaches_nothing },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
