/* progress.c - see progress.h. */
#include "tests/lib/progress.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define EVERY_S 60

static uint64_t clock_s(void)
{
	struct timespec time;

	CHECK(clock_gettime(CLOCK_BOOTTIME, &time) == 0);
	return (uint64_t)time.tv_sec;
}

struct progress progress_start(const char *what, uint64_t total)
{
	const uint64_t now = clock_s();

	return (struct progress){ what, total, now, now + EVERY_S };
}

void progress_tell(struct progress *progress, uint64_t done)
{
	const uint64_t now = clock_s();
	const uint64_t seconds = now - progress->start_s;

	if (now < progress->next_s || done == 0)
		return;
	progress->next_s = now + EVERY_S;
	(void)printf("# %s: %" PRIu64 " of %" PRIu64 " in %" PRIu64 " s, %" PRIu64
		     " a second, some %" PRIu64 " s to go, RSS %" PRIu64 " KiB\n",
		     progress->what, done, progress->total, seconds, done / seconds,
		     (progress->total - done) * seconds / done, progress_rss_bytes() / 1024);
	(void)fflush(stdout);
}

uint64_t progress_seconds(const struct progress *progress)
{
	return clock_s() - progress->start_s;
}

uint64_t progress_rss_bytes(void)
{
	FILE *const file = fopen("/proc/self/statm", "r");
	char line[128];
	char *at = line;

	CHECK(file != NULL && fgets(line, sizeof(line), file) != NULL);
	(void)fclose(file);
	(void)strtoull(at, &at, 10); /* all of the address space */
	return strtoull(at, &at, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
