/* death.c - see death.h. */
#include "tests/lib/death.h"

#include "base/check.h"

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

const char *death_text(void (*act)(void))
{
	static char text[512];
	size_t len = 0;
	ssize_t got = 0;
	int status = 0;
	int ends[2];

	CHECK(pipe(ends) == 0);
	const pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };

		(void)setrlimit(RLIMIT_CORE, &no_core); /* only litter would be left */
		CHECK(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
		act();
		_exit(0);
	}
	(void)close(ends[1]);
	while (len < sizeof(text) - 1 &&
	       (got = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	(void)close(ends[0]);
	CHECK(waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? text : NULL;
}
