/* report.c - see report.h. */
#include "prog/ipop/report.h"

#include "base/check.h"
#include "base/err.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static void print_json(enum exit_code code, int err, const char *text)
{
	json_t *const root = json_pack("{s:s, s:s, s:s, s:i}", "schema", "ipop.error/1", "code",
				       err_name(err), "text", text, "exit", (int)code);

	if (root == NULL || json_dumpf(root, stdout, 0) != 0)
		return; /* the text is on standard error, and the exit code says the rest */
	(void)fputc('\n', stdout);
	json_decref(root);
}

enum exit_code report_exit_with(const struct cli *cli, enum exit_code code, int err,
				const struct complaint *complaint)
{
	(void)fprintf(stderr, "ipop: %s\n", complaint->text);
	if (cli->json)
		print_json(code, err, complaint->text);
	return code;
}

enum exit_code report_failure(const struct cli *cli, int err, const struct complaint *complaint)
{
	return report_exit_with(cli, exit_code_of(err), err, complaint);
}

enum exit_code report_code(const struct cli *cli, enum exit_code code,
			   const struct complaint *complaint)
{
	static const int errors[] = {
		[EXIT_FAILED] = ERR_IO,
		[EXIT_USAGE] = ERR_MALFORMED,
		[EXIT_NOT_RUNNING] = ERR_NOT_FOUND,
		[EXIT_NOT_JOINED] = ERR_NOT_FOUND,
		[EXIT_NO_REPLY] = ERR_TIMEOUT,
		[EXIT_NOT_DIRECT] = ERR_UNSUPPORTED,
		[EXIT_DENIED] = ERR_PERMISSION,
		[EXIT_CERTIFICATE] = ERR_CERTIFICATE,
	};

	CHECK(code > EXIT_OK && code <= EXIT_CERTIFICATE);
	return report_exit_with(cli, code, errors[code], complaint);
}

void report_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
}

void report_progress(struct report_progress *progress, uint64_t elapsed_s, const char *format, ...)
{
	const bool terminal = isatty(STDERR_FILENO) != 0;
	char text[sizeof(progress->last)];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments); /* cut */
	va_end(arguments);
	if (terminal)
		(void)fprintf(stderr, "\r\033[K%s (%" PRIu64 " s)", text, elapsed_s);
	else if (strcmp(text, progress->last) != 0)
		(void)fprintf(stderr, "%s\n", text);
	memcpy(progress->last, text, sizeof(text));
	progress->shown = terminal;
}

void report_progress_end(struct report_progress *progress)
{
	if (progress->shown)
		(void)fputs("\r\033[K", stderr);
	*progress = (struct report_progress){ .shown = false };
}
