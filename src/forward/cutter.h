/* cutter.h - from a packet of the TUN to the packets that travel: a super-packet is cut into its
 * segments as a network card would do it, and a checksum that cannot stay partial is completed.
 *
 * TCP (RFC 9293; what Linux calls TSO): each segment has the headers of the whole, its own length,
 * sequence number and IPv4 identification, FIN and PSH only in the last, CWR only in the first
 * (RFC 3168, 6.1.2). UDP (USO): its own lengths and identification.
 */
#ifndef FORWARD_CUTTER_H
#define FORWARD_CUTTER_H

#include "forward/offload.h"

struct cutter {
	struct span packet; /* borrowed until the last segment was made */
	struct ip_packet ip;
	struct offload offload; /* of each segment, if `partial`: where its checksum belongs */
	struct offload_layout layout;
	bool partial;    /* segments leave with a partial checksum */
	bool complete;   /* the checksum of each is completed */
	size_t at;       /* payload of the next segment */
	uint32_t index;  /* of the next segment */
	uint32_t pseudo; /* sum of the pseudo-header but for the length */
};

/* `ip` is what ip_decode() says of the packet. May_be_partial: whoever gets the segments completes
 * checksums, if they are where TCP and UDP have them and a frame can say where that is. 0 or
 * ERR_MALFORMED: the offload and the packet do not fit together. */
int cutter_begin(struct cutter *cutter, struct span packet, const struct ip_packet *ip,
		 const struct offload *offload, bool may_be_partial);

/* Before the first segment: whoever gets them takes no partial checksums after all. */
void cutter_complete(struct cutter *cutter);

/* Before the first segment: none longer than `most`. False if that cannot be: only the segments of
 * TCP are cut as whoever cuts likes, and only if that was left to us at all. */
bool cutter_shorten(struct cutter *cutter, size_t most);

/* How many packets it makes, and how long the longest is. */
size_t cutter_count(const struct cutter *cutter);
size_t cutter_longest(const struct cutter *cutter);

/* Writes the next packet, of at most cutter_longest() bytes, and returns its length; 0: that was
 * all. */
size_t cutter_next(struct cutter *cutter, uint8_t *ret);

#endif
