/* node_remember.c - the members that were near us, for when nobody of the bootstrap lines is there.
 *
 * Newest first. All of them are dialled at once after a start, since whoever answers first brings
 * us back; later each minute, at the latest, one of those that fell silent: that joins two rings
 * which lost sight of each other. While we have no link at all they are dialled in turn, each three
 * seconds at first; after each time round the pause is twice as long, up to that minute, since
 * whoever comes back dials us as well. */
#include "node/node_internal.h"

#include "base/check.h"
#include "node/carrier.h"

#define RETRY_MS 60000
#define RETRY_ALONE_MS 3000 /* the first time round */
#define PATIENCE_MS 3000    /* with one dial, then the next has its turn */
#define PATIENCE_LINKED_MS 1500
#define KEEP_MIN_MS 5000 /* between two KEEPs */

/* False if there is no need, or no way. */
static bool dial(struct node *node, struct now now, const struct node_neighbour *neighbour)
{
	const struct target target = { .kind = TARGET_EXACT, .id = neighbour->id };
	const struct endpoint local = carrier_any_local(&neighbour->endpoint);
	const struct carrier carrier = carrier_of(&local, &neighbour->endpoint);
	struct handle handle;
	const struct peer *peer = peer_find(node, &neighbour->id, &handle);

	if ((peer != NULL && peer_is_up(peer)) ||
	    !candidates_is_probeable(&node->candidates, &neighbour->endpoint))
		return false;
	if (sessions_dial(node->sessions, now, &target, &carrier, &node->retry_session) != 0)
		return false; /* full: later */
	node->retry_expiry = mono_add_ms(
		now.mono, ring_link_count(node->ring) == 0 ? PATIENCE_MS : PATIENCE_LINKED_MS);
	return true;
}

/* It fell silent, or was not met in this life; not if it said goodbye, or we did. Who is named by a
 * line is dialled for that. */
static bool is_lost(const struct node *node, const struct node_neighbour *neighbour)
{
	struct handle handle;
	const struct peer *peer = peer_find(node, &neighbour->id, &handle);

	return peer == NULL || (!peer->is_line && !peer_is_up(peer) && peer->paths.is_dead);
}

/* The next in turn, if there is one. */
static void dial_next(struct node *node, struct now now, bool is_alone)
{
	const uint32_t count = node->config.neighbour_count;
	bool dialled = false;

	for (uint32_t i = 0; i < count && !dialled; i++) {
		const struct node_neighbour *next =
			&node->config.neighbours[node->retry_at++ % count];

		dialled = (is_alone || is_lost(node, next)) && dial(node, now, next);
	}
}

/* Unless a session has come of it. */
static void give_up(struct node *node, struct now now)
{
	const struct channel *channel = channel_of(node, node->retry_session);

	if (channel == NULL || !channel->standing)
		sessions_close(node->sessions, now, node->retry_session, FRAME_CLOSE_IDLE);
	node->retry_expiry = MONO_NEVER;
}

void remember_init(struct node *node, struct now now)
{
	CHECK(node->config.neighbour_count <= NODE_NEIGHBOURS_MAX);
	node->keep_next = now.mono;
	node->retry_next = now.mono;
	node->retry_expiry = MONO_NEVER;
}

/* Moves it to the front; the last goes where there is no room. */
static void note(struct node *node, const struct peer *peer)
{
	struct node_neighbour *list = node->config.neighbours;
	uint32_t at = 0;

	while (at < node->config.neighbour_count && !id_equal(&list[at].id, &peer->id))
		at++;
	if (at == NODE_NEIGHBOURS_MAX)
		at--;
	else if (at == node->config.neighbour_count)
		node->config.neighbour_count++;
	memmove(&list[1], &list[0], at * sizeof(list[0]));
	list[0] = (struct node_neighbour){ .id = peer->id, .endpoint = peer_way(peer).remote };
}

static void note_near(struct node *node)
{
	struct id near[2 * RING_NEAR];
	const size_t count = ring_near(node->ring, near);

	for (size_t i = 0; i < count; i++) {
		struct handle handle;
		const struct peer *peer = peer_find(node, &near[i], &handle);

		if (peer != NULL && peer_way(peer).kind == WAY_DIRECT)
			note(node, peer);
	}
}

void remember_host_changed(struct node *node, struct now now)
{
	node->retries_alone = 0;
	node->retried_all = false;
	node->retry_next = now.mono;
}

/* At random: those who lost each other together do not all wait for the same moment. */
static uint64_t pause_linked_ms(struct node *node)
{
	return RETRY_MS - rng_between(&node->rng, 0, RETRY_MS / 2);
}

/* While we are alone: until the next of them is dialled. */
static uint64_t pause_alone_ms(struct node *node)
{
	uint64_t ms = RETRY_ALONE_MS;

	for (uint32_t at = node->retries_alone++; at >= node->config.neighbour_count;
	     at -= node->config.neighbour_count) {
		ms *= 2;
		if (ms >= RETRY_MS)
			return RETRY_MS;
	}
	return ms;
}

void remember_tick(struct node *node, struct now now)
{
	const uint32_t count = node->config.neighbour_count;
	const bool is_alone = ring_link_count(node->ring) == 0;

	if (mono_reached(now.mono, node->retry_expiry))
		give_up(node, now);
	if (node->shutting_down || count == 0)
		return;
	if (!is_alone)
		node->retries_alone = 0;
	else if (node->retries_alone == 0)
		node->retry_next =
			mono_min(node->retry_next, mono_add_ms(now.mono, RETRY_ALONE_MS));
	if (!mono_reached(now.mono, node->retry_next))
		return;
	node->retry_next =
		mono_add_ms(now.mono, is_alone ? pause_alone_ms(node) : pause_linked_ms(node));
	if (!node->retried_all) {
		node->retried_all = true;
		for (uint32_t i = 0; i < count; i++)
			(void)dial(node, now, &node->config.neighbours[i]);
	} else {
		dial_next(node, now, is_alone);
	}
}

bool remember_poll(struct node *node, struct now now, struct node_action *ret)
{
	if (!node->keep_wanted || !mono_reached(now.mono, node->keep_next))
		return false;
	node->keep_wanted = false;
	node->keep_next = mono_add_ms(now.mono, KEEP_MIN_MS);
	note_near(node);
	*ret = (struct node_action){ .kind = NODE_KEEP };
	memcpy(ret->keep.neighbours, node->config.neighbours, sizeof(ret->keep.neighbours));
	ret->keep.count = node->config.neighbour_count;
	return ret->keep.count > 0;
}

struct mono remember_deadline(const struct node *node)
{
	struct mono deadline = node->retry_expiry;

	if (node->shutting_down)
		return MONO_NEVER;
	if (node->config.neighbour_count > 0)
		deadline = mono_min(deadline, node->retry_next);
	return node->keep_wanted ? mono_min(deadline, node->keep_next) : deadline;
}
