/* node_remember.h - the neighbours of before a restart. */
#ifndef NODE_NODE_REMEMBER_H
#define NODE_NODE_REMEMBER_H

#include "node/event.h"

struct node;

void remember_init(struct node *node, struct now now);
/* Somebody may be reached from where we are now. */
void remember_host_changed(struct node *node, struct now now);
void remember_tick(struct node *node, struct now now);
bool remember_poll(struct node *node, struct now now, struct node_action *ret);
struct mono remember_deadline(const struct node *node);

#endif
