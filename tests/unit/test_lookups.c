/* test_lookups.c - the steward looks up what is in its configuration, one at a time, by processes
 * that are not trusted: this program, executed again, plays good and bad ones. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/clock.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/lookups.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIND 5

enum { LITERAL_V4, LITERAL_V6, REAL, SILENT, LIAR, WRONG_KIND, HOSTS };

static const struct node_bootstrap hosts[HOSTS] = {
	[LITERAL_V4] = { .host = "192.0.2.1", .port = 1 },
	[LITERAL_V6] = { .host = "2001:db8::1", .port = 2 },
	[REAL] = { .host = "localhost", .port = 3 },
	[SILENT] = { .host = "silent.example", .port = 4 },
	[LIAR] = { .host = "liar.example", .port = 5 },
	[WRONG_KIND] = { .host = "wrong-kind.example", .port = 6 },
};

/* --- the processes --- */

static int act(const char *host, const char *port)
{
	const struct channel_message stop = { .kind = CHANNEL_STOP };
	const struct unix_message nonsense = { .bytes = { CHANNEL_LOOKUP_DONE }, .len = 7 };

	if (strcmp(host, hosts[SILENT].host) == 0)
		return pause();
	if (strcmp(host, hosts[LIAR].host) == 0)
		return unix_send(PROCESS_CHANNEL, &nonsense);
	if (strcmp(host, hosts[WRONG_KIND].host) == 0)
		return channel_send(PROCESS_CHANNEL, &stop);
	return lookups_child(host, port);
}

/* --- the steward --- */

static struct {
	struct loop loop;
	struct lookups lookups;
	struct mono now;
} steward;

static int set_up(void **state)
{
	const struct lookups_config config = { .hosts = hosts,
					       .count = HOSTS,
					       .uid = PROCESS_UID_KEEP,
					       .gid = PROCESS_UID_KEEP,
					       .loop = &steward.loop,
					       .event_kind = KIND };

	(void)state;
	steward.now = clock_now().mono;
	lookups_init(&steward.lookups, &config);
	return loop_init(&steward.loop);
}

static int tear_down(void **state)
{
	(void)state;
	lookups_free(&steward.lookups);
	loop_free(&steward.loop);
	return 0;
}

/* Waits for the process that runs, and takes the answer. */
static void wait_for_answer(struct channel_message *ret)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	size_t count = 0;

	for (int i = 0; i < 1000 && count == 0; i++)
		count = loop_wait(&steward.loop, clock_now().mono,
				  mono_add_ms(clock_now().mono, 100), events);
	assert_int_equal(count, 1);
	assert_int_equal(events[0].kind, KIND);
	lookups_event(&steward.lookups);
	assert_true(lookups_poll(&steward.lookups, steward.now, ret));
}

/* The answer to a line that was asked for. */
static struct channel_message look_up(uint32_t line)
{
	struct channel_message answer = { .kind = CHANNEL_STOP };

	assert_int_equal(lookups_want(&steward.lookups, line), 0);
	if (!lookups_poll(&steward.lookups, steward.now, &answer))
		wait_for_answer(&answer);
	assert_int_equal(answer.kind, CHANNEL_LOOKUP_DONE);
	assert_int_equal(answer.lookup_done.bootstrap, line);
	return answer;
}

static void an_address_is_its_own_answer(void **state)
{
	const uint8_t v4[] = { 192, 0, 2, 1 };
	const struct endpoint want = endpoint_v4(v4, 1);
	struct channel_message answer;

	(void)state;
	answer = look_up(LITERAL_V4);
	assert_int_equal(answer.lookup_done.count, 1);
	assert_true(endpoint_equal(&answer.lookup_done.endpoints[0], &want));
	answer = look_up(LITERAL_V6);
	assert_int_equal(answer.lookup_done.count, 1);
	assert_int_equal(answer.lookup_done.endpoints[0].port, 2);
	assert_int_equal(steward.lookups.process.pidfd, -1); /* without a process */
}

static void a_name_is_looked_up(void **state)
{
	struct channel_message answer;

	(void)state;
	answer = look_up(REAL);
	assert_true(answer.lookup_done.count >= 1);
	assert_int_equal(answer.lookup_done.endpoints[0].port, 3);
	assert_int_equal(steward.lookups.process.pidfd, -1);
	assert_int_equal(lookups_deadline(&steward.lookups).us, MONO_NEVER.us);
}

static void there_are_no_other_lines(void **state)
{
	(void)state;
	assert_int_equal(lookups_want(&steward.lookups, HOSTS - 1), 0);
	assert_int_equal(lookups_want(&steward.lookups, HOSTS), ERR_MALFORMED);
	assert_int_equal(lookups_want(&steward.lookups, 32), ERR_MALFORMED);
	assert_int_equal(lookups_want(&steward.lookups, UINT32_MAX), ERR_MALFORMED);
}

static void lies_are_no_answer(void **state)
{
	(void)state;
	assert_int_equal(look_up(LIAR).lookup_done.count, 0);
	steward.now = mono_add_ms(steward.now, LOOKUPS_PAUSE_MS);
	assert_int_equal(look_up(WRONG_KIND).lookup_done.count, 0);
}

static void silence_has_an_end(void **state)
{
	struct channel_message answer;

	(void)state;
	assert_int_equal(lookups_want(&steward.lookups, SILENT), 0);
	assert_false(lookups_poll(&steward.lookups, steward.now, &answer));
	steward.now = mono_add_ms(steward.now, LOOKUPS_TIMEOUT_MS - 1);
	assert_false(lookups_poll(&steward.lookups, steward.now, &answer));
	assert_int_equal(lookups_deadline(&steward.lookups).us, steward.now.us + 1000);
	steward.now = mono_add_ms(steward.now, 1);
	assert_false(lookups_poll(&steward.lookups, steward.now, &answer)); /* kills it */
	wait_for_answer(&answer);
	assert_int_equal(answer.lookup_done.bootstrap, SILENT);
	assert_int_equal(answer.lookup_done.count, 0);
}

/* However often the node asks, there is one process at a time, and a pause between two. */
static void there_is_one_at_a_time(void **state)
{
	struct channel_message answer;
	pid_t first;

	(void)state;
	assert_int_equal(lookups_want(&steward.lookups, REAL), 0);
	assert_int_equal(lookups_want(&steward.lookups, SILENT), 0);
	assert_false(lookups_poll(&steward.lookups, steward.now, &answer));
	first = steward.lookups.process.pid;
	assert_int_equal(lookups_want(&steward.lookups, SILENT), 0);
	assert_false(lookups_poll(&steward.lookups, steward.now, &answer));
	assert_int_equal(steward.lookups.process.pid, first);
	wait_for_answer(&answer);
	assert_int_equal(answer.lookup_done.bootstrap, REAL);
	assert_false(lookups_poll(&steward.lookups, steward.now, &answer));
	assert_int_equal(steward.lookups.process.pidfd, -1);
	assert_int_equal(lookups_deadline(&steward.lookups).us,
			 mono_add_ms(steward.now, LOOKUPS_PAUSE_MS).us);
	steward.now = mono_add_ms(steward.now, LOOKUPS_PAUSE_MS);
	assert_false(lookups_poll(&steward.lookups, steward.now, &answer));
	assert_int_not_equal(steward.lookups.process.pidfd, -1);
	lookups_free(&steward.lookups); /* kills it; nothing is wanted any more */
	assert_int_equal(steward.lookups.process.pidfd, -1);
	assert_int_equal(lookups_deadline(&steward.lookups).us, MONO_NEVER.us);
}

#define WITH_STEWARD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_STEWARD(an_address_is_its_own_answer), WITH_STEWARD(a_name_is_looked_up),
		WITH_STEWARD(there_are_no_other_lines),     WITH_STEWARD(lies_are_no_answer),
		WITH_STEWARD(silence_has_an_end),           WITH_STEWARD(there_is_one_at_a_time),
	};

	if (argc == 4 && strcmp(argv[1], IPOPD_OPTION_LOOKUP) == 0)
		return act(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
