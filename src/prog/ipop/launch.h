/* launch.h - starts and stops the daemon of a network, and waits until that has happened; has it
 * read its files anew.
 *
 * Where systemd runs and knows the unit `ipop@.service`, it does both; anywhere else (a container,
 * --root) the daemon is started in the background, with its log in a file beside its socket.
 */
#ifndef PROG_IPOP_LAUNCH_H
#define PROG_IPOP_LAUNCH_H

#include "group/store.h"
#include "prog/ipop/cli.h"

#define LAUNCH_READY_S 20 /* from the start to addresses on the interface */
#define LAUNCH_PEER_S 15  /* from there to the first member that answers */
#define LAUNCH_DOWN_S 15

#define LAUNCH_LOST_S 5 /* a daemon that begins or ends has no control socket at most so long */

/* Whether a daemon runs: it listens at its control socket, or holds its lock. */
bool launch_is_running(const struct store *store);

/* Whether one runs, and says that its certificate ends then: so it began with that certificate. */
bool launch_runs_until(const struct store *store, struct wall not_after);

/* Starts it, if it does not run, shows progress, and tells the addresses. EXIT_OK once it is
 * usable: the addresses are there, and a member answers if there is one to enter the network
 * through. Else EXIT_NO_REPLY (it runs, and goes on trying), or what went wrong, reported. */
enum exit_code launch_up(const struct cli *cli, const struct store *store);

/* Has it read its files anew: what can change while it runs counts, and a session is never lost.
 * Says what counts only after a new start. EXIT_OK, or what is wrong, reported: then nothing
 * changed. */
enum exit_code launch_reload(const struct cli *cli, const struct store *store);

/* Has a daemon that runs take the bundle that was put down for this certificate. It goes on with
 * it; or is stopped and started, if that is the only way (it stands for another member or address,
 * is too old to reload, or has no node) and its files have no mistake that would keep it from
 * starting. EXIT_OK, or what is wrong, reported: then it goes on with what it had. */
enum exit_code launch_renew(const struct cli *cli, const struct store *store,
			    const struct certificate *certificate);

/* Stops it and waits until it is gone, and its interface with it: by its control socket, or, if
 * that is lost or nobody answers there, by a signal. EXIT_NOT_RUNNING if it did not run; all
 * reported. */
enum exit_code launch_down(const struct cli *cli, const struct store *store);

#endif
