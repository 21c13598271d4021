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

static bool says_so(const struct double_teller *teller, struct mono now)
{
	return !mono_reached(now, teller->until);
}

/* Its place, or that of the one who has said it the longest ago. */
static struct double_teller *place_for(struct node *node, const struct id *peer)
{
	struct double_teller *oldest = &node->double_tellers[0];

	for (size_t i = 0; i < NODE_KEY_TELLERS_MAX; i++) {
		struct double_teller *teller = &node->double_tellers[i];

		if (teller->until.us != 0 && id_equal(&teller->id, peer))
			return teller;
		if (teller->until.us < oldest->until.us)
			oldest = teller;
	}
	return oldest;
}

void double_told(struct node *node, struct now now, const struct id *peer)
{
	struct double_teller *teller = place_for(node, peer);
	bool is_known = false;

	for (size_t i = 0; i < NODE_KEY_TELLERS_MAX; i++)
		is_known = is_known || says_so(&node->double_tellers[i], now.mono);
	teller->is_news = teller->is_news || !is_known;
	teller->id = *peer;
	teller->until = mono_add_ms(now.mono, DOUBLE_KNOWN_MS);
}

uint32_t double_tellers(const struct node *node, struct mono now, struct node_named *ret)
{
	uint32_t count = 0;

	for (size_t i = 0; i < NODE_KEY_TELLERS_MAX; i++)
		if (says_so(&node->double_tellers[i], now))
			ret[count++] = peer_named(node, &node->double_tellers[i].id);
	return count;
}

bool double_poll(struct node *node, struct node_action *ret)
{
	for (size_t i = 0; i < NODE_KEY_TELLERS_MAX; i++) {
		struct double_teller *teller = &node->double_tellers[i];

		if (!teller->is_news)
			continue;
		teller->is_news = false;
		*ret = (struct node_action){ .kind = NODE_TWICE,
					     .teller = peer_named(node, &teller->id) };
		return true;
	}
	return false;
}

bool doubling_is_sure(const struct doubling *doubling, struct mono now)
{
	return doubling->count >= 2 &&
	       !mono_reached(now, mono_add_ms(doubling->last, DOUBLE_KNOWN_MS));
}
