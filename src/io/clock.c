/* clock.c - see clock.h. */
#include "io/clock.h"

#include "base/check.h"

#include <time.h>

#define NS_PER_US 1000
#define US_PER_S 1000000

struct now clock_now(void)
{
	struct timespec mono;
	struct timespec wall;

	/* Neither can fail: both clocks exist since Linux 2.6.39. */
	CHECK(clock_gettime(CLOCK_BOOTTIME, &mono) == 0);
	CHECK(clock_gettime(CLOCK_REALTIME, &wall) == 0);
	return (struct now){
		.mono.us = (uint64_t)mono.tv_sec * US_PER_S + (uint64_t)mono.tv_nsec / NS_PER_US,
		.wall.us = (int64_t)wall.tv_sec * US_PER_S + wall.tv_nsec / NS_PER_US,
	};
}
