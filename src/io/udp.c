/* udp.c - see udp.h. */
#include "io/udp.h"

#include "base/check.h"
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_BATCH_MAX 64
#define SOCKET_BUFFER_BYTES                                                           \
	(4 << 20)         /* asked for; the kernel gives at most net.core.[rw]mem_max \
			   */
#define ANY_PORT_TRIES 16 /* until a port is free in both families */
#define V4_AT 12          /* where IPv4 stands in an endpoint (wire/endpoint.h) */

/* Room for one address and one number, the largest set of control messages of either family. */
struct udp_control {
	_Alignas(struct cmsghdr)
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

union udp_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static_assert(SEND_BATCH_MAX <= EGRESS_SLOTS, "no more may be taken from the egress at once");
static_assert(SEND_BATCH_MAX <= FORWARD_BATCH_MAX, "one room serves both directions");

struct udp_room {
	struct mmsghdr headers[FORWARD_BATCH_MAX];
	struct iovec vectors[FORWARD_BATCH_MAX];
	union udp_address addresses[FORWARD_BATCH_MAX];
	struct udp_control controls[FORWARD_BATCH_MAX];
	struct egress_datagram *taken[SEND_BATCH_MAX]; /* borrowed from the egress during a send */
};

static enum udp_family family_of(const struct endpoint *endpoint)
{
	return endpoint_is_v4(endpoint) ? UDP_V4 : UDP_V6;
}

/* --- opening --- */

static bool set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static int set_options(int fd, enum udp_family family)
{
	bool ok;

	if (family == UDP_V4)
		ok = set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) &&
		     set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	else
		ok = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
		     set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) &&
		     set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	/* Larger buffers are a wish. */
	(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
	(void)set_option(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
	return ok ? 0 : ERR_IO;
}

static int bind_any(int fd, enum udp_family family, uint16_t port)
{
	const struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int bound;

	if (family == UDP_V4)
		bound = bind(fd, (const struct sockaddr *)&v4, sizeof(v4));
	else
		bound = bind(fd, (const struct sockaddr *)&v6, sizeof(v6));
	if (bound == 0)
		return 0;
	if (errno == EADDRINUSE)
		return ERR_EXISTS;
	return errno == EACCES ? ERR_PERMISSION : ERR_IO;
}

/* ERR_UNSUPPORTED: the host does not have the family. */
static int open_one(enum udp_family family, uint16_t port, int *ret_fd)
{
	const int fd = socket(family == UDP_V4 ? AF_INET : AF_INET6,
			      SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	int err;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? ERR_UNSUPPORTED : ERR_IO;
	err = set_options(fd, family);
	if (err == 0)
		err = bind_any(fd, family, port);
	if (err < 0) {
		(void)close(fd); /* nothing was sent */
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static int port_of(int fd, uint16_t *ret)
{
	union udp_address address = { 0 };
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) < 0)
		return ERR_IO;
	*ret = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
	return 0;
}

/* Opens the sockets of both families that the host has, the second on the port of the first. */
static int open_both(struct udp *udp, uint16_t port)
{
	udp->port = port;
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		int err = open_one(family, udp->port, &udp->sockets[family]);

		if (err == 0 && udp->port == 0)
			err = port_of(udp->sockets[family], &udp->port);
		if (err < 0 && err != ERR_UNSUPPORTED)
			return err;
	}
	return udp->port == 0 || (udp->sockets[UDP_V4] < 0 && udp->sockets[UDP_V6] < 0)
		       ? ERR_UNSUPPORTED
		       : 0;
}

static void close_sockets(struct udp *udp)
{
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		if (udp->sockets[family] >= 0)
			(void)close(udp->sockets[family]); /* UDP holds nothing back */
		udp->sockets[family] = -1;
	}
}

int udp_open(struct udp *udp, uint16_t port)
{
	const int tries = port == 0 ? ANY_PORT_TRIES : 1;
	int err = ERR_EXISTS;

	*udp = (struct udp){ .sockets = { -1, -1 }, .room = calloc(1, sizeof(*udp->room)) };
	if (udp->room == NULL)
		return ERR_NOMEM;
	for (int i = 0; i < tries && err == ERR_EXISTS; i++) {
		close_sockets(udp);
		err = open_both(udp, port);
	}
	if (err < 0)
		udp_close(udp);
	return err;
}

void udp_close(struct udp *udp)
{
	close_sockets(udp);
	free(udp->room);
	udp->room = NULL;
}

/* --- receiving --- */

static bool read_address(const union udp_address *address, struct endpoint *ret)
{
	if (address->any.sa_family == AF_INET) {
		uint8_t ip[4];

		memcpy(ip, &address->v4.sin_addr, sizeof(ip));
		*ret = endpoint_v4(ip, ntohs(address->v4.sin_port));
		return true;
	}
	if (address->any.sa_family == AF_INET6) {
		*ret = endpoint_v6(address->v6.sin6_addr.s6_addr, ntohs(address->v6.sin6_port));
		return true;
	}
	return false;
}

/* The address that a datagram was sent to; unspecified if the kernel does not say. */
static struct endpoint read_local(struct msghdr *header, enum udp_family family, uint16_t port)
{
	static const uint8_t zero[ENDPOINT_IP_BYTES];

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			uint8_t ip[4];

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(ip, &info.ipi_addr, sizeof(ip));
			return endpoint_v4(ip, port);
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return endpoint_v6(info.ipi6_addr.s6_addr, port);
		}
	}
	return family == UDP_V4 ? endpoint_v4(zero, port) : endpoint_v6(zero, port);
}

static void prepare_receive(struct udp_room *room, const struct forward_batch *batch)
{
	for (size_t i = 0; i < FORWARD_BATCH_MAX; i++) {
		room->vectors[i] = (struct iovec){ .iov_base = batch->packets[i].data,
						   .iov_len = EGRESS_SLOT_BYTES };
		room->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &room->addresses[i],
			.msg_namelen = sizeof(room->addresses[i]),
			.msg_iov = &room->vectors[i],
			.msg_iovlen = 1,
			.msg_control = &room->controls[i],
			.msg_controllen = sizeof(room->controls[i]),
		};
	}
}

void udp_receive(struct udp *udp, enum udp_family family, struct forward_batch *batch)
{
	struct udp_room *room = udp->room;
	int n;

	batch->count = 0;
	prepare_receive(room, batch);
	n = recvmmsg(udp->sockets[family], room->headers, FORWARD_BATCH_MAX, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) { /* n < 0: nothing is there, or an ICMP error of no interest */
		struct msghdr *header = &room->headers[i].msg_hdr;
		struct forward_packet *packet = &batch->packets[batch->count];
		uint8_t *data = batch->packets[i].data;
		struct endpoint local;
		struct endpoint remote;

		if ((header->msg_flags & MSG_TRUNC) != 0 ||
		    !read_address(&room->addresses[i], &remote)) {
			udp->counters.truncated++;
			continue;
		}
		local = read_local(header, family, udp->port);
		batch->packets[i].data = packet->data; /* closes the gaps of those left out */
		*packet = (struct forward_packet){
			.data = data,
			.len = room->headers[i].msg_len,
			.way = way_direct(&local, &remote),
			.verdict = FORWARD_PENDING,
		};
		batch->count++;
	}
	udp->counters.received += batch->count;
}

/* --- sending --- */

static socklen_t write_address(union udp_address *address, const struct endpoint *to)
{
	if (endpoint_is_v4(to)) {
		address->v4 =
			(struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(to->port) };
		memcpy(&address->v4.sin_addr, to->ip + V4_AT, sizeof(address->v4.sin_addr));
		return sizeof(address->v4);
	}
	address->v6 =
		(struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(to->port) };
	memcpy(&address->v6.sin6_addr, to->ip, sizeof(address->v6.sin6_addr));
	return sizeof(address->v6);
}

/* Appends a control message; the room was sized for all that are ever put (struct udp_control). */
static void put_control(struct msghdr *header, int level, int type, struct span value)
{
	const size_t at = header->msg_controllen;
	struct cmsghdr *c = (struct cmsghdr *)(void *)((uint8_t *)header->msg_control + at);

	CHECK(at + CMSG_SPACE(value.len) <= sizeof(struct udp_control));
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(value.len),
			       .cmsg_level = level,
			       .cmsg_type = type };
	memcpy(CMSG_DATA(c), value.data, value.len);
	header->msg_controllen = at + CMSG_SPACE(value.len);
}

static void put_local(struct msghdr *header, const struct endpoint *local)
{
	if (endpoint_is_v4(local)) {
		struct in_pktinfo info = { 0 };

		memcpy(&info.ipi_spec_dst, local->ip + V4_AT, sizeof(info.ipi_spec_dst));
		put_control(header, IPPROTO_IP, IP_PKTINFO, span_of(&info, sizeof(info)));
	} else {
		struct in6_pktinfo info = { 0 };

		memcpy(&info.ipi6_addr, local->ip, sizeof(info.ipi6_addr));
		put_control(header, IPPROTO_IPV6, IPV6_PKTINFO, span_of(&info, sizeof(info)));
	}
}

static bool has_local(const struct egress_datagram *d)
{
	return !endpoint_ip_is_zero(&d->local) && family_of(&d->local) == family_of(&d->remote);
}

static void put_controls(struct msghdr *header, const struct egress_datagram *d, bool with_local)
{
	header->msg_controllen = 0;
	if (with_local)
		put_local(header, &d->local);
	if (d->ttl != 0) {
		const int ttl = d->ttl;

		if (endpoint_is_v4(&d->remote))
			put_control(header, IPPROTO_IP, IP_TTL, span_of(&ttl, sizeof(ttl)));
		else
			put_control(header, IPPROTO_IPV6, IPV6_HOPLIMIT,
				    span_of(&ttl, sizeof(ttl)));
	}
}

/* Takes the next datagrams out of the egress and describes them to the kernel. */
static size_t prepare_send(struct udp_room *room, struct egress *egress, struct mono now)
{
	struct egress_datagram *d;
	size_t n = 0;

	while (n < SEND_BATCH_MAX && (d = egress_next(egress, now)) != NULL) {
		struct msghdr *header = &room->headers[n].msg_hdr;

		room->taken[n] = d;
		room->vectors[n] = (struct iovec){ .iov_base = d->data, .iov_len = d->len };
		*header = (struct msghdr){ .msg_name = &room->addresses[n],
					   .msg_namelen =
						   write_address(&room->addresses[n], &d->remote),
					   .msg_iov = &room->vectors[n],
					   .msg_iovlen = 1,
					   .msg_control = &room->controls[n] };
		put_controls(header, d, has_local(d));
		n++;
	}
	return n;
}

/* How many from `from` on go through the same socket. */
static unsigned run_length(const struct udp_room *room, size_t from, size_t count)
{
	const enum udp_family family = family_of(&room->taken[from]->remote);
	size_t n = from + 1;

	while (n < count && family_of(&room->taken[n]->remote) == family)
		n++;
	return (unsigned)(n - from);
}

static void count_refusal(struct udp_counters *counters, int error)
{
	if (error == EMSGSIZE)
		counters->too_long++;
	else if (error == ENOBUFS || error == ENOMEM)
		counters->no_buffer++;
	else
		counters->unreachable++;
}

enum attempt { ATTEMPT_SENT, ATTEMPT_FULL, ATTEMPT_AGAIN, ATTEMPT_REFUSED };

/* Offers a run to the kernel: SENT sets how many it took, the others are about its first. */
static enum attempt attempt(struct udp *udp, size_t first, unsigned run, size_t *ret_sent)
{
	const struct egress_datagram *d = udp->room->taken[first];
	struct mmsghdr *header = &udp->room->headers[first];
	const int fd = udp->sockets[family_of(&d->remote)];
	const int n = fd < 0 ? -1 : sendmmsg(fd, header, run, MSG_DONTWAIT);
	const int error = fd < 0 ? ENETUNREACH : errno;

	if (n > 0) {
		*ret_sent = (size_t)n;
		return ATTEMPT_SENT;
	}
	if (error == EINTR)
		return ATTEMPT_AGAIN;
	if (error == EAGAIN)
		return ATTEMPT_FULL;
	if (has_local(d) && (error == EINVAL || error == EADDRNOTAVAIL || error == ENETUNREACH)) {
		const size_t before = header->msg_hdr.msg_controllen;

		/* The host may have lost that address: let it choose another, and the peer learns
		 * it from the packet. */
		put_controls(&header->msg_hdr, d, false);
		if (header->msg_hdr.msg_controllen < before)
			return ATTEMPT_AGAIN;
	}
	count_refusal(&udp->counters, error);
	return ATTEMPT_REFUSED;
}

/* Back to the front of their links, last first, so that the order stays. */
static void return_from(struct udp_room *room, struct egress *egress, size_t from, size_t count)
{
	while (count > from)
		egress_return(egress, room->taken[--count]);
}

/* Sends taken[0..count). True if a socket was full; the rest is back in the egress then. */
static bool send_taken(struct udp *udp, struct egress *egress, size_t count,
		       enum udp_family *ret_full)
{
	struct udp_room *room = udp->room;

	for (size_t at = 0; at < count;) {
		size_t done = 1;

		switch (attempt(udp, at, run_length(room, at, count), &done)) {
		case ATTEMPT_SENT:
			udp->counters.sent += done;
			break;
		case ATTEMPT_AGAIN:
			continue;
		case ATTEMPT_FULL:
			udp->counters.blocked++;
			*ret_full = family_of(&room->taken[at]->remote);
			return_from(room, egress, at, count);
			return true;
		case ATTEMPT_REFUSED:
			break;
		}
		for (; done > 0; done--)
			egress_done(egress, room->taken[at++]);
	}
	return false;
}

bool udp_send(struct udp *udp, struct egress *egress, struct mono now, enum udp_family *ret_full)
{
	size_t count;

	while ((count = prepare_send(udp->room, egress, now)) > 0) {
		if (send_taken(udp, egress, count, ret_full))
			return true;
	}
	return false;
}
