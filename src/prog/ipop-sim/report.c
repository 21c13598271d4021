/* report.c - see report.h. */
#include "prog/ipop-sim/report.h"

#include "base/err.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define MILLION 1000000
#define DIGITS 6 /* behind the point: figures are in millionths */
#define PERCENTILES 100
#define BINS_MAX 256

struct report_text report_figure(int64_t millionths)
{
	struct report_text ret = { "-" };
	size_t len;

	if (millionths == FIGURES_UNKNOWN)
		return ret;
	(void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 ".%06" PRId64, millionths / MILLION,
		       millionths % MILLION);
	len = strlen(ret.text);
	while (ret.text[len - 1] == '0')
		ret.text[--len] = 0;
	if (ret.text[len - 1] == '.')
		ret.text[--len] = 0;
	return ret;
}

uint64_t report_purpose(const struct course *course, enum purpose purpose)
{
	const uint64_t member_ms = course->play->measure.member_us / 1000;

	return member_ms == 0 ? 0 : course->measured.bytes[purpose] * 1000 / member_ms;
}

/* -- for people ---------------------------------------------------------------------------- */

static void print_purposes(const struct course *course, FILE *out)
{
	(void)fputs("\nsent in quiet, bytes a member and second\n", out);
	for (unsigned p = 0; p < PURPOSES; p++)
		if (report_purpose(course, (enum purpose)p) > 0)
			(void)fprintf(out, "  %-18s %10" PRIu64 "\n", purpose_name((enum purpose)p),
				      report_purpose(course, (enum purpose)p));
}

static void print_violations(const struct course *course, FILE *out)
{
	const struct play *play = course->play;

	for (unsigned n = 0; n < play->violation_count && n < PLAY_VIOLATIONS_MAX; n++)
		(void)fprintf(out, "VIOLATION  %s\n", play->violations[n]);
	if (course->options->plant != PLANT_NONE)
		(void)fprintf(out, "the planted bug was %s\n",
			      course_passed(course) ? "found" : "NOT FOUND");
	else if (play->violation_count > 0)
		(void)fprintf(out, "replay: ipop-sim --scenario %s --nodes %u --seed %" PRIu64 "\n",
			      course->options->scenario, play->crowd.count, course->options->seed);
}

void report_table(const struct course *course, FILE *out)
{
	(void)fprintf(out, "%s, seed %" PRIu64 ": %s\n\n", course->loaded->name,
		      course->options->seed, course->loaded->script.about);
	for (unsigned f = 0; f < FIGURES; f++)
		(void)fprintf(out, "  %-18s %10s  %s\n", figure_name((enum figure)f),
			      report_figure(course->figures.values[f]).text,
			      figure_help((enum figure)f));
	(void)fprintf(out, "  %-18s %10" PRIu64 "  %s\n", "wall_s", course->wall_us / MILLION,
		      "how long the run took");
	(void)fprintf(out, "  %-18s %10" PRIu64 "  %s\n", "rss_kb_per_node",
		      course->rss_bytes / 1000 / course->play->crowd.count,
		      "memory of the whole run, a member's share");
	(void)fprintf(out, "  %-18s %016" PRIx64 "\n", "trace_hash",
		      world_hash(course->play->world));
	if (course->has_measured)
		print_purposes(course, out);
	(void)fputs("\n", out);
	print_violations(course, out);
}

/* -- for programs -------------------------------------------------------------------------- */

static json_t *real_of(int64_t millionths)
{
	if (millionths == FIGURES_UNKNOWN)
		return json_null();
	if (millionths % MILLION == 0)
		return json_integer(millionths / MILLION);
	return json_real((double)millionths / MILLION);
}

static void put_figures(json_t *root, const struct course *course)
{
	const uint64_t wall_us = course->wall_us;

	for (unsigned f = 0; f < FIGURES; f++) {
		const int64_t value = course->figures.values[f];
		const bool is_fact = f == FIGURE_RING_EXACT && value != FIGURES_UNKNOWN;

		(void)json_object_set_new(root, figure_name((enum figure)f),
					  is_fact ? json_boolean(value != 0) : real_of(value));
	}
	(void)json_object_set_new(root, "wall_s", real_of((int64_t)wall_us));
	(void)json_object_set_new(root, "events_per_s",
				  json_integer((json_int_t)(world_steps(course->play->world) *
							    MILLION / (wall_us + 1))));
	(void)json_object_set_new(
		root, "rss_kb_per_node",
		json_integer((json_int_t)(course->rss_bytes / 1000 / course->play->crowd.count)));
}

static json_t *purposes_of(const struct course *course)
{
	json_t *object = json_object();

	for (unsigned p = 0; p < PURPOSES; p++)
		(void)json_object_set_new(
			object, purpose_name((enum purpose)p),
			json_integer((json_int_t)report_purpose(course, (enum purpose)p)));
	return object;
}

static json_t *violations_of(const struct play *play)
{
	json_t *array = json_array();

	for (unsigned n = 0; n < play->violation_count && n < PLAY_VIOLATIONS_MAX; n++)
		(void)json_array_append_new(array, json_string(play->violations[n]));
	return array;
}

static json_t *awaits_of(const struct play *play)
{
	static const char *const names[SCRIPT_CONDITIONS] = { "exact", "settled", "routable" };
	json_t *array = json_array();

	for (unsigned n = 0; n < play->await_count; n++) {
		const struct play_await *await = &play->awaits[n];
		const uint64_t within_us = await->statement->values[0].low;

		(void)json_array_append_new(
			array,
			json_pack("{s:i, s:s, s:I, s:o}", "line", (int)await->statement->line,
				  "condition", names[await->statement->choice], "within_ms",
				  (json_int_t)(within_us / 1000), "took_ms",
				  await->met ? json_integer((json_int_t)(await->took_us / 1000))
					     : json_null()));
	}
	return array;
}

/* How often each value from 0 on was there. */
static json_t *histogram_of(const struct tally *tally)
{
	json_int_t bins[BINS_MAX] = { 0 };
	json_t *array = json_array();

	for (uint32_t n = 0; n < tally->count; n++)
		bins[tally->values[n] < BINS_MAX ? tally->values[n] : BINS_MAX - 1]++;
	for (uint32_t n = 0; tally->count > 0 && n <= tally->max && n < BINS_MAX; n++)
		(void)json_array_append_new(array, json_integer(bins[n]));
	return array;
}

/* The percentiles 1 to 100, in milliseconds. */
static json_t *percentiles_of(struct tally *tally_us)
{
	json_t *array = json_array();

	for (unsigned n = 1; tally_us->count > 0 && n <= PERCENTILES; n++)
		(void)json_array_append_new(array,
					    json_integer(tally_per_mille(tally_us, n * 10) / 1000));
	return array;
}

static json_t *drops_of(const struct play *play)
{
	static const char *const names[FATES] = {
		[FATE_LOST] = "lost",
		[FATE_CUT] = "cut",
		[FATE_TOO_BIG] = "too_big",
		[FATE_QUEUE_FULL] = "queue_full",
		[FATE_TTL_EXPIRED] = "ttl_expired",
		[FATE_NO_ROUTE] = "no_route",
		[FATE_NAT_UNMAPPED] = "nat_unmapped",
		[FATE_NAT_FILTERED] = "nat_filtered",
		[FATE_NAT_FULL] = "nat_full",
		[FATE_HOST_DOWN] = "host_down",
		[FATE_NET_FULL] = "net_full",
	};
	json_t *object = json_object();

	for (unsigned f = 0; f < FATES; f++)
		if (names[f] != NULL)
			(void)json_object_set_new(object, names[f],
						  json_integer((json_int_t)net_count(
							  world_net(play->world), (enum fate)f)));
	return object;
}

static json_t *course_of(const struct play *play)
{
	json_t *array = json_array();

	for (unsigned n = 0; n < play->sample_count; n++) {
		const struct play_sample *s = &play->samples[n];

		(void)json_array_append_new(array, json_pack("{s:I, s:i, s:i, s:i, s:I}", "at_ms",
							     (json_int_t)(s->at_us / 1000), "up",
							     (int)s->up, "settled", (int)s->settled,
							     "exact", (int)s->exact, "sent_bytes",
							     (json_int_t)s->sent_bytes));
	}
	return array;
}

int report_json(const struct course *course, FILE *out)
{
	struct play *play = course->play;
	char hash[17];
	json_t *root;
	int err;

	(void)snprintf(hash, sizeof(hash), "%016" PRIx64, world_hash(play->world));
	root = json_pack("{s:s, s:s, s:I, s:s}", "schema", "ipop.sim/1", "scenario",
			 course->loaded->name, "seed", (json_int_t)course->options->seed,
			 "trace_hash", hash);
	if (root == NULL)
		return ERR_NOMEM;
	put_figures(root, course);
	(void)json_object_set_new(root, "sent_by_purpose", purposes_of(course));
	(void)json_object_set_new(root, "awaited", awaits_of(play));
	(void)json_object_set_new(root, "violation_texts", violations_of(play));
	(void)json_object_set_new(root, "hops", histogram_of(&play->hops));
	(void)json_object_set_new(root, "degrees", histogram_of(&play->degrees));
	(void)json_object_set_new(root, "join_ms_percentiles", percentiles_of(&play->joins_us));
	(void)json_object_set_new(root, "reach_ms_percentiles",
				  percentiles_of(&play->probes.sums[PROBE_SAMPLE].times_us));
	(void)json_object_set_new(root, "drops", drops_of(play));
	(void)json_object_set_new(root, "course", course_of(play));
	err = json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0 ? 0 : ERR_NOMEM;
	json_decref(root);
	(void)fputs("\n", out);
	return err;
}
