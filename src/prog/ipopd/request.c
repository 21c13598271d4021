/* request.c - see request.h. */
#include "prog/ipopd/request.h"

#include "base/err.h"
#include "prog/ipopd/json_arena.h"
#include "wire/overlay.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

static_assert(ROUTED_HOPS_MAX == 32, "a sentence names it");

#define SCHEMA "ipop.request/1"

static const struct {
	const char *name;
	bool has_peer, has_route, changes;
} verbs[REQUEST_VERBS] = {
	[REQUEST_VERSION] = { .name = "version" },
	[REQUEST_STATUS] = { .name = "status" },
	[REQUEST_PEERS] = { .name = "peers" },
	[REQUEST_PING] = { .name = "ping", .has_peer = true },
	[REQUEST_WHO] = { .name = "who", .has_peer = true, .has_route = true },
	[REQUEST_MONITOR] = { .name = "monitor" },
	[REQUEST_CONFIG] = { .name = "config" },
	[REQUEST_RELOAD] = { .name = "reload", .changes = true },
	[REQUEST_DOWN] = { .name = "down", .changes = true },
};

bool request_changes(enum request_verb verb)
{
	return verbs[verb].changes;
}

/* How deep a line is, and of how many parts: the library goes 2,048 levels down by itself, and an
 * arena has room for so many. Of what the library refuses it sees no more than this does, since
 * both begin and end strings alike. */
struct shape {
	unsigned depth, parts;
};

static struct shape shape_of(struct span line)
{
	struct shape shape = { 0 };
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < line.len; i++) {
		const uint8_t c = line.data[i];

		if (c == '"')
			in_string = !in_string;
		else if (in_string && c == '\\')
			i++; /* whatever it escapes ends no string */
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		shape.parts += !in_string && (c == '{' || c == '[' || c == ':' || c == ',');
		if (depth > shape.depth)
			shape.depth = depth;
	}
	return shape;
}

static bool find_verb(const char *name, enum request_verb *ret)
{
	for (enum request_verb v = REQUEST_VERSION; v < REQUEST_VERBS; v++) {
		if (strcmp(name, verbs[v].name) == 0) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static int refuse(int err, const char *why, const char **ret_why)
{
	*ret_why = why;
	return err;
}

/* Each of these may be left out. *ret_count: how many are there. */
static int take_route(const json_t *root, struct node_route *ret, size_t *ret_count)
{
	const json_t *const hops = json_object_get(root, "hops");
	const json_t *const aside = json_object_get(root, "aside");
	const json_t *const links = json_object_get(root, "links");
	const json_int_t number = json_integer_value(hops);

	*ret_count = 0U + (hops != NULL) + (aside != NULL) + (links != NULL);
	if ((hops != NULL && (number < 1 || number > ROUTED_HOPS_MAX)) ||
	    (aside != NULL && !json_is_boolean(aside)) ||
	    (links != NULL && !json_is_boolean(links)))
		return ERR_MALFORMED;
	ret->hops = hops != NULL ? (uint8_t)number : ROUTED_HOPS_MAX;
	ret->is_aside = json_is_true(aside);
	ret->wants_links = json_is_true(links);
	return 0;
}

static int take_fields(const json_t *root, struct request *ret, const char **ret_why)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const char *verb = json_string_value(json_object_get(root, "verb"));
	const json_t *peer = json_object_get(root, "peer");
	size_t options = 0;
	size_t len;

	if (schema == NULL || strcmp(schema, SCHEMA) != 0)
		return refuse(ERR_MALFORMED, "schema must be \"" SCHEMA "\"", ret_why);
	if (verb == NULL || !find_verb(verb, &ret->verb))
		return refuse(ERR_UNSUPPORTED, "there is no such verb", ret_why);
	if (verbs[ret->verb].has_route && take_route(root, &ret->route, &options) != 0)
		return refuse(ERR_MALFORMED, "hops must be 1 to 32, aside and links true or false",
			      ret_why);
	if (json_object_size(root) != (verbs[ret->verb].has_peer ? 3 : 2) + options)
		return refuse(ERR_MALFORMED, "the verb does not have these fields", ret_why);
	if (!verbs[ret->verb].has_peer)
		return 0;
	len = json_string_length(peer); /* 0 for what is no string */
	if (len == 0 || len > NODE_PEER_TEXT_MAX || strlen(json_string_value(peer)) != len)
		return refuse(ERR_MALFORMED, "peer must be a host name, an address or an id",
			      ret_why);
	memcpy(ret->peer, json_string_value(peer), len);
	return 0;
}

/* The value lives as long as the arena, so that what is kept of it is copied. */
static int parse(struct json_arena *arena, struct span line, struct request *ret,
		 const char **ret_why)
{
	json_t *root;

	if (json_arena_load(arena, line, &root) != 0)
		return refuse(ERR_MALFORMED, "a request is one JSON object a line", ret_why);
	if (!json_is_object(root))
		return refuse(ERR_MALFORMED, "a request is a JSON object", ret_why);
	return take_fields(root, ret, ret_why);
}

int request_parse(struct span line, struct request *ret, const char **ret_why)
{
	struct request request = { 0 };
	struct json_arena arena;
	struct shape shape;
	int err;

	if (line.len > REQUEST_BYTES_MAX)
		return refuse(ERR_TOO_LONG, "a request has at most 64 KiB", ret_why);
	shape = shape_of(line);
	if (shape.depth > REQUEST_DEPTH_MAX)
		return refuse(ERR_MALFORMED, "a request has at most 16 levels", ret_why);
	if (shape.parts > JSON_ARENA_PARTS_MAX)
		return refuse(ERR_TOO_LONG, "a request has at most 6 fields, and this is far more",
			      ret_why);
	if (json_arena_open(&arena, line.len) != 0)
		return refuse(ERR_NOMEM, "there is no memory for the request; ask again later",
			      ret_why);
	err = parse(&arena, line, &request, ret_why);
	json_arena_close(&arena);
	if (err == 0)
		*ret = request;
	return err;
}
