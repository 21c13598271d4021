/* relays.c - see relays.h for the states. */
#include "path/relays.h"

#include "base/check.h"
#include "base/err.h"
#include "base/pool.h"
#include "base/queue.h"
#include "base/seccheck.h"

#include <stdlib.h>

enum tell { TELL_NOTHING, TELL_GRANT, TELL_END };

struct end {
	struct id id;
	bool has_asked;
	bool is_needed;       /* it says in its ASK, */
	bool is_guest;        /* that is beyond its share */
	uint32_t own_index;   /* it wants to find on what we pass on to it; said in its ASK */
	uint32_t given_index; /* it writes on what is for the other; said in our GRANT */
	struct mono asked;    /* last, */
	struct mono needed;   /* and that was needed; or the first */
	enum tell tell;
};

struct pair {
	enum relays_state state;
	struct end ends[2];
};

struct refusal {
	struct id to;
	struct relay_message end;
};

struct relays {
	struct rng *rng; /* borrowed */
	struct pool pairs;
	uint32_t counts[RELAYS_STATES];
	bool changed;             /* what stands, since the table was made */
	bool has_to_say;          /* some pair may have something to tell */
	struct mono changed_next; /* it is not made again before */
	struct queue refusal_queue;
	struct refusal refusals[RELAYS_REFUSALS_MAX];
};

int relays_new(struct rng *rng, struct relays **ret)
{
	struct relays *relays = calloc(1, sizeof(*relays));

	CHECK(rng != NULL);
	if (relays == NULL)
		return ERR_NOMEM;
	relays->rng = rng;
	relays->refusal_queue = queue_of(RELAYS_REFUSALS_MAX);
	pool_init(&relays->pairs, RELAYS_MAX * RELAYS_STATES, sizeof(struct pair));
	*ret = relays;
	return 0;
}

void relays_del(struct relays *relays)
{
	if (relays == NULL)
		return;
	pool_free(&relays->pairs);
	free(relays);
}

uint32_t relays_count(const struct relays *relays)
{
	return relays->counts[RELAYS_STANDS];
}

/* -- pairs --------------------------------------------------------------------------------- */

/* The only writer of pair->state. */
static void set_state(struct relays *relays, struct pair *pair, enum relays_state next)
{
	static const bool allowed[RELAYS_STATES][RELAYS_STATES] = {
		[RELAYS_ASKED] = { [RELAYS_STANDS] = true, [RELAYS_ENDING] = true },
		[RELAYS_STANDS] = { [RELAYS_ENDING] = true },
	};
	CHECK(allowed[pair->state][next]);
	relays->counts[pair->state]--;
	relays->counts[next]++;
	relays->changed |= next == RELAYS_STANDS || pair->state == RELAYS_STANDS;
	relays->has_to_say = true;
	pair->state = next;
}

/* The pair whose ends are these two, and which end `a` is. */
static struct pair *find(const struct relays *relays, const struct id *a, const struct id *b,
			 unsigned *ret_end)
{
	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		for (unsigned e = 0; pair != NULL && e < 2; e++) {
			if (!id_equal(&pair->ends[e].id, a) || !id_equal(&pair->ends[1 - e].id, b))
				continue;
			*ret_end = e;
			return pair;
		}
	}
	return NULL;
}

static uint32_t asked_by(const struct relays *relays, const struct id *member)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		const struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		if (pair == NULL || pair->state == RELAYS_ENDING)
			continue;
		for (unsigned e = 0; e < 2; e++)
			count += pair->ends[e].has_asked && id_equal(&pair->ends[e].id, member);
	}
	return count;
}

static bool is_given(const struct relays *relays, uint32_t index)
{
	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		const struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		if (pair != NULL &&
		    (pair->ends[0].given_index == index || pair->ends[1].given_index == index))
			return true;
	}
	return false;
}

/* Random, so that who lost his place does not by chance write into that of another. */
static uint32_t new_index(struct relays *relays)
{
	uint32_t index;

	do
		index = rng_u32(relays->rng);
	while (index == 0 || is_given(relays, index));
	return index;
}

static struct pair *add(struct relays *relays, const struct id *from, const struct id *peer)
{
	struct handle unused;
	struct pair *pair = pool_take(&relays->pairs, &unused);

	if (pair == NULL)
		return NULL;
	relays->counts[RELAYS_ASKED]++;
	pair->state = RELAYS_ASKED;
	pair->ends[0].id = *from;
	pair->ends[0].given_index = new_index(relays);
	pair->ends[1].id = *peer;
	pair->ends[1].given_index = new_index(relays);
	return pair;
}

/* Both that asked are told, but for `silent` (or NULL): it knows, or is not to be reached. */
static void end_pair(struct relays *relays, struct pair *pair, const struct id *silent)
{
	if (pair->state != RELAYS_ENDING)
		set_state(relays, pair, RELAYS_ENDING);
	for (unsigned e = 0; e < 2; e++) {
		struct end *end = &pair->ends[e];
		const bool knows = silent != NULL && id_equal(&end->id, silent);

		end->tell = end->has_asked && !knows ? TELL_END : TELL_NOTHING;
		end->has_asked &= !knows;
	}
}

/* -- giving way ---------------------------------------------------------------------------- */

static enum relays_claim claim_of(const struct pair *pair)
{
	bool is_guest = false;

	for (unsigned e = 0; e < 2; e++) {
		const struct end *end = &pair->ends[e];

		if (end->has_asked && !end->is_needed)
			return RELAYS_KEPT;
		is_guest |= end->has_asked && end->is_guest;
	}
	return is_guest ? RELAYS_GUEST : RELAYS_NEEDED;
}

static struct mono needed_last(const struct pair *pair)
{
	return mono_max(pair->ends[0].needed, pair->ends[1].needed);
}

static bool is_weaker(const struct pair *pair, const struct pair *than)
{
	const enum relays_claim claim = claim_of(pair);
	const enum relays_claim other = claim_of(than);

	return claim < other || (claim == other && needed_last(pair).us < needed_last(than).us);
}

/* Which of those in this state gives way first; there is one. */
static struct pair *weakest(const struct relays *relays, enum relays_state state)
{
	struct pair *first = NULL;

	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		if (pair != NULL && pair->state == state &&
		    (first == NULL || is_weaker(pair, first)))
			first = pair;
	}
	CHECK(first != NULL);
	return first;
}

/* For one more in this state; false if nobody gives way to such a claim. */
static bool make_room(struct relays *relays, enum relays_state state, enum relays_claim claim)
{
	struct pair *pair;

	if (relays->counts[state] < RELAYS_MAX)
		return true;
	pair = weakest(relays, state);
	if (!SECCHECK(SEC_RELAY_CLAIM, claim_of(pair) < claim))
		return false;
	end_pair(relays, pair, NULL);
	return true;
}

/* -- what happens -------------------------------------------------------------------------- */

void relays_refuse(struct relays *relays, const struct id *from, const struct relay_message *ask)
{
	struct refusal *refusal;

	if (queue_is_full(&relays->refusal_queue))
		return;
	refusal = &relays->refusals[queue_push(&relays->refusal_queue)];
	*refusal = (struct refusal){ .to = *from, .end = *ask };
	refusal->end.is_needed = false;
}

/* The first of two asks. NULL: there is no room for it. */
static struct pair *begin(struct relays *relays, const struct id *from,
			  const struct relay_message *ask, bool is_within)
{
	const enum relays_claim claim = is_within ? RELAYS_NEEDED : RELAYS_GUEST;

	if (!make_room(relays, RELAYS_ASKED, ask->is_needed ? claim : RELAYS_KEPT))
		return NULL;
	return add(relays, from, &ask->peer);
}

/* Who had its share when it asked is a guest until it has less. */
static void note_ask(struct end *end, struct mono now, const struct relay_message *ask,
		     bool is_within)
{
	end->is_guest = (end->is_guest || !end->has_asked) && !is_within;
	end->is_needed = ask->is_needed;
	if (ask->is_needed || !end->has_asked)
		end->needed = now;
	end->has_asked = true;
	end->own_index = ask->index;
	end->asked = now;
}

/* Both are told what becomes of it. */
static int stand(struct relays *relays, struct pair *pair)
{
	if (!make_room(relays, RELAYS_STANDS, claim_of(pair))) {
		end_pair(relays, pair, NULL);
		return ERR_FULL;
	}
	set_state(relays, pair, RELAYS_STANDS);
	pair->ends[0].tell = TELL_GRANT;
	pair->ends[1].tell = TELL_GRANT;
	return 0;
}

int relays_ask(struct relays *relays, struct mono now, const struct id *from,
	       const struct relay_message *ask)
{
	unsigned e = 0;
	struct pair *pair;
	uint32_t others;

	if (ask->index == 0 || id_is_zero(&ask->peer) || id_equal(from, &ask->peer))
		return ERR_MALFORMED;
	pair = find(relays, from, &ask->peer, &e);
	if (pair != NULL && pair->state == RELAYS_ENDING)
		return ERR_AGAIN;
	others = asked_by(relays, from) - (pair != NULL && pair->ends[e].has_asked ? 1 : 0);
	const bool is_within = SECCHECK(SEC_RELAY_SHARE, others < RELAYS_PER_MEMBER);

	if (pair == NULL)
		pair = begin(relays, from, ask, is_within);
	if (pair == NULL) {
		relays_refuse(relays, from, ask);
		return ERR_FULL;
	}
	if (pair->state == RELAYS_STANDS) {
		relays->changed |= pair->ends[e].own_index != ask->index;
		pair->ends[e].tell = TELL_GRANT;
	}
	note_ask(&pair->ends[e], now, ask, is_within);
	relays->has_to_say = true;
	if (pair->state == RELAYS_ASKED &&
	    SECCHECK(SEC_RELAY_BOTH_ASKED, pair->ends[1 - e].has_asked))
		return stand(relays, pair);
	return 0;
}

void relays_end(struct relays *relays, const struct id *from, const struct relay_message *end)
{
	unsigned e;
	struct pair *pair = find(relays, from, &end->peer, &e);

	if (pair != NULL && pair->ends[e].has_asked && pair->ends[e].own_index == end->index)
		end_pair(relays, pair, from);
}

void relays_link_down(struct relays *relays, const struct id *member)
{
	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		if (pair != NULL &&
		    (id_equal(&pair->ends[0].id, member) || id_equal(&pair->ends[1].id, member)))
			end_pair(relays, pair, member);
	}
}

void relays_end_all(struct relays *relays)
{
	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		if (pair != NULL)
			end_pair(relays, pair, NULL);
	}
}

/* -- what comes of it ---------------------------------------------------------------------- */

static struct mono expiry_of(const struct pair *pair)
{
	const struct end *ends = pair->ends;

	if (pair->state == RELAYS_ENDING)
		return MONO_NEVER; /* it goes when it was polled */
	if (pair->state == RELAYS_ASKED)
		return mono_add_ms(ends[ends[1].has_asked ? 1 : 0].asked, RELAYS_LONELY_MS);
	return mono_add_ms(mono_min(ends[0].asked, ends[1].asked), RELAYS_EXPIRY_MS);
}

/* What the pair has to tell one of its ends. */
static bool tell(struct pair *pair, struct relays_output *ret)
{
	for (unsigned e = 0; e < 2; e++) {
		struct end *end = &pair->ends[e];

		if (end->tell == TELL_NOTHING)
			continue;
		*ret = (struct relays_output){ .kind = end->tell == TELL_GRANT ? RELAYS_GRANT
									       : RELAYS_END,
					       .to = end->id,
					       .message.peer = pair->ends[1 - e].id };
		ret->message.index = end->tell == TELL_GRANT ? end->given_index : end->own_index;
		end->tell = TELL_NOTHING;
		return true;
	}
	return false;
}

static bool tell_any(struct relays *relays, struct relays_output *ret)
{
	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle handle;
		struct pair *pair = pool_slot(&relays->pairs, i, &handle);

		if (pair != NULL && tell(pair, ret))
			return true;
		if (pair != NULL && pair->state == RELAYS_ENDING) {
			relays->counts[RELAYS_ENDING]--;
			pool_give(&relays->pairs, handle);
		}
	}
	relays->has_to_say = false;
	return false;
}

static void end_expired(struct relays *relays, struct mono now)
{
	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		if (pair != NULL && mono_reached(now, expiry_of(pair)))
			end_pair(relays, pair, NULL);
	}
}

bool relays_poll(struct relays *relays, struct mono now, struct relays_output *ret)
{
	end_expired(relays, now);
	if (!queue_is_empty(&relays->refusal_queue)) {
		const struct refusal *refusal =
			&relays->refusals[queue_pop(&relays->refusal_queue)];

		*ret = (struct relays_output){ .kind = RELAYS_END,
					       .to = refusal->to,
					       .message = refusal->end };
		return true;
	}
	if (!relays->changed)
		return relays->has_to_say && tell_any(relays, ret);
	if (!mono_reached(now, relays->changed_next))
		return false; /* nobody is told of what is not in the table */
	relays->changed = false;
	relays->changed_next = mono_add_ms(now, RELAYS_CHANGED_MS);
	*ret = (struct relays_output){ .kind = RELAYS_CHANGED };
	return true;
}

struct mono relays_deadline(const struct relays *relays)
{
	struct mono first = MONO_NEVER;

	if (!queue_is_empty(&relays->refusal_queue))
		return (struct mono){ .us = 0 };
	if (relays->changed)
		first = relays->changed_next;
	else if (relays->has_to_say)
		return (struct mono){ .us = 0 };
	for (uint32_t i = 0; i < pool_end(&relays->pairs); i++) {
		struct handle unused;
		const struct pair *pair = pool_slot(&relays->pairs, i, &unused);

		if (pair != NULL)
			first = mono_min(first, expiry_of(pair));
	}
	return first;
}

bool relays_next(const struct relays *relays, uint32_t *cursor, struct relays_direction *ret)
{
	for (; *cursor < 2 * pool_end(&relays->pairs); ++*cursor) {
		struct handle unused;
		const struct pair *pair = pool_slot(&relays->pairs, *cursor / 2, &unused);
		const struct end *ends;
		unsigned e;

		if (pair == NULL || pair->state != RELAYS_STANDS)
			continue;
		ends = pair->ends;
		e = *cursor % 2;
		*ret = (struct relays_direction){ .from = ends[e].id,
						  .to = ends[1 - e].id,
						  .index = ends[e].given_index,
						  .to_index = ends[1 - e].own_index };
		++*cursor;
		return true;
	}
	return false;
}
