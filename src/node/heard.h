/* heard.h - whose beacons were heard, so that none counts twice. Sans-I/O.
 *
 * A beacon counts if it was made within HEARD_SKEW_US of our calendar, and after the last one that
 * we heard of its sender, or after we heard that: whose calendar is ahead can be repeated by so
 * much, but nobody who dates ahead in another's name silences it. Of each sender that instant is
 * kept, until a beacon of that time would be too old, however many others there were since. Who has
 * the network secret can invent senders. So one IPv4 address speaks for few of them, and one
 * network of IPv6, where a host has as many addresses as it likes, for half; and when there is no
 * place, a sender is refused that was not heard before.
 */
#ifndef NODE_HEARD_H
#define NODE_HEARD_H

#include "base/id.h"
#include "base/mono.h"
#include "wire/endpoint.h"

#define HEARD_SKEW_US 300000000LL
#define HEARD_MAX 256       /* senders within that time */
#define HEARD_OF_V4_MAX 8   /* of these, that one IPv4 address speaks for */
#define HEARD_OF_V6_MAX 128 /* and one /64 */

struct heard_sender {
	struct id id;
	struct endpoint from; /* where the last beacon came from */
	struct wall at;       /* it was made, or heard if that was before */
};

/* Embed it, zeroed. */
struct heard {
	struct heard_sender senders[HEARD_MAX];
	uint32_t count;
};

/* 0: it counts, once; ERR_REPLAY: it was made too long ago, or too far from now, or before one that
 * was heard; ERR_FULL: a new sender, and there are too many. */
int heard_take(struct heard *heard, struct wall now, const struct heard_sender *beacon);

#endif
