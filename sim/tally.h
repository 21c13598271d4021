/* tally.h - many values, and what is said of them: mean, percentiles, the curve of their
 * distribution. Whole numbers throughout, the same on every processor.
 */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include <stdint.h>

struct tally {
	uint32_t *values; /* owned; sorted by the first question */
	uint32_t count, capacity;
	uint64_t sum;
	uint32_t max;
	unsigned sorted; /* how many of them, from the first on, stand in order */
};

/* A zeroed tally is empty. A value beyond 32 bits counts as the greatest. */
void tally_add(struct tally *tally, uint64_t value);
void tally_free(struct tally *tally);

/* In millionths; 0 of nothing. */
uint64_t tally_mean_millionths(const struct tally *tally);

/* The least value that at least `per_mille` of all do not exceed; 0 of nothing. */
uint32_t tally_per_mille(struct tally *tally, unsigned per_mille);

#endif
