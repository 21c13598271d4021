/* node_frames.c - what members say to each other inside a session, given to whom it concerns. */
#include "node/node_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

void frames_probe(struct node *node, struct now now, const struct peer *peer,
		  const struct paths_output *probe)
{
	uint8_t payload[FRAME_PROBE_BYTES];
	struct writer w = writer_of(payload, sizeof(payload));
	struct sealing sealing = { .channel = channel_of(node, peer->session),
				   .kind = FRAME_PROBE,
				   .way = &probe->way,
				   .ttl = probe->ttl };

	if (probe->size > FRAME_PROBE_BYTES)
		sealing.padding = (size_t)probe->size - FRAME_PROBE_BYTES;
	frame_probe_encode(&(struct frame_probe){ .token = probe->token }, &w);
	CHECK(writer_ok(&w));
	sealing.payload = writer_span(&w);
	(void)send_frame(node, now, &sealing); /* lost: unanswered, as on the wire */
}

/* A probe is answered by the way that it came, with the address it came from: so the peer learns
 * how it is seen, and a way that it tries is proven both ways. */
static int answer_probe(struct node *node, struct now now, const struct channel *channel,
			const struct node_event *event)
{
	uint8_t payload[FRAME_PROBE_BYTES];
	struct writer w = writer_of(payload, sizeof(payload));
	struct sealing sealing = { .channel = channel,
				   .kind = FRAME_PROBE_ACK,
				   .way = &event->frame.way };
	struct peer *peer = pool_at(&node->peers, channel->peer);
	struct frame_probe probe;
	const int err = frame_probe_decode(event->frame.payload, &probe);

	if (err != 0)
		return err;
	if (!double_may_answer(channel, now))
		return ERR_STALE;
	frame_probe_ack_encode(&(struct frame_probe_ack){ .token = probe.token,
							  .observed = event->frame.way.remote },
			       &w);
	CHECK(writer_ok(&w));
	sealing.payload = writer_span(&w);
	(void)send_frame(node, now, &sealing);
	if (peer != NULL && handle_equal(peer->session, channel->session))
		paths_probed(&peer->paths, now.mono, probe.token, &event->frame.way);
	return 0;
}

/* The answer tells under which endpoint the peer sees us: one more report about our NAT. */
static void learn_of_ourselves(struct node *node, struct now now, const struct peer *peer,
			       const struct way *way, const struct endpoint *seen)
{
	const struct candidates_report report = { .reporter = peer->id,
						  .from = way->remote,
						  .seen = *seen };

	if (way->kind == WAY_DIRECT && candidates_saw(&node->candidates, now.mono, &report))
		announce_to_all(node, now);
}

static int take_probe_ack(struct node *node, struct now now, const struct channel *channel,
			  const struct node_event *event)
{
	struct peer *peer = pool_at(&node->peers, channel->peer);
	struct frame_probe_ack ack;
	const int err = frame_probe_ack_decode(event->frame.payload, &ack);
	bool had_rtt;
	int stale;

	if (err != 0 || peer == NULL)
		return err != 0 ? err : ERR_STALE;
	answer_pong(node, now, ack.token, &event->frame.way);
	if (!handle_equal(peer->session, channel->session))
		return ERR_STALE;
	had_rtt = paths_used(&peer->paths)->has_rtt;
	stale = paths_answered(&peer->paths, now.mono, ack.token, &event->frame.way);
	if (stale == 0) /* who was not asked has nothing to say about us */
		learn_of_ourselves(node, now, peer, &event->frame.way, &ack.observed);
	if (!had_rtt)
		neighbour_changed(node, now, peer); /* it may have a round trip now */
	return stale;
}

/* Links carry for others; a session that is itself carried along the ring does not, or one message
 * would be many. */
static bool is_for_links(uint8_t kind)
{
	return kind == FRAME_PART || kind == FRAME_ROUTED || kind == FRAME_BROADCAST;
}

/* Frames that make sense only between two who stand beside each other. */
static int take_overlay_frame(struct node *node, struct now now, const struct channel *channel,
			      const struct node_event *event)
{
	struct peer *peer = pool_at(&node->peers, channel->peer);
	const struct span payload = event->frame.payload;

	if (peer == NULL || !peer_is_up(peer))
		return ERR_STALE;
	if (!SECCHECK(SEC_LINKS_CARRY,
		      !is_for_links(event->frame.kind) || event->frame.way.kind != WAY_RING))
		return ERR_DENIED;
	switch (event->frame.kind) {
	case FRAME_PART:
		return part_take(node, now, channel->peer, payload);
	case FRAME_ROUTED:
		return overlay_routed(node, now, peer, payload);
	case FRAME_BROADCAST:
		return broadcast_take(node, now, peer, payload);
	case FRAME_NEIGHBOURS:
		return neighbour_list(node, now, peer, payload);
	case FRAME_CANDIDATES:
		return ways_candidates(node, now, channel->peer, payload);
	case FRAME_RELAY_ASK:
	case FRAME_RELAY_GRANT:
	case FRAME_RELAY_END:
		return relaying_frame(node, now, channel->peer, event->frame.kind, payload);
	case FRAME_RELEASE:
		need_released(node, now, channel);
		return 0;
	case FRAME_HOLD:
		need_held(node, now, channel->peer);
		return 0;
	case FRAME_CLOCK:
		return clocks_take(node, now, peer, payload);
	default:
		return ERR_UNSUPPORTED; /* of a newer version */
	}
}

int frames_take(struct node *node, struct now now, const struct node_event *event)
{
	struct channel *channel = channel_by_local_index(node, event->frame.local_index);

	if (channel == NULL)
		return ERR_STALE; /* closed earlier in this turn */
	channel_opened(node, now, channel);
	if (pool_at(&node->peers, channel->peer) != NULL)
		ways_touch(node, channel->peer);
	if (event->frame.kind != FRAME_CLOSE)
		double_heard(node, now, channel, &event->frame.way);
	switch (event->frame.kind) {
	case FRAME_EMPTY:
		return 0; /* that it came is what it says: forward/ has noted it */
	case FRAME_PROBE:
		return answer_probe(node, now, channel, event);
	case FRAME_PROBE_ACK:
		return take_probe_ack(node, now, channel, event);
	case FRAME_REKEY:
	case FRAME_REKEY_ACK:
	case FRAME_REKEY_WANTED:
	case FRAME_CLOSE:
		return sessions_frame(node->sessions, now, channel->session, event->frame.kind,
				      event->frame.payload);
	default:
		return take_overlay_frame(node, now, channel, event);
	}
}
