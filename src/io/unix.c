/* unix.c - see unix.h. */
#include "io/unix.h"

#include "base/check.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

struct fd_control {
	_Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(UNIX_FDS_MAX * sizeof(int))];
};

/* --- pairs --- */

int unix_pair(int ret[2])
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return ERR_IO;
	ret[0] = fds[0];
	ret[1] = fds[1];
	return 0;
}

static void put_fds(struct msghdr *header, const struct unix_message *message)
{
	const size_t len = message->fd_count * sizeof(int);
	struct cmsghdr *c = header->msg_control;

	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(len),
			       .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), message->fds, len);
	header->msg_controllen = CMSG_SPACE(len);
}

int unix_send(int fd, const struct unix_message *message)
{
	struct unix_message copy = *message; /* iov_base is not const, though nothing is written */
	struct iovec vector = { .iov_base = copy.bytes, .iov_len = copy.len };
	struct fd_control control;
	struct msghdr header = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control };
	ssize_t n;

	CHECK(message->len > 0 && message->len <= UNIX_MESSAGE_BYTES_MAX);
	CHECK(message->fd_count <= UNIX_FDS_MAX);
	if (message->fd_count > 0)
		put_fds(&header, message);
	do {
		n = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EAGAIN || errno == ETOOMANYREFS ? ERR_AGAIN : ERR_IO;
}

bool unix_is_behind(int fd)
{
	socklen_t len = sizeof(int);
	int unread = 0;
	int room = 0;

	return ioctl(fd, SIOCOUTQ, &unread) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &len) == 0 && unread > room / 2;
}

/* Takes all descriptors that the kernel has installed for us; those too many are closed. */
static void take_fds(struct msghdr *header, struct unix_message *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (ret->fd_count < UNIX_FDS_MAX)
				ret->fds[ret->fd_count++] = fd;
			else
				(void)close(fd); /* not ours to use */
		}
	}
}

int unix_receive(int fd, struct unix_message *ret)
{
	struct iovec vector = { .iov_base = ret->bytes, .iov_len = sizeof(ret->bytes) };
	struct fd_control control;
	struct msghdr header = { .msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	ssize_t n;

	do {
		n = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return ERR_AGAIN;
	if (n < 0)
		return errno == ECONNRESET ? ERR_NOT_FOUND : ERR_IO;
	if (n == 0)
		return ERR_NOT_FOUND; /* nobody of ours sends an empty message */
	ret->len = (size_t)n;
	ret->fd_count = 0;
	take_fds(&header, ret);
	if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		/* Where there was room for more it is us who have no descriptor for it. */
		const bool full =
			(header.msg_flags & MSG_TRUNC) == 0 && ret->fd_count < UNIX_FDS_MAX;

		unix_drop_fds(ret);
		return full ? ERR_FULL : ERR_TOO_LONG;
	}
	return 0;
}

void unix_drop_fds(struct unix_message *message)
{
	for (size_t i = 0; i < message->fd_count; i++) {
		if (message->fds[i] >= 0)
			(void)close(message->fds[i]); /* never written to */
	}
	message->fd_count = 0;
}

/* --- the listening socket --- */

/* A path of any length fits into sun_path by way of its directory's descriptor. Fills `ret` and
 * returns that descriptor, or an error. */
static int address_of(const char *path, struct sockaddr_un *ret)
{
	const char *slash = strrchr(path, '/');
	char *directory;
	int fd;
	int len;

	if (slash == NULL || slash == path)
		return ERR_NOT_FOUND;
	directory = strndup(path, (size_t)(slash - path));
	if (directory == NULL)
		return ERR_NOMEM;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	if (fd < 0)
		return errno == EACCES ? ERR_PERMISSION : ERR_NOT_FOUND;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", fd, slash + 1);
	if (len < 0 || (size_t)len >= sizeof(ret->sun_path)) {
		(void)close(fd); /* only a name */
		return ERR_TOO_LONG;
	}
	return fd;
}

/* Nobody can connect before listen(), so the order of the steps does not matter to strangers. */
static int bind_and_listen(int fd, const struct sockaddr_un *address, uint32_t group)
{
	const char *path = address->sun_path;
	const mode_t mode = group == UNIX_GROUP_NONE ? 0600 : 0660;

	if (unlink(path) < 0 && errno != ENOENT) {
		if (errno == EISDIR)
			return ERR_UNSUPPORTED;
		return errno == EACCES || errno == EPERM ? ERR_PERMISSION : ERR_IO;
	}
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return errno == EACCES ? ERR_PERMISSION : ERR_IO;
	if (group != UNIX_GROUP_NONE && chown(path, (uid_t)-1, group) < 0)
		return ERR_PERMISSION;
	return chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0 ? ERR_IO : 0;
}

int unix_listen(const char *path, uint32_t group, int *ret_fd)
{
	struct sockaddr_un address;
	const int directory = address_of(path, &address);
	int fd;
	int err;

	if (directory < 0)
		return directory;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	err = fd < 0 ? ERR_IO : bind_and_listen(fd, &address, group);
	(void)close(directory); /* only a name */
	if (err < 0) {
		if (fd >= 0)
			(void)close(fd); /* never connected */
		return err;
	}
	*ret_fd = fd;
	return 0;
}

/* Asks the kernel for all groups of the process at the other end. */
static bool peer_is_in_group(int fd, gid_t primary, uint32_t group)
{
	socklen_t len = 0;
	gid_t none;
	gid_t *groups;
	bool found = primary == group;

	if (found || group == UNIX_GROUP_NONE)
		return found;
	/* With no room it answers ERANGE and the length. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &len) == 0 || errno != ERANGE)
		return false;
	groups = malloc(len);
	if (groups == NULL)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0) {
		for (size_t i = 0; i < len / sizeof(*groups) && !found; i++)
			found = groups[i] == group;
	}
	free(groups);
	return found;
}

int unix_accept(int fd, uint32_t group, int *ret_fd, struct unix_peer *ret_peer)
{
	const int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct ucred who;
	socklen_t len = sizeof(who);

	if (connection < 0) {
		if (errno == EMFILE || errno == ENFILE)
			return ERR_FULL;
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? ERR_AGAIN
										  : ERR_IO;
	}
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0) {
		(void)close(connection); /* nothing was said */
		return ERR_IO;
	}
	*ret_fd = connection;
	*ret_peer = (struct unix_peer){ .uid = who.uid,
					.in_group = peer_is_in_group(connection, who.gid, group) };
	return 0;
}

int unix_connect(const char *path, unsigned timeout_ms, int *ret_fd)
{
	/* No time at all would mean for ever (socket(7)). */
	const unsigned us = timeout_ms == 0 ? 1 : timeout_ms % 1000 * 1000;
	const struct timeval patience = { .tv_sec = timeout_ms / 1000, .tv_usec = us };
	struct sockaddr_un address;
	const int directory = address_of(path, &address);
	int fd;
	int error = 0;

	if (directory < 0)
		return directory;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno;
	(void)close(directory); /* only a name */
	if (error == 0) {
		*ret_fd = fd;
		return 0;
	}
	if (fd >= 0)
		(void)close(fd); /* never connected */
	if (error == ENOENT || error == ECONNREFUSED)
		return ERR_NOT_FOUND;
	if (error == EAGAIN)
		return ERR_TIMEOUT;
	return error == EACCES || error == EPERM ? ERR_PERMISSION : ERR_IO;
}
