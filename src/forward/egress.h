/* egress.h - the one way out: every datagram, control or data, waits here for its turn.
 *
 * A bounded queue that is fair between links by bytes (deficit round robin, Shreedhar and Varghese
 * 1995), so that one bulk peer cannot starve another's keepalive. Control frames of a link go
 * before its data. When the queue is full the longest link gives: a new datagram of that link is
 * refused, one of any other link displaces its newest data. Later a pacer with fixed slots stands
 * here.
 */
#ifndef FORWARD_EGRESS_H
#define FORWARD_EGRESS_H

#include "base/mono.h"
#include "wire/datagram.h"
#include "wire/endpoint.h"

#define EGRESS_SLOTS 256 /* datagrams that wait in all */
#define EGRESS_SLOT_BYTES 2048
#define EGRESS_LINK_NONE 0 /* handshakes and whatever belongs to no link */

enum egress_class { EGRESS_CONTROL, EGRESS_DATA };

struct egress_datagram {
	uint32_t link;
	enum egress_class class;
	struct endpoint local, remote;
	uint8_t ttl;   /* 0: the system's default */
	uint8_t *data; /* EGRESS_SLOT_BYTES, owned by the egress */
	size_t len;
};

struct egress; /* opaque */

/* 0 or ERR_NOMEM. */
int egress_new(struct egress **ret);
void egress_del(struct egress *egress);

/* A slot to fill: link, class, local, remote and ttl are copied from `like`, data is the room. NULL
 * (and counted) if this datagram is the one to give. egress_commit() with the length, or
 * egress_cancel(), comes next. */
struct egress_datagram *egress_reserve(struct egress *egress, const struct egress_datagram *like);
void egress_commit(struct egress *egress, struct egress_datagram *datagram, size_t len);
void egress_cancel(struct egress *egress, struct egress_datagram *datagram);

/* The next to send, in fair order; it stays until egress_done(). NULL if nothing waits. Up to
 * EGRESS_SLOTS may be taken before they are done. */
struct egress_datagram *egress_next(struct egress *egress, struct mono now);
void egress_done(struct egress *egress, struct egress_datagram *datagram);

/* Puts a taken datagram back to the front of its link (the socket was full). */
void egress_return(struct egress *egress, struct egress_datagram *datagram);

/* When egress_next() may have something that it does not have now; MONO_NEVER today. */
struct mono egress_deadline(const struct egress *egress);

struct egress_counters {
	uint64_t queued, sent, refused, displaced;
};
struct egress_counters egress_counters(const struct egress *egress);

#endif
