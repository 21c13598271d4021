/* graph.c - see graph.h. */
#include "prog/ipop/graph.h"

#include "base/err.h"
#include "prog/ipop/answer.h"

#include <stdlib.h>
#include <string.h>

#define UNNAMED_CHARS 6 /* of an id, where nobody knows the name */

/* -- members and links ------------------------------------------------------------------------- */

static uint32_t find(const struct graph *graph, const struct id *id)
{
	uint32_t i = 0;

	while (i < graph->count && !id_equal(&graph->members[i].id, id))
		i++;
	return i;
}

static void set_name(struct graph_member *member, const json_t *name)
{
	if (!json_is_string(name) || member->is_named || *json_string_value(name) == '\0')
		return;
	member->name = output_foreign(json_string_value(name));
	member->is_named = true;
}

/* How far clockwise from this host, as a part of the ring. */
static double turn_of(const struct graph *graph, const struct id *id)
{
	const struct id way = id_clockwise(&graph->members[0].id, id);
	double turn = 0;

	for (size_t i = sizeof(uint64_t); i-- > 0;)
		turn = (turn + way.bytes[i]) / 256;
	return turn;
}

/* Finds or adds the member with an id in text. False if it is none, or there is no room. */
static bool member_of(struct graph *graph, const json_t *id, const json_t *name, uint32_t *ret)
{
	const char *const text = json_string_value(id);
	struct graph_member *member;
	struct id bytes;

	if (text == NULL || id_from_text(text, &bytes) != 0)
		return false;
	*ret = find(graph, &bytes);
	graph->is_cut |= *ret == GRAPH_MEMBERS_MAX;
	if (*ret == GRAPH_MEMBERS_MAX)
		return false;
	member = &graph->members[*ret];
	if (*ret == graph->count) {
		*member = (struct graph_member){ .id = bytes,
						 .name = output_text("%.*s", UNNAMED_CHARS, text) };
		graph->count++;
		member->turn = turn_of(graph, &bytes);
	}
	set_name(member, name);
	return true;
}

/* Two who tell of one link may say different things: what the ring wants more counts, and a relay
 * that one sees is there. */
static void add_link(struct graph *graph, struct graph_link link)
{
	const uint32_t a = link.a < link.b ? link.a : link.b;
	const uint32_t b = link.a < link.b ? link.b : link.a;

	if (a == b)
		return;
	for (size_t i = 0; i < graph->link_count; i++) {
		struct graph_link *known = &graph->links[i];

		if (known->a != a || known->b != b)
			continue;
		known->kind = known->kind > link.kind ? known->kind : link.kind;
		known->is_relay |= link.is_relay;
		return;
	}
	graph->is_cut |= graph->link_count == GRAPH_LINKS_MAX;
	if (graph->link_count == GRAPH_LINKS_MAX)
		return;
	link.a = a;
	link.b = b;
	graph->links[graph->link_count++] = link;
}

int graph_init(struct graph *graph, const json_t *status)
{
	uint32_t self;

	*graph = (struct graph){ .network = answer_text(status, "network") };
	graph->members = calloc(GRAPH_MEMBERS_MAX, sizeof(*graph->members));
	graph->links = calloc(GRAPH_LINKS_MAX, sizeof(*graph->links));
	if (graph->members == NULL || graph->links == NULL)
		return ERR_NOMEM;
	if (!member_of(graph, json_object_get(status, "id"), json_object_get(status, "name"),
		       &self))
		return ERR_MALFORMED;
	graph->members[self].is_self = true;
	graph->members[self].is_asked = true;
	graph->members[self].answered = true;
	graph->members[self].turn = 0;
	return 0;
}

void graph_free(struct graph *graph)
{
	free(graph->members);
	free(graph->links);
	free(graph->order);
	*graph = (struct graph){ 0 };
}

static bool is(const json_t *object, const char *name, const char *value)
{
	const char *const text = json_string_value(json_object_get(object, name));

	return text != NULL && strcmp(text, value) == 0;
}

void graph_take_peers(struct graph *graph, const json_t *peers)
{
	const json_t *const list = json_object_get(peers, "peers");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *const peer = json_array_get(list, i);
		struct graph_link link = { .a = 0, .kind = GRAPH_TRAFFIC };

		if ((!is(peer, "way", "direct") && !is(peer, "way", "relay")) ||
		    !member_of(graph, json_object_get(peer, "id"), json_object_get(peer, "name"),
			       &link.b))
			continue;
		if (json_is_true(json_object_get(peer, "shortcut")))
			link.kind = GRAPH_SHORTCUT;
		if (json_is_true(json_object_get(peer, "near")))
			link.kind = GRAPH_NEAR;
		link.is_relay = is(peer, "way", "relay");
		add_link(graph, link);
	}
}

const struct graph_member *graph_next(struct graph *graph)
{
	struct graph_member *next = NULL;

	for (size_t i = 0; i < graph->count; i++) {
		struct graph_member *member = &graph->members[i];

		if (!member->is_asked && (next == NULL || member->turn < next->turn))
			next = member;
	}
	if (next != NULL)
		next->is_asked = true;
	return next;
}

void graph_take_who(struct graph *graph, const json_t *who)
{
	const json_t *const list = json_object_get(who, "links");
	uint32_t self;

	if (!is(who, "end", "target") ||
	    !member_of(graph, json_object_get(who, "id"), json_object_get(who, "name"), &self))
		return;
	graph->members[self].answered = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *const told = json_array_get(list, i);
		struct graph_link link = { .a = self, .kind = GRAPH_SHORTCUT };

		if (!member_of(graph, json_object_get(told, "id"), json_object_get(told, "name"),
			       &link.b))
			continue;
		if (json_is_true(json_object_get(told, "near")))
			link.kind = GRAPH_NEAR;
		link.is_relay = is(told, "way", "relay");
		add_link(graph, link);
	}
}

/* -- the ring ---------------------------------------------------------------------------------- */

int graph_arrange(struct graph *graph)
{
	graph->order = calloc(graph->count, sizeof(*graph->order));
	if (graph->order == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < graph->count; i++) {
		uint32_t at = i;

		for (; at > 0 && graph->members[graph->order[at - 1]].turn > graph->members[i].turn;
		     at--)
			graph->order[at] = graph->order[at - 1];
		graph->order[at] = i;
	}
	return 0;
}

size_t graph_asked(const struct graph *graph)
{
	size_t asked = 0;

	for (size_t i = 0; i < graph->count; i++)
		asked += graph->members[i].is_asked;
	return asked;
}

size_t graph_degree(const struct graph *graph, uint32_t index)
{
	size_t degree = 0;

	for (size_t i = 0; i < graph->link_count; i++)
		degree += graph->links[i].a == index || graph->links[i].b == index;
	return degree;
}

static const char *kind_name(enum graph_kind kind)
{
	static const char *const names[GRAPH_KINDS] = { "traffic", "shortcut", "near" };

	return names[kind];
}

json_t *graph_json(const struct graph *graph)
{
	json_t *const members = json_array();
	json_t *const links = json_array();

	for (size_t i = 0; i < graph->count; i++) {
		const struct graph_member *member = &graph->members[graph->order[i]];
		char id[ID_TEXT_CHARS + 1];

		id_to_text(&member->id, id);
		(void)json_array_append_new(
			members, json_pack("{s:s?, s:s, s:b, s:b, s:b, s:f}", "name",
					   member->is_named ? member->name.text : NULL, "id", id,
					   "self", member->is_self, "asked", member->is_asked,
					   "answered", member->answered, "turn", member->turn));
	}
	for (size_t i = 0; i < graph->link_count; i++) {
		const struct graph_link *link = &graph->links[i];
		char a[ID_TEXT_CHARS + 1], b[ID_TEXT_CHARS + 1];

		id_to_text(&graph->members[link->a].id, a);
		id_to_text(&graph->members[link->b].id, b);
		(void)json_array_append_new(links, json_pack("{s:s, s:s, s:s, s:s}", "a", a, "b", b,
							     "kind", kind_name(link->kind), "way",
							     link->is_relay ? "relay" : "direct"));
	}
	return json_pack("{s:s, s:s, s:b, s:o, s:o}", "schema", "ipop.graph/1", "network",
			 graph->network.text, "complete", !graph->is_cut, "members", members,
			 "links", links);
}
