/* test_first_packets.c - pairs that have no better way than the ring: what they send along it is
 * carried and watched as on any other way, and what it does not take at once waits. */
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/scenario/lab.h"

/* Two whose NATs let nobody in, and a public member that relays for nobody. */
static void start_a_pair_on_the_ring(struct world *world)
{
	lab_set_up(world, 3);
	lab.members[0].config.relay_bytes_s = 0;
	lab_place_public(0);
	for (unsigned i = 1; i < 3; i++) {
		lab_place_behind(i, &natbox_symmetric);
		lab_add_line(i, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		lab_start(i);
	lab_run_slowly_ms(60000); /* what the start brings is over */
	SCENARIO_EXPECT(world, lab_inside(1, 2) != NULL && lab_inside(2, 1) != NULL);
	SCENARIO_EXPECT(world, peer_way(lab_inside(1, 2)).kind == WAY_RING);
}

/* Who sends listens for an answer from then on, and who receives answers. The node itself seals
 * here, and opens what comes: nobody else could tell path/ of it. */
static void traffic_is_watched_from_its_first_packet(struct world *world)
{
	start_a_pair_on_the_ring(world);
	SCENARIO_EXPECT(world, !paths_is_busy(&lab_inside(1, 2)->paths));
	SCENARIO_EXPECT(world, !paths_is_busy(&lab_inside(2, 1)->paths));
	lab_send_number(1, 2, 0);
	lab_run_ms(50);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, 1) == 1);
	SCENARIO_EXPECT(world, paths_is_busy(&lab_inside(1, 2)->paths));
	SCENARIO_EXPECT(world, paths_is_busy(&lab_inside(2, 1)->paths));
}

/* So a peer that is gone is found out by the packet, not by ten seconds of silence. */
static void a_packet_finds_out_who_is_gone(struct world *world)
{
	start_a_pair_on_the_ring(world);
	lab_crash(2);
	lab_send_number(1, 2, 0);
	lab_run_ms(5000);
	SCENARIO_EXPECT(world, !peer_is_up(lab_inside(1, 2)));
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "watched", .seeds = 5, .play = traffic_is_watched_from_its_first_packet },
		{ .name = "gone", .seeds = 5, .play = a_packet_finds_out_who_is_gone },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
