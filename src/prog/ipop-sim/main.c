/* main.c - `ipop-sim`: a network of members, played on a simulated Internet. */
#include "prog/ipop-sim/page.h"
#include "prog/ipop-sim/report.h"

#include "base/err.h"
#include "crypto/start.h"

#include <errno.h>
#include <string.h>

enum exit_code { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static enum exit_code refuse(const struct complaint *complaint)
{
	(void)fprintf(stderr, "ipop-sim: %s\n", complaint->text);
	return EXIT_USAGE;
}

static enum exit_code fail(int err, const char *what)
{
	(void)fprintf(stderr, "ipop-sim: %s: %s\n", what, err_text(err));
	return EXIT_FAILED;
}

static int write_page(struct course *course)
{
	const char *path = course->options->html;
	FILE *out = fopen(path, "w");
	bool written;

	if (out == NULL) {
		(void)fprintf(stderr, "ipop-sim: %s: %s\n", path, strerrordesc_np(errno));
		return ERR_IO;
	}
	page_write(course, out);
	written = ferror(out) == 0;
	written = fclose(out) == 0 && written;
	if (!written) {
		(void)fprintf(stderr, "ipop-sim: %s: could not be written\n", path);
		return ERR_IO;
	}
	return 0;
}

static enum exit_code report(struct course *course)
{
	int err = 0;

	if (course->options->json)
		err = report_json(course, stdout);
	else if (!course->options->journal)
		report_table(course, stdout);
	if (err != 0)
		return fail(err, "the figures");
	if (course->options->html != NULL && write_page(course) != 0)
		return EXIT_FAILED;
	return course_passed(course) ? EXIT_PASSED : EXIT_FAILED;
}

static enum exit_code run(const struct options *options)
{
	static struct course course; /* too large for the stack */
	struct complaint complaint;
	struct loaded loaded;
	enum exit_code code;
	int err = scenario_load(options->scenario, &loaded, &complaint);

	if (err != 0) {
		scenario_unload(&loaded);
		return refuse(&complaint);
	}
	err = course_run(options, &loaded, &course);
	code = err == 0 ? report(&course) : fail(err, "the simulation");
	course_free(&course);
	scenario_unload(&loaded);
	return code;
}

int main(int argc, char **argv)
{
	struct complaint complaint;
	struct options options;
	enum exit_code code = EXIT_PASSED;

	if (options_read(argv + (argc > 0 ? 1 : 0), &options, &complaint) != 0)
		return (int)refuse(&complaint);
	if (options.help)
		options_print_help(stdout);
	else if (options.list)
		scenario_print_list(stdout);
	else if (crypto_start() != 0)
		code = fail(ERR_CRYPTO, "the crypto library gives wrong answers");
	else
		code = run(&options);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		(void)fputs("ipop-sim: the output could not be written\n", stderr);
		return EXIT_FAILED;
	}
	return (int)code;
}
