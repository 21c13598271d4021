/* shortcuts.c - see shortcuts.h for the states. */
#include "ring/shortcuts.h"

#include "base/check.h"

#define HALF_LOG ((ID_BITS - 1) * ID_LOG_ONE) /* of half the ring */

/* The only writer of state after shortcuts_init(). */
static void set_state(struct shortcut *slot, enum shortcut_state next)
{
	static const bool allowed[SHORTCUT_STATES][SHORTCUT_STATES] = {
		[SHORTCUT_EMPTY] = { [SHORTCUT_SOUGHT] = true },
		[SHORTCUT_SOUGHT] = { [SHORTCUT_EMPTY] = true, [SHORTCUT_HELD] = true },
		[SHORTCUT_HELD] = { [SHORTCUT_EMPTY] = true, [SHORTCUT_HELD_SOUGHT] = true },
		[SHORTCUT_HELD_SOUGHT] = { [SHORTCUT_SOUGHT] = true,
					   [SHORTCUT_HELD] = true,
					   [SHORTCUT_RIVALRY] = true },
		[SHORTCUT_RIVALRY] = { [SHORTCUT_HELD] = true },
	};
	CHECK(allowed[slot->state][next]);
	slot->state = next;
}

void shortcuts_init(struct shortcuts *shortcuts, const struct id *self, struct rng *rng)
{
	*shortcuts = (struct shortcuts){ .rng = rng, .self = *self };
}

static bool is_sought(const struct shortcut *slot)
{
	return slot->state == SHORTCUT_SOUGHT || slot->state == SHORTCUT_HELD_SOUGHT;
}

/* Too few slots were there when it was drawn: another share is its own today. */
static bool is_outdated(const struct shortcuts *shortcuts, const struct shortcut *slot)
{
	return slot->of + 1 < shortcuts->count || shortcuts->count + 1 < slot->of;
}

/* When the member that a slot has got is to be questioned. */
static struct mono review_of(struct shortcuts *shortcuts, struct now now,
			     const struct shortcut *slot)
{
	if (is_outdated(shortcuts, slot))
		return ring_after(shortcuts->rng, now, RING_SEEK_MAX_MS);
	if (slot->tries >= RING_RIVALS)
		return MONO_NEVER;
	return ring_after(shortcuts->rng, now, RING_RIVAL_MS);
}

void shortcuts_size(struct shortcuts *shortcuts, struct now now, const struct id *gap)
{
	const uint32_t log = id_log2(gap);
	const uint32_t members_log = id_is_zero(gap) ? 0 : ID_BITS * ID_LOG_ONE - log;
	const size_t before = shortcuts->count;
	size_t count = (members_log + 2 * ID_LOG_ONE - 1) / (2 * ID_LOG_ONE);

	shortcuts->least_log = log + RING_NEAR_LOG;
	if (shortcuts->least_log >= HALF_LOG)
		count = 0; /* the near ones are all there is */
	if (count > RING_SHORTCUTS_MAX)
		count = RING_SHORTCUTS_MAX;
	if (count == before)
		return;
	shortcuts->count = count;
	for (size_t i = before; i < count; i++)
		shortcuts->slots[i] = (struct shortcut){ .next = now.mono };
	for (size_t i = 0; i < count; i++) {
		struct shortcut *slot = &shortcuts->slots[i];

		if (slot->state == SHORTCUT_HELD && is_outdated(shortcuts, slot))
			slot->next = mono_min(slot->next, review_of(shortcuts, now, slot));
	}
}

/* A place in the slot's share, on either side of us. */
static struct id draw(struct shortcuts *shortcuts, size_t index)
{
	const uint32_t range = HALF_LOG - shortcuts->least_log;
	const uint32_t from =
		shortcuts->least_log + range * (uint32_t)index / (uint32_t)shortcuts->count;
	const uint32_t until =
		shortcuts->least_log + range * (uint32_t)(index + 1) / (uint32_t)shortcuts->count;
	const uint32_t log =
		(uint32_t)rng_between(shortcuts->rng, from, until > from ? until - 1 : from);
	const struct id way = id_exp2(log);

	return rng_chance(shortcuts->rng, 500) ? id_ahead(&shortcuts->self, &way)
					       : id_clockwise(&way, &shortcuts->self);
}

static void seek_later(struct shortcuts *shortcuts, struct now now, struct shortcut *slot)
{
	uint64_t wait_ms = RING_SEEK_MS;

	for (unsigned i = 0; i < slot->tries && wait_ms < RING_SEEK_MAX_MS; i++)
		wait_ms *= 2;
	slot->tries++;
	slot->next = ring_after(shortcuts->rng, now, wait_ms);
}

static void in_vain(struct shortcuts *shortcuts, struct now now, struct shortcut *slot)
{
	if (slot->state == SHORTCUT_HELD_SOUGHT) {
		set_state(slot, SHORTCUT_HELD);
		slot->tries++;
		slot->next = review_of(shortcuts, now, slot);
	} else {
		set_state(slot, SHORTCUT_EMPTY);
		seek_later(shortcuts, now, slot);
	}
}

static void seek(struct shortcuts *shortcuts, struct now now, size_t index, struct id *ret_key)
{
	struct shortcut *slot = &shortcuts->slots[index];

	set_state(slot, slot->state == SHORTCUT_EMPTY ? SHORTCUT_SOUGHT : SHORTCUT_HELD_SOUGHT);
	slot->key = draw(shortcuts, index);
	slot->next = mono_add_ms(now.mono, RING_SEEK_PATIENCE_MS);
	shortcuts->seek_next = ring_after(shortcuts->rng, now, RING_SEEK_STEP_MS);
	*ret_key = slot->key;
}

bool shortcuts_poll(struct shortcuts *shortcuts, struct now now, struct id *ret_key)
{
	for (size_t i = 0; i < shortcuts->count; i++) {
		struct shortcut *slot = &shortcuts->slots[i];

		if (slot->state == SHORTCUT_RIVALRY || !mono_reached(now.mono, slot->next))
			continue;
		if (is_sought(slot))
			in_vain(shortcuts, now, slot);
		else if (mono_reached(now.mono, shortcuts->seek_next)) {
			seek(shortcuts, now, i, ret_key);
			return true;
		}
	}
	return false;
}

static void hold(struct shortcuts *shortcuts, struct now now, struct shortcut *slot,
		 const struct id *member)
{
	set_state(slot, SHORTCUT_HELD);
	slot->member = *member;
	slot->tries = 0;
	slot->of = (unsigned)shortcuts->count;
	slot->next = review_of(shortcuts, now, slot);
}

static struct shortcut *find_key(struct shortcuts *shortcuts, const struct id *key)
{
	for (size_t i = 0; i < shortcuts->count; i++)
		if (is_sought(&shortcuts->slots[i]) && id_equal(&shortcuts->slots[i].key, key))
			return &shortcuts->slots[i];
	return NULL;
}

void shortcuts_sought(struct shortcuts *shortcuts, struct now now, const struct id *key,
		      const struct id *found)
{
	struct shortcut *slot = find_key(shortcuts, key);

	if (slot == NULL)
		return;
	if (found == NULL || shortcuts_has(shortcuts, found)) {
		in_vain(shortcuts, now, slot);
	} else if (slot->state == SHORTCUT_SOUGHT || is_outdated(shortcuts, slot)) {
		hold(shortcuts, now, slot, found);
	} else {
		set_state(slot, SHORTCUT_RIVALRY);
		slot->rival = *found;
		slot->next = mono_add_ms(now.mono, RING_RIVALRY_MS);
	}
}

bool shortcuts_rivals(const struct shortcuts *shortcuts, struct now now, struct id *ret_member,
		      struct id *ret_rival)
{
	for (size_t i = 0; i < shortcuts->count; i++) {
		const struct shortcut *slot = &shortcuts->slots[i];

		if (slot->state != SHORTCUT_RIVALRY || !mono_reached(now.mono, slot->next))
			continue;
		*ret_member = slot->member;
		*ret_rival = slot->rival;
		return true;
	}
	return false;
}

void shortcuts_decide(struct shortcuts *shortcuts, struct now now, const struct id *loser)
{
	for (size_t i = 0; i < shortcuts->count; i++) {
		struct shortcut *slot = &shortcuts->slots[i];

		if (slot->state != SHORTCUT_RIVALRY ||
		    (!id_equal(loser, &slot->member) && !id_equal(loser, &slot->rival)))
			continue;
		if (id_equal(loser, &slot->member))
			slot->member = slot->rival;
		set_state(slot, SHORTCUT_HELD);
		slot->tries++;
		slot->next = review_of(shortcuts, now, slot);
	}
}

void shortcuts_left(struct shortcuts *shortcuts, struct now now, const struct id *id)
{
	for (size_t i = 0; i < shortcuts->count; i++) {
		struct shortcut *slot = &shortcuts->slots[i];

		if (slot->state == SHORTCUT_RIVALRY &&
		    (id_equal(&slot->member, id) || id_equal(&slot->rival, id)))
			shortcuts_decide(shortcuts, now, id);
		else if (slot->state == SHORTCUT_HELD_SOUGHT && id_equal(&slot->member, id))
			set_state(slot, SHORTCUT_SOUGHT); /* the question is under way */
		else if (slot->state == SHORTCUT_HELD && id_equal(&slot->member, id)) {
			set_state(slot, SHORTCUT_EMPTY);
			slot->tries = 0;
			slot->next = ring_after(shortcuts->rng, now, RING_SEEK_MS);
		}
	}
}

bool shortcuts_has(const struct shortcuts *shortcuts, const struct id *id)
{
	for (size_t i = 0; i < shortcuts->count; i++) {
		const struct shortcut *slot = &shortcuts->slots[i];
		const bool holds = slot->state != SHORTCUT_EMPTY && slot->state != SHORTCUT_SOUGHT;

		if ((holds && id_equal(&slot->member, id)) ||
		    (slot->state == SHORTCUT_RIVALRY && id_equal(&slot->rival, id)))
			return true;
	}
	return false;
}

struct mono shortcuts_deadline(const struct shortcuts *shortcuts)
{
	struct mono next = MONO_NEVER;

	for (size_t i = 0; i < shortcuts->count; i++) {
		const struct shortcut *slot = &shortcuts->slots[i];
		struct mono due = slot->next;

		if (!is_sought(slot) && slot->state != SHORTCUT_RIVALRY &&
		    !mono_reached(due, shortcuts->seek_next))
			due = shortcuts->seek_next;
		next = mono_min(next, due);
	}
	return next;
}
