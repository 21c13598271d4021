/* node_announce.h - what we tell peers of how we may be reached: our candidates, and members that
 * could relay. Each is told once; who is not reached directly is told again until it is, since a
 * message may be lost, and when there is news for it.
 *
 * A message has room for few relays, and both ends of a pair must know of the same ones. So each is
 * named those of ours that it named to us, and those that stand nearest to it on the ring: near
 * members have them in common, and who stands far away makes a link to some.
 *
 * What one member alone says of us may be the address of somebody whom our peers would then probe
 * for it. So it is not told to all: to those who need to find us, since IP passes, and to two who
 * would soon be the second to say it if it is true. They are those next to us on the ring on either
 * side, of all whom we do not reach directly: so both ends of a pair choose each other. */
#ifndef NODE_NODE_ANNOUNCE_H
#define NODE_NODE_ANNOUNCE_H

#include "base/mono.h"
#include "base/pool.h"
#include "wire/overlay.h"

struct node;

struct peer;

/* What can be told of ourselves: to those who may hear what one member alone says of us, and to the
 * others. */
struct announced {
	struct candidates_message all, agreed; /* without relays */
};

/* Of ours to one peer. */
struct announcement {
	bool is_due;      /* the peer may not have heard the newest */
	bool has_all;     /* of the last one */
	uint8_t repeats;  /* since anything changed */
	struct mono next; /* when due */
	struct mono last; /* zero: never */
	struct mono look; /* relays came or went: is it news to the peer? or never */
	struct mono looked;
	uint8_t relay_count;
	struct id relays[CANDIDATE_RELAYS_MAX]; /* named last */
};

/* A session stands: the peer knows nothing yet. */
void announce_begin(struct peer *peer, struct now now);
/* The peer is to hear of it soon, and again until it is reached directly. */
void announce_anew(struct announcement *announcement);
/* Our own candidates, or who could relay for us, may have changed: if so, whoever is not reached
 * directly is to hear of it. */
void announce_to_all(struct node *node, struct now now);
/* The peer has named others than before. */
void announce_heard(struct peer *peer, struct now now);
void announce_tick(struct node *node, struct now now, struct handle handle);
struct mono announce_deadline(const struct announcement *announcement);

#endif
