/* node_overlay.h - messages from link to link. */
#ifndef NODE_NODE_OVERLAY_H
#define NODE_NODE_OVERLAY_H

#include "base/mono.h"
#include "base/pool.h"
#include "wire/overlay.h"

/* What one link may have us pass on at once; as much again a second. */
#define LINK_ROUTED_BYTES 262144
#define LINK_ROUTED_REFILL_MS 62 /* a sixteenth of a second */

struct node;

struct peer;

/* One of our own: fills in from whom it is. A datagram takes no link to whom it is for. False if no
 * link leads there. */
bool overlay_send(struct node *node, struct now now, const struct routed *routed);
/* The same by two links, since either may lose what it should pass on, or drop it, and pass on all
 * the rest. The second is near the target, of the few that are nearest by `choice`, and the via is
 * left out. With one choice the messages of a flow take the same two ways. */
bool overlay_send_twice(struct node *node, struct now now, const struct routed *routed,
			unsigned choice);
/* Once, with so many hops left when it arrives at the first link, which is not `avoided` (zero:
 * any) if that has the id of a link. */
bool overlay_send_far(struct node *node, struct now now, const struct routed *routed, uint8_t hops,
		      const struct id *avoided);
/* Frames of a link. */
int overlay_routed(struct node *node, struct now now, struct peer *link, struct span payload);

#endif
