/* node_relaying.c - relays that we use, and whom we relay for.
 *
 * Both ends of a pair must ask the same member at the same time, whatever each has found of them
 * alone. Each has told the other which members it has a direct link to; who stands in both lists
 * can relay. From the moment at which the session stood both count turns, and in each turn they
 * take them as they stand on the ring, from another place on: the lowest ids first at first. Of
 * whatever else decided, one side could know what the other does not, and they would miss each
 * other for ever. Who granted and does not carry comes last, which both see; and who ended it is
 * left alone for a moment. If there are too few, each makes a link to some of the other's. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#define ASK_REPEAT_MS 1000 /* until it is granted, */
#define ASKS_SOON 3        /* or these were in vain: */
#define ASK_LATER_MS 3000  /* so it goes on until the next turn */
#define ASKS_MAX 6
#define BARRED_MS 5000   /* who ended it is not asked; less than a turn */
#define SHUNNED_MS 60000 /* who did not carry comes last */
#define TURN_MS PATHS_RELAY_AGAIN_MS
#define TURN_STEP 0x9e3779b9U /* of the ring of 2^32: turns begin far apart (golden section) */

const struct relaying *relaying_of(const struct node *node, struct handle peer,
				   const struct way *way)
{
	const struct peer *p = pool_at(&node->peers, peer);

	for (size_t i = 0; p != NULL && i < PEER_RELAYS_MAX; i++) {
		const struct relaying *r = &p->relayings[i];

		if (!handle_is_none(r->relay) && r->relay.index + 1 == way->link &&
		    r->index == way->index)
			return r;
	}
	return NULL;
}

static bool can_relay(const struct peer *peer)
{
	return peer_is_up(peer) && peer_way(peer).kind == WAY_DIRECT &&
	       (peer->capabilities & NODE_CAPABILITY_RELAY) != 0;
}

/* In the order of ids, which is the same for everybody: the lowest first. */
uint8_t relaying_offers(const struct node *node, struct id ret[CANDIDATE_RELAYS_MAX])
{
	uint8_t count = 0;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, i, &handle);
		uint8_t at = count;

		if (peer == NULL || !can_relay(peer))
			continue;
		while (at > 0 && id_compare(&peer->id, &ret[at - 1]) < 0)
			at--;
		if (at == CANDIDATE_RELAYS_MAX)
			continue;
		if (count < CANDIDATE_RELAYS_MAX)
			count++;
		memmove(&ret[at + 1], &ret[at], (size_t)(count - 1 - at) * sizeof(ret[0]));
		ret[at] = peer->id;
	}
	return count;
}

/* Lost, it is repeated; an END is made up for by the relay's own clock. */
static void say(struct node *node, struct now now, const struct peer *peer,
		const struct relaying *relaying, uint8_t kind)
{
	const struct peer *relay = pool_at(&node->peers, relaying->relay);
	const struct relay_message message = { .peer = peer->id, .index = relaying->index };
	uint8_t bytes[sizeof(message)];
	struct writer w = writer_of(bytes, sizeof(bytes));

	relay_message_encode(&message, &w);
	CHECK(writer_ok(&w));
	if (relay != NULL)
		(void)send_to_peer(node, now, relay, kind, writer_span(&w));
}

static void ask(struct node *node, struct now now, const struct peer *peer,
		struct relaying *relaying)
{
	uint64_t again_ms = relaying->granted ? RELAYS_REFRESH_MS : ASK_REPEAT_MS;

	relaying->asks++;
	if (!relaying->granted && relaying->asks >= ASKS_SOON)
		again_ms = ASK_LATER_MS;
	relaying->next = mono_add_ms(now.mono, again_ms);
	say(node, now, peer, relaying, FRAME_RELAY_ASK);
}

static struct relaying *relaying_by(struct peer *peer, struct handle relay)
{
	for (size_t i = 0; i < PEER_RELAYS_MAX; i++)
		if (handle_equal(peer->relayings[i].relay, relay))
			return &peer->relayings[i];
	return NULL;
}

/* An index that no other of our ways by a relay has. */
static uint32_t new_index(struct node *node)
{
	node->relay_index++;
	if (node->relay_index == 0)
		node->relay_index++;
	return node->relay_index;
}

static bool is_unused(const struct relaying *relaying)
{
	return handle_is_none(relaying->relay);
}

static struct way way_of(const struct relaying *relaying)
{
	return way_relay(relaying->relay.index + 1, relaying->index);
}

/* It was granted, and carries nothing. */
static bool rests(const struct peer *peer, const struct relaying *relaying)
{
	const struct way way = way_of(relaying);

	return relaying->granted && paths_rests(&peer->paths, &way);
}

/* -- who did not serve ----------------------------------------------------------------------- */

/* How many turns the pair has had: as the other end counts them. */
static uint32_t turn_of(const struct peer *peer, struct mono now)
{
	return (uint32_t)((now.us - peer->since.us) / (TURN_MS * UINT64_C(1000)));
}

static const struct shunned *shunned_of(const struct peer *peer, struct handle relay)
{
	for (size_t i = 0; i < PEER_SHUNNED_MAX; i++)
		if (handle_equal(peer->shunned[i].relay, relay))
			return &peer->shunned[i];
	return NULL;
}

/* In the place that it has, else in one that matters least: all are zero at first. */
static void shun(struct peer *peer, const struct shunned *shunned)
{
	struct shunned *place = &peer->shunned[0];

	for (size_t i = 0; i < PEER_SHUNNED_MAX; i++) {
		struct shunned *at = &peer->shunned[i];

		if (handle_equal(at->relay, shunned->relay)) {
			place = at;
			break;
		}
		if (at->last.us < place->last.us)
			place = at;
	}
	*place = *shunned;
}

/* It granted, and nothing came through. */
static void put_last(struct peer *peer, struct mono now, struct handle relay)
{
	shun(peer, &(struct shunned){ .relay = relay, .last = mono_add_ms(now, SHUNNED_MS) });
}

/* It ended it, for whatever reason. */
static void bar(struct peer *peer, struct mono now, struct handle relay)
{
	const struct mono until = mono_add_ms(now, BARRED_MS);

	shun(peer, &(struct shunned){ .relay = relay, .barred = until, .last = until });
}

/* -- asking ---------------------------------------------------------------------------------- */

/* Nothing is said to the relay. */
static void end(struct node *node, struct now now, struct handle handle, struct relaying *relaying)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const struct way way = way_of(relaying);

	*relaying = (struct relaying){ 0 };
	node->table_wanted = true;
	if (peer_is_up(peer))
		paths_remove_relay(&peer->paths, now.mono, &way);
	ways_touch(node, handle);
}

static void give_up(struct node *node, struct now now, struct handle handle,
		    struct relaying *relaying)
{
	say(node, now, pool_at(&node->peers, handle), relaying, FRAME_RELAY_END);
	end(node, now, handle, relaying);
}

static void begin(struct node *node, struct now now, struct peer *peer, struct handle relay)
{
	struct relaying *relaying = relaying_by(peer, HANDLE_NONE);

	CHECK(relaying != NULL); /* no more are chosen than there is room for */
	*relaying = (struct relaying){ .relay = relay,
				       .index = new_index(node),
				       .turn = turn_of(peer, now.mono) };
	ask(node, now, peer, relaying);
	node->table_wanted = true; /* what comes under the index is expected */
}

static bool is_named(const struct candidates_message *candidates, const struct id *id)
{
	for (size_t i = 0; i < candidates->relay_count; i++)
		if (id_equal(&candidates->relays[i], id))
			return true;
	return false;
}

/* When it last did not serve, as far as that counts still; zero: it never did not. */
static struct mono shunned_until(const struct peer *peer, struct mono now, struct handle relay)
{
	const struct shunned *shunned = shunned_of(peer, relay);

	return shunned == NULL || mono_reached(now, shunned->last) ? (struct mono){ 0 }
								   : shunned->last;
}

/* It was asked in an earlier turn, in vain. */
static bool is_stale(const struct peer *peer, struct mono now, const struct relaying *relaying)
{
	return !relaying->granted && relaying->turn != turn_of(peer, now);
}

/* Nothing is to be expected of it before it is asked again. */
static bool is_idle(const struct peer *peer, struct mono now, const struct relaying *relaying)
{
	return rests(peer, relaying) || is_stale(peer, now, relaying);
}

/* How far it stands from where the turn begins. */
static struct id place_in_turn(uint32_t turn, const struct id *relay)
{
	const uint32_t start = turn * TURN_STEP;
	const struct id from = { { (uint8_t)(start >> 24), (uint8_t)(start >> 16),
				   (uint8_t)(start >> 8), (uint8_t)start } };

	return id_clockwise(&from, relay);
}

struct choice {
	struct handle relay;
	struct mono shunned;
	struct id place;
};

static bool goes_before(const struct choice *a, const struct choice *b)
{
	if (a->shunned.us != b->shunned.us)
		return a->shunned.us < b->shunned.us;
	return id_compare(&a->place, &b->place) < 0;
}

/* What may be asked now and is not in use: in the order of the turn, but who did not carry comes
 * last, the latest last of all. */
static uint8_t choose(const struct node *node, struct mono now, struct peer *peer,
		      struct choice ret[CANDIDATE_RELAYS_MAX])
{
	struct id ours[CANDIDATE_RELAYS_MAX];
	const uint8_t offers = relaying_offers(node, ours);
	uint8_t count = 0;

	for (uint8_t i = 0; i < offers; i++) {
		struct choice choice = { .place = place_in_turn(turn_of(peer, now), &ours[i]) };
		const struct relaying *present;
		const struct shunned *shunned;
		uint8_t at = count;

		if (!is_named(&peer->candidates, &ours[i]) || id_equal(&ours[i], &peer->id) ||
		    peer_find(node, &ours[i], &choice.relay) == NULL)
			continue;
		present = relaying_by(peer, choice.relay);
		shunned = shunned_of(peer, choice.relay);
		if ((present != NULL && !is_idle(peer, now, present)) ||
		    (shunned != NULL && !mono_reached(now, shunned->barred)))
			continue;
		choice.shunned = shunned_until(peer, now, choice.relay);
		while (at > 0 && goes_before(&choice, &ret[at - 1]))
			at--;
		memmove(&ret[at + 1], &ret[at], (size_t)(count - at) * sizeof(ret[0]));
		ret[at] = choice;
		count++;
	}
	return count;
}

static bool is_among(const struct choice *chosen, unsigned count, struct handle relay)
{
	for (unsigned i = 0; i < count; i++)
		if (handle_equal(chosen[i].relay, relay))
			return true;
	return false;
}

/* Asks it, or tries what it granted once more. */
static void take(struct node *node, struct now now, struct peer *peer, struct handle relay)
{
	struct relaying *present = relaying_by(peer, relay);

	if (present == NULL) {
		begin(node, now, peer, relay);
	} else if (present->granted) {
		const struct way way = way_of(present);

		paths_add_relay(&peer->paths, now.mono, &way);
	} else {
		present->turn = turn_of(peer, now.mono);
		present->asks = 0;
		ask(node, now, peer, present);
	}
}

/* Takes relays that both have a link to, in place of those that do not carry, unless there are no
 * others: then these are tried again. How many are in use or asked then. */
static unsigned take_common(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct choice chosen[CANDIDATE_RELAYS_MAX];
	bool idle[PEER_RELAYS_MAX];
	unsigned taken = 0, count, lacking;

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];

		idle[i] = !is_unused(relaying) && is_idle(peer, now.mono, relaying);
		if (idle[i] && relaying->granted)
			put_last(peer, now.mono, relaying->relay);
		taken += !idle[i] && !is_unused(relaying);
	}
	count = choose(node, now.mono, peer, chosen);
	lacking = peer->relays_wanted > taken ? peer->relays_wanted - taken : 0;
	if (taken == 0 && turn_of(peer, now.mono) > 0)
		lacking = PEER_RELAYS_MAX; /* with one at a time it did not go well */
	if (count > lacking)
		count = lacking;
	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];

		/* As it was found above: to give one up may have path/ try the other again. */
		if (idle[i] && !is_among(chosen, count, relaying->relay))
			give_up(node, now, handle, relaying);
	}
	for (unsigned i = 0; i < count; i++)
		take(node, now, peer, chosen[i].relay);
	return taken + count;
}

/* So that there be more of them. */
static void make_links(struct node *node, struct now now, struct peer *peer, unsigned wanted)
{
	unsigned made = 0;

	if (!mono_reached(now.mono, peer->relay_links_next))
		return;
	for (uint8_t i = 0; i < peer->candidates.relay_count && made < wanted; i++) {
		const struct wish wish = { .kind = WISH_ID, .id = peer->candidates.relays[i] };
		struct handle relay;
		const struct peer *known = peer_find(node, &wish.id, &relay);

		if (id_equal(&wish.id, &node->certificate.id) ||
		    (known != NULL && peer_is_up(known)))
			continue;
		made += wish_for(node, now, &wish) == 0;
	}
	if (made > 0)
		peer->relay_links_next = mono_add_ms(now.mono, PATHS_RELAY_AGAIN_MS);
}

static void find_relays(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const unsigned taken = take_common(node, now, handle);

	if (taken < peer->relays_wanted)
		make_links(node, now, peer, peer->relays_wanted - taken);
}

void relaying_want(struct node *node, struct now now, struct handle handle, uint32_t count)
{
	struct peer *peer = pool_at(&node->peers, handle);

	CHECK(count <= PEER_RELAYS_MAX);
	peer->relay_wanted = now.mono;
	peer->relays_wanted = count;
	find_relays(node, now, handle);
}

void relaying_retry(struct node *node, struct now now, struct handle handle)
{
	const struct peer *peer = pool_at(&node->peers, handle);

	if (peer->relay_wanted.us != 0 && peer_way(peer).kind != WAY_DIRECT &&
	    !mono_reached(now.mono, mono_add_ms(peer->relay_wanted, PATHS_RELAY_AGAIN_MS)))
		find_relays(node, now, handle);
}

void relaying_drop(struct node *node, struct now now, struct handle handle, const struct way *way)
{
	struct peer *peer = pool_at(&node->peers, handle);

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];
		const struct way its = way_of(relaying);

		if (!is_unused(relaying) && way_equal(&its, way))
			give_up(node, now, handle, relaying);
	}
}

void relaying_forget(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++)
		if (!is_unused(&peer->relayings[i]))
			say(node, now, peer, &peer->relayings[i], FRAME_RELAY_END);
	memset(peer->relayings, 0, sizeof(peer->relayings));
	memset(peer->shunned, 0, sizeof(peer->shunned));
	peer->relay_wanted = (struct mono){ 0 };
	peer->relay_links_next = (struct mono){ 0 };
}

struct mono relaying_deadline(const struct peer *peer)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++)
		if (!handle_is_none(peer->relayings[i].relay))
			deadline = mono_min(deadline, peer->relayings[i].next);
	return deadline;
}

void relaying_tick(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];

		if (handle_is_none(relaying->relay) || !mono_reached(now.mono, relaying->next))
			continue;
		if (relaying->granted || relaying->asks < ASKS_MAX) {
			ask(node, now, peer, relaying);
			continue;
		}
		give_up(node, now, handle, relaying);
	}
}

/* Shares are of what is allowed in all, and together no more. */
struct meter *relaying_share(struct node *node, struct handle member, uint32_t count)
{
	struct peer *peer = pool_at(&node->peers, member);
	const uint64_t rate = node->config.relay_bytes_s / count;
	const uint32_t burst = RELAY_BURST_BYTES / count;
	const uint64_t share_rate = rate > 0 ? rate : 1;
	const uint32_t share_burst = burst > RELAY_SHARE_BYTES_MIN ? burst : RELAY_SHARE_BYTES_MIN;

	if (peer->share != NULL)
		meter_set(peer->share, share_rate, share_burst);
	else if (meter_new(share_rate, share_burst, &peer->share) != 0)
		return NULL;
	return peer->share;
}

void relaying_free_shares(struct node *node)
{
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle unused;
		struct peer *peer = pool_slot(&node->peers, i, &unused);

		if (peer != NULL)
			meter_unref(peer->share);
	}
}

void relaying_link_down(struct node *node, struct now now, struct handle member)
{
	struct peer *relay = pool_at(&node->peers, member);

	meter_unref(relay->share); /* the table that is in use has its own reference */
	relay->share = NULL;
	relays_link_down(node->relays, &relay->id);
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		struct peer *peer = pool_slot(&node->peers, i, &handle);
		struct relaying *relaying = peer == NULL ? NULL : relaying_by(peer, member);

		if (relaying != NULL)
			end(node, now, handle, relaying);
	}
}

/* --- frames -------------------------------------------------------------------------------------
 */

static int granted(struct node *node, struct now now, struct handle handle, struct handle from,
		   const struct relay_message *message)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct relaying *relaying = relaying_by(peer, from);
	struct way way;

	if (!SECCHECK(SEC_GRANT_ASKED, relaying != NULL && relaying->asks > 0) || relaying == NULL)
		return ERR_NOT_FOUND; /* one for each ASK: a new table may follow */
	node->table_wanted |= !relaying->granted || relaying->send_index != message->index;
	relaying->send_index = message->index;
	relaying->granted = true;
	relaying->asks = 0;
	relaying->next = mono_add_ms(now.mono, RELAYS_REFRESH_MS);
	way = way_of(relaying);
	paths_add_relay(&peer->paths, now.mono, &way);
	ways_touch(node, handle);
	return 0;
}

static int ended(struct node *node, struct now now, struct handle handle, struct handle from,
		 const struct relay_message *message)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct relaying *relaying = relaying_by(peer, from);

	if (relaying == NULL || relaying->index != message->index)
		return ERR_NOT_FOUND; /* of what we asked for before */
	bar(peer, now.mono, from);
	end(node, now, handle, relaying);
	return 0;
}

static int asked(struct node *node, struct now now, const struct peer *from,
		 const struct relay_message *message)
{
	if (!SECCHECK(SEC_RELAY_POLICY, from->may_relay && node->config.relay_bytes_s > 0) ||
	    peer_way(from).kind != WAY_DIRECT)
		return ERR_DENIED;
	return relays_ask(node->relays, now.mono, &from->id, message);
}

int relaying_frame(struct node *node, struct now now, struct handle from, uint8_t kind,
		   struct span payload)
{
	struct peer *link = pool_at(&node->peers, from);
	struct relay_message message;
	struct handle handle;
	struct peer *peer;
	const int err = relay_message_decode(payload, &message);

	if (err != 0)
		return err;
	if (kind == FRAME_RELAY_ASK)
		return asked(node, now, link, &message);
	if (kind == FRAME_RELAY_END)
		relays_end(node->relays, &link->id, &message);
	peer = peer_find(node, &message.peer, &handle);
	if (peer == NULL || !peer_is_up(peer))
		return ERR_NOT_FOUND;
	return kind == FRAME_RELAY_GRANT ? granted(node, now, handle, from, &message)
					 : ended(node, now, handle, from, &message);
}

void relaying_poll(struct node *node, struct now now)
{
	struct relays_output output;

	while (send_room(node) >= PARTS_MAX && relays_poll(node->relays, now.mono, &output)) {
		uint8_t bytes[sizeof(output.message)];
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct handle handle;
		const struct peer *to = peer_find(node, &output.to, &handle);

		if (output.kind == RELAYS_CHANGED) {
			node->table_wanted = true;
			continue;
		}
		relay_message_encode(&output.message, &w);
		CHECK(writer_ok(&w));
		if (to != NULL)
			(void)send_to_peer(node, now, to,
					   output.kind == RELAYS_GRANT ? FRAME_RELAY_GRANT
								       : FRAME_RELAY_END,
					   writer_span(&w));
	}
}
