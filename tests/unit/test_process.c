/* test_process.c - a child of ours has its channel and nothing else: this program, executed again,
 * looks at itself and tells. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/process.h"
#include "io/unix.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child reports of itself. */
struct self {
	uint32_t uid, gid, groups;
	uint64_t effective, permitted, inheritable, ambient, blocked;
	uint32_t no_new_privs, dumpable, descriptors;
	uint32_t environment; /* variables */
	uint64_t file_bytes_max;
};

extern char **environ;

static uint64_t status_field(const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t value = UINT64_MAX;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name), NULL, 16);
	}
	if (f != NULL)
		(void)fclose(f);
	return value;
}

static int report(void)
{
	struct self self = { .uid = getuid(), .gid = getgid() };
	struct unix_message message = { .len = sizeof(self) };
	struct rlimit file;

	self.effective = status_field("CapEff:\t");
	self.permitted = status_field("CapPrm:\t");
	self.inheritable = status_field("CapInh:\t");
	self.ambient = status_field("CapAmb:\t");
	self.blocked = status_field("SigBlk:\t");
	self.groups = (uint32_t)getgroups(0, NULL);
	self.no_new_privs = (uint32_t)prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (process_harden(SIGUSR1) < 0)
		return EXIT_FAILURE;
	self.dumpable = (uint32_t)prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	for (int fd = 0; fd < 1024; fd++)
		self.descriptors += fcntl(fd, F_GETFD) >= 0;
	for (char **e = environ; *e != NULL; e++)
		self.environment++;
	if (getrlimit(RLIMIT_FSIZE, &file) < 0)
		return EXIT_FAILURE;
	self.file_bytes_max = file.rlim_max;
	memcpy(message.bytes, &self, sizeof(self));
	return unix_send(PROCESS_CHANNEL, &message) == 0 ? 7 : EXIT_FAILURE;
}

/* Stays until somebody kills it or its parent's end of the channel is closed. */
static int stay(void)
{
	struct pollfd channel = { .fd = PROCESS_CHANNEL, .events = POLLIN };

	return poll(&channel, 1, -1) == 1 ? 3 : EXIT_FAILURE;
}

/* --- the parent --- */

static struct process spawn(const char *mode, int *ret_channel)
{
	const char *argv[] = { "test_process", mode, NULL };
	const char *environment[] = { "ONE=1", NULL };
	struct process_config config = { .argv = argv,
					 .environment = environment,
					 .uid = PROCESS_UID_KEEP,
					 .file_bytes_max = 4711 };
	struct process process;
	int pair[2];

	if (getuid() == 0)
		assert_int_equal(process_find_user("nobody", &config.uid, &config.gid), 0);
	assert_int_equal(unix_pair(pair), 0);
	config.channel = pair[1];
	assert_int_equal(process_spawn(&config, &process), 0);
	(void)close(pair[1]);
	*ret_channel = pair[0];
	return process;
}

static int wait_for(struct process *process)
{
	struct pollfd end = { .fd = process->pidfd, .events = POLLIN };
	int status = -1;

	assert_int_equal(poll(&end, 1, 30000), 1);
	assert_true(process_reap(process, &status));
	return status;
}

static void a_child_has_nothing_but_its_channel(void **state)
{
	struct unix_message message;
	struct self self;
	int channel;
	struct process process;

	(void)state;
	(void)open("/dev/null", O_RDONLY); /* one that must not be inherited */
	process = spawn("report", &channel);
	assert_int_equal(wait_for(&process), 7);
	assert_int_equal(unix_receive(channel, &message), 0);
	assert_int_equal(message.len, sizeof(self));
	memcpy(&self, message.bytes, sizeof(self));
	if (getuid() == 0) {
		assert_int_not_equal(self.uid, 0);
		assert_int_not_equal(self.gid, 0);
		assert_int_equal(self.groups, 0);
	} else {
		assert_int_equal(self.uid, getuid());
	}
	assert_int_equal(self.file_bytes_max, 4711);
	assert_int_equal(self.effective, 0);
	assert_int_equal(self.permitted, 0);
	assert_int_equal(self.inheritable, 0);
	assert_int_equal(self.ambient, 0);
	assert_int_equal(self.blocked, 0);
	assert_int_equal(self.no_new_privs, 1);
	assert_int_equal(self.dumpable, 0);
	assert_int_equal(self.descriptors, 4);
	assert_int_equal(self.environment, 1);
	assert_int_equal(unix_receive(channel, &message), ERR_NOT_FOUND);
	(void)close(channel);
}

static void a_child_notices_that_its_parent_is_gone(void **state)
{
	int channel;
	int status;
	struct process process = spawn("stay", &channel);

	(void)state;
	assert_false(process_reap(&process, &status));
	(void)close(channel);
	assert_int_equal(wait_for(&process), 3);
}

static void a_killed_child_is_told_from_an_ended_one(void **state)
{
	int channel;
	struct process process = spawn("stay", &channel);

	(void)state;
	process_signal(&process, SIGKILL);
	assert_int_equal(wait_for(&process), 128 + SIGKILL);
	(void)close(channel);
}

static void users_and_groups_have_numbers(void **state)
{
	uint32_t uid;
	uint32_t gid = 4711;

	(void)state;
	assert_int_equal(process_find_user("root", &uid, &gid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 0);
	assert_int_equal(process_find_group("root", &gid), 0);
	assert_int_equal(gid, 0);
	assert_int_equal(process_find_user("no-such-user-here", &uid, &gid), ERR_NOT_FOUND);
	assert_int_equal(process_find_group("no-such-group-here", &gid), ERR_NOT_FOUND);
}

/* Which promise is broken; 0: none. Of one who is not root nothing can be kept. */
static int left(void)
{
	const uint32_t kill = UINT32_C(1) << CAP_KILL;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
	const bool had_kill = geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0) == 1;
	struct rlimit core;

	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 2;
	if (syscall(SYS_capget, &header, sets) != 0 || sets[1].permitted != 0 ||
	    sets[0].permitted != (had_kill ? kill : 0) || sets[0].effective != sets[0].permitted)
		return 3;
	if (had_kill && prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0)
		return 4;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 5;
}

/* In a process of its own, for there is no way back. */
static void rights_are_given_up_for_ever(void **state)
{
	int status;
	const pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(process_harden(0) == 0 &&
				      process_keep_capabilities(UINT64_C(1) << CAP_KILL) == 0
			      ? left()
			      : 99);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_has_nothing_but_its_channel),
		cmocka_unit_test(a_child_notices_that_its_parent_is_gone),
		cmocka_unit_test(a_killed_child_is_told_from_an_ended_one),
		cmocka_unit_test(users_and_groups_have_numbers),
		cmocka_unit_test(rights_are_given_up_for_ever),
	};

	if (argc == 2)
		return strcmp(argv[1], "report") == 0 ? report() : stay();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
