/* main.c - ipopd [--root DIR] [--foreground] NET: runs one network on this host.
 *
 * It never leaves the foreground: who starts it, a service manager or `ipop up`, is better at that.
 */
#include "base/err.h"
#include "group/text.h"
#include "io/file.h"
#include "prog/exit_code.h"
#include "prog/ipopd/child.h"
#include "prog/ipopd/ipopd.h"
#include "prog/ipopd/log.h"
#include "prog/ipopd/lookups.h"
#include "prog/ipopd/steward.h"
#include "prog/version.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"Usage: ipopd [--root DIR] [--foreground] NET\n"
	"Runs the IPOP network NET, which this host has joined. Most use `ipop up NET` instead.\n"
	"\n"
	"  --root DIR     use DIR/etc/ipop, DIR/var/lib/ipop and DIR/run/ipop\n"
	"  --foreground   stay in the foreground, which it does in any case\n"
	"  -h, --help     show this\n"
	"  -V, --version  show the version\n"
	"\n"
	"Example: ipopd --foreground lab\n";

struct arguments {
	char root[FILE_PATH_BYTES];
	const char *network;
};

static int refuse(const char *what)
{
	(void)fprintf(stderr, "ipopd: %s; `ipopd --help` says how\n",
		      what); /* nobody else to tell */
	return EXIT_USAGE;
}

/* Relative roots are made absolute: a daemon leaves its directory. */
static int set_root(struct arguments *arguments, const char *text)
{
	char *absolute = realpath(text, NULL);
	int len;

	if (absolute == NULL)
		return refuse("the root is no directory");
	len = snprintf(arguments->root, sizeof(arguments->root), "%s",
		       strcmp(absolute, "/") == 0 ? "" : absolute);
	free(absolute);
	return len < 0 || (size_t)len >= sizeof(arguments->root) ? refuse("the root is too long")
								 : -1;
}

/* An exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct complaint complaint;
	int code = -1;
	int option;

	while (code < 0 && (option = getopt_long(argc, argv, "hV", options, NULL)) >= 0) {
		switch (option) {
		case 'r':
			code = set_root(ret, optarg);
			break;
		case 'f':
			break;
		case 'h':
			return fputs(usage, stdout) < 0 ? EXIT_FAILED : EXIT_OK;
		case 'V':
			return printf("ipopd %s\n", version_text()) < 0 ? EXIT_FAILED : EXIT_OK;
		default:
			return EXIT_USAGE; /* getopt has said why */
		}
	}
	if (code >= 0)
		return code;
	if (optind + 1 != argc)
		return refuse("name one network");
	if (network_check_name(argv[optind], &complaint) < 0)
		return refuse(complaint.text);
	ret->network = argv[optind];
	return -1;
}

/* Whether standard error is the journal, as systemd.exec(5) has one ask: the variable alone may be
 * inherited from somebody whose it was. */
static bool is_journal(const char *stream)
{
	struct stat status;
	char text[64];

	if (stream == NULL || fstat(STDERR_FILENO, &status) < 0)
		return false;
	(void)snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)status.st_dev,
		       (uintmax_t)status.st_ino);
	return strcmp(text, stream) == 0;
}

static enum log_style choose_style(void)
{
	if (is_journal(getenv("JOURNAL_STREAM")))
		return LOG_JOURNAL;
	return isatty(STDERR_FILENO) ? LOG_PLAIN : LOG_DATED;
}

/* As sd_watchdog_enabled(3) has one ask: the variables may be meant for another process. */
static uint64_t watchdog_us(void)
{
	const char *const pid = getenv("WATCHDOG_PID");
	const char *const text = getenv("WATCHDOG_USEC");
	uint64_t number;

	if (text == NULL || text_long_number(span_text(text), &number) < 0)
		return 0;
	if (pid != NULL && strtoul(pid, NULL, 10) != (unsigned long)getpid())
		return 0;
	return number;
}

static int run(const struct arguments *arguments)
{
	struct store store = { .root = arguments->root };
	struct steward_config config = { .store = &store,
					 .log_style = choose_style(),
					 .notify_socket = getenv("NOTIFY_SOCKET"),
					 .watchdog_us = watchdog_us() };

	memcpy(store.network, arguments->network, strlen(arguments->network));
	log_init("steward", store.network);
	log_set_style(config.log_style);
	return steward_run(&config);
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int code;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) /* standard error may be a pipe that ends */
		return EXIT_FAILED;
	if (argc == 4 && strcmp(argv[1], IPOPD_OPTION_CHILD) == 0)
		return child_run(argv[3]); /* the network's name is there for ps(1) */
	if (argc == 4 && strcmp(argv[1], IPOPD_OPTION_LOOKUP) == 0)
		return lookups_child(argv[2], argv[3]);
	code = parse(argc, argv, &arguments);
	return code >= 0 ? code : run(&arguments);
}
