/* node_neighbour.c - our place on the ring: carries between the ring machine and the sessions. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

/* What is left of the dials for those whom this member named; of those who have left, together. */
static struct allowance *names_of(struct node *node, const struct id *teller)
{
	struct handle handle;
	struct peer *peer = peer_find(node, teller, &handle);

	return peer != NULL ? &peer->names : &node->names;
}

void neighbour_found(struct node *node, const struct id *teller)
{
	allowance_give_back(names_of(node, teller), 1);
}

/* Zero for `via` lets the message find its own way. */
static void want_session(struct node *node, struct now now, const struct ring_output *output)
{
	static const enum wish_kind kinds[] = {
		[RING_WANT] = WISH_ID, [RING_JOIN] = WISH_JOIN, [RING_SEEK] = WISH_SEEK
	};
	struct wish wish = { .kind = kinds[output->kind],
			     .id = output->kind == RING_JOIN ? node->certificate.id : output->id,
			     .via = output->via,
			     .tellers = { output->teller },
			     .teller_count = 1,
			     .of_ring = true };
	struct handle handle;
	const struct peer *peer = peer_find(node, &wish.id, &handle);
	int err = 0;

	if (wish.kind == WISH_ID && peer != NULL && peer_is_up(peer)) {
		neighbour_changed(node, now, peer); /* it was met in this very turn */
	} else if (wish.kind == WISH_ID &&
		   !SECCHECK(SEC_NAMES_ALLOWANCE,
			     allowance_take(names_of(node, &output->teller), now.mono, 1,
					    MEMBER_NAMES, MEMBER_NAMES_REFILL_MS))) {
		ring_disbelieve(node->ring, now, &wish.id, &output->teller);
	} else {
		err = wish_for(node, now, &wish);
	}
	if (err != 0 && wish.kind == WISH_ID) /* nobody was dialled */
		allowance_give_back(names_of(node, &output->teller), 1);
	if (err != 0 && wish.kind == WISH_SEEK)
		ring_sought(node->ring, now, &wish.id, NULL);
	else if (err == ERR_NOT_FOUND)
		ring_failed(node->ring, now, &wish.id); /* full: it tries again by itself */
}

static void tell_list(struct node *node, struct now now, const struct ring_output *output)
{
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct handle handle;
	const struct peer *peer = peer_find(node, &output->id, &handle);

	if (peer == NULL)
		return;
	neighbours_encode(&output->list, &w);
	CHECK(writer_ok(&w));
	(void)send_to_peer(node, now, peer, FRAME_NEIGHBOURS, writer_span(&w));
}

void neighbours_poll(struct node *node, struct now now)
{
	struct ring_output output;

	while (send_room(node) >= PARTS_MAX && ring_poll(node->ring, now, &output)) {
		if (node->shutting_down)
			continue; /* we leave */
		switch (output.kind) {
		case RING_WANT:
		case RING_JOIN:
		case RING_SEEK:
			want_session(node, now, &output);
			break;
		case RING_TELL:
			tell_list(node, now, &output);
			break;
		case RING_CHECK:
			ways_check(node, now, &output.id);
			break;
		case RING_NEAR_CHANGED:
			remember_soon(node);
			ways_near_changed(node, now);
			relaying_near_changed(node);
			break;
		}
	}
}

void neighbour_changed(struct node *node, struct now now, const struct peer *peer)
{
	struct ring_member member = { .id = peer->id,
				      .linked = peer_is_linked(peer),
				      .doubted = peer->doubted };

	if (!peer_is_up(peer)) {
		ring_left(node->ring, now, &peer->id);
		return;
	}
	if (paths_used(&peer->paths)->has_rtt)
		member.rtt_us = paths_used(&peer->paths)->rtt_us;
	(void)ring_met(node->ring, now, &member); /* full: the peer serves, outside the ring */
}

int neighbour_list(struct node *node, struct now now, struct peer *from, struct span payload)
{
	struct neighbours list;
	const int err = neighbours_decode(payload, &list);

	if (err != 0)
		return err;
	if (!SECCHECK(SEC_LIST_ALLOWANCE, allowance_take(&from->lists, now.mono, 1, MEMBER_LISTS,
							 MEMBER_LISTS_REFILL_MS)))
		return ERR_DENIED;
	return ring_hear(node->ring, now, &from->id, &list);
}
