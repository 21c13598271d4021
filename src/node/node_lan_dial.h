/* node_lan_dial.h - the dials of members that were heard on our network segment.
 *
 * Where a beacon comes from anybody can write, and who has the network secret can name members that
 * nobody is. So a dial is remembered for a minute, unless its member is met: there are few in that
 * time to one source (heard.h), one at a time there, and few at once. To all that is not beside us
 * by IPv6 (of IPv4 nobody can tell) there are few in all as well; who can speak from all addresses
 * of our own segment could send as much there himself.
 *
 * One that nobody answers makes room for the next soon, and of those who wait the next is drawn by
 * lot: so what is invented keeps nobody apart, but delays by as many as are invented meanwhile.
 */
#ifndef NODE_NODE_LAN_DIAL_H
#define NODE_NODE_LAN_DIAL_H

#include "base/id.h"
#include "base/mono.h"
#include "base/pool.h"
#include "wire/endpoint.h"

#define LAN_DIALS_MAX 32          /* that are remembered */
#define LAN_DIALS_OF_SOURCE_MAX 4 /* of members that were not met, in a minute */
#define LAN_DIALS_FAR_MAX 16      /* of these, not beside us, at once; */
#define LAN_DIALS_REFILL_MS 3750  /* and as many a minute */
#define LAN_DIALS_AT_ONCE_MAX 3   /* and one at one source */
#define LAN_DIAL_KEPT_MS 60000    /* so long it counts */
#define LAN_DIAL_ALONE_MS 1000    /* so long, without an answer, no other takes its turn */
#define LAN_DIAL_PATIENCE_MS 3000 /* then it ends, even if none wants to */
#define LAN_WAIT_MS 10000 /* for its turn; by then it may have said again that it is there */
#define LAN_DRAW_MS 250   /* while somebody waits */

struct node;
struct heard_sender;

/* Zeroed: none. */
struct lan_dial {
	bool used;
	bool is_beside; /* us */
	struct id id;
	struct endpoint remote;
	struct handle session; /* HANDLE_NONE: not under way any more */
	struct mono at;        /* it began */
};

/* It waits, from now on, if we are to have a session with it. */
void lan_dial(struct node *node, struct now now, struct heard_sender *sender);
void lan_dials_tick(struct node *node, struct now now);
struct mono lan_dials_deadline(const struct node *node);

#endif
