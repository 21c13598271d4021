/* frame.h - what is inside a data datagram, after opening: an 8-byte header, payload, padding.
 *
 *     0        1        2               3               4                 5        7
 *     +--------+--------+---------------+---------------+-----------------+--------+--------+
 *     | kind   | flags  | header length | checksum start| checksum offset | payload length  | 0 |
 *     +--------+--------+---------------+---------------+-----------------+--------+--------+
 *
 * Padding is of any length, zero, and ignored. The three middle bytes serve kind ip alone: where
 * the headers of the packet end (so that segments of one super-packet can be joined), and, with
 * flag partial checksum, where the checksum is to be put, as virtio has it.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/id.h"
#include "base/mono.h"
#include "base/writer.h"
#include "wire/endpoint.h"

#define FRAME_HEADER_BYTES 8

/* Numbers are for ever; a receiver drops and counts kinds that it does not know. */
enum frame_kind {
	FRAME_IP = 1,           /* one IPv4 or IPv6 packet */
	FRAME_EMPTY = 2,        /* says "I am here" */
	FRAME_PROBE = 3,        /* struct frame_probe */
	FRAME_PROBE_ACK = 4,    /* struct frame_probe_ack */
	FRAME_REKEY = 5,        /* struct frame_rekey, from who starts */
	FRAME_REKEY_ACK = 6,    /* struct frame_rekey, the answer */
	FRAME_REKEY_WANTED = 7, /* empty: the responder asks the initiator to start */
	FRAME_CLOSE = 8,        /* struct frame_close */
	FRAME_PART = 9,         /* from here on see overlay.h; a piece of what did not fit */
	FRAME_ROUTED = 10,      /* from link to link towards an id */
	FRAME_BROADCAST = 11,   /* to all members of a range */
	FRAME_NEIGHBOURS = 12,  /* who stands next to me on the ring */
	FRAME_CANDIDATES = 13,  /* under which addresses I may be reached, and by whose help */
	FRAME_RELAY_ASK = 14,
	FRAME_RELAY_GRANT = 15,
	FRAME_RELAY_END = 16,
	FRAME_RELAY = 17, /* a datagram that its receiver passes on, or that was passed on to it */
	FRAME_RELEASE = 18,  /* I have no use for this session: close it unless you have */
	FRAME_HOLD = 19,     /* the answer: I have */
	FRAME_DATAGRAM = 20, /* in PARTs only: a data datagram whose way is too narrow for it */
	FRAME_CLOCK = 21,    /* struct frame_clock */
};

#define FRAME_FLAG_PARTIAL_CHECKSUM 0x01 /* the checksum field holds the pseudo-header's sum */
#define FRAME_FLAG_CONTINUES 0x02        /* joins the segment with the counter before this one's */

struct frame_header {
	uint8_t kind, flags;
	uint8_t header_len, checksum_start, checksum_offset;
	uint16_t payload_len;
	uint16_t padding; /* to seal: bytes behind the payload; opened: 0, nobody looks at it */
};

/* Both have this length, so that who feigns its address has nobody answered with more than it
 * sends. */
#define FRAME_PROBE_BYTES 24
#define FRAME_TOKEN_MAX ((UINT64_C(1) << 48) - 1)

/* Is the path alive, and under which address am I seen? Every keepalive is one; its answer carries
 * the same token. `crl_number` tells of a newer revocation list (0: none yet). */
struct frame_probe {
	uint64_t token; /* at most FRAME_TOKEN_MAX */
	uint64_t crl_number;
};

struct frame_probe_ack {
	uint64_t token;
	struct endpoint observed; /* where the probe came from, as the answerer saw it */
};

#define FRAME_REKEY_NOISE_BYTES 48 /* e and the tag of an empty payload */

struct frame_rekey {
	uint32_t sender; /* the index the sender chose for the new keys */
	uint64_t crl_number;
	uint8_t noise[FRAME_REKEY_NOISE_BYTES];
};

enum frame_close_reason {
	FRAME_CLOSE_SHUTDOWN = 1, /* the daemon ends, or the network is left */
	FRAME_CLOSE_REPLACED = 2, /* a newer session of this pair stands */
	FRAME_CLOSE_DENIED = 3,   /* policy no longer allows it: revoked, expired */
	FRAME_CLOSE_IDLE = 4,
	FRAME_CLOSE_UNNEEDED = 5, /* neither side has a use for the session */
	FRAME_CLOSE_DOUBLE = 6,   /* another machine has the peer's key, too */
};

struct frame_close {
	uint8_t reason;
};

#define FRAME_CLOCK_BYTES 8
#define FRAME_CLOCK_MAX_US INT64_C(253402300799999999) /* the last of the year 9999 */

/* What the sender's calendar says: a claim, and never the time by which anything is judged. */
struct frame_clock {
	struct wall at; /* from 1970 to 9999 */
};

void frame_header_encode(const struct frame_header *header, uint8_t ret[FRAME_HEADER_BYTES]);

/* Splits an opened frame: 0, or ERR_MALFORMED (too short, last header byte not zero, payload length
 * beyond the end, checksum fields that point outside the payload). Kinds are not judged here. */
int frame_decode(struct span frame, struct frame_header *ret, struct span *ret_payload);

void frame_probe_encode(const struct frame_probe *probe, struct writer *w);
int frame_probe_decode(struct span payload, struct frame_probe *ret);
void frame_probe_ack_encode(const struct frame_probe_ack *ack, struct writer *w);
int frame_probe_ack_decode(struct span payload, struct frame_probe_ack *ret);
void frame_rekey_encode(const struct frame_rekey *rekey, struct writer *w);
int frame_rekey_decode(struct span payload, struct frame_rekey *ret);
void frame_close_encode(const struct frame_close *close, struct writer *w);
int frame_close_decode(struct span payload, struct frame_close *ret);
/* Requires an instant from 1970 to 9999. */
void frame_clock_encode(const struct frame_clock *clock, struct writer *w);
int frame_clock_decode(struct span payload, struct frame_clock *ret);

#endif
