/* udp.h - one UDP socket of each family on one port: batches in, the egress out.
 *
 * Nothing of ours is ever fragmented outside: DF is set on everything (RFC 8899, 3), and what ICMP
 * says about a path is not believed, since anybody can send it; paths are measured with probes of
 * our own. Each datagram is received with the address it was sent to and can be sent from a chosen
 * one, since a host may have several and a NAT on the way knows only one of them.
 *
 * Datagrams of one length to one place leave as one message (UDP_SEGMENT), and those that came so
 * are taken as one (UDP_GRO): the way through the kernel costs as much for sixty as for one. Each
 * is sealed by itself all the same. A kernel or device that does not do it is found out when it
 * refuses, and is not asked again.
 */
#ifndef IO_UDP_H
#define IO_UDP_H

#include "forward/egress.h"
#include "forward/forward.h"

#define UDP_GROUP_MAX 9 /* sockets of one family that share a port */

enum udp_family { UDP_V4, UDP_V6, UDP_FAMILIES };

/* What may be left to the kernel. */
#define UDP_OFFLOAD_SEND 0x1U    /* UDP_SEGMENT */
#define UDP_OFFLOAD_RECEIVE 0x2U /* UDP_GRO */

struct udp_counters {
	uint64_t received, sent;
	uint64_t messages_received, messages_sent; /* that they came and went in */
	uint64_t truncated;                        /* longer than a buffer: none of ours is */
	uint64_t too_long;                         /* refused by the device: longer than its MTU */
	uint64_t unreachable; /* refused by the host: no route, no such family */
	uint64_t forbidden;   /* refused by the host: its firewall */
	uint64_t no_buffer;   /* refused by the device: its queue is full */
	uint64_t blocked;     /* how often the socket was full */
	uint64_t separated;   /* messages that were refused and sent again one by one */
};

/* How fast a socket that is full empties, and how much may wait in it. */
struct udp_pace {
	struct mono full_at; /* when it was full the last time; zero: never */
	uint64_t bytes;      /* sent since then */
	uint32_t buffer_bytes;
};

struct udp_room; /* what a batch of system calls needs */

/* Fields may be read. */
struct udp {
	int sockets[UDP_FAMILIES]; /* owned; -1: the host does not have this family */
	uint16_t port;
	unsigned offloads; /* UDP_OFFLOAD_...: those in use */
	struct udp_pace paces[UDP_FAMILIES];
	struct udp_room *room; /* owned */
	struct udp_counters counters;
};

/* Port 0: any that both families have free. Of `offloads` those are used that the kernel has. 0,
 * ERR_EXISTS (the port is in use), ERR_PERMISSION (a port that only root may have), ERR_UNSUPPORTED
 * (neither family is here), ERR_NOMEM, ERR_IO. */
int udp_open(struct udp *udp, uint16_t port, unsigned offloads);
void udp_close(struct udp *udp);

/* Another pair of sockets on the port of `first`, for another thread (SO_REUSEPORT): the same
 * families, with the offloads that `first` uses. What comes for the port is spread over all of
 * them. Only before the port was told to anybody. 0, ERR_NOMEM, ERR_IO. */
int udp_open_more(struct udp *first, struct udp *more);

/* What comes for the port goes to those that were opened with udp_open_more(), so many, and to the
 * same one whatever has the same receiver index: a session is one thread's. `first` gets nothing
 * any more. False: this kernel does not do that, and spreads by addresses over all of them. */
bool udp_steer(struct udp *first, uint32_t more);

/* Hands out datagrams without waiting, at most FORWARD_BATCH_MAX, whole messages of them. Sets
 * count, and of each packet data (in a buffer of the socket's, until the next call), len, way, ecn
 * and verdict. True: more of what was read is left, of either family, and the next call hands that
 * out whatever family it names. */
bool udp_receive(struct udp *udp, enum udp_family family, struct forward_batch *batch);

/* Sends what waits in the egress, in its order, until nothing does or a socket is full. What the
 * host refuses for any other reason is dropped and counted, as a network would do it. True if a
 * socket was full: *ret_full is its family; try again when it is writable. */
bool udp_send(struct udp *udp, struct egress *egress, struct mono now, enum udp_family *ret_full);

#endif
