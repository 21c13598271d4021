/* node_announce.c - see node_announce.h. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/seccheck.h"

#define ANNOUNCE_MIN_MS 500 /* between two messages to one peer */
/* While there is no direct way they are repeated: after this long, then after twice as long, up to
 * the longest. */
#define ANNOUNCE_AGAIN_MS 500
#define ANNOUNCE_AGAIN_MAX_MS 512000
/* If both ends could be told to follow the other's list, they would change places for ever: the
 * leader of the pair (paths.h) has so many of its own whatever the other names. */
#define LEADERS_OWN (CANDIDATE_RELAYS_MAX / 2)
#define ENOUGH_IN_COMMON (PATHS_WANTED_MAX + 1) /* no further one is news */

/* -- whom we name -------------------------------------------------------------------------- */

static bool is_among(const struct id *ids, uint8_t count, const struct id *id)
{
	for (uint8_t i = 0; i < count; i++)
		if (id_equal(&ids[i], id))
			return true;
	return false;
}

static bool is_named_by(const struct peer *peer, const struct id *id)
{
	return is_among(peer->candidates.relays, peer->candidates.relay_count, id);
}

/* The members that could relay, the nearest to the peer first; so many. */
static uint8_t find_nearest(const struct node *node, const struct peer *peer,
			    struct id ret[CANDIDATE_RELAYS_MAX])
{
	struct id distances[CANDIDATE_RELAYS_MAX];
	uint8_t count = 0;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *other = pool_slot(&node->peers, i, &handle);
		struct id distance;
		uint8_t at = count;

		if (other == NULL || other == peer || !relaying_is_able(other))
			continue;
		distance = id_distance(&other->id, &peer->id);
		while (at > 0 && id_compare(&distance, &distances[at - 1]) < 0)
			at--;
		if (at == CANDIDATE_RELAYS_MAX)
			continue;
		if (count < CANDIDATE_RELAYS_MAX)
			count++;
		memmove(&ret[at + 1], &ret[at], (size_t)(count - 1 - at) * sizeof(ret[0]));
		memmove(&distances[at + 1], &distances[at],
			(size_t)(count - 1 - at) * sizeof(distances[0]));
		ret[at] = other->id;
		distances[at] = distance;
	}
	return count;
}

/* Unless it is named, or there is no room. */
static void add_relay(struct candidates_message *message, const struct id *id)
{
	if (message->relay_count < CANDIDATE_RELAYS_MAX &&
	    !is_among(message->relays, message->relay_count, id))
		message->relays[message->relay_count++] = *id;
}

static void add_relays(const struct node *node, const struct peer *peer,
		       struct candidates_message *message)
{
	struct id nearest[CANDIDATE_RELAYS_MAX];
	const uint8_t count = find_nearest(node, peer, nearest);

	for (uint8_t i = 0; peer->paths.is_leader && i < count && i < LEADERS_OWN; i++)
		add_relay(message, &nearest[i]);
	for (uint8_t i = 0; i < peer->candidates.relay_count; i++) {
		struct handle handle;
		const struct peer *other = peer_find(node, &peer->candidates.relays[i], &handle);

		if (other != NULL && other != peer && relaying_is_able(other))
			add_relay(message, &other->id);
	}
	for (uint8_t i = 0; i < count; i++)
		add_relay(message, &nearest[i]);
}

/* Of those whom we do not reach directly nobody is nearer on this side of the ring. */
static bool is_next(const struct node *node, const struct peer *peer, bool clockwise)
{
	const struct id *self = &node->certificate.id;
	const struct id place = id_clockwise(self, &peer->id);

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *other = pool_slot(&node->peers, i, &handle);

		if (other == NULL || other == peer || !peer_is_up(other) ||
		    peer_way(other).kind == WAY_DIRECT)
			continue;
		const struct id its = id_clockwise(self, &other->id);

		if ((id_compare(&its, &place) < 0) == clockwise)
			return false;
	}
	return true;
}

static bool hears_all(const struct node *node, const struct peer *peer)
{
	return peer->paths.talks || is_next(node, peer, true) || is_next(node, peer, false);
}

static struct candidates_message message_to(const struct node *node, struct mono now,
					    const struct peer *peer)
{
	struct candidates_message message;

	if (SECCHECK(SEC_CANDIDATE_TOLD, hears_all(node, peer)))
		candidates_tell(&node->candidates, now, &message);
	else
		candidates_tell_agreed(&node->candidates, now, &message);
	add_relays(node, peer, &message);
	return message;
}

/* -- when ---------------------------------------------------------------------------------- */

static uint64_t again_ms(const struct announcement *a)
{
	const uint64_t wait_ms = (uint64_t)ANNOUNCE_AGAIN_MS << (a->repeats < 10 ? a->repeats : 10);

	return wait_ms < ANNOUNCE_AGAIN_MAX_MS ? wait_ms : ANNOUNCE_AGAIN_MAX_MS;
}

static void send(struct node *node, struct now now, struct peer *peer)
{
	const struct candidates_message message = message_to(node, now.mono, peer);
	struct announcement *a = &peer->announcement;
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	candidates_encode(&message, &w);
	CHECK(writer_ok(&w));
	a->has_all = hears_all(node, peer);
	a->last = now.mono;
	a->next = mono_add_ms(now.mono, ANNOUNCE_MIN_MS);
	a->relay_count = message.relay_count;
	memcpy(a->relays, message.relays, sizeof(a->relays));
	a->is_due = !send_to_peer(node, now, peer, FRAME_CANDIDATES, writer_span(&w));
	if (!a->is_due && peer_way(peer).kind != WAY_DIRECT) {
		a->is_due = true;
		a->next = mono_add_ms(now.mono, again_ms(a));
		if (a->repeats < UINT8_MAX)
			a->repeats++;
	}
}

void announce_begin(struct peer *peer, struct now now)
{
	peer->announcement =
		(struct announcement){ .is_due = true, .next = now.mono, .look = MONO_NEVER };
}

void announce_anew(struct announcement *a)
{
	a->is_due = true;
	a->repeats = 0;
	a->next = mono_min(a->next, mono_add_ms(a->last, ANNOUNCE_MIN_MS));
}

/* What we would name now helps to find a relay in common, and what we named does not. */
static bool relays_are_news(const struct node *node, struct mono now, const struct peer *peer)
{
	const struct announcement *a = &peer->announcement;
	const struct candidates_message message = message_to(node, now, peer);
	uint32_t in_common = 0;
	bool has_more = false;

	for (uint8_t i = 0; i < a->relay_count; i++)
		in_common += is_named_by(peer, &a->relays[i]) &&
			     is_among(message.relays, message.relay_count, &a->relays[i]);
	for (uint8_t i = 0; i < message.relay_count; i++)
		has_more |= !is_among(a->relays, a->relay_count, &message.relays[i]);
	return in_common < ENOUGH_IN_COMMON && has_more;
}

static void look_soon(struct announcement *a, struct now now)
{
	const struct mono since = mono_max(a->last, a->looked);

	a->look = mono_min(a->look, mono_max(now.mono, mono_add_ms(since, ANNOUNCE_MIN_MS)));
}

void announce_to_all(struct node *node, struct now now)
{
	struct announced own;
	bool moved;

	candidates_tell(&node->candidates, now.mono, &own.all);
	candidates_tell_agreed(&node->candidates, now.mono, &own.agreed);
	moved = !candidates_are_same(&own.all, &node->announced.all) ||
		!candidates_are_same(&own.agreed, &node->announced.agreed);
	node->announced = own;
	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer == NULL || !peer_is_up(peer) || peer_way(peer).kind == WAY_DIRECT)
			continue;
		look_soon(&peer->announcement, now);
		if (moved) {
			announce_anew(&peer->announcement);
			paths_retold(&peer->paths, now.mono);
		}
		ways_touch(node, handle);
	}
}

void announce_heard(struct peer *peer, struct now now)
{
	if (peer_way(peer).kind != WAY_DIRECT)
		look_soon(&peer->announcement, now);
}

/* It was told less than there is to tell, and now IP passes. */
static bool needs_all(const struct node *node, const struct peer *peer)
{
	return peer->paths.talks && !peer->announcement.has_all &&
	       peer_way(peer).kind != WAY_DIRECT &&
	       !candidates_are_same(&node->announced.all, &node->announced.agreed);
}

void announce_tick(struct node *node, struct now now, struct handle handle)
{
	struct peer *peer = pool_at(&node->peers, handle);
	struct announcement *a = &peer->announcement;

	if (mono_reached(now.mono, a->look)) {
		a->look = MONO_NEVER;
		a->looked = now.mono;
		if (relays_are_news(node, now.mono, peer))
			announce_anew(a);
		relaying_retry(node, now, handle);
	}
	if (needs_all(node, peer))
		announce_anew(a);
	if (a->is_due && mono_reached(now.mono, a->next))
		send(node, now, peer);
}

struct mono announce_deadline(const struct announcement *a)
{
	return a->is_due ? mono_min(a->look, a->next) : a->look;
}
