/* node_neighbour.h - our place on the ring. */
#ifndef NODE_NODE_NEIGHBOUR_H
#define NODE_NODE_NEIGHBOUR_H

#include "base/id.h"
#include "base/mono.h"
#include "base/span.h"

/* Lists that are heard of one member at once, and in a second: half as many again as it may tell.
 */
#define MEMBER_LISTS 16
#define MEMBER_LISTS_REFILL_MS 62

/* Members that are dialled because one member named them, and do not answer: so many at once, and
 * 15 a minute. */
#define MEMBER_NAMES 16
#define MEMBER_NAMES_REFILL_MS 4000

struct node;

struct peer;

void neighbours_poll(struct node *node, struct now now);
/* Whoever `teller` named is there after all. */
void neighbour_found(struct node *node, const struct id *teller);
/* The peer's session stands, its way changed, or it is gone. */
void neighbour_changed(struct node *node, struct now now, const struct peer *peer);
int neighbour_list(struct node *node, struct now now, struct peer *from, struct span payload);

#endif
