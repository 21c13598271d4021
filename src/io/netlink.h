/* netlink.h - the interface's link, addresses and routes, and what the host already has of them.
 *
 * The one place that speaks rtnetlink(7), through libmnl. Every call is a request and its
 * acknowledgement; an address brings its connected route with it.
 */
#ifndef IO_NETLINK_H
#define IO_NETLINK_H

#include "wire/ip.h"

#include <net/if.h>

struct netlink; /* opaque */

struct netlink_prefix {
	struct ip_address
		address; /* of the host, or of the network: bits behind `len` may be set */
	uint8_t len;     /* 0..32 of IPv4, 0..128 of IPv6 */
};

bool netlink_prefix_has(const struct netlink_prefix *prefix, const struct ip_address *address);

enum netlink_route_kind {
	NETLINK_ROUTE_UNICAST, /* to an interface, or several */
	NETLINK_ROUTE_LOCAL,   /* to this host itself: an address of it */
	NETLINK_ROUTE_REFUSES  /* to nowhere: blackhole, unreachable or prohibit */
};

/* A route of the host that contains, or lies in, a prefix of ours. */
struct netlink_route {
	struct netlink_prefix prefix;
	enum netlink_route_kind kind;
	char interface[IF_NAMESIZE]; /* empty: it has none, or several */
	uint32_t table;
	bool has_gateway; /* of any next hop */
};

/* An address of the host. */
struct netlink_address {
	struct ip_address address;
	uint32_t index; /* of its interface */
	char interface[IF_NAMESIZE];
};

/* 0, ERR_NOMEM, ERR_IO. */
int netlink_open(struct netlink **ret);
void netlink_close(struct netlink *netlink);

/* The interface's number: 0 or ERR_NOT_FOUND. */
int netlink_find(const char *name, unsigned *ret_index);

/* Sets the MTU and the length of the longest super-packet (forward/offload.h), keeps the kernel
 * from giving the link addresses of its own choice, and brings it up. 0, ERR_PERMISSION,
 * ERR_NOT_FOUND, ERR_IO. */
int netlink_up(struct netlink *netlink, unsigned index, uint32_t mtu, uint32_t super_bytes);

/* Adding an address that is there already is no error. 0, ERR_PERMISSION (also: IPv6 is switched
 * off on the link), ERR_UNSUPPORTED (no such family), ERR_NOT_FOUND, ERR_IO. */
int netlink_add_address(struct netlink *netlink, unsigned index,
			const struct netlink_prefix *address);

/* An interface as it is now, whoever changed it. */
struct netlink_link {
	char name[IF_NAMESIZE];
	bool is_up;
	uint32_t mtu; /* 0: the kernel did not say */
};

/* 0; ERR_NOT_FOUND (it was deleted, or is in another network namespace), ERR_IO. */
int netlink_look(struct netlink *netlink, unsigned index, struct netlink_link *ret);

/* 0 if the interface has that address, ERR_NOT_FOUND, ERR_AGAIN (they change too fast to be read),
 * ERR_IO. */
int netlink_find_address(struct netlink *netlink, unsigned index, const struct ip_address *address);

/* The addresses under which other hosts may reach this one, in the kernel's order: neither those of
 * the host or of one link alone, nor those that the kernel still tries, found taken (RFC 4862, 5.4)
 * or is about to give up (5.5.4). Those beyond `max` are left away. 0, ERR_AGAIN (they change too
 * fast to be read), ERR_IO. */
int netlink_list_addresses(struct netlink *netlink, struct netlink_address *ret, size_t max,
			   size_t *ret_count);

/* A descriptor that becomes readable when an interface, an address of one, a route or a rule came,
 * went or changed; the caller's to close. 0 or ERR_IO. */
int netlink_watch(int *ret_fd);

enum netlink_change { NETLINK_NO_CHANGE, NETLINK_ROUTES_CHANGED, NETLINK_ADDRESSES_CHANGED };

/* Reads all that waits there, without blocking. It says that there was anything, though some was
 * lost, and not which: ADDRESSES_CHANGED, of addresses or interfaces at least; ROUTES_CHANGED, of
 * routes and rules alone. */
enum netlink_change netlink_changed(int fd);

/* The most specific route that overlaps with the prefix, in a table that some rule has looked at
 * (ip-rule(8)), apart from default routes, and those of the interface `except` (0: none). 0 if
 * there is one, ERR_NOT_FOUND, ERR_UNSUPPORTED (no such family), ERR_AGAIN (the routes change too
 * fast to be read), ERR_IO. */
int netlink_find_overlap(struct netlink *netlink, const struct netlink_prefix *prefix,
			 unsigned except, struct netlink_route *ret);

/* Where the kernel sends what this host itself has for an address, by all its rules and routes. */
struct netlink_way {
	enum netlink_route_kind kind;
	unsigned index; /* of the interface; 0 of REFUSES */
	uint8_t len;    /* of the route's prefix */
	uint32_t table;
};

/* 0; ERR_NOT_FOUND (no route leads there, or a rule says that none does), ERR_UNSUPPORTED (no such
 * family), ERR_IO. */
int netlink_find_way(struct netlink *netlink, const struct ip_address *to, struct netlink_way *ret);

#endif
