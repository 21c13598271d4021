/* sandbox.c - see sandbox.h. */
#include "io/sandbox.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- files --- */

/* Every right that the first version of Landlock knows, and what the later ones added. */
static uint64_t all_rights(int version)
{
	static const unsigned rights_of_version[] = { 0, 13, 14, 15, 15, 16 };
	const int last = (int)(sizeof(rights_of_version) / sizeof(rights_of_version[0])) - 1;

	return (UINT64_C(1) << rights_of_version[version < last ? version : last]) - 1;
}

/* 0 or ERR_IO. */
static int allow_reading(int rules, const char *directory)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
				  LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	int err;

	if (rule.parent_fd < 0)
		return 0; /* nothing to read there */
	err = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
		      ? 0
		      : ERR_IO;
	(void)close(rule.parent_fd); /* only a name */
	return err;
}

int sandbox_close_files(void)
{
	static const char *const none[] = { NULL };

	return sandbox_close_files_but(none);
}

int sandbox_close_files_but(const char *const *directories)
{
	struct landlock_ruleset_attr rules = { .handled_access_fs = 0 };
	const long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
				     LANDLOCK_CREATE_RULESET_VERSION);
	int fd;
	int err = 0;

	if (version < 1)
		return errno == ENOSYS || errno == EOPNOTSUPP ? ERR_UNSUPPORTED : ERR_IO;
	rules.handled_access_fs = all_rights((int)version);
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (fd < 0)
		return ERR_IO;
	for (size_t i = 0; directories[i] != NULL && err == 0; i++)
		err = allow_reading(fd, directories[i]);
	/* Nothing else is allowed. */
	if (err == 0 && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		err = ERR_IO;
	(void)close(fd); /* only a handle */
	return err;
}

/* --- system calls --- */

/* What a node does. */
static const int node_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64), /* files that have changed, as descriptors of the steward */
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(munlockall), /* for the time in which memory is given back */
	SCMP_SYS(mlockall),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(time),
	SCMP_SYS(exit),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(exit_group),
};

/* What a C library does by itself, and does without. */
static const int futile_calls[] = {
	SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(access),     SCMP_SYS(faccessat),
	SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(faccessat2), SCMP_SYS(stat),
	SCMP_SYS(newfstatat), SCMP_SYS(fstat),      SCMP_SYS(statx),      SCMP_SYS(ioctl),
	SCMP_SYS(prctl),      SCMP_SYS(membarrier), SCMP_SYS(sysinfo),    SCMP_SYS(uname),
	SCMP_SYS(prlimit64),  SCMP_SYS(getrusage),  SCMP_SYS(mlock),
};

/* What a steward never does, and whoever takes it over would like to. */
static const int steward_never[] = {
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(process_madvise),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(reboot),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(modify_ldt),
	SCMP_SYS(personality),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(syslog),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(open_by_handle_at),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* False: one of them could not be added. What this machine does not have is left out. */
static bool add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const int err = seccomp_rule_add(filter, action, calls[i], 0);

		if (err != 0 && err != -EDOM && err != -EINVAL)
			return false;
	}
	return true;
}

/* Calls that are judged by what they ask for. */
static bool add_judged(scmp_filter_ctx filter)
{
	static const int mapping[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };

	for (size_t i = 0; i < COUNT(mapping); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
			return false;
	/* abort() sends a signal to its own thread. */
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) == 0;
}

static bool add_rules(scmp_filter_ctx filter, enum sandbox_calls kept)
{
	if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
		return false;
	if (kept == SANDBOX_STEWARD)
		return add_all(filter, SCMP_ACT_ERRNO(EPERM), steward_never, COUNT(steward_never));
	return add_all(filter, SCMP_ACT_ALLOW, node_calls, COUNT(node_calls)) &&
	       add_all(filter, SCMP_ACT_ERRNO(EACCES), futile_calls, COUNT(futile_calls)) &&
	       add_judged(filter);
}

int sandbox_close_calls(enum sandbox_calls kept)
{
	scmp_filter_ctx filter =
		seccomp_init(kept == SANDBOX_NODE ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ALLOW);
	int err = ERR_NOMEM;

	if (filter == NULL)
		return ERR_NOMEM;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		err = ERR_UNSUPPORTED;
	else if (add_rules(filter, kept))
		err = seccomp_load(filter) == 0 ? 0 : ERR_IO;
	seccomp_release(filter);
	return err;
}
