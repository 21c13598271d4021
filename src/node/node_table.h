/* node_table.h - the snapshot for forward/, built from all channels. */
#ifndef NODE_NODE_TABLE_H
#define NODE_NODE_TABLE_H

#include "node/event.h"

struct node;

/* 0 or ERR_NOMEM. */
int node_build_table(struct node *node, struct now now, struct forward_table **ret);

#endif
