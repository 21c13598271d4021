/* uevent.c - see uevent.h. */
#include "io/uevent.h"

#include "base/err.h"
#include "base/seccheck.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUP_KERNEL 1 /* udev repeats it in another, to those who listen there */
#define ROOM_BYTES (1 << 20)
#define MESSAGE_BYTES_MAX 8192 /* the kernel's has 2,048 of lines, and a path */
#define NEW_GENERATION "NEW_VMGENID=1"

int uevent_open(int *ret_fd)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = GROUP_KERNEL };
	const int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	const int room = ROOM_BYTES;

	if (fd < 0)
		return ERR_IO;
	/* For a host that learns of all its devices at once; with less, more is taken for lost. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		(void)close(fd); /* nothing was read */
		return ERR_IO;
	}
	*ret_fd = fd;
	return 0;
}

bool uevent_tells_generation(struct span message)
{
	bool is_first = true;

	while (message.len > 0) {
		const uint8_t *end = memchr(message.data, 0, message.len);
		size_t len;

		if (end == NULL)
			return false; /* cut off */
		len = (size_t)(end - message.data);
		if (!is_first && len == strlen(NEW_GENERATION) &&
		    memcmp(message.data, NEW_GENERATION, len) == 0)
			return true;
		is_first = false;
		message = span_of(end + 1, message.len - len - 1);
	}
	return false;
}

bool uevent_is_new_generation(int fd)
{
	uint8_t bytes[MESSAGE_BYTES_MAX];
	bool is_new = false;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec room = { .iov_base = bytes, .iov_len = sizeof(bytes) };
		struct msghdr header = { .msg_name = &from,
					 .msg_namelen = sizeof(from),
					 .msg_iov = &room,
					 .msg_iovlen = 1 };
		const ssize_t n = recvmsg(fd, &header, 0);

		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return is_new;
		if (n < 0)
			is_new = is_new || errno == ENOBUFS;
		/* Any root of a namespace can send what looks the same: that has its pid. */
		else if (SECCHECK(SEC_UEVENT_SENDER,
				  header.msg_namelen == sizeof(from) && from.nl_pid == 0))
			is_new = is_new || uevent_tells_generation(span_of(bytes, (size_t)n));
	}
}
