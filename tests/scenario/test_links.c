/* test_links.c - the links of a larger group: who needs none lets it go, and who loses what it
 * should pass on is gone around. */
#include "node/carrier.h"
#include "node/node_internal.h"

#include "base/check.h"
#include "tests/scenario/lab.h"

#include <stdio.h>

#define COUNT 20

static void start(struct world *world)
{
	lab_start_star(world, COUNT);
	lab_run_ms(20000);
}

static bool is_up(unsigned i, unsigned of)
{
	const struct peer *peer = lab_inside(i, of);

	return peer != NULL && peer_is_up(peer);
}

static bool uses(unsigned i, unsigned of)
{
	return ring_uses(node_host_node(lab.members[i].node)->ring,
			 &lab.members[of].identity.certificate.id);
}

static unsigned sessions(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < COUNT; i++)
		for (unsigned j = 0; j < COUNT; j++)
			count += i != j && is_up(i, j) ? 1 : 0;
	return count;
}

/* A rival of a shortcut (ring/shortcuts.h) that was not worth it, and not looked at since. */
static bool is_new(unsigned i, unsigned of)
{
	const struct mono since = lab_inside(i, of)->since;

	return !mono_reached(world_time(lab.world),
			     mono_add_ms(since, NEED_FIRST_MS + NEED_LOOK_MS));
}

/* All had a session with the first to get in; after that each has those of the ring. */
static void who_needs_no_session_ends_it(struct world *world)
{
	lab_start_star(world, COUNT);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, is_up(0, COUNT - 1) && is_up(0, COUNT / 2));
	lab_run_ms(NEED_FIRST_MS + 5000);
	SCENARIO_EXPECT(world, sessions() < COUNT * 16);
	lab_run_slowly_ms(UINT64_C(3) * NEED_LOOK_MS);
	for (unsigned i = 0; i < COUNT; i++)
		for (unsigned j = 0; j < i; j++)
			SCENARIO_EXPECT(world, is_up(i, j) == (uses(i, j) || uses(j, i)) ||
						       (is_up(i, j) && is_new(i, j)));
	SCENARIO_EXPECT(world, sessions() < COUNT * 16);
	for (unsigned i = 0; i < COUNT; i++)
		SCENARIO_EXPECT(world, lab_status(i).is_settled);
}

/* Two members that have no session. */
static void find_strangers(unsigned *ret_a, unsigned *ret_b)
{
	for (unsigned a = 1; a < COUNT; a++)
		for (unsigned b = 1; b < COUNT; b++)
			if (a != b && !is_up(a, b)) {
				*ret_a = a;
				*ret_b = b;
				return;
			}
	UNREACHABLE(); /* there are too few links for that */
}

static void who_had_traffic_keeps_its_session_for_a_while(struct world *world)
{
	unsigned a, b;

	start(world);
	lab_run_slowly_ms(UINT64_C(3) * NEED_LOOK_MS);
	find_strangers(&a, &b);
	lab_send_number(a, b, 0);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(a, b, 0, 1) == 1);
	lab_run_slowly_ms(NEED_IP_MS - 10000);
	SCENARIO_EXPECT(world, is_up(a, b) && is_up(b, a));
	lab_run_slowly_ms(UINT64_C(3) * NEED_LOOK_MS);
	SCENARIO_EXPECT(world, !is_up(a, b) && !is_up(b, a));
	lab_send_number(a, b, 1); /* and gets another */
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(a, b, 1, 2) == 1);
}

static void run_until(struct world *world, struct mono at)
{
	while (!mono_reached(world_time(world), at))
		lab_run_ms(5);
}

/* Two have a session that neither needs, and `a` looks at it in this moment; `b` does not. */
static void wait_for_look(struct world *world, unsigned *ret_a, unsigned *ret_b)
{
	char name[32];

	start(world);
	find_strangers(ret_a, ret_b);
	(void)snprintf(name, sizeof(name), "member-%u", *ret_b);
	node_host_request(lab.members[*ret_a].node, NODE_PING, name);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, is_up(*ret_a, *ret_b) && is_up(*ret_b, *ret_a));
	lab_inside(*ret_b, *ret_a)->need.look = MONO_NEVER;
	run_until(world, lab_inside(*ret_a, *ret_b)->need.look);
}

/* The same, and now `a` says that it has no use for the session. */
static void wait_for_release(struct world *world, unsigned *ret_a, unsigned *ret_b)
{
	wait_for_look(world, ret_a, ret_b);
	lab_run_ms(TABLE_SOON_MS - 10);
	SCENARIO_EXPECT(world, is_up(*ret_a, *ret_b) && is_up(*ret_b, *ret_a));
	lab_run_ms(10);
}

static uint64_t rtt_ms(unsigned i, unsigned of)
{
	const struct trial *used = paths_used(&lab_inside(i, of)->paths);

	return used->rtt_us / 1000;
}

/* Sends a packet, and says after how many milliseconds, of this many, it is there. */
static uint64_t delay_ms(unsigned from, unsigned to, unsigned number, uint64_t most_ms)
{
	uint64_t ms = 0;

	lab_send_number(from, to, number);
	for (; ms < most_ms && lab_arrived(from, to, number, number + 1) == 0; ms += 10)
		lab_run_ms(10);
	return ms;
}

/* One side says that it has no use for the session, and has one before an answer can come. */
static void who_lets_go_loses_nothing(struct world *world)
{
	unsigned a, b;

	wait_for_release(world, &a, &b);
	for (unsigned n = 2; n < 42; n += 2) {
		lab_send_number(a, b, n);
		lab_run_ms(5);
	}
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_arrived(a, b, 2, 42) == 20);
}

/* It has one again before it has said so: it does not say it. */
static void who_thinks_better_of_it_says_nothing(struct world *world)
{
	unsigned a, b;
	struct handle session;

	wait_for_look(world, &a, &b);
	session = lab_inside(b, a)->session;
	for (unsigned n = 2; n < 32; n += 2)
		SCENARIO_EXPECT(world, delay_ms(a, b, n, 1000) <= rtt_ms(a, b) / 2 + 10);
	SCENARIO_EXPECT(world, handle_equal(lab_inside(b, a)->session, session));
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, handle_equal(lab_inside(b, a)->session, session));
}

/* The other closes the session, and its CLOSE gets lost. */
static void a_lost_close_costs_little_time(struct world *world)
{
	unsigned a, b;
	uint64_t rtt;
	struct leg *back;

	wait_for_release(world, &a, &b);
	rtt = rtt_ms(a, b);
	back = net_path(world_net(world), lab.members[b].host, lab.members[a].host);
	back->loss = 1000;
	lab_run_ms(rtt + 10);
	back->loss = 0;
	SCENARIO_EXPECT(world, is_up(a, b) && !is_up(b, a));
	SCENARIO_EXPECT(world, delay_ms(a, b, 2, 4000) <= 300 + 4 * rtt);
	SCENARIO_EXPECT(world, is_up(a, b) && is_up(b, a));
}

/* The other closes the session, and has a use for another one before its CLOSE comes. */
static void a_late_close_ends_no_newer_session(struct world *world)
{
	unsigned a, b;
	struct leg *back;
	struct handle session;

	wait_for_release(world, &a, &b);
	back = net_path(world_net(world), lab.members[b].host, lab.members[a].host);
	back->delay_us = 2000000;
	lab_run_ms(300);
	back->delay_us = NET_CORE_DELAY_US;
	SCENARIO_EXPECT(world, is_up(a, b) && !is_up(b, a));
	lab_send_number(b, a, 2);
	lab_run_ms(700);
	SCENARIO_EXPECT(world, lab_arrived(b, a, 2, 3) == 1);
	session = lab_inside(a, b)->session;
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, handle_equal(lab_inside(a, b)->session, session));
	SCENARIO_EXPECT(world, is_up(b, a));
}

/* Of those who have no use for a session that the other end needs, the one that looks next. */
static bool find_one_sided(unsigned *ret_a, unsigned *ret_b)
{
	struct mono first = MONO_NEVER;

	for (unsigned i = 1; i < COUNT; i++)
		for (unsigned j = 1; j < COUNT; j++) {
			if (i == j || !is_up(i, j) || uses(i, j) || !uses(j, i) ||
			    mono_reached(lab_inside(i, j)->need.look, first))
				continue;
			first = lab_inside(i, j)->need.look;
			*ret_a = i;
			*ret_b = j;
		}
	return first.us != MONO_NEVER.us;
}

/* Until one of them asks: of some it turns out that they have a use by then. */
static bool wait_for_question(struct world *world, unsigned *ret_a, unsigned *ret_b)
{
	for (unsigned i = 0; i < COUNT && find_one_sided(ret_a, ret_b); i++) {
		run_until(world, mono_add_ms(lab_inside(*ret_a, *ret_b)->need.look, TABLE_SOON_MS));
		if (lab_inside(*ret_a, *ret_b)->need.state == NEED_ASKS)
			return true;
	}
	return false;
}

/* Who has no use for it asks each minute, and packets do not wait longer than the answer takes, or
 * a second one if the first is lost. */
static void what_one_side_needs_serves_both(struct world *world)
{
	unsigned a = 0, b = 0;

	start(world);
	for (unsigned round = 0; round < 2; round++) {
		const bool asks = wait_for_question(world, &a, &b);
		struct leg *back =
			net_path(world_net(world), lab.members[b].host, lab.members[a].host);

		SCENARIO_EXPECT(world, asks);
		if (!asks)
			return;
		back->loss = round == 0 ? 0 : 1000;
		lab_run_ms(rtt_ms(a, b) + 10);
		back->loss = 0;
		SCENARIO_EXPECT(world, (lab_inside(a, b)->need.state == NEED_ASKS) == (round == 1));
	}
	SCENARIO_EXPECT(world, delay_ms(a, b, 2, 4000) <= 300 + 4 * rtt_ms(a, b));
	SCENARIO_EXPECT(world, is_up(a, b) && is_up(b, a));
}

/* The link that a message of `a` for `b` takes first. */
static unsigned first_step(unsigned a, unsigned b)
{
	const struct routed routed = {
		.target = { TARGET_EXACT, lab.members[b].identity.certificate.id },
		.from = lab.members[a].identity.certificate.id,
	};
	const struct id nobody = { { 0 } };
	struct id link;

	if (ring_next(node_host_node(lab.members[a].node)->ring, &routed, &nobody, &link) ==
	    RING_ON)
		for (unsigned i = 0; i < COUNT; i++)
			if (id_equal(&lab.members[i].identity.certificate.id, &link))
				return i;
	return COUNT;
}

/* Whoever stands on the best way, and is not missed yet: the message takes another at once when no
 * answer comes. */
static void a_silent_member_is_gone_around(struct world *world)
{
	unsigned a, b, silent;

	start(world);
	lab_run_slowly_ms(UINT64_C(3) * NEED_LOOK_MS);
	find_strangers(&a, &b);
	silent = first_step(a, b);
	SCENARIO_EXPECT(world, silent < COUNT && silent != b);
	world_pause(world, lab.members[silent].host);
	lab_run_ms(300);
	lab_send_number(a, b, 0);
	lab_run_ms(300);
	SCENARIO_EXPECT(world, lab_arrived(a, b, 0, 1) == 0);
	lab_run_ms(1200);
	SCENARIO_EXPECT(world, lab_arrived(a, b, 0, 1) == 1);
	/* It has had a probe with the message: others know now, long before it is given up. */
	SCENARIO_EXPECT(world, is_up(a, silent) && first_step(a, b) != silent);
	world_resume(world, lab.members[silent].host);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, is_up(a, silent) && first_step(a, b) != COUNT);
}

/* The link that a question of `a` to all members takes on its way to `b`. */
static unsigned head_of(unsigned a, unsigned b, unsigned route)
{
	struct ring_share shares[BROADCAST_SHARES_MAX];
	const size_t count =
		ring_split(lab_node(a)->ring, lab_id(a), route, shares, BROADCAST_SHARES_MAX);
	const struct id place = id_clockwise(lab_id(a), lab_id(b));
	struct id head = { { 0 } };

	for (size_t i = 0; i < count; i++) {
		const struct id its = id_clockwise(lab_id(a), &shares[i].link);

		if (id_compare(&its, &place) < 0)
			head = shares[i].link;
	}
	for (unsigned i = 0; i < COUNT; i++)
		if (id_equal(lab_id(i), &head))
			return i;
	return COUNT;
}

/* Two members that have no session, and the one that the first two questions of `a` for the IPv4
 * address of `b` go by. */
static void find_head(unsigned *ret_a, unsigned *ret_b, unsigned *ret_silent)
{
	for (unsigned a = 1; a < COUNT; a++)
		for (unsigned b = 1; b < COUNT; b++)
			if (a != b && !is_up(a, b) && head_of(a, b, 0) == head_of(a, b, 1)) {
				*ret_a = a;
				*ret_b = b;
				*ret_silent = head_of(a, b, 0);
				return;
			}
	UNREACHABLE(); /* the second route begins half of the parts where the first does */
}

/* Each question finds out for the next: who gave the silent one a part asks it, too. */
static void a_silent_member_hides_nobody(struct world *world)
{
	unsigned a, b, silent;
	uint64_t ms;

	start(world);
	lab_run_slowly_ms(UINT64_C(3) * NEED_LOOK_MS);
	find_head(&a, &b, &silent);
	world_pause(world, lab.members[silent].host);
	lab_run_ms(300);
	ms = delay_ms(a, b, 1, 5000); /* IPv4 */
	world_note(world, "from %u to %u without %u: %u ms", a, b, silent, (unsigned)ms);
	SCENARIO_EXPECT(world, ms <= 2500);
}

static void cut(unsigned a, unsigned b, bool is_cut)
{
	net_cut(world_net(lab.world), a, b, is_cut);
	net_cut(world_net(lab.world), b, a, is_cut);
}

/* A RELEASE that was under way for long, in a session that was replaced since. */
static void a_late_release_ends_no_younger_session(struct world *world)
{
	struct sealing late = { .kind = FRAME_RELEASE };
	struct handle younger;
	char name[32];
	unsigned a, b;

	start(world);
	find_strangers(&a, &b);
	(void)snprintf(name, sizeof(name), "member-%u", b);
	node_host_request(lab.members[a].node, NODE_PING, name);
	lab_run_ms(3000);
	lab_inside(a, b)->need.look = lab_inside(b, a)->need.look = MONO_NEVER;
	late.channel = channel_of(lab_node(a), lab_inside(a, b)->session);
	const struct target target = { .kind = TARGET_EXACT, .id = *lab_id(b) };
	const struct carrier carrier = carrier_to(&target.id, &lab_inside(a, b)->via);

	SCENARIO_EXPECT(world, sessions_dial(lab_node(a)->sessions, lab_now(a), &target, &carrier,
					     &younger) == 0);
	world_wake(world, lab.members[a].host);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, late.channel != NULL && late.channel->replaced);
	SCENARIO_EXPECT(world, handle_equal(lab_inside(a, b)->session, younger));
	SCENARIO_EXPECT(world, send_frame(lab_node(a), lab_now(a), &late));
	world_wake(world, lab.members[a].host);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, is_up(a, b) && is_up(b, a));
}

/* A member of the bundle that was let go is dialled twice for a packet: by its line and along the
 * ring. The first answer ends the other dial, and must not be the last: its proof takes another
 * round trip. */
static void a_far_entrance_is_reached(struct world *world)
{
	enum { ONE_WAY_US = 500000, PACKETS = 10 };
	unsigned far;

	lab_start_star(world, COUNT);
	lab_run_slowly_ms(NEED_LOOK_MS);
	far = lab_stranger(0, 0);
	net_place(world_net(world), lab.members[far].host, ONE_WAY_US, 0);
	lab_run_ms(20000);
	SCENARIO_EXPECT(world, !lab_has_met(far, 0));
	for (unsigned i = 0; i < PACKETS; i++) {
		lab_send_number(far, 0, 2 * i); /* IPv6 */
		lab_run_ms(500);
	}
	world_note(world, "%u of %u", lab_arrived(far, 0, 0, 2 * PACKETS), PACKETS);
	SCENARIO_EXPECT(world, lab_arrived(far, 0, 0, 2 * PACKETS) > 0);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_arrived(far, 0, 0, 2 * PACKETS) == PACKETS);
}

/* Who is alone does not give up an attempt that was answered late: it is the way in. */
static void a_late_answer_lets_us_in(struct world *world)
{
	unsigned ms = 0;

	lab_start_star(world, 2);
	lab_crash(0);
	lab_run_ms(6500); /* within the first attempt, which has said M0 several times */
	SCENARIO_EXPECT(world, lab_node(1)->lines[0].failures == 0);
	lab_start(0);
	for (; ms < 20000 && !lab_has_met(1, 0); ms += 100)
		lab_run_ms(100);
	world_note(world, "met after %u ms", ms);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
	SCENARIO_EXPECT(world, lab_node(1)->lines[0].failures == 0);
}

/* Offline, whatever its programs want: each look-up is a process and a warning in the log. */
static void a_name_that_leads_nowhere_is_looked_up_each_second(struct world *world)
{
	lab_set_up(world, 2);
	lab_place_all_public();
	lab_add_line(1, 0);
	memcpy(lab.members[1].config.bootstrap[0].host, "gate.example", sizeof("gate.example"));
	lab_start(1);
	lab_run_ms(100000);
	const uint32_t failures = lab_node(1)->lines[0].failures;

	for (unsigned i = 0; i < 100; i++) {
		const char name[] = { 'x', (char)('a' + i / 26), (char)('a' + i % 26), '\0' };

		node_host_request(lab.members[1].node, NODE_PING, name);
		lab_run_ms(50);
	}
	SCENARIO_EXPECT(world, lab_node(1)->lines[0].failures >= failures + 4);
	SCENARIO_EXPECT(world, lab_node(1)->lines[0].failures <= failures + 6);
}

/* The bundles of all others name the entrance, by its host name. */
static void set_up_named_star(struct world *world, unsigned count)
{
	lab_set_up(world, count);
	lab_place_all_public();
	for (unsigned i = 1; i < count; i++) {
		lab_add_line(i, 0);
		memcpy(lab.members[i].config.bootstrap[0].host, "gate.example",
		       sizeof("gate.example"));
	}
}

static void start_named(unsigned i)
{
	lab_start(i);
	node_host_resolve(lab.members[i].node, "192.0.2.1");
}

/* A home has let the entrance go, and loses everybody. The entrance is back, and not yet who could
 * say again where it is. */
static void a_resolver_that_hangs_holds_up_nobody(struct world *world)
{
	enum { OTHERS, HOME, ENTRANCE };
	unsigned home, other;

	set_up_named_star(world, COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		start_named(i);
	lab_run_slowly_ms(NEED_LOOK_MS);
	home = lab_stranger(0, 0);
	other = home == 1 ? 2 : 1;
	net_set_side(world_net(world), lab.members[home].host, HOME);
	net_set_side(world_net(world), lab.members[0].host, ENTRANCE);
	node_host_resolver_hangs(lab.members[home].node, true);
	cut(HOME, OTHERS, true);
	cut(HOME, ENTRANCE, true);
	lab_run_slowly_ms(150000);
	cut(HOME, ENTRANCE, false);
	SCENARIO_EXPECT(world, node_is_alone(lab_node(home)));
	lab_send_number(home, other, 2);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, lab_arrived(home, other, 2, 3) == 1);
}

static void answer_lookup(unsigned i, const char *ip)
{
	struct node_event event = { .kind = NODE_LOOKUP_DONE, .lookup.count = 1 };

	CHECK(endpoint_ip_from_text(ip, &event.lookup.endpoints[0]) == 0);
	CHECK(node_input(lab_node(i), lab_now(i), &event) == 0);
	world_wake(lab.world, lab.members[i].host);
}

static bool is_dialling(unsigned i)
{
	const struct line *line = &lab_node(i)->lines[0];

	return !handle_is_none(line->dials[0]);
}

/* It comes when nobody waits for it any more, to one who has no other way in, and to one who
 * leaves. */
static void an_address_that_is_found_late_is_dialled(struct world *world)
{
	set_up_named_star(world, 3);
	start_named(0);
	for (unsigned i = 1; i < 3; i++) {
		start_named(i);
		node_host_resolver_hangs(lab.members[i].node, true);
	}
	lab_run_ms(30200);
	for (unsigned i = 1; i < 3; i++)
		SCENARIO_EXPECT(world, !lab_node(i)->lines[0].looking_up && !is_dialling(i));
	node_host_request(lab.members[2].node, NODE_SHUTDOWN, "");
	for (unsigned i = 1; i < 3; i++)
		answer_lookup(i, "192.0.2.1");
	SCENARIO_EXPECT(world, is_dialling(1) && !is_dialling(2));
	lab_run_ms(500);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
}

/* What is known of where it was does not stand before where it is. */
static void a_name_that_leads_elsewhere_is_followed(struct world *world)
{
	static const char *const elsewhere = "192.0.2.99";
	uint32_t entrance;

	set_up_named_star(world, 2);
	entrance = lab.members[0].host;
	start_named(0);
	start_named(1);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
	lab_crash(0);
	net_remove_address(world_net(world), entrance, "192.0.2.1");
	net_add_address(world_net(world), entrance, NET_INTERNET, elsewhere);
	lab_run_slowly_ms(60000);
	SCENARIO_EXPECT(world, !lab_has_met(1, 0));
	lab_start(0);
	node_host_resolve(lab.members[1].node, elsewhere);
	lab_run_slowly_ms(25000); /* the attempt under way has 20 s */
	SCENARIO_EXPECT(world, lab_has_met(1, 0));
}

/* Nobody came for a long time; since then all is well, and then all are lost. */
static void a_bad_start_is_forgotten(struct world *world)
{
	enum { OTHERS, HOME };
	unsigned home;

	lab_set_up(world, COUNT);
	lab_place_all_public();
	for (unsigned i = 1; i < COUNT; i++) {
		lab_add_line(i, 0);
		lab_start(i);
	}
	lab_run_slowly_ms(200000);
	for (unsigned i = 1; i < COUNT; i++)
		SCENARIO_EXPECT(world, lab_node(i)->lines[0].failures >= 6);
	lab_start(0);
	lab_run_slowly_ms(60000 + NEED_LOOK_MS);
	home = lab_stranger(0, 0);
	SCENARIO_EXPECT(world, lab_node(home)->lines[0].failures == 0);
	net_set_side(world_net(world), lab.members[home].host, HOME);
	cut(HOME, OTHERS, true);
	lab_run_slowly_ms(45000); /* longer than an attempt of who gave up hope */
	for (unsigned i = 1; i < COUNT; i++)
		if (i != home)
			lab_crash(i);
	SCENARIO_EXPECT(world, node_is_alone(lab_node(home)));
	cut(HOME, OTHERS, false);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_has_met(home, 0));
}

/* A home let the member go whom its bundle names, and loses everybody for a while. After that it
 * hears that member alone; its programs are heard at once even when it has tried in vain for long.
 */
static void who_loses_all_links_is_let_in_again(struct world *world)
{
	enum { OTHERS, HOME, ENTRANCE };
	unsigned home, other;

	lab_start_star(world, COUNT);
	lab_run_slowly_ms(NEED_LOOK_MS);
	home = lab_stranger(0, 0);
	other = home == 1 ? 2 : 1;
	net_set_side(world_net(world), lab.members[home].host, HOME);
	net_set_side(world_net(world), lab.members[0].host, ENTRANCE);
	cut(HOME, OTHERS, true);
	cut(HOME, ENTRANCE, true);
	lab_run_slowly_ms(PATHS_QUIET_MS + 10000);
	SCENARIO_EXPECT(world, node_is_alone(lab_node(home)));
	cut(HOME, ENTRANCE, false);
	lab_run_slowly_ms(2000);
	SCENARIO_EXPECT(world, lab_has_met(home, 0));
	cut(HOME, ENTRANCE, true);
	for (unsigned i = 3; i < COUNT; i++)
		if (i != home)
			lab_crash(i); /* they only take time */
	lab_run_slowly_ms(300000);
	cut(HOME, ENTRANCE, false);
	SCENARIO_EXPECT(world, !lab_has_met(home, 0));
	lab_send_number(home, other, 2);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, lab_arrived(home, other, 2, 3) == 1);
}

static void let_go_for_100_ms(unsigned who, unsigned whom)
{
	sessions_close(lab_node(who)->sessions, lab_now(who), lab_inside(who, whom)->session,
		       FRAME_CLOSE_UNNEEDED);
	world_wake(lab.world, lab.members[who].host);
	lab_run_ms(10);
	SCENARIO_EXPECT(lab.world, !lab_has_met(who, whom));
	lab_run_ms(90);
}

/* The member of a line has said RELEASE without an answer: all of them got lost, or our HOLD. */
static void a_line_that_is_needed_is_not_let_go(struct world *world)
{
	lab_start_star(world, 3);
	lab_run_ms(3000);
	let_go_for_100_ms(0, 1);
	SCENARIO_EXPECT(world, lab_has_met(1, 0) && lab_has_met(0, 1));
}

/* Its link is one of the six that are enough: without it they are not. */
static void the_last_link_that_is_needed_is_not_let_go(struct world *world)
{
	lab_start_star(world, 2 * RING_NEAR + 1);
	lab_run_ms(10000);
	SCENARIO_EXPECT(world, !lines_are_needed(lab_node(1)));
	for (unsigned i = 2; i <= (unsigned)2 * RING_NEAR; i++)
		world_pause(world, lab.members[i].host);
	let_go_for_100_ms(0, 1);
	SCENARIO_EXPECT(world, lab_has_met(1, 0) && lab_has_met(0, 1));
}

/* The home had let the entrance go, to visit it in ten minutes, but that has come by itself. Then
 * most of the home's links are lost, and the entrance is, to whom nobody else leads. */
static void who_was_let_go_once_is_not_let_go_for_ever(struct world *world)
{
	unsigned home;

	lab_start_star(world, COUNT);
	lab_run_slowly_ms(NEED_LOOK_MS);
	home = lab_stranger(0, 2);
	for (unsigned i = 0; i < 3; i++)
		lab_send_number(i, home, 2);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, lab_has_met(home, 0) && !lines_are_needed(lab_node(home)));
	for (unsigned i = 3; i < COUNT; i++)
		if (i != home)
			lab_crash(i);
	lab_run_slowly_ms(PATHS_QUIET_MS + 10000);
	SCENARIO_EXPECT(world, lab_has_met(home, 0) && lines_are_needed(lab_node(home)));
	SCENARIO_EXPECT(world, ring_link_count(lab_node(home)->ring) > 1);
	for (unsigned i = 1; i < 3; i++) {
		lab_inside(i, home)->may_route = false;
		lab_inside(i, 0)->may_route = false;
	}
	let_go_for_100_ms(0, home);
	SCENARIO_EXPECT(world, lab_has_met(home, 0) && lab_has_met(0, home));
}

static unsigned dialled(unsigned i)
{
	const struct node *node = lab_node(i);
	unsigned count = 0;

	for (uint32_t n = 0; n < node->line_count; n++)
		count += node->lines[n].dialled.us != 0 ? 1 : 0;
	return count;
}

static bool has_dialled(unsigned i, unsigned of)
{
	const struct node *node = lab_node(i);
	bool has = false;

	for (uint32_t n = 0; n < node->line_count; n++)
		has = has || (id_equal(&node->lines[n].config->id, lab_id(of)) &&
			      node->lines[n].dialled.us != 0);
	return has;
}

/* A member of a line that came up without being dialled; `count` if there is none. */
static unsigned undialled(unsigned i, unsigned count)
{
	const struct node *node = lab_node(i);

	for (unsigned of = 0; of < count; of++)
		for (uint32_t n = 0; n < node->line_count; n++)
			if (id_equal(&node->lines[n].config->id, lab_id(of)) &&
			    node->lines[n].dialled.us == 0 && lab_has_met(i, of))
				return of;
	return count;
}

/* With twelve lines: four are tried at once, one more each 250 ms while nobody answers, and none
 * once there is a link and a place on the ring. Whoever came up and is lost is dialled. Who is
 * named in a line tries all the others. */
static void lines_are_tried_in_turn(struct world *world)
{
	enum { LINES = 12, JOINER = LINES };

	lab_set_up(world, LINES + 1);
	lab_place_all_public();
	for (unsigned i = 0; i <= LINES; i++)
		for (unsigned to = 0; to < LINES; to++)
			lab_add_line(i, to);
	lab_run_ms(10); /* at 0 a line that was dialled looks as if it never was */
	lab_start(JOINER);
	lab_run_ms(240);
	SCENARIO_EXPECT(world, dialled(JOINER) == 4);
	lab_run_ms(20);
	SCENARIO_EXPECT(world, dialled(JOINER) == 5);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, dialled(JOINER) == LINES);
	lab_crash(JOINER);
	for (unsigned i = 0; i < LINES; i++)
		lab_start(i);
	lab_run_ms(10);
	for (unsigned i = 0; i < LINES; i++)
		SCENARIO_EXPECT(world, dialled(i) == LINES - 1);
	lab_run_ms(10000);
	lab_start(JOINER);
	lab_run_ms(30000);
	SCENARIO_EXPECT(world, dialled(JOINER) >= 4 && dialled(JOINER) <= 5);
	const unsigned other = undialled(JOINER, LINES);

	SCENARIO_EXPECT(world, other < LINES);
	lab_crash(other);
	lab_run_ms(40000); /* near members are asked after 21 s of silence */
	SCENARIO_EXPECT(world, has_dialled(JOINER, other));
	SCENARIO_EXPECT(world, dialled(JOINER) < LINES);
	for (unsigned i = 0; i < LINES; i++)
		if (i != other)
			lab_crash(i);
	lab_run_slowly_ms(60000);
	SCENARIO_EXPECT(world, dialled(JOINER) == LINES); /* alone again */
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "idle", .play = who_needs_no_session_ends_it },
		{
			.name = "traffic",
			.play = who_had_traffic_keeps_its_session_for_a_while,
		},
		{ .name = "race", .play = who_lets_go_loses_nothing },
		{ .name = "better-thought", .play = who_thinks_better_of_it_says_nothing },
		{ .name = "lost-close", .play = a_lost_close_costs_little_time },
		{ .name = "late-close", .play = a_late_close_ends_no_newer_session },
		{ .name = "held", .play = what_one_side_needs_serves_both },
		{ .name = "late-release", .play = a_late_release_ends_no_younger_session },
		{ .name = "far-entrance", .play = a_far_entrance_is_reached },
		{ .name = "late-answer", .play = a_late_answer_lets_us_in },
		{ .name = "nameless", .play = a_name_that_leads_nowhere_is_looked_up_each_second },
		{ .name = "hangs", .play = a_resolver_that_hangs_holds_up_nobody },
		{ .name = "found-late", .play = an_address_that_is_found_late_is_dialled },
		{ .name = "elsewhere", .play = a_name_that_leads_elsewhere_is_followed },
		{ .name = "bad-start", .play = a_bad_start_is_forgotten },
		{ .name = "let-in", .play = who_loses_all_links_is_let_in_again },
		{ .name = "needed-line", .play = a_line_that_is_needed_is_not_let_go },
		{ .name = "last-link", .play = the_last_link_that_is_needed_is_not_let_go },
		{ .name = "let-go-once", .play = who_was_let_go_once_is_not_let_go_for_ever },
		{ .name = "turns", .play = lines_are_tried_in_turn },
		{ .name = "silent", .play = a_silent_member_is_gone_around, .seeds = 2 },
		{ .name = "silent-head", .play = a_silent_member_hides_nobody, .seeds = 2 },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
