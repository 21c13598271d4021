/* log.c - see log.h. */
#include "prog/ipopd/log.h"

#include "base/calendar.h"
#include "base/check.h"
#include "io/clock.h"

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

void log_line(enum config_log_level level, const char *format, ...)
{
	char line[LINE_CHARS + 1];
	va_list arguments;
	int before;
	int len;

	if (level > state.level)
		return;
	before = print_prefix(line, LINE_CHARS, level);
	CHECK(before > 0 && before < LINE_CHARS);
	va_start(arguments, format);
	len = vsnprintf(line + before, LINE_CHARS - (size_t)before, format, arguments);
	va_end(arguments);
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
