/* test_loop.c - the loop wakes for what it watches and at its deadline, and for nothing else. */
#include "tests/lib/cmocka.h"

#include "io/clock.h"
#include "io/loop.h"
#include "io/signals.h"

#include <signal.h>
#include <unistd.h>

enum { KIND_PIPE = 1, KIND_OTHER = 0xfe };

static const struct handle first = { .index = 0, .generation = UINT32_MAX };
static const struct handle second = { .index = LOOP_INDEX_MAX, .generation = 1 };

static void events_carry_kind_and_handle(void **state)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	struct loop loop;
	int pipes[2][2];

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(pipe(pipes[0]), 0);
	assert_int_equal(pipe(pipes[1]), 0);
	assert_int_equal(loop_add(&loop, pipes[0][0], LOOP_READ, KIND_PIPE, first), 0);
	assert_int_equal(loop_add(&loop, pipes[1][0], LOOP_READ, KIND_OTHER, second), 0);
	assert_int_equal(loop_wait(&loop, clock_now().mono, (struct mono){ 0 }, events), 0);

	assert_int_equal(write(pipes[0][1], "x", 1), 1);
	for (int i = 0; i < 2; i++) { /* told until it is read */
		assert_int_equal(loop_wait(&loop, clock_now().mono, MONO_NEVER, events), 1);
		assert_int_equal(events[0].kind, KIND_PIPE);
		assert_true(handle_equal(events[0].handle, first));
		assert_true(events[0].readable);
		assert_false(events[0].writable);
	}
	loop_remove(&loop, pipes[0][0]);
	(void)close(pipes[1][1]); /* an end is an event for both */
	assert_int_equal(loop_wait(&loop, clock_now().mono, MONO_NEVER, events), 1);
	assert_int_equal(events[0].kind, KIND_OTHER);
	assert_true(handle_equal(events[0].handle, second));
	assert_true(events[0].readable);
	assert_true(events[0].writable);
	(void)close(pipes[0][0]);
	(void)close(pipes[0][1]);
	(void)close(pipes[1][0]);
	loop_free(&loop);
}

static void wants_can_change(void **state)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	struct loop loop;
	int pipes[2];

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(loop_add(&loop, pipes[1], 0, KIND_PIPE, first), 0);
	assert_int_equal(loop_wait(&loop, clock_now().mono, (struct mono){ 0 }, events), 0);
	loop_change(&loop, pipes[1], LOOP_WRITE, KIND_PIPE, first);
	assert_int_equal(loop_wait(&loop, clock_now().mono, MONO_NEVER, events), 1);
	assert_true(events[0].writable);
	assert_false(events[0].readable);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	loop_free(&loop);
}

/* Waits for a deadline, however often the loop wakes before it. */
static void wait_for(struct loop *loop, struct mono deadline)
{
	struct loop_event events[LOOP_EVENTS_MAX];

	while (!mono_reached(clock_now().mono, deadline))
		assert_int_equal(loop_wait(loop, clock_now().mono, deadline, events), 0);
}

static void deadlines_wake(void **state)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	const struct mono far = mono_add_ms(clock_now().mono, 3600000);
	struct loop loop;
	int pipes[2];

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(loop_add(&loop, pipes[0], LOOP_READ, KIND_PIPE, first), 0);
	wait_for(&loop, mono_add_ms(clock_now().mono, 5));
	wait_for(&loop, mono_add_ms(clock_now().mono, 5));
	/* A far one is being waited for when something happens; then a nearer one counts. */
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(loop_wait(&loop, clock_now().mono, far, events), 1);
	loop_remove(&loop, pipes[0]);
	wait_for(&loop, mono_add_ms(clock_now().mono, 5));
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	loop_free(&loop);
}

static void signals_are_read(void **state)
{
	static const int wanted[] = { SIGUSR1, SIGTERM };
	struct loop_event events[LOOP_EVENTS_MAX];
	struct loop loop;
	int fd;

	(void)state;
	assert_int_equal(signals_open(wanted, 2, &fd), 0);
	assert_int_equal(signals_read(fd), 0);
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(loop_add(&loop, fd, LOOP_READ, KIND_PIPE, first), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(loop_wait(&loop, clock_now().mono, MONO_NEVER, events), 1);
	assert_int_equal(signals_read(fd), SIGTERM);
	assert_int_equal(signals_read(fd), 0);
	(void)close(fd);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_carry_kind_and_handle),
		cmocka_unit_test(wants_can_change),
		cmocka_unit_test(deadlines_wake),
		cmocka_unit_test(signals_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
