/* tally.h - counts; the bottom of a tree in which the linters find nothing. */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

struct tally {
	uint64_t count;
	uint64_t time; /* a member may be called what a function may not */
};

void tally_add(struct tally *tally, uint64_t count);

/* The name of a day, 0 to 6. */
const char *tally_day(unsigned day);

#endif
