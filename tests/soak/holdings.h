/* holdings.h - what each node of a program holds of the heap: what it took in node_new(),
 * node_input() and node_poll(), whoever gives it back. What the simulator itself keeps is nobody's.
 *
 * For programs that link holdings_dep, and have one thread.
 */
#ifndef TESTS_SOAK_HOLDINGS_H
#define TESTS_SOAK_HOLDINGS_H

#include "node/node.h"

struct holding {
	int64_t bytes, blocks;
};

/* From now on; before the first node. */
void holdings_begin(void);

struct holding holdings_of(const struct node *node);

/* What nodes that are no more have left behind. */
struct holding holdings_orphaned(void);

#endif
