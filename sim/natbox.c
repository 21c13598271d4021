/* natbox.c - see natbox.h.
 *
 * One map holds three kinds of keys: of a mapping, what it is found by from inside and from
 * outside; of a permit, its mapping and the remote it lets in. Scopes are applied by erasing from
 * the remote what does not count, so all nine combinations of RFC 4787 are one code. A reboot
 * changes the epoch in the keys: what stood is found no more, and ends in its time.
 *
 * A heap holds each entry once, at an instant at which it may end. All that is due is looked at
 * before any look-up: used entries are put back, the others go. So whatever is found lives.
 */
#include "sim/natbox.h"

#include "base/check.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MIN 1024
#define PORT_MAX 65535
#define TIMEOUT_MS 120000        /* the least that RFC 4787, REQ-5 allows */
#define LINUX_UNREPLIED_MS 30000 /* nf_conntrack_udp_timeout */
#define LINUX_STREAM_MS 120000   /* nf_conntrack_udp_timeout_stream */

#define RFC_4787_KIND \
	.port_min = PORT_MIN, .port_max = PORT_MAX, .timeout_ms = TIMEOUT_MS, .hairpin = true

const struct natbox_kind natbox_full_cone = {
	.name = "full cone",
	.mapping = NATBOX_ANYBODY,
	.filtering = NATBOX_ANYBODY,
	.ports = NATBOX_PRESERVE,
	RFC_4787_KIND,
};
const struct natbox_kind natbox_address_restricted = {
	.name = "address-restricted cone",
	.mapping = NATBOX_ANYBODY,
	.filtering = NATBOX_ADDRESS,
	.ports = NATBOX_PRESERVE,
	RFC_4787_KIND,
};
const struct natbox_kind natbox_port_restricted = {
	.name = "port-restricted cone",
	.mapping = NATBOX_ANYBODY,
	.filtering = NATBOX_ENDPOINT,
	.ports = NATBOX_PRESERVE,
	RFC_4787_KIND,
};
const struct natbox_kind natbox_symmetric = {
	.name = "symmetric",
	.mapping = NATBOX_ENDPOINT,
	.filtering = NATBOX_ENDPOINT,
	.ports = NATBOX_RANDOM,
	RFC_4787_KIND,
};
const struct natbox_kind natbox_linux_accept = {
	.name = "linux accept",
	.mapping = NATBOX_ENDPOINT,
	.filtering = NATBOX_ENDPOINT,
	.ports = NATBOX_OVERLOAD,
	.port_min = PORT_MIN,
	.port_max = PORT_MAX,
	.timeout_ms = LINUX_STREAM_MS,
	.unanswered_ms = LINUX_UNREPLIED_MS,
	.inbound_refreshes = true,
	.accepts = true,
};
const struct natbox_kind natbox_firewall = {
	.name = "firewall",
	.mapping = NATBOX_ANYBODY,
	.filtering = NATBOX_ENDPOINT,
	.ports = NATBOX_KEEP,
	.port_max = PORT_MAX,
	.timeout_ms = LINUX_STREAM_MS,
	.inbound_refreshes = true,
};

enum key_kind { KEY_INSIDE = 1, KEY_OUTSIDE, KEY_PERMIT };

/* No padding: it is hashed and compared as bytes. */
struct key {
	uint32_t owner[2]; /* box and epoch; of a permit: handle of its mapping */
	uint32_t kind;
	struct endpoint own, remote;
};

static_assert(sizeof(struct key) == 12 + 2 * sizeof(struct endpoint), "a key has padding");
static_assert(sizeof(struct key) <= MAP_KEY_BYTES_MAX, "a key does not fit the map");

/* A mapping, or a permit, which has one key. */
struct entry {
	struct key keys[2];
	unsigned key_count;
	struct mono expiry;
	struct endpoint inside, outside; /* of a mapping */
	bool answered;                   /* something came in */
	bool local;                      /* a flow of the box itself: nobody inside has it */
};

struct natbox_table {
	struct pool entries; /* struct entry */
	struct map by_key;   /* struct key -> index of entries */
	struct heap ends;    /* item: index of entries */
	uint32_t boxes;
};

struct natbox_table *natbox_table_new(uint32_t entries_max, struct rng *rng)
{
	struct natbox_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	heap_init(&table->ends, entries_max);
	map_init(&table->by_key, rng, 2 * entries_max, sizeof(struct key));
	pool_init(&table->entries, entries_max, sizeof(struct entry));
	return table;
}

void natbox_table_free(struct natbox_table *table)
{
	if (table == NULL)
		return;
	heap_free(&table->ends);
	map_free(&table->by_key);
	pool_free(&table->entries);
	free(table);
}

uint32_t natbox_table_count(const struct natbox_table *table)
{
	return pool_count(&table->entries);
}

void natbox_init(struct natbox *box, struct natbox_table *table, struct rng *rng,
		 const struct natbox_kind *kind, const struct endpoint *outside)
{
	CHECK(kind->port_min <= kind->port_max && kind->timeout_ms > 0);
	CHECK(kind->ports != NATBOX_OVERLOAD || kind->mapping == NATBOX_ENDPOINT);
	CHECK(kind->ports != NATBOX_KEEP || kind->mapping == NATBOX_ANYBODY);
	CHECK(!kind->accepts || kind->ports == NATBOX_OVERLOAD);
	*box = (struct natbox){ .kind = *kind, .table = table, .rng = rng, .outside = *outside };
	box->number = table->boxes++;
	box->port_last = kind->port_max;
}

void natbox_reboot(struct natbox *box)
{
	box->epoch++;
}

/* -- entries ------------------------------------------------------------------------------- */

/* What counts of a remote in this scope. */
static struct endpoint scoped(const struct endpoint *remote, enum natbox_scope scope)
{
	struct endpoint counts = *remote;

	if (scope != NATBOX_ENDPOINT)
		counts.port = 0;
	if (scope == NATBOX_ANYBODY)
		memset(counts.ip, 0, sizeof(counts.ip));
	return counts;
}

static struct key inside_key(const struct natbox *box, const struct endpoint *inside,
			     const struct endpoint *remote)
{
	return (struct key){ .owner = { box->number, box->epoch },
			     .kind = KEY_INSIDE,
			     .own = *inside,
			     .remote = scoped(remote, box->kind.mapping) };
}

/* An outside endpoint is lent once, or, where ports are overloaded, once towards each remote. */
static struct key outside_key(const struct natbox *box, const struct endpoint *outside,
			      const struct endpoint *remote)
{
	const bool overload = box->kind.ports == NATBOX_OVERLOAD;

	return (struct key){ .owner = { box->number, box->epoch },
			     .kind = KEY_OUTSIDE,
			     .own = *outside,
			     .remote =
				     scoped(remote, overload ? NATBOX_ENDPOINT : NATBOX_ANYBODY) };
}

static struct key permit_key(const struct natbox *box, struct handle mapping,
			     const struct endpoint *remote)
{
	return (struct key){ .owner = { mapping.index, mapping.generation },
			     .kind = KEY_PERMIT,
			     .remote = scoped(remote, box->kind.filtering) };
}

static void collect(struct natbox_table *table, struct mono now)
{
	while (table->ends.count > 0 && mono_reached(now, heap_first(&table->ends)->at)) {
		const uint32_t index = (uint32_t)heap_pop(&table->ends).item;
		struct handle handle;
		struct entry *entry = pool_slot(&table->entries, index, &handle);

		CHECK(entry != NULL);
		if (!mono_reached(now, entry->expiry)) {
			CHECK(heap_push(&table->ends, entry->expiry, index) == 0);
			continue;
		}
		for (unsigned i = 0; i < entry->key_count; i++)
			CHECK(map_remove(&table->by_key, &entry->keys[i]));
		pool_give(&table->entries, handle);
	}
}

static struct entry *find(const struct natbox_table *table, const struct key *key,
			  struct handle *ret_handle)
{
	uint32_t index;

	return map_get(&table->by_key, key, &index) ? pool_slot(&table->entries, index, ret_handle)
						    : NULL;
}

/* Puts a copy of the entry into the table; NULL if that is full. */
static struct entry *add(struct natbox_table *table, const struct entry *entry,
			 struct handle *ret_handle)
{
	const int full = pool_reserve(&table->entries);

	if (full == ERR_FULL)
		return NULL;
	struct entry *slot = pool_take(&table->entries, ret_handle);

	CHECK(slot != NULL);
	*slot = *entry;
	CHECK(heap_push(&table->ends, entry->expiry, ret_handle->index) == 0);
	for (unsigned i = 0; i < entry->key_count; i++)
		CHECK(map_put(&table->by_key, &entry->keys[i], ret_handle->index) == 0);
	return slot;
}

static struct mono expiry(const struct natbox *box, struct mono now, bool answered)
{
	const uint32_t unanswered_ms = box->kind.unanswered_ms;

	return mono_add_ms(now,
			   answered || unanswered_ms == 0 ? box->kind.timeout_ms : unanswered_ms);
}

/* Never earlier than it was: the heap relies on that. */
static void use(const struct natbox *box, struct mono now, struct entry *entry)
{
	const struct mono later = expiry(box, now, entry->answered);

	if (mono_reached(later, entry->expiry))
		entry->expiry = later;
}

/* -- ports --------------------------------------------------------------------------------- */

static bool is_free(const struct natbox *box, const struct endpoint *outside,
		    const struct endpoint *remote)
{
	const struct key key = outside_key(box, outside, remote);
	uint32_t index;

	return !map_get(&box->table->by_key, &key, &index);
}

/* The first free port from `first` on, around the range; false if none is free. */
static bool scan_ports(const struct natbox *box, uint16_t first, const struct endpoint *remote,
		       struct endpoint *outside)
{
	const uint32_t count = 1U + box->kind.port_max - box->kind.port_min;

	for (uint32_t i = 0; i < count; i++) {
		const uint32_t offset = (0U + first - box->kind.port_min + i) % count;

		outside->port = (uint16_t)(box->kind.port_min + offset);
		if (is_free(box, outside, remote))
			return true;
	}
	return false;
}

static bool prefers_inside_port(const struct natbox *box, uint16_t port)
{
	const bool in_range = port >= box->kind.port_min && port <= box->kind.port_max;

	return in_range &&
	       (box->kind.ports == NATBOX_PRESERVE || box->kind.ports == NATBOX_OVERLOAD);
}

/* Where the search for a port begins. */
static uint16_t first_port(struct natbox *box)
{
	if (box->kind.ports != NATBOX_SEQUENTIAL)
		return (uint16_t)rng_between(box->rng, box->kind.port_min, box->kind.port_max);
	return box->port_last < box->kind.port_max ? (uint16_t)(box->port_last + 1)
						   : box->kind.port_min;
}

/* Chooses the outside endpoint of a new mapping; false if no port is free. */
static bool choose_outside(struct natbox *box, const struct endpoint *inside,
			   const struct endpoint *remote, struct endpoint *ret)
{
	struct endpoint outside = box->outside;

	if (box->kind.ports == NATBOX_KEEP) {
		*ret = *inside;
		return true;
	}
	outside.port = inside->port;
	if (!prefers_inside_port(box, inside->port) || !is_free(box, &outside, remote)) {
		if (!scan_ports(box, first_port(box), remote, &outside))
			return false;
		box->port_last = outside.port;
	}
	*ret = outside;
	return true;
}

/* -- datagrams ----------------------------------------------------------------------------- */

static struct entry *add_mapping(struct natbox *box, struct mono now, const struct endpoint *inside,
				 const struct endpoint *remote, struct handle *ret_handle)
{
	struct entry mapping = { .inside = *inside, .key_count = 2 };

	if (!choose_outside(box, inside, remote, &mapping.outside))
		return NULL;
	mapping.keys[0] = inside_key(box, inside, remote);
	mapping.keys[1] = outside_key(box, &mapping.outside, remote);
	mapping.expiry = expiry(box, now, false);
	return add(box->table, &mapping, ret_handle);
}

int natbox_outbound(struct natbox *box, struct mono now, const struct endpoint *inside,
		    const struct endpoint *remote, struct endpoint *ret_outside)
{
	const struct key key = inside_key(box, inside, remote);
	struct handle handle;
	struct handle unused;

	collect(box->table, now);
	struct entry *mapping = find(box->table, &key, &handle);

	if (mapping == NULL)
		mapping = add_mapping(box, now, inside, remote, &handle);
	if (mapping == NULL)
		return ERR_FULL;
	use(box, now, mapping);
	struct entry permit = { .keys = { permit_key(box, handle, remote) },
				.key_count = 1,
				.expiry = expiry(box, now, false) };
	struct entry *stands = find(box->table, &permit.keys[0], &unused);

	if (stands != NULL)
		use(box, now, stands);
	else if (add(box->table, &permit, &unused) == NULL)
		return ERR_FULL;
	*ret_outside = mapping->outside;
	return 0;
}

/* The box takes for itself what no mapping wants. */
static void accept_flow(struct natbox *box, struct mono now, const struct endpoint *outside,
			const struct endpoint *remote)
{
	const struct entry flow = { .keys = { outside_key(box, outside, remote) },
				    .key_count = 1,
				    .expiry = expiry(box, now, false),
				    .local = true };
	struct handle handle;

	(void)add(box->table, &flow, &handle); /* a full table keeps no flow, and no harm is done */
}

int natbox_inbound(struct natbox *box, struct mono now, const struct endpoint *outside,
		   const struct endpoint *remote, struct endpoint *ret_inside)
{
	const struct key key = outside_key(box, outside, remote);
	struct handle handle;
	struct handle unused;

	collect(box->table, now);
	struct entry *mapping = find(box->table, &key, &handle);

	if (mapping == NULL || mapping->local) {
		if (mapping != NULL)
			use(box, now, mapping);
		else if (box->kind.accepts)
			accept_flow(box, now, outside, remote);
		return ERR_NOT_FOUND;
	}
	const struct key permit_at = permit_key(box, handle, remote);
	struct entry *permit = find(box->table, &permit_at, &unused);

	if (permit == NULL)
		return ERR_DENIED;
	mapping->answered = true;
	permit->answered = true;
	if (box->kind.inbound_refreshes) {
		use(box, now, mapping);
		use(box, now, permit);
	}
	*ret_inside = mapping->inside;
	return 0;
}
