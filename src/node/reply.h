/* reply.h - what a node answers to its users. */
#ifndef NODE_REPLY_H
#define NODE_REPLY_H

#include "crypto/certificate.h"
#include "forward/keyset.h"
#include "session/session.h"
#include "vnet/vnet.h"
#include "wire/way.h"
#include "wire/who.h"

#define NODE_NAME_MAX TRUST_GROUP_MAX /* of a network */
#define NODE_KEY_TELLERS_MAX 2        /* the last two who claim it */

struct node_bootstrap;

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
	enum way_kind way;
	struct endpoint remote;               /* DIRECT */
	char relay[CERTIFICATE_NAME_MAX + 1]; /* RELAY: through whom */
	uint16_t mtu;                         /* of its way, if that is lower than ours; or 0 */
	bool is_near;                         /* on the ring */
	bool is_shortcut;                     /* a far link that the ring wants */
	uint8_t nat;                          /* enum nat: what it said of itself */
	bool has_rtt;
	uint64_t rtt_us;
	struct wall not_after;
	struct mono since; /* of the session */
	struct keyset_counters counters;
	const struct node_bootstrap *line; /* borrowed: that names it, or NULL */
	const char *why; /* literal: why it is not up, or not better; empty if all is well */
};

/* What the node did with messages of others, and lost of its own. */
struct node_counters {
	uint64_t routed, routed_refused; /* passed on; beyond what a link may have passed on */
	uint64_t departures_lost;        /* no room in a turn */
	uint64_t beacons_sent, beacons_heard;
	uint64_t beacons_refused; /* foreign, forged, old, or heard by another address before */
};

/* What is there at present: when those have left for whom it was, it is gone as well. */
struct node_levels {
	uint32_t keysets, wishes;
	uint32_t timers; /* of sessions, half-open handshakes, ways and the ring's lists */
};

/* A member as another one names it: by its id, and by the name that we know it by, or "". */
struct node_named {
	struct id id;
	char name[CERTIFICATE_NAME_MAX + 1];
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
	uint8_t nat;               /* enum nat */
	bool is_settled;           /* we stand in our place on the ring, as far as we know */
	bool has_clock_offset;     /* else too few others have told theirs */
	int64_t clock_offset_us;   /* our clock before those of the others; negative: behind */
	uint32_t key_teller_count; /* of members who say that another machine has our key */
	struct node_named key_tellers[NODE_KEY_TELLERS_MAX];
	uint32_t relayed_pairs;
	struct node_counters counters;
	struct node_levels levels;
	struct session_counters sessions;
	struct vnet_counters vnet;
};

/* What a member on a way says of itself: a claim, of whoever carried the question. */
struct node_who {
	struct node_named member;
	bool is_met; /* the name is that of its certificate */
	enum iam_end end;
	struct node_named before; /* from whom it got the question, */
	bool is_relay;            /* through */
	struct node_named relay;  /* this member; id zero: not known */
	uint32_t step_us;         /* the round trip of that step, as it says; 0: not known */
	uint64_t rtt_us;          /* from here */
	uint32_t link_count;
	struct node_named links[IAM_LINKS_MAX];
	bool link_is_near[IAM_LINKS_MAX], link_is_relay[IAM_LINKS_MAX];
};

enum node_reply_kind {
	NODE_REPLY_STATUS,
	NODE_REPLY_PEER,
	NODE_REPLY_PONG,
	NODE_REPLY_WHO,
	NODE_REPLY_END,
	NODE_REPLY_ERROR
};

struct node_reply {
	uint64_t token;
	enum node_reply_kind
		kind; /* PEER may come often; PONG, WHO, END or ERROR is the last of a token */
	union {
		struct node_status status;
		struct node_peer peer;
		struct {
			struct node_peer peer;
			uint64_t rtt_us;
		} pong;                     /* by the way that stands in `peer` */
		const struct node_who *who; /* borrowed until the next NODE_REQUEST */
		struct {
			int err;
			const char *text; /* a sentence; of ERR_TIMEOUT: why the peer is not
					   * up, or empty if it is and did not answer */
		} error;
	};
};

#endif
