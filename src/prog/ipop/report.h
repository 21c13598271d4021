/* report.h - what a verb tells its user beside its result: notes, failures, progress; and with
 * which exit code a failure ends. Results go to standard output, all of this to standard error. */
#ifndef PROG_IPOP_REPORT_H
#define PROG_IPOP_REPORT_H

#include "prog/ipop/cli.h"

#include <stdint.h>

/* Prints the complaint, with --json as `ipop.error/1` on standard output besides, and returns the
 * exit code. */
enum exit_code report_failure(const struct cli *cli, int err, const struct complaint *complaint);
enum exit_code report_exit_with(const struct cli *cli, enum exit_code code, int err,
				const struct complaint *complaint);

/* For a failure that has an exit code and no error of its own. */
enum exit_code report_code(const struct cli *cli, enum exit_code code,
			   const struct complaint *complaint);

/* A line of advice or warning. */
__attribute__((format(printf, 1, 2))) void report_note(const char *format, ...);

/* Long work: on a terminal one line that is written over, elsewhere a line whenever the text
 * changes. */
struct report_progress {
	char last[128];
	bool shown;
};

__attribute__((format(printf, 3, 4))) void
report_progress(struct report_progress *progress, uint64_t elapsed_s, const char *format, ...);

/* Clears the line, if there is one. */
void report_progress_end(struct report_progress *progress);

#endif
