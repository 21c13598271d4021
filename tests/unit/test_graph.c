/* test_graph.c - the network drawn: who is in it, where names stand, each form whole. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipop/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CROWD_MAX 200

/* Of the n-th member: scattered over the ring, and always alike (Knuth's multiplicative hash). */
static uint32_t place_of(unsigned n)
{
	return n * 2654435761U;
}

static void id_text(unsigned n, char ret[ID_TEXT_CHARS + 1])
{
	const uint32_t place = place_of(n);
	struct id id = { { 0 } };

	for (unsigned i = 0; i < 4; i++)
		id.bytes[i] = (uint8_t)(place >> (24 - 8 * i));
	id.bytes[ID_BYTES - 1] = 1;
	id_to_text(&id, ret);
}

static json_t *member_json(unsigned n, bool near, const char *way)
{
	char id[ID_TEXT_CHARS + 1], name[16];

	id_text(n, id);
	(void)snprintf(name, sizeof(name), "member-%u", n);
	return json_pack("{s:s, s:s, s:b, s:s?, s:b}", "id", id, "name", name, "near", near, "way",
			 way, "shortcut", !near && n % 2 == 0);
}

static void begin(struct graph *graph)
{
	json_t *const status = member_json(0, false, NULL);

	assert_int_equal(json_object_set_new(status, "network", json_string("lab")), 0);
	assert_int_equal(graph_init(graph, status), 0);
	json_decref(status);
}

/* Its answer: linked with these, the first `near` of them beside it. */
static void answer(struct graph *graph, unsigned n, const unsigned *others, size_t count)
{
	json_t *const who = member_json(n, false, NULL);
	json_t *const links = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(
			links,
			member_json(others[i], i < 6, others[i] % 5 == 4 ? "relay" : "direct"));
	(void)json_object_set_new(who, "end", json_string("target"));
	(void)json_object_set_new(who, "links", links);
	graph_take_who(graph, who);
	json_decref(who);
}

static int by_place(const void *a, const void *b)
{
	const uint32_t one = place_of(*(const unsigned *)a);
	const uint32_t other = place_of(*(const unsigned *)b);

	return (one > other) - (one < other);
}

/* A network of so many: each has three near ones on either side and two shortcuts. */
static void crowd(struct graph *graph, unsigned count)
{
	static unsigned places[CROWD_MAX];
	json_t *const peers = json_array();
	json_t *const answered = json_pack("{s:o}", "peers", peers);

	for (unsigned n = 0; n < count; n++)
		places[n] = n;
	qsort(places, count, sizeof(places[0]), by_place);
	begin(graph);
	(void)json_array_append_new(peers, member_json(count / 2 | 1, false, "direct"));
	(void)json_array_append_new(peers, member_json(count / 3 | 1, false, "relay"));
	graph_take_peers(graph, answered);
	json_decref(answered);
	for (unsigned r = 0; r < count; r++) {
		const unsigned ways[] = { 1,         2,         3,         count - 1,
					  count - 2, count - 3, count / 3, count / 7 + 4 };
		unsigned others[8];

		for (unsigned i = 0; i < 8; i++)
			others[i] = places[(r + ways[i]) % count];
		if (r != count / 2) /* who does not answer */
			answer(graph, places[r], others, 8);
	}
	assert_int_equal(graph_arrange(graph), 0);
	assert_int_equal(graph->count, count);
}

static char *drawn(const struct graph *graph, int (*draw)(const struct graph *graph, FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	FILE *const out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(draw(graph, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static size_t count_of(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		n++;
	return n;
}

static void what_is_told_twice_is_there_once(void **state)
{
	static const unsigned two[] = { 1, 2 }, one[] = { 0 };
	struct graph graph;

	(void)state;
	begin(&graph);
	answer(&graph, 0, two, 2);
	answer(&graph, 1, one, 1);
	answer(&graph, 1, (const unsigned[]){ 1 }, 1); /* with itself */
	assert_int_equal(graph.count, 3);
	assert_int_equal(graph.link_count, 2);
	assert_int_equal(graph_degree(&graph, 0), 2);
	assert_int_equal(graph_degree(&graph, 1), 1);
	assert_true(graph.members[1].answered && !graph.members[2].answered);
	assert_int_equal(graph_arrange(&graph), 0);
	graph_free(&graph);
}

/* What the ring wants more counts, and a relay that one of the two sees is there. */
static void a_link_is_what_the_better_witness_says(void **state)
{
	static const unsigned four[] = { 4 };
	struct graph graph;
	json_t *peers;

	(void)state;
	begin(&graph);
	peers = json_pack("{s:[o, o, o]}", "peers", member_json(4, false, "direct"),
			  member_json(3, false, "direct"), member_json(5, false, "ring"));
	graph_take_peers(&graph, peers);
	json_decref(peers);
	assert_int_equal(graph.link_count, 2); /* the ring is no link */
	assert_int_equal(graph.links[0].kind, GRAPH_SHORTCUT);
	assert_int_equal(graph.links[1].kind, GRAPH_TRAFFIC);
	assert_false(graph.links[0].is_relay);
	answer(&graph, 0, four, 1); /* near, and by a relay */
	assert_int_equal(graph.links[0].kind, GRAPH_NEAR);
	assert_true(graph.links[0].is_relay);
	graph_free(&graph);
}

static void members_are_asked_once_clockwise(void **state)
{
	static const unsigned others[] = { 1, 2, 3, 4 };
	struct graph graph;
	const struct graph_member *member;
	double turn = 0;
	unsigned asked = 0;

	(void)state;
	begin(&graph);
	answer(&graph, 0, others, 4);
	while ((member = graph_next(&graph)) != NULL) {
		assert_true(member->turn > turn && member->turn < 1);
		turn = member->turn;
		asked++;
	}
	assert_int_equal(asked, 4);
	graph_free(&graph);
}

/* One link more than there is room for members. */
static void what_does_not_fit_is_told(void **state)
{
	struct graph graph;

	(void)state;
	begin(&graph);
	for (unsigned n = 1; n <= GRAPH_MEMBERS_MAX; n++) {
		assert_int_equal(graph.count, n);
		assert_false(graph.is_cut);
		answer(&graph, 0, &n, 1);
	}
	assert_int_equal(graph.count, GRAPH_MEMBERS_MAX);
	assert_true(graph.is_cut);
	graph_free(&graph);
}

static void nonsense_is_not_drawn(void **state)
{
	struct graph graph;
	json_t *json = json_pack("{s:s, s:s}", "network", "lab", "id", "no id");

	(void)state;
	assert_int_equal(graph_init(&graph, json), ERR_MALFORMED);
	graph_free(&graph);
	json_decref(json);
	begin(&graph);
	json = json_pack("{s:s, s:s, s:[{s:s}]}", "end", "target", "id", "?", "links", "id", "x");
	graph_take_who(&graph, json);
	json_decref(json);
	json = member_json(7, false, NULL); /* it was not reached: another one said this */
	(void)json_object_set_new(json, "end", json_string("stuck"));
	graph_take_who(&graph, json);
	json_decref(json);
	assert_int_equal(graph.count, 1);
	graph_free(&graph);
}

static void a_list_is_in_the_order_of_the_ring(void **state)
{
	struct graph graph;
	char *text;

	(void)state;
	crowd(&graph, 5);
	text = drawn(&graph, graph_text);
	assert_non_null(strstr(text, "lab: 5 members, 10 links, in the order of the ring\n"));
	assert_non_null(strstr(text, "\n@  member-0  |#...............................|"));
	assert_non_null(strstr(text, "\n-  member-4  |........")); /* nobody was asked */
	assert_int_equal(graph_asked(&graph), 1);
	while (graph_next(&graph) != NULL)
		;
	assert_int_equal(graph_asked(&graph), 5);
	free(text);
	text = drawn(&graph, graph_text);
	assert_non_null(strstr(text, "\n?  member-4  |........"));
	assert_true(strstr(text, "member-2 ") < strstr(text, "member-4 "));
	assert_true(strstr(text, "member-4 ") < strstr(text, "member-1 "));
	free(text);
	graph_free(&graph);
}

/* Of many far links some are named, whole, and it says how many more there are. */
static void far_links_that_do_not_fit_are_counted(void **state)
{
	unsigned others[20];
	struct graph graph;
	unsigned named = 0;
	unsigned more = 0;
	char *text;
	char *at;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		others[i] = i + 1;
	begin(&graph);
	answer(&graph, 0, others, 20); /* six are near */
	assert_int_equal(graph_arrange(&graph), 0);
	text = drawn(&graph, graph_text);
	at = strchr(strchr(text, '@'), '\n');
	assert_non_null(at);
	*at = '\0';
	for (at = text; (at = strstr(at, "member-")) != NULL; at += 7)
		named += strtoul(at + 7, NULL, 10) > 6;
	at = strrchr(text, ',');
	assert_non_null(at);
	more = (unsigned)strtoul(at + 2, &at, 10);
	assert_int_equal(strncmp(at, " more", 5), 0);
	assert_int_equal(named + more, 14);
	assert_true(named >= 4);
	free(text);
	graph_free(&graph);
}

static void dot_names_each_member_and_link(void **state)
{
	struct graph graph;
	char *text;

	(void)state;
	crowd(&graph, 20);
	text = drawn(&graph, graph_dot);
	assert_int_equal(count_of(text, " [label=\"member-"), 20);
	assert_int_equal(count_of(text, " -- "), graph.link_count);
	assert_non_null(strstr(text, "label=\"member-0\", pos=\"0.000,216.000!\""));
	assert_string_equal(text + strlen(text) - 2, "}\n");
	free(text);
	graph_free(&graph);
}

/* -- names in the picture -- */

#define TAG_BYTES 512

struct box {
	double left, right, top, bottom;
};

/* One in the picture: level, or turned to lead outwards from where it begins. */
struct name {
	bool is_turned;
	double x, y;    /* turned: where it begins */
	struct box box; /* level: what it covers */
};

static double number_after(const char *text, const char *word)
{
	const char *const at = strstr(text, word);

	assert_non_null(at);
	return strtod(at + strlen(word), NULL);
}

/* By the width and height of the letters of 13 px that are usual. */
static struct box box_of(const char *tag)
{
	const double x = number_after(tag, "<text x=\""), y = number_after(tag, " y=\"");
	const char *const anchor = strstr(tag, "text-anchor=\"") + 13;
	const char *const name = strchr(tag, '>') + 1;
	const double width = 7.5 * (double)strcspn(name, "<");
	const double left = *anchor == 's' ? x : *anchor == 'e' ? x - width : x - width / 2;

	return (struct box){ left, left + width, y - 6, y + 6 };
}

static struct name name_of(const char *tag)
{
	struct name name = { .is_turned = strncmp(tag, "<text x", 7) != 0 };

	if (!name.is_turned) {
		name.box = box_of(tag);
		return name;
	}
	name.x = number_after(tag, "translate(");
	name.y = strtod(strchr(strstr(tag, "translate("), ' '), NULL);
	return name;
}

/* All names, which begin a little below their places. */
static size_t read_names(const char *svg, struct name ret[CROWD_MAX])
{
	size_t count = 0;

	for (; (svg = strstr(svg, "<text ")) != NULL; svg++) {
		char tag[TAG_BYTES];
		const size_t len = strcspn(svg, "/"); /* of </text> */

		assert_true(len < sizeof(tag));
		memcpy(tag, svg, len);
		tag[len] = '\0';
		if (strstr(tag, " dy=") == NULL)
			continue;
		assert_true(count < CROWD_MAX);
		ret[count++] = name_of(tag);
	}
	return count;
}

/* Turned ones begin around the ring and lead outwards, so they are apart if they begin so. */
static bool are_apart(const struct name *a, const struct name *b)
{
	if (a->is_turned)
		return hypot(a->x - b->x, a->y - b->y) > 13;
	return a->box.left >= b->box.right || b->box.left >= a->box.right ||
	       a->box.top >= b->box.bottom || b->box.top >= a->box.bottom;
}

/* There are so many, and no two cover each other, the last on the ring and the first neither. */
static void expect_names_apart(const char *svg, size_t members)
{
	struct name names[CROWD_MAX];

	assert_int_equal(read_names(svg, names), members);
	for (size_t i = 0; i < members; i++)
		for (size_t k = i + 1; k < members; k++) {
			assert_int_equal(names[i].is_turned, names[k].is_turned);
			assert_true(are_apart(&names[i], &names[k]));
		}
}

/* Members at places of our choice, parts of the ring from `first` on, each a step behind the last.
 */
static void expect_heap_apart(unsigned count, double first, double step)
{
	struct graph graph;
	json_t *const peers = json_array();
	json_t *const answered = json_pack("{s:o}", "peers", peers);
	char *svg;

	begin(&graph);
	for (unsigned n = 1; n < count; n++) {
		const double turn = first + step * (n - 1);
		const uint32_t place = (uint32_t)((turn - floor(turn)) * 4294967296.0);
		struct id id = { { 0 } };
		char text[ID_TEXT_CHARS + 1], name[32];

		for (unsigned i = 0; i < 4; i++)
			id.bytes[i] = (uint8_t)(place >> (24 - 8 * i));
		id.bytes[ID_BYTES - 1] = (uint8_t)(n + 1);
		id_to_text(&id, text);
		(void)snprintf(name, sizeof(name), "a-longer-name-%u", n);
		(void)json_array_append_new(peers, json_pack("{s:s, s:s, s:s}", "id", text, "name",
							     name, "way", "direct"));
	}
	graph_take_peers(&graph, answered);
	json_decref(answered);
	assert_int_equal(graph_arrange(&graph), 0);
	assert_int_equal(graph.count, count);
	svg = drawn(&graph, graph_svg);
	expect_names_apart(svg, count);
	free(svg);
	graph_free(&graph);
}

/* Ids are where chance put them: all at one place, beside this host, on both sides of it. */
static void names_in_a_heap_stand_apart(void **state)
{
	static const unsigned counts[] = { 2, 3, 7, 14, 15, 30, CROWD_MAX };
	static const double firsts[] = { 0.0, 0.01, 0.25, 0.49, 0.5, 0.75, 0.97, 0.99 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (size_t k = 0; k < sizeof(firsts) / sizeof(firsts[0]); k++) {
			expect_heap_apart(counts[i], firsts[k], 0.0001);
			expect_heap_apart(counts[i], firsts[k], 0.01);
			expect_heap_apart(counts[i], firsts[k], 1.0 / (double)counts[i]);
		}
}

static void a_picture_has_all_and_its_names_stand_apart(void **state)
{
	static const unsigned counts[] = { 1, 5, 14, 15, 50, CROWD_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct graph graph;
		char *svg;

		if (counts[i] < 5) {
			begin(&graph);
			assert_int_equal(graph_arrange(&graph), 0);
		} else {
			crowd(&graph, counts[i]);
		}
		svg = drawn(&graph, graph_svg);
		assert_int_equal(strncmp(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39), 0);
		assert_string_equal(svg + strlen(svg) - 7, "</svg>\n");
		assert_int_equal(count_of(svg, "<circle class=\"dot"), counts[i]);
		assert_int_equal(count_of(svg, "Q"), graph.link_count);
		assert_int_equal(count_of(svg, "href"), 0); /* it needs nothing else */
		assert_int_equal(count_of(svg, "nan"), 0);
		expect_names_apart(svg, counts[i]);
		free(svg);
		graph_free(&graph);
	}
}

/* A name that a daemon made up opens no element. */
static void names_stay_names(void **state)
{
	struct graph graph;
	json_t *status = member_json(0, false, NULL);
	char *svg;

	(void)state;
	(void)json_object_set_new(status, "name", json_string("<script>\"&"));
	assert_int_equal(graph_init(&graph, status), 0);
	json_decref(status);
	assert_int_equal(graph_arrange(&graph), 0);
	svg = drawn(&graph, graph_svg);
	assert_null(strstr(svg, "<script"));
	assert_non_null(strstr(svg, "?script???"));
	free(svg);
	graph_free(&graph);
}

static void json_has_members_and_links(void **state)
{
	struct graph graph;
	json_t *json;
	json_t *first;

	(void)state;
	crowd(&graph, 5);
	json = graph_json(&graph);
	first = json_array_get(json_object_get(json, "members"), 0);
	assert_string_equal(json_string_value(json_object_get(json, "schema")), "ipop.graph/1");
	assert_int_equal(json_array_size(json_object_get(json, "members")), 5);
	assert_int_equal(json_array_size(json_object_get(json, "links")), graph.link_count);
	assert_true(json_is_true(json_object_get(first, "self")));
	json_decref(json);
	graph_free(&graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_twice_is_there_once),
		cmocka_unit_test(a_link_is_what_the_better_witness_says),
		cmocka_unit_test(members_are_asked_once_clockwise),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(nonsense_is_not_drawn),
		cmocka_unit_test(a_list_is_in_the_order_of_the_ring),
		cmocka_unit_test(far_links_that_do_not_fit_are_counted),
		cmocka_unit_test(dot_names_each_member_and_link),
		cmocka_unit_test(a_picture_has_all_and_its_names_stand_apart),
		cmocka_unit_test(names_in_a_heap_stand_apart),
		cmocka_unit_test(names_stay_names),
		cmocka_unit_test(json_has_members_and_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
