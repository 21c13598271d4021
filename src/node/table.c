/* table.c - from channels and peers to the snapshot that forward/ reads.
 *
 * It is built whole whenever something changed: the simplest thing that cannot leave a stale entry.
 */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "vnet/address.h"

static uint32_t own_addresses(const struct node *node, struct ip_address ret[TABLE_OWN_MAX])
{
	uint32_t count = 0;

	ret[count++] = vnet_ipv6(node->vnet);
	if (node->certificate.has_ipv4)
		ret[count++] = ip_v4(node->certificate.ipv4);
	return count;
}

static void count_needed(const struct node *node, struct table_config *config)
{
	config->entries_max = 1; /* a table has room for something */
	config->keysets_max = 1;
	for (size_t i = 0; i < node->channels_end; i++) {
		for (size_t k = 0; k < CHANNEL_KEYSETS_MAX; k++)
			config->keysets_max += node->channels[i].keysets[k] != NULL;
	}
	config->entries_max += pool_count(&node->peers);
}

/* All key sets of all channels of the peer lead to its one entry. */
static int add_receivers(struct node *node, struct forward_table *table, struct handle peer,
			 uint32_t entry)
{
	for (size_t i = 0; i < node->channels_end; i++) {
		const struct channel *channel = &node->channels[i];

		if (!channel->standing || !handle_equal(channel->peer, peer))
			continue;
		for (size_t k = 0; k < CHANNEL_KEYSETS_MAX; k++) {
			if (channel->keysets[k] == NULL)
				continue;
			const int err = table_add_receiver(table, channel->keysets[k], entry);

			if (err != 0)
				return err;
		}
	}
	return 0;
}

static int add_peer(struct node *node, struct forward_table *table, struct handle handle,
		    const struct peer *peer)
{
	const struct channel *channel = channel_of(node, peer->session);
	struct table_entry entry = { .action = TABLE_QUEUE,
				     .link = handle.index + 1,
				     .mtu = FORWARD_MTU,
				     .admits_ip = peer->admits_ip };
	uint32_t at;
	int err;

	if (channel == NULL)
		return 0;
	if (channel->send != NULL) {
		entry.action = TABLE_SEND;
		entry.keyset = channel->send;
	}
	entry.local = channel->local;
	entry.remote = channel->remote;
	entry.addresses[entry.address_count++] =
		address_ipv6(trust_network(node->config.trust), &peer->id);
	if (peer->has_ipv4)
		entry.addresses[entry.address_count++] = ip_v4(peer->ipv4);
	err = table_add_entry(table, &entry, &at);
	return err != 0 ? err : add_receivers(node, table, handle, at);
}

int node_build_table(struct node *node, struct now now, struct forward_table **ret)
{
	struct table_config config = { .clock_offset_us = now_offset_us(now) };
	struct forward_table *table;
	int err;

	config.own_count = own_addresses(node, config.own);
	count_needed(node, &config);
	err = table_new(&config, &node->rng, &table);
	for (uint32_t i = 0; err == 0 && i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, i, &handle);

		/* Two members with one address: the CA never issues that, but if it did, the first
		 * keeps it and the second gets no entry. */
		if (peer != NULL && peer_is_up(peer)) {
			err = add_peer(node, table, handle, peer);
			err = err == ERR_EXISTS ? 0 : err;
		}
	}
	if (err != 0) {
		if (err != ERR_NOMEM)
			UNREACHABLE(); /* capacities were counted */
		return err;
	}
	node->table_offset_us = config.clock_offset_us;
	*ret = table;
	return 0;
}
