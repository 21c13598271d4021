/* paths_trials.c - see paths.h: one way by itself, and the table of all. */
#include "path/paths_internal.h"

#include "base/check.h"
#include "base/seccheck.h"

#include <assert.h>
#include <stdlib.h>

#define RING_PUNCH_MS 3500 /* the ring is there or it is not */
#define INVITE_MS 100      /* peers that invite each other do not do so in a loop */
#define INVITE_SHARE 4     /* later: for such a part of the time that it is punched */
#define LATELY_MS 1000
#define DENIED_MS 500 /* the budget said no: ask again */
#define HASTE_MS 50
#define RTT_UNKNOWN_US 200000 /* what most are below */

/* Between probes: the low TTL, time for the peer to do the same, then full ones. */
static const uint16_t punch_ms[] = { 500, 250, 500, 1000, 2000 };
#define PUNCH_STEPS (sizeof(punch_ms) / sizeof(punch_ms[0]))

void trial_set_state(struct trial *t, enum trial_state next)
{
	static const bool allowed[TRIAL_STATES][TRIAL_STATES] = {
		[TRIAL_UNUSED] = { [TRIAL_PUNCHING] = true,
				   [TRIAL_RESTING] = true,
				   [TRIAL_PROVEN] = true },
		[TRIAL_PUNCHING] = { [TRIAL_RESTING] = true, [TRIAL_PROVEN] = true },
		[TRIAL_RESTING] = { [TRIAL_PUNCHING] = true, [TRIAL_PROVEN] = true },
		[TRIAL_PROVEN] = { [TRIAL_DOUBTED] = true, [TRIAL_RESTING] = true },
		[TRIAL_DOUBTED] = { [TRIAL_PROVEN] = true, [TRIAL_RESTING] = true },
	};
	CHECK(allowed[t->state][next]);
	t->state = next;
}

/* -- the table ----------------------------------------------------------------------------- */

static_assert(PATHS_FIRST > DIRECT_AT, "a session begins on a direct way without an allocation");
static_assert(PATHS_FIRST + PATHS_STEPS * PATHS_STEP == PATHS_TRIALS_MAX, "no place is left over");

struct trial *trial_at(struct paths *paths, uint32_t place)
{
	const uint32_t i = place - PATHS_FIRST;

	CHECK(place < paths->places);
	return place < PATHS_FIRST ? &paths->first[place]
				   : &paths->more[i / PATHS_STEP][i % PATHS_STEP];
}

const struct trial *paths_trial(const struct paths *paths, uint32_t place)
{
	const uint32_t i = place - PATHS_FIRST;

	CHECK(place < paths->places);
	return place < PATHS_FIRST ? &paths->first[place]
				   : &paths->more[i / PATHS_STEP][i % PATHS_STEP];
}

void paths_free(struct paths *paths)
{
	for (uint32_t i = 0; i < PATHS_STEPS; i++) {
		free(paths->more[i]);
		paths->more[i] = NULL;
	}
}

/* PATHS_STEP places more. The first of them; NULL: there is no room, or no memory. */
static struct trial *add_places(struct paths *paths)
{
	struct trial *step;

	if (paths->places == PATHS_TRIALS_MAX)
		return NULL;
	step = calloc(PATHS_STEP, sizeof(*step));
	if (step == NULL)
		return NULL;
	for (uint32_t i = 0; i < PATHS_STEP; i++)
		step[i].place = paths->places + i;
	paths->more[(paths->places - PATHS_FIRST) / PATHS_STEP] = step;
	paths->places += PATHS_STEP;
	return step;
}

bool trial_is_used(const struct paths *paths, const struct trial *t)
{
	return t->place == paths->used;
}

struct trial *trials_find(struct paths *paths, const struct way *way)
{
	for (uint32_t i = 0; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);

		if (t->state != TRIAL_UNUSED && way_matches(&t->way, way))
			return t;
	}
	return NULL;
}

void trial_forget(struct paths *paths, struct trial *t)
{
	CHECK(!trial_is_used(paths, t));
	if (paths->peer_uses == t->place)
		paths->peer_uses = TRIAL_NONE;
	*t = (struct trial){ .place = t->place };
}

struct trial *trials_add(struct paths *paths, const struct way *way)
{
	const bool direct = way->kind == WAY_DIRECT;
	const uint32_t from = direct ? DIRECT_AT : RELAYS_AT;
	const uint32_t end = direct ? paths->places : DIRECT_AT;
	struct trial *place = NULL;

	CHECK(way->kind != WAY_RING);
	for (uint32_t i = from; i < end; i++) {
		struct trial *t = trial_at(paths, i);

		if (t->state == TRIAL_UNUSED) {
			place = t;
			break;
		}
		if (t->state == TRIAL_RESTING && (!direct || !t->is_named) &&
		    !trial_is_used(paths, t))
			place = t;
	}
	if (direct && (place == NULL || place->state != TRIAL_UNUSED)) {
		struct trial *fresh = add_places(paths);

		place = fresh != NULL ? fresh : place;
	}
	if (place == NULL)
		return NULL;
	if (place->state != TRIAL_UNUSED)
		trial_forget(paths, place);
	place->way = *way;
	place->size = PATHS_SIZE_MAX;
	return place;
}

uint32_t trials_count_relays(const struct paths *paths, bool resting)
{
	uint32_t count = 0;

	for (uint32_t i = RELAYS_AT; i < DIRECT_AT; i++)
		count += paths_trial(paths, i)->state != TRIAL_UNUSED &&
			 (resting || paths_trial(paths, i)->state != TRIAL_RESTING);
	return count;
}

struct trial *trials_spare_relay(struct paths *paths)
{
	static const uint8_t worth[TRIAL_STATES] = {
		[TRIAL_RESTING] = 1, [TRIAL_PUNCHING] = 2, [TRIAL_DOUBTED] = 3, [TRIAL_PROVEN] = 4
	};
	struct trial *spare = NULL;

	for (uint32_t i = RELAYS_AT; i < DIRECT_AT; i++) {
		struct trial *t = trial_at(paths, i);

		if (i != paths->used && t->state != TRIAL_UNUSED &&
		    (spare == NULL || worth[t->state] < worth[spare->state]))
			spare = t;
	}
	return spare;
}

bool paths_rests(const struct paths *paths, const struct way *way)
{
	for (uint32_t i = RELAYS_AT; i < DIRECT_AT; i++)
		if (paths_trial(paths, i)->state == TRIAL_RESTING &&
		    way_matches(&paths_trial(paths, i)->way, way))
			return true;
	return false;
}

/* -- one way ------------------------------------------------------------------------------- */

static uint64_t punched_for_ms(const struct trial *t)
{
	return t->way.kind == WAY_RING ? RING_PUNCH_MS : PATHS_PUNCH_MS;
}

void trial_punch(struct trial *t, struct mono now, bool low_ttl)
{
	if (t->state != TRIAL_PUNCHING)
		trial_set_state(t, TRIAL_PUNCHING);
	t->is_invited = false;
	t->low_ttl = low_ttl;
	t->probes = low_ttl ? 0 : 1;
	t->next = now;
	t->until = mono_add_ms(now, punched_for_ms(t));
}

void trial_ask(struct trial *t, struct mono now)
{
	if (t->state == TRIAL_PROVEN) {
		trial_set_state(t, TRIAL_DOUBTED);
		t->low_ttl = false;
		t->probes = 0;
		t->next = now;
		t->until = mono_add_ms(now, PATHS_DOUBT_MORE_MS);
	} else if (t->state == TRIAL_RESTING && t->is_named && t->way.kind != WAY_DIRECT) {
		trial_punch(t, now, false);
	}
}

static uint64_t rtt_us(const struct trial *t)
{
	return t->has_rtt ? t->rtt_us : RTT_UNKNOWN_US;
}

/* Not sooner than its answer comes, or newer tokens would push out the one that it has; and once
 * for all that comes before it is sent. */
bool trial_ask_more(struct trial *t, struct mono now)
{
	const struct mono answered = mono_add_us(t->sent, rtt_us(t));

	if (t->state != TRIAL_DOUBTED || t->probes < 2 || mono_reached(now, t->until) ||
	    (t->probes < PATHS_DOUBT_PROBES && mono_reached(now, t->next)) ||
	    !mono_reached(now, mono_max(answered, mono_add_ms(t->sent, INVITE_MS))))
		return false;
	t->probes--;
	t->next = now;
	return true;
}

/* What the peer sends in answer invites too. So the distance grows with the time that it takes:
 * else, where an answer takes longer than the open probes last, each pushes out the one before it
 * for ever. */
static struct mono invited_at(const struct trial *t, struct mono now)
{
	const uint64_t left_ms = mono_ms_between(now, t->until);
	const uint64_t passed_ms = punched_for_ms(t) - left_ms;
	const struct mono once = mono_add_ms(t->sent, INVITE_MS);

	return t->is_invited ? mono_max(once, mono_add_ms(t->sent, passed_ms / INVITE_SHARE))
			     : once;
}

void trial_invite(struct trial *t, struct mono now)
{
	if (t->state == TRIAL_UNUSED || t->state == TRIAL_RESTING)
		trial_punch(t, now, false);
	if (t->state == TRIAL_PUNCHING && mono_reached(now, invited_at(t, now))) {
		t->low_ttl = false;
		t->next = now;
	}
	t->is_invited = true;
	(void)trial_ask_more(t, now);
}

uint64_t trial_patience_us(const struct trial *t)
{
	return PATHS_DOUBT_MS * UINT64_C(1000) + 2 * rtt_us(t);
}

uint64_t trial_haste_us(const struct trial *t)
{
	return HASTE_MS * UINT64_C(1000) + rtt_us(t) + rtt_us(t) / 2;
}

/* While a direct way stands, another one is only worth so much. */
static bool has_had_its_share(const struct paths *paths, const struct trial *t)
{
	return paths_used(paths)->way.kind == WAY_DIRECT && t->way.kind == WAY_DIRECT &&
	       !t->is_invited && t->probes >= PATHS_PUNCH_LESS;
}

bool trial_is_in_vain(const struct paths *paths, const struct trial *t, struct mono now)
{
	if (t->state == TRIAL_PUNCHING)
		return mono_reached(now, t->until) ||
		       (has_had_its_share(paths, t) && mono_reached(now, t->next));
	return t->state == TRIAL_DOUBTED && t->probes == PATHS_DOUBT_PROBES &&
	       mono_reached(now, t->next);
}

void trial_give_up(struct paths *paths, struct trial *t)
{
	trial_set_state(t, TRIAL_RESTING);
	if (!t->is_named && !trial_is_used(paths, t))
		trial_forget(paths, t);
}

/* -- probes -------------------------------------------------------------------------------- */

uint64_t trial_token(const struct paths *paths, const struct trial *t)
{
	const uint64_t chance = (rng_u64(paths->rng) & FRAME_TOKEN_MAX) | 2;

	return trial_is_used(paths, t) ? chance | 1 : chance & ~UINT64_C(1);
}

/* How long to wait behind the probe that is about to be sent. */
static uint64_t distance_us(const struct trial *t)
{
	const uint64_t repeat_us = PATHS_REPEAT_MS * UINT64_C(1000);
	const uint64_t patience_us = trial_patience_us(t);

	if (t->state == TRIAL_PUNCHING)
		return punch_ms[t->probes < PUNCH_STEPS ? t->probes : PUNCH_STEPS - 1] *
		       UINT64_C(1000);
	return t->probes == 0 || patience_us > repeat_us ? patience_us : repeat_us;
}

bool trial_probe(struct paths *paths, struct trial *t, struct mono now, struct probe_budget *budget,
		 struct paths_output *ret)
{
	if ((t->state != TRIAL_PUNCHING && t->state != TRIAL_DOUBTED) ||
	    !mono_reached(now, t->next))
		return false;
	if (t->state == TRIAL_PUNCHING && t->way.kind == WAY_DIRECT &&
	    !probe_budget_take(budget, now, &paths->purse, &t->way.remote,
			       t->is_invited ? 0 : PATHS_SPARED)) {
		t->next = mono_add_ms(now, DENIED_MS);
		return false;
	}
	*ret = (struct paths_output){ .kind = PATHS_PROBE,
				      .way = t->way,
				      .token = trial_token(paths, t),
				      .ttl = t->low_ttl ? PATHS_LOW_TTL : 0 };
	for (uint32_t i = TRIAL_OPEN_MAX - 1; i > 0; i--)
		t->open[i] = t->open[i - 1];
	t->open[0].token = ret->token;
	t->open[0].sent = now;
	t->low_ttl = false;
	t->sent = now;
	t->next = mono_add_us(now, distance_us(t));
	t->probes++;
	return true;
}

struct trial *trials_of_token(struct paths *paths, struct mono now, uint64_t token,
			      struct mono *ret_sent)
{
	for (uint32_t i = 0; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);

		for (uint32_t k = 0; k < TRIAL_OPEN_MAX; k++) {
			const struct mono sent = t->open[k].sent;

			if (t->open[k].token == 0 ||
			    !SECCHECK(SEC_PATH_TOKEN, t->open[k].token == token))
				continue;
			*ret_sent = sent;
			return mono_reached(now, mono_add_ms(sent, PATHS_ANSWER_MS)) ? NULL : t;
		}
	}
	return NULL;
}

bool trial_has_answered_lately(const struct trial *t, struct mono now)
{
	return t->state == TRIAL_PROVEN && !mono_reached(now, mono_add_ms(t->proven, LATELY_MS));
}

void trial_prove(struct trial *t, struct mono now, struct mono sent)
{
	const uint64_t took_us = now.us - sent.us;

	for (uint32_t k = 0; k < TRIAL_OPEN_MAX; k++)
		if (t->open[k].sent.us <= sent.us)
			t->open[k].token = 0; /* once only; and what is older measures worse */
	t->rtt_us = t->has_rtt ? (7 * t->rtt_us + took_us) / 8 : took_us;
	t->has_rtt = true;
	t->proven = now;
	if (t->state != TRIAL_PROVEN)
		trial_set_state(t, TRIAL_PROVEN);
}
