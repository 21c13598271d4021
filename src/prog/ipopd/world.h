/* world.h - the node's world: wires struct node and the forwarding plane to descriptors.
 *
 * A turn: wait for something to happen; read the clocks, once; read a batch of the TUN, and of
 * each socket once, in the batches that come of that; the forwarding plane takes what it can; the
 * node gets the rest, and then what it wants is done; what waits in the egress is sent.
 * Level-triggered and bounded, so no descriptor can starve another. The simulator is the other
 * wiring of the same node.
 */
#ifndef PROG_IPOPD_WORLD_H
#define PROG_IPOPD_WORLD_H

#include "crypto/random.h"
#include "io/tun.h"
#include "io/udp.h"
#include "node/node.h"

struct world; /* opaque */

struct world_config {
	const struct node_config *node; /* for world_new() alone */
	struct entropy *entropy;        /* borrowed; outlives the world */
	int channel;                    /* borrowed */
	struct tun tun;                 /* attached; the world's from here on */
	struct udp udp;                 /* open; likewise */
};

/* 0, ERR_NOMEM, ERR_IO, or what node_new() says of the certificate. */
int world_new(const struct world_config *config, struct now now, struct world **ret);
void world_del(struct world *world);

/* Until the steward or a user says stop, and the peers have been told: 0. ERR_IO when the
 * interface was deleted, ERR_MALFORMED when the steward talks nonsense. */
int world_run(struct world *world);

#endif
