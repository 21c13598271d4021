/* heap.c - see heap.h. */
#include "base/heap.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>

#define CAPACITY_FIRST 64

static bool is_before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->at.us != b->at.us ? a->at.us < b->at.us : a->order < b->order;
}

static void swap(struct heap_entry *a, struct heap_entry *b)
{
	const struct heap_entry keep = *a;

	*a = *b;
	*b = keep;
}

void heap_init(struct heap *heap, size_t capacity_max)
{
	*heap = (struct heap){ .capacity_max = capacity_max };
}

void heap_free(struct heap *heap)
{
	free(heap->entries);
	*heap = (struct heap){ 0 };
}

static int grow(struct heap *heap)
{
	size_t capacity = heap->capacity == 0 ? CAPACITY_FIRST : 2 * heap->capacity;

	if (heap->count == heap->capacity_max)
		return ERR_FULL;
	if (capacity > heap->capacity_max)
		capacity = heap->capacity_max;
	struct heap_entry *entries = realloc(heap->entries, capacity * sizeof(entries[0]));

	if (entries == NULL)
		return ERR_NOMEM;
	heap->entries = entries;
	heap->capacity = capacity;
	return 0;
}

int heap_push(struct heap *heap, struct mono at, uint64_t item)
{
	if (heap->count == heap->capacity) {
		const int err = grow(heap);

		if (err != 0)
			return err;
	}
	size_t i = heap->count++;

	heap->entries[i] = (struct heap_entry){ .at = at, .order = heap->added++, .item = item };
	while (i > 0 && is_before(&heap->entries[i], &heap->entries[(i - 1) / 2])) {
		swap(&heap->entries[i], &heap->entries[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return 0;
}

const struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->count == 0 ? NULL : &heap->entries[0];
}

struct heap_entry heap_pop(struct heap *heap)
{
	CHECK(heap->count > 0);
	const struct heap_entry first = heap->entries[0];

	heap->entries[0] = heap->entries[--heap->count];
	for (size_t i = 0;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->count; child++)
			if (is_before(&heap->entries[child], &heap->entries[least]))
				least = child;
		if (least == i)
			return first;
		swap(&heap->entries[i], &heap->entries[least]);
		i = least;
	}
}
