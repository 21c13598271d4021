/* bench_socket.c - see bench_socket.h. */
#include "prog/ipop/bench_socket.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <unistd.h>

#define BACKLOG 16

/* -- places ------------------------------------------------------------------------------------ */

int bench_place_from_text(const char *address, uint16_t port, const char *interface,
			  struct bench_place *ret)
{
	struct bench_place place = { .interface = "" };
	const size_t len = strlen(interface);

	if (len == 0 || len >= sizeof(place.interface))
		return ERR_MALFORMED;
	memcpy(place.interface, interface, len);
	if (inet_pton(AF_INET6, address, &place.address.v6.sin6_addr) == 1) {
		place.address.v6.sin6_family = AF_INET6;
		place.address.v6.sin6_port = htons(port);
	} else if (inet_pton(AF_INET, address, &place.address.v4.sin_addr) == 1) {
		place.address.v4.sin_family = AF_INET;
		place.address.v4.sin_port = htons(port);
	} else {
		return ERR_MALFORMED;
	}
	*ret = place;
	return 0;
}

static bool is_v6(const struct bench_place *place)
{
	return place->address.any.sa_family == AF_INET6;
}

void bench_place_to_text(const struct bench_place *place, char *ret)
{
	ret[0] = '\0';
	(void)inet_ntop(place->address.any.sa_family,
			is_v6(place) ? (const void *)&place->address.v6.sin6_addr
				     : (const void *)&place->address.v4.sin_addr,
			ret, INET6_ADDRSTRLEN); /* any address has room */
}

bool bench_place_is_same_host(const struct bench_place *a, const struct bench_place *b)
{
	if (a->address.any.sa_family != b->address.any.sa_family)
		return false;
	if (is_v6(a))
		return memcmp(&a->address.v6.sin6_addr, &b->address.v6.sin6_addr,
			      sizeof(a->address.v6.sin6_addr)) == 0;
	return a->address.v4.sin_addr.s_addr == b->address.v4.sin_addr.s_addr;
}

static socklen_t length_of(const struct bench_place *place)
{
	return is_v6(place) ? sizeof(place->address.v6) : sizeof(place->address.v4);
}

/* -- making them ------------------------------------------------------------------------------- */

static int err_of(int error)
{
	switch (error) {
	case EADDRINUSE:
		return ERR_EXISTS;
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case ENODEV:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case EMFILE:
	case ENFILE:
		return ERR_FULL;
	default:
		return ERR_IO;
	}
}

/* Of a socket that was to reach another host. */
static int err_of_way(int error)
{
	switch (error) {
	case 0:
	case EINPROGRESS:
		return 0;
	case ECONNREFUSED:
		return ERR_NOT_FOUND;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case ENODEV:
		return ERR_UNSUPPORTED;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	default:
		return ERR_IO;
	}
}

/* A socket of this kind there, or -1 and errno. */
static int open_at(const struct bench_place *at, int type, bool listens)
{
	const int fd = socket(at->address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1;
	int error;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, at->interface,
		       (socklen_t)strlen(at->interface)) == 0 &&
	    (!listens || type != SOCK_STREAM ||
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0) &&
	    bind(fd, &at->address.any, length_of(at)) == 0 &&
	    (!listens || type != SOCK_STREAM || listen(fd, BACKLOG) == 0))
		return fd;
	error = errno;
	(void)close(fd); /* nothing was said */
	errno = error;
	return -1;
}

int bench_socket_listen(const struct bench_place *at, int *ret_stream, int *ret_datagram)
{
	const int stream = open_at(at, SOCK_STREAM, true);
	int datagram;
	int error;

	if (stream < 0)
		return err_of(errno);
	datagram = open_at(at, SOCK_DGRAM, true);
	if (datagram < 0) {
		error = errno;
		(void)close(stream); /* nobody was let in */
		return err_of(error);
	}
	*ret_stream = stream;
	*ret_datagram = datagram;
	return 0;
}

int bench_socket_accept(int listener, int *ret, struct bench_place *ret_from)
{
	struct bench_place from = { .interface = "" };
	socklen_t len = sizeof(from.address);
	const int fd = accept4(listener, &from.address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? ERR_FULL : ERR_AGAIN;
	*ret = fd;
	*ret_from = from;
	return 0;
}

static int open_to(const struct bench_place *from, const struct bench_place *to, int type, int *ret)
{
	struct bench_place any_port = *from;
	int error = 0;
	int fd;

	if (is_v6(&any_port))
		any_port.address.v6.sin6_port = 0;
	else
		any_port.address.v4.sin_port = 0;
	fd = open_at(&any_port, type, false);
	if (fd < 0)
		return err_of_way(errno);
	if (connect(fd, &to->address.any, length_of(to)) != 0)
		error = err_of_way(errno);
	if (error != 0) {
		(void)close(fd); /* nothing was said */
		return error;
	}
	*ret = fd;
	return 0;
}

int bench_socket_connect(const struct bench_place *from, const struct bench_place *to, int *ret)
{
	return open_to(from, to, SOCK_STREAM, ret);
}

int bench_socket_datagrams(const struct bench_place *from, const struct bench_place *to, int *ret)
{
	return open_to(from, to, SOCK_DGRAM, ret);
}

int bench_socket_connected(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return ERR_IO;
	return err_of_way(error);
}

/* -- using them -------------------------------------------------------------------------------- */

static bool is_for_later(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

int bench_socket_send(int fd, const uint8_t *bytes, size_t len)
{
	const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

	if (n < 0)
		return is_for_later(errno) ? 0 : ERR_IO;
	return (int)n;
}

int bench_socket_receive(int fd, uint8_t *ret, size_t len)
{
	const ssize_t n = recv(fd, ret, len, 0);

	if (n < 0)
		return is_for_later(errno) ? 0 : ERR_IO;
	return n == 0 ? ERR_IO : (int)n;
}

uint64_t bench_socket_acked(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return 0;
	return info.tcpi_bytes_acked;
}

void bench_socket_drop(int fd)
{
	static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)); /* else later */
	(void)close(fd);
}
