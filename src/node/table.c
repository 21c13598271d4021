/* table.c - from channels and peers to the snapshot that forward/ reads.
 *
 * It is built whole whenever something changed: the simplest thing that cannot leave a stale entry.
 */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "vnet/address.h"

#define NO_ENTRY UINT32_MAX

static uint32_t own_addresses(const struct node *node, struct ip_address ret[TABLE_OWN_MAX])
{
	uint32_t count = 0;

	ret[count++] = vnet_ipv6(node->vnet);
	if (node->certificate.has_ipv4)
		ret[count++] = ip_v4(node->certificate.ipv4);
	return count;
}

/* What the table must hold at most. */
static void count_needed(const struct node *node, struct table_config *config)
{
	config->entries_max = pool_count(&node->peers) + 1; /* a table has room for something */
	config->keysets_max = node->channels_end * CHANNEL_KEYSETS_MAX + 1;
}

/* The peer's entry: where its traffic goes, or that it waits. Its addresses lead here, and only
 * they may come from here. ERR_EXISTS: another peer has its IPv6 address. */
static int add_entry(struct node *node, struct forward_table *table, const struct channel *first,
		     uint32_t *ret_entry)
{
	struct peer *peer = pool_at(&node->peers, first->peer);
	const struct channel *current = channel_of(node, peer->session);
	const struct channel *way = current != NULL ? current : first;
	struct table_entry entry = { .action = TABLE_QUEUE,
				     .link = first->peer.index + 1,
				     .way = way_direct(&way->local, &way->remote),
				     .mtu = FORWARD_MTU,
				     .admits_ip = peer->admits_ip };
	int err;

	if (current != NULL && current->send != NULL) {
		entry.action = TABLE_SEND;
		entry.keyset = current->send;
	}
	entry.addresses[entry.address_count++] =
		address_ipv6(trust_network(node->config.trust), &peer->id);
	if (peer->has_ipv4)
		entry.addresses[entry.address_count++] = ip_v4(peer->ipv4);
	err = table_add_entry(table, &entry, ret_entry);
	if (err == ERR_EXISTS && peer->has_ipv4) {
		/* The CA moved the address to another member while the certificate of the one
		 * before is still valid: who came first keeps it. */
		peer->why = "its IPv4 address is another member's too";
		entry.address_count--;
		err = table_add_entry(table, &entry, ret_entry);
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
static int fill(struct node *node, struct forward_table *table, uint32_t *entries)
{
	for (uint32_t i = 0; i < node->channels_end; i++) {
		const struct channel *channel = &node->channels[i];
		int err;

		if (!channel->standing)
			continue;
		uint32_t *entry = &entries[channel->peer.index];

		if (*entry == NO_ENTRY) {
			err = add_entry(node, table, channel, entry);
			if (err == ERR_EXISTS)
				continue; /* 80 bits of its id are another's: it is not reached */
			if (err != 0)
				return err;
		}
		err = add_receivers(table, channel, *entry);
		if (err != 0)
			return err;
	}
	return 0;
}

int node_build_table(struct node *node, struct now now, struct forward_table **ret)
{
	struct table_config config = { .clock_offset_us = now_offset_us(now) };
	struct forward_table *table = NULL;
	uint32_t entries[NODE_PEERS_MAX];
	int err;

	for (uint32_t i = 0; i < NODE_PEERS_MAX; i++)
		entries[i] = NO_ENTRY;
	config.own_count = own_addresses(node, config.own);
	count_needed(node, &config);
	err = table_new(&config, &node->rng, &table);
	if (err == 0)
		err = fill(node, table, entries);
	if (err != 0) {
		CHECK(err == ERR_NOMEM); /* capacities were counted */
		table_del(table);
		return err;
	}
	node->table_offset_us = config.clock_offset_us;
	*ret = table;
	return 0;
}
