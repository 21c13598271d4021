/* node_need.h - sessions that neither side has a use for end.
 *
 * A member needs a session for its place on the ring, for traffic, for a relay, or to get in. What
 * one side has no use for the other may need, and only it knows. So who needs a session no more
 * says so, now and then, and who hears it closes the session if it thinks the same, or says that it
 * holds it. Until that has become clear, who said so keeps its packets: those on their way would
 * come to a closed session.
 *
 *     HOLDS --no use for it--> DOUBTS --100 ms, still none: RELEASE--> ASKS --HOLD--> HOLDS
 *       ^--a packet, or a use----'                                      '--CLOSE--> (no session)
 *
 * In DOUBTS forward/ learns to give its packets to the node, which lets them go: nobody was told
 * yet. In ASKS they wait, and the answer has paths_patience_us() then. It may get lost, and with a
 * CLOSE the keys by which it could be asked for again; so for a packet that waits not only RELEASE
 * is repeated, soon, but a session dialled that succeeds this one, whatever became of it.
 */
#ifndef NODE_NODE_NEED_H
#define NODE_NODE_NEED_H

#include "base/mono.h"
#include "base/pool.h"

#define NEED_FIRST_MS 5000  /* from the beginning of a session to the first look at it */
#define NEED_LOOK_MS 60000  /* between two looks; after each HOLD in a row twice as long, */
#define NEED_HELD_MAX 4     /* up to this often doubled: who holds it says when it does no more */
#define NEED_ANSWER_MS 1000 /* for the answer to RELEASE, then it is said again */
#define NEED_ASKS_MAX 3     /* without any, our side of the session alone is left */
#define NEED_IP_MS 300000   /* who exchanged IP packets does so again, for so long */

struct channel;
struct node;

struct peer;

enum need_state { NEED_HOLDS, NEED_DOUBTS, NEED_ASKS, NEED_STATES };

/* Of a peer that is up. */
struct need {
	enum need_state state;
	struct mono look;  /* HOLDS: the next */
	struct mono since; /* DOUBTS: it began; ASKS: RELEASE was said last, */
	uint8_t asks;      /* and so often */
	uint8_t held;      /* HOLDs in a row */
	bool packet_waits; /* ASKS: for the answer, */
	bool dialled;      /* and for a session that succeeds this one */
};

/* The peer has a new session. */
void need_begin(struct need *need, struct now now);

/* A use of ours for it has ended: it is looked at NEED_FIRST_MS from now, if not before. */
void need_ended(struct need *need, struct now now);

/* Looks at the peer when it is time, and lets it go. */
void need_tick(struct node *node, struct now now, struct handle handle);

struct mono need_deadline(const struct peer *peer);

/* An IP packet of ours is there for the peer: false if it has to wait for the peer's answer. */
bool need_admits(struct node *node, struct now now, struct peer *peer);

/* The peer needs our session, as it says, or as it shows: we relay for it now. */
void need_held(struct node *node, struct now now, struct handle handle);

/* The peer has no use for the session of this channel. Said of one that another took the place of
 * it comes late, and says nothing. */
void need_released(struct node *node, struct now now, const struct channel *channel);

#endif
