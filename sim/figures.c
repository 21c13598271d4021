/* figures.c - see figures.h. */
#include "sim/figures.h"

#include "base/check.h"
#include "base/err.h"

#include <inttypes.h>

#define MILLION INT64_C(1000000)

const char *figure_name(enum figure figure)
{
	static const char *const names[FIGURES] = {
#define FIGURE_NAME(name, text, help) [FIGURE_##name] = (text),
		FIGURE_LIST(FIGURE_NAME)
#undef FIGURE_NAME
	};

	return names[figure];
}

const char *figure_help(enum figure figure)
{
	static const char *const helps[FIGURES] = {
#define FIGURE_HELP(name, text, help) [FIGURE_##name] = (help),
		FIGURE_LIST(FIGURE_HELP)
#undef FIGURE_HELP
	};

	return helps[figure];
}

enum figure figure_find(const char *name)
{
	for (unsigned f = 0; f < FIGURES; f++)
		if (strcmp(figure_name((enum figure)f), name) == 0)
			return (enum figure)f;
	return FIGURES;
}

int figures_check(const struct script *script, struct script_error *error)
{
	for (unsigned n = 0; n < script->count; n++) {
		const struct script_statement *s = &script->statements[n];

		if (s->verb != SCRIPT_EXPECT || figure_find(s->text) != FIGURES)
			continue;
		error->line = s->line;
		(void)snprintf(error->text, sizeof(error->text),
			       "\"%s\" is none of the figures that are measured", s->text);
		return ERR_MALFORMED;
	}
	return 0;
}

static int64_t whole(uint64_t value)
{
	return (int64_t)value * MILLION;
}

static int64_t share(uint64_t part, uint64_t all)
{
	return all == 0 ? FIGURES_UNKNOWN : (int64_t)(part * (uint64_t)MILLION / all);
}

/* Bytes a member and second. */
static int64_t rate(uint64_t bytes, uint64_t member_us)
{
	const uint64_t member_ms = member_us / 1000;

	if (member_ms == 0)
		return FIGURES_UNKNOWN;
	return (int64_t)(bytes * 1000000 / member_ms) * 1000; /* times 10^9 would be too much */
}

/* Microseconds, or whatever the tally holds, as a figure that is `divisor` times larger. */
static int64_t percentile(struct tally *tally, unsigned per_mille, int64_t divisor)
{
	return tally->count == 0 ? FIGURES_UNKNOWN
				 : (int64_t)tally_per_mille(tally, per_mille) * (MILLION / divisor);
}

static int64_t mean(const struct tally *tally)
{
	return tally->count == 0 ? FIGURES_UNKNOWN : (int64_t)tally_mean_millionths(tally);
}

static int64_t exact_ms(const struct play *play)
{
	for (unsigned n = 0; n < play->await_count; n++) {
		const struct play_await *await = &play->awaits[n];

		if (await->statement->at_us == 0 && await->statement->choice == SCRIPT_EXACT &&
		    await->met)
			return (int64_t)await->took_us * MILLION / 1000;
	}
	return FIGURES_UNKNOWN;
}

static void put_ring(struct play *play, struct figures *ret)
{
	const struct judge_ring *ring = &play->ring;
	const uint32_t joiners =
		play->started > play->crowd.bootstrap ? play->started - play->crowd.bootstrap : 0;

	ret->values[FIGURE_UP] = whole(ring->up);
	ret->values[FIGURE_RING_EXACT] = whole(ring->up > 0 && ring->exact == ring->up);
	ret->values[FIGURE_EXACT] = share(ring->exact, ring->up);
	ret->values[FIGURE_RING_EXACT_MS] = exact_ms(play);
	ret->values[FIGURE_SETTLED] = share(ring->settled, ring->up);
	ret->values[FIGURE_NEAR_RELAYED] = share(ring->near_relayed, ring->near);
	ret->values[FIGURE_DEGREE_MEAN] = mean(&play->degrees);
	ret->values[FIGURE_DEGREE_MAX] =
		play->degrees.count == 0 ? FIGURES_UNKNOWN : whole(play->degrees.max);
	ret->values[FIGURE_JOINED] = share(play->joins_us.count, joiners);
}

static void put_times(struct play *play, struct figures *ret)
{
	struct {
		struct tally *tally;
		enum figure p50, p99;
		int64_t divisor; /* of what the tally holds, to the figure's unit */
	} times[] = {
		{ &play->joins_us, FIGURE_JOIN_MS_P50, FIGURE_JOIN_MS_P99, 1000 },
		{ &play->rejoins_us, FIGURE_REJOIN_MS_P50, FIGURE_REJOIN_MS_P99, 1000 },
		{ &play->usables_us, FIGURE_USABLE_MS_P50, FIGURE_USABLE_MS_P99, 1000 },
		{ &play->probes.sums[PROBE_SAMPLE].times_us, FIGURE_REACH_MS_P50,
		  FIGURE_REACH_MS_P99, 1000 },
		{ &play->stretch_per_mille, FIGURE_STRETCH_P50, FIGURE_STRETCH_P99, 1000 },
		{ &play->hops, FIGURE_HOPS_P50, FIGURE_HOPS_P99, 1 },
	};

	for (unsigned n = 0; n < sizeof(times) / sizeof(times[0]); n++) {
		ret->values[times[n].p50] = percentile(times[n].tally, 500, times[n].divisor);
		ret->values[times[n].p99] = percentile(times[n].tally, 990, times[n].divisor);
	}
}

struct figures figures_of(struct play *play)
{
	const struct probe_figures *sample = &play->probes.sums[PROBE_SAMPLE];
	const struct probe_goal *worst = probes_worst(&play->probes);
	const struct probe_figures *talk = &play->probes.sums[PROBE_TALK];
	const struct play_measure *m = &play->measure;
	const uint64_t both = m->sent_bytes + m->received_bytes;
	struct figures ret;

	for (unsigned f = 0; f < FIGURES; f++)
		ret.values[f] = FIGURES_UNKNOWN;
	ret.values[FIGURE_NODES] = whole(play->crowd.count);
	ret.values[FIGURE_VIRTUAL_S] = (int64_t)world_time(play->world).us;
	ret.values[FIGURE_EVENTS] = whole(world_steps(play->world));
	ret.values[FIGURE_DATAGRAMS] = whole(net_count(world_net(play->world), FATE_SENT));
	ret.values[FIGURE_VIOLATIONS] = whole(play->violation_count);
	ret.values[FIGURE_REACHED] = share(sample->arrived, sample->arrived + sample->failed);
	ret.values[FIGURE_REACHED_WORST] =
		worst == NULL ? FIGURES_UNKNOWN
			      : share(worst->arrived, worst->arrived + worst->failed);
	ret.values[FIGURE_TALKED] = share(talk->arrived, talk->arrived + talk->failed);
	ret.values[FIGURE_TALK_LOST] = share(talk->packets - talk->packets_arrived, talk->packets);
	put_times(play, &ret);
	if (!play->measured_routes)
		return ret; /* it ended before its end */
	put_ring(play, &ret);
	ret.values[FIGURE_ROUTABLE] = share(play->walks_arrived, play->walks);
	ret.values[FIGURE_HOPS_MEAN] = mean(&play->hops);
	ret.values[FIGURE_HOPS_MAX] =
		play->hops.count == 0 ? FIGURES_UNKNOWN : whole(play->hops.max);
	ret.values[FIGURE_BYTES_PER_NODE_S] = rate(both, m->member_us);
	ret.values[FIGURE_CHURN_BYTES_PER_NODE_S] =
		rate(play->churned.bytes, play->churned.member_us);
	return ret;
}

void figures_judge(struct play *play)
{
	const struct script *script = play->config.script;
	const struct figures figures = figures_of(play);

	for (unsigned n = 0; n < script->count; n++) {
		const struct script_statement *s = &script->statements[n];
		const enum figure f = figure_find(s->text);
		int64_t value;

		if (s->verb != SCRIPT_EXPECT)
			continue;
		CHECK(f != FIGURES); /* figures_check() */
		value = figures.values[f];
		if (value != FIGURES_UNKNOWN &&
		    (s->choice == 0 ? value <= s->bound : value >= s->bound))
			continue;
		if (value == FIGURES_UNKNOWN)
			play_violate(play, "line %u: %s was not measured", s->line, s->text);
		else
			play_violate(play, "line %u: %s is %" PRId64 ".%03" PRId64, s->line,
				     s->text, value / MILLION, value % MILLION / 1000);
	}
}
