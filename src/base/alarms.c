/* alarms.c - see alarms.h. */
#include "base/alarms.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>

#define CAPACITY_FIRST 8 /* then twice as many, and so on */

static int widen(struct alarms *alarms, uint32_t capacity)
{
	struct alarms wide = { .count = alarms->count, .capacity = capacity };

	wide.at = calloc(capacity, sizeof(wide.at[0]));
	wide.heap = calloc(capacity, sizeof(wide.heap[0]));
	wide.place = calloc(capacity, sizeof(wide.place[0]));
	if (wide.at == NULL || wide.heap == NULL || wide.place == NULL) {
		alarms_free(&wide);
		return ERR_NOMEM;
	}
	for (uint32_t i = 0; i < capacity; i++)
		wide.at[i] = i < alarms->capacity ? alarms->at[i] : MONO_NEVER;
	for (uint32_t i = 0; i < alarms->count; i++)
		wide.heap[i] = alarms->heap[i];
	for (uint32_t i = 0; i < alarms->capacity; i++)
		wide.place[i] = alarms->place[i];
	alarms_free(alarms);
	*alarms = wide;
	return 0;
}

int alarms_init(struct alarms *alarms, uint32_t capacity)
{
	CHECK(capacity > 0);
	*alarms = (struct alarms){ 0 };
	return widen(alarms, capacity);
}

int alarms_grow(struct alarms *alarms, uint32_t capacity)
{
	uint32_t wide = alarms->capacity == 0 ? CAPACITY_FIRST : alarms->capacity;

	CHECK(capacity <= UINT32_MAX / 2);
	if (capacity <= alarms->capacity)
		return 0;
	while (wide < capacity)
		wide *= 2;
	return widen(alarms, wide);
}

void alarms_free(struct alarms *alarms)
{
	free(alarms->at);
	free(alarms->heap);
	free(alarms->place);
	*alarms = (struct alarms){ 0 };
}

static bool is_before(const struct alarms *alarms, uint32_t a, uint32_t b)
{
	return alarms->at[a].us != alarms->at[b].us ? alarms->at[a].us < alarms->at[b].us : a < b;
}

static void put(struct alarms *alarms, uint32_t place, uint32_t owner)
{
	alarms->heap[place] = owner;
	alarms->place[owner] = place;
}

/* Moves the owner from a free place towards the root, then towards the leaves, to where it
 * belongs. */
static void settle(struct alarms *alarms, uint32_t place, uint32_t owner)
{
	while (place > 0 && is_before(alarms, owner, alarms->heap[(place - 1) / 2])) {
		put(alarms, place, alarms->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child + 1 < alarms->count &&
		    is_before(alarms, alarms->heap[child + 1], alarms->heap[child]))
			child++;
		if (child >= alarms->count || !is_before(alarms, alarms->heap[child], owner))
			break;
		put(alarms, place, alarms->heap[child]);
		place = child;
	}
	put(alarms, place, owner);
}

void alarms_set(struct alarms *alarms, uint32_t owner, struct mono at)
{
	CHECK(owner < alarms->capacity);
	const bool was_set = alarms->at[owner].us != MONO_NEVER.us;

	alarms->at[owner] = at;
	if (at.us != MONO_NEVER.us) {
		settle(alarms, was_set ? alarms->place[owner] : alarms->count++, owner);
	} else if (was_set) {
		const uint32_t last = alarms->heap[--alarms->count];

		if (last != owner)
			settle(alarms, alarms->place[owner], last);
	}
}

struct mono alarms_first(const struct alarms *alarms, uint32_t *ret_owner)
{
	if (alarms->count == 0)
		return MONO_NEVER;
	*ret_owner = alarms->heap[0];
	return alarms->at[alarms->heap[0]];
}
