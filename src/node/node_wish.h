/* node_wish.h - sessions that somebody wants: found on the ring, and made over it. */
#ifndef NODE_NODE_WISH_H
#define NODE_NODE_WISH_H

#include "base/pool.h"
#include "node/event.h"
#include "wire/overlay.h"

#define WISHES_MAX 64 /* sessions that are wanted at once */

struct node;

struct peer;

enum wish_kind {
	WISH_NONE,
	WISH_JOIN,   /* whoever is nearest to our own id */
	WISH_SEEK,   /* whoever is nearest to a key: for a shortcut */
	WISH_ID,     /* this member */
	WISH_PREFIX, /* the member with this IPv6 address */
	WISH_IPV4,   /* the member with this IPv4 address: somebody must tell who that is */
	WISH_NAME,   /* the member of this name: the same */
};

/* A session that is wanted; ends when it stands, or when it cannot be made. */
struct wish {
	enum wish_kind kind;
	struct id id, via;                    /* JOIN, SEEK: the key, ID, PREFIX */
	uint8_t key[BROADCAST_KEY_BYTES_MAX]; /* IPV4, NAME */
	uint8_t key_len;
	bool of_ring;          /* the ring wants it, and hears of its end */
	uint64_t token;        /* of the broadcast; 0: none yet */
	struct handle session; /* that is being dialled; HANDLE_NONE: not yet */
	struct mono next, expiry;
};

/* Wants what the wish names, unless it is wanted already; ERR_FULL if too much is wanted,
 * ERR_NOT_FOUND if nobody is there to ask. */
int wish_for(struct node *node, struct now now, const struct wish *wanted);
void wishes_tick(struct node *node, struct now now);
struct mono wishes_deadline(const struct node *node);
/* A dialled session stands with this peer, or closed; superfluous: another with the peer stands. */
void wish_done(struct node *node, struct now now, struct handle session, const struct peer *peer);
void wish_closed(struct node *node, struct now now, struct handle session, bool superfluous);
/* Somebody says that `from` is who the broadcast with this token asked for. */
void wish_found(struct node *node, struct now now, const struct routed *routed);
void wish_unreachable(struct node *node, struct now now, const struct routed *routed);
/* A packet waits for this destination: false if nobody can have it. */
bool wish_for_destination(struct node *node, struct now now, const struct vnet_output *wanted);
/* The same for what a user named; false if the text names nothing. */
bool wish_for_text(struct node *node, struct now now, const char *text);

#endif
