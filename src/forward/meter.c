/* meter.c - see meter.h. Instants are in nanoseconds, since a byte of a fast link costs less than a
 * microsecond; 64 bits of them last for 584 years. */
#include "forward/meter.h"

#include "base/check.h"
#include "base/err.h"

#include <stdatomic.h>
#include <stdlib.h>

#define NS_PER_S UINT64_C(1000000000)

struct meter {
	uint32_t references; /* control thread only */
	_Atomic uint64_t rate;
	_Atomic uint64_t burst_ns; /* what fills the whole bucket */
	_Atomic uint64_t full_ns;
};

/* How long these bytes take to come in, rounded up: never more than the rate. */
static uint64_t cost_ns(uint64_t rate, size_t bytes)
{
	return (bytes * NS_PER_S + rate - 1) / rate;
}

int meter_new(uint64_t rate, uint32_t burst, struct meter **ret)
{
	struct meter *meter;

	meter = calloc(1, sizeof(*meter));
	if (meter == NULL)
		return ERR_NOMEM;
	meter->references = 1;
	meter_set(meter, rate, burst);
	*ret = meter;
	return 0;
}

/* A thread may see the one before the other: for that moment the bucket is of another size. */
void meter_set(struct meter *meter, uint64_t rate, uint32_t burst)
{
	CHECK(rate > 0 && rate <= METER_RATE_MAX && burst > 0);
	atomic_store_explicit(&meter->rate, rate, memory_order_relaxed);
	atomic_store_explicit(&meter->burst_ns, cost_ns(rate, burst), memory_order_relaxed);
}

struct meter *meter_ref(struct meter *meter)
{
	CHECK(meter->references > 0 && meter->references < UINT32_MAX);
	meter->references++;
	return meter;
}

void meter_unref(struct meter *meter)
{
	if (meter == NULL || --meter->references > 0)
		return;
	free(meter);
}

/* Up to `burst_ns` beyond what is full now. */
static bool take(struct meter *meter, struct mono now, size_t bytes, uint64_t burst_ns)
{
	const uint64_t now_ns = now.us * 1000;
	const uint64_t cost =
		cost_ns(atomic_load_explicit(&meter->rate, memory_order_relaxed), bytes);
	uint64_t full = atomic_load_explicit(&meter->full_ns, memory_order_relaxed);
	uint64_t from;

	/* Another round only when another thread took some: one of them always gets on. The word
	 * stands for itself, so relaxed order is enough. */
	do {
		from = full > now_ns ? full : now_ns;
		if (from - now_ns + cost > burst_ns)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&meter->full_ns, &full, from + cost, memory_order_relaxed, memory_order_relaxed));
	return true;
}

bool meter_take(struct meter *meter, struct mono now, size_t bytes)
{
	return take(meter, now, bytes,
		    atomic_load_explicit(&meter->burst_ns, memory_order_relaxed));
}

void meter_charge(struct meter *meter, struct mono now, size_t bytes)
{
	(void)take(meter, now, bytes, UINT64_MAX);
}
