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
#define TALK_RATE 2 /* questions of each member, a second */

static bool is_honest_pair(const struct play *play, uint32_t from, uint32_t to)
{
	return judge_is_pair(&play->judge, from, to) && !play->crowd.members[from].hostile &&
	       !play->crowd.members[to].hostile;
}

bool measure_pair(struct play *play, uint32_t *ret_from, uint32_t *ret_to)
{
	const struct crowd *crowd = &play->crowd;

	for (unsigned n = 0; n < PAIR_TRIES; n++) {
		const uint32_t from = (uint32_t)rng_between(&play->rng, 0, crowd->count - 1);
		const uint32_t to = (uint32_t)rng_between(&play->rng, 0, crowd->count - 1);

		if (!is_honest_pair(play, from, to))
			continue;
		*ret_from = from;
		*ret_to = to;
		return true;
	}
	return false;
}

static bool has_all_pairs(const struct play *play)
{
	return script_find(play->config.script, SCRIPT_PAIRS_ALL) != NULL;
}

/* How many are looked at. */
static uint64_t pair_count(const struct play *play, uint64_t if_not_said)
{
	const struct script_statement *pairs = script_find(play->config.script, SCRIPT_PAIRS);
	const uint64_t members = play->crowd.count;

	if (has_all_pairs(play))
		return members * (members - 1);
	return pairs == NULL ? if_not_said : pairs->values[0].low;
}

/* The n-th of them, or any: as measure_pair(). */
static bool nth_pair(struct play *play, uint64_t n, uint32_t *ret_from, uint32_t *ret_to)
{
	const uint32_t others = play->crowd.count - 1;

	if (!has_all_pairs(play))
		return measure_pair(play, ret_from, ret_to);
	CHECK(others > 0); /* script.c, options.c */
	*ret_from = (uint32_t)(n / others);
	*ret_to = (uint32_t)(n % others);
	*ret_to += *ret_to >= *ret_from;
	return is_honest_pair(play, *ret_from, *ret_to);
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
			const struct probe_ask ask = { .from = j->member,
						       .to = j->to,
						       .sum = PROBE_JOINER };

			j->asked = probes_send(&play->probes, &ask, &j->number);
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
	struct probe_ask ask = { .v4 = rng_chance(&play->rng, 500), .sum = PROBE_SAMPLE };
	uint32_t number;

	if (measure_pair(play, &ask.from, &ask.to))
		(void)probes_send(&play->probes, &ask, &number); /* has no address yet */
}

static void send_messages(struct play *play)
{
	play->probe_due += play->probe_rate * PLAY_TICK_US / MILLION;
	for (; play->probe_due >= MILLION; play->probe_due -= MILLION)
		send_one(play);
}

/* -- everybody talks to everybody ---------------------------------------------------------- */

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		const uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Each pair by IPv4 and by IPv6; which comes first is as it comes. A stride that has no divisor in
 * common with their number leads to each question once. */
static void talk_begin(struct play *play)
{
	struct play_talk *talk = &play->talk;

	if (!has_all_pairs(play))
		return;
	talk->total = 2 * pair_count(play, 0);
	talk->first = rng_between(&play->rng, 0, talk->total - 1);
	do
		talk->stride = rng_between(&play->rng, 1, talk->total - 1);
	while (common_divisor(talk->stride, talk->total) != 1);
}

static void talk_one(struct play *play)
{
	struct play_talk *talk = &play->talk;
	const uint64_t n = (talk->first + talk->asked++ * talk->stride) % talk->total;
	struct probe_ask ask = { .v4 = n % 2 == 1, .sum = PROBE_TALK };
	uint32_t number;

	if (nth_pair(play, n / 2, &ask.from, &ask.to) && !probes_send(&play->probes, &ask, &number))
		play_violate(play, "member %u cannot send to member %u", ask.from, ask.to);
}

/* A stampede is another question: each member asks TALK_RATE times a second. */
static void talk_tick(struct play *play, struct mono now)
{
	struct play_talk *talk = &play->talk;

	if (talk->asked == talk->total)
		return;
	talk->due += (uint64_t)TALK_RATE * play->crowd.count * PLAY_TICK_US;
	for (; talk->due >= MILLION && talk->asked < talk->total; talk->due -= MILLION)
		talk_one(play);
	play->asked_at = now;
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
	const uint64_t count = pair_count(play, AWAIT_PAIRS);

	for (uint64_t n = 0; n < count; n++) {
		uint32_t from;
		uint32_t to;

		if (nth_pair(play, n, &from, &to) && !judge_walk(&play->judge, from, to).arrived)
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

static void count_churn(struct play *play)
{
	struct play_churned *churned = &play->churned;
	const struct net *net = world_net(play->world);
	const uint64_t bytes = net_bytes(net, FATE_SENT) + net_bytes(net, FATE_ARRIVED);

	if (churned->counts) {
		churned->bytes += bytes - churned->seen_bytes;
		churned->member_us += (uint64_t)PLAY_TICK_US * crowd_up_count(&play->crowd);
	}
	churned->seen_bytes = bytes;
	churned->counts = play->churn != NULL && play->probe_rate == 0;
}

void measure_tick(struct play *play)
{
	const struct mono now = world_time(play->world);

	count_churn(play);
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
	const uint64_t count = pair_count(play, PAIRS_DEFAULT);
	const struct net *net = world_net(play->world);

	for (uint64_t n = 0; n < count; n++) {
		struct judge_walk walk;
		uint32_t from;
		uint32_t to;

		if (!nth_pair(play, n, &from, &to))
			continue;
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
	uint64_t count = pair_count(play, PAIRS_DEFAULT);

	if (has_all_pairs(play) || script_find(play->config.script, SCRIPT_PROBE) != NULL)
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
		talk_begin(play);
		play->measured_routes = true;
		play->asked_at = now;
	}
	talk_tick(play, now);
	/* The messages, too, have met their fate. */
	return mono_reached(now, mono_add_ms(play->asked_at, PROBES_PATIENCE_MS + 1));
}
