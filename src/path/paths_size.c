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

static void begin_round(struct sizing *sizing, uint16_t largest)
{
	sizing->probes[0].size = largest;
	sizing->count = 1;
	sizing->sent = 0;
	sizing->until = MONO_NEVER;
}

static void add_probe(struct sizing *sizing, uint16_t size)
{
	CHECK(sizing->count < SIZE_PROBES_MAX);
	sizing->probes[sizing->count++].size = size;
}

static bool is_answered(const struct sizing *sizing, unsigned i)
{
	return sizing->probes[i].token == 0;
}

static bool control_is_answered(const struct sizing *sizing)
{
	return is_answered(sizing, sizing->count - 1U);
}

/* -- is it still so? ------------------------------------------------------------------------- */

static void confirm(struct sizing *sizing)
{
	set_state(sizing, SIZING_CONFIRMS);
	begin_round(sizing, sizing->size);
	add_probe(sizing, sizing->tries == 0 ? SIZE_CONTROL : PATHS_SIZE_MIN);
}

static void found(struct sizing *sizing, struct mono now, uint16_t size)
{
	sizing->size = size;
	sizing->tries = 0;
	sizing->voids = 0;
	sizing->raise_at = mono_add_ms(now, SIZE_RAISE_MS);
	rest(sizing, now, SIZE_CONFIRM_MS);
}

/* Nothing can be said. */
static void void_round(struct sizing *sizing, struct mono now)
{
	sizing->tries = 0;
	if (++sizing->voids < SIZE_VOIDS_MAX) {
		rest(sizing, now, SIZE_AGAIN_MS);
		return;
	}
	sizing->voids = 0;
	rest(sizing, now, SIZE_CONFIRM_MS);
}

/* -- the search ----------------------------------------------------------------------------- */

static void search_on(struct sizing *sizing)
{
	const unsigned span = (unsigned)(sizing->high - sizing->low);
	const unsigned rungs = span - 1 < SIZE_RUNGS ? span - 1 : SIZE_RUNGS;

	sizing->rounds++;
	begin_round(sizing, sizing->suspect);
	for (unsigned i = rungs; i > 0; i--)
		add_probe(sizing, (uint16_t)(sizing->low + span * i / (rungs + 1)));
	add_probe(sizing, PATHS_SIZE_MIN);
}

/* Between what passes, or is taken to, and what was in vain, or has not been asked. */
static void search(struct sizing *sizing, uint16_t low, uint16_t suspect)
{
	set_state(sizing, SIZING_SEARCHES);
	sizing->low = low;
	sizing->high = suspect;
	sizing->suspect = suspect;
	sizing->rounds = 0;
	search_on(sizing);
}

/* What was answered passes. What is larger does not, unless something smaller than what passes was
 * in vain, too: then it was chance. */
static void narrow(struct sizing *sizing)
{
	uint16_t in_vain = sizing->high;
	unsigned i = 1;

	while (i + 1U < sizing->count && !is_answered(sizing, i))
		in_vain = sizing->probes[i++].size;
	if (i + 1U < sizing->count)
		sizing->low = sizing->probes[i].size;
	while (i < sizing->count && is_answered(sizing, i))
		i++;
	if (i == sizing->count)
		sizing->high = in_vain;
}

/* -- verdicts ------------------------------------------------------------------------------- */

static void judge_confirm(struct sizing *sizing, struct mono now)
{
	if (is_answered(sizing, 0)) {
		sizing->tries = 0;
		sizing->voids = 0;
		rest(sizing, now, SIZE_CONFIRM_MS);
	} else if (!control_is_answered(sizing) || sizing->size == PATHS_SIZE_MIN) {
		void_round(sizing, now);
	} else if (++sizing->tries < SIZE_TRIES) {
		confirm(sizing);
	} else {
		search(sizing, PATHS_SIZE_MIN, sizing->size);
	}
}

static void judge_search(struct sizing *sizing, struct mono now)
{
	narrow(sizing);
	if (is_answered(sizing, 0))
		found(sizing, now, sizing->suspect);
	else if (sizing->high - sizing->low == 1)
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
			search(sizing, sizing->size, PATHS_SIZE_MAX);
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

struct size_probe *sizing_probe(struct sizing *sizing, struct mono now, uint64_t patience_us)
{
	if (sizing->state == SIZING_RESTS || sizing->sent == sizing->count)
		return NULL;
	sizing->until = mono_add_us(mono_add_ms(now, SIZE_PATIENCE_MS), patience_us);
	return &sizing->probes[sizing->sent++];
}

bool sizing_answered(struct sizing *sizing, struct mono now, uint64_t token)
{
	unsigned open = 0; /* besides the control */
	bool is_ours = false;

	if (sizing->state == SIZING_RESTS || token == 0 || mono_reached(now, sizing->until))
		return false;
	for (unsigned i = 0; i < sizing->sent; i++) {
		if (sizing->probes[i].token == token) {
			sizing->probes[i].token = 0;
			is_ours = true;
		}
		open += i + 1U < sizing->count && !is_answered(sizing, i);
	}
	if (!is_ours || sizing->sent < sizing->count)
		return is_ours;
	if (open == 0)
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
