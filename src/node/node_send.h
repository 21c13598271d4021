/* node_send.h - everything that a node sends leaves here. */
#ifndef NODE_NODE_SEND_H
#define NODE_NODE_SEND_H

#include "base/pool.h"
#include "node/event.h"
#include "session/carrier.h"

#define DEPARTURES_MAX 64 /* datagrams that wait to be polled; power of two */
#define DEPARTURE_BYTES_MAX DATAGRAM_BYTES_MAX

struct node;

struct channel;
struct peer;

/* A datagram that was made here and waits to be polled. */
struct departure {
	bool is_arrival; /* no: it came along the ring or in pieces, and is for forward/ to open */
	uint32_t link;
	enum egress_class class;
	struct endpoint local, remote;
	uint8_t ttl;
	size_t len;
	uint8_t bytes[DEPARTURE_BYTES_MAX];
};

/* One frame, and what seals it: no key set, no frame. */
struct sealing {
	const struct channel *channel; /* NULL: nothing is sent */
	struct keyset *keyset;         /* NULL: the channel's */
	uint8_t kind;
	struct span payload;   /* at most KEYSET_PAYLOAD_BYTES_MAX */
	size_t padding;        /* behind the payload; together as much */
	const struct way *way; /* NULL: the channel's */
	uint8_t ttl;
	bool is_data; /* takes its turn as a packet of the user's does; IP always */
};
/* A sealed datagram of the session with `peer`. */
struct leaving {
	struct handle peer; /* HANDLE_NONE: of a session without one */
	struct way way;
	struct id ring_id, ring_via; /* RING, without a peer */
	enum egress_class class;
	uint8_t ttl;
	struct span datagram;
};

void send_init(struct node *node);
/* How many datagrams there is room for until they are polled. Who wants to send many, or what is
 * not sent again, asks first: one message is at most PARTS_MAX of them. */
uint32_t send_room(const struct node *node);
/* False if it could not be sealed or has no way; lost like a datagram on the wire. */
bool send_frame(struct node *node, struct now now, const struct sealing *sealing);
/* In the peer's current session, by its way. */
bool send_to_peer(struct node *node, struct now now, const struct peer *peer, uint8_t kind,
		  struct span payload);
/* `repeats`: how often the same went before; along the ring it takes other routes then. */
void send_handshake(struct node *node, struct now now, const struct carrier *carrier,
		    struct span bytes, uint8_t repeats);
/* A data datagram that came along the ring, or in pieces: for forward/ to open. */
void send_open(struct node *node, struct span datagram);
bool send_poll(struct node *node, struct node_action *ret);

#endif
