/* queue.h - positions of a bounded first-in first-out queue; the caller owns the array.
 *
 * The capacity is a power of two. Machines keep what they have to say in such a queue until they
 * are polled; a full queue is a limit, with an answer the machine's header names.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

struct queue {
	uint32_t capacity; /* power of two */
	uint32_t head;     /* taken so far, modulo 2^32 */
	uint32_t tail;     /* added so far, modulo 2^32 */
};

static inline struct queue queue_of(uint32_t capacity)
{
	CHECK(capacity > 0 && (capacity & (capacity - 1)) == 0);
	return (struct queue){ .capacity = capacity };
}

static inline uint32_t queue_len(const struct queue *q)
{
	return q->tail - q->head;
}

static inline bool queue_is_full(const struct queue *q)
{
	return queue_len(q) == q->capacity;
}

static inline bool queue_is_empty(const struct queue *q)
{
	return q->tail == q->head;
}

/* The slot for one more; requires that the queue is not full. */
static inline uint32_t queue_push(struct queue *q)
{
	CHECK(!queue_is_full(q));
	return q->tail++ & (q->capacity - 1);
}

/* The slot of the oldest, which leaves the queue; requires that the queue is not empty. */
static inline uint32_t queue_pop(struct queue *q)
{
	CHECK(!queue_is_empty(q));
	return q->head++ & (q->capacity - 1);
}

/* The slot of the oldest, which stays; requires that the queue is not empty. */
static inline uint32_t queue_first(const struct queue *q)
{
	CHECK(!queue_is_empty(q));
	return q->head & (q->capacity - 1);
}

#endif
