/* node_need.h - sessions that neither side has a use for end.
 *
 * A member needs a session for its place on the ring, for traffic, for a relay, or to get in. What
 * one side has no use for the other may need, and only it knows. So who needs a session no more
 * says so, now and then, and who hears it closes the session if it thinks the same, or says that it
 * holds it. Until that has become clear, who said so keeps its packets: those on their way would
 * come to a closed session.
 */
#ifndef NODE_NODE_NEED_H
#define NODE_NODE_NEED_H

#include "base/mono.h"
#include "base/pool.h"

#define NEED_FIRST_MS 5000  /* from the beginning of a session to the first look at it */
#define NEED_LOOK_MS 60000  /* between two looks */
#define NEED_ANSWER_MS 1000 /* for the answer to RELEASE, then it is said again */
#define NEED_ASKS_MAX 3     /* without any, our side of the session alone is left */
#define NEED_IP_MS 300000   /* who exchanged IP packets does so again, for so long */

struct node;

struct peer;

/* Looks at the peer when it is time, and lets it go. */
void need_tick(struct node *node, struct now now, struct handle handle);

struct mono need_deadline(const struct peer *peer);

/* The peer needs our session, as it says, or as it shows: we relay for it now. */
void need_held(struct node *node, struct now now, struct handle handle);

/* The peer has no use for our session. */
void need_released(struct node *node, struct now now, struct handle handle);

#endif
