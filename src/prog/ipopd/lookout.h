/* lookout.h - what changes on this member, for those who watch: peers that come and go, ways that
 * become others, what kind of NAT is in between.
 *
 * It compares what the node tells of its peers, row by row, with what it told the time before.
 *
 *     lookout_begin, lookout_peer for each row, lookout_end until it says false
 *
 * It looks LOOKOUT_SOON_MS after it was told that something moves, and each LOOKOUT_MS besides.
 */
#ifndef PROG_IPOPD_LOOKOUT_H
#define PROG_IPOPD_LOOKOUT_H

#include "node/event.h"

#define LOOKOUT_SOON_MS 50
#define LOOKOUT_MS 1000

enum happening_kind {
	HAPPENING_PEER_UP,
	HAPPENING_PEER_STALE, /* probes are unanswered */
	HAPPENING_PEER_DOWN,
	HAPPENING_WAY,         /* another one to a peer that is up, or another endpoint of it */
	HAPPENING_NAT,         /* of this host */
	HAPPENING_PLACE,       /* found on the ring, or lost */
	HAPPENING_HOST,        /* the host has other addresses */
	HAPPENING_COPIED,      /* this machine is a resumed copy: all keys went */
	HAPPENING_CERTIFICATE, /* it ends soon, or has */
	HAPPENING_LOST,        /* so many happenings were not told: the reader is slow */
	HAPPENING_KINDS
};

struct happening {
	enum happening_kind kind;
	/* Of a peer: */
	bool has_peer;
	struct id id;
	char name[CERTIFICATE_NAME_MAX + 1];
	enum way_kind way;
	struct endpoint remote;
	char relay[CERTIFICATE_NAME_MAX + 1];
	const char *why; /* literal; "" */
	/* Of the others: */
	uint8_t nat; /* enum nat */
	bool settled;
	uint64_t number; /* HOST: addresses; CERTIFICATE: days; LOST: happenings */
};

struct lookout; /* opaque */

/* Of peers that are there at the first look. */
enum lookout_first {
	LOOKOUT_PICTURE, /* they are what is compared with */
	LOOKOUT_ALL      /* they have come */
};

/* NULL without memory. */
struct lookout *lookout_new(enum lookout_first first);
void lookout_del(struct lookout *lookout);

/* Something moves in the node. */
void lookout_hint(struct lookout *lookout, struct mono now);
/* When to look again. */
struct mono lookout_deadline(const struct lookout *lookout);

void lookout_begin(struct lookout *lookout, struct mono now);
/* True if something has happened to this peer. */
bool lookout_peer(struct lookout *lookout, const struct node_peer *peer, struct happening *ret);
/* The look is over: what happened to peers that were not in it; false: no more. */
bool lookout_end(struct lookout *lookout, struct happening *ret);
/* Nobody could be told that this peer came, or went: it is told at the next look, if it is so
 * still. */
void lookout_untell(struct lookout *lookout, const struct happening *happening);
/* Who is there has come, at the next look, which is due: who is told has lost sight of them. */
void lookout_tell_again(struct lookout *lookout);
/* What is known of this host itself: true if it has changed; to be asked until it says false. */
bool lookout_status(struct lookout *lookout, const struct node_status *status,
		    struct happening *ret);

/* "peer-up", as ipop.event/1 has it. */
const char *happening_name(enum happening_kind kind);

#endif
