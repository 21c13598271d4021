/* sandbox.h - what a process gives up for ever: files by name, and system calls.
 *
 * What is open stays open and works. Both need that no new privileges can be gained (process.h),
 * and neither can be taken back, by whatever code gets to run in the process later.
 *
 * The node keeps the calls with which it moves bytes between descriptors that it has, waits, and
 * gets memory that cannot be executed. It opens nothing any more, no socket either. Another call
 * ends the process at once (SIGSYS), but those that a C library makes without being asked (opening
 * a file, naming memory) fail. The steward starts programs and sets up the host, so it keeps most;
 * what looks into other processes, changes the kernel, mounts, or changes the clock fails.
 */
#ifndef IO_SANDBOX_H
#define IO_SANDBOX_H

enum sandbox_calls { SANDBOX_NODE, SANDBOX_STEWARD };

/* For this thread and those that it starts from now on (landlock(7)). 0, ERR_UNSUPPORTED (this
 * kernel does not do it), ERR_IO. */
int sandbox_close_files(void);

/* The same, but what is below these directories may still be read and executed; those that are not
 * there are none. The list ends with NULL. */
int sandbox_close_files_but(const char *const *directories);

/* For all threads (seccomp(2)). 0, ERR_UNSUPPORTED, ERR_NOMEM, ERR_IO. */
int sandbox_close_calls(enum sandbox_calls kept);

#endif
