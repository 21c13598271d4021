/* tun.c - see tun.h. */
#include "io/tun.h"

#include "base/check.h"
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

static_assert(TUN_NAME_MAX == IFNAMSIZ - 1, "a name that the kernel takes");
static_assert(FORWARD_MTU <= EGRESS_SLOT_BYTES, "a packet of the TUN fits into a buffer");

static int why_not_opened(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return ERR_UNSUPPORTED;
	case EPERM:
	case EACCES:
		return ERR_PERMISSION;
	case EBUSY:
	case EEXIST:
	case EINVAL: /* the name belongs to an interface of another kind */
		return ERR_EXISTS;
	default:
		return ERR_IO;
	}
}

int tun_open(const char *name, int *ret_fd)
{
	struct ifreq request = { .ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL) };
	int fd;

	CHECK(strlen(name) <= TUN_NAME_MAX);
	memcpy(request.ifr_name, name, strlen(name));
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return why_not_opened(errno);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		const int error = errno;

		(void)close(fd); /* nothing was written */
		return why_not_opened(error);
	}
	*ret_fd = fd;
	return 0;
}

bool tun_is_attached(int fd)
{
	struct ifreq request = { 0 };

	return ioctl(fd, TUNGETIFF, &request) == 0; /* EBADFD once it is deleted */
}

int tun_read(int fd, size_t max, struct forward_batch *batch)
{
	CHECK(max <= FORWARD_BATCH_MAX);
	batch->count = 0;
	while (batch->count < max) {
		struct forward_packet *packet = &batch->packets[batch->count];
		const ssize_t n = read(fd, packet->data, EGRESS_SLOT_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : ERR_IO;
		*packet = (struct forward_packet){ .data = packet->data,
						   .len = (size_t)n,
						   .verdict = FORWARD_PENDING };
		batch->count++;
	}
	return 0;
}

int tun_write(int fd, struct span packet)
{
	ssize_t n;

	do {
		n = write(fd, packet.data, packet.len);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
		return ERR_AGAIN;
	return errno == EINVAL ? ERR_MALFORMED : ERR_IO;
}
