/* reload.h - what a running node takes over of files that have changed.
 *
 * The steward has read and checked them, and passes descriptors on (channel.h). The node has no
 * files, but reads these, and judges them by itself: what the two differ about ends the node.
 */
#ifndef PROG_IPOPD_RELOAD_H
#define PROG_IPOPD_RELOAD_H

#include "prog/ipopd/settings.h"

struct reload {
	struct store store;    /* only for the names in sentences */
	struct config running; /* what counts at present */
	bool is_waited_for;    /* by a client of this token, */
	uint64_t token;
	struct mono deadline; /* until then */
};

/* What the files say now. */
struct reload_files {
	struct config config;
	struct certificate certificate;
	struct node_settings settings; /* borrows the certificate */
};

/* The store's root is borrowed. */
void reload_init(struct reload *reload, const struct store *store, const struct config *running);

/* Bundle and, unless -1, configuration are read from the start. 0 or an error with a sentence. On
 * success `ret` holds the secret of the network: reload_wipe(). */
int reload_read(const struct reload *reload, const int fds[CHANNEL_FDS], struct wall now,
		struct reload_files *ret, struct complaint *complaint);
void reload_wipe(struct reload_files *files);

/* When whoever waits has waited too long; MONO_NEVER: nobody waits. */
struct mono reload_deadline(const struct reload *reload);

/* The options that may change while a node runs are as in the file from now on. */
void reload_take(struct reload *reload, const struct config *file);

#endif
