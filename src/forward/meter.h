/* meter.h - at most so many bytes a second: a token bucket (RFC 2697 has the idea) that threads
 * share without a lock.
 *
 * The bucket is one instant, when it will be full again (the generic cell rate algorithm of ITU-T
 * I.371): who takes bytes moves it on by what they cost. It lives outside the snapshots (table.h),
 * which count it, so what was taken before a table is swapped counts after it too.
 */
#ifndef FORWARD_METER_H
#define FORWARD_METER_H

#include "base/mono.h"

#include <stddef.h>

#define METER_RATE_MAX (UINT64_C(1) << 40) /* bytes a second */

struct meter; /* opaque */

/* A full bucket of `burst` bytes that fills at `rate` bytes a second, 1 to METER_RATE_MAX. Counted
 * once for the caller. 0 or ERR_NOMEM. */
int meter_new(uint64_t rate, uint32_t burst, struct meter **ret);
struct meter *meter_ref(struct meter *meter);
/* Frees with the last reference; accepts NULL. Control thread only, like meter_ref(). */
void meter_unref(struct meter *meter);

/* Another rate and bucket from now on; what was taken stays taken, in time. Control thread only. */
void meter_set(struct meter *meter, uint64_t rate, uint32_t burst);

/* Takes the bytes, or nothing if there are not as many: then false. By any thread at any time. An
 * earlier `now` than another thread's finds the bucket as that one left it. */
bool meter_take(struct meter *meter, struct mono now, size_t bytes);

/* Takes the bytes, though there are not as many: who comes next waits longer. */
void meter_charge(struct meter *meter, struct mono now, size_t bytes);

#endif
