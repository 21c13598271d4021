/* node_broadcast.h - questions to all members: who has this address, or this name? */
#ifndef NODE_NODE_BROADCAST_H
#define NODE_NODE_BROADCAST_H

#include "base/mono.h"
#include "base/span.h"
#include "wire/overlay.h"

#define BROADCAST_SHARES_MAX 16 /* datagrams that one of them makes here */

struct node;

struct peer;

/* A question of ours, to the whole ring: its kind, token and key. Who has what it asks for answers
 * with FOUND. */
void broadcast_ask(struct node *node, struct now now, const struct broadcast *question);
/* A frame of a link: answered, if it asks for us, and passed on. */
int broadcast_take(struct node *node, struct now now, struct peer *link, struct span payload);

#endif
