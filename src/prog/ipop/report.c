/* report.c - see report.h. */
#include "prog/ipop/report.h"

#include "base/check.h"
#include "base/err.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum cli_exit report_exit(int err)
{
	switch (err) {
	case ERR_PERMISSION:
	case ERR_DENIED:
		return CLI_DENIED;
	case ERR_CERTIFICATE:
	case ERR_EXPIRED:
	case ERR_NOT_YET:
	case ERR_FOREIGN:
	case ERR_REVOKED:
		return CLI_CERTIFICATE;
	case ERR_TIMEOUT:
		return CLI_NO_REPLY;
	default:
		return CLI_FAILURE;
	}
}

static void print_json(enum cli_exit code, int err, const char *text)
{
	json_t *const root = json_pack("{s:s, s:s, s:s, s:i}", "schema", "ipop.error/1", "code",
				       err_name(err), "text", text, "exit", (int)code);

	if (root == NULL || json_dumpf(root, stdout, 0) != 0)
		return; /* the text is on standard error, and the exit code says the rest */
	(void)fputc('\n', stdout);
	json_decref(root);
}

enum cli_exit report_exit_with(const struct cli *cli, enum cli_exit code, int err,
			       const struct complaint *complaint)
{
	(void)fprintf(stderr, "ipop: %s\n", complaint->text);
	if (cli->json)
		print_json(code, err, complaint->text);
	return code;
}

enum cli_exit report_failure(const struct cli *cli, int err, const struct complaint *complaint)
{
	return report_exit_with(cli, report_exit(err), err, complaint);
}

enum cli_exit report_code(const struct cli *cli, enum cli_exit code,
			  const struct complaint *complaint)
{
	static const int errors[] = {
		[CLI_FAILURE] = ERR_IO,
		[CLI_USAGE] = ERR_MALFORMED,
		[CLI_NOT_RUNNING] = ERR_NOT_FOUND,
		[CLI_NOT_JOINED] = ERR_NOT_FOUND,
		[CLI_NO_REPLY] = ERR_TIMEOUT,
		[CLI_NOT_DIRECT] = ERR_UNSUPPORTED,
		[CLI_DENIED] = ERR_PERMISSION,
		[CLI_CERTIFICATE] = ERR_CERTIFICATE,
	};

	CHECK(code > CLI_OK && code <= CLI_CERTIFICATE);
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
