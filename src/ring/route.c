/* route.c - where a message goes: see ring_next(), ring_beside() and ring_split() in ring.h.
 *
 * Distances are compared between places, not ids: all are turned by the same angle, so nothing
 * changes but that the sorted links need not be translated back.
 */
#include "ring/ring_internal.h"

#include "base/check.h"

#include <string.h>

#define CHOICES 8 /* links that are looked at for one step */
#define STRAY 3   /* of them, by who passes on */
#define BESIDE 4  /* of them, for what leaves twice */

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

/* A message on its way, as seen from here. */
struct step {
	struct aim aim;
	struct id least;            /* a link that leads on is nearer to the aim than this */
	struct id came_from, asker; /* places of links that it must not take; zero: none */
	bool is_ours, takes_any;    /* the latter: its nearest link, however far */
};

/* Links from the nearest to the aim to the farthest: two cursors that walk away from it. */
struct walk {
	size_t up, down; /* indices in links, not reduced */
	size_t left;
};

static const struct member *walk_on(const struct ring *ring, const struct aim *aim,
				    struct walk *walk, struct id *ret_distance)
{
	const size_t count = ring->links.count;

	if (walk->left == 0)
		return NULL;
	const struct spot *up = &ring->links.spots[walk->up % count];
	const struct spot *down = &ring->links.spots[walk->down % count];
	const struct member *upper = ring_member_at(ring, up->slot);
	const struct member *lower = ring_member_at(ring, down->slot);
	const struct id above = distance(aim, &upper->id, &up->place);
	const struct id below = distance(aim, &lower->id, &down->place);
	const bool is_upper = id_compare(&above, &below) <= 0;

	walk->left--;
	if (is_upper)
		walk->up++;
	else
		walk->down--;
	*ret_distance = is_upper ? above : below;
	return is_upper ? upper : lower;
}

/* The links that lead on, nearest first; `doubted` ones only if that is asked for. Returns how many
 * of at most CHOICES there are. */
static size_t choices(const struct ring *ring, const struct step *step, bool doubted,
		      const struct member *ret[CHOICES])
{
	bool there;
	const size_t from = circle_find(&ring->links, &step->aim.place, &there);
	struct walk walk = { .up = from,
			     .down = from + ring->links.count - 1,
			     .left = ring->links.count };
	const struct member *link;
	struct id its;
	size_t count = 0;

	while (count < CHOICES && (link = walk_on(ring, &step->aim, &walk, &its)) != NULL) {
		const struct id place = ring_place(ring, &link->id);

		if (id_equal(&place, &step->came_from) || id_equal(&place, &step->asker) ||
		    link->doubted != doubted)
			continue;
		if (id_compare(&its, &step->least) >= 0 && !(step->takes_any && count == 0))
			break; /* all others are farther */
		ret[count++] = link;
	}
	return count;
}

/* Which of the links that lead on: ours go by another one with each route; who passes a message on
 * does not stray far, and differently from the next, but not from whom it is for. */
static size_t choice(const struct ring *ring, const struct step *step, unsigned route,
		     const struct member *links[], size_t count)
{
	const struct id place = ring_place(ring, &links[0]->id);
	const struct id least = distance(&step->aim, &links[0]->id, &place);

	if (route == 0 || (!step->is_ours && id_is_zero(&least)))
		return 0;
	if (step->is_ours)
		return route % count;
	return (route + ring->self.bytes[ID_BYTES - 1]) % (count < STRAY ? count : STRAY);
}

static enum ring_step step_aside(const struct ring *ring, struct step step, struct id *ret_link)
{
	const struct member *links[CHOICES];

	step.takes_any = true;
	if (choices(ring, &step, false, links) == 0)
		return RING_STUCK;
	*ret_link = links[0]->id;
	return RING_ASIDE;
}

enum ring_step ring_next(const struct ring *ring, const struct routed *routed,
			 const struct id *came_from, struct id *ret_link)
{
	struct step step = { .aim = aim_of(ring, routed), .is_ours = id_is_zero(came_from) };
	const enum target_kind kind = step.aim.kind;
	const bool asks_beside = kind == TARGET_NEAREST && id_equal(&routed->from, &ring->self);
	const struct member *links[CHOICES];
	size_t count;

	step.least = distance(&step.aim, &ring->self, &here);
	if ((kind == TARGET_EXACT && id_equal(&step.aim.id, &ring->self)) ||
	    (kind == TARGET_PREFIX && id_is_zero(&step.least)))
		return RING_HERE;
	if (!step.is_ours)
		step.came_from = ring_place(ring, came_from);
	if (kind == TARGET_NEAREST)
		step.asker = ring_place(ring, &routed->from);
	/* Whoever asks who stands beside it, or does not know its place yet, is not nearer than
	 * anybody; its messages take their first step wherever it leads. */
	step.takes_any = step.is_ours && (asks_beside || !ring_is_settled(ring));
	count = choices(ring, &step, false, links);
	if (count == 0)
		count = choices(ring, &step, true, links);
	if (count > 0) {
		*ret_link = links[choice(ring, &step, routed->route, links, count)]->id;
		return RING_ON;
	}
	if (kind != TARGET_NEAREST && routed->detours > 0 &&
	    step_aside(ring, step, ret_link) == RING_ASIDE)
		return RING_ASIDE;
	return kind == TARGET_EXACT || (asks_beside && step.is_ours) ? RING_STUCK : RING_HERE;
}

bool ring_beside(const struct ring *ring, const struct id *target, const struct id *besides,
		 unsigned choice, struct id *ret_link)
{
	struct step step = { .aim = { .kind = TARGET_EXACT, .id = *target },
			     .came_from = ring_place(ring, target),
			     .asker = ring_place(ring, besides) };
	const struct member *links[CHOICES];
	size_t count;

	step.aim.place = step.came_from;
	memset(step.least.bytes, 0xff, ID_BYTES); /* they need not lead nearer */
	count = choices(ring, &step, false, links);
	if (count == 0)
		count = choices(ring, &step, true, links);
	if (count == 0)
		return false;
	*ret_link = links[choice % (count < BESIDE ? count : BESIDE)]->id;
	return true;
}

/* The links inside the range, from us on: `front` in doubt, then others of which `sound` are in
 * none. */
struct range {
	bool is_mirrored; /* counter-clockwise from us */
	size_t inside, front, sound;
};

static const struct member *link_at(const struct ring *ring, const struct range *range,
				    size_t index)
{
	const size_t at = range->is_mirrored ? ring->links.count - 1 - index : index;

	return ring_member_at(ring, ring->links.spots[at].slot);
}

static struct range range_until(const struct ring *ring, const struct id *until, unsigned route)
{
	const struct id end = ring_place(ring, until);
	struct range range = { .is_mirrored = route >= RING_MIRRORED, .inside = ring->links.count };
	bool there;

	if (!id_is_zero(&end)) {
		const size_t before = circle_find(&ring->links, &end, &there);

		range.inside = range.is_mirrored ? ring->links.count - before - there : before;
	}
	for (size_t i = 0; i < range.inside; i++) {
		if (!link_at(ring, &range, i)->doubted)
			range.sound++;
		else if (range.sound == 0)
			range.front++;
	}
	return range;
}

/* Each of the first RING_SPLITS routes makes the same choice everywhere; of those after them each
 * member makes its own, so that no two routes have all their choices in common. */
static unsigned turn_of(const struct ring *ring, unsigned route)
{
	const unsigned n = route % RING_MIRRORED;

	return (n + n / RING_SPLITS * ring->self.bytes[ID_BYTES - 1]) % RING_SPLITS;
}

/* Which of the sound links has the i-th of so many shares. The first always has one: nobody else
 * would reach those behind it. */
static size_t leader(size_t i, size_t shares, size_t sound, unsigned turn)
{
	CHECK(shares > 0);
	const size_t begin = i * sound / shares;
	const size_t width = (i + 1) * sound / shares - begin;

	return i == 0 ? 0 : begin + turn * width / RING_SPLITS;
}

size_t ring_split(const struct ring *ring, const struct id *until, unsigned route,
		  struct ring_share *ret, size_t max)
{
	const struct range range = range_until(ring, until, route);
	const unsigned turn = turn_of(ring, route);
	const size_t left = range.sound > 0 && max > 0 ? max - 1 : max;
	/* Nobody but us reaches those before the first that is not in doubt. A part of its own
	 * costs a datagram and hides nobody: they are nearest to us, so we know who is between. */
	const size_t front = range.front < left ? range.front : left;
	/* Of each two, at least, one that does not lead by another route does by this one. */
	const size_t most = turn == 0 ? range.sound : (range.sound + 1) / 2;
	const size_t shares = most < max - front ? most : max - front;
	size_t count = 0;
	size_t sound = 0; /* of those before */

	/* A link without a share is a member like others in the part of the link before it. */
	for (size_t i = 0; count < front + shares; i++) {
		const struct member *link = link_at(ring, &range, i);

		if (link->doubted ? i >= front
				  : sound++ != leader(count - front, shares, range.sound, turn))
			continue;
		ret[count].link = link->id;
		ret[count].until = *until;
		if (count > 0)
			ret[count - 1].until = link->id;
		count++;
	}
	return count;
}
