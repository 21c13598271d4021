/* verb_daemon.c - `ipop up`, `down`, `reload` and `leave`. */
#include "base/err.h"
#include "prog/ipop/host.h"
#include "prog/ipop/input.h"
#include "prog/ipop/launch.h"
#include "prog/ipop/remove.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <stdio.h>
#include <unistd.h>

enum exit_code verb_up(const struct cli *cli)
{
	struct complaint complaint;
	struct store store;
	const enum exit_code code = host_choose(cli, cli_argument(cli, 0), &store, &complaint);

	return code == EXIT_OK ? launch_up(cli, &store) : report_code(cli, code, &complaint);
}

enum exit_code verb_down(const struct cli *cli)
{
	struct complaint complaint;
	struct store store;
	enum exit_code code = host_choose(cli, cli_argument(cli, 0), &store, &complaint);

	if (code != EXIT_OK)
		return report_code(cli, code, &complaint);
	code = launch_down(cli, &store);
	if (code == EXIT_OK)
		(void)printf("%s is down.\n", store.network);
	return code;
}

enum exit_code verb_reload(const struct cli *cli)
{
	struct complaint complaint;
	struct store store;
	const enum exit_code code = host_choose(cli, cli_argument(cli, 0), &store, &complaint);

	return code == EXIT_OK ? launch_reload(cli, &store) : report_code(cli, code, &complaint);
}

/* --- leave --- */

static bool has_ca(const struct store *store)
{
	struct file_path path;

	return store_directory_path(store, STORE_CA, &path) == 0 && access(path.text, F_OK) == 0;
}

/* The network that is meant. One of which only the CA is left is found by its name. */
static enum exit_code choose(const struct cli *cli, struct store *ret, bool *ret_member,
			     struct complaint *complaint)
{
	const char *const network = cli_argument(cli, 0);
	const enum exit_code code = host_choose(cli, network, ret, complaint);
	struct complaint unused;

	*ret_member = code == EXIT_OK;
	if (code != EXIT_NOT_JOINED || network == NULL ||
	    host_store(cli, network, ret, &unused) != EXIT_OK || !has_ca(ret))
		return code;
	if (cli_has(cli, "with-ca"))
		return EXIT_OK;
	(void)complain(complaint, 0,
		       "this host is not in \"%s\", and only its CA is still here; --with-ca "
		       "removes that",
		       network);
	return code;
}

static void warn_of_bundles(const struct cli *cli, const struct store *store)
{
	if (has_ca(store) && !cli_has(cli, "with-ca"))
		report_note("The CA of \"%s\" is on this host, and its bundles lead new members to "
			    "this host under the id that it loses now. What ipop request makes "
			    "here and ipop group sign %s signs, under another name, gives them a "
			    "new one.",
			    store->network, store->network);
}

static bool is_confirmed(const struct cli *cli, const struct store *store, bool is_member)
{
	const bool ca = cli_has(cli, "with-ca") && has_ca(store);
	char question[256];

	if (cli_has(cli, "yes"))
		return true;
	(void)snprintf(question, sizeof(question), "This removes %s%s%s \"%s\"%s. Go on?",
		       is_member ? "the key of this host" : "",
		       is_member && ca ? " and the CA" : "", is_member ? " in" : "the CA of",
		       store->network,
		       ca ? ", without which nobody can be admitted again" : ""); /* it is short */
	return input_confirm(question);
}

static int remove_in(const struct store *store, enum store_directory directory, bool may_stay,
		     struct complaint *complaint)
{
	struct file_path path;
	const int err = store_directory_path(store, directory, &path);

	return err == 0 ? remove_directory(path.text, may_stay, complaint)
			: store_complain(complaint, err, store->root);
}

/* By key and bundle this host is a member: they go last, so that what an error has left can be left
 * again. */
static int remove_network(const struct cli *cli, const struct store *store,
			  struct complaint *complaint)
{
	struct file_path path;
	int err = store_path(store, STORE_CONFIG, &path);

	if (err == 0)
		err = remove_file(path.text, complaint);
	if (err == 0 && cli_has(cli, "with-ca"))
		err = remove_in(store, STORE_CA, false, complaint);
	if (err == 0)
		err = remove_in(store, STORE_MEMBER, true, complaint);
	store_sweep(store, STORE_ETC);
	store_sweep(store, STORE_REQUESTS);
	return err == 0 ? remove_in(store, STORE_RUN, false, complaint) : err;
}

enum exit_code verb_leave(const struct cli *cli)
{
	struct complaint complaint;
	struct file_path path;
	struct store store;
	bool is_member;
	enum exit_code code = choose(cli, &store, &is_member, &complaint);
	int err;

	if (code != EXIT_OK)
		return report_code(cli, code, &complaint);
	if (is_member)
		warn_of_bundles(cli, &store);
	if (!is_confirmed(cli, &store, is_member)) {
		(void)complain(&complaint, 0, "nothing was done; --yes leaves without asking");
		return report_exit_with(cli, EXIT_USAGE, ERR_DENIED, &complaint);
	}
	if (launch_is_running(&store)) {
		code = launch_down(cli, &store);
		if (code != EXIT_OK)
			return code;
	}
	err = remove_network(cli, &store, &complaint);
	if (err != 0)
		return report_failure(cli, err, &complaint);
	(void)printf(is_member ? "This host has left \"%s\".\n" : "The CA of \"%s\" is removed.\n",
		     store.network);
	if (has_ca(&store) && store_directory_path(&store, STORE_CA, &path) == 0)
		(void)printf("The group's CA is still in %s.\n", path.text);
	return EXIT_OK;
}
