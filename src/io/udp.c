/* udp.c - see udp.h. */
#include "io/udp.h"

#include "base/check.h"
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_BATCH_MAX 256 /* datagrams that one system call takes */
#define SEND_MESSAGES_MAX 64
#define MESSAGE_SEGMENTS_MAX 64 /* UDP_MAX_SEGMENTS of older kernels */
#define MESSAGE_BYTES_MAX 65000 /* an IP packet's 65,535 less headers */
#define RECEIVE_MESSAGES 8
#define RECEIVE_BYTES 65536 /* what UDP_GRO may put together */
/* Asked for; the kernel gives at most net.core.[rw]mem_max, and counts what it needs besides. */
#define RECEIVE_BUFFER_BYTES (4 << 20)
#define SEND_BUFFER_BYTES (1U << 20)
#define SEND_BUFFER_BYTES_MIN (32U << 10)
/* The kernel doubles what it is told: so about 4 ms of what a full socket sends may wait in it. */
#define SEND_BUFFER_US 2000
#define PACE_US_MIN 1000   /* less than this between two times that it was full says nothing */
#define PACE_US_MAX 200000 /* more, and it was not full all the time */
#define ANY_PORT_TRIES 16  /* until a port is free in both families */
#define V4_AT 12           /* where IPv4 stands in an endpoint (wire/endpoint.h) */

/* Room for an address and numbers, the largest set of control messages of either family and
 * direction: sent ttl, tos and segment size, or received tos and segment size. */
struct udp_control {
	_Alignas(struct cmsghdr)
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + 3 * CMSG_SPACE(sizeof(int))];
};

union udp_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static_assert(MESSAGE_SEGMENTS_MAX <= FORWARD_BATCH_MAX, "a batch holds a message");

struct udp_sending {
	struct mmsghdr headers[SEND_MESSAGES_MAX];
	union udp_address addresses[SEND_MESSAGES_MAX];
	struct udp_control controls[SEND_MESSAGES_MAX];
	size_t firsts[SEND_MESSAGES_MAX + 1]; /* of the datagrams of each message */
	struct iovec vectors[SEND_BATCH_MAX];
	struct egress_datagram *taken[SEND_BATCH_MAX]; /* borrowed from the egress during a send */
	size_t singly; /* so many of the next are to go one by one: together they were refused */
};

struct udp_receiving {
	struct mmsghdr headers[RECEIVE_MESSAGES];
	union udp_address addresses[RECEIVE_MESSAGES];
	struct udp_control controls[RECEIVE_MESSAGES];
	struct iovec vectors[RECEIVE_MESSAGES];
	uint8_t buffers[RECEIVE_MESSAGES][RECEIVE_BYTES];
	size_t count, next; /* messages that were read, and the first not handed out */
	enum udp_family family;
};

struct udp_room {
	struct udp_sending sending;
	struct udp_receiving receiving;
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
		     set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
		     set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
	else
		ok = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
		     set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) &&
		     set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
		     set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	/* Larger buffers are a wish. */
	(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
	(void)set_option(fd, SOL_SOCKET, SO_SNDBUF, (int)SEND_BUFFER_BYTES);
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
static int open_one(enum udp_family family, uint16_t port, bool shared, int *ret_fd)
{
	const int fd = socket(family == UDP_V4 ? AF_INET : AF_INET6,
			      SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	int err;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? ERR_UNSUPPORTED : ERR_IO;
	err = set_options(fd, family);
	if (err == 0 && shared && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		err = ERR_IO;
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
		int err = open_one(family, udp->port, false, &udp->sockets[family]);

		if (err == 0 && udp->port == 0)
			err = port_of(udp->sockets[family], &udp->port);
		if (err < 0 && err != ERR_UNSUPPORTED)
			return err;
	}
	return udp->port == 0 || (udp->sockets[UDP_V4] < 0 && udp->sockets[UDP_V6] < 0)
		       ? ERR_UNSUPPORTED
		       : 0;
}

/* What is not known here is not used. */
static void choose_offloads(struct udp *udp, unsigned wanted)
{
	udp->offloads = wanted;
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		int value;
		socklen_t len = sizeof(value);

		if (udp->sockets[family] < 0)
			continue;
		if ((wanted & UDP_OFFLOAD_RECEIVE) != 0 &&
		    !set_option(udp->sockets[family], IPPROTO_UDP, UDP_GRO, 1))
			udp->offloads &= ~UDP_OFFLOAD_RECEIVE;
		if (getsockopt(udp->sockets[family], IPPROTO_UDP, UDP_SEGMENT, &value, &len) < 0)
			udp->offloads &= ~UDP_OFFLOAD_SEND;
	}
}

static void close_sockets(struct udp *udp)
{
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		if (udp->sockets[family] >= 0)
			(void)close(udp->sockets[family]); /* UDP holds nothing back */
		udp->sockets[family] = -1;
	}
}

int udp_open(struct udp *udp, uint16_t port, unsigned offloads)
{
	const int tries = port == 0 ? ANY_PORT_TRIES : 1;
	int err = ERR_EXISTS;

	*udp = (struct udp){ .sockets = { -1, -1 },
			     .paces = { { .buffer_bytes = SEND_BUFFER_BYTES },
					{ .buffer_bytes = SEND_BUFFER_BYTES } },
			     .room = calloc(1, sizeof(*udp->room)) };
	if (udp->room == NULL)
		return ERR_NOMEM;
	for (int i = 0; i < tries && err == ERR_EXISTS; i++) {
		close_sockets(udp);
		err = open_both(udp, port);
	}
	if (err < 0)
		udp_close(udp);
	else
		choose_offloads(udp, offloads);
	return err;
}

/* What is bound first may share its port from then on: before that, nobody else has it. */
static bool share(const struct udp *udp)
{
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		if (udp->sockets[family] >= 0 &&
		    !set_option(udp->sockets[family], SOL_SOCKET, SO_REUSEPORT, 1))
			return false;
	}
	return true;
}

int udp_open_more(struct udp *first, struct udp *more)
{
	int err = share(first) ? 0 : ERR_IO;

	*more = (struct udp){ .sockets = { -1, -1 },
			      .port = first->port,
			      .paces = { { .buffer_bytes = SEND_BUFFER_BYTES },
					 { .buffer_bytes = SEND_BUFFER_BYTES } },
			      .room = calloc(1, sizeof(*more->room)) };
	if (more->room == NULL)
		return ERR_NOMEM;
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES && err == 0; family++)
		if (first->sockets[family] >= 0)
			err = open_one(family, first->port, true, &more->sockets[family]);
	if (err < 0) {
		udp_close(more);
		return ERR_IO;
	}
	choose_offloads(more, first->offloads);
	return 0;
}

/* The kernel runs this on the bytes of each message, and takes the socket with the number that
 * comes out: they have the order in which they were bound. */
bool udp_steer(struct udp *first, uint32_t more)
{
	struct sock_filter code[] = {
		/* What is too short to have an index is some worker's, too. */
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, DATAGRAM_RECEIVER_AT + sizeof(uint32_t), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATAGRAM_RECEIVER_AT),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, more),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	bool steered = true;

	CHECK(more > 0 && more < UDP_GROUP_MAX);
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		if (first->sockets[family] >= 0 &&
		    setsockopt(first->sockets[family], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
			       &program, sizeof(program)) < 0)
			steered = false;
	}
	return steered;
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

/* What the kernel tells of a message besides its bytes. */
struct arrival {
	struct endpoint local; /* where it was sent to; unspecified if it does not say */
	size_t segment_bytes;  /* 0: it is one datagram */
	uint8_t ecn;
};

static void read_ip_control(struct cmsghdr *c, uint16_t port, struct arrival *ret)
{
	if (c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		uint8_t ip[4];

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		memcpy(ip, &info.ipi_addr, sizeof(ip));
		ret->local = endpoint_v4(ip, port);
	} else if (c->cmsg_type == IP_TOS) {
		ret->ecn = *CMSG_DATA(c) & IP_ECN_MASK;
	}
}

static void read_ipv6_control(struct cmsghdr *c, uint16_t port, struct arrival *ret)
{
	if (c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		ret->local = endpoint_v6(info.ipi6_addr.s6_addr, port);
	} else if (c->cmsg_type == IPV6_TCLASS) {
		int class;

		memcpy(&class, CMSG_DATA(c), sizeof(class));
		ret->ecn = (uint8_t)(class & IP_ECN_MASK);
	}
}

static struct arrival read_controls(struct msghdr *header, enum udp_family family, uint16_t port)
{
	static const uint8_t zero[ENDPOINT_IP_BYTES];
	struct arrival arrival = {
		.local = family == UDP_V4 ? endpoint_v4(zero, port) : endpoint_v6(zero, port),
	};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == IPPROTO_IP)
			read_ip_control(c, port, &arrival);
		else if (c->cmsg_level == IPPROTO_IPV6)
			read_ipv6_control(c, port, &arrival);
		else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int bytes;

			memcpy(&bytes, CMSG_DATA(c), sizeof(bytes));
			arrival.segment_bytes = bytes > 0 ? (size_t)bytes : 0;
		}
	}
	return arrival;
}

static void read_messages(struct udp *udp, enum udp_family family)
{
	struct udp_receiving *r = &udp->room->receiving;
	int n;

	for (size_t i = 0; i < RECEIVE_MESSAGES; i++) {
		r->vectors[i] =
			(struct iovec){ .iov_base = r->buffers[i], .iov_len = RECEIVE_BYTES };
		r->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &r->addresses[i],
			.msg_namelen = sizeof(r->addresses[i]),
			.msg_iov = &r->vectors[i],
			.msg_iovlen = 1,
			.msg_control = &r->controls[i],
			.msg_controllen = sizeof(r->controls[i]),
		};
	}
	n = recvmmsg(udp->sockets[family], r->headers, RECEIVE_MESSAGES, MSG_DONTWAIT, NULL);
	r->family = family;
	r->next = 0;
	r->count = n > 0 ? (size_t)n : 0; /* nothing is there, or an ICMP error of no interest */
	udp->counters.messages_received += r->count;
}

/* Hands out the datagrams of one message; false if the batch has no room for them. */
static bool take_message(struct udp *udp, size_t number, struct forward_batch *batch)
{
	struct udp_receiving *r = &udp->room->receiving;
	const size_t len = r->headers[number].msg_len;
	const struct arrival arrival =
		read_controls(&r->headers[number].msg_hdr, r->family, udp->port);
	const size_t each = arrival.segment_bytes == 0 ? len : arrival.segment_bytes;
	const size_t count = len == 0 ? 1 : (len + each - 1) / each;
	struct endpoint remote;

	if ((r->headers[number].msg_hdr.msg_flags & MSG_TRUNC) != 0 || each > EGRESS_SLOT_BYTES ||
	    count > FORWARD_BATCH_MAX || !read_address(&r->addresses[number], &remote)) {
		udp->counters.truncated += count;
		return true;
	}
	if (batch->count + count > FORWARD_BATCH_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		const size_t at = i * each;

		batch->packets[batch->count++] = (struct forward_packet){
			.data = r->buffers[number] + at,
			.len = len - at < each ? len - at : each,
			.way = way_direct(&arrival.local, &remote),
			.ecn = arrival.ecn,
			.verdict = FORWARD_PENDING,
		};
	}
	udp->counters.received += count;
	return true;
}

bool udp_receive(struct udp *udp, enum udp_family family, struct forward_batch *batch)
{
	struct udp_receiving *r = &udp->room->receiving;

	batch->count = 0;
	if (r->next == r->count)
		read_messages(udp, family);
	while (r->next < r->count && take_message(udp, r->next, batch))
		r->next++;
	return r->next < r->count;
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

/* A number, under its name in the family. */
static void put_number(struct msghdr *header, const struct endpoint *remote, const int names[2],
		       int value)
{
	if (endpoint_is_v4(remote))
		put_control(header, IPPROTO_IP, names[UDP_V4], span_of(&value, sizeof(value)));
	else
		put_control(header, IPPROTO_IPV6, names[UDP_V6], span_of(&value, sizeof(value)));
}

/* Of a message of `count` datagrams, of which this is the first. */
static void put_controls(struct msghdr *header, const struct egress_datagram *d, bool with_local,
			 size_t count)
{
	static const int ttl[] = { [UDP_V4] = IP_TTL, [UDP_V6] = IPV6_HOPLIMIT };
	static const int tos[] = { [UDP_V4] = IP_TOS, [UDP_V6] = IPV6_TCLASS };
	const uint16_t segment_bytes = (uint16_t)d->len;

	header->msg_controllen = 0;
	if (with_local)
		put_local(header, &d->local);
	if (d->ttl != 0)
		put_number(header, &d->remote, ttl, d->ttl);
	if (d->ecn != 0)
		put_number(header, &d->remote, tos, d->ecn);
	if (count > 1)
		put_control(header, IPPROTO_UDP, UDP_SEGMENT,
			    span_of(&segment_bytes, sizeof(segment_bytes)));
}

/* Whether a datagram may be the next of a message that begins with `first`: the kernel cuts it
 * after each first->len bytes, so only the last may be shorter. */
static bool may_follow(const struct egress_datagram *first, const struct egress_datagram *last,
		       const struct egress_datagram *d)
{
	return last->len == first->len && d->len <= first->len && d->ttl == first->ttl &&
	       d->ecn == first->ecn && endpoint_equal(&d->remote, &first->remote) &&
	       endpoint_equal(&d->local, &first->local);
}

/* How many of taken[at..count) make one message. */
static size_t message_length(const struct udp *udp, size_t at, size_t count)
{
	const struct udp_sending *sending = &udp->room->sending;
	const struct egress_datagram *first = sending->taken[at];
	size_t bytes = first->len;
	size_t n = 1;

	if ((udp->offloads & UDP_OFFLOAD_SEND) == 0 || at < sending->singly)
		return 1;
	while (at + n < count && n < MESSAGE_SEGMENTS_MAX &&
	       may_follow(first, sending->taken[at + n - 1], sending->taken[at + n])) {
		bytes += sending->taken[at + n]->len;
		if (bytes > MESSAGE_BYTES_MAX)
			break;
		n++;
	}
	return n;
}

static bool was_full(const struct udp_pace *pace, struct mono now)
{
	return pace->full_at.us != 0 && now.us - pace->full_at.us <= PACE_US_MAX;
}

/* Takes the next datagrams out of the egress: how many. Where sockets are full no more than one
 * message: what is taken is judged by how long it has waited (codel.h), as if it left now. */
static size_t take(struct udp *udp, struct egress *egress, struct mono now)
{
	const bool is_full =
		was_full(&udp->paces[UDP_V4], now) || was_full(&udp->paces[UDP_V6], now);
	const size_t most = is_full ? MESSAGE_SEGMENTS_MAX : SEND_BATCH_MAX;
	struct udp_sending *sending = &udp->room->sending;
	struct egress_datagram *d;
	size_t n = 0;

	while (n < most && (d = egress_next(egress, now)) != NULL) {
		sending->taken[n] = d;
		sending->vectors[n] = (struct iovec){ .iov_base = d->data, .iov_len = d->len };
		n++;
	}
	return n;
}

/* Describes taken[at..count) to the kernel, as far as there is room: how many messages. */
static size_t prepare_send(struct udp *udp, size_t at, size_t count)
{
	struct udp_sending *sending = &udp->room->sending;
	size_t n = 0;

	while (at < count && n < SEND_MESSAGES_MAX) {
		const struct egress_datagram *d = sending->taken[at];
		const size_t length = message_length(udp, at, count);
		struct msghdr *header = &sending->headers[n].msg_hdr;

		*header = (struct msghdr){
			.msg_name = &sending->addresses[n],
			.msg_namelen = write_address(&sending->addresses[n], &d->remote),
			.msg_iov = &sending->vectors[at],
			.msg_iovlen = length,
			.msg_control = &sending->controls[n],
		};
		put_controls(header, d, has_local(d), length);
		sending->firsts[n++] = at;
		at += length;
	}
	sending->firsts[n] = at;
	return n;
}

/* How many messages from `from` on go through the same socket. */
static unsigned run_length(const struct udp_sending *sending, size_t from, size_t messages)
{
	const struct egress_datagram *first = sending->taken[sending->firsts[from]];
	size_t n = from + 1;

	while (n < messages &&
	       family_of(&sending->taken[sending->firsts[n]]->remote) == family_of(&first->remote))
		n++;
	return (unsigned)(n - from);
}

static void count_refusal(struct udp_counters *counters, int error)
{
	if (error == EMSGSIZE)
		counters->too_long++;
	else if (error == ENOBUFS || error == ENOMEM)
		counters->no_buffer++;
	else if (error == EPERM)
		counters->forbidden++;
	else
		counters->unreachable++;
}

enum attempt {
	ATTEMPT_SENT,
	ATTEMPT_FULL,
	ATTEMPT_AGAIN,
	ATTEMPT_SINGLY, /* the message was too much, perhaps not each of its datagrams */
	ATTEMPT_REFUSED,
};

/* Why several datagrams as one message were refused. A device that cannot do checksums says EIO, a
 * kernel that does not know the option EINVAL: there it stays off. EMSGSIZE is about this message,
 * the first of which is longer than the path or the device can take. */
static enum attempt separate(struct udp *udp, int error)
{
	if (error == EIO || error == EINVAL)
		udp->offloads &= ~UDP_OFFLOAD_SEND;
	else if (error != EMSGSIZE)
		return ATTEMPT_REFUSED;
	udp->counters.separated++;
	return ATTEMPT_SINGLY;
}

/* Offers a run of messages to the kernel: SENT sets how many it took, the others are about its
 * first. */
static enum attempt attempt(struct udp *udp, size_t message, unsigned run, size_t *ret_sent)
{
	struct udp_sending *sending = &udp->room->sending;
	struct mmsghdr *header = &sending->headers[message];
	const struct egress_datagram *d = sending->taken[sending->firsts[message]];
	const size_t length = header->msg_hdr.msg_iovlen;
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
		put_controls(&header->msg_hdr, d, false, length);
		if (header->msg_hdr.msg_controllen < before)
			return ATTEMPT_AGAIN;
	}
	if (length > 1) {
		const enum attempt why = separate(udp, error);

		if (why != ATTEMPT_REFUSED)
			return why;
	}
	for (size_t i = 0; i < length; i++)
		count_refusal(&udp->counters, error);
	return ATTEMPT_REFUSED;
}

/* Back to the front of their links, last first, so that the order stays. */
static void return_from(struct udp_sending *sending, struct egress *egress, size_t from,
			size_t count)
{
	while (count > from)
		egress_return(egress, sending->taken[--count]);
}

enum outcome { OUTCOME_DONE, OUTCOME_FULL, OUTCOME_SINGLY };

/* Sends messages[0..messages): how many of the datagrams are done with, and why not all. */
static enum outcome send_messages(struct udp *udp, struct egress *egress, size_t messages,
				  size_t *ret_done)
{
	struct udp_sending *sending = &udp->room->sending;
	size_t at = 0;

	while (at < messages) {
		bool is_refused = false;
		size_t sent = 1;

		switch (attempt(udp, at, run_length(sending, at, messages), &sent)) {
		case ATTEMPT_SENT:
			udp->counters.sent += sending->firsts[at + sent] - sending->firsts[at];
			udp->counters.messages_sent += sent;
			break;
		case ATTEMPT_AGAIN:
			continue;
		case ATTEMPT_FULL:
			*ret_done = sending->firsts[at];
			return OUTCOME_FULL;
		case ATTEMPT_SINGLY:
			*ret_done = sending->firsts[at];
			sending->singly = sending->firsts[at + 1];
			return OUTCOME_SINGLY;
		case ATTEMPT_REFUSED:
			is_refused = true;
			break;
		}
		for (size_t i = sending->firsts[at]; i < sending->firsts[at + sent]; i++) {
			const struct egress_datagram *d = sending->taken[i];

			udp->paces[family_of(&d->remote)].bytes += d->len;
			if (is_refused)
				egress_drop(egress, sending->taken[i]);
			else
				egress_done(egress, sending->taken[i]);
		}
		at += sent;
	}
	*ret_done = sending->firsts[messages];
	return OUTCOME_DONE;
}

/* The socket is full: how fast was it since the last time? It gets a buffer for that. */
static void note_full(struct udp *udp, enum udp_family family, struct mono now)
{
	struct udp_pace *pace = &udp->paces[family];
	const uint64_t us = now.us - pace->full_at.us;
	uint64_t bytes = SEND_BUFFER_BYTES;

	udp->counters.blocked++;
	if (us < PACE_US_MIN)
		return;
	if (was_full(pace, now))
		bytes = pace->bytes * SEND_BUFFER_US / us;
	if (bytes < SEND_BUFFER_BYTES_MIN)
		bytes = SEND_BUFFER_BYTES_MIN;
	if (bytes > SEND_BUFFER_BYTES)
		bytes = SEND_BUFFER_BYTES;
	pace->full_at = now;
	pace->bytes = 0;
	/* A change of an eighth is none. */
	if (bytes > pace->buffer_bytes - pace->buffer_bytes / 8 &&
	    bytes < pace->buffer_bytes + pace->buffer_bytes / 8)
		return;
	pace->buffer_bytes = (uint32_t)bytes;
	(void)set_option(udp->sockets[family], SOL_SOCKET, SO_SNDBUF, (int)bytes);
}

/* Sends taken[0..count). True if a socket was full; the rest is back in the egress then. */
static bool send_taken(struct udp *udp, struct egress *egress, size_t count,
		       enum udp_family *ret_full, struct mono now)
{
	struct udp_sending *sending = &udp->room->sending;
	size_t done = 0;

	sending->singly = 0;
	while (done < count) {
		const size_t messages = prepare_send(udp, done, count);

		if (send_messages(udp, egress, messages, &done) != OUTCOME_FULL)
			continue;
		*ret_full = family_of(&sending->taken[done]->remote);
		note_full(udp, *ret_full, now);
		return_from(sending, egress, done, count);
		return true;
	}
	return false;
}

bool udp_send(struct udp *udp, struct egress *egress, struct mono now, enum udp_family *ret_full)
{
	size_t count;

	while ((count = take(udp, egress, now)) > 0) {
		if (send_taken(udp, egress, count, ret_full, now))
			return true;
	}
	return false;
}
