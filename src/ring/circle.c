/* circle.c - see circle.h. */
#include "ring/circle.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16 /* then twice as many, and so on */

void circle_init(struct circle *circle, size_t capacity)
{
	CHECK(capacity > 0);
	*circle = (struct circle){ .capacity = capacity };
}

int circle_reserve(struct circle *circle, size_t count)
{
	size_t room = circle->room == 0 ? ROOM_FIRST : circle->room;

	CHECK(count <= circle->capacity);
	if (count <= circle->room)
		return 0;
	while (room < count)
		room *= 2;
	if (room > circle->capacity)
		room = circle->capacity;
	struct spot *spots = realloc(circle->spots, room * sizeof(spots[0]));

	if (spots == NULL)
		return ERR_NOMEM;
	circle->spots = spots;
	circle->room = room;
	return 0;
}

void circle_free(struct circle *circle)
{
	free(circle->spots);
	*circle = (struct circle){ 0 };
}

size_t circle_find(const struct circle *circle, const struct id *place, bool *ret_there)
{
	size_t low = 0;
	size_t high = circle->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (id_compare(&circle->spots[middle].place, place) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_there = low < circle->count && id_equal(&circle->spots[low].place, place);
	return low;
}

void circle_add(struct circle *circle, size_t index, const struct spot *spot)
{
	struct spot *at = &circle->spots[index];

	CHECK(index <= circle->count && circle->count < circle->room);
	memmove(at + 1, at, (circle->count - index) * sizeof(*at));
	*at = *spot;
	circle->count++;
}

void circle_remove(struct circle *circle, size_t index)
{
	struct spot *at = &circle->spots[index];

	CHECK(index < circle->count);
	circle->count--;
	memmove(at, at + 1, (circle->count - index) * sizeof(*at));
}
