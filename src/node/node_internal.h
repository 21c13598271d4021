/* node_internal.h - what a node is made of; for the files of node/ alone.
 *
 * A *channel* is what the node keeps of one session: where it runs and its key sets. A *peer* is
 * another member; of its channels one is current and sends, others only receive until they close.
 * A *line* is a bootstrap line of the bundle and the attempts to reach it.
 */
#ifndef NODE_NODE_INTERNAL_H
#define NODE_NODE_INTERNAL_H

#include "base/map.h"
#include "base/pool.h"
#include "node/node.h"
#include "path/liveness.h"

#define NODE_SESSIONS_MAX 2048
#define CHANNEL_KEYSETS_MAX \
	4             /* in use, the one before, and one that is being agreed on; one spare */
#define OUTBOX_MAX 64 /* control frames that wait to be polled; power of two */
#define OUTBOX_PAYLOAD_MAX 48
#define ASKED_MAX 16        /* requests of users under way */
#define NODE_PING_MS 2000   /* a user's ping is given up */
#define NODE_RETRY_MS 100   /* after there was no memory for a table */
#define PEER_CHANNELS_MAX 4 /* more of one peer end those that were replaced */
#define NODE_CLOCK_SLACK_US \
	1000000 /* the table's clock is renewed when the calendar crept this far */

struct channel {
	struct handle session;                       /* HANDLE_NONE: unused */
	struct handle peer;                          /* HANDLE_NONE until established */
	struct keyset *keysets[CHANNEL_KEYSETS_MAX]; /* owned references; NULL: unused */
	struct keyset *send;                         /* one of them, or NULL */
	struct endpoint local, remote;
	bool standing;  /* both sides have shown who they are; its keys receive */
	bool confirmed; /* and the peer has proven that it accepts: it may carry traffic */
	bool replaced;  /* another session of the peer sends */
};

/* An unproven endpoint from which the peer's packets came: traffic moves there when a probe that
 * went there was answered from there. */
struct challenge {
	struct endpoint local, remote;
	uint64_t token; /* 0: none */
	struct mono expiry;
};

struct peer {
	struct id id;
	char name[CERTIFICATE_NAME_MAX + 1];
	bool has_ipv4, admits_ip, is_line;
	uint8_t ipv4[4];
	struct wall not_after;
	struct handle session; /* of the current channel; HANDLE_NONE: not connected */
	struct mono since;
	struct liveness liveness;
	struct challenge challenge;
	const char *why; /* literal; "" */
};

struct line {
	const struct node_bootstrap *config; /* borrowed from the node's configuration */
	struct handle peer;
	struct endpoint endpoints[NODE_ENDPOINTS_MAX];
	uint32_t endpoint_count;
	struct handle dials[NODE_ENDPOINTS_MAX]; /* sessions that are being dialled */
	struct mono next;  /* next attempt; MONO_NEVER while one is under way */
	uint32_t failures; /* in a row */
	bool looking_up, lookup_wanted;
	struct mono lookup_expiry; /* of looking_up: the world may have lost the question */
};

struct outgoing {
	struct handle session;
	uint8_t kind;
	bool has_remote; /* else the channel's */
	struct endpoint local, remote;
	uint8_t payload[OUTBOX_PAYLOAD_MAX];
	size_t len;
};

struct asked {
	bool used;
	uint64_t token;
	enum node_verb verb;
	uint32_t cursor;                        /* PEERS: next slot */
	struct mono at;                         /* when it was asked */
	char peer_text[NODE_PEER_TEXT_MAX + 1]; /* PING: from here on */
	struct handle peer;
	uint64_t ping_token; /* 0: not sent yet */
	struct mono sent;
	uint64_t rtt_us;
	bool answered;
	int err; /* an answer that is an error */
	const char *text;
};

struct node {
	struct node_config config;
	struct certificate certificate;
	struct entropy *entropy; /* borrowed */
	struct rng rng;
	struct trace trace;
	struct policy *policy; /* owned, as all below */
	struct sessions *sessions;
	struct vnet *vnet;
	struct channel *channels; /* NODE_SESSIONS_MAX, by the index of the session's handle */
	uint32_t channels_end;    /* none is in use from here on */
	struct pool peers;
	struct map peer_by_id;       /* -> index in peers */
	struct map channel_by_index; /* local index of a key set -> index in channels */
	struct line lines[NODE_BOOTSTRAP_MAX];
	uint32_t line_count;
	struct outgoing outbox[OUTBOX_MAX];
	struct queue outbox_queue;
	struct asked asked[ASKED_MAX];
	struct mono started;
	int64_t table_offset_us; /* of the clocks, when the newest table was built */
	int64_t calendar_fix_us; /* added to a calendar that stands before the build date */
	struct mono table_next;  /* not before, after a build that failed */
	uint64_t frames_lost;    /* control frames for which the outbox had no room */
	bool configured, table_wanted, shutting_down;
	bool tick_wanted;     /* timers are looked at once after each input */
	uint8_t buffer[2048]; /* the datagram that the last poll lent */
};

/* channel.c: sessions become channels of peers, and their keys the forwarding table. */

/* Carries one output of the session machine where it belongs. True: *ret is an action for the
 * world. */
bool channel_take_output(struct node *node, struct now now, const struct session_output *output,
			 struct node_action *ret);
/* A control frame that forward/ opened. */
int channel_frame(struct node *node, struct now now, const struct node_event *event);
int channel_report(struct node *node, struct now now, const struct forward_report *report);
struct channel *channel_of(struct node *node, struct handle session);            /* NULL: stale */
struct channel *channel_by_local_index(struct node *node, uint32_t local_index); /* or NULL */
/* One frame, and what seals it: no key set, no frame. */
struct sealing {
	const struct channel *channel; /* may be NULL if `keyset` is */
	struct keyset *keyset;         /* may be NULL */
	uint8_t kind;
	struct span payload; /* at most KEYSET_PAYLOAD_BYTES_MAX */
};

/* Seals into an action for the world; false if there is no key set or it refuses. */
bool channel_seal(struct node *node, struct now now, const struct sealing *sealing,
		  struct node_action *ret);
bool channel_send_outgoing(struct node *node, struct now now, const struct outgoing *frame,
			   struct node_action *ret);
void channel_post(struct node *node, const struct outgoing *frame);
void channel_free_all(struct node *node);

/* peer.c: the members that we know. */
struct peer *peer_find(struct node *node, const struct id *id, struct handle *ret_handle);
/* Finds or makes; NULL if NODE_PEERS_MAX are known. */
struct peer *peer_get(struct node *node, const struct id *id, struct handle *ret_handle);
struct peer *peer_by_text(struct node *node, const char *text, struct handle *ret_handle);
/* Whether this is a name, an address or the id of our own. */
bool peer_is_self(const struct node *node, const char *text);
/* `session` carries the peer's traffic from now on. */
void peer_use(struct node *node, struct now now, struct handle handle, struct handle session);
/* One of its sessions closed: another takes over, or the peer is down, and forgotten unless a line
 * names it. `why` is a literal. */
void peer_lost(struct node *node, struct now now, struct handle handle, struct handle session,
	       const char *why);
bool peer_is_up(const struct peer *peer);
/* What waits for the peer may leave, if it can be sent at all. */
void peer_release(struct node *node, struct handle handle);
/* The peer that has what is wanted, connected or not; NULL if nobody is known to have it. */
struct peer *peer_wanted(struct node *node, const struct vnet_output *wanted,
			 struct handle *ret_handle);
/* How many channels it has, and of those how many were replaced. */
uint32_t peer_channels(const struct node *node, struct handle peer, uint32_t *ret_replaced);
/* Feeds liveness from what forward/ saw, and posts what is due. */
void peers_tick(struct node *node, struct now now);
struct mono peers_deadline(const struct node *node);
void peer_show(struct node *node, const struct peer *peer, struct node_peer *ret);

/* table.c: the snapshot for forward/, built from all channels. 0 or ERR_NOMEM. */
int node_build_table(struct node *node, struct now now, struct forward_table **ret);

/* line.c: reaching the bootstrap lines. */
void lines_init(struct node *node, struct now now);
void lines_tick(struct node *node, struct now now);
bool lines_poll(struct node *node, struct node_action *ret);
struct mono lines_deadline(const struct node *node);
void lines_lookup_done(struct node *node, struct now now, const struct node_event *event);
/* A session with the member carries traffic from now on. */
void line_confirmed(struct node *node, struct now now, struct handle session, const struct id *id);
void lines_stop(struct node *node, struct now now);
void line_closed(struct node *node, struct now now, struct handle session, const char *why);
/* True if there is no line whose member is not connected. */
bool lines_all_up(const struct node *node);
/* A packet waits for this destination: false if no line can lead there. */
bool lines_connect(struct node *node, struct now now, const struct vnet_output *wanted);

/* answer.c: requests of users. */
int answer_request(struct node *node, struct now now, const struct node_event *event);
void answer_pong(struct node *node, struct now now, uint64_t token);
bool answer_poll(struct node *node, struct now now, struct node_action *ret);
struct mono answer_deadline(const struct node *node);

#endif
