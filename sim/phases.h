/* phases.h - a run in two phases, as every test of a distributed machine should be: faults, in
 * which nothing unsafe may happen, then calm, in which what is promised must come true in time.
 */
#ifndef SIM_PHASES_H
#define SIM_PHASES_H

#include "sim/world.h"

struct phases {
	uint64_t faults_ms;             /* how long the faults last */
	uint64_t period_ms;             /* between two calls of disturb() */
	void (*disturb)(void *context); /* breaks or mends something: links, hosts, partitions */
	void (*mend)(void *context);    /* starts and resumes what shall take part in the calm */
	uint64_t calm_ms;               /* within which settled() must have become true */
	bool (*settled)(void *context);
	void *context;
};

/* Runs both. The calm is the net's (net_set_calm()): its losses, cuts and partitions end by
 * themselves. The world fails if a checker finds something, or if it does not settle. */
void phases_run(struct world *world, const struct phases *phases);

#endif
