/* host_clock.c - see host_clock.h. */
#include "sim/host_clock.h"

#include "base/check.h"

#define MILLION 1000000

void host_clock_init(struct host_clock *clock, struct mono world, struct now shown)
{
	*clock = (struct host_clock){ .since = world, .shown = shown };
}

/* How far the host's clocks move while the world's moves by `us`; never decreases in `us`. */
static uint64_t progress_us(const struct host_clock *clock, uint64_t us)
{
	/* In two parts: the product of a long run and the drift would pass 64 bits. */
	const int64_t whole = (int64_t)(us / MILLION) * clock->drift_ppm;
	const int64_t part = (int64_t)(us % MILLION) * clock->drift_ppm / MILLION;

	return us + (uint64_t)(whole + part);
}

struct now host_clock_at(const struct host_clock *clock, struct mono world)
{
	CHECK(mono_reached(world, clock->since));
	const uint64_t us = progress_us(clock, world.us - clock->since.us);

	return (struct now){ .mono = mono_add_us(clock->shown.mono, us),
			     .wall = { .us = clock->shown.wall.us + (int64_t)us } };
}

struct mono host_clock_when(const struct host_clock *clock, struct mono host)
{
	if (host.us == MONO_NEVER.us || mono_reached(clock->shown.mono, host))
		return host.us == MONO_NEVER.us ? MONO_NEVER : clock->since;

	const uint64_t want = host.us - clock->shown.mono.us;

	if (clock->drift_ppm == 0)
		return mono_add_us(clock->since, want);
	if (want > INT64_MAX / 2)
		return MONO_NEVER; /* past any run, and the arithmetic below would wrap */
	const uint64_t rate = (uint64_t)(MILLION + clock->drift_ppm);
	uint64_t us = want / rate * MILLION + want % rate * MILLION / rate;

	/* Division rounds down; the answer is at most a few microseconds away. */
	while (progress_us(clock, us) >= want && us > 0)
		us--;
	while (progress_us(clock, us) < want)
		us++;
	return mono_add_us(clock->since, us);
}

static void settle(struct host_clock *clock, struct mono world)
{
	clock->shown = host_clock_at(clock, world);
	clock->since = world;
}

void host_clock_set_drift(struct host_clock *clock, struct mono world, int32_t drift_ppm)
{
	CHECK(drift_ppm >= -HOST_CLOCK_DRIFT_PPM_MAX && drift_ppm <= HOST_CLOCK_DRIFT_PPM_MAX);
	settle(clock, world);
	clock->drift_ppm = drift_ppm;
}

void host_clock_step_wall(struct host_clock *clock, struct mono world, int64_t step_us)
{
	settle(clock, world);
	clock->shown.wall.us += step_us;
}
