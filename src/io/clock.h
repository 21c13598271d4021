/* clock.h - the two clocks of the host, read together and once for each turn of the loop.
 *
 * Everything else gets the time as an argument: whatever reads a clock by itself, a test cannot
 * choose.
 */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include "base/mono.h"

struct now clock_now(void);

#endif
