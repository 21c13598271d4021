/* log_room.h - the file that a log goes to, where no systemd listens, does not grow for ever.
 *
 * Once it is longer than STORE_LOG_BYTES_MAX its last part becomes the old one, in place of what
 * was there, and it goes on from its beginning. It is not renamed: the node writes there as well,
 * and has no name of it. A node, which may be taken over, makes it LOG_ROOM_NODE_BYTES long at
 * most.
 */
#ifndef PROG_IPOPD_LOG_ROOM_H
#define PROG_IPOPD_LOG_ROOM_H

#include "base/mono.h"
#include "group/store.h"

#include <stdbool.h>

#define LOG_ROOM_NODE_BYTES (UINT64_C(4) * STORE_LOG_BYTES_MAX)

/* All zero at first. */
struct log_room {
	struct mono look_at;
};

/* Whether standard error is the log of this network. */
bool log_room_is_ours(const struct store *store);

/* In a turn that there is anyway: looks once a second. Nothing is done where standard error is
 * something else than the log of this network. */
void log_room_poll(struct log_room *room, const struct store *store, struct mono now);

#endif
