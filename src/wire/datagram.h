/* datagram.h - the first bytes of every UDP payload of ours: what it is, and for whom.
 *
 *     0        1        2        3        4                8               16
 *     +--------+--------+--------+--------+----------------+---------------+----
 *     | type   | 0 (data), or by type     | receiver index | counter       | ciphertext, tag
 *     +--------+--------+--------+--------+----------------+---------------+----
 *
 * Of a data datagram these 16 bytes are the associated data; the nonce is four zero bytes and the
 * counter. Nothing else of a session shows on the wire.
 */
#ifndef WIRE_DATAGRAM_H
#define WIRE_DATAGRAM_H

#include "base/span.h"

#define DATAGRAM_HEADER_BYTES 16
#define DATAGRAM_RECEIVER_AT 4  /* where the receiver index stands, of all types but M0 */
#define DATAGRAM_BYTES_MAX 1452 /* 1500 less IPv6 and UDP: carried by every common underlay */

enum datagram_type {
	DATAGRAM_M0 = 1,      /* handshake.h */
	DATAGRAM_M1 = 2,      /* handshake.h */
	DATAGRAM_M2 = 3,      /* handshake.h */
	DATAGRAM_COOKIE = 4,  /* handshake.h */
	DATAGRAM_VERSION = 5, /* handshake.h */
	DATAGRAM_DATA = 6,
};

struct datagram_header {
	uint32_t receiver; /* the index that the receiver chose for the keys of this packet */
	uint64_t counter;
};

/* The type, or 0 for no bytes at all. What is not listed above is dropped unread. */
static inline uint8_t datagram_type(struct span datagram)
{
	return datagram.len == 0 ? 0 : datagram.data[0];
}

void datagram_header_encode(const struct datagram_header *header,
			    uint8_t ret[DATAGRAM_HEADER_BYTES]);

/* Of a data datagram: 0, or ERR_MALFORMED. */
int datagram_header_decode(struct span datagram, struct datagram_header *ret);

#endif
