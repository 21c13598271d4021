/* session_state.c - see session_internal.h: the states of sessions, their timers, and what one
 * session does to another of the same pair. */
#include "session/session_internal.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "session/session_initiator.h"
#include "session/session_pair.h"
#include "session/session_rekey.h"

#define RESEND_MS 700 /* after the first time: session_initiator.c */

void session_set_state(struct sessions *s, struct session *session, struct now now,
		       enum session_state next, const char *why)
{
	static const char *const names[STATES] = {
		[STATE_FREE] = "FREE",
		[STATE_DIALLING] = "DIALLING",
		[STATE_ASKING] = "ASKING",
		[STATE_CONFIRMING] = "CONFIRMING",
		[STATE_ESTABLISHED] = "ESTABLISHED",
		[STATE_REPLACED] = "REPLACED",
		[STATE_CLOSED] = "CLOSED",
	};
	static const bool allowed[STATES][STATES] = {
		[STATE_FREE] = { [STATE_DIALLING] = true, [STATE_ASKING] = true },
		[STATE_DIALLING] = { [STATE_ASKING] = true, [STATE_CLOSED] = true },
		[STATE_ASKING] = { [STATE_CONFIRMING] = true,
				   [STATE_ESTABLISHED] = true,
				   [STATE_CLOSED] = true },
		[STATE_CONFIRMING] = { [STATE_ESTABLISHED] = true, [STATE_CLOSED] = true },
		[STATE_ESTABLISHED] = { [STATE_REPLACED] = true, [STATE_CLOSED] = true },
		[STATE_REPLACED] = { [STATE_ESTABLISHED] = true, [STATE_CLOSED] = true },
	};

	CHECK(allowed[session->state][next]);
	trace_move(s->trace, &(struct trace_record){ .at = now.mono,
						     .machine = "session",
						     .index = session->self.index,
						     .from = names[session->state],
						     .to = names[next],
						     .why = why });
	session->state = next;
}

struct dial *session_dial(const struct sessions *s, const struct session *session)
{
	return pool_at(&s->dials, session->dial);
}

static bool is_empty(const struct session *session)
{
	const struct keys *keys = &session->keys;

	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		if (keys->sets[i].state == KEY_SET_FRESH || keys->sets[i].state == KEY_SET_ENDED)
			return false;
	}
	return session->pending == 0;
}

static struct mono deadline_of(const struct sessions *s, const struct session *session)
{
	if (!is_empty(session))
		return (struct mono){ 0 };
	switch (session->state) {
	case STATE_DIALLING:
	case STATE_CONFIRMING:
		return mono_min(session->end, session_dial(s, session)->resend);
	case STATE_ASKING:
		return session->end;
	case STATE_ESTABLISHED:
		return mono_min(keys_deadline(&session->keys), rekey_deadline(session));
	case STATE_REPLACED:
		return mono_min(keys_deadline(&session->keys), session->end);
	case STATE_FREE:
	case STATE_CLOSED:
	case STATES:
		break;
	}
	return MONO_NEVER;
}

void session_schedule(struct sessions *s, const struct session *session)
{
	alarms_set(&s->alarms, session->self.index, deadline_of(s, session));
}

struct mono sessions_soon(struct sessions *s, struct mono now, uint64_t ms)
{
	return mono_add_us(now, rng_between(s->rng, ms * 900, ms * 1100));
}

void sessions_repeat_after(struct sessions *s, struct dial *dial, struct mono now, uint64_t ms)
{
	dial->sent = now;
	dial->resend = sessions_soon(s, now, ms);
}

static void time_out(struct sessions *s, struct session *session, struct now now)
{
	const struct dial *dial = session_dial(s, session);
	struct session_reason reason = { .err = ERR_TIMEOUT, .text = err_text(ERR_TIMEOUT) };

	if (dial != NULL && dial->refused != 0) {
		reason.err = dial->refused;
		reason.text = dial->refused_text;
	}
	session_close(s, session, now, &reason, false);
}

static void tick_handshake(struct sessions *s, struct session *session, struct now now)
{
	struct dial *dial = session_dial(s, session);

	if (mono_reached(now.mono, session->end)) {
		time_out(s, session, now);
	} else if (session->state != STATE_ASKING && mono_reached(now.mono, dial->resend)) {
		session->pending |= PENDING_HANDSHAKE;
		sessions_repeat_after(s, dial, now.mono, RESEND_MS);
		if (session->state == STATE_DIALLING)
			initiator_change_epoch(s, session, now);
	}
}

/* True if the session lives on. */
static bool tick_keys(struct sessions *s, struct session *session, struct now now)
{
	static const struct session_reason reason = {
		.err = ERR_EXPIRED, .text = "its keys reached their end before new ones came"
	};

	if (!keys_tick(&session->keys, now.mono))
		return true;
	if (session->keys.sending == NULL) {
		session_close(s, session, now, &reason, false);
		return false;
	}
	session->pending |= PENDING_SEND_WITH;
	return true;
}

void session_tick(struct sessions *s, struct session *session, struct now now)
{
	static const struct session_reason replaced = {
		.close = FRAME_CLOSE_REPLACED,
		.text = "another session with this peer took its place"
	};

	switch (session->state) {
	case STATE_DIALLING:
	case STATE_ASKING:
	case STATE_CONFIRMING:
		tick_handshake(s, session, now);
		return;
	case STATE_ESTABLISHED:
		if (tick_keys(s, session, now))
			rekey_tick(s, session, now);
		return;
	case STATE_REPLACED:
		if (tick_keys(s, session, now) && mono_reached(now.mono, session->end))
			session_close(s, session, now, &replaced, false);
		return;
	case STATE_FREE:
	case STATE_CLOSED:
	case STATES:
		return;
	}
}

/* What was not handed out is wiped, what was is forgotten aloud. Without `tell` nothing that could
 * still be sealed leaves; with it, HELD keys (a peer whom policy refused) serve for the last word.
 */
static void end_keys(struct sessions *s, struct session *session, bool tell)
{
	struct keys *keys = &session->keys;

	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		struct key_set *set = &keys->sets[i];

		if (set->state != KEY_SET_HELD && set->state != KEY_SET_FRESH)
			continue;
		if (tell && (keys->sending == NULL || keys->sending == set)) {
			set->state = KEY_SET_FRESH;
			keys->sending = set;
		} else {
			sessions_give_index(s, set->local_index);
			keys_drop(keys, set);
		}
	}
}

/* Who leaves, or has no use for the peer, has none for an older session with it either. */
static bool ends_the_pair(const struct session_reason *reason)
{
	return reason->close == FRAME_CLOSE_SHUTDOWN || reason->close == FRAME_CLOSE_UNNEEDED;
}

/* The one that `gone` replaced; NULL if there is none, or if the pair has another that stands. */
static struct session *one_before(struct sessions *s, const struct session *gone)
{
	struct session *before = NULL;

	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct handle handle;
		struct session *other = pool_slot(&s->pool, i, &handle);

		if (other == NULL || other == gone ||
		    !id_equal(&other->peer.certificate.id, &gone->peer.certificate.id))
			continue;
		if (other->state == STATE_ESTABLISHED)
			return NULL;
		if (other->state == STATE_REPLACED && handle_equal(other->replaced_by, gone->self))
			before = other;
	}
	return before;
}

static void serve_again(struct sessions *s, struct session *session, struct now now,
			const char *why)
{
	session_set_state(s, session, now, STATE_ESTABLISHED, why);
	session->pending &= ~(uint32_t)PENDING_REPLACED;
	session_schedule(s, session);
}

/* `gone` was all that the pair had beside those that it replaced: the one before it serves again.
 * The peer may not even know of `gone`: what confirms a session can be lost. */
static struct session *reinstate(struct sessions *s, struct now now, const struct session *gone)
{
	struct session *before = one_before(s, gone);

	if (before == NULL)
		return NULL;
	serve_again(s, before, now, "what took its place is gone");
	return before;
}

static void close_one(struct sessions *s, struct session *session, struct now now,
		      const struct session_reason *reason, bool tell)
{
	struct dial *dial = session_dial(s, session);

	session_set_state(s, session, now, STATE_CLOSED, reason->text);
	end_keys(s, session, tell);
	session->reason = *reason;
	session->asked = false;
	session->pending = PENDING_CLOSED;
	if (tell && session->keys.sending != NULL)
		session->pending |= PENDING_CLOSE;
	if (dial != NULL) {
		run_wipe(&dial->run);
		secret_wipe(dial, sizeof(*dial));
		pool_give(&s->dials, session->dial);
		session->dial = HANDLE_NONE;
	}
	rekey_end(s, session, now);
	s->counters.closed++;
	session_schedule(s, session);
}

void session_close(struct sessions *s, struct session *session, struct now now,
		   const struct session_reason *reason, bool tell)
{
	while (session != NULL && session->state != STATE_CLOSED) {
		const bool was_established = session->state == STATE_ESTABLISHED;
		struct session *before;

		close_one(s, session, now, reason, tell);
		before = was_established ? reinstate(s, now, session) : NULL;
		session = ends_the_pair(reason) ? before : NULL;
	}
}

void session_silence(struct sessions *s, struct session *session, struct now now,
		     const struct session_reason *reason)
{
	if (session->state != STATE_CLOSED) {
		session_close(s, session, now, reason, false);
		return;
	}
	session->pending &= ~(uint32_t)PENDING_CLOSE;
	end_keys(s, session, false);
	session_schedule(s, session);
}

/* True if `other` is a dial that has not sent its M2 and leads, or may lead, to that peer. */
static bool is_superfluous(const struct session *other, const struct id *peer)
{
	if (!other->initiator)
		return false;
	if (other->state == STATE_ASKING)
		return id_equal(&other->peer.certificate.id, peer);
	return other->state == STATE_DIALLING && other->target.kind != TARGET_NEAREST &&
	       run_target_is_met(&other->target, peer);
}

void session_stand(struct sessions *s, struct session *session, struct now now)
{
	static const struct session_reason reason = {
		.close = FRAME_CLOSE_REPLACED, .text = "a session with this peer stood up meanwhile"
	};

	session->stood = ++s->events;
	session->pending |= PENDING_ESTABLISHED;
	s->counters.established++;
	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct handle handle;
		struct session *other = pool_slot(&s->pool, i, &handle);

		if (other == NULL || other == session ||
		    !is_superfluous(other, &session->peer.certificate.id))
			continue;
		session_close(s, other, now, &reason, false);
		other->replaced_by = session->self;
		other->pending |= PENDING_REPLACED;
	}
}

static void replace(struct sessions *s, struct session *loser, struct now now,
		    const struct session *winner)
{
	session_set_state(s, loser, now, STATE_REPLACED, "another session of the pair sends");
	loser->replaced_by = winner->self;
	loser->end = mono_add_ms(now.mono, SESSION_REPLACED_LIFETIME_MS);
	loser->pending |= PENDING_REPLACED;
	rekey_end(s, loser, now);
	session_schedule(s, loser);
}

/* The newest of those that this side dialled and both ends have keys for; NULL if there is none. */
static struct session *newest_of(struct sessions *s, const struct session *of_pair, bool initiator)
{
	struct session *newest = NULL;

	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct handle handle;
		struct session *other = pool_slot(&s->pool, i, &handle);

		if (other == NULL || other->initiator != initiator ||
		    (other->state != STATE_ESTABLISHED && other->state != STATE_REPLACED) ||
		    !id_equal(&other->peer.certificate.id, &of_pair->peer.certificate.id))
			continue;
		if (newest == NULL || pair_prefers(other, newest))
			newest = other;
	}
	return newest;
}

/* The two ends may see them established in another order, so what was replaced is asked, too: of
 * three, the third may settle that the first sends. */
static struct session *which_sends(struct sessions *s, const struct session *of_pair)
{
	struct session *ours = newest_of(s, of_pair, true);
	struct session *theirs = newest_of(s, of_pair, false);

	if (ours == NULL || theirs == NULL)
		return ours == NULL ? theirs : ours;
	return pair_prefers(ours, theirs) ? ours : theirs;
}

void session_establish(struct sessions *s, struct session *session, struct now now)
{
	session_set_state(s, session, now, STATE_ESTABLISHED, "both ends have the keys");
	session->established = ++s->events;
	struct session *winner = which_sends(s, session);

	CHECK(winner != NULL); /* it is one of those that are asked */
	if (winner->state == STATE_REPLACED)
		serve_again(s, winner, now, "the other end's newest dial gives way to it");
	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct handle handle;
		struct session *other = pool_slot(&s->pool, i, &handle);

		if (other != NULL && other != winner && other->state == STATE_ESTABLISHED &&
		    id_equal(&other->peer.certificate.id, &session->peer.certificate.id))
			replace(s, other, now, winner);
	}
}

void session_remove(struct sessions *s, struct session *session)
{
	const struct handle self = session->self;

	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		if (session->keys.sets[i].state != KEY_SET_FREE)
			sessions_give_index(s, session->keys.sets[i].local_index);
	}
	sessions_give_index(s, session->index);
	if (!session->initiator)
		(void)map_remove(&s->by_m0, session->m0_hash);
	alarms_set(&s->alarms, self.index, MONO_NEVER);
	secret_wipe(session, sizeof(*session));
	pool_give(&s->pool, self);
}

int sessions_reserve(struct sessions *s)
{
	const uint32_t sessions = pool_count(&s->pool) + 1;
	const uint32_t half_opens = pool_count(&s->half_opens.pool) + 1;
	const int err = map_reserve(&s->by_index, half_opens + sessions * (KEYS_SETS_MAX + 1));

	return err != 0 ? err : map_reserve(&s->by_m0, half_opens + sessions);
}

int sessions_make_room(struct sessions *s)
{
	int err = pool_reserve(&s->pool);

	if (err == 0)
		err = alarms_grow(&s->alarms, pool_room(&s->pool));
	return err != 0 ? err : sessions_reserve(s);
}

uint32_t sessions_take_index(struct sessions *s, uint32_t value)
{
	uint32_t index;
	uint32_t taken;

	do {
		index = rng_u32(s->rng);
	} while (index == 0 || !SECCHECK(SEC_INDEX_FREE, !map_get(&s->by_index, &index, &taken)));
	CHECK(map_put(&s->by_index, &index, value) == 0); /* sessions_make_room() */
	return index;
}

void sessions_give_index(struct sessions *s, uint32_t index)
{
	if (index != 0)
		(void)map_remove(&s->by_index, &index);
}

struct session *sessions_find(const struct sessions *s, uint32_t index)
{
	struct handle handle;
	uint32_t value;

	if (index == 0 || !map_get(&s->by_index, &index, &value) || (value & VALUE_HALF_OPEN) != 0)
		return NULL;
	return pool_slot(&s->pool, value, &handle);
}
