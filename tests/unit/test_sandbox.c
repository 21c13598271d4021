/* test_sandbox.c - what a process gave up is refused, and what it kept still works. Each case is a
 * child that goes into the sandbox and tries one thing. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DID 0      /* exit status: it worked */
#define REFUSED 10 /* it failed, and the process went on */
#define BROKEN 11  /* the sandbox did not close */
#define MISSING 12 /* this kernel has none */

/* Each tries one thing: true if it worked. */
typedef bool try_fn(void);

static bool execute(void)
{
	char program[] = "/bin/true";
	char *const arguments[] = { program, NULL };

	return execv(program, arguments) == 0;
}

/* Whether there was a descriptor to be had. */
static bool took(int fd)
{
	return fd >= 0 && close(fd) == 0;
}

static bool make_process(void)
{
	const long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(DID);
	return pid > 0;
}

static bool look_into_another(void)
{
	return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool open_a_file(void)
{
	return took(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static bool make_a_file(void)
{
	return took(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

static bool make_an_interface(void)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	/* Of any descriptor: no TUN can be opened, either. */
	return ioctl(STDIN_FILENO, TUNSETIFF, &request) == 0;
}

static bool open_unix_socket(void)
{
	return took(socket(AF_UNIX, SOCK_STREAM, 0));
}

static bool open_netlink(void)
{
	return took(socket(AF_NETLINK, SOCK_RAW, 0));
}

static bool open_packet_socket(void)
{
	return took(socket(AF_PACKET, SOCK_RAW, 0));
}

/* Whether there was memory of a page to be had, and whether it may become what `later` says. */
static bool gets_page(int protection, int later)
{
	void *got = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0);

	return got != MAP_FAILED && mprotect(got, 4096, later) == 0 && munmap(got, 4096) == 0;
}

static bool run_written_code(void)
{
	return gets_page(PROT_READ | PROT_WRITE | PROT_EXEC, PROT_READ);
}

static bool make_code_of_data(void)
{
	return gets_page(PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC);
}

static bool protect_memory(void)
{
	return gets_page(PROT_READ | PROT_WRITE, PROT_READ);
}

static bool kill_another(void)
{
	return kill(getppid(), 0) == 0;
}

static bool set_clock(void)
{
	struct timex none = { .modes = 0 };

	return adjtimex(&none) >= 0;
}

static bool leave_namespace(void)
{
	return unshare(CLONE_NEWUTS) == 0;
}

static bool open_sockets(void)
{
	return took(socket(AF_INET, SOCK_DGRAM, 0)) &&
	       (took(socket(AF_INET6, SOCK_DGRAM, 0)) || errno == EAFNOSUPPORT);
}

static bool get_memory(void)
{
	void *large = malloc(1 << 20);
	const bool got = large != NULL && memset(large, 1, 1 << 20) != NULL;

	free(large);
	return got;
}

static bool use_what_is_open(void)
{
	return write(STDERR_FILENO, "", 0) == 0;
}

/* As it is done for a node whose steward died. */
static bool set_alarm(void)
{
	return alarm(60) == 0 && time(NULL) > 0;
}

static bool start_a_program(void)
{
	const pid_t child = fork();
	int status = 0;

	if (child == 0) {
		(void)execute();
		_exit(REFUSED);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == DID;
}

static try_fn *tried;
static pthread_barrier_t barrier;
static bool did;

/* A thread that was there before. */
static void *try_beside(void *argument)
{
	(void)argument;
	(void)pthread_barrier_wait(&barrier);
	did = tried();
	return NULL;
}

static int close_all(enum sandbox_calls kept)
{
	int err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : ERR_IO;

	if (err == 0 && kept == SANDBOX_NODE)
		err = sandbox_close_files();
	return err == 0 ? sandbox_close_calls(kept) : err;
}

/* What becomes of who tries that: an exit status, or minus a signal. */
static int fate(enum sandbox_calls kept, try_fn *attempt, bool beside)
{
	const pid_t child = fork();
	pthread_t thread;
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		tried = attempt;
		if (beside && (pthread_barrier_init(&barrier, NULL, 2) != 0 ||
			       pthread_create(&thread, NULL, try_beside, NULL) != 0))
			_exit(BROKEN);
		status = close_all(kept);
		if (status != 0)
			_exit(status == ERR_UNSUPPORTED ? MISSING : BROKEN);
		if (beside) {
			(void)pthread_barrier_wait(&barrier);
			(void)pthread_join(thread, NULL);
		} else {
			did = attempt();
		}
		_exit(did ? DID : REFUSED);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == MISSING)
		skip();
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void what_a_node_gave_up_ends_it(void **state)
{
	static try_fn *const attempts[] = {
		execute,           open_sockets, make_process,       look_into_another,
		open_unix_socket,  open_netlink, open_packet_socket, run_written_code,
		make_code_of_data, kill_another, set_clock,          leave_namespace
	};

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		assert_int_equal(fate(SANDBOX_NODE, attempts[i], false), -SIGSYS);
		assert_int_equal(fate(SANDBOX_NODE, attempts[i], true), -SIGSYS);
	}
}

static void files_and_interfaces_are_refused(void **state)
{
	static try_fn *const attempts[] = { open_a_file, make_a_file, make_an_interface };

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		assert_int_equal(fate(SANDBOX_NODE, attempts[i], false), REFUSED);
}

static void what_a_node_needs_works(void **state)
{
	static try_fn *const attempts[] = { get_memory, use_what_is_open, set_alarm,
					    protect_memory };

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		assert_int_equal(fate(SANDBOX_NODE, attempts[i], false), DID);
}

static void a_steward_keeps_the_host_and_no_more(void **state)
{
	static try_fn *const kept[] = { start_a_program, open_a_file,  make_a_file,
					open_netlink,    open_sockets, open_unix_socket };
	static try_fn *const gone[] = { look_into_another, set_clock, leave_namespace };

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_int_equal(fate(SANDBOX_STEWARD, kept[i], false), DID);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		assert_int_equal(fate(SANDBOX_STEWARD, gone[i], false), REFUSED);
}

/* Landlock by itself, where seccomp would refuse first. */
static bool open_behind_landlock(void)
{
	const int err = sandbox_close_files();

	if (err != 0)
		_exit(err == ERR_UNSUPPORTED ? MISSING : BROKEN);
	return open_a_file();
}

static bool without_landlock(void)
{
	return open_a_file();
}

static void files_are_closed_by_themselves(void **state)
{
	(void)state;
	assert_int_equal(fate(SANDBOX_STEWARD, without_landlock, false), DID);
	assert_int_equal(fate(SANDBOX_STEWARD, open_behind_landlock, false), REFUSED);
}

static bool can_open(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd); /* only tried */
	return fd >= 0;
}

/* Landlock but for the directories of a resolver; /etc is one, the others are as closed as ever. */
static bool read_beside_landlock(const char *path)
{
	static const char *const kept[] = { "/etc", "/nowhere-at-all", NULL };
	const int err = sandbox_close_files_but(kept);

	if (err != 0)
		_exit(err == ERR_UNSUPPORTED ? MISSING : BROKEN);
	return can_open(path, O_RDONLY);
}

static bool read_what_stays(void)
{
	return read_beside_landlock("/etc/passwd");
}

static bool read_what_does_not(void)
{
	return read_beside_landlock("/var");
}

static bool write_what_stays(void)
{
	return read_beside_landlock("/etc/passwd") && can_open("/etc/passwd", O_WRONLY);
}

static void some_files_may_still_be_read(void **state)
{
	(void)state;
	assert_int_equal(fate(SANDBOX_STEWARD, read_what_stays, false), DID);
	assert_int_equal(fate(SANDBOX_STEWARD, read_what_does_not, false), REFUSED);
	assert_int_equal(fate(SANDBOX_STEWARD, write_what_stays, false), REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_node_gave_up_ends_it),
		cmocka_unit_test(files_and_interfaces_are_refused),
		cmocka_unit_test(what_a_node_needs_works),
		cmocka_unit_test(a_steward_keeps_the_host_and_no_more),
		cmocka_unit_test(files_are_closed_by_themselves),
		cmocka_unit_test(some_files_may_still_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
