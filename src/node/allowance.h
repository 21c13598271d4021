/* allowance.h - so much at once, and so much of it back with time: what one member may have us do.
 *
 * For a pair without a way of its own the same bounds what it burdens its neighbours with: a few
 * packets come back, so that even a pair talks that never finds a way.
 */
#ifndef NODE_ALLOWANCE_H
#define NODE_ALLOWANCE_H

#include "base/mono.h"

#define ALLOWANCE_STEPS 16 /* a spent allowance is whole again after so many refills */

/* Zeroed: nothing is spent. Embed it. */
struct allowance {
	struct mono from; /* of the next refill's time */
	uint32_t spent;
};

/* How much is left of `max` now. Each `refill_ms` a sixteenth of it comes back. */
uint32_t allowance_left(struct allowance *allowance, struct mono now, uint32_t max,
			uint64_t refill_ms);

/* True, and spent, if so much is left. */
bool allowance_take(struct allowance *allowance, struct mono now, uint32_t amount, uint32_t max,
		    uint64_t refill_ms);

/* So much was not spent after all. */
void allowance_give_back(struct allowance *allowance, uint32_t amount);

#endif
