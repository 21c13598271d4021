/* test_flood.c - one member says as much as it can: what the others send because of it, and what is
 * left for them.
 *
 * It is an honest member in whose name the story speaks, from within its node. */
#include "base/check.h"
#include "node/node_internal.h"
#include "sim/natbox.h"
#include "tests/scenario/lab.h"

#define CROWD 24 /* members, so that nobody has met all the others */
#define HOSTILE 5
#define STEP_MS 10

static uint64_t datagrams(void)
{
	return net_count(world_net(lab.world), FATE_ARRIVED);
}

/* A crowd that stands, all public. */
static void start_crowd(struct world *world)
{
	lab_start_star(world, CROWD);
	lab_run_ms(8000);
}

static bool is_link(unsigned i, unsigned of)
{
	return lab_has_met(i, of) && peer_is_linked(lab_inside(i, of));
}

static unsigned links_of(unsigned i)
{
	unsigned count = 0;

	for (unsigned k = 0; k < CROWD; k++)
		count += k != i && is_link(i, k);
	return count;
}

/* An honest one that `i` has not met; CROWD: there is none. */
static unsigned stranger_of(unsigned i)
{
	unsigned other = 0;

	while (other < CROWD && (other == i || other == HOSTILE || lab_has_met(i, other)))
		other++;
	return other;
}

/* As lab_say(), if there is room for it. */
static void say(unsigned from, unsigned to, uint8_t kind, struct span payload)
{
	(void)send_to_peer(lab_node(from), lab_now(from), lab_inside(from, to), kind, payload);
	world_wake(lab.world, lab.members[from].host);
}

/* What the hostile one says to all its links each so often, for so long. */
struct flood {
	void (*say)(unsigned to, unsigned number);
	unsigned each_ms;
	unsigned said;
};

static void flood_for_ms(struct flood *flood, unsigned ms)
{
	for (unsigned at_ms = 0; at_ms < ms; at_ms += STEP_MS) {
		for (unsigned i = 0; at_ms % flood->each_ms == 0 && i < CROWD; i++)
			if (i != HOSTILE && is_link(HOSTILE, i))
				flood->say(i, ++flood->said);
		lab_run_ms(STEP_MS);
	}
}

/* --- questions to all --------------------------------------------------------------------------
 */

static struct broadcast question(unsigned from, const struct id *until, unsigned number)
{
	static const uint8_t nobody[4] = { 10, 130, 99, 99 };

	return (struct broadcast){ .kind = BROADCAST_FIND_IPV4,
				   .hops = ROUTED_HOPS_MAX,
				   .until = *until,
				   .from = *lab_id(from),
				   .token = number,
				   .key = span_of(nobody, sizeof(nobody)) };
}

/* For all whom it may name: as if it had one link only. */
static void ask_for_all(unsigned to, unsigned number)
{
	const struct broadcast broadcast = question(HOSTILE, lab_id(HOSTILE), number);
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	broadcast_encode(&broadcast, &w);
	say(HOSTILE, to, FRAME_BROADCAST, writer_span(&w));
}

/* Whether the first IPv4 packet from `i` to `wanted` comes soon, while the flood goes on. */
static bool finds(unsigned i, unsigned wanted, struct flood *flood, unsigned within_ms)
{
	lab_send_number(i, wanted, 1);
	for (unsigned ms = 0; ms < within_ms && lab_arrived(i, wanted, 1, 2) == 0; ms += 30)
		flood_for_ms(flood, 30);
	return lab_arrived(i, wanted, 1, 2) == 1;
}

/* doc/protocol.md, 10: what one may cause, while it lasts. */
static void who_asks_without_end_is_held_at_its_own_links(struct world *world)
{
	struct flood flood = { .say = ask_for_all, .each_ms = 30 };
	const uint64_t span_s = 5;
	uint64_t before, idle, bound;
	unsigned asked = 0;

	start_crowd(world);
	before = datagrams();
	lab_run_ms(span_s * 1000);
	idle = datagrams() - before;
	flood_for_ms(&flood, 5000); /* what it may say at once is spent */
	flood.said = 0;
	before = datagrams();
	flood_for_ms(&flood, 5000);
	bound = idle + flood.said + span_s * 4 * links_of(HOSTILE) * 64;
	world_note(world, "%u questions, %llu datagrams", flood.said,
		   (unsigned long long)(datagrams() - before));
	SCENARIO_EXPECT(world, datagrams() - before < bound);
	for (unsigned i = 0; i < CROWD; i++) {
		const unsigned wanted = stranger_of(i);

		if (i == HOSTILE || wanted == CROWD)
			continue;
		SCENARIO_EXPECT(world, finds(i, wanted, &flood, 2500));
		asked++;
	}
	SCENARIO_EXPECT(world, asked > CROWD / 2);
}

/* How many of so many such questions `i` takes of `of`, at one moment. */
static unsigned taken(unsigned i, unsigned of, const struct broadcast *broadcast, unsigned asked)
{
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));
	unsigned count = 0;

	broadcast_encode(broadcast, &w);
	for (unsigned n = 0; n < asked; n++)
		count += broadcast_take(lab_node(i), lab_now(i), lab_inside(i, of),
					writer_span(&w)) == 0;
	return count;
}

/* The id so many 65536ths of the ring ahead. */
static struct id ahead(const struct id *from, unsigned way)
{
	const struct id step = { { (uint8_t)(way >> 8), (uint8_t)way } };

	return id_ahead(from, &step);
}

static void what_a_question_costs_is_how_much_of_the_ring_it_is_for(struct world *world)
{
	const unsigned at_once = LINK_BROADCASTS / BROADCAST_LEAST;
	const unsigned again = at_once / ALLOWANCE_STEPS;
	const struct id one = { .bytes = { [ID_BYTES - 1] = 1 } };
	struct broadcast narrow, wide;
	struct id until;

	lab_start_star(world, 3);
	lab_run_ms(10000);
	until = id_ahead(lab_id(1), &one); /* nobody is in between */
	narrow = question(2, &until, 1);
	SCENARIO_EXPECT(world, taken(1, 2, &narrow, at_once) == at_once);
	SCENARIO_EXPECT(world, taken(1, 2, &narrow, 1) == 0);
	SCENARIO_EXPECT(world, taken(1, 0, &narrow, 1) == 1); /* others may ask all the same */
	world_run_ms(world, LINK_BROADCASTS_REFILL_MS - 1);
	SCENARIO_EXPECT(world, taken(1, 2, &narrow, 1) == 0);
	world_run_ms(world, 1);
	SCENARIO_EXPECT(world, taken(1, 2, &narrow, again + 1) == again);
	world_run_ms(world, UINT64_C(17) * LINK_BROADCASTS_REFILL_MS);
	until = ahead(lab_id(1), BROADCAST_LEAST);
	wide = question(2, &until, 1);
	SCENARIO_EXPECT(world, taken(1, 2, &wide, at_once) == at_once / 2);
}

/* Nobody is asked to reach who asks him, nor who asked first. */
static void no_range_goes_beyond_who_gave_it(struct world *world)
{
	struct broadcast broadcast;
	struct id beyond;

	lab_start_star(world, 3);
	lab_run_ms(10000);
	broadcast = question(2, lab_id(2), 1);
	SCENARIO_EXPECT(world, taken(1, 2, &broadcast, 1) == 1);
	beyond = ahead(lab_id(2), 1);
	broadcast = question(2, &beyond, 1);
	SCENARIO_EXPECT(world, taken(1, 2, &broadcast, 1) == 0);
	broadcast = question(2, lab_id(1), 1); /* the whole ring */
	SCENARIO_EXPECT(world, taken(1, 2, &broadcast, 1) == 0);
	beyond = ahead(lab_id(1), 2);
	broadcast = question(2, &beyond, 1);
	SCENARIO_EXPECT(world, taken(1, 2, &broadcast, 1) == 1);
	broadcast.from = ahead(lab_id(1), 1);
	SCENARIO_EXPECT(world, taken(1, 2, &broadcast, 1) == 0);
}

/* --- names of nobody ---------------------------------------------------------------------------
 */

/* Around whoever reads them: each would be a neighbour. */
static void name_nobody(unsigned to, unsigned number)
{
	struct neighbours list = { .count = NEIGHBOURS_MAX };
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	for (unsigned i = 0; i < NEIGHBOURS_MAX; i++) {
		struct id *id = &list.ids[i];

		*id = *lab_id(to);
		id->bytes[ID_BYTES - 1] ^= (uint8_t)(1 + i);
		id->bytes[ID_BYTES - 2] ^= (uint8_t)number;
		id->bytes[ID_BYTES - 3] ^= (uint8_t)(number >> 8);
	}
	neighbours_encode(&list, &w);
	say(HOSTILE, to, FRAME_NEIGHBOURS, writer_span(&w));
}

/* What the others say because of so many lists, for each of them. */
static uint64_t datagrams_a_list(struct flood *flood)
{
	const uint64_t before = datagrams();

	flood->said = 0;
	flood_for_ms(flood, 10000);
	world_note(lab.world, "%u lists, %llu datagrams", flood->said,
		   (unsigned long long)(datagrams() - before));
	SCENARIO_EXPECT(lab.world, flood->said > 1000);
	return flood->said == 0 ? 0 : (datagrams() - before) / flood->said;
}

static void who_names_nobody_has_few_dialled(struct world *world)
{
	struct flood flood = { .say = name_nobody, .each_ms = 60 };

	start_crowd(world);
	SCENARIO_EXPECT(world, datagrams_a_list(&flood) < 15);
	SCENARIO_EXPECT(world, datagrams_a_list(&flood) < 5);
}

/* --- false reports -----------------------------------------------------------------------------
 */

static const char victim[] = "203.0.113.7";

/* Counts what leaves for it. */
static bool count_victim(void *context, struct mono at, uint32_t from,
			 const struct net_datagram *datagram)
{
	unsigned *count = context;
	struct endpoint endpoint;

	(void)at;
	(void)from;
	CHECK(endpoint_ip_from_text(victim, &endpoint) == 0);
	*count += endpoint_ip_equal(&datagram->remote, &endpoint);
	return true;
}

/* As an answer to a probe would, `liar` tells `i` that it is seen under the victim's address. */
static void report(unsigned i, unsigned liar, unsigned port)
{
	struct candidates_report report = { .reporter = *lab_id(liar),
					    .from = peer_way(lab_inside(i, liar)).remote };

	CHECK(endpoint_ip_from_text(victim, &report.seen) == 0);
	report.seen.port = (uint16_t)port;
	if (candidates_saw(&lab_node(i)->candidates, lab_now(i).mono, &report))
		announce_to_all(lab_node(i), lab_now(i));
	world_wake(lab.world, lab.members[i].host);
}

/* So many public members, of whom the last lies, and homes that do not reach each other: but two,
 * if they find each other. */
static void start_homes(struct world *world, unsigned publics, unsigned homes)
{
	lab_set_up(world, publics + homes);
	for (unsigned i = 0; i < lab.count; i++) {
		if (i < publics)
			lab_place_public(i);
		else
			lab_place_behind(i, i + 2 < lab.count ? &natbox_symmetric
							      : &natbox_port_restricted);
		for (unsigned k = 0; k < publics && k < i; k++)
			lab_add_line(i, k);
	}
	for (unsigned i = 0; i < lab.count; i++)
		lab_start(i);
	lab_run_ms(20000);
}

/* A lie goes to two, who probe it 8 times; and it can be another one each half minute. */
#define PROBES_MAX (2 * 8 * (60000 / CANDIDATES_MOVE_MS + 1))

/* What reaches the victim in a minute in which so many homes are lied to so often. */
static unsigned probes_of_lies(struct world *world, unsigned lied_to, unsigned each_ms)
{
	static unsigned count;

	count = 0;
	start_homes(world, 2, 20);
	net_set_tap(world_net(world), (struct net_tap){ .pass = count_victim, .context = &count });
	for (unsigned ms = 0; ms < 60000; ms += each_ms) {
		for (unsigned i = 2; i < 2 + lied_to; i++)
			report(i, 1, 1000 + ms / each_ms);
		lab_run_ms(each_ms);
	}
	net_set_tap(world_net(world), (struct net_tap){ 0 });
	world_note(world, "%u probes", count);
	return count;
}

static void a_lie_about_an_address_brings_few_probes_there(struct world *world)
{
	const unsigned probes = probes_of_lies(world, 1, 10000);

	SCENARIO_EXPECT(world, probes > 0); /* it is probed at all */
	SCENARIO_EXPECT(world, probes <= PROBES_MAX);
}

static void lies_to_all_bring_so_many_times_as_many(struct world *world)
{
	SCENARIO_EXPECT(world, probes_of_lies(world, 20, 1000) <= 20 * PROBES_MAX);
}

/* The public one alone has seen them. */
static void who_need_each_other_are_told_what_one_alone_says(struct world *world)
{
	const unsigned a = 7, b = 8;

	start_homes(world, 1, 8);
	lab_send_number(a, b, 2);
	lab_run_ms(10000);
	SCENARIO_EXPECT(world, lab_arrived(a, b, 2, 3) == 1);
	SCENARIO_EXPECT(world, peer_way(lab_inside(a, b)).kind == WAY_DIRECT);
	SCENARIO_EXPECT(world, peer_way(lab_inside(b, a)).kind == WAY_DIRECT);
}

/* --- relays -------------------------------------------------------------------------------- */

/* `from` has `relay` hear this about its pair with `peer`. */
static int say_relay(unsigned from, unsigned relay, uint8_t kind, const struct relay_message *said)
{
	uint8_t bytes[RELAY_MESSAGE_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct handle handle;
	int err;

	relay_message_encode(said, &w);
	CHECK(writer_ok(&w) && peer_find(lab_node(relay), lab_id(from), &handle) != NULL);
	err = relaying_frame(lab_node(relay), lab_now(relay), handle, kind, writer_span(&w));
	world_wake(lab.world, lab.members[relay].host);
	return err;
}

/* Asks for so many at once, each of whom nobody is, and takes it back. How many were taken. */
static unsigned ask_and_end(unsigned from, unsigned relay, unsigned first, unsigned asks)
{
	unsigned taken = 0;

	for (unsigned n = first; n < first + asks; n++) {
		struct relay_message said = { .index = n + 1, .is_needed = true };

		memcpy(said.peer.bytes, &said.index, sizeof(said.index));
		taken += say_relay(from, relay, FRAME_RELAY_ASK, &said) == 0;
		said.is_needed = false;
		(void)say_relay(from, relay, FRAME_RELAY_END, &said);
	}
	return taken;
}

static void a_relay_is_asked_in_measure(struct world *world)
{
	lab_start_star(world, 3);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, ask_and_end(1, 0, 0, 2 * MEMBER_ASKS) == MEMBER_ASKS);
	SCENARIO_EXPECT(world, ask_and_end(2, 0, 0, 1) == 1); /* others are heard all the same */
	world_run_ms(world, MEMBER_ASKS_REFILL_MS - 1);
	SCENARIO_EXPECT(world, ask_and_end(1, 0, 0, 1) == 0);
	world_run_ms(world, 1);
	SCENARIO_EXPECT(world, ask_and_end(1, 0, 0, MEMBER_ASKS) == MEMBER_ASKS / ALLOWANCE_STEPS);
}

/* What ends waits to be told while a table is made, as it is all the time for a confederate. */
static void who_asks_and_ends_without_end_keeps_no_pair_from_its_relay(struct world *world)
{
	struct relay_message ours = { .index = 1, .is_needed = true };
	struct relay_message theirs = ours;

	lab_set_up(world, 5);
	for (unsigned i = 0; i < 5; i++) {
		if (i < 3)
			lab_place_public(i);
		else
			lab_place_behind(i, &natbox_symmetric);
		lab.members[i].config.relay_bytes_s *= i == 0;
		lab_add_line(i, 0);
		if (i < 3)
			lab_start(i);
	}
	lab_run_ms(2000);
	ours.peer = *lab_id(2);
	theirs.peer = *lab_id(1);
	for (unsigned ms = 0; ms < 4000; ms += 10) {
		if (ms == 1000) {
			lab_start(3);
			lab_start(4);
		}
		ours.index = ms + 1;
		(void)say_relay(1, 0, FRAME_RELAY_ASK, &ours);
		(void)say_relay(2, 0, FRAME_RELAY_ASK, &theirs);
		(void)ask_and_end(1, 0, ms * 80, 3 * RELAYS_MAX);
		lab_run_ms(10);
	}
	SCENARIO_EXPECT(world, relays_count(lab_node(0)->relays) == 2);
	SCENARIO_EXPECT(world, peer_way(lab_inside(3, 4)).kind == WAY_RELAY);
	SCENARIO_EXPECT(world, peer_way(lab_inside(4, 3)).kind == WAY_RELAY);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "questions", .play = who_asks_without_end_is_held_at_its_own_links },
		{ .name = "cost", .play = what_a_question_costs_is_how_much_of_the_ring_it_is_for },
		{ .name = "range", .play = no_range_goes_beyond_who_gave_it },
		{ .name = "names", .play = who_names_nobody_has_few_dialled },
		{ .name = "asks", .play = a_relay_is_asked_in_measure },
		{ .name = "asks-and-ends",
		  .play = who_asks_and_ends_without_end_keeps_no_pair_from_its_relay },
		{ .name = "reflected-one", .play = a_lie_about_an_address_brings_few_probes_there },
		{ .name = "reflected", .play = lies_to_all_bring_so_many_times_as_many },
		{ .name = "needed",
		  .seeds = 2,
		  .play = who_need_each_other_are_told_what_one_alone_says },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
