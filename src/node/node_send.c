/* node_send.c - everything that a node sends leaves here: a frame is sealed, and travels by a way.
 *
 *     DIRECT   the datagram itself
 *     RELAY    inside a RELAY frame of the session with the relay, whose own way is direct
 *     RING     inside a ROUTED message, which leaves by the way of the next link
 *
 * A packet that is larger than what its way carries leaves in PARTs that hold its datagram.
 * So one frame can be sealed up to three times. What is ready waits in `departures`, from where
 * node_poll() takes it before anything else; when that is full it is lost, as on any wire. */
#include "node/node_internal.h"

#include "base/check.h"
#include "forward/seal.h"
#include "node/carrier.h"

#define ROUTES_AT_ONCE 4 /* of an M0 that was not answered */

/* Who seals under a key set sees what it has passed, so what a forward_thread would report of its
 * packets is reported here of ours. */
static void report_milestones(struct node *node, struct now now, struct keyset *keyset)
{
	struct forward_report passed[FORWARD_MILESTONES];
	const size_t count = forward_milestones(keyset, passed);

	for (size_t i = 0; i < count; i++)
		(void)channel_report(node, now, &passed[i]);
}

uint32_t send_room(const struct node *node)
{
	return DEPARTURES_MAX - queue_len(&node->departure_queue);
}

void send_init(struct node *node)
{
	/* One more than wait: the world has it still, until it asks for the next. */
	pool_init(&node->departures, DEPARTURES_MAX + 1, sizeof(struct departure));
	node->departure_queue = queue_of(DEPARTURES_MAX);
}

static struct departure *depart(struct node *node, size_t len)
{
	CHECK(len <= DEPARTURE_BYTES_MAX);
	if (queue_is_full(&node->departure_queue)) {
		node->counters.departures_lost++;
		return NULL;
	}
	struct handle handle;
	struct departure *departure = pool_take(&node->departures, &handle);

	if (departure == NULL) { /* no memory */
		node->counters.departures_lost++;
		return NULL;
	}
	node->departure_order[queue_push(&node->departure_queue)] = handle;
	departure->len = len;
	return departure;
}

/* Whose turn in the egress it takes. */
static uint32_t link_of(struct handle peer)
{
	return handle_is_none(peer) ? EGRESS_LINK_NONE : peer.index + 1;
}

static bool leave_direct(struct node *node, const struct leaving *leaving)
{
	struct departure *departure = depart(node, leaving->datagram.len);

	if (departure == NULL)
		return false;
	departure->link = link_of(leaving->peer);
	departure->class = leaving->class;
	departure->local = leaving->way.local;
	departure->remote = leaving->way.remote;
	departure->ttl = leaving->ttl;
	memcpy(departure->bytes, leaving->datagram.data, leaving->datagram.len);
	return true;
}

/* The relay's session carries it one step, straight; a relay behind a relay there is none. */
static bool leave_by_relay(struct node *node, struct now now, const struct leaving *leaving)
{
	const struct relaying *relaying = relaying_of(node, leaving->peer, &leaving->way);
	struct peer *relay = relaying == NULL ? NULL : pool_at(&node->peers, relaying->relay);
	const struct channel *channel = relay == NULL ? NULL : channel_of(node, relay->session);
	uint8_t sealed[DEPARTURE_BYTES_MAX];
	struct leaving outer = { .class = leaving->class };

	if (channel == NULL || channel->send == NULL || !relaying->granted ||
	    peer_way(relay).kind != WAY_DIRECT ||
	    leaving->datagram.len + SEAL_RELAY_OVERHEAD > sizeof(sealed) ||
	    seal_relayed(channel->send, now.mono, relaying->send_index, leaving->datagram,
			 sealed) != 0)
		return false;
	report_milestones(node, now, channel->send);
	outer.peer = relaying->relay;
	outer.way = peer_way(relay);
	outer.datagram = span_of(sealed, leaving->datagram.len + SEAL_RELAY_OVERHEAD);
	return leave_direct(node, &outer);
}

#define RING_ONCE_MS 400 /* so long after a session began what is said in it leaves once */

/* Of the second ways for what leaves twice: another one each time, or the chosen one would do for
 * who wants to be in the way. */
static unsigned any_choice(struct node *node)
{
	return (unsigned)rng_between(&node->rng, 0, UINT16_MAX);
}

/* What is said as a session begins is said again if it is lost, candidates after 500 ms and lists
 * after two seconds, and by then most have a way of their own. While many join, that is most of
 * what goes along the ring. */
static bool goes_once(const struct leaving *leaving, const struct peer *peer, struct now now)
{
	return leaving->class == EGRESS_CONTROL && peer != NULL &&
	       !mono_reached(now.mono, mono_add_ms(peer->since, RING_ONCE_MS));
}

/* Programs get their packets in order as far as they have taken one way. */
static bool leave_by_ring(struct node *node, struct now now, const struct leaving *leaving)
{
	const struct peer *peer = pool_at(&node->peers, leaving->peer);
	struct routed routed = { .kind = ROUTED_DATAGRAM,
				 .target = { .kind = TARGET_EXACT },
				 .payload = leaving->datagram };

	routed.target.id = peer != NULL ? peer->id : leaving->ring_id;
	routed.to_via = peer != NULL ? peer->via : leaving->ring_via;
	if (goes_once(leaving, peer, now))
		return overlay_send(node, now, &routed);
	return overlay_send_twice(node, now, &routed,
				  leaving->class == EGRESS_DATA ? 0 : any_choice(node));
}

static bool leave(struct node *node, struct now now, const struct leaving *leaving)
{
	switch (leaving->way.kind) {
	case WAY_DIRECT:
		return leave_direct(node, leaving);
	case WAY_RELAY:
		return leave_by_relay(node, now, leaving);
	case WAY_RING:
		return leave_by_ring(node, now, leaving);
	case WAY_NONE:
		return false;
	}
	UNREACHABLE();
}

/* Only of packets it is known how large they may be, and only by the way in use. */
static bool is_too_wide(const struct node *node, const struct sealing *sealing)
{
	const struct peer *peer = pool_at(&node->peers, sealing->channel->peer);

	return sealing->kind == FRAME_IP && peer != NULL && peer_is_up(peer) &&
	       sealing->payload.len > paths_size(&peer->paths);
}

bool send_frame(struct node *node, struct now now, const struct sealing *sealing)
{
	const struct frame_header header = { .kind = sealing->kind,
					     .padding = (uint16_t)sealing->padding };
	const struct channel *channel = sealing->channel;
	struct keyset *keyset = sealing->keyset;
	uint8_t sealed[DEPARTURE_BYTES_MAX];
	struct leaving leaving = { .ttl = sealing->ttl };

	if (channel == NULL)
		return false;
	if (keyset == NULL)
		keyset = channel->send;
	if (keyset == NULL || keyset_seal(keyset, now.mono, &header, sealing->payload, sealed) != 0)
		return false;
	report_milestones(node, now, keyset);
	leaving.peer = channel->peer;
	leaving.ring_id = channel->ring_id;
	leaving.ring_via = channel->ring_via;
	leaving.way = sealing->way != NULL ? *sealing->way : channel_way(node, channel);
	leaving.class =
		sealing->is_data || sealing->kind == FRAME_IP ? EGRESS_DATA : EGRESS_CONTROL;
	leaving.datagram =
		span_of(sealed, sealing->payload.len + sealing->padding + KEYSET_OVERHEAD);
	if (is_too_wide(node, sealing))
		return part_send(node, now, pool_at(&node->peers, channel->peer), FRAME_DATAGRAM,
				 leaving.datagram);
	return leave(node, now, &leaving);
}

bool send_to_peer(struct node *node, struct now now, const struct peer *peer, uint8_t kind,
		  struct span payload)
{
	const struct sealing sealing = { .channel = channel_of(node, peer->session),
					 .kind = kind,
					 .payload = payload };

	return send_frame(node, now, &sealing);
}

/* It goes to whoever its target names, which may be no exact id. The first time it takes the best
 * route. If no answer came of that, somebody there may lose what it should pass on, so it takes
 * ROUTES_AT_ONCE others, and the next time others again: half of them without the via, if whoever
 * answers is the same wherever it is asked. Who answers does so to each of them. */
static void send_m0(struct node *node, struct now now, struct routed *routed, uint8_t repeats)
{
	const unsigned first = repeats == 0 ? 0 : 1 + (repeats - 1U) * ROUTES_AT_ONCE;
	const unsigned end = repeats == 0 ? 1 : first + ROUTES_AT_ONCE;
	struct handshake_m0 m0;
	bool twice;

	CHECK(handshake_m0_decode(routed->payload, HANDSHAKE_CARRIED, &m0) == 0); /* our own */
	routed->target = m0.target;
	twice = repeats > 0 && m0.target.kind != TARGET_NEAREST;
	for (unsigned route = first; route < end; route += twice ? 2 : 1) {
		routed->route = (uint8_t)(route % ROUTED_ROUTES);
		if (twice)
			(void)overlay_send_twice(node, now, routed, any_choice(node));
		else
			(void)overlay_send(node, now, routed);
	}
}

/* All others go back to who sent the message before. M2 is for a member that has shown who it is,
 * and takes two ways; what answers a claim is not doubled. */
static void send_carried(struct node *node, struct now now, const struct carrier *carrier,
			 struct span bytes, uint8_t repeats)
{
	struct routed routed = { .kind = ROUTED_HANDSHAKE, .payload = bytes };

	carrier_route(carrier, &routed);
	routed.route = repeats % ROUTED_ROUTES;
	if (datagram_type(bytes) == DATAGRAM_M0)
		send_m0(node, now, &routed, repeats);
	else if (datagram_type(bytes) == DATAGRAM_M2)
		(void)overlay_send_twice(node, now, &routed, any_choice(node));
	else
		(void)overlay_send(node, now, &routed);
}

void send_handshake(struct node *node, struct now now, const struct carrier *carrier,
		    struct span bytes, uint8_t repeats)
{
	struct departure *departure;

	if (carrier->carriage == HANDSHAKE_CARRIED) {
		send_carried(node, now, carrier, bytes, repeats);
		return;
	}
	departure = depart(node, bytes.len);
	if (departure == NULL)
		return;
	departure->link = EGRESS_LINK_NONE;
	departure->class = EGRESS_CONTROL;
	carrier_endpoints(carrier, &departure->local, &departure->remote);
	memcpy(departure->bytes, bytes.data, bytes.len);
}

void send_open(struct node *node, struct span datagram)
{
	struct departure *departure =
		datagram.len > DEPARTURE_BYTES_MAX ? NULL : depart(node, datagram.len);

	if (departure == NULL)
		return;
	departure->is_arrival = true;
	memcpy(departure->bytes, datagram.data, datagram.len);
}

bool send_poll(struct node *node, struct node_action *ret)
{
	const struct departure *departure;

	if (!handle_is_none(node->departed))
		pool_give(&node->departures, node->departed);
	node->departed = HANDLE_NONE;
	if (queue_is_empty(&node->departure_queue))
		return false;
	node->departed = node->departure_order[queue_pop(&node->departure_queue)];
	departure = pool_at(&node->departures, node->departed);
	CHECK(departure != NULL);
	if (departure->is_arrival) {
		*ret = (struct node_action){ .kind = NODE_OPEN };
		ret->datagram = span_of(departure->bytes, departure->len);
		return true;
	}
	*ret = (struct node_action){ .kind = NODE_SEND };
	ret->send.link = departure->link;
	ret->send.class = departure->class;
	ret->send.local = departure->local;
	ret->send.remote = departure->remote;
	ret->send.ttl = departure->ttl;
	ret->send.bytes = span_of(departure->bytes, departure->len);
	return true;
}
