/* needs.h - what a network needs of its host, for who starts it and for who asks before: a TUN
 * device, a UDP port, and addresses that nothing else has.
 */
#ifndef PROG_NEEDS_H
#define PROG_NEEDS_H

#include "group/complaint.h"
#include "io/netlink.h"

/* Why tun_open(), or udp_open() of a port that must be that one, failed. Returns `err`. */
int needs_complain_tun(struct complaint *complaint, int err, const char *network);
int needs_complain_port(struct complaint *complaint, int err, unsigned port, const char *config);

/* Where to look, and for whom. */
struct needs_routes {
	struct netlink *netlink; /* borrowed */
	const char *network;     /* borrowed */
	unsigned except;         /* an interface: its own; 0: none */
};

/* Our routes must not hide another network of the host's, nor another network ours. A wider route
 * through a gateway, or to nowhere, is neither: it goes on for all that is not ours.
 *
 * Looks for a route or an address that overlaps with `prefix`, but those of the interface `except`
 * (0: none). 0 if there is none; ERR_EXISTS with a sentence; ERR_AGAIN or ERR_IO, and a sentence,
 * if they cannot be read. A wider route that may stay is written to `ret_wider` ("10.0.0.0/8 on
 * interface eth0"), else it is empty. */
int needs_no_overlap(const struct needs_routes *routes, const struct netlink_prefix *prefix,
		     struct complaint *ret_wider, struct complaint *complaint);

/* Looks whether what this host sends to others of `prefix`, whose bits behind its length are zero,
 * goes out by the interface `except`, by all rules and routes. 0 if it does; ERR_EXISTS with a
 * sentence; ERR_IO, and a sentence, if nobody knows. */
int needs_way(const struct needs_routes *routes, const struct netlink_prefix *prefix,
	      struct complaint *complaint);

/* "10.151.0.0/16" */
void needs_prefix_text(const struct netlink_prefix *prefix, char *ret, size_t room);

#endif
