/* test_twins.c - two members whose ids begin with the same 80 bits: nobody can find two such keys,
 * so here the verifier is told that some members have such ids. */
#include "node/node_twin.h"
#include "tests/scenario/lab.h"

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_certificate_verify(const struct trust *trust, struct span der, struct wall now,
			      struct certificate *ret);
int __wrap_certificate_verify(const struct trust *trust, struct span der, struct wall now,
			      struct certificate *ret);

/* Who has a name of this list is a twin of the others: the rest of their ids stays different. */
static const char *const twin_names[] = { "member-1", "member-2", "member-3" };
static unsigned twin_count;

int __wrap_certificate_verify(const struct trust *trust, struct span der, struct wall now,
			      struct certificate *ret)
{
	const int err = __real_certificate_verify(trust, der, now, ret);

	for (unsigned i = 0; err == 0 && i < twin_count; i++)
		if (strcmp(ret->name, twin_names[i]) == 0)
			memset(ret->id.bytes, 0x55, ID_PREFIX_BYTES);
	return err;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void set_up(struct world *world, unsigned count, unsigned twins)
{
	twin_count = twins;
	lab_set_up(world, count);
	lab_place_all_public();
	for (unsigned i = 1; i < count; i++)
		lab_add_line(i, 0);
}

static bool is_refused(unsigned i, unsigned of)
{
	struct node_peer peer;

	return lab_peer(i, of, &peer) && peer.state == NODE_PEER_GONE &&
	       strcmp(peer.why, TWINS_WHY) == 0;
}

static bool is_up(unsigned i, unsigned of)
{
	struct node_peer peer;

	return lab_peer(i, of, &peer) && peer.state == NODE_PEER_UP;
}

/* The first is there and works; with the second both are out, and a third member notices nothing.
 */
static void with_the_second_both_are_refused(struct world *world)
{
	set_up(world, 4, 2);
	lab_start(0);
	lab_start(1);
	lab_start(3);
	lab_run_ms(3000);
	lab_send_number(1, 0, 0);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 0, 1) == 1);
	SCENARIO_EXPECT(world, is_up(0, 1) && is_up(0, 3));
	lab_start(2);
	lab_run_ms(1000);
	SCENARIO_EXPECT(world, is_refused(0, 1) && is_refused(0, 2) && is_up(0, 3));
	for (unsigned n = 1; n < 20; n++) {
		lab_send_number(1, 0, n);
		lab_send_number(2, 0, n);
		lab_send_number(0, 1, n);
		lab_send_number(0, 2, n);
		lab_send_number(3, 0, n);
		lab_run_ms(1000);
	}
	SCENARIO_EXPECT(world, lab_arrived(1, 0, 1, 20) == 0 && lab_arrived(2, 0, 1, 20) == 0);
	SCENARIO_EXPECT(world, lab_arrived(0, 1, 1, 20) == 0 && lab_arrived(0, 2, 1, 20) == 0);
	SCENARIO_EXPECT(world, lab_arrived(3, 0, 1, 20) == 19);
	SCENARIO_EXPECT(world, is_refused(0, 1) && is_refused(0, 2));
}

/* Both come in the same instant. */
static void twins_that_come_together_are_refused(struct world *world)
{
	set_up(world, 3, 2);
	lab_start(0);
	lab_start(1);
	lab_start(2);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, is_refused(0, 1) && is_refused(0, 2));
	SCENARIO_EXPECT(world, lab_status(0).peers_up == 0);
}

/* It is remembered when the other one is not there any more. */
static void who_is_left_alone_stays_refused(struct world *world)
{
	set_up(world, 3, 2);
	lab_start(0);
	lab_start(1);
	lab_start(2);
	lab_run_ms(2000);
	lab_crash(2);
	lab_run_ms(600000);
	SCENARIO_EXPECT(world, is_refused(0, 1) && lab_status(0).peers_up == 0);
	/* Nor does it ask all the time, though a session stood each time: who is alone tries who
	 * was near it each 3 s, lines more and more rarely. */
	SCENARIO_EXPECT(world, lab_status(0).sessions.m0_received < 900);
}

/* Who meets its own twin refuses it; others are not concerned. */
static void a_twin_refuses_its_twin(struct world *world)
{
	set_up(world, 4, 2);
	lab_add_line(2, 1);
	lab.members[2].config.bootstrap[0] = lab.members[2].config.bootstrap[1];
	lab.members[2].config.bootstrap_count = 1;
	lab_start(1);
	lab_start(2);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, lab_status(1).peers_up == 0 && lab_status(2).peers_up == 0);
}

/* Members are as good as ever when nobody is a twin. */
static void others_do_not_mind(struct world *world)
{
	set_up(world, 4, 0);
	for (unsigned i = 0; i < 4; i++)
		lab_start(i);
	lab_run_ms(3000);
	SCENARIO_EXPECT(world, lab_status(0).peers_up == 3);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "second-comes", .seeds = 2, .play = with_the_second_both_are_refused },
		{ .name = "together", .seeds = 2, .play = twins_that_come_together_are_refused },
		{ .name = "left-alone", .play = who_is_left_alone_stays_refused },
		{ .name = "own-twin", .play = a_twin_refuses_its_twin },
		{ .name = "none", .play = others_do_not_mind },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
