/* pool.h - a bounded number of slots, named by handles that go stale instead of dangling.
 *
 * Modules and the kernel's event masks hold {index, generation}, never a pointer: what was freed
 * since is found missing, not misused. Memory follows use: it comes in chunks when a slot is taken
 * that never was, up to the capacity, and stays until pool_free(). A slot does not move.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_CHUNK_BYTES ((size_t)8192) /* of slots, about; at least one */

struct handle {
	uint32_t index;
	uint32_t generation; /* 0 names nothing */
};

#define HANDLE_NONE ((struct handle){ 0, 0 })

static inline bool handle_equal(struct handle a, struct handle b)
{
	return a.index == b.index && a.generation == b.generation;
}

static inline bool handle_is_none(struct handle h)
{
	return h.generation == 0;
}

struct pool {
	uint8_t **chunks;      /* owned, as each of them; 2^chunk_shift slots a chunk */
	uint32_t *generations; /* owned: odd while the slot is taken */
	uint32_t *free;        /* owned: stack of the indices that were given back */
	size_t slot_size;
	unsigned chunk_shift;
	uint32_t capacity;
	uint32_t made; /* slots that there is memory for */
	uint32_t room; /* of `generations` and `free` */
	uint32_t used; /* slots that were ever taken: the first ones */
	uint32_t free_count;
	uint32_t end; /* one above the highest index that is taken */
};

/* Takes no memory yet. */
void pool_init(struct pool *pool, uint32_t capacity, size_t slot_size);

/* Accepts a zeroed pool. What the slots own is the caller's to free before. */
void pool_free(struct pool *pool);

/* Takes a zeroed slot, the one given back last or the next fresh one: its address, or NULL if all
 * are taken, or there is no memory for one more. */
void *pool_take(struct pool *pool, struct handle *ret_handle);

/* Sees to it that the next pool_take() finds a slot: 0, ERR_FULL or ERR_NOMEM. */
int pool_reserve(struct pool *pool);

/* Gives a slot back and wipes it; requires a live handle. */
void pool_give(struct pool *pool, struct handle handle);

/* The slot, or NULL if the handle is stale or HANDLE_NONE. */
void *pool_at(const struct pool *pool, struct handle handle);

/* The slot at an index below capacity if it is taken, and its handle; else NULL. For loops over all
 * slots, whose order is that of the indices: the same in every run. */
void *pool_slot(const struct pool *pool, uint32_t index, struct handle *ret_handle);

/* No index from here on is taken. Given slots are taken again before fresh ones, so a loop up to
 * here is short where little is in use. */
static inline uint32_t pool_end(const struct pool *pool)
{
	return pool->end;
}

/* Slots that there is memory for: no index from here on is given without taking some. What is kept
 * beside the slots, by index, grows with this. */
static inline uint32_t pool_room(const struct pool *pool)
{
	return pool->made < pool->capacity ? pool->made : pool->capacity;
}

static inline uint32_t pool_count(const struct pool *pool)
{
	return pool->used - pool->free_count;
}

#endif
