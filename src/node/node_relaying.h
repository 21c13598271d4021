/* node_relaying.h - relays that we use, and whom we relay for. */
#ifndef NODE_NODE_RELAYING_H
#define NODE_NODE_RELAYING_H

#include "base/mono.h"
#include "base/pool.h"
#include "path/paths.h"
#include "wire/overlay.h"

#define PEER_RELAYS_MAX \
	CANDIDATE_RELAYS_MAX /* members that relay between us and one peer, or are asked */
#define PEER_SHUNNED_MAX CANDIDATE_RELAYS_MAX
#define RELAY_BURST_BYTES 262144   /* of what we relay, at once */
#define RELAY_SHARE_BYTES_MIN 8192 /* of one member of many, at once */
#define MEMBER_ASKS 64             /* that we relay: of one member at once, */
#define MEMBER_ASKS_REFILL_MS 250  /* and sixteen a second */

struct node;

struct peer;

/* A member through whom we reach a peer. */
struct relaying {
	struct handle relay; /* HANDLE_NONE: unused */
	uint32_t index;      /* it writes this on what it passes on to us */
	uint32_t send_index; /* and we write this on what it is to pass on; once granted */
	bool granted;
	bool is_needed;   /* as it was told last */
	uint8_t asks;     /* since it was granted, or at all */
	struct mono next; /* ASK again */
};

/* A member who did not serve as relay to one peer: for a while all others go before it. */
struct shunned {
	struct handle relay; /* HANDLE_NONE: unused */
	struct mono barred;  /* until then it is not asked at all */
	struct mono last;    /* until then it is asked if there is no other */
};

/* So many relays are to do well, at most PEER_RELAYS_MAX: asks members that both have a link to; if
 * there are too few of them, links are made. */
void relaying_want(struct node *node, struct now now, struct handle handle, uint32_t count);
/* Who could relay has changed, on our side or the peer's: what was wanted may be found now. */
void relaying_retry(struct node *node, struct now now, struct handle handle);
int relaying_frame(struct node *node, struct now now, struct handle from, uint8_t kind,
		   struct span payload);
/* The relay of this way is told that it is not needed any more. */
void relaying_drop(struct node *node, struct now now, struct handle handle, const struct way *way);
/* All of the peer's are, and what was known of them is forgotten: its ways begin anew, or end. */
void relaying_forget(struct node *node, struct now now, struct handle handle);
void relaying_tick(struct node *node, struct now now, struct handle handle);
struct mono relaying_deadline(const struct peer *peer);
/* Who has become near on the ring needs its relays from now on, and says so. */
void relaying_near_changed(struct node *node);
/* The relay by which this way goes; NULL if it is none any more. */
const struct relaying *relaying_of(const struct node *node, struct handle peer,
				   const struct way *way);
/* The meter of the share of a member for whom we relay, one of `count`; borrowed. NULL without
 * memory. */
struct meter *relaying_share(struct node *node, struct handle member, uint32_t count);
void relaying_free_shares(struct node *node); /* at the node's end */
/* This member has no direct way any more. */
void relaying_link_down(struct node *node, struct now now, struct handle member);
/* Tells those for whom we relay; never while a table is awaited, which may be theirs. */
void relaying_poll(struct node *node, struct now now);
/* Others could be relayed by this member: we have a direct link to it, and it says so. */
bool relaying_is_able(const struct peer *peer);
/* We pass packets on from or to this member, or it does for us. */
bool relaying_with(const struct node *node, struct handle member);

#endif
