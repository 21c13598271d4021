/* node_need.c - see node_need.h. */
#include "node/node_internal.h"

#include "base/check.h"
#include "node/carrier.h"

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

/* The only writer of need->state. */
static void set_state(struct need *need, struct now now, enum need_state next)
{
	static const bool allowed[NEED_STATES][NEED_STATES] = {
		[NEED_HOLDS] = { [NEED_DOUBTS] = true },
		[NEED_DOUBTS] = { [NEED_HOLDS] = true, [NEED_ASKS] = true },
		[NEED_ASKS] = { [NEED_HOLDS] = true },
	};
	CHECK(allowed[need->state][next]);
	*need = (struct need){
		.state = next, .look = need->look, .since = now.mono, .held = need->held
	};
}

void need_begin(struct need *need, struct now now)
{
	*need = (struct need){ .state = NEED_HOLDS, .look = mono_add_ms(now.mono, NEED_FIRST_MS) };
}

void need_ended(struct need *need, struct now now)
{
	need->look = mono_min(need->look, mono_add_ms(now.mono, NEED_FIRST_MS));
}

static struct mono next_look(const struct need *need, struct now now)
{
	return mono_add_ms(now.mono, (uint64_t)NEED_LOOK_MS << need->held);
}

/* Until the next table forward/ gives us its packets all the same. */
static void hold(struct node *node, struct now now, struct peer *peer)
{
	set_state(&peer->need, now, NEED_HOLDS);
	table_soon(node, now);
}

static void ask(struct node *node, struct now now, struct peer *peer)
{
	peer->need.asks++;
	peer->need.since = now.mono;
	(void)send_to_peer(node, now, peer, FRAME_RELEASE, (struct span){ 0 });
}

/* The way there is known, and it was open a moment ago. */
static void dial(struct node *node, struct now now, const struct peer *peer)
{
	const struct target target = { .kind = TARGET_EXACT, .id = peer->id };
	const struct way way = peer_way(peer);
	const struct endpoint local = carrier_any_local(&way.remote);
	const struct carrier carrier = way.kind == WAY_DIRECT ? carrier_of(&local, &way.remote)
							      : carrier_to(&peer->id, &peer->via);
	struct handle unused;

	(void)sessions_dial(node->sessions, now, &target, &carrier, &unused); /* or RELEASE does */
}

static struct mono answer_due(const struct peer *peer)
{
	const uint64_t patience_us = paths_patience_us(&peer->paths);
	const uint64_t calm_us = NEED_ANSWER_MS * UINT64_C(1000);

	return mono_add_us(peer->need.since, peer->need.packet_waits || patience_us > calm_us
						     ? patience_us
						     : calm_us);
}

static void ask_again(struct node *node, struct now now, struct peer *peer)
{
	if (peer->need.asks == NEED_ASKS_MAX) {
		sessions_close(node->sessions, now, peer->session, FRAME_CLOSE_UNNEEDED);
		return;
	}
	if (peer->need.packet_waits && !peer->need.dialled) {
		peer->need.dialled = true;
		dial(node, now, peer);
	}
	ask(node, now, peer);
}

struct mono need_deadline(const struct peer *peer)
{
	switch (peer->need.state) {
	case NEED_HOLDS:
		return peer->need.look;
	case NEED_DOUBTS:
		return mono_add_ms(peer->need.since, TABLE_SOON_MS);
	case NEED_ASKS:
		return answer_due(peer);
	case NEED_STATES:
		break;
	}
	UNREACHABLE();
}

void need_tick(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	CHECK(peer != NULL);
	if (!mono_reached(now.mono, need_deadline(peer)))
		return;
	if (peer->need.state == NEED_ASKS) {
		ask_again(node, now, peer);
	} else if (is_needed(node, now, peer, handle)) {
		if (peer->need.state == NEED_DOUBTS)
			hold(node, now, peer);
		peer->need.held = 0;
		peer->need.look = next_look(&peer->need, now);
	} else if (peer->need.state == NEED_HOLDS) {
		set_state(&peer->need, now, NEED_DOUBTS);
		peer->need.look = next_look(&peer->need, now);
		table_soon(node, now);
	} else {
		set_state(&peer->need, now, NEED_ASKS);
		ask(node, now, peer);
	}
}

bool need_admits(struct node *node, struct now now, struct peer *peer)
{
	if (peer->need.state == NEED_DOUBTS)
		hold(node, now, peer);
	peer->need.packet_waits = peer->need.state == NEED_ASKS;
	return peer->need.state == NEED_HOLDS;
}

void need_held(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	if (peer == NULL || peer->need.state == NEED_HOLDS)
		return;
	if (peer->need.state == NEED_ASKS && peer->need.held < NEED_HELD_MAX)
		peer->need.held++;
	hold(node, now, peer);
	peer_release(node, handle); /* what waited goes */
}

void need_released(struct node *node, struct now now, const struct channel *channel)
{
	const struct peer *peer = pool_at(&node->peers, channel->peer);

	if (peer == NULL || !handle_equal(peer->session, channel->session))
		return;
	if (is_needed(node, now, peer, channel->peer))
		(void)send_to_peer(node, now, peer, FRAME_HOLD, (struct span){ 0 });
	else
		sessions_close(node->sessions, now, peer->session, FRAME_CLOSE_UNNEEDED);
}
