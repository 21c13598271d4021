/* test_paths.c - two machines behind every pair of NATs: which way they find, and how they keep it.
 *
 * They know nothing but what hubs tell them, and what they learn from each other's packets. */
#include "base/check.h"
#include "tests/scenario/scenario.h"
#include "tests/scenario/sides.h"
#include "tests/scenario/wanderer.h"

/* Where a direct way is possible, in the order of `sides`. */
static const char expected[SIDES][SIDES + 1] = {
	"DDDDDD", "DDDDDD", "DDDDDD", "DDDDDR", "DDDDDR", "DDDRRR",
};

/* A small world, whose failure becomes that of the large one. */
struct story {
	struct world *world; /* of the scenario */
	struct world *small;
	struct hike hike;
};

static void begin(struct story *story, struct world *world, const struct natbox_kind *a,
		  const struct natbox_kind *b, bool same_nat)
{
	const struct world_config config = world_config_default(rng_u64(world_rng(world)));
	const struct natbox_kind *const nats[2] = { a, b };

	story->world = world;
	story->small = world_new(&config);
	CHECK(story->small != NULL);
	hike_start(&story->hike, story->small, nats, same_nat);
}

static void end(struct story *story, const char *a, const char *b)
{
	world_note(story->world, "%s, %s: %s %016llx", a, b,
		   hike_is_direct(&story->hike) ? "direct" : "not direct",
		   (unsigned long long)world_hash(story->small));
	if (world_failure(story->small) != NULL)
		world_fail(story->world, "%s, %s: %s", a, b, world_failure(story->small));
	world_free(story->small);
	hike_end(&story->hike);
}

static void talk(struct hike *hike, uint64_t first_ms, uint64_t second_ms)
{
	const uint64_t talk_ms[2] = { first_ms, second_ms };

	for (unsigned i = 0; i < 2; i++) {
		hike->wanderers[i].talk_ms = talk_ms[i];
		world_wake(hike->world, hike->wanderers[i].host);
	}
}

static void begin_gaps(struct hike *hike)
{
	wanderer_begin_gaps(&hike->wanderers[0]);
	wanderer_begin_gaps(&hike->wanderers[1]);
}

static uint64_t gap_ms(const struct hike *hike)
{
	const uint64_t first = wanderer_gap_ms(&hike->wanderers[0]);
	const uint64_t second = wanderer_gap_ms(&hike->wanderers[1]);

	return first > second ? first : second;
}

/* -- finding a way ------------------------------------------------------------------------- */

static void one_pair(struct world *world, unsigned a, unsigned b)
{
	struct story story;
	const bool possible = expected[a][b] == 'D';

	begin(&story, world, sides[a].kind, sides[b].kind, false);
	talk(&story.hike, 100, 100);
	hike_meet(&story.hike);
	world_run_ms(story.small, 10000);
	if (hike_is_direct(&story.hike) != possible)
		world_fail(story.small, "direct is %d after 10 s", !possible);
	begin_gaps(&story.hike);
	world_run_ms(story.small, 60000);
	if (hike_is_direct(&story.hike) != possible)
		world_fail(story.small, "direct is %d after 70 s", !possible);
	if (gap_ms(&story.hike) > 400)
		world_fail(story.small, "nothing came for %u ms", (unsigned)gap_ms(&story.hike));
	end(&story, sides[a].name, sides[b].name);
}

static void every_pair(struct world *world)
{
	for (unsigned a = 0; a < SIDES; a++)
		for (unsigned b = 0; b < SIDES; b++)
			one_pair(world, a, b);
}

static void two_behind_one_nat_use_the_lan(struct world *world)
{
	for (unsigned i = 1; i < SIDES; i++) {
		struct story story;
		struct endpoint address;

		begin(&story, world, sides[i].kind, sides[i].kind, true);
		talk(&story.hike, 100, 100);
		hike_meet(&story.hike);
		world_run_ms(story.small, 10000);
		if (!hike_is_direct(&story.hike))
			world_fail(story.small, "not direct");
		for (unsigned k = 0; k < 2; k++) {
			const struct way *way =
				&paths_used(&story.hike.wanderers[1 - k].paths)->way;

			CHECK(net_address(world_net(story.small), story.hike.wanderers[k].host, 0,
					  &address));
			if (!endpoint_ip_equal(&way->remote, &address))
				world_fail(story.small, "not by the LAN");
		}
		end(&story, sides[i].name, "the same");
	}
}

/* -- keeping it ---------------------------------------------------------------------------- */

static bool is_direct(void *context)
{
	return hike_is_direct(context);
}

/* Up to the moment at which both go direct. */
static void until_direct(struct story *story, uint64_t limit_ms)
{
	const struct mono limit = mono_add_ms(world_time(story->small), limit_ms);

	if (!world_run_until(story->small, limit, is_direct, &story->hike))
		world_fail(story->small, "not direct after %u ms", (unsigned)limit_ms);
}

static void begin_direct(struct story *story, struct world *world, const struct natbox_kind *a,
			 const struct natbox_kind *b)
{
	begin(story, world, a, b, false);
	talk(&story->hike, 50, 50);
	hike_meet(&story->hike);
	until_direct(story, 10000);
	world_run_ms(story->small, 5000); /* a relay in reserve is found meanwhile */
}

/* Each mapping is new: its port, too. */
static struct natbox_kind with_random_ports(const struct natbox_kind *kind)
{
	struct natbox_kind changed = *kind;

	changed.ports = NATBOX_RANDOM;
	return changed;
}

/* The NAT forgets its mappings each 5 s for a minute. `talks`: who sends IP, 0 or 1, 2: both. */
static void rebind(struct world *world, const struct natbox_kind *a, const struct natbox_kind *b,
		   unsigned talks)
{
	struct story story;

	begin_direct(&story, world, a, b);
	talk(&story.hike, talks == 1 ? 0 : 50, talks == 0 ? 0 : 50);
	for (unsigned i = 0; i < 12; i++) {
		natbox_reboot(net_nat(world_net(story.small), story.hike.nats[0]));
		begin_gaps(&story.hike);
		world_run_ms(story.small, 5000);
		for (unsigned k = 0; k < 2; k++)
			if (talks != k && wanderer_gap_ms(&story.hike.wanderers[1 - k]) > 3500 &&
			    story.hike.wanderers[k].talk_ms > 0)
				world_fail(story.small, "to %u: nothing for %u ms", 1 - k,
					   (unsigned)wanderer_gap_ms(&story.hike.wanderers[1 - k]));
	}
	talk(&story.hike, 50, 50);
	until_direct(&story, 10000);
	end(&story, a->name, b == NULL ? "public" : b->name);
}

static void a_nat_that_forgets_each_5_s(struct world *world)
{
	const struct natbox_kind full = with_random_ports(&natbox_full_cone);
	const struct natbox_kind restricted = with_random_ports(&natbox_address_restricted);
	const struct natbox_kind port_restricted = with_random_ports(&natbox_port_restricted);

	for (unsigned talks = 0; talks <= 2; talks++) {
		rebind(world, &full, NULL, talks);
		rebind(world, &restricted, &full, talks);
		rebind(world, &port_restricted, NULL, talks);
		rebind(world, &natbox_symmetric, &natbox_address_restricted, talks);
	}
}

/* Somebody in the middle of the Internet who takes out what goes straight from one to the other. */
struct gap {
	bool from[2]; /* what the first, the second sends */
	uint32_t devices[2];
	struct endpoint hubs[HUBS];
};

static bool pass(void *context, struct mono at, uint32_t from, const struct net_datagram *datagram)
{
	const struct gap *gap = context;

	(void)at;
	for (uint32_t i = 0; i < HUBS; i++)
		if (endpoint_ip_equal(&datagram->remote, &gap->hubs[i]))
			return true;
	return !(gap->from[0] && from == gap->devices[0]) &&
	       !(gap->from[1] && from == gap->devices[1]);
}

static void watch(struct story *story, struct gap *gap)
{
	struct net *net = world_net(story->small);

	*gap = (struct gap){ 0 };
	for (uint32_t i = 0; i < HUBS; i++)
		CHECK(net_address(net, story->hike.hubs[i].host, 0, &gap->hubs[i]));
	for (uint32_t i = 0; i < 2; i++)
		gap->devices[i] = story->hike.nats[i] != 0 ? story->hike.nats[i]
							   : story->hike.wanderers[i].host;
	net_set_tap(net, (struct net_tap){ .pass = pass, .context = gap });
}

static void expect_no_gap(struct story *story, uint64_t limit_ms, const char *when)
{
	if (gap_ms(&story->hike) > limit_ms)
		world_fail(story->small, "%s: nothing came for %u ms", when,
			   (unsigned)gap_ms(&story->hike));
}

static bool goes_by(const struct story *story, enum way_kind kind)
{
	return paths_used(&story->hike.wanderers[0].paths)->way.kind == kind &&
	       paths_used(&story->hike.wanderers[1].paths)->way.kind == kind;
}

/* The direct way dies, in one direction or both, and is there again 20 s later. */
static void interrupt(struct world *world, const struct natbox_kind *a, const struct natbox_kind *b,
		      const bool from[2])
{
	struct story story;
	struct gap gap;

	begin_direct(&story, world, a, b);
	watch(&story, &gap);
	begin_gaps(&story.hike);
	gap.from[0] = from[0];
	gap.from[1] = from[1];
	world_run_ms(story.small, 20000);
	expect_no_gap(&story, 1000, "the direct way died");
	if (!goes_by(&story, WAY_RELAY))
		world_fail(story.small, "not by the relay");
	gap.from[0] = false;
	gap.from[1] = false;
	begin_gaps(&story.hike);
	until_direct(&story, 60000);
	world_run_ms(story.small, 5000);
	expect_no_gap(&story, 400, "the direct way came back");
	if (!hike_is_direct(&story.hike))
		world_fail(story.small, "direct for a moment only");
	end(&story, a == NULL ? "public" : a->name, b == NULL ? "public" : b->name);
}

static void a_direct_way_dies_under_traffic(struct world *world)
{
	static const bool both[2] = { true, true };
	static const bool first[2] = { true, false };
	static const bool second[2] = { false, true };

	for (unsigned b = 0; b < SIDES; b++) {
		interrupt(world, NULL, sides[b].kind, both);
		interrupt(world, NULL, sides[b].kind, first);
		interrupt(world, NULL, sides[b].kind, second);
	}
	interrupt(world, &natbox_linux_accept, &natbox_linux_accept, both);
	interrupt(world, &natbox_linux_accept, &natbox_linux_accept, first);
	interrupt(world, &natbox_symmetric, &natbox_address_restricted, second);
}

/* Two who cannot go direct: the relay that they use falls silent, without a word. */
static void a_relay_dies_under_traffic(struct world *world)
{
	struct story story;
	uint32_t link;

	begin(&story, world, &natbox_symmetric, &natbox_symmetric, false);
	talk(&story.hike, 50, 50);
	hike_meet(&story.hike);
	world_run_ms(story.small, 15000);
	if (!goes_by(&story, WAY_RELAY))
		world_fail(story.small, "not by a relay");
	link = paths_used(&story.hike.wanderers[0].paths)->way.link;
	begin_gaps(&story.hike);
	for (unsigned i = 0; i < HUBS; i++)
		story.hike.hubs[i].relays =
			paths_used(&story.hike.wanderers[0].paths)->way.link != i + 2;
	world_run_ms(story.small, 5000);
	expect_no_gap(&story, 1000, "the relay died");
	if (!goes_by(&story, WAY_RELAY) ||
	    paths_used(&story.hike.wanderers[0].paths)->way.link == link)
		world_fail(story.small, "not by the relay in reserve");
	for (unsigned i = 0; i < HUBS; i++)
		story.hike.hubs[i].relays = false;
	begin_gaps(&story.hike);
	world_run_ms(story.small, 5000);
	expect_no_gap(&story, 1000, "both relays died");
	if (!goes_by(&story, WAY_RING))
		world_fail(story.small, "not by the ring");
	end(&story, "symmetric", "symmetric");
}

/* -- rest and end -------------------------------------------------------------------------- */

/* An hour without IP: the NATs keep their mappings, and little is said. */
static void an_idle_way_is_kept_at_little_cost(struct world *world)
{
	static const struct natbox_kind *const kinds[] = { NULL, &natbox_port_restricted,
							   &natbox_linux_accept };

	for (unsigned i = 0; i < 3; i++) {
		struct story story;
		uint64_t before;

		begin_direct(&story, world, &natbox_port_restricted, kinds[i]);
		talk(&story.hike, 0, 0);
		world_run_ms(story.small, 60000);
		for (unsigned k = 0; k < 2; k++)
			story.hike.wanderers[k].uses = 0;
		before = story.hike.wanderers[0].said + story.hike.wanderers[1].said;
		world_run_ms(story.small, 3600000);
		before = story.hike.wanderers[0].said + story.hike.wanderers[1].said - before;
		if (story.hike.wanderers[0].uses + story.hike.wanderers[1].uses > 0)
			world_fail(story.small, "the way changed");
		/* Each 8 s or more a probe and its answer; each 20 s those of the reserve. */
		if (before > 2 * 3600 / 8 + 2 * 2 * 3600 / 20)
			world_fail(story.small, "%u frames in an hour", (unsigned)before);
		talk(&story.hike, 50, 50);
		begin_gaps(&story.hike);
		world_run_ms(story.small, 1000);
		expect_no_gap(&story, 150, "after a rest");
		if (!hike_is_direct(&story.hike))
			world_fail(story.small, "no longer direct");
		end(&story, "port-restricted", kinds[i] == NULL ? "public" : kinds[i]->name);
	}
}

/* The peer's power fails: that is noticed, at the latest after the longest silence. */
static void a_peer_that_is_gone_is_found_dead(struct world *world)
{
	for (unsigned talks = 0; talks < 2; talks++) {
		struct story story;
		struct wanderer *left;
		const uint64_t limit_ms = talks == 0 ? PATHS_QUIET_MS + 4000 : 5000;

		begin_direct(&story, world, &natbox_port_restricted, NULL);
		if (talks == 0) {
			talk(&story.hike, 0, 0);
			world_run_ms(story.small, 30000);
		}
		left = &story.hike.wanderers[0];
		world_crash(story.small, story.hike.wanderers[1].host);
		world_run_ms(story.small, limit_ms);
		if (!left->is_dead)
			world_fail(story.small, "not found dead in %u ms", (unsigned)limit_ms);
		end(&story, "port-restricted", "public");
	}
}

/* One datagram in ten is lost: what is possible is reached, and held for most of the time. */
static void a_way_is_found_and_kept_where_much_is_lost(struct world *world)
{
	for (unsigned a = 0; a < SIDES; a++) {
		struct story story;
		const unsigned b = (unsigned)rng_between(world_rng(world), 0, 3);

		begin(&story, world, sides[a].kind, sides[b].kind, false);
		net_realm(world_net(story.small), NET_INTERNET)->loss = 100;
		talk(&story.hike, 50, 50);
		hike_meet(&story.hike);
		world_run_ms(story.small, 60000);
		begin_gaps(&story.hike);
		world_run_ms(story.small, 60000);
		expect_no_gap(&story, 1500, "a tenth is lost");
		net_set_calm(world_net(story.small), true);
		world_run_ms(story.small, 60000);
		if (hike_is_direct(&story.hike) != (expected[a][b] == 'D'))
			world_fail(story.small, "direct is %d in the calm", expected[a][b] != 'D');
		end(&story, sides[a].name, sides[b].name);
	}
}

static const struct scenario scenarios[] = {
	{ .name = "every_pair", .play = every_pair, .seeds = 5 },
	{ .name = "two_behind_one_nat_use_the_lan",
	  .play = two_behind_one_nat_use_the_lan,
	  .seeds = 5 },
	{ .name = "a_nat_that_forgets_each_5_s", .play = a_nat_that_forgets_each_5_s, .seeds = 3 },
	{ .name = "a_direct_way_dies_under_traffic",
	  .play = a_direct_way_dies_under_traffic,
	  .seeds = 3 },
	{ .name = "a_relay_dies_under_traffic", .play = a_relay_dies_under_traffic, .seeds = 5 },
	{ .name = "an_idle_way_is_kept_at_little_cost",
	  .play = an_idle_way_is_kept_at_little_cost },
	{ .name = "a_peer_that_is_gone_is_found_dead",
	  .play = a_peer_that_is_gone_is_found_dead,
	  .seeds = 5 },
	{ .name = "a_way_is_found_and_kept_where_much_is_lost",
	  .play = a_way_is_found_and_kept_where_much_is_lost,
	  .seeds = 5 },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
