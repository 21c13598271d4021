/* node_settings.h - what its owner changes while a node runs, without the loss of a session. */
#ifndef NODE_NODE_SETTINGS_H
#define NODE_NODE_SETTINGS_H

#include "node/event.h"

struct node;

/* 0: all of it counts. ERR_DENIED (a certificate for another key, or with another name or address:
 * who others know cannot become somebody else), or what certificate_check_time() says: nothing
 * does. ERR_NOMEM, ERR_CRYPTO: some of it may, and the node has to end. */
int settings_take(struct node *node, struct now now, const struct node_settings *settings);

#endif
