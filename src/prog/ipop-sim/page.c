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

static const char style[] =
	":root{--ink:#1b1e23;--dim:#68707c;--page:#fbfbfa;--card:#fff;--edge:#e4e5e7;--good:#"
	"3ca951;"
	"--bad:#d6392b}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--dim:#9aa2ad;--page:#15171a;"
	"--card:#1d2024;--edge:#32363c}}"
	"body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0 "
	"auto;"
	"max-width:1060px;padding:28px 20px}"
	"h1{margin:0;font-size:26px}p{margin:4px 0 18px;color:var(--dim)}"
	".verdict{display:inline-block;padding:1px "
	"10px;border-radius:10px;color:#fff;font-size:14px;"
	"vertical-align:4px;margin-left:8px}.good{background:var(--good)}.bad{background:var(--bad)"
	"}"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(118px,1fr));gap:10px;"
	"margin-bottom:14px}.tile,figure{background:var(--card);border:1px solid var(--edge);"
	"border-radius:8px;padding:9px 12px;margin:0}"
	".tile b{display:block;font-size:21px;font-weight:600}.tile "
	"span{font-size:12px;color:var(--dim)}"
	".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:14px}"
	".tall{grid-row:span 2}svg{width:100%;height:auto;display:block}"
	"svg text{fill:var(--ink);font:11px system-ui,sans-serif}svg .title{font-size:13px;"
	"font-weight:600}svg .tick,svg .label{fill:var(--dim);font-size:10.5px}"
	".grid{stroke:var(--edge)}.line{fill:none;stroke-width:1.8}.bar{fill:#4269d0}"
	".mark{stroke:#ff725c;stroke-dasharray:4 3}.wrong{color:var(--bad)}"
	"table{border-collapse:collapse;margin-top:8px;font-size:13px}td{padding:2px 14px 2px 0}"
	"td:nth-child(2){text-align:right;font-variant-numeric:tabular-nums}details{margin-top:"
	"18px}";

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
		const char *text;
	} tiles[] = {
		{ FIGURE_NODES, "members" },
		{ FIGURE_RING_EXACT_MS, "ms until the ring is exact" },
		{ FIGURE_ROUTABLE, "of the pairs routable" },
		{ FIGURE_HOPS_MEAN, "hops on average" },
		{ FIGURE_JOIN_MS_P50, "ms to join, median" },
		{ FIGURE_USABLE_MS_P99, "ms until usable, p99" },
		{ FIGURE_REACHED, "of the messages arrived" },
		{ FIGURE_BYTES_PER_NODE_S, "bytes a member and second" },
	};

	(void)fputs("<div class=\"tiles\">\n", out);
	for (size_t n = 0; n < sizeof(tiles) / sizeof(tiles[0]); n++) {
		(void)fputs("<div class=\"tile\"><b>", out);
		print_short(course->figures.values[tiles[n].figure], out);
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

/* -- plots --------------------------------------------------------------------------------- */

static void plot_course(const struct play *play, FILE *out)
{
	static struct plot_point up[PLAY_SAMPLES_MAX], settled[PLAY_SAMPLES_MAX],
		exact[PLAY_SAMPLES_MAX];
	struct plot plot = { .out = out,
			     .title = "Members over time",
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
	plot_end(&plot);
}

/* How many in a hundred took at most so long. */
static void plot_times(struct tally *tally_us, const char *title, FILE *out)
{
	struct plot_point points[PERCENT + 1] = { { 0, 0 } };
	struct plot plot = { .out = out,
			     .title = title,
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

static void plot_histogram(const struct tally *tally, struct plot *plot)
{
	double bins[BINS_MAX] = { 0 };

	for (uint32_t n = 0; n < tally->count; n++)
		bins[tally->values[n] < BINS_MAX ? tally->values[n] : BINS_MAX - 1]++;
	plot->x_max = tally->max + 1;
	plot->y_max = 0;
	for (unsigned n = 0; n < BINS_MAX; n++)
		plot->y_max = bins[n] > plot->y_max ? bins[n] : plot->y_max;
	plot_begin(plot);
	for (unsigned n = 0; n < BINS_MAX; n++)
		plot_bar(plot, n, bins[n]);
	if (tally->count > 0)
		plot_mark(plot, (double)tally_mean_millionths(tally) / MILLION, "mean");
}

static void plot_hops(const struct play *play, FILE *out)
{
	struct plot plot = { .out = out,
			     .title = "Links between two members, of the sampled pairs",
			     .x_label = "hops",
			     .y_label = "pairs" };

	plot_histogram(&play->hops, &plot);
	/* Symphony, with one shortcut for each halving: half of log2 N (Manku et al. 2003). */
	plot_mark(&plot, log2(play->crowd.count) / 2, "log2(N)/2");
	plot_end(&plot);
}

static void plot_degrees(const struct play *play, FILE *out)
{
	struct plot plot = {
		.out = out, .title = "Links of a member", .x_label = "links", .y_label = "members"
	};

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
	struct plot plot = { .out = out,
			     .title = "Sent by a member, by purpose",
			     .x_label = "virtual seconds",
			     .y_label = "bytes/s" };

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

void page_write(struct course *course, FILE *out)
{
	struct play *play = course->play;
	const bool passed = course_passed(course);

	(void)fprintf(out,
		      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width\">"
		      "<title>ipop-sim: %s</title><style>%s</style></head><body>\n<h1>%s"
		      "<span class=\"verdict %s\">%s</span></h1>\n<p>",
		      course->loaded->name, style, course->loaded->name, passed ? "good" : "bad",
		      passed ? "all came true" : "violated");
	escape(course->loaded->script.about, out);
	(void)fprintf(out,
		      " &middot; seed %" PRIu64 " &middot; trace %016" PRIx64 " &middot; %" PRIu64
		      " virtual seconds in %" PRIu64 " s</p>\n",
		      course->options->seed, world_hash(play->world),
		      world_time(play->world).us / 1000000, course->wall_us / 1000000);
	print_violations(play, out);
	print_tiles(course, out);
	(void)fputs("<div class=\"plots\">\n", out);
	ring_picture(play, out);
	plot_course(play, out);
	plot_traffic(course, out);
	plot_times(&play->joins_us, "Joining: in its place within", out);
	plot_times(&play->probes.sums[PROBE_SAMPLE].times_us,
		   "Messages between programs: there within", out);
	plot_hops(play, out);
	plot_degrees(play, out);
	(void)fputs("</div>\n", out);
	print_table(course, out);
	(void)fputs("</body></html>\n", out);
}
