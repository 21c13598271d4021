/* test_double.c - one key on two machines: both are told, and so is who asks about them; whoever
 * comes back elsewhere, as one machine does, is not taken for two. */
#include "node/node_double.h"
#include "tests/scenario/lab.h"

#include "sim/natbox.h"

#include <string.h>

static bool is_double(unsigned i, unsigned of)
{
	struct node_peer peer;

	return lab_peer(i, of, &peer) && strcmp(peer.why, DOUBLE_WHY) == 0;
}

static void is_the_same_member(unsigned i, unsigned as)
{
	lab.members[i].config.key = lab.members[as].identity.key;
	lab.members[i].config.certificate = &lab.members[as].identity.certificate;
}

static void two_machines_with_one_key_are_told(struct world *world)
{
	lab_set_up(world, 4);
	lab_place_all_public();
	is_the_same_member(2, 1);
	for (unsigned i = 1; i < 4; i++)
		lab_add_line(i, 0);
	lab_start(0);
	lab_start(1);
	lab_start(3);
	lab_run_ms(30000);
	SCENARIO_EXPECT(world, lab_has_met(0, 1) && !is_double(0, 1));
	SCENARIO_EXPECT(world, lab_status(1).key_teller_count == 0);
	lab_start(2);
	lab_run_ms(90000);
	SCENARIO_EXPECT(world,
			lab_status(1).key_teller_count > 0 && lab_status(2).key_teller_count > 0);
	SCENARIO_EXPECT(world,
			lab_status(0).key_teller_count == 0 && lab_status(3).key_teller_count == 0);
	SCENARIO_EXPECT(world, is_double(0, 1));
	SCENARIO_EXPECT(world, lab_has_met(3, 0) && !is_double(3, 0));
	lab_crash(2); /* it gets a key of its own */
	lab_run_ms(DOUBLE_KNOWN_MS + 30000);
	SCENARIO_EXPECT(world, lab_has_met(0, 1) && !is_double(0, 1));
	SCENARIO_EXPECT(world, lab_status(1).key_teller_count == 0);
}

/* It crashes, and is there again at once, many times over. */
static void one_machine_that_comes_back_is_one(struct world *world)
{
	lab_set_up(world, 3);
	lab_place_all_public();
	for (unsigned i = 1; i < 3; i++)
		lab_add_line(i, 0);
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
	lab_run_ms(5000);
	for (unsigned n = 0; n < 10; n++) {
		lab_crash(1);
		lab_start(1);
		lab_run_ms(1000 + 700 * n);
		SCENARIO_EXPECT(world, !is_double(0, 1) && !is_double(2, 1));
		SCENARIO_EXPECT(world, lab_status(1).key_teller_count == 0);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "double", .seeds = 5, .play = two_machines_with_one_key_are_told },
		{ .name = "single", .seeds = 5, .play = one_machine_that_comes_back_is_one },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
