/* node_peer.c - the members that we know: those of the bootstrap lines, and those who hold a
 * session. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "vnet/address.h"

bool peer_is_up(const struct peer *peer)
{
	return !handle_is_none(peer->session);
}

/* The only writer of peer->session. */
static void set_session(struct node *node, struct now now, struct handle handle,
			struct handle session, const char *why)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const bool was_up = peer_is_up(peer);

	peer->session = session;
	peer->why = why;
	table_soon(node, now); /* its keys have been told of already */
	trace_move(&node->trace, &(struct trace_record){
					 .at = now.mono,
					 .machine = "peer",
					 .index = handle.index,
					 .from = was_up ? "up" : "down",
					 .to = peer_is_up(peer) ? "up" : "down",
					 .why = why,
				 });
}

struct peer *peer_find(const struct node *node, const struct id *id, struct handle *ret_handle)
{
	uint32_t index;

	if (!map_get(&node->peer_by_id, id->bytes, &index))
		return NULL;
	return pool_slot(&node->peers, index, ret_handle);
}

/* Who is gone is remembered, so that users can ask what became of it, while it is one of the last
 * so many: in a large network most of whom we meet are met in passing. True if one was forgotten.
 */
static bool forget_longest_gone(struct node *node, uint32_t most)
{
	struct handle oldest = HANDLE_NONE;
	struct mono since = MONO_NEVER;
	uint32_t gone = 0;
	uint32_t replaced;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer == NULL || peer->is_line || peer_is_up(peer) ||
		    peer_channels(node, handle, &replaced) != 0)
			continue;
		gone++;
		if (peer->since.us <= since.us) {
			oldest = handle;
			since = peer->since;
		}
	}
	if (gone <= most)
		return false;
	struct peer *peer = pool_at(&node->peers, oldest);

	paths_free(&peer->paths);
	CHECK(map_remove(&node->peer_by_id, peer->id.bytes));
	pool_give(&node->peers, oldest);
	return true;
}

void peers_tick(struct node *node)
{
	if (!node->peers_left)
		return;
	node->peers_left = false;
	while (forget_longest_gone(node, NODE_GONE_MAX))
		;
}

void peer_free_all(struct node *node)
{
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer != NULL)
			paths_free(&peer->paths);
	}
}

struct peer *peer_get(struct node *node, const struct id *id, struct handle *ret_handle)
{
	struct peer *peer = peer_find(node, id, ret_handle);

	if (peer != NULL)
		return peer;
	while (forget_longest_gone(node, NODE_GONE_MAX - 1))
		; /* a crowd may have left since */
	if (pool_reserve(&node->peers) == ERR_FULL)
		(void)forget_longest_gone(node, 0);
	peer = pool_take(&node->peers, ret_handle);
	if (peer == NULL)
		return NULL;
	if (alarms_grow(&node->way_alarms, pool_room(&node->peers)) != 0 ||
	    map_put(&node->peer_by_id, id->bytes, ret_handle->index) != 0) { /* no memory */
		pool_give(&node->peers, *ret_handle);
		return NULL;
	}
	peer->id = *id;
	peer->why = "";
	return peer;
}

void peer_use(struct node *node, struct now now, struct handle handle, struct handle session)
{
	struct peer *peer = pool_at(&node->peers, handle);
	bool was_linked;

	CHECK(peer != NULL);
	if (handle_equal(peer->session, session))
		return;
	was_linked = peer_is_linked(peer);
	set_session(node, now, handle, session, "");
	peer->since = now.mono;
	/* What came in the session before this one came from the life that we know; but of a
	 * session that died with its ways nothing is left. */
	if (!was_linked || peer->paths.is_dead || !channel_of(node, session)->by_own_link)
		ways_begin(node, now, handle);
	need_begin(&peer->need, now);
	clocks_begin(peer, now);
	peer_release(node, handle);
}

void peer_release(struct node *node, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const struct channel *channel = peer == NULL ? NULL : channel_of(node, peer->session);

	if (channel == NULL || channel->send == NULL || !peer->admits_ip)
		return;
	vnet_peer_up(node->vnet, &peer->id, peer->has_ipv4 ? peer->ipv4 : NULL);
}

bool peer_has_address(const struct peer *peer, const struct vnet_output *wanted)
{
	const struct ip_address v4 = ip_v4(peer->ipv4);

	return wanted->has_prefix ? id_prefix_equal(&wanted->id, &peer->id)
				  : peer->has_ipv4 && ip_equal(&v4, &wanted->destination);
}

struct peer *peer_wanted(struct node *node, const struct vnet_output *wanted,
			 struct handle *ret_handle)
{
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct peer *peer = pool_slot(&node->peers, i, ret_handle);

		if (peer != NULL && peer_has_address(peer, wanted))
			return peer;
	}
	return NULL;
}

uint32_t peer_channels(const struct node *node, struct handle peer, uint32_t *ret_replaced)
{
	uint32_t count = 0;

	*ret_replaced = 0;
	for (const struct channel *channel = NULL;
	     (channel = channel_of_peer(node, peer, channel)) != NULL;) {
		count++;
		*ret_replaced += channel->replaced;
	}
	return count;
}

/* Another session of the peer that can carry its traffic, or HANDLE_NONE; one that was replaced
 * only if there is no other. */
static struct handle other_session(const struct node *node, struct handle peer)
{
	struct handle other = HANDLE_NONE;

	for (const struct channel *channel = NULL;
	     (channel = channel_of_peer(node, peer, channel)) != NULL;) {
		if (!channel->confirmed)
			continue;
		if (!channel->replaced)
			return channel->session;
		other = channel->session;
	}
	return other;
}

static void go_down(struct node *node, struct now now, struct handle handle, const char *why)
{
	struct peer *peer = pool_at(&node->peers, handle);

	set_session(node, now, handle, HANDLE_NONE,
		    peer->paths.is_dead ? "stopped answering" : why);
	peer->since = now.mono;
	vnet_peer_down(node->vnet, &peer->id);
	ways_end(node, now, handle);
	clocks_end(peer);
}

void peer_lost(struct node *node, struct now now, struct handle handle, struct handle session,
	       const char *why)
{
	struct peer *peer = pool_at(&node->peers, handle);

	CHECK(peer != NULL); /* it is not forgotten while it has a channel */
	node->peers_left = true;
	if (handle_equal(peer->session, session)) {
		const struct handle other = other_session(node, handle);

		if (!handle_is_none(other)) {
			channel_of(node, other)->replaced = false; /* any more */
			peer_use(node, now, handle, other);
		} else {
			go_down(node, now, handle, why);
		}
	}
}

/* "host", "host.NET.ipop", an address or an id. */
static bool is_named(const struct node *node, const struct peer *peer, const char *text)
{
	const size_t len = strlen(peer->name);
	struct endpoint address;
	struct ip_address ip;
	struct id id;

	if (len > 0 && strncmp(text, peer->name, len) == 0) {
		const char *rest = text + len;
		const size_t net = strlen(node->config.network);

		if (*rest == '\0' ||
		    (*rest == '.' && strncmp(rest + 1, node->config.network, net) == 0 &&
		     strcmp(rest + 1 + net, ".ipop") == 0))
			return true;
	}
	if (id_from_text(text, &id) == 0)
		return id_equal(&id, &peer->id);
	if (endpoint_ip_from_text(text, &address) != 0)
		return false;
	memcpy(ip.bytes, address.ip, sizeof(ip.bytes));
	const struct ip_address v6 = address_ipv6(trust_network(node->config.trust), &peer->id);
	const struct ip_address v4 = ip_v4(peer->ipv4);

	return ip_equal(&ip, &v6) || (peer->has_ipv4 && ip_equal(&ip, &v4));
}

struct peer *peer_by_text(struct node *node, const char *text, struct handle *ret_handle)
{
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct peer *peer = pool_slot(&node->peers, i, ret_handle);

		if (peer != NULL && is_named(node, peer, text))
			return peer;
	}
	return NULL;
}

bool peer_is_self(const struct node *node, const char *text)
{
	struct peer self = { .id = node->certificate.id, .has_ipv4 = node->certificate.has_ipv4 };

	memcpy(self.name, node->certificate.name, sizeof(self.name));
	memcpy(self.ipv4, node->certificate.ipv4, sizeof(self.ipv4));
	return is_named(node, &self, text);
}

void peer_show_way(const struct node *node, const struct way *way, struct node_peer *ret)
{
	const struct peer *relay;
	struct handle handle;

	ret->way = way->kind;
	ret->remote = way->remote;
	ret->relay[0] = '\0';
	if (way->kind != WAY_RELAY)
		return;
	relay = pool_slot(&node->peers, way->link - 1, &handle);
	if (relay != NULL)
		memcpy(ret->relay, relay->name, sizeof(ret->relay));
}

static void show_used(const struct node *node, const struct peer *peer, struct node_peer *ret)
{
	const struct trial *used = paths_used(&peer->paths);

	peer_show_way(node, &used->way, ret);
	ret->state = paths_is_doubted(&peer->paths) ? NODE_PEER_STALE : NODE_PEER_UP;
	if (used->size < PATHS_SIZE_MAX)
		ret->mtu = used->size;
	ret->is_near = ring_is_near(node->ring, &peer->id);
	ret->is_shortcut = !ret->is_near && ring_uses(node->ring, &peer->id);
	ret->nat = peer->candidates.nat;
	ret->has_rtt = used->has_rtt;
	ret->rtt_us = used->rtt_us;
	ret->why = peer->ipv4_is_anothers ? "its IPv4 address is another member's too"
					  : peer->paths.why;
}

void peer_show(struct node *node, struct mono now, const struct peer *peer, struct node_peer *ret)
{
	const struct channel *channel = channel_of(node, peer->session);

	*ret = (struct node_peer){ .id = peer->id,
				   .state = peer->is_line ? NODE_PEER_CONNECTING : NODE_PEER_GONE,
				   .has_ipv4 = peer->has_ipv4,
				   .not_after = peer->not_after,
				   .since = peer->since,
				   .line = line_of(node, &peer->id),
				   .why = peer->why };
	memcpy(ret->name, peer->name, sizeof(ret->name));
	memcpy(ret->ipv4, peer->ipv4, sizeof(ret->ipv4));
	ret->ipv6 = address_ipv6(trust_network(node->config.trust), &peer->id);
	if (channel == NULL)
		return;
	show_used(node, peer, ret);
	ret->counters = channel->past;
	for (size_t i = 0; i < CHANNEL_KEYSETS_MAX; i++) {
		if (channel->keysets[i] == NULL)
			continue;
		const struct keyset_counters seen = keyset_counters(channel->keysets[i]);

		keyset_counters_add(&ret->counters, &seen);
	}
	if (doubling_is_sure(&peer->doubling, now))
		ret->why = DOUBLE_WHY;
}

struct node_named peer_named(const struct node *node, const struct id *id)
{
	struct node_named ret = { .id = *id };
	struct handle unused;
	const struct peer *peer = peer_find(node, id, &unused);

	if (peer != NULL)
		memcpy(ret.name, peer->name, sizeof(ret.name));
	else if (id_equal(id, &node->certificate.id))
		memcpy(ret.name, node->certificate.name, sizeof(ret.name));
	return ret;
}
