/* world.h - the node's world: wires struct node and the forwarding plane to descriptors.
 *
 * Workers (io/worker.h) move packets between the TUN and the sockets; this thread has the node, and
 * a pump of its own for what the node sends. A turn: wait for something to happen; read the clocks,
 * once; take what the workers hand over, and what came to the own sockets; the node gets that, and
 * then what it wants is done; what waits in the egress is sent. Without workers this thread
 * turns the only pump.
 * Level-triggered and bounded, so no descriptor can starve another. The simulator is the other
 * wiring of the same node.
 */
#ifndef PROG_IPOPD_WORLD_H
#define PROG_IPOPD_WORLD_H

#include "crypto/random.h"
#include "group/store.h"
#include "io/worker.h"
#include "node/node.h"

#define WORLD_WORKERS_MAX PUBLISHER_READERS_MAX

struct world; /* opaque */

struct world_config {
	const struct node_config *node;       /* for world_new() alone */
	const struct store *store;            /* names for sentences; its root outlives the world */
	const struct config *running;         /* what the node is configured by; copied */
	struct entropy *entropy;              /* borrowed; outlives the world */
	int channel;                          /* borrowed */
	struct udp udp;                       /* open; the world's from here on */
	struct tun tun;                       /* attached; likewise: packets of the node's own */
	struct tun queues[WORLD_WORKERS_MAX]; /* likewise: each worker's */
	uint32_t workers;                     /* threads that move packets; 0: this one does it */
	bool memory_is_locked;
};

/* 0, ERR_NOMEM, ERR_IO, or what node_new() says of the certificate. */
int world_new(const struct world_config *config, struct now now, struct world **ret);
void world_del(struct world *world);

/* Until the steward or a user says stop, and the peers have been told: 0. ERR_IO when the
 * interface was deleted, ERR_MALFORMED when the steward talks nonsense. */
int world_run(struct world *world);

#endif
