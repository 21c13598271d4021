/* node_settings.h - what its owner changes while a node runs, without the loss of a session. */
#ifndef NODE_NODE_SETTINGS_H
#define NODE_NODE_SETTINGS_H

#include "node/event.h"

struct node;

/* All of it counts, or nothing: 0; ERR_DENIED (a certificate for another key, or with another name
 * or address: who others know cannot become somebody else), what certificate_check_time() says,
 * ERR_NOMEM, ERR_CRYPTO. */
int settings_take(struct node *node, struct now now, const struct node_settings *settings);

#endif
