/* node_wish.c - sessions that somebody wants: found on the ring, and made over it.
 *
 * The ring wants its neighbours, a packet wants the owner of its destination, a user wants a
 * member by its name. An id, or the prefix of one, is dialled along the ring as it is. Who has an
 * IPv4 address or a name must be asked for first: a broadcast, which its owner answers. The answer
 * is only a claim; what counts is the certificate of whoever is then dialled. Whoever has another
 * one, or does not come, is an impostor to this wish, and we go on asking. (A look-up in the DHT
 * will stand in the place of the broadcast.)
 *
 * A dial that reached nobody may have met a hole, where somebody is just coming or has left: it is
 * repeated until the wish expires, each second time by another first step. The ring does not want
 * that; it has others to try. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "node/carrier.h"
#include "vnet/address.h"

#define FIND_REPEAT_MS 1000
#define NO_LINK_MS 100 /* until there is a link at all */

static bool is_same_wish(const struct wish *a, const struct wish *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case WISH_NONE:
		return false;
	case WISH_JOIN:
		return true;
	case WISH_SEEK:
	case WISH_ID:
		return id_equal(&a->id, &b->id);
	case WISH_PREFIX:
		return id_prefix_equal(&a->id, &b->id);
	case WISH_IPV4:
	case WISH_NAME:
		return a->key_len == b->key_len && memcmp(a->key, b->key, a->key_len) == 0;
	}
	UNREACHABLE();
}

static struct wish *find_wish(struct node *node, const struct wish *wanted)
{
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (is_same_wish(&node->wishes[i], wanted))
			return &node->wishes[i];
	return NULL;
}

/* A free place; NULL if there is none for this one. */
static struct wish *wish_place(struct node *node, bool of_ring)
{
	struct wish *place = NULL;
	unsigned others = 0; /* not of the ring */

	for (size_t i = 0; i < WISHES_MAX; i++) {
		struct wish *wish = &node->wishes[i];

		if (wish->kind == WISH_NONE)
			place = wish;
		else
			others += !wish->of_ring;
	}
	return of_ring || others < WISHES_MAX - WISHES_OF_RING ? place : NULL;
}

/* Whose id is to be found out. */
static bool is_sought(const struct wish *wish)
{
	return wish->kind == WISH_IPV4 || wish->kind == WISH_NAME;
}

static uint64_t lifetime_ms(const struct wish *wish)
{
	if (is_sought(wish))
		return WISH_FIND_MS;
	return wish->of_ring ? WISH_OF_RING_MS : WISH_MS;
}

/* Nobody is there through whom anybody could be found, and nobody is being dialled. */
static bool is_alone(const struct node *node)
{
	struct id link;

	return !ring_first_link(node->ring, &link) && lines_all_up(node);
}

int wish_for(struct node *node, struct now now, const struct wish *wanted)
{
	struct wish *wish = find_wish(node, wanted);

	if (is_alone(node))
		return ERR_NOT_FOUND;
	if (wish != NULL) {
		wish->of_ring = wish->of_ring || wanted->of_ring;
		return 0;
	}
	wish = wish_place(node, wanted->of_ring);
	if (wish == NULL)
		return ERR_FULL;
	*wish = *wanted;
	wish->next = now.mono;
	wish->expiry = mono_add_ms(now.mono, lifetime_ms(wanted));
	node->tick_wanted = true;
	return 0;
}

/* Packets that wait for who is not there are answered; the ring looks elsewhere. */
static void end_wish(struct node *node, struct now now, struct wish *wish, bool fulfilled)
{
	struct ip_address address;

	if (!fulfilled && wish->kind == WISH_SEEK)
		ring_sought(node->ring, now, &wish->id, NULL);
	else if (!fulfilled && wish->of_ring)
		ring_failed(node->ring, now,
			    wish->kind == WISH_JOIN ? &node->certificate.id : &wish->id);
	if (!fulfilled && wish->kind == WISH_PREFIX) {
		address = address_ipv6(trust_network(node->config.trust), &wish->id);
		vnet_connect_failed(node->vnet, &address);
	}
	if (!fulfilled && wish->kind == WISH_IPV4) {
		address = ip_v4(wish->key);
		vnet_connect_failed(node->vnet, &address);
	}
	*wish = (struct wish){ 0 };
}

static struct target target_of(const struct wish *wish)
{
	struct target target = { .kind = TARGET_EXACT, .id = wish->id };

	if (wish->kind == WISH_JOIN || wish->kind == WISH_SEEK)
		target.kind = TARGET_NEAREST;
	if (wish->kind == WISH_PREFIX) {
		target.kind = TARGET_PREFIX;
		memset(target.id.bytes + ID_PREFIX_BYTES, 0, ID_BYTES - ID_PREFIX_BYTES);
	}
	return target;
}

static void dial_wish(struct node *node, struct now now, struct wish *wish)
{
	const struct target target = target_of(wish);
	struct id via = wish->via;
	struct carrier carrier;

	if (wish->dials % 2 == 1)
		(void)ring_any_link(node->ring, &via);
	carrier = carrier_to(&target.id, &via);
	if (sessions_dial(node->sessions, now, &target, &carrier, &wish->session) == 0)
		wish->dials++;
	else
		wish->next = mono_add_ms(now.mono, NO_LINK_MS);
}

static void ask_around(struct node *node, struct now now, struct wish *wish)
{
	struct broadcast question = { .kind = wish->kind == WISH_IPV4 ? BROADCAST_FIND_IPV4
								      : BROADCAST_FIND_NAME,
				      .key = span_of(wish->key, wish->key_len) };

	if (wish->token == 0)
		wish->token = rng_u64(&node->rng) | 1;
	question.token = wish->token;
	broadcast_ask(node, now, &question);
	wish->ask = mono_add_ms(now.mono, FIND_REPEAT_MS);
	wish->next = wish->ask;
}

/* Whether the peer, by its certificate, is who is wanted. */
static bool is_wanted(const struct wish *wish, const struct peer *peer)
{
	switch (wish->kind) {
	case WISH_ID:
		return id_equal(&peer->id, &wish->id);
	case WISH_PREFIX:
		return id_prefix_equal(&peer->id, &wish->id);
	case WISH_IPV4:
		return peer->has_ipv4 && memcmp(peer->ipv4, wish->key, sizeof(peer->ipv4)) == 0;
	case WISH_NAME:
		return strlen(peer->name) == wish->key_len &&
		       memcmp(peer->name, wish->key, wish->key_len) == 0;
	case WISH_JOIN: /* the ring judges these */
	case WISH_SEEK:
	case WISH_NONE:
		return false;
	}
	UNREACHABLE();
}

/* A member that we have met meanwhile is not looked for. */
static bool is_fulfilled(struct node *node, const struct wish *wish)
{
	struct handle handle;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		const struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer != NULL && peer_is_up(peer) && is_wanted(wish, peer))
			return true;
	}
	return false;
}

/* The session that it is dialled in, if there is one, is no longer the wish's. */
static void stop_dial(struct node *node, struct now now, struct wish *wish)
{
	const struct handle session = wish->session;

	wish->session = HANDLE_NONE;
	sessions_close(node->sessions, now, session, FRAME_CLOSE_IDLE);
}

/* Whoever claimed the key does not have it, or does not come. */
static void refuse_claim(struct node *node, struct wish *wish)
{
	wish->impostors[wish->impostor_count % WISH_IMPOSTORS_MAX] = wish->id;
	wish->impostor_count++;
	if (wish->impostor_count == 2 * WISH_IMPOSTORS_MAX)
		wish->impostor_count = WISH_IMPOSTORS_MAX;
	wish->claimed = false;
	wish->session = HANDLE_NONE;
	wish->next = wish->ask;
	node->tick_wanted = true;
}

static bool is_impostor(const struct wish *wish, const struct id *id)
{
	for (size_t i = 0; i < wish->impostor_count && i < WISH_IMPOSTORS_MAX; i++)
		if (id_equal(&wish->impostors[i], id))
			return true;
	return false;
}

static void tick_wish(struct node *node, struct now now, struct wish *wish)
{
	struct id link;

	if (mono_reached(now.mono, wish->expiry)) {
		stop_dial(node, now, wish);
		end_wish(node, now, wish, is_fulfilled(node, wish));
		return;
	}
	if (wish->claimed && mono_reached(now.mono, wish->patience)) {
		stop_dial(node, now, wish);
		refuse_claim(node, wish);
	}
	if (!handle_is_none(wish->session) || !mono_reached(now.mono, wish->next))
		return;
	if (is_fulfilled(node, wish))
		end_wish(node, now, wish, true);
	else if (!ring_first_link(node->ring, &link))
		wish->next = mono_add_ms(now.mono, NO_LINK_MS);
	else if (is_sought(wish) && !wish->claimed)
		ask_around(node, now, wish);
	else
		dial_wish(node, now, wish);
}

void wishes_tick(struct node *node, struct now now)
{
	for (size_t i = 0; i < WISHES_MAX && !node->shutting_down; i++) {
		if (send_room(node) < BROADCAST_SHARES_MAX) {
			node->tick_wanted = true; /* on with it when what waits has left */
			return;
		}
		if (node->wishes[i].kind != WISH_NONE)
			tick_wish(node, now, &node->wishes[i]);
	}
}

struct mono wishes_deadline(const struct node *node)
{
	struct mono deadline = MONO_NEVER;

	for (size_t i = 0; i < WISHES_MAX && !node->shutting_down; i++) {
		const struct wish *wish = &node->wishes[i];

		if (wish->kind == WISH_NONE)
			continue;
		deadline = mono_min(deadline, wish->expiry);
		if (wish->claimed)
			deadline = mono_min(deadline, wish->patience);
		if (handle_is_none(wish->session))
			deadline = mono_min(deadline, wish->next);
	}
	return deadline;
}

static struct wish *wish_of_session(struct node *node, struct handle session)
{
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (node->wishes[i].kind != WISH_NONE &&
		    handle_equal(node->wishes[i].session, session))
			return &node->wishes[i];
	return NULL;
}

void wish_done(struct node *node, struct now now, struct handle session, const struct peer *peer)
{
	struct wish *wish = wish_of_session(node, session);

	if (wish == NULL)
		return;
	if (wish->kind == WISH_SEEK)
		ring_sought(node->ring, now, &wish->id, &peer->id);
	if (is_sought(wish) && !SECCHECK(SEC_FOUND_OWNER, is_wanted(wish, peer)))
		refuse_claim(node, wish);
	else
		end_wish(node, now, wish, true);
}

void wish_closed(struct node *node, struct now now, struct handle session, bool superfluous)
{
	struct wish *wish = wish_of_session(node, session);

	if (wish == NULL)
		return;
	if (is_sought(wish) && !is_fulfilled(node, wish))
		refuse_claim(node, wish);
	else
		end_wish(node, now, wish, superfluous || is_fulfilled(node, wish));
}

static void take_claim(struct node *node, struct now now, struct wish *wish,
		       const struct routed *routed)
{
	wish->id = routed->from;
	wish->via = routed->from_via;
	wish->dials = 0;
	wish->claimed = true;
	wish->patience = mono_add_ms(now.mono, WISH_CLAIM_MS);
	if (!wish->answered) /* later answers, which may be false, do not prolong it */
		wish->expiry = mono_add_ms(now.mono, WISH_MS);
	wish->answered = true;
	dial_wish(node, now, wish);
}

void wish_found(struct node *node, struct now now, const struct routed *routed)
{
	struct found found;
	struct handle handle;
	const struct peer *known = peer_find(node, &routed->from, &handle);

	if (found_decode(routed->payload, &found) != 0 || found.token == 0)
		return;
	if (known != NULL && peer_is_up(known))
		return; /* what it has we know */
	for (size_t i = 0; i < WISHES_MAX; i++) {
		struct wish *wish = &node->wishes[i];

		if (is_sought(wish) && !wish->claimed && !is_impostor(wish, &routed->from) &&
		    SECCHECK(SEC_FOUND_TOKEN, wish->token == found.token))
			take_claim(node, now, wish, routed);
	}
}

static uint64_t again_ms(const struct wish *wish)
{
	uint64_t wait_ms = WISH_AGAIN_MS;

	for (uint8_t i = 1; i < wish->dials && wait_ms < WISH_AGAIN_MAX_MS; i++)
		wait_ms *= 2;
	return wait_ms;
}

void wish_unreachable(struct node *node, struct now now, const struct routed *routed)
{
	struct unreachable unreachable;

	if (unreachable_decode(routed->payload, &unreachable) != 0)
		return;
	for (size_t i = 0; i < WISHES_MAX; i++) {
		struct wish *wish = &node->wishes[i];

		if (wish->kind == WISH_NONE || handle_is_none(wish->session) ||
		    !SECCHECK(SEC_UNREACHABLE_INDEX,
			      sessions_awaits(node->sessions, wish->session, unreachable.sender)))
			continue;
		stop_dial(node, now, wish);
		if (wish->of_ring)
			end_wish(node, now, wish, is_fulfilled(node, wish));
		else
			wish->next = mono_add_ms(now.mono, again_ms(wish));
	}
}

int wish_for_destination(struct node *node, struct now now, const struct vnet_output *wanted)
{
	struct wish wish = { .kind = WISH_PREFIX, .id = wanted->id };

	if (!wanted->has_prefix) {
		wish = (struct wish){ .kind = WISH_IPV4, .key_len = 4 };
		memcpy(wish.key, wanted->destination.bytes + sizeof(wanted->destination.bytes) - 4,
		       4);
	}
	return wish_for(node, now, &wish);
}

int wish_for_text(struct node *node, struct now now, const char *text)
{
	struct wish wish = { .kind = WISH_ID };
	struct endpoint address;
	struct vnet_output wanted = { 0 };
	size_t len = 0;

	while (text[len] != '\0' && text[len] != '.')
		len++; /* also of a name with the network behind it */
	if (id_from_text(text, &wish.id) == 0)
		return wish_for(node, now, &wish);
	if (endpoint_ip_from_text(text, &address) == 0) {
		memcpy(wanted.destination.bytes, address.ip, sizeof(wanted.destination.bytes));
		wanted.has_prefix = !endpoint_is_v4(&address);
		if (wanted.has_prefix &&
		    !address_is_in(&wanted.destination, trust_network(node->config.trust)))
			return ERR_MALFORMED;
		if (wanted.has_prefix)
			wanted.id = address_node_prefix(&wanted.destination);
		return wish_for_destination(node, now, &wanted);
	}
	if (len == 0 || len > BROADCAST_KEY_BYTES_MAX)
		return ERR_MALFORMED;
	wish = (struct wish){ .kind = WISH_NAME, .key_len = (uint8_t)len };
	memcpy(wish.key, text, len);
	return wish_for(node, now, &wish);
}
