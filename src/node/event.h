/* event.h - what a node and the world tell each other: configuration, events, actions (node.h). */
#ifndef NODE_EVENT_H
#define NODE_EVENT_H

#include "base/trace.h"
#include "crypto/random.h"
#include "forward/forward.h"
#include "node/policy.h"
#include "node/reply.h"
#include "session/session.h"
#include "vnet/vnet.h"
#include "wire/way.h"

#define NODE_BOOTSTRAP_MAX 16
#define NODE_HOST_MAX 255    /* a host name in a bootstrap line */
#define NODE_ENDPOINTS_MAX 4 /* addresses of one host name that are tried */
#define NODE_PEERS_MAX 1024
#define NODE_GONE_MAX 16             /* of these, members whose session ended: the last ones */
#define NODE_NEIGHBOURS_MAX 16       /* remembered */
#define NODE_HOST_ENDPOINTS_MAX 8    /* addresses of the host that others are told of */
#define NODE_CAPABILITY_RELAY 0x01   /* in handshakes: relays for others */
#define NODE_CAPABILITY_PARTIAL 0x02 /* takes partial checksums, may join segments */
#define NODE_PEER_TEXT_MAX 63        /* how a user names a peer: host name, address, id */

/* One line `host:port#id` of the bundle. */
struct node_bootstrap {
	char host[NODE_HOST_MAX + 1]; /* a name, or an address in text */
	uint16_t port;
	struct id id;
};

/* A member that was near us on the ring, and where it was reached: for after a restart. */
struct node_neighbour {
	struct id id;
	struct endpoint endpoint;
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
	struct node_neighbour neighbours[NODE_NEIGHBOURS_MAX]; /* what NODE_KEEP said last */
	uint32_t neighbour_count;
	struct address_prefix_v4 ipv4_prefix;
	uint64_t relay_bytes_s;    /* what is relayed for others, in all; 0: nothing */
	bool lan;                  /* look for members on our own segment (node_lan.h) */
	bool takes_partial;        /* the TUN takes partial checksums and super-packets, if not of
				    * UDP, and the threads of forward/ know: others are told */
	uint32_t workers;          /* threads of forward/ besides the node's */
	struct wall built;         /* build date: a calendar before it is wrong */
	struct wall bundle_issued; /* newest issue date of our own bundle */
};

/* What the world tells a node; bytes are borrowed for the call. */
enum node_event_kind {
	NODE_TIME,        /* nothing but that the deadline was reached */
	NODE_DATAGRAM,    /* handshake bytes: FORWARD_HANDSHAKE */
	NODE_PACKET,      /* an IP packet from the TUN: FORWARD_NO_ENTRY or
			     FORWARD_TOO_BIG */
	NODE_FRAME,       /* a control frame: FORWARD_FRAME */
	NODE_REPORT,      /* from forward_report() */
	NODE_COPIED,      /* the kernel says that this machine is a resumed copy:
			     drop all keys; entropy was mixed anew */
	NODE_HOST,        /* under which addresses and port the host may be reached */
	NODE_LOOKUP_DONE, /* the answer to NODE_LOOKUP */
	NODE_HEARD,       /* a beacon came */
	NODE_REQUEST,     /* of a user */
	NODE_SETTINGS,    /* its owner changed some */
};

/* What may change while a node runs: the rest of its configuration may not. */
struct node_settings {
	const struct certificate *certificate; /* our own, verified; of the same key */
	struct session_secret secrets[SESSION_EPOCHS_MAX];
	struct node_bootstrap bootstrap[NODE_BOOTSTRAP_MAX];
	uint32_t bootstrap_count;
	uint64_t relay_bytes_s;
};

enum node_verb { NODE_STATUS, NODE_PEERS, NODE_PING, NODE_WHO, NODE_SHUTDOWN };

/* Whom NODE_WHO asks: who stands so many hops from here on the way to the peer. */
struct node_route {
	uint8_t hops;     /* 1..ROUTED_HOPS_MAX; beyond the peer: the peer */
	bool is_aside;    /* the first hop is not our link with the peer itself */
	bool wants_links; /* and with whom it is linked */
};

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
		const struct node_settings *settings;
		struct {
			struct endpoint endpoints[NODE_HOST_ENDPOINTS_MAX];
			uint32_t count;
		} host; /* without the tunnel's own; all of them, each time */
		struct {
			uint32_t bootstrap;
			struct endpoint endpoints[NODE_ENDPOINTS_MAX];
			uint32_t count;
		} lookup; /* count 0: no such name */
		struct {
			struct endpoint remote; /* of the socket that sends beacons */
			struct span bytes;
		} beacon;
		struct {
			uint64_t token;
			enum node_verb verb;
			char peer[NODE_PEER_TEXT_MAX + 1];
			struct node_route route; /* WHO */
		} request;
	};
};

/* What a node asks of the world; borrowed until the next call. */
enum node_action_kind {
	NODE_SEND,      /* a datagram, through the egress */
	NODE_OPEN,      /* a data datagram that did not come straight, but along the ring or in
			 * pieces, for forward/ to open: NODE_FRAME or a packet for the TUN comes
			 * of it */
	NODE_DELIVER,   /* an IP packet for the TUN */
	NODE_TABLE,     /* a new forwarding snapshot; ownership passes with it */
	NODE_CONFIGURE, /* once: our addresses, for the steward */
	NODE_LOOKUP,    /* of a bootstrap line's host: NODE_LOOKUP_DONE tells its addresses */
	NODE_BEACON,    /* by multicast, from each address of the host */
	NODE_KEEP,      /* store these, and give them to the next node_new() */
	NODE_REPLY,
	NODE_CLOCK, /* our clock and those of the others begin to differ, or do no longer */
	NODE_TWICE, /* a member begins to say that another machine has our key */
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
		struct span datagram; /* OPEN */
		struct span beacon;
		struct span packet;
		struct forward_table *table;
		struct node_addresses addresses;
		uint32_t bootstrap;
		struct {
			struct node_neighbour neighbours[NODE_NEIGHBOURS_MAX];
			uint32_t count;
		} keep;
		struct node_reply reply;
		struct {
			bool differs;
			int64_t offset_us; /* ours before theirs; negative: behind */
		} clock;
		struct node_named teller; /* TWICE */
		struct trace_record event;
	};
};

#endif
