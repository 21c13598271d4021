/* node.h - one member: all machines joined into one. Sans-I/O: the daemon and the simulator run
 * these very objects and differ only in the world around them.
 *
 * The world calls node_input() with what happened, then node_poll() until it says false, and comes
 * back at node_deadline(). It keeps the newest NODE_TABLE for forward/ and gives the node whatever
 * forward/ did not finish itself: handshakes, control frames, packets without an entry, reports.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "node/event.h"

struct node; /* opaque */

/* Entropy is borrowed and outlives the node. 0, ERR_NOMEM, ERR_CRYPTO, or what certificate_verify()
 * says of our own certificate. */
int node_new(const struct node_config *config, struct entropy *entropy, struct now now,
	     struct node **ret);
void node_del(struct node *node);

/* 0, or why the event was dropped (counted; nothing for the world to do about it). */
int node_input(struct node *node, struct now now, const struct node_event *event);
/* What to do next; false: nothing more for now. Packets that waited come before the table by which
 * those behind them leave without the node: order within a flow is kept by a world that takes all
 * there is before it gives the next packet. */
bool node_poll(struct node *node, struct now now, struct node_action *ret);
struct mono node_deadline(const struct node *node);

/* Stirs fresh bytes of the kernel into what timers and tokens are drawn from. */
void node_mix(struct node *node, struct span bytes);

#endif
