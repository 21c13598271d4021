/* tally.c - see tally.h. */
#include "sim/tally.h"

#include "base/check.h"
#include "base/heap.h"

#include <stdlib.h>

#define MILLION 1000000

void tally_add(struct tally *tally, uint64_t value)
{
	const uint32_t kept = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;

	if (tally->count == tally->capacity) {
		const uint32_t capacity = 2 * tally->capacity + 64;
		uint32_t *values = realloc(tally->values, capacity * sizeof(values[0]));

		CHECK(values != NULL); /* a simulation that forgot values would prove nothing */
		tally->values = values;
		tally->capacity = capacity;
	}
	tally->values[tally->count++] = kept;
	tally->sum += kept;
	if (kept > tally->max)
		tally->max = kept;
}

void tally_free(struct tally *tally)
{
	free(tally->values);
	*tally = (struct tally){ 0 };
}

uint64_t tally_mean_millionths(const struct tally *tally)
{
	if (tally->count == 0)
		return 0;
	return tally->sum / tally->count * MILLION +
	       tally->sum % tally->count * MILLION / tally->count;
}

static void sort(struct tally *tally)
{
	struct heap heap;

	if (tally->sorted == tally->count)
		return;
	heap_init(&heap, tally->count);
	for (uint32_t i = 0; i < tally->count; i++)
		CHECK(heap_push(&heap, (struct mono){ .us = tally->values[i] }, 0) == 0);
	for (uint32_t i = 0; i < tally->count; i++)
		tally->values[i] = (uint32_t)heap_pop(&heap).at.us;
	heap_free(&heap);
	tally->sorted = tally->count;
}

uint32_t tally_per_mille(struct tally *tally, unsigned per_mille)
{
	const uint64_t rank = ((uint64_t)tally->count * per_mille + 999) / 1000;

	CHECK(per_mille <= 1000);
	if (tally->count == 0)
		return 0;
	sort(tally);
	return tally->values[rank == 0 ? 0 : rank - 1];
}
