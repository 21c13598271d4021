/* watch_known.c - an oracle for shortcuts: see watch.h.
 *
 * With `shortcuts known` a member that looks for a shortcut knows how far away everybody is, as it
 * would by network coordinates that are never wrong, and takes the nearest of all who stand in that
 * slot's share of the ring. Nothing that a real member could do is better, so this shows what
 * coordinates can be worth.
 */
#include "prog/ipop-sim/watch_internal.h"

#include "base/check.h"
#include "ring/shortcuts.h"

#define HALF_LOG ((ID_BITS - 1) * ID_LOG_ONE) /* of half the ring */

static bool known;

void known_begin(const struct play *play)
{
	const struct script_statement *s = script_find(play->config.script, SCRIPT_SHORTCUTS);

	known = s != NULL && s->choice == 1;
}

/* Whether this way, by the shorter side, is one that the slot may draw: as in shortcuts.c. */
static bool is_in_share(const struct shortcuts *shortcuts, size_t slot, const struct id *other)
{
	const struct id way = id_distance(&shortcuts->self, other);
	const uint32_t log = id_log2(&way);
	const uint32_t range = HALF_LOG - shortcuts->least_log;
	const uint32_t count = (uint32_t)shortcuts->count;

	return !id_is_zero(&way) && log >= shortcuts->least_log + range * (uint32_t)slot / count &&
	       log < shortcuts->least_log + range * (uint32_t)(slot + 1) / count;
}

/* Of those up in the slot's share; CROWD_NOBODY if there is none. */
static uint32_t nearest_in_share(const struct shortcuts *shortcuts, size_t slot)
{
	const struct crowd *crowd = &watched_play()->crowd;
	const struct net *net = world_net(crowd->world);
	const struct member *self = watched_member();
	uint64_t least_us = UINT64_MAX;
	uint32_t nearest = CROWD_NOBODY;

	CHECK(self != NULL); /* it looks for a shortcut */
	for (uint32_t i = 0; i < crowd->count; i++) {
		const struct member *m = &crowd->members[i];
		uint64_t us;

		if (!crowd_is_up(crowd, i) ||
		    !is_in_share(shortcuts, slot, &m->identity.certificate.id))
			continue;
		us = net_delay_us(net, self->host, m->host);
		if (us < least_us) {
			least_us = us;
			nearest = i;
		}
	}
	return nearest;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
bool __real_shortcuts_poll(struct shortcuts *shortcuts, struct now now, struct id *ret_key);
bool __wrap_shortcuts_poll(struct shortcuts *shortcuts, struct now now, struct id *ret_key);

bool __wrap_shortcuts_poll(struct shortcuts *shortcuts, struct now now, struct id *ret_key)
{
	if (!__real_shortcuts_poll(shortcuts, now, ret_key))
		return false;
	for (size_t slot = 0; known && slot < shortcuts->count; slot++) {
		struct shortcut *s = &shortcuts->slots[slot];
		uint32_t nearest;

		if ((s->state != SHORTCUT_SOUGHT && s->state != SHORTCUT_HELD_SOUGHT) ||
		    !id_equal(&s->key, ret_key))
			continue;
		nearest = nearest_in_share(shortcuts, slot);
		if (nearest != CROWD_NOBODY)
			s->key = watched_play()->crowd.members[nearest].identity.certificate.id;
		*ret_key = s->key;
		break;
	}
	return true;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
