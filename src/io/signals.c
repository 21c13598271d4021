/* signals.c - see signals.h. */
#include "io/signals.h"

#include "base/err.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(const int *signals, size_t count, int *ret_fd)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set); /* cannot fail */
	for (size_t i = 0; i < count; i++)
		(void)sigaddset(&set, signals[i]); /* cannot fail for a signal that exists */
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
		(void)close(fd); /* nothing was written to it */
		return ERR_IO;
	}
	*ret_fd = fd;
	return 0;
}

int signals_read(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}
