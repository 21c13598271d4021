/* bench_socket.h - the sockets of `ipop bench`, all of them inside the tunnel.
 *
 * An address of this host inside the network is not enough: whoever is on one of its segments could
 * send to it (Linux answers for all addresses of the host on each interface). So each socket is
 * bound to the interface as well (SO_BINDTODEVICE, socket(7)), and what comes in there the daemon
 * has opened under the keys of a member and found to have that member's own source address. None
 * waits.
 */
#ifndef PROG_IPOP_BENCH_SOCKET_H
#define PROG_IPOP_BENCH_SOCKET_H

#include "base/span.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A port of a member. */
struct bench_place {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	char interface[IF_NAMESIZE]; /* of this host */
};

/* 0, or ERR_MALFORMED: that is no address or no interface's name. */
int bench_place_from_text(const char *address, uint16_t port, const char *interface,
			  struct bench_place *ret);

/* The address without its port. `ret` has room for INET6_ADDRSTRLEN. */
void bench_place_to_text(const struct bench_place *place, char *ret);

/* Whether both are one host, whatever its port. */
bool bench_place_is_same_host(const struct bench_place *a, const struct bench_place *b);

/* Both at this place. 0, ERR_EXISTS (the port is in use), ERR_NOT_FOUND (this host does not have
 * that address now, or that family), ERR_PERMISSION (a port that only root may have), ERR_FULL,
 * ERR_IO.
 */
int bench_socket_listen(const struct bench_place *at, int *ret_stream, int *ret_datagram);

/* A connection and who made it. 0, ERR_AGAIN (nobody waits), ERR_FULL (out of descriptors). */
int bench_socket_accept(int listener, int *ret, struct bench_place *ret_from);

/* Begins to connect. 0, or as bench_socket_connected() has it. */
int bench_socket_connect(const struct bench_place *from, const struct bench_place *to, int *ret);

/* Once it is writable: 0, ERR_NOT_FOUND (nobody listens there), ERR_TIMEOUT, ERR_UNSUPPORTED (there
 * is no way to that address from here), ERR_PERMISSION (refused on this host), ERR_IO. */
int bench_socket_connected(int fd);

/* For datagrams to one place. 0, or as above. */
int bench_socket_datagrams(const struct bench_place *from, const struct bench_place *to, int *ret);

/* Bytes that moved: more than 0, 0 if none can now, or ERR_IO: the other end is gone. */
int bench_socket_send(int fd, const uint8_t *bytes, size_t len);
int bench_socket_receive(int fd, uint8_t *ret, size_t len);

/* How many of the bytes that were sent the other end has acknowledged. */
uint64_t bench_socket_acked(int fd);

/* Closes, and what was not sent yet never is. Accepts -1. */
void bench_socket_drop(int fd);

#endif
