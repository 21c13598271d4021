/* spawn.h - the processes that the CLI starts: systemctl, and the daemon where there is no systemd.
 */
#ifndef PROG_IPOP_SPAWN_H
#define PROG_IPOP_SPAWN_H

#include "group/store.h"

#include <sys/types.h>

/* True where systemd runs the host and has the unit of our daemons. */
bool spawn_has_systemd(const struct store *store);

/* `systemctl VERB ipop@NET.service`: its exit status, or -1. */
int spawn_systemctl(const char *verb, const struct store *store);

/* Whether systemd starts it at each boot. */
bool spawn_is_enabled(const struct store *store);

/* The last lines that the journal has of the daemon. 0, ERR_PERMISSION (it is not for this user, or
 * it has none), ERR_NOMEM, ERR_IO. The caller frees them. */
int spawn_journal(const struct store *store, unsigned lines, struct file_bytes *ret);

/* Starts the daemon in a session of its own, its output going to the log file, behind what is
 * there. 0 with its process id and where in the log it begins, or an error with a complaint. */
int spawn_daemon(const struct store *store, pid_t *ret_pid, off_t *ret_log_from,
		 struct complaint *complaint);

/* Waits for a child to end, or the time to pass: true with its exit status (128 and a signal's
 * number). A pid of 0 never ends. */
bool spawn_wait(pid_t pid, int timeout_ms, int *ret_status);

/* Whether a daemon holds the lock of a network, which it does from its start to its very end,
 * however it is with its control socket; with the lock's file, which has its process id. */
bool spawn_is_locked(const struct store *store, struct file_path *ret_path);

/* The number that the holder of the lock has written into it; 0: nobody holds it, or it cannot be
 * read. */
long spawn_holder(const struct store *store);

/* Whether the process of this number is an ipopd, as far as its name tells. */
bool spawn_is_daemon(pid_t pid);

/* Adds a line to the log of daemons that this program started: 0, or why that cannot be, with a
 * complaint that names the file. */
int spawn_log_line(const struct store *store, const char *line, struct complaint *complaint);

/* Tells the daemon that holds the lock to end, as a service manager would. 0, or ERR_NOT_FOUND,
 * ERR_PERMISSION, ERR_UNSUPPORTED (no process that it could be is seen from here), with a
 * complaint. */
int spawn_terminate(const struct store *store, struct complaint *complaint);

#endif
