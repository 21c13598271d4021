/* steward.h - the parent: holds what has rights, and never sees a packet.
 *
 *     STARTING --addresses are set--> READY
 *       | ^ \                           |
 *       | |  `---died----> WAITING <----+ died
 *       | `---backoff--------' |        |
 *       | signal               | signal | signal
 *       v                      v        v
 *     STOPPING ----node has--> ENDED <--' (with a node: by way of STOPPING)
 *
 * A node that dies before one was ever ready has told why, and its exit code is ours. One that dies
 * later is started again, after a pause that doubles from 0.25 s to 30 s while it keeps dying; the
 * interface stays meanwhile. A node that ends with 0 was asked to, and so ends the steward.
 *
 * Control connections are the node's in READY. In every other state the steward itself takes a
 * `down`, and tells all others why there is no node. A node that is told to end and does not within
 * 3 s is killed.
 *
 * A node that is ready is asked every 10 s whether it is there. One that does not answer within 7 s
 * is killed, and so started again.
 *
 * On SIGHUP, or when a user says `reload`, the files are read anew and checked. If all is well with
 * them the node takes over what can change while it runs; else they have no effect.
 *
 * A service manager that wants to hear from us (sd_watchdog_enabled(3)) does twice in each of its
 * intervals, whenever this loop turns, whatever the node does: the manager's remedy is to end all
 * of it, with the interface and the connections over it, and a node that is in trouble is ours to
 * mend.
 */
#ifndef PROG_IPOPD_STEWARD_H
#define PROG_IPOPD_STEWARD_H

#include "group/store.h"
#include "prog/ipopd/log.h"

struct steward_config {
	const struct store *store;
	enum log_style log_style;  /* the node's, too */
	const char *notify_socket; /* NOTIFY_SOCKET, or NULL */
	uint64_t watchdog_us;      /* how often the manager wants to hear from us; 0: not at all */
};

/* Runs a network until it is told to end; returns the program's exit code. */
int steward_run(const struct steward_config *config);

#endif
