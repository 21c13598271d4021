/* course.c - see course.h. */
#include "prog/ipop-sim/course.h"

#include "base/err.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define STEP_US 1000000
#define SECOND_US 1000000
#define TERMINAL_US 200000 /* between two lines of progress, written over each other */
#define PIPE_US 5000000    /* written below each other */

static uint64_t clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* it always is there */
	return (uint64_t)t.tv_sec * SECOND_US + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t resident_bytes(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage); /* fails for no valid argument */
	return (uint64_t)usage.ru_maxrss * 1024;
}

/* -- progress ------------------------------------------------------------------------------ */

struct progress {
	bool on, terminal;
	uint64_t began_us, next_us;
};

static void show(struct progress *progress, const struct play *play, uint64_t now_us)
{
	static const char *const states[] = { "joining, faults", "settling", "measuring", "over" };
	const uint64_t at_us = world_time(play->world).us;
	const uint64_t end_us = play_end(play).us;
	const uint64_t wall_us = now_us - progress->began_us + 1;
	const uint64_t steps_s = world_steps(play->world) * SECOND_US / wall_us;
	const uint64_t left_us =
		at_us > 0 && end_us > at_us
			? (end_us - at_us) / 1000 * (wall_us / 1000) / (at_us / 1000 + 1) * 1000
			: 0;

	(void)fprintf(stderr,
		      "%s%5" PRIu64 ".%" PRIu64 " s of at most %" PRIu64
		      " s  %u of %u up  %s  %" PRIu64 " events/s  at most %" PRIu64 " s left%s",
		      progress->terminal ? "\r" : "", at_us / SECOND_US,
		      at_us % SECOND_US / (SECOND_US / 10), end_us / SECOND_US,
		      crowd_up_count(&play->crowd), play->crowd.count, states[play->state], steps_s,
		      left_us / SECOND_US, progress->terminal ? "\033[K" : "\n");
	(void)fflush(stderr);
	progress->next_us = now_us + (progress->terminal ? TERMINAL_US : PIPE_US);
}

/* -- the run ------------------------------------------------------------------------------- */

static void add_step(struct course *course)
{
	const uint64_t at_us = world_time(course->play->world).us;

	if (course->step_count > 0 &&
	    at_us < course->steps[course->step_count - 1].at_us + course->step_us)
		return;
	if (course->step_count == COURSE_STEPS_MAX) {
		for (size_t n = 0; 2 * n < COURSE_STEPS_MAX; n++)
			course->steps[n] = course->steps[2 * n];
		course->step_count /= 2;
		course->step_us *= 2;
	}
	course->steps[course->step_count++] = (struct course_step){
		.at_us = at_us, .up = crowd_up_count(&course->play->crowd), .sent = watch_purposes()
	};
}

/* What was sent for what between the beginning and the end of the measured stretch. */
static void measure_purposes(struct course *course, enum play_state before)
{
	const struct play *play = course->play;
	const struct purposes now = watch_purposes();

	if (before != PLAY_MEASURING && play->state == PLAY_MEASURING)
		course->measured = now;
	if (before == PLAY_MEASURING && play->measured_routes && !course->has_measured) {
		for (unsigned p = 0; p < PURPOSES; p++)
			course->measured.bytes[p] = now.bytes[p] - course->measured.bytes[p];
		course->has_measured = true;
	}
}

int course_run(const struct options *options, const struct loaded *loaded, struct course *ret)
{
	const struct play_config config = { .script = &loaded->script,
					    .seed = options->seed,
					    .nodes = options->nodes,
					    .matrix_us = loaded->matrix_us,
					    .sites = loaded->sites,
					    .print = options->journal ? stdout : NULL };
	struct progress progress = { .on = !options->quiet,
				     .terminal = isatty(STDERR_FILENO) == 1,
				     .began_us = clock_us() };
	const uint64_t resident_before = resident_bytes();
	bool more = true;

	*ret = (struct course){ .options = options, .loaded = loaded, .step_us = STEP_US };
	ret->play = play_new(&config);
	if (ret->play == NULL)
		return ERR_NOMEM;
	watch_begin(ret->play, options->plant);
	progress.next_us = progress.began_us + (progress.terminal ? TERMINAL_US : PIPE_US);
	while (more) {
		const enum play_state before = ret->play->state;

		add_step(ret);
		more = play_advance(ret->play);
		measure_purposes(ret, before);
		if (progress.on && clock_us() >= progress.next_us)
			show(&progress, ret->play, clock_us());
	}
	if (progress.on && progress.terminal)
		(void)fputs("\r\033[K", stderr);
	figures_judge(ret->play);
	ret->figures = figures_of(ret->play);
	ret->wall_us = clock_us() - progress.began_us;
	ret->rss_bytes = resident_bytes() - resident_before;
	return 0;
}

void course_free(struct course *course)
{
	watch_begin(NULL, PLANT_NONE);
	play_free(course->play);
	course->play = NULL;
}

bool course_passed(const struct course *course)
{
	const struct play *play = course->play;

	if (course->options->plant == PLANT_NONE)
		return play->violation_count == 0;
	for (unsigned n = 0; n < play->violation_count && n < PLAY_VIOLATIONS_MAX; n++)
		if (strstr(play->violations[n], plant_finding(course->options->plant)) != NULL)
			return true;
	return false;
}
