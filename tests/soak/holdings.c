/* holdings.c - see holdings.h. The linker turns calls of the four functions into those below
 * (--wrap). */
#include "tests/soak/holdings.h"

#include "base/check.h"
#include "tests/lib/allocations.h"

#include <stdlib.h>

#define LIVES_MAX 65536 /* of nodes, in a run; */
#define ALIVE_MAX 256   /* at once */
#define NOBODY 0
#define PLACES_FIRST 65536 /* power of two */

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_node_new(const struct node_config *config, struct entropy *entropy, struct now now,
		    struct node **ret);
int __real_node_input(struct node *node, struct now now, const struct node_event *event);
bool __real_node_poll(struct node *node, struct now now, struct node_action *ret);
void __real_node_del(struct node *node);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *block);
int __wrap_node_new(const struct node_config *config, struct entropy *entropy, struct now now,
		    struct node **ret);
int __wrap_node_input(struct node *node, struct now now, const struct node_event *event);
bool __wrap_node_poll(struct node *node, struct now now, struct node_action *ret);
void __wrap_node_del(struct node *node);

/* A block of some node; open addressing, and what follows a free place moves up. */
struct place {
	const void *block; /* NULL: free */
	uint32_t owner;
	uint32_t bytes;
};

struct life {
	const struct node *node; /* NULL: it is over */
	struct holding holding;
};

static struct place *places;
static size_t room, used;
static struct life lives[LIVES_MAX]; /* from 1 */
static uint32_t life_count;
static uint32_t alive[ALIVE_MAX];
static uint32_t alive_count;
static uint32_t owner; /* for whom blocks are taken now */

static size_t place_of(const void *block)
{
	return (size_t)(((uintptr_t)block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (room - 1);
}

static void put(struct place place)
{
	size_t at = place_of(place.block);

	while (places[at].block != NULL)
		at = (at + 1) & (room - 1);
	places[at] = place;
}

static void grow(void)
{
	struct place *before = places;
	const size_t count = room;

	room = room == 0 ? PLACES_FIRST : 2 * room;
	places = __real_calloc(room, sizeof(places[0]));
	CHECK(places != NULL);
	for (size_t i = 0; i < count; i++)
		if (before[i].block != NULL)
			put(before[i]);
	__real_free(before);
}

static void taken(void *block, size_t bytes)
{
	if (owner == NOBODY)
		return;
	if (2 * used >= room)
		grow();
	put((struct place){ .block = block, .owner = owner, .bytes = (uint32_t)bytes });
	used++;
	lives[owner].holding.bytes += (int64_t)bytes;
	lives[owner].holding.blocks++;
}

/* Each behind a place that has become free is put anew, up to the next free one. */
static void close_gap(size_t at)
{
	for (at = (at + 1) & (room - 1); places[at].block != NULL; at = (at + 1) & (room - 1)) {
		const struct place moved = places[at];

		places[at].block = NULL;
		put(moved);
	}
}

static void given(void *block)
{
	size_t at = place_of(block);

	while (places[at].block != NULL && places[at].block != block)
		at = (at + 1) & (room - 1);
	if (places[at].block == NULL)
		return; /* nobody's */
	lives[places[at].owner].holding.bytes -= places[at].bytes;
	lives[places[at].owner].holding.blocks--;
	places[at].block = NULL;
	used--;
	close_gap(at);
}

static uint32_t life_of(const struct node *node)
{
	static uint32_t last;

	if (lives[last].node == node)
		return last;
	for (uint32_t i = 0; i < alive_count; i++)
		if (lives[alive[i]].node == node)
			return last = alive[i];
	return NOBODY;
}

static uint32_t enter(uint32_t life)
{
	const uint32_t before = owner;

	owner = life;
	return before;
}

int __wrap_node_new(const struct node_config *config, struct entropy *entropy, struct now now,
		    struct node **ret)
{
	uint32_t before;
	int err;

	CHECK(life_count + 1 < LIVES_MAX && alive_count < ALIVE_MAX);
	before = enter(++life_count);
	err = __real_node_new(config, entropy, now, ret);
	if (err == 0) {
		lives[life_count].node = *ret;
		alive[alive_count++] = life_count;
	}
	owner = before;
	return err;
}

int __wrap_node_input(struct node *node, struct now now, const struct node_event *event)
{
	const uint32_t before = enter(life_of(node));
	const int err = __real_node_input(node, now, event);

	owner = before;
	return err;
}

bool __wrap_node_poll(struct node *node, struct now now, struct node_action *ret)
{
	const uint32_t before = enter(life_of(node));
	const bool more = __real_node_poll(node, now, ret);

	owner = before;
	return more;
}

void __wrap_node_del(struct node *node)
{
	const uint32_t life = life_of(node);
	uint32_t at = 0;

	__real_node_del(node);
	while (CHECK(at < alive_count), alive[at] != life)
		at++;
	alive[at] = alive[--alive_count];
	lives[life].node = NULL;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void holdings_begin(void)
{
	grow();
	allocations_tell(taken, given);
}

struct holding holdings_of(const struct node *node)
{
	return lives[life_of(node)].holding;
}

struct holding holdings_orphaned(void)
{
	struct holding sum = { 0 };

	for (uint32_t i = 1; i <= life_count; i++) {
		if (lives[i].node != NULL)
			continue;
		sum.bytes += lives[i].holding.bytes;
		sum.blocks += lives[i].holding.blocks;
	}
	return sum;
}
