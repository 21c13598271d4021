/* graph_svg.c - the network as a picture: one file, for any browser, in the colours of the reader's
 * screen (light or dark). Colours by Okabe and Ito, which most eyes tell apart. */
#include "base/err.h"
#include "prog/ipop/graph_names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN 6.283185307179586
#define RADIUS_MIN 230.0
#define LABEL_GAP 26.0 /* from the ring to the names */
#define NAME_CHARS 24  /* of a name; the rest is cut */
#define CHAR_WIDTH 7.8 /* of a name's characters, about */
#define TIE_GAP 6.0    /* from a name to the line that leads to it */
#define HEAD 66.0      /* above: the title */
#define FOOT 44.0      /* below: the legend, */
#define LEGEND 520.0   /* which is so wide */
#define PULL 0.62      /* chords bend towards the middle */

struct place {
	double x, y;
};

struct canvas {
	const struct graph *graph;
	FILE *out;
	double size, radius;
	struct graph_name *names; /* by rank on the ring */
};

static struct place at(const struct canvas *c, double turn, double radius)
{
	return (struct place){ c->size / 2 + radius * sin(turn * TURN),
			       HEAD + c->size / 2 - radius * cos(turn * TURN) };
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
		".unasked{fill:#9aa5b1;fill:var(--far)}\n"
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
	const size_t links = graph_degree(c->graph, index);
	char id[ID_TEXT_CHARS + 1];

	id_to_text(&member->id, id);
	(void)fprintf(c->out, "<circle class=\"dot%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>",
		      member->is_self    ? " self"
		      : member->answered ? ""
		      : member->is_asked ? " mute"
					 : " unasked",
		      p.x, p.y,
		      member->is_self         ? "8.5"
		      : c->graph->count > 150 ? "3.5"
					      : "5.5");
	put_name(c, member->name.text);
	(void)fprintf(c->out, "\n%s\n%zu link%s</title></circle>\n", id, links,
		      links == 1 ? "" : "s");
}

static void draw_name(const struct canvas *c, size_t rank)
{
	const struct graph_member *member = &c->graph->members[c->graph->order[rank]];
	const struct graph_name *name = &c->names[rank];
	const struct place dot = at(c, member->turn, c->radius + 8);
	const double x = c->size / 2 + name->x, y = HEAD + c->size / 2 + name->y;
	const double inwards = TIE_GAP / hypot(name->x, name->y);

	(void)fprintf(c->out, "<path class=\"tie\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", dot.x, dot.y,
		      x - inwards * name->x, y - inwards * name->y);
	if (c->graph->count <= GRAPH_NAMES_LEVEL_MAX)
		(void)fprintf(c->out, "<text x=\"%.1f\" y=\"%.1f\"", x, y);
	else
		(void)fprintf(c->out, "<text transform=\"translate(%.1f %.1f) rotate(%.2f)\"", x, y,
			      name->degrees);
	(void)fprintf(c->out, " text-anchor=\"%s\"%s dy=\".35em\">", name->anchor,
		      member->is_self ? " class=\"me\"" : "");
	put_name(c, member->name.text);
	(void)fputs("</text>\n", c->out);
}

/* What a dot says that is not full, if there are such. */
static void put_silence(const struct canvas *c)
{
	size_t silent = 0, unasked = 0;

	for (size_t i = 0; i < c->graph->count; i++) {
		silent += c->graph->members[i].is_asked && !c->graph->members[i].answered;
		unasked += !c->graph->members[i].is_asked && !c->graph->members[i].answered;
	}
	if (silent > 0)
		(void)fprintf(c->out, "; hollow: %zu did not answer", silent);
	if (unasked > 0)
		(void)fprintf(c->out, "; grey: %zu not asked", unasked);
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
	put_silence(c);
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

static void draw(const struct canvas *c)
{
	static const enum graph_kind layers[] = { GRAPH_SHORTCUT, GRAPH_TRAFFIC, GRAPH_NEAR };
	const struct graph *graph = c->graph;

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

int graph_svg(const struct graph *graph, FILE *out)
{
	const double wanted = GRAPH_NAME_PITCH * (double)graph->count / TURN - LABEL_GAP;
	struct canvas c = { .graph = graph,
			    .out = out,
			    .radius = wanted > RADIUS_MIN ? wanted : RADIUS_MIN };
	int err;

	c.size = 2 * (c.radius + LABEL_GAP + CHAR_WIDTH * (double)longest_name(graph) + 12);
	if (c.size < LEGEND + 48)
		c.size = LEGEND + 48;
	c.names = calloc(graph->count, sizeof(*c.names));
	if (c.names == NULL)
		return ERR_NOMEM;
	err = graph_names_place(graph, c.radius + LABEL_GAP, c.names);
	if (err == 0)
		draw(&c);
	free(c.names);
	return err;
}
