/* graph_svg.c - the network as a picture: one file, for any browser, in the colours of the reader's
 * screen (light or dark). Colours by Okabe and Ito, which most eyes tell apart. */
#include "prog/ipop/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN 6.283185307179586
#define RADIUS_MIN 230.0
#define LABEL_PITCH 15.0 /* between two names around the ring */
#define LABEL_GAP 26.0   /* from the ring to the names */
#define FLAT_MAX 14      /* so few names are written level */
#define NAME_CHARS 24    /* of a name; the rest is cut */
#define CHAR_WIDTH 7.8   /* of a name's characters, about */
#define HEAD 66.0        /* above: the title */
#define FOOT 44.0        /* below: the legend, */
#define LEGEND 520.0     /* which is so wide */
#define PULL 0.62        /* chords bend towards the middle */

struct place {
	double x, y;
};

struct canvas {
	const struct graph *graph;
	FILE *out;
	double size, radius;
	double *labels; /* by rank on the ring: the turn at which the name stands */
};

static struct place at(const struct canvas *c, double turn, double radius)
{
	return (struct place){ c->size / 2 + radius * sin(turn * TURN),
			       HEAD + c->size / 2 - radius * cos(turn * TURN) };
}

/* -- names that do not cover each other -------------------------------------------------------- */

/* Ids stand where chance put them. Each name gets a place near its member's, in their order and at
 * least a pitch from the next: those that stand too close are spread evenly around their middle.
 */
struct heap_of_names {
	double middle; /* of the turns of its members */
	size_t first, count;
};

static bool overlap(const struct heap_of_names *a, const struct heap_of_names *b, double pitch)
{
	return a->middle + pitch * (double)(a->count - 1) / 2 + pitch >
	       b->middle - pitch * (double)(b->count - 1) / 2;
}

static void spread(const struct canvas *c)
{
	const size_t n = c->graph->count;
	const double room = 1.0 / (double)n;
	const double wanted = LABEL_PITCH / ((c->radius + LABEL_GAP) * TURN);
	const double pitch = wanted < room ? wanted : room;
	struct heap_of_names *const heaps = calloc(n, sizeof(*heaps));
	size_t count = 0;

	for (size_t i = 0; heaps != NULL && i < n; i++) {
		heaps[count++] = (struct heap_of_names){
			.middle = c->graph->members[c->graph->order[i]].turn, .first = i, .count = 1
		};
		while (count > 1 && overlap(&heaps[count - 2], &heaps[count - 1], pitch)) {
			struct heap_of_names *a = &heaps[count - 2];
			const struct heap_of_names *b = &heaps[--count];
			const double sum =
				a->middle * (double)a->count + b->middle * (double)b->count;

			a->count += b->count;
			a->middle = sum / (double)a->count;
		}
	}
	for (size_t h = 0; h < count; h++)
		for (size_t k = 0; k < heaps[h].count; k++)
			c->labels[heaps[h].first + k] =
				heaps[h].middle +
				pitch * ((double)k - (double)(heaps[h].count - 1) / 2);
	free(heaps);
}

/* -- drawing ----------------------------------------------------------------------------------- */

static void style(const struct canvas *c)
{
	static const char text[] =
		"<style>\n"
		".g{--paper:#ffffff;--ink:#1f2933;--soft:#7b8794;--rim:#e4e7eb;--near:#0072b2;"
		"--far:#9aa5b1;--traffic:#d55e00;--self:#e69f00}\n"
		"@media (prefers-color-scheme:dark){.g{--paper:#12181f;--ink:#e4e7eb;"
		"--soft:#9aa5b1;--rim:#2b3540;--near:#56b4e9;--far:#616e7c;--traffic:#e8833a;"
		"--self:#f0b429}}\n"
		".paper{fill:#fff;fill:var(--paper)}\n"
		"text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:#1f2933;fill:var(--ink)}\n"
		".title{font-size:19px;font-weight:600}.note{font-size:12px;fill:#7b8794;"
		"fill:var(--soft)}\n"
		".rim{fill:none;stroke:#e4e7eb;stroke:var(--rim);stroke-width:9}\n"
		".tie{fill:none;stroke:#e4e7eb;stroke:var(--rim);stroke-width:1}\n"
		".near,.far,.traffic{fill:none;stroke-linecap:round}\n"
		".near{stroke:#0072b2;stroke:var(--near);stroke-width:1.9}\n"
		".far{stroke:#9aa5b1;stroke:var(--far);stroke-width:1.1}\n"
		".traffic{stroke:#d55e00;stroke:var(--traffic);stroke-width:2.2}\n"
		".relay{stroke-dasharray:5 4}\n"
		".dot{fill:#0072b2;fill:var(--near);stroke:#fff;stroke:var(--paper);"
		"stroke-width:1.5}\n"
		".self{fill:#e69f00;fill:var(--self)}\n"
		".mute{fill:#fff;fill:var(--paper);stroke:#7b8794;stroke:var(--soft)}\n"
		".me{font-weight:700}\n"
		"</style>\n";

	(void)fputs(text, c->out);
}

/* Names hold nothing that XML would read; what a daemon made up might. */
static void put_name(const struct canvas *c, const char *name)
{
	for (size_t i = 0; i < NAME_CHARS && name[i] != '\0'; i++)
		(void)fputc(strchr("<>&\"'", name[i]) != NULL ? '?' : name[i], c->out);
}

static void draw_link(const struct canvas *c, const struct graph_link *link)
{
	static const char *const classes[GRAPH_KINDS] = { "traffic", "far", "near" };
	const struct graph_member *members = c->graph->members;
	const double from = members[link->a].turn;
	const double to = members[link->b].turn;
	const struct place a = at(c, from, c->radius);
	const struct place b = at(c, to, c->radius);
	const double apart = hypot(a.x - b.x, a.y - b.y) / (2 * c->radius);
	/* Neighbours keep to the rim, so that the middle is free for what crosses it. */
	const double pull = PULL * (apart < 0.35 ? apart / 0.35 : 1);
	const struct place middle = { c->size / 2, HEAD + c->size / 2 };
	const double x = (a.x + b.x) / 2, y = (a.y + b.y) / 2;

	(void)fprintf(c->out, "<path class=\"%s%s\" d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\"/>\n",
		      classes[link->kind], link->is_relay ? " relay" : "", a.x, a.y,
		      x + (middle.x - x) * pull, y + (middle.y - y) * pull, b.x, b.y);
}

static void draw_dot(const struct canvas *c, uint32_t index)
{
	const struct graph_member *member = &c->graph->members[index];
	const struct place p = at(c, member->turn, c->radius);
	char id[ID_TEXT_CHARS + 1];

	id_to_text(&member->id, id);
	(void)fprintf(c->out, "<circle class=\"dot%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>",
		      member->is_self    ? " self"
		      : member->answered ? ""
					 : " mute",
		      p.x, p.y,
		      member->is_self         ? "8.5"
		      : c->graph->count > 150 ? "3.5"
					      : "5.5");
	put_name(c, member->name.text);
	(void)fprintf(c->out, "\n%s\n%zu links</title></circle>\n", id,
		      graph_degree(c->graph, index));
}

static void draw_name(const struct canvas *c, size_t rank)
{
	const struct graph_member *member = &c->graph->members[c->graph->order[rank]];
	const double turn = c->labels[rank];
	const struct place dot = at(c, member->turn, c->radius + 8);
	const struct place near = at(c, turn, c->radius + LABEL_GAP - 6);
	const struct place text = at(c, turn, c->radius + LABEL_GAP);
	const double side = sin(turn * TURN);
	const bool is_left = side < -1e-9;

	(void)fprintf(c->out, "<path class=\"tie\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", dot.x, dot.y,
		      near.x, near.y);
	if (c->graph->count <= FLAT_MAX)
		(void)fprintf(c->out,
			      "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s "
			      "dominant-baseline=\"central\">",
			      text.x, text.y,
			      fabs(side) < 0.15 ? "middle"
			      : is_left         ? "end"
						: "start",
			      member->is_self ? " class=\"me\"" : "");
	else
		(void)fprintf(c->out,
			      "<text transform=\"translate(%.1f %.1f) rotate(%.2f)\" "
			      "text-anchor=\"%s\"%s dominant-baseline=\"central\">",
			      text.x, text.y, turn * 360 + (is_left ? 90 : -90),
			      is_left ? "end" : "start", member->is_self ? " class=\"me\"" : "");
	put_name(c, member->name.text);
	(void)fputs("</text>\n", c->out);
}

static void draw_legend(const struct canvas *c)
{
	static const struct {
		const char *class, *text;
		double width;
	} keys[] = { { "near", "beside each other", 160 },
		     { "far", "shortcut", 110 },
		     { "traffic", "for traffic", 118 },
		     { "near relay", "through a relay", 150 } };
	double x = (c->size - LEGEND) / 2;
	const double y = HEAD + c->size + FOOT / 2;

	(void)fprintf(c->out,
		      "<text class=\"title\" x=\"24\" y=\"36\">%s</text>\n"
		      "<text class=\"note\" x=\"24\" y=\"56\">%zu members, %zu links; the ring of "
		      "ids, clockwise from ",
		      c->graph->network.text, c->graph->count, c->graph->link_count);
	put_name(c, c->graph->members[0].name.text);
	(void)fputs("</text>\n", c->out);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		(void)fprintf(c->out,
			      "<path class=\"%s\" d=\"M%.0f %.0fh26\"/><text class=\"note\" "
			      "x=\"%.0f\" y=\"%.0f\">%s</text>\n",
			      keys[i].class, x, y - 4, x + 33, y, keys[i].text);
		x += keys[i].width;
	}
}

static size_t longest_name(const struct graph *graph)
{
	size_t longest = 0;

	for (size_t i = 0; i < graph->count; i++) {
		const size_t len = strlen(graph->members[i].name.text);

		longest = len > longest ? len : longest;
	}
	return longest < NAME_CHARS ? longest : NAME_CHARS;
}

static void draw(struct canvas *c)
{
	static const enum graph_kind layers[] = { GRAPH_SHORTCUT, GRAPH_TRAFFIC, GRAPH_NEAR };
	const struct graph *graph = c->graph;

	spread(c);
	(void)fprintf(c->out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"g\" width=\"%.0f\" "
		      "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		      "aria-label=\"The network %s\">\n",
		      c->size, HEAD + c->size + FOOT, c->size, HEAD + c->size + FOOT,
		      graph->network.text);
	style(c);
	(void)fprintf(c->out,
		      "<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n"
		      "<circle class=\"rim\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n",
		      c->size / 2, HEAD + c->size / 2, c->radius);
	for (size_t k = 0; k < sizeof(layers) / sizeof(layers[0]); k++)
		for (size_t i = 0; i < graph->link_count; i++)
			if (graph->links[i].kind == layers[k])
				draw_link(c, &graph->links[i]);
	for (size_t i = 0; i < graph->count; i++)
		draw_name(c, i);
	for (size_t i = graph->count; i-- > 0;)
		draw_dot(c, graph->order[i]); /* this host last, above all */
	draw_legend(c);
	(void)fputs("</svg>\n", c->out);
}

void graph_svg(const struct graph *graph, FILE *out)
{
	const double wanted = LABEL_PITCH * (double)graph->count / TURN - LABEL_GAP;
	struct canvas c = { .graph = graph,
			    .out = out,
			    .radius = wanted > RADIUS_MIN ? wanted : RADIUS_MIN };

	c.size = 2 * (c.radius + LABEL_GAP + CHAR_WIDTH * (double)longest_name(graph) + 12);
	if (c.size < LEGEND + 48)
		c.size = LEGEND + 48;
	c.labels = calloc(graph->count, sizeof(*c.labels));
	if (c.labels == NULL)
		return;
	draw(&c);
	free(c.labels);
}
