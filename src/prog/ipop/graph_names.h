/* graph_names.h - where names stand around the drawn ring, so that none covers another.
 *
 * Ids stand where chance put them, so members may be drawn closer to each other than names can be.
 * Many names lead outwards like rays. Few are written level, in a column on either side, with this
 * host's above both. Whatever would touch is moved apart, evenly around where it should be.
 */
#ifndef PROG_IPOP_GRAPH_NAMES_H
#define PROG_IPOP_GRAPH_NAMES_H

#include "prog/ipop/graph.h"

#define GRAPH_NAME_PITCH 15.0    /* between two names */
#define GRAPH_NAMES_LEVEL_MAX 14 /* so few are written level */

struct graph_name {
	double x, y;        /* where it begins, or ends, from the middle of the ring; y downwards */
	double degrees;     /* it is turned by, clockwise */
	const char *anchor; /* which of its ends that is, as SVG calls it */
};

/* For each member, in the order of the ring, names at `radius` from its middle, where there is
 * room for all at the pitch. After graph_arrange(). 0 or ERR_NOMEM. */
int graph_names_place(const struct graph *graph, double radius, struct graph_name *ret);

#endif
