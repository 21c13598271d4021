/* hook_peers.h - which members are there, as the node tells, and of whom `on-peer` is still to
 * hear.
 *
 * What counts is how things are, not each step to it: a member that came and went while another
 * call ran is not told of at all, and one of whom it was told that he is there is told of once more
 * only when he has gone. So a program that takes long, and a node that says much, cost no more
 * than this table.
 */
#ifndef PROG_IPOPD_HOOK_PEERS_H
#define PROG_IPOPD_HOOK_PEERS_H

#include "node/reply.h"

#include <stdint.h>

#define HOOK_PEERS_MAX 1024 /* NODE_PEERS_MAX: as many as a node knows */

struct hook_peer {
	struct id id;
	char name[CERTIFICATE_NAME_MAX + 1];
	struct ip_address ipv6;
	bool is_there;
};

struct hook_peer_entry; /* opaque */

/* All zero at first. */
struct hook_peers {
	struct hook_peer_entry *entries; /* owned; NULL until one is needed */
	uint64_t changes;
	bool is_behind; /* the node has told of somebody for whom there was no room */
};

/* Forgets all: nobody is there, and nobody was told of. */
void hook_peers_free(struct hook_peers *peers);

/* The node says so of that member. 0, ERR_FULL or ERR_NOMEM: then they are behind. */
int hook_peers_take(struct hook_peers *peers, const struct hook_peer *peer);

/* Who is there has to be told once more: they are behind, and there is room. */
bool hook_peers_can_catch_up(const struct hook_peers *peers);

/* There is no node any more. */
void hook_peers_all_gone(struct hook_peers *peers);

/* The next one to be told of, who has waited the longest, and counts as told from now on. */
bool hook_peers_next(struct hook_peers *peers, struct hook_peer *ret);
bool hook_peers_are_waiting(const struct hook_peers *peers);

#endif
