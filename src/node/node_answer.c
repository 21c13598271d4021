/* node_answer.c - what users ask of a node, one reply a poll. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>

static void shut_down(struct node *node, struct now now)
{
	node->shutting_down = true;
	lines_stop(node, now);
	for (size_t i = 0; i < node->channels_end; i++)
		if (!handle_is_none(node->channels[i].session))
			sessions_close(node->sessions, now, node->channels[i].session,
				       FRAME_CLOSE_SHUTDOWN);
}

void answer_fail(struct asked *asked, int err, const char *text)
{
	asked->err = err;
	asked->text = text;
}

static void send_ping(struct node *node, struct now now, struct asked *asked,
		      const struct peer *peer)
{
	struct paths_output probe = { .kind = PATHS_PROBE, .way = peer_way(peer) };

	asked->ping_token = /* it goes by the way in use: paths.h */
		(rng_u64(&node->rng) & FRAME_TOKEN_MAX) | 1;
	asked->sent = now.mono;
	probe.token = asked->ping_token;
	frames_probe(node, now, peer, &probe);
}

/* Why a peer that is not up is not there; `err` is that of the wish for it. A ping of a member that
 * this host has not met since it started is as unanswered as that of one it knows. */
static void fail_absent(struct asked *asked, const struct peer *peer, int err)
{
	const int unanswered = asked->verb == NODE_PING ? ERR_TIMEOUT : ERR_NOT_FOUND;

	if (peer != NULL)
		answer_fail(asked, ERR_TIMEOUT, peer->why);
	else if (err == ERR_MALFORMED)
		answer_fail(asked, ERR_NOT_FOUND, "that is no member's name, address or id");
	else if (err == ERR_NOT_FOUND)
		answer_fail(asked, unanswered, "no other member is there to be asked for it");
	else
		answer_fail(asked, unanswered, "nobody answers to that name, address or id");
}

struct peer *answer_peer(struct node *node, struct now now, struct asked *asked)
{
	struct peer *peer = peer_by_text(node, asked->peer_text, &asked->peer);

	if (peer_is_self(node, asked->peer_text)) {
		answer_fail(asked, ERR_UNSUPPORTED,
			    asked->verb == NODE_PING
				    ? "that is this host itself; ping another member"
				    : "that is this host itself; name another member");
		return NULL;
	}
	if (peer != NULL && (peer_is_up(peer) || asked->verb == NODE_WHO))
		return peer;
	if (!asked->wished) {
		const int err = wish_for_text(node, now, asked->peer_text);

		asked->wished = err == 0;
		if (err != 0 && err != ERR_FULL) /* full: in one of the next turns */
			fail_absent(asked, peer, err);
	}
	if (mono_reached(now.mono, mono_add_ms(asked->at, NODE_PING_MS)))
		fail_absent(asked, peer, 0);
	return NULL;
}

/* Sends the probe once the peer is up. */
static void try_ping(struct node *node, struct now now, struct asked *asked)
{
	const struct peer *peer = answer_peer(node, now, asked);

	if (peer != NULL)
		send_ping(node, now, asked, peer);
}

bool answer_is_late(const struct asked *asked, struct now now)
{
	return mono_reached(now.mono, mono_add_ms(asked->sent, NODE_PING_MS));
}

int answer_request(struct node *node, struct now now, const struct node_event *event)
{
	for (size_t i = 0; i < ASKED_MAX; i++) {
		struct asked *asked = &node->asked[i];

		if (asked->used)
			continue;
		free(asked->who); /* of the question before, which was answered */
		*asked = (struct asked){ .used = true,
					 .token = event->request.token,
					 .verb = event->request.verb,
					 .route = event->request.route,
					 .at = now.mono };
		memcpy(asked->peer_text, event->request.peer, sizeof(asked->peer_text));
		if (asked->verb == NODE_SHUTDOWN)
			shut_down(node, now);
		return 0;
	}
	return ERR_FULL;
}

void answer_pong(struct node *node, struct now now, uint64_t token, const struct way *way)
{
	for (size_t i = 0; i < ASKED_MAX; i++) {
		struct asked *asked = &node->asked[i];

		if (!asked->used || asked->verb != NODE_PING || asked->ping_token == 0 ||
		    asked->ping_token != token)
			continue;
		asked->answered = true;
		asked->way = *way;
		asked->rtt_us = now.mono.us - asked->sent.us;
	}
}

static struct node_levels levels(const struct node *node)
{
	const struct session_counters sessions = sessions_counters(node->sessions);
	const size_t lists = ring_timer_count(node->ring);

	return (struct node_levels){
		.keysets = node->channel_by_index.count,
		.wishes = pool_count(&node->wishes),
		.timers = sessions.timers + node->way_alarms.count + (uint32_t)lists,
	};
}

static void show_status(struct node *node, struct now now, struct node_status *ret)
{
	*ret = (struct node_status){ .id = node->certificate.id,
				     .network_id = node->certificate.network,
				     .ipv6 = vnet_ipv6(node->vnet),
				     .has_ipv4 = node->certificate.has_ipv4,
				     .ipv4_prefix_len = node->config.ipv4_prefix.len,
				     .not_after = node->certificate.not_after,
				     .started = node->started,
				     .peers_known = pool_count(&node->peers),
				     .is_settled = ring_is_settled(node->ring),
				     .relayed_pairs = relays_count(node->relays),
				     .counters = node->counters,
				     .levels = levels(node),
				     .sessions = sessions_counters(node->sessions),
				     .vnet = vnet_counters(node->vnet) };
	ret->nat = (uint8_t)candidates_nat(&node->candidates, now.mono);
	ret->key_teller_count = double_tellers(node, now.mono, ret->key_tellers);
	ret->has_clock_offset = clocks_offset(node, node_raw(node, now), &ret->clock_offset_us);
	memcpy(ret->network, node->config.network, sizeof(ret->network));
	memcpy(ret->name, node->certificate.name, sizeof(ret->name));
	memcpy(ret->ipv4, node->certificate.ipv4, sizeof(ret->ipv4));
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, i, &handle);

		ret->peers_up += peer != NULL && peer_is_up(peer);
	}
}

/* The next peer's row; false when all were shown. */
static bool next_peer(struct node *node, struct mono now, struct asked *asked,
		      struct node_peer *ret)
{
	while (asked->cursor < pool_end(&node->peers)) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, asked->cursor++, &handle);

		if (peer != NULL) {
			peer_show(node, now, peer, ret);
			return true;
		}
	}
	return false;
}

static bool reply_to_ping(struct node *node, struct now now, struct asked *asked,
			  struct node_reply *ret)
{
	const struct peer *peer = pool_at(&node->peers, asked->peer);

	if (asked->ping_token == 0)
		try_ping(node, now, asked);
	else if (!asked->answered && answer_is_late(asked, now))
		answer_fail(asked, ERR_TIMEOUT, "");
	else if (asked->answered && peer == NULL)
		answer_fail(asked, ERR_NOT_FOUND, "it answered, and left");
	if (asked->err == 0 && asked->answered) {
		ret->kind = NODE_REPLY_PONG;
		peer_show(node, now.mono, peer, &ret->pong.peer);
		if (asked->way.kind != ret->pong.peer.way) { /* that of the round trip counts */
			peer_show_way(node, &asked->way, &ret->pong.peer);
			ret->pong.peer.why = "another way is in use by now";
		}
		ret->pong.rtt_us = asked->rtt_us;
		return true;
	}
	return false;
}

/* What has to wait: its answer, or why there is none. */
static bool reply_later(struct node *node, struct now now, struct asked *asked,
			struct node_reply *ret)
{
	const bool is_there = asked->verb == NODE_PING ? reply_to_ping(node, now, asked, ret)
						       : who_reply(node, now, asked, ret);

	if (!is_there && asked->err == 0)
		return false;
	if (!is_there) {
		ret->kind = NODE_REPLY_ERROR;
		ret->error.err = asked->err;
		ret->error.text = asked->text;
	}
	asked->used = false;
	return true;
}

static bool reply_to(struct node *node, struct now now, struct asked *asked, struct node_reply *ret)
{
	*ret = (struct node_reply){ .token = asked->token, .kind = NODE_REPLY_END };
	switch (asked->verb) {
	case NODE_STATUS:
		if (asked->cursor++ == 0) {
			ret->kind = NODE_REPLY_STATUS;
			show_status(node, now, &ret->status);
			return true;
		}
		break;
	case NODE_PEERS:
		if (next_peer(node, now.mono, asked, &ret->peer)) {
			ret->kind = NODE_REPLY_PEER;
			return true;
		}
		break;
	case NODE_PING:
	case NODE_WHO:
		return reply_later(node, now, asked, ret);
	case NODE_SHUTDOWN:
		break;
	}
	asked->used = false;
	return true;
}

bool answer_poll(struct node *node, struct now now, struct node_action *ret)
{
	for (size_t i = 0; i < ASKED_MAX; i++) {
		if (!node->asked[i].used)
			continue;
		*ret = (struct node_action){ .kind = NODE_REPLY };
		if (reply_to(node, now, &node->asked[i], &ret->reply))
			return true;
	}
	return false;
}

struct mono answer_deadline(const struct node *node)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < ASKED_MAX; i++) {
		const struct asked *asked = &node->asked[i];

		if (!asked->used)
			continue;
		if ((asked->verb != NODE_PING && asked->verb != NODE_WHO) || asked->answered)
			return (struct mono){ 0 };
		deadline = mono_min(deadline,
				    mono_add_ms(asked->ping_token == 0 ? asked->at : asked->sent,
						NODE_PING_MS));
	}
	return deadline;
}

void answer_free_all(struct node *node)
{
	for (size_t i = 0; i < ASKED_MAX; i++)
		free(node->asked[i].who);
}
