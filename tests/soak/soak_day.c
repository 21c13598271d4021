/* soak_day.c - a day of a network that never rests, on the simulator: members come, go and fall
 * silent, lines and clocks are bad, certificates are renewed, users ask. Some members stay all day,
 * and at its end hold what they held in its beginning: of the heap, of sessions, keys and timers.
 *
 *     soak_day HOURS [SEED]
 *
 * Every two hours (a quarter of a shorter run) the others leave for a while, so that the same few
 * stand in the same network each time: then what each of these holds is looked at, for five
 * minutes, and the least of it counts. The first quarter of these looks is the base, the last the
 * result. What the simulator itself keeps (the course of the run, messages on their way) is not
 * counted, and what members that left have not given back is a leak. Prints TAP.
 */
#include "base/check.h"
#include "crypto/start.h"
#include "node/node_internal.h"
#include "sim/play.h"
#include "tests/lib/progress.h"
#include "tests/soak/holdings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMBERS 36
#define STAYERS \
	7 /* all of them are near to each other: nobody chooses with whom to have a session */
#define SEED 1
#define US_PER_S UINT64_C(1000000)
#define PERIOD_S UINT64_C(7200) /* from one look to the next, or a quarter of the run */
#define QUIET_S 900             /* before each look the others are away for so long, */
#define LOOK_S 300              /* of which the last are looked at, */
#define LOOK_EVERY_S 10         /* so often */
#define PERIOD_MIN_S 900        /* leaves time for others to be there */
#define LOOKS_MAX 64
#define PARTS 4         /* of all looks: the first is compared with the last */
#define LIFETIME_S 1200 /* of those who come and go */
#define ABSENCE_S 120
#define REQUEST_EVERY_S 15
#define RENEW_EVERY_S 1800
#define COPY_EVERY_S 5400   /* somebody is a resumed copy, and drops all keys */
#define GROWTH_PER_MILLE 10 /* of a whole day; */
#define GROWTH_SHORT_PER_MILLE 30
#define GROWTH_BLOCKS_PER_MILLE \
	50 /* there are some 150 of each member: what is lost with each handshake shows */

/* The weather; what happens to members is below. It begins with a storm, in which all goes wrong at
 * once: tables that grow with the need and do not shrink are as large as they will ever be. Nothing
 * of it falls into the quiet before a look, of the even hours. */
static const char script_text[] = "about a day\n"
				  "nodes 36\n"
				  "bootstrap 7\n"
				  "crypto full\n"
				  "latency 40ms\n"
				  "nat 60%% any\n"
				  "home 1..3\n"
				  "drift 50 ppm\n"
				  "loss 1%%\n"
				  "duplication 1%%\n"
				  "jitter 5ms\n"
				  "reordering 1%% by 10ms\n"
				  "join 2/s\n"
				  "pairs 20\n"
				  "measure 10s\n"
				  "at 30s probe 1/s\n"
				  "at 4min clock of 100%% 30s ahead\n"
				  "at 4min renumber-nats 100%%\n"
				  "at 5min partition 50%%\n"
				  "at 6min heal\n"
				  "every %umin from %umin to %uh probe off\n"
				  "every %umin from %umin to %uh probe 1/s\n"
				  "every 30min from 7min to %uh pause 10%%\n"
				  "every 30min from 9min to %uh resume 100%%\n"
				  "every 2h from 31min to %uh partition 40%%\n"
				  "every 2h from 35min to %uh heal\n"
				  "every 2h from 41min to %uh reboot-nats 30%%\n"
				  "every 2h from 61min to %uh renumber-nats 30%%\n"
				  "every 4h from 65min to %uh clock of 20%% 30s ahead\n"
				  "at %uh calm\n"
				  "expect exact within 120s\n";

/* Of all who stay, together. */
struct holdings {
	int64_t bytes, blocks;
	uint32_t sessions, half_open, keysets, wishes, timers, peers_known;
};

struct look {
	uint64_t at_s;
	struct holdings holdings; /* the least of each */
	struct holding orphaned;
	uint64_t established; /* handshakes of those who stay, so far */
};

struct day {
	struct script script;
	struct play *play;
	struct rng rng;
	uint64_t period_s, end_s;
	struct look looks[LOOKS_MAX];
	uint32_t look_count;
	uint64_t starts, requests, renewals, copies;
};

/* --- what happens to members --- */

static uint64_t seconds(const struct day *day)
{
	return world_time(day->play->world).us / US_PER_S;
}

/* Up to the next look. */
static uint64_t left_s(const struct day *day)
{
	return day->period_s - seconds(day) % day->period_s;
}

static uint64_t quiet_s(const struct day *day)
{
	return QUIET_S < day->period_s / 2 ? QUIET_S : day->period_s / 2;
}

static void come_and_go(struct day *day)
{
	struct crowd *crowd = &day->play->crowd;

	for (uint32_t i = STAYERS; i < crowd->count; i++) {
		const struct member *member = &crowd->members[i];
		const bool runs = member->node != NULL;

		if (member->starts == 0)
			continue; /* it has not joined yet */
		if (left_s(day) <= quiet_s(day)) {
			if (runs)
				crowd_crash(crowd, i);
		} else if (runs && rng_between(&day->rng, 1, LIFETIME_S) == 1) {
			crowd_crash(crowd, i);
		} else if (!runs && rng_between(&day->rng, 1, ABSENCE_S) == 1) {
			crowd_start(crowd, i, rng_chance(&day->rng, 500));
			day->starts++;
		}
	}
}

/* Somebody who is up. */
static struct member *draw_member(struct day *day, uint32_t most)
{
	struct crowd *crowd = &day->play->crowd;
	uint32_t i;

	do
		i = (uint32_t)rng_between(&day->rng, 0, most - 1);
	while (!crowd_is_up(crowd, i));
	return &crowd->members[i];
}

static void ask(struct day *day)
{
	static const enum node_verb verbs[] = { NODE_STATUS, NODE_PEERS, NODE_PING, NODE_WHO };
	const struct member *member = draw_member(day, MEMBERS);
	const struct member *of = draw_member(day, MEMBERS);
	const size_t at = rng_between(&day->rng, 0, sizeof(verbs) / sizeof(verbs[0]) - 1);
	struct node_event event = { .kind = NODE_REQUEST,
				    .request = { .token = ++day->requests,
						 .verb = verbs[at],
						 .route.hops = ROUTED_HOPS_MAX } };

	memcpy(event.request.peer, of->identity.certificate.name,
	       sizeof(of->identity.certificate.name));
	CHECK(node_input(node_host_node(member->node), world_now(day->play->world, member->host),
			 &event) == 0);
	world_wake(day->play->world, member->host);
}

/* Its owner has got a new certificate, and has it reload. */
static void renew(struct day *day)
{
	struct member *member = draw_member(day, MEMBERS);
	struct node *node = node_host_node(member->node);
	const struct now now = world_now(day->play->world, member->host);
	struct node_settings settings = { .certificate = &member->identity.certificate,
					  .bootstrap_count = node->config.bootstrap_count,
					  .relay_bytes_s = node->config.relay_bytes_s };
	const struct node_event event = { .kind = NODE_SETTINGS, .settings = &settings };

	memcpy(settings.secrets, node->config.secrets, sizeof(settings.secrets));
	memcpy(settings.bootstrap, node->config.bootstrap, sizeof(settings.bootstrap));
	group_member_renew(&day->play->crowd.group, now.wall, &member->identity);
	CHECK(node_input(node, now, &event) == 0);
	world_wake(day->play->world, member->host);
	day->renewals++;
}

static void copy(struct day *day)
{
	node_host_copied(draw_member(day, STAYERS)->node);
	day->copies++;
}

/* Those who stay drop all keys at once: at each look sessions are of one age then, and have one key
 * set each, not some an older one besides. */
static void begin_anew(struct day *day)
{
	for (uint32_t i = 0; i < STAYERS; i++)
		node_host_copied(day->play->crowd.members[i].node);
}

/* --- looking --- */

/* What it says itself; between its question and its answer is a tick. */
static struct node_status status_of(struct day *day, uint32_t i)
{
	struct node_host *host = day->play->crowd.members[i].node;
	struct node_reply reply;

	while (node_host_reply(host, &reply))
		; /* to what users asked */
	node_host_request(host, NODE_STATUS, "");
	CHECK(play_advance(day->play));
	while (CHECK(node_host_reply(host, &reply)), reply.kind != NODE_REPLY_STATUS)
		;
	return reply.status;
}

static struct holdings look_at_all(struct day *day, uint64_t *ret_established)
{
	struct holdings sum = { 0 };

	*ret_established = 0;
	for (uint32_t i = 0; i < STAYERS; i++) {
		const struct node_status status = status_of(day, i);
		const struct holding held =
			holdings_of(node_host_node(day->play->crowd.members[i].node));

		sum.bytes += held.bytes;
		sum.blocks += held.blocks;
		sum.sessions += status.sessions.sessions;
		sum.half_open += status.sessions.half_open;
		sum.keysets += status.levels.keysets;
		sum.wishes += status.levels.wishes;
		sum.timers += status.levels.timers;
		sum.peers_known += status.peers_known;
		*ret_established += status.sessions.established;
	}
	return sum;
}

#define LEAST(a, b, field)         \
	if ((b).field < (a).field) \
	(a).field = (b).field

static void look(struct day *day)
{
	struct look *look = &day->looks[day->look_count];
	struct holdings now = look_at_all(day, &look->established);

	look->orphaned = holdings_orphaned();
	if (look->at_s == 0) { /* the first of this time */
		look->at_s = seconds(day) - seconds(day) % day->period_s + day->period_s;
		look->holdings = now;
		return;
	}
	LEAST(look->holdings, now, bytes);
	LEAST(look->holdings, now, blocks);
	LEAST(look->holdings, now, sessions);
	LEAST(look->holdings, now, half_open);
	LEAST(look->holdings, now, keysets);
	LEAST(look->holdings, now, wishes);
	LEAST(look->holdings, now, timers);
	LEAST(look->holdings, now, peers_known);
}

static void tell(const struct look *look)
{
	(void)printf("# %6.1f %11" PRIu64 " %12" PRId64 " %7" PRId64 " %9" PRIu32 " %5" PRIu32
		     " %5" PRIu32 " %7" PRIu32 " %7" PRIu32 " %6" PRIu32 " %9" PRId64 "\n",
		     (double)look->at_s / 3600, look->established, look->holdings.bytes,
		     look->holdings.blocks, look->holdings.sessions, look->holdings.half_open,
		     look->holdings.keysets, look->holdings.wishes, look->holdings.timers,
		     look->holdings.peers_known, look->orphaned.bytes);
	(void)fflush(stdout);
}

/* --- the day --- */

static void second(struct day *day)
{
	const uint64_t now_s = seconds(day);
	const bool is_quiet = left_s(day) <= quiet_s(day);

	come_and_go(day);
	if (now_s % REQUEST_EVERY_S == 0)
		ask(day);
	if (!is_quiet && now_s % RENEW_EVERY_S == RENEW_EVERY_S / 3)
		renew(day);
	if (!is_quiet && now_s % COPY_EVERY_S == COPY_EVERY_S / 3)
		copy(day);
	if (left_s(day) == quiet_s(day))
		begin_anew(day);
	if (left_s(day) <= LOOK_S && now_s % LOOK_EVERY_S == 0)
		look(day);
	if (left_s(day) == 1) {
		tell(&day->looks[day->look_count++]);
		CHECK(day->look_count < LOOKS_MAX);
	}
}

static void live(struct day *day)
{
	uint64_t last_s = 0;

	(void)printf(
		"#   hour  handshakes   heap, bytes  blocks  sessions  half  keys  wishes  timers "
		" peers  orphaned\n");
	while (play_advance(day->play)) {
		if (seconds(day) == last_s)
			continue;
		last_s = seconds(day);
		if (last_s < day->end_s && last_s > 60)
			second(day);
	}
}

static void set_up(struct day *day, uint64_t hours, uint64_t seed)
{
	const struct play_config config = { .script = &day->script, .seed = seed };
	const unsigned h = (unsigned)hours;
	struct script_error error;
	unsigned period, quiet;
	char text[sizeof(script_text) + 64];

	day->end_s = hours * 3600;
	day->period_s = day->end_s / 4 < PERIOD_S ? day->end_s / 4 : PERIOD_S;
	period = (unsigned)day->period_s / 60;
	quiet = (unsigned)quiet_s(day) / 60;
	(void)snprintf(text, sizeof(text), script_text, period, period - quiet, h, period, period,
		       h, h, h, h, h, h, h, h, h);
	if (script_read(span_text(text), &day->script, &error) != 0) {
		(void)fprintf(stderr, "soak_day: line %u: %s\n", error.line, error.text);
		exit(2);
	}
	holdings_begin();
	rng_init_seed(&day->rng, seed);
	day->play = play_new(&config);
	CHECK(day->play != NULL);
}

/* --- the verdict --- */

static int check(bool passed, const char *name)
{
	static unsigned number;

	(void)printf("%s %u - %s\n", passed ? "ok" : "not ok", ++number, name);
	return passed ? 0 : 1;
}

static bool has_grown(const char *what, int64_t before, int64_t now, int64_t most_per_mille)
{
	(void)printf("# %" PRId64 " %s, %" PRId64 " %s: %+.2f %%\n", before, what, now, what,
		     (double)(now - before) * 100 / (double)before);
	return (now - before) * 1000 >= before * most_per_mille;
}

/* How the places of pools are spread over their chunks is chance, so of several looks. */
static struct holding mean_of(const struct day *day, uint32_t at, uint32_t count)
{
	struct holding sum = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		sum.bytes += day->looks[at + i].holdings.bytes;
		sum.blocks += day->looks[at + i].holdings.blocks;
	}
	return (struct holding){ .bytes = sum.bytes / count, .blocks = sum.blocks / count };
}

static int judge(const struct day *day)
{
	const struct look *base = &day->looks[0], *end = &day->looks[day->look_count - 1];
	const struct holdings *a = &base->holdings, *b = &end->holdings;
	const uint32_t part = day->look_count / PARTS;
	const struct holding first = mean_of(day, 0, part);
	const struct holding last = mean_of(day, day->look_count - part, part);
	const int64_t most =
		day->end_s >= 12 * PERIOD_S ? GROWTH_PER_MILLE : GROWTH_SHORT_PER_MILLE;
	int failed = 0;

	(void)printf("# %" PRIu64 " handshakes of those who stayed; %" PRIu64 " starts, %" PRIu64
		     " requests, %" PRIu64 " renewals, %" PRIu64 " copies; %" PRIu64
		     " MiB resident\n",
		     end->established, day->starts, day->requests, day->renewals, day->copies,
		     progress_rss_bytes() >> 20);
	for (unsigned i = 0; i < day->play->violation_count && i < PLAY_VIOLATIONS_MAX; i++)
		(void)printf("# %s\n", day->play->violations[i]);
	failed += check(day->play->violation_count == 0, "nothing was violated");
	failed += check(!has_grown("bytes", first.bytes, last.bytes, most),
			"who stays holds as much memory");
	failed += check(!has_grown("blocks", first.blocks, last.blocks, GROWTH_BLOCKS_PER_MILLE),
			"in as many blocks");
	failed += check(b->sessions == a->sessions && b->keysets == a->keysets &&
				b->half_open == a->half_open,
			"as many sessions and keys");
	failed += check(b->timers == a->timers && b->wishes == a->wishes, "and as many timers");
	failed += check(end->orphaned.bytes <= base->orphaned.bytes,
			"who has left has left nothing behind");
	(void)printf("1..6\n");
	return failed;
}

int main(int argc, char **argv)
{
	static struct day day;
	const uint64_t hours = argc >= 2 ? strtoull(argv[1], NULL, 10) : 0;
	int failed;

	if (argc > 3 || hours * 3600 / 4 < PERIOD_MIN_S || hours > 2 * LOOKS_MAX - 2) {
		(void)fprintf(stderr, "usage: soak_day HOURS [SEED], of 1 to %d hours\n",
			      2 * LOOKS_MAX - 2);
		return 2;
	}
	if (crypto_start() != 0) {
		(void)fprintf(stderr, "soak_day: the crypto library gives wrong answers\n");
		return 2;
	}
	set_up(&day, hours, argc == 3 ? strtoull(argv[2], NULL, 10) : SEED);
	live(&day);
	failed = judge(&day);
	play_free(day.play);
	return failed == 0 ? 0 : 1;
}
