/* carrier.h - between endpoints, which the node knows, and carriers, which sessions compare. */
#ifndef NODE_CARRIER_H
#define NODE_CARRIER_H

#include "session/session.h"
#include "wire/endpoint.h"

/* Raw UDP between two endpoints. Handshakes are counted by the peer's IPv4 address or IPv6 /64:
 * whoever has one address of a /64 has them all. */
struct carrier carrier_of(const struct endpoint *local, const struct endpoint *remote);

void carrier_endpoints(const struct carrier *carrier, struct endpoint *ret_local,
		       struct endpoint *ret_remote);

/* Who dials lets the kernel choose the source address, also after the host's addresses have
 * changed; who was dialled answers from the address that was dialled. */
struct endpoint carrier_any_local(const struct endpoint *remote);

#endif
