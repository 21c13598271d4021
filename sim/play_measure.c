/* play_measure.c - what is looked at while a scenario is played, and at its end. */
#include "sim/play_internal.h"

#include "sim/streams.h"

#include <inttypes.h>

#define MILLION 1000000
#define PAIRS_DEFAULT 200
#define MESSAGES_MAX 200 /* of the sampled pairs, between programs */
#define PAIR_TRIES 64
#define MEASURE_DEFAULT_US 10000000
#define JOINER_PATIENCE_US 60000000 /* then it never was usable */
#define AWAIT_LOOK_MS 200
#define AWAIT_PAIRS 100

bool measure_pair(struct play *play, uint32_t *ret_from, uint32_t *ret_to)
{
	const struct crowd *crowd = &play->crowd;

	for (unsigned n = 0; n < PAIR_TRIES; n++) {
		const uint32_t from = (uint32_t)rng_between(&play->rng, 0, crowd->count - 1);
		const uint32_t to = (uint32_t)rng_between(&play->rng, 0, crowd->count - 1);

		if (!judge_is_pair(&play->judge, from, to) || crowd->members[from].hostile ||
		    crowd->members[to].hostile)
			continue;
		*ret_from = from;
		*ret_to = to;
		return true;
	}
	return false;
}

/* -- joiners ------------------------------------------------------------------------------- */

/* Their hosts send to somebody at once, and go on until it arrives. */
static void watch_joiners(struct play *play, struct mono now)
{
	for (unsigned n = 0; n < play->joiner_count; n++) {
		struct play_joiner *j = &play->joiners[n];

		if (j->done || mono_reached(now, mono_add_us(j->since, JOINER_PATIENCE_US)) ||
		    play->crowd.members[j->member].starts != j->starts ||
		    !crowd_is_up(&play->crowd, j->member))
			continue;
		if (j->asked && probes_has_arrived(&play->probes, j->number)) {
			j->done = true;
			tally_add(&play->usables_us, now.us - j->since.us);
		} else if (mono_reached(now, j->next) &&
			   judge_is_pair(&play->judge, j->member, j->to)) {
			j->asked = probes_send(&play->probes, j->member, j->to, false, &j->number);
			j->next = j->asked ? mono_add_ms(now, PROBES_PATIENCE_MS) : now;
		}
	}
}

/* Some of all who start. */
static void add_joiners(struct play *play, struct mono now)
{
	const uint32_t others = play->crowd.count - play->crowd.bootstrap;
	const uint32_t step = others / PLAY_JOINERS_MAX + 1;
	uint32_t next = play->crowd.bootstrap + play->joiner_count * step;

	for (; next < play->started && play->joiner_count < PLAY_JOINERS_MAX; next += step) {
		struct play_joiner *j = &play->joiners[play->joiner_count++];

		*j = (struct play_joiner){ .member = next,
					   .starts = play->crowd.members[next].starts,
					   .since = now,
					   .next = now };
		j->to = (uint32_t)rng_between(&play->rng, 0, next - 1);
	}
}

/* -- messages ------------------------------------------------------------------------------ */

static void send_one(struct play *play)
{
	uint32_t from;
	uint32_t to;
	uint32_t number;

	if (measure_pair(play, &from, &to))
		(void)probes_send(&play->probes, from, to, true, &number); /* has no address yet */
}

static void send_messages(struct play *play)
{
	play->probe_due += play->probe_rate * PLAY_TICK_US / MILLION;
	for (; play->probe_due >= MILLION; play->probe_due -= MILLION)
		send_one(play);
}

/* -- the course ---------------------------------------------------------------------------- */

static void thin_out(struct play *play)
{
	for (size_t n = 0; 2 * n < play->sample_count; n++)
		play->samples[n] = play->samples[2 * n];
	play->sample_count = (play->sample_count + 1) / 2;
	play->sample_ms *= 2;
}

static void sample(struct play *play, struct mono now)
{
	const struct judge_ring ring = judge_ring(&play->judge);

	if (play->sample_count == PLAY_SAMPLES_MAX)
		thin_out(play);
	play->samples[play->sample_count++] =
		(struct play_sample){ .at_us = now.us,
				      .started = play->started,
				      .up = ring.up,
				      .settled = ring.settled,
				      .exact = ring.exact,
				      .sent_bytes = net_bytes(world_net(play->world), FATE_SENT) };
	play->sample_next = mono_add_ms(now, play->sample_ms);
}

/* -- what must come true ------------------------------------------------------------------- */

static bool is_routable(struct play *play)
{
	const struct script_statement *pairs = script_find(play->config.script, SCRIPT_PAIRS);
	const uint64_t count = pairs == NULL ? AWAIT_PAIRS : pairs->values[0].low;

	for (uint64_t n = 0; n < count; n++) {
		uint32_t from;
		uint32_t to;

		if (!measure_pair(play, &from, &to))
			return true; /* nobody is there to talk to anybody */
		if (!judge_walk(&play->judge, from, to).arrived)
			return false;
	}
	return true;
}

static bool is_true(struct play *play, unsigned condition)
{
	const struct judge_ring ring = judge_ring(&play->judge);

	if (condition == SCRIPT_EXACT)
		return ring.exact == ring.up;
	if (condition == SCRIPT_SETTLED)
		return ring.settled == ring.up;
	return is_routable(play);
}

static void fail_await(struct play *play, const struct play_await *await)
{
	static const char *const texts[SCRIPT_CONDITIONS] = { "the ring is not exact",
							      "not all members are settled",
							      "not all pairs are routable" };
	const struct judge_ring ring = judge_ring(&play->judge);

	play_violate(play,
		     "line %u: %s after %" PRIu64 " ms: of %u members up, %u exact, %u settled",
		     await->statement->line, texts[await->statement->choice],
		     (await->limit.us - await->since.us) / 1000, ring.up, ring.exact, ring.settled);
}

static void look_at_awaits(struct play *play, struct mono now)
{
	for (unsigned n = 0; n < play->await_count; n++) {
		struct play_await *await = &play->awaits[n];
		const uint64_t at_us = await->statement->at_us;

		if (!await->begun && (at_us > 0 ? now.us >= at_us : play->state != PLAY_FAULTS)) {
			await->begun = true;
			await->since = now;
			await->limit = mono_add_us(now, await->statement->values[0].low);
		}
		if (!await->begun || await->ended)
			continue;
		await->met = is_true(play, await->statement->choice);
		await->ended = await->met || mono_reached(now, await->limit);
		await->took_us = now.us - await->since.us;
		if (await->ended && !await->met)
			fail_await(play, await);
	}
	play->await_next = mono_add_ms(now, AWAIT_LOOK_MS);
}

void measure_tick(struct play *play)
{
	const struct mono now = world_time(play->world);

	add_joiners(play, now);
	watch_joiners(play, now);
	send_messages(play);
	probes_tick(&play->probes);
	if (mono_reached(now, play->sample_next))
		sample(play, now);
	if (mono_reached(now, play->await_next))
		look_at_awaits(play, now);
}

/* -- the end ------------------------------------------------------------------------------- */

static void measure_routes(struct play *play)
{
	const struct script_statement *pairs = script_find(play->config.script, SCRIPT_PAIRS);
	const uint64_t count = pairs == NULL ? PAIRS_DEFAULT : pairs->values[0].low;
	const struct net *net = world_net(play->world);

	for (uint64_t n = 0; n < count; n++) {
		struct judge_walk walk;
		uint32_t from;
		uint32_t to;

		if (!measure_pair(play, &from, &to))
			return;
		walk = judge_walk(&play->judge, from, to);
		play->walks++;
		play->walks_arrived += walk.arrived;
		if (!walk.arrived) {
			world_note(play->world, "no route from %u to %u: at %u %s", from, to,
				   walk.lost_at, walk.reason);
			continue;
		}
		const uint64_t straight_us = net_delay_us(net, play->crowd.members[from].host,
							  play->crowd.members[to].host);

		tally_add(&play->hops, walk.hops);
		tally_add(&play->stretch_per_mille, 1000 * walk.time_us / (straight_us + 1));
	}
}

static void measure_degrees(struct play *play)
{
	for (uint32_t i = 0; i < play->crowd.count; i++)
		if (crowd_is_up(&play->crowd, i))
			tally_add(&play->degrees,
				  node_links(node_host_node(play->crowd.members[i].node), NULL, 0));
}

void measure_begin(struct play *play)
{
	const struct net *net = world_net(play->world);

	play->measure = (struct play_measure){ .since = world_time(play->world),
					       .sent_bytes = net_bytes(net, FATE_SENT),
					       .received_bytes = net_bytes(net, FATE_ARRIVED) };
}

static void measure_traffic(struct play *play, uint64_t us)
{
	const struct net *net = world_net(play->world);
	struct play_measure *m = &play->measure;

	m->sent_bytes = net_bytes(net, FATE_SENT) - m->sent_bytes;
	m->received_bytes = net_bytes(net, FATE_ARRIVED) - m->received_bytes;
	m->member_us = us * crowd_up_count(&play->crowd);
}

/* Messages only where the script sent none: they are traffic, and what it measured stays its own.
 */
static void measure_messages(struct play *play)
{
	const struct script_statement *pairs = script_find(play->config.script, SCRIPT_PAIRS);
	uint64_t count = pairs == NULL ? PAIRS_DEFAULT : pairs->values[0].low;

	if (script_find(play->config.script, SCRIPT_PROBE) != NULL)
		return;
	for (count = count < MESSAGES_MAX ? count : MESSAGES_MAX; count > 0; count--)
		send_one(play);
}

bool measure_is_over(struct play *play)
{
	const struct script_statement *s = script_find(play->config.script, SCRIPT_MEASURE);
	const uint64_t us = s == NULL ? MEASURE_DEFAULT_US : s->values[0].low;
	const struct mono now = world_time(play->world);

	if (!mono_reached(now, mono_add_us(play->measure.since, us)))
		return false;
	if (!play->measured_routes) {
		measure_traffic(play, now.us - play->measure.since.us);
		play->ring = judge_ring(&play->judge);
		measure_degrees(play);
		measure_routes(play);
		measure_messages(play);
		play->measured_routes = true;
		play->measured_at = now;
	}
	/* The messages, too, have met their fate. */
	return mono_reached(now, mono_add_ms(play->measured_at, PROBES_PATIENCE_MS + 1));
}
