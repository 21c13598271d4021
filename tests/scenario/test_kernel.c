/* test_kernel.c - the simulator does to datagrams what its legs say, no more and no less. */
#include "tests/scenario/scenario.h"
#include "tests/scenario/toy.h"

#define COUNT 10000

/* Two toys at both ends of a way on which the first sends COUNT datagrams, 1 a millisecond. */
struct pair {
	struct toy a, b;
	struct leg *leg; /* from a to b */
};

static struct pair pair; /* too large for the stack, set up anew by each scenario */

static void set_up(struct world *world)
{
	toy_start(&pair.a, world, "192.0.2.1");
	toy_start(&pair.b, world, "192.0.2.2");
	pair.leg = net_path(world_net(world), pair.a.host, pair.b.host);
}

static void send_all(struct world *world)
{
	toy_send(&pair.a, &pair.b, COUNT, 1000);
	world_run_ms(world, COUNT + 1000);
	SCENARIO_EXPECT(world, pair.a.left == 0);
	SCENARIO_EXPECT(world, net_in_flight(world_net(world)) == 0);
}

/* Is `count` what `per_mille` of COUNT gives? Five standard deviations at most: one seed in two
 * million would miss. */
static bool is_share(uint64_t count, unsigned per_mille)
{
	const int64_t off = (int64_t)count * 1000 - (int64_t)COUNT * per_mille;
	const int64_t variance = (int64_t)COUNT * per_mille * (1000 - per_mille);

	return off * off <= 25 * variance;
}

static void a_clean_way_carries_everything(struct world *world)
{
	set_up(world);
	send_all(world);
	SCENARIO_EXPECT(world, pair.b.got == COUNT);
	SCENARIO_EXPECT(world, pair.b.distinct == COUNT);
	SCENARIO_EXPECT(world, pair.b.late == 0 && pair.b.harmed == 0);
	SCENARIO_EXPECT(world, pair.b.got_first.us == NET_CORE_DELAY_US);
	SCENARIO_EXPECT(world, pair.b.got_last.us == NET_CORE_DELAY_US + (COUNT - 1) * 1000);
	SCENARIO_EXPECT(world, pair.b.got_ttl == NET_TTL - NET_CORE_HOPS);
}

static void loss_has_its_share(struct world *world)
{
	set_up(world);
	pair.leg->loss = 300;
	send_all(world);
	SCENARIO_EXPECT(world, is_share(COUNT - pair.b.got, 300));
	SCENARIO_EXPECT(world, pair.b.doubled == 0 && pair.b.late == 0 && pair.b.harmed == 0);
}

static void duplication_has_its_share(struct world *world)
{
	set_up(world);
	pair.leg->duplication = 500;
	send_all(world);
	SCENARIO_EXPECT(world, pair.b.distinct == COUNT);
	SCENARIO_EXPECT(world, is_share(pair.b.doubled, 500));
	SCENARIO_EXPECT(world, pair.b.late == 0 && pair.b.harmed == 0);
}

static void reordering_has_its_share(struct world *world)
{
	set_up(world);
	pair.leg->reordering = 250;
	pair.leg->reorder_us = 10000;
	send_all(world);
	SCENARIO_EXPECT(world, pair.b.distinct == COUNT && pair.b.doubled == 0);
	/* Late are those that a later, undelayed one overtook: nearly all with nine behind. */
	SCENARIO_EXPECT(world, is_share(pair.b.late, 250));
}

static void corruption_has_its_share(struct world *world)
{
	set_up(world);
	pair.leg->corruption = 300;
	send_all(world);
	SCENARIO_EXPECT(world, pair.b.got == COUNT);
	SCENARIO_EXPECT(world, is_share(pair.b.harmed, 300));
	SCENARIO_EXPECT(world, pair.b.distinct == COUNT - pair.b.harmed);
}

static const struct scenario scenarios[] = {
	{ .name = "a_clean_way_carries_everything", .play = a_clean_way_carries_everything },
	{ .name = "loss_has_its_share", .play = loss_has_its_share, .seeds = 3 },
	{ .name = "duplication_has_its_share", .play = duplication_has_its_share, .seeds = 3 },
	{ .name = "reordering_has_its_share", .play = reordering_has_its_share, .seeds = 3 },
	{ .name = "corruption_has_its_share", .play = corruption_has_its_share, .seeds = 3 },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
