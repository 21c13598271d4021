/* liveness.c - see liveness.h for the states. */
#include "path/liveness.h"

#include "base/check.h"
#include "base/err.h"

/* The only writer of l->state after liveness_init(). */
static void set_state(struct liveness *l, enum liveness_state next)
{
	static const bool allowed[LIVENESS_STATES][LIVENESS_STATES] = {
		[LIVENESS_HEARD] = { [LIVENESS_PROBING] = true },
		[LIVENESS_PROBING] = { [LIVENESS_HEARD] = true, [LIVENESS_DEAD] = true },
	};
	CHECK(allowed[l->state][next]);
	l->state = next;
}

static struct mono quiet_from(struct liveness *l, struct mono at)
{
	return mono_add_ms(at, LIVENESS_QUIET_MS - rng_between(l->rng, 0, LIVENESS_JITTER_MS));
}

void liveness_init(struct liveness *l, struct rng *rng, struct mono now)
{
	CHECK(rng != NULL);
	*l = (struct liveness){ .state = LIVENESS_HEARD, .rng = rng, .heard = now };
	l->next = quiet_from(l, now);
}

void liveness_heard(struct liveness *l, struct mono at)
{
	if (l->state == LIVENESS_DEAD || l->heard.us >= at.us)
		return;
	l->heard = at;
	l->probes = 0;
	l->next = quiet_from(l, at);
	if (l->state == LIVENESS_PROBING)
		set_state(l, LIVENESS_HEARD);
}

void liveness_probe_now(struct liveness *l, struct mono now)
{
	if (l->state == LIVENESS_HEARD)
		l->next = now;
}

bool liveness_poll(struct liveness *l, struct mono now, uint64_t *ret_token)
{
	if (l->state == LIVENESS_DEAD || !mono_reached(now, l->next))
		return false;
	if (l->state == LIVENESS_HEARD)
		set_state(l, LIVENESS_PROBING);
	if (l->probes == LIVENESS_PROBES_MAX) {
		set_state(l, LIVENESS_DEAD);
		return false;
	}
	l->probes++;
	l->sent = now;
	l->next = mono_add_ms(now, LIVENESS_REPEAT_MS);
	l->token = rng_u64(l->rng) | 1; /* never 0, which means that none is open */
	*ret_token = l->token;
	return true;
}

int liveness_answer(struct liveness *l, struct mono now, uint64_t token)
{
	if (token == 0 || token != l->token || l->state == LIVENESS_DEAD)
		return ERR_STALE;
	const uint64_t rtt_us = now.us - l->sent.us;

	l->token = 0; /* once only: a replayed answer measures nothing */
	l->rtt_us = l->has_rtt ? (7 * l->rtt_us + rtt_us) / 8 : rtt_us;
	l->has_rtt = true;
	liveness_heard(l, now);
	return 0;
}

struct mono liveness_deadline(const struct liveness *l)
{
	return l->state == LIVENESS_DEAD ? MONO_NEVER : l->next;
}
