/* test_swarm.c - small networks at random: 2 to 20 members, NATs of all kinds, loss, crashes.
 * Faults first, in which nothing may be delivered twice or to the wrong one; then calm, in which
 * every pair talks. */
#include "tests/scenario/lab.h"

#define FAULTS_MS 40000
#define CALM_MS 60000 /* for what the faults broke to be noticed and mended */
#define PINGS 4       /* of a pair */
#define PAIRS_MAX 12  /* that are asked in the calm */
#define LOSS_MAX 100  /* per mille */

static unsigned below(struct rng *rng, unsigned end)
{
	return (unsigned)rng_between(rng, 0, end - 1);
}

static const struct natbox_kind *any_kind(struct rng *rng)
{
	static const struct natbox_kind *const kinds[] = {
		&natbox_full_cone, &natbox_address_restricted, &natbox_port_restricted,
		&natbox_symmetric, &natbox_linux_accept,
	};

	return kinds[below(rng, sizeof(kinds) / sizeof(kinds[0]))];
}

/* The first is public, so that everybody has a way to everybody: through it, if need be. */
static void place_all(struct rng *rng)
{
	lab_place_public(0);
	for (unsigned i = 1; i < lab.count; i++) {
		const unsigned neighbour = 1 + below(rng, i);

		if (below(rng, 4) == 0)
			lab_place_public(i);
		else if (neighbour < i && lab.members[neighbour].nat != 0 && below(rng, 4) == 0)
			lab_place_beside(i, neighbour);
		else
			lab_place_behind(i, any_kind(rng));
		lab_add_line(i, 0);
	}
}

/* A member dies without a word, or comes back, with or without its memory. */
static void strike(struct rng *rng)
{
	const unsigned i = below(rng, lab.count);

	if (lab.members[i].node == NULL)
		lab_start(i);
	else if (below(rng, 2) == 0)
		lab_crash_and_keep(i);
	else
		lab_crash(i);
}

static void faults(struct world *world, struct rng *rng)
{
	struct leg *leg = net_realm(world_net(world), NET_INTERNET);

	leg->loss = (uint16_t)below(rng, LOSS_MAX + 1);
	leg->duplication = (uint16_t)below(rng, 50);
	leg->reordering = (uint16_t)below(rng, 50);
	leg->reorder_us = 20000;
	for (unsigned done_ms = 0, n = 100; done_ms < FAULTS_MS; done_ms += 500, n++) {
		const unsigned a = below(rng, lab.count), b = below(rng, lab.count);

		if (below(rng, 20) == 0)
			strike(rng);
		if (a != b && lab.members[a].node != NULL)
			lab_send_number(a, b, n);
		lab_run_ms(500);
	}
}

static void calm(struct world *world, struct rng *rng)
{
	unsigned pairs[PAIRS_MAX][2];

	net_set_calm(world_net(world), true);
	for (unsigned i = 0; i < lab.count; i++)
		if (lab.members[i].node == NULL)
			lab_start(i);
	lab_run_ms(CALM_MS);
	for (unsigned p = 0; p < PAIRS_MAX; p++) {
		pairs[p][0] = below(rng, lab.count);
		pairs[p][1] = (pairs[p][0] + 1 + below(rng, lab.count - 1)) % lab.count;
		for (unsigned n = 0; n < PINGS; n++)
			lab_send_number(pairs[p][0], pairs[p][1], 1000 + p * PINGS + n);
	}
	lab_run_ms(5000);
	for (unsigned p = 0; p < PAIRS_MAX; p++)
		SCENARIO_EXPECT(world, lab_arrived(pairs[p][0], pairs[p][1], 1000 + p * PINGS,
						   1000 + p * PINGS + PINGS) == PINGS);
	for (unsigned a = 0; a < lab.count; a++)
		for (unsigned b = 0; b < lab.count; b++)
			(void)lab_arrived(a, b, 0, 1000); /* none twice */
}

static void any_network(struct world *world)
{
	struct rng *rng = world_rng(world);

	lab_set_up(world, 2 + below(rng, 19));
	place_all(rng);
	for (unsigned i = 0; i < lab.count; i++)
		lab_start(i);
	faults(world, rng);
	calm(world, rng);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "swarm", .seeds = 120, .play = any_network },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
