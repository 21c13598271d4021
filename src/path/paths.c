/* paths.c - see paths.h: which way is used, and what makes us leave it. paths_trials.c has what
 * happens on each way. */
#include "path/paths.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "path/paths_internal.h"

#include <assert.h>

static_assert(SIZE_CONTROL == FRAME_PROBE_BYTES, "the control is not padded");

#define ROUND_MS (PATHS_PUNCH_MS + PATHS_RETRY_MS)
#define BUSY_MS 1000            /* forward/ tells of traffic after so long without */
#define GAIN_MIN_US 2000        /* a round trip is clearly shorter by this and a quarter */
#define RELAY_GAIN_MIN_US 20000 /* between relays: by this and a half */
#define SELDOM 4                /* rounds: PATHS_RARELY is reached in steps of so many */

static struct trial *used_trial(struct paths *paths)
{
	return trial_at(paths, paths->used);
}

const struct trial *paths_used(const struct paths *paths)
{
	return paths_trial(paths, paths->used);
}

uint16_t paths_size(const struct paths *paths)
{
	return paths_used(paths)->size;
}

bool paths_is_doubted(const struct paths *paths)
{
	const struct trial *used = paths_used(paths);

	return used->state == TRIAL_DOUBTED ? used->probes > 1 : used->state != TRIAL_PROVEN;
}

bool paths_is_busy(const struct paths *paths)
{
	return paths->is_busy && !paths->is_dead;
}

static bool is_direct(const struct paths *paths)
{
	return paths_used(paths)->way.kind == WAY_DIRECT;
}

/* True if IP passed, either way, within the last `ms`. */
static bool had_ip(const struct paths *paths, struct mono now, uint64_t ms)
{
	const struct paths_traffic *traffic = &paths->traffic;
	const struct mono last = traffic->ip_received.us > traffic->ip_sent.us
					 ? traffic->ip_received
					 : traffic->ip_sent;

	return last.us != 0 && !mono_reached(now, mono_add_ms(last, ms));
}

/* -- silence and doubt ---------------------------------------------------------------------- */

/* Since then nothing came, or nothing left. */
static struct mono silent_since(const struct paths *paths)
{
	const struct mono sent = mono_max(paths->traffic.sent, paths_used(paths)->sent);

	return sent.us == 0 ? paths->heard : mono_min(paths->heard, sent);
}

static uint64_t quiet_ms(const struct paths *paths)
{
	return paths->is_near ? PATHS_NEAR_QUIET_MS : PATHS_QUIET_MS;
}

static void heard(struct paths *paths, struct mono now, struct mono at)
{
	if (paths->heard.us > at.us)
		return;
	paths->heard = at;
	if (had_ip(paths, now, PATHS_TALK_MS))
		paths->quiet_at = mono_add_ms(at, PATHS_BUSY_QUIET_MS);
	else
		paths->quiet_at = mono_add_ms(
			silent_since(paths),
			quiet_ms(paths) - rng_between(paths->rng, 0, PATHS_QUIET_JITTER_MS));
}

void paths_set_near(struct paths *paths, bool is_near)
{
	paths->is_near = is_near;
	paths->quiet_at =
		mono_min(paths->quiet_at, mono_add_ms(silent_since(paths), quiet_ms(paths)));
}

/* When that was foreseen nothing had left since. */
static bool was_put_off(struct paths *paths, struct mono now)
{
	const struct mono quiet_at =
		mono_add_ms(silent_since(paths), quiet_ms(paths) - PATHS_QUIET_JITTER_MS);

	if (had_ip(paths, now, PATHS_TALK_MS) || mono_reached(now, quiet_at))
		return false;
	paths->quiet_at = quiet_at;
	return true;
}

static void ask_used(struct paths *paths, struct mono now)
{
	struct trial *used = used_trial(paths);

	if (used->state != TRIAL_PROVEN)
		return;
	trial_ask(used, now);
	paths->asked_others = false;
	paths->overdue_at = mono_add_us(now, trial_patience_us(used));
}

static void ask_others(struct paths *paths, struct mono now)
{
	paths->asked_others = true;
	for (uint32_t i = 0; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);

		if (i != paths->used && !trial_has_answered_lately(t, now))
			trial_ask(t, now);
	}
}

/* The peer says or shows that it goes another way: if ours is dead, it knows first. So all are
 * asked at once, and ours has little more time than its answer takes. */
static void doubt_word(struct paths *paths, struct mono now)
{
	const struct trial *used = paths_used(paths);

	if (trial_has_answered_lately(used, now))
		return;
	ask_used(paths, now);
	ask_others(paths, now);
	paths->overdue_at = mono_min(paths->overdue_at, mono_add_us(now, trial_haste_us(used)));
}

/* -- choice -------------------------------------------------------------------------------- */

/* The way in use has not answered in time, and the others were asked after it was doubted; or it
 * does not answer at all. What is proven then is alive. */
static bool is_used_lost(const struct paths *paths, struct mono now, const struct trial *used)
{
	if (used->state == TRIAL_DOUBTED)
		return paths->asked_others && mono_reached(now, paths->overdue_at);
	return used->state != TRIAL_PROVEN;
}

/* What a relay takes depends on what else it has to do: to go from one to another and back costs
 * more than it gains. */
static bool is_clear_gain(const struct trial *t, const struct trial *than)
{
	const bool relays = t->way.kind == WAY_RELAY;
	const uint64_t gain_min_us = relays ? RELAY_GAIN_MIN_US : GAIN_MIN_US;
	const uint64_t gain_us = than->rtt_us / (relays ? 2 : 4);

	if (t->same_network != than->same_network)
		return t->same_network;
	return t->has_rtt && than->has_rtt && t->rtt_us + gain_min_us < than->rtt_us &&
	       t->rtt_us < than->rtt_us - gain_us;
}

/* Who follows goes where the leader goes, if that is another way of the same kind; else itself. */
static const struct trial *followed(const struct paths *paths)
{
	const uint32_t uses = paths->peer_uses;
	const struct trial *used = paths_used(paths);

	const struct trial *peers = uses == TRIAL_NONE ? used : paths_trial(paths, uses);

	if (paths->is_leader || peers->state != TRIAL_PROVEN || peers->way.kind != used->way.kind)
		return used;
	return peers;
}

/* Is it better to use `t`, which is proven, than `than`? */
static bool is_better(const struct paths *paths, struct mono now, const struct trial *t,
		      const struct trial *than)
{
	if (t->way.kind != than->way.kind)
		return t->way.kind > than->way.kind;
	if (paths->is_leader)
		return is_clear_gain(t, than);
	return t == followed(paths) && mono_reached(now, paths->follow_at);
}

/* At the latest then; but who grants and ends in one breath would otherwise be asked in a loop. */
static void want_relay_by(struct paths *paths, struct mono at)
{
	if (paths->relay_said.us != 0)
		at = mono_max(at, mono_add_ms(paths->relay_said, PATHS_RELAY_APART_MS));
	paths->relay_at = mono_min(paths->relay_at, at);
}

/* What is adopted is probed at once: so the peer hears of it. */
static void adopt(struct paths *paths, struct mono now, const struct trial *t)
{
	const bool was_lost = used_trial(paths)->state != TRIAL_PROVEN;

	paths->used = t->place;
	paths->follow_at = mono_add_ms(now, PATHS_FOLLOW_MS);
	paths->use_told = false;
	paths->doubt_at = MONO_NEVER;
	sizing_begin(&paths->sizing, now, t->size);
	ask_used(paths, now);
	if (was_lost) /* what it was in reserve for has happened */
		want_relay_by(paths, now);
}

/* Goes to the best way there is; after each event. */
static void settle(struct paths *paths, struct mono now)
{
	const struct trial *used = paths_used(paths);
	const struct trial *best = used;
	bool lost = is_used_lost(paths, now, used);

	for (uint32_t i = 0; i < paths->places; i++) {
		const struct trial *t = trial_at(paths, i);

		if (t == used || !SECCHECK(SEC_PATH_PROVEN, t->state == TRIAL_PROVEN))
			continue;
		if (lost || is_better(paths, now, t, best)) {
			best = t;
			lost = false;
		}
	}
	if (best != used)
		adopt(paths, now, best);
	paths->why = paths_reason(paths, now);
}

/* -- beginning ----------------------------------------------------------------------------- */

void paths_init(struct paths *paths, struct rng *rng, struct mono now, bool is_leader,
		const struct way *first)
{
	struct trial *t = &paths->first[RING_AT];

	CHECK(rng != NULL && (first->kind == WAY_RING || first->kind == WAY_DIRECT));
	*paths = (struct paths){ .rng = rng,
				 .is_leader = is_leader,
				 .use_told = true,
				 .peer_uses = TRIAL_NONE,
				 .echo_at = MONO_NEVER,
				 .doubt_at = MONO_NEVER,
				 .overdue_at = MONO_NEVER,
				 .round_at = mono_add_ms(now, ROUND_MS),
				 .round = 1,
				 .every = 1,
				 .relay_at = mono_add_ms(now, PATHS_NO_RELAY_MS),
				 .spare_at = MONO_NEVER,
				 .places = PATHS_FIRST };
	for (uint32_t i = 0; i < PATHS_FIRST; i++)
		paths->first[i].place = i;
	t->way.kind = WAY_RING;
	t->is_named = true;
	t->size = PATHS_SIZE_MAX;
	if (first->kind == WAY_DIRECT) {
		trial_set_state(t, TRIAL_RESTING);
		t = &paths->first[DIRECT_AT];
		t->way = *first;
		t->is_named = true;
		t->size = PATHS_SIZE_MAX;
	}
	trial_set_state(t, TRIAL_PROVEN); /* by the handshake */
	t->proven = now;
	paths->used = t->place;
	sizing_begin(&paths->sizing, now, t->size);
	heard(paths, now, now);
	paths->why = paths_reason(paths, now);
	if (first->kind == WAY_DIRECT)
		ask_used(paths, now); /* the round trip, and how the peer sees us */
}

/* -- what can be tried ---------------------------------------------------------------------- */

static bool is_among(const struct paths_candidates *remote, const struct way *way)
{
	for (uint32_t i = 0; i < remote->count; i++)
		if (endpoint_equal(&remote->candidates[i].endpoint, &way->remote))
			return true;
	return false;
}

/* What the peer names no more loses its claim; what is in use or proven goes on. */
static void forget_unnamed(struct paths *paths, const struct paths_candidates *remote)
{
	for (uint32_t i = DIRECT_AT; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);

		if (!t->is_named || is_among(remote, &t->way))
			continue;
		t->is_named = false;
		if (i != paths->used && (t->state == TRIAL_RESTING || t->state == TRIAL_PUNCHING))
			trial_forget(paths, t);
	}
}

static struct trial *find_remote(struct paths *paths, const struct endpoint *remote)
{
	for (uint32_t i = DIRECT_AT; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);

		if (t->state != TRIAL_UNUSED && endpoint_equal(&t->way.remote, remote))
			return t;
	}
	return NULL;
}

static void take_candidate(struct paths *paths, struct mono now, const struct candidate *candidate,
			   bool same_network)
{
	const struct endpoint any = { 0 };
	const struct way way = way_direct(&any, &candidate->endpoint);
	struct trial *t = find_remote(paths, &candidate->endpoint);

	if (candidate->kind != CANDIDATE_HOST && candidate->kind != CANDIDATE_SEEN)
		return;
	if (t == NULL)
		t = trials_add(paths, &way);
	if (t == NULL)
		return;
	t->is_named = true;
	t->same_network = same_network && candidate->kind == CANDIDATE_HOST;
	if (t->state != TRIAL_UNUSED)
		return;
	trial_punch(t, now, !t->same_network);
	paths->every = 1;
}

void paths_candidates(struct paths *paths, struct mono now, const struct paths_candidates *remote)
{
	CHECK(remote->count <= CANDIDATES_MAX);
	paths->nat = remote->own_nat;
	paths->peer_nat = remote->nat;
	forget_unnamed(paths, remote);
	for (uint32_t i = 0; i < remote->count; i++)
		take_candidate(paths, now, &remote->candidates[i], remote->same_network);
	settle(paths, now);
}

static void punch_resting(struct paths *paths, struct mono now)
{
	for (uint32_t i = RELAYS_AT; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);

		if (t->state != TRIAL_RESTING)
			continue;
		if (t->is_named)
			trial_punch(t, now, t->way.kind == WAY_DIRECT && !t->same_network);
		else if (i != paths->used)
			trial_forget(paths, t);
	}
}

/* Something changed, so what was in vain may be so no more. */
static void begin_anew(struct paths *paths, struct mono now)
{
	punch_resting(paths, now);
	paths->every = 1;
}

void paths_retold(struct paths *paths, struct mono now)
{
	if (!is_direct(paths))
		begin_anew(paths, now);
}

int paths_add_relay(struct paths *paths, struct mono now, const struct way *way)
{
	struct trial *t = trials_find(paths, way);

	CHECK(way->kind == WAY_RELAY);
	if (t == NULL)
		t = trials_add(paths, way);
	if (t == NULL)
		return ERR_FULL;
	t->is_named = true;
	if (t->state == TRIAL_UNUSED || t->state == TRIAL_RESTING)
		trial_punch(t, now, false);
	want_relay_by(paths, mono_add_ms(now, PATHS_NO_RELAY_MS));
	return 0;
}

void paths_relay_refused(struct paths *paths, struct mono now)
{
	paths->refused = now;
}

void paths_remove_relay(struct paths *paths, struct mono now, const struct way *way)
{
	struct trial *t = trials_find(paths, way);

	if (t == NULL || t->way.kind != WAY_RELAY)
		return;
	t->is_named = false;
	if (t->state != TRIAL_RESTING)
		trial_set_state(t, TRIAL_RESTING);
	settle(paths, now); /* a way that is proven, even if long ago, is better than none */
	if (trial_is_used(paths, t))
		ask_others(paths, now);
	else
		trial_forget(paths, t);
	want_relay_by(paths, now);
}

/* -- what comes ---------------------------------------------------------------------------- */

/* The trial of the way by which the peer's packet came; its answer may go there. */
static struct trial *invite(struct paths *paths, struct mono now, const struct way *way)
{
	struct trial *t = trials_find(paths, way);

	if (t == NULL && way->kind == WAY_DIRECT)
		t = trials_add(paths, way);
	if (t != NULL)
		trial_invite(t, now);
	return t;
}

void paths_came(struct paths *paths, struct mono now, const struct way *way)
{
	const struct trial *t = invite(paths, now, way);

	if (t != NULL && !trial_is_used(paths, t) && t->way.kind == WAY_DIRECT && is_direct(paths))
		doubt_word(paths, now); /* its NAT may have made a new mapping */
	settle(paths, now);
}

void paths_probed(struct paths *paths, struct mono now, uint64_t token, const struct way *way)
{
	const struct trial *t = invite(paths, now, way);
	const uint32_t index = t == NULL ? TRIAL_NONE : t->place;

	if (t == NULL)
		return;
	if ((token & 1) != 0) {
		paths->peer_uses = index;
		settle(paths, now);
		if (paths->used != index && t->way.kind <= paths_used(paths)->way.kind)
			doubt_word(paths, now);
	} else if (paths->peer_uses == index) {
		paths->peer_uses = TRIAL_NONE;
	}
	settle(paths, now);
}

int paths_answered(struct paths *paths, struct mono now, uint64_t token, const struct way *way)
{
	struct mono sent;
	struct trial *t;

	if (way_matches(&paths_used(paths)->way, way) &&
	    sizing_answered(&paths->sizing, now, token)) {
		heard(paths, now, now);
		return 0;
	}
	t = trials_of_token(paths, now, token, &sent);
	if (t == NULL || !SECCHECK(SEC_PATH_WAY, way_matches(&t->way, way)))
		return ERR_STALE;
	trial_prove(t, now, sent);
	if (trial_is_used(paths, t)) {
		paths->overdue_at = MONO_NEVER;
		paths->doubt_at = MONO_NEVER;
	}
	heard(paths, now, now);
	settle(paths, now);
	return 0;
}

/* Nothing of the peer's came since we sent IP: it would have said at least that it is there. */
static void watch_answer(struct paths *paths)
{
	const struct paths_traffic *traffic = &paths->traffic;
	const struct trial *used = paths_used(paths);

	if (traffic->ip_sent.us <= traffic->received.us || used->state != TRIAL_PROVEN)
		paths->doubt_at = MONO_NEVER;
	else if (paths->doubt_at.us == MONO_NEVER.us)
		paths->doubt_at = mono_add_us(traffic->ip_sent, trial_patience_us(used));
}

/* An empty frame is due so long after the first packet that nothing of ours followed: what comes
 * behind it does not put it off. */
static void watch_echo(struct paths *paths)
{
	const struct paths_traffic *traffic = &paths->traffic;

	if (traffic->ip_received.us <= mono_max(traffic->sent, paths->echoed).us)
		paths->echo_at = MONO_NEVER;
	else if (paths->echo_at.us == MONO_NEVER.us)
		paths->echo_at = mono_add_ms(traffic->ip_received, PATHS_ECHO_MS);
}

void paths_seen(struct paths *paths, struct mono now, const struct paths_traffic *traffic)
{
	const bool was_heard = traffic->received.us > paths->traffic.received.us;

	paths->traffic = *traffic;
	if (was_heard) {
		paths->doubt_at = MONO_NEVER;
		heard(paths, now, traffic->received);
	}
	watch_answer(paths);
	watch_echo(paths);
	paths->is_busy = had_ip(paths, now, BUSY_MS) || paths->doubt_at.us != MONO_NEVER.us;
}

/* Of the way in use it is told. */
static void forget_sizes(struct paths *paths, struct mono now)
{
	for (uint32_t i = 0; i < paths->places; i++)
		if (i != paths->used)
			trial_at(paths, i)->size = PATHS_SIZE_MAX;
	sizing_begin(&paths->sizing, now, PATHS_SIZE_MAX);
}

void paths_host_changed(struct paths *paths, struct mono now)
{
	for (uint32_t i = DIRECT_AT; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);

		t->way.local = (struct endpoint){ 0 };
		if (t->state == TRIAL_PUNCHING)
			trial_punch(t, now, !t->same_network);
	}
	if (is_direct(paths))
		paths->use_told = false;
	forget_sizes(paths, now);
	begin_anew(paths, now);
	ask_used(paths, now);
	ask_others(paths, now);
	paths->overdue_at = now;
}

void paths_check(struct paths *paths, struct mono now)
{
	if (mono_reached(now, mono_add_ms(paths->heard, PATHS_CHECK_MS)))
		ask_used(paths, now);
}

uint64_t paths_patience_us(const struct paths *paths)
{
	return trial_patience_us(paths_used(paths));
}

/* -- time ---------------------------------------------------------------------------------- */

/* While nobody talks, no reserve is needed, and none is asked. */
static bool is_standby(const struct paths *paths, uint32_t i)
{
	return paths->talks && i >= RELAYS_AT && i < DIRECT_AT && i != paths->used &&
	       paths_trial(paths, i)->state == TRIAL_PROVEN;
}

static struct mono standby_at(const struct trial *t)
{
	return mono_add_ms(t->proven, PATHS_STANDBY_MS);
}

/* Nothing answers, not even the ring. What is punched beside it is no hope: it is asked in rounds
 * also when nobody is there. */
static bool is_hopeless(const struct paths *paths)
{
	for (uint32_t i = 0; i < paths->places; i++) {
		const enum trial_state state = paths_trial(paths, i)->state;

		if (state == TRIAL_PROVEN || state == TRIAL_DOUBTED ||
		    (state == TRIAL_PUNCHING && i == RING_AT))
			return false;
	}
	return true;
}

/* What follows, and what changes with time alone. */
static void conclude(struct paths *paths, struct mono now)
{
	paths->relays = trials_count_relays(paths, false);
	paths->wanted = (is_direct(paths) ? 0U : 1U) + (paths->talks ? 1 : 0); /* one in reserve */
	if (trials_count_relays(paths, true) <= paths->wanted)
		paths->spare_at = MONO_NEVER;
	else if (paths->spare_at.us == MONO_NEVER.us)
		paths->spare_at = mono_add_ms(now, PATHS_RELAY_SPARE_MS);
	paths->is_busy = had_ip(paths, now, BUSY_MS) || paths->doubt_at.us != MONO_NEVER.us;
	if (is_hopeless(paths))
		paths->is_dead = true;
}

static void give_up_in_vain(struct paths *paths, struct mono now)
{
	for (uint32_t i = 0; i < paths->places; i++) {
		struct trial *t = trial_at(paths, i);
		const bool was_direct = i == paths->used && is_direct(paths);

		if (!trial_is_in_vain(paths, t, now))
			continue;
		if (i == paths->used && paths->heard.us > t->sent.us && trial_ask_more(t, now))
			continue;
		trial_give_up(paths, t);
		if (was_direct)
			begin_anew(paths, now);
	}
}

static void watch_silence(struct paths *paths, struct mono now)
{
	if (mono_reached(now, paths->quiet_at) && !was_put_off(paths, now)) {
		paths->quiet_at = mono_add_ms(now, quiet_ms(paths));
		ask_used(paths, now);
	}
	if (mono_reached(now, paths->doubt_at)) {
		paths->doubt_at = MONO_NEVER;
		ask_used(paths, now);
		paths->overdue_at = now;
	}
	if (mono_reached(now, paths->overdue_at) && !paths->asked_others)
		ask_others(paths, now);
}

/* Those that passed while a direct way stood are left out. */
static void begin_round(struct paths *paths, struct mono now)
{
	const uint64_t passed = mono_ms_between(paths->round_at, now) / ROUND_MS;
	const bool talks = had_ip(paths, now, ROUND_MS);

	paths->round += (uint32_t)passed;
	if (talks || paths->round % paths->every == 0) {
		punch_resting(paths, now);
		if (!talks && paths->every < PATHS_RARELY)
			paths->every *= SELDOM;
	}
	paths->round++;
	paths->round_at = mono_add_ms(paths->round_at, (passed + 1) * ROUND_MS);
}

/* What has answered is asked, as long as it is not given up. */
static bool has_size(const struct paths *paths)
{
	const struct trial *used = paths_used(paths);

	return used->way.kind != WAY_RING &&
	       SECCHECK(SEC_SIZE_ALIVE,
			used->state == TRIAL_PROVEN || used->state == TRIAL_DOUBTED);
}

static void watch_size(struct paths *paths, struct mono now)
{
	if (has_size(paths))
		sizing_turn(&paths->sizing, now, paths->talks);
	else if (paths->sizing.state != SIZING_RESTS)
		sizing_begin(&paths->sizing, now, paths->sizing.size);
}

/* A relay that had no room for a pair that was silent may have some for one that talks. */
static void watch_talk(struct paths *paths, struct mono now)
{
	const bool talks = had_ip(paths, now, PATHS_TALK_MS);

	if (talks && !paths->talks && paths->relay_said.us != 0)
		want_relay_by(paths, now);
	paths->talks = talks;
}

static void turn(struct paths *paths, struct mono now)
{
	watch_talk(paths, now);
	watch_silence(paths, now);
	for (uint32_t i = RELAYS_AT; i < DIRECT_AT; i++)
		if (is_standby(paths, i) && mono_reached(now, standby_at(trial_at(paths, i))))
			trial_ask(trial_at(paths, i), now);
	give_up_in_vain(paths, now);
	if (!is_direct(paths) && mono_reached(now, paths->round_at))
		begin_round(paths, now);
	settle(paths, now);
	watch_size(paths, now);
	conclude(paths, now);
}

static void drop_relay(struct paths *paths, struct paths_output *ret)
{
	struct trial *spare = trials_spare_relay(paths);

	CHECK(spare != NULL); /* one more than wanted, and what is used is wanted */
	*ret = (struct paths_output){ .kind = PATHS_DROP_RELAY, .way = spare->way };
	trial_forget(paths, spare);
}

/* What is not a probe. */
static bool say(struct paths *paths, struct mono now, struct paths_output *ret)
{
	const struct way *way = &paths_used(paths)->way;

	if (!paths->use_told) {
		paths->use_told = true;
		*ret = (struct paths_output){ .kind = PATHS_USE, .way = *way, .why = paths->why };
		return true;
	}
	if (paths->sizing.size != paths_size(paths)) {
		used_trial(paths)->size = paths->sizing.size;
		*ret = (struct paths_output){ .kind = PATHS_SIZE,
					      .way = *way,
					      .size = paths->sizing.size };
		return true;
	}
	if (mono_reached(now, paths->spare_at)) {
		drop_relay(paths, ret);
		return true;
	}
	if (paths->relays < paths->wanted && mono_reached(now, paths->relay_at)) {
		paths->relay_said = now;
		paths->relay_at = mono_add_ms(now, PATHS_RELAY_AGAIN_MS);
		*ret = (struct paths_output){ .kind = PATHS_WANT_RELAY, .relays = paths->wanted };
		return true;
	}
	if (mono_reached(now, paths->echo_at)) {
		paths->echo_at = MONO_NEVER;
		paths->echoed = now;
		*ret = (struct paths_output){ .kind = PATHS_EMPTY, .way = *way };
		return true;
	}
	return false;
}

static bool probe_size(struct paths *paths, struct mono now, struct paths_output *ret)
{
	const uint64_t most_us = (PATHS_ANSWER_MS - SIZE_PATIENCE_MS) * UINT64_C(1000);
	const struct trial *used = paths_used(paths);
	const uint64_t patience_us = trial_patience_us(used);
	struct size_probe *probe =
		sizing_probe(&paths->sizing, now, patience_us < most_us ? patience_us : most_us);

	if (probe == NULL)
		return false;
	probe->token = trial_token(paths, used);
	*ret = (struct paths_output){
		.kind = PATHS_PROBE, .way = used->way, .token = probe->token, .size = probe->size
	};
	return true;
}

bool paths_poll(struct paths *paths, struct mono now, struct probe_budget *budget,
		struct paths_output *ret)
{
	if (!paths->is_dead)
		turn(paths, now);
	if (paths->is_dead) {
		if (paths->dead_told)
			return false;
		paths->dead_told = true;
		*ret = (struct paths_output){ .kind = PATHS_DEAD };
		return true;
	}
	if (say(paths, now, ret))
		return true;
	for (uint32_t i = 0; i < paths->places; i++)
		if (trial_probe(paths, trial_at(paths, i), now, budget, ret))
			return true;
	return probe_size(paths, now, ret);
}

struct mono paths_deadline(const struct paths *paths)
{
	struct mono first = mono_min(mono_min(paths->quiet_at, paths->echo_at), paths->doubt_at);

	if (paths->is_dead)
		return paths->dead_told ? MONO_NEVER : (struct mono){ 0 };
	if (!paths->use_told)
		return (struct mono){ 0 };
	if (!paths->asked_others)
		first = mono_min(first, paths->overdue_at);
	if (!is_direct(paths))
		first = mono_min(first, paths->round_at);
	if (followed(paths) != paths_used(paths))
		first = mono_min(first, paths->follow_at);
	if (paths->relays < paths->wanted)
		first = mono_min(first, paths->relay_at);
	first = mono_min(first, paths->spare_at);
	first = mono_min(first, sizing_deadline(&paths->sizing, paths->talks && has_size(paths)));
	for (uint32_t i = 0; i < paths->places; i++) {
		const struct trial *t = paths_trial(paths, i);

		if (t->state == TRIAL_PUNCHING)
			first = mono_min(first, mono_min(t->next, t->until));
		else if (t->state == TRIAL_DOUBTED)
			first = mono_min(first, t->next);
		else if (is_standby(paths, i))
			first = mono_min(first, standby_at(t));
	}
	return first;
}
