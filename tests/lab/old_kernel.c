/* old_kernel.c - the kernel of 2022 (Linux 6.1), as far as a daemon that is linked with this can
 * see: the TUN knows no super-packets of UDP, neither by TUNSETOFFLOAD nor behind the header of
 * virtio's.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#define USO_BITS 0x60 /* TUN_F_USO4, TUN_F_USO6 */
#define UDP_L4 5      /* VIRTIO_NET_HDR_GSO_UDP_L4 */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_ioctl(int fd, unsigned long request, void *argument);
ssize_t __real_writev(int fd, const struct iovec *vectors, int count);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __wrap_writev(int fd, const struct iovec *vectors, int count);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (request == TUNSETOFFLOAD && ((unsigned long)argument & USO_BITS) != 0) {
		errno = EINVAL;
		return -1;
	}
	return __real_ioctl(fd, request, argument);
}

/* Nothing but the TUN is written to in parts that begin so. */
ssize_t __wrap_writev(int fd, const struct iovec *vectors, int count)
{
	struct virtio_net_hdr header;

	if (vectors[0].iov_len == sizeof(header)) {
		memcpy(&header, vectors[0].iov_base, sizeof(header));
		if (header.gso_type == UDP_L4) {
			errno = EINVAL;
			return -1;
		}
	}
	return __real_writev(fd, vectors, count);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
