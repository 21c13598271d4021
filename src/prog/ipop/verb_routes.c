/* verb_routes.c - `ipop routes`: which destinations go where, once they are on the interface.
 *
 * The kernel leads the prefixes of the network to the interface. There the daemon has an entry for
 * each address of a member that it has a session with; for the rest a member is looked up when the
 * first packet comes.
 */
#include "base/err.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"
#include "wire/endpoint.h"

#include <inttypes.h>
#include <string.h>

static const char *const families[] = { "ipv4", "ipv6" };
#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* "10.151.0.0/16": an address of the answer with zeros behind the prefix; "-" if there is none. */
static struct output_text prefix_of(const json_t *status, const char *family)
{
	const struct output_text address = answer_text(status, family);
	const uint64_t len = answer_number(status, output_text("%s_prefix_len", family).text);
	struct endpoint network = { 0 };
	char text[ENDPOINT_TEXT_CHARS + 1];

	if (endpoint_ip_from_text(address.text, &network) != 0 || len > endpoint_ip_bits(&network))
		return output_foreign(NULL);
	network = endpoint_network(&network, (unsigned)len);
	endpoint_ip_to_text(&network, text);
	return output_text("%s/%" PRIu64, text, len);
}

static json_t *route_json(const char *destination, const char *kind, const json_t *member)
{
	static const char *const fields[] = { "name", "id", "way", "remote", "relay", "mtu" };
	json_t *const route = json_pack("{s:s, s:s}", "destination", destination, "kind", kind);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *const value = json_object_get(member, fields[i]);

		(void)json_object_set_new(route, fields[i],
					  value != NULL ? json_incref(value) : json_null());
	}
	return route;
}

/* Those of one member, or of this host. */
static void add_addresses(json_t *routes, const char *kind, const json_t *member)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct output_text address = answer_text(member, families[i]);

		if (strcmp(address.text, "-") != 0)
			(void)json_array_append_new(routes, route_json(address.text, kind, member));
	}
}

/* The prefixes first, then this host, then whom it has sessions with. */
static json_t *routes_of(const json_t *status, const json_t *peers)
{
	const json_t *const list = json_object_get(peers, "peers");
	json_t *const routes = json_array();
	json_t *const self =
		json_pack("{s:O?, s:O?, s:O?, s:O?}", "name", json_object_get(status, "name"), "id",
			  json_object_get(status, "id"), "ipv4", json_object_get(status, "ipv4"),
			  "ipv6", json_object_get(status, "ipv6"));

	for (size_t i = 0; i < FAMILIES; i++) {
		const struct output_text prefix = prefix_of(status, families[i]);

		if (strcmp(prefix.text, "-") != 0)
			(void)json_array_append_new(routes,
						    route_json(prefix.text, "network", NULL));
	}
	add_addresses(routes, "own", self);
	json_decref(self);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *const peer = json_array_get(list, i);

		if (json_is_string(json_object_get(peer, "way")))
			add_addresses(routes, "member", peer);
	}
	return routes;
}

static void add_row(struct output_table *table, const json_t *route)
{
	const struct output_text kind = answer_text(route, "kind");

	output_cell(table, answer_text(route, "destination").text);
	if (strcmp(kind.text, "network") == 0) {
		output_cell(table, "any other member");
		output_cell(table, "looked up when it is needed");
	} else if (strcmp(kind.text, "own") == 0) {
		output_cell(table, answer_text(route, "name").text);
		output_cell(table, "this host");
	} else {
		output_cell(table, answer_member(route).text);
		output_cell(table, answer_way(route).text);
	}
}

static void print_routes(const json_t *status, const json_t *routes)
{
	struct output_table table;

	(void)printf("on interface %s, MTU %" PRIu64 "\n\n", answer_text(status, "interface").text,
		     answer_number(status, "mtu"));
	output_table_init(&table, 3);
	output_cell(&table, "DESTINATION");
	output_cell(&table, "MEMBER");
	output_cell(&table, "WAY");
	for (size_t i = 0; i < json_array_size(routes); i++)
		add_row(&table, json_array_get(routes, i));
	output_table_print(&table, "", stdout);
	output_table_free(&table);
}

static void show(const struct cli *cli, const json_t *status, const json_t *peers)
{
	json_t *const routes = routes_of(status, peers);

	if (!cli->json) {
		print_routes(status, routes);
		json_decref(routes);
		return;
	}
	output_json(json_pack("{s:s, s:O, s:O, s:O, s:o}", "schema", "ipop.routes/1", "network",
			      json_object_get(status, "network"), "interface",
			      json_object_get(status, "interface"), "mtu",
			      json_object_get(status, "mtu"), "routes", routes));
}

enum exit_code verb_routes(const struct cli *cli)
{
	struct control control;
	json_t *status = NULL;
	json_t *peers = NULL;
	enum exit_code code = answer_connect(cli, 0, &control);

	if (code != EXIT_OK)
		return code;
	code = answer_ask(cli, &control, "status", &status);
	if (code == EXIT_OK)
		code = answer_ask(cli, &control, "peers", &peers);
	if (code == EXIT_OK)
		show(cli, status, peers);
	json_decref(peers);
	json_decref(status);
	control_close(&control);
	return code;
}
