/* node_table.h - the snapshot for forward/, built from all channels.
 *
 * To build it costs some hundred nanoseconds for each peer, and while a network forms much changes
 * at once. So a change is shown at once only if something else rests on it: nobody is told of what
 * is not in the table (keys, indices of relays, that a session may end), and nothing goes by keys
 * that were dropped, or by a dead way while packets come and go, of ours or of those we relay for.
 * What only lets forward/ do by itself what the node does meanwhile, or forgets what nobody uses,
 * waits for more of its kind.
 */
#ifndef NODE_NODE_TABLE_H
#define NODE_NODE_TABLE_H

#include "node/event.h"

#define TABLE_SOON_MS 100

struct node;

/* Something changed: the next snapshot is made in this turn; or after TABLE_SOON_MS at the latest.
 */
void table_now(struct node *node);
void table_soon(struct node *node, struct now now);

/* 0 or ERR_NOMEM. */
int node_build_table(struct node *node, struct now now, struct forward_table **ret);

#endif
