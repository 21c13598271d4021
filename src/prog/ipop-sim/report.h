/* report.h - what a run came to, for people and for programs. */
#ifndef PROG_IPOP_SIM_REPORT_H
#define PROG_IPOP_SIM_REPORT_H

#include "prog/ipop-sim/course.h"

#include <stdio.h>

struct report_text {
	char text[32];
};

/* A figure as a decimal number; "-" if nothing was measured. */
struct report_text report_figure(int64_t millionths);

/* The table, and what was violated. */
void report_table(const struct course *course, FILE *out);

/* {"schema": "ipop.sim/1", ...}: doc/simulator.md. 0 or ERR_NOMEM. */
int report_json(const struct course *course, FILE *out);

/* Bytes a member and second, in the measured stretch, that were sent for this. */
uint64_t report_purpose(const struct course *course, enum purpose purpose);

#endif
