/* lost.h - a daemon whose directory in /run was removed while it ran: no socket leads to it and
 * nobody sees its lock, but it has the interface, and the lock is open in it still. */
#ifndef PROG_IPOP_LOST_H
#define PROG_IPOP_LOST_H

#include "group/store.h"

/* The process that holds the lock of this network, where that was removed, among those of this
 * host's network (namespaces(7)) into which this user may look. Its number, and a handle that the
 * caller closes; 0: none is seen. */
long lost_find(const struct store *store, int *ret_fd);

/* Tells it to end, and waits for that: 0, ERR_NOT_FOUND (there is none, and nothing is said),
 * ERR_PERMISSION or ERR_TIMEOUT, with a complaint. */
int lost_end(const struct store *store, unsigned seconds, struct complaint *complaint);

#endif
