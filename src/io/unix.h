/* unix.h - sockets inside this machine: one for local users, pairs between our processes.
 *
 * A pair carries whole messages in order (SOCK_SEQPACKET), with descriptors beside them; when the
 * other end is gone, reading says so, which is how our processes notice each other's death.
 */
#ifndef IO_UNIX_H
#define IO_UNIX_H

#include "base/span.h"

#define UNIX_MESSAGE_BYTES_MAX 1024
#define UNIX_FDS_MAX 12

struct unix_message {
	uint8_t bytes[UNIX_MESSAGE_BYTES_MAX];
	size_t len;
	int fds[UNIX_FDS_MAX]; /* received ones are the caller's to close */
	size_t fd_count;
};

/* Both ends non-blocking. 0 or ERR_IO. */
int unix_pair(int ret[2]);

/* 0, ERR_AGAIN (the other end has to read first), ERR_IO (it is gone). */
int unix_send(int fd, const struct unix_message *message);

/* True if the other end has not read more than half of what fits. */
bool unix_is_behind(int fd);

/* 0, ERR_AGAIN (nothing there), ERR_NOT_FOUND (the other end is gone), ERR_TOO_LONG (bytes or
 * descriptors; what came is closed), ERR_FULL (it is read, but this process, or the host, has no
 * descriptor free for one that came with it), ERR_IO. */
int unix_receive(int fd, struct unix_message *ret);

/* Closes the received descriptors that the caller has not taken: those that are not -1. */
void unix_drop_fds(struct unix_message *message);

#define UNIX_GROUP_NONE UINT32_MAX

/* A listening stream socket at this path, in place of what stands there: 0660 with a group, 0600
 * without. The caller holds a lock (file.h) that nobody else listens there. The path may be longer
 * than sun_path is. 0, ERR_NOT_FOUND (no such directory), ERR_PERMISSION, ERR_UNSUPPORTED (a
 * directory is there), ERR_TOO_LONG (the last part), ERR_NOMEM, ERR_IO. */
int unix_listen(const char *path, uint32_t group, int *ret_fd);

struct unix_peer {
	uint32_t uid; /* of the process that connected, as the kernel vouches */
	bool in_group;
};

/* A connection, non-blocking, and who it is from. 0, ERR_AGAIN (nobody waits), ERR_FULL (out of
 * descriptors), ERR_IO. */
int unix_accept(int fd, uint32_t group, int *ret_fd, struct unix_peer *ret_peer);

/* Connects, for clients; blocking. Who listens, but takes nobody in, is waited for so long, and so
 * is who takes in nothing later. 0, ERR_NOT_FOUND (nobody listens there), ERR_TIMEOUT,
 * ERR_PERMISSION, ERR_TOO_LONG, ERR_NOMEM, ERR_IO. */
int unix_connect(const char *path, unsigned timeout_ms, int *ret_fd);

#endif
