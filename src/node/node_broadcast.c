/* node_broadcast.c - see node_broadcast.h. Each member gives its links the parts of the range that
 * it has to cover, so that everybody gets a question once while links are in order. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

/* To all members between us and `until`. The answer to ours comes back by the link that brought the
 * question: by others with each. */
static void spread(struct node *node, struct now now, const struct broadcast *broadcast)
{
	struct ring_share shares[BROADCAST_SHARES_MAX];
	const bool is_ours = id_equal(&broadcast->from, &node->certificate.id);
	const size_t count = ring_split(node->ring, &broadcast->until, broadcast->route, shares,
					BROADCAST_SHARES_MAX);

	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
		struct writer w = writer_of(bytes, sizeof(bytes));
		struct broadcast share = *broadcast;
		struct handle handle;
		const struct peer *link = peer_find(node, &shares[i].link, &handle);

		share.until = shares[i].until;
		if (is_ours)
			share.from_via = shares[i].link;
		broadcast_encode(&share, &w);
		CHECK(writer_ok(&w));
		if (link == NULL || !peer_is_linked(link))
			continue; /* the ring hears of it in this turn */
		ways_passed(node, now, handle);
		(void)send_to_peer(node, now, link, FRAME_BROADCAST, writer_span(&w));
	}
}

void broadcast_ask(struct node *node, struct now now, const struct broadcast *question)
{
	struct broadcast broadcast = *question;

	broadcast.hops = ROUTED_HOPS_MAX;
	broadcast.until = node->certificate.id;
	broadcast.from = node->certificate.id;
	spread(node, now, &broadcast);
}

static bool asks_for_us(const struct node *node, const struct broadcast *broadcast)
{
	const struct certificate *own = &node->certificate;

	switch (broadcast->kind) {
	case BROADCAST_FIND_IPV4:
		return own->has_ipv4 &&
		       span_equal(broadcast->key, span_of(own->ipv4, sizeof(own->ipv4)));
	case BROADCAST_FIND_NAME:
		return span_equal(broadcast->key,
				  span_of((const uint8_t *)own->name, strlen(own->name)));
	default:
		return false; /* of a newer version: passed on all the same */
	}
}

static void answer_found(struct node *node, struct now now, const struct broadcast *broadcast)
{
	uint8_t bytes[sizeof(struct found)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed routed = { .kind = ROUTED_FOUND,
				 .route = broadcast->route,
				 .target = { TARGET_EXACT, broadcast->from },
				 .to_via = broadcast->from_via };

	found_encode(&(struct found){ .token = broadcast->token }, &w);
	CHECK(writer_ok(&w));
	routed.payload = writer_span(&w);
	if (broadcast->route == 0)
		(void)overlay_send(node, now, &routed);
	else /* what was to arrive before got lost, or its answer */
		(void)overlay_send_twice(node, now, &routed, broadcast->route);
}

/* From us to there, in the direction that it takes. */
static struct id way_to(const struct id *self, const struct broadcast *broadcast,
			const struct id *there)
{
	return broadcast->route < RING_MIRRORED ? id_clockwise(self, there)
						: id_clockwise(there, self);
}

/* Whether the member is among those to be reached from here. */
static bool covers(const struct id *self, const struct broadcast *broadcast, const struct id *id)
{
	const struct id range = way_to(self, broadcast, &broadcast->until);
	const struct id place = way_to(self, broadcast, id);

	return id_is_zero(&range) || id_compare(&place, &range) < 0;
}

/* Of a ring that is not whole: covers() sees to that. */
static uint32_t cost(const struct id *self, const struct broadcast *broadcast)
{
	const struct id range = way_to(self, broadcast, &broadcast->until);

	return BROADCAST_LEAST + (uint32_t)(range.bytes[0] << 8 | range.bytes[1]);
}

int broadcast_take(struct node *node, struct now now, struct peer *link, struct span payload)
{
	const struct id *self = &node->certificate.id;
	struct broadcast broadcast;
	const int err = broadcast_decode(payload, &broadcast);

	if (err != 0)
		return err;
	/* Each share lies behind whoever gave it, and in front of whoever asked. */
	if (!SECCHECK(SEC_BROADCAST_RANGE, !covers(self, &broadcast, &link->id) &&
						   !covers(self, &broadcast, &broadcast.from)))
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_BROADCAST_POLICY, link->may_route) ||
	    !SECCHECK(SEC_BROADCAST_ALLOWANCE,
		      allowance_take(&link->broadcasts, now.mono, cost(self, &broadcast),
				     LINK_BROADCASTS, LINK_BROADCASTS_REFILL_MS))) {
		node->counters.routed_refused++;
		return ERR_DENIED;
	}
	if (asks_for_us(node, &broadcast))
		answer_found(node, now, &broadcast);
	if (broadcast.hops == 0)
		return ERR_EXHAUSTED;
	broadcast.hops--;
	spread(node, now, &broadcast);
	return 0;
}
