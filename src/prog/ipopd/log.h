/* log.h - what the daemon says, one line each: `level part subject: sentence key=value ...`.
 *
 * Only the programs log; everything below them counts, traces and returns. Part is who speaks
 * (steward, node), subject the network. Nothing secret may be an argument.
 *
 * What others can cause, strangers among them, is no flood: of warnings and what is less, LOG_BURST
 * lines are said at once and then LOG_A_SECOND, of debug LOG_DEBUG_MORE times as many; the next
 * line tells how many were left out. Errors are all said.
 */
#ifndef PROG_IPOPD_LOG_H
#define PROG_IPOPD_LOG_H

#include "group/config.h"

#define LOG_BURST 200
#define LOG_A_SECOND 10
#define LOG_DEBUG_MORE 20

enum log_style {
	LOG_PLAIN,   /* to a terminal: a person who waits for it */
	LOG_JOURNAL, /* <N> before each line: the levels of syslog(3) */
	LOG_DATED,   /* to a file: the instant before each line */
	LOG_STYLES
};

/* Before it lines go out as LOG_PLAIN, from level info on. Part and subject are borrowed for ever.
 */
void log_init(const char *part, const char *subject);
void log_set_style(enum log_style style);
void log_set_level(enum config_log_level level);

/* One write of one line to standard error. Control characters become '?', and what is too long is
 * cut. */
__attribute__((format(printf, 2, 3))) void log_line(enum config_log_level level, const char *format,
						    ...);

#define log_error(...) log_line(CONFIG_LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(CONFIG_LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(CONFIG_LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(CONFIG_LOG_DEBUG, __VA_ARGS__)

#endif
