/* node_look.c - see node_look.h. */
#include "node/node_look.h"

#include "node/node_internal.h"

#include <assert.h>

static_assert(NODE_NEAR_MAX == 2 * RING_NEAR, "the ring has another number of near members");

bool node_is_settled(const struct node *node)
{
	return ring_is_settled(node->ring);
}

static struct node_link link_of(const struct node *node, const struct peer *peer)
{
	const struct way way = peer_way(peer);
	struct node_link link = { .id = peer->id, .way = way.kind, .remote = way.remote };
	struct handle unused;
	const struct peer *relay = NULL;

	if (way.kind == WAY_RELAY && way.link > 0)
		relay = pool_slot(&node->peers, way.link - 1, &unused);
	if (relay != NULL)
		link.relay = relay->id;
	return link;
}

static struct node_link link_to(const struct node *node, const struct id *id)
{
	struct handle unused;
	const struct peer *peer = peer_find(node, id, &unused);

	return peer == NULL ? (struct node_link){ .id = *id } : link_of(node, peer);
}

size_t node_near(const struct node *node, struct node_link ret[NODE_NEAR_MAX])
{
	struct id near[NODE_NEAR_MAX];
	const size_t count = ring_near(node->ring, near);

	for (size_t i = 0; i < count; i++)
		ret[i] = link_to(node, &near[i]);
	return count;
}

size_t node_links(const struct node *node, struct node_link *ret, size_t max)
{
	size_t count = 0;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle unused;
		const struct peer *peer = pool_slot(&node->peers, i, &unused);

		if (peer == NULL || !peer_is_linked(peer))
			continue;
		if (count < max)
			ret[count] = link_of(node, peer);
		count++;
	}
	return count;
}

bool node_next(const struct node *node, struct node_step *step, struct node_link *ret)
{
	const struct routed routed = { .kind = ROUTED_DATAGRAM,
				       .detours = step->detours,
				       .target = { TARGET_EXACT, step->to },
				       .from = step->from };
	struct id next;

	switch (ring_next(node->ring, &routed, &step->came_from, &next)) {
	case RING_HERE:
	case RING_STUCK:
		return false;
	case RING_ASIDE:
		step->detours--;
		break;
	case RING_ON:
		break;
	}
	*ret = link_to(node, &next);
	return true;
}
