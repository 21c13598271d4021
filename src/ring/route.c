/* route.c - where a message goes: see ring_next() and ring_split() in ring.h.
 *
 * Distances are compared between places, not ids: all are turned by the same angle, so nothing
 * changes but that the sorted links need not be translated back.
 */
#include "ring/ring_internal.h"

#include "base/check.h"

static const struct id here; /* our own place: zero */

/* What a message looks for. */
struct aim {
	enum target_kind kind;
	struct id id, place;
};

/* The aim on this part of the way: the via, until it was reached. */
static struct aim aim_of(const struct ring *ring, const struct routed *routed)
{
	struct aim aim = { .kind = routed->target.kind, .id = routed->target.id };

	if (!id_is_zero(&routed->to_via) && !id_equal(&routed->to_via, &ring->self))
		aim = (struct aim){ .kind = TARGET_EXACT, .id = routed->to_via };
	aim.place = ring_place(ring, &aim.id);
	return aim;
}

/* How far a member is from it. Who has the prefix is there; there is at most one. */
static struct id distance(const struct aim *aim, const struct id *id, const struct id *place)
{
	if (aim->kind == TARGET_PREFIX && id_prefix_equal(&aim->id, id))
		return here;
	return id_distance(&aim->place, place);
}

/* The links that a message must not take; a zero place excludes nobody, as it is our own. */
struct excluded {
	struct id came_from, asker;
};

static bool is_excluded(const struct excluded *excluded, const struct id *place)
{
	return id_equal(place, &excluded->came_from) || id_equal(place, &excluded->asker);
}

/* The first link on one side of the aim, which belongs at the index `from`; NULL if there is none.
 * The nearest of all is the nearer one of the two: behind each of them there is nobody but who is
 * farther. */
static const struct spot *beside(const struct ring *ring, size_t from, bool clockwise,
				 const struct excluded *excluded)
{
	const size_t count = ring->links.count;

	for (size_t i = 0; i < count; i++) {
		const size_t index = clockwise ? from + i : from + count - 1 - i;
		const struct spot *spot = &ring->links.spots[index % count];

		if (!is_excluded(excluded, &spot->place))
			return spot;
	}
	return NULL;
}

enum ring_step ring_next(const struct ring *ring, const struct routed *routed,
			 const struct id *came_from, struct id *ret_link)
{
	const struct aim aim = aim_of(ring, routed);
	const bool is_ours = id_is_zero(came_from);
	const bool asks_beside = aim.kind == TARGET_NEAREST && id_equal(&routed->from, &ring->self);
	struct excluded excluded = { .came_from = here, .asker = here };
	const struct member *best = NULL;
	struct id least;

	if (aim.kind == TARGET_EXACT && id_equal(&aim.id, &ring->self))
		return RING_HERE;
	if (!is_ours)
		excluded.came_from = ring_place(ring, came_from);
	if (aim.kind == TARGET_NEAREST)
		excluded.asker = ring_place(ring, &routed->from);

	least = distance(&aim, &ring->self, &here);
	if (aim.kind == TARGET_PREFIX && id_is_zero(&least))
		return RING_HERE;
	/* Whoever asks who stands beside it, or does not know its place yet, is not nearer than
	 * anybody; its messages take their first step wherever it leads. */
	const bool takes_any = is_ours && (asks_beside || !ring_is_settled(ring));

	bool there;
	const size_t from = circle_find(&ring->links, &aim.place, &there);

	for (unsigned side = 0; side < 2; side++) {
		const struct spot *spot = beside(ring, from, side == 0, &excluded);

		if (spot == NULL)
			break;
		const struct member *link = ring_member_at(ring, spot->slot);
		const struct id its = distance(&aim, &link->id, &spot->place);

		if ((takes_any && best == NULL) || id_compare(&its, &least) < 0) {
			best = link;
			least = its;
		}
	}
	if (best == NULL)
		return aim.kind == TARGET_EXACT || (asks_beside && is_ours) ? RING_STUCK
									    : RING_HERE;
	*ret_link = best->id;
	return RING_ON;
}

size_t ring_split(const struct ring *ring, const struct id *until, struct ring_share *ret,
		  size_t max)
{
	const struct id end = ring_place(ring, until);
	bool there;
	const size_t inside =
		id_is_zero(&end) ? ring->links.count : circle_find(&ring->links, &end, &there);
	const size_t count = inside < max ? inside : max;

	/* The first link always has a share, as nobody else would reach those before it; a link
	 * without one is a member like others in the part of the link before it. */
	for (size_t i = 0; i < count; i++) {
		const struct spot *spot = &ring->links.spots[i * inside / count];

		ret[i].link = ring_member_at(ring, spot->slot)->id;
		ret[i].until = *until;
		if (i > 0)
			ret[i - 1].until = ret[i].link;
	}
	return count;
}
