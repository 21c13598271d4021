/* test_relaying.c - relays: taken while they serve, given up when they do not, shared between those
 * who need them; and what an idle member costs. */
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/scenario/lab.h"

#define IDLE_BYTES_A_DAY 14000000 /* of a home in a network of five, sent and received */
#define DAY_S 86400
#define IP_UDP_BYTES 28

static struct node *inside(unsigned i)
{
	return node_host_node(lab.members[i].node);
}

static enum way_kind way_between(unsigned a, unsigned b)
{
	return peer_way(lab_inside(a, b)).kind;
}

/* The member by whom `a` reaches `b`, or lab.count. */
static unsigned relay_between(unsigned a, unsigned b)
{
	struct handle unused;
	const struct way way = peer_way(lab_inside(a, b));
	const struct peer *relay =
		way.kind == WAY_RELAY ? pool_slot(&inside(a)->peers, way.link - 1, &unused) : NULL;

	for (unsigned i = 0; i < lab.count && relay != NULL; i++)
		if (id_equal(&lab.members[i].identity.certificate.id, &relay->id))
			return i;
	return lab.count;
}

/* `hubs` public members, of whom the first is everybody's entrance, and homes after them. */
static void begin_homes(unsigned hubs, const struct natbox_kind *const *homes)
{
	for (unsigned i = 0; i < lab.count; i++) {
		if (i < hubs)
			lab_place_public(i);
		else
			lab_place_behind(i, homes[i - hubs]);
		for (unsigned k = 0; k < hubs && k < i; k++)
			lab_add_line(i, k);
	}
	for (unsigned i = 0; i < lab.count; i++)
		lab_start(i);
}

static void start_homes(unsigned hubs, const struct natbox_kind *const *homes)
{
	begin_homes(hubs, homes);
	lab_run_ms(2000);
}

static void talk_ms(unsigned a, unsigned b, unsigned *number, uint64_t ms)
{
	for (uint64_t done = 0; done < ms; done += 100) {
		lab_send_number(a, b, *number);
		lab_send_number(b, a, (*number)++);
		lab_run_ms(100);
	}
}

/* -- given up ------------------------------------------------------------------------------ */

/* A relay in reserve is there while two talk, and nobody's burden when they have been silent. */
static void a_reserve_is_given_up(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_port_restricted,
							   &natbox_port_restricted };
	unsigned number = 0;

	lab_set_up(world, 3);
	start_homes(1, homes);
	talk_ms(1, 2, &number, 5000);
	SCENARIO_EXPECT(world, way_between(1, 2) == WAY_DIRECT);
	SCENARIO_EXPECT(world, relays_count(inside(0)->relays) == 1);
	lab_run_slowly_ms(PATHS_TALK_MS + PATHS_RELAY_SPARE_MS - 6000);
	SCENARIO_EXPECT(world, relays_count(inside(0)->relays) == 1);
	lab_run_slowly_ms(PATHS_QUIET_MS + 5000); /* it is looked at when silence gets too long */
	SCENARIO_EXPECT(world, relays_count(inside(0)->relays) == 0);
	talk_ms(1, 2, &number, 1000);
	SCENARIO_EXPECT(world, relays_count(inside(0)->relays) == 1);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, number) == number);
	SCENARIO_EXPECT(world, lab_arrived(2, 1, 0, number) == number);
}

/* -- others ---------------------------------------------------------------------------------- */

/* Two grant and carry nothing, since their owners allow a byte a second: first in the order of ids,
 * they must not stand before the third for ever. */
static void relays_that_do_not_carry_are_replaced(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };
	unsigned last = 0;
	unsigned number = 0;
	unsigned late;

	lab_set_up(world, 5);
	for (unsigned i = 1; i < 3; i++)
		if (id_compare(&lab.members[i].identity.certificate.id,
			       &lab.members[last].identity.certificate.id) > 0)
			last = i;
	for (unsigned i = 0; i < 3; i++)
		if (i != last)
			lab.members[i].config.relay_bytes_s = 1;
	start_homes(3, homes);
	for (; number < 600; number++) { /* what they allow at once */
		lab_send_sized(3, 4, number, 1300);
		lab_run_ms(20);
	}
	talk_ms(3, 4, &number, 40000);
	SCENARIO_EXPECT(world, way_between(3, 4) == WAY_RELAY && way_between(4, 3) == WAY_RELAY);
	SCENARIO_EXPECT(world, relay_between(3, 4) == last && relay_between(4, 3) == last);
	late = number;
	talk_ms(3, 4, &number, 10000);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(3, 4, late, number) == number - late);
	SCENARIO_EXPECT(world, lab_arrived(4, 3, late, number) == number - late);
}

/* One end has found of one relay what the other has not, so they try the three one after the other,
 * out of step: they must meet all the same. */
static void ends_out_of_step_meet(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };
	unsigned first = 0;
	struct handle relay;

	lab_set_up(world, 5);
	for (unsigned i = 1; i < 3; i++)
		if (id_compare(&lab.members[i].identity.certificate.id,
			       &lab.members[first].identity.certificate.id) < 0)
			first = i;
	begin_homes(3, homes);
	for (unsigned i = 0; i < 100 && (lab_inside(3, 4) == NULL || !peer_is_up(lab_inside(3, 4)));
	     i++)
		lab_run_ms(10);
	SCENARIO_EXPECT(world, peer_find(inside(3), &lab.members[first].identity.certificate.id,
					 &relay) != NULL);
	lab_inside(3, 4)->shunned[0] =
		(struct shunned){ .relay = relay, .last = mono_add_ms(world_time(world), 60000) };
	lab_run_ms(PATHS_NO_RELAY_MS + 1500);
	SCENARIO_EXPECT(world, way_between(3, 4) == WAY_RELAY && way_between(4, 3) == WAY_RELAY);
}

static struct relay_message message_of(unsigned peer, uint32_t index)
{
	return (struct relay_message){ .peer = lab.members[peer].identity.certificate.id,
				       .index = index };
}

static void say_relay(unsigned from, unsigned to, uint8_t kind, const struct relay_message *message)
{
	uint8_t bytes[RELAY_MESSAGE_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	relay_message_encode(message, &w);
	CHECK(writer_ok(&w));
	lab_say(from, to, kind, writer_span(&w));
}

/* Who grants and ends in one breath is not asked again and again. */
static void a_relay_that_ends_at_once_is_left_alone(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };
	uint32_t before = 0;
	unsigned asked = 0;

	lab_set_up(world, 3);
	start_homes(1, homes);
	lab_send_number(1, 2, 0);
	for (unsigned i = 0; i < 1500; i++) {
		const struct relaying *relaying = &lab_inside(1, 2)->relayings[0];

		if (!handle_is_none(relaying->relay) && relaying->index != before) {
			struct relay_message message;

			before = relaying->index;
			asked++;
			message = message_of(2, 77);
			say_relay(0, 1, FRAME_RELAY_GRANT, &message);
			message.index = before;
			say_relay(0, 1, FRAME_RELAY_END, &message);
		}
		lab_run_ms(20);
	}
	SCENARIO_EXPECT(world, asked >= 2); /* in 30 s */
	SCENARIO_EXPECT(world, asked <= 5);
}

/* What was not asked for changes nothing, and an END that comes late ends nothing new. */
static void only_answers_to_what_was_asked_count(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };
	unsigned number = 0;
	struct relaying before;
	struct relay_message message;

	lab_set_up(world, 3);
	start_homes(1, homes);
	talk_ms(1, 2, &number, 5000);
	SCENARIO_EXPECT(world, way_between(1, 2) == WAY_RELAY);
	before = lab_inside(1, 2)->relayings[0];
	message = message_of(2, before.send_index + 1);
	say_relay(0, 1, FRAME_RELAY_GRANT, &message);
	message.index = before.index + 1;
	say_relay(0, 1, FRAME_RELAY_END, &message);
	message = message_of(2, before.index + 1);
	say_relay(1, 0, FRAME_RELAY_END, &message);
	talk_ms(1, 2, &number, 1000);
	SCENARIO_EXPECT(world, lab_inside(1, 2)->relayings[0].send_index == before.send_index);
	SCENARIO_EXPECT(world, lab_inside(1, 2)->relayings[0].index == before.index);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 0, number) == number);
	SCENARIO_EXPECT(world, lab_arrived(2, 1, 0, number) == number);
}

/* Who was granted may send at once, so the table is made before anybody is told. */
static void the_table_is_made_before_the_grant(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };
	struct node_action action;
	unsigned sent = 0, tables = 0;

	lab_set_up(world, 3);
	begin_homes(1, homes);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, relays_count(inside(0)->relays) == 0);
	for (unsigned i = 1; i < 3; i++) {
		const struct relay_message ask = message_of(3 - i, i);

		CHECK(relays_ask(inside(0)->relays, lab_now(0).mono, lab_id(i), &ask) == 0);
	}
	while (node_poll(inside(0), lab_now(0), &action)) {
		sent += action.kind == NODE_SEND;
		SCENARIO_EXPECT(world, tables > 0 || sent == 0);
		if (action.kind == NODE_TABLE) {
			table_del(action.table);
			tables++;
		}
	}
	SCENARIO_EXPECT(world, tables == 1 && sent == 2);
}

/* A member is about to let go of two who then ask it to relay: what it grants it does. */
static void who_is_asked_to_relay_holds_on(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };

	lab_set_up(world, 3);
	begin_homes(1, homes);
	lab_run_ms(1000);
	for (unsigned i = 1; i < 3; i++) {
		struct need *need = &lab_inside(0, i)->need;

		need->state = NEED_ASKS;
		need->asks = 1; /* it was said, and is lost */
		need->since = mono_add_ms(world_time(world), 10000);
	}
	table_now(inside(0));
	lab_run_ms(PATHS_NO_RELAY_MS + 500);
	SCENARIO_EXPECT(world, relays_count(inside(0)->relays) == 1);
	SCENARIO_EXPECT(world, way_between(1, 2) == WAY_RELAY && way_between(2, 1) == WAY_RELAY);
}

/* Who does not serve, though it said that it would, tells so: the pair need not wait. */
static void who_does_not_serve_says_so(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };

	lab_set_up(world, 3);
	begin_homes(1, homes);
	lab_run_ms(1000);
	inside(0)->config.relay_bytes_s = 0;
	lab_run_ms(2500);
	SCENARIO_EXPECT(world, lab_inside(1, 2)->relay_wanted.us != 0);
	for (unsigned i = 0; i < PEER_RELAYS_MAX; i++)
		SCENARIO_EXPECT(world, handle_is_none(lab_inside(1, 2)->relayings[i].relay));
	SCENARIO_EXPECT(world, !handle_is_none(lab_inside(1, 2)->shunned[0].relay));
}

/* A peer that is reached directly may stand among those who relay for us, and name itself. */
static void nobody_relays_to_itself(struct world *world)
{
	struct candidates_message message = { .relay_count = 1 };
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	unsigned number = 0;

	lab_start_star(world, 2);
	lab_run_ms(2000);
	message.relays[0] = lab.members[0].identity.certificate.id;
	candidates_encode(&message, &w);
	CHECK(writer_ok(&w));
	lab_say(0, 1, FRAME_CANDIDATES, writer_span(&w));
	talk_ms(0, 1, &number, 12000); /* it wants a relay in reserve */
	for (unsigned i = 0; i < PEER_RELAYS_MAX; i++)
		SCENARIO_EXPECT(world, handle_is_none(lab_inside(1, 0)->relayings[i].relay));
}

/* One pair floods the relay that another one needs, too: the other still has its share. */
static void a_flood_leaves_others_their_share(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric,
							   &natbox_symmetric, &natbox_symmetric };
	unsigned number = 0;

	lab_set_up(world, 5);
	lab.members[0].config.relay_bytes_s = 100000;
	start_homes(1, homes);
	talk_ms(1, 2, &number, 5000);
	number = 0;
	talk_ms(3, 4, &number, 5000);
	SCENARIO_EXPECT(world, way_between(1, 2) == WAY_RELAY && way_between(3, 4) == WAY_RELAY);
	for (unsigned n = 0; n < 2000; n++) { /* 800 kB/s */
		lab_send_sized(1, 2, 100 + n, 1200);
		if (n % 20 == 0)
			lab_send_number(3, 4, number++);
		if (n % 2 == 0)
			lab_run_ms(10);
	}
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(3, 4, 0, number) == number);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 100, 2100) < 1300);
	SCENARIO_EXPECT(world, lab_arrived(1, 2, 100, 2100) > 700); /* and what is left over */
}

/* One sends four times what the relay takes, the other answers a little. How long nothing came at
 * most, in ms, while the relay dies. */
static uint64_t silence_as_the_relay_dies(struct world *world)
{
	uint64_t now_ms = 0, last_ms = 0, longest_ms = 0;
	unsigned came = 0, number = 0;

	for (unsigned n = 0; now_ms < 8000; n++) {
		if (n == 900) /* after 3 s */
			lab_crash(relay_between(3, 4));
		lab_send_sized(3, 4, 100 + n, 1200);
		if (n % 3 == 2) {
			lab_send_number(4, 3, number++);
			lab_run_ms(10);
			now_ms += 10;
		}
		if (lab_arrived(3, 4, 100, 101 + n) > came || now_ms == 8000) {
			came = lab_arrived(3, 4, 100, 101 + n);
			longest_ms = now_ms - last_ms > longest_ms ? now_ms - last_ms : longest_ms;
			last_ms = now_ms;
		}
	}
	SCENARIO_EXPECT(world, came < 2400 * 2 / 3); /* it was too much, all the time */
	return longest_ms;
}

static void expect_failover(struct world *world, uint64_t relay_bytes_s, uint32_t line_bytes_s)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };
	unsigned number = 0;
	uint64_t longest_ms;

	lab_set_up(world, 5);
	for (unsigned i = 0; i < 3; i++)
		lab.members[i].config.relay_bytes_s = relay_bytes_s;
	start_homes(3, homes);
	talk_ms(3, 4, &number, 5000);
	SCENARIO_EXPECT(world, way_between(3, 4) == WAY_RELAY);
	for (unsigned i = 0; i < 3 && line_bytes_s > 0; i++) {
		struct leg *line = net_uplink(world_net(world), lab.members[i].host);

		line->rate_bytes = line_bytes_s;
		line->queue_bytes = 50000;
	}
	longest_ms = silence_as_the_relay_dies(world);
	world_note(world, "nothing came for %llu ms", (unsigned long long)longest_ms);
	SCENARIO_EXPECT(world, longest_ms > 100 && longest_ms <= 1000);
}

/* A relay dies, and all that its owner allowed was used, */
static void a_meter_that_is_spent_delays_no_other(struct world *world)
{
	expect_failover(world, 90000, 0);
}

/* or all that its line takes, so that probes wait behind all else, or get lost with it. */
static void a_queue_that_is_full_delays_no_other(struct world *world)
{
	expect_failover(world, 10000000, 90000);
}

/* -- rebound --------------------------------------------------------------------------------- */

/* What one sends the other, and the longest silence on the other side. */
struct stream {
	unsigned from, to;
	uint64_t each_ms; /* a packet; 0: none */
	uint64_t next_ms;
	unsigned sent, came;
	uint64_t silent_ms, longest_ms;
};

static void stream_10_ms(struct stream *s)
{
	const unsigned came = s->came;

	if (s->each_ms > 0 && s->next_ms == 0) {
		lab_send_number(s->from, s->to, s->sent++);
		s->next_ms = s->each_ms;
	}
	s->next_ms -= s->next_ms > 0 ? 10 : 0;
	s->came = lab_arrived(s->from, s->to, 0, s->sent);
	s->silent_ms = s->came > came || s->each_ms == 0 ? 0 : s->silent_ms + 10;
	if (s->silent_ms > s->longest_ms)
		s->longest_ms = s->silent_ms;
}

static void stream_ms(struct stream streams[2], uint64_t ms)
{
	for (uint64_t done = 0; done < ms; done += 10) {
		stream_10_ms(&streams[0]);
		stream_10_ms(&streams[1]);
		lab_run_ms(10);
	}
}

static void start_streams(struct world *world, struct stream ret[2])
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };

	lab_set_up(world, 4);
	start_homes(2, homes);
	ret[0] = (struct stream){ .from = 2, .to = 3, .each_ms = 50 };
	ret[1] = (struct stream){ .from = 3, .to = 2, .each_ms = 50 };
	stream_ms(ret, 5000);
	SCENARIO_EXPECT(world, way_between(2, 3) == WAY_RELAY && way_between(3, 2) == WAY_RELAY);
}

/* The NAT of the first forgets its mappings: what comes to it is lost until it says something
 * itself. */
static void rebind(struct world *world, struct stream streams[2], uint64_t limit_ms)
{
	for (unsigned i = 0; i < 2; i++) {
		streams[i].next_ms = 0;
		streams[i].silent_ms = 0;
		streams[i].longest_ms = 0;
	}
	natbox_reboot(net_nat(world_net(world), lab.members[2].nat));
	stream_ms(streams, 5000);
	world_note(world, "nothing came for %llu and %llu ms",
		   (unsigned long long)streams[0].longest_ms,
		   (unsigned long long)streams[1].longest_ms);
	SCENARIO_EXPECT(world, streams[0].longest_ms <= limit_ms);
	SCENARIO_EXPECT(world, streams[1].longest_ms <= limit_ms);
}

/* Whoever talks, and however little. */
static void a_relayed_end_is_rebound(struct world *world)
{
	static const uint64_t each_ms[][2] = {
		{ 50, 0 }, { 0, 50 }, { 1000, 0 }, { 0, 1000 }, { 1000, 1000 }, { 50, 50 },
	};
	struct stream streams[2];

	start_streams(world, streams);
	for (size_t i = 0; i < sizeof(each_ms) / sizeof(each_ms[0]); i++) {
		streams[0].each_ms = each_ms[i][0];
		streams[1].each_ms = each_ms[i][1];
		rebind(world, streams, 3500);
	}
}

/* The relay, for whom it is not its own traffic, goes by the new address as soon as that answered:
 * one and a half round trips after the first packet from there. */
static void a_relay_follows_at_once(struct world *world)
{
	struct stream streams[2];

	start_streams(world, streams);
	for (unsigned i = 0; i < 3; i++) {
		streams[0].each_ms = 10;
		streams[1].each_ms = 10;
		rebind(world, streams, 220);
	}
}

/* -- killed ---------------------------------------------------------------------------------- */

/* Two have been silent and begin to talk; a moment later their relay dies. */
static void kill_relay(struct world *world, uint32_t one_way_ms, uint64_t after_ms,
		       uint64_t limit_ms)
{
	static const struct natbox_kind *const homes[] = { &natbox_symmetric, &natbox_symmetric };
	struct stream streams[2] = { { .from = 3, .to = 4, .each_ms = 10 },
				     { .from = 4, .to = 3, .each_ms = 10 } };

	lab_set_up(world, 5);
	net_realm(world_net(world), NET_INTERNET)->delay_us = one_way_ms * 1000;
	start_homes(3, homes);
	lab_run_slowly_ms(PATHS_QUIET_MS + PATHS_RELAY_SPARE_MS);
	SCENARIO_EXPECT(world, way_between(3, 4) == WAY_RELAY);
	stream_ms(streams, after_ms);
	lab_crash(relay_between(3, 4));
	stream_ms(streams, 4000);
	for (unsigned i = 0; i < 2; i++) {
		world_note(world, "%u ms, killed after %u ms: nothing came for %u ms",
			   (unsigned)one_way_ms, (unsigned)after_ms,
			   (unsigned)streams[i].longest_ms);
		SCENARIO_EXPECT(world, streams[i].longest_ms <= limit_ms);
	}
}

static uint64_t some_moment_ms(struct world *world)
{
	return 10 * rng_between(world_rng(world), 0, 200);
}

/* There may be no other relay yet: then it goes along the ring. */
static void a_relay_dies_as_a_talk_begins(struct world *world)
{
	kill_relay(world, 20, some_moment_ms(world), 1000);
}

/* 300 ms and two round trips of 240 ms until it is doubted, one until the reserve has answered, and
 * half of one until the other end hears something. */
static void a_relay_far_away_dies(struct world *world)
{
	kill_relay(world, 60, 1500, 1200);
}

/* -- in a crowd ---------------------------------------------------------------------------- */

#define CROWD 40
#define CROWD_EACH 3 /* so manieth has a NAT that lends a port for each peer */

/* Each has more direct links than it can name. */
static void start_crowd(struct world *world)
{
	lab_set_up(world, CROWD);
	for (unsigned i = 0; i < CROWD; i++) {
		if (i % CROWD_EACH != 1)
			lab_place_public(i);
		else
			lab_place_behind(i, &natbox_symmetric);
		lab_add_line(i, 0);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		lab_start(i);
		lab_run_ms(20);
	}
	lab_run_ms(5000);
}

/* Pairs of members that nobody has heard of fill the relay, needed or not. */
static void fill_relay(struct world *world, bool is_needed)
{
	for (uint32_t i = 1; i <= RELAYS_MAX; i++) {
		const struct id ends[2] = { { { 1, (uint8_t)(i >> 8), (uint8_t)i } },
					    { { 2, (uint8_t)(i >> 8), (uint8_t)i } } };

		for (unsigned e = 0; e < 2; e++) {
			const struct relay_message ask = { .peer = ends[1 - e],
							   .index = i,
							   .is_needed = is_needed };

			(void)relays_ask(inside(0)->relays, lab_now(0).mono, &ends[e], &ask);
		}
	}
	world_wake(world, lab.members[0].host);
}

/* The first member and another one, not near it, are relayed by the hub. */
static unsigned start_far_pair(struct world *world)
{
	unsigned far = 2;

	lab_set_up(world, 14);
	lab_place_public(0);
	lab_start(0);
	for (unsigned i = 1; i < lab.count; i++) {
		lab_place_behind(i, i == 1 ? &natbox_symmetric : &natbox_port_restricted);
		lab_add_line(i, 0);
		lab_start(i);
	}
	lab_run_ms(5000);
	while (ring_is_near(inside(1)->ring, lab_id(far)))
		far++;
	return far;
}

/* A pair that is silent gives way where relays are few, though no link of the ring does; and has a
 * relay again when it talks, from those who do not. */
static void who_is_silent_gives_way(struct world *world)
{
	const unsigned far = start_far_pair(world);
	unsigned number = 0, near;

	for (near = 2; !ring_is_near(inside(1)->ring, lab_id(near)); near++)
		;
	talk_ms(1, far, &number, 4000);
	lab_run_slowly_ms(PATHS_QUIET_MS + RELAYS_REFRESH_MS);
	talk_ms(1, far, &number, 500);
	fill_relay(world, true);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, way_between(1, far) == WAY_RELAY);
	lab_run_slowly_ms(PATHS_QUIET_MS + RELAYS_REFRESH_MS);
	SCENARIO_EXPECT(world, way_between(1, far) == WAY_RELAY);
	fill_relay(world, true);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, way_between(1, far) == WAY_RING);
	SCENARIO_EXPECT(world, way_between(1, near) == WAY_RELAY);
	lab_run_ms(PATHS_RELAY_AGAIN_MS);
	SCENARIO_EXPECT(world, strstr(lab_inside(1, far)->paths.why, "takes the pair") != NULL);
	fill_relay(world, false);
	talk_ms(1, far, &number, 1500);
	SCENARIO_EXPECT(world, way_between(1, far) == WAY_RELAY);
	SCENARIO_EXPECT(world, lab_arrived(1, far, 0, number - 1) == number - 1);
}

/* All who stood between them leave. */
static void who_becomes_near_says_so_at_once(struct world *world)
{
	const unsigned far = start_far_pair(world);
	unsigned number = 0;

	talk_ms(1, far, &number, 4000);
	lab_run_slowly_ms(PATHS_QUIET_MS + RELAYS_REFRESH_MS);
	SCENARIO_EXPECT(world, way_between(1, far) == WAY_RELAY);
	SCENARIO_EXPECT(world, !lab_inside(1, far)->relayings[0].is_needed);
	for (unsigned i = 2; i < lab.count; i++)
		if (i != far)
			ring_left(inside(1)->ring, lab_now(1), lab_id(i));
	world_wake(world, lab.members[1].host);
	world_run_ms(world, 1);
	SCENARIO_EXPECT(world, lab_inside(1, far)->relayings[0].is_needed);
}

/* A near link that cannot be direct is a link all the same. */
static void near_members_find_a_relay(struct world *world)
{
	unsigned relayed = 0;

	start_crowd(world);
	for (unsigned i = 0; i < CROWD; i++) {
		struct id near[2 * RING_NEAR];
		const size_t count = ring_near(inside(i)->ring, near);

		for (size_t n = 0; n < count; n++) {
			struct handle unused;
			const enum way_kind kind =
				peer_way(peer_find(inside(i), &near[n], &unused)).kind;

			SCENARIO_EXPECT(world, kind == WAY_DIRECT || kind == WAY_RELAY);
			relayed += kind == WAY_RELAY;
		}
	}
	SCENARIO_EXPECT(world, relayed > 0);
}

/* Who stand far from each other know nobody in common: one makes a link to some whom the other
 * knows. */
static void members_far_apart_find_a_relay(struct world *world)
{
	unsigned asked = 0;

	start_crowd(world);
	for (unsigned a = 1; a < CROWD && asked < 10; a += CROWD_EACH)
		for (unsigned b = 1; b < a && asked < 10; b += CROWD_EACH) {
			unsigned number = 0;

			if (lab_inside(a, b) != NULL && peer_is_up(lab_inside(a, b)))
				continue;
			talk_ms(a, b, &number, 5000);
			SCENARIO_EXPECT(world, lab_arrived(a, b, 0, number) == number);
			SCENARIO_EXPECT(world, way_between(a, b) == WAY_RELAY);
			asked++;
		}
	SCENARIO_EXPECT(world, asked > 0);
}

/* `b` names two members that it does not ask, as who has just lost its links to them, and one that
 * `a` has not met. */
static void name_two_that_are_not_asked(unsigned a, unsigned b)
{
	struct candidates_message message = { .nat = NAT_CHANGING };
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	for (unsigned i = 1; i < CROWD && message.relay_count < 2; i++)
		if (lab_has_met(a, i) && !lab_has_met(b, i) && relaying_is_able(lab_inside(a, i)))
			message.relays[message.relay_count++] = *lab_id(i);
	SCENARIO_EXPECT(lab.world, message.relay_count == 2);
	message.relays[message.relay_count++] = *lab_id(lab_stranger(a, 0));
	candidates_encode(&message, &w);
	CHECK(writer_ok(&w));
	lab_say(b, a, FRAME_CANDIDATES, writer_span(&w));
}

static void name_for_ms(unsigned a, unsigned b, unsigned ms)
{
	for (unsigned done = 0; done < ms; done += 250) {
		name_two_that_are_not_asked(a, b);
		lab_run_ms(250);
	}
}

/* Two who are asked do not answer, of a pair that has nobody else: links to others are made before
 * that is certain. */
static void who_is_silent_holds_up_nothing(struct world *world)
{
	const struct peer *to = NULL;
	unsigned a = 1, b = 1 + CROWD_EACH;

	start_crowd(world);
	for (; b < CROWD && to == NULL; b += CROWD_EACH) {
		if (lab_has_met(a, b))
			continue;
		lab_send_number(a, b, 0);
		lab_run_ms(PATHS_NO_RELAY_MS / 2);
		name_for_ms(a, b, PATHS_NO_RELAY_MS / 2 + 1000);
		if (way_between(a, b) == WAY_RING && lab_inside(a, b)->relayings[1].asks == 1 &&
		    lab_inside(a, b)->relay_links_next.us == 0)
			to = lab_inside(a, b);
	}
	name_for_ms(a, b - CROWD_EACH, 1000);
	SCENARIO_EXPECT(world, to != NULL && to->relay_links_next.us != 0);
}

/* -- what it costs ----------------------------------------------------------------------------- */

struct wiretap {
	uint32_t device;
	struct endpoint outside;
	uint64_t bytes;
};

static bool count_bytes(void *context, struct mono at, uint32_t from,
			const struct net_datagram *datagram)
{
	struct wiretap *tap = context;

	(void)at;
	if (from == tap->device || endpoint_ip_equal(&datagram->remote, &tap->outside))
		tap->bytes += datagram->bytes.len + IP_UDP_BYTES;
	return true;
}

/* Five members, of whom nobody says anything: what a home behind a port-restricted NAT sends and
 * gets, with another whose NAT lends a port for each peer, so that they need a relay. */
static void an_idle_member_costs_little(struct world *world)
{
	static const struct natbox_kind *const homes[] = { &natbox_port_restricted,
							   &natbox_address_restricted,
							   &natbox_symmetric };
	const uint64_t span_s = 1000;
	struct wiretap tap = { 0 };

	lab_set_up(world, 5);
	start_homes(2, homes);
	lab_run_slowly_ms(60000);
	SCENARIO_EXPECT(world, way_between(2, 3) == WAY_DIRECT);
	SCENARIO_EXPECT(world, way_between(2, 4) == WAY_RELAY);
	tap.device = lab.members[2].nat;
	CHECK(endpoint_ip_from_text("198.51.100.3", &tap.outside) == 0);
	net_set_tap(world_net(world), (struct net_tap){ .pass = count_bytes, .context = &tap });
	lab_run_slowly_ms(span_s * 1000);
	net_set_tap(world_net(world), (struct net_tap){ 0 });
	world_note(world, "%llu bytes a day", (unsigned long long)(tap.bytes * DAY_S / span_s));
	SCENARIO_EXPECT(world, tap.bytes * DAY_S / span_s < IDLE_BYTES_A_DAY);
	SCENARIO_EXPECT(world, way_between(2, 4) == WAY_RELAY);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "given-up", .seeds = 3, .play = a_reserve_is_given_up },
		{ .name = "replaced", .seeds = 3, .play = relays_that_do_not_carry_are_replaced },
		{ .name = "out-of-step", .seeds = 5, .play = ends_out_of_step_meet },
		{ .name = "ends-at-once", .play = a_relay_that_ends_at_once_is_left_alone },
		{ .name = "unasked", .play = only_answers_to_what_was_asked_count },
		{ .name = "told", .play = the_table_is_made_before_the_grant },
		{ .name = "holds-on", .play = who_is_asked_to_relay_holds_on },
		{ .name = "denied", .play = who_does_not_serve_says_so },
		{ .name = "itself", .play = nobody_relays_to_itself },
		{ .name = "shares", .seeds = 3, .play = a_flood_leaves_others_their_share },
		{ .name = "spent", .seeds = 2, .play = a_meter_that_is_spent_delays_no_other },
		{ .name = "full", .seeds = 2, .play = a_queue_that_is_full_delays_no_other },
		{ .name = "rebound", .play = a_relayed_end_is_rebound },
		{ .name = "follows", .seeds = 3, .play = a_relay_follows_at_once },
		{ .name = "killed-early", .seeds = 3, .play = a_relay_dies_as_a_talk_begins },
		{ .name = "killed-far", .play = a_relay_far_away_dies },
		{ .name = "near", .seeds = 2, .play = near_members_find_a_relay },
		{ .name = "gives-way", .play = who_is_silent_gives_way },
		{ .name = "becomes-near", .play = who_becomes_near_says_so_at_once },
		{ .name = "far", .play = members_far_apart_find_a_relay },
		{ .name = "silent", .play = who_is_silent_holds_up_nothing },
		{ .name = "idle-day", .play = an_idle_member_costs_little },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
