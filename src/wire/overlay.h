/* overlay.h - what members say to each other as parts of the overlay: payloads of frames in their
 * sessions. Numbers behind a name are bytes.
 *
 *     ROUTED       kind 1, hops left 1, target kind 1, route and detours 1
 *                  | to 20 | to's via 20 | from 20 | from's via 20 | payload
 *     BROADCAST    kind 1, hops left 1, key length 1, route 1
 *                  | until 20 | from 20 | from's via 20 | token 8 | key
 *     NEIGHBOURS   count 1, asks 1, 0 0 | count times: id 20
 *     CANDIDATES   NAT 1, candidates 1, relays 1, 0 | each: kind 1, endpoint 18 | each: id 20
 *     RELAY_ASK, RELAY_GRANT, RELAY_END   peer 20, index 4, needed 1, 0 0 0
 *     RELAY        index 4, 0 0 0 0 | a data datagram
 *     PART         sequence 2, which 1, of how many 1, kind 1, 0 0 0 | its piece of the payload
 *
 * ROUTED goes from link to link, each step nearer to `to`. Who is not in his place on the ring yet
 * is found through a member to whom he has a link, his *via*: the message goes there first. Zero:
 * no via. What the header says of `from` is a claim; inside is a handshake or a sealed datagram.
 */
#ifndef WIRE_OVERLAY_H
#define WIRE_OVERLAY_H

#include "wire/frame.h"
#include "wire/handshake.h"
#include "wire/way.h"

#define ROUTED_HEADER_BYTES 84
#define ROUTED_HOPS_MAX 32
#define ROUTED_ROUTES 16
#define ROUTED_DETOURS_MAX 2
#define ROUTED_PAYLOAD_BYTES_MAX DATAGRAM_BYTES_MAX

enum routed_kind {
	ROUTED_HANDSHAKE = 1,   /* a carried handshake message */
	ROUTED_DATAGRAM = 2,    /* a data datagram of the session between `from` and `to` */
	ROUTED_FOUND = 3,       /* struct found: the answer to a BROADCAST */
	ROUTED_UNREACHABLE = 4, /* struct unreachable: nobody here answers to its target */
	ROUTED_WHO = 5,         /* who.h: answered where it ends */
	ROUTED_IAM = 6,         /* who.h: the answer */
};

struct routed {
	uint8_t kind, hops;
	uint8_t route;        /* 0: each step is the best; up to ROUTED_ROUTES - 1: others */
	uint8_t detours;      /* steps that need not lead nearer; up to ROUTED_DETOURS_MAX */
	struct target target; /* kind and `to` */
	struct id to_via, from, from_via;
	struct span payload; /* borrowed */
};

/* FOUND: whoever sends it says that it is what the broadcast with this token asked for. */
struct found {
	uint64_t token;
};

/* The sender index of the M0 that reached nobody: only who carried it knows that. */
struct unreachable {
	uint32_t sender;
};

enum broadcast_kind {
	BROADCAST_FIND_IPV4 = 1, /* key: the 4 bytes */
	BROADCAST_FIND_NAME = 2, /* key: a host name, 1..63 characters */
};
#define BROADCAST_KEY_BYTES_MAX 63

/* The receiver is to see that all members from itself clockwise to `until`, exclusive, get it. */
struct broadcast {
	uint8_t kind, hops;
	uint8_t route; /* 0..ROUTED_ROUTES - 1: each goes by others, and so does the answer */
	struct id until, from, from_via;
	uint64_t token;
	struct span key; /* borrowed */
};

#define NEIGHBOURS_MAX 16
struct neighbours {
	uint8_t count;
	bool asks; /* for the receiver's list: the one that came last did not name the sender */
	struct id ids[NEIGHBOURS_MAX];
};

enum nat {
	NAT_UNKNOWN = 0,
	NAT_NONE = 1,     /* we are seen under an address of ours */
	NAT_STABLE = 2,   /* every peer sees us under the same endpoint */
	NAT_CHANGING = 3, /* peers see us under different ports: symmetric */
};

enum candidate_kind {
	CANDIDATE_HOST = 1, /* an address of the host */
	CANDIDATE_SEEN = 2, /* under which a peer saw us */
};

struct candidate {
	uint8_t kind; /* enum candidate_kind; unknown ones are skipped by who uses them */
	struct endpoint endpoint;
};

#define CANDIDATES_MAX 8
#define CANDIDATE_RELAYS_MAX 6
struct candidates_message {
	uint8_t nat; /* enum nat */
	uint8_t candidate_count, relay_count;
	struct candidate candidates[CANDIDATES_MAX];
	struct id relays[CANDIDATE_RELAYS_MAX]; /* members who could relay: it has a direct link */
};

/* ASK: let me exchange datagrams with `peer`, and write `index` on what you pass on to me; repeated
 * now and then, which renews it. GRANT: write `index` on what is for `peer`. END: no more of what
 * was asked for under this index; as an answer to ASK: denied. */
struct relay_message {
	struct id peer;
	uint32_t index;
	bool is_needed; /* ASK: packets come and go, or they are near on the ring */
};

#define RELAY_MESSAGE_BYTES 28

#define RELAY_HEADER_BYTES 8

#define PART_HEADER_BYTES 8
#define PARTS_MAX 4
struct part {
	uint16_t sequence;
	uint8_t which, count; /* which < count, 2 <= count <= PARTS_MAX */
	uint8_t kind;         /* of the frame that was cut: ROUTED, DATAGRAM */
	struct span piece;    /* borrowed */
};

/* Encoders mark the writer if there is no room; decoders: 0 or ERR_MALFORMED (length, zeros that
 * are not zero, a count above its limit, a target kind that is none, no hops left at arrival is not
 * malformed). Spans are borrowed from what is decoded. */
void routed_encode(const struct routed *routed, struct writer *w);
int routed_decode(struct span bytes, struct routed *ret);
void found_encode(const struct found *found, struct writer *w);
int found_decode(struct span bytes, struct found *ret);
void unreachable_encode(const struct unreachable *unreachable, struct writer *w);
int unreachable_decode(struct span bytes, struct unreachable *ret);
void broadcast_encode(const struct broadcast *broadcast, struct writer *w);
int broadcast_decode(struct span bytes, struct broadcast *ret);
void neighbours_encode(const struct neighbours *neighbours, struct writer *w);
int neighbours_decode(struct span bytes, struct neighbours *ret);
void candidates_encode(const struct candidates_message *candidates, struct writer *w);
int candidates_decode(struct span bytes, struct candidates_message *ret);
void relay_message_encode(const struct relay_message *message, struct writer *w);
int relay_message_decode(struct span bytes, struct relay_message *ret);
void part_encode(const struct part *part, struct writer *w);
int part_decode(struct span bytes, struct part *ret);

/* The header before a relayed datagram. */
void relay_header_encode(uint32_t index, uint8_t ret[RELAY_HEADER_BYTES]);
int relay_header_decode(struct span bytes, uint32_t *ret_index, struct span *ret_datagram);

#endif
