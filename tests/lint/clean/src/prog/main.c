/* main.c - a program may print, read the clock and keep what changes. */
#include "session/door.h"

#include <stdio.h>
#include <time.h>

static unsigned runs;

int main(void)
{
	struct door door = { .key = 1 };

	runs++;
	(void)printf("%u %lld %d %s\n", runs, (long long)time(NULL), door_open(&door, 1),
		     tally_day(1));
	return 0;
}
