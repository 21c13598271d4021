/* restarts.h - when the next node begins after one has ended: at once the first time, later and
 * later while each ends soon.
 */
#ifndef PROG_IPOPD_RESTARTS_H
#define PROG_IPOPD_RESTARTS_H

#include "base/mono.h"

#define RESTARTS_MIN_MS 250
#define RESTARTS_MAX_MS 30000
#define RESTARTS_STABLE_MS 60000 /* a node that lived this long is the first again */
#define RESTARTS_MANY 3          /* in a row: more than an accident */

/* Zeroed it is ready; nothing to free. */
struct restarts {
	uint32_t in_a_row; /* that ended, none of which was stable; read from outside */
	uint64_t wait_ms;  /* after the last of them */
};

/* A node that began at `since` has ended, or could not begin: how long to wait. */
uint64_t restarts_wait_ms(struct restarts *restarts, struct mono since, struct mono now);

#endif
