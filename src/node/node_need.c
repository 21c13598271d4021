/* node_need.c - see node_need.h. */
#include "node/node_internal.h"

#include "base/check.h"

static bool is_recent(struct now now, struct mono at)
{
	return at.us != 0 && !mono_reached(now.mono, mono_add_ms(at, NEED_IP_MS));
}

static bool is_needed(const struct node *node, struct now now, const struct peer *peer,
		      struct handle handle)
{
	const struct paths_traffic *traffic = &peer->paths.traffic;

	return ring_uses(node->ring, &peer->id) || (peer->is_line && lines_are_needed(node)) ||
	       is_recent(now, traffic->ip_received) || is_recent(now, traffic->ip_sent) ||
	       relaying_with(node, handle);
}

/* From the next table on forward/ gives what it gets for the peer to the node, which keeps it. */
static void let_go(struct node *node, struct now now, struct peer *peer)
{
	peer->lets_go = true;
	peer->releases = 0;
	peer->answer_until = mono_add_ms(now.mono, TABLE_SOON_MS);
	table_soon(node, now);
}

static void ask(struct node *node, struct now now, struct peer *peer)
{
	peer->releases++;
	peer->answer_until = mono_add_ms(now.mono, NEED_ANSWER_MS);
	(void)send_to_peer(node, now, peer, FRAME_RELEASE, (struct span){ 0 });
}

void need_tick(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	CHECK(peer != NULL);
	if (peer->lets_go && mono_reached(now.mono, peer->answer_until)) {
		if (peer->releases == 0 && is_needed(node, now, peer, handle))
			need_held(node, now, handle);
		else if (peer->releases < NEED_ASKS_MAX)
			ask(node, now, peer);
		else
			sessions_close(node->sessions, now, peer->session, FRAME_CLOSE_UNNEEDED);
	}
	if (!mono_reached(now.mono, peer->need_next))
		return;
	peer->need_next = mono_add_ms(now.mono, NEED_LOOK_MS);
	if (!peer->lets_go && !is_needed(node, now, peer, handle))
		let_go(node, now, peer);
}

struct mono need_deadline(const struct peer *peer)
{
	return peer->lets_go ? mono_min(peer->need_next, peer->answer_until) : peer->need_next;
}

void need_held(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	if (peer == NULL || !peer->lets_go)
		return;
	peer->lets_go = false;
	table_soon(node, now);
	peer_release(node, handle); /* what waited goes */
}

void need_released(struct node *node, struct now now, struct handle handle)
{
	const struct peer *peer = pool_at(&node->peers, handle);

	if (peer == NULL || !peer_is_up(peer))
		return;
	if (is_needed(node, now, peer, handle))
		(void)send_to_peer(node, now, peer, FRAME_HOLD, (struct span){ 0 });
	else
		sessions_close(node->sessions, now, peer->session, FRAME_CLOSE_UNNEEDED);
}
