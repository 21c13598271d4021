/* vnet.h - the virtual network as its users see it: who has which address, and what happens to a
 * packet that nobody's entry takes. Sans-I/O.
 *
 * A packet without an entry comes here. If somebody may have the address (an IPv6 address *is* a
 * node id; an IPv4 address belongs to a peer that was admitted with it), the packet waits in that
 * destination's queue and the node is asked to connect; the queue is bounded (64 packets, 128 KiB,
 * 5 s) and no packet of ours is dropped while it has room: it leaves the queue when the node says
 * that it was sent, and waits on if the way to the peer takes no more just now. If nobody has the
 * address, or connecting failed, the sender gets an ICMP answer. Lookups through the DHT will stand
 * behind the same RESOLVE.
 */
#ifndef VNET_VNET_H
#define VNET_VNET_H

#include "base/id.h"
#include "base/mono.h"
#include "vnet/address.h"

#define VNET_QUEUE_PACKETS 64
#define VNET_QUEUE_BYTES 131072
#define VNET_QUEUE_MS 5000
#define VNET_AGAIN_MS 250
#define VNET_WAITING_MAX 64 /* destinations that wait at once */
#define VNET_PACKET_BYTES_MAX 1360

struct vnet_config {
	struct id self, network;
	bool has_ipv4;
	uint8_t ipv4[4];
	struct address_prefix_v4 ipv4_prefix; /* the network's */
};

struct vnet; /* opaque */

/* 0 or ERR_NOMEM. */
int vnet_new(const struct vnet_config *config, struct vnet **ret);
void vnet_del(struct vnet *vnet);

/* A packet from the TUN that found no entry. Copied if it waits. 0, or why it was dropped:
 * ERR_MALFORMED, ERR_FULL (its queue, or VNET_WAITING_MAX), ERR_NOT_FOUND (answered by ICMP). */
int vnet_packet(struct vnet *vnet, struct now now, struct span packet);

/* A packet from the TUN that is larger than its way carries, or was cut from one that is. It is
 * answered, and what must pass even so (IPv6 up to 1,280 bytes, RFC 8200, 5; IPv4 without DF)
 * waits like one without an entry, to leave in pieces. What may be dropped is: who sends with DF to
 * find out how much passes would take the pieces for a wide way. 0, or as vnet_packet(). */
int vnet_too_big(struct vnet *vnet, struct now now, struct span packet, uint16_t mtu);

/* A peer can be reached now, and these are its addresses (`ipv4` may be NULL): what waits for them
 * comes out of the poll, oldest first. */
void vnet_peer_up(struct vnet *vnet, const struct id *id, const uint8_t *ipv4);

/* It cannot be reached any more: what has not left wants a connection again. */
void vnet_peer_down(struct vnet *vnet, const struct id *id);

/* Nobody has the address, or connecting failed for good: what waits for it is answered with
 * unreachable. Until then, or until VNET_QUEUE_MS have passed, it waits. */
void vnet_connect_failed(struct vnet *vnet, const struct ip_address *destination);

/* Connecting could not even begin: it is asked for again after VNET_AGAIN_MS. */
void vnet_connect_later(struct vnet *vnet, struct now now, const struct ip_address *destination);

enum vnet_output_kind {
	VNET_CONNECT, /* destination: is wanted; `prefix` holds the first 80 bits of the id if they
			 are known */
	VNET_PACKET,  /* packet: to the peer `id`, now; vnet_sent() or vnet_hold() says what became
			 of it, and until then it is what comes out */
	VNET_ANSWER,  /* packet: an ICMP message for the TUN */
};

/* Borrowed until the next call on the same machine. */
struct vnet_output {
	enum vnet_output_kind kind;
	struct ip_address destination;
	bool has_prefix;
	struct id id;
	struct span packet;
};

bool vnet_poll(struct vnet *vnet, struct now now, struct vnet_output *ret);

/* The VNET_PACKET was sent. Or it cannot be sent now: it waits with all behind it for the next
 * vnet_peer_up(). Who has waited VNET_QUEUE_MS so is dropped without an answer: its destination is
 * there, and so many packets are too many. */
void vnet_sent(struct vnet *vnet, const struct vnet_output *packet);
void vnet_hold(struct vnet *vnet, const struct vnet_output *packet);

struct mono vnet_deadline(const struct vnet *vnet);

struct ip_address vnet_ipv6(const struct vnet *vnet); /* our own */

struct vnet_counters {
	uint64_t queued, held, released; /* packets that waited; of these, also while the peer could
					  * be reached; that left for a peer */
	uint64_t queue_full, timed_out, unreachable; /* packets that did not */
	uint64_t too_big, malformed, foreign,
		unanswered; /* answered; unreadable; not for a member; no ICMP due */
	uint32_t waiting;
};
struct vnet_counters vnet_counters(const struct vnet *vnet);

#endif
