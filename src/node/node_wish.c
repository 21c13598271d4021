/* node_wish.c - sessions that somebody wants: found on the ring, and made over it.
 *
 * The ring wants its neighbours, a packet wants the owner of its destination, a user wants a
 * member by its name. An id, or the prefix of one, is dialled along the ring as it is. Who has an
 * IPv4 address or a name must be asked for first: a broadcast, which its owner answers. The answer
 * is only a claim; what counts is the certificate of whoever is then dialled. Anybody can make
 * claims, and ids for them, so they are tried side by side, we go on asking, and who has a place
 * is settled by what costs a liar more than words: the link that a claim came by. (A look-up in
 * the DHT will stand in the place of the broadcast.)
 *
 * A dial that reached nobody may have met a hole, where somebody is just coming or has left, or a
 * member that only says so. No such word ends the dial at once. For a user M0 goes out again
 * sooner, by other ways; if nobody but the ring wants it, which has others to try, it has a second
 * left for an answer. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "node/carrier.h"
#include "vnet/address.h"

#include <assert.h>

#define FIND_ROUNDS 6         /* of questions to all, by other routes each; */
#define FIND_ROUND_MS 500     /* no answer so long after one: the next begins; */
#define FIND_ANSWERED_MS 1000 /* also if there was one: a liar may have been faster */
#define NO_LINK_MS 100        /* until there is a link at all */
#define PROOF_MS 700          /* for a session that stands beside ours to be proven */

static_assert(FIND_ROUNDS <= RING_MIRRORED, "each round has a route of its own");

static bool is_same_wish(const struct wish *a, const struct wish *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
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

struct wish *wish_at(const struct node *node, uint32_t i)
{
	struct handle unused;

	return pool_slot(&node->wishes, i, &unused);
}

static struct wish *find_wish(const struct node *node, const struct wish *wanted)
{
	for (uint32_t i = 0; i < pool_end(&node->wishes); i++) {
		struct wish *wish = wish_at(node, i);

		if (wish != NULL && is_same_wish(wish, wanted))
			return wish;
	}
	return NULL;
}

/* 0, ERR_FULL or ERR_NOMEM. */
static int add_wish(struct node *node, const struct wish *wanted, struct wish **ret)
{
	unsigned others = 0; /* not of the ring */
	struct handle handle;
	const int err = pool_reserve(&node->wishes);

	for (uint32_t i = 0; i < pool_end(&node->wishes); i++) {
		const struct wish *wish = wish_at(node, i);

		others += wish != NULL && !wish->of_ring;
	}
	if (err != 0)
		return err;
	if (!wanted->of_ring && others >= WISHES_MAX - WISHES_OF_RING)
		return ERR_FULL;
	*ret = pool_take(&node->wishes, &handle);
	CHECK(*ret != NULL);
	**ret = *wanted;
	(*ret)->handle = handle;
	return 0;
}

/* Whose id is to be found out. */
static bool is_sought(const struct wish *wish)
{
	return wish->kind == WISH_IPV4 || wish->kind == WISH_NAME;
}

/* Whoever answers to the dial is who is wanted. */
static bool is_of_one(const struct wish *wish)
{
	return wish->kind == WISH_ID || wish->kind == WISH_PREFIX;
}

static uint64_t lifetime_ms(const struct node *node, const struct wish *wish)
{
	if (wish->of_ring)
		return WISH_OF_RING_MS;
	return is_sought(wish) && !node_is_alone(node) ? WISH_FIND_MS : WISH_MS;
}

/* We are alone, and have been for as long as a packet waits: nobody dials us or is dialled, and
 * nobody is left to dial. */
static bool has_nobody_to_ask(const struct node *node, struct now now)
{
	const struct session_counters counters = sessions_counters(node->sessions);

	return node_is_alone(node) &&
	       mono_reached(now.mono, mono_add_ms(node->alone_since, WISH_MS)) &&
	       counters.sessions + counters.half_open == 0 && lines_all_up(node) &&
	       node->memory.count == 0;
}

/* Of more than there is room for, the first is forgotten. */
static void note_teller(struct wish *wish, const struct id *teller)
{
	if (wish->teller_count == RING_TRIES)
		memmove(&wish->tellers[0], &wish->tellers[1],
			--wish->teller_count * sizeof(wish->tellers[0]));
	wish->tellers[wish->teller_count++] = *teller;
}

/* The ring tries once more, and by somebody else: the dial goes on from there. */
static void redirect(struct node *node, struct now now, struct wish *wish,
		     const struct wish *wanted)
{
	const struct carrier carrier = carrier_to(&wish->id, &wanted->via);

	wish->via = wanted->via;
	note_teller(wish, &wanted->tellers[0]);
	wish->expiry = mono_max(wish->expiry, mono_add_ms(now.mono, WISH_OF_RING_MS));
	sessions_redirect(node->sessions, now, wish->session, &carrier);
}

/* Somebody else wants the same. */
static void join_wish(struct node *node, struct now now, struct wish *wish,
		      const struct wish *wanted)
{
	if (wanted->of_ring && wanted->kind == WISH_ID)
		redirect(node, now, wish, wanted);
	else if (!wanted->of_ring && !wish->of_user)
		wish->expiry =
			mono_max(wish->expiry, mono_add_ms(now.mono, lifetime_ms(node, wanted)));
	wish->of_ring = wish->of_ring || wanted->of_ring;
	wish->of_user = wish->of_user || !wanted->of_ring;
}

int wish_for(struct node *node, struct now now, const struct wish *wanted)
{
	struct wish *wish = find_wish(node, wanted);
	int err;

	if (has_nobody_to_ask(node, now))
		return ERR_NOT_FOUND;
	if (wish != NULL) {
		join_wish(node, now, wish, wanted);
		return 0;
	}
	err = add_wish(node, wanted, &wish);
	if (err != 0)
		return ERR_FULL; /* or without memory: who wanted it comes again */
	wish->of_user = !wanted->of_ring;
	wish->next = now.mono;
	wish->expiry = mono_add_ms(now.mono, lifetime_ms(node, wanted));
	node->tick_wanted = true;
	return 0;
}

/* The session that is dialled, if there is one, is no longer the wish's. */
static void stop_dial(struct node *node, struct now now, struct handle *dialled)
{
	const struct handle session = *dialled;

	*dialled = HANDLE_NONE;
	sessions_close(node->sessions, now, session, FRAME_CLOSE_IDLE);
}

static bool is_up(const struct node *node, const struct id *id)
{
	struct handle handle;
	const struct peer *peer = peer_find(node, id, &handle);

	return peer != NULL && peer_is_up(peer);
}

/* Who is not needed any more is not dialled any longer. A second session with a member that is
 * there by now ends by itself: closed by us it might be the one that the other end prefers. So does
 * one that was answered: the other end may send by it already. */
static void stop_dials(struct node *node, struct now now, struct wish *wish)
{
	if (!sessions_is_answered(node->sessions, wish->session))
		stop_dial(node, now, &wish->session);
	wish->session = HANDLE_NONE;
	for (size_t i = 0; i < WISH_CLAIMS_MAX; i++)
		if (!is_up(node, &wish->claims[i].id))
			stop_dial(node, now, &wish->claims[i].session);
}

/* Packets that wait for who is not there are answered; the ring looks elsewhere. */
static void end_wish(struct node *node, struct now now, struct wish *wish, bool fulfilled)
{
	struct ip_address address;

	stop_dials(node, now, wish);
	for (unsigned i = 0; fulfilled && wish->kind == WISH_ID && i < wish->teller_count; i++)
		neighbour_found(node, &wish->tellers[i]);
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
	pool_give(&node->wishes, wish->handle);
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
	const struct carrier carrier = carrier_to(&target.id, &wish->via);

	if (sessions_dial(node->sessions, now, &target, &carrier, &wish->session) != 0)
		wish->next = mono_add_ms(now.mono, NO_LINK_MS);
}

/* Once by the cheapest way; who was not answered asks by two others at once, one from each side. */
static void ask_around(struct node *node, struct now now, struct wish *wish)
{
	struct broadcast question = { .kind = wish->kind == WISH_IPV4 ? BROADCAST_FIND_IPV4
								      : BROADCAST_FIND_NAME,
				      .route = wish->rounds,
				      .key = span_of(wish->key, wish->key_len) };

	if (wish->token == 0)
		wish->token = rng_u64(&node->rng) | 1;
	question.token = wish->token;
	broadcast_ask(node, now, &question);
	if (wish->rounds > 0) {
		question.route = (uint8_t)(wish->rounds + RING_MIRRORED);
		broadcast_ask(node, now, &question);
	}
	wish->next = mono_add_ms(now.mono, wish->answered ? FIND_ANSWERED_MS : FIND_ROUND_MS);
	if (++wish->rounds == FIND_ROUNDS)
		wish->next = MONO_NEVER;
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

static struct mono claim_deadline(const struct wish_claim *claim)
{
	return handle_is_none(claim->session) ? MONO_NEVER : claim->patience;
}

static void tick_wish(struct node *node, struct now now, struct wish *wish)
{
	if (mono_reached(now.mono, wish->expiry)) {
		end_wish(node, now, wish, is_fulfilled(node, wish));
		return;
	}
	for (size_t i = 0; i < WISH_CLAIMS_MAX; i++)
		if (mono_reached(now.mono, claim_deadline(&wish->claims[i]))) {
			wish->claims[i].doubted = true;
			wish->claims[i].patience = MONO_NEVER;
		}
	if (!handle_is_none(wish->session) || !mono_reached(now.mono, wish->next))
		return;
	if (is_fulfilled(node, wish))
		end_wish(node, now, wish, true);
	else if (node_is_alone(node))
		wish->next = mono_add_ms(now.mono, NO_LINK_MS);
	else if (is_sought(wish))
		ask_around(node, now, wish);
	else
		dial_wish(node, now, wish);
}

void wishes_tick(struct node *node, struct now now)
{
	for (uint32_t i = 0; i < pool_end(&node->wishes) && !node->shutting_down; i++) {
		struct wish *wish = wish_at(node, i);

		if (send_room(node) < BROADCAST_SENDS_MAX) {
			node->tick_wanted = true; /* on with it when what waits has left */
			return;
		}
		if (wish != NULL)
			tick_wish(node, now, wish);
	}
}

struct mono wishes_deadline(const struct node *node)
{
	struct mono deadline = MONO_NEVER;

	for (uint32_t i = 0; i < pool_end(&node->wishes) && !node->shutting_down; i++) {
		const struct wish *wish = wish_at(node, i);

		if (wish == NULL)
			continue;
		deadline = mono_min(deadline, wish->expiry);
		for (size_t k = 0; k < WISH_CLAIMS_MAX; k++)
			deadline = mono_min(deadline, claim_deadline(&wish->claims[k]));
		if (handle_is_none(wish->session))
			deadline = mono_min(deadline, wish->next);
	}
	return deadline;
}

/* The wish for which this session is dialled, and where it holds the handle; or NULL. */
static struct wish *wish_of_session(struct node *node, struct handle session,
				    struct handle **ret_dialled)
{
	for (uint32_t i = 0; i < pool_end(&node->wishes); i++) {
		struct wish *wish = wish_at(node, i);

		if (wish == NULL)
			continue;
		*ret_dialled = &wish->session;
		if (handle_equal(wish->session, session))
			return wish;
		for (size_t k = 0; k < WISH_CLAIMS_MAX; k++) {
			*ret_dialled = &wish->claims[k].session;
			if (handle_equal(wish->claims[k].session, session))
				return wish;
		}
	}
	return NULL;
}

void wish_done(struct node *node, struct now now, struct handle session, const struct peer *peer)
{
	struct handle *dialled;
	struct wish *wish = wish_of_session(node, session, &dialled);

	if (wish == NULL)
		return;
	*dialled = HANDLE_NONE; /* it stands, whoever it is with */
	if (wish->kind == WISH_SEEK)
		ring_sought(node->ring, now, &wish->id, &peer->id);
	if (!is_sought(wish) || SECCHECK(SEC_FOUND_OWNER, is_wanted(wish, peer)))
		end_wish(node, now, wish, true);
}

void wish_closed(struct node *node, struct now now, struct handle session, bool superfluous)
{
	struct handle *dialled;
	struct wish *wish = wish_of_session(node, session, &dialled);

	if (wish == NULL)
		return;
	*dialled = HANDLE_NONE;
	if (is_fulfilled(node, wish))
		end_wish(node, now, wish, true);
	else if (superfluous && is_of_one(wish)) /* what made it so has proven nothing yet */
		wish->next = mono_add_ms(now.mono, PROOF_MS);
	else if (!is_sought(wish))
		end_wish(node, now, wish, superfluous);
}

/* A place for what is said by this link; NULL: enough was said for now, by it or by all. Whoever is
 * said to be unreachable gives way: to others by the same link, or by one without its share. */
static struct wish_claim *claim_place(struct wish *wish, const struct id *link)
{
	struct wish_claim *place = NULL;
	struct wish_claim *own = NULL; /* of the link, in doubt */
	unsigned count = 0;            /* by this link */

	for (size_t i = 0; i < WISH_CLAIMS_MAX; i++) {
		struct wish_claim *claim = &wish->claims[i];
		const bool is_free = handle_is_none(claim->session);
		const bool by_link = !is_free && id_equal(&claim->link, link);

		count += by_link;
		if (by_link && claim->doubted)
			own = claim;
		if (is_free || (claim->doubted && place == NULL))
			place = claim;
	}
	if (!SECCHECK(SEC_FOUND_SHARE, count < WISH_CLAIMS_OF_LINK))
		return own;
	return place;
}

/* The same is being tried. Another via may be the better one, or the one that is no lie. */
static bool is_claimed(const struct wish *wish, const struct routed *routed)
{
	for (size_t i = 0; i < WISH_CLAIMS_MAX; i++) {
		const struct wish_claim *claim = &wish->claims[i];

		if (!handle_is_none(claim->session) && id_equal(&claim->id, &routed->from) &&
		    id_equal(&claim->via, &routed->from_via))
			return true;
	}
	return false;
}

static void take_claim(struct node *node, struct now now, struct wish *wish,
		       const struct wish_claim *said)
{
	const struct target target = { .kind = TARGET_EXACT, .id = said->id };
	const struct carrier carrier = carrier_to(&said->id, &said->via);
	struct wish_claim *claim = claim_place(wish, &said->link);

	if (claim == NULL)
		return; /* who has it is asked again */
	stop_dial(node, now, &claim->session);
	*claim = *said;
	claim->patience = mono_add_ms(now.mono, WISH_CLAIM_MS);
	if (sessions_dial(node->sessions, now, &target, &carrier, &claim->session) != 0)
		return;
	if (!wish->answered) /* later answers, which may be false, do not prolong it */
		wish->expiry = mono_add_ms(now.mono, WISH_MS);
	wish->answered = true;
}

void wish_found(struct node *node, struct now now, const struct id *link,
		const struct routed *routed)
{
	const struct wish_claim said = { .id = routed->from,
					 .via = routed->from_via,
					 .link = *link };
	struct found found;

	if (found_decode(routed->payload, &found) != 0 || found.token == 0)
		return;
	if (is_up(node, &routed->from))
		return; /* what it has we know */
	for (uint32_t i = 0; i < pool_end(&node->wishes); i++) {
		struct wish *wish = wish_at(node, i);

		if (wish != NULL && is_sought(wish) && !is_claimed(wish, routed) &&
		    SECCHECK(SEC_FOUND_TOKEN, wish->token == found.token))
			take_claim(node, now, wish, &said);
	}
}

/* The session with this handle, if there is one, awaits an answer to the M0 that this names. */
static bool is_of_dial(const struct node *node, struct handle session,
		       const struct unreachable *unreachable)
{
	return !handle_is_none(session) &&
	       SECCHECK(SEC_UNREACHABLE_INDEX,
			sessions_awaits(node->sessions, session, unreachable->sender));
}

/* The ring need not wait for who may not be there. But anybody on the way can say so, of a member
 * that is: the dial has time to take other ways. */
static void doubt(struct node *node, struct now now, struct wish *wish)
{
	wish->expiry = mono_min(wish->expiry, mono_add_ms(now.mono, WISH_DOUBTED_MS));
	if (wish->kind == WISH_ID)
		ring_failed(node->ring, now, &wish->id);
}

void wish_unreachable(struct node *node, struct now now, const struct routed *routed)
{
	struct unreachable unreachable;

	if (unreachable_decode(routed->payload, &unreachable) != 0)
		return;
	for (uint32_t i = 0; i < pool_end(&node->wishes); i++) {
		struct wish *wish = wish_at(node, i);

		if (wish == NULL)
			continue;
		for (size_t k = 0; k < WISH_CLAIMS_MAX; k++) {
			struct wish_claim *claim = &wish->claims[k];

			if (!is_of_dial(node, claim->session, &unreachable))
				continue;
			claim->doubted = true;
			sessions_hasten(node->sessions, now, claim->session);
		}
		if (!is_of_dial(node, wish->session, &unreachable))
			continue;
		if (wish->of_user)
			sessions_hasten(node->sessions, now, wish->session);
		else
			doubt(node, now, wish);
	}
}

/* For a user; the ring wants nobody while we are alone. */
static int hurry_for(struct node *node, struct now now, const struct wish *wanted)
{
	if (node_is_alone(node)) {
		lines_hurry_all(node, now);
		remember_hurry(node);
	}
	return wish_for(node, now, wanted);
}

int wish_for_destination(struct node *node, struct now now, const struct vnet_output *wanted)
{
	struct wish wish = { .kind = WISH_PREFIX, .id = wanted->id };

	if (!wanted->has_prefix) {
		wish = (struct wish){ .kind = WISH_IPV4, .key_len = 4 };
		memcpy(wish.key, wanted->destination.bytes + sizeof(wanted->destination.bytes) - 4,
		       4);
	}
	return hurry_for(node, now, &wish);
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
		return hurry_for(node, now, &wish);
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
	return hurry_for(node, now, &wish);
}
