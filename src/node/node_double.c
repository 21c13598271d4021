/* node_double.c - see node_double.h. */
#include "node/node_internal.h"

#include "base/check.h"

static void note(struct doubling *doubling, struct mono now)
{
	if (mono_reached(now, mono_add_ms(doubling->last, DOUBLE_AGAIN_MS)))
		doubling->count = 0;
	if (doubling->count < 2)
		doubling->count++;
	doubling->last = now;
}

void double_replaces(struct node *node, struct now now, struct channel *channel)
{
	if (channel->replaced)
		return;
	channel->replaced_at = now.mono;
	channel->asks_double = true;
	channel->was_way = channel_way(node, channel);
	node->double_at = mono_min(node->double_at, mono_add_ms(now.mono, DOUBLE_ASK_MS));
}

bool double_may_answer(const struct channel *channel, struct now now)
{
	return !channel->replaced ||
	       !mono_reached(now.mono, mono_add_ms(channel->replaced_at, DOUBLE_GRACE_MS));
}

/* Nobody waits for the answer: that there is one says it (double_heard()). */
static void ask(struct node *node, struct now now, struct channel *channel)
{
	uint8_t payload[FRAME_PROBE_BYTES];
	struct writer w = writer_of(payload, sizeof(payload));
	const struct sealing sealing = { .channel = channel,
					 .kind = FRAME_PROBE,
					 .payload = span_of(payload, sizeof(payload)),
					 .way = &channel->was_way };

	channel->asks_double = false;
	frame_probe_encode(&(struct frame_probe){ .token = 0 }, &w);
	CHECK(writer_ok(&w) && w.len == sizeof(payload));
	if (channel->replaced && channel->was_way.kind == WAY_DIRECT)
		(void)send_frame(node, now, &sealing); /* lost: the next time */
}

void double_tick(struct node *node, struct now now)
{
	if (!mono_reached(now.mono, node->double_at))
		return;
	node->double_at = MONO_NEVER;
	for (uint32_t i = 0; i < node->channels_end; i++) {
		struct channel *channel = &node->channels[i];
		const struct mono due = mono_add_ms(channel->replaced_at, DOUBLE_ASK_MS);

		if (handle_is_none(channel->session) || !channel->asks_double)
			continue;
		if (mono_reached(now.mono, due))
			ask(node, now, channel);
		else
			node->double_at = mono_min(node->double_at, due);
	}
}

void double_heard(struct node *node, struct now now, struct channel *channel, const struct way *way)
{
	struct peer *peer = pool_at(&node->peers, channel->peer);

	if (peer == NULL || double_may_answer(channel, now))
		return; /* what is heard so soon may have been on its way */
	if (channel->is_elsewhere)
		return; /* one sign is enough of one session */
	note(&peer->doubling, now.mono);
	channel->is_elsewhere = true; /* the peer's ways lead to the other machine */
	channel->way = *way;
	if (doubling_is_sure(&peer->doubling,
			     now.mono)) /* else the two ends may see it otherwise */
		sessions_close(node->sessions, now, channel->session, FRAME_CLOSE_DOUBLE);
}

void double_told(struct node *node, struct now now)
{
	node->doubling = (struct doubling){ .last = now.mono, .count = 2 }; /* two signs it had */
}

bool doubling_is_sure(const struct doubling *doubling, struct mono now)
{
	return doubling->count >= 2 &&
	       !mono_reached(now, mono_add_ms(doubling->last, DOUBLE_KNOWN_MS));
}
