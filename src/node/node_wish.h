/* node_wish.h - sessions that somebody wants: found on the ring, and made over it. */
#ifndef NODE_NODE_WISH_H
#define NODE_NODE_WISH_H

#include "base/pool.h"
#include "node/event.h"
#include "ring/limits.h"
#include "wire/overlay.h"

#define WISHES_MAX 64         /* sessions that are wanted at once */
#define WISHES_OF_RING 16     /* of these, kept for the ring: others cannot push us out of it */
#define WISH_MS 5000          /* as long as a packet waits */
#define WISH_OF_RING_MS 4000  /* the ring tries others then; */
#define WISH_DOUBTED_MS 1000  /* or so long after somebody said that it leads to nobody */
#define WISH_FIND_MS 3000     /* who does not answer six rounds of broadcasts is nobody */
#define WISH_CLAIMS_MAX 4     /* answers to one question that are tried at once */
#define WISH_CLAIMS_OF_LINK 2 /* of these, by one link: a liar has no more than that */
#define WISH_CLAIM_MS 2500    /* for who answered, to prove it */

struct node;

struct peer;

enum wish_kind {
	WISH_JOIN,   /* whoever is nearest to our own id */
	WISH_SEEK,   /* whoever is nearest to a key: for a shortcut */
	WISH_ID,     /* this member */
	WISH_PREFIX, /* the member with this IPv6 address */
	WISH_IPV4,   /* the member with this IPv4 address: somebody must tell who that is */
	WISH_NAME,   /* the member of this name: the same */
};

/* Somebody who is said to have the key, and is dialled. Free while `session` is HANDLE_NONE. */
struct wish_claim {
	struct id id, via; /* all that was said, and by whoever likes to */
	struct id link;    /* that it came by */
	struct handle session;
	struct mono patience;
	bool doubted; /* or said to be unreachable: goes on while nobody else wants the place */
};

/* A session that is wanted; ends when it stands, or when it cannot be made. Up to `of_ring` it is
 * the caller's. */
struct wish {
	enum wish_kind kind;
	struct id id, via;                    /* JOIN, SEEK: the key, ID, PREFIX */
	struct id tellers[RING_TRIES];        /* of_ring: on whose word, with each try; */
	unsigned teller_count;                /* of these, the latest */
	uint8_t key[BROADCAST_KEY_BYTES_MAX]; /* IPV4, NAME */
	uint8_t key_len;
	bool of_ring;          /* the ring wants it, and hears of its end; */
	bool of_user;          /* so does somebody who has no other try */
	struct handle handle;  /* its own */
	struct handle session; /* that is being dialled; HANDLE_NONE: not yet, or it has claims */
	struct mono next;      /* without a session: dial, or ask */
	struct mono expiry;

	/* IPV4, NAME */
	uint64_t token; /* of the broadcast; 0: none yet */
	uint8_t rounds; /* of broadcasts, each by other routes */
	bool answered;  /* by anybody */
	struct wish_claim claims[WISH_CLAIMS_MAX];
};

/* Wants what the wish names; if it is wanted already, the ring may want it by another way.
 * ERR_FULL: too much is wanted, so later; ERR_NOT_FOUND: nobody is there to ask, and nobody about
 * to be. */
int wish_for(struct node *node, struct now now, const struct wish *wanted);
/* A packet waits for this destination. */
int wish_for_destination(struct node *node, struct now now, const struct vnet_output *wanted);
/* The same for what a user named; ERR_MALFORMED if the text names nothing. */
int wish_for_text(struct node *node, struct now now, const char *text);
/* The i-th place, below WISHES_MAX: NULL if nothing is wanted there. */
struct wish *wish_at(const struct node *node, uint32_t i);
void wishes_tick(struct node *node, struct now now);
struct mono wishes_deadline(const struct node *node);
/* A dialled session stands with this peer, or closed; superfluous: another with the peer stands. */
void wish_done(struct node *node, struct now now, struct handle session, const struct peer *peer);
void wish_closed(struct node *node, struct now now, struct handle session, bool superfluous);
/* Somebody says, by this link, that `from` is who the broadcast with this token asked for. */
void wish_found(struct node *node, struct now now, const struct id *link,
		const struct routed *routed);
/* Somebody says that the M0 with this index reached nobody. */
void wish_unreachable(struct node *node, struct now now, const struct routed *routed);

#endif
