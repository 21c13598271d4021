/* test_session.c - handshakes and rekeys over lines that lose, harm, double and delay.
 *
 * Pairs of members, each on two hosts of its own, dial at one moment. Who is told that a dial ended
 * dials again, as node/ does. */
#include "tests/lib/party.h"
#include "tests/scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>

#define PAIRS_MAX 50
#define PORT 4000
#define MS UINT64_C(1000)

struct member {
	struct party *party;
	uint32_t host;
	struct endpoint endpoint;
	bool dials;
	struct member *other;
	struct mono established; /* on the world's clock; 0: not yet */
};

static struct {
	struct world *world;
	struct party_group *group;
	struct member members[2 * PAIRS_MAX];
	unsigned count;
} lab;

/* A way is an endpoint; who is counted is an address. */
static struct carrier carrier_to(const struct endpoint *endpoint)
{
	struct carrier carrier = { .carriage = HANDSHAKE_RAW };
	struct writer w = writer_of(carrier.name, sizeof(carrier.name));

	endpoint_encode(endpoint, &w);
	memcpy(carrier.source, endpoint->ip, sizeof(carrier.source));
	return carrier;
}

static void flush(struct member *m)
{
	const struct party_out *out;

	while ((out = party_next(m->party)) != NULL) {
		struct reader r = reader_of(span_of(out->to.name, sizeof(out->to.name)));
		struct net_datagram datagram = { .local = m->endpoint,
						 .bytes = span_of(out->bytes, out->len) };

		SCENARIO_EXPECT(lab.world, endpoint_decode(&r, &datagram.remote));
		SCENARIO_EXPECT(lab.world, world_send(lab.world, m->host, &datagram) == 0);
	}
	if (m->established.us == 0 && party_count(m->party, SESSION_ESTABLISHED) > 0)
		m->established = world_time(lab.world);
}

static void on_datagram(void *machine, struct now now, const struct net_datagram *datagram)
{
	struct member *m = machine;
	const struct carrier from = carrier_to(&datagram->remote);

	(void)party_receive(m->party, now, &from, datagram->bytes);
	flush(m);
}

static void on_run(void *machine, struct now now)
{
	struct member *m = machine;

	party_drain(m->party, now);
	if (m->dials && sessions_counters(m->party->sessions).sessions == 0)
		(void)party_dial(m->party, now, m->other->party);
	flush(m);
}

static struct mono on_deadline(const void *machine)
{
	const struct member *m = machine;

	return sessions_deadline(m->party->sessions);
}

static const struct host_ops ops = { .datagram = on_datagram,
				     .run = on_run,
				     .deadline = on_deadline };

static void forget_play(void)
{
	for (unsigned i = 0; i < lab.count; i++)
		party_del(lab.members[i].party);
	if (lab.group != NULL)
		party_group_del(lab.group);
	memset(&lab, 0, sizeof(lab));
}

/* Pairs of members; the first of each dials the second when the world begins to run. */
static void set_up(struct world *world, unsigned pairs)
{
	forget_play(); /* the one before */
	lab.world = world;
	lab.count = 2 * pairs;
	lab.group = party_group_new(rng_u64(world_rng(world)), false);
	for (unsigned i = 0; i < lab.count; i++) {
		struct member *m = &lab.members[i];
		char ip[32];

		(void)snprintf(ip, sizeof(ip), "192.0.2.%u", i + 1);
		m->party = party_new(lab.group, (uint8_t)i);
		m->host = net_add_host(world_net(world));
		m->other = &lab.members[i ^ 1];
		m->dials = i % 2 == 0;
		net_add_address(world_net(world), m->host, NET_INTERNET, ip);
		SCENARIO_EXPECT(world, net_address(world_net(world), m->host, 0, &m->endpoint));
		m->endpoint.port = PORT;
		m->party->address = carrier_to(&m->endpoint);
	}
}

static void start(void)
{
	for (unsigned i = 0; i < lab.count; i++)
		world_attach(lab.world, lab.members[i].host, &ops, &lab.members[i]);
}

static int by_time(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a;
	const uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* All pairs stand at both ends by `limit_ms`, 95 of 100 by `p95_ms`. */
static void expect_established(uint64_t limit_ms, uint64_t p95_ms)
{
	uint64_t times[PAIRS_MAX];
	const unsigned pairs = lab.count / 2;

	for (unsigned i = 0; i < pairs; i++) {
		const struct member *a = &lab.members[(size_t)2 * i];
		const struct member *b = a->other;
		const bool both = a->established.us != 0 && b->established.us != 0;
		const uint64_t last = a->established.us > b->established.us ? a->established.us
									    : b->established.us;

		times[i] = both ? last / MS : UINT64_MAX;
		SCENARIO_EXPECT(lab.world, party_is_joined(a->party, b->party));
	}
	qsort(times, pairs, sizeof(times[0]), by_time);
	const uint64_t p95 = times[pairs * 95 / 100];

	world_note(lab.world, "established: p50 %llu ms, p95 %llu ms, all %llu ms",
		   (unsigned long long)times[pairs / 2], (unsigned long long)p95,
		   (unsigned long long)times[pairs - 1]);
	SCENARIO_EXPECT(lab.world, times[pairs - 1] <= limit_ms);
	SCENARIO_EXPECT(lab.world, p95 <= p95_ms);
}

/* One packet from everyone to the other, now. */
static void send_from_all(void)
{
	for (unsigned i = 0; i < lab.count; i++) {
		struct member *m = &lab.members[i];
		const struct handle session = party_session(m->party);

		if (handle_is_none(session))
			continue;
		(void)party_send(m->party, world_now(lab.world, m->host), session, FRAME_IP);
		world_wake(lab.world, m->host); /* what waits leaves in its own turn */
	}
}

/* 30 % of everything is lost, each way. */
static void loss(struct world *world)
{
	set_up(world, PAIRS_MAX);
	net_realm(world_net(world), NET_INTERNET)->loss = 300;
	start();
	world_run_ms(world, 30000);
	expect_established(30000, 4000);
}

static void light_loss(struct world *world)
{
	set_up(world, PAIRS_MAX);
	net_realm(world_net(world), NET_INTERNET)->loss = 20;
	start();
	world_run_ms(world, 5000);
	expect_established(5000, 500);
}

/* 30 % harmed, 50 % doubled, 25 % late: all come in, and no packet comes twice. */
static void bad_line(struct world *world)
{
	struct leg *leg = net_realm(world_net(world), NET_INTERNET);

	set_up(world, PAIRS_MAX);
	leg->corruption = 300;
	leg->duplication = 500;
	leg->reordering = 250;
	leg->reorder_us = 40000;
	start();
	world_run_ms(world, 30000);
	expect_established(30000, 5000);
	for (unsigned i = 0; i < 100; i++) {
		send_from_all();
		world_run_ms(world, 20);
	}
	world_run_ms(world, 2000);
	for (unsigned i = 0; i < lab.count; i++) {
		const struct party *party = lab.members[i].party;

		SCENARIO_EXPECT(world, party->packets_doubled == 0);
		SCENARIO_EXPECT(world, party->packets >= 50 && party->packets <= 100);
	}
}

/* 1.5 s there and back. */
static void long_way(struct world *world)
{
	set_up(world, PAIRS_MAX);
	net_realm(world_net(world), NET_INTERNET)->delay_us = 750000;
	start();
	world_run_ms(world, 6000);
	expect_established(6000, 6000);
	for (unsigned i = 0; i < lab.count; i++)
		SCENARIO_EXPECT(world, lab.members[i].party->m0_sent <= 3);
}

/* Both of each pair dial at the same moment, over lines of all lengths. */
static void both_dial(struct world *world)
{
	set_up(world, PAIRS_MAX);
	for (unsigned i = 0; i < lab.count; i++) {
		lab.members[i].dials = true;
		net_place(world_net(world), lab.members[i].host, (int32_t)(i * 7919 % 100000), 0);
	}
	start();
	world_run_ms(world, 9000);
	expect_established(9000, 2000);
	world_run_ms(world, 6000);
	for (unsigned i = 0; i < lab.count; i++)
		SCENARIO_EXPECT(world,
				sessions_counters(lab.members[i].party->sessions).sessions == 1);
}

/* An hour of packets through 30 % of loss: some 30 rekeys, and never a moment without keys. */
static void an_hour_with_loss(struct world *world)
{
	set_up(world, 4);
	net_realm(world_net(world), NET_INTERNET)->loss = 300;
	start();
	world_run_ms(world, 30000);
	for (unsigned second = 0; second < 3600; second += 2) {
		send_from_all();
		world_run_ms(world, 2000);
		for (unsigned i = 0; i < lab.count; i++) {
			struct party *party = lab.members[i].party;

			SCENARIO_EXPECT(world, party_is_joined(party, lab.members[i].other->party));
			SCENARIO_EXPECT(world, party_count(party, SESSION_CLOSED) == 0);
		}
	}
	for (unsigned i = 0; i < lab.count; i++) {
		const struct party *party = lab.members[i].party;

		SCENARIO_EXPECT(world, sessions_counters(party->sessions).rekeys >= 25);
		SCENARIO_EXPECT(world, party->packets >= 1000 && party->packets_doubled == 0);
	}
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ "loss", loss, .seeds = 3 },
		{ "light_loss", light_loss, .seeds = 1 },
		{ "bad_line", bad_line, .seeds = 1 },
		{ "long_way", long_way, .seeds = 1 },
		{ "both_dial", both_dial, .seeds = 2 },
		{ "an_hour_with_loss", an_hour_with_loss, .seeds = 1 },
	};
	const int status =
		scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));

	forget_play();
	return status;
}
