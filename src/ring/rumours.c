/* rumours.c - see rumours.h for the states. */
#include "ring/rumours.h"

#include "base/check.h"
#include "wire/overlay.h"

#include <assert.h>
#include <string.h>

/* How long a name is kept that nobody repeats: three lists of a neighbour may be lost. */

static_assert(RING_NAME_MS > RING_IGNORE_MAX_MS, "who is ignored would be tried like a new one");
static_assert(RING_WANTED_MAX >= 2 * (NEIGHBOURS_MAX + RING_NEAR),
	      "one list could drive out those who are near");

/* The only writer of state after rumours_hear() made the rumour. */
static void set_state(struct rumours *rumours, struct rumour *rumour, enum rumour_state next)
{
	static const bool allowed[RUMOUR_STATES][RUMOUR_STATES] = {
		[RUMOUR_HEARD] = { [RUMOUR_WANTED] = true },
		[RUMOUR_WANTED] = { [RUMOUR_HEARD] = true, [RUMOUR_IGNORED] = true },
		[RUMOUR_IGNORED] = { [RUMOUR_HEARD] = true },
	};
	CHECK(allowed[rumour->state][next]);
	rumours->wanted -= rumour->state == RUMOUR_WANTED;
	rumours->ignored -= rumour->state == RUMOUR_IGNORED;
	rumours->wanted += next == RUMOUR_WANTED;
	rumours->ignored += next == RUMOUR_IGNORED;
	rumour->state = next;
}

int rumours_init(struct rumours *rumours, struct rng *rng, const struct circle *met)
{
	*rumours = (struct rumours){ .rng = rng, .met = met };
	circle_init(&rumours->circle, RING_WANTED_MAX);
	return circle_reserve(&rumours->circle, RING_WANTED_MAX);
}

void rumours_free(struct rumours *rumours)
{
	circle_free(&rumours->circle);
}

static struct rumour *rumour_at(struct rumours *rumours, size_t index)
{
	return &rumours->all[rumours->circle.spots[index].slot];
}

static void forget(struct rumours *rumours, size_t index)
{
	const uint16_t slot = rumours->circle.spots[index].slot;

	rumours->wanted -= rumours->all[slot].state == RUMOUR_WANTED;
	rumours->ignored -= rumours->all[slot].state == RUMOUR_IGNORED;
	rumours->taken[slot] = false;
	circle_remove(&rumours->circle, index);
}

/* It was ignored for long enough, and somebody takes it for alive. */
static bool is_back(const struct rumour *rumour, struct mono now)
{
	return rumour->state == RUMOUR_IGNORED && rumour->is_named &&
	       mono_reached(now, rumour->next);
}

/* What changes with time alone. */
static void age(struct rumours *rumours, struct now now)
{
	for (size_t i = rumours->circle.count; i-- > 0;) {
		struct rumour *rumour = rumour_at(rumours, i);

		if (rumour->state != RUMOUR_WANTED && mono_reached(now.mono, rumour->expiry))
			forget(rumours, i);
		else if (is_back(rumour, now.mono))
			set_state(rumours, rumour, RUMOUR_HEARD);
	}
}

/* Makes room for one at *index, if all is full: of those there and the new one, the one in the
 * middle gives. False if that is the new one. */
static bool make_room(struct rumours *rumours, size_t *index)
{
	const size_t middle = RING_WANTED_MAX / 2;

	if (rumours->circle.count < RING_WANTED_MAX)
		return true;
	if (*index == middle)
		return false;
	if (*index < middle) {
		forget(rumours, middle - 1);
	} else {
		forget(rumours, middle);
		--*index;
	}
	return true;
}

static void add(struct rumours *rumours, size_t index, const struct id *place,
		const struct rumour *rumour)
{
	struct spot spot = { .place = *place };

	while (rumours->taken[spot.slot])
		spot.slot++;
	rumours->taken[spot.slot] = true;
	rumours->all[spot.slot] = *rumour;
	circle_add(&rumours->circle, index, &spot);
}

/* Where it stands among those who named it; teller_count: nowhere. */
static unsigned find_teller(const struct rumour *rumour, const struct id *teller)
{
	unsigned i = 0;

	while (i < rumour->teller_count && !id_equal(&rumour->tellers[i].id, teller))
		i++;
	return i;
}

static void drop_teller(struct rumour *rumour, unsigned i)
{
	rumour->teller_count--;
	memmove(&rumour->tellers[i], &rumour->tellers[i + 1],
		(rumour->teller_count - i) * sizeof(rumour->tellers[0]));
}

/* One more at the end, if need be instead of one that was asked. */
static void note_teller(struct rumour *rumour, const struct id *teller)
{
	if (find_teller(rumour, teller) < rumour->teller_count)
		return;
	for (unsigned i = 0; rumour->teller_count == RUMOUR_TELLERS_MAX; i++) {
		if (i == RUMOUR_TELLERS_MAX)
			return;
		if (rumour->tellers[i].was_asked)
			drop_teller(rumour, i);
	}
	rumour->tellers[rumour->teller_count++] = (struct rumour_teller){ .id = *teller };
}

void rumours_hear(struct rumours *rumours, struct now now, const struct id *place,
		  const struct id *id, const struct id *teller)
{
	const struct mono expiry = mono_add_ms(now.mono, RING_NAME_MS);
	bool there;
	size_t index;

	age(rumours, now);
	index = circle_find(&rumours->circle, place, &there);
	if (there) {
		struct rumour *rumour = rumour_at(rumours, index);

		note_teller(rumour, teller);
		rumour->expiry = expiry;
		rumour->is_named = true;
	} else if (make_room(rumours, &index)) {
		struct rumour rumour = { .id = *id, .state = RUMOUR_HEARD, .expiry = expiry };

		note_teller(&rumour, teller);
		add(rumours, index, place, &rumour);
	}
}

void rumours_met(struct rumours *rumours, const struct id *place)
{
	bool there;
	const size_t index = circle_find(&rumours->circle, place, &there);

	if (there)
		forget(rumours, index);
}

void rumours_unheard(struct rumours *rumours, struct now now, const struct id *place,
		     const struct id *teller)
{
	bool there;
	const size_t index = circle_find(&rumours->circle, place, &there);
	struct rumour *rumour;
	unsigned at;

	if (!there)
		return;
	rumour = rumour_at(rumours, index);
	at = find_teller(rumour, teller);
	if (at < rumour->teller_count) {
		drop_teller(rumour, at);
		if (rumour->state == RUMOUR_WANTED && rumour->tries > 0) {
			rumour->tries--;
			rumour->next = now.mono;
		}
	}
	if (rumour->teller_count == 0)
		forget(rumours, index);
}

void rumours_left(struct rumours *rumours, const struct id *teller)
{
	for (size_t i = 0; i < rumours->circle.count; i++) {
		struct rumour *rumour = rumour_at(rumours, i);
		const unsigned at = find_teller(rumour, teller);

		if (at < rumour->teller_count)
			drop_teller(rumour, at);
	}
}

static unsigned tries_of(const struct rumour *rumour)
{
	return rumour->vain == 0 ? RING_TRIES : 1;
}

/* Until the next try, or until nobody waits for this one any more. */
static uint64_t patience_ms(const struct rumour *rumour)
{
	return (uint64_t)RING_TRY_MS << (rumour->vain == 0 ? rumour->tries : RING_TRIES - 1);
}

static void ignore(struct rumours *rumours, struct now now, struct rumour *rumour)
{
	const uint64_t ms = ring_doubled(RING_IGNORE_MS, rumour->vain, RING_IGNORE_MAX_MS);

	rumour->next = ring_after(rumours->rng, now, ms);
	rumour->expiry = mono_add_ms(now.mono, RING_NAME_MS);
	rumour->is_named = false;
	rumour->vain++;
	rumour->tries = 0;
	rumour->failed = false;
	set_state(rumours, rumour, RUMOUR_IGNORED);
}

void rumours_failed(struct rumours *rumours, struct now now, const struct id *place)
{
	bool there;
	const size_t index = circle_find(&rumours->circle, place, &there);
	struct rumour *rumour = there ? rumour_at(rumours, index) : NULL;

	if (rumour == NULL || rumour->state != RUMOUR_WANTED || rumour->tries == 0)
		return;
	rumour->failed = true;
	if (rumour->tries == tries_of(rumour))
		ignore(rumours, now, rumour);
}

/* True if those behind it can wait for it: its first try is not yet in vain. */
static bool holds_place(const struct rumour *rumour)
{
	return rumour->vain == 0 && rumour->tries <= 1 && !rumour->failed;
}

/* Marks in `ret` the slots of those who would be among the RING_NEAR nearest on one side, counted
 * together with the members that were met: by 1 who would be the nearest, and so on. */
static void mark_side(struct rumours *rumours, bool clockwise, uint8_t ret[RING_WANTED_MAX])
{
	const struct circle *circle = &rumours->circle;
	size_t held = 0;

	for (size_t i = 0; i < circle->count; i++) {
		const struct spot *spot = &circle->spots[clockwise ? i : circle->count - 1 - i];
		const struct rumour *rumour = &rumours->all[spot->slot];
		bool there;
		const size_t before = circle_find(rumours->met, &spot->place, &there);
		const size_t nearer = clockwise ? before : rumours->met->count - before;

		if (nearer + held >= RING_NEAR)
			return;
		if (rumour->state == RUMOUR_IGNORED)
			continue;
		if (ret[spot->slot] == 0 || ret[spot->slot] > nearer + held + 1)
			ret[spot->slot] = (uint8_t)(nearer + held + 1);
		if (holds_place(rumour))
			held++;
	}
}

void rumours_review(struct rumours *rumours, struct now now)
{
	uint8_t marked[RING_WANTED_MAX] = { 0 };

	age(rumours, now);
	if (rumours->may_want) {
		mark_side(rumours, true, marked);
		mark_side(rumours, false, marked);
	}
	for (size_t i = 0; i < rumours->circle.count; i++) {
		struct rumour *rumour = rumour_at(rumours, i);
		const unsigned place = marked[rumours->circle.spots[i].slot];

		if (place > 0 && rumour->state == RUMOUR_HEARD) {
			set_state(rumours, rumour, RUMOUR_WANTED);
			rumour->next = place == 1 ? now.mono
						  : ring_after(rumours->rng, now, RING_BEHIND_MS);
		} else if (place == 1 && rumour->state == RUMOUR_WANTED && rumour->tries == 0) {
			rumour->next = now.mono;
		} else if (place == 0 && rumour->state == RUMOUR_WANTED) {
			set_state(rumours, rumour, RUMOUR_HEARD);
			rumour->tries = 0;
			rumour->failed = false;
		}
	}
}

static struct rumour *find_due(struct rumours *rumours, struct now now)
{
	for (size_t i = 0; rumours->wanted > 0 && i < rumours->circle.count; i++) {
		struct rumour *rumour = rumour_at(rumours, i);

		if (rumour->state == RUMOUR_WANTED && mono_reached(now.mono, rumour->next))
			return rumour;
	}
	return NULL;
}

/* The next in turn; a try by nobody is on the word of the first. */
static struct rumour_try next_try(struct rumour *rumour)
{
	struct rumour_try next = { .id = rumour->id };
	unsigned i = 0;

	while (i < rumour->teller_count && rumour->tellers[i].was_asked)
		i++;
	if (i < rumour->teller_count && rumour->asked < RUMOUR_TELLERS_MAX) {
		rumour->tellers[i].was_asked = true;
		rumour->asked++;
		next.via = rumour->tellers[i].id;
		next.teller = rumour->tellers[i].id;
		return next;
	}
	rumour->asked = 0;
	for (i = 0; i < rumour->teller_count; i++)
		rumour->tellers[i].was_asked = false;
	if (rumour->teller_count > 0)
		next.teller = rumour->tellers[0].id;
	return next;
}

bool rumours_poll(struct rumours *rumours, struct now now, struct rumour_try *ret)
{
	struct rumour *due;

	for (size_t i = 0; rumours->ignored > 0 && i < rumours->circle.count; i++)
		if (is_back(rumour_at(rumours, i), now.mono)) {
			rumours_review(rumours, now);
			break;
		}
	while ((due = find_due(rumours, now)) != NULL) {
		if (due->tries == tries_of(due)) {
			ignore(rumours, now, due);
			rumours_review(rumours, now);
			continue;
		}
		due->next = ring_after(rumours->rng, now, patience_ms(due));
		due->tries++;
		due->failed = false;
		*ret = next_try(due);
		rumours_review(rumours, now); /* who fails to come lets those behind it try */
		return true;
	}
	return false;
}

struct mono rumours_deadline(const struct rumours *rumours)
{
	struct mono next = MONO_NEVER;

	for (size_t i = 0; rumours->wanted + rumours->ignored > 0 && i < rumours->circle.count;
	     i++) {
		const struct rumour *rumour = &rumours->all[rumours->circle.spots[i].slot];

		if (rumour->state == RUMOUR_WANTED ||
		    (rumour->state == RUMOUR_IGNORED && rumour->is_named))
			next = mono_min(next, rumour->next);
	}
	return next;
}
