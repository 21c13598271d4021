/* node_who.h - who stands where on the way to a member: questions of our users, and those of others
 * that end here (wire/who.h).
 *
 * An answer tells a member's place on the ring: its name, the link by which the question came, and
 * the links that the ring wants. It is no longer than the question, goes the way of any routed
 * message, and each link is answered so often and no more. What a member is linked with for its own
 * traffic, and under which addresses it sees others, is nobody's business.
 */
#ifndef NODE_NODE_WHO_H
#define NODE_NODE_WHO_H

#include "node/node_answer.h"
#include "wire/overlay.h"

/* What a link may ask at once; half as much comes back a second. */
#define LINK_WHOS 32
#define LINK_WHOS_REFILL_MS 125 /* a sixteenth of it */

/* A WHO ended here; `link` brought it. */
int who_answer(struct node *node, struct now now, struct peer *link, const struct routed *routed,
	       enum iam_end end);
/* An IAM for us. */
int who_take(struct node *node, struct now now, const struct routed *routed);

/* Asks, or waits, for a user. True once *ret is the reply. */
bool who_reply(struct node *node, struct now now, struct asked *asked, struct node_reply *ret);

#endif
