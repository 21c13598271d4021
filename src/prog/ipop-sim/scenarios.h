/* scenarios.h - the scenarios that are part of the program, and those in files. */
#ifndef PROG_IPOP_SIM_SCENARIOS_H
#define PROG_IPOP_SIM_SCENARIOS_H

#include "base/span.h"
#include "group/complaint.h"
#include "sim/script.h"

#include <stdio.h>

struct scenario_text {
	const char *name, *text; /* NULL ends the list */
};

/* Those of sim/scenarios/, made by the build. */
extern const struct scenario_text scenario_texts[];

/* What a run needs of a scenario. */
struct loaded {
	char name[64]; /* without folder and ending */
	struct script script;
	uint32_t *matrix_us; /* owned: one-way times; NULL: none */
	uint32_t sites;
};

/* By name, or, if it has a slash or a point in it, from a file. 0, or an error with what is wrong:
 * `FILE:LINE: why`. */
int scenario_load(const char *name, struct loaded *ret, struct complaint *complaint);
void scenario_unload(struct loaded *loaded);

/* The names with a line for each, and the grammar. */
void scenario_print_list(FILE *out);

#endif
