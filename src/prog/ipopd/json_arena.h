/* json_arena.h - memory for one parse of JSON, taken before it begins.
 *
 * The library does not notice everywhere that a piece of memory was refused (jansson 2.14,
 * lex_save(): a string that cannot grow is read on behind its end). So it gets all of a parse from
 * one block, which is there before, and is large enough for whatever a text of that length and so
 * many parts can make it ask for: that it asks for more is our bug.
 *
 * The library's functions for memory are the process's. They are set for the time of a parse, so
 * only one thread of a process may use the library at all: in ipopd that of the control
 * connections, beside which nothing speaks JSON.
 */
#ifndef PROG_IPOPD_JSON_ARENA_H
#define PROG_IPOPD_JSON_ARENA_H

#include "base/span.h"

#include <jansson.h>

#define JSON_ARENA_PARTS_MAX 32 /* of the characters {, [, : and , outside of strings */

struct json_arena {
	uint8_t *bytes; /* owned */
	size_t room, used;
};

/* For a text of that length. 0 or ERR_NOMEM. */
int json_arena_open(struct json_arena *arena, size_t text_len);

/* Parses, as json_loadb() does with JSON_REJECT_DUPLICATES. Requires no longer a text than it was
 * opened for, with at most JSON_ARENA_PARTS_MAX. 0, and a value that lives as long as the arena and
 * may only be read: json_decref() or a change of it would give pieces of the block back one by one.
 * Or ERR_MALFORMED. One parse at a time, and only once an arena. */
int json_arena_load(struct json_arena *arena, struct span text, json_t **ret);

/* Wipes and frees all of it; accepts a zeroed one. */
void json_arena_close(struct json_arena *arena);

#endif
