/* watch_hostile.c - members that hold a valid certificate and play foul: see watch.h.
 *
 *     drop       carries no message of others, nor their questions to all
 *     misroute   sends what it should carry to any of its links, whichever
 *     lie        names as its neighbours whomever it likes
 *     collude    carries messages among the hostile; drops those for members who stand beside them,
 *                and names only hostile ones as its neighbours
 *
 * In their own affairs they behave, or nobody would keep a link to them.
 */
#include "prog/ipop-sim/watch_internal.h"

#include "node/node_internal.h"
#include "sim/streams.h"

#define LINKS 64 /* of these it takes one */

static struct {
	bool any;
	enum script_hostile how;
	bool ends_broadcast; /* the one that it takes right now */
	struct rng rng;
} hostile;

void hostile_begin(const struct play *play)
{
	const struct script_statement *s = script_find(play->config.script, SCRIPT_HOSTILE);

	hostile.any = s != NULL;
	hostile.how = s == NULL ? SCRIPT_DROP : (enum script_hostile)s->choice;
	stream_init(&hostile.rng, play->config.seed, STREAM_HOSTILE, 0);
}

/* Whether the member whose machine runs plays foul in this way. */
static bool plays(enum script_hostile how)
{
	const struct member *self = hostile.any ? watched_member() : NULL;

	return self != NULL && self->hostile && hostile.how == how;
}

/* Any member of the network that is hostile. */
static const struct member *any_hostile(const struct crowd *crowd)
{
	for (;;) { /* there is one: it runs */
		const struct member *m =
			&crowd->members[rng_between(&hostile.rng, 0, crowd->count - 1)];

		if (m->hostile)
			return m;
	}
}

static bool is_hostile(const struct id *id)
{
	const struct crowd *crowd = &watched_play()->crowd;
	const uint32_t i = crowd_find(crowd, id);

	return i != CROWD_NOBODY && crowd->members[i].hostile;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
enum ring_step __real_ring_next(const struct ring *ring, const struct routed *routed,
				const struct id *came_from, struct id *ret_link);

/* It neither is for this member nor passes it as its via. */
static bool is_for_others(const struct node *node, const struct peer *link,
			  const struct routed *routed)
{
	const struct id *self = &node->certificate.id;
	struct id next;

	if (id_equal(&routed->to_via, self))
		return false;
	if (routed->target.kind == TARGET_PREFIX)
		return !id_prefix_equal(&routed->target.id, self);
	return __real_ring_next(node->ring, routed, &link->id, &next) != RING_HERE;
}

int __real_overlay_routed(struct node *node, struct now now, struct peer *link,
			  struct span payload);
int __wrap_overlay_routed(struct node *node, struct now now, struct peer *link,
			  struct span payload);

int __wrap_overlay_routed(struct node *node, struct now now, struct peer *link, struct span payload)
{
	const bool drops = plays(SCRIPT_DROP);
	struct routed routed;

	if ((drops || plays(SCRIPT_COLLUDE)) && routed_decode(payload, &routed) == 0 &&
	    is_for_others(node, link, &routed) &&
	    (drops || (!is_hostile(&routed.target.id) && !is_hostile(&routed.from))))
		return 0;
	return __real_overlay_routed(node, now, link, payload);
}

int __real_broadcast_take(struct node *node, struct now now, struct peer *link,
			  struct span payload);
int __wrap_broadcast_take(struct node *node, struct now now, struct peer *link,
			  struct span payload);

/* It answers what it is asked itself, and nobody behind it hears the question. */
int __wrap_broadcast_take(struct node *node, struct now now, struct peer *link, struct span payload)
{
	int err;

	hostile.ends_broadcast = plays(SCRIPT_DROP) || plays(SCRIPT_COLLUDE);
	err = __real_broadcast_take(node, now, link, payload);
	hostile.ends_broadcast = false;
	return err;
}

size_t __real_ring_split(const struct ring *ring, const struct id *until, unsigned route,
			 struct ring_share *ret, size_t max);
size_t __wrap_ring_split(const struct ring *ring, const struct id *until, unsigned route,
			 struct ring_share *ret, size_t max);

size_t __wrap_ring_split(const struct ring *ring, const struct id *until, unsigned route,
			 struct ring_share *ret, size_t max)
{
	return hostile.ends_broadcast ? 0 : __real_ring_split(ring, until, route, ret, max);
}

enum ring_step __wrap_ring_next(const struct ring *ring, const struct routed *routed,
				const struct id *came_from, struct id *ret_link);

enum ring_step __wrap_ring_next(const struct ring *ring, const struct routed *routed,
				const struct id *came_from, struct id *ret_link)
{
	const enum ring_step step = __real_ring_next(ring, routed, came_from, ret_link);
	struct node_link links[LINKS];
	size_t count;

	if (step != RING_ON || !plays(SCRIPT_MISROUTE) || id_is_zero(came_from))
		return step;
	count = node_links(node_host_node(watched_member()->node), links, LINKS);
	count = count < LINKS ? count : LINKS;
	if (count > 0) /* also back to where it came from */
		*ret_link = links[rng_between(&hostile.rng, 0, count - 1)].id;
	return step;
}

void __real_neighbours_encode(const struct neighbours *list, struct writer *w);
void __wrap_neighbours_encode(const struct neighbours *list, struct writer *w);

void __wrap_neighbours_encode(const struct neighbours *list, struct writer *w)
{
	struct neighbours told = *list;

	if (plays(SCRIPT_LIE)) /* places where nobody stands, all around */
		for (unsigned i = 0; i < told.count; i++)
			rng_bytes(&hostile.rng, told.ids[i].bytes, ID_BYTES);
	if (plays(SCRIPT_COLLUDE))
		for (unsigned i = 0; i < told.count; i++)
			told.ids[i] = any_hostile(&watched_play()->crowd)->identity.certificate.id;
	__real_neighbours_encode(&told, w);
}

int __real_ring_met(struct ring *ring, struct now now, const struct ring_member *member);
int __wrap_ring_met(struct ring *ring, struct now now, const struct ring_member *member);

/* Of watch_plant.c: a member that overlooks others is one that we planted. */
int __wrap_ring_met(struct ring *ring, struct now now, const struct ring_member *member)
{
	const struct member *self = watched_member();

	if (self != NULL && plant_overlooks(self, &member->id))
		return 0;
	return __real_ring_met(ring, now, member);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
