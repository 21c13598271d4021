/* node_relaying.c - relays that we use, and whom we relay for.
 *
 * Both ends of a pair must ask the same member. Each has told the other which members it has a
 * direct link to; who stands in both lists can relay, and both take those in the order of their
 * ids. If nobody does, each makes a link to some of the other's. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#define ASK_REPEAT_MS 1000 /* until it is granted */
#define ASKS_MAX 6         /* in vain: the peer does not ask there, or it has gone */

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

static void ask(struct node *node, struct now now, const struct peer *peer,
		struct relaying *relaying)
{
	const struct peer *relay = pool_at(&node->peers, relaying->relay);
	const struct relay_message message = { .peer = peer->id, .index = relaying->index };
	uint8_t bytes[sizeof(message)];
	struct writer w = writer_of(bytes, sizeof(bytes));

	relaying->next =
		mono_add_ms(now.mono, relaying->granted ? RELAYS_REFRESH_MS : ASK_REPEAT_MS);
	relaying->asks++;
	relay_message_encode(&message, &w);
	CHECK(writer_ok(&w));
	if (relay != NULL)
		(void)send_to_peer(node, now, relay, FRAME_RELAY_ASK, writer_span(&w));
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

/* True if there is room, and now the relay is asked. */
static bool use_relay(struct node *node, struct now now, struct peer *peer, struct handle relay)
{
	struct relaying *relaying = relaying_by(peer, relay);

	if (relaying != NULL)
		return true;
	relaying = relaying_by(peer, HANDLE_NONE);
	if (relaying == NULL)
		return false;
	*relaying = (struct relaying){ .relay = relay, .index = new_index(node) };
	ask(node, now, peer, relaying);
	node->table_wanted = true; /* what comes under the index is expected */
	return true;
}

static bool is_named(const struct candidates_message *message, const struct id *id)
{
	for (size_t i = 0; i < message->relay_count; i++)
		if (id_equal(&message->relays[i], id))
			return true;
	return false;
}

void relaying_retry(struct node *node, struct now now, struct handle handle)
{
	const struct peer *peer = pool_at(&node->peers, handle);

	if (peer->relay_wanted.us != 0 && peer_way(peer).kind != WAY_DIRECT &&
	    !mono_reached(now.mono, mono_add_ms(peer->relay_wanted, PATHS_RELAY_AGAIN_MS)))
		relaying_want(node, now, handle);
}

void relaying_want(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct id ours[CANDIDATE_RELAYS_MAX];
	const uint8_t count = relaying_offers(node, ours);
	unsigned common = 0;

	peer->relay_wanted = now.mono;
	for (uint8_t i = 0; i < count && common < PEER_RELAYS_MAX; i++) {
		struct handle relay;

		if (!is_named(&peer->candidates, &ours[i]) ||
		    peer_find(node, &ours[i], &relay) == NULL)
			continue;
		common += use_relay(node, now, peer, relay);
	}
	for (uint8_t i = 0; i < peer->candidates.relay_count && common < PEER_RELAYS_MAX; i++) {
		const struct wish wish = { .kind = WISH_ID, .id = peer->candidates.relays[i] };
		struct handle relay;
		const struct peer *known = peer_find(node, &wish.id, &relay);

		if (id_equal(&wish.id, &node->certificate.id) ||
		    (known != NULL && peer_is_up(known)))
			continue;
		common += wish_for(node, now, &wish) == 0;
	}
}

struct mono relaying_deadline(const struct peer *peer)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++)
		if (!handle_is_none(peer->relayings[i].relay))
			deadline = mono_min(deadline, peer->relayings[i].next);
	return deadline;
}

static void end(struct node *node, struct now now, struct handle handle, struct relaying *relaying)
{
	struct peer *peer = pool_at(&node->peers, handle);
	const struct way way = way_relay(relaying->relay.index + 1, relaying->index);

	*relaying = (struct relaying){ 0 };
	node->table_wanted = true;
	if (peer_is_up(peer))
		paths_remove_relay(&peer->paths, now.mono, &way);
	ways_touch(node, handle);
}

void relaying_tick(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);

	for (size_t i = 0; i < PEER_RELAYS_MAX; i++) {
		struct relaying *relaying = &peer->relayings[i];

		if (handle_is_none(relaying->relay) || !mono_reached(now.mono, relaying->next))
			continue;
		if (!relaying->granted && relaying->asks >= ASKS_MAX)
			end(node, now, handle, relaying);
		else
			ask(node, now, peer, relaying);
	}
}

void relaying_link_down(struct node *node, struct now now, struct handle member)
{
	const struct peer *relay = pool_at(&node->peers, member);

	relays_link_down(node->relays, now.mono, &relay->id);
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

	if (!SECCHECK(SEC_GRANT_ASKED, relaying != NULL) || relaying == NULL)
		return ERR_NOT_FOUND;
	relaying->send_index = message->index;
	relaying->granted = true;
	relaying->asks = 0;
	relaying->next = mono_add_ms(now.mono, RELAYS_REFRESH_MS);
	node->table_wanted = true;
	way = way_relay(from.index + 1, relaying->index);
	paths_add_relay(&peer->paths, now.mono, &way);
	ways_touch(node, handle);
	return 0;
}

static int ended(struct node *node, struct now now, struct handle handle, struct handle from,
		 const struct relay_message *message)
{
	struct relaying *relaying = relaying_by(pool_at(&node->peers, handle), from);

	if (relaying == NULL || relaying->index != message->index)
		return ERR_NOT_FOUND; /* of what we asked for before */
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
		relays_end(node->relays, now.mono, &link->id, &message.peer);
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
