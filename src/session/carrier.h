/* carrier.h - what a session knows of the way that handshake bytes took: names that node/ gave. */
#ifndef SESSION_CARRIER_H
#define SESSION_CARRIER_H

#include "wire/endpoint.h"
#include "wire/handshake.h"

/* Where handshake bytes come from and go to. The session only compares and hashes `name`; node/
 * knows what it means. `source` is what handshakes are counted by: an IPv4 address, an IPv6 /64, a
 * link. */
struct carrier {
	enum handshake_carriage carriage;
	uint8_t name[40];
	uint8_t source[16];
	bool has_observed;
	struct endpoint observed; /* told to the peer: the address that its bytes came from */
};

#endif
