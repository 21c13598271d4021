/* addresses.h - the few addresses of this host that others are told of.
 *
 * A host may have any number of them, most behind bridges of its own that nobody else sees. So
 * those that the whole Internet could reach come first, and within each sort the kernel's order
 * holds.
 */
#ifndef PROG_IPOPD_ADDRESSES_H
#define PROG_IPOPD_ADDRESSES_H

#include "node/node.h"

struct host_address {
	struct ip_address ip;
	uint32_t interface; /* the number of the one that has it */
};

struct addresses {
	struct host_address list[NODE_HOST_ENDPOINTS_MAX];
	uint32_t count;
};

/* Adds one that is not there yet; where there is no room, a private one has to go or stays out. */
void addresses_add(struct addresses *addresses, const struct host_address *address);

bool addresses_equal(const struct addresses *a, const struct addresses *b);

/* "192.0.2.2, 2001:db8::2" */
#define ADDRESSES_TEXT_CHARS (NODE_HOST_ENDPOINTS_MAX * (ENDPOINT_TEXT_CHARS + 2))
void addresses_to_text(const struct addresses *addresses, char ret[ADDRESSES_TEXT_CHARS + 1]);

#endif
