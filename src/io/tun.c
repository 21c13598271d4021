/* tun.c - see tun.h. */
#include "io/tun.h"

#include "base/check.h"
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

/* Newer than the headers of Debian 12 (Linux 6.2). */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20U
#define TUN_F_USO6 0x40U
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define SUPER_BYTES ((size_t)65536) /* one packet, at most */
#define ROOM_BYTES (3 * SUPER_BYTES)
#define VECTORS_MAX (2 + FORWARD_BATCH_MAX) /* header, first, all others */

static_assert(TUN_NAME_MAX == IFNAMSIZ - 1, "a name that the kernel takes");
static_assert(sizeof(struct virtio_net_hdr) == 10, "the kernel's default, and as we read it");

/* Packets of a batch stand one behind the other, so that small ones touch little memory. */
struct tun_room {
	uint8_t bytes[ROOM_BYTES];
	uint8_t whole[SUPER_BYTES]; /* what was refused, to be cut */
};

/* --- making it --- */

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
	case ENOTTY: /* an ioctl that only the right device knows */
	case EISDIR:
		return ERR_MALFORMED;
	default:
		return ERR_IO;
	}
}

static int open_device(unsigned *ret_features, int *ret_fd)
{
	const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	*ret_features = 0;
	if (fd < 0)
		return why_not_opened(errno);
	if (ioctl(fd, TUNGETFEATURES, ret_features) < 0 && errno == ENOTTY) {
		(void)close(fd); /* nothing was written */
		return ERR_MALFORMED;
	}
	*ret_fd = fd;
	return 0;
}

int tun_check(void)
{
	unsigned features;
	int fd;
	const int err = open_device(&features, &fd);

	if (err == 0)
		(void)close(fd); /* nothing was made */
	return err;
}

/* One queue of the interface: `flags` besides those that each has. */
static int open_queue(const char *name, int flags, int *ret_fd)
{
	struct ifreq request = { .ifr_flags = (short)(IFF_TUN | IFF_NO_PI | flags) };
	unsigned features;
	int fd;
	int err;

	memcpy(request.ifr_name, name, strlen(name));
	err = open_device(&features, &fd);
	if (err < 0)
		return err;
	if ((features & IFF_VNET_HDR) != 0)
		request.ifr_flags = (short)(request.ifr_flags | IFF_VNET_HDR);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		const int error = errno;

		(void)close(fd); /* nothing was written */
		return why_not_opened(error);
	}
	*ret_fd = fd;
	return 0;
}

int tun_open(const char *name, uint32_t queues, int ret_fds[TUN_QUEUES_MAX])
{
	const int several = queues > 1 ? IFF_MULTI_QUEUE : 0;

	CHECK(strlen(name) <= TUN_NAME_MAX && queues >= 1 && queues <= TUN_QUEUES_MAX);
	for (uint32_t i = 0; i < queues; i++) {
		const int err =
			open_queue(name, i == 0 ? several | IFF_TUN_EXCL : several, &ret_fds[i]);

		if (err == 0)
			continue;
		while (i > 0)
			(void)close(ret_fds[--i]); /* nothing was written */
		return err;
	}
	return 0;
}

bool tun_is_attached(int fd)
{
	struct ifreq request = { 0 };

	return ioctl(fd, TUNGETIFF, &request) == 0; /* EBADFD once it is deleted */
}

/* --- what it leaves to us --- */

static bool set_offloads(int fd, unsigned offloads)
{
	unsigned long flags = 0;

	if ((offloads & TUN_OFFLOAD_CHECKSUM) != 0)
		flags |= TUN_F_CSUM;
	if ((offloads & TUN_OFFLOAD_TCP) != 0)
		flags |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	if ((offloads & TUN_OFFLOAD_UDP) != 0)
		flags |= TUN_F_USO4 | TUN_F_USO6;
	return ioctl(fd, TUNSETOFFLOAD, flags) == 0;
}

/* The kernel refuses all if it does not know one: UDP is the youngest, then TCP. What it may leave
 * to us it also takes from us, and TCP it takes as long as it has virtio's header; of UDP nothing
 * but this question tells. */
static void choose_offloads(struct tun *tun, unsigned wanted)
{
	static const unsigned fewer[] = { TUN_OFFLOADS_ALL, TUN_OFFLOAD_CHECKSUM | TUN_OFFLOAD_TCP,
					  TUN_OFFLOAD_CHECKSUM };

	tun->offloads = 0;
	tun->takes_udp = tun->has_header && set_offloads(tun->fd, TUN_OFFLOADS_ALL);
	for (size_t i = 0; tun->has_header && i < sizeof(fewer) / sizeof(fewer[0]); i++) {
		if (set_offloads(tun->fd, wanted & fewer[i])) {
			tun->offloads = wanted & fewer[i];
			return;
		}
	}
}

int tun_attach(struct tun *tun, int fd, unsigned wanted)
{
	struct ifreq request = { 0 };

	if (ioctl(fd, TUNGETIFF, &request) < 0)
		return ERR_IO;
	*tun = (struct tun){ .fd = fd,
			     .has_header = (request.ifr_flags & IFF_VNET_HDR) != 0,
			     .room = calloc(1, sizeof(*tun->room)) };
	if (tun->room == NULL)
		return ERR_NOMEM;
	choose_offloads(tun, (wanted & TUN_OFFLOAD_CHECKSUM) != 0 ? wanted : 0);
	return 0;
}

void tun_detach(struct tun *tun)
{
	free(tun->room);
	tun->room = NULL;
}

/* --- reading --- */

static enum offload_kind kind_of(uint8_t gso_type)
{
	switch (gso_type & ~VIRTIO_NET_HDR_GSO_ECN) { /* CWR is in the packet to be seen */
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return OFFLOAD_TCP4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return OFFLOAD_TCP6;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return OFFLOAD_UDP;
	default:
		return OFFLOAD_NONE; /* what we have not asked for does not come */
	}
}

static struct offload offload_of(const struct virtio_net_hdr *header)
{
	struct offload offload = { .kind = kind_of(header->gso_type) };

	if (offload.kind != OFFLOAD_NONE)
		offload.segment_bytes = header->gso_size;
	offload.partial_checksum = (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
	if (offload.partial_checksum) {
		offload.checksum_start = header->csum_start;
		offload.checksum_offset = header->csum_offset;
	}
	return offload;
}

/* How many datagrams it will be, about: headers count as payload here. */
static size_t segments_of(const struct forward_packet *packet)
{
	const size_t each = packet->offload.segment_bytes;

	return each == 0 ? 1 : packet->len / each + 1;
}

/* 0, ERR_AGAIN (nothing is there), ERR_IO. */
static int read_one(struct tun *tun, uint8_t *room, struct forward_packet *ret)
{
	const size_t header_bytes = tun->has_header ? sizeof(struct virtio_net_hdr) : 0;
	struct virtio_net_hdr header = { 0 };
	ssize_t n;

	do {
		n = read(tun->fd, room, SUPER_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? ERR_AGAIN : ERR_IO;
	if ((size_t)n < header_bytes)
		return ERR_IO;
	memcpy(&header, room, header_bytes);
	*ret = (struct forward_packet){ .data = room + header_bytes,
					.len = (size_t)n - header_bytes,
					.offload = offload_of(&header),
					.verdict = FORWARD_PENDING };
	tun->counters.reads++;
	return 0;
}

int tun_read(struct tun *tun, size_t datagrams, struct forward_batch *batch)
{
	size_t used = 0; /* of the room */
	size_t expected = 0;

	batch->count = 0;
	while (batch->count < FORWARD_BATCH_MAX && expected < datagrams &&
	       used + SUPER_BYTES <= ROOM_BYTES) {
		struct forward_packet *packet = &batch->packets[batch->count];
		const int err = read_one(tun, tun->room->bytes + used, packet);

		if (err < 0)
			return err == ERR_AGAIN ? 0 : err;
		used = (size_t)(packet->data - tun->room->bytes) + packet->len;
		expected += segments_of(packet);
		batch->count++;
	}
	return 0;
}

/* --- writing --- */

static uint8_t gso_type_of(const struct offload *offload)
{
	static const uint8_t types[] = { [OFFLOAD_NONE] = VIRTIO_NET_HDR_GSO_NONE,
					 [OFFLOAD_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
					 [OFFLOAD_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
					 [OFFLOAD_UDP] = VIRTIO_NET_HDR_GSO_UDP_L4 };
	const uint8_t cwr = offload->cwr ? VIRTIO_NET_HDR_GSO_ECN : 0;

	return types[offload->kind] | cwr;
}

static struct virtio_net_hdr header_of(const struct offload *offload)
{
	struct virtio_net_hdr header = { .gso_type = gso_type_of(offload) };

	if (offload->kind != OFFLOAD_NONE) {
		header.gso_size = offload->segment_bytes;
		header.hdr_len = offload->header_len;
	}
	if (offload->partial_checksum) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = offload->checksum_start;
		header.csum_offset = offload->checksum_offset;
	}
	return header;
}

/* One packet; vectors[0] is for the header of virtio's. */
struct parts {
	struct virtio_net_hdr header;
	struct iovec vectors[VECTORS_MAX];
	size_t count;
};

static void add_part(struct parts *parts, const struct forward_packet *packet)
{
	parts->vectors[parts->count++] =
		(struct iovec){ .iov_base = packet->data, .iov_len = packet->len };
}

/* Of so many vectors nobody clears those that are not used. */
static void begin_parts(struct parts *parts, const struct forward_packet *first)
{
	parts->count = 1;
	add_part(parts, first);
}

/* 0, ERR_UNSUPPORTED (the kernel does not know what the header says), ERR_IO. */
static int write_parts(struct tun *tun, const struct offload *offload, struct parts *parts)
{
	const size_t without = tun->has_header ? 0 : 1;
	ssize_t n;

	parts->header = header_of(offload);
	parts->vectors[0] =
		(struct iovec){ .iov_base = &parts->header, .iov_len = sizeof(parts->header) };
	do {
		n = writev(tun->fd, parts->vectors + without, (int)(parts->count - without));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EINVAL ? ERR_UNSUPPORTED : ERR_IO;
	tun->counters.writes++;
	return 0;
}

/* As it would be on a wire. False: refused. */
static bool write_one(struct tun *tun, const struct forward_packet *packet)
{
	const struct offload none = { .kind = OFFLOAD_NONE };
	struct parts parts;
	bool taken;

	begin_parts(&parts, packet);
	taken = write_parts(tun, &none, &parts) == 0;
	tun->counters.refused += !taken;
	return taken;
}

/* In one stretch. False: there is no room for it. */
static bool put_together(const struct parts *parts, struct tun_room *room,
			 struct forward_packet *ret)
{
	ret->data = room->whole;
	ret->len = 0;
	for (size_t i = 1; i < parts->count; i++) {
		const struct iovec *part = &parts->vectors[i];

		if (part->iov_len > sizeof(room->whole) - ret->len)
			return false;
		memcpy(room->whole + ret->len, part->iov_base, part->iov_len);
		ret->len += part->iov_len;
	}
	return true;
}

/* The packets that it was joined from, or would be for a kernel that does not know super-packets.
 */
static void write_pieces(struct tun *tun, const struct parts *parts, const struct offload *offload)
{
	struct forward_packet whole = { .offload = *offload };
	uint8_t bytes[FORWARD_PACKET_BYTES_MAX];
	struct forward_packet piece = { .data = bytes };
	struct cutter cutter;

	if (!put_together(parts, tun->room, &whole) || forward_cut(&whole, &cutter) < 0 ||
	    cutter_longest(&cutter) > sizeof(bytes)) {
		tun->counters.refused++;
		return;
	}
	while ((piece.len = cutter_next(&cutter, bytes)) > 0)
		tun->counters.pieces += write_one(tun, &piece);
}

void tun_write(struct tun *tun, const struct forward_packet *packets, size_t count)
{
	const struct offload *offload = &packets[0].offload;
	struct parts parts;
	int err;

	CHECK(count <= FORWARD_BATCH_MAX && packets[0].verdict == FORWARD_DELIVER);
	begin_parts(&parts, &packets[0]);
	for (size_t i = 1; i < count && packets[i].verdict != FORWARD_DELIVER; i++)
		if (packets[i].verdict == FORWARD_JOIN)
			add_part(&parts, &packets[i]);
	err = write_parts(tun, offload, &parts);
	if (err == ERR_UNSUPPORTED && offload->kind != OFFLOAD_NONE) {
		if (offload->kind == OFFLOAD_UDP)
			tun->takes_udp = false;
		write_pieces(tun, &parts, offload);
	} else if (err < 0) {
		tun->counters.refused++;
	}
}

void tun_write_plain(struct tun *tun, struct span packet)
{
	uint8_t bytes[FORWARD_PACKET_BYTES_MAX];
	const struct forward_packet copy = { .data = bytes, .len = packet.len };

	CHECK(packet.len <= sizeof(bytes));
	memcpy(bytes, packet.data, packet.len);
	(void)write_one(tun, &copy);
}
