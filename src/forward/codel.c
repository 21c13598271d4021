/* codel.c - see codel.h. The names of RFC 8289, 5.5, are in the comments. */
#include "forward/codel.h"

#define INTERVAL_US (UINT64_C(1000) * CODEL_INTERVAL_MS)
/* Dropping that begins again so soon goes on where it was. */
#define AGAIN_MS (UINT64_C(16) * CODEL_INTERVAL_MS)

/* The square root, rounded down. */
static uint64_t root(uint64_t square)
{
	uint64_t result = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1)
		if ((result + bit) * (result + bit) <= square)
			result += bit;
	return result;
}

/* control_law: the interval over the root of the count, so that what TCP sends falls linearly. */
static struct mono after(struct mono from, uint32_t count)
{
	return (struct mono){ .us = from.us + root(INTERVAL_US * INTERVAL_US / count) };
}

/* ok_to_drop: for a whole interval nothing has waited less than the target. */
static bool is_late(struct codel *codel, struct mono now, struct mono since, bool is_alone)
{
	if (is_alone || !mono_reached(now, mono_add_ms(since, CODEL_TARGET_MS))) {
		codel->first_above = (struct mono){ 0 };
		return false;
	}
	if (codel->first_above.us == 0) {
		codel->first_above = mono_add_ms(now, CODEL_INTERVAL_MS);
		return false;
	}
	return mono_reached(now, codel->first_above);
}

bool codel_judges(struct codel *codel, struct mono now, struct mono since, bool is_alone)
{
	if (!is_late(codel, now, since, is_alone)) {
		codel->dropping = false;
		return false;
	}
	if (codel->dropping) {
		if (!mono_reached(now, codel->next))
			return false;
		codel->count++;
		codel->next = after(codel->next, codel->count);
		return true;
	}
	codel->dropping = true;
	codel->count = codel->count > 2 && !mono_reached(now, mono_add_ms(codel->next, AGAIN_MS))
			       ? codel->count - 2
			       : 1;
	codel->next = after(now, codel->count);
	return true;
}
