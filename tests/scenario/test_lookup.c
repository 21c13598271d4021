/* test_lookup.c - members that stand in the way of a look-up where it has stood before: whoever
 * looks again, or answers again, takes other ways.
 *
 * Method: overlay_routed() and broadcast_take() of those members are ours; what they swallow they
 * have never seen. */
#include "base/check.h"
#include "node/node_internal.h"
#include "tests/scenario/lab.h"

#define CROWD 24 /* members, so that nobody has met all the others */

static struct {
	unsigned a, b; /* who looks, for whom; 0: nobody yet */
	bool answers, questions;
} play;

static bool is_answer(const struct routed *routed)
{
	return routed->kind == ROUTED_FOUND ||
	       (routed->kind == ROUTED_HANDSHAKE && datagram_type(routed->payload) == DATAGRAM_M1);
}

/* To this member `b` gives what goes to the same place, if it takes its best step. */
static bool is_best_step(const struct node *node, const struct routed *routed)
{
	static const struct id nobody;
	struct routed best = *routed;
	struct id next;

	best.route = 0;
	return ring_next(lab_node(play.b)->ring, &best, &nobody, &next) == RING_ON &&
	       id_equal(&next, &node->certificate.id);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_overlay_routed(struct node *node, struct now now, struct peer *link,
			  struct span payload);
int __wrap_overlay_routed(struct node *node, struct now now, struct peer *link,
			  struct span payload);

int __wrap_overlay_routed(struct node *node, struct now now, struct peer *link, struct span payload)
{
	struct routed routed;

	if (play.answers && node != lab_node(play.a) && routed_decode(payload, &routed) == 0 &&
	    is_answer(&routed) && id_equal(&link->id, lab_id(play.b)) &&
	    is_best_step(node, &routed))
		return 0;
	return __real_overlay_routed(node, now, link, payload);
}

int __real_broadcast_take(struct node *node, struct now now, struct peer *link,
			  struct span payload);
int __wrap_broadcast_take(struct node *node, struct now now, struct peer *link,
			  struct span payload);

/* Clockwise from `a` they stand before `b`, beside it: all who could hand it a question. */
int __wrap_broadcast_take(struct node *node, struct now now, struct peer *link, struct span payload)
{
	const struct id place = id_clockwise(lab_id(play.a), &node->certificate.id);
	const struct id its = id_clockwise(lab_id(play.a), lab_id(play.b));
	struct handle unused;

	if (play.questions && id_compare(&place, &its) < 0 &&
	    peer_find(node, lab_id(play.b), &unused) != NULL)
		return 0;
	return __real_broadcast_take(node, now, link, payload);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* A packet for a stranger, by IPv4 or IPv6 as the number says, is there in time. */
static void play_look_up(struct world *world, unsigned number, unsigned most_ms)
{
	lab_start_star(world, CROWD);
	lab_run_ms(5000);
	play.a = 1;
	play.b = lab_stranger(1, 1);
	lab_send_number(play.a, play.b, number);
	lab_run_ms(most_ms);
	SCENARIO_EXPECT(world, lab_arrived(play.a, play.b, number, number + 1) == 1);
}

/* An M0 is repeated after 400 ms, and so is its answer. */
static void the_best_step_of_answers_is_barred(struct world *world)
{
	memset(&play, 0, sizeof(play));
	play.answers = true;
	play_look_up(world, 2, 1500);
}

/* A question to all is repeated each 500 ms, the dial that follows after 400 and then 700: each
 * may meet a barred step more than once. */
static void the_best_step_of_those_found_is_barred(struct world *world)
{
	memset(&play, 0, sizeof(play));
	play.answers = true;
	play_look_up(world, 1, 3500);
}

static void one_side_hears_no_question(struct world *world)
{
	memset(&play, 0, sizeof(play));
	play.questions = true;
	play_look_up(world, 1, 1500);
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "answers", .seeds = 5, .play = the_best_step_of_answers_is_barred },
		{ .name = "found", .seeds = 5, .play = the_best_step_of_those_found_is_barred },
		{ .name = "one-side", .seeds = 5, .play = one_side_hears_no_question },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
