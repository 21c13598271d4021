/* node_who.c - see node_who.h. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* -- what we say of ourselves ---------------------------------------------------------------- */

static bool is_by_relay(const struct peer *link)
{
	return peer_way(link).kind == WAY_RELAY;
}

/* By which link the question came. */
static void tell_step(const struct node *node, const struct peer *link, struct iam *iam)
{
	const struct trial *used = paths_used(&link->paths);
	const struct peer *relay = NULL;
	struct handle unused;

	iam->before = link->id;
	iam->is_relay = is_by_relay(link);
	if (used->has_rtt && used->rtt_us < UINT32_MAX)
		iam->step_us = (uint32_t)used->rtt_us;
	if (iam->is_relay && used->way.link > 0)
		relay = pool_slot(&node->peers, used->way.link - 1, &unused);
	if (relay != NULL)
		iam->relay = relay->id;
}

/* The links that the ring wants: near ones, then shortcuts. */
static void tell_links(const struct node *node, uint32_t max, bool near, struct iam *iam)
{
	for (uint32_t i = 0; i < pool_end(&node->peers) && iam->link_count < max; i++) {
		struct handle unused;
		const struct peer *peer = pool_slot(&node->peers, i, &unused);

		if (peer == NULL || !peer_is_linked(peer) || !ring_uses(node->ring, &peer->id) ||
		    ring_is_near(node->ring, &peer->id) != near)
			continue;
		iam->links[iam->link_count++] = (struct iam_link){ .id = peer->id,
								   .is_near = near,
								   .is_relay = is_by_relay(peer) };
	}
}

int who_answer(struct node *node, struct now now, struct peer *link, const struct routed *routed,
	       enum iam_end end)
{
	struct routed answer = { .kind = ROUTED_IAM,
				 .target = { TARGET_EXACT, routed->from },
				 .to_via = routed->from_via };
	struct iam iam = { .end = (uint8_t)end, .name = span_text(node->certificate.name) };
	uint8_t bytes[WHO_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct who who;
	uint32_t links;
	const int err = who_decode(routed->payload, &who);

	if (err != 0)
		return err;
	if (routed->target.kind != TARGET_EXACT)
		return ERR_UNSUPPORTED;
	if (node->shutting_down ||
	    !SECCHECK(SEC_WHO_ALLOWANCE,
		      allowance_take(&link->whos, now.mono, 1, LINK_WHOS, LINK_WHOS_REFILL_MS)))
		return ERR_DENIED;
	iam.token = who.token;
	tell_step(node, link, &iam);
	links = iam_links_fit(who.bytes, iam.name.len);
	tell_links(node, links, true, &iam);
	tell_links(node, links, false, &iam);
	iam_encode(&iam, &w);
	CHECK(writer_ok(&w) && w.len <= who.bytes);
	answer.payload = writer_span(&w);
	return overlay_send(node, now, &answer) ? 0 : ERR_NOT_FOUND;
}

/* -- what others say -------------------------------------------------------------------------- */

static struct asked *find_asked(struct node *node, uint64_t token)
{
	for (size_t i = 0; i < ASKED_MAX; i++) {
		struct asked *asked = &node->asked[i];

		if (asked->used && asked->verb == NODE_WHO && asked->ping_token != 0 &&
		    asked->ping_token == token && !asked->answered)
			return asked;
	}
	return NULL;
}

static void keep(const struct node *node, const struct iam *iam, struct node_who *ret)
{
	ret->end = (enum iam_end)iam->end;
	ret->before = peer_named(node, &iam->before);
	ret->is_relay = iam->is_relay;
	ret->relay = peer_named(node, &iam->relay);
	ret->step_us = iam->step_us;
	ret->link_count = iam->link_count;
	for (uint32_t i = 0; i < iam->link_count; i++) {
		ret->links[i] = peer_named(node, &iam->links[i].id);
		ret->link_is_near[i] = iam->links[i].is_near;
		ret->link_is_relay[i] = iam->links[i].is_relay;
	}
}

int who_take(struct node *node, struct now now, const struct routed *routed)
{
	char name[IAM_NAME_MAX + 1] = "";
	struct asked *asked;
	struct iam iam;
	int err = iam_decode(routed->payload, &iam);

	if (err != 0)
		return err;
	static_assert(sizeof(name) == sizeof(asked->who->member.name), "it is copied whole");
	memcpy(name, iam.name.data, iam.name.len);
	if (!certificate_name_is_valid(name))
		return ERR_MALFORMED;
	asked = find_asked(node, iam.token);
	if (!SECCHECK(SEC_IAM_TOKEN, asked != NULL))
		return ERR_STALE;
	if (!SECCHECK(SEC_IAM_TARGET,
		      (iam.end == IAM_TARGET) == id_equal(&routed->from, &asked->target)))
		return ERR_DENIED;
	asked->who->member = peer_named(node, &routed->from);
	asked->who->is_met = asked->who->member.name[0] != '\0';
	if (!asked->who->is_met)
		memcpy(asked->who->member.name, name, sizeof(name));
	if (!asked->route.wants_links)
		iam.link_count = 0; /* those that there was room for, not all */
	keep(node, &iam, asked->who);
	asked->who->rtt_us = now.mono.us - asked->sent.us;
	asked->answered = true;
	return 0;
}

/* -- for our users ---------------------------------------------------------------------------- */

/* Who is linked is found by its id; so is, perhaps, who is not met. */
static struct id via_to(const struct peer *peer)
{
	const bool is_elsewhere = peer != NULL && peer_is_up(peer) && !peer_is_linked(peer);

	return is_elsewhere ? peer->via : (struct id){ 0 };
}

static void ask(struct node *node, struct now now, struct asked *asked, const struct peer *peer)
{
	static const struct id nobody;
	const struct who who = { .token = rng_u64(&node->rng) | 1,
				 .bytes =
					 asked->route.wants_links ? WHO_BYTES_MAX : WHO_BYTES_MIN };
	struct routed routed = { .kind = ROUTED_WHO,
				 .target = { TARGET_EXACT, asked->target },
				 .to_via = via_to(peer) };
	uint8_t bytes[WHO_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	CHECK(asked->route.hops >= 1 && asked->route.hops <= ROUTED_HOPS_MAX);
	who_encode(&who, &w);
	CHECK(writer_ok(&w));
	routed.payload = writer_span(&w);
	asked->who = calloc(1, sizeof(*asked->who));
	if (asked->who == NULL) {
		answer_fail(asked, ERR_NOMEM, err_text(ERR_NOMEM));
		return;
	}
	asked->ping_token = who.token;
	asked->sent = now.mono;
	if (!overlay_send_far(node, now, &routed, (uint8_t)(asked->route.hops - 1),
			      asked->route.is_aside ? &asked->target : &nobody))
		answer_fail(asked, ERR_NOT_FOUND,
			    asked->route.is_aside ? "this host has no other link that leads there"
						  : "this host has no link by which to ask");
}

/* An id is enough to ask for: whether anybody has it the way will show. */
static void try_to_ask(struct node *node, struct now now, struct asked *asked)
{
	const struct peer *peer;

	if (!peer_is_self(node, asked->peer_text) &&
	    id_from_text(asked->peer_text, &asked->target) == 0) {
		struct handle unused;

		peer = peer_find(node, &asked->target, &unused);
		ask(node, now, asked, peer);
		return;
	}
	peer = answer_peer(node, now, asked);
	if (peer == NULL)
		return;
	asked->target = peer->id;
	ask(node, now, asked, peer);
}

bool who_reply(struct node *node, struct now now, struct asked *asked, struct node_reply *ret)
{
	if (asked->ping_token == 0)
		try_to_ask(node, now, asked);
	else if (!asked->answered && answer_is_late(asked, now))
		answer_fail(asked, ERR_TIMEOUT, "");
	if (asked->err != 0 || !asked->answered)
		return false;
	ret->kind = NODE_REPLY_WHO;
	ret->who = asked->who;
	return true;
}
