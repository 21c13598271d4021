/* test_relay_end.c - a relay has ended what two members still believe in. */
#include "node/node_internal.h"
#include "tests/scenario/lab.h"

#include "sim/natbox.h"

#define HUB 0
#define HOME 1
#define OTHER 2

static bool is_relayed(unsigned i, unsigned of)
{
	return peer_way(lab_inside(i, of)).kind == WAY_RELAY;
}

/* It thought one of them gone for a moment, and what it told them about it was lost. */
static void an_end_that_was_lost_is_noticed_by_its_silence(struct world *world)
{
	struct relays_output unsaid;

	lab_set_up(world, 3);
	lab_place_public(HUB);
	lab_place_behind(HOME, &natbox_symmetric);
	lab_place_behind(OTHER, &natbox_symmetric);
	for (unsigned i = 1; i < 3; i++)
		lab_add_line(i, HUB);
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
	lab_run_slowly_ms(20000);
	SCENARIO_EXPECT(world, is_relayed(HOME, OTHER) && is_relayed(OTHER, HOME));
	relays_link_down(lab_node(HUB)->relays, lab_id(HOME));
	while (relays_poll(lab_node(HUB)->relays, lab_now(HUB).mono, &unsaid)) {
	}
	table_now(lab_node(HUB));
	world_wake(world, lab.members[HUB].host);
	lab_send_number(HOME, OTHER, 0); /* so that it is missed soon */
	lab_run_ms(25000);
	SCENARIO_EXPECT(world, is_relayed(HOME, OTHER) && is_relayed(OTHER, HOME));
	lab_send_number(OTHER, HOME, 1);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(OTHER, HOME, 1, 2) == 1);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "lost-end",
		  .seeds = 5,
		  .play = an_end_that_was_lost_is_noticed_by_its_silence },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
