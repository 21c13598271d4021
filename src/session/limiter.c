/* limiter.c - see limiter.h. */
#include "session/limiter.h"

#include "session/limits.h"

#include <stdlib.h>

#define INTERVAL_US (UINT64_C(1000000) / SESSION_PER_SOURCE_S)
#define BURST_US ((SESSION_PER_SOURCE_S - 1) * INTERVAL_US)

int limiter_init(struct limiter *limiter, const uint8_t key[MAC_KEY_BYTES])
{
	*limiter = (struct limiter){ 0 };
	return mac_init(&limiter->mac, key);
}

void limiter_free(struct limiter *limiter)
{
	for (size_t i = 0; i < LIMITER_SHELVES; i++)
		free(limiter->shelves[i]);
	if (limiter->mac.context != NULL)
		mac_free(&limiter->mac);
	*limiter = (struct limiter){ 0 };
}

/* What is past says no more than a zero does. */
static bool is_at_rest(const struct mono *shelf, struct mono now)
{
	for (size_t i = 0; i < LIMITER_SHELF_PLACES; i++)
		if (shelf[i].us > now.us)
			return false;
	return true;
}

/* One for other sources: another's, in which all have rested, or a new one; NULL without memory. */
static struct mono *find_shelf(struct limiter *limiter, struct mono now)
{
	for (size_t i = 0; i < LIMITER_SHELVES; i++) {
		struct mono *shelf = limiter->shelves[i];

		if (shelf != NULL && is_at_rest(shelf, now)) {
			limiter->shelves[i] = NULL;
			return shelf;
		}
	}
	return calloc(LIMITER_SHELF_PLACES, sizeof(struct mono));
}

/* The place of a hash, which is not the source's alone; NULL without memory. */
static struct mono *place_of(struct limiter *limiter, struct mono now,
			     const uint8_t hash[MAC_BYTES])
{
	struct mono **shelf = &limiter->shelves[hash[0] % LIMITER_SHELVES];

	if (*shelf == NULL)
		*shelf = find_shelf(limiter, now);
	return *shelf == NULL ? NULL : &(*shelf)[hash[1] % LIMITER_SHELF_PLACES];
}

bool limiter_allow(struct limiter *limiter, struct mono now, struct span source)
{
	uint8_t hash[MAC_BYTES];

	mac_compute(&limiter->mac, &source, 1, hash);
	struct mono *next = place_of(limiter, now, hash);

	if (next == NULL)
		return false;
	if (next->us < now.us)
		*next = now;
	if (next->us - now.us > BURST_US)
		return false;
	*next = mono_add_us(*next, INTERVAL_US);
	return true;
}
