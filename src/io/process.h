/* process.h - our own program again, as another process with less; or a program of the owner's.
 *
 * Our own child is executed anew, so that nothing of the parent's memory is in it (Provos 2003;
 * Debian's and OpenBSD's daemons do it alike), with one socket to its parent as descriptor 3 and
 * nothing else open but /dev/null and standard error. It has no capability, cannot gain one, and if
 * the parent is root it runs as another user.
 */
#ifndef IO_PROCESS_H
#define IO_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_CHANNEL 3 /* the descriptor under which a child finds its parent */
#define PROCESS_UID_KEEP UINT32_MAX

struct process_config {
	const char *program;            /* a path, for one of the owner's; NULL: our own */
	const char *const *argv;        /* ended by NULL */
	const char *const *environment; /* ended by NULL */
	int channel;                    /* the child's end; stays the caller's to close; -1: none */
	uint32_t uid, gid;              /* PROCESS_UID_KEEP: stay who we are */
	uint64_t file_bytes_max;        /* of each file that it writes to; 0: no limit */
	bool keeps_rights;              /* all capabilities that we have */
	bool leads;                     /* a session of its own, whose first group ends with it */
};

struct process {
	pid_t pid;
	int pidfd; /* owned; readable once it has ended */
	bool leads;
};

/* 0, ERR_PERMISSION (rights cannot be given up), ERR_NOMEM, ERR_NOT_FOUND (no such program), ERR_IO
 * (it cannot be executed). */
int process_spawn(const struct process_config *config, struct process *ret);

#define PROCESS_SIGNALLED 128 /* status of a process killed by signal n: 128 + n, as in a shell */

/* True if it has ended, with that status. */
bool process_has_ended(const struct process *process, int *ret_status);

/* The same; then the pidfd is closed, and the process is forgotten. If it leads, what it has
 * started and is still in its group is killed. */
bool process_reap(struct process *process, int *ret_status);

/* To a process that was not reaped yet, whether or not it has ended. */
void process_signal(const struct process *process, int signal);

/* Kills it, and if it leads its group; waits until it is gone, and forgets it. */
void process_kill(struct process *process);

/* First thing: no core dump and no debugger can read our memory. `death_signal` comes to a child
 * when its parent dies; 0: none. The parent's end of the channel says the same; the signal is for a
 * child that has stopped listening. 0 or ERR_IO. */
int process_harden(int death_signal);

/* How many processors this process may run on; at least 1. */
uint32_t process_cpus(void);

/* Gives up all capabilities but these (CAP_... of capabilities(7), below 64, as bits), for ever,
 * and so that no program that is executed has another. None is gained. 0 or ERR_IO. */
int process_keep_capabilities(uint64_t kept);

/* Whether this process has one of them in effect. */
bool process_has_capability(unsigned capability);

/* The number of a user and of its group, for a child of root to become. 0, ERR_NOT_FOUND. */
int process_find_user(const char *name, uint32_t *ret_uid, uint32_t *ret_gid);
/* The number of a group, or ERR_NOT_FOUND. */
int process_find_group(const char *name, uint32_t *ret_gid);

#endif
