/* probe_budget.c - see probe_budget.h.
 *
 * Of each target the instants of its last PROBE_TARGET_S probes are kept: one more may go when the
 * oldest of them is a second old. A target whose newest is a second old is idle, and its place may
 * be taken by another. Places are taken in the order in which they were last used, so the first in
 * line is the only one that has to be looked at.
 */
#include "path/probe_budget.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS 1000
#define NOBODY UINT32_MAX
#define TARGETS_FIRST 8 /* then twice as many, and so on */

static_assert(PROBE_PEER_MIN <= UINT8_MAX, "a slot of a purse overflows");
static_assert((PROBE_PURSE_SLOTS - 1) * PROBE_PURSE_SLOT_MS == 60000, "a purse is for a minute");

/* Who sends to one host of a /64 floods its line as well as who sends to all of them. */
struct target_key {
	uint8_t ip[ENDPOINT_IP_BYTES];
};

struct target {
	struct target_key key;
	struct mono sent[PROBE_TARGET_S]; /* a ring, the oldest at `next`; zero: not so many yet */
	uint32_t next;
	uint32_t before, after; /* in the line of use */
};

struct probe_budget {
	struct map by_key;      /* struct target_key -> index of targets */
	struct target *targets; /* owned; grows as they come */
	uint32_t room, count;
	uint32_t oldest, newest; /* ends of the line of use; NOBODY while count is 0 */
};

int probe_budget_new(struct rng *rng, struct probe_budget **ret)
{
	struct probe_budget *budget = calloc(1, sizeof(*budget));

	if (budget == NULL)
		return ERR_NOMEM;
	budget->oldest = NOBODY;
	budget->newest = NOBODY;
	map_init(&budget->by_key, rng, PROBE_TARGETS_MAX, sizeof(struct target_key));
	*ret = budget;
	return 0;
}

void probe_budget_del(struct probe_budget *budget)
{
	if (budget == NULL)
		return;
	map_free(&budget->by_key);
	free(budget->targets);
	free(budget);
}

/* -- targets ------------------------------------------------------------------------------- */

static struct target_key key_of(const struct endpoint *endpoint)
{
	struct target_key key = { 0 };

	memcpy(key.ip, endpoint->ip,
	       endpoint_is_v4(endpoint) ? sizeof(key.ip) : ENDPOINT_V6_SITE_BYTES);
	return key;
}

static void leave_line(struct probe_budget *budget, const struct target *target)
{
	if (target->before == NOBODY)
		budget->oldest = target->after;
	else
		budget->targets[target->before].after = target->after;
	if (target->after == NOBODY)
		budget->newest = target->before;
	else
		budget->targets[target->after].before = target->before;
}

static void join_line(struct probe_budget *budget, struct target *target)
{
	const uint32_t index = (uint32_t)(target - budget->targets);

	target->before = budget->newest;
	target->after = NOBODY;
	if (budget->newest == NOBODY)
		budget->oldest = index;
	else
		budget->targets[budget->newest].after = index;
	budget->newest = index;
}

/* True if a probe at this instant is `ms` or more after the one at `sent`. */
static bool is_past(struct mono sent, struct mono now, uint64_t ms)
{
	return sent.us == 0 || mono_reached(now, mono_add_ms(sent, ms));
}

static bool is_idle(const struct target *target, struct mono now)
{
	const uint32_t last = (target->next + PROBE_TARGET_S - 1) % PROBE_TARGET_S;

	return is_past(target->sent[last], now, SECOND_MS);
}

static bool has_idle(const struct probe_budget *budget, struct mono now)
{
	return budget->count > 0 && is_idle(&budget->targets[budget->oldest], now);
}

/* A place more; false without memory. */
static bool add_place(struct probe_budget *budget)
{
	if (map_reserve(&budget->by_key, budget->count + 1) != 0)
		return false;
	if (budget->count == budget->room) {
		const uint32_t room = budget->room == 0 ? TARGETS_FIRST : 2 * budget->room;
		struct target *targets = realloc(budget->targets, room * sizeof(targets[0]));

		if (targets == NULL)
			return false;
		budget->targets = targets;
		budget->room = room;
	}
	budget->count++;
	return true;
}

/* The place of the target, or one for it; NULL if all are busy with others, or without memory. */
static struct target *target_for(struct probe_budget *budget, struct mono now,
				 const struct target_key *key)
{
	struct target *target;
	uint32_t index;

	if (map_get(&budget->by_key, key, &index))
		return &budget->targets[index];
	/* An idle one first: there are as many places as targets were ever busy at once. */
	if (budget->count == PROBE_TARGETS_MAX || has_idle(budget, now)) {
		target = &budget->targets[budget->oldest];
		if (!SECCHECK(SEC_PROBE_PLACE, is_idle(target, now)))
			return NULL;
		leave_line(budget, target);
		CHECK(map_remove(&budget->by_key, &target->key));
	} else {
		if (!add_place(budget))
			return NULL;
		target = &budget->targets[budget->count - 1];
	}
	*target = (struct target){ .key = *key };
	CHECK(map_put(&budget->by_key, key, (uint32_t)(target - budget->targets)) ==
	      0); /* it has room for all places */
	join_line(budget, target);
	return target;
}

static void note(struct probe_budget *budget, struct mono now, struct target *target)
{
	target->sent[target->next] = now.us == 0 ? (struct mono){ .us = 1 } : now;
	target->next = (target->next + 1) % PROBE_TARGET_S;
	leave_line(budget, target);
	join_line(budget, target);
}

/* -- purses -------------------------------------------------------------------------------- */

/* Empties the slots that have begun since. */
static void turn_purse(struct probe_purse *purse, struct mono now)
{
	const uint64_t slot = now.us / 1000 / PROBE_PURSE_SLOT_MS;

	if (slot >= purse->slot + PROBE_PURSE_SLOTS)
		memset(purse->spent, 0, sizeof(purse->spent));
	else
		while (purse->slot < slot)
			purse->spent[++purse->slot % PROBE_PURSE_SLOTS] = 0;
	purse->slot = slot;
}

static uint32_t spent(const struct probe_purse *purse)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < PROBE_PURSE_SLOTS; i++)
		sum += purse->spent[i];
	return sum;
}

bool probe_budget_take(struct probe_budget *budget, struct mono now, struct probe_purse *purse,
		       const struct endpoint *endpoint, uint32_t spare)
{
	const struct target_key key = key_of(endpoint);
	struct target *target;

	turn_purse(purse, now);
	if (!SECCHECK(SEC_PROBE_PEER, spent(purse) + spare < PROBE_PEER_MIN))
		return false;
	target = target_for(budget, now, &key);
	if (target == NULL ||
	    !SECCHECK(SEC_PROBE_TARGET, is_past(target->sent[target->next], now, SECOND_MS)))
		return false;
	note(budget, now, target);
	purse->spent[purse->slot % PROBE_PURSE_SLOTS]++;
	return true;
}
