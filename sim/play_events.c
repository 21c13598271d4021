/* play_events.c - what happens in a scenario: see script.h for the statements.
 *
 * Everything is drawn from the world's stream, in the order of the members, so the same seed and
 * script do the same to the same members.
 */
#include "sim/play_internal.h"

#include <inttypes.h>

#define MILLION 1000000
#define CHURN_STEP_US 100000
#define JOIN_RATE_DEFAULT (100UL * MILLION)
#define SIDE_FAR 1

static struct rng *rng_of(struct play *play)
{
	return world_rng(play->world);
}

static uint64_t draw(struct play *play, const struct script_statement *s, unsigned n)
{
	return crowd_draw(rng_of(play), s->values[n]);
}

/* -- choosing members ---------------------------------------------------------------------- */

/* Takes `need` of `left` by chance, asked for one after the other: each choice is as likely. */
static bool is_chosen(struct rng *rng, uint32_t *left, uint32_t *need)
{
	const bool chosen = *need > 0 && rng_between(rng, 0, *left - 1) < *need;

	(*left)--;
	*need -= chosen;
	return chosen;
}

static uint32_t share_of(uint32_t count, uint64_t millionths)
{
	return (uint32_t)(((uint64_t)count * millionths + MILLION / 2) / MILLION);
}

static bool is_up(const struct play *play, uint32_t i)
{
	return crowd_is_up(&play->crowd, i);
}

static bool is_paused(const struct play *play, uint32_t i)
{
	return play->crowd.members[i].node != NULL && play->crowd.members[i].paused;
}

/* It has run, and shall again. */
static bool is_away(const struct play *play, uint32_t i)
{
	const struct member *m = &play->crowd.members[i];

	return m->node == NULL && m->starts > 0 && !m->banned;
}

/* Does something to a share of the members that are so, chosen by chance. */
static void each_of_share(struct play *play, uint64_t millionths,
			  bool (*is_so)(const struct play *play, uint32_t i),
			  void (*act)(struct play *play, uint32_t i))
{
	uint32_t left = 0;
	uint32_t need;

	for (uint32_t i = 0; i < play->crowd.count; i++)
		left += is_so(play, i);
	need = share_of(left, millionths);
	for (uint32_t i = 0; i < play->crowd.count && need > 0; i++)
		if (is_so(play, i) && is_chosen(rng_of(play), &left, &need))
			act(play, i);
}

static void act_crash(struct play *play, uint32_t i)
{
	crowd_crash(&play->crowd, i);
}

static void act_pause(struct play *play, uint32_t i)
{
	crowd_pause(&play->crowd, i);
}

static void act_resume(struct play *play, uint32_t i)
{
	crowd_resume(&play->crowd, i);
}

static void act_start_fresh(struct play *play, uint32_t i)
{
	crowd_start(&play->crowd, i, false);
}

static void act_start_kept(struct play *play, uint32_t i)
{
	crowd_start(&play->crowd, i, true);
}

static void step_clocks(struct play *play, const struct script_statement *s)
{
	uint32_t left = crowd_up_count(&play->crowd);
	uint32_t need = share_of(left, draw(play, s, 0));
	const int64_t step_us = (int64_t)draw(play, s, 1);

	for (uint32_t i = 0; i < play->crowd.count && need > 0; i++)
		if (is_up(play, i) && is_chosen(rng_of(play), &left, &need))
			world_step_wall(play->world, play->crowd.members[i].host,
					s->choice == 0 ? step_us : -step_us);
}

/* -- the network --------------------------------------------------------------------------- */

/* Households stand on one side, not members. */
static void partition(struct play *play, const struct script_statement *s)
{
	struct crowd *crowd = &play->crowd;
	struct net *net = world_net(play->world);
	uint32_t left = 0;
	uint32_t need;
	uint32_t household = CROWD_NOBODY;
	uint8_t side = 0;

	for (uint32_t i = 0; i < crowd->count; i++) {
		left += crowd_device(crowd, i) != household;
		household = crowd_device(crowd, i);
	}
	need = share_of(left, draw(play, s, 0));
	household = CROWD_NOBODY;
	for (uint32_t i = 0; i < crowd->count; i++) {
		if (crowd_device(crowd, i) != household) {
			household = crowd_device(crowd, i);
			side = is_chosen(rng_of(play), &left, &need) ? SIDE_FAR : 0;
			net_set_side(net, household, side);
		}
		net_set_side(net, crowd->members[i].host,
			     side); /* as its NAT: they stay together */
		crowd->members[i].side = side;
	}
	net_cut(net, SIDE_FAR, 0, true);
	net_cut(net, 0, SIDE_FAR, s->choice == 0);
}

static void heal(struct play *play)
{
	struct net *net = world_net(play->world);

	net_cut(net, SIDE_FAR, 0, false);
	net_cut(net, 0, SIDE_FAR, false);
	for (uint32_t i = 0; i < play->crowd.count; i++)
		play->crowd.members[i].side = 0;
}

static void disturb_nats(struct play *play, const struct script_statement *s)
{
	struct crowd *crowd = &play->crowd;
	struct net *net = world_net(play->world);
	uint32_t left = crowd->nat_count;
	uint32_t need = share_of(left, draw(play, s, 0));

	for (uint32_t n = 0; n < crowd->nat_count; n++) {
		struct natbox *box = net_nat(net, crowd->nats[n]);
		char ip[32];

		if (!is_chosen(rng_of(play), &left, &need))
			continue;
		if (s->verb == SCRIPT_RENUMBER && box->kind.ports != NATBOX_KEEP) {
			crowd_next_ip(crowd, ip);
			net_renumber_nat(net, crowd->nats[n], ip);
		} else {
			natbox_reboot(box);
		}
	}
}

/* A chance in thousandths, and not none where some is asked for. */
static uint16_t per_mille(uint64_t millionths)
{
	return millionths > 0 && millionths < 1000 ? 1 : (uint16_t)(millionths / 1000);
}

static void set_weather(struct play *play, const struct script_statement *s)
{
	struct leg *leg = net_realm(world_net(play->world), NET_INTERNET);
	const uint64_t value = draw(play, s, 0);

	if (s->verb == SCRIPT_LOSS)
		leg->loss = per_mille(value);
	if (s->verb == SCRIPT_DUPLICATION)
		leg->duplication = per_mille(value);
	if (s->verb == SCRIPT_CORRUPTION)
		leg->corruption = per_mille(value);
	if (s->verb == SCRIPT_JITTER)
		leg->jitter_us = (uint32_t)value;
	if (s->verb == SCRIPT_REORDERING) {
		leg->reordering = per_mille(value);
		leg->reorder_us = (uint32_t)draw(play, s, 1);
	}
}

/* -- coming and going ---------------------------------------------------------------------- */

/* Lifetimes without memory: in each step the same chance. */
static void churn_step(struct play *play)
{
	const struct script_statement *s = play->churn;
	struct rng *rng = rng_of(play);
	const uint64_t step_us = CHURN_STEP_US;
	const uint64_t lifetime_us = draw(play, s, 0);
	const uint64_t absence_us = draw(play, s, 1);

	for (uint32_t i = play->crowd.bootstrap; i < play->started; i++) {
		const bool up = is_up(play, i);

		if (!up && !is_away(play, i))
			continue;
		if (rng_between(rng, 0, up ? lifetime_us : absence_us) >= step_us)
			continue;
		if (up)
			crowd_crash(&play->crowd, i);
		else
			crowd_start(&play->crowd, i, s->choice == 1);
	}
}

static void come_back(struct play *play)
{
	for (uint32_t i = 0; i < play->crowd.count; i++)
		if (is_away(play, i))
			crowd_start(&play->crowd, i, true);
}

static void stop_bootstrap(struct play *play)
{
	for (uint32_t i = 0; i < play->crowd.bootstrap; i++) {
		play->crowd.members[i].banned = true;
		if (play->crowd.members[i].node != NULL)
			crowd_crash(&play->crowd, i);
	}
}

void events_calm(struct play *play)
{
	world_note(play->world, "calm");
	net_set_calm(world_net(play->world), true);
	heal(play);
	play->churn = NULL;
	each_of_share(play, MILLION, is_paused, act_resume);
	come_back(play);
}

/* -- the script ---------------------------------------------------------------------------- */

static void happen_to_members(struct play *play, const struct script_statement *s)
{
	const uint64_t share = draw(play, s, 0);

	if (s->verb == SCRIPT_CRASH)
		each_of_share(play, share, is_up, act_crash);
	else if (s->verb == SCRIPT_RESTART)
		each_of_share(play, share, is_away,
			      s->choice == 0 ? act_start_fresh : act_start_kept);
	else if (s->verb == SCRIPT_PAUSE)
		each_of_share(play, share, is_up, act_pause);
	else
		each_of_share(play, share, is_paused, act_resume);
}

static void happen(struct play *play, const struct script_statement *s)
{
	world_note(play->world, "line %u", s->line);
	switch ((int)s->verb) { /* the set-up is no event */
	case SCRIPT_LOSS:
	case SCRIPT_DUPLICATION:
	case SCRIPT_CORRUPTION:
	case SCRIPT_JITTER:
	case SCRIPT_REORDERING:
		set_weather(play, s);
		return;
	case SCRIPT_CRASH:
	case SCRIPT_RESTART:
	case SCRIPT_PAUSE:
	case SCRIPT_RESUME:
		happen_to_members(play, s);
		return;
	case SCRIPT_PARTITION:
		partition(play, s);
		return;
	case SCRIPT_HEAL:
		heal(play);
		return;
	case SCRIPT_CLOCK:
		step_clocks(play, s);
		return;
	case SCRIPT_REBOOT:
	case SCRIPT_RENUMBER:
		disturb_nats(play, s);
		return;
	case SCRIPT_CHURN:
		play->churn = s;
		play->churn_next = world_time(play->world);
		return;
	case SCRIPT_CHURN_OFF:
		play->churn = NULL;
		come_back(play);
		return;
	case SCRIPT_PROBE:
		play->probe_rate = draw(play, s, 0);
		return;
	case SCRIPT_PROBE_OFF:
		play->probe_rate = 0;
		return;
	case SCRIPT_STOP_BOOTSTRAP:
		stop_bootstrap(play);
		return;
	case SCRIPT_CALM:
		events_calm(play);
		return;
	default:
		return;
	}
}

static void set_drifts(struct play *play, const struct script_statement *s)
{
	for (uint32_t i = 0; i < play->crowd.count; i++) {
		const int32_t most = (int32_t)draw(play, s, 0);
		const int32_t ppm =
			(int32_t)rng_between(rng_of(play), 0, 2 * (uint64_t)most) - most;

		world_set_drift(play->world, play->crowd.members[i].host, ppm);
	}
}

static void set_hostile(struct play *play, const struct script_statement *s)
{
	uint32_t left = play->crowd.count - play->crowd.bootstrap;
	uint32_t need = share_of(left, draw(play, s, 0));

	for (uint32_t i = play->crowd.bootstrap; i < play->crowd.count; i++)
		play->crowd.members[i].hostile = is_chosen(rng_of(play), &left, &need);
}

void events_set_up(struct play *play)
{
	const struct script *script = play->config.script;

	for (unsigned n = 0; n < script->count; n++) {
		const struct script_statement *s = &script->statements[n];

		if (s->at_us > 0)
			continue;
		if (s->verb == SCRIPT_DRIFT)
			set_drifts(play, s);
		else if (s->verb == SCRIPT_HOSTILE)
			set_hostile(play, s);
		else if (s->verb >= SCRIPT_LOSS && s->verb <= SCRIPT_REORDERING)
			set_weather(play, s);
	}
}

/* The bootstrap members at once, the others at the script's rate. */
static void start_members(struct play *play, struct mono now)
{
	const struct script *script = play->config.script;
	const struct script_statement *join = script_find(script, SCRIPT_JOIN);
	const uint64_t rate = join == NULL ? JOIN_RATE_DEFAULT : join->values[0].low;
	uint64_t due = play->crowd.bootstrap + now.us / 1000 * rate / (1000UL * MILLION);

	if (script_find(script, SCRIPT_JOIN_AT_ONCE) != NULL || due > play->crowd.count)
		due = play->crowd.count;
	for (; play->started < due; play->started++) {
		if (!play->crowd.members[play->started].banned)
			crowd_start(&play->crowd, play->started, false);
		play->last_join = now;
	}
}

/* In the tick that begins now. */
static bool is_due(const struct script_statement *s, struct mono now)
{
	const uint64_t tick_us = PLAY_TICK_US;
	const uint64_t end_us = now.us + tick_us;

	if (s->at_us == 0 || end_us <= s->at_us)
		return false;
	if (s->every_us == 0)
		return s->at_us >= now.us;
	if (now.us >= s->until_us)
		return false;
	/* At most once a tick. */
	return s->at_us >= now.us ||
	       (end_us - 1 - s->at_us) / s->every_us != (now.us - 1 - s->at_us) / s->every_us;
}

bool events_are_over(const struct play *play)
{
	return play->started == play->crowd.count && play->churn == NULL &&
	       mono_reached(
		       world_time(play->world),
		       (struct mono){ .us = script_end_us(play->config.script) + PLAY_TICK_US });
}

void events_tick(struct play *play)
{
	const struct script *script = play->config.script;
	const struct mono now = world_time(play->world);

	start_members(play, now);
	for (unsigned n = 0; n < script->count; n++)
		if (is_due(&script->statements[n], now))
			happen(play, &script->statements[n]);
	if (play->churn != NULL && mono_reached(now, play->churn_next)) {
		churn_step(play);
		play->churn_next = mono_add_us(now, CHURN_STEP_US);
	}
}
