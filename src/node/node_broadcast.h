/* node_broadcast.h - questions to all members: who has this address, or this name?
 *
 * What one link has us pass on is measured by how much of the ring it is to reach, not in messages:
 * who asks gives each link a large part of the ring, who passes a question on a small one. So a
 * member that asks without end spends what it has at its own links, where it is held, and behind
 * them there is room for what others ask.
 */
#ifndef NODE_NODE_BROADCAST_H
#define NODE_NODE_BROADCAST_H

#include "base/mono.h"
#include "base/span.h"
#include "wire/overlay.h"

#define BROADCAST_SHARES_MAX 16                        /* links that one of them is given to here */
#define BROADCAST_SENDS_MAX (2 * BROADCAST_SHARES_MAX) /* each with a probe, if it was silent */

#define BROADCAST_RING 65536                  /* what a question costs that is to reach all; */
#define BROADCAST_LEAST (BROADCAST_RING / 64) /* each costs this besides */
#define LINK_BROADCASTS (32 * BROADCAST_RING) /* of one link at once, */
#define LINK_BROADCASTS_REFILL_MS 500         /* and again: four rings a second */

struct node;

struct peer;

/* A question of ours, to the whole ring: its kind, token and key. Who has what it asks for answers
 * with FOUND. */
void broadcast_ask(struct node *node, struct now now, const struct broadcast *question);
/* A frame of a link: answered, if it asks for us, and passed on. */
int broadcast_take(struct node *node, struct now now, struct peer *link, struct span payload);

#endif
