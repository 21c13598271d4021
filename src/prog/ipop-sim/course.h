/* course.h - one run: a play, what is watched meanwhile, and how long it took. */
#ifndef PROG_IPOP_SIM_COURSE_H
#define PROG_IPOP_SIM_COURSE_H

#include "prog/ipop-sim/options.h"
#include "prog/ipop-sim/scenarios.h"
#include "sim/figures.h"

#define COURSE_STEPS_MAX 512 /* when full, every other one is given up */

/* What was sent for what, up to an instant. */
struct course_step {
	uint64_t at_us;
	uint32_t up;
	struct purposes sent;
};

struct course {
	const struct options *options; /* borrowed, as all to `play` */
	const struct loaded *loaded;
	struct play *play;
	uint64_t wall_us;
	uint64_t rss_bytes; /* of the whole process at its greatest, less what it had before */
	uint64_t step_us;
	struct course_step steps[COURSE_STEPS_MAX];
	unsigned step_count;
	bool has_measured;
	struct purposes measured; /* in the measured stretch */
	struct figures figures;
};

/* Runs to the end, with its progress on stderr. 0, or ERR_NOMEM. The play is owned by the course.
 */
int course_run(const struct options *options, const struct loaded *loaded, struct course *ret);
void course_free(struct course *course);

/* All that was expected came true; or the bug that was planted was found. */
bool course_passed(const struct course *course);

#endif
