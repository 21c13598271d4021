/* test_nat.c - which pairs of NATs can be punched through, by two machines that do nothing clever.
 *
 * Each side learns from a server how the world sees it, then probes the other's such endpoint, and
 * answers whatever reaches it. The outcome for every pair is what the table of the design says of a
 * direct path, so a traversal that fails on this net fails by its own fault. */
#include "base/check.h"
#include "tests/scenario/scenario.h"
#include "tests/scenario/sides.h"
#include "tests/scenario/toy.h"

#include <inttypes.h>

#define LOW_TTL 4 /* passes the own NAT and dies in the core */

/* Direct: always (D), never (R), or not if the other one's full-TTL probe came first (T, for the
 * trap of the Linux NAT without an input rule). Row and column in the order of `sides`. */
static const char expected[SIDES][SIDES + 1] = {
	[PUBLIC] = "DDDDDD",          /* */
	[FULL] = "DDDDDD",            /* */
	[RESTRICTED] = "DDDDDD",      /* the symmetric one is answered where it is seen */
	[PORT_RESTRICTED] = "DDDDTR", /* */
	[LINUX] = "DDDTTR",           /* */
	[SYMMETRIC] = "DDDRRR",
};

static struct toy server, first, second;

static void start(struct toy *toy, struct world *world, unsigned side, unsigned number)
{
	struct net *net = world_net(world);
	const uint32_t host = net_add_host(net);
	char outside[] = "203.0.113.0";

	outside[10] = (char)('0' + number);
	if (sides[side].kind == NULL) {
		net_add_address(net, host, NET_INTERNET, outside);
	} else {
		const uint32_t nat = net_add_nat(net, NET_INTERNET, outside, sides[side].kind);

		net_add_address(net, host, nat, "192.168.0.2");
	}
	toy_attach(toy, world, host);
}

/* How the server sees the toy. */
static struct endpoint reflexive(struct toy *toy)
{
	toy_send(toy, &server, 1, 1000);
	world_run_ms(toy->world, 1000);
	CHECK(server.got > 0);
	return server.from;
}

static void punch(struct toy *toy, const struct endpoint *target, uint64_t count, uint8_t ttl)
{
	toy->ttl = ttl;
	toy->answers = true;
	toy_send_to(toy, target, count, 50000);
}

/* Do the two reach each other? `ttl` is that of each side's first probe; the first side begins. */
static bool is_direct(struct world *world, unsigned a, unsigned b, uint8_t ttl)
{
	toy_start(&server, world, "192.0.2.1");
	start(&first, world, a, 1);
	start(&second, world, b, 2);
	const struct endpoint first_seen = reflexive(&first);
	const struct endpoint second_seen = reflexive(&second);

	punch(&first, &second_seen, 1, ttl);
	world_run_ms(world, 100);
	punch(&second, &first_seen, 1, ttl);
	world_run_ms(world, 100);
	first.got = 0;
	second.got = 0;
	punch(&first, &second_seen, 5, 0);
	punch(&second, &first_seen, 5, 0);
	world_run_ms(world, 1000);
	return first.got > 0 && second.got > 0;
}

static bool should_be_direct(unsigned a, unsigned b, uint8_t ttl)
{
	const char cell = expected[a][b];

	/* The trap springs where the second is the Linux NAT: the first one's probe is early. */
	return cell == 'D' || (cell == 'T' && (b != LINUX || ttl == LOW_TTL));
}

static void every_pair(struct world *world, uint8_t ttl)
{
	const struct world_config config = world_config_default(rng_u64(world_rng(world)));

	for (unsigned a = 0; a < SIDES; a++) {
		for (unsigned b = 0; b < SIDES; b++) {
			struct world *small = world_new(&config);

			CHECK(small != NULL);
			const bool direct = is_direct(small, a, b, ttl);

			world_note(world, "%s, %s: %s %016" PRIx64, sides[a].name, sides[b].name,
				   direct ? "direct" : "none", world_hash(small));
			if (world_failure(small) != NULL)
				world_fail(world, "%s", world_failure(small));
			if (direct != should_be_direct(a, b, ttl))
				world_fail(world, "%s first, then %s: direct is %d", sides[a].name,
					   sides[b].name, direct);
			world_free(small);
		}
	}
}

static void every_pair_with_full_ttl(struct world *world)
{
	every_pair(world, 0);
}

static void every_pair_with_low_ttl_first(struct world *world)
{
	every_pair(world, LOW_TTL);
}

/* What a toy behind this kind of NAT gets of four strangers' datagrams to the endpoint at which the
 * server sees it: from the server itself, another port of it, another address, before it sent. */
static void who_gets_through(struct world *world)
{
	static const struct {
		unsigned side;
		bool same, other_port, other_address;
	} truths[] = {
		{ FULL, true, true, true },
		{ RESTRICTED, true, true, false },
		{ PORT_RESTRICTED, true, false, false },
		{ SYMMETRIC, true, false, false },
		{ LINUX, true, false, false },
	};
	static struct toy stranger;

	toy_start(&server, world, "192.0.2.1");
	toy_start(&stranger, world, "192.0.2.2");
	for (unsigned i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		start(&first, world, truths[i].side, 1 + i);
		struct endpoint seen = { 0 };
		char ip[] = "203.0.113.0";

		/* Unsolicited, to the port that it will have. */
		ip[10] = (char)('1' + i);
		CHECK(endpoint_ip_from_text(ip, &seen) == 0);
		seen.port = TOY_PORT;
		toy_send_to(&stranger, &seen, 1, 1000);
		world_run_ms(world, 1000);
		SCENARIO_EXPECT(world, first.got == 0);

		seen = reflexive(&first);
		toy_send_to(&stranger, &seen, 1, 1000);
		world_run_ms(world, 1000);
		SCENARIO_EXPECT(world, first.got == (truths[i].other_address ? 1 : 0));

		first.got = 0;
		server.local.port = TOY_PORT + 1;
		toy_send_to(&server, &seen, 1, 1000);
		world_run_ms(world, 1000);
		SCENARIO_EXPECT(world, first.got == (truths[i].other_port ? 1 : 0));

		first.got = 0;
		server.local.port = TOY_PORT;
		toy_send_to(&server, &seen, 1, 1000);
		world_run_ms(world, 1000);
		SCENARIO_EXPECT(world, first.got == (truths[i].same ? 1 : 0));
		world_crash(world, first.host);
	}
}

/* A keepalive each 119 s holds the way in open, one each 121 s does not. */
static void silence_closes_the_way_in(struct world *world)
{
	struct endpoint seen;

	toy_start(&server, world, "192.0.2.1");
	start(&first, world, PORT_RESTRICTED, 1);
	seen = reflexive(&first);
	toy_send(&first, &server, 10, 119000000);
	world_run_ms(world, 1190000);
	toy_send_to(&server, &seen, 1, 1000);
	world_run_ms(world, 1000);
	SCENARIO_EXPECT(world, first.got == 1);
	world_run_ms(world, 121000);
	toy_send_to(&server, &seen, 1, 1000);
	world_run_ms(world, 1000);
	SCENARIO_EXPECT(world, first.got == 1);
}

/* The far side sees a new endpoint when the NAT reboots, and the old one is dead. */
static void a_rebooted_nat_needs_a_datagram_from_inside(struct world *world)
{
	struct endpoint before;
	struct endpoint after;

	toy_start(&server, world, "192.0.2.1");
	start(&first, world, SYMMETRIC, 1);
	before = reflexive(&first);
	natbox_reboot(net_nat(world_net(world), first.host + 1));
	toy_send_to(&server, &before, 3, 1000);
	world_run_ms(world, 1000);
	SCENARIO_EXPECT(world, first.got == 0);
	after = reflexive(&first);
	toy_send_to(&server, &after, 3, 1000);
	world_run_ms(world, 1000);
	SCENARIO_EXPECT(world, first.got == 3);
	SCENARIO_EXPECT(world, !endpoint_equal(&before, &after));
}

static const struct scenario scenarios[] = {
	{ .name = "every_pair_with_full_ttl", .play = every_pair_with_full_ttl, .seeds = 5 },
	{ .name = "every_pair_with_low_ttl_first",
	  .play = every_pair_with_low_ttl_first,
	  .seeds = 5 },
	{ .name = "who_gets_through", .play = who_gets_through, .seeds = 5 },
	{ .name = "silence_closes_the_way_in", .play = silence_closes_the_way_in },
	{ .name = "a_rebooted_nat_needs_a_datagram_from_inside",
	  .play = a_rebooted_nat_needs_a_datagram_from_inside },
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
