/* reminder.h - that this host's certificate ends is said while there is time to renew it, once a
 * day, for a daemon runs for longer than a log is kept.
 *
 * Nothing is said while the calendar is wrong for certain: bundle_judged_at() says when that is.
 */
#ifndef PROG_IPOPD_REMINDER_H
#define PROG_IPOPD_REMINDER_H

#include "base/mono.h"

#define REMINDER_HOURS 24 /* between two */

/* Embed it; nothing to free or to read. */
struct reminder {
	struct wall not_after; /* of the certificate */
	struct wall built;     /* no calendar may stand before */
	struct mono next;      /* look again */
};

void reminder_init(struct reminder *reminder, struct wall not_after, struct wall built,
		   struct mono now);

/* True means: say it now; with the days that are left, the last one not whole, 0 if none is. */
bool reminder_poll(struct reminder *reminder, struct now now, uint32_t *ret_days);
struct mono reminder_deadline(const struct reminder *reminder);

#endif
