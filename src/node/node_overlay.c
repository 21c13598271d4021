/* node_overlay.c - messages from link to link, each step nearer to whom they are for.
 *
 * Only links carry: peers whose session has a direct or relayed way. So a message never needs the
 * ring to travel along the ring. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "node/carrier.h"

/* One message to a link: whole, or in pieces. */
static bool send_to_link(struct node *node, struct now now, const struct peer *link,
			 struct span routed)
{
	return routed.len <= part_room(link) ? send_to_peer(node, now, link, FRAME_ROUTED, routed)
					     : part_send(node, now, link, FRAME_ROUTED, routed);
}

/* One more step. False if it leads nowhere. */
static bool pass_on(struct node *node, struct now now, const struct routed *routed,
		    const struct id *to)
{
	uint8_t bytes[ROUTED_HEADER_BYTES + ROUTED_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct handle handle;
	const struct peer *link = peer_find(node, to, &handle);

	if (link == NULL || !peer_is_linked(link))
		return false; /* the ring hears of it in this turn */
	routed_encode(routed, &w);
	CHECK(writer_ok(&w));
	ways_passed(node, now, handle);
	return send_to_link(node, now, link, writer_span(&w));
}

/* Where it goes from here: HERE, ON or STUCK. A via that cannot be found has left; the target may
 * have come to its own place meanwhile. */
static enum ring_step next_step(const struct node *node, struct routed *routed,
				const struct id *came_from, struct id *ret_link)
{
	enum ring_step step = ring_next(node->ring, routed, came_from, ret_link);

	if (step == RING_STUCK && !id_is_zero(&routed->to_via)) {
		routed->to_via = (struct id){ 0 };
		step = ring_next(node->ring, routed, came_from, ret_link);
	}
	if (step != RING_ASIDE)
		return step;
	routed->detours--;
	return RING_ON;
}

static struct routed own_of(const struct node *node, const struct routed *routed, uint8_t hops)
{
	struct routed own = *routed;

	own.hops = hops;
	own.detours = ROUTED_DETOURS_MAX;
	if (id_equal(&own.to_via, &node->certificate.id))
		own.to_via = (struct id){ 0 };
	own.from = node->certificate.id;
	own.from_via = (struct id){ 0 };
	return own;
}

/* One of our own. Its from_via is the link that it took: who has a link to us finds us before we
 * stand in our place. */
static bool send_own(struct node *node, struct now now, struct routed *own,
		     const struct id *avoided)
{
	struct id next;

	if (next_step(node, own, avoided, &next) != RING_ON)
		return false;
	own->from_via = next;
	return pass_on(node, now, own, &next);
}

bool overlay_send_far(struct node *node, struct now now, const struct routed *routed, uint8_t hops,
		      const struct id *avoided)
{
	struct routed own = own_of(node, routed, hops);

	return send_own(node, now, &own, avoided);
}

/* A datagram goes along the ring because the straight way is in doubt: were it to take the link to
 * whom it is for, an answer would prove a ring that there is only while that link is. */
static const struct id *avoided_by(const struct routed *routed)
{
	static const struct id nobody;

	return routed->kind == ROUTED_DATAGRAM ? &routed->target.id : &nobody;
}

bool overlay_send(struct node *node, struct now now, const struct routed *routed)
{
	return overlay_send_far(node, now, routed, ROUTED_HOPS_MAX, avoided_by(routed));
}

bool overlay_send_twice(struct node *node, struct now now, const struct routed *routed,
			unsigned choice)
{
	const struct id *to = &routed->target.id;
	struct routed own = own_of(node, routed, ROUTED_HOPS_MAX);
	struct routed again = own;
	const bool is_sent = send_own(node, now, &own, avoided_by(routed));

	if (!ring_beside(node->ring, to, &own.from_via, choice, &again.from_via))
		return is_sent;
	again.to_via = (struct id){ 0 };
	again.route = (uint8_t)(1 + choice % (ROUTED_ROUTES - 1));
	return pass_on(node, now, &again, &again.from_via) || is_sent;
}

/* Nobody here answers to the target: who dialled it need not wait. One answer to a question, none
 * to an answer. */
static void tell_unreachable(struct node *node, struct now now, const struct routed *routed)
{
	struct handshake_m0 m0;
	uint8_t bytes[sizeof(struct unreachable)];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct routed answer = { .kind = ROUTED_UNREACHABLE,
				 .target = { TARGET_EXACT, routed->from },
				 .to_via = routed->from_via };

	if (routed->kind != ROUTED_HANDSHAKE ||
	    handshake_m0_decode(routed->payload, HANDSHAKE_CARRIED, &m0) != 0)
		return;
	unreachable_encode(&(struct unreachable){ .sender = m0.sender }, &w);
	CHECK(writer_ok(&w));
	answer.payload = writer_span(&w);
	(void)overlay_send(node, now, &answer);
}

/* It is for us, or for whoever is nearest to its target, and that is us. */
static int arrive(struct node *node, struct now now, struct peer *link, const struct routed *routed)
{
	const struct target *target = &routed->target;
	struct carrier carrier;

	if (target->kind == TARGET_PREFIX && !id_prefix_equal(&target->id, &node->certificate.id)) {
		tell_unreachable(node, now, routed);
		return ERR_NOT_FOUND;
	}
	switch (routed->kind) {
	case ROUTED_HANDSHAKE:
		if (node->shutting_down)
			return ERR_DENIED; /* or a peer would find us again that was just left */
		carrier = carrier_of_routed(routed, &link->id);
		return sessions_handshake(node->sessions, now, &carrier, routed->payload);
	case ROUTED_DATAGRAM:
		send_open(node, routed->payload);
		return 0;
	case ROUTED_FOUND:
		wish_found(node, now, &link->id, routed);
		return 0;
	case ROUTED_UNREACHABLE:
		wish_unreachable(node, now, routed);
		return 0;
	case ROUTED_WHO:
		return who_answer(node, now, link, routed, IAM_TARGET);
	case ROUTED_IAM:
		return who_take(node, now, routed);
	default:
		return ERR_UNSUPPORTED;
	}
}

int overlay_routed(struct node *node, struct now now, struct peer *link, struct span payload)
{
	struct routed routed;
	enum ring_step step;
	struct id next;
	const int err = routed_decode(payload, &routed);

	if (err != 0)
		return err;
	if (!SECCHECK(SEC_ROUTE_POLICY, link->may_route) ||
	    !SECCHECK(SEC_ROUTE_ALLOWANCE,
		      allowance_take(&link->routed, now.mono, (uint32_t)payload.len,
				     LINK_ROUTED_BYTES, LINK_ROUTED_REFILL_MS))) {
		node->counters.routed_refused++;
		return ERR_DENIED;
	}
	if (id_equal(&routed.from, &node->certificate.id))
		return ERR_EXISTS; /* our own came back */
	if (id_equal(&routed.to_via, &node->certificate.id))
		routed.to_via = (struct id){ 0 };
	step = next_step(node, &routed, &link->id, &next);
	if (step == RING_HERE)
		return arrive(node, now, link, &routed);
	if (routed.kind == ROUTED_WHO && (step == RING_STUCK || routed.hops == 0))
		return who_answer(node, now, link, &routed,
				  step == RING_STUCK ? IAM_STUCK : IAM_PASSED);
	if (step == RING_STUCK) {
		tell_unreachable(node, now, &routed);
		return ERR_NOT_FOUND;
	}
	if (routed.hops == 0)
		return ERR_EXHAUSTED;
	routed.hops--;
	node->counters.routed++;
	return pass_on(node, now, &routed, &next) ? 0 : ERR_NOT_FOUND;
}
