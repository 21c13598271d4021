/* firewall.c - see firewall.h. */
#include "prog/ipopd/firewall.h"

bool firewall_is_due(const struct firewall *firewall, struct mono now)
{
	return mono_reached(now, firewall->look_at);
}

enum firewall_news firewall_take(struct firewall *firewall, struct mono now, uint64_t sent,
				 uint64_t forbidden)
{
	const bool was_closed = firewall->is_closed;

	firewall->look_at = mono_add_ms(now, FIREWALL_LOOK_MS);
	if (sent != firewall->sent) {
		firewall->sent = sent;
		firewall->forbidden = forbidden;
		firewall->is_closed = false;
	} else if (forbidden - firewall->forbidden >= FIREWALL_FORBIDDEN_MIN) {
		firewall->is_closed = true;
	}
	if (firewall->is_closed == was_closed)
		return FIREWALL_NO_NEWS;
	return firewall->is_closed ? FIREWALL_CLOSED : FIREWALL_OPEN;
}
