/* node_look.h - what an onlooker may see of a node. Nothing here changes it: for the judges of a
 * simulation, who compare what members believe with what is true, and for who draws the overlay.
 */
#ifndef NODE_NODE_LOOK_H
#define NODE_NODE_LOOK_H

#include "node/node.h"
#include "wire/overlay.h"

#define NODE_NEAR_MAX 6 /* both sides together */

/* A member that was met. */
struct node_link {
	struct id id;
	enum way_kind way;      /* DIRECT or RELAY: a step on the ring; else only met */
	struct id relay;        /* RELAY: through whom; zero if that link is gone */
	struct endpoint remote; /* DIRECT: where it is reached */
};

/* It stands in its place on the ring, as far as it knows. */
bool node_is_settled(const struct node *node);

/* Whom it takes for its nearest on the ring, counter-clockwise ones first. */
size_t node_near(const struct node *node, struct node_link ret[NODE_NEAR_MAX]);

/* How many links it has; the first `max` of them go to `ret`. */
size_t node_links(const struct node *node, struct node_link *ret, size_t max);

/* A message on its way, at one member. */
struct node_step {
	struct id to, from, came_from; /* came_from zero: it begins here */
	uint8_t detours;               /* as in struct routed; what is left, on return */
};

/* Where it would go from here. False if it would stay. */
bool node_next(const struct node *node, struct node_step *step, struct node_link *ret);

#define NODE_DETOURS ROUTED_DETOURS_MAX /* at its beginning */

#endif
