/* fuzz_paths.c - two machines of path/paths.h over a network that does as the input says.
 *
 * The input delivers probes by the way they went or by another, late, twice or never, answers them
 * or forges answers, names candidates, grants and ends relays, and lets time pass. Each machine has
 * a model that keeps what it sent and which answers were true.
 *
 * Oracle: an answer is taken only if it is the first true one to a probe that was sent by that way
 * less than PATHS_ANSWER_MS ago; only a way that was so proven is used, or asked how much it
 * carries; an address that never answered gets no more probes than the budget says, in any second
 * and any minute; no deadline passes without anything happening.
 */
#include "base/check.h"
#include "base/err.h"
#include "path/paths.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define STEPS_MAX 400
#define WAYS 32 /* the ring, three relays, one more, direct ones */
#define DIRECT_FROM 5U
#define PROBES_MAX 2048
#define OUTPUTS_MAX 200 /* in one instant */

struct probe {
	uint64_t token;
	struct mono sent;
	unsigned way;
	bool unproven; /* to an address that had never answered */
	bool answered;
};

struct member {
	struct rng rng;
	struct probe_budget *budget;
	struct paths paths;
	struct paths_traffic traffic;
	bool proven[WAYS];
	struct probe probes[PROBES_MAX];
	unsigned probe_count;
};

struct play {
	struct script script;
	struct mono now;
	struct member members[2];
};

/* Three ports of each address, so that probes to one address add up. */
static struct way way_number(unsigned n)
{
	const uint8_t ip[4] = { 198, 51, 100, (uint8_t)(n / 3) };
	const struct endpoint any = { 0 };
	const struct endpoint remote = endpoint_v4(ip, (uint16_t)(1 + n % 3));

	if (n == 0)
		return (struct way){ .kind = WAY_RING };
	return n < DIRECT_FROM ? way_relay(n, 2 * n) : way_direct(&any, &remote);
}

static unsigned number_of(const struct way *way)
{
	for (unsigned n = 0; n < WAYS; n++) {
		const struct way other = way_number(n);

		if (way_matches(&other, way))
			return n;
	}
	UNREACHABLE();
}

static unsigned pick_way(struct play *play)
{
	return script_u8(&play->script) % WAYS;
}

/* -- the model ----------------------------------------------------------------------------- */

static void check_budget(const struct member *m, const struct probe *probe)
{
	const struct way way = way_number(probe->way);
	unsigned in_second = 0;
	unsigned in_minute = 0;

	for (unsigned i = 0; i < m->probe_count; i++) {
		const struct way other = way_number(m->probes[i].way);
		const uint64_t ago_us = probe->sent.us - m->probes[i].sent.us;

		if (!m->probes[i].unproven)
			continue;
		in_minute += ago_us < 60000000;
		in_second += ago_us < 1000000 && endpoint_ip_equal(&other.remote, &way.remote);
	}
	CHECK(in_second < PROBE_TARGET_S && in_minute < PROBE_PEER_MIN);
}

static void note_probe(struct play *play, struct member *m, const struct paths_output *output)
{
	struct probe probe = { .token = output->token, .sent = play->now };
	const struct trial *used = paths_used(&m->paths);

	CHECK(output->token != 0);
	CHECK(((output->token & 1) != 0) == way_matches(&used->way, &output->way));
	CHECK(output->ttl == 0 || (output->ttl == PATHS_LOW_TTL && output->way.kind == WAY_DIRECT));
	probe.way = number_of(&output->way);
	if (output->size > 0) /* nothing large to who never answered, or along the ring */
		CHECK(output->size <= PATHS_SIZE_MAX && way_matches(&used->way, &output->way) &&
		      m->proven[probe.way] && output->way.kind != WAY_RING);
	probe.unproven = output->way.kind == WAY_DIRECT && !m->proven[probe.way];
	if (probe.unproven)
		check_budget(m, &probe);
	if (m->probe_count < PROBES_MAX)
		m->probes[m->probe_count++] = probe;
}

/* NULL if the answer is false. That it is true does not oblige: only the newest probes count. */
static struct probe *true_probe(const struct play *play, struct member *m, uint64_t token,
				unsigned way)
{
	for (unsigned i = 0; i < m->probe_count; i++) {
		struct probe *probe = &m->probes[i];

		if (probe->token == token && probe->way == way && !probe->answered &&
		    play->now.us - probe->sent.us < PATHS_ANSWER_MS * UINT64_C(1000))
			return probe;
	}
	return NULL;
}

static void answer(struct play *play, struct member *m, uint64_t token, unsigned n)
{
	const struct way way = way_number(n);
	struct probe *probe = true_probe(play, m, token, n);
	const int err = paths_answered(&m->paths, play->now, token, &way);

	CHECK(err == 0 || err == ERR_STALE);
	if (err != 0)
		return;
	CHECK(probe != NULL);
	probe->answered = true;
	m->proven[n] = true;
	m->traffic.received = play->now;
}

/* -- what happens -------------------------------------------------------------------------- */

static void turn(struct play *play, struct member *m)
{
	struct paths_output output;
	unsigned count = 0;

	paths_seen(&m->paths, play->now, &m->traffic);
	while (paths_poll(&m->paths, play->now, m->budget, &output)) {
		CHECK(++count < OUTPUTS_MAX);
		CHECK(!m->paths.is_dead || output.kind == PATHS_DEAD);
		if (output.kind == PATHS_PROBE)
			note_probe(play, m, &output);
		if (output.kind == PATHS_EMPTY)
			m->traffic.sent = play->now;
		if (output.kind == PATHS_SIZE)
			CHECK(output.size == paths_size(&m->paths));
		CHECK(paths_size(&m->paths) >= PATHS_SIZE_MIN &&
		      paths_size(&m->paths) <= PATHS_SIZE_MAX);
		CHECK(m->proven[number_of(&paths_used(&m->paths)->way)]);
	}
	CHECK(paths_deadline(&m->paths).us > play->now.us);
}

static void name(struct play *play, struct member *m)
{
	struct paths_candidates remote = { .nat = script_u8(&play->script) % 4 };

	remote.own_nat = remote.nat ^ 1;
	remote.same_network = script_u8(&play->script) % 2 != 0;
	remote.count = script_u8(&play->script) % (CANDIDATES_MAX + 1);
	for (uint32_t i = 0; i < remote.count; i++) {
		const unsigned n = DIRECT_FROM + script_u8(&play->script) % (WAYS - DIRECT_FROM);

		remote.candidates[i].kind = script_u8(&play->script) % 4;
		remote.candidates[i].endpoint = way_number(n).remote;
	}
	paths_candidates(&m->paths, play->now, &remote);
}

/* A probe of the one, chosen by the script, comes to the other; it may be answered. */
static void deliver(struct play *play, unsigned from)
{
	struct member *m = &play->members[from];
	const unsigned back = script_u8(&play->script) % 20;
	const unsigned by = pick_way(play);
	const bool answered = script_u8(&play->script) % 4 != 0;

	if (back >= m->probe_count)
		return;
	const struct probe probe = m->probes[m->probe_count - 1 - back];
	const struct way way = way_number(by);

	paths_probed(&play->members[1 - from].paths, play->now, probe.token, &way);
	play->members[1 - from].traffic.received = play->now;
	if (answered)
		answer(play, m, probe.token, probe.way);
}

static void forge(struct play *play, struct member *m)
{
	const unsigned back = script_u8(&play->script) % 20;
	const uint64_t change = script_u8(&play->script);

	if (back < m->probe_count)
		answer(play, m, m->probes[m->probe_count - 1 - back].token ^ change,
		       pick_way(play));
}

static void relay(struct play *play, struct member *m, bool granted)
{
	const struct way way = way_number(1 + script_u8(&play->script) % (DIRECT_FROM - 1));

	if (granted)
		(void)paths_add_relay(&m->paths, play->now, &way);
	else
		paths_remove_relay(&m->paths, play->now, &way);
}

static void pass_ip(struct play *play, struct member *m)
{
	const unsigned which = script_u8(&play->script);

	if ((which & 1) != 0)
		m->traffic.ip_sent = play->now;
	if ((which & 2) != 0)
		m->traffic.ip_received = play->now;
	if ((which & 5) != 0)
		m->traffic.sent = play->now;
	if ((which & 10) != 0)
		m->traffic.received = play->now;
}

/* Time goes from deadline to deadline, or stands, or leaps. */
static void pass_time(struct play *play)
{
	const unsigned how = script_u8(&play->script);
	const struct mono next = mono_min(paths_deadline(&play->members[0].paths),
					  paths_deadline(&play->members[1].paths));

	if (how < 128 && next.us != MONO_NEVER.us)
		play->now = next;
	else if (how == 255)
		play->now = mono_add_ms(play->now, 3600000);
	else
		play->now = mono_add_ms(play->now, how % 64 * UINT64_C(10));
}

static void step(struct play *play)
{
	const unsigned choice = script_u8(&play->script);
	const unsigned who = choice >> 7;
	struct member *m = &play->members[who];
	const struct way way = way_number(pick_way(play));

	switch (choice % 16) {
	case 0:
		name(play, m);
		break;
	case 1:
		relay(play, m, true);
		break;
	case 2:
		relay(play, m, false);
		break;
	case 3:
		forge(play, m);
		break;
	case 4:
		paths_came(&m->paths, play->now, &way);
		break;
	case 5:
		paths_probed(&m->paths, play->now, script_u8(&play->script), &way);
		break;
	case 6:
		paths_host_changed(&m->paths, play->now);
		break;
	case 7:
		paths_retold(&m->paths, play->now);
		break;
	case 8:
	case 9:
		pass_ip(play, m);
		break;
	case 10:
	case 11:
		deliver(play, who);
		break;
	default:
		pass_time(play);
		break;
	}
	turn(play, &play->members[0]);
	turn(play, &play->members[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play play;

	play = (struct play){ .script = script_of(data, size), .now = { .us = 1000000 } };
	for (unsigned i = 0; i < 2; i++) {
		struct member *m = &play.members[i];
		const unsigned n =
			script_u8(&play.script) % 2 == 0 ? 0 : DIRECT_FROM + pick_way(&play) % 20;
		const struct way first = way_number(n);

		rng_init_seed(&m->rng, i);
		CHECK(probe_budget_new(&m->rng, &m->budget) == 0);
		paths_init(&m->paths, &m->rng, play.now, i == 0, &first);
		m->proven[n] = true;
	}
	for (unsigned i = 0; i < STEPS_MAX && play.script.left > 0; i++)
		step(&play);
	for (unsigned i = 0; i < 2; i++) {
		paths_free(&play.members[i].paths);
		probe_budget_del(play.members[i].budget);
	}
	return 0;
}
