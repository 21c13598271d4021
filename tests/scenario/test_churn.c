/* test_churn.c - fifty hosts, half of them behind NATs, talk while the net falls apart; then it is
 * calm, and whoever can be reached is reached.
 *
 * Every host sends to a beacon in the open Internet, which answers. Meanwhile hosts crash, start
 * and pause, NATs reboot, sides are cut off, legs lose, double, delay and harm datagrams. */
#include "base/check.h"
#include "sim/phases.h"
#include "tests/scenario/scenario.h"
#include "tests/scenario/toy.h"

#define HOSTS 50
#define BEACONS 5 /* the first hosts: public, they only answer */
#define NATS 5    /* the last 25 hosts, five behind each */
#define SIDES 3
#define PERIOD_US 50000

static struct churn {
	struct world *world;
	struct net *net;
	struct toy toys[HOSTS];
	uint32_t hosts[HOSTS], nats[NATS];
	bool up[HOSTS], paused[HOSTS];
	uint64_t first_calm[HOSTS]; /* the number that each sends first in the calm */
	uint64_t crashes, got;      /* got: by toys that are gone */
} churn;

static void start(unsigned i)
{
	struct toy *toy = &churn.toys[i];

	toy_attach(toy, churn.world, churn.hosts[i]);
	toy->answers = i < BEACONS;
	if (!toy->answers)
		toy_send(toy, &churn.toys[i % BEACONS], TOY_NUMBERS_MAX, PERIOD_US);
	churn.up[i] = true;
	churn.paused[i] = false;
}

static void stop(unsigned i)
{
	churn.crashes++;
	churn.got += churn.toys[i].got;
	world_crash(churn.world, churn.hosts[i]);
	churn.up[i] = false;
}

static void set_up(struct world *world)
{
	static const struct natbox_kind *const kinds[NATS] = {
		&natbox_full_cone, &natbox_address_restricted, &natbox_port_restricted,
		&natbox_symmetric, &natbox_linux_accept,
	};

	churn = (struct churn){ .world = world, .net = world_net(world) };
	for (unsigned i = 0; i < NATS; i++) {
		char ip[] = "203.0.113.0";

		ip[10] = (char)('1' + i);
		churn.nats[i] = net_add_nat(churn.net, NET_INTERNET, ip, kinds[i]);
	}
	for (unsigned i = 0; i < HOSTS; i++) {
		const uint32_t realm = i < HOSTS / 2 ? NET_INTERNET : churn.nats[i % NATS];
		char ip[] = "192.0.2.100";

		ip[9] = (char)('0' + i / 10);
		ip[10] = (char)('0' + i % 10);
		churn.hosts[i] = net_add_host(churn.net);
		net_add_address(churn.net, churn.hosts[i], realm, ip);
	}
	for (unsigned i = 0; i < HOSTS; i++)
		start(i);
}

static void disturb_host(unsigned i)
{
	if (!churn.up[i]) {
		start(i);
	} else if (churn.paused[i]) {
		world_resume(churn.world, churn.hosts[i]);
		churn.paused[i] = false;
	} else if (rng_chance(world_rng(churn.world), 500)) {
		stop(i);
	} else {
		world_pause(churn.world, churn.hosts[i]);
		churn.paused[i] = true;
	}
}

static void disturb_net(struct rng *rng)
{
	struct leg *core = net_realm(churn.net, NET_INTERNET);
	const uint32_t host = churn.hosts[rng_between(rng, 0, HOSTS - 1)];
	/* One draw a statement: the order in which arguments are evaluated is the compiler's. */
	const unsigned from_side = (unsigned)rng_between(rng, 0, SIDES - 1);
	const unsigned to_side = (unsigned)rng_between(rng, 0, SIDES - 1);

	core->loss = (uint16_t)rng_between(rng, 0, 300);
	core->duplication = (uint16_t)rng_between(rng, 0, 500);
	core->reordering = (uint16_t)rng_between(rng, 0, 250);
	core->reorder_us = 100000;
	core->corruption = (uint16_t)rng_between(rng, 0, 100);
	core->jitter_us = (uint32_t)rng_between(rng, 0, 50000);
	net_set_side(churn.net, host, (unsigned)rng_between(rng, 0, SIDES - 1));
	net_cut(churn.net, from_side, to_side, rng_chance(rng, 300) != 0);
	net_uplink(churn.net, host)->cut = rng_chance(rng, 100) != 0;
	natbox_reboot(net_nat(churn.net, churn.nats[rng_between(rng, 0, NATS - 1)]));
}

static void disturb(void *context)
{
	struct rng *rng = world_rng(churn.world);

	(void)context;
	disturb_net(rng);
	for (unsigned i = 0; i < 3; i++)
		disturb_host((unsigned)rng_between(rng, 0, HOSTS - 1));
}

static void mend(void *context)
{
	(void)context;
	for (unsigned i = 0; i < HOSTS; i++) {
		if (!churn.up[i])
			start(i);
		else if (churn.paused[i])
			world_resume(churn.world, churn.hosts[i]);
		churn.first_calm[i] = churn.toys[i].number;
	}
}

/* Everybody has had an answer to something that was sent in the calm. */
static bool settled(void *context)
{
	(void)context;
	for (unsigned i = BEACONS; i < HOSTS; i++)
		if (churn.toys[i].distinct == 0 || churn.toys[i].highest < churn.first_calm[i])
			return false;
	return true;
}

/* What comes in must have been sent to this host, and nothing may vanish unaccounted. */
static const char *check(void *context, uint32_t host)
{
	uint64_t ended = net_in_flight(churn.net);

	(void)context;
	for (unsigned fate = FATE_FIRST_END; fate < FATES; fate++)
		ended += net_count(churn.net, (enum fate)fate);
	if (net_count(churn.net, FATE_SENT) + net_count(churn.net, FATE_DUPLICATED) != ended)
		return "a datagram has vanished, or came from nowhere";
	for (unsigned i = 0; i < HOSTS; i++) {
		const struct toy *toy = &churn.toys[i];
		const struct endpoint own = toy_endpoint(toy, 0);

		if (churn.hosts[i] == host && toy->got > 0 && !endpoint_equal(&toy->at, &own))
			return "a host got what was sent to another";
	}
	return NULL;
}

static void fifty_hosts_with_churn(struct world *world)
{
	static const enum fate met[] = { FATE_DUPLICATED, FATE_REORDERED,   FATE_CORRUPTED,
					 FATE_TRANSLATED, FATE_LOST,        FATE_CUT,
					 FATE_HOST_DOWN,  FATE_NAT_UNMAPPED };
	const struct phases phases = {
		.faults_ms = 20000,
		.period_ms = 200,
		.disturb = disturb,
		.mend = mend,
		.calm_ms = 1000,
		.settled = settled,
	};

	set_up(world);
	world_add_checker(world, (struct world_checker){ .check = check });
	phases_run(world, &phases);
	SCENARIO_EXPECT(world, churn.crashes > 50);
	SCENARIO_EXPECT(world, churn.got > 1000);
	for (size_t i = 0; i < sizeof(met) / sizeof(met[0]); i++)
		SCENARIO_EXPECT(world, net_count(churn.net, met[i]) > 0);
}

static const struct scenario scenarios[] = {
	{ .name = "fifty_hosts_with_churn", .play = fifty_hosts_with_churn, .seeds = 10 },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
