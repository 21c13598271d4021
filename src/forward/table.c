/* table.c - see table.h. Three maps, from addresses, receiver and relay indices, to numbers of
 * three arrays; all of it has its full size from the start, so no pointer that was lent ever moves.
 */
#include "forward/table.h"

#include "base/check.h"
#include "base/err.h"
#include "base/map.h"
#include "base/seccheck.h"
#include "forward/seal.h"

#include <stdlib.h>

#define ADDRESSES_COMMON 2 /* of an entry: IPv6, IPv4 */

struct receiver {
	struct keyset *keyset; /* owned: a reference */
	uint32_t entry;
};

struct forward_table {
	struct table_entry *entries; /* owned; each holds a reference to its key set */
	struct receiver *receivers;  /* owned */
	struct table_relay *relays;  /* owned; each holds references to its meters */
	uint32_t entry_count, entries_max;
	uint32_t receiver_count, receivers_max;
	uint32_t relay_count, relays_max;
	struct map entry_of_address, receiver_of_index, relay_of_index;
	struct ip_address own[TABLE_OWN_MAX];
	uint32_t own_count;
	int64_t clock_offset_us;
	struct table_shelf shelf;
};

static uint32_t at_least_one(uint32_t count)
{
	return count == 0 ? 1 : count;
}

int table_new(const struct table_config *config, struct rng *rng, struct forward_table **ret)
{
	const uint32_t entries_max = at_least_one(config->entries_max);
	const uint32_t receivers_max = at_least_one(config->keysets_max);
	const uint32_t relays_max = at_least_one(config->relays_max);
	struct forward_table *table = calloc(1, sizeof(*table));

	CHECK(config->own_count <= TABLE_OWN_MAX);
	if (table == NULL)
		return ERR_NOMEM;
	table->entries_max = config->entries_max;
	table->receivers_max = config->keysets_max;
	table->relays_max = config->relays_max;
	table->own_count = config->own_count;
	memcpy(table->own, config->own, sizeof(table->own));
	table->clock_offset_us = config->clock_offset_us;
	table->entries = calloc(entries_max, sizeof(table->entries[0]));
	table->receivers = calloc(receivers_max, sizeof(table->receivers[0]));
	table->relays = calloc(relays_max, sizeof(table->relays[0]));
	if (table->entries == NULL || table->receivers == NULL || table->relays == NULL) {
		table_del(table);
		return ERR_NOMEM;
	}
	map_init(&table->entry_of_address, rng, entries_max * TABLE_ENTRY_ADDRESSES_MAX,
		 IP_ADDRESS_BYTES);
	map_init(&table->receiver_of_index, rng, receivers_max, sizeof(uint32_t));
	map_init(&table->relay_of_index, rng, relays_max, sizeof(uint32_t));
	if (map_reserve(&table->entry_of_address, ADDRESSES_COMMON * config->entries_max) != 0 ||
	    map_reserve(&table->receiver_of_index, config->keysets_max) != 0 ||
	    map_reserve(&table->relay_of_index, config->relays_max) != 0) {
		table_del(table);
		return ERR_NOMEM;
	}
	*ret = table;
	return 0;
}

void table_del(struct forward_table *table)
{
	if (table == NULL)
		return;
	for (uint32_t i = 0; i < table->entry_count; i++)
		keyset_unref(table->entries[i].keyset);
	for (uint32_t i = 0; i < table->receiver_count; i++)
		keyset_unref(table->receivers[i].keyset);
	for (uint32_t i = 0; i < table->relay_count; i++) {
		meter_unref(table->relays[i].meter);
		meter_unref(table->relays[i].share);
	}
	map_free(&table->entry_of_address);
	map_free(&table->receiver_of_index);
	map_free(&table->relay_of_index);
	free(table->entries);
	free(table->receivers);
	free(table->relays);
	free(table);
}

/* True if none of the entry's addresses is ours, somebody's, or there twice. */
static bool addresses_are_free(const struct forward_table *table, const struct table_entry *entry)
{
	for (uint32_t i = 0; i < entry->address_count; i++) {
		const struct ip_address *address = &entry->addresses[i];

		if (table_is_own(table, address) || table_find_destination(table, address) != NULL)
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (ip_equal(address, &entry->addresses[k]))
				return false;
	}
	return true;
}

/* Only links that are direct relay, so that nothing goes through two relays. */
static bool is_direct_link(const struct forward_table *table, uint32_t entry)
{
	return entry < table->entry_count && table->entries[entry].action == TABLE_SEND;
}

/* What an action needs is there, and what it has no use for is not. */
static bool entry_is_whole(const struct forward_table *table, const struct table_entry *entry)
{
	switch (entry->action) {
	case TABLE_SEND:
		return entry->keyset != NULL && entry->way.kind == WAY_DIRECT &&
		       entry->mtu <= KEYSET_PAYLOAD_BYTES_MAX;
	case TABLE_WRAP:
		return entry->keyset != NULL && entry->way.kind == WAY_RELAY &&
		       entry->mtu <= SEAL_RELAYED_PAYLOAD_BYTES_MAX &&
		       is_direct_link(table, entry->relay_entry) &&
		       table->entries[entry->relay_entry].link == entry->way.link;
	case TABLE_QUEUE:
		return entry->keyset == NULL && entry->mtu <= KEYSET_PAYLOAD_BYTES_MAX;
	}
	UNREACHABLE();
}

int table_add_entry(struct forward_table *table, const struct table_entry *entry,
		    uint32_t *ret_entry)
{
	const uint32_t number = table->entry_count;

	CHECK(entry->address_count <= TABLE_ENTRY_ADDRESSES_MAX);
	CHECK(entry_is_whole(table, entry));
	if (number == table->entries_max)
		return ERR_FULL;
	if (!SECCHECK(SEC_TABLE_ADDRESS_FREE, addresses_are_free(table, entry)))
		return ERR_EXISTS;
	if (map_reserve(&table->entry_of_address,
			table->entry_of_address.count + entry->address_count) != 0)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < entry->address_count; i++)
		CHECK(map_put(&table->entry_of_address, entry->addresses[i].bytes, number) == 0);
	table->entries[number] = *entry;
	if (entry->keyset != NULL)
		(void)keyset_ref(entry->keyset);
	table->entry_count++;
	*ret_entry = number;
	return 0;
}

int table_add_receiver(struct forward_table *table, struct keyset *keyset, uint32_t entry)
{
	const uint32_t index = keyset_local_index(keyset);
	const uint32_t number = table->receiver_count;
	uint32_t present;

	CHECK(entry < table->entry_count);
	if (number == table->receivers_max)
		return ERR_FULL;
	if (map_get(&table->receiver_of_index, &index, &present))
		return ERR_EXISTS;
	const int err = map_put(&table->receiver_of_index, &index, number);

	if (err != 0)
		return err;
	table->receivers[number] =
		(struct receiver){ .keyset = keyset_ref(keyset), .entry = entry };
	table->receiver_count++;
	return 0;
}

static int add_relay(struct forward_table *table, const struct table_relay *relay)
{
	const uint32_t number = table->relay_count;
	uint32_t present;

	if (number == table->relays_max)
		return ERR_FULL;
	if (map_get(&table->relay_of_index, &relay->index, &present))
		return ERR_EXISTS;
	const int err = map_put(&table->relay_of_index, &relay->index, number);

	if (err != 0)
		return err;
	table->relays[number] = *relay;
	if (relay->meter != NULL)
		(void)meter_ref(relay->meter);
	if (relay->share != NULL)
		(void)meter_ref(relay->share);
	table->relay_count++;
	return 0;
}

int table_add_relay(struct forward_table *table, const struct table_relay *relay)
{
	CHECK(relay->meter != NULL && is_direct_link(table, relay->to_entry));
	return add_relay(table, relay);
}

int table_add_relay_end(struct forward_table *table, uint32_t index, uint32_t from_link)
{
	const struct table_relay end = { .index = index,
					 .from_link = from_link,
					 .to_entry = TABLE_NO_ENTRY };

	return add_relay(table, &end);
}

const struct table_entry *table_entry_at(const struct forward_table *table, uint32_t entry)
{
	CHECK(entry < table->entry_count);
	return &table->entries[entry];
}

const struct table_relay *table_find_relay(const struct forward_table *table, uint32_t index)
{
	uint32_t number;

	return map_get(&table->relay_of_index, &index, &number) ? &table->relays[number] : NULL;
}

const struct table_entry *table_find_destination(const struct forward_table *table,
						 const struct ip_address *address)
{
	uint32_t number;

	if (!map_get(&table->entry_of_address, address->bytes, &number))
		return NULL;
	return &table->entries[number];
}

const struct table_entry *table_find_receiver(const struct forward_table *table,
					      uint32_t local_index, struct keyset **ret_keyset)
{
	const struct receiver *receiver;
	uint32_t number;

	if (!map_get(&table->receiver_of_index, &local_index, &number))
		return NULL;
	receiver = &table->receivers[number];
	*ret_keyset = receiver->keyset;
	return &table->entries[receiver->entry];
}

bool table_entry_has(const struct table_entry *entry, const struct ip_address *address)
{
	for (uint32_t i = 0; i < entry->address_count; i++)
		if (ip_equal(&entry->addresses[i], address))
			return true;
	return false;
}

bool table_is_own(const struct forward_table *table, const struct ip_address *address)
{
	for (uint32_t i = 0; i < table->own_count; i++)
		if (ip_equal(&table->own[i], address))
			return true;
	return false;
}

int64_t table_clock_offset_us(const struct forward_table *table)
{
	return table->clock_offset_us;
}

struct table_shelf *table_shelf(struct forward_table *table)
{
	return &table->shelf;
}
