/* ring.c - see ring.h. Members come and go, lists are told and heard; from both follows who is
 * near, who is wanted (rumours.h), and whether we stand in our place.
 *
 * We *stand* when the nearest member on either side sees us among its own near members: its list
 * shows that. Until then somebody between us and it may not know of us, and no list that we get
 * would name him. So we ask the ring itself: a message to whoever is nearest to our id ends at one
 * of our true neighbours, because each step of it is made by members who do stand. The neighbour's
 * list names those on both sides, theirs name the next, and the near set is exact when all of them
 * were met. The same question mends a ring with a hole, and makes one of two rings that met by a
 * single link: their members do not hear of each other, since far links are told no lists.
 */
#include "ring/ring_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#include <assert.h>
#include <stdlib.h>

#define LISTEN_MS 500  /* so long may a new neighbour take for its first list */
#define REPEAT_MS 2000 /* after a change: until the next list, */
#define REPEAT_LOG2 2  /* then four times as long, and so on */
#define FAR_LISTS 3    /* so often is a member told that is not near */
#define ASKED_MAX 3    /* times that a foreign member is asked, if it fails */

#define NAMES_MS 3000  /* names that we heard are tried so long before the ring is asked */
#define NAMED_MAX 24   /* members that are tried because one member named them, ... */
#define NAMED_MS 10000 /* ... in so long */
#define GAPS_LOG 662   /* id_log2() of the 2 * RING_NEAR gaps that the near members make: 2.58 */

#define SIDE_MAX (NEIGHBOURS_MAX / 2) /* of a list */
static_assert(RING_NEAR == 3, "GAPS_LOG and RING_NEAR_LOG are of three");
static_assert(SIDE_MAX > RING_NEAR, "a list says who comes behind the near ones");
static_assert(RING_MEMBERS_MAX <= UINT16_MAX, "slots are 16 bits");

struct member *ring_member_at(const struct ring *ring, uint16_t slot)
{
	struct handle handle;
	struct member *member = pool_slot(&ring->members, slot, &handle);

	CHECK(member != NULL);
	return member;
}

struct id ring_place(const struct ring *ring, const struct id *id)
{
	return id_clockwise(&ring->self, id);
}

int ring_new(const struct id *self, struct rng *rng, struct ring **ret)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	CHECK(rng != NULL && !id_is_zero(self));
	if (ring == NULL)
		return ERR_NOMEM;
	ring->self = *self;
	ring->rng = rng;
	shortcuts_init(&ring->shortcuts, self, rng);
	pool_init(&ring->members, RING_MEMBERS_MAX, sizeof(struct member));
	circle_init(&ring->met, RING_MEMBERS_MAX);
	circle_init(&ring->links, RING_MEMBERS_MAX);
	if (rumours_init(&ring->rumours, rng, &ring->met) != 0) {
		ring_del(ring);
		return ERR_NOMEM;
	}
	*ret = ring;
	return 0;
}

void ring_del(struct ring *ring)
{
	if (ring == NULL)
		return;
	rumours_free(&ring->rumours);
	alarms_free(&ring->lists);
	circle_free(&ring->links);
	circle_free(&ring->met);
	pool_free(&ring->members);
	free(ring);
}

/* Near members */

static struct member *member_find(const struct ring *ring, const struct id *id, size_t *ret_index)
{
	const struct id place = ring_place(ring, id);
	bool there;

	*ret_index = circle_find(&ring->met, &place, &there);
	return there ? ring_member_at(ring, ring->met.spots[*ret_index].slot) : NULL;
}

static struct member *met_at(const struct ring *ring, size_t index)
{
	return ring_member_at(ring, ring->met.spots[index].slot);
}

static bool is_near_at(const struct ring *ring, size_t index)
{
	return index < RING_NEAR || index + RING_NEAR >= ring->met.count;
}

bool ring_is_near(const struct ring *ring, const struct id *id)
{
	size_t index;

	return member_find(ring, id, &index) != NULL && is_near_at(ring, index);
}

bool ring_would_be_near(const struct ring *ring, const struct id *id)
{
	size_t index;

	return member_find(ring, id, &index) == NULL &&
	       (index < RING_NEAR || index + RING_NEAR > ring->met.count);
}

/* How many of the met members count as those on our counter-clockwise side when `side` of each are
 * looked at: of few the half. */
static size_t behind(const struct ring *ring, size_t side)
{
	return ring->met.count / 2 < side ? ring->met.count / 2 : side;
}

/* Visits the `side` nearest on both sides, the counter-clockwise ones first and the nearest in the
 * middle, each once: the i-th of count_around(). */
static size_t count_around(const struct ring *ring, size_t side)
{
	return ring->met.count < 2 * side ? ring->met.count : 2 * side;
}

static struct member *around(const struct ring *ring, size_t side, size_t i)
{
	const size_t start = ring->met.count - behind(ring, side);

	return met_at(ring, (start + i) % ring->met.count);
}

size_t ring_near(const struct ring *ring, struct id ret[2 * RING_NEAR])
{
	const size_t count = count_around(ring, RING_NEAR);

	for (size_t i = 0; i < count; i++)
		ret[i] = around(ring, RING_NEAR, i)->id;
	return count;
}

/* Our place */

static bool stands(const struct ring *ring)
{
	return ring->met.count > 0 && met_at(ring, 0)->sees_us &&
	       met_at(ring, ring->met.count - 1)->sees_us;
}

size_t ring_wanted(const struct ring *ring)
{
	return ring->rumours.wanted;
}

bool ring_is_settled(const struct ring *ring)
{
	return ring->links.count > 0 && stands(ring);
}

static bool is_seen(const struct ring *ring)
{
	for (size_t i = 0; i < count_around(ring, RING_NEAR); i++)
		if (around(ring, RING_NEAR, i)->sees_us)
			return true;
	return false;
}

/* When to ask who is nearest to us. */
static struct mono ask_due(const struct ring *ring)
{
	struct mono due = ring->quiet;

	if (ring->links.count == 0 || (stands(ring) && ring->foreign == 0))
		return MONO_NEVER;
	if (stands(ring) || ring->joins > 0)
		return due;
	for (size_t side = 0; side < 2; side++) {
		const struct member *nearest = met_at(ring, side == 0 ? 0 : ring->met.count - 1);
		const struct mono patience = mono_add_ms(nearest->met, LISTEN_MS);

		if (!nearest->has_told && !mono_reached(due, patience))
			due = patience;
	}
	return due;
}

/* From the way that the near members take up; they are as many on one side as on the other. */
static void measure_gap(struct ring *ring, struct now now)
{
	ring->gap = (struct id){ { 0 } };
	if (ring->met.count >= (size_t)2 * RING_NEAR && stands(ring)) {
		const struct id *first = &ring->met.spots[ring->met.count - RING_NEAR].place;
		const struct id *last = &ring->met.spots[RING_NEAR - 1].place;
		const struct id span = id_clockwise(first, last);
		const uint32_t log = id_log2(&span);

		if (log > GAPS_LOG)
			ring->gap = id_exp2(log - GAPS_LOG);
	}
	shortcuts_size(&ring->shortcuts, now, &ring->gap);
}

uint32_t ring_size_log2(const struct ring *ring)
{
	return id_is_zero(&ring->gap) ? 0 : ID_BITS * ID_LOG_ONE - id_log2(&ring->gap);
}

bool ring_uses(const struct ring *ring, const struct id *id)
{
	size_t index;
	const struct member *member = member_find(ring, id, &index);

	return member != NULL &&
	       (is_near_at(ring, index) || member->foreign || shortcuts_has(&ring->shortcuts, id));
}

/* Whatever happened: who is wanted now, and do we stand? */
static void review(struct ring *ring, struct now now)
{
	measure_gap(ring, now);
	/* A list from afar names nobody near to us: before anybody sees us, the answer to the
	 * question is better than those names. If it does not come they are all we have, and by
	 * them we can walk around the ring. */
	ring->rumours.may_want = is_seen(ring) || ring->joins > 1;
	const bool wanted_any = ring->rumours.wanted > 0;

	rumours_review(&ring->rumours, now);
	if (!wanted_any)
		ring->wanting = now.mono;
	if (ring->joins > 0 && stands(ring)) {
		ring->joins = 0;
		ring->quiet = mono_min(ring->quiet, mono_add_ms(now.mono, RING_TRY_MS));
	}
}

static void set_foreign(struct ring *ring, struct member *member, bool foreign)
{
	if (foreign == member->foreign)
		return;
	member->foreign = foreign;
	if (foreign)
		ring->foreign++;
	else
		ring->foreign--;
}

/* Lists */

/* Now, or so long after the list before, unless one leaves sooner anyway. */
static void tell_after(struct ring *ring, struct now now, struct member *member,
		       uint64_t interval_ms)
{
	struct mono at = now.mono;
	const struct mono earliest = mono_add_ms(member->told, interval_ms);

	if (member->has_heard && !mono_reached(at, earliest))
		at = earliest;
	member->lists = 0;
	alarms_set(&ring->lists, member->handle.index,
		   mono_min(at, ring->lists.at[member->handle.index]));
}

static void tell_soon(struct ring *ring, struct now now, struct member *member)
{
	tell_after(ring, now, member, RING_TELL_MIN_MS);
}

/* The near members are told, and who no longer is one: somebody stands between us now. */
static void near_changed(struct ring *ring, struct now now)
{
	ring->near_changed = true;
	for (size_t i = 0; i < count_around(ring, RING_NEAR + 1); i++) {
		struct member *member = around(ring, RING_NEAR + 1, i);

		if (member->has_heard || ring_is_near(ring, &member->id))
			tell_soon(ring, now, member);
	}
}

/* After a list went out: at growing intervals to near members (as in RFC 6206, 4.2: often after a
 * change, seldom without), and to others until it has probably arrived. */
static void tell_again(struct ring *ring, struct now now, struct member *member)
{
	const uint64_t interval_ms =
		ring_doubled(REPEAT_MS, REPEAT_LOG2 * member->lists, RING_TELL_MS);

	member->has_heard = true;
	member->told = now.mono;
	member->lists++;
	if (!ring_is_near(ring, &member->id) && member->lists >= FAR_LISTS)
		alarms_set(&ring->lists, member->handle.index, MONO_NEVER);
	else
		alarms_set(&ring->lists, member->handle.index,
			   ring_after(ring->rng, now, interval_ms));
}

/* It should see us and by its last list it does not: that list is old, or a newer one was lost. It
 * is asked for another one; so is who told none for longer than it takes. */
static bool misses_us(const struct ring *ring, struct now now, const struct member *member)
{
	const bool is_nearest =
		member == met_at(ring, 0) || member == met_at(ring, ring->met.count - 1);

	return is_nearest && !member->sees_us &&
	       (member->has_told || mono_reached(now.mono, mono_add_ms(member->met, LISTEN_MS)));
}

/* Those whom we met around ourselves, without the reader. */
static void list_for(const struct ring *ring, struct now now, const struct member *reader,
		     struct neighbours *ret)
{
	*ret = (struct neighbours){ .asks = misses_us(ring, now, reader) };
	for (size_t i = 0; i < count_around(ring, SIDE_MAX); i++) {
		const struct member *member = around(ring, SIDE_MAX, i);

		if (member != reader)
			ret->ids[ret->count++] = member->id;
	}
}

/* Does who told this list count `whom` among its near members, or would it if it knew it? So it is
 * if on one side fewer than RING_NEAR stand between them of those that it names, and us, whom it
 * does not name to ourselves. */
static bool is_near_to(const struct ring *ring, const struct member *teller,
		       const struct neighbours *list, const struct id *whom)
{
	const struct id its = id_clockwise(whom, &teller->id);
	unsigned before = 0;
	unsigned behind_it = 0;

	for (size_t i = 0; i <= list->count; i++) {
		const struct id *id = i < list->count ? &list->ids[i] : &ring->self;
		const struct id place = id_clockwise(whom, id);

		if (id_is_zero(&place))
			continue;
		if (id_compare(&place, &its) < 0)
			before++;
		else if (id_compare(&place, &its) > 0)
			behind_it++;
	}
	return before < RING_NEAR || behind_it < RING_NEAR;
}

static bool is_named(const struct neighbours *list, const struct id *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (id_equal(&list->ids[i], id))
			return true;
	return false;
}

/* Who has just been met may not have met all the others yet. */
static bool has_settled(const struct member *member, struct now now)
{
	return mono_reached(now.mono, mono_add_ms(member->met, RING_SUSPECT_MS));
}

static void suspect(struct ring *ring, struct now now, struct member *member)
{
	member->is_suspect = has_settled(member, now);
	ring->has_suspects |= member->is_suspect;
}

/* Near members whom a near one should name, and does not. */
static void suspect_unnamed(struct ring *ring, struct now now, const struct member *teller,
			    const struct neighbours *list)
{
	if (!ring_is_near(ring, &teller->id) || !has_settled(teller, now))
		return;
	for (size_t i = 0; i < count_around(ring, RING_NEAR); i++) {
		struct member *member = around(ring, RING_NEAR, i);

		if (member != teller && !is_named(list, &member->id) &&
		    is_near_to(ring, teller, list, &member->id))
			suspect(ring, now, member);
	}
}

/* One of them is gone: whatever took it may have taken others. */
static void suspect_near(struct ring *ring, struct now now)
{
	for (size_t i = 0; i < count_around(ring, RING_NEAR); i++)
		suspect(ring, now, around(ring, RING_NEAR, i));
}

/* Notes the names of those we have not met. True if there are some, and no others. */
static bool note_names(struct ring *ring, struct now now, const struct member *teller,
		       const struct neighbours *list)
{
	bool any_met = false;
	bool any_new = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct id *id = &list->ids[i];
		const struct id place = ring_place(ring, id);
		size_t index;

		if (id_is_zero(&place) || id_is_zero(id) || id_equal(id, &teller->id))
			continue;
		if (member_find(ring, id, &index) != NULL) {
			any_met = true;
			continue;
		}
		any_new = true;
		rumours_hear(&ring->rumours, now, &place, id, &teller->id);
	}
	return any_new && !any_met;
}

int ring_hear(struct ring *ring, struct now now, const struct id *from,
	      const struct neighbours *list)
{
	size_t index;
	struct member *teller = member_find(ring, from, &index);

	CHECK(list->count <= NEIGHBOURS_MAX);
	if (teller == NULL)
		return ERR_DENIED;
	if (mono_reached(now.mono, mono_add_ms(teller->tried_at, NAMED_MS)))
		teller->tried = 0;
	const bool all_unknown = teller->tried < NAMED_MAX && note_names(ring, now, teller, list);

	teller->has_told = true;
	teller->sees_us = is_near_to(ring, teller, list, &ring->self);
	suspect_unnamed(ring, now, teller, list);
	if (teller->by_address && teller->linked && all_unknown && !teller->sees_us)
		set_foreign(ring, teller, true);
	teller->by_address = false;
	/* It takes us for near; our list shows it whether that is mutual. */
	if (!teller->has_heard)
		tell_soon(ring, now, teller);
	else if (list->asks)
		tell_after(ring, now, teller, RING_ASKED_MS);
	review(ring, now);
	return 0;
}

/* Members */

static void set_linked(struct ring *ring, struct member *member, bool linked)
{
	const struct id place = ring_place(ring, &member->id);
	bool there;
	const size_t index = circle_find(&ring->links, &place, &there);

	if (linked && !there)
		circle_add(
			&ring->links, index,
			&(struct spot){ .place = place, .slot = (uint16_t)member->handle.index });
	else if (!linked && there)
		circle_remove(&ring->links, index);
	if (!linked)
		set_foreign(ring, member, false);
	member->linked = linked;
}

/* At this index of the circle; NULL if there is no room, or no memory. */
static struct member *add(struct ring *ring, struct now now, const struct ring_member *from,
			  size_t index)
{
	const size_t count = ring->met.count + 1;
	struct spot spot = { .place = ring_place(ring, &from->id) };
	struct handle handle;

	if (pool_reserve(&ring->members) != 0 ||
	    alarms_grow(&ring->lists, pool_room(&ring->members)) != 0 ||
	    circle_reserve(&ring->met, count) != 0 || circle_reserve(&ring->links, count) != 0)
		return NULL;
	struct member *member = pool_take(&ring->members, &handle);

	CHECK(member != NULL);
	*member = (struct member){
		.id = from->id, .handle = handle, .met = now.mono, .by_address = from->linked
	};
	spot.slot = (uint16_t)handle.index;
	circle_add(&ring->met, index, &spot);
	rumours_met(&ring->rumours, &spot.place);
	return member;
}

int ring_met(struct ring *ring, struct now now, const struct ring_member *member)
{
	size_t index;
	struct member *known = member_find(ring, &member->id, &index);
	const bool is_new = known == NULL;

	if (id_is_zero(&member->id) || id_equal(&member->id, &ring->self))
		return ERR_DENIED;
	if (is_new)
		known = add(ring, now, member, index);
	if (known == NULL)
		return ERR_FULL;
	known->rtt_us = member->rtt_us;
	known->doubted = member->doubted;
	set_linked(ring, known, member->linked);
	if (is_new && is_near_at(ring, index))
		near_changed(ring, now);
	else if (is_new && known->by_address)
		tell_soon(ring, now, known);
	review(ring, now);
	return 0;
}

void ring_left(struct ring *ring, struct now now, const struct id *id)
{
	size_t index;
	struct member *member = member_find(ring, id, &index);

	if (member == NULL)
		return;
	const bool was_near = is_near_at(ring, index);
	const bool is_missed = was_near && has_settled(member, now);

	set_linked(ring, member, false);
	alarms_set(&ring->lists, member->handle.index, MONO_NEVER);
	circle_remove(&ring->met, index);
	rumours_left(&ring->rumours, id);
	shortcuts_left(&ring->shortcuts, now, id);
	pool_give(&ring->members, member->handle);
	if (is_missed)
		suspect_near(ring, now);
	if (was_near)
		near_changed(ring, now);
	review(ring, now);
}

void ring_failed(struct ring *ring, struct now now, const struct id *id)
{
	const struct id place = ring_place(ring, id);
	size_t index;
	struct member *asked = member_find(ring, &ring->asked_via, &index);

	if (!id_is_zero(&place))
		rumours_failed(&ring->rumours, now, &place);
	else if (asked != NULL && asked->linked && asked->asked > 0 && asked->asked < ASKED_MAX)
		set_foreign(ring, asked, true);
	review(ring, now);
}

void ring_disbelieve(struct ring *ring, struct now now, const struct id *id,
		     const struct id *teller)
{
	const struct id place = ring_place(ring, id);

	rumours_unheard(&ring->rumours, now, &place, teller);
	review(ring, now);
}

size_t ring_link_count(const struct ring *ring)
{
	return ring->links.count;
}

size_t ring_timer_count(const struct ring *ring)
{
	return ring->lists.count;
}

static struct member *any_link(const struct ring *ring)
{
	const size_t index = rng_between(ring->rng, 0, ring->links.count - 1);

	return ring_member_at(ring, ring->links.spots[index].slot);
}

/* What it wants */

/* A member that may stand on another ring; else the nearest one that does not see us, since whoever
 * stands between us is to be found from there; that in vain, anybody. */
static struct member *whom_to_ask(const struct ring *ring)
{
	const struct spot *links = ring->links.spots;

	for (size_t i = 0; ring->foreign > 0 && i < ring->links.count; i++)
		if (ring_member_at(ring, links[i].slot)->foreign)
			return ring_member_at(ring, links[i].slot);
	for (size_t side = 0; ring->joins % 2 == 0 && side < 2; side++) {
		struct member *nearest = met_at(ring, side == 0 ? 0 : ring->met.count - 1);

		if (nearest->linked && !nearest->sees_us)
			return nearest;
	}
	return any_link(ring);
}

/* Names that we heard and have not tried are the shorter way, but not for ever: whoever names
 * others without end must not keep us from asking. */
static struct mono join_due(const struct ring *ring)
{
	const struct mono due = ask_due(ring);
	const struct mono patience = mono_add_ms(ring->wanting, NAMES_MS);

	return ring->rumours.wanted > 0 && !mono_reached(due, patience) ? patience : due;
}

/* Nobody may stand between us at all: a list was lost. */
static void ask_who_misses_us(struct ring *ring, struct now now)
{
	for (size_t side = 0; ring->joins > 0 && side < 2; side++) {
		struct member *nearest = met_at(ring, side == 0 ? 0 : ring->met.count - 1);

		if (misses_us(ring, now, nearest))
			tell_soon(ring, now, nearest);
	}
}

static bool poll_join(struct ring *ring, struct now now, struct ring_output *ret)
{
	uint64_t quiet_ms = RING_TRY_MS;
	struct member *via;

	if (!mono_reached(now.mono, join_due(ring)))
		return false;
	via = whom_to_ask(ring);
	if (via->foreign)
		via->asked++;
	set_foreign(ring, via, false);
	if (!stands(ring)) {
		ask_who_misses_us(ring, now);
		quiet_ms = ring_doubled(RING_TRY_MS, ring->joins, RING_JOIN_MAX_MS);
		ring->joins++;
	}
	ring->quiet = ring_after(ring->rng, now, quiet_ms);
	ring->asked_via = via->id;
	*ret = (struct ring_output){ .kind = RING_JOIN, .via = via->id };
	review(ring, now);
	return true;
}

static bool poll_wants(struct ring *ring, struct now now, struct ring_output *ret)
{
	struct rumour_try wanted;
	struct member *teller;
	size_t index;

	if (!rumours_poll(&ring->rumours, now, &wanted))
		return false;
	*ret = (struct ring_output){
		.kind = RING_WANT, .id = wanted.id, .via = wanted.via, .teller = wanted.teller
	};
	teller = member_find(ring, &wanted.teller, &index);
	if (teller != NULL && teller->tried++ == 0)
		teller->tried_at = now.mono;
	return true;
}

/* Somebody whom we have met and who stands within a mean gap of the key: to ask the ring would lead
 * to him, or beside him. */
static const struct member *known_beside(const struct ring *ring, const struct id *key)
{
	const struct id place = ring_place(ring, key);
	bool there;
	const size_t from = circle_find(&ring->met, &place, &there);

	for (size_t i = 0; i < 2 && ring->met.count > 0; i++) {
		const size_t index = (from + ring->met.count - i) % ring->met.count;
		const struct member *member = met_at(ring, index);
		const struct id its = id_distance(&member->id, key);

		if (id_compare(&its, &ring->gap) <= 0)
			return member;
	}
	return NULL;
}

/* Answers in time; a relayed or routed way, or none, is slower than any. */
static bool is_faster(const struct ring *ring, const struct id *a, const struct id *b)
{
	size_t index;
	const struct member *one = member_find(ring, a, &index);
	const struct member *other = member_find(ring, b, &index);

	if (one == NULL || !one->linked || one->rtt_us == 0)
		return false;
	return other == NULL || !other->linked || other->rtt_us == 0 || one->rtt_us < other->rtt_us;
}

static bool poll_shortcuts(struct ring *ring, struct now now, struct ring_output *ret)
{
	struct id member, rival;

	while (shortcuts_rivals(&ring->shortcuts, now, &member, &rival))
		shortcuts_decide(&ring->shortcuts, now,
				 is_faster(ring, &rival, &member) ? &member : &rival);
	*ret = (struct ring_output){ .kind = RING_SEEK };
	while (stands(ring) && shortcuts_poll(&ring->shortcuts, now, &ret->id)) {
		const struct member *known = known_beside(ring, &ret->id);

		if (known == NULL)
			return true;
		shortcuts_sought(&ring->shortcuts, now, &ret->id, &known->id);
	}
	return false;
}

/* Ids are drawn by lot, so members stand everywhere about as densely as around us: that nobody is
 * within RING_SPARSE mean gaps on either side has a chance of e^-32, and of e^-6 if our near ones
 * happen to stand five times as densely as others. */
static bool is_plausible(const struct ring *ring, const struct id *key, const struct id *found)
{
	const struct id way = id_distance(key, found);
	const uint32_t most = id_log2(&ring->gap) + RING_SPARSE_LOG * ID_LOG_ONE;

	return id_is_zero(&ring->gap) || id_log2(&way) <= most;
}

void ring_sought(struct ring *ring, struct now now, const struct id *key, const struct id *found)
{
	size_t index;

	if (found != NULL && member_find(ring, found, &index) == NULL)
		found = NULL; /* it has left again */
	if (found != NULL && !SECCHECK(SEC_SOUGHT_DENSITY, is_plausible(ring, key, found)))
		found = NULL; /* many stand nearer: another key is tried, which goes by others */
	shortcuts_sought(&ring->shortcuts, now, key, found);
}

static bool poll_lists(struct ring *ring, struct now now, struct ring_output *ret)
{
	uint32_t slot;

	if (!mono_reached(now.mono, alarms_first(&ring->lists, &slot)))
		return false;
	struct member *member = ring_member_at(ring, (uint16_t)slot);

	*ret = (struct ring_output){ .kind = RING_TELL, .id = member->id };
	list_for(ring, now, member, &ret->list);
	tell_again(ring, now, member);
	return true;
}

static bool poll_suspects(struct ring *ring, struct ring_output *ret)
{
	for (size_t i = 0; ring->has_suspects && i < count_around(ring, RING_NEAR); i++) {
		struct member *member = around(ring, RING_NEAR, i);

		if (!member->is_suspect)
			continue;
		member->is_suspect = false;
		*ret = (struct ring_output){ .kind = RING_CHECK, .id = member->id };
		return true;
	}
	ring->has_suspects = false;
	return false;
}

bool ring_poll(struct ring *ring, struct now now, struct ring_output *ret)
{
	if (ring->near_changed) {
		ring->near_changed = false;
		*ret = (struct ring_output){ .kind = RING_NEAR_CHANGED };
		return true;
	}
	if (poll_lists(ring, now, ret) || poll_suspects(ring, ret))
		return true;
	return poll_wants(ring, now, ret) || poll_join(ring, now, ret) ||
	       poll_shortcuts(ring, now, ret);
}

struct mono ring_deadline(const struct ring *ring)
{
	uint32_t slot;
	struct mono next = alarms_first(&ring->lists, &slot);

	if (ring->near_changed || ring->has_suspects)
		return (struct mono){ .us = 0 };
	next = mono_min(next, rumours_deadline(&ring->rumours));
	if (stands(ring))
		next = mono_min(next, shortcuts_deadline(&ring->shortcuts));
	return mono_min(next, join_due(ring));
}
