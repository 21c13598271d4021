/* codel.h - controlled delay (RFC 8289): when has a queue to lose a packet, so that those who fill
 * it slow down?
 *
 * A queue that empties now and then is a good one, however long it was. One in which even the
 * packet that waited shortest, for 100 ms on end, waited more than 5 ms only adds delay: it loses a
 * packet, and then more and more often, until it is short again. Embed it in the queue.
 */
#ifndef FORWARD_CODEL_H
#define FORWARD_CODEL_H

#include "base/mono.h"

#define CODEL_TARGET_MS 5
#define CODEL_INTERVAL_MS 100

/* All zero: nothing was late yet. Fields are private. */
struct codel {
	struct mono first_above; /* since when plus the interval; zero: not late */
	struct mono next;        /* when the next one is lost */
	uint32_t count;          /* lost since dropping began */
	bool dropping;
};

/* Of the packet at the head of the queue, which has waited since then: true if it is to be lost, or
 * marked. `is_alone`: it is the only one, and a queue of one is never too long. */
bool codel_judges(struct codel *codel, struct mono now, struct mono since, bool is_alone);

#endif
