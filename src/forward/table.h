/* table.h - where packets go: an immutable snapshot that node/ builds and forward/ reads.
 *
 * Built once (table_new, then what is to be in it), then never written again; the world swaps a
 * pointer and deletes the old one when every worker has passed a batch boundary. Destinations are
 * exact addresses for now; entries are what stands behind them.
 */
#ifndef FORWARD_TABLE_H
#define FORWARD_TABLE_H

#include "base/rng.h"
#include "forward/keyset.h"
#include "forward/meter.h"
#include "wire/ip.h"
#include "wire/way.h"

#define TABLE_OWN_MAX 4             /* our addresses inside the network */
#define TABLE_ENTRY_ADDRESSES_MAX 4 /* addresses of one peer */

#define TABLE_NO_ENTRY UINT32_MAX

/* What happens to a packet that meets an entry. */
enum table_action {
	TABLE_SEND,  /* seal with `keyset`, out by the way, which is DIRECT */
	TABLE_WRAP,  /* seal with `keyset`, and again for the relay, out by its entry; way RELAY */
	TABLE_QUEUE, /* no path yet, or along the ring: to the node, which holds it or routes it */
};

struct table_entry {
	enum table_action action;
	uint32_t link;         /* the node's name for it: which egress, and in reports */
	struct keyset *keyset; /* to send with; NULL with TABLE_QUEUE */
	struct way way;        /* in use; what comes by another is reported */
	uint32_t relay_entry;  /* WRAP: the relay's, which is of action SEND */
	uint32_t relay_index;  /* WRAP: by which the relay knows that it is for this peer */
	uint16_t mtu;          /* inner packets above this are answered "too big"; at most
				* KEYSET_PAYLOAD_BYTES_MAX, or SEAL_RELAYED_PAYLOAD_BYTES_MAX */
	bool admits_ip;        /* policy: may_ip */
	bool takes_partial;    /* the peer completes checksums and joins segments */
	/* These may be the source of what comes from there, and packets for them go there. */
	struct ip_address addresses[TABLE_ENTRY_ADDRESSES_MAX];
	uint32_t address_count;
};

/* What is done with the datagram in a RELAY frame. An index means something on one link alone: who
 * guesses that of another link's reaches nobody. */
struct table_relay {
	uint32_t index, from_link;
	uint32_t to_entry;   /* of action SEND; TABLE_NO_ENTRY: it ends here */
	uint32_t to_index;   /* what is written on it from here on */
	struct meter *meter; /* how much is passed on in all; NULL if it ends here */
	struct meter *share; /* of that, what is kept for its sender; NULL: nothing */
};

struct forward_table; /* opaque */

struct table_config {
	uint32_t entries_max, keysets_max, relays_max;
	struct ip_address own[TABLE_OWN_MAX]; /* ours: only they are sent from and delivered to */
	uint32_t own_count;
	int64_t clock_offset_us; /* now_offset_us() when it was built: see SNAPSHOT in forward.h */
};

/* Rng keys the look-ups. 0 or ERR_NOMEM. */
int table_new(const struct table_config *config, struct rng *rng, struct forward_table **ret);

/* Copies the entry and takes a reference to its key set; a relay's comes before those that WRAP. 0,
 * ERR_FULL, ERR_NOMEM, ERR_EXISTS (an address is one of our own, or has an entry already). On
 * failure nothing has changed. */
int table_add_entry(struct forward_table *table, const struct table_entry *entry,
		    uint32_t *ret_entry);

/* Packets with this key set's index belong to that entry; takes a reference. 0, ERR_FULL,
 * ERR_NOMEM, ERR_EXISTS (of the index). */
int table_add_receiver(struct forward_table *table, struct keyset *keyset, uint32_t entry);

/* What comes from that link with that index is passed on to `to_entry`; takes references to the
 * meters. 0, ERR_FULL, ERR_NOMEM, ERR_EXISTS (of the index). */
int table_add_relay(struct forward_table *table, const struct table_relay *relay);

/* What comes from that link with that index was passed on to us, and is opened. Errors as above. */
int table_add_relay_end(struct forward_table *table, uint32_t index, uint32_t from_link);

/* Drops all references; accepts NULL. Control thread only, as keyset_unref() is. */
void table_del(struct forward_table *table);

/* Borrowed from the table; NULL if there is none. */
const struct table_entry *table_find_destination(const struct forward_table *table,
						 const struct ip_address *address);

/* The entry and the key set of a receiver index; NULL, and nothing set, if nobody has it. */
const struct table_entry *table_find_receiver(const struct forward_table *table,
					      uint32_t local_index, struct keyset **ret_keyset);

const struct table_entry *table_entry_at(const struct forward_table *table, uint32_t entry);

/* NULL if nobody has the index; whether it came from the right link is the caller's question. */
const struct table_relay *table_find_relay(const struct forward_table *table, uint32_t index);

/* True if the peer behind the entry may use this address. */
bool table_entry_has(const struct table_entry *entry, const struct ip_address *address);

/* A place in a table that was replaced, for whoever keeps it until nobody reads it (publisher.h).
 */
struct table_shelf {
	struct forward_table *next;
	uint64_t replaced_by; /* the number of a publication */
};
struct table_shelf *table_shelf(struct forward_table *table);

bool table_is_own(const struct forward_table *table, const struct ip_address *address);
int64_t table_clock_offset_us(const struct forward_table *table);

#endif
