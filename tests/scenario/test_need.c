/* test_need.c - sessions end soon after their last use has. */
#include "node/node_internal.h"
#include "tests/scenario/lab.h"

#define COUNT 24

static bool uses(unsigned i, unsigned of)
{
	return ring_uses(lab_node(i)->ring, lab_id(of));
}

/* Sessions that neither end has a use for; the first member is the line of all others. */
static unsigned unneeded(unsigned count)
{
	unsigned found = 0;

	for (unsigned i = 1; i < count; i++)
		for (unsigned of = 1; of < i; of++)
			found += lab_has_met(i, of) && !uses(i, of) && !uses(of, i) ? 1 : 0;
	return found;
}

/* A ring doubles: half of all neighbours are none any more, long after their sessions began. */
static void who_is_a_neighbour_no_more_is_let_go(struct world *world)
{
	unsigned before;

	lab_set_up(world, COUNT);
	lab_place_all_public();
	for (unsigned i = 1; i < COUNT; i++)
		lab_add_line(i, 0);
	for (unsigned i = 0; i < COUNT / 2; i++)
		lab_start(i);
	lab_run_slowly_ms(NEED_LOOK_MS / 2);
	SCENARIO_EXPECT(world, unneeded(COUNT / 2) == 0);
	for (unsigned i = COUNT / 2; i < COUNT; i++)
		lab_start(i);
	lab_run_ms(3000);
	before = unneeded(COUNT);
	lab_run_slowly_ms(NEED_FIRST_MS + 7000);
	SCENARIO_EXPECT(world, before > 10);
	SCENARIO_EXPECT(world, unneeded(COUNT) <= before / 3); /* shortcuts are looked at later */
	for (unsigned i = 0; i < COUNT; i++)
		SCENARIO_EXPECT(world, lab_status(i).is_settled);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "displaced", .seeds = 5, .play = who_is_a_neighbour_no_more_is_let_go },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
