/* multicast.h - one socket of each family for a group on the network segments that the host is on.
 *
 * What is sent leaves once from each address of the host, on the interface that has it, and no
 * router passes it on (TTL 1). What is received was sent to the group: what came to the port in
 * another way is thrown away. Several programs on a host may listen.
 */
#ifndef IO_MULTICAST_H
#define IO_MULTICAST_H

#include "base/span.h"
#include "io/udp.h"
#include "wire/endpoint.h"

#define MULTICAST_BYTES_MAX 512 /* that are sent */

struct multicast {
	struct endpoint groups[UDP_FAMILIES];
	int sockets[UDP_FAMILIES]; /* owned; -1: the host does not have this family */
};

/* An address of the host, and the number of the interface that has it. */
struct multicast_place {
	struct endpoint ip; /* the port means nothing */
	uint32_t interface;
};

/* One group of each family, with one port. 0, or ERR_UNSUPPORTED: none can be opened. */
int multicast_open(struct multicast *multicast, const struct endpoint groups[UDP_FAMILIES]);
void multicast_close(struct multicast *multicast);

/* Listens on the place's interface as well; also if it does so already. False if the host does not
 * let us. */
bool multicast_join(struct multicast *multicast, const struct multicast_place *place);

/* From this place. False if the host does not let us: as any datagram, it may be lost. */
bool multicast_send(struct multicast *multicast, const struct multicast_place *place,
		    struct span bytes);

struct multicast_datagram {
	struct endpoint from;
	struct span bytes; /* borrowed */
};

/* Reads one datagram, without waiting: 0, and its bytes (of a longer one the first) stand in the
 * room; ERR_NOT_FOUND if it was not sent to the group, and there may be more; ERR_AGAIN if nothing
 * is there. */
int multicast_receive(struct multicast *multicast, enum udp_family family, uint8_t *room,
		      size_t room_bytes, struct multicast_datagram *ret);

#endif
