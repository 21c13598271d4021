/* claims.h - what the steward lets the node have: nothing outside the network's own prefixes.
 *
 * The IPv6 prefix follows from the network id (DESIGN, Addresses: fd and its first 40 bits), the
 * IPv4 prefix from the bundle. A node that was taken over can so at worst take another member's
 * address on its own host, and never one of the host's other networks.
 */
#ifndef PROG_IPOPD_CLAIMS_H
#define PROG_IPOPD_CLAIMS_H

#include "group/prefix.h"
#include "node/node.h"
#include "vnet/address.h"

struct claims {
	struct id network_id;
	struct prefix ipv4;
};

/* The network's IPv6 prefix, as its first address. */
struct ip_address claims_ipv6(const struct claims *claims);

/* 0, or ERR_DENIED: an address outside, another prefix length, or an MTU that is not ours. */
int claims_check(const struct claims *claims, const struct node_addresses *wanted);

/* Whether a bundle that is read later is of the network whose prefixes the interface has. */
bool claims_are_of(const struct claims *claims, const struct id *network_id);

/* Who may ask what over the control socket (doc/control.md). */
bool claims_may_read(uint32_t uid, bool in_group, uint32_t own_uid);
bool claims_may_change(uint32_t uid, uint32_t own_uid);

#endif
