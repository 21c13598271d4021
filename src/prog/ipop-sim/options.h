/* options.h - the command line of `ipop-sim`. */
#ifndef PROG_IPOP_SIM_OPTIONS_H
#define PROG_IPOP_SIM_OPTIONS_H

#include "group/complaint.h"
#include "prog/ipop-sim/watch.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_NODES_MAX 20000

struct options {
	const char *scenario; /* a name, or a file */
	uint32_t nodes;       /* 0: as the scenario has it */
	uint64_t seed;
	const char *html; /* NULL: no page */
	bool json, journal, quiet;
	enum plant plant;
	bool help, list; /* instead of a run */
};

/* The words behind the program's name, which end with NULL; they are borrowed. 0, or ERR_MALFORMED
 * with what is wrong. */
int options_read(char **words, struct options *ret, struct complaint *complaint);

void options_print_help(FILE *out);

#endif
