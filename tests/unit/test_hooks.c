/* test_hooks.c - programs of the owner's: what they are told, one at a time, and whose end is
 * whose.
 *
 * Real processes: this program stands by a pipe for what they say. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/clock.h"
#include "prog/ipopd/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIND 1
#define PATIENCE_MS 20000

static const struct node_addresses addresses = { .ipv6.bytes = { 0xfd, [15] = 1 },
						 .has_ipv4 = true,
						 .ipv4 = { 10, 151, 0, 1 } };
static struct {
	struct loop loop;
	struct hooks hooks;
	struct mono now;
	char root[32];
	int said; /* a pipe by which programs say something */
} t;

static void name(char ret[64], const char *file)
{
	(void)snprintf(ret, 64, "%s/%s", t.root, file);
}

/* A shell script of these lines. */
static struct config_path program(const char *file, const char *lines)
{
	struct config_path path;
	char text[64];
	FILE *script;

	name(text, file);
	(void)snprintf(path.text, sizeof(path.text), "%s", text);
	script = fopen(path.text, "we");
	assert_non_null(script);
	(void)fprintf(script, "#!/bin/sh\nexec >%s/said\n%s\n", t.root, lines);
	assert_int_equal(fclose(script), 0);
	assert_int_equal(chmod(path.text, 0700), 0);
	return path;
}

static int set_up(void **state)
{
	char said[64];

	(void)state;
	memcpy(t.root, "/tmp/ipop-test-XXXXXX", sizeof("/tmp/ipop-test-XXXXXX"));
	if (mkdtemp(t.root) == NULL || loop_init(&t.loop) < 0)
		return -1;
	name(said, "said");
	if (mkfifo(said, 0600) < 0)
		return -1;
	t.said = open(said, O_RDWR | O_CLOEXEC);
	t.now = clock_now().mono;
	hooks_init(&t.hooks, &t.loop, KIND, "lab");
	return t.said < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "said", "up", "down", "peer" };
	char path[64];

	(void)state;
	hooks_free(&t.hooks);
	loop_free(&t.loop);
	(void)close(t.said);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		name(path, files[i]);
		(void)unlink(path);
	}
	return rmdir(t.root);
}

static void use(const struct config *config)
{
	hooks_use(&t.hooks, config);
}

/* The next line that a program says. */
static void expect(const char *line)
{
	struct pollfd fd = { .fd = t.said, .events = POLLIN };
	char text[256] = "";
	size_t len = 0;

	do {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		assert_int_equal(read(t.said, text + len, 1), 1);
	} while (text[len] != '\n' && ++len < sizeof(text) - 1);
	text[len] = '\0';
	assert_string_equal(text, line);
}

static void expect_silence(void)
{
	struct pollfd fd = { .fd = t.said, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, 0), 0);
}

/* Until what runs has ended, and is seen to; what is next then runs. */
static void turn_until_ended(void)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	const size_t count = loop_wait(&t.loop, t.now, mono_add_ms(t.now, PATIENCE_MS), events);

	assert_int_equal(count, 1);
	assert_int_equal(events[0].kind, KIND);
	hooks_event(&t.hooks, events[0].handle);
	hooks_poll(&t.hooks, t.now);
}

static void tell(uint8_t number, bool is_there)
{
	struct hook_peer peer = { .id.bytes = { number },
				  .ipv6.bytes = { 0xfd, [15] = number },
				  .is_there = is_there };

	(void)snprintf(peer.name, sizeof(peer.name), "host-%u", number);
	hooks_peer(&t.hooks, &peer);
}

static void each_is_told_what_it_needs(void **state)
{
	struct config config = {
		.on_up = program("up", "echo $# $IPOP_EVENT $IPOP_NETWORK $IPOP_INTERFACE "
				       "$IPOP_IPV6 $IPOP_IPV4 $IPOP_PEER"),
		.on_down = program("down", "echo $IPOP_EVENT"),
		.on_peer =
			program("peer", "echo $IPOP_EVENT $IPOP_PEER $IPOP_PEER_IPV6 $IPOP_IPV6"),
	};

	(void)state;
	use(&config);
	tell(2, true); /* before the network is up */
	hooks_poll(&t.hooks, t.now);
	hooks_up(&t.hooks, t.now, &addresses);
	expect("0 up lab lab fd00::1 10.151.0.1");
	turn_until_ended();
	expect("peer-up host-2 fd00::2 fd00::1");
	turn_until_ended();
	hooks_down(&t.hooks);
	expect("down");
	hooks_down(&t.hooks); /* not twice */
	tell(3, true);
	hooks_poll(&t.hooks, t.now);
	expect_silence();
}

static void one_runs_at_a_time_and_ten_a_second(void **state)
{
	struct config config = { .on_peer = program("peer", "echo $IPOP_EVENT $IPOP_PEER") };

	(void)state;
	use(&config);
	hooks_up(&t.hooks, t.now, &addresses);
	assert_int_equal(hooks_deadline(&t.hooks).us, MONO_NEVER.us);
	tell(2, true);
	tell(3, true);
	hooks_poll(&t.hooks, t.now);
	tell(4, true);
	tell(4, false); /* it came and went: nobody needs to know */
	tell(2, false);
	expect("peer-up host-2");
	turn_until_ended();
	expect_silence();
	assert_int_equal(hooks_deadline(&t.hooks).us, mono_add_ms(t.now, HOOKS_PEER_PAUSE_MS).us);
	t.now = mono_add_ms(t.now, HOOKS_PEER_PAUSE_MS - 1);
	hooks_poll(&t.hooks, t.now);
	expect_silence();
	t.now = mono_add_ms(t.now, 1);
	hooks_poll(&t.hooks, t.now);
	expect("peer-up host-3");
	turn_until_ended();
	hooks_peers_gone(&t.hooks);
	t.now = mono_add_ms(t.now, HOOKS_PEER_PAUSE_MS);
	hooks_poll(&t.hooks, t.now);
	expect("peer-down host-2");
	turn_until_ended();
	t.now = mono_add_ms(t.now, HOOKS_PEER_PAUSE_MS);
	hooks_poll(&t.hooks, t.now);
	expect("peer-down host-3");
	turn_until_ended();
	hooks_poll(&t.hooks, mono_add_ms(t.now, HOOKS_LEFT_MS)); /* nothing is left */
	assert_int_equal(hooks_deadline(&t.hooks).us, MONO_NEVER.us);
}

/* What the node has told when nobody listened, or there was no room, it is asked for. */
static void nobody_who_is_there_is_forgotten(void **state)
{
	struct config config = { .on_peer = program("peer", "echo $IPOP_EVENT $IPOP_PEER") };
	struct config nothing = { .on_peer.text = "" };
	struct hook_peer peer = { .is_there = true, .name = "beta" };

	(void)state;
	hooks_up(&t.hooks, t.now, &addresses);
	tell(2, true); /* when its program cannot be run */
	assert_int_equal(hooks_catch_up_deadline(&t.hooks).us, MONO_NEVER.us);
	use(&config);
	assert_true(mono_reached(t.now, hooks_catch_up_deadline(&t.hooks)));
	hooks_asked(&t.hooks, t.now, false); /* nobody listens */
	assert_int_equal(hooks_catch_up_deadline(&t.hooks).us,
			 mono_add_ms(t.now, HOOKS_CATCH_UP_MS).us);
	hooks_asked(&t.hooks, t.now, true);
	assert_int_equal(hooks_catch_up_deadline(&t.hooks).us, MONO_NEVER.us);
	use(&config); /* as it was */
	assert_int_equal(hooks_catch_up_deadline(&t.hooks).us, MONO_NEVER.us);
	for (uint32_t i = 0; i <= HOOK_PEERS_MAX; i++) {
		memcpy(peer.id.bytes, &i, sizeof(i));
		hooks_peer(&t.hooks, &peer);
	}
	assert_int_equal(hooks_catch_up_deadline(&t.hooks).us, MONO_NEVER.us);
	peer.id = (struct id){ .bytes = { 7 } }; /* one goes before anybody was told of him */
	peer.is_there = false;
	hooks_peer(&t.hooks, &peer);
	assert_int_equal(hooks_catch_up_deadline(&t.hooks).us,
			 mono_add_ms(t.now, HOOKS_CATCH_UP_MS).us);
	use(&nothing);
	assert_int_equal(hooks_catch_up_deadline(&t.hooks).us, MONO_NEVER.us);
}

/* It would be ended in the middle of it. */
static void nobody_hears_of_members_when_the_network_goes(void **state)
{
	struct config config = { .on_peer = program("peer", "echo $IPOP_EVENT $IPOP_PEER"),
				 .on_down = program("down", "echo $IPOP_EVENT") };

	(void)state;
	use(&config);
	hooks_up(&t.hooks, t.now, &addresses);
	tell(2, true);
	hooks_poll(&t.hooks, t.now);
	expect("peer-up host-2");
	turn_until_ended();
	hooks_rest(&t.hooks);
	tell(3, true); /* the last that the node says */
	hooks_peers_gone(&t.hooks);
	t.now = mono_add_ms(t.now, HOOKS_LEFT_MS);
	hooks_poll(&t.hooks, t.now);
	assert_int_equal(hooks_deadline(&t.hooks).us, MONO_NEVER.us); /* nothing runs */
	hooks_down(&t.hooks);
	expect("down");
}

/* The process whose number a program says next. */
static int said_process(void)
{
	struct pollfd fd = { .fd = t.said, .events = POLLIN };
	char text[16] = "";
	size_t len = 0;
	int pidfd;

	do {
		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		assert_int_equal(read(t.said, text + len, 1), 1);
	} while (text[len] != '\n' && ++len < sizeof(text) - 1);
	pidfd = pidfd_open((pid_t)strtol(text, NULL, 10), 0);
	assert_true(pidfd >= 0);
	return pidfd;
}

/* Or it runs, if it was not to end. */
static void expect_end(int pidfd, bool ends)
{
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, ends ? PATIENCE_MS : 0), ends);
	(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* nothing stays of this test */
	(void)close(pidfd);
}

static void one_that_takes_too_long_is_ended(void **state)
{
	struct config config = { .on_up = program("up", "echo $$\nexec tail -f /dev/null") };
	int process;

	(void)state;
	use(&config);
	hooks_up(&t.hooks, t.now, &addresses);
	process = said_process();
	assert_int_equal(hooks_deadline(&t.hooks).us, mono_add_ms(t.now, HOOKS_UP_MS).us);
	hooks_poll(&t.hooks, mono_add_ms(t.now, HOOKS_UP_MS - 1));
	assert_int_not_equal(hooks_deadline(&t.hooks).us, MONO_NEVER.us);
	assert_int_equal(poll(&(struct pollfd){ .fd = process, .events = POLLIN }, 1, 0), 0);
	hooks_poll(&t.hooks, mono_add_ms(t.now, HOOKS_UP_MS));
	assert_int_equal(hooks_deadline(&t.hooks).us, MONO_NEVER.us);
	expect_end(process, true);
}

/* With the rights of the steward it would be there for ever; but a daemon that puts itself into the
 * background is what its owner wants, and has a moment for it. */
static void what_one_leaves_running_is_ended(void **state)
{
	struct config config = {
		.on_up = program("up", "tail -f /dev/null & echo $!\n"
				       "setsid sh -c 'echo $$; exec tail -f /dev/null' &"),
	};
	int left;
	int background;

	(void)state;
	use(&config);
	hooks_up(&t.hooks, t.now, &addresses);
	left = said_process();
	background = said_process();
	turn_until_ended();
	assert_int_equal(hooks_deadline(&t.hooks).us, mono_add_ms(t.now, HOOKS_LEFT_MS).us);
	assert_int_equal(poll(&(struct pollfd){ .fd = left, .events = POLLIN }, 1, 0), 0);
	hooks_poll(&t.hooks, mono_add_ms(t.now, HOOKS_LEFT_MS));
	assert_int_equal(hooks_deadline(&t.hooks).us, MONO_NEVER.us);
	expect_end(left, true);
	expect_end(background, false);
}

static void the_next_one_ends_what_the_last_has_left(void **state)
{
	struct config config = {
		.on_up = program("up", "tail -f /dev/null & echo $!"),
		.on_down = program("down", "tail -f /dev/null & echo $!"),
	};
	int left;
	int last;

	(void)state;
	use(&config);
	hooks_up(&t.hooks, t.now, &addresses);
	left = said_process();
	turn_until_ended();
	hooks_down(&t.hooks);
	last = said_process();
	expect_end(left, true);
	hooks_free(&t.hooks);
	expect_end(last, true);
}

/* It ended just when another took its place. */
static void the_end_of_one_is_not_that_of_the_next(void **state)
{
	struct config config = { .on_up = program("up", "echo one") };
	struct loop_event events[LOOP_EVENTS_MAX];

	(void)state;
	use(&config);
	hooks_up(&t.hooks, t.now, &addresses);
	expect("one");
	assert_int_equal(loop_wait(&t.loop, t.now, mono_add_ms(t.now, PATIENCE_MS), events), 1);
	config.on_up = program("up", "echo two\nexec tail -f /dev/null");
	hooks_up(&t.hooks, t.now, &addresses);
	hooks_event(&t.hooks, events[0].handle);
	hooks_poll(&t.hooks, t.now);
	expect("two");
	hooks_poll(&t.hooks, t.now);
	assert_int_not_equal(hooks_deadline(&t.hooks).us, MONO_NEVER.us); /* it runs */
}

/* As in a shell: what writes to nobody ends. */
static void signals_do_what_they_usually_do(void **state)
{
	struct config config = {
		.on_up = program(
			"up",
			"(yes; echo $? >&2) 2>/dev/null | head -n 1\n"
			"echo $((0x$(sed -n 's/^SigIgn:.//p' /proc/self/status) & 0x7fffffff))"),
	};
	void (*const pipe_was)(int) = signal(SIGPIPE, SIG_IGN);
	void (*const quit_was)(int) = signal(SIGQUIT, SIG_IGN);

	(void)state;
	use(&config);
	hooks_up(&t.hooks, t.now, &addresses);
	expect("y");
	expect("0"); /* ignored; what is above is the C library's own */
	turn_until_ended();
	(void)signal(SIGPIPE, pipe_was);
	(void)signal(SIGQUIT, quit_was);
}

#define WITH_HOOKS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOOKS(each_is_told_what_it_needs),
		WITH_HOOKS(one_runs_at_a_time_and_ten_a_second),
		WITH_HOOKS(nobody_who_is_there_is_forgotten),
		WITH_HOOKS(nobody_hears_of_members_when_the_network_goes),
		WITH_HOOKS(one_that_takes_too_long_is_ended),
		WITH_HOOKS(what_one_leaves_running_is_ended),
		WITH_HOOKS(the_next_one_ends_what_the_last_has_left),
		WITH_HOOKS(the_end_of_one_is_not_that_of_the_next),
		WITH_HOOKS(signals_do_what_they_usually_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
