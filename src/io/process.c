/* process.c - see process.h.
 *
 * Between fork() and exec() there is one thread and a copy of the parent: what happens there is
 * straight-line system calls. A failure travels back as an errno through a pipe that a successful
 * exec() closes. */
#include "io/process.h"

#include "base/check.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_FDS_MIN 8 /* above the fixed descriptors of the child: 0, 1, 2, PROCESS_CHANNEL */
#define SIGNALS 32     /* above are those of real time, which nobody inherits by chance */
#define DATABASE_BYTES 16384

/* --- capabilities --- */

/* The bounding set needs CAP_SETPCAP to shrink; where we lack it, no_new_privs alone keeps files
 * from giving capabilities. */
static void shrink_bounding_set(uint64_t kept)
{
	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (c >= 64 || (kept >> c & 1) == 0)
			(void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0); /* see above */
}

static bool drop_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, sets) != 0)
		return false;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets[i].permitted &= (uint32_t)(kept >> 32 * i);
		sets[i].effective = sets[i].permitted;
		sets[i].inheritable = 0;
	}
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
	       syscall(SYS_capset, &header, sets) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

int process_keep_capabilities(uint64_t kept)
{
	shrink_bounding_set(kept);
	return drop_capabilities(kept) ? 0 : ERR_IO;
}

bool process_has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return capability < 32 * _LINUX_CAPABILITY_U32S_3 &&
	       syscall(SYS_capget, &header, sets) == 0 &&
	       (sets[capability / 32].effective >> capability % 32 & 1) != 0;
}

/* --- in the child, between fork() and exec() --- */

/* 0, 1, 2 and the channel at 3; the other two are closed by exec(). Returns false with errno. */
static bool set_descriptors(int channel, int *program, int *complain)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int kept = channel < 0 ? null : fcntl(channel, F_DUPFD_CLOEXEC, KEPT_FDS_MIN);
	const int high_program = fcntl(*program, F_DUPFD_CLOEXEC, KEPT_FDS_MIN);
	const int high_complain = fcntl(*complain, F_DUPFD_CLOEXEC, KEPT_FDS_MIN);

	if (null < 0 || kept < 0 || high_program < 0 || high_complain < 0)
		return false;
	*program = high_program;
	*complain = high_complain;
	return dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	       (channel < 0 || dup2(kept, PROCESS_CHANNEL) >= 0) &&
	       close_range(channel < 0 ? PROCESS_CHANNEL : PROCESS_CHANNEL + 1, UINT32_MAX,
			   CLOSE_RANGE_CLOEXEC) == 0;
}

static bool become_user(uint32_t uid, uint32_t gid)
{
	return uid == PROCESS_UID_KEEP ||
	       (setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
		setresuid(uid, uid, uid) == 0);
}

/* Everything as if freshly logged in: the parent reads its signals from a descriptor, and what it
 * ignores, or was started with ignored, exec() would keep. */
static bool reset_signals(void)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signal = 1; signal < SIGNALS; signal++)
		(void)sigaction(signal, &usual, NULL); /* two cannot be changed */
	(void)sigemptyset(&none);                      /* cannot fail */
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* What we have goes on to whatever is executed: also of one who is not root (capabilities(7),
 * ambient). */
static bool hand_on_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, sets) != 0)
		return false;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		sets[i].inheritable = sets[i].permitted;
	if (syscall(SYS_capset, &header, sets) != 0)
		return false;
	for (unsigned long c = 0; c < 64; c++)
		if ((sets[c / 32].permitted >> c % 32 & 1) != 0 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) != 0)
			return false;
	return true;
}

static bool set_rights(const struct process_config *config)
{
	if (config->keeps_rights)
		return hand_on_capabilities();
	shrink_bounding_set(0);
	return become_user(config->uid, config->gid) && drop_capabilities(0);
}

/* Beyond it the child finds no room; whoever has no capability cannot lift it. */
static bool set_limit(uint64_t file_bytes_max)
{
	const struct rlimit limit = { .rlim_cur = file_bytes_max, .rlim_max = file_bytes_max };

	return file_bytes_max == 0 || setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

static _Noreturn void become_child(const struct process_config *config, int program, int complain)
{
	if (config->leads)
		(void)setsid(); /* a child that was just forked leads nothing yet: it cannot fail */
	if (set_descriptors(config->channel, &program, &complain) &&
	    set_limit(config->file_bytes_max) && set_rights(config) && reset_signals())
		(void)syscall(SYS_execveat, config->program != NULL ? AT_FDCWD : program,
			      config->program != NULL ? config->program : "", config->argv,
			      config->environment, config->program != NULL ? 0 : AT_EMPTY_PATH);
	{
		const int error = errno;

		(void)!write(complain, &error, sizeof(error)); /* who would listen? */
	}
	_exit(EXIT_FAILURE);
}

/* --- in the parent --- */

static int err_of(int error)
{
	if (error == EPERM || error == EINVAL) /* EINVAL: the uid is not in our user namespace */
		return ERR_PERMISSION;
	if (error == ENOENT)
		return ERR_NOT_FOUND;
	return error == ENOMEM || error == EAGAIN ? ERR_NOMEM : ERR_IO;
}

/* Waits for the child's exec(): 0, or what it complains about. */
static int hear(int fd)
{
	int error = 0;
	ssize_t n;

	do {
		n = read(fd, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(error) ? err_of(error) : 0;
}

static int start(const struct process_config *config, int program, struct process *ret)
{
	int complaint[2];
	int err;

	if (pipe2(complaint, O_CLOEXEC) < 0)
		return ERR_IO;
	ret->pid = fork();
	if (ret->pid == 0)
		become_child(config, program, complaint[1]);
	(void)close(complaint[1]); /* the child has its own */
	if (ret->pid < 0) {
		(void)close(complaint[0]); /* nobody writes */
		return ERR_NOMEM;
	}
	err = hear(complaint[0]);
	(void)close(complaint[0]); /* everything was read */
	ret->pidfd = err < 0 ? -1 : pidfd_open(ret->pid, 0);
	ret->leads = config->leads;
	if (ret->pidfd < 0) {
		(void)kill(ret->pid, SIGKILL); /* ours until it is waited for */
		(void)waitpid(ret->pid, NULL, 0);
		return err < 0 ? err : ERR_IO;
	}
	return 0;
}

int process_spawn(const struct process_config *config, struct process *ret)
{
	/* By descriptor: the user the child becomes may not be able to walk to the file. */
	const int program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	struct process process;
	int err;

	if (program < 0)
		return ERR_IO;
	err = start(config, program, &process);
	(void)close(program); /* only a name */
	if (err == 0)
		*ret = process;
	return err;
}

static void forget(struct process *process)
{
	(void)close(process->pidfd); /* only a name */
	*process = (struct process){ .pidfd = -1 };
}

bool process_has_ended(const struct process *process, int *ret_status)
{
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return false;
	*ret_status =
		info.si_code == CLD_EXITED ? info.si_status : PROCESS_SIGNALLED + info.si_status;
	return true;
}

bool process_reap(struct process *process, int *ret_status)
{
	if (!process_has_ended(process, ret_status))
		return false;
	process_kill(process);
	return true;
}

void process_signal(const struct process *process, int signal)
{
	(void)pidfd_send_signal(process->pidfd, signal, NULL, 0); /* it may have ended just now */
}

void process_kill(struct process *process)
{
	siginfo_t info;

	if (process->leads)
		(void)kill(-process->pid,
			   SIGKILL); /* its number is its own until it is waited for */
	process_signal(process, SIGKILL);
	while (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		; /* it cannot refuse to die */
	forget(process);
}

int process_harden(int death_signal)
{
	const struct rlimit none = { 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_PDEATHSIG, (unsigned long)death_signal, 0, 0, 0) < 0)
		return ERR_IO;
	return 0;
}

int process_find_user(const char *name, uint32_t *ret_uid, uint32_t *ret_gid)
{
	struct passwd entry;
	struct passwd *found = NULL;
	char buffer[DATABASE_BYTES];

	if (getpwnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL)
		return ERR_NOT_FOUND;
	*ret_uid = entry.pw_uid;
	*ret_gid = entry.pw_gid;
	return 0;
}

int process_find_group(const char *name, uint32_t *ret_gid)
{
	struct group entry;
	struct group *found = NULL;
	char buffer[DATABASE_BYTES];

	if (getgrnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL)
		return ERR_NOT_FOUND;
	*ret_gid = entry.gr_gid;
	return 0;
}

uint32_t process_cpus(void)
{
	cpu_set_t set;

	/* A machine with more processors than fit into a set has enough. */
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint32_t)CPU_COUNT(&set)
							    : CPU_SETSIZE;
}
