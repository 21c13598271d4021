/* firewall.h - whether a firewall of this host keeps our datagrams from leaving. The kernel refuses
 * each (EPERM), which nobody but the sender hears of.
 *
 * Some may be forbidden while all is well: a peer may name addresses to which this host's rules let
 * nothing out. So it is closed only where nothing else leaves, and open with the first that does.
 */
#ifndef PROG_IPOPD_FIREWALL_H
#define PROG_IPOPD_FIREWALL_H

#include "base/mono.h"

#include <stdbool.h>

#define FIREWALL_LOOK_MS 1000
#define FIREWALL_FORBIDDEN_MIN 4 /* datagrams on end */

enum firewall_news { FIREWALL_NO_NEWS, FIREWALL_CLOSED, FIREWALL_OPEN };

/* All zero at first: it is open. Nothing to free. */
struct firewall {
	struct mono look_at;
	uint64_t sent;      /* at the last look, */
	uint64_t forbidden; /* and at the last at which more had been sent */
	bool is_closed;
};

/* True when it is time to count, and to tell firewall_take(). */
bool firewall_is_due(const struct firewall *firewall, struct mono now);

/* So many datagrams have left, and so many were forbidden, of all time. */
enum firewall_news firewall_take(struct firewall *firewall, struct mono now, uint64_t sent,
				 uint64_t forbidden);

#endif
