/* pool.c - see pool.h. */
#include "base/pool.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 8 /* then twice as much, and so on */

void pool_init(struct pool *pool, uint32_t capacity, size_t slot_size)
{
	CHECK(capacity > 0 && capacity <= UINT32_MAX / 2 && slot_size > 0);
	*pool = (struct pool){ .slot_size = slot_size, .capacity = capacity };
	while (slot_size <= POOL_CHUNK_BYTES >> (pool->chunk_shift + 1) &&
	       (uint32_t)1 << pool->chunk_shift < capacity)
		pool->chunk_shift++;
}

static uint32_t chunk_count(const struct pool *pool)
{
	return pool->made >> pool->chunk_shift;
}

void pool_free(struct pool *pool)
{
	for (uint32_t i = 0; i < chunk_count(pool); i++)
		free(pool->chunks[i]);
	free(pool->chunks);
	free(pool->generations);
	free(pool->free);
	*pool = (struct pool){ 0 };
}

static uint8_t *slot_at(const struct pool *pool, uint32_t index)
{
	const uint32_t within = index & (((uint32_t)1 << pool->chunk_shift) - 1);

	return pool->chunks[index >> pool->chunk_shift] + within * pool->slot_size;
}

/* The array, longer; NULL without memory, and then it is what it was. */
static void *longer(void *array, size_t count, size_t item_bytes)
{
	return count > SIZE_MAX / item_bytes ? NULL : realloc(array, count * item_bytes);
}

/* Makes the lists of numbers twice as long. */
static bool make_room(struct pool *pool)
{
	const uint32_t twice = pool->room == 0 ? ROOM_FIRST : 2 * pool->room;
	const uint32_t room = twice < pool->capacity ? twice : pool->capacity;
	uint32_t *generations = longer(pool->generations, room, sizeof(*generations));

	if (generations == NULL)
		return false;
	pool->generations = generations;
	uint32_t *free_indices = longer(pool->free, room, sizeof(*free_indices));

	if (free_indices == NULL)
		return false;
	pool->free = free_indices;
	memset(generations + pool->room, 0, (room - pool->room) * sizeof(*generations));
	pool->room = room;
	return true;
}

static bool make_chunk(struct pool *pool)
{
	const uint32_t count = chunk_count(pool);
	const uint32_t slots = (uint32_t)1 << pool->chunk_shift;

	if ((count & (count - 1)) == 0) { /* then the list of chunks is full */
		const size_t twice = count == 0 ? 1 : 2 * (size_t)count;
		uint8_t **chunks = longer(pool->chunks, twice, sizeof(*chunks));

		if (chunks == NULL)
			return false;
		pool->chunks = chunks;
	}
	pool->chunks[count] = calloc(slots, pool->slot_size);
	if (pool->chunks[count] == NULL)
		return false;
	pool->made += slots;
	return true;
}

int pool_reserve(struct pool *pool)
{
	if (pool->free_count > 0)
		return 0;
	if (pool->used == pool->capacity)
		return ERR_FULL;
	if ((pool->used == pool->room && !make_room(pool)) ||
	    (pool->used == pool->made && !make_chunk(pool)))
		return ERR_NOMEM;
	return 0;
}

void *pool_take(struct pool *pool, struct handle *ret_handle)
{
	if (pool_reserve(pool) != 0)
		return NULL;
	const uint32_t index = pool->free_count > 0 ? pool->free[--pool->free_count] : pool->used++;

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
	if (handle.generation % 2 == 0 || handle.index >= pool->used ||
	    pool->generations[handle.index] != handle.generation)
		return NULL;
	return slot_at(pool, handle.index);
}

void *pool_slot(const struct pool *pool, uint32_t index, struct handle *ret_handle)
{
	CHECK(index < pool->capacity);
	if (index >= pool->used || pool->generations[index] % 2 == 0)
		return NULL;
	*ret_handle = (struct handle){ .index = index, .generation = pool->generations[index] };
	return slot_at(pool, index);
}
