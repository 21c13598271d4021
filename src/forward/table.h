/* table.h - where packets go: an immutable snapshot that node/ builds and forward/ reads.
 *
 * Built once (table_new, add, table_seal), then never written again; the world swaps a pointer and
 * frees the old one when every worker has passed a batch boundary. Destinations are exact
 * addresses for now; entries are what stands behind them.
 */
#ifndef FORWARD_TABLE_H
#define FORWARD_TABLE_H

#include "base/rng.h"
#include "forward/keyset.h"
#include "wire/endpoint.h"
#include "wire/ip.h"

#define TABLE_OWN_MAX 4             /* our addresses inside the network */
#define TABLE_ENTRY_ADDRESSES_MAX 4 /* addresses of one peer */

/* What happens to a packet that meets an entry. More will come: relay, wrap. */
enum table_action {
	TABLE_SEND,  /* seal with `keyset`, out to `remote` */
	TABLE_QUEUE, /* no path yet: to the node, which holds it */
};

struct table_entry {
	enum table_action action;
	uint32_t link;         /* the node's name for it: which egress, and in reports */
	struct keyset *keyset; /* to send with; NULL with TABLE_QUEUE */
	struct endpoint local, remote;
	uint16_t mtu;   /* inner packets above this are answered "too big" */
	bool admits_ip; /* policy: may_ip */
	struct ip_address
		addresses[TABLE_ENTRY_ADDRESSES_MAX]; /* may be a source from here, and lead here */
	uint32_t address_count;
};

struct forward_table; /* opaque */

struct table_config {
	uint32_t entries_max, keysets_max;
	struct ip_address
		own[TABLE_OWN_MAX]; /* what is addressed to something else is not delivered */
	uint32_t own_count;
	int64_t clock_offset_us; /* now_offset_us() when it was built: see SNAPSHOT in forward.h */
};

/* 0 or ERR_NOMEM. */
int table_new(const struct table_config *config, struct rng *rng, struct forward_table **ret);

/* Copies the entry and takes a reference to its key set. 0, ERR_FULL, ERR_EXISTS (an address has
 * an entry already). */
int table_add_entry(struct forward_table *table, const struct table_entry *entry,
		    uint32_t *ret_entry);

/* Packets with this key set's index belong to that entry. 0, ERR_FULL, ERR_EXISTS. */
int table_add_receiver(struct forward_table *table, struct keyset *keyset, uint32_t entry);

/* Drops all references. */
void table_del(struct forward_table *table);

/* NULL if there is none. */
const struct table_entry *table_find_destination(const struct forward_table *table,
						 const struct ip_address *address);
const struct table_entry *table_find_receiver(const struct forward_table *table,
					      uint32_t local_index, struct keyset **ret_keyset);
bool table_is_own(const struct forward_table *table, const struct ip_address *address);
int64_t table_clock_offset_us(const struct forward_table *table);

#endif
