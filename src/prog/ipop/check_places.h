/* check_places.h - where a network's files are, looked at for `ipop check`: whether the daemon
 * could use what stands in /run, and whether others could change what it believes. Nothing is
 * changed. */
#ifndef PROG_IPOP_CHECK_PLACES_H
#define PROG_IPOP_CHECK_PLACES_H

#include "group/store.h"

/* What no daemon runs in yet: 0, ERR_UNSUPPORTED (something else is where a file or directory has
 * to be) or ERR_PERMISSION (it is somebody else's than the daemon's, who is this user); with a
 * complaint. */
int check_places_run(const struct store *store, uint32_t uid, struct complaint *complaint);

/* Notes of what works, and is no good idea: that anybody may write there, or a stranger owns it. */
void check_places_remark(const struct store *store, uint32_t uid);

#endif
