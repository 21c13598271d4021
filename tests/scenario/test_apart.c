/* test_apart.c - a liar beside two neighbours on the ring who lose each other: it names each to the
 * other, more often than anybody, and of what they then give it passes on what it likes.
 *
 * Method: overlay_routed() of that one member is ours; what it swallows it has never seen. */
#include "base/check.h"
#include "node/node_internal.h"
#include "tests/scenario/lab.h"

#define COUNT 10
#define STEP_MS 10    /* of lab_run_ms() */
#define MOST_MS 20000 /* when that is over we look no longer */

enum swallowed { NOTHING, ALL, DATAGRAMS, LARGE_DATAGRAMS, M0S, M1S, M2S };

static struct {
	unsigned liar, a, x;
	enum swallowed swallowed;
	struct routed asked[2]; /* what it says of the last M0 of `a`, of `x` */
	uint8_t index[2][sizeof(struct unreachable)];
} play;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_overlay_routed(struct node *node, struct now now, struct peer *link,
			  struct span payload);
int __wrap_overlay_routed(struct node *node, struct now now, struct peer *link,
			  struct span payload);

static bool is_swallowed(const struct routed *routed)
{
	const enum datagram_type type = datagram_type(routed->payload);
	const bool is_handshake = routed->kind == ROUTED_HANDSHAKE;

	switch (play.swallowed) {
	case NOTHING:
		return false;
	case ALL:
		return true;
	case DATAGRAMS:
		return routed->kind == ROUTED_DATAGRAM;
	case LARGE_DATAGRAMS: /* all that is no probe and no answer to one */
		return routed->kind == ROUTED_DATAGRAM &&
		       routed->payload.len > FRAME_PROBE_BYTES + KEYSET_OVERHEAD;
	case M0S:
		return is_handshake && type == DATAGRAM_M0;
	case M1S:
		return is_handshake && type == DATAGRAM_M1;
	case M2S:
		return is_handshake && type == DATAGRAM_M2;
	}
	UNREACHABLE();
}

/* What says that this M0 has reached nobody. */
static void note_m0(const struct routed *routed)
{
	const unsigned i = id_equal(&routed->from, lab_id(play.x));
	struct writer w = writer_of(play.index[i], sizeof(play.index[i]));
	struct handshake_m0 m0;

	if (datagram_type(routed->payload) != DATAGRAM_M0 ||
	    handshake_m0_decode(routed->payload, HANDSHAKE_CARRIED, &m0) != 0)
		return;
	unreachable_encode(&(struct unreachable){ .sender = m0.sender }, &w);
	play.asked[i] = (struct routed){ .kind = ROUTED_UNREACHABLE,
					 .target = { TARGET_EXACT, routed->from },
					 .payload = writer_span(&w) };
}

int __wrap_overlay_routed(struct node *node, struct now now, struct peer *link, struct span payload)
{
	struct routed routed;

	if (play.liar == 0 || node != lab_node(play.liar) || routed_decode(payload, &routed) != 0 ||
	    id_equal(&routed.target.id, lab_id(play.liar)) || !is_swallowed(&routed))
		return __real_overlay_routed(node, now, link, payload);
	if (play.swallowed == M0S)
		note_m0(&routed);
	return 0;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static unsigned member_of(const struct id *id)
{
	unsigned i = 0;

	while (!id_equal(lab_id(i), id))
		i++;
	return i;
}

static void name_to(unsigned from, unsigned to, unsigned named)
{
	struct neighbours list = { .count = 1, .ids = { *lab_id(named) } };
	uint8_t bytes[KEYSET_PAYLOAD_BYTES_MAX];
	struct writer w = writer_of(bytes, sizeof(bytes));

	neighbours_encode(&list, &w);
	CHECK(writer_ok(&w));
	lab_say(from, to, FRAME_NEIGHBOURS, writer_span(&w));
}

/* Lists, as many as are heard, and that nobody there answers, again and again. */
static void lie(void)
{
	name_to(play.liar, play.a, play.x);
	name_to(play.liar, play.x, play.a);
	for (unsigned i = 0; i < 2; i++)
		if (play.asked[i].kind != 0)
			(void)overlay_send(lab_node(play.liar), lab_now(play.liar), &play.asked[i]);
	world_wake(lab.world, lab.members[play.liar].host);
}

/* Two neighbours without a line to each other, which would bring them together, and whoever stands
 * beside one of them. They have just lost each other. */
static void part_neighbours(struct world *world, enum swallowed swallowed)
{
	struct id near[2 * RING_NEAR];

	memset(&play, 0, sizeof(play));
	lab_start_star(world, COUNT);
	lab_run_ms(5000);
	do {
		(void)ring_near(lab_node(++play.a)->ring, near);
		play.x = member_of(&near[RING_NEAR]);
	} while (play.x == 0);
	play.liar = member_of(&near[RING_NEAR + 1]);
	play.swallowed = swallowed;
	SCENARIO_EXPECT(world, play.liar != 0 && lab_has_met(play.liar, play.a) &&
				       lab_has_met(play.liar, play.x));
	lie();
	sessions_close(lab_node(play.a)->sessions, lab_now(play.a),
		       lab_inside(play.a, play.x)->session, FRAME_CLOSE_IDLE);
	world_wake(world, lab.members[play.a].host);
}

static bool is_linked(unsigned i, unsigned of)
{
	const struct peer *peer = lab_inside(i, of);

	return peer != NULL && peer_is_linked(peer);
}

/* As soon as they have met a packet leaves: along the ring, which is all there is by then. */
static void play_apart(struct world *world, enum swallowed swallowed, uint32_t delay_us,
		       unsigned most_ms)
{
	unsigned ms = 0, met_ms = 0, arrived_ms = 0;

	part_neighbours(world, swallowed);
	for (unsigned i = 0; i < COUNT; i++)
		for (unsigned j = 0; j < COUNT; j++)
			net_path(world_net(world), lab.members[i].host, lab.members[j].host)
				->delay_us = delay_us;
	while (ms < MOST_MS && (!is_linked(play.a, play.x) || arrived_ms == 0)) {
		if (ms % MEMBER_LISTS_REFILL_MS < STEP_MS)
			lie();
		lab_run_ms(STEP_MS);
		ms += STEP_MS;
		if (met_ms == 0 && lab_has_met(play.a, play.x)) {
			lab_send_number(play.a, play.x, 2);
			met_ms = ms;
		}
		if (arrived_ms == 0 && lab_arrived(play.a, play.x, 2, 3) == 1)
			arrived_ms = ms;
	}
	world_note(world, "met after %u, a packet after %u, linked after %u ms", met_ms, arrived_ms,
		   ms);
	SCENARIO_EXPECT(world, ms <= most_ms);
}

/* An M0 is repeated after 400 ms, and then by others, too. */
static void all(struct world *world)
{
	play_apart(world, ALL, NET_CORE_DELAY_US, 1500);
}

static void m1(struct world *world)
{
	play_apart(world, M1S, NET_CORE_DELAY_US, 1500);
}

/* Who asks for the other hears besides that nobody there answers to that. */
static void m0(struct world *world)
{
	play_apart(world, M0S, NET_CORE_DELAY_US, 1500);
}

/* The same where an answer takes 800 ms, and what proves that it arrived as long again. */
static void far_m0(struct world *world)
{
	play_apart(world, M0S, 200000, 4000);
}

/* What leaves twice as it is costs them nothing. */
static void m2(struct world *world)
{
	play_apart(world, M2S, NET_CORE_DELAY_US, 1500);
}

static void datagrams(struct world *world)
{
	play_apart(world, DATAGRAMS, NET_CORE_DELAY_US, 1500);
}

static void large_datagrams(struct world *world)
{
	play_apart(world, LARGE_DATAGRAMS, NET_CORE_DELAY_US, 1500);
}

static const struct wish *wish_of(unsigned i, unsigned of)
{
	for (uint32_t k = 0; k < WISHES_MAX; k++) {
		const struct wish *wish = wish_at(lab_node(i), k);

		if (wish != NULL && wish->kind == WISH_ID && id_equal(&wish->id, lab_id(of)))
			return wish;
	}
	return NULL;
}

static void ping(unsigned from, unsigned to)
{
	char text[ID_TEXT_CHARS + 1];

	id_to_text(lab_id(to), text);
	node_host_request(lab.members[from].node, NODE_PING, text);
}

/* How long the dial may take yet. */
static uint64_t left_ms(unsigned i, unsigned of)
{
	const struct wish *wish = wish_of(i, of);

	return wish == NULL ? 0 : mono_ms_between(lab_now(i).mono, wish->expiry);
}

/* The one of `a`, where a user waits, is not shortened; that of `x`, which the ring alone wants,
 * has time for an answer to what is said next. */
static void a_users_dial_outlives_what_is_said_of_it(struct world *world)
{
	part_neighbours(world, M0S);
	ping(play.a, play.x);
	for (unsigned ms = 0; ms < 150; ms += STEP_MS) {
		lie();
		lab_run_ms(STEP_MS);
	}
	SCENARIO_EXPECT(world, play.asked[0].kind != 0 && play.asked[1].kind != 0);
	SCENARIO_EXPECT(world, left_ms(play.a, play.x) > WISH_MS - 500);
	SCENARIO_EXPECT(world, left_ms(play.x, play.a) <= WISH_DOUBTED_MS);
	SCENARIO_EXPECT(world, left_ms(play.x, play.a) >= WISH_DOUBTED_MS - 150);
}

/* So many members have had us dial in vain, on their word. */
static unsigned debtors(unsigned i, bool forgive)
{
	const struct node *node = lab_node(i);
	unsigned count = 0;

	for (uint32_t k = 0; k < pool_end(&node->peers); k++) {
		struct handle handle;
		struct peer *peer = pool_slot(&node->peers, k, &handle);

		count += peer != NULL && peer->names.spent > 0;
		if (peer != NULL && forgive)
			peer->names.spent = 0;
	}
	return count;
}

/* Some name somebody who does not answer for a while, and each of them has paid for a dial. A user
 * has begun it. */
static void each_teller_has_its_dial_back(struct world *world)
{
	part_neighbours(world, NOTHING);
	world_pause(world, lab.members[play.x].host);
	(void)debtors(play.a, true);
	ping(play.a, play.x);
	lab_run_ms(100);
	name_to(play.liar, play.a, play.x);
	for (unsigned i = 0; i < COUNT; i++)
		if (i != play.a && i != play.x && lab_has_met(i, play.a))
			name_to(i, play.a, play.x);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, debtors(play.a, false) >= 2);
	world_resume(world, lab.members[play.x].host);
	lab_run_ms(1500);
	SCENARIO_EXPECT(world, lab_has_met(play.a, play.x) && debtors(play.a, false) == 0);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "all", .play = all },
		{ .name = "m0", .play = m0 },
		{ .name = "far-m0", .play = far_m0 },
		{ .name = "m1", .play = m1 },
		{ .name = "m2", .play = m2 },
		{ .name = "datagrams", .play = datagrams },
		{ .name = "large-datagrams", .play = large_datagrams },
		{ .name = "user", .play = a_users_dial_outlives_what_is_said_of_it },
		{ .name = "tellers", .play = each_teller_has_its_dial_back },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
