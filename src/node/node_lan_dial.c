/* node_lan_dial.c - see node_lan_dial.h. */
#include "node/node_internal.h"

#include "base/seccheck.h"
#include "node/carrier.h"

static bool is_older(const struct lan_dial *dial, struct now now, uint64_t ms)
{
	return mono_reached(now.mono, mono_add_ms(dial->at, ms));
}

static bool is_under_way(const struct lan_dial *dial)
{
	return dial->used && !handle_is_none(dial->session);
}

/* Unless a session has come of it: then it is no dial any more. */
static void end(struct node *node, struct now now, struct lan_dial *dial)
{
	const struct channel *channel = channel_of(node, dial->session);

	if (channel == NULL || !channel->standing)
		sessions_close(node->sessions, now, dial->session, FRAME_CLOSE_IDLE);
	dial->session = HANDLE_NONE;
}

void lan_dials_tick(struct node *node, struct now now)
{
	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		struct lan_dial *dial = &node->lan.dials[i];
		const struct peer *peer;
		struct handle handle;

		if (!dial->used)
			continue;
		peer = peer_find(node, &dial->id, &handle);
		if ((peer != NULL && peer_is_up(peer)) || is_older(dial, now, LAN_DIAL_KEPT_MS))
			dial->used = false;
		else if (is_under_way(dial) && is_older(dial, now, LAN_DIAL_PATIENCE_MS))
			end(node, now, dial);
	}
}

/* Who was answered keeps its turn while there is another. */
static bool gives_way_before(const struct node *node, const struct lan_dial *dial,
			     const struct lan_dial *other)
{
	const bool answered = sessions_is_answered(node->sessions, dial->session);
	const bool other_answered = sessions_is_answered(node->sessions, other->session);

	return answered == other_answered ? mono_reached(other->at, dial->at) : other_answered;
}

/* The one whose turn ends if `remote` is dialled now: at the same site, or the eldest if there are
 * too many. NULL: none need end. */
static struct lan_dial *before(struct node *node, const struct endpoint *remote)
{
	struct lan_dial *eldest = NULL;
	uint32_t count = 0;

	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		struct lan_dial *dial = &node->lan.dials[i];

		if (!is_under_way(dial))
			continue;
		if (endpoint_site_equal(&dial->remote, remote))
			return dial;
		if (eldest == NULL || gives_way_before(node, dial, eldest))
			eldest = dial;
		count++;
	}
	return count < LAN_DIALS_AT_ONCE_MAX ? NULL : eldest;
}

/* NULL if it is dialled already, or so many were in vain. */
static struct lan_dial *place_for(struct node *node, const struct id *id,
				  const struct endpoint *remote)
{
	struct lan_dial *place = NULL;
	uint32_t of_site = 0;

	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		struct lan_dial *dial = &node->lan.dials[i];

		if (!dial->used)
			place = dial;
		else if (is_under_way(dial) && id_equal(&dial->id, id))
			return NULL;
		else
			of_site += endpoint_site_equal(&dial->remote, remote);
	}
	return SECCHECK(SEC_BEACON_SITE, of_site < LAN_DIALS_OF_SITE_MAX) ? place : NULL;
}

void lan_dial(struct node *node, struct now now, const struct id *id, const struct endpoint *remote)
{
	const struct target target = { .kind = TARGET_EXACT, .id = *id };
	const struct endpoint local = carrier_any_local(remote);
	const struct carrier carrier = carrier_of(&local, remote);
	struct lan_dial *place, *other;

	if (!SECCHECK(SEC_BEACON_PROBEABLE, candidates_is_probeable(&node->candidates, remote)))
		return;
	lan_dials_tick(node, now);
	place = place_for(node, id, remote);
	other = before(node, remote);
	if (place == NULL ||
	    (other != NULL && (!is_older(other, now, LAN_DIAL_ALONE_MS) ||
			       sessions_is_answered(node->sessions, other->session))))
		return;
	if (other != NULL)
		end(node, now, other);
	*place = (struct lan_dial){ .used = true, .id = *id, .remote = *remote, .at = now.mono };
	if (sessions_dial(node->sessions, now, &target, &carrier, &place->session) != 0)
		place->used = false;
}

struct mono lan_dials_deadline(const struct node *node)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		const struct lan_dial *dial = &node->lan.dials[i];

		if (is_under_way(dial))
			deadline = mono_min(deadline, mono_add_ms(dial->at, LAN_DIAL_PATIENCE_MS));
	}
	return deadline;
}
