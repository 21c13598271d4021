/* test_lan.c - members on one network segment, whom nobody tells of each other. */
#include "base/err.h"
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/scenario/lab.h"

#include <stdio.h>

#define A 0
#define B 1
#define CROWD 12
#define V6 "2001:db8:77::"
#define M0S_OF_DIAL 5 /* within LAN_DIAL_PATIENCE_MS, at most */
#define DAY_US INT64_C(86400000000)

/* All on the network behind one NAT, without a line to anybody. */
static void set_up(struct world *world, unsigned count)
{
	lab_set_up(world, count);
	lab_place_behind(A, &natbox_port_restricted);
	for (unsigned i = 1; i < count; i++)
		lab_place_beside(i, A);
	for (unsigned i = 0; i < count; i++)
		lab.members[i].config.lan = true;
}

/* The same, without IPv4. */
static void set_up_v6(struct world *world, unsigned count)
{
	lab_set_up(world, count);
	for (unsigned i = 0; i < count; i++) {
		struct lab_member *m = &lab.members[i];
		char ip[ENDPOINT_TEXT_CHARS + 1];

		m->nat = i == A ? net_add_nat(world_net(world), NET_INTERNET, "198.51.100.1",
					      &natbox_port_restricted)
				: lab.members[A].nat;
		m->config.lan = true;
		(void)snprintf(ip, sizeof(ip), V6 "%x", i + 2);
		net_add_address(world_net(world), m->host, m->nat, ip);
	}
}

static void start_all(void)
{
	for (unsigned i = 0; i < lab.count; i++)
		lab_start(i);
}

static unsigned met_pairs(void)
{
	unsigned met = 0;

	for (unsigned a = 0; a < lab.count; a++)
		for (unsigned b = 0; b < lab.count; b++)
			met += a != b && lab_has_met(a, b);
	return met;
}

static struct node_counters counters(unsigned i)
{
	return lab_node(i)->counters;
}

/* They start together; a minute apart; each at once. */
static void two_meet(struct world *world)
{
	set_up(world, 2);
	for (unsigned turn = 0; turn < 2; turn++) {
		lab_start(A);
		lab_run_ms(turn * UINT64_C(70000));
		lab_start(B);
		lab_run_ms(600);
		SCENARIO_EXPECT(world, lab_has_met(A, B) && lab_has_met(B, A));
		lab_send_number(A, B, turn);
		lab_send_number(B, A, turn);
		lab_run_ms(200);
		SCENARIO_EXPECT(world, lab_arrived(A, B, turn, turn + 1) == 1);
		SCENARIO_EXPECT(world, lab_arrived(B, A, turn, turn + 1) == 1);
		lab_crash(A);
		lab_crash(B);
	}
}

/* Who does not want to, or has another secret, is not met, and hears nothing but beacons. */
static void strangers_do_not_meet(struct world *world)
{
	set_up(world, 3);
	lab.members[B].config.lan = false;
	lab.members[2].config.secrets[0].bytes[0] ^= 1;
	start_all();
	lab_run_ms(20000);
	SCENARIO_EXPECT(world, met_pairs() == 0);
	SCENARIO_EXPECT(world, counters(A).beacons_sent > 0 && counters(B).beacons_sent == 0);
	SCENARIO_EXPECT(world, counters(A).beacons_heard == 0 && counters(2).beacons_heard == 0);
	SCENARIO_EXPECT(world, counters(A).beacons_refused > 0);
	SCENARIO_EXPECT(world, sessions_counters(lab_node(A)->sessions).m0_received == 0);
}

/* A crowd of which nobody knows anybody becomes one ring, and then is quiet. */
static void a_crowd_meets(struct world *world)
{
	uint64_t before = 0;
	uint64_t after = 0;

	set_up(world, CROWD);
	start_all();
	lab_run_ms(10000);
	for (unsigned i = 0; i < CROWD; i++)
		SCENARIO_EXPECT(world, ring_is_settled(lab_node(i)->ring));
	for (unsigned i = 1; i < CROWD; i++) {
		lab_send_number(i, i - 1, 0);
		before += counters(i).beacons_sent;
	}
	lab_run_ms(120000);
	for (unsigned i = 1; i < CROWD; i++) {
		SCENARIO_EXPECT(world, lab_arrived(i, i - 1, 0, 1) == 1);
		after += counters(i).beacons_sent;
	}
	SCENARIO_EXPECT(world, after - before >= CROWD - 1);
	SCENARIO_EXPECT(world, after - before <= UINT64_C(2) * (CROWD - 1));
}

/* One comes to many: whoever is near it on the ring dials it; of the others three speak. */
static void a_newcomer_wakes_few(struct world *world)
{
	uint64_t before = 0;
	uint64_t after = 0;

	set_up(world, CROWD);
	for (unsigned i = 1; i < CROWD; i++)
		lab_start(i);
	lab_run_ms(10000);
	for (unsigned i = 1; i < CROWD; i++)
		before += counters(i).beacons_sent;
	lab_start(A);
	lab_run_ms(500);
	SCENARIO_EXPECT(world, ring_link_count(lab_node(A)->ring) > 0);
	for (unsigned i = 1; i < CROWD; i++)
		after += counters(i).beacons_sent;
	SCENARIO_EXPECT(world, after - before >= 1);
	SCENARIO_EXPECT(world, after - before <= LAN_ANSWERS_ENOUGH + 1);
}

/* Two rings that have grown apart, each with an entrance of its own, meet on a segment. */
static void two_rings_become_one(struct world *world)
{
	set_up(world, 6);
	for (unsigned i = 0; i < 6; i++)
		lab.members[i].config.lan = i % 3 == 1;
	for (unsigned i = 0; i < 6; i++)
		if (i % 3 != 0) {
			struct node_bootstrap *line = &lab.members[i].config.bootstrap[0];

			lab.members[i].config.bootstrap_count = 1;
			line->id = *lab_id(i - i % 3);
			line->port = LAB_PORT;
			(void)snprintf(line->host, sizeof(line->host), "10.0.0.%u",
				       i < 3 ? 2U : 6U);
		}
	for (unsigned i = 0; i < 6; i++)
		net_set_side(world_net(world), lab.members[i].host, i / 3);
	net_cut(world_net(world), 0, 1, true);
	net_cut(world_net(world), 1, 0, true);
	start_all();
	lab_run_ms(3000);
	net_cut(world_net(world), 0, 1, false);
	net_cut(world_net(world), 1, 0, false);
	SCENARIO_EXPECT(world, met_pairs() == 2 * 3 * 2);
	lab_run_ms(180000);
	SCENARIO_EXPECT(world, met_pairs() == 6 * 5);
}

/* What A or somebody has sent, as `i` hears it from that address. */
static int hear_at(unsigned i, const uint8_t bytes[BEACON_BYTES], const char *from)
{
	struct node_event event = { .kind = NODE_HEARD };

	(void)endpoint_ip_from_text(from, &event.beacon.remote);
	event.beacon.remote.port = BEACON_PORT;
	event.beacon.bytes = span_of(bytes, BEACON_BYTES);
	world_wake(lab.world, lab.members[i].host);
	return node_input(lab_node(i), lab_now(i), &event);
}

static int hear(const uint8_t bytes[BEACON_BYTES], const char *from)
{
	return hear_at(B, bytes, from);
}

static uint32_t dials(void)
{
	return sessions_counters(lab_node(B)->sessions).sessions;
}

static void restart_b(void)
{
	lab_crash(B);
	lab_start(B);
	lab_run_ms(100);
}

/* A beacon of A, who is not there any more. It is a day after the build date: a calendar before
 * that would be put right. */
static void beacon_of_a(struct world *world, uint8_t ret[BEACON_BYTES])
{
	set_up(world, 2);
	for (unsigned i = 0; i < 2; i++)
		world_step_wall(world, lab.members[i].host, DAY_US);
	lab_start(A);
	lab_run_ms(100);
	memcpy(ret, lab_node(A)->lan.bytes, BEACON_BYTES);
	lab_crash(A);
	lab_start(B);
	lab_run_ms(100);
}

/* Each byte changed; a second time; from where no member can be. */
static void what_is_heard_is_judged(struct world *world)
{
	static const char *const nowhere[] = { "127.0.0.1", "224.0.0.1", "10.130.0.2",
					       "0.0.0.0",   "fe80::1",   "ff12::1" };
	uint8_t bytes[BEACON_BYTES];

	beacon_of_a(world, bytes);
	for (size_t i = 0; i < BEACON_BYTES; i++) {
		bytes[i] ^= 0x40;
		SCENARIO_EXPECT(world, hear(bytes, "10.0.0.2") < 0);
		bytes[i] ^= 0x40;
	}
	SCENARIO_EXPECT(world, dials() == 0);
	SCENARIO_EXPECT(world, hear(bytes, "10.0.0.2") == 0);
	lab_run_ms(1);
	SCENARIO_EXPECT(world, dials() == 1);
	lab_run_ms(LAN_DIAL_PATIENCE_MS);
	SCENARIO_EXPECT(world, hear(bytes, "10.0.0.2") == ERR_REPLAY);
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		restart_b();
		SCENARIO_EXPECT(world, hear(bytes, nowhere[i]) == 0);
		lab_run_ms(1);
		SCENARIO_EXPECT(world, dials() == 0);
	}
}

static void calendars_are_judged(struct world *world)
{
	static const struct {
		int64_t step_us;
		int verdict;
	} cases[] = { { HEARD_SKEW_US - 1000000, 0 },
		      { HEARD_SKEW_US, ERR_REPLAY },
		      { -HEARD_SKEW_US, 0 },
		      { -HEARD_SKEW_US - 1000000, ERR_REPLAY } };
	uint8_t bytes[BEACON_BYTES];

	beacon_of_a(world, bytes);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_step_wall(world, lab.members[B].host, cases[i].step_us);
		restart_b();
		SCENARIO_EXPECT(world, hear(bytes, "10.0.0.2") == cases[i].verdict);
		world_step_wall(world, lab.members[B].host, -cases[i].step_us);
	}
}

/* --- who has the secret ---------------------------------------------------------------------- */

/* A beacon that `i` hears from there, of the n-th whom somebody invents. */
static int hear_invented(unsigned i, unsigned n, const char *from)
{
	struct lan *lan = &lab_node(i)->lan;
	const struct beacon beacon = { .id.bytes = { 0xee, (uint8_t)(n >> 8), (uint8_t)n },
				       .at = lab_now(i).wall,
				       .port = LAB_PORT,
				       .alone = true };
	const uint8_t nonce[BEACON_NONCE_BYTES] = { 0xee, (uint8_t)(n >> 8), (uint8_t)n };
	uint8_t bytes[BEACON_BYTES];
	uint8_t words[BEACON_WORDS_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct writer inner = writer_of(words, sizeof(words));

	beacon_envelope_encode(lan->keys[0].epoch, nonce, &w);
	beacon_encode(&beacon, &inner);
	SCENARIO_EXPECT(lab.world,
			aead_seal(&lan->keys[0].aead, nonce, span_of(bytes, BEACON_HEAD_BYTES),
				  writer_span(&inner), bytes + w.len) == 0);
	return hear_at(i, bytes, from);
}

/* However many others were heard since. */
static void a_beacon_counts_once(struct world *world)
{
	uint8_t bytes[BEACON_BYTES];

	beacon_of_a(world, bytes);
	SCENARIO_EXPECT(world, hear(bytes, "10.0.0.2") == 0);
	for (unsigned n = 0; n < 250; n++) {
		char from[16];

		(void)snprintf(from, sizeof(from), "10.0.1.%u", n + 1);
		SCENARIO_EXPECT(world, hear_invented(B, n, from) == 0);
	}
	SCENARIO_EXPECT(world, hear(bytes, "10.0.0.9") == ERR_REPLAY);
}

/* Counts what leaves for 203.0.113.0/24. */
static bool count_to_victims(void *context, struct mono at, uint32_t from,
			     const struct net_datagram *datagram)
{
	static const uint8_t victims[] = { 203, 0, 113 };
	unsigned *count = context;

	(void)at;
	(void)from;
	*count += memcmp(datagram->remote.ip + 12, victims, sizeof(victims)) == 0;
	return true;
}

/* Members whom somebody invents speak for almost a minute from where others are. How many M0s
 * leave; each has the bytes of 18 probes. */
static unsigned m0s_to_victims(struct world *world, unsigned members, unsigned addresses)
{
	static unsigned m0s;

	m0s = 0;
	set_up(world, 2);
	lab_start(B);
	net_set_tap(world_net(world),
		    (struct net_tap){ .pass = count_to_victims, .context = &m0s });
	for (unsigned n = 0; n < 590; n++) {
		char from[16];

		(void)snprintf(from, sizeof(from), "203.0.113.%u", n % addresses + 1);
		(void)hear_invented(B, n % members, from);
		lab_run_ms(100);
	}
	return m0s;
}

static void a_victim_gets_few_m0s(struct world *world)
{
	const unsigned m0s = m0s_to_victims(world, HEARD_OF_ADDRESS_MAX, 1);

	SCENARIO_EXPECT(world, m0s >= LAN_DIALS_OF_SOURCE_MAX); /* it is dialled at all */
	SCENARIO_EXPECT(world, m0s <= M0S_OF_DIAL * LAN_DIALS_OF_SOURCE_MAX);
}

static void all_victims_get_few_m0s(struct world *world)
{
	const unsigned m0s = m0s_to_victims(world, 250, 250);

	SCENARIO_EXPECT(world, m0s > M0S_OF_DIAL * LAN_DIALS_OF_SOURCE_MAX);
	SCENARIO_EXPECT(world, m0s <= 2 * M0S_OF_DIAL * LAN_DIALS_FAR_MAX);
}

/* Whom B has dialled lately in the name of others. */
static unsigned dialled_in_vain(const char *network)
{
	unsigned count = 0;

	for (unsigned n = 0; n < 300; n++) {
		char from[ENDPOINT_TEXT_CHARS + 1];

		(void)snprintf(from, sizeof(from), "%s%x", network, n % 100 + 30);
		(void)hear_invented(B, n, from);
		lab_run_ms(100);
	}
	for (size_t i = 0; i < LAN_DIALS_MAX; i++)
		count += lab_node(B)->lan.dials[i].used;
	return count;
}

/* Where a host has as many addresses as it likes they count together, but for our own segment. */
static void a_network_elsewhere_counts_as_one(struct world *world)
{
	set_up_v6(world, 2);
	lab_start(B);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, dialled_in_vain("2001:db8:99::") == LAN_DIALS_OF_SOURCE_MAX);
	restart_b();
	SCENARIO_EXPECT(world, dialled_in_vain(V6) > LAN_DIALS_FAR_MAX);
}

/* One invents members without end; who is there, elsewhere, is dialled all the same. */
static void who_invents_members_keeps_no_two_apart(struct world *world)
{
	set_up(world, 2);
	lab_start(B);
	lab_run_ms(20000); /* it has become quiet */
	for (unsigned n = 0; n < 50; n++) {
		(void)hear_invented(B, n, "10.0.0.77");
		if (n == 30)
			lab_start(A);
		lab_run_ms(100);
	}
	SCENARIO_EXPECT(world, lab_has_met(A, B));
}

/* The same on a network that has IPv6 alone, where all stand in one /64. */
static void who_invents_members_keeps_no_two_apart_by_ipv6(struct world *world)
{
	set_up_v6(world, 2);
	lab_start(B);
	lab_run_ms(20000);
	for (unsigned n = 0; n < 50; n++) {
		(void)hear_invented(B, n, V6 "77");
		if (n == 30)
			lab_start(A);
		lab_run_ms(100);
	}
	SCENARIO_EXPECT(world, lab_has_met(A, B));
}

/* One who has all addresses of the network invents members without end, and both hear it. */
static void invent_for_ms(const char *network, unsigned ms, unsigned each_ms)
{
	for (unsigned done = 0; done < ms; done += each_ms) {
		const unsigned n = (unsigned)(world_time(lab.world).us / 1000 / each_ms);
		char from[ENDPOINT_TEXT_CHARS + 1];

		(void)snprintf(from, sizeof(from), "%s%u", network, n % 200 + 30);
		(void)hear_invented(A, n, from);
		(void)hear_invented(B, n, from);
		lab_run_ms(each_ms);
	}
}

/* Both have spent all that they may on nobody when they come to stand on one segment. */
static void meet_among_the_invented(struct world *world, const char *network, unsigned each_ms)
{
	unsigned ms = 0;

	net_set_side(world_net(world), lab.members[B].host, 1);
	net_cut(world_net(world), 0, 1, true);
	net_cut(world_net(world), 1, 0, true);
	start_all();
	invent_for_ms(network, 60000, each_ms);
	SCENARIO_EXPECT(world, !lab_has_met(A, B));
	net_cut(world_net(world), 0, 1, false);
	net_cut(world_net(world), 1, 0, false);
	for (; ms < 60000 && !lab_has_met(A, B); ms += 1000)
		invent_for_ms(network, 1000, each_ms);
	world_note(world, "met after %u ms", ms);
	SCENARIO_EXPECT(world, lab_has_met(A, B));
}

static void who_has_all_addresses_keeps_no_two_apart(struct world *world)
{
	set_up_v6(world, 2);
	meet_among_the_invented(world, V6, 100);
}

/* By IPv4 nobody can tell what is beside us, so fewer are dialled. */
static void who_has_all_addresses_of_ipv4_keeps_no_two_apart(struct world *world)
{
	set_up(world, 2);
	meet_among_the_invented(world, "10.0.0.", 1000);
}

/* A host's filter lets in what answers, for half a minute, and beacons. */
struct filter {
	struct mono sent[LAB_MEMBERS_MAX][LAB_MEMBERS_MAX]; /* to whom; zero: never */
};

static unsigned at(const struct endpoint *address)
{
	return address->ip[ENDPOINT_IP_BYTES - 1] - 2U;
}

static bool is_let_in(void *context, struct mono now, uint32_t from,
		      const struct net_datagram *datagram)
{
	struct filter *filter = context;
	const unsigned sender = at(&datagram->local);
	const unsigned receiver = at(&datagram->remote);
	const struct mono sent = filter->sent[receiver][sender];

	(void)from;
	filter->sent[sender][receiver] = now;
	return sent.us != 0 && !mono_reached(now, mono_add_ms(sent, 30000));
}

/* The member whose id follows that of `i`, or the first. */
static unsigned next_of(unsigned i)
{
	unsigned first = i, next = lab.count;

	for (unsigned k = 0; k < lab.count; k++) {
		if (id_compare(lab_id(k), lab_id(first)) < 0)
			first = k;
		if (id_compare(lab_id(k), lab_id(i)) > 0 &&
		    (next == lab.count || id_compare(lab_id(k), lab_id(next)) < 0))
			next = k;
	}
	return next < lab.count ? next : first;
}

static bool is_one_ring(void)
{
	for (unsigned i = 0; i < lab.count; i++)
		if (!lab_has_met(i, next_of(i)))
			return false;
	return true;
}

/* Whoever is dialled has to dial as well. */
static void filters_keep_nobody_apart(struct world *world)
{
	static struct filter filter;
	unsigned ms = 0;

	filter = (struct filter){ 0 };
	set_up_v6(world, CROWD);
	net_set_tap(world_net(world), (struct net_tap){ .realm = lab.members[A].nat,
							.pass = is_let_in,
							.context = &filter });
	start_all();
	for (; ms < 100000 && !is_one_ring(); ms += 100)
		lab_run_ms(100);
	world_note(world, "one ring after %u ms", ms);
	SCENARIO_EXPECT(world, ms < 30000);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "two", .seeds = 3, .play = two_meet },
		{ .name = "strangers", .play = strangers_do_not_meet },
		{ .name = "crowd", .seeds = 3, .play = a_crowd_meets },
		{ .name = "newcomer", .seeds = 3, .play = a_newcomer_wakes_few },
		{ .name = "rings", .seeds = 3, .play = two_rings_become_one },
		{ .name = "judged", .play = what_is_heard_is_judged },
		{ .name = "calendars", .play = calendars_are_judged },
		{ .name = "once", .play = a_beacon_counts_once },
		{ .name = "victim", .play = a_victim_gets_few_m0s },
		{ .name = "victims", .play = all_victims_get_few_m0s },
		{ .name = "elsewhere", .play = a_network_elsewhere_counts_as_one },
		{ .name = "invented", .play = who_invents_members_keeps_no_two_apart },
		{ .name = "invented-v6", .play = who_invents_members_keeps_no_two_apart_by_ipv6 },
		{ .name = "all-addresses",
		  .seeds = 2,
		  .play = who_has_all_addresses_keeps_no_two_apart },
		{ .name = "all-addresses-v4",
		  .seeds = 2,
		  .play = who_has_all_addresses_of_ipv4_keeps_no_two_apart },
		{ .name = "filters", .seeds = 6, .play = filters_keep_nobody_apart },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
