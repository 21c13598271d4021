/* pool.h - a fixed number of slots, named by handles that go stale instead of dangling.
 *
 * Modules and the kernel's event masks hold {index, generation}, never a pointer: what was freed
 * since is found missing, not misused. Memory is taken once, at pool_init().
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	uint8_t *slots;        /* owned: capacity * slot_size, zeroed */
	uint32_t *generations; /* owned: odd while the slot is taken */
	uint32_t *free;        /* owned: stack of free indices */
	size_t slot_size;
	uint32_t capacity, free_count;
	uint32_t end; /* one above the highest index that is taken */
};

/* 0 or ERR_NOMEM. */
int pool_init(struct pool *pool, uint32_t capacity, size_t slot_size);

/* Accepts a zeroed or half-built pool. What the slots own is the caller's to free before. */
void pool_free(struct pool *pool);

/* Takes a zeroed slot: its address, or NULL if all are taken. */
void *pool_take(struct pool *pool, struct handle *ret_handle);

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

static inline uint32_t pool_count(const struct pool *pool)
{
	return pool->capacity - pool->free_count;
}

#endif
