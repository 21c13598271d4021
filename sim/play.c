/* play.c - see play.h. */
#include "sim/play_internal.h"

#include "sim/streams.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define SAMPLE_MS 250
#define NODES_DEFAULT 100

/* After each step of a host: whether its member has found its place. */
static const char *watch_settling(void *context, uint32_t host)
{
	struct play *play = context;
	const uint32_t i = play->crowd.by_host[host];
	struct member *m;

	if (i == CROWD_NOBODY)
		return NULL;
	m = &play->crowd.members[i];
	if (m->settled || m->node == NULL || !node_is_settled(node_host_node(m->node)))
		return NULL;
	m->settled = true;
	if (i >= play->crowd.bootstrap)
		tally_add(m->starts == 1 ? &play->joins_us : &play->rejoins_us,
			  world_time(play->world).us - m->started.us);
	return NULL;
}

static void find_awaits(struct play *play)
{
	const struct script *script = play->config.script;

	for (unsigned n = 0; n < script->count; n++)
		if (script->statements[n].verb == SCRIPT_AWAIT)
			play->awaits[play->await_count++].statement = &script->statements[n];
}

/* How many members: what was asked for, or what the script says. */
static uint32_t count_of(const struct play_config *config, struct rng *rng)
{
	const struct script_statement *nodes = script_find(config->script, SCRIPT_NODES);

	if (config->nodes > 0)
		return config->nodes;
	return nodes == NULL ? NODES_DEFAULT : (uint32_t)crowd_draw(rng, nodes->values[0]);
}

struct play *play_new(const struct play_config *config)
{
	struct play *play = calloc(1, sizeof(*play));
	struct world_config world;
	uint32_t count;

	if (play == NULL)
		return NULL;
	play->config = *config;
	stream_init(&play->rng, config->seed, STREAM_JUDGE, 0);
	count = count_of(config, &play->rng);
	world = crowd_world(config->seed, count);
	world.print = config->print;
	play->world = world_new(&world);
	if (play->world == NULL) {
		free(play);
		return NULL;
	}
	crowd_init(&play->crowd, play->world, config->script, count);
	if (config->matrix_us != NULL)
		crowd_set_matrix(&play->crowd, config->matrix_us, config->sites);
	judge_init(&play->judge, &play->crowd);
	probes_init(&play->probes, &play->crowd);
	world_add_checker(play->world, (struct world_checker){ .check = probes_check,
							       .wire = probes_check_wire,
							       .context = &play->probes });
	world_add_checker(play->world,
			  (struct world_checker){ .check = judge_check, .context = &play->judge });
	world_add_checker(play->world,
			  (struct world_checker){ .check = watch_settling, .context = play });
	play->sample_ms = SAMPLE_MS;
	find_awaits(play);
	events_set_up(play);
	return play;
}

void play_free(struct play *play)
{
	if (play == NULL)
		return;
	probes_free(&play->probes);
	judge_free(&play->judge);
	crowd_free(&play->crowd);
	world_free(play->world);
	tally_free(&play->joins_us);
	tally_free(&play->rejoins_us);
	tally_free(&play->usables_us);
	tally_free(&play->hops);
	tally_free(&play->stretch_per_mille);
	tally_free(&play->degrees);
	free(play);
}

void play_violate(struct play *play, const char *format, ...)
{
	char text[WORLD_FAILURE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments); /* a long text is cut */
	va_end(arguments);
	world_note(play->world, "%s", text);
	if (play->violation_count < PLAY_VIOLATIONS_MAX)
		memcpy(play->violations[play->violation_count], text, sizeof(text));
	play->violation_count++;
}

static bool awaits_are_over(const struct play *play)
{
	for (unsigned n = 0; n < play->await_count; n++)
		if (!play->awaits[n].ended)
			return false;
	return true;
}

/* The only writer of play->state. */
static void set_state(struct play *play, enum play_state next)
{
	static const bool allowed[PLAY_OVER + 1][PLAY_OVER + 1] = {
		[PLAY_FAULTS] = { [PLAY_SETTLING] = true, [PLAY_OVER] = true },
		[PLAY_SETTLING] = { [PLAY_MEASURING] = true, [PLAY_OVER] = true },
		[PLAY_MEASURING] = { [PLAY_OVER] = true },
	};

	CHECK(allowed[play->state][next]);
	play->state = next;
	if (next == PLAY_SETTLING)
		play->over_at = world_time(play->world);
	if (next == PLAY_MEASURING)
		measure_begin(play);
}

bool play_advance(struct play *play)
{
	if (play->state == PLAY_OVER)
		return false;
	events_tick(play);
	measure_tick(play);
	world_run(play->world, mono_add_us(world_time(play->world), PLAY_TICK_US));
	if (world_failure(play->world) != NULL) {
		play_violate(play, "%s", world_failure(play->world));
		set_state(play, PLAY_OVER);
		return false;
	}
	if (play->state == PLAY_FAULTS && events_are_over(play))
		set_state(play, PLAY_SETTLING);
	else if (play->state == PLAY_SETTLING && awaits_are_over(play))
		set_state(play, PLAY_MEASURING);
	else if (play->state == PLAY_MEASURING && measure_is_over(play))
		set_state(play, PLAY_OVER);
	return play->state != PLAY_OVER;
}

struct mono play_end(const struct play *play)
{
	const struct script *script = play->config.script;
	const struct script_statement *measure = script_find(script, SCRIPT_MEASURE);
	const struct script_statement *join = script_find(script, SCRIPT_JOIN);
	uint64_t end_us = script_end_us(script);
	uint64_t patience_us = 0;

	if (join != NULL &&
	    play->crowd.count * UINT64_C(1000000) / join->values[0].low > end_us / 1000000)
		end_us = play->crowd.count * UINT64_C(1000000) / join->values[0].low * 1000000;
	if (play->state != PLAY_FAULTS)
		end_us = play->over_at.us;
	for (unsigned n = 0; n < play->await_count; n++)
		if (play->awaits[n].statement->values[0].low > patience_us)
			patience_us = play->awaits[n].statement->values[0].low;
	if (play->state == PLAY_MEASURING)
		end_us = play->measure.since.us;
	else
		end_us += patience_us;
	if (script_find(script, SCRIPT_PAIRS_ALL) != NULL)
		end_us += play->crowd.count * UINT64_C(1000000);
	return mono_add_us((struct mono){ .us = end_us },
			   (measure == NULL ? 10000000 : measure->values[0].low) + 5000000);
}
