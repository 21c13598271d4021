/* log_pace.h - how many lines may be said: so many at once, then so many a second (the generic cell
 * rate algorithm of ITU-T I.371). Those that are left out are counted, for the next one to tell. */
#ifndef PROG_IPOPD_LOG_PACE_H
#define PROG_IPOPD_LOG_PACE_H

#include "base/mono.h"

/* All zero at first. */
struct log_pace {
	struct mono due; /* when the next line would come at an even pace */
	uint64_t left_out;
};

/* True if a line may be said now, and then *ret_left_out were left out before it; requires both
 * figures to be at least 1. */
bool log_pace_allow(struct log_pace *pace, struct mono now, uint32_t burst, uint32_t a_second,
		    uint64_t *ret_left_out);

#endif
