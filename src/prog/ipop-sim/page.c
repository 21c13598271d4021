/* page.c - see page.h. What a name or a text of a scenario brings along is escaped. */
#include "prog/ipop-sim/page.h"

#include "prog/ipop-sim/plot.h"
#include "prog/ipop-sim/report.h"
#include "prog/ipop-sim/ring_picture.h"

#include <inttypes.h>
#include <math.h>

#define PERCENT 100
#define BINS_MAX 256
#define MILLION 1e6
#define NOTE_CHARS 127
#define EVENTS_MAX 10 /* that are marked */

static void escape(const char *text, FILE *out)
{
	for (; *text != 0; text++)
		switch (*text) {
		case '<':
			(void)fputs("&lt;", out);
			break;
		case '>':
			(void)fputs("&gt;", out);
			break;
		case '&':
			(void)fputs("&amp;", out);
			break;
		default:
			(void)fputc(*text, out);
		}
}

/* -- numbers ------------------------------------------------------------------------------- */

/* Three digits, as people say it. */
static void print_short(int64_t millionths, FILE *out)
{
	const double value = (double)millionths / MILLION;

	if (millionths == FIGURES_UNKNOWN)
		(void)fputs("&ndash;", out);
	else if (value >= 1000)
		(void)fprintf(out, "%.0f", value);
	else
		(void)fprintf(out, "%.3g", value);
}

static void print_tiles(const struct course *course, FILE *out)
{
	static const struct {
		enum figure figure;
		bool share;
		const char *text;
	} tiles[] = {
		{ FIGURE_NODES, false, "members" },
		{ FIGURE_RING_EXACT_MS, false,
		  "ms until the ring was exact, since the last fault or join" },
		{ FIGURE_ROUTABLE, true, "of the sampled pairs have a route" },
		{ FIGURE_HOPS_MEAN, false, "hops on average" },
		{ FIGURE_DEGREE_MEAN, false, "links of a member" },
		{ FIGURE_JOIN_MS_P50, false, "ms to join, median" },
		{ FIGURE_USABLE_MS_P99, false, "ms until usable, 99 of 100" },
		{ FIGURE_REACHED, true, "of the messages arrived" },
		{ FIGURE_BYTES_PER_NODE_S, false, "bytes a member and second in quiet, both ways" },
	};

	(void)fputs("<div class=\"tiles\">\n", out);
	for (size_t n = 0; n < sizeof(tiles) / sizeof(tiles[0]); n++) {
		const int64_t value = course->figures.values[tiles[n].figure];

		(void)fputs("<div class=\"tile\"><b>", out);
		if (tiles[n].share && value != FIGURES_UNKNOWN)
			(void)fprintf(out, "%.4g&nbsp;%%", (double)value * PERCENT / MILLION);
		else
			print_short(value, out);
		(void)fprintf(out, "</b><span>%s</span></div>\n", tiles[n].text);
	}
	(void)fputs("</div>\n", out);
}

static void print_table(const struct course *course, FILE *out)
{
	(void)fputs("<details><summary>All figures</summary><table>\n", out);
	for (unsigned f = 0; f < FIGURES; f++)
		(void)fprintf(out, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n",
			      figure_name((enum figure)f),
			      report_figure(course->figures.values[f]).text,
			      figure_help((enum figure)f));
	(void)fputs("</table></details>\n", out);
}

static void print_violations(const struct play *play, FILE *out)
{
	for (unsigned n = 0; n < play->violation_count && n < PLAY_VIOLATIONS_MAX; n++) {
		(void)fputs("<p class=\"wrong\">", out);
		escape(play->violations[n], out);
		(void)fputs("</p>\n", out);
	}
}

/* -- what was expected --------------------------------------------------------------------- */

static void print_await(const struct play_await *await, FILE *out)
{
	static const char *const texts[SCRIPT_CONDITIONS] = { "the ring is exact",
							      "all members are settled",
							      "all sampled pairs have a route" };
	const double at_s = (double)await->statement->at_us / MILLION;

	(void)fprintf(out, "<tr><td>%s within %g s of ", texts[await->statement->choice],
		      (double)await->statement->values[0].low / MILLION);
	if (at_s > 0)
		(void)fprintf(out, "second %g", at_s);
	else
		(void)fputs("the last fault or join", out);
	if (await->met)
		(void)fprintf(out, "</td><td>after %.1f s</td></tr>\n",
			      (double)await->took_us / MILLION);
	else
		(void)fprintf(out, "</td><td class=\"wrong\">%s</td></tr>\n",
			      await->ended ? "no" : "it ended before");
}

static void print_expect(const struct course *course, const struct script_statement *s, FILE *out)
{
	const int64_t value = course->figures.values[figure_find(s->text)];
	const bool met = value != FIGURES_UNKNOWN &&
			 (s->choice == 0 ? value <= s->bound : value >= s->bound);

	(void)fprintf(out, "<tr><td>%s %s %s</td>", s->text,
		      s->choice == 0 ? "at most" : "at least", report_figure(s->bound).text);
	(void)fprintf(out, "<td%s>%s</td></tr>\n", met ? "" : " class=\"wrong\"",
		      report_figure(value).text);
}

static void print_expectations(const struct course *course, FILE *out)
{
	const struct script *script = &course->loaded->script;

	(void)fputs("<h2>What was expected, and what came</h2><table class=\"words\">\n", out);
	for (unsigned n = 0; n < course->play->await_count; n++)
		print_await(&course->play->awaits[n], out);
	for (unsigned n = 0; n < script->count; n++)
		if (script->statements[n].verb == SCRIPT_EXPECT)
			print_expect(course, &script->statements[n], out);
	(void)fputs("<tr><td>no packet astray, twice or in clear; nobody taken for another</td>",
		    out);
	(void)fprintf(out, "<td%s</td></tr>\n</table>\n",
		      world_failure(course->play->world) == NULL ? ">never seen"
								 : " class=\"wrong\">seen");
}

/* -- plots --------------------------------------------------------------------------------- */

/* What the script did at its times; too many of them would hide the curves. */
static void mark_events(const struct play *play, struct plot *plot)
{
	const struct script *script = play->config.script;
	unsigned count = 0;

	for (unsigned draws = 0; draws < 2; draws++)
		for (unsigned n = 0; n < script->count; n++) {
			const struct script_statement *s = &script->statements[n];
			const double x = (double)s->at_us / MILLION;

			if (s->at_us == 0 || s->verb == SCRIPT_AWAIT || x > plot->x_max)
				continue;
			if (draws == 0)
				count++;
			else if (count <= EVENTS_MAX)
				plot_mark(plot, x, script_form(s->verb));
		}
}

static void plot_course(const struct play *play, FILE *out)
{
	static struct plot_point up[PLAY_SAMPLES_MAX], settled[PLAY_SAMPLES_MAX],
		exact[PLAY_SAMPLES_MAX];
	struct plot plot = { .out = out,
			     .title = "Members over time",
			     .note = "Up: they run. Settled: they believe that they stand in their "
				     "place. Exact: their near links are those to their true "
				     "neighbours.",
			     .x_label = "virtual seconds",
			     .y_label = "",
			     .y_max = play->crowd.count };

	for (unsigned n = 0; n < play->sample_count; n++) {
		const struct play_sample *s = &play->samples[n];
		const double x = (double)s->at_us / MILLION;

		up[n] = (struct plot_point){ x, s->up };
		settled[n] = (struct plot_point){ x, s->settled };
		exact[n] = (struct plot_point){ x, s->exact };
		plot.x_max = x;
	}
	plot_begin(&plot);
	plot_line(&plot, up, play->sample_count, "up");
	plot_line(&plot, settled, play->sample_count, "settled");
	plot_line(&plot, exact, play->sample_count, "exact");
	mark_events(play, &plot);
	plot_end(&plot);
}

/* How many in a hundred took at most so long. */
static void plot_times(struct tally *tally_us, const char *title, const char *note, FILE *out)
{
	struct plot_point points[PERCENT + 1] = { { 0, 0 } };
	struct plot plot = { .out = out,
			     .title = title,
			     .note = note,
			     .x_label = "milliseconds, to the 99th percentile",
			     .y_label = "%",
			     .x_max = tally_per_mille(tally_us, 990) / 1000.0,
			     .y_max = PERCENT };

	for (unsigned n = 1; n < PERCENT; n++)
		points[n] = (struct plot_point){ tally_per_mille(tally_us, n * 10) / 1000.0, n };
	plot_begin(&plot);
	plot_line(&plot, points, PERCENT, NULL);
	plot_mark(&plot, tally_per_mille(tally_us, 500) / 1000.0, "median");
	plot_end(&plot);
}

/* To the 99th percentile and a bit; what is beyond stands in the last bar. */
static void plot_histogram(struct tally *tally, struct plot *plot)
{
	const uint64_t high = tally_per_mille(tally, 990) * 5 / 4 + 1;
	const uint64_t last = high < BINS_MAX ? high : BINS_MAX - 1;
	double bins[BINS_MAX] = { 0 };

	for (uint32_t n = 0; n < tally->count; n++)
		bins[tally->values[n] < last ? tally->values[n] : last]++;
	plot->x_max = (double)(tally->max < last ? tally->max : last) + 1;
	plot->y_max = 0;
	for (unsigned n = 0; n < BINS_MAX; n++)
		plot->y_max = bins[n] > plot->y_max ? bins[n] : plot->y_max;
	plot_begin(plot);
	for (unsigned n = 0; n < BINS_MAX; n++)
		plot_bar(plot, n, bins[n]);
	if (tally->count > 0)
		plot_mark(plot, (double)tally_mean_millionths(tally) / MILLION, "mean");
}

static void plot_hops(struct play *play, FILE *out)
{
	struct plot plot = {
		.out = out,
		.title = "Links between two members, of the sampled pairs",
		.note = "Symphony with log2 N far links a member: about half of log2 N "
			"hops (Manku, Bawa, Raghavan 2003).",
		.x_label = "hops",
		.y_label = "pairs"
	};

	plot_histogram(&play->hops, &plot);
	plot_mark(&plot, log2(play->crowd.count) / 2, "Symphony");
	plot_end(&plot);
}

static void plot_degrees(struct play *play, FILE *out)
{
	char note[NOTE_CHARS + 1];
	struct plot plot = { .out = out,
			     .title = "Links of a member",
			     .note = note,
			     .x_label = "links",
			     .y_label = "members" };

	(void)snprintf(note, sizeof(note),
		       "Six near ones and some shortcuts; public members also relay. The "
		       "most: %u.",
		       play->degrees.max);
	plot_histogram(&play->degrees, &plot);
	plot_end(&plot);
}

/* Bytes that a member sent in each second between two steps, for this and all purposes before. */
static double rate_of(const struct course *course, unsigned step, unsigned purpose)
{
	const struct course_step *now = &course->steps[step];
	const struct course_step *before = &course->steps[step - 1];
	const double seconds = (double)(now->at_us - before->at_us) / MILLION;
	uint64_t bytes = 0;

	for (unsigned p = 0; p <= purpose; p++)
		bytes += now->sent.bytes[p] - before->sent.bytes[p];
	return now->up == 0 || seconds <= 0 ? 0 : (double)bytes / seconds / now->up;
}

static void plot_traffic(const struct course *course, FILE *out)
{
	static struct plot_point curves[2][COURSE_STEPS_MAX];
	const unsigned count = course->step_count;
	struct plot plot = {
		.out = out,
		.title = "Sent by a member, by purpose",
		.note = "IP bytes with all headers, on average over those that are up.",
		.x_label = "virtual seconds",
		.y_label = "bytes/s"
	};

	if (count < 3)
		return;
	plot.x_max = (double)course->steps[count - 1].at_us / MILLION;
	for (unsigned n = 1; n < count; n++)
		plot.y_max = fmax(plot.y_max, rate_of(course, n, PURPOSES - 1));
	plot_begin(&plot);
	for (unsigned p = 0; p < PURPOSES; p++) {
		struct plot_point *high = curves[p % 2];

		for (unsigned n = 1; n < count; n++)
			high[n - 1] = (struct plot_point){ (double)course->steps[n].at_us / MILLION,
							   rate_of(course, n, p) };
		plot_area(&plot, p == 0 ? NULL : curves[(p + 1) % 2], high, count - 1,
			  purpose_name((enum purpose)p));
	}
	plot_end(&plot);
}

static const char *verdict_of(const struct course *course)
{
	const bool passed = course_passed(course);

	if (course->options->plant != PLANT_NONE)
		return passed ? "the planted bug was found" : "the planted bug was not found";
	return passed ? "all came true" : "violated";
}

void page_write(struct course *course, FILE *out)
{
	struct play *play = course->play;
	const bool passed = course_passed(course);

	(void)fprintf(out,
		      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width\">"
		      "<title>ipop-sim: %s</title><style>\n%s</style></head><body>\n<h1>%s"
		      "<span class=\"verdict %s\">%s</span></h1>\n<p>",
		      course->loaded->name, page_style, course->loaded->name,
		      passed ? "good" : "bad", verdict_of(course));
	escape(course->loaded->script.about, out);
	(void)fprintf(out,
		      " &middot; seed %" PRIu64 " &middot; trace %016" PRIx64 " &middot; %" PRIu64
		      " virtual seconds in %" PRIu64 " s</p>\n",
		      course->options->seed, world_hash(play->world),
		      world_time(play->world).us / 1000000, course->wall_us / 1000000);
	print_violations(play, out);
	print_tiles(course, out);
	print_expectations(course, out);
	(void)fputs("<h2>How it went</h2><div class=\"plots\">\n", out);
	ring_picture(play, out);
	plot_course(play, out);
	plot_traffic(course, out);
	plot_times(&play->joins_us, "Joining: in its place within",
		   "From its start to standing in its place on the ring, first life.", out);
	plot_times(&play->probes.sums[PROBE_SAMPLE].times_us,
		   "Messages between programs: there within",
		   "The first packet between two, who may never have met; sent again each second.",
		   out);
	plot_hops(play, out);
	plot_degrees(play, out);
	(void)fputs("</div>\n", out);
	print_table(course, out);
	(void)fputs("<p>Play it again: <code>ipop-sim --scenario ", out);
	escape(course->options->scenario, out);
	(void)fprintf(out, " --nodes %u --seed %" PRIu64 "</code></p>\n", play->crowd.count,
		      course->options->seed);
	(void)fputs("</body></html>\n", out);
}
