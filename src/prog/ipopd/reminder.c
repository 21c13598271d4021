/* reminder.c - see reminder.h. */
#include "prog/ipopd/reminder.h"

#include "group/bundle.h"

#define PAUSE_MS (UINT64_C(3600000) * REMINDER_HOURS)
#define DAY_US (INT64_C(86400) * 1000000)

void reminder_init(struct reminder *reminder, struct wall not_after, struct wall built,
		   struct mono now)
{
	*reminder = (struct reminder){ .not_after = not_after, .built = built, .next = now };
}

bool reminder_poll(struct reminder *reminder, struct now now, uint32_t *ret_days)
{
	const struct wall end = reminder->not_after;

	if (!mono_reached(now.mono, reminder->next))
		return false;
	reminder->next = mono_add_ms(now.mono, PAUSE_MS);
	if (now.wall.us < reminder->built.us || !bundle_renewal_is_due(end, now.wall))
		return false;
	*ret_days = end.us <= now.wall.us ? 0 : (uint32_t)((end.us - now.wall.us - 1) / DAY_US) + 1;
	return true;
}

struct mono reminder_deadline(const struct reminder *reminder)
{
	return reminder->next;
}
