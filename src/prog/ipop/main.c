/* main.c - `ipop`, the command line of IPOP. */
#include "base/err.h"
#include "crypto/hash.h"
#include "crypto/start.h"
#include "io/memory.h"
#include "io/process.h"
#include "prog/ipop/complete.h"
#include "prog/ipop/host.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What JSON is made of may be the network's secret: it does not stay behind in freed memory. */
static void free_wiped(void *memory)
{
	if (memory != NULL)
		secret_wipe(memory, malloc_usable_size(memory));
	free(memory);
}

/* Keys pass through this process: nothing of it is written down by accident, and no other process
 * of the same user reads it. What may be read by whom is said where files are made, and not by
 * whoever calls us. 0 or ERR_IO. */
static int guard_secrets(void)
{
	json_set_alloc_funcs(malloc, free_wiped);
	(void)umask(022);
	return process_harden(0);
}

static enum exit_code run(const struct cli *cli)
{
	const struct cli_verb *const verb =
		cli->version ? cli_find(verbs, "version", NULL) : cli->verb;
	struct complaint complaint;

	if (verb == NULL) {
		cli_print_overview(verbs, cli->topic, cli->help ? stdout : stderr);
		return cli->help ? EXIT_OK : EXIT_USAGE;
	}
	if (cli->help) {
		cli_print_help(verb, stdout);
		return EXIT_OK;
	}
	if (host_check_root(cli, &complaint) != EXIT_OK)
		return report_code(cli, EXIT_USAGE, &complaint);
	if (crypto_start() != 0) {
		(void)complain(&complaint, ERR_CRYPTO, "the crypto library gives wrong answers");
		return report_failure(cli, ERR_CRYPTO, &complaint);
	}
	if (verb->has_keys)
		(void)memory_lock(); /* where there is a limit it stays as it is, off the disk or
					not */
	return verb->run(cli);
}

int main(int argc, char **argv)
{
	struct complaint complaint;
	enum exit_code code;
	struct cli cli;

	if (guard_secrets() != 0) {
		(void)fputs("ipop: what it reads cannot be kept from other processes\n", stderr);
		return (int)EXIT_FAILED;
	}
	if (argc > 1 && strcmp(argv[1], "complete") == 0)
		return (int)complete_print(verbs, argv + 2, (size_t)argc - 2);
	if (cli_parse(verbs, argv + (argc > 0 ? 1 : 0), &cli, &complaint) != 0)
		return (int)report_code(&cli, EXIT_USAGE, &complaint);
	code = run(&cli);
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		(void)fputs("ipop: the output could not be written\n", stderr);
		return code == EXIT_OK ? (int)EXIT_FAILED : (int)code;
	}
	return (int)code;
}
