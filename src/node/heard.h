/* heard.h - whose beacons were heard, so that none counts twice. Sans-I/O.
 *
 * A beacon counts if it was made within HEARD_SKEW_US of our calendar, and after the last one that
 * we heard of its sender, or after we heard that: whose calendar is ahead can be repeated by so
 * much, but nobody who dates ahead in another's name silences it. That instant is kept for each
 * *source* that spoke in the sender's name, so that none takes another's place: an IPv4 address, an
 * IPv6 address beside us, in a network in which we have one ourselves, or else a network of IPv6,
 * where a host has as many addresses as it likes. Who has the network secret can invent senders: so
 * few speak from one source, and when there is no place the one that was heard longest ago is
 * forgotten. It can be repeated then, once; whoever brought that about could have made as many
 * himself.
 */
#ifndef NODE_HEARD_H
#define NODE_HEARD_H

#include "base/id.h"
#include "base/mono.h"
#include "wire/endpoint.h"

#define HEARD_SKEW_US 300000000LL
#define HEARD_MAX 256          /* senders */
#define HEARD_OF_ADDRESS_MAX 8 /* of these within that time, that one address speaks for */
#define HEARD_OF_NETWORK_MAX 128

struct heard_sender {
	struct id id;
	struct endpoint from; /* where the last beacon came from, and the port that it names */
	bool is_far;          /* IPv6, and not beside us: its /64 is what counts */
	struct wall at;       /* it was made, or heard if that was before */
	struct mono waits;    /* to be dialled, since then; MONO_NEVER: it does not */
};

/* Embed it, zeroed. */
struct heard {
	struct heard_sender senders[HEARD_MAX];
	uint32_t count;
};

/* Whether that is the sender's source. */
bool heard_is_source(const struct heard_sender *sender, const struct endpoint *endpoint);

/* 0: it counts, once, and *ret is its place; ERR_REPLAY: it was made too long ago, or too far from
 * now, or before one that was heard; ERR_FULL: a new sender, and its source speaks for too many. */
int heard_take(struct heard *heard, struct wall now, const struct heard_sender *beacon,
	       struct heard_sender **ret);

#endif
