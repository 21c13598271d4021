/* mono.h - time as types that are not integers, and all arithmetic on it.
 *
 * struct mono is an instant on a clock that never steps and counts while the machine sleeps
 * (CLOCK_BOOTTIME); every timer reads it. struct wall is the calendar: only the validity of
 * certificates, CRLs, records and beacons, the snapshot guard and what members tell each other of
 * it may read it. Both travel together as struct now, an argument, read once for each turn of the
 * loop in io/clock.c.
 */
#ifndef MONO_H
#define MONO_H

#include <stdbool.h>
#include <stdint.h>

struct mono {
	uint64_t us; /* since an arbitrary start */
};

struct wall {
	int64_t us; /* since 1970-01-01 00:00 UTC */
};

struct now {
	struct mono mono;
	struct wall wall;
};

#define MONO_NEVER ((struct mono){ .us = UINT64_MAX })

static inline struct mono mono_add_us(struct mono t, uint64_t us)
{
	return (struct mono){ .us = t.us > UINT64_MAX - us ? UINT64_MAX : t.us + us };
}

static inline struct mono mono_add_ms(struct mono t, uint64_t ms)
{
	return mono_add_us(t, ms > UINT64_MAX / 1000 ? UINT64_MAX : ms * 1000);
}

static inline bool mono_reached(struct mono now, struct mono deadline)
{
	return now.us >= deadline.us;
}

static inline struct mono mono_min(struct mono a, struct mono b)
{
	return a.us < b.us ? a : b;
}

static inline struct mono mono_max(struct mono a, struct mono b)
{
	return a.us > b.us ? a : b;
}

/* Milliseconds from `from` to `to`; 0 if `to` is not later. */
static inline uint64_t mono_ms_between(struct mono from, struct mono to)
{
	return to.us > from.us ? (to.us - from.us) / 1000 : 0;
}

/* What a message says may be any number; what does not fit is the end or the start of time. */
static inline struct wall wall_from_s(int64_t s)
{
	if (s > INT64_MAX / 1000000)
		return (struct wall){ .us = INT64_MAX };
	if (s < INT64_MIN / 1000000)
		return (struct wall){ .us = INT64_MIN };
	return (struct wall){ .us = s * 1000000 };
}

/* The second in which the instant lies, also before 1970. */
static inline int64_t wall_to_s(struct wall t)
{
	return t.us / 1000000 - (t.us % 1000000 < 0);
}

/* Where the calendar stands against the steady clock. It moves when somebody sets the calendar, or
 * when a virtual machine is resumed from a copy of its memory; both clocks stop alike in a pause.
 */
static inline int64_t now_offset_us(struct now now)
{
	return now.wall.us - (int64_t)now.mono.us;
}

#endif
