/* nearest.h - which of the known words somebody who mistyped may have meant. */
#ifndef GROUP_NEAREST_H
#define GROUP_NEAREST_H

#include "base/span.h"

#define NEAREST_CHARS_MAX 32 /* longer words are near to nothing */

/* Walks over the known words: gives the nearest one, or NULL if none is near enough to be worth a
 * question (one slip in short words, two from five characters on). A slip is a character too many,
 * too few, wrong, or two that changed places. */
struct nearest {
	struct span word; /* borrowed: what was typed */
	const char *best; /* borrowed from nearest_try() */
	unsigned slips;
};

struct nearest nearest_of(struct span word);
void nearest_try(struct nearest *nearest, const char *known);

#endif
