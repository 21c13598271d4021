/* test_lookups.c - the steward looks up what is in its configuration, a few at once and in turn, by
 * processes that are not trusted: this program, executed again, plays good and bad ones. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/clock.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/lookups.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIND 5

#define SILENT_HOST "silent.example"

/* Who is silent comes first: LOOKUPS_AT_ONCE of them. */
enum { SILENT, SILENT_LAST = 3, LITERAL_V4, LITERAL_V6, REAL, LIAR, WRONG_KIND, HOSTS };

static_assert(SILENT_LAST + 1 == LOOKUPS_AT_ONCE, "enough to have all processes hang");

static const struct node_bootstrap hosts[HOSTS] = {
	[SILENT] = { .host = SILENT_HOST, .port = 4 },
	[SILENT + 1] = { .host = SILENT_HOST, .port = 4 },
	[SILENT + 2] = { .host = SILENT_HOST, .port = 4 },
	[SILENT_LAST] = { .host = SILENT_HOST, .port = 4 },
	[LITERAL_V4] = { .host = "192.0.2.1", .port = 1 },
	[LITERAL_V6] = { .host = "2001:db8::1", .port = 2 },
	[REAL] = { .host = "localhost", .port = 3 },
	[LIAR] = { .host = "liar.example", .port = 5 },
	[WRONG_KIND] = { .host = "wrong-kind.example", .port = 6 },
};

/* --- the processes --- */

static int act(const char *host, const char *port)
{
	const struct channel_message stop = { .kind = CHANNEL_STOP };
	const struct unix_message nonsense = { .bytes = { CHANNEL_LOOKUP_DONE }, .len = 7 };

	if (strcmp(host, SILENT_HOST) == 0)
		return process_harden(SIGKILL) == 0 ? pause() : 1;
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
	steward.lookups = (struct lookups){ 0 };
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

/* Waits for the next process that ends, and takes the answer. */
static void wait_for_answer(struct channel_message *ret)
{
	struct loop_event events[LOOP_EVENTS_MAX];

	for (int i = 0; i < 100; i++) {
		if (lookups_poll(&steward.lookups, steward.now, ret))
			return;
		const size_t count = loop_wait(&steward.loop, clock_now().mono,
					       mono_add_ms(clock_now().mono, 100), events);

		for (size_t k = 0; k < count; k++) {
			assert_int_equal(events[k].kind, KIND);
			lookups_event(&steward.lookups, events[k].handle);
		}
	}
	fail_msg("no answer");
}

/* Starts what may start: no answer is there yet. */
static void start(void)
{
	struct channel_message answer;

	assert_false(lookups_poll(&steward.lookups, steward.now, &answer));
}

static void want(uint32_t line)
{
	assert_int_equal(lookups_want(&steward.lookups, line), 0);
}

static unsigned running(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < LOOKUPS_AT_ONCE; i++)
		count += steward.lookups.at_once[i].is_running ? 1 : 0;
	return count;
}

/* The answer to a line that was asked for. */
static struct channel_message look_up(uint32_t line)
{
	struct channel_message answer = { .kind = CHANNEL_STOP };

	want(line);
	wait_for_answer(&answer);
	assert_int_equal(answer.kind, CHANNEL_LOOKUP_DONE);
	assert_int_equal(answer.lookup_done.bootstrap, line);
	return answer;
}

static void an_address_is_its_own_answer(void **state)
{
	const uint8_t v4[] = { 192, 0, 2, 1 };
	const struct endpoint its = endpoint_v4(v4, 1);
	struct channel_message answer;

	(void)state;
	answer = look_up(LITERAL_V4);
	assert_int_equal(answer.lookup_done.count, 1);
	assert_true(endpoint_equal(&answer.lookup_done.endpoints[0], &its));
	answer = look_up(LITERAL_V6);
	assert_int_equal(answer.lookup_done.count, 1);
	assert_int_equal(answer.lookup_done.endpoints[0].port, 2);
	want(LITERAL_V4);
	assert_true(lookups_poll(&steward.lookups, steward.now, &answer)); /* without a process */
}

static void a_name_is_looked_up(void **state)
{
	struct channel_message answer;

	(void)state;
	answer = look_up(REAL);
	assert_true(answer.lookup_done.count >= 1);
	assert_int_equal(answer.lookup_done.endpoints[0].port, 3);
	assert_int_equal(running(), 0);
	assert_int_equal(lookups_deadline(&steward.lookups).us, MONO_NEVER.us);
}

static void there_are_no_other_lines(void **state)
{
	(void)state;
	assert_int_equal(lookups_want(&steward.lookups, HOSTS - 1), 0);
	/* It may be of a list that was replaced just now. */
	assert_int_equal(lookups_want(&steward.lookups, HOSTS), 0);
	assert_int_equal(lookups_want(&steward.lookups, NODE_BOOTSTRAP_MAX - 1), 0);
	assert_int_equal(lookups_want(&steward.lookups, NODE_BOOTSTRAP_MAX), ERR_MALFORMED);
	assert_int_equal(lookups_want(&steward.lookups, 32), ERR_MALFORMED);
	assert_int_equal(lookups_want(&steward.lookups, UINT32_MAX), ERR_MALFORMED);
}

static void lies_are_no_answer(void **state)
{
	(void)state;
	assert_int_equal(look_up(LIAR).lookup_done.count, 0);
	assert_int_equal(look_up(WRONG_KIND).lookup_done.count, 0);
}

static void silence_has_an_end(void **state)
{
	struct channel_message answer;

	(void)state;
	want(SILENT);
	start();
	steward.now = mono_add_ms(steward.now, LOOKUPS_TIMEOUT_MS - 1);
	start();
	assert_int_equal(lookups_deadline(&steward.lookups).us, steward.now.us + 1000);
	steward.now = mono_add_ms(steward.now, 1);
	start(); /* kills it */
	assert_int_equal(lookups_deadline(&steward.lookups).us, MONO_NEVER.us);
	wait_for_answer(&answer);
	assert_int_equal(answer.lookup_done.bootstrap, SILENT);
	assert_int_equal(answer.lookup_done.count, 0);
}

/* Each has its own time. */
static void some_may_hang(void **state)
{
	struct channel_message answer;
	const struct mono first = mono_add_ms(steward.now, LOOKUPS_TIMEOUT_MS);

	(void)state;
	want(SILENT);
	start();
	steward.now = mono_add_ms(steward.now, 1);
	want(SILENT + 1);
	want(SILENT + 2);
	want(REAL);
	wait_for_answer(&answer);
	assert_int_equal(answer.lookup_done.bootstrap, REAL);
	assert_int_equal(running(), 3);
	assert_int_equal(lookups_deadline(&steward.lookups).us, first.us);
	steward.now = first;
	wait_for_answer(&answer); /* kills the first */
	assert_int_equal(answer.lookup_done.bootstrap, SILENT);
	assert_int_equal(running(), 2);
	assert_int_equal(lookups_deadline(&steward.lookups).us, first.us + 1000);
}

/* Who hangs, and is wanted again, comes after all others. */
static void each_has_its_turn(void **state)
{
	struct channel_message answer;

	(void)state;
	for (uint32_t line = SILENT; line <= SILENT_LAST; line++)
		want(line);
	want(REAL);
	start();
	assert_int_equal(running(), LOOKUPS_AT_ONCE);
	steward.now = mono_add_ms(steward.now, LOOKUPS_TIMEOUT_MS);
	for (uint32_t i = 0; i < LOOKUPS_AT_ONCE; i++) {
		wait_for_answer(&answer);
		if (answer.lookup_done.bootstrap == REAL)
			return;
		want(answer.lookup_done.bootstrap);
	}
	wait_for_answer(&answer);
	assert_int_equal(answer.lookup_done.bootstrap, REAL);
}

/* The answer that comes is the answer. */
static void none_is_looked_up_twice_at_once(void **state)
{
	(void)state;
	want(SILENT);
	start();
	want(SILENT);
	start();
	assert_int_equal(running(), 1);
	assert_int_equal(steward.lookups.wanted, 0);
}

/* However often the node asks: so many at once, and so many in a while. */
static void they_are_few(void **state)
{
	const struct lookups_config config = steward.lookups.config;
	struct channel_message answer;

	(void)state;
	for (int i = 0; i < LOOKUPS_AT_ONCE; i++)
		assert_int_equal(look_up(LIAR).lookup_done.count, 0);
	lookups_init(&steward.lookups, &config); /* with the same lines, or others */
	want(LIAR);
	start();
	assert_int_equal(running(), 0);
	assert_int_equal(lookups_deadline(&steward.lookups).us,
			 mono_add_ms(steward.now, LOOKUPS_PAUSE_MS).us);
	steward.now = mono_add_ms(steward.now, LOOKUPS_PAUSE_MS - 1);
	start();
	assert_int_equal(running(), 0);
	steward.now = mono_add_ms(steward.now, 1);
	start();
	assert_int_equal(running(), 1);
	wait_for_answer(&answer);
	steward.now = mono_add_ms(steward.now, LOOKUPS_PAUSE_MS);
	for (uint32_t line = SILENT; line <= SILENT_LAST; line++)
		want(line);
	want(REAL);
	start();
	assert_int_equal(running(), LOOKUPS_AT_ONCE);
	assert_int_equal(lookups_deadline(&steward.lookups).us,
			 mono_add_ms(steward.now, LOOKUPS_TIMEOUT_MS).us);
	lookups_free(&steward.lookups); /* kills them; nothing is wanted any more */
	assert_int_equal(running(), 0);
	assert_int_equal(lookups_deadline(&steward.lookups).us, MONO_NEVER.us);
}

#define WITH_STEWARD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH_STEWARD(an_address_is_its_own_answer),
		WITH_STEWARD(a_name_is_looked_up),
		WITH_STEWARD(there_are_no_other_lines),
		WITH_STEWARD(lies_are_no_answer),
		WITH_STEWARD(silence_has_an_end),
		WITH_STEWARD(some_may_hang),
		WITH_STEWARD(each_has_its_turn),
		WITH_STEWARD(none_is_looked_up_twice_at_once),
		WITH_STEWARD(they_are_few),
	};

	if (argc == 4 && strcmp(argv[1], IPOPD_OPTION_LOOKUP) == 0)
		return act(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
