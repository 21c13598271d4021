/* log.c - see log.h. */
#include "prog/ipopd/log.h"

#include "base/calendar.h"
#include "base/check.h"
#include "io/clock.h"
#include "prog/ipopd/log_pace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_CHARS 1024

/* The one mutable state of this program outside the objects of its main(): a line may have to be
 * said from anywhere in prog/. */
static struct {
	const char *part, *subject;
	enum log_style style;
	enum config_log_level level;
	struct log_pace pace, debug_pace;
} state = { .part = "ipopd", .subject = "-", .level = CONFIG_LOG_INFO };

void log_init(const char *part, const char *subject)
{
	state.part = part;
	state.subject = subject;
}

void log_set_style(enum log_style style)
{
	CHECK(style < LOG_STYLES);
	state.style = style;
}

void log_set_level(enum config_log_level level)
{
	CHECK(level < CONFIG_LOG_LEVELS);
	state.level = level;
}

/* What stands before the line itself. Returns its length. */
static int print_prefix(char *ret, size_t room, enum config_log_level level)
{
	static const char journal[CONFIG_LOG_LEVELS] = { '3', '4', '6', '7' };
	static const char *const names[CONFIG_LOG_LEVELS] = { "error", "warning", "info", "debug" };
	char date[CALENDAR_TEXT_CHARS + 1];

	switch (state.style) {
	case LOG_JOURNAL:
		return snprintf(ret, room, "<%c>%s %s %s: ", journal[level], names[level],
				state.part, state.subject);
	case LOG_DATED:
		calendar_to_text(clock_now().wall, date);
		return snprintf(ret, room, "%s %s %s %s: ", date, names[level], state.part,
				state.subject);
	case LOG_PLAIN:
	case LOG_STYLES:
		break;
	}
	return snprintf(ret, room, "%s %s %s: ", names[level], state.part, state.subject);
}

__attribute__((format(printf, 2, 0))) static void write_line(enum config_log_level level,
							     const char *format, va_list arguments)
{
	char line[LINE_CHARS + 1];
	int before;
	int len;

	before = print_prefix(line, LINE_CHARS, level);
	CHECK(before > 0 && before < LINE_CHARS);
	len = vsnprintf(line + before, LINE_CHARS - (size_t)before, format, arguments);
	if (len < 0)
		return;
	len += before;
	if (len >= LINE_CHARS)
		len = LINE_CHARS - 1;
	/* Some of what is said comes from files and peers: it must not forge a second line. */
	for (int i = 0; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[len++] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)len); /* nobody to tell if it fails */
}

/* Whether the line may be said, and then how many were not, before it. */
static bool is_due(enum config_log_level level, uint64_t *ret_left_out)
{
	const struct mono now = clock_now().mono;

	*ret_left_out = 0;
	if (level == CONFIG_LOG_ERROR)
		return true;
	if (level == CONFIG_LOG_DEBUG)
		return log_pace_allow(&state.debug_pace, now, LOG_BURST * LOG_DEBUG_MORE,
				      LOG_A_SECOND * LOG_DEBUG_MORE, ret_left_out);
	return log_pace_allow(&state.pace, now, LOG_BURST, LOG_A_SECOND, ret_left_out);
}

__attribute__((format(printf, 2, 3))) static void tell_left_out(enum config_log_level level,
								const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(level, format, arguments);
	va_end(arguments);
}

void log_line(enum config_log_level level, const char *format, ...)
{
	va_list arguments;
	uint64_t left_out;

	if (level > state.level || !is_due(level, &left_out))
		return;
	if (left_out > 0)
		tell_left_out(level, "too much happened at once lines_left_out=%" PRIu64, left_out);
	va_start(arguments, format);
	write_line(level, format, arguments);
	va_end(arguments);
}
