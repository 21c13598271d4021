/* test_steward.c - how a steward ends: real processes and sockets, without a host to look after.
 *
 * Each story has a steward of its own, a child of this program. Its node is this program executed
 * again, a puppet: it reports what it is told by a pipe, and does what it is ordered by another.
 * What shall meet in one turn of the loop is done while the steward is stopped.
 */
#include "tests/lib/cmocka.h"
#include "tests/lib/puppet.h"

#include "base/err.h"
#include "io/process.h"
#include "io/sandbox.h"
#include "prog/exit_code.h"
#include "prog/ipopd/channel.h"
#include "prog/ipopd/host.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/settings.h"
#include "prog/ipopd/steward.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define HOOKED 'H' /* a program of the owner's was started */
#define COPIED 'y' /* else it is about something else */
#define CLOSED 'C' /* the report of host_close() */
#define ASK_VERSION "{\"schema\":\"ipop.request/1\",\"verb\":\"version\"}\n"
#define ASK_DOWN "{\"schema\":\"ipop.request/1\",\"verb\":\"down\"}\n"
#define ANSWER_DOWN "{\"schema\":\"ipop.down/1\"}\n"

/* --- the host that the steward has --- */

static struct {
	char root[32];
	struct store store;
	int orders, reports;
	int copied[2]; /* a byte into the second is a word of the kernel's */
	pid_t steward, node;
	const char *on_peer;        /* what its files name; NULL: nothing */
	_Atomic uint64_t *later_us; /* shared with the steward: its clock is ahead by so much */
} t;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __wrap_settings_open(const struct store *store, int fds[CHANNEL_FDS],
			 struct complaint *complaint);
int __wrap_settings_read(const struct store *store, const int fds[CHANNEL_FDS],
			 struct settings *ret, struct complaint *complaint);
int __wrap_host_open(struct host *host, const struct store *store, const struct claims *wanted,
		     uint32_t workers, struct complaint *complaint);
void __wrap_host_close(struct host *host);
int __wrap_host_configure(struct host *host, const struct node_addresses *addresses,
			  struct complaint *complaint);
bool __wrap_host_was_copied(const struct host *host);
int __wrap_host_addresses(const struct host *host, struct addresses *ret);
int __wrap_host_look(struct host *host, const struct claims *wanted, struct mono now,
		     struct complaint *ret);
int __wrap_host_restore(struct host *host, struct complaint *complaint);
int __wrap_sandbox_close_calls(enum sandbox_calls kept);
int __wrap_process_spawn(const struct process_config *config, struct process *ret);
int __real_process_spawn(const struct process_config *config, struct process *ret);
struct now __wrap_clock_now(void);
struct now __real_clock_now(void);

int __wrap_settings_open(const struct store *store, int fds[CHANNEL_FDS],
			 struct complaint *complaint)
{
	(void)store;
	(void)complaint;
	fds[CHANNEL_FD_BUNDLE] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[CHANNEL_FD_KEY] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[CHANNEL_FD_CONFIG] = -1;
	return 0;
}

int __wrap_settings_read(const struct store *store, const int fds[CHANNEL_FDS],
			 struct settings *ret, struct complaint *complaint)
{
	(void)store;
	(void)fds;
	(void)complaint;
	memset(ret, 0, sizeof(*ret));
	ret->config.log_level = CONFIG_LOG_ERROR;
	if (t.on_peer != NULL)
		(void)snprintf(ret->config.on_peer.text, sizeof(ret->config.on_peer.text), "%s",
			       t.on_peer);
	return 0;
}

int __wrap_host_open(struct host *host, const struct store *store, const struct claims *wanted,
		     uint32_t workers, struct complaint *complaint)
{
	char path[64];
	int watch[2];

	(void)wanted;
	(void)complaint;
	*host = (struct host){ .store = store,
			       .index = 1,
			       .lock = -1,
			       .queues = workers == 0 ? 1 : workers,
			       .workers = workers,
			       .group = UNIX_GROUP_NONE };
	(void)snprintf(path, sizeof(path), "%s/control", t.root);
	host->uevents = t.copied[0];
	for (uint32_t i = 0; i < host->queues; i++)
		host->tun[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (unix_pair(watch) < 0)
		return ERR_IO;
	host->watch = watch[0]; /* the other end stays open and silent */
	return unix_listen(path, UNIX_GROUP_NONE, &host->listener);
}

void __wrap_host_close(struct host *host)
{
	const char closed = CLOSED;

	(void)host;
	(void)!write(t.reports, &closed, 1); /* who waits for it will tell */
}

int __wrap_host_configure(struct host *host, const struct node_addresses *addresses,
			  struct complaint *complaint)
{
	(void)host;
	(void)addresses;
	(void)complaint;
	return 0;
}

bool __wrap_host_was_copied(const struct host *host)
{
	char what = 0;

	return read(host->uevents, &what, 1) == 1 && what == COPIED;
}

int __wrap_host_addresses(const struct host *host, struct addresses *ret)
{
	(void)host;
	(void)ret;
	return ERR_AGAIN;
}

int __wrap_host_look(struct host *host, const struct claims *wanted, struct mono now,
		     struct complaint *ret)
{
	(void)wanted;
	host->look_at = MONO_NEVER;
	(void)now;
	ret->text[0] = '\0';
	return 0;
}

int __wrap_host_restore(struct host *host, struct complaint *complaint)
{
	(void)host;
	(void)complaint;
	return 0;
}
/* The puppet would inherit it, and a sanitizer that looks for leaks traces what it looks at. */
int __wrap_sandbox_close_calls(enum sandbox_calls kept)
{
	return kept == SANDBOX_STEWARD ? 0 : ERR_UNSUPPORTED;
}
int __wrap_process_spawn(const struct process_config *config, struct process *ret)
{
	const char hooked = HOOKED;

	if (config->program != NULL)
		(void)!write(t.reports, &hooked, 1); /* who waits for it will tell */
	return __real_process_spawn(config, ret);
}
struct now __wrap_clock_now(void)
{
	struct now now = __real_clock_now();

	now.mono = mono_add_us(now.mono, atomic_load(t.later_us));
	return now;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* --- the story's words --- */

static void read_report(void *ret, size_t len)
{
	struct pollfd fd = { .fd = t.reports, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_int_equal(read(t.reports, ret, len), len);
}

static void await(char what)
{
	char report;

	read_report(&report, 1);
	assert_int_equal(report, what);
}

static void await_message(enum channel_kind kind)
{
	await((char)('0' + kind));
}

static void await_start(void)
{
	await_message(CHANNEL_START);
	read_report(&t.node, sizeof(t.node));
}

static void order(char what)
{
	assert_int_equal(write(t.orders, &what, 1), 1);
}

/* Orders it to end, and waits until it has; whether the steward has seen it is another matter. */
static void end_node(char how)
{
	const int pidfd = pidfd_open(t.node, 0);
	struct pollfd fd = { .fd = pidfd, .events = POLLIN };

	assert_true(pidfd >= 0);
	order(how);
	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	(void)close(pidfd);
}

static void start_steward_for(const char *manager, uint64_t watchdog_us)
{
	const struct steward_config config = { .store = &t.store,
					       .notify_socket = manager,
					       .watchdog_us = watchdog_us };

	t.steward = fork();
	assert_true(t.steward >= 0);
	if (t.steward == 0)
		_exit(steward_run(&config));
	await_start();
}

static void start_steward(void)
{
	start_steward_for(NULL, 0);
}

static void stop_steward(void)
{
	int status;

	assert_int_equal(kill(t.steward, SIGSTOP), 0);
	assert_int_equal(waitpid(t.steward, &status, WUNTRACED), t.steward);
	assert_true(WIFSTOPPED(status));
}

static void continue_steward(void)
{
	assert_int_equal(kill(t.steward, SIGCONT), 0);
}

/* It ends in order, whatever its exit code. */
static void steward_ends(int code)
{
	int status;

	await(CLOSED);
	assert_int_equal(waitpid(t.steward, &status, 0), t.steward);
	t.steward = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void ask(int client, const char *line)
{
	assert_int_equal(write(client, line, strlen(line)), strlen(line));
}

/* A client that the steward has taken: it was answered something. */
static int connect_client(void)
{
	char path[64];
	char line[256];
	int client;

	(void)snprintf(path, sizeof(path), "%s/control", t.root);
	assert_int_equal(unix_connect(path, 5000, &client), 0);
	ask(client, ASK_VERSION);
	assert_true(read(client, line, sizeof(line)) > 0);
	return client;
}

static void is_told_of_the_end(int client)
{
	char line[256] = "";

	assert_int_equal(read(client, line, sizeof(line) - 1), strlen(ANSWER_DOWN));
	assert_string_equal(line, ANSWER_DOWN);
	(void)close(client);
}

static void end_steward_beside(void (*await_its)(enum channel_kind kind))
{
	assert_int_equal(kill(t.steward, SIGTERM), 0);
	await_its(CHANNEL_STOP);
	order(ORDER_END);
	steward_ends(EXIT_OK);
}

static void end_steward(void)
{
	end_steward_beside(await_message);
}

/* Of zeros, the same for who is forked later; MAP_FAILED. */
static void *share_a_word(void)
{
	const int zeros = open("/dev/zero", O_RDWR | O_CLOEXEC);
	void *word = mmap(NULL, sizeof(*t.later_us), PROT_READ | PROT_WRITE, MAP_SHARED, zeros, 0);

	(void)close(zeros);
	return word;
}

static int set_up(void **state)
{
	char path[64];

	(void)state;
	memcpy(t.root, "/tmp/ipop-test-XXXXXX", sizeof("/tmp/ipop-test-XXXXXX"));
	t.store = (struct store){ .root = t.root, .network = "lab" };
	if (mkdtemp(t.root) == NULL || chmod(t.root, 0755) < 0) /* for the puppet of a root */
		return -1;
	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", t.root, i == 0 ? "orders" : "reports");
		if (mkfifo(path, 0600) < 0 || chmod(path, 0666) < 0)
			return -1;
	}
	t.on_peer = NULL;
	t.later_us = share_a_word();
	if (t.later_us == MAP_FAILED)
		return -1;
	t.orders = puppet_pipe(t.root, "orders", O_RDWR);
	t.reports = puppet_pipe(t.root, "reports", O_RDWR);
	return t.orders < 0 || t.reports < 0 || unix_pair(t.copied) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "orders", "reports", "control" };
	char path[64];

	(void)state;
	if (t.steward != 0) { /* the story has failed */
		(void)kill(t.steward, SIGKILL);
		(void)waitpid(t.steward, NULL, 0);
		t.steward = 0;
	}
	(void)munmap(t.later_us, sizeof(*t.later_us));
	(void)close(t.orders);
	(void)close(t.reports);
	(void)close(t.copied[0]);
	(void)close(t.copied[1]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", t.root, names[i]);
		(void)unlink(path);
	}
	return rmdir(t.root);
}

/* --- the stories --- */

/* What the manager hears next. */
static int open_manager(struct sockaddr_un *ret)
{
	const int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/manager", t.root);
	assert_int_equal(bind(manager, (struct sockaddr *)ret, sizeof(*ret)), 0);
	return manager;
}

static void manager_hears(int manager, const char *line)
{
	struct pollfd fd = { .fd = manager, .events = POLLIN };
	char text[64] = "";

	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_true(recv(manager, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, line);
}

/* Also while there is no node: that it dies is nothing that the manager could mend. */
static void a_watchdog_hears_that_the_loop_turns(void **state)
{
	struct sockaddr_un address;
	const int manager = open_manager(&address);

	(void)state;
	start_steward_for(address.sun_path, UINT64_C(20000));
	for (int i = 0; i < 3; i++)
		manager_hears(manager, "WATCHDOG=1");
	stop_steward();
	while (recv(manager, (char[64]){ 0 }, 64, MSG_DONTWAIT) > 0)
		; /* what it said before it was stopped */
	assert_int_equal(poll(&(struct pollfd){ .fd = manager, .events = POLLIN }, 1, 100), 0);
	continue_steward();
	manager_hears(manager, "WATCHDOG=1");
	assert_int_equal(kill(t.node, SIGSTOP), 0); /* not the manager's business */
	for (int i = 0; i < 3; i++)
		manager_hears(manager, "WATCHDOG=1");
	assert_int_equal(kill(t.node, SIGCONT), 0);
	end_steward();
	(void)close(manager);
	(void)unlink(address.sun_path);
}

/* Without one it is quiet. */
static void without_a_watchdog_nobody_is_told(void **state)
{
	struct sockaddr_un address;
	const int manager = open_manager(&address);

	(void)state;
	start_steward_for(address.sun_path, 0);
	order(ORDER_CONFIGURE);
	await_message(CHANNEL_CONFIGURED);
	manager_hears(manager, "READY=1");
	assert_int_equal(kill(t.steward, SIGTERM), 0);
	manager_hears(manager, "STOPPING=1");
	await_message(CHANNEL_STOP);
	order(ORDER_END);
	steward_ends(EXIT_OK);
	(void)close(manager);
	(void)unlink(address.sun_path);
}

static void down_while_it_starts_ends_it(void **state)
{
	int client;

	(void)state;
	start_steward();
	client = connect_client();
	ask(client, ASK_DOWN);
	await_message(CHANNEL_STOP);
	order(ORDER_END);
	is_told_of_the_end(client);
	steward_ends(EXIT_OK);
}

/* The node ends and somebody says `down`, in this order, while the steward sleeps: it sees both at
 * once.
 */
static void meet_in_one_turn(int client, char order, bool node_first)
{
	if (!node_first)
		ask(client, ASK_DOWN);
	end_node(order);
	if (node_first)
		ask(client, ASK_DOWN);
	continue_steward();
}

/* In one turn of the loop, in either order. */
static void down_may_meet_the_end_of_a_node_that_starts(void **state)
{
	int client;

	(void)state;
	for (int node_first = 0; node_first < 2; node_first++) {
		start_steward();
		client = connect_client();
		stop_steward();
		meet_in_one_turn(client, ORDER_FAIL, node_first);
		is_told_of_the_end(client);
		steward_ends(EXIT_CERTIFICATE);
	}
}

/* Somebody has said SIGTERM, somebody else says `down` a moment later. */
static void two_may_end_it_at_once(void **state)
{
	int client;

	(void)state;
	for (int node_first = 0; node_first < 2; node_first++) {
		start_steward();
		client = connect_client();
		assert_int_equal(kill(t.steward, SIGTERM), 0);
		await_message(CHANNEL_STOP);
		stop_steward();
		meet_in_one_turn(client, ORDER_END, node_first);
		is_told_of_the_end(client);
		steward_ends(EXIT_OK);
	}
}

/* A node that was ready and died is followed by another; between the two nobody is in the way. */
static void down_between_two_nodes_ends_it(void **state)
{
	int client;

	(void)state;
	start_steward();
	order(ORDER_CONFIGURE);
	await_message(CHANNEL_CONFIGURED);
	end_node(ORDER_FAIL);
	await_start();
	client = connect_client();
	stop_steward();
	end_node(ORDER_FAIL);
	continue_steward();
	ask(client, ASK_DOWN); /* in WAITING, for half a second */
	is_told_of_the_end(client);
	steward_ends(EXIT_OK);
}

/* Who is taken over ends, and not the steward with it. */
static void a_node_that_asks_twice_is_replaced(void **state)
{
	(void)state;
	start_steward();
	order(ORDER_CONFIGURE);
	await_message(CHANNEL_CONFIGURED);
	order(ORDER_CONFIGURE);
	await_start();
	end_steward();
}

static void start_ready_steward(void)
{
	start_steward();
	order(ORDER_CONFIGURE);
	await_message(CHANNEL_CONFIGURED);
}

/* Its clock goes on, and it looks at it: a turn that has read the byte began after that. */
static void time_passes(uint64_t ms)
{
	struct pollfd unread = { .fd = t.copied[0], .events = POLLIN };

	atomic_fetch_add(t.later_us, ms * 1000);
	assert_int_equal(write(t.copied[1], "n", 1), 1);
	while (poll(&unread, 1, 0) == 1)
		(void)sched_yield();
}

/* It is asked again, sooner or later. */
static void await_ping(void)
{
	struct pollfd fd = { .fd = t.reports, .events = POLLIN };

	for (int i = 0; i < 100 && poll(&fd, 1, 100) == 0; i++)
		time_passes(10000);
	await_message(CHANNEL_PING);
}

/* Neither for what the node says last, nor for its end. */
static void going_down_starts_no_program_for_members(void **state)
{
	(void)state;
	t.on_peer = "/bin/true";
	for (int says_goodbye = 0; says_goodbye < 2; says_goodbye++) {
		start_ready_steward();
		order(ORDER_COMES);
		await(HOOKED);
		assert_int_equal(kill(t.steward, SIGTERM), 0);
		await_message(CHANNEL_STOP);
		if (says_goodbye) {
			order(ORDER_GOES);
			await(ORDER_GOES);
		}
		time_passes(1000);
		order(ORDER_END);
		steward_ends(EXIT_OK);
	}
}

static void a_node_that_answers_stays(void **state)
{
	(void)state;
	start_ready_steward();
	for (int i = 0; i < 3; i++)
		await_ping();
	end_steward();
}

static void a_node_that_does_not_answer_is_replaced(void **state)
{
	(void)state;
	start_ready_steward();
	order(ORDER_DEAF);
	await(ORDER_DEAF);
	time_passes(10000);
	await_message(CHANNEL_PING);
	time_passes(5000); /* it may be late */
	time_passes(2000);
	await_start();
	order(ORDER_CONFIGURE);
	await_message(CHANNEL_CONFIGURED);
	end_steward();
}

/* A machine that slept: nobody could answer. */
static void nobody_is_blamed_for_a_sleep(void **state)
{
	(void)state;
	start_ready_steward();
	order(ORDER_DEAF);
	await(ORDER_DEAF);
	time_passes(10000);
	await_message(CHANNEL_PING);
	for (int i = 0; i < 3; i++)
		time_passes(3600000);
	order(ORDER_PONG);
	await_ping();
	end_steward();
}

/* They come and go, and wait for nothing. */
static void clients_come(int count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", t.root);
	for (int i = 0; i < count; i++) {
		const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		assert_true(client >= 0);
		/* Who does not get in has done what he can. */
		(void)connect(client, (const struct sockaddr *)&address, sizeof(address));
		(void)close(client);
		time_passes(1);
	}
}

/* The next message but for clients. */
static void await_beside_clients(enum channel_kind kind)
{
	char report = (char)('0' + CHANNEL_CLIENT);

	while (report == (char)('0' + CHANNEL_CLIENT))
		read_report(&report, 1);
	assert_int_equal(report, '0' + kind);
}

/* Who may only look could have it ended, else: its queue would be full of them when it is asked. */
static void a_crowd_of_clients_leaves_room_for_the_question(void **state)
{
	(void)state;
	start_ready_steward();
	order(ORDER_SLEEP);
	await(ORDER_SLEEP);
	clients_come(400);
	time_passes(10000);
	order(ORDER_WAKE);
	await_beside_clients(CHANNEL_PING);
	time_passes(5000);
	time_passes(2000);
	end_steward_beside(await_beside_clients);
}

static void a_node_that_answers_unasked_is_replaced(void **state)
{
	(void)state;
	start_ready_steward();
	order(ORDER_PONG);
	await_start();
	end_steward();
}

/* Whatever the puppet has said the steward has heard, and the puppet what the steward said then. */
static void expect_no_report(void)
{
	order(ORDER_SAY);
	await(ORDER_SAY);
	time_passes(0);
	time_passes(0); /* the turn that began with the first one is over */
	order(ORDER_SAY);
	await(ORDER_SAY);
}

/* Each costs the reading of files: a node may ask, but not set the pace. The files of this story
 * are no good. */
static void files_are_read_once_a_second(void **state)
{
	(void)state;
	start_ready_steward();
	order(ORDER_RELOAD);
	await_message(CHANNEL_NOT_RELOADED);
	for (int i = 0; i < 10; i++)
		order(ORDER_RELOAD);
	expect_no_report();
	time_passes(1000);
	await_message(CHANNEL_NOT_RELOADED);
	expect_no_report();
	end_steward();
}

static void a_signal_while_a_node_starts_is_not_lost(void **state)
{
	(void)state;
	start_steward();
	assert_int_equal(kill(t.steward, SIGHUP), 0);
	expect_no_report();
	order(ORDER_CONFIGURE);
	await_message(CHANNEL_CONFIGURED);
	await_message(CHANNEL_NOT_RELOADED);
	end_steward();
}

static void a_resumed_copy_is_told_so(void **state)
{
	(void)state;
	start_steward();
	assert_int_equal(write(t.copied[1], "n", 1), 1);
	assert_int_equal(write(t.copied[1], "y", 1), 1);
	await_message(CHANNEL_COPIED);
	end_steward();
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		STORY(a_watchdog_hears_that_the_loop_turns),
		STORY(without_a_watchdog_nobody_is_told),
		STORY(down_while_it_starts_ends_it),
		STORY(down_may_meet_the_end_of_a_node_that_starts),
		STORY(two_may_end_it_at_once),
		STORY(down_between_two_nodes_ends_it),
		STORY(a_node_that_asks_twice_is_replaced),
		STORY(going_down_starts_no_program_for_members),
		STORY(a_node_that_answers_stays),
		STORY(a_node_that_does_not_answer_is_replaced),
		STORY(nobody_is_blamed_for_a_sleep),
		STORY(a_crowd_of_clients_leaves_room_for_the_question),
		STORY(a_node_that_answers_unasked_is_replaced),
		STORY(files_are_read_once_a_second),
		STORY(a_signal_while_a_node_starts_is_not_lost),
		STORY(a_resumed_copy_is_told_so),
	};

	if (argc == 4 && strcmp(argv[1], IPOPD_OPTION_CHILD) == 0)
		return puppet_run(argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
