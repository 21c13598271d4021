/* nearest.c - see nearest.h. Optimal string alignment distance, row by row. */
#include "group/nearest.h"

#define SLIPS_SHORT 1
#define SLIPS_LONG 2
#define CHARS_LONG 5 /* from here on a word is long enough for two slips */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(struct span a, struct span b)
{
	unsigned rows[3][NEAREST_CHARS_MAX + 1] = { { 0 } }; /* two back, one back, this one */

	for (size_t j = 0; j <= b.len; j++)
		rows[1][j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		rows[2][0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			const bool same = a.data[i - 1] == b.data[j - 1];

			rows[2][j] = least(least(rows[1][j], rows[2][j - 1]) + 1,
					   rows[1][j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
			    a.data[i - 2] == b.data[j - 1])
				rows[2][j] = least(rows[2][j], rows[0][j - 2] + 1);
		}
		memcpy(rows[0], rows[1], sizeof(rows[0]));
		memcpy(rows[1], rows[2], sizeof(rows[1]));
	}
	return rows[1][b.len];
}

struct nearest nearest_of(struct span word)
{
	return (struct nearest){ .word = word };
}

void nearest_try(struct nearest *nearest, const char *known)
{
	const struct span other = span_text(known);
	unsigned slips;

	if (nearest->word.len > NEAREST_CHARS_MAX || other.len > NEAREST_CHARS_MAX)
		return;
	slips = distance(nearest->word, other);
	if (slips > (other.len < CHARS_LONG ? SLIPS_SHORT : SLIPS_LONG))
		return;
	if (nearest->best == NULL || slips < nearest->slips) {
		nearest->best = known;
		nearest->slips = slips;
	}
}
