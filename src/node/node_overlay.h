/* node_overlay.h - messages from link to link. */
#ifndef NODE_NODE_OVERLAY_H
#define NODE_NODE_OVERLAY_H

#include "base/mono.h"
#include "base/pool.h"
#include "wire/overlay.h"

#define WHOLES_MAX 16    /* messages that arrive in pieces, at once */
#define PIECE_BYTES 1300 /* of a message that does not fit: fits by a relay, too */
#define WHOLE_BYTES ((size_t)PARTS_MAX * PIECE_BYTES)

/* What one link may have us pass on at once; as much again a second. */
#define LINK_ROUTED_BYTES 262144
#define LINK_BROADCASTS 32
#define LINK_REFILL_MS 62 /* a sixteenth of a second */

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

/* One of our own: fills in from whom it is. False if no link leads there. */
bool overlay_send(struct node *node, struct now now, const struct routed *routed);
/* Frames of a link. */
int overlay_routed(struct node *node, struct now now, struct peer *link, struct span payload);
void overlay_free(struct node *node);
int overlay_part(struct node *node, struct now now, struct handle link, struct span payload);

#endif
