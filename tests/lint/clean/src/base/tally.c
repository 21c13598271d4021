/* tally.c - see tally.h. TODO(#12): what has the number of its issue may stay. */
#include "base/tally.h"

/* Pointers in a constant table: .data.rel.ro, which nothing writes once the program runs. */
static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

void tally_add(struct tally *tally, uint64_t count)
{
	tally->count += count;
}

const char *tally_day(unsigned day)
{
	return days[day % (sizeof(days) / sizeof(days[0]))];
}
