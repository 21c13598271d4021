/* check_host.h - what `ipop up` would meet on this host, looked at before: for `ipop check`.
 *
 * Nothing is made or changed. Each function returns 0, or an error with the sentence and the exit
 * code that the daemon would end with.
 */
#ifndef PROG_IPOP_CHECK_HOST_H
#define PROG_IPOP_CHECK_HOST_H

#include "group/bundle.h"
#include "group/store.h"

/* Whether the daemon, which is not always the user who asks, may read its files: ERR_PERMISSION. */
int check_host_files(const struct store *store, struct complaint *complaint);

/* What stands in the daemon's directory of /run, where no daemon runs: ERR_UNSUPPORTED,
 * ERR_PERMISSION. */
int check_host_places(const struct store *store, struct complaint *complaint);

/* Notes of what others could change, and of a right that who asks has not. */
void check_host_remark(const struct store *store);

/* The UDP port of the configuration, where no daemon of the network has it: ERR_EXISTS,
 * ERR_PERMISSION, ERR_IO. 0 with a text if another one will do, and with an empty one if all is
 * well. */
int check_host_port(const struct store *store, const struct config *config,
		    struct complaint *complaint);

/* The TUN device and the interface's name, where no daemon has them: ERR_UNSUPPORTED,
 * ERR_MALFORMED, ERR_PERMISSION, ERR_EXISTS. */
int check_host_tun(const struct store *store, struct complaint *complaint);

/* Routes and addresses that overlap with those of the network, IPv4 and IPv6: ERR_EXISTS. */
int check_host_routes(const struct store *store, const struct bundle *bundle,
		      struct complaint *complaint);

/* What the daemon, if one runs and answers who asks, says is in the way on this host: ERR_EXISTS.
 */
int check_host_trouble(const struct store *store, struct complaint *complaint);

#endif
