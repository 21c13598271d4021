/* host_clock.h - what a host believes about the time, computed from the world's.
 *
 * A host's two clocks come from one oscillator, which may run fast or slow; its calendar may be
 * set. A pause of the host is none of this: its steady clock counts on (CLOCK_BOOTTIME).
 */
#ifndef SIM_HOST_CLOCK_H
#define SIM_HOST_CLOCK_H

#include "base/mono.h"

#define HOST_CLOCK_DRIFT_PPM_MAX 100000 /* either way; a tenth is far beyond any true clock */

struct host_clock {
	struct mono since; /* the world's time of the last change below */
	struct now shown;  /* what the host's clocks showed then */
	int32_t drift_ppm; /* how much faster than the world they run */
};

void host_clock_init(struct host_clock *clock, struct mono world, struct now shown);

/* Requires that `world` is not before the last change. */
struct now host_clock_at(const struct host_clock *clock, struct mono world);

/* The world's first instant, not before the last change, at which the host's steady clock has
 * reached `host`; MONO_NEVER for MONO_NEVER. */
struct mono host_clock_when(const struct host_clock *clock, struct mono host);

/* Requires |drift_ppm| <= HOST_CLOCK_DRIFT_PPM_MAX. */
void host_clock_set_drift(struct host_clock *clock, struct mono world, int32_t drift_ppm);

/* Somebody sets the calendar. */
void host_clock_step_wall(struct host_clock *clock, struct mono world, int64_t step_us);

#endif
