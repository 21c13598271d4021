/* graph_text.c - the network as a list in the order of the ring, and for Graphviz. */
#include "prog/ipop/graph.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define FAR_CHARS 70      /* that far links take before one more is named */
#define FAR_NAME_CHARS 34 /* ", ", 24 of a name, " (relay)" */
#define TRACK 32          /* characters that are once around the ring */
#define TURN 6.283185307179586
#define DOT_RADIUS_MIN 3.0 /* inches */
#define DOT_RADIUS_PER_MEMBER 0.14

/* -- text -------------------------------------------------------------------------------------- */

/* "|....#...........................|": where on the ring it stands. */
static struct output_text track_of(double turn)
{
	char text[TRACK + 1];

	memset(text, '.', TRACK);
	text[(size_t)(turn * TRACK) % TRACK] = '#';
	text[TRACK] = '\0';
	return output_text("|%s|", text);
}

static bool is_far_link(const struct graph_link *link, uint32_t index, uint32_t other)
{
	return link->kind != GRAPH_NEAR &&
	       ((link->a == index && link->b == other) || (link->b == index && link->a == other));
}

/* Whom it stands beside is seen from the list, so only the others are named: "aid, left (relay)",
 * as many as fit, and how many more there are. */
static struct output_text far_links(const struct graph *graph, uint32_t index)
{
	struct output_text text = { "" };
	unsigned more = 0;

	for (size_t n = 0; n < graph->count; n++) {
		const uint32_t other = graph->order[n];

		for (size_t i = 0; i < graph->link_count; i++) {
			const struct output_text before = text;

			if (!is_far_link(&graph->links[i], index, other))
				continue;
			if (more > 0 || strlen(text.text) > FAR_CHARS)
				more++;
			else
				text = output_text("%.*s%s%.24s%s", FAR_CHARS, before.text,
						   *before.text != '\0' ? ", " : "",
						   graph->members[other].name.text,
						   graph->links[i].is_relay ? " (relay)" : "");
		}
	}
	if (more > 0)
		return output_text("%.*s, %u more", FAR_CHARS + FAR_NAME_CHARS, text.text, more);
	return *text.text != '\0' ? text : output_text("-");
}

static size_t count(const struct graph *graph, uint32_t index, bool near, bool relay)
{
	size_t n = 0;

	for (size_t i = 0; i < graph->link_count; i++) {
		const struct graph_link *link = &graph->links[i];

		n += (link->a == index || link->b == index) && (link->kind == GRAPH_NEAR) == near &&
		     (!relay || link->is_relay);
	}
	return n;
}

static const char *mark_of(const struct graph_member *member)
{
	if (member->is_self)
		return "@";
	if (member->answered)
		return "o";
	return member->is_asked ? "?" : "-";
}

int graph_text(const struct graph *graph, FILE *out)
{
	static const char *const head[] = { " ", "MEMBER", "PLACE", "NEAR", "RELAYED", "FAR" };
	struct output_table table;

	(void)fprintf(out, "%s: %zu member%s, %zu link%s, in the order of the ring\n\n",
		      graph->network.text, graph->count, graph->count == 1 ? "" : "s",
		      graph->link_count, graph->link_count == 1 ? "" : "s");
	output_table_init(&table, sizeof(head) / sizeof(head[0]));
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		output_cell(&table, head[i]);
	for (size_t i = 0; i < graph->count; i++) {
		const uint32_t index = graph->order[i];
		const struct graph_member *member = &graph->members[index];
		const size_t relayed =
			count(graph, index, true, true) + count(graph, index, false, true);

		output_cell(&table, mark_of(member));
		output_cell(&table, member->name.text);
		output_cell(&table, track_of(member->turn).text);
		output_cell(&table, output_text("%zu", count(graph, index, true, false)).text);
		output_cell(&table, output_text("%zu", relayed).text);
		output_cell(&table, far_links(graph, index).text);
	}
	output_table_print(&table, "", out);
	output_table_free(&table);
	(void)fputs(
		"\n@ this host, o told its links, ? did not answer, - was not asked\n"
		"PLACE is once around the ring, FAR are links with others than those beside it\n",
		out);
	return 0;
}

/* -- Graphviz ---------------------------------------------------------------------------------- */

int graph_dot(const struct graph *graph, FILE *out)
{
	static const char *const colours[GRAPH_KINDS] = { "#d55e00", "#7a869a", "#0072b2" };
	const double wanted = DOT_RADIUS_PER_MEMBER * (double)graph->count;
	const double radius = wanted > DOT_RADIUS_MIN ? wanted : DOT_RADIUS_MIN;

	(void)fprintf(out,
		      "// To draw it: neato -n2 -Tsvg\n"
		      "graph \"%s\" {\n"
		      "\tlayout=neato; notranslate=true; splines=true; outputorder=edgesfirst;\n"
		      "\tnode [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", "
		      "fontname=\"sans-serif\", fontsize=11, height=0.3];\n",
		      graph->network.text);
	for (size_t i = 0; i < graph->count; i++) {
		const struct graph_member *member = &graph->members[graph->order[i]];

		(void)fprintf(out, "\tn%" PRIu32 " [label=\"%s\", pos=\"%.3f,%.3f!\"%s];\n",
			      graph->order[i], member->name.text,
			      72 * radius * sin(member->turn * TURN),
			      72 * radius * cos(member->turn * TURN),
			      member->is_self    ? ", fillcolor=\"#f0e442\", penwidth=2"
			      : member->answered ? ""
			      : member->is_asked ? ", style=\"rounded,dashed\""
						 : ", style=\"rounded,dotted\"");
	}
	for (size_t i = 0; i < graph->link_count; i++) {
		const struct graph_link *link = &graph->links[i];

		(void)fprintf(out,
			      "\tn%" PRIu32 " -- n%" PRIu32 " [color=\"%s\", penwidth=%s%s];\n",
			      link->a, link->b, colours[link->kind],
			      link->kind == GRAPH_SHORTCUT ? "1" : "1.6",
			      link->is_relay ? ", style=dashed" : "");
	}
	(void)fputs("}\n", out);
	return 0;
}
