/* node_channel.h - what the node keeps of one session, and what sessions want. */
#ifndef NODE_NODE_CHANNEL_H
#define NODE_NODE_CHANNEL_H

#include "base/pool.h"
#include "node/event.h"

#define NODE_SESSIONS_MAX 2048
#define CHANNEL_KEYSETS_MAX \
	4                   /* in use, the one before, and one that is being agreed on; one spare */
#define PEER_CHANNELS_MAX 4 /* more of one peer end those that were replaced */

struct node;

struct channel {
	struct handle session; /* HANDLE_NONE: unused */
	struct handle peer;    /* HANDLE_NONE until established */
	uint32_t next_of_peer; /* index + 1 of another one of the same peer; 0: none */
	struct keyset *keysets[CHANNEL_KEYSETS_MAX]; /* owned references; NULL: unused */
	struct keyset *send;                         /* one of them, or NULL */
	struct keyset_counters past;                 /* of those that are gone */
	struct way way;                              /* of the handshake: DIRECT or RING */
	struct id ring_id, ring_via;                 /* RING: for whom, and by whom */
	bool by_own_link; /* RING: its last message came straight, in a session of the peer's */
	bool standing;    /* both sides have shown who they are; its keys receive */
	bool confirmed;   /* and the peer has proven that it accepts: it may carry traffic */
	bool replaced;    /* another session of the peer sends, */
	bool asks_double; /* and it is to be asked whether that one knows (node_double.h), */
	struct mono replaced_at;
	struct way was_way; /* by the way it had then */
	bool is_elsewhere;  /* not where its peer is: `way` leads there (node_double.h) */
	const char *
		left; /* literal: why it ends, if the node knows better than the session; or NULL */
};

void channel_take_output(struct node *node, struct now now, const struct session_output *output);
/* Something that the peer sealed was opened: it has the keys, so it accepts us. */
void channel_opened(struct node *node, struct now now, struct channel *channel);
/* All sessions with the peer end, and `why` (a literal) is what users read. */
void channel_end_all(struct node *node, struct now now, struct handle peer,
		     enum frame_close_reason reason, const char *why);
int channel_report(struct node *node, struct now now, const struct forward_report *report);
struct channel *channel_of(struct node *node, struct handle session); /* NULL: stale */
/* The channels of a peer, the newest first: the one after `last`, the first after NULL; NULL after
 * the last one. */
struct channel *channel_of_peer(const struct node *node, struct handle peer,
				const struct channel *last);
struct channel *channel_by_local_index(struct node *node, uint32_t local_index); /* or NULL */
/* The way that its packets take: that of its peer, if it is the current one or was; the handshake's
 * while it is new, since the peer may have come back elsewhere. */
struct way channel_way(struct node *node, const struct channel *channel);
void channel_free_all(struct node *node);

#endif
