/* egress.h - the way out of a thread: each datagram, control or data, waits here for its turn.
 *
 * A bounded queue that is fair between links by bytes (deficit round robin, Shreedhar and Varghese
 * 1995), so that one bulk peer cannot starve another's keepalive. A turn is of so many bytes that
 * the datagrams of a super-packet stay together: equal ones to one place leave by one system call.
 * Control frames of a link go before its data. Data that always waits longer than 5 ms is thinned
 * out (codel.h): a datagram whose sender knows marks is marked, another is lost. Later a pacer with
 * fixed slots stands here.
 *
 * When all slots hold a datagram the longest link gives. A datagram of a shorter link displaces the
 * longest's newest data, or its newest control if it has no data; a control datagram of the longest
 * itself displaces its own newest data; anything else is refused. What was reserved or taken is
 * never displaced. Every call takes the same time, however many links wait.
 *
 * For one thread; what the node sends does not wait behind what workers do. Slots are taken from
 * the heap once, at egress_new().
 */
#ifndef FORWARD_EGRESS_H
#define FORWARD_EGRESS_H

#include "base/mono.h"
#include "base/rng.h"
#include "wire/datagram.h"
#include "wire/endpoint.h"

#define EGRESS_SLOTS_MAX 1024 /* datagrams that wait in all */
#define EGRESS_SLOT_BYTES 2048
#define EGRESS_TURN_BYTES 32768 /* a link's, before the next one has its turn */
#define EGRESS_LINK_NONE 0 /* handshakes and whatever belongs to no link: a link like any other */

enum egress_class { EGRESS_CONTROL, EGRESS_DATA, EGRESS_CLASSES };

struct egress_datagram {
	uint32_t link;
	enum egress_class class;
	struct endpoint local, remote;
	uint8_t ttl;       /* 0: the system's default */
	uint8_t ecn;       /* of the outer header: RFC 3168 */
	struct mono since; /* when it came here; zero: nobody knows, and it is never late */
	uint8_t *data;     /* EGRESS_SLOT_BYTES, owned by the egress */
	size_t len;
};

struct egress; /* opaque */

/* With so many slots, 1 to EGRESS_SLOTS_MAX; rng keys the table of links. 0 or ERR_NOMEM. */
int egress_new(struct rng *rng, size_t slots, struct egress **ret);
void egress_del(struct egress *egress); /* accepts NULL */

/* A slot to fill: all but data and len is copied from `like`, data is the room.
 * NULL (and counted) if this datagram is the one to give. egress_commit() with its length, at least
 * 1, or egress_cancel() comes next for it. */
struct egress_datagram *egress_reserve(struct egress *egress, const struct egress_datagram *like);
void egress_commit(struct egress *egress, struct egress_datagram *datagram, size_t len);
void egress_cancel(struct egress *egress, struct egress_datagram *datagram);

/* The next to send, in fair order; it is the caller's until egress_done(), egress_drop() or
 * egress_return(). NULL if nothing waits. All of them may be taken before they are done. */
struct egress_datagram *egress_next(struct egress *egress, struct mono now);
void egress_done(struct egress *egress, struct egress_datagram *datagram);

/* Likewise, but it was not sent: the host did not take it, and whoever knows why has counted that.
 */
void egress_drop(struct egress *egress, struct egress_datagram *datagram);

/* Puts a taken datagram back before all others of its link and class (the socket was full), as if
 * it had not been taken. Of several, the last taken comes first. */
void egress_return(struct egress *egress, struct egress_datagram *datagram);

/* How many datagrams are taken before one is refused or displaced: what a reader of the TUN may
 * read without loss. */
size_t egress_room(const struct egress *egress);

/* When egress_next() may have something that it does not have now; MONO_NEVER today. */
struct mono egress_deadline(const struct egress *egress);

struct egress_counters {
	uint64_t queued, sent, dropped, refused, displaced;
	uint64_t late, marked; /* lost or marked since its link's data waited too long */
};
struct egress_counters egress_counters(const struct egress *egress);

#endif
