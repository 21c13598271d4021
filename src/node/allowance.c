/* allowance.c - see allowance.h. */
#include "node/allowance.h"

uint32_t allowance_left(struct allowance *allowance, struct mono now, uint32_t max,
			uint64_t refill_ms)
{
	const uint32_t step = max / ALLOWANCE_STEPS;

	for (unsigned i = 0; allowance->spent > 0 && i <= ALLOWANCE_STEPS &&
			     mono_reached(now, mono_add_ms(allowance->from, refill_ms));
	     i++) {
		allowance->from = mono_add_ms(allowance->from, refill_ms);
		allowance->spent -= allowance->spent < step ? allowance->spent : step;
	}
	if (allowance->spent == 0)
		allowance->from = now;
	return max - allowance->spent;
}

bool allowance_take(struct allowance *allowance, struct mono now, uint32_t amount, uint32_t max,
		    uint64_t refill_ms)
{
	if (amount > allowance_left(allowance, now, max, refill_ms))
		return false;
	allowance->spent += amount;
	return true;
}

void allowance_give_back(struct allowance *allowance, uint32_t amount)
{
	allowance->spent -= allowance->spent < amount ? allowance->spent : amount;
}
