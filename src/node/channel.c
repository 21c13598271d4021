/* channel.c - what the node keeps of its sessions, and the frames that travel in them. */
#include "node/carrier.h"
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#define CHALLENGE_MS 3000 /* a probe to a new endpoint is answered by then, or forgotten */

struct channel *channel_of(struct node *node, struct handle session)
{
	if (handle_is_none(session) || session.index >= NODE_SESSIONS_MAX)
		return NULL;
	struct channel *channel = &node->channels[session.index];

	return handle_equal(channel->session, session) ? channel : NULL;
}

struct channel *channel_by_local_index(struct node *node, uint32_t local_index)
{
	uint32_t at;

	return map_get(&node->channel_by_index, &local_index, &at) ? &node->channels[at] : NULL;
}

/* The session machine names a session for the first time in whatever comes first. */
static struct channel *channel_get(struct node *node, struct handle session)
{
	CHECK(session.index < NODE_SESSIONS_MAX);
	struct channel *channel = &node->channels[session.index];

	if (!handle_equal(channel->session, session)) {
		CHECK(handle_is_none(
			channel->session)); /* CLOSED came before the slot was taken again */
		*channel = (struct channel){ .session = session };
		if (node->channels_end <= session.index)
			node->channels_end = session.index + 1;
	}
	return channel;
}

static struct keyset **find_keyset(struct channel *channel, uint32_t local_index)
{
	for (size_t i = 0; i < CHANNEL_KEYSETS_MAX; i++)
		if (channel->keysets[i] != NULL &&
		    keyset_local_index(channel->keysets[i]) == local_index)
			return &channel->keysets[i];
	return NULL;
}

static void forget_keyset(struct node *node, struct channel *channel, uint32_t local_index)
{
	struct keyset **slot = find_keyset(channel, local_index);

	if (slot == NULL)
		return;
	if (channel->send == *slot)
		channel->send = NULL;
	(void)map_remove(&node->channel_by_index, &local_index); /* it may never have been added */
	keyset_unref(*slot);
	*slot = NULL;
	node->table_wanted = true;
}

/* 0, or why there is no key set: the session is closed then, since it could never carry anything.
 */
static int add_keyset(struct node *node, struct channel *channel,
		      const struct session_key_set *keys)
{
	const struct keyset_config config = {
		.local_index = keys->local_index,
		.remote_index = keys->remote_index,
		.send_key = keys->send_key,
		.receive_key = keys->receive_key,
		.suite = keys->suite,
		.stop = keys->stop,
	};
	const uint32_t at = (uint32_t)(channel - node->channels);

	for (size_t i = 0; i < CHANNEL_KEYSETS_MAX; i++) {
		if (channel->keysets[i] != NULL)
			continue;
		int err = keyset_new(&config, &channel->keysets[i]);

		if (err == 0)
			err = map_put(&node->channel_by_index, &keys->local_index, at);
		node->table_wanted = true;
		return err;
	}
	return ERR_FULL;
}

static void close_channel(struct node *node, struct channel *channel)
{
	for (size_t i = 0; i < CHANNEL_KEYSETS_MAX; i++)
		if (channel->keysets[i] != NULL)
			forget_keyset(node, channel, keyset_local_index(channel->keysets[i]));
	*channel = (struct channel){ 0 };
	while (node->channels_end > 0 &&
	       handle_is_none(node->channels[node->channels_end - 1].session))
		node->channels_end--;
}

void channel_free_all(struct node *node)
{
	for (size_t i = 0; i < node->channels_end; i++)
		for (size_t k = 0; k < CHANNEL_KEYSETS_MAX; k++)
			keyset_unref(node->channels[i].keysets[k]);
}

void channel_post(struct node *node, const struct outgoing *frame)
{
	if (queue_is_full(&node->outbox_queue))
		node->frames_lost++; /* like a datagram; whoever waits for it asks again */
	else
		node->outbox[queue_push(&node->outbox_queue)] = *frame;
}

/* forward/ tells of what it seals and opens by reports; what is sealed here is told here. */
static void tell_milestones(struct node *node, struct now now, struct keyset *keyset)
{
	const unsigned passed = keyset_take_milestones(keyset);
	const uint32_t index = keyset_local_index(keyset);

	if ((passed & KEYSET_OPENED) != 0)
		sessions_used(node->sessions, now, index, SESSION_USE_OPENED, 1);
	if ((passed & KEYSET_IP) != 0)
		sessions_used(node->sessions, now, index, SESSION_USE_IP, 1);
	if ((passed & KEYSET_SENT) != 0)
		sessions_used(node->sessions, now, index, SESSION_USE_SENT,
			      keyset_counters(keyset).packets_sent);
}

bool channel_seal(struct node *node, struct now now, const struct sealing *sealing,
		  struct node_action *ret)
{
	const struct channel *channel = sealing->channel;
	const struct frame_header header = { .kind = sealing->kind };

	if (sealing->keyset == NULL ||
	    keyset_seal(sealing->keyset, now.mono, &header, sealing->payload, node->buffer) != 0)
		return false;
	tell_milestones(node, now, sealing->keyset);
	*ret = (struct node_action){ .kind = NODE_SEND };
	ret->send.link = channel->peer.index + 1;
	ret->send.class = sealing->kind == FRAME_IP ? EGRESS_DATA : EGRESS_CONTROL;
	ret->send.local = channel->local;
	ret->send.remote = channel->remote;
	ret->send.bytes = span_of(node->buffer, sealing->payload.len + KEYSET_OVERHEAD);
	return true;
}

bool channel_send_outgoing(struct node *node, struct now now, const struct outgoing *frame,
			   struct node_action *ret)
{
	const struct channel *channel = channel_of(node, frame->session);
	struct sealing sealing = { .channel = channel,
				   .kind = frame->kind,
				   .payload = span_of(frame->payload, frame->len) };

	if (channel == NULL)
		return false;
	sealing.keyset = channel->send;
	if (!channel_seal(node, now, &sealing, ret))
		return false;
	if (frame->has_remote) {
		ret->send.local = frame->local;
		ret->send.remote = frame->remote;
	}
	return true;
}

/* The carrier of the newest handshake message says where the session runs. */
static void set_way(struct channel *channel, const struct session_peer *peer)
{
	carrier_endpoints(&peer->carrier, &channel->local, &channel->remote);
	if (peer->initiator)
		channel->local = carrier_any_local(&channel->remote);
}

/* Both sides know that the other accepts. Only now the peer counts as up, and only now may what
 * waits for it leave: before, a responder may still refuse us, or have lost our last message. */
static void confirm(struct node *node, struct now now, struct channel *channel)
{
	const struct peer *peer = pool_at(&node->peers, channel->peer);
	const struct channel *current;

	if (channel->confirmed || !channel->standing || peer == NULL)
		return;
	channel->confirmed = true;
	current = channel_of(node, peer->session);
	if (current == NULL || current->replaced) /* REPLACED may have come first */
		peer_use(node, now, channel->peer, channel->session);
	line_confirmed(node, now, channel->session, &peer->id);
}

/* Somebody who dials again and again leaves one replaced session behind each time. */
static void limit_channels(struct node *node, struct now now, struct handle peer)
{
	uint32_t replaced;

	if (peer_channels(node, peer, &replaced) <= PEER_CHANNELS_MAX)
		return;
	for (uint32_t i = 0; i < node->channels_end; i++) {
		const struct channel *channel = &node->channels[i];

		if (channel->replaced && handle_equal(channel->peer, peer))
			sessions_close(node->sessions, now, channel->session, FRAME_CLOSE_REPLACED);
	}
}

static void established(struct node *node, struct now now, struct channel *channel,
			const struct session_output *output)
{
	const struct certificate *certificate = output->peer.certificate;
	struct handle handle;
	struct peer *peer = peer_get(node, &certificate->id, &handle);

	set_way(channel, &output->peer);
	if (peer == NULL) {
		sessions_close(node->sessions, now, channel->session, FRAME_CLOSE_DENIED);
		return;
	}
	channel->peer = handle;
	channel->standing = true;
	memcpy(peer->name, certificate->name, sizeof(peer->name));
	peer->has_ipv4 = certificate->has_ipv4;
	memcpy(peer->ipv4, certificate->ipv4, sizeof(peer->ipv4));
	peer->not_after = certificate->not_after;
	peer->admits_ip = policy_ask(node->policy, POLICY_MAY_IP, certificate, now.wall) == 0;
	node->table_wanted = true;
	if (!output->peer.initiator)
		confirm(node, now, channel); /* M2 is the proof */
	limit_channels(node, now, handle);
}

/* Who leaves does not answer in any session. He says goodbye in those that he knows; those of a run
 * of his that ended without a word are known to us alone, and would pass for another way to him. */
static void forget_others(struct node *node, struct now now, struct handle peer)
{
	for (uint32_t i = 0; i < node->channels_end; i++) {
		struct channel *channel = &node->channels[i];

		if (!handle_equal(channel->peer, peer))
			continue;
		channel->confirmed = false;
		sessions_close(node->sessions, now, channel->session, FRAME_CLOSE_REPLACED);
	}
}

static void closed(struct node *node, struct now now, const struct session_output *output)
{
	const struct session_reason *reason = &output->reason;
	struct channel *channel = channel_of(node, output->session);
	const struct handle session = output->session;
	const char *why = reason->text;

	if (channel != NULL) {
		const struct handle peer = channel->peer;

		close_channel(node, channel);
		if (!handle_is_none(peer) && reason->remote &&
		    reason->close == FRAME_CLOSE_SHUTDOWN)
			forget_others(node, now, peer);
		if (!handle_is_none(peer))
			peer_lost(node, now, peer, session, why);
	}
	line_closed(node, now, session, why);
}

static bool send_handshake(const struct session_output *output, struct node_action *ret)
{
	*ret = (struct node_action){ .kind = NODE_SEND };
	ret->send.link = EGRESS_LINK_NONE;
	ret->send.class = EGRESS_CONTROL;
	ret->send.bytes = output->handshake.bytes;
	carrier_endpoints(&output->handshake.carrier, &ret->send.local, &ret->send.remote);
	return true;
}

static bool send_frame(struct node *node, struct now now, const struct session_output *output,
		       struct node_action *ret)
{
	struct channel *channel = channel_of(node, output->session);
	struct keyset **slot =
		channel == NULL ? NULL : find_keyset(channel, output->frame.local_index);
	const struct sealing sealing = { .channel = channel,
					 .keyset = slot == NULL ? NULL : *slot,
					 .kind = output->frame.kind,
					 .payload = output->frame.payload };

	return channel_seal(node, now, &sealing, ret);
}

static void ask_policy(struct node *node, struct now now, const struct session_output *output)
{
	const int err =
		policy_ask(node->policy, POLICY_MAY_LINK, output->peer.certificate, now.wall);

	if (!output->peer.rekey) /* also who is refused is told so, and that takes an address */
		set_way(channel_get(node, output->session), &output->peer);
	sessions_answer(node->sessions, now, output->session, err == 0);
}

static void send_with_keys(struct node *node, const struct session_output *output)
{
	struct channel *channel = channel_of(node, output->session);
	struct keyset **slot = channel == NULL ? NULL : find_keyset(channel, output->local_index);

	if (slot == NULL)
		return;
	channel->send = *slot;
	node->table_wanted = true;
	peer_release(node, channel->peer); /* what waited for new keys */
}

static void forget_keys(struct node *node, const struct session_output *output)
{
	struct channel *channel = channel_of(node, output->session);

	if (channel != NULL)
		forget_keyset(node, channel, output->local_index);
}

static void replaced(struct node *node, struct now now, const struct session_output *output)
{
	struct channel *loser = channel_of(node, output->session);
	const struct channel *winner = channel_of(node, output->by);

	if (loser == NULL)
		return; /* a dial that never had keys */
	loser->replaced = true;
	if (winner != NULL && winner->confirmed)
		peer_use(node, now, winner->peer, output->by);
}

bool channel_take_output(struct node *node, struct now now, const struct session_output *output,
			 struct node_action *ret)
{
	switch (output->kind) {
	case SESSION_SEND_HANDSHAKE:
		return send_handshake(output, ret);
	case SESSION_SEND_FRAME:
		return send_frame(node, now, output, ret);
	case SESSION_ASK:
		ask_policy(node, now, output);
		return false;
	case SESSION_KEYS:
		if (add_keyset(node, channel_get(node, output->session), &output->keys) != 0)
			sessions_close(node->sessions, now, output->session, FRAME_CLOSE_SHUTDOWN);
		return false;
	case SESSION_SEND_WITH:
		send_with_keys(node, output);
		return false;
	case SESSION_FORGET:
		forget_keys(node, output);
		return false;
	case SESSION_ESTABLISHED:
		established(node, now, channel_get(node, output->session), output);
		return false;
	case SESSION_REPLACED:
		replaced(node, now, output);
		return false;
	case SESSION_CLOSED:
		closed(node, now, output);
		return false;
	}
	UNREACHABLE();
}

/* A probe is answered to where it came from, with that address: so the peer learns how it is seen,
 * and a path that it tries out is proven both ways. */
static int answer_probe(struct node *node, const struct channel *channel,
			const struct node_event *event)
{
	struct outgoing out = { .session = channel->session,
				.kind = FRAME_PROBE_ACK,
				.has_remote = true,
				.local = event->frame.way.local,
				.remote = event->frame.way.remote };
	struct writer w = writer_of(out.payload, sizeof(out.payload));
	struct frame_probe probe;
	const int err = frame_probe_decode(event->frame.payload, &probe);

	if (err != 0)
		return err;
	frame_probe_ack_encode(&(struct frame_probe_ack){ .token = probe.token,
							  .observed = event->frame.way.remote },
			       &w);
	CHECK(writer_ok(&w));
	out.len = w.len;
	channel_post(node, &out);
	return 0;
}

/* The peer moved to another address if the probe that challenged it there is answered from there.
 */
static void settle_challenge(struct node *node, struct now now, struct peer *peer,
			     struct channel *channel, const struct node_event *event)
{
	if (mono_reached(now.mono, peer->challenge.expiry) ||
	    !SECCHECK(SEC_NODE_ROAM_FROM,
		      endpoint_equal(&peer->challenge.remote, &event->frame.way.remote)))
		return;
	if (!endpoint_ip_is_zero(&channel->local)) /* else the kernel goes on choosing */
		channel->local = peer->challenge.local;
	channel->remote = peer->challenge.remote;
	peer->challenge = (struct challenge){ 0 };
	node->table_wanted = true;
}

static int take_probe_ack(struct node *node, struct now now, struct channel *channel,
			  const struct node_event *event)
{
	struct peer *peer = pool_at(&node->peers, channel->peer);
	struct frame_probe_ack ack;
	const int err = frame_probe_ack_decode(event->frame.payload, &ack);

	if (err != 0 || peer == NULL)
		return err != 0 ? err : ERR_STALE;
	answer_pong(node, now, ack.token);
	if (peer->challenge.token != 0 &&
	    SECCHECK(SEC_NODE_ROAM_TOKEN, ack.token == peer->challenge.token))
		settle_challenge(node, now, peer, channel, event);
	return liveness_answer(&peer->liveness, now.mono, ack.token);
}

int channel_frame(struct node *node, struct now now, const struct node_event *event)
{
	struct channel *channel = channel_by_local_index(node, event->frame.local_index);

	if (channel == NULL)
		return ERR_STALE; /* closed earlier in this turn */
	switch (event->frame.kind) {
	case FRAME_EMPTY:
		return 0; /* that it came is what it says: forward/ has noted it */
	case FRAME_PROBE:
		return answer_probe(node, channel, event);
	case FRAME_PROBE_ACK:
		return take_probe_ack(node, now, channel, event);
	case FRAME_REKEY:
	case FRAME_REKEY_ACK:
	case FRAME_REKEY_WANTED:
	case FRAME_CLOSE:
		return sessions_frame(node->sessions, now, channel->session, event->frame.kind,
				      event->frame.payload);
	default:
		return ERR_UNSUPPORTED; /* of a newer version, or reserved */
	}
}

/* An authenticated packet came from elsewhere: its sender may have moved, or somebody replays it
 * from there first. So one probe goes there, and nothing else until it is answered. */
static void challenge(struct node *node, struct now now, struct channel *channel,
		      const struct forward_report *report)
{
	struct peer *peer = pool_at(&node->peers, channel->peer);
	struct outgoing out = { .session = channel->session,
				.kind = FRAME_PROBE,
				.has_remote = true,
				.local = report->way.local,
				.remote = report->way.remote };
	struct writer w = writer_of(out.payload, sizeof(out.payload));

	if (peer == NULL || !handle_equal(peer->session, channel->session) ||
	    (peer->challenge.token != 0 && !mono_reached(now.mono, peer->challenge.expiry)))
		return;
	peer->challenge = (struct challenge){ .local = report->way.local,
					      .remote = report->way.remote,
					      .token = rng_u64(&node->rng) | 1,
					      .expiry = mono_add_ms(now.mono, CHALLENGE_MS) };
	frame_probe_encode(&(struct frame_probe){ .token = peer->challenge.token }, &w);
	CHECK(writer_ok(&w));
	out.len = w.len;
	channel_post(node, &out);
}

int channel_report(struct node *node, struct now now, const struct forward_report *report)
{
	struct channel *channel = channel_by_local_index(node, report->local_index);

	if (channel == NULL)
		return ERR_STALE;
	switch (report->kind) {
	case FORWARD_REPORT_OPENED:
		sessions_used(node->sessions, now, report->local_index, SESSION_USE_OPENED, 1);
		confirm(node, now, channel);
		return 0;
	case FORWARD_REPORT_IP:
		sessions_used(node->sessions, now, report->local_index, SESSION_USE_IP, 1);
		return 0;
	case FORWARD_REPORT_ACTIVE:
		return 0; /* nothing is measured by the traffic yet */
	case FORWARD_REPORT_SENT:
		sessions_used(node->sessions, now, report->local_index, SESSION_USE_SENT,
			      report->count);
		return 0;
	case FORWARD_REPORT_ADDRESS:
		challenge(node, now, channel, report);
		return 0;
	case FORWARD_REPORT_UNKNOWN:
		return ERR_STALE; /* nobody's key: nothing can be answered safely */
	}
	UNREACHABLE();
}
