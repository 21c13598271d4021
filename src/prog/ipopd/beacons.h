/* beacons.h - carries beacons between the node and the host's network segments.
 *
 * Where the host lets us neither speak nor hear, the node finds its peers by other means: nothing
 * here is an error of more than a line in the log.
 */
#ifndef PROG_IPOPD_BEACONS_H
#define PROG_IPOPD_BEACONS_H

#include "io/loop.h"
#include "io/multicast.h"
#include "prog/ipopd/addresses.h"
#include "wire/beacon.h"

struct beacons {
	bool is_open;
	struct multicast multicast;
	struct addresses host;
	uint8_t bytes[BEACON_BYTES + 1]; /* of the last that came; one more shows a longer one */
};

/* Watched as `kind`, with the family as the handle's index. */
void beacons_open(struct beacons *beacons, struct loop *loop, uint8_t kind);
void beacons_close(struct beacons *beacons);

/* The host's addresses now. */
void beacons_host(struct beacons *beacons, const struct addresses *host);

/* From each of them. */
void beacons_send(struct beacons *beacons, struct span beacon);

/* What came, as NODE_HEARD; the bytes are borrowed until the next call. ERR_NOT_FOUND, and there
 * may be more; ERR_AGAIN, and there is not. */
int beacons_receive(struct beacons *beacons, enum udp_family family, struct node_event *ret);

#endif
