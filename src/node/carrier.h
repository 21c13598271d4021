/* carrier.h - between endpoints, which the node knows, and carriers, which sessions compare. */
#ifndef NODE_CARRIER_H
#define NODE_CARRIER_H

#include "session/session.h"
#include "wire/overlay.h"

/* Raw UDP between two endpoints. Handshakes are counted by the peer's IPv4 address or IPv6 /64:
 * whoever has one address of a /64 has them all. */
struct carrier carrier_of(const struct endpoint *local, const struct endpoint *remote);

void carrier_endpoints(const struct carrier *carrier, struct endpoint *ret_local,
		       struct endpoint *ret_remote);

/* Over the overlay: to a member or a key, by `via` if that is not zero. */
struct carrier carrier_to(const struct id *id, const struct id *via);
/* By which routed handshake bytes came, over that link: the answer goes back to `from`. */
struct carrier carrier_of_routed(const struct routed *routed, const struct id *link);
/* True if routed bytes came over the link of that member. */
bool carrier_is_by(const struct carrier *carrier, const struct id *link);
/* Fills in where bytes for this carrier go: exact id and via. */
void carrier_route(const struct carrier *carrier, struct routed *ret);

/* Who dials lets the kernel choose the source address, also after the host's addresses have
 * changed; who was dialled answers from the address that was dialled. */
struct endpoint carrier_any_local(const struct endpoint *remote);

#endif
