/* offload.h - what a kernel leaves to its network card: here, to whoever takes its packets from the
 * TUN, and to the kernel at the other end.
 *
 * A checksum may be *partial*: the field holds the pseudo-header's sum, and the sum from
 * checksum_start to the end of the packet is still to be added. A packet may be a *super-packet*:
 * headers, and payload that is to be cut into segments, each behind headers of its own. virtio
 * (OASIS virtio 1.2, 5.1.6) has the same words; io/ translates.
 */
#ifndef FORWARD_OFFLOAD_H
#define FORWARD_OFFLOAD_H

#include "wire/ip.h"

enum offload_kind { OFFLOAD_NONE, OFFLOAD_TCP4, OFFLOAD_TCP6, OFFLOAD_UDP };

/* All zero: a packet as it would be on a wire. */
struct offload {
	enum offload_kind kind; /* NONE: one packet; else a super-packet, always with a partial
				 * checksum */
	uint16_t segment_bytes; /* of its payload: each segment but the last has so many */
	uint16_t header_len;    /* of IP and transport, in the packet and in each segment; what
				 * the TUN says of it is not looked at */
	bool cwr; /* result: the first segment has TCP's flag CWR, the others do not */
	bool partial_checksum;
	uint16_t checksum_start, checksum_offset; /* the field is at the sum of both */
};

/* Where the parts of a TCP or UDP packet are. */
struct offload_layout {
	bool tcp;
	uint16_t transport_at;
	uint16_t header_len;      /* of IP and transport */
	uint16_t checksum_offset; /* from transport_at */
};

/* False if it is no TCP or UDP packet with whole headers, or a fragment. */
bool offload_find(struct span packet, const struct ip_packet *ip, struct offload_layout *ret);

/* True if the partial checksum is where a packet of this layout has its own. */
static inline bool offload_fits(const struct offload *offload, const struct offload_layout *layout)
{
	return offload->checksum_start == layout->transport_at &&
	       offload->checksum_offset == layout->checksum_offset;
}

/* Writes a number in network order. */
static inline void offload_put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The length of an IP packet that now has `len` bytes, and the IPv4 header's checksum. */
void offload_set_len(uint8_t *packet, const struct ip_packet *ip, size_t len);

/* Writes the pseudo-header's sum of a packet of `len` bytes where its checksum belongs. */
void offload_set_partial(uint8_t *packet, const struct ip_packet *ip,
			 const struct offload_layout *layout, size_t len);

#endif
