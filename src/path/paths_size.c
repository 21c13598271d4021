/* paths_size.c - see paths_size.h. */
#include "path/paths_size.h"

#include "base/check.h"

#include <stddef.h>

/* The only writer of sizing->state. */
static void set_state(struct sizing *sizing, enum sizing_state next)
{
	static const bool allowed[SIZING_STATES][SIZING_STATES] = {
		[SIZING_RESTS] = { [SIZING_CONFIRMS] = true, [SIZING_SEARCHES] = true },
		[SIZING_CONFIRMS] = { [SIZING_RESTS] = true,
				      [SIZING_CONFIRMS] = true,
				      [SIZING_SEARCHES] = true },
		[SIZING_SEARCHES] = { [SIZING_RESTS] = true },
	};
	CHECK(allowed[sizing->state][next]);
	sizing->state = next;
}

static void rest(struct sizing *sizing, struct mono now, uint64_t ms)
{
	set_state(sizing, SIZING_RESTS);
	sizing->confirm_at = mono_add_ms(now, ms);
}

void sizing_begin(struct sizing *sizing, struct mono now, uint16_t size)
{
	CHECK(size >= PATHS_SIZE_MIN && size <= PATHS_SIZE_MAX);
	*sizing = (struct sizing){ .size = size,
				   .confirm_at = now,
				   .raise_at = mono_add_ms(now, SIZE_RAISE_MS) };
}

/* -- rounds --------------------------------------------------------------------------------- */

/* `count` sizes from `most` downwards, evenly above `floor`; then the control. */
static void begin_round(struct sizing *sizing, unsigned count, unsigned floor, unsigned most)
{
	const unsigned span = most - floor;

	for (unsigned i = 0; i < count; i++)
		sizing->rungs[i].size = (uint16_t)(most - span * i / count);
	sizing->rungs[count].size = SIZE_CONTROL;
	sizing->count = (uint8_t)(count + 1);
	sizing->sent = 0;
	sizing->until = MONO_NEVER;
}

static void confirm(struct sizing *sizing)
{
	set_state(sizing, SIZING_CONFIRMS);
	begin_round(sizing, 1, 0, sizing->size);
}

static bool control_is_answered(const struct sizing *sizing)
{
	return sizing->rungs[sizing->count - 1].token == 0;
}

/* -- the search ----------------------------------------------------------------------------- */

static void search_on(struct sizing *sizing)
{
	const unsigned open = sizing->high - 1U - sizing->low;

	sizing->rounds++;
	begin_round(sizing, open < SIZE_RUNGS ? open : SIZE_RUNGS, sizing->low, sizing->high - 1U);
}

static void found(struct sizing *sizing, struct mono now, uint16_t size)
{
	sizing->size = size;
	sizing->tries = 0;
	sizing->raise_at = mono_add_ms(now, SIZE_RAISE_MS);
	rest(sizing, now, SIZE_CONFIRM_MS);
}

/* From what is answered for, if anything is, to what is not known to be in vain. */
static void search(struct sizing *sizing, struct mono now, uint16_t low, uint16_t high)
{
	set_state(sizing, SIZING_SEARCHES);
	sizing->low = low;
	sizing->high = high;
	sizing->rounds = 0;
	if (high - low > 1)
		search_on(sizing);
	else
		found(sizing, now, low);
}

/* -- verdicts ------------------------------------------------------------------------------- */

static void judge_confirm(struct sizing *sizing, struct mono now)
{
	if (sizing->rungs[0].token == 0) {
		sizing->tries = 0;
		rest(sizing, now, SIZE_CONFIRM_MS);
	} else if (!control_is_answered(sizing)) {
		rest(sizing, now, SIZE_AGAIN_MS);
	} else if (++sizing->tries < SIZE_TRIES) {
		confirm(sizing);
	} else {
		search(sizing, now, PATHS_SIZE_MIN, (uint16_t)(sizing->size + 1));
	}
}

/* What is answered passes; the next larger size that is not, does not, if the control passed. */
static void narrow(struct sizing *sizing)
{
	uint16_t in_vain = sizing->high;

	for (unsigned i = 0; i + 1 < sizing->count; i++) {
		if (sizing->rungs[i].token == 0) {
			sizing->low = sizing->rungs[i].size;
			break; /* they are in order: all others are smaller */
		}
		in_vain = sizing->rungs[i].size;
	}
	if (control_is_answered(sizing))
		sizing->high = in_vain;
}

static void judge_search(struct sizing *sizing, struct mono now)
{
	narrow(sizing);
	if (sizing->high - sizing->low <= 1)
		found(sizing, now, sizing->low);
	else if (sizing->rounds < SIZE_ROUNDS_MAX)
		search_on(sizing);
	else /* too much gets lost to say anything */
		found(sizing, now, sizing->size);
}

void sizing_turn(struct sizing *sizing, struct mono now, bool talks)
{
	switch (sizing->state) {
	case SIZING_RESTS:
		if (!talks)
			return;
		if (sizing->size < PATHS_SIZE_MAX && mono_reached(now, sizing->raise_at))
			search(sizing, now, sizing->size, PATHS_SIZE_MAX + 1);
		else if (mono_reached(now, sizing->confirm_at))
			confirm(sizing);
		return;
	case SIZING_CONFIRMS:
		if (mono_reached(now, sizing->until))
			judge_confirm(sizing, now);
		return;
	case SIZING_SEARCHES:
		if (mono_reached(now, sizing->until))
			judge_search(sizing, now);
		return;
	case SIZING_STATES:
		break;
	}
	UNREACHABLE();
}

/* -- probes --------------------------------------------------------------------------------- */

struct size_rung *sizing_probe(struct sizing *sizing, struct mono now, uint64_t patience_us)
{
	if (sizing->state == SIZING_RESTS || sizing->sent == sizing->count)
		return NULL;
	sizing->until = mono_add_us(now, patience_us);
	return &sizing->rungs[sizing->sent++];
}

bool sizing_answered(struct sizing *sizing, struct mono now, uint64_t token)
{
	bool all = true, found_it = false;

	if (sizing->state == SIZING_RESTS || token == 0 || mono_reached(now, sizing->until))
		return false;
	for (unsigned i = 0; i < sizing->sent; i++) {
		struct size_rung *rung = &sizing->rungs[i];

		if (rung->token == token) {
			rung->token = 0;
			found_it = true;
		}
		all &= rung->token == 0 || i + 1 == sizing->count;
	}
	if (!found_it || sizing->sent < sizing->count)
		return found_it;
	if (all)
		sizing->until = now;
	else if (control_is_answered(sizing))
		sizing->until = mono_min(sizing->until, mono_add_ms(now, SIZE_GRACE_MS));
	return true;
}

struct mono sizing_deadline(const struct sizing *sizing, bool talks)
{
	if (sizing->state != SIZING_RESTS)
		return sizing->sent < sizing->count ? (struct mono){ 0 } : sizing->until;
	if (!talks)
		return MONO_NEVER;
	return sizing->size < PATHS_SIZE_MAX ? mono_min(sizing->confirm_at, sizing->raise_at)
					     : sizing->confirm_at;
}
