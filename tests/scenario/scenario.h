/* scenario.h - stories played on the simulator: each with its seeds, each twice, each with a hash.
 *
 * A scenario sets a world up, runs it and states what it expects. The program prints `seed N`
 * first, TAP for each scenario, and `trace NAME HASH`, which must be the same for every compiler
 * and optimisation. A failure names the seed and how to play it again with its journal.
 *
 *     test_x [--seed N] [--only NAME] [--once] [--journal]
 *     test_x --list                  # only their names
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "sim/world.h"

struct scenario {
	const char *name; /* one word */
	void (*play)(struct world *world);
	unsigned seeds;     /* played with so many seeds, from the first on; 0 stands for 1 */
	uint32_t hosts_max; /* of the world; 0: world_config_default()'s */
	const char *finds; /* the failure that must be found, in part: a bug was planted; or NULL */
};

/* Plays all; the exit status of main(). */
int scenario_main(int argc, char **argv, const struct scenario *scenarios, size_t count);

/* Fails the world if the fact is not true; the play goes on, but the world stands still. */
#define SCENARIO_EXPECT(world, fact) \
	((fact) ? (void)0 : world_fail(world, "%s:%d: expected %s", __FILE__, __LINE__, #fact))

#endif
