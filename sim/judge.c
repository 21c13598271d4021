/* judge.c - see judge.h. */
#include "sim/judge.h"

#include "base/check.h"

#include <stdlib.h>

#define SIDE_NEAR (NODE_NEAR_MAX / 2)
#define LINKS_MAX NODE_PEERS_MAX

void judge_init(struct judge *judge, const struct crowd *crowd)
{
	*judge = (struct judge){ .crowd = crowd };
	judge->ring = calloc(crowd->count, sizeof(judge->ring[0]));
	judge->links = calloc(LINKS_MAX, sizeof(judge->links[0]));
	CHECK(judge->ring != NULL && judge->links != NULL);
}

void judge_free(struct judge *judge)
{
	free(judge->links);
	free(judge->ring);
	*judge = (struct judge){ 0 };
}

static bool is_link(const struct node_link *link)
{
	return link->way == WAY_DIRECT || link->way == WAY_RELAY;
}

/* NULL, or what is wrong with this link of a member's. */
static const char *check_link(const struct crowd *crowd, uint32_t i, const struct node_link *link)
{
	const struct net *net = world_net(crowd->world);
	const uint32_t other = crowd_find(crowd, &link->id);
	uint32_t holder;

	if (other == CROWD_NOBODY || other == i)
		return "a member has a link with somebody who does not exist";
	if (link->way != WAY_DIRECT)
		return NULL;
	holder = net_holder(net, crowd->members[i].host, &link->remote);
	if (holder == 0 || holder == crowd->members[other].host ||
	    holder == crowd_device(crowd, other))
		return NULL;
	return "a member is taken for another one";
}

const char *judge_check(void *context, uint32_t host)
{
	struct judge *judge = context;
	const struct crowd *crowd = judge->crowd;
	const uint32_t i = crowd->by_host[host];
	const char *violation = NULL;
	size_t count;

	if (judge->steps++ % JUDGE_STEPS != 0 || i == CROWD_NOBODY ||
	    crowd->members[i].node == NULL)
		return NULL;
	count = node_links(node_host_node(crowd->members[i].node), judge->links, LINKS_MAX);
	for (size_t n = 0; n < count && n < LINKS_MAX && violation == NULL; n++)
		violation = check_link(crowd, i, &judge->links[n]);
	return violation;
}

/* Whether the member at this place of the ring of `count` has its true neighbours near, no more and
 * no less. */
static bool is_exact(const struct judge *judge, uint32_t place, uint32_t count,
		     struct judge_ring *sum)
{
	const struct crowd *crowd = judge->crowd;
	const uint32_t others = count - 1 < NODE_NEAR_MAX ? count - 1 : NODE_NEAR_MAX;
	struct node_link near[NODE_NEAR_MAX];
	const struct member *m = &crowd->members[judge->ring[place]];
	const size_t near_count = node_near(node_host_node(m->node), near);
	uint32_t right = 0;

	for (size_t n = 0; n < near_count; n++) {
		sum->near += is_link(&near[n]);
		sum->near_relayed += near[n].way == WAY_RELAY;
		for (uint32_t k = 0; k < others; k++) {
			/* Its neighbours: SIDE_NEAR behind, then those before. */
			const uint32_t step = k < SIDE_NEAR ? k + 1 : count - (k - SIDE_NEAR + 1);
			const uint32_t other = judge->ring[(place + step) % count];

			right += is_link(&near[n]) &&
				 id_equal(&near[n].id,
					  &crowd->members[other].identity.certificate.id);
		}
	}
	return right == others && near_count == others;
}

static void judge_side(struct judge *judge, uint8_t side, struct judge_ring *sum)
{
	const struct crowd *crowd = judge->crowd;
	uint32_t count = 0;

	for (uint32_t i = 0; i < crowd->count; i++) {
		const uint32_t m = crowd->by_id[i];

		if (crowd_is_up(crowd, m) && crowd->members[m].side == side)
			judge->ring[count++] = m;
	}
	for (uint32_t place = 0; place < count; place++) {
		const struct member *m = &crowd->members[judge->ring[place]];

		sum->settled += node_is_settled(node_host_node(m->node));
		if (is_exact(judge, place, count, sum))
			sum->exact++;
		else if (sum->wrong == CROWD_NOBODY)
			sum->wrong = judge->ring[place];
	}
	sum->up += count;
}

struct judge_ring judge_ring(struct judge *judge)
{
	struct judge_ring sum = { .wrong = CROWD_NOBODY };
	bool seen[NET_SIDES_MAX] = { false };

	for (uint32_t i = 0; i < judge->crowd->count; i++) {
		const uint8_t side = judge->crowd->members[i].side;

		if (!seen[side])
			judge_side(judge, side, &sum);
		seen[side] = true;
	}
	return sum;
}

bool judge_is_pair(const struct judge *judge, uint32_t from, uint32_t to)
{
	const struct crowd *crowd = judge->crowd;

	return from != to && crowd_is_up(crowd, from) && crowd_is_up(crowd, to) &&
	       crowd->members[from].side == crowd->members[to].side;
}

/* The time over one link: straight, or by its relay. */
static uint64_t link_us(const struct crowd *crowd, uint32_t from, uint32_t to,
			const struct node_link *link)
{
	const struct net *net = world_net(crowd->world);
	const struct member *members = crowd->members;
	const uint32_t relay =
		link->way == WAY_RELAY ? crowd_find(crowd, &link->relay) : CROWD_NOBODY;

	if (relay == CROWD_NOBODY)
		return net_delay_us(net, members[from].host, members[to].host);
	return net_delay_us(net, members[from].host, members[relay].host) +
	       net_delay_us(net, members[relay].host, members[to].host);
}

static struct judge_walk lost(struct judge_walk walk, uint32_t at, const char *reason)
{
	walk.lost_at = at;
	walk.reason = reason;
	return walk;
}

struct judge_walk judge_walk(const struct judge *judge, uint32_t from, uint32_t to)
{
	const struct crowd *crowd = judge->crowd;
	struct node_step step = { .to = crowd->members[to].identity.certificate.id,
				  .from = crowd->members[from].identity.certificate.id,
				  .detours = NODE_DETOURS };
	struct judge_walk walk = { .lost_at = CROWD_NOBODY };
	uint32_t at = from;

	while (walk.hops < JUDGE_HOPS_MAX) {
		struct node_link link;
		uint32_t next;

		if (at == to) {
			walk.arrived = true;
			return walk;
		}
		if (!node_next(node_host_node(crowd->members[at].node), &step, &link))
			return lost(walk, at, "no link is nearer");
		next = crowd_find(crowd, &link.id);
		if (next == CROWD_NOBODY || !is_link(&link))
			return lost(walk, at, "the next is no link");
		if (!crowd_is_up(crowd, next))
			return lost(walk, at, "the next is down");
		if (crowd->members[next].side != crowd->members[at].side)
			return lost(walk, at, "the next is on the other side");
		walk.hops++;
		walk.time_us += link_us(crowd, at, next, &link);
		step.came_from = crowd->members[at].identity.certificate.id;
		at = next;
	}
	return lost(walk, at, "it goes in circles");
}
