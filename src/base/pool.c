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

static uint32_t slots_of_chunk(const struct pool *pool)
{
	return (uint32_t)1 << pool->chunk_shift;
}

/* That hold so many slots. */
static uint32_t chunks_of(const struct pool *pool, uint32_t slots)
{
	return (slots + slots_of_chunk(pool) - 1) >> pool->chunk_shift;
}

void pool_free(struct pool *pool)
{
	for (uint32_t i = 0; pool->chunks != NULL && i < chunks_of(pool, pool->room); i++)
		free(pool->chunks[i].slots);
	free(pool->chunks);
	free(pool->generations);
	*pool = (struct pool){ 0 };
}

static struct pool_chunk *chunk_at(const struct pool *pool, uint32_t index)
{
	return &pool->chunks[index >> pool->chunk_shift];
}

static uint8_t *slot_at(const struct pool *pool, uint32_t index)
{
	const uint32_t within = index & (slots_of_chunk(pool) - 1);

	return chunk_at(pool, index)->slots + within * pool->slot_size;
}

/* The array, longer; NULL without memory, and then it is what it was. */
static void *longer(void *array, size_t count, size_t item_bytes)
{
	return count > SIZE_MAX / item_bytes ? NULL : realloc(array, count * item_bytes);
}

/* Makes both lists twice as long; without memory one of them may be longer than it had to be. */
static bool make_room(struct pool *pool)
{
	const uint32_t twice = pool->room == 0 ? ROOM_FIRST : 2 * pool->room;
	const uint32_t room = twice < pool->capacity ? twice : pool->capacity;
	const uint32_t before = chunks_of(pool, pool->room);
	const uint32_t count = chunks_of(pool, room);
	struct pool_chunk *chunks = longer(pool->chunks, count, sizeof(*chunks));

	if (chunks == NULL)
		return false;
	pool->chunks = chunks;
	memset(chunks + before, 0, (count - before) * sizeof(*chunks));
	uint32_t *generations = longer(pool->generations, room, sizeof(*generations));

	if (generations == NULL)
		return false;
	pool->generations = generations;
	memset(generations + pool->room, 0, (room - pool->room) * sizeof(*generations));
	pool->room = room;
	return true;
}

static bool is_taken(const struct pool *pool, uint32_t index)
{
	return pool->generations[index] % 2 != 0;
}

/* The index is the first of a chunk, and all of its slots are taken. */
static bool is_full_from(const struct pool *pool, uint32_t index)
{
	return (index & (slots_of_chunk(pool) - 1)) == 0 &&
	       chunk_at(pool, index)->taken == slots_of_chunk(pool);
}

int pool_reserve(struct pool *pool)
{
	while (pool->first < pool->end && is_taken(pool, pool->first))
		pool->first += is_full_from(pool, pool->first) ? slots_of_chunk(pool) : 1;
	if (pool->first == pool->capacity)
		return ERR_FULL;
	if (pool->first == pool->room && !make_room(pool))
		return ERR_NOMEM;
	struct pool_chunk *chunk = chunk_at(pool, pool->first);

	if (chunk->slots == NULL) {
		chunk->slots = calloc(slots_of_chunk(pool), pool->slot_size);
		if (chunk->slots == NULL)
			return ERR_NOMEM;
		pool->spare++;
	}
	if (pool->made <= pool->first)
		pool->made = pool->first + 1;
	return 0;
}

void *pool_take(struct pool *pool, struct handle *ret_handle)
{
	if (pool_reserve(pool) != 0)
		return NULL;
	const uint32_t index = pool->first++;

	pool->generations[index]++; /* even to odd: taken */
	if (chunk_at(pool, index)->taken++ == 0)
		pool->spare--;
	pool->count++;
	if (pool->end <= index)
		pool->end = index + 1;
	*ret_handle = (struct handle){ .index = index, .generation = pool->generations[index] };
	return slot_at(pool, index);
}

/* One that is empty stays for what comes next: a pool that breathes costs no allocations. */
static void give_chunk(struct pool *pool, struct pool_chunk *chunk)
{
	if (pool->spare == 0) {
		pool->spare++;
		return;
	}
	free(chunk->slots);
	chunk->slots = NULL;
}

void pool_give(struct pool *pool, struct handle handle)
{
	uint8_t *slot = pool_at(pool, handle);

	CHECK(slot != NULL);
	memset(slot, 0, pool->slot_size);
	pool->generations[handle.index]++; /* odd to even: free, and the handle is stale */
	pool->count--;
	if (pool->first > handle.index)
		pool->first = handle.index;
	while (pool->end > 0 && !is_taken(pool, pool->end - 1))
		pool->end--;
	if (--chunk_at(pool, handle.index)->taken == 0)
		give_chunk(pool, chunk_at(pool, handle.index));
}

void *pool_at(const struct pool *pool, struct handle handle)
{
	if (handle.generation % 2 == 0 || handle.index >= pool->end ||
	    pool->generations[handle.index] != handle.generation)
		return NULL;
	return slot_at(pool, handle.index);
}

void *pool_slot(const struct pool *pool, uint32_t index, struct handle *ret_handle)
{
	CHECK(index < pool->capacity);
	if (index >= pool->end || !is_taken(pool, index))
		return NULL;
	*ret_handle = (struct handle){ .index = index, .generation = pool->generations[index] };
	return slot_at(pool, index);
}
