/* pool.c - see pool.h. */
#include "base/pool.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

int pool_init(struct pool *pool, uint32_t capacity, size_t slot_size)
{
	CHECK(capacity > 0 && slot_size > 0);
	*pool = (struct pool){ .slot_size = slot_size, .capacity = capacity };
	pool->slots = calloc(capacity, slot_size);
	pool->generations = calloc(capacity, sizeof(pool->generations[0]));
	pool->free = calloc(capacity, sizeof(pool->free[0]));
	if (pool->slots == NULL || pool->generations == NULL || pool->free == NULL) {
		pool_free(pool);
		return ERR_NOMEM;
	}
	for (uint32_t i = 0; i < capacity; i++)
		pool->free[i] = capacity - 1 - i; /* the lowest index is taken first */
	pool->free_count = capacity;
	return 0;
}

void pool_free(struct pool *pool)
{
	free(pool->slots);
	free(pool->generations);
	free(pool->free);
	*pool = (struct pool){ 0 };
}

static uint8_t *slot_at(const struct pool *pool, uint32_t index)
{
	return pool->slots + index * pool->slot_size;
}

void *pool_take(struct pool *pool, struct handle *ret_handle)
{
	if (pool->free_count == 0)
		return NULL;
	const uint32_t index = pool->free[--pool->free_count];

	pool->generations[index]++; /* even to odd: taken */
	if (pool->end <= index)
		pool->end = index + 1;
	*ret_handle = (struct handle){ .index = index, .generation = pool->generations[index] };
	return slot_at(pool, index);
}

void pool_give(struct pool *pool, struct handle handle)
{
	uint8_t *slot = pool_at(pool, handle);

	CHECK(slot != NULL);
	memset(slot, 0, pool->slot_size);
	pool->generations[handle.index]++; /* odd to even: free, and the handle is stale */
	pool->free[pool->free_count++] = handle.index;
	while (pool->end > 0 && pool->generations[pool->end - 1] % 2 == 0)
		pool->end--;
}

void *pool_at(const struct pool *pool, struct handle handle)
{
	if (handle.generation % 2 == 0 || handle.index >= pool->capacity ||
	    pool->generations[handle.index] != handle.generation)
		return NULL;
	return slot_at(pool, handle.index);
}

void *pool_slot(const struct pool *pool, uint32_t index, struct handle *ret_handle)
{
	CHECK(index < pool->capacity);
	if (pool->generations[index] % 2 == 0)
		return NULL;
	*ret_handle = (struct handle){ .index = index, .generation = pool->generations[index] };
	return slot_at(pool, index);
}
