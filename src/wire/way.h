/* way.h - how the datagrams of a session travel: straight, through a relay, or along the ring.
 *
 * A session outlives its ways. path/ finds, tries and chooses them, the forwarding table holds the
 * one in use, and forward/ says of each packet by which it came.
 */
#ifndef WIRE_WAY_H
#define WIRE_WAY_H

#include "wire/endpoint.h"

enum way_kind {
	WAY_NONE,
	WAY_RING,   /* from link to link, by the node: slow, always there */
	WAY_RELAY,  /* through one member to whom both have a direct link */
	WAY_DIRECT, /* from socket to socket */
};

/* What a kind does not use is zero, so that equality is equality of all fields. */
struct way {
	enum way_kind kind;
	struct endpoint local, remote; /* DIRECT; local address zero: whichever the kernel takes */
	uint32_t link;                 /* RELAY: the node's name of the link to the relay */
	uint32_t index;                /* RELAY: what the relay writes on what it passes on to us */
};

static inline struct way way_direct(const struct endpoint *local, const struct endpoint *remote)
{
	return (struct way){ .kind = WAY_DIRECT, .local = *local, .remote = *remote };
}

static inline struct way way_relay(uint32_t link, uint32_t index)
{
	return (struct way){ .kind = WAY_RELAY, .link = link, .index = index };
}

static inline bool way_equal(const struct way *a, const struct way *b)
{
	return a->kind == b->kind && endpoint_equal(&a->local, &b->local) &&
	       endpoint_equal(&a->remote, &b->remote) && a->link == b->link && a->index == b->index;
}

/* True if a packet that came by `came` came by `used`: the kernel may choose our address. */
static inline bool way_matches(const struct way *used, const struct way *came)
{
	return used->kind == came->kind && endpoint_equal(&used->remote, &came->remote) &&
	       used->link == came->link && used->index == came->index &&
	       (endpoint_ip_is_zero(&used->local) || endpoint_equal(&used->local, &came->local));
}

#endif
