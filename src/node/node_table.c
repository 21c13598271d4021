/* node_table.c - from channels, peers and relays to the snapshot that forward/ reads.
 *
 * It is built whole whenever something changed: the simplest thing that cannot leave a stale entry.
 * Peers that are reached straight come first, since the entries of those behind a relay name them.
 */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "forward/seal.h"
#include "vnet/address.h"

#include <assert.h>

static_assert(PATHS_SIZE_MAX == FORWARD_MTU, "what no way is taken for wider than");
static_assert(VNET_PACKET_BYTES_MAX == FORWARD_MTU, "what waits is what the TUN gives");
static_assert(FORWARD_DRIFT_US == SESSION_SNAPSHOT_DRIFT_US, "both see a resumed copy, or neither");
static_assert(KEYSET_STOP_AFTER_IP_MS == SESSION_STOP_AFTER_IP_MS, "keys stop when sessions do");

struct build {
	struct node *node;
	struct forward_table *table;
	uint32_t entries[NODE_PEERS_MAX]; /* by the peer's index */
};

static uint32_t own_addresses(const struct node *node, struct ip_address ret[TABLE_OWN_MAX])
{
	uint32_t count = 0;

	ret[count++] = vnet_ipv6(node->vnet);
	if (node->certificate.has_ipv4)
		ret[count++] = ip_v4(node->certificate.ipv4);
	return count;
}

/* What the table must hold at most; it has room for something, always. */
static void count_needed(const struct node *node, struct table_config *config)
{
	config->entries_max = pool_count(&node->peers) + 1;
	config->keysets_max = node->channel_by_index.count + 1;
	config->relays_max = 2 * relays_count(node->relays) + 1;
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle unused;
		const struct peer *peer = pool_slot(&node->peers, i, &unused);

		for (size_t k = 0; peer != NULL && k < PEER_RELAYS_MAX; k++)
			config->relays_max += !handle_is_none(peer->relayings[k].relay);
	}
}

/* Where the traffic of a peer goes: by its way, if there are keys and the way is not the ring. */
static void set_action(const struct build *b, const struct peer *peer, struct handle handle,
		       struct table_entry *entry)
{
	const struct channel *current = channel_of(b->node, peer->session);
	const struct relaying *relaying;

	entry->action = TABLE_QUEUE;
	if (current == NULL)
		return;
	entry->way = peer_way(peer);
	if (current->send == NULL || entry->way.kind == WAY_RING || peer->need.state != NEED_HOLDS)
		return;
	if (entry->way.kind == WAY_RELAY) {
		relaying = relaying_of(b->node, handle, &entry->way);
		if (relaying == NULL || !relaying->granted ||
		    b->entries[relaying->relay.index] == TABLE_NO_ENTRY)
			return;
		entry->relay_entry = b->entries[relaying->relay.index];
		entry->relay_index = relaying->send_index;
		if (table_entry_at(b->table, entry->relay_entry)->action != TABLE_SEND)
			return; /* its link has just lost its keys or its way */
		entry->action = TABLE_WRAP;
	} else {
		entry->action = TABLE_SEND;
	}
	entry->keyset = current->send;
}

/* The peer's entry. Its addresses lead here, and only they may come from here. ERR_EXISTS: another
 * peer has its IPv6 address. */
static int add_entry(struct build *b, struct handle handle)
{
	struct peer *peer = pool_at(&b->node->peers, handle);
	struct table_entry entry = {
		.link = handle.index + 1,
		.mtu = peer_is_up(peer) ? paths_size(&peer->paths) : FORWARD_MTU,
		.admits_ip = peer->admits_ip,
		.takes_partial = (peer->capabilities & NODE_CAPABILITY_PARTIAL) != 0
	};
	uint32_t *ret = &b->entries[handle.index];
	int err;

	peer->ipv4_is_anothers = false;
	set_action(b, peer, handle, &entry);
	entry.addresses[entry.address_count++] =
		address_ipv6(trust_network(b->node->config.trust), &peer->id);
	if (peer->has_ipv4)
		entry.addresses[entry.address_count++] = ip_v4(peer->ipv4);
	err = table_add_entry(b->table, &entry, ret);
	if (err == ERR_EXISTS && peer->has_ipv4) {
		/* The CA moved the address to another member while the certificate of the one
		 * before is still valid: who came first keeps it. */
		peer->ipv4_is_anothers = true;
		entry.address_count--;
		err = table_add_entry(b->table, &entry, ret);
	}
	return err;
}

static int add_receivers(struct forward_table *table, const struct channel *channel, uint32_t entry)
{
	for (size_t k = 0; k < CHANNEL_KEYSETS_MAX; k++) {
		const int err = channel->keysets[k] == NULL
					? 0
					: table_add_receiver(table, channel->keysets[k], entry);

		if (err != 0)
			return err;
	}
	return 0;
}

/* All key sets of all channels of a peer lead to its one entry, which enters with the first. */
static int add_peers(struct build *b, bool relayed)
{
	for (uint32_t i = 0; i < b->node->channels_end; i++) {
		const struct channel *channel = &b->node->channels[i];
		uint32_t *entry = &b->entries[channel->peer.index];
		int err = 0;

		if (!channel->standing || (peer_way(pool_at(&b->node->peers, channel->peer)).kind ==
					   WAY_RELAY) != relayed)
			continue;
		if (*entry == TABLE_NO_ENTRY)
			err = add_entry(b, channel->peer);
		if (err == ERR_EXISTS)
			continue; /* 80 bits of its id are another's: it is not reached */
		if (err == 0)
			err = add_receivers(b->table, channel, *entry);
		if (err != 0)
			return err;
	}
	return 0;
}

/* What relays pass on to us. */
static int add_relay_ends(struct build *b)
{
	for (uint32_t i = 0; i < pool_end(&b->node->peers); i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&b->node->peers, i, &handle);

		for (size_t k = 0; peer != NULL && k < PEER_RELAYS_MAX; k++) {
			const struct relaying *relaying = &peer->relayings[k];
			int err = 0;

			if (!handle_is_none(relaying->relay))
				err = table_add_relay_end(b->table, relaying->index,
							  relaying->relay.index + 1);
			if (err != 0)
				return err;
		}
	}
	return 0;
}

/* How many members send what we pass on. */
static uint32_t count_senders(const struct node *node)
{
	bool sends[NODE_PEERS_MAX] = { false };
	struct relays_direction direction;
	uint32_t cursor = 0;
	uint32_t count = 0;
	struct handle from;

	while (relays_next(node->relays, &cursor, &direction)) {
		if (peer_find(node, &direction.from, &from) == NULL || sends[from.index])
			continue;
		sends[from.index] = true;
		count++;
	}
	return count;
}

/* ERR_NOT_FOUND: one of the two cannot be sent to at present. */
static int add_direction(struct build *b, const struct relays_direction *direction,
			 uint32_t senders)
{
	struct table_relay relay = { .index = direction->index,
				     .to_index = direction->to_index,
				     .meter = b->node->relay_meter };
	struct handle from, to;

	if (peer_find(b->node, &direction->from, &from) == NULL ||
	    peer_find(b->node, &direction->to, &to) == NULL ||
	    b->entries[to.index] == TABLE_NO_ENTRY)
		return ERR_NOT_FOUND;
	relay.from_link = from.index + 1;
	relay.to_entry = b->entries[to.index];
	if (table_entry_at(b->table, relay.to_entry)->action != TABLE_SEND)
		return ERR_NOT_FOUND;
	relay.share = relaying_share(b->node, from, senders);
	return relay.share == NULL ? ERR_NOMEM : table_add_relay(b->table, &relay);
}

/* What we pass on. An index that an end chose for itself may be one that we gave out. */
static int add_relays(struct build *b)
{
	const uint32_t senders = count_senders(b->node);
	struct relays_direction direction;
	uint32_t cursor = 0;

	while (relays_next(b->node->relays, &cursor, &direction)) {
		const int err = add_direction(b, &direction, senders);

		if (err != 0 && err != ERR_EXISTS && err != ERR_NOT_FOUND)
			return err;
	}
	return 0;
}

void table_now(struct node *node)
{
	node->table_at = (struct mono){ 0 };
}

void table_soon(struct node *node, struct now now)
{
	node->table_at = mono_min(node->table_at, mono_add_ms(now.mono, TABLE_SOON_MS));
}

int node_build_table(struct node *node, struct now now, struct forward_table **ret)
{
	struct table_config config = { .clock_offset_us = now_offset_us(now) };
	struct build b = { .node = node };
	int err;

	for (uint32_t i = 0; i < NODE_PEERS_MAX; i++)
		b.entries[i] = TABLE_NO_ENTRY;
	config.own_count = own_addresses(node, config.own);
	count_needed(node, &config);
	err = table_new(&config, &node->rng, &b.table);
	if (err == 0)
		err = add_peers(&b, false);
	if (err == 0)
		err = add_peers(&b, true);
	if (err == 0)
		err = add_relay_ends(&b);
	if (err == 0)
		err = add_relays(&b);
	if (err != 0) {
		CHECK(err == ERR_NOMEM); /* capacities were counted */
		table_del(b.table);
		return err;
	}
	node->table_offset_us = config.clock_offset_us;
	*ret = b.table;
	return 0;
}
