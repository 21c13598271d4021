/* joiner.h - segments that one member cut from a super-packet, put together again for the kernel of
 * another.
 *
 * The sender marks them: each says where its headers end, and all but the first that they go on
 * where the counter before this one ended. Nothing is joined because of that alone: the headers
 * must be those of the first, byte by byte, but for what cutting changes, and that must have
 * changed as cutting does it. So whatever a peer marks, cutting the result gives the very packets
 * that it sent, and each of them is one that it was allowed to send by itself.
 *
 * No byte is moved: the first segment stays with its headers, the others become their payload, and
 * all of them are written to the TUN at once.
 */
#ifndef FORWARD_JOINER_H
#define FORWARD_JOINER_H

#include "forward/offload.h"

#define JOINER_SEGMENTS_MAX 128

/* A packet that was opened, with a partial checksum that is in its place. */
struct joiner_segment {
	uint8_t *packet;
	size_t len;
	uint16_t header_len; /* as its sender says */
	uint64_t counter;
	const void *sender; /* whose counter; only compared */
};

struct joiner {
	bool joins_udp;          /* set by the owner: who gets the whole takes UDP so, too */
	uint8_t *head;           /* the first segment; NULL: nothing is open */
	struct offload *offload; /* of the first, to be written when the last is known */
	struct ip_packet ip;     /* of the first */
	struct offload_layout layout;
	const void *sender;
	uint64_t next_counter;
	size_t total; /* bytes so far */
	size_t segment_bytes;
	uint32_t count;
	bool ended; /* the last one was short, or said that it was the last */
	uint8_t last_flags;
};

/* True if it goes on where the open one ends: then its payload, from header_len on, is a part of
 * that. Of an IP header nobody has looked at anything before. */
bool joiner_add(struct joiner *joiner, const struct joiner_segment *segment);

/* Ends the open one, and opens another with this packet, to which others may be joined; `offload`
 * is the packet's, and borrowed until it ends. */
void joiner_open(struct joiner *joiner, const struct joiner_segment *segment,
		 const struct ip_packet *ip, struct offload *offload);

/* Ends the open one, if there is one: of several segments its headers become those of the whole. */
void joiner_end(struct joiner *joiner);

#endif
