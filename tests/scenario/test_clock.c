/* test_clock.c - members tell each other their clocks: who has a wrong one is told, the others are
 * not. */
#include "base/err.h"
#include "node/node_internal.h"
#include "tests/scenario/lab.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define DAY_US (24 * HOUR_US)

/* All have sessions with all, and some time has passed since their certificates were made. */
static void all_meet(struct world *world, unsigned count)
{
	lab_start_star(world, count);
	lab_run_slowly_ms(7200000);
	for (unsigned i = 1; i < count; i++)
		for (unsigned k = 0; k < i; k++)
			lab_send_number(i, k, k);
	lab_run_ms(2000);
}

/* To a second: the ways take that long at most. */
static bool is_off_by(unsigned i, int64_t off_us)
{
	const struct node_status status = lab_status(i);
	const int64_t wrong_us = status.clock_offset_us - off_us;

	return status.has_clock_offset && wrong_us < SECOND_US && wrong_us > -SECOND_US;
}

static bool differs(unsigned i)
{
	return lab_node(i)->clocks.differs;
}

/* Its sessions end when its clock jumps, and come again. */
static void step(struct world *world, unsigned i, int64_t step_us)
{
	world_step_wall(world, lab.members[i].host, step_us);
	lab_run_ms(1000);
	for (unsigned k = 0; k < lab.count; k++)
		if (k != i)
			lab_send_number(i, k, 100);
	lab_run_slowly_ms(120000);
	for (unsigned k = 0; k < lab.count; k++)
		if (k != i)
			lab_send_number(i, k, 101);
	lab_run_ms(15000);
}

static void one_clock_goes_wrong_and_right_again(struct world *world)
{
	static const int64_t steps_us[] = { 25 * HOUR_US, 600 * SECOND_US, -600 * SECOND_US,
					    -HOUR_US };

	all_meet(world, 5);
	for (unsigned i = 0; i < 5; i++)
		SCENARIO_EXPECT(world, is_off_by(i, 0) && !differs(i));
	for (size_t s = 0; s < sizeof(steps_us) / sizeof(steps_us[0]); s++) {
		step(world, 1, steps_us[s]);
		SCENARIO_EXPECT(world, is_off_by(1, steps_us[s]) && differs(1));
		for (unsigned i = 0; i < 5; i++)
			SCENARIO_EXPECT(world, i == 1 || (is_off_by(i, 0) && !differs(i)));
		step(world, 1, -steps_us[s]);
		SCENARIO_EXPECT(world, is_off_by(1, 0) && !differs(1));
	}
}

/* By less than what ends sessions nothing happens at all, and by less than five minutes nobody is
 * told. */
static void a_small_difference_is_none(struct world *world)
{
	all_meet(world, 4);
	world_step_wall(world, lab.members[1].host, 9 * SECOND_US);
	lab_run_ms(100);
	SCENARIO_EXPECT(world, is_off_by(1, 9 * SECOND_US) && !differs(1));
	step(world, 1, 280 * SECOND_US);
	SCENARIO_EXPECT(world, is_off_by(1, 289 * SECOND_US) && !differs(1));
}

static void three_know_too_few(struct world *world)
{
	all_meet(world, 3);
	step(world, 1, DAY_US);
	for (unsigned i = 0; i < 3; i++)
		SCENARIO_EXPECT(world, !lab_status(i).has_clock_offset && !differs(i));
}

/* Its calendar is that of its battery. What it says would make it look as if others were wrong. */
static void who_knows_that_its_clock_is_wrong_says_nothing(struct world *world)
{
	const int64_t off_us = -INT64_C(20) * 365 * DAY_US;

	lab_set_up(world, 4);
	lab_place_all_public();
	world_step_wall(world, lab.members[1].host, off_us);
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			lab_add_line(i, 0);
		lab_start(i);
	}
	lab_run_ms(70000);
	for (unsigned k = 0; k < 4; k++)
		if (k != 1)
			lab_send_number(1, k, k);
	lab_run_ms(UINT64_C(2) * CLOCKS_LOOK_MS);
	SCENARIO_EXPECT(world, is_off_by(1, off_us) && differs(1));
	for (unsigned i = 0; i < 4; i++)
		SCENARIO_EXPECT(world,
				i == 1 || (lab_has_met(i, 1) && !lab_inside(i, 1)->clock.is_known));
}

static bool is_told_within(uint64_t ms)
{
	lab_inside(1, 0)->clock.is_known = false; /* as if what was said had been lost */
	for (uint64_t passed = 0; passed < ms; passed += 1000) {
		if (lab_inside(1, 0)->clock.is_known)
			return true;
		lab_run_slowly_ms(1000);
	}
	return lab_inside(1, 0)->clock.is_known;
}

static void clocks_are_told_again(struct world *world)
{
	lab_start_star(world, 2);
	lab_run_ms(2000);
	SCENARIO_EXPECT(world, lab_has_met(1, 0) && lab_inside(1, 0)->clock.is_known);
	SCENARIO_EXPECT(world, is_told_within(CLOCK_AGAIN_MS));
	SCENARIO_EXPECT(world, !is_told_within(CLOCK_EACH_MS - 5000));
	SCENARIO_EXPECT(world, is_told_within(10000));
	SCENARIO_EXPECT(world, is_told_within(CLOCK_EACH_MS + 5000));
}

int main(int argc, char **argv)
{
	static const struct scenario scenarios[] = {
		{ .name = "one-clock-goes-wrong", .play = one_clock_goes_wrong_and_right_again },
		{ .name = "small-difference", .play = a_small_difference_is_none },
		{ .name = "too-few", .play = three_know_too_few },
		{ .name = "known-to-be-wrong",
		  .play = who_knows_that_its_clock_is_wrong_says_nothing },
		{ .name = "told-again", .play = clocks_are_told_again },
	};

	return scenario_main(argc, argv, scenarios, sizeof(scenarios) / sizeof(scenarios[0]));
}
