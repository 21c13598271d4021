/* node_channel.c - what the node keeps of its sessions, and the frames that travel in them. */
#include "node/carrier.h"
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"

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

struct channel *channel_of_peer(const struct node *node, struct handle peer,
				const struct channel *last)
{
	const struct peer *p = pool_at(&node->peers, peer);
	const uint32_t next = last != NULL ? last->next_of_peer : p == NULL ? 0 : p->channels;

	return next == 0 ? NULL : &node->channels[next - 1];
}

static void link_to_peer(struct node *node, struct channel *channel, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	channel->peer = handle;
	channel->next_of_peer = peer->channels;
	peer->channels = (uint32_t)(channel - node->channels) + 1;
}

static void unlink_from_peer(struct node *node, const struct channel *channel)
{
	struct peer *peer = pool_at(&node->peers, channel->peer);
	uint32_t *at = peer == NULL ? NULL : &peer->channels;

	if (at == NULL)
		return;
	while (CHECK(*at != 0), &node->channels[*at - 1] != channel)
		at = &node->channels[*at - 1].next_of_peer;
	*at = channel->next_of_peer;
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
	const struct keyset_counters seen = keyset_counters(*slot);

	keyset_counters_add(&channel->past, &seen);
	keyset_unref(*slot);
	*slot = NULL;
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
		.senders = 1 + node->config.workers,
	};
	const uint32_t at = (uint32_t)(channel - node->channels);

	for (size_t i = 0; i < CHANNEL_KEYSETS_MAX; i++) {
		if (channel->keysets[i] != NULL)
			continue;
		int err = keyset_new(&config, &channel->keysets[i]);

		if (err == 0)
			err = map_put(&node->channel_by_index, &keys->local_index, at);
		table_now(node);
		return err;
	}
	return ERR_FULL;
}

/* The table in force may seal with any of its keys, whatever the newest channel is. */
static void close_channel(struct node *node, struct channel *channel)
{
	for (size_t i = 0; i < CHANNEL_KEYSETS_MAX; i++) {
		if (channel->keysets[i] == NULL)
			continue;
		forget_keyset(node, channel, keyset_local_index(channel->keysets[i]));
		table_now(node);
	}
	unlink_from_peer(node, channel);
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

/* Handshakes come by a socket or along the ring, and the session begins there. */
static void set_way(struct channel *channel, const struct session_peer *peer)
{
	struct routed routed;
	struct endpoint local, remote;

	if (peer->carrier.carriage == HANDSHAKE_CARRIED) {
		carrier_route(&peer->carrier, &routed);
		channel->way = (struct way){ .kind = WAY_RING };
		channel->ring_id = peer->certificate->id;
		channel->ring_via = routed.to_via;
		channel->by_own_link = carrier_is_by(&peer->carrier, &channel->ring_id);
		return;
	}
	carrier_endpoints(&peer->carrier, &local, &remote);
	if (peer->initiator)
		local = carrier_any_local(&remote);
	channel->way = way_direct(&local, &remote);
}

struct way channel_way(struct node *node, const struct channel *channel)
{
	const struct peer *peer = pool_at(&node->peers, channel->peer);
	const bool has_peers_ways =
		peer != NULL && peer_is_up(peer) && !channel->is_elsewhere &&
		(channel->replaced || handle_equal(peer->session, channel->session));

	return has_peers_ways ? peer_way(peer) : channel->way;
}

/* Both sides know that the other accepts. Only now the peer counts as up, and only now may what
 * waits for it leave: before, a responder may still refuse us, or have lost our last message. */
void channel_opened(struct node *node, struct now now, struct channel *channel)
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
	wish_done(node, now, channel->session, peer);
}

/* Somebody who dials again and again leaves one replaced session behind each time. */
static void limit_channels(struct node *node, struct now now, struct handle peer)
{
	uint32_t replaced;

	if (peer_channels(node, peer, &replaced) <= PEER_CHANNELS_MAX)
		return;
	for (const struct channel *channel = NULL;
	     (channel = channel_of_peer(node, peer, channel)) != NULL;)
		if (channel->replaced)
			sessions_close(node->sessions, now, channel->session, FRAME_CLOSE_REPLACED);
}

static void ask_what_it_may(const struct node *node, struct now now, struct peer *peer,
			    const struct certificate *certificate)
{
	peer->admits_ip = policy_ask(node->policy, POLICY_MAY_IP, certificate, now.wall) == 0;
	peer->may_route = policy_ask(node->policy, POLICY_MAY_ROUTE, certificate, now.wall) == 0;
	peer->may_relay = policy_ask(node->policy, POLICY_MAY_RELAY, certificate, now.wall) == 0;
}

/* May it hold a session with us? */
static bool may_link(struct node *node, struct now now, struct channel *channel,
		     const struct certificate *certificate)
{
	twins_meet(node, now, certificate);
	const int err = policy_ask(node->policy, POLICY_MAY_LINK, certificate, now.wall);

	if (err == ERR_EXISTS)
		channel->left = TWINS_WHY;
	return err == 0;
}

static void established(struct node *node, struct now now, struct channel *channel,
			const struct session_output *output)
{
	const struct certificate *certificate = output->peer.certificate;
	const bool allowed = may_link(node, now, channel, certificate); /* a twin came meanwhile? */
	struct handle handle;
	struct peer *peer = peer_get(node, &certificate->id, &handle);

	set_way(channel, &output->peer);
	if (peer == NULL || !allowed) {
		sessions_close(node->sessions, now, channel->session, FRAME_CLOSE_DENIED);
		return;
	}
	link_to_peer(node, channel, handle);
	channel->standing = true;
	memcpy(peer->name, certificate->name, sizeof(peer->name));
	peer->has_ipv4 = certificate->has_ipv4;
	memcpy(peer->ipv4, certificate->ipv4, sizeof(peer->ipv4));
	peer->not_after = certificate->not_after;
	peer->capabilities = output->peer.capabilities;
	ask_what_it_may(node, now, peer, certificate);
	table_now(node);
	if (!output->peer.initiator)
		channel_opened(node, now, channel); /* M2 is the proof */
	limit_channels(node, now, handle);
}

static void end_channel(struct node *node, struct now now, struct channel *channel,
			enum frame_close_reason reason, const char *why)
{
	channel->confirmed = false;
	channel->left = why;
	sessions_close(node->sessions, now, channel->session, reason);
}

void channel_end_all(struct node *node, struct now now, struct handle peer,
		     enum frame_close_reason reason, const char *why)
{
	for (struct channel *channel = NULL;
	     (channel = channel_of_peer(node, peer, channel)) != NULL;)
		end_channel(node, now, channel, reason, why);
}

/* Who leaves, or lets go, does not answer in any session. He says goodbye in those that he knows;
 * those of a run of his that ended without a word are known to us alone, and would pass for another
 * way to him. Such a one began before: what began since may have overtaken his goodbye. */
static void end_older(struct node *node, struct now now, struct channel *than, const char *why)
{
	for (struct channel *channel = than;
	     (channel = channel_of_peer(node, than->peer, channel)) != NULL;)
		end_channel(node, now, channel, FRAME_CLOSE_REPLACED, why);
}

static bool is_goodbye(const struct session_reason *reason)
{
	return reason->remote &&
	       (reason->close == FRAME_CLOSE_SHUTDOWN || reason->close == FRAME_CLOSE_UNNEEDED);
}

static void closed(struct node *node, struct now now, const struct session_output *output)
{
	const struct session_reason *reason = &output->reason;
	struct channel *channel = channel_of(node, output->session);
	const struct handle session = output->session;
	const char *why = reason->text;

	if (channel != NULL) {
		const struct handle peer = channel->peer;

		why = channel->left != NULL ? channel->left : why;
		const struct peer *its = pool_at(&node->peers, peer);

		if (its != NULL && reason->remote && reason->close == FRAME_CLOSE_DOUBLE)
			double_told(node, now, &its->id);
		if (is_goodbye(reason))
			end_older(node, now, channel, why);
		close_channel(node, channel);
		if (!handle_is_none(peer))
			peer_lost(node, now, peer, session, why);
		if (!handle_is_none(peer) && reason->close == FRAME_CLOSE_UNNEEDED)
			line_let_go(node, now, peer);
	}
	line_closed(node, now, session, why);
	wish_closed(node, now, session, reason->err == 0 && reason->close == FRAME_CLOSE_REPLACED);
}

static void send_session_frame(struct node *node, struct now now,
			       const struct session_output *output)
{
	struct channel *channel = channel_of(node, output->session);
	struct keyset **slot =
		channel == NULL ? NULL : find_keyset(channel, output->frame.local_index);
	const struct sealing sealing = { .channel = channel,
					 .keyset = slot == NULL ? NULL : *slot,
					 .kind = output->frame.kind,
					 .payload = output->frame.payload };

	if (slot != NULL)
		(void)send_frame(node, now, &sealing); /* lost: the session sends it again */
}

/* Who asks for whoever is nearest may find whom it has a session with already. */
static bool is_known_neighbour(const struct node *node, const struct session_peer *found)
{
	struct handle handle;
	const struct peer *peer = peer_find(node, &found->certificate->id, &handle);

	return found->initiator && !found->rekey && found->target.kind == TARGET_NEAREST &&
	       peer != NULL && peer_is_up(peer) && paths_used(&peer->paths)->state == TRIAL_PROVEN;
}

static void ask_policy(struct node *node, struct now now, const struct session_output *output)
{
	struct channel *channel = channel_get(node, output->session);
	const bool allowed = may_link(node, now, channel, output->peer.certificate);

	if (is_known_neighbour(node, &output->peer)) {
		sessions_close(node->sessions, now, output->session, FRAME_CLOSE_REPLACED);
		return;
	}
	if (!output->peer.rekey) /* also who is refused is told so, and that takes an address */
		set_way(channel, &output->peer);
	sessions_answer(node->sessions, now, output->session, allowed);
}

static void send_with_keys(struct node *node, struct now now, const struct session_output *output)
{
	struct channel *channel = channel_of(node, output->session);
	struct keyset **slot = channel == NULL ? NULL : find_keyset(channel, output->local_index);

	if (slot == NULL)
		return;
	channel->send = *slot;
	table_soon(node, now); /* until then it goes by the old ones, or through the node */
	peer_release(node, channel->peer); /* what waited for new keys */
}

static void forget_keys(struct node *node, struct now now, const struct session_output *output)
{
	struct channel *channel = channel_of(node, output->session);

	if (channel == NULL)
		return;
	forget_keyset(node, channel, output->local_index);
	if (channel->send == NULL)
		table_now(node); /* it was what we send with */
	else
		table_soon(node, now);
}

static void replaced(struct node *node, struct now now, const struct session_output *output)
{
	struct channel *loser = channel_of(node, output->session);
	struct channel *winner = channel_of(node, output->by);

	if (loser == NULL)
		return; /* a dial that never had keys */
	double_replaces(node, now, loser);
	loser->replaced = true;
	if (winner != NULL)
		winner->replaced = false; /* any more */
	if (winner != NULL && winner->confirmed)
		peer_use(node, now, winner->peer, output->by);
}

void channel_take_output(struct node *node, struct now now, const struct session_output *output)
{
	switch (output->kind) {
	case SESSION_SEND_HANDSHAKE:
		send_handshake(node, now, &output->handshake.carrier, output->handshake.bytes,
			       output->handshake.repeats);
		return;
	case SESSION_SEND_FRAME:
		send_session_frame(node, now, output);
		return;
	case SESSION_ASK:
		ask_policy(node, now, output);
		return;
	case SESSION_KEYS:
		if (add_keyset(node, channel_get(node, output->session), &output->keys) != 0)
			sessions_close(node->sessions, now, output->session, FRAME_CLOSE_SHUTDOWN);
		return;
	case SESSION_SEND_WITH:
		send_with_keys(node, now, output);
		return;
	case SESSION_FORGET:
		forget_keys(node, now, output);
		return;
	case SESSION_ESTABLISHED:
		established(node, now, channel_get(node, output->session), output);
		return;
	case SESSION_REPLACED:
		replaced(node, now, output);
		return;
	case SESSION_CLOSED:
		closed(node, now, output);
		return;
	}
	UNREACHABLE();
}

/* The newest packet came by another way than the one in use. */
static void came(struct node *node, struct now now, const struct channel *channel,
		 const struct way *way)
{
	struct peer *peer = pool_at(&node->peers, channel->peer);

	if (peer != NULL && handle_equal(peer->session, channel->session))
		paths_came(&peer->paths, now.mono, way);
}

int channel_report(struct node *node, struct now now, const struct forward_report *report)
{
	struct channel *channel = channel_by_local_index(node, report->local_index);

	if (channel == NULL)
		return ERR_STALE;
	if (pool_at(&node->peers, channel->peer) != NULL)
		ways_touch(node, channel->peer);
	switch (report->kind) {
	case FORWARD_REPORT_OPENED:
		sessions_used(node->sessions, now, report->local_index, SESSION_USE_OPENED, 1);
		channel_opened(node, now, channel);
		return 0;
	case FORWARD_REPORT_IP:
		sessions_used(node->sessions, now, report->local_index, SESSION_USE_IP, 1);
		return 0;
	case FORWARD_REPORT_ACTIVE:
		return 0; /* its ways are looked at from now on */
	case FORWARD_REPORT_SENT:
		sessions_used(node->sessions, now, report->local_index, SESSION_USE_SENT,
			      report->count);
		return 0;
	case FORWARD_REPORT_ADDRESS:
		came(node, now, channel, &report->way);
		return 0;
	case FORWARD_REPORT_UNKNOWN:
		return ERR_STALE; /* nobody's key: nothing can be answered safely */
	}
	UNREACHABLE();
}
