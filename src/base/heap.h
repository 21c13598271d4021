/* heap.h - what is due next: a binary heap of {instant, item}.
 *
 * Items that are due at the same instant leave in the order in which they were added, so that a
 * run does not depend on the shape of the heap.
 */
#ifndef HEAP_H
#define HEAP_H

#include "base/mono.h"

#include <stddef.h>

struct heap_entry {
	struct mono at;
	uint64_t order; /* how many were added before */
	uint64_t item;  /* the caller's */
};

struct heap {
	struct heap_entry *entries; /* owned */
	size_t count, capacity, capacity_max;
	uint64_t added;
};

/* Grows by itself up to capacity_max entries. */
void heap_init(struct heap *heap, size_t capacity_max);
void heap_free(struct heap *heap);

/* 0, ERR_FULL at capacity_max, or ERR_NOMEM. */
int heap_push(struct heap *heap, struct mono at, uint64_t item);

/* The earliest entry, or NULL. */
const struct heap_entry *heap_first(const struct heap *heap);

/* Removes the earliest; requires that there is one. */
struct heap_entry heap_pop(struct heap *heap);

#endif
