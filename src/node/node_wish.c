/* node_wish.c - sessions that somebody wants: found on the ring, and made over it.
 *
 * The ring wants its neighbours, a packet wants the owner of its destination, a user wants a
 * member by its name. An id, or the prefix of one, is dialled along the ring as it is. Who has an
 * IPv4 address or a name must be asked for first: a broadcast, which its owner answers. The answer
 * is only a claim; what counts is the certificate of whoever is then dialled. (A look-up in the DHT
 * will stand in the place of the broadcast.) */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "node/carrier.h"
#include "vnet/address.h"

#define WISH_MS 5000      /* as long as a packet waits */
#define WISH_FIND_MS 3000 /* who does not answer three broadcasts is nobody */
#define WISH_RING_MS 4000
#define FIND_REPEAT_MS 1000
#define NO_LINK_MS 100 /* until there is a link at all */

static bool is_same(const struct wish *a, const struct wish *b)
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

static struct wish *find(struct node *node, const struct wish *wanted)
{
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (is_same(&node->wishes[i], wanted))
			return &node->wishes[i];
	return NULL;
}

static uint64_t patience_ms(const struct wish *wish)
{
	if (wish->kind == WISH_IPV4 || wish->kind == WISH_NAME)
		return WISH_FIND_MS;
	return wish->of_ring ? WISH_RING_MS : WISH_MS;
}

/* Nobody is there through whom anybody could be found, and nobody is being dialled. */
static bool is_alone(const struct node *node)
{
	struct id link;

	return !ring_first_link(node->ring, &link) && lines_all_up(node);
}

int wish_for(struct node *node, struct now now, const struct wish *wanted)
{
	struct wish *wish = find(node, wanted);

	if (is_alone(node))
		return ERR_NOT_FOUND;
	if (wish != NULL) {
		wish->of_ring = wish->of_ring || wanted->of_ring;
		return 0;
	}
	for (size_t i = 0; i < WISHES_MAX; i++) {
		wish = &node->wishes[i];
		if (wish->kind != WISH_NONE)
			continue;
		*wish = *wanted;
		wish->next = now.mono;
		wish->expiry = mono_add_ms(now.mono, patience_ms(wanted));
		node->tick_wanted = true;
		return 0;
	}
	return ERR_FULL;
}

/* Packets that wait for who is not there are answered; the ring looks elsewhere. */
static void end(struct node *node, struct now now, struct wish *wish, bool fulfilled)
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

static void dial(struct node *node, struct now now, struct wish *wish)
{
	const struct target target = target_of(wish);
	const struct carrier carrier = carrier_to(&target.id, &wish->via);

	if (sessions_dial(node->sessions, now, &target, &carrier, &wish->session) != 0)
		wish->next = mono_add_ms(now.mono, NO_LINK_MS);
	else
		wish->next = MONO_NEVER;
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
	wish->next = mono_add_ms(now.mono, FIND_REPEAT_MS);
}

/* A member that we have met meanwhile is not looked for. */
static bool is_fulfilled(struct node *node, const struct wish *wish)
{
	const struct ip_address v4 = ip_v4(wish->key);
	struct handle handle;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		const struct peer *peer = pool_slot(&node->peers, i, &handle);

		if (peer == NULL || !peer_is_up(peer))
			continue;
		const struct ip_address its = ip_v4(peer->ipv4);

		if ((wish->kind == WISH_ID && id_equal(&peer->id, &wish->id)) ||
		    (wish->kind == WISH_PREFIX && id_prefix_equal(&peer->id, &wish->id)) ||
		    (wish->kind == WISH_IPV4 && peer->has_ipv4 && ip_equal(&its, &v4)) ||
		    (wish->kind == WISH_NAME && strlen(peer->name) == wish->key_len &&
		     memcmp(peer->name, wish->key, wish->key_len) == 0))
			return true;
	}
	return false;
}

static void tick(struct node *node, struct now now, struct wish *wish)
{
	struct id link;

	if (mono_reached(now.mono, wish->expiry)) {
		sessions_close(node->sessions, now, wish->session, FRAME_CLOSE_IDLE);
		end(node, now, wish, is_fulfilled(node, wish));
		return;
	}
	if (!handle_is_none(wish->session) || !mono_reached(now.mono, wish->next))
		return;
	if (is_fulfilled(node, wish))
		end(node, now, wish, true);
	else if (!ring_first_link(node->ring, &link))
		wish->next = mono_add_ms(now.mono, NO_LINK_MS);
	else if (wish->kind == WISH_IPV4 || wish->kind == WISH_NAME)
		ask_around(node, now, wish);
	else
		dial(node, now, wish);
}

void wishes_tick(struct node *node, struct now now)
{
	for (size_t i = 0; i < WISHES_MAX && !node->shutting_down; i++) {
		if (send_room(node) < BROADCAST_SHARES_MAX) {
			node->tick_wanted = true; /* on with it when what waits has left */
			return;
		}
		if (node->wishes[i].kind != WISH_NONE)
			tick(node, now, &node->wishes[i]);
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
		if (handle_is_none(wish->session))
			deadline = mono_min(deadline, wish->next);
	}
	return deadline;
}

static struct wish *by_session(struct node *node, struct handle session)
{
	for (size_t i = 0; i < WISHES_MAX; i++)
		if (node->wishes[i].kind != WISH_NONE &&
		    handle_equal(node->wishes[i].session, session))
			return &node->wishes[i];
	return NULL;
}

void wish_done(struct node *node, struct now now, struct handle session, const struct peer *peer)
{
	struct wish *wish = by_session(node, session);
	const struct ip_address v4 = ip_v4(peer->ipv4);

	if (wish == NULL)
		return;
	if (wish->kind == WISH_SEEK)
		ring_sought(node->ring, now, &wish->id, &peer->id);
	/* Who says that it has an address or a name must have a certificate for it. */
	if (wish->kind == WISH_IPV4) {
		const struct ip_address wanted = ip_v4(wish->key);

		end(node, now, wish, peer->has_ipv4 && ip_equal(&v4, &wanted));
	} else {
		end(node, now, wish, true);
	}
}

void wish_closed(struct node *node, struct now now, struct handle session, bool superfluous)
{
	struct wish *wish = by_session(node, session);

	if (wish != NULL)
		end(node, now, wish, superfluous || is_fulfilled(node, wish));
}

void wish_found(struct node *node, struct now now, const struct routed *routed)
{
	struct found found;

	if (found_decode(routed->payload, &found) != 0 || found.token == 0)
		return;
	for (size_t i = 0; i < WISHES_MAX; i++) {
		struct wish *wish = &node->wishes[i];

		if (wish->kind == WISH_NONE || !handle_is_none(wish->session) ||
		    !SECCHECK(SEC_FOUND_TOKEN, wish->token == found.token))
			continue;
		wish->id = routed->from;
		wish->via = routed->from_via;
		wish->expiry = mono_add_ms(now.mono, WISH_MS);
		dial(node, now, wish);
	}
}

void wish_unreachable(struct node *node, struct now now, const struct routed *routed)
{
	struct unreachable unreachable;

	if (unreachable_decode(routed->payload, &unreachable) != 0)
		return;
	for (size_t i = 0; i < WISHES_MAX; i++) {
		struct wish *wish = &node->wishes[i];
		const struct target target = target_of(wish);

		if (wish->kind == WISH_NONE || handle_is_none(wish->session) ||
		    target.kind != unreachable.target.kind ||
		    !id_equal(&target.id, &unreachable.target.id))
			continue;
		sessions_close(node->sessions, now, wish->session, FRAME_CLOSE_IDLE);
	}
}

bool wish_for_destination(struct node *node, struct now now, const struct vnet_output *wanted)
{
	struct wish wish = { .kind = WISH_PREFIX, .id = wanted->id };

	if (!wanted->has_prefix) {
		wish = (struct wish){ .kind = WISH_IPV4, .key_len = 4 };
		memcpy(wish.key, wanted->destination.bytes + sizeof(wanted->destination.bytes) - 4,
		       4);
	}
	return wish_for(node, now, &wish) == 0;
}

bool wish_for_text(struct node *node, struct now now, const char *text)
{
	struct wish wish = { .kind = WISH_ID };
	struct endpoint address;
	struct vnet_output wanted = { 0 };
	size_t len = 0;

	while (text[len] != '\0' && text[len] != '.')
		len++; /* also of a name with the network behind it */
	if (id_from_text(text, &wish.id) == 0)
		return wish_for(node, now, &wish) == 0;
	if (endpoint_ip_from_text(text, &address) == 0) {
		memcpy(wanted.destination.bytes, address.ip, sizeof(wanted.destination.bytes));
		wanted.has_prefix = !endpoint_is_v4(&address);
		if (wanted.has_prefix &&
		    !address_is_in(&wanted.destination, trust_network(node->config.trust)))
			return false;
		if (wanted.has_prefix)
			wanted.id = address_node_prefix(&wanted.destination);
		return wish_for_destination(node, now, &wanted);
	}
	if (len == 0 || len > BROADCAST_KEY_BYTES_MAX)
		return false;
	wish = (struct wish){ .kind = WISH_NAME, .key_len = (uint8_t)len };
	memcpy(wish.key, text, len);
	return wish_for(node, now, &wish) == 0;
}
