/* node_need.h - sessions that neither side has a use for end.
 *
 * A member needs a session for its place on the ring, for traffic, for a relay, or to get in. What
 * one side has no use for the other may need, and only it knows. So who needs a session no more
 * says so, now and then, and who hears it closes the session if it thinks the same. Until that has
 * become clear, who said so keeps its packets: those on their way would come to a closed session.
 */
#ifndef NODE_NODE_NEED_H
#define NODE_NODE_NEED_H

#include "base/mono.h"
#include "base/pool.h"

#define NEED_FIRST_MS 5000 /* from the beginning of a session to the first look at it */
#define NEED_LOOK_MS 60000 /* between two looks */
#define NEED_QUIET_MS                                                                            \
	1000              /* after RELEASE: no IP packet goes, or the other side would not close \
			   */
#define NEED_IP_MS 300000 /* who exchanged IP packets does so again, for so long */

struct node;

struct peer;

/* Looks at the peer when it is time, and lets it go. */
void need_tick(struct node *node, struct now now, struct handle handle);

struct mono need_deadline(const struct peer *peer);

/* No IP packet goes to it just now. */
bool need_is_quiet(const struct peer *peer, struct mono now);

/* The peer has no use for our session. */
void need_released(struct node *node, struct now now, struct handle handle);

#endif
