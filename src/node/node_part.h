/* node_part.h - what does not fit into one datagram of its way, in pieces: frames of kind PART.
 *
 * Two kinds are cut. ROUTED, which may be longer than any datagram, from link to link. And the data
 * datagram of a packet that its way is too narrow for and that must pass all the same: IPv6 up to
 * 1,280 bytes (RFC 8200, 5), IPv4 without DF. It is sealed as ever, so that where it is put
 * together forward/ opens and judges it like any other; the session's PARTs only carry it. By which
 * way it came is said by them alone: they are newer, and nobody asks it of what is not the newest.
 */
#ifndef NODE_NODE_PART_H
#define NODE_NODE_PART_H

#include "base/mono.h"
#include "base/pool.h"
#include "wire/overlay.h"

#define WHOLES_MAX 16 /* messages that arrive in pieces, at once */
/* Every line of 1,280 bytes carries a piece, over IPv6 and through a relay: nobody has to know how
 * narrow it is. */
#define PIECE_BYTES 1136
#define WHOLE_BYTES ((size_t)PARTS_MAX * PIECE_BYTES)

struct node;

struct peer;

/* A message that arrives in pieces over one link. */
struct whole {
	struct handle peer; /* HANDLE_NONE: unused */
	uint16_t sequence;
	uint8_t kind, count, have; /* have: a bit for each piece */
	struct mono expiry;
	size_t len;     /* known with the last piece; 0 before */
	uint8_t *bytes; /* owned: WHOLE_BYTES; NULL until the place is first used */
};

/* How long a payload may be that goes to the peer in one frame, along a way that carries all that a
 * line of 1,280 does, or as much as is known of it. */
size_t part_room(const struct peer *link);
/* In pieces, by the peer's way: more than one and at most PARTS_MAX. False if one could not be
 * sent. */
bool part_send(struct node *node, struct now now, const struct peer *link, uint8_t kind,
	       struct span payload);
/* A piece came from the peer: 0, or why it was dropped, or the whole that it completed. */
int part_take(struct node *node, struct now now, struct handle link, struct span payload);
void part_free(struct node *node);

#endif
