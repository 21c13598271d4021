/* progress.h - how far a long run has come: a line a minute, with its rate and when it may end. */
#ifndef TESTS_PROGRESS_H
#define TESTS_PROGRESS_H

#include <stdint.h>

struct progress {
	const char *what; /* borrowed: "handshakes" */
	uint64_t total;
	uint64_t start_s, next_s;
};

struct progress progress_start(const char *what, uint64_t total);

/* To be called after each; seldom says anything. */
void progress_tell(struct progress *progress, uint64_t done);

uint64_t progress_seconds(const struct progress *progress);

/* What of this process is in memory. */
uint64_t progress_rss_bytes(void);

#endif
