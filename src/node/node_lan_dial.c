/* node_lan_dial.c - see node_lan_dial.h. */
#include "node/node_internal.h"

#include "base/check.h"
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

/* Who was answered keeps its turn while there is another. */
static bool gives_way_before(const struct node *node, const struct lan_dial *dial,
			     const struct lan_dial *other)
{
	const bool answered = sessions_is_answered(node->sessions, dial->session);
	const bool other_answered = sessions_is_answered(node->sessions, other->session);

	return answered == other_answered ? mono_reached(other->at, dial->at) : other_answered;
}

/* -- whose turn it is ---------------------------------------------------------------------- */

/* The one whose turn ends if this sender is dialled now: at the same source, or the eldest if there
 * are too many. NULL: none need end. */
static struct lan_dial *before(struct node *node, const struct heard_sender *sender)
{
	struct lan_dial *eldest = NULL;
	uint32_t count = 0;

	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		struct lan_dial *dial = &node->lan.dials[i];

		if (!is_under_way(dial))
			continue;
		if (heard_is_source(sender, &dial->remote))
			return dial;
		if (eldest == NULL || gives_way_before(node, dial, eldest))
			eldest = dial;
		count++;
	}
	return count < LAN_DIALS_AT_ONCE_MAX ? NULL : eldest;
}

static uint32_t dials_of_source(const struct node *node, const struct heard_sender *sender)
{
	uint32_t count = 0;

	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		const struct lan_dial *dial = &node->lan.dials[i];

		count += dial->used && heard_is_source(sender, &dial->remote);
	}
	return count;
}

static bool is_beside(const struct heard_sender *sender)
{
	return !sender->is_far && !endpoint_is_v4(&sender->from);
}

static bool is_wanted(const struct node *node, const struct id *id)
{
	struct handle handle;
	const struct peer *peer = peer_find(node, id, &handle);

	return (peer == NULL || !peer_is_up(peer)) &&
	       (node_is_alone(node) || ring_would_be_near(node->ring, id));
}

static bool is_being_dialled(const struct node *node, const struct heard_sender *sender)
{
	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		const struct lan_dial *dial = &node->lan.dials[i];

		if (is_under_way(dial) && id_equal(&dial->id, &sender->id) &&
		    heard_is_source(sender, &dial->remote))
			return true;
	}
	return false;
}

static bool may_be_dialled(struct node *node, struct now now, const struct heard_sender *sender)
{
	const struct lan_dial *other = before(node, sender);

	return is_wanted(node, &sender->id) &&
	       SECCHECK(SEC_BEACON_SITE, dials_of_source(node, sender) < LAN_DIALS_OF_SOURCE_MAX) &&
	       (other == NULL || (is_older(other, now, LAN_DIAL_ALONE_MS) &&
				  !sessions_is_answered(node->sessions, other->session))) &&
	       (is_beside(sender) || allowance_left(&node->lan.far, now.mono, LAN_DIALS_FAR_MAX,
						    LAN_DIALS_REFILL_MS) > 0);
}

/* One by lot of those who wait and may be dialled now: when somebody speaks wins him nothing. */
static struct heard_sender *draw(struct node *node, struct now now)
{
	struct heard *heard = &node->lan.heard;
	struct heard_sender *drawn = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < heard->count; i++) {
		struct heard_sender *sender = &heard->senders[i];

		if (sender->waits.us == MONO_NEVER.us)
			continue;
		if (mono_reached(now.mono, mono_add_ms(sender->waits, LAN_WAIT_MS)))
			sender->waits = MONO_NEVER;
		if (sender->waits.us == MONO_NEVER.us || !may_be_dialled(node, now, sender))
			continue;
		if (rng_between(&node->rng, 0, count++) == 0)
			drawn = sender;
	}
	return drawn;
}

static bool is_anybody_waiting(const struct heard *heard)
{
	for (uint32_t i = 0; i < heard->count; i++)
		if (heard->senders[i].waits.us != MONO_NEVER.us)
			return true;
	return false;
}

/* -- dials --------------------------------------------------------------------------------- */

/* Unused, or else the eldest that is over; beside us before all others, since there can be more of
 * these than are remembered. */
static struct lan_dial *place(struct node *node)
{
	struct lan_dial *place = NULL;

	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		struct lan_dial *dial = &node->lan.dials[i];

		if (!dial->used)
			return dial;
		if (is_under_way(dial))
			continue;
		if (place == NULL || (dial->is_beside && !place->is_beside) ||
		    (dial->is_beside == place->is_beside && !mono_reached(dial->at, place->at)))
			place = dial;
	}
	CHECK(place != NULL); /* few are under way at once */
	return place;
}

static void dial(struct node *node, struct now now, struct heard_sender *sender)
{
	const struct target target = { .kind = TARGET_EXACT, .id = sender->id };
	const struct endpoint local = carrier_any_local(&sender->from);
	const struct carrier carrier = carrier_of(&local, &sender->from);
	struct lan_dial *other = before(node, sender);
	struct lan_dial *dial = place(node);

	sender->waits = MONO_NEVER;
	if (other != NULL)
		end(node, now, other);
	*dial = (struct lan_dial){ .used = true,
				   .is_beside = is_beside(sender),
				   .id = sender->id,
				   .remote = sender->from,
				   .at = now.mono };
	if (sessions_dial(node->sessions, now, &target, &carrier, &dial->session) != 0)
		dial->used = false;
	else if (!dial->is_beside)
		(void)allowance_take(&node->lan.far, now.mono, 1, LAN_DIALS_FAR_MAX,
				     LAN_DIALS_REFILL_MS); /* there was one */
}

static void end_old(struct node *node, struct now now)
{
	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		struct lan_dial *dial = &node->lan.dials[i];
		const struct peer *peer;
		struct handle handle;

		if (!dial->used)
			continue;
		peer = peer_find(node, &dial->id, &handle);
		if (peer != NULL && peer_is_up(peer)) {
			dial->used = false;
			if (!dial->is_beside)
				allowance_give_back(&node->lan.far, 1);
		} else if (is_older(dial, now, LAN_DIAL_KEPT_MS)) {
			dial->used = false;
		} else if (is_under_way(dial) && is_older(dial, now, LAN_DIAL_PATIENCE_MS)) {
			end(node, now, dial);
		}
	}
}

void lan_dials_tick(struct node *node, struct now now)
{
	struct lan *lan = &node->lan;
	struct heard_sender *next;

	end_old(node, now);
	if (node->shutting_down)
		lan->draw = MONO_NEVER;
	if (!mono_reached(now.mono, lan->draw))
		return;
	while ((next = draw(node, now)) != NULL)
		dial(node, now, next);
	lan->draw =
		is_anybody_waiting(&lan->heard) ? mono_add_ms(now.mono, LAN_DRAW_MS) : MONO_NEVER;
}

void lan_dial(struct node *node, struct now now, struct heard_sender *sender)
{
	if (!SECCHECK(SEC_BEACON_PROBEABLE,
		      candidates_is_probeable(&node->candidates, &sender->from)) ||
	    !is_wanted(node, &sender->id) || is_being_dialled(node, sender))
		return;
	sender->waits = now.mono;
	node->lan.draw = now.mono;
}

struct mono lan_dials_deadline(const struct node *node)
{
	struct mono deadline = node->lan.draw;

	for (size_t i = 0; i < LAN_DIALS_MAX; i++) {
		const struct lan_dial *dial = &node->lan.dials[i];

		if (is_under_way(dial))
			deadline = mono_min(deadline, mono_add_ms(dial->at, LAN_DIAL_PATIENCE_MS));
	}
	return deadline;
}
