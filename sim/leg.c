/* leg.c - see leg.h. A draw is made only where its chance is not zero, so a calm leg is free. */
#include "sim/leg.h"

#include <stddef.h>

#define SECOND_US 1000000

static bool happens(struct rng *rng, unsigned per_mille)
{
	return rng != NULL && per_mille > 0 && rng_chance(rng, per_mille);
}

/* How long a packet waits and is sent at the leg's rate; false if the queue has no room. */
static bool take_turn(struct leg *leg, struct mono at, uint32_t ip_bytes, uint64_t *ret_us)
{
	const uint64_t wait_us = mono_reached(at, leg->busy_until) ? 0 : leg->busy_until.us - at.us;
	const uint64_t waiting_bytes = wait_us * leg->rate_bytes / SECOND_US;

	if (wait_us > 0 && waiting_bytes + ip_bytes > leg->queue_bytes)
		return false;
	*ret_us = wait_us + (uint64_t)ip_bytes * SECOND_US / leg->rate_bytes;
	leg->busy_until = mono_add_us(at, *ret_us);
	return true;
}

enum fate leg_cross(struct leg *leg, struct rng *rng, struct mono at, uint32_t ip_bytes,
		    struct passage *passage)
{
	uint64_t delay_us = leg->delay_us;
	uint64_t turn_us = 0;

	if (leg->cut && rng != NULL)
		return FATE_CUT;
	if (leg->mtu_bytes > 0 && ip_bytes > leg->mtu_bytes)
		return FATE_TOO_BIG;
	if (happens(rng, leg->loss))
		return FATE_LOST;
	if (leg->rate_bytes > 0 && !take_turn(leg, at, ip_bytes, &turn_us))
		return FATE_QUEUE_FULL;
	if (leg->jitter_us > 0 && rng != NULL)
		delay_us += rng_between(rng, 0, leg->jitter_us);
	if (happens(rng, leg->reordering)) {
		delay_us += leg->reorder_us;
		passage->reordered = true;
	}
	if (happens(rng, leg->corruption))
		passage->corrupted = true;
	passage->delay_us += delay_us + turn_us;
	return FATE_ARRIVED;
}

bool leg_duplicates(const struct leg *leg, struct rng *rng)
{
	return happens(rng, leg->duplication);
}
