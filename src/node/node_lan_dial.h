/* node_lan_dial.h - the dials of members that were heard on our network segment.
 *
 * Where a beacon comes from anybody can write, and who has the network secret can name members that
 * nobody is. So a dial is remembered for a minute, unless its member is met: there are few in that
 * time, fewer at one address, and one at a time there. One that nobody answers makes room for the
 * next soon, so that what is invented at one IPv4 address keeps nobody apart for long. (A segment
 * shares one /64 of IPv6: who can invent there can use up all that is dialled on it.)
 */
#ifndef NODE_NODE_LAN_DIAL_H
#define NODE_NODE_LAN_DIAL_H

#include "base/id.h"
#include "base/mono.h"
#include "base/pool.h"
#include "wire/endpoint.h"

#define LAN_DIALS_MAX 16          /* in a minute, of members that were not met */
#define LAN_DIALS_OF_SITE_MAX 4   /* of these, to one IPv4 address or IPv6 /64 */
#define LAN_DIALS_AT_ONCE_MAX 3   /* and one at one address */
#define LAN_DIAL_KEPT_MS 60000    /* so long it counts */
#define LAN_DIAL_ALONE_MS 1000    /* so long, without an answer, no other takes its turn */
#define LAN_DIAL_PATIENCE_MS 3000 /* then it ends, even if none wants to */

struct node;

/* Zeroed: none. */
struct lan_dial {
	bool used;
	struct id id;
	struct endpoint remote;
	struct handle session; /* HANDLE_NONE: not under way any more */
	struct mono at;        /* it began */
};

/* If one more may be dialled now; else it will say again that it is there. */
void lan_dial(struct node *node, struct now now, const struct id *id,
	      const struct endpoint *remote);
void lan_dials_tick(struct node *node, struct now now);
struct mono lan_dials_deadline(const struct node *node);

#endif
