/* node.h - one member: all machines joined into one. Sans-I/O: the daemon and the simulator run
 * these very objects and differ only in the world around them.
 *
 * The world calls node_input() with what happened, then node_poll() until it says false, and comes
 * back at node_deadline(). It keeps the newest NODE_TABLE for forward/ and gives the node whatever
 * forward/ did not finish itself: handshakes, control frames, packets without an entry, reports.
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "base/trace.h"
#include "crypto/random.h"
#include "forward/forward.h"
#include "node/policy.h"
#include "session/session.h"
#include "vnet/vnet.h"

#define NODE_NAME_MAX 15 /* of a network, also the interface: [a-z][a-z0-9-]{0,14} */
#define NODE_BOOTSTRAP_MAX 16
#define NODE_HOST_MAX 255    /* a host name in a bootstrap line */
#define NODE_ENDPOINTS_MAX 4 /* addresses of one host name that are tried */
#define NODE_PEERS_MAX 1024
#define NODE_PEER_TEXT_MAX 63 /* how a user names a peer: host name, address, id */

/* One line `host:port#id` of the bundle. */
struct node_bootstrap {
	char host[NODE_HOST_MAX + 1]; /* a name, or an address in text */
	uint16_t port;
	struct id id;
};

struct node_config {
	char network[NODE_NAME_MAX + 1];
	const struct key *key; /* borrowed; outlives the node */
	const struct certificate *certificate;
	const struct trust *trust; /* borrowed; outlives the node */
	struct session_secret secrets[SESSION_EPOCHS_MAX];
	const struct suite *suites; /* borrowed, for ever */
	struct node_bootstrap bootstrap[NODE_BOOTSTRAP_MAX];
	uint32_t bootstrap_count;
	struct address_prefix_v4 ipv4_prefix;
	struct wall built;         /* build date: a calendar before it is wrong */
	struct wall bundle_issued; /* newest issue date of our own bundle */
};

enum node_event_kind {            /* what the world tells a node; bytes are borrowed for the call */
		       NODE_TIME, /* nothing but that the deadline was reached */
		       NODE_DATAGRAM,    /* handshake bytes: FORWARD_HANDSHAKE */
		       NODE_PACKET,      /* an IP packet from the TUN: FORWARD_NO_ENTRY or
					    FORWARD_TOO_BIG */
		       NODE_FRAME,       /* a control frame: FORWARD_FRAME */
		       NODE_REPORT,      /* from forward_report() */
		       NODE_LOOKUP_DONE, /* the answer to NODE_LOOKUP */
		       NODE_REQUEST,     /* of a user */
};

enum node_verb { NODE_STATUS, NODE_PEERS, NODE_PING, NODE_SHUTDOWN };

struct node_event {
	enum node_event_kind kind;
	union {
		struct {
			struct endpoint local, remote;
			struct span bytes;
		} datagram;
		struct {
			struct span bytes;
			bool too_big;
			uint16_t mtu;
		} packet;
		struct {
			uint32_t link, local_index;
			uint8_t kind;
			struct span payload;
			struct way way; /* by which it came */
		} frame;
		struct forward_report report;
		struct {
			uint32_t bootstrap;
			struct endpoint endpoints[NODE_ENDPOINTS_MAX];
			uint32_t count;
		} lookup; /* count 0: no such name */
		struct {
			uint64_t token;
			enum node_verb verb;
			char peer[NODE_PEER_TEXT_MAX + 1];
		} request;
	};
};

enum node_peer_state {
	NODE_PEER_CONNECTING,
	NODE_PEER_UP,
	NODE_PEER_STALE, /* probes unanswered */
	NODE_PEER_GONE   /* it was connected; it is not dialled from here, it dials us */
};

/* What `peers` shows of one peer. */
struct node_peer {
	char name[CERTIFICATE_NAME_MAX + 1]; /* empty before it was met */
	struct id id;
	enum node_peer_state state;
	struct ip_address ipv6;
	bool has_ipv4;
	uint8_t ipv4[4];
	struct endpoint remote;
	bool has_rtt;
	uint64_t rtt_us;
	struct wall not_after;
	struct mono since; /* of the session */
	struct keyset_counters counters;
	const char *why; /* literal: why it is not up, or not better; empty if all is well */
};

struct node_status {
	char network[NODE_NAME_MAX + 1];
	char name[CERTIFICATE_NAME_MAX + 1];
	struct id id, network_id;
	struct ip_address ipv6;
	bool has_ipv4;
	uint8_t ipv4[4];
	uint8_t ipv4_prefix_len;
	struct wall not_after;
	struct mono started;
	uint32_t peers_up, peers_known;
	struct session_counters sessions;
	struct vnet_counters vnet;
};

enum node_reply_kind {
	NODE_REPLY_STATUS,
	NODE_REPLY_PEER,
	NODE_REPLY_PONG,
	NODE_REPLY_END,
	NODE_REPLY_ERROR
};

struct node_reply {
	uint64_t token;
	enum node_reply_kind
		kind; /* PEER may come often; PONG, END or ERROR is the last of a token */
	union {
		struct node_status status;
		struct node_peer peer;
		struct {
			struct node_peer peer;
			uint64_t rtt_us;
			bool direct;
		} pong;
		struct {
			int err;
			const char *text; /* a sentence; of ERR_TIMEOUT: why the peer is not
					   * up, or empty if it is and did not answer */
		} error;
	};
};

enum node_action_kind {            /* what a node asks of the world; borrowed until the next call */
			NODE_SEND, /* a datagram, through the egress */
			NODE_DELIVER,   /* an IP packet for the TUN */
			NODE_TABLE,     /* a new forwarding snapshot; ownership passes with it */
			NODE_CONFIGURE, /* once: our addresses, for the steward */
			NODE_LOOKUP, /* the addresses of a bootstrap line's host -> NODE_LOOKUP_DONE
				      */
			NODE_REPLY,
			NODE_EVENT, /* a trace record, for monitor and log */
};

struct node_addresses {
	struct ip_address ipv6;
	uint8_t ipv6_prefix_len;
	bool has_ipv4;
	uint8_t ipv4[4];
	uint8_t ipv4_prefix_len;
	uint16_t mtu;
};

struct node_action {
	enum node_action_kind kind;
	union {
		struct {
			uint32_t link;
			enum egress_class class;
			struct endpoint local, remote;
			uint8_t ttl;
			struct span bytes;
		} send;
		struct span packet;
		struct forward_table *table;
		struct node_addresses addresses;
		uint32_t bootstrap;
		struct node_reply reply;
		struct trace_record event;
	};
};

struct node; /* opaque */

/* Entropy is borrowed and outlives the node. 0, ERR_NOMEM, ERR_CRYPTO, or what certificate_verify()
 * says of our own certificate. */
int node_new(const struct node_config *config, struct entropy *entropy, struct now now,
	     struct node **ret);
void node_del(struct node *node);

/* 0, or why the event was dropped (counted; nothing for the world to do about it). */
int node_input(struct node *node, struct now now, const struct node_event *event);
bool node_poll(struct node *node, struct now now, struct node_action *ret);
struct mono node_deadline(const struct node *node);

/* Stirs fresh bytes of the kernel into what timers and tokens are drawn from. */
void node_mix(struct node *node, struct span bytes);

#endif
