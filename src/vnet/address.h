/* address.h - which addresses a network and its members have, as far as that can be computed.
 *
 * An IPv6 address says who has it: fd, 40 bits of the network's id, and the first 80 bits of the
 * node's id. Nobody leases it and nobody looks it up. It is a unique local address (RFC 4193); the
 * 40 bits that section 3.2.1 wants random are those of a hash of the network's key.
 */
#ifndef VNET_ADDRESS_H
#define VNET_ADDRESS_H

#include "base/id.h"
#include "wire/ip.h"

#define ADDRESS_IPV6_PREFIX_LEN 48

struct address_prefix_v4 {
	uint8_t bytes[4];
	uint8_t len; /* 0..32; bits behind it are zero */
};

/* The address of a node in a network. */
struct ip_address address_ipv6(const struct id *network, const struct id *node);

/* True if the address is one of the network's, of whichever node. */
bool address_is_in(const struct ip_address *address, const struct id *network);

/* The first 80 bits of the id of the node that has the address; the rest of the id is zero. */
struct id address_node_prefix(const struct ip_address *address);

/* True if the two have an address in common. */
bool address_prefixes_overlap(const struct address_prefix_v4 *a, const struct address_prefix_v4 *b);

#endif
