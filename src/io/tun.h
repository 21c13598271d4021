/* tun.h - the virtual interface: packets of this host's programs in and out (tun(4)).
 *
 * The interface lives as long as somebody holds the descriptor, whichever process that is. Packets
 * are raw IP, one a read, one a write, behind a header of virtio's that tells what was left undone
 * (forward/offload.h): the kernel then hands over TCP and UDP as super-packets without checksums,
 * and takes them so. Each of that may be missing, and then it is not used.
 */
#ifndef IO_TUN_H
#define IO_TUN_H

#include "forward/forward.h"

#define TUN_NAME_MAX 15 /* IFNAMSIZ less the final zero */
#define TUN_QUEUES_MAX 8

/* Makes the interface, which is down and has no address, with so many queues, each with a
 * descriptor: the kernel puts what belongs together into one of them. 0, ERR_UNSUPPORTED (no
 * /dev/net/tun here), ERR_MALFORMED (it is another device), ERR_PERMISSION (needs CAP_NET_ADMIN),
 * ERR_EXISTS (an interface has that name), ERR_IO. */
int tun_open(const char *name, uint32_t queues, int ret_fds[TUN_QUEUES_MAX]);

/* Whether the device is there, and may be opened, without making anything: the same results. */
int tun_check(void);

/* False once somebody has deleted the interface: the descriptor is of no use then. */
bool tun_is_attached(int fd);

/* What the kernel may leave to us. */
#define TUN_OFFLOAD_CHECKSUM 0x1U
#define TUN_OFFLOAD_TCP 0x2U /* super-packets; both need CHECKSUM */
#define TUN_OFFLOAD_UDP 0x4U
#define TUN_OFFLOADS_ALL 0x7U

struct tun_counters {
	uint64_t reads, writes;
	uint64_t pieces;  /* of `writes`: of super-packets that it did not take whole */
	uint64_t refused; /* packets that the interface did not take: its queue is full, it is down,
			   * or the kernel finds fault with them */
};

struct tun_room; /* opaque */

/* Fields may be read. */
struct tun {
	int fd;                /* borrowed */
	bool has_header;       /* packets stand behind a header of virtio's: super-packets can be
				* written */
	unsigned offloads;     /* TUN_OFFLOAD_...: what may be read */
	bool takes_udp;        /* super-packets of UDP may be written (since Linux 6.2); no more
				* once the kernel has refused one */
	struct tun_room *room; /* owned */
	struct tun_counters counters;
};

/* For who moves the packets, and needs no privilege. Of `wanted` that is used which the kernel has.
 * 0, ERR_NOMEM, ERR_IO. */
int tun_attach(struct tun *tun, int fd, unsigned wanted);
void tun_detach(struct tun *tun);

/* Reads packets without waiting until none is left, the batch is full, or they make more than
 * `datagrams` (a super-packet is as many as its segments), but one at least if datagrams > 0. Sets
 * count, and of each packet data (in a buffer of the interface's, until the next call), len,
 * offload and verdict. 0, or ERR_IO: the interface is gone. */
int tun_read(struct tun *tun, size_t datagrams, struct forward_batch *batch);

/* Writes packets[0], which is to be DELIVERed, and behind it what JOINs it of packets[1..count). A
 * super-packet of a kind that the kernel does not know is cut again, and written piece by piece. */
void tun_write(struct tun *tun, const struct forward_packet *packets, size_t count);

/* Writes one packet as it would be on a wire. */
void tun_write_plain(struct tun *tun, struct span packet);

#endif
