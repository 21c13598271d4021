/* node_clock.c - see node_clock.h. */
#include "node/node_internal.h"

#include "base/check.h"

#define STEP_US 1000000 /* what a calendar is slewed by goes unnoticed */

static uint64_t magnitude(int64_t us)
{
	return us < 0 ? (uint64_t)-us : (uint64_t)us;
}

void clocks_init(struct node *node, struct now raw)
{
	node->clocks = (struct clocks){ .seen_us = now_offset_us(raw), .look_at = MONO_NEVER };
}

/* --- what we tell --- */

void clocks_begin(struct peer *peer, struct now now)
{
	peer->clock.is_told = false;
	peer->clock.tell_at = now.mono;
}

void clocks_end(struct peer *peer)
{
	peer->clock = (struct peer_clock){ 0 };
}

struct mono clocks_peer_deadline(const struct peer *peer)
{
	return peer_is_linked(peer) ? peer->clock.tell_at : MONO_NEVER;
}

void clocks_tick(struct node *node, struct now now, struct peer *peer)
{
	const struct frame_clock clock = { .at = now.wall };
	struct peer_clock *const c = &peer->clock;
	uint8_t bytes[FRAME_CLOCK_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	if (!mono_reached(now.mono, clocks_peer_deadline(peer)))
		return;
	c->tell_at = mono_add_ms(now.mono, c->is_told ? CLOCK_EACH_MS : CLOCK_AGAIN_MS);
	c->is_told = true;
	if (node->calendar_fix_us != 0 || clock.at.us < 0 || clock.at.us > FRAME_CLOCK_MAX_US)
		return;
	frame_clock_encode(&clock, &w);
	CHECK(writer_ok(&w));
	(void)send_to_peer(node, now, peer, FRAME_CLOCK, writer_span(&w)); /* or the next time */
}

/* --- what we are told --- */

static void look_soon(struct clocks *clocks, struct now now)
{
	clocks->look_at = mono_min(clocks->look_at, mono_max(now.mono, clocks->rest));
}

int clocks_take(struct node *node, struct now now, struct peer *peer, struct span payload)
{
	struct frame_clock clock;
	const int err = frame_clock_decode(payload, &clock);

	if (err != 0)
		return err;
	peer->clock.is_known = true;
	peer->clock.lead_us = now_offset_us((struct now){ .mono = now.mono, .wall = clock.at });
	look_soon(&node->clocks, now);
	return 0;
}

/* In order. */
static uint32_t known_leads(const struct node *node, int64_t ret[NODE_PEERS_MAX])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle handle;
		const struct peer *peer = pool_slot(&node->peers, i, &handle);
		uint32_t at = count;

		if (peer == NULL || !peer_is_up(peer) || !peer->clock.is_known)
			continue;
		for (; at > 0 && ret[at - 1] > peer->clock.lead_us; at--)
			ret[at] = ret[at - 1];
		ret[at] = peer->clock.lead_us;
		count++;
	}
	return count;
}

bool clocks_offset(const struct node *node, struct now raw, int64_t *ret_us)
{
	const int64_t own_us = now_offset_us(raw);
	int64_t leads[NODE_PEERS_MAX];
	const uint32_t count = known_leads(node, leads);

	if (count < CLOCKS_MIN)
		return false;
	const int64_t lower_us = own_us - leads[count / 2];
	const int64_t upper_us = own_us - leads[(count - 1) / 2];

	*ret_us = magnitude(lower_us) < magnitude(upper_us) ? lower_us : upper_us;
	return true;
}

/* The only writer of clocks->differs. */
static void set_state(struct node *node, struct now now, bool differs)
{
	static const char *const names[] = { "agrees", "differs" };

	CHECK(node->clocks.differs != differs);
	node->clocks.differs = differs;
	trace_move(&node->trace, &(struct trace_record){ .at = now.mono,
							 .machine = "clock",
							 .from = names[!differs],
							 .to = names[differs],
							 .why = "of the others" });
}

bool clocks_poll(struct node *node, struct now raw, struct node_action *ret)
{
	struct clocks *const clocks = &node->clocks;
	int64_t offset_us;
	bool differs;

	if (magnitude(now_offset_us(raw) - clocks->seen_us) > STEP_US) {
		clocks->seen_us = now_offset_us(raw);
		look_soon(clocks, raw);
	}
	if (!mono_reached(raw.mono, clocks->look_at))
		return false;
	clocks->look_at = MONO_NEVER;
	clocks->rest = mono_add_ms(raw.mono, CLOCKS_LOOK_MS);
	if (!clocks_offset(node, raw, &offset_us))
		return false;
	differs = magnitude(offset_us) > CLOCKS_OFF_US;
	if (differs == clocks->differs)
		return false;
	set_state(node, raw, differs);
	clocks->rest = mono_add_ms(raw.mono, CLOCKS_HOLD_MS);
	*ret = (struct node_action){ .kind = NODE_CLOCK,
				     .clock = { .differs = differs, .offset_us = offset_us } };
	return true;
}

struct mono clocks_deadline(const struct node *node)
{
	return node->clocks.look_at;
}
