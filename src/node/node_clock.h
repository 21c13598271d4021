/* node_clock.h - whether this host's clock goes with those of the other members.
 *
 * Who is linked is told what our calendar says: when the link stands, a minute later once more,
 * since a message may be lost, and then each hour. Who knows that its calendar is wrong, since it
 * stands before the build date, says nothing. What the others say is kept as the difference to our
 * steady clock, one number a peer while it is up; so a step of our own calendar shows at once. The
 * time that a message was on its way is not taken off: it is seconds, and what counts are minutes.
 *
 * The verdict is the median, of CLOCKS_MIN at least: what fewer than half of them say does not move
 * it beyond what the others say. Of two in the middle the one nearer to our own clock counts, so
 * half of them do not either. It is a claim all the same: words for the user, and nothing else,
 * come of it; certificates are judged by our own clock.
 *
 *     agrees  <-- median of the others within CLOCKS_OFF_US -- | -- beyond it -->  differs
 */
#ifndef NODE_NODE_CLOCK_H
#define NODE_NODE_CLOCK_H

#include "base/mono.h"
#include "base/pool.h"
#include "base/span.h"

#define CLOCKS_MIN 3 /* fewer are no verdict */
#define CLOCKS_OFF_US INT64_C(300000000)
#define CLOCK_AGAIN_MS 60000  /* it is told once more */
#define CLOCK_EACH_MS 3600000 /* and again */
#define CLOCKS_LOOK_MS 10000  /* between two looks at what was said */
#define CLOCKS_HOLD_MS 60000  /* a verdict stands so long */

struct node;

struct node_action;
struct peer;

/* Of a peer. */
struct peer_clock {
	bool is_known;
	int64_t lead_us;     /* of its calendar before our steady clock */
	bool is_told;        /* ours, once at least */
	struct mono tell_at; /* ours, next */
};

/* Of the node. */
struct clocks {
	bool differs;        /* the last verdict, while there is none as well */
	int64_t seen_us;     /* our calendar's lead before our steady clock, at the last look */
	struct mono look_at; /* next; or never */
	struct mono rest;    /* not before this */
};

void clocks_init(struct node *node, struct now raw);
/* A session of it carries its traffic from now on. */
void clocks_begin(struct peer *peer, struct now now);
/* It is down. */
void clocks_end(struct peer *peer);
/* A FRAME_CLOCK of it: 0 or ERR_MALFORMED. */
int clocks_take(struct node *node, struct now now, struct peer *peer, struct span payload);
void clocks_tick(struct node *node, struct now now, struct peer *peer);
struct mono clocks_peer_deadline(const struct peer *peer);
/* How far our calendar stands before those of the others; false if there is no verdict. `raw` is
 * the time as the host has it. */
bool clocks_offset(const struct node *node, struct now raw, int64_t *ret_us);
/* True if they begin to differ, or do no longer. */
bool clocks_poll(struct node *node, struct now raw, struct node_action *ret);
struct mono clocks_deadline(const struct node *node);

#endif
