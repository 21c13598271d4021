/* json_arena.c - see json_arena.h. */
#include "prog/ipopd/json_arena.h"

#include "base/check.h"
#include "base/err.h"
#include "crypto/hash.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

/* The dearest part, an object as the value of a name in another, takes some 400 bytes. */
#define ROOM_PER_PART ((size_t)1024)
/* Of a long string: 4 for a buffer that doubles and leaves the smaller ones behind, 2 for copies.
 */
#define ROOM_PER_BYTE 8

/* Of the parse that is under way: the library tells its functions nothing of who asks. */
static struct json_arena *current;

/* The library's malloc(). */
static void *take(size_t bytes)
{
	const size_t mask = alignof(max_align_t) - 1;
	const size_t wanted = (bytes + mask) & ~mask;
	void *piece;

	CHECK(current != NULL);
	CHECK(wanted >= bytes && wanted <= current->room - current->used);
	piece = current->bytes + current->used;
	current->used += wanted;
	return piece;
}

/* Nothing is given back before the end. */
static void keep(void *piece)
{
	(void)piece;
}

int json_arena_open(struct json_arena *arena, size_t text_len)
{
	*arena = (struct json_arena){
		.room = (JSON_ARENA_PARTS_MAX + 1) * ROOM_PER_PART + ROOM_PER_BYTE * text_len,
	};
	arena->bytes = malloc(arena->room);
	return arena->bytes == NULL ? ERR_NOMEM : 0;
}

int json_arena_load(struct json_arena *arena, struct span text, json_t **ret)
{
	json_malloc_t had_malloc;
	json_free_t had_free;
	json_t *root;

	CHECK(current == NULL && arena->used == 0);
	json_get_alloc_funcs(&had_malloc, &had_free);
	json_set_alloc_funcs(take, keep);
	current = arena;
	root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	current = NULL;
	json_set_alloc_funcs(had_malloc, had_free);
	if (root == NULL)
		return ERR_MALFORMED;
	*ret = root;
	return 0;
}

void json_arena_close(struct json_arena *arena)
{
	if (arena->bytes != NULL)
		secret_wipe(arena->bytes, arena->used);
	free(arena->bytes);
	*arena = (struct json_arena){ .room = 0 };
}
