/* test_play.c - what a scenario's script says is what happens: each statement does its own, and no
 * more. What a lossy leg, a NAT or a clock does is asked of them alone, in tests/unit.
 */
#include "sim/net_internal.h"
#include "sim/play.h"
#include "tests/scenario/scenario.h"

#define SITES 3
#define MEMBERS_MAX 64
#define PUBLIC 3

static struct script script; /* too large for the stack */

static struct play *begin_on(struct world *world, const char *text, const uint32_t *matrix_us)
{
	struct play_config config = { .script = &script,
				      .seed = rng_u64(world_rng(world)),
				      .matrix_us = matrix_us,
				      .sites = matrix_us == NULL ? 0 : SITES };
	struct script_error error = { 0 };
	struct play *play;

	if (script_read(span_text(text), &script, &error) != 0)
		world_fail(world, "line %u: %s", error.line, error.text);
	play = play_new(&config);
	CHECK(play != NULL && play->crowd.count <= MEMBERS_MAX);
	return play;
}

static struct play *begin(struct world *world, const char *text)
{
	return begin_on(world, text, NULL);
}

/* Up to an instant of the play's world. */
static void run_until_ms(struct play *play, uint64_t ms)
{
	bool more = true;

	while (more && world_time(play->world).us < ms * 1000)
		more = play_advance(play);
}

/* All that happened counts in the trace of the test. */
static void end(struct world *world, struct play *play)
{
	world_note(world, "played: %016llx", (unsigned long long)world_hash(play->world));
	SCENARIO_EXPECT(world, world_failure(play->world) == NULL);
	play_free(play);
}

static uint32_t up(const struct play *play)
{
	return crowd_up_count(&play->crowd);
}

/* Members that stand in their place in the life that they live. */
static uint32_t settled(const struct play *play)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < play->crowd.count; i++)
		count += crowd_is_up(&play->crowd, i) &&
			 node_is_settled(node_host_node(play->crowd.members[i].node));
	return count;
}

static uint64_t fate(const struct play *play, enum fate which)
{
	return net_count(world_net(play->world), which);
}

/* -- what there is ------------------------------------------------------------------------- */

static void households_are_as_they_are_said_to_be(struct world *world)
{
	struct play *play = begin(world, "nodes 43\nbootstrap 3\nhome 2\n"
					 "nat 60% full-cone timeout 40s hairpin ports sequential\n"
					 "nat 40% firewall\n"
					 "bandwidth 2Mbit up 8Mbit down\nmtu 1400\n");
	struct net *net = world_net(play->world);
	uint32_t firewalls = 0;

	for (uint32_t i = 0; i < PUBLIC; i++)
		SCENARIO_EXPECT(world, play->crowd.members[i].nat == 0);
	SCENARIO_EXPECT(world, play->crowd.nat_count == 20);
	for (uint32_t i = PUBLIC; i < play->crowd.count; i++) {
		const struct member *m = &play->crowd.members[i];
		const struct natbox *box = net_nat(net, m->nat);
		const struct leg *uplink = net_uplink(net, m->nat);

		SCENARIO_EXPECT(world, m->nat == play->crowd.nats[(i - PUBLIC) / 2]);
		SCENARIO_EXPECT(world, uplink->rate_bytes == 250000 && uplink->mtu_bytes == 1400);
		SCENARIO_EXPECT(world, net_downlink(net, m->nat)->rate_bytes == 1000000);
		if (box->kind.ports == NATBOX_KEEP) {
			firewalls++;
			continue;
		}
		SCENARIO_EXPECT(world, box->kind.mapping == NATBOX_ANYBODY &&
					       box->kind.filtering == NATBOX_ANYBODY &&
					       box->kind.ports == NATBOX_SEQUENTIAL);
		SCENARIO_EXPECT(world, box->kind.timeout_ms == 40000 && box->kind.hairpin);
	}
	SCENARIO_EXPECT(world, firewalls > 0 && firewalls < 40);
	end(world, play);
}

/* The mean is the one that was asked for, and pairs differ. */
static void places_on_a_map_give_each_pair_its_latency(struct world *world)
{
	struct play *play = begin(world, "nodes 60\nlatency 80ms\nnat 50% symmetric\n");
	const struct net *net = world_net(play->world);
	uint64_t sum_us = 0;
	uint64_t least_us = UINT64_MAX;
	uint64_t most_us = 0;

	for (uint32_t a = 0; a < 60; a++)
		for (uint32_t b = 0; b < 60; b++) {
			const uint64_t us = net_delay_us(net, play->crowd.members[a].host,
							 play->crowd.members[b].host);

			if (a == b)
				continue;
			sum_us += 2 * us;
			least_us = us < least_us ? us : least_us;
			most_us = us > most_us ? us : most_us;
		}
	SCENARIO_EXPECT(world, sum_us / (60UL * 59) > 60000 && sum_us / (60UL * 59) < 100000);
	SCENARIO_EXPECT(world, least_us < 20000 && most_us > 60000);
	end(world, play);
}

static void a_measured_matrix_gives_each_pair_its_latency(struct world *world)
{
	static const uint32_t matrix_us[SITES * SITES] = { 0,     11000, 12000, 13000, 0,
							   15000, 16000, 17000, 0 };
	struct play *play = begin_on(world, "nodes 6\nlatency matrix FILE\n", matrix_us);
	const struct net *net = world_net(play->world);

	for (uint32_t a = 0; a < 6; a++)
		for (uint32_t b = 0; b < 6; b++) {
			const uint32_t from = play->crowd.members[a].host;
			const uint32_t to = play->crowd.members[b].host;

			SCENARIO_EXPECT(
				world,
				a == b || net_delay_us(net, from, to) ==
						  matrix_us[from % SITES * SITES + to % SITES]);
		}
	end(world, play);
}

static void clocks_run_wrong_by_as_much_as_is_said(struct world *world)
{
	struct play *play = begin(world, "nodes 8\ndrift 300 ppm\njoin at once\n");
	uint32_t wrong = 0;

	run_until_ms(play, 10000);
	for (uint32_t i = 0; i < 8; i++) {
		const uint32_t host = play->crowd.members[i].host;
		const int64_t off_us = (int64_t)world_now(play->world, host).mono.us -
				       (int64_t)world_time(play->world).us;

		wrong += off_us != 0;
		SCENARIO_EXPECT(world, off_us >= -3001 && off_us <= 3001);
	}
	SCENARIO_EXPECT(world, wrong > 4);
	end(world, play);
}

static void members_join_at_the_rate_that_is_said(struct world *world)
{
	struct play *play = begin(world, "nodes 20\nbootstrap 3\njoin 2/s\n");

	run_until_ms(play, 3000);
	SCENARIO_EXPECT(world,
			play->started >= 8 && play->started <= 9 && up(play) == play->started);
	end(world, play);
	play = begin(world, "nodes 20\njoin at once\n");
	run_until_ms(play, 20);
	SCENARIO_EXPECT(world, up(play) == 20);
	end(world, play);
}

static void so_many_are_hostile_and_none_of_the_first(struct world *world)
{
	struct play *play = begin(world, "nodes 44\nbootstrap 4\nhostile 25% lie\n");
	uint32_t count = 0;

	for (uint32_t i = 0; i < 44; i++)
		count += play->crowd.members[i].hostile;
	SCENARIO_EXPECT(world, count == 10);
	for (uint32_t i = 0; i < 4; i++)
		SCENARIO_EXPECT(world, !play->crowd.members[i].hostile);
	end(world, play);
}

/* -- the weather --------------------------------------------------------------------------- */

static void the_weather_is_as_it_is_said_to_be(struct world *world)
{
	struct play *play = begin(world, "nodes 6\njoin at once\nloss 5%\nduplication 4%\n"
					 "corruption 3%\njitter 7ms\nreordering 2% by 9ms\n"
					 "at 10s loss 50%\nat 20s calm\nat 60s calm\n");
	const struct leg *leg = net_realm(world_net(play->world), NET_INTERNET);
	uint64_t lost;
	uint64_t corrupted;

	SCENARIO_EXPECT(world, leg->loss == 50 && leg->duplication == 40 && leg->corruption == 30);
	SCENARIO_EXPECT(world,
			leg->jitter_us == 7000 && leg->reordering == 20 && leg->reorder_us == 9000);
	run_until_ms(play, 10000);
	SCENARIO_EXPECT(world, leg->loss == 50);
	SCENARIO_EXPECT(world, fate(play, FATE_LOST) > 0 && fate(play, FATE_DUPLICATED) > 0 &&
				       fate(play, FATE_CORRUPTED) > 0 &&
				       fate(play, FATE_REORDERED) > 0);
	run_until_ms(play, 10100);
	SCENARIO_EXPECT(world, leg->loss == 500);
	run_until_ms(play, 20100);
	lost = fate(play, FATE_LOST);
	corrupted = fate(play, FATE_CORRUPTED);
	run_until_ms(play, 50000);
	SCENARIO_EXPECT(world,
			fate(play, FATE_LOST) == lost && fate(play, FATE_CORRUPTED) == corrupted);
	end(world, play);
}

/* So many households. */
static uint32_t on_far_side(const struct play *play)
{
	const struct crowd *crowd = &play->crowd;
	uint32_t count = 0;

	for (uint32_t i = 0; i < crowd->count; i++)
		count += crowd->members[i].side > 0 &&
			 (i == 0 || crowd_device(crowd, i) != crowd_device(crowd, i - 1));
	return count;
}

/* Two members of a household stand on one side; both ways are cut, or one; and then none. */
static void partitioned(struct world *world, const char *text, bool both_ways)
{
	struct play *play = begin(world, text);
	const struct net *net = world_net(play->world);
	uint64_t cut;

	run_until_ms(play, 10000);
	SCENARIO_EXPECT(world, fate(play, FATE_CUT) == 0 && on_far_side(play) == 0);
	run_until_ms(play, 39000); /* somebody has said something by then: PATHS_QUIET_MS */
	SCENARIO_EXPECT(world, on_far_side(play) == 2 && fate(play, FATE_CUT) > 0);
	SCENARIO_EXPECT(world, net->cuts[1] == 1 && (net->cuts[0] == 2) == both_ways);
	for (uint32_t i = 0; i < 8; i++) {
		const struct member *m = &play->crowd.members[i];

		SCENARIO_EXPECT(
			world, m->side == net->devices[m->host].side &&
				       m->side == net->devices[crowd_device(&play->crowd, i)].side);
	}
	run_until_ms(play, 40100);
	cut = fate(play, FATE_CUT);
	SCENARIO_EXPECT(world, on_far_side(play) == 0 && net->cuts[0] == 0 && net->cuts[1] == 0);
	run_until_ms(play, 80000);
	SCENARIO_EXPECT(world, fate(play, FATE_CUT) == cut && settled(play) == 8);
	end(world, play);
}

#define PARTITIONED \
	"nodes 8\nbootstrap 2\nnat 100% port-restricted\nhome 2\njoin at once\nat 90s calm\n"

static void a_partition_cuts_both_ways_until_it_heals(struct world *world)
{
	partitioned(world, PARTITIONED "at 10s partition 40%\nat 40s heal\n", true);
}

static void a_partition_can_be_one_way(struct world *world)
{
	partitioned(world, PARTITIONED "at 10s partition 40% one-way\nat 40s heal\n", false);
}

static void nats_forget_or_move(struct world *world)
{
	struct play *play = begin(world, "nodes 8\nbootstrap 2\nnat 100% port-restricted\n"
					 "join at once\nat 10s reboot-nats 50%\n"
					 "at 20s renumber-nats 100%\nat 90s calm\n");
	struct net *net = world_net(play->world);
	struct endpoint before[MEMBERS_MAX];
	uint32_t epochs[MEMBERS_MAX];
	uint32_t forgot = 0;

	run_until_ms(play, 9000);
	for (uint32_t n = 0; n < 6; n++) {
		before[n] = net_nat(net, play->crowd.nats[n])->outside;
		epochs[n] = net_nat(net, play->crowd.nats[n])->epoch;
	}
	run_until_ms(play, 11000);
	for (uint32_t n = 0; n < 6; n++) {
		const struct natbox *box = net_nat(net, play->crowd.nats[n]);

		forgot += box->epoch != epochs[n];
		SCENARIO_EXPECT(world, endpoint_equal(&box->outside, &before[n]));
	}
	SCENARIO_EXPECT(world, forgot == 3);
	run_until_ms(play, 21000);
	for (uint32_t n = 0; n < 6; n++)
		SCENARIO_EXPECT(world, !endpoint_equal(&net_nat(net, play->crowd.nats[n])->outside,
						       &before[n]));
	run_until_ms(play, 80000);
	SCENARIO_EXPECT(world, settled(play) == 8);
	end(world, play);
}

/* -- coming and going ---------------------------------------------------------------------- */

/* All fall, and the one whom everybody knows for good: who remembers comes back, who does not has
 * nobody to ask. */
static void fallen_and_back(struct world *world, const char *text, uint32_t found)
{
	struct play *play = begin(world, text);

	run_until_ms(play, 9000);
	SCENARIO_EXPECT(world, settled(play) == 8);
	run_until_ms(play, 11000);
	SCENARIO_EXPECT(world, up(play) == 7 && play->crowd.members[0].banned);
	run_until_ms(play, 21000);
	SCENARIO_EXPECT(world, up(play) == 0);
	run_until_ms(play, 50000);
	SCENARIO_EXPECT(world, up(play) == 7 && play->crowd.members[0].node == NULL);
	SCENARIO_EXPECT(world, settled(play) == found);
	end(world, play);
}

#define FALLEN "nodes 8\njoin at once\nat 10s stop bootstrap\nat 20s crash 100%\nat 90s calm\n"

static void who_is_restarted_remembers(struct world *world)
{
	fallen_and_back(world, FALLEN "at 25s restart 100% kept\n", 7);
}

static void who_is_restarted_afresh_does_not(struct world *world)
{
	fallen_and_back(world, FALLEN "at 25s restart 100% fresh\n", 0);
}

static void who_is_paused_lives_on(struct world *world)
{
	struct play *play = begin(world, "nodes 10\njoin at once\nat 5s pause 50%\n"
					 "at 8s resume 40%\nat 12s resume 100%\nat 60s calm\n");

	run_until_ms(play, 6000);
	SCENARIO_EXPECT(world, up(play) == 5 && fate(play, FATE_HOST_DOWN) > 0);
	run_until_ms(play, 9000);
	SCENARIO_EXPECT(world, up(play) == 7);
	run_until_ms(play, 50000);
	SCENARIO_EXPECT(world, settled(play) == 10);
	for (uint32_t i = 0; i < 10; i++)
		SCENARIO_EXPECT(world, play->crowd.members[i].starts == 1);
	end(world, play);
}

static void calendars_are_set(struct world *world)
{
	struct play *play = begin(world, "nodes 8\njoin at once\nat 5s clock of 50% 30s ahead\n"
					 "at 6s clock of 100% 10s back\nat 60s calm\n");
	uint32_t ahead = 0;
	uint32_t back = 0;

	run_until_ms(play, 7000);
	for (uint32_t i = 0; i < 8; i++) {
		const struct now now = world_now(play->world, play->crowd.members[i].host);
		const int64_t off_s = (int64_t)(now.wall.us / 1000000) - WORLD_START_S -
				      (int64_t)(now.mono.us / 1000000);

		ahead += off_s == 20;
		back += off_s == -10;
	}
	SCENARIO_EXPECT(world, ahead == 4 && back == 4);
	end(world, play);
}

static void lives_end_and_begin_while_there_is_churn(struct world *world)
{
	struct play *play = begin(world, "nodes 20\nbootstrap 2\njoin at once\n"
					 "at 5s churn lifetime 10s absence 5s kept\n"
					 "at 25s churn off\nat 90s calm\n");
	uint32_t starts = 0;
	uint32_t least = 20;

	run_until_ms(play, 5000);
	SCENARIO_EXPECT(world, up(play) == 20);
	while (world_time(play->world).us < 25000000 && play_advance(play))
		least = up(play) < least ? up(play) : least;
	SCENARIO_EXPECT(world, least < 18);
	run_until_ms(play, 26000);
	SCENARIO_EXPECT(world, up(play) == 20);
	for (uint32_t i = 0; i < 20; i++)
		starts += play->crowd.members[i].starts;
	SCENARIO_EXPECT(world, starts > 30 && play->crowd.members[0].starts == 1);
	run_until_ms(play, 80000);
	SCENARIO_EXPECT(world, settled(play) == 20);
	end(world, play);
}

static void what_is_said_every_second_happens_every_second(struct world *world)
{
	struct play *play = begin(
		world, "nodes 10\njoin at once\nevery 1s from 2s to 5s pause 10%\nat 60s calm\n");

	run_until_ms(play, 1900);
	SCENARIO_EXPECT(world, up(play) == 10);
	run_until_ms(play, 3500);
	SCENARIO_EXPECT(world, up(play) == 8);
	run_until_ms(play, 30000);
	SCENARIO_EXPECT(world, up(play) == 7);
	end(world, play);
}

static void in_the_calm_all_come_back(struct world *world)
{
	struct play *play =
		begin(world, "nodes 10\nbootstrap 2\njoin at once\nloss 10%\n"
			     "at 5s pause 30%\nat 6s crash 50%\nat 7s partition 50%\n"
			     "at 8s churn lifetime 5s absence 60s fresh\nat 20s calm\n");
	uint64_t cut;

	run_until_ms(play, 19000);
	SCENARIO_EXPECT(world, up(play) < 5);
	run_until_ms(play, 20100);
	cut = fate(play, FATE_CUT) + fate(play, FATE_LOST);
	SCENARIO_EXPECT(world, up(play) == 10 && on_far_side(play) == 0);
	while (play_advance(play))
		SCENARIO_EXPECT(world, up(play) == 10);
	SCENARIO_EXPECT(world, fate(play, FATE_CUT) + fate(play, FATE_LOST) == cut);
	SCENARIO_EXPECT(world, settled(play) == 10);
	end(world, play);
}

static void programs_talk_at_the_rate_that_is_said(struct world *world)
{
	struct play *play = begin(world, "nodes 6\njoin at once\nat 5s probe 10/s\n"
					 "at 8s probe off\nat 60s calm\n");
	uint32_t sent;

	run_until_ms(play, 4900);
	sent = play->probes.sent; /* those of joiners */
	SCENARIO_EXPECT(world, play->probes.sums[PROBE_SAMPLE].packets == 0);
	run_until_ms(play, 20000);
	SCENARIO_EXPECT(world, play->probes.sent >= sent + 29 && play->probes.sent <= sent + 31);
	SCENARIO_EXPECT(world, play->probes.sums[PROBE_SAMPLE].arrived == play->probes.sent - sent);
	end(world, play);
}

static uint32_t in_clear; /* datagrams that show what a program says */

static bool look(void *context, struct mono at, uint32_t from, const struct net_datagram *datagram)
{
	static const char text[] = "what one program says to another"; /* probes.c */

	(void)context;
	(void)at;
	(void)from;
	for (size_t n = 0; n + strlen(text) <= datagram->bytes.len; n++)
		in_clear += memcmp(datagram->bytes.data + n, text, strlen(text)) == 0;
	return true;
}

/* The null cipher is for scale: it must not be taken for the true one, nor the other way round. */
static void packets_are_in_clear_only_if_that_is_said(struct world *world)
{
	static const char *const texts[] = { "nodes 4\njoin at once\nat 20s calm\n",
					     "nodes 4\njoin at once\nat 20s calm\ncrypto full\n",
					     "nodes 4\njoin at once\nat 20s calm\ncrypto null\n" };

	for (unsigned n = 0; n < 3; n++) {
		struct play *play = begin(world, texts[n]);

		in_clear = 0;
		net_set_tap(world_net(play->world),
			    (struct net_tap){ .realm = NET_INTERNET, .pass = look });
		run_until_ms(play, 10000);
		SCENARIO_EXPECT(world, play->usables_us.count == 3 && (in_clear > 0) == (n == 2));
		end(world, play);
	}
}

#define SCENARIO(name)                  \
	{                               \
#name, name, 1, 0, NULL \
	}

static const struct scenario scenarios[] = {
	SCENARIO(households_are_as_they_are_said_to_be),
	SCENARIO(places_on_a_map_give_each_pair_its_latency),
	SCENARIO(a_measured_matrix_gives_each_pair_its_latency),
	SCENARIO(clocks_run_wrong_by_as_much_as_is_said),
	SCENARIO(members_join_at_the_rate_that_is_said),
	SCENARIO(so_many_are_hostile_and_none_of_the_first),
	SCENARIO(the_weather_is_as_it_is_said_to_be),
	SCENARIO(a_partition_cuts_both_ways_until_it_heals),
	SCENARIO(a_partition_can_be_one_way),
	SCENARIO(nats_forget_or_move),
	SCENARIO(who_is_restarted_remembers),
	SCENARIO(who_is_restarted_afresh_does_not),
	SCENARIO(who_is_paused_lives_on),
	SCENARIO(calendars_are_set),
	SCENARIO(lives_end_and_begin_while_there_is_churn),
	SCENARIO(what_is_said_every_second_happens_every_second),
	SCENARIO(in_the_calm_all_come_back),
	SCENARIO(programs_talk_at_the_rate_that_is_said),
	SCENARIO(packets_are_in_clear_only_if_that_is_said),
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
