/* pool.h - a bounded number of slots, named by handles that go stale instead of dangling.
 *
 * Modules and the kernel's event masks hold {index, generation}, never a pointer: what was freed
 * since is found missing, not misused. Memory follows use, in chunks of slots: the lowest index
 * that is free is taken, and of the chunks that nothing is left in all but one are given back. A
 * slot does not move while it is taken.
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

struct pool_chunk {
	uint8_t *slots; /* owned; NULL: none of them is taken */
	uint32_t taken;
};

struct pool {
	struct pool_chunk *chunks; /* owned; 2^chunk_shift slots each */
	uint32_t *generations;     /* owned: odd while the slot is taken */
	size_t slot_size;
	unsigned chunk_shift;
	uint32_t capacity;
	uint32_t room;  /* of `generations` and, in whole chunks, of `chunks` */
	uint32_t made;  /* one above the highest index that there ever was memory for */
	uint32_t count; /* slots that are taken */
	uint32_t first; /* no index below it is free */
	uint32_t end;   /* one above the highest index that is taken */
	uint32_t spare; /* chunks of which no slot is taken: 0, 1, or 2 after pool_reserve() */
};

/* Takes no memory yet. */
void pool_init(struct pool *pool, uint32_t capacity, size_t slot_size);

/* Accepts a zeroed pool. What the slots own is the caller's to free before. */
void pool_free(struct pool *pool);

/* Takes the zeroed slot with the lowest index: its address, or NULL if all are taken, or there is
 * no memory for one more. */
void *pool_take(struct pool *pool, struct handle *ret_handle);

/* Sees to it that the next pool_take() finds a slot, if nothing is given back in between: 0,
 * ERR_FULL or ERR_NOMEM. */
int pool_reserve(struct pool *pool);

/* Gives a slot back and wipes it; requires a live handle. */
void pool_give(struct pool *pool, struct handle handle);

/* The slot, or NULL if the handle is stale or HANDLE_NONE. */
void *pool_at(const struct pool *pool, struct handle handle);

/* The slot at an index below capacity if it is taken, and its handle; else NULL. For loops over all
 * slots, whose order is that of the indices: the same in every run. */
void *pool_slot(const struct pool *pool, uint32_t index, struct handle *ret_handle);

/* No index from here on is taken. As the lowest is taken first, a loop up to here is short where
 * little is in use. */
static inline uint32_t pool_end(const struct pool *pool)
{
	return pool->end;
}

/* No index from here on was ever taken, nor will be by the pool_take() behind a pool_reserve().
 * What is kept beside the slots, by index, grows with this. */
static inline uint32_t pool_room(const struct pool *pool)
{
	return pool->made;
}

static inline uint32_t pool_count(const struct pool *pool)
{
	return pool->count;
}

#endif
