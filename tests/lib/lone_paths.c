/* lone_paths.c - see lone_paths.h. */
#include "tests/lib/lone_paths.h"

#include "base/check.h"

struct endpoint lone_endpoint(const char *text)
{
	struct endpoint e;

	CHECK(endpoint_from_text(text, &e) == 0);
	return e;
}

struct way lone_direct(const char *remote)
{
	const struct endpoint any = { 0 };
	const struct endpoint e = lone_endpoint(remote);

	return way_direct(&any, &e);
}

bool lone_same_way(const struct way *a, const struct way *b)
{
	return a->kind == b->kind && endpoint_equal(&a->local, &b->local) &&
	       endpoint_equal(&a->remote, &b->remote) && a->link == b->link && a->index == b->index;
}

int lone_set_up(void **state)
{
	static struct lone f;

	f = (struct lone){ .now = { .us = LONE_START_US } };
	rng_init_seed(&f.rng, 11);
	*state = &f;
	return probe_budget_new(&f.rng, &f.budget);
}

int lone_tear_down(void **state)
{
	struct lone *f = *state;

	paths_free(&f->paths);
	probe_budget_del(f->budget);
	return 0;
}

void lone_start(struct lone *f, bool is_leader, struct way first)
{
	paths_free(&f->paths);
	paths_init(&f->paths, &f->rng, f->now, is_leader, &first);
}

void lone_works(struct lone *f, struct way way, uint64_t rtt_ms)
{
	CHECK(f->working_count < LONE_WORKING_MAX);
	f->rtt_us[f->working_count] = rtt_ms * 1000;
	f->carries[f->working_count] = UINT16_MAX;
	f->working[f->working_count++] = way;
}

void lone_works_no_more(struct lone *f, struct way way)
{
	for (unsigned i = 0; i < f->working_count; i++)
		if (lone_same_way(&f->working[i], &way))
			f->working[i].kind = WAY_NONE;
}

void lone_carries(struct lone *f, struct way way, uint16_t size)
{
	for (unsigned i = 0; i < f->working_count; i++)
		if (lone_same_way(&f->working[i], &way))
			f->carries[i] = size;
}

/* Whether working[k] carries the probe, which has not been answered. */
static bool is_carried(const struct lone *f, const struct sight *sight, unsigned k)
{
	return sight->output.kind == PATHS_PROBE && sight->output.token != 0 &&
	       sight->output.size <= f->carries[k] &&
	       lone_same_way(&f->working[k], &sight->output.way);
}

/* An answer that is due by now, each once: sights are kept in order. */
static void answer(struct lone *f)
{
	for (unsigned i = 0; i < f->count; i++) {
		struct sight *sight = &f->sights[i];

		for (unsigned k = 0; k < f->working_count; k++) {
			if (!is_carried(f, sight, k) || f->now.us < sight->us + f->rtt_us[k])
				continue;
			(void)paths_answered(&f->paths, f->now, sight->output.token,
					     &sight->output.way);
			sight->output.token = 0;
			f->traffic.received = f->now;
		}
	}
}

static struct mono next_event(const struct lone *f, struct mono until)
{
	struct mono next = mono_min(until, paths_deadline(&f->paths));

	for (unsigned i = 0; i < f->count; i++)
		for (unsigned k = 0; k < f->working_count; k++)
			if (is_carried(f, &f->sights[i], k))
				next = mono_min(next,
						(struct mono){ f->sights[i].us + f->rtt_us[k] });
	return next.us < f->now.us ? f->now : next;
}

void lone_run_us(struct lone *f, uint64_t us)
{
	const struct mono until = mono_add_us(f->now, us);
	unsigned kept = 0;
	unsigned turns = 0;

	for (unsigned i = 0; i < f->count; i++) /* probes that are still to be answered */
		if (f->sights[i].output.kind == PATHS_PROBE && f->sights[i].output.token != 0 &&
		    f->now.us - f->sights[i].us < 1000000)
			f->sights[kept++] = f->sights[i];
	f->count = kept;
	for (;;) {
		struct paths_output output;

		answer(f);
		paths_seen(&f->paths, f->now, &f->traffic);
		while (paths_poll(&f->paths, f->now, f->budget, &output)) {
			CHECK(f->count < LONE_OUTPUTS_MAX);
			f->sights[f->count++] = (struct sight){ f->now.us, output };
			if (output.kind == PATHS_EMPTY)
				f->traffic.sent = f->now;
			f->padded += output.kind == PATHS_PROBE && output.size > PATHS_SIZE_MIN;
			f->sizes_told += output.kind == PATHS_SIZE;
		}
		CHECK(paths_deadline(&f->paths).us > f->now.us); /* it does not spin */
		CHECK(++turns < 10000);
		if (f->now.us == until.us)
			break;
		f->now = next_event(f, until);
	}
}

void lone_run(struct lone *f, uint64_t ms)
{
	lone_run_us(f, ms * 1000);
}

unsigned lone_seen(const struct lone *f, enum paths_output_kind kind, const struct way *way,
		   uint64_t since_us)
{
	unsigned count = 0;

	for (unsigned i = 0; i < f->count; i++)
		count += f->sights[i].output.kind == kind && f->sights[i].us >= since_us &&
			 (kind != PATHS_PROBE || f->sights[i].output.size == 0) &&
			 (way == NULL || lone_same_way(&f->sights[i].output.way, way));
	return count;
}

bool lone_uses(const struct lone *f, struct way way)
{
	return lone_same_way(&paths_used(&f->paths)->way, &way);
}

const struct trial *lone_trial(const struct lone *f, struct way way)
{
	for (uint32_t i = 0; i < f->paths.places; i++) {
		const struct trial *t = paths_trial(&f->paths, i);

		if (t->state != TRIAL_UNUSED && lone_same_way(&t->way, &way))
			return t;
	}
	return NULL;
}

struct paths_candidates lone_named(const char *seen, const char *host)
{
	struct paths_candidates remote = { 0 };

	remote.candidates[remote.count++] =
		(struct candidate){ .kind = CANDIDATE_SEEN, .endpoint = lone_endpoint(seen) };
	if (host != NULL)
		remote.candidates[remote.count++] =
			(struct candidate){ .kind = CANDIDATE_HOST,
					    .endpoint = lone_endpoint(host) };
	return remote;
}

void lone_name(struct lone *f, const char *seen, const char *host)
{
	const struct paths_candidates remote = lone_named(seen, host);

	paths_candidates(&f->paths, f->now, &remote);
}

uint64_t lone_token(const struct lone *f, struct way way)
{
	uint64_t token = 0;

	for (unsigned i = 0; i < f->count; i++)
		if (f->sights[i].output.kind == PATHS_PROBE &&
		    lone_same_way(&f->sights[i].output.way, &way))
			token = f->sights[i].output.token;
	CHECK(token != 0);
	return token;
}
