/* node_relaying.c - relays that we use, and whom we relay for.
 *
 * Both ends of a pair must ask the same member. Each has told the other which members it has a
 * direct link to; who stands in both lists can relay, and both take those in the order of their
 * ids. Who does not grant, or grants and does not carry, comes last then; and who ended it is left
 * alone for a while. If there are too few, each makes a link to some of the other's. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#include <assert.h>

#define ASK_REPEAT_MS 1000 /* until it is granted */
#define ASK_NEXT_MS 400    /* until another one is asked, too */
#define ASKS_MAX 6         /* in vain: the peer does not ask there, or it has gone */
#define BARRED_MS 5000     /* who ended it is not asked; less than PATHS_RELAY_AGAIN_MS */
#define SHUNNED_MS 60000   /* who did not serve comes last */

static_assert(PATHS_RELAYS_MAX > PATHS_WANTED_MAX, "no place for one in use that has ended");

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

bool relaying_is_able(const struct peer *peer)
{
	return peer_is_up(peer) && peer_way(peer).kind == WAY_DIRECT &&
	       (peer->capabilities & NODE_CAPABILITY_RELAY) != 0;
}

bool relaying_with(const struct node *node, struct handle member)
{
	const struct peer *with = pool_at(&node->peers, member);
	struct relays_direction direction;
	uint32_t cursor = 0;

	while (relays_next(node->relays, &cursor, &direction))
		if (id_equal(&direction.from, &with->id))
			return true; /* each pair is there in both directions */
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle unused;
		const struct peer *peer = pool_slot(&node->peers, i, &unused);

		for (size_t k = 0; peer != NULL && k < PEER_RELAYS_MAX; k++)
			if (handle_equal(peer->relayings[k].relay, member))
				return true;
	}
	return false;
}

/* Lost, it is repeated; an END is made up for by the relay's own clock. */
static void say(struct node *node, struct now now, const struct peer *peer,
		const struct relaying *relaying, uint8_t kind)
{
	const struct peer *relay = pool_at(&node->peers, relaying->relay);
	const struct relay_message message = { .peer = peer->id,
					       .index = relaying->index,
					       .is_needed = kind == FRAME_RELAY_ASK &&
							    relaying->is_needed };
	uint8_t bytes[RELAY_MESSAGE_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	relay_message_encode(&message, &w);
	CHECK(writer_ok(&w));
	if (relay != NULL)
		(void)send_to_peer(node, now, relay, kind, writer_span(&w));
}

/* A pair that merely may talk again gives way to others where relays are few. */
static bool is_needed(const struct node *node, const struct peer *peer)
{
	return peer->paths.talks || ring_is_near(node->ring, &peer->id);
}

static void ask(struct node *node, struct now now, const struct peer *peer,
		struct relaying *relaying)
{
	relaying->is_needed = is_needed(node, peer);
	relaying->next =
		mono_add_ms(now.mono, relaying->granted ? RELAYS_REFRESH_MS : ASK_REPEAT_MS);
	relaying->asks++;
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

static const struct shunned *shunned_of(const struct peer *peer, struct handle relay)
{
	for (size_t i = 0; i < PEER_SHUNNED_MAX; i++)
		if (handle_equal(peer->shunned[i].relay, relay))
			return &peer->shunned[i];
	return NULL;
}

/* In the place that it has, else in one that matters least: all are zero at first. */
static void shun(struct peer *peer, struct mono now, struct handle relay, uint64_t barred_ms)
{
	struct shunned *place = &peer->shunned[0];

	for (size_t i = 0; i < PEER_SHUNNED_MAX; i++) {
		struct shunned *at = &peer->shunned[i];

		if (handle_equal(at->relay, relay)) {
			place = at;
			break;
		}
		if (at->last.us < place->last.us)
			place = at;
	}
	*place = (struct shunned){ .relay = relay,
				   .barred = mono_add_ms(now, barred_ms),
				   .last = mono_add_ms(now, SHUNNED_MS) };
}

static void lift_bars(struct peer *peer)
{
	for (size_t i = 0; i < PEER_SHUNNED_MAX; i++)
		peer->shunned[i].barred = (struct mono){ 0 };
}

/* -- asking ---------------------------------------------------------------------------------- */

/* Nothing is said to the relay. */
static void end(struct node *node, struct now now, struct handle handle, struct relaying *relaying)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const struct way way = way_of(relaying);

	*relaying = (struct relaying){ 0 };
	table_now(node);
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

	CHECK(relaying != NULL);
	*relaying = (struct relaying){ .relay = relay, .index = new_index(node) };
	ask(node, now, peer, relaying);
	table_now(node); /* what comes under the index is expected */
}

/* When it last did not serve, as far as that counts still; zero: it never did not. */
static struct mono shunned_until(const struct peer *peer, struct mono now, struct handle relay)
{
	const struct shunned *shunned = shunned_of(peer, relay);

	return shunned == NULL || mono_reached(now, shunned->last) ? (struct mono){ 0 }
								   : shunned->last;
}

static bool is_among(const struct handle *chosen, unsigned count, struct handle relay)
{
	for (unsigned i = 0; i < count; i++)
		if (handle_equal(chosen[i], relay))
			return true;
	return false;
}

/* The peer names it, we have a direct link to it, and it is not in use. */
static bool may_be_asked(const struct node *node, struct mono now, struct peer *peer,
			 const struct id *named, struct handle *ret)
{
	const struct peer *relay = peer_find(node, named, ret);
	const struct relaying *present = relay == NULL ? NULL : relaying_by(peer, *ret);
	const struct shunned *shunned = relay == NULL ? NULL : shunned_of(peer, *ret);

	return relay != NULL && relay != peer && relaying_is_able(relay) &&
	       (present == NULL || rests(peer, present)) &&
	       (shunned == NULL || mono_reached(now, shunned->barred));
}

/* Does `a` come before `b`? Who did not serve comes last, the latest last of all; else in the order
 * of ids, which is the same for both ends. */
static bool is_before(const struct node *node, struct mono now, const struct peer *peer,
		      const struct handle relays[2])
{
	const struct mono a = shunned_until(peer, now, relays[0]);
	const struct mono b = shunned_until(peer, now, relays[1]);

	if (a.us != b.us)
		return a.us < b.us;
	return id_compare(&((const struct peer *)pool_at(&node->peers, relays[0]))->id,
			  &((const struct peer *)pool_at(&node->peers, relays[1]))->id) < 0;
}

/* Those that may be asked, each once, the first first. */
static uint8_t choose(const struct node *node, struct mono now, struct peer *peer,
		      struct handle ret[CANDIDATE_RELAYS_MAX])
{
	uint8_t count = 0;

	for (uint8_t i = 0; i < peer->candidates.relay_count; i++) {
		struct handle pair[2];
		uint8_t at = count;

		if (!may_be_asked(node, now, peer, &peer->candidates.relays[i], &pair[0]) ||
		    is_among(ret, count, pair[0]))
			continue;
		for (; at > 0; at--) {
			pair[1] = ret[at - 1];
			if (!is_before(node, now, peer, pair))
				break;
			ret[at] = ret[at - 1];
		}
		ret[at] = pair[0];
		count++;
	}
	return count;
}

/* How many are in use, how many were asked and have not answered, and how many of these were asked
 * again: they may never answer, so nobody waits for them. */
struct taken {
	unsigned granted, pending, silent;
};

/* Those that carry nothing are marked and will come last. */
static struct taken look_at_taken(struct peer *peer, struct mono now,
				  bool ret_resting[PEER_RELAYS_MAX])
{
	struct taken taken = { 0 };

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];

		ret_resting[i] = !is_unused(relaying) && rests(peer, relaying);
		if (ret_resting[i]) {
			shun(peer, now, relaying->relay, 0);
		} else if (!is_unused(relaying) && relaying->granted) {
			taken.granted++;
		} else if (!is_unused(relaying)) {
			taken.pending++;
			taken.silent += relaying->asks > 1;
		}
	}
	return taken;
}

/* Takes relays that both have a link to, in place of those that do not carry, unless there are no
 * others: then these are tried again. How many are in use, or may soon be, then.
 *
 * The peer may know one more or one less in common, and so be at another place of the list. So
 * while one that was asked does not answer, the next is asked as well: the first that both have
 * asked answers both. */
static unsigned take_common(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct handle chosen[CANDIDATE_RELAYS_MAX];
	bool resting[PEER_RELAYS_MAX];
	const struct taken taken = look_at_taken(peer, now.mono, resting);
	unsigned lacking =
		peer->relays_wanted > taken.granted ? peer->relays_wanted - taken.granted : 0;
	unsigned count = choose(node, now.mono, peer, chosen), begun = 0;

	if (taken.pending > 0 && lacking > 0)
		lacking = mono_reached(now.mono, peer->ask_next) ? 1 : 0;
	if (count > lacking)
		count = lacking;
	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];

		/* As it was found above: to give one up may have path/ try the other again. */
		if (resting[i] && !is_among(chosen, count, relaying->relay))
			give_up(node, now, handle, relaying);
	}
	for (unsigned i = 0; i < count; i++) {
		struct relaying *present = relaying_by(peer, chosen[i]);
		const struct way way = present == NULL ? (struct way){ 0 } : way_of(present);

		if (present != NULL) { /* path/ knows it: it rests */
			/* The relay may have ended it, and its END was lost. */
			ask(node, now, peer, present);
			CHECK(paths_add_relay(&peer->paths, now.mono, &way) == 0);
		} else if (relaying_by(peer, HANDLE_NONE) != NULL) {
			begin(node, now, peer, chosen[i]);
		}
		begun++;
	}
	if (begun > 0) /* else it stays: what the peer tells meanwhile puts nothing off */
		peer->ask_next = mono_add_ms(now.mono, ASK_NEXT_MS);
	return taken.granted + taken.pending - taken.silent + begun;
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

	CHECK(count <= PATHS_WANTED_MAX);
	if (is_needed(node, peer) && !peer->relay_needed)
		lift_bars(peer); /* who had no room for it may have some now */
	peer->relay_needed = is_needed(node, peer);
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
	peer->relay_needed = false;
	peer->relay_links_next = (struct mono){ 0 };
}

struct mono relaying_deadline(const struct peer *peer)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		const struct relaying *relaying = &peer->relayings[i];

		if (!is_unused(relaying))
			deadline = mono_min(deadline, relaying->next);
		if (!is_unused(relaying) && !relaying->granted)
			deadline = mono_min(deadline, peer->ask_next);
	}
	return deadline;
}

/* Since it was told. */
static bool is_newly_needed(const struct node *node, const struct peer *peer)
{
	for (size_t i = 0; i < PEER_RELAYS_MAX; i++)
		if (!is_unused(&peer->relayings[i]) && !peer->relayings[i].is_needed)
			return is_needed(node, peer);
	return false;
}

void relaying_near_changed(struct node *node)
{
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer != NULL && is_newly_needed(node, peer))
			ways_touch(node, handle);
	}
}

void relaying_tick(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const bool needed = is_needed(node, peer);
	bool is_pending = false;

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];
		const bool is_news = needed && !relaying->is_needed;

		if (!is_unused(relaying) && (is_news || mono_reached(now.mono, relaying->next))) {
			if (relaying->granted || relaying->asks < ASKS_MAX) {
				ask(node, now, peer, relaying);
			} else {
				shun(peer, now.mono, relaying->relay, 0);
				give_up(node, now, handle, relaying);
			}
		}
		is_pending |= !is_unused(relaying) && !relaying->granted;
	}
	if (is_pending && mono_reached(now.mono, peer->ask_next)) {
		relaying_retry(node, now, handle);
		if (mono_reached(now.mono, peer->ask_next)) /* it was not the time */
			peer->ask_next = mono_add_ms(now.mono, ASK_REPEAT_MS);
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

/* Enough have answered: of the others nothing is wanted. */
static void end_pending(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	unsigned count = 0;

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++)
		count += !is_unused(&peer->relayings[i]) && peer->relayings[i].granted;
	for (size_t i = 0; i < PEER_RELAYS_MAX && count >= peer->relays_wanted; i++)
		if (!is_unused(&peer->relayings[i]) && !peer->relayings[i].granted)
			give_up(node, now, handle, &peer->relayings[i]);
}

static int granted(struct node *node, struct now now, struct handle handle, struct handle from,
		   const struct relay_message *message)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct relaying *relaying = relaying_by(peer, from);
	struct way way;

	if (!SECCHECK(SEC_GRANT_ASKED, relaying != NULL && relaying->asks > 0) || relaying == NULL)
		return ERR_NOT_FOUND; /* one for each ASK: a new table may follow */
	if (!relaying->granted || relaying->send_index != message->index)
		table_now(node);
	relaying->send_index = message->index;
	relaying->granted = true;
	relaying->asks = 0;
	relaying->next = mono_add_ms(now.mono, RELAYS_REFRESH_MS);
	way = way_of(relaying);
	/* Enough that were granted end those that are pending, and one that has ended may be in use
	 * still: path/ has a place. But a frame of somebody else is nothing to rest a CHECK on. */
	if (paths_add_relay(&peer->paths, now.mono, &way) != 0) {
		give_up(node, now, handle, relaying);
		return ERR_FULL;
	}
	end_pending(node, now, handle);
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
	shun(peer, now.mono, from, BARRED_MS);
	if (!relaying->granted)
		paths_relay_refused(&peer->paths, now.mono);
	end(node, now, handle, relaying);
	return 0;
}

static int asked(struct node *node, struct now now, struct peer *from,
		 const struct relay_message *message)
{
	if (!SECCHECK(SEC_ASK_ALLOWANCE,
		      allowance_take(&from->asks, now.mono, 1, MEMBER_ASKS, MEMBER_ASKS_REFILL_MS)))
		return ERR_DENIED; /* it asks again, if it meant it */
	if (!SECCHECK(SEC_RELAY_POLICY, from->may_relay && node->config.relay_bytes_s > 0) ||
	    peer_way(from).kind != WAY_DIRECT) {
		relays_refuse(node->relays, &from->id,
			      message); /* it may ask another one at once */
		return ERR_DENIED;
	}
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

/* Whom we were about to let go needs us after all, or it had not asked. */
static void hold_ends(struct node *node, struct now now)
{
	struct relays_direction direction;
	uint32_t cursor = 0;
	struct handle from;

	while (relays_next(node->relays, &cursor, &direction))
		if (peer_find(node, &direction.from, &from) != NULL)
			need_held(node, now, from);
}

void relaying_poll(struct node *node, struct now now)
{
	struct relays_output output;

	/* Who is told may send at once: so not before there is a table by which it is passed on. */
	while (node->table_at.us == MONO_NEVER.us && send_room(node) >= PARTS_MAX &&
	       relays_poll(node->relays, now.mono, &output)) {
		uint8_t bytes[RELAY_MESSAGE_BYTES];
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct handle handle;
		const struct peer *to = peer_find(node, &output.to, &handle);

		if (output.kind == RELAYS_CHANGED) {
			hold_ends(node, now);
			table_now(node);
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
