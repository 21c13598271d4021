/* multicast.c - see multicast.h. */
#include "io/multicast.h"

#include "base/check.h"
#include "base/err.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define V4_AT 12 /* where IPv4 stands in an endpoint (wire/endpoint.h) */

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* since Linux 4.20 */
#endif

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static enum udp_family family_of(const struct endpoint *endpoint)
{
	return endpoint_is_v4(endpoint) ? UDP_V4 : UDP_V6;
}

static socklen_t address_of(const struct endpoint *endpoint, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (endpoint_is_v4(endpoint)) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(endpoint->port);
		memcpy(&ret->v4.sin_addr, endpoint->ip + V4_AT, sizeof(ret->v4.sin_addr));
		return sizeof(ret->v4);
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(endpoint->port);
	memcpy(&ret->v6.sin6_addr, endpoint->ip, sizeof(ret->v6.sin6_addr));
	return sizeof(ret->v6);
}

/* --- opening --- */

static bool set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* Without the ..._ALL options a socket gets what any program of the host has joined. Loops back, so
 * that two members on one host meet. */
static bool set_options(int fd, enum udp_family family)
{
	if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return false;
	if (family == UDP_V4)
		return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) &&
		       set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
		       set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1) &&
		       set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
	(void)set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0); /* or we hear more */
	return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
	       set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
	       set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1) &&
	       set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
}

/* Bound to no address: one of a link's own groups would need an interface. */
static int open_one(enum udp_family family, uint16_t port)
{
	const struct endpoint any_v4 = endpoint_v4((const uint8_t[4]){ 0 }, port);
	const struct endpoint any_v6 = { .port = port };
	union address address;
	const socklen_t len = address_of(family == UDP_V4 ? &any_v4 : &any_v6, &address);
	const int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			      IPPROTO_UDP);

	if (fd >= 0 && set_options(fd, family) && bind(fd, &address.any, len) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd); /* nothing was sent */
	return -1;
}

int multicast_open(struct multicast *multicast, const struct endpoint groups[UDP_FAMILIES])
{
	bool is_open = false;

	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		multicast->groups[family] = groups[family];
		multicast->sockets[family] = open_one(family, groups[family].port);
		is_open = is_open || multicast->sockets[family] >= 0;
	}
	return is_open ? 0 : ERR_UNSUPPORTED;
}

void multicast_close(struct multicast *multicast)
{
	for (enum udp_family family = UDP_V4; family < UDP_FAMILIES; family++) {
		if (multicast->sockets[family] >= 0)
			(void)close(multicast->sockets[family]); /* nothing is lost with it */
		multicast->sockets[family] = -1;
	}
}

bool multicast_join(struct multicast *multicast, const struct multicast_place *place)
{
	const enum udp_family family = family_of(&place->ip);
	struct group_req request = { .gr_interface = place->interface };
	union address group;
	const socklen_t len = address_of(&multicast->groups[family], &group);

	memcpy(&request.gr_group, &group, len);
	return setsockopt(multicast->sockets[family], family == UDP_V4 ? IPPROTO_IP : IPPROTO_IPV6,
			  MCAST_JOIN_GROUP, &request, sizeof(request)) == 0 ||
	       errno == EADDRINUSE;
}

/* --- sending --- */

static void put_place(struct msghdr *header, const struct multicast_place *place)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);

	CHECK(control != NULL);
	if (endpoint_is_v4(&place->ip)) {
		struct in_pktinfo info = { .ipi_ifindex = (int)place->interface };

		memcpy(&info.ipi_spec_dst, place->ip.ip + V4_AT, sizeof(info.ipi_spec_dst));
		control->cmsg_level = IPPROTO_IP;
		control->cmsg_type = IP_PKTINFO;
		control->cmsg_len = CMSG_LEN(sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
		memcpy(CMSG_DATA(control), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = { .ipi6_ifindex = place->interface };

		memcpy(&info.ipi6_addr, place->ip.ip, sizeof(info.ipi6_addr));
		control->cmsg_level = IPPROTO_IPV6;
		control->cmsg_type = IPV6_PKTINFO;
		control->cmsg_len = CMSG_LEN(sizeof(info));
		header->msg_controllen = CMSG_SPACE(sizeof(info));
		memcpy(CMSG_DATA(control), &info, sizeof(info));
	}
}

bool multicast_send(struct multicast *multicast, const struct multicast_place *place,
		    struct span bytes)
{
	const enum udp_family family = family_of(&place->ip);
	uint8_t copy[MULTICAST_BYTES_MAX]; /* iov_base is not const, though nothing is written */
	struct iovec vector = { .iov_base = copy, .iov_len = bytes.len };
	union control control = { .bytes = { 0 } };
	union address group;
	struct msghdr header = { .msg_name = &group,
				 .msg_namelen = address_of(&multicast->groups[family], &group),
				 .msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };

	CHECK(bytes.len <= sizeof(copy));
	memcpy(copy, bytes.data, bytes.len);
	put_place(&header, place);
	return sendmsg(multicast->sockets[family], &header, 0) == (ssize_t)bytes.len;
}

/* --- receiving --- */

static struct endpoint endpoint_of(const union address *address)
{
	struct endpoint endpoint;

	if (address->any.sa_family == AF_INET) {
		uint8_t ip[4];

		memcpy(ip, &address->v4.sin_addr, sizeof(ip));
		return endpoint_v4(ip, ntohs(address->v4.sin_port));
	}
	endpoint.port = ntohs(address->v6.sin6_port);
	memcpy(endpoint.ip, &address->v6.sin6_addr, sizeof(endpoint.ip));
	return endpoint;
}

static bool is_to(struct msghdr *header, const struct endpoint *group)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			return memcmp(&v4.ipi_addr, group->ip + V4_AT, sizeof(v4.ipi_addr)) == 0;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			return memcmp(&v6.ipi6_addr, group->ip, sizeof(v6.ipi6_addr)) == 0;
		}
	}
	return false;
}

int multicast_receive(struct multicast *multicast, enum udp_family family, uint8_t *room,
		      size_t room_bytes, struct multicast_datagram *ret)
{
	struct iovec vector = { .iov_base = room, .iov_len = room_bytes };
	union control control = { .bytes = { 0 } };
	union address from = { .v6 = { 0 } };
	struct msghdr header = { .msg_name = &from,
				 .msg_namelen = sizeof(from),
				 .msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };
	const ssize_t n = recvmsg(multicast->sockets[family], &header, 0);

	if (n < 0)
		return ERR_AGAIN;
	if (!is_to(&header, &multicast->groups[family]))
		return ERR_NOT_FOUND;
	ret->from = endpoint_of(&from);
	ret->bytes = span_of(room, (size_t)n);
	return 0;
}
