/* node_way.h - how we reach each peer. */
#ifndef NODE_NODE_WAY_H
#define NODE_NODE_WAY_H

#include "base/pool.h"
#include "node/event.h"

/* Data packets of one pair that may go along the ring before a better way stands. */
#define RING_PACKETS_MAX 64
#define RING_BYTES_MAX 131072
#define RING_REFILL_MS 1000 /* after which a sixteenth of it may go again */
#define HELD_MS 100         /* what could not be sent is tried again, if nothing else happens */

/* Messages of candidates that a peer may tell at once, and after how long one comes back: honest
 * ones tell two a second at most. */
#define MEMBER_CANDIDATES 16
#define MEMBER_CANDIDATES_REFILL_MS 500

struct node;

struct peer;

struct way peer_way(const struct peer *peer); /* WAY_NONE: not connected */
bool peer_is_linked(const struct peer *peer); /* DIRECT or RELAY */
/* The peer is up, or in a new session. */
void ways_begin(struct node *node, struct now now, struct handle handle);
void ways_end(struct node *node, struct now now, struct handle handle);
/* Who is near on the ring is another now. */
void ways_near_changed(struct node *node, struct now now);
void ways_tick(struct node *node, struct now now);
struct mono ways_deadline(const struct node *node);
/* Something concerns the peer: it is looked at in this turn. */
void ways_touch(struct node *node, struct handle handle);
/* The ring takes this member for gone: it is asked, unless it was heard just now. */
void ways_check(struct node *node, struct now now, const struct id *id);
int ways_candidates(struct node *node, struct now now, struct handle handle, struct span payload);
/* A message for somebody else was given to this peer, which will not answer it. */
void ways_passed(struct node *node, struct now now, struct handle handle);
/* True if the addresses of the host changed. */
bool ways_host(struct node *node, struct now now, const struct node_event *event);
/* Sends an IP packet of ours that waited. False if it is to wait on: the peer is not up, its way
 * takes no more just now, or nothing can be sealed. */
bool ways_carry(struct node *node, struct now now, const struct id *id, struct span packet);

#endif
