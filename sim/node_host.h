/* node_host.h - a member on a simulated host: the daemon's wiring of node/ and forward/, with the
 * world of sim/ in the place of sockets and TUN.
 *
 * What a program on the host would write to the network enters by node_host_send(); what it would
 * read comes out of node_host_receive(). The same objects run in the daemon.
 */
#ifndef SIM_NODE_HOST_H
#define SIM_NODE_HOST_H

#include "node/node.h"
#include "sim/world.h"

#define NODE_HOST_TUN_PACKETS \
	128 /* in each direction; power of two; when it is full, packets are dropped */

struct node_host; /* owned by the world from node_host_attach() to the machine's end */

/* Starts a member that listens on `port`. `secret_seed` is what its keys are drawn from, so that
 * two runs of one host differ. NULL if the node could not be made. */
struct node_host *node_host_attach(struct world *world, uint32_t host,
				   const struct node_config *config, uint16_t port,
				   uint64_t secret_seed);

struct node *node_host_node(struct node_host *nh);

/* An IP packet from a program on the host: false if the TUN's queue is full. */
bool node_host_send(struct node_host *nh, struct span packet);

/* The oldest packet that reached the host's programs; borrowed until the next call. */
bool node_host_receive(struct node_host *nh, struct span *ret_packet);

/* Asks as a user does; the replies come out of node_host_reply(), newest kept. */
void node_host_request(struct node_host *nh, enum node_verb verb, const char *peer);
bool node_host_reply(struct node_host *nh, struct node_reply *ret);

/* What the host's names lead to from now on: to this address; at first to none. */
void node_host_resolve(struct node_host *nh, const char *ip);
/* Questions for it are lost from now on, or not any more. */
void node_host_resolver_hangs(struct node_host *nh, bool hangs);

/* The host got or lost an address. */
void node_host_addresses_changed(struct node_host *nh);

/* The kernel says that this machine is a resumed copy; nothing of the simulation is. */
void node_host_copied(struct node_host *nh);

/* What the node asked to be kept, for its next life; how many. */
uint32_t node_host_kept(const struct node_host *nh, struct node_neighbour ret[NODE_NEIGHBOURS_MAX]);

/* The addresses that the node wants its host to have; false until it said so. */
bool node_host_addresses(const struct node_host *nh, struct node_addresses *ret);

const struct forward_counters *node_host_counters(const struct node_host *nh);
struct egress_counters node_host_egress_counters(const struct node_host *nh);

#endif
