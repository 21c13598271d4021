/* circle.h - ids in the order in which they stand clockwise of us: a sorted array.
 *
 * A *place* is the clockwise way from us to an id. Sorted by it, the nearest on our clockwise side
 * comes first and the nearest on the other side last, and no order ever wraps around zero. What is
 * known of whom stands at a place is kept elsewhere, in the slot that the spot names.
 */
#ifndef RING_CIRCLE_H
#define RING_CIRCLE_H

#include "base/id.h"

#include <stddef.h>

struct spot {
	struct id place;
	uint16_t slot; /* the owner's */
};

struct circle {
	struct spot *spots; /* owned */
	size_t count, capacity;
	size_t room; /* of `spots` */
};

/* For up to `capacity` spots; takes no memory yet. */
void circle_init(struct circle *circle, size_t capacity);

/* Until `count` spots stand, at most the capacity, circle_add() has room. It takes memory seldom. 0
 * or ERR_NOMEM. */
int circle_reserve(struct circle *circle, size_t count);

/* Accepts a zeroed one. */
void circle_free(struct circle *circle);

/* How many stand before the place: where it is, if *ret_there, or where it belongs. */
size_t circle_find(const struct circle *circle, const struct id *place, bool *ret_there);

/* At the index that circle_find() gave for this place; requires that it is not there yet, and that
 * there is room (circle_reserve()). */
void circle_add(struct circle *circle, size_t index, const struct spot *spot);

void circle_remove(struct circle *circle, size_t index);

#endif
