/* half_open.c - see half_open.h. */
#include "session/half_open.h"

#include "base/check.h"
#include "base/seccheck.h"

#include <assert.h>

static_assert(SESSION_HALF_OPEN_MAX * sizeof(struct half_open) <= UINT64_C(1) << 20,
	      "strangers would cost more than a mebibyte");

void half_opens_init(struct half_opens *table)
{
	*table = (struct half_opens){ 0 };
	pool_init(&table->pool, SESSION_HALF_OPEN_MAX, sizeof(struct half_open));
}

void half_opens_free(struct half_opens *table)
{
	for (uint32_t i = 0; i < pool_end(&table->pool); i++) {
		struct handle handle;

		if (pool_slot(&table->pool, i, &handle) != NULL)
			half_opens_remove(table, handle);
	}
	pool_free(&table->pool);
	alarms_free(&table->alarms);
}

struct half_open *half_opens_add(struct half_opens *table, struct handle *ret)
{
	if (pool_reserve(&table->pool) != 0 ||
	    alarms_grow(&table->alarms, pool_room(&table->pool)) != 0)
		return NULL;
	return pool_take(&table->pool, ret);
}

void half_opens_remove(struct half_opens *table, struct handle handle)
{
	struct half_open *entry = pool_at(&table->pool, handle);

	CHECK(entry != NULL);
	run_wipe(&entry->run);
	alarms_set(&table->alarms, handle.index, MONO_NEVER);
	pool_give(&table->pool, handle);
}

void half_opens_schedule(struct half_opens *table, struct handle handle)
{
	const struct half_open *entry = pool_at(&table->pool, handle);

	CHECK(entry != NULL);
	alarms_set(&table->alarms, handle.index,
		   entry->m1_pending ? (struct mono){ 0 } : entry->expiry);
}

uint32_t half_opens_count(const struct half_opens *table, const struct carrier *carrier)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool_end(&table->pool); i++) {
		struct handle handle;
		const struct half_open *entry = pool_slot(&table->pool, i, &handle);

		if (entry != NULL && entry->carrier.carriage == carrier->carriage &&
		    memcmp(entry->carrier.source, carrier->source, sizeof(carrier->source)) == 0)
			count++;
	}
	return count;
}

/* Of the entries that may give way: how many there are, and the n-th of them. */
static uint32_t find_victim(const struct half_opens *table, bool any, uint32_t n,
			    struct handle *ret)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool_end(&table->pool); i++) {
		struct handle handle;
		const struct half_open *entry = pool_slot(&table->pool, i, &handle);

		if (entry == NULL || !SECCHECK(SEC_HALF_OPEN_VICTIM, any || !entry->proven))
			continue;
		if (count++ == n)
			*ret = handle;
	}
	return count;
}

struct handle half_opens_victim(const struct half_opens *table, struct rng *rng, bool proven)
{
	struct handle victim = HANDLE_NONE;
	bool any = false; /* also those that are proven */
	uint32_t count = find_victim(table, any, 0, &victim);

	if (count == 0 && proven) {
		any = true;
		count = find_victim(table, any, 0, &victim);
	}
	if (count > 1)
		(void)find_victim(table, any, (uint32_t)rng_between(rng, 0, count - 1), &victim);
	return victim;
}
