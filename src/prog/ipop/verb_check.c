/* verb_check.c - `ipop check`: what a configuration says, what is wrong with it, and what of it a
 * running daemon does otherwise. */
#include "base/calendar.h"
#include "base/err.h"
#include "io/clock.h"
#include "prog/config_json.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/check_host.h"
#include "prog/ipop/clock_words.h"
#include "prog/ipop/control.h"
#include "prog/ipop/host.h"
#include "prog/ipop/input.h"
#include "prog/ipop/output.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"
#include "prog/version.h"

#include <string.h>
#include <sys/stat.h>

struct checking {
	const struct cli *cli;
	struct store store; /* of a network */
	bool is_network;    /* else a file alone */
	bool has_file;      /* a network need not have one */
	const char *file;   /* what is checked */
	struct file_path path;
	struct config config;
	struct config_complaints complaints;
	struct complaint note; /* no mistake, but worth a word */
	struct certificate certificate;
	bool has_certificate;
	int err; /* of the first complaint */
};

/* One more thing that is wrong. */
static void add(struct checking *c, int err, const struct complaint *complaint)
{
	if (c->complaints.count < CONFIG_COMPLAINTS_MAX)
		c->complaints.list[c->complaints.count] = *complaint;
	c->complaints.count++;
	c->err = c->err == 0 ? err : c->err;
}

/* Two may find the same. */
static bool has(const struct checking *c, const struct complaint *complaint)
{
	for (uint32_t i = 0; i < c->complaints.count && i < CONFIG_COMPLAINTS_MAX; i++)
		if (strcmp(c->complaints.list[i].text, complaint->text) == 0)
			return true;
	return false;
}

/* --- what is wrong --- */

/* Of a name that is no network's. A FIFO is not waited for: nobody may ever write there; what a
 * shell puts in place of <(PROGRAM) is a pipe that has a writer. */
static int read_named(const char *name, struct file_bytes *ret, struct complaint *complaint)
{
	struct stat status;

	if (lstat(name, &status) == 0 && S_ISFIFO(status.st_mode))
		return complain(complaint, ERR_UNSUPPORTED,
				"%s: is a FIFO, and is not waited for: name a file", name);
	return input_read(name, CONFIG_BYTES_MAX, ret, complaint);
}

/* 0 if the file could be read; what is wrong in it then stands in `c`. One that is not there is
 * wrong: it makes this host a member. */
static int check_file(struct checking *c, struct complaint *complaint)
{
	struct file_bytes bytes = { 0 };
	int err = c->is_network ? store_read(&c->store, STORE_CONFIG, &bytes, complaint)
				: read_named(c->file, &bytes, complaint);

	c->has_file = err != ERR_NOT_FOUND;
	if (c->is_network && !c->has_file)
		return 0; /* all options have their defaults */
	if (err != 0)
		return err;
	c->err = config_check(span_of(bytes.data, bytes.len), c->file, &c->config, &c->complaints);
	file_free(&bytes);
	return 0;
}

/* The certificate is for the key that is here, and valid. */
static int check_bundle(struct checking *c, struct complaint *complaint)
{
	struct file_bytes pem = { 0 };
	struct trust *trust = NULL;
	struct key *key = NULL;
	struct bundle bundle;
	int err = store_read_bundle(&c->store, &bundle, complaint);

	if (err != 0)
		return err;
	err = bundle_verify(&bundle, bundle_judged_at(&bundle, clock_now().wall, version_built()),
			    &trust, &c->certificate, complaint);
	if (err == 0)
		err = store_read(&c->store, STORE_KEY, &pem, complaint);
	if (err == 0 && key_from_pem(span_of(pem.data, pem.len), span_text(""), &key) != 0)
		err = complain(complaint, ERR_MALFORMED,
			       "the private key of this host cannot be "
			       "read: bring it back from a copy");
	if (err == 0 && !certificate_is_for(&c->certificate, key))
		err = complain(complaint, ERR_CERTIFICATE,
			       "the certificate in the bundle is for another key than this "
			       "host's: ipop join the bundle that answers this host's request");
	if (err == 0 && c->err == 0 && c->config.is_set[CONFIG_IPV4_PREFIX] &&
	    (c->config.ipv4_prefix.len != bundle.ipv4_prefix.len ||
	     memcmp(c->config.ipv4_prefix.ip, bundle.ipv4_prefix.ip,
		    sizeof(bundle.ipv4_prefix.ip)) != 0))
		err = complain(complaint, ERR_MALFORMED,
			       "%s: ipv4-prefix must be what the bundle says; take the line out",
			       c->file);
	c->has_certificate = err == 0;
	if (err == 0)
		err = check_host_routes(&c->store, &bundle, complaint);
	file_free(&pem);
	key_free(key);
	trust_free(trust);
	bundle_wipe(&bundle);
	return err;
}

/* Nothing that a file could mend: said beside what is wrong. */
static void note_clock(void)
{
	const struct clock_words words = clock_words(NULL, clock_now().wall, version_built());

	if (words.text[0] != '\0')
		report_note("%s", words.text);
}

/* Of a configuration that can be read. */
static void check_rest_of_host(struct checking *c)
{
	struct complaint complaint;
	int err = check_host_trouble(&c->store, &complaint);

	if (err != 0 && !has(c, &complaint))
		add(c, err, &complaint);
	err = check_host_tun(&c->store, &complaint);
	if (err != 0)
		add(c, err, &complaint);
	if (c->complaints.count > 0 && err == 0)
		return; /* what is wrong there comes first */
	err = check_host_port(&c->store, &c->config, &c->note);
	if (err != 0)
		add(c, err, &c->note);
}

static void check_all(struct checking *c)
{
	struct complaint complaint;
	int err = check_file(c, &complaint);

	if (err != 0)
		add(c, err, &complaint);
	if (!c->is_network)
		return;
	if (c->err == 0) {
		err = store_check_programs(&c->store, &c->config, &complaint);
		if (err != 0)
			add(c, err, &complaint);
	}
	err = check_host_files(&c->store, &complaint);
	if (err != 0)
		add(c, err, &complaint);
	err = check_bundle(c, &complaint);
	if (err != 0)
		add(c, err, &complaint);
	err = check_host_places(&c->store, &complaint);
	if (err != 0)
		add(c, err, &complaint);
	check_rest_of_host(c);
	note_clock();
	if (c->complaints.count == 0)
		check_host_remark(&c->store);
}

/* --- what a daemon does otherwise --- */

/* What the daemon says of an option; NULL if it is older than the option. Borrowed. */
static const json_t *running_option(const json_t *answer, const char *name)
{
	const json_t *const options = json_object_get(answer, "options");

	for (size_t i = 0; i < json_array_size(options); i++) {
		const json_t *const option = json_array_get(options, i);
		const char *const its = json_string_value(json_object_get(option, "name"));

		if (its != NULL && strcmp(its, name) == 0)
			return option;
	}
	return NULL;
}

/* The options that differ, each as the file and as the daemon has it. */
static json_t *differences(const struct checking *c, const json_t *answer)
{
	json_t *const list = json_array();

	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++) {
		const char *const name = config_option(id)->name;
		const json_t *const option = running_option(answer, name);
		json_t *const running = json_object_get(option, "values");
		json_t *const file = config_values_json(&c->config, id);

		if (option != NULL && !json_equal(running, file))
			(void)json_array_append_new(
				list, json_pack("{s:s, s:O, s:O, s:b}", "option", name, "file",
						file, "running", running, "live",
						json_is_true(json_object_get(option, "live"))));
		json_decref(file);
	}
	return list;
}

/* "10M", "a, b", "-" */
static struct output_text joined(const json_t *values)
{
	struct output_text text = output_text("%s", json_array_size(values) == 0 ? "-" : "");

	for (size_t i = 0; i < json_array_size(values); i++)
		text = output_text(
			"%s%s%s", text.text, i == 0 ? "" : ", ",
			output_foreign(json_string_value(json_array_get(values, i))).text);
	return text;
}

static void print_differences(const struct checking *c, const json_t *list)
{
	static const char *const head[] = { "OPTION", "FILE", "RUNNING", "COUNTS" };
	const char *const network = c->store.network;
	struct output_table table;

	if (json_array_size(list) == 0) {
		(void)printf("%s runs with this.\n", network);
		return;
	}
	output_table_init(&table, sizeof(head) / sizeof(head[0]));
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		output_cell(&table, head[i]);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *const item = json_array_get(list, i);
		const bool is_live = json_is_true(json_object_get(item, "live"));

		output_cell(&table, answer_text(item, "option").text);
		output_cell(&table, joined(json_object_get(item, "file")).text);
		output_cell(&table, joined(json_object_get(item, "running")).text);
		output_cell(&table, is_live ? output_text("after ipop reload %s", network).text
					    : output_text("after ipop down %s and ipop up %s",
							  network, network)
						      .text);
	}
	output_table_print(&table, "", stdout);
	output_table_free(&table);
}

/* The list is the caller's to release. */
static enum exit_code ask_differences(const struct checking *c, json_t **ret)
{
	struct complaint complaint;
	struct control control;
	json_t *answer;
	enum exit_code code = control_open(&c->store, &control, &complaint);

	if (code != EXIT_OK)
		return report_code(c->cli, code, &complaint);
	code = answer_ask(c->cli, &control, "config", &answer);
	control_close(&control);
	if (code != EXIT_OK)
		return code;
	*ret = differences(c, answer);
	json_decref(answer);
	return EXIT_OK;
}

/* --- check --- */

static json_t *complaints_json(const struct checking *c)
{
	json_t *const list = json_array();

	for (uint32_t i = 0; i < c->complaints.count && i < CONFIG_COMPLAINTS_MAX; i++)
		(void)json_array_append_new(list, json_string(c->complaints.list[i].text));
	return list;
}

static enum exit_code print_json(const struct checking *c, json_t *differences)
{
	const bool is_fine = c->complaints.count == 0;

	output_json(json_pack("{s:s, s:s, s:b, s:o, s:o}", "schema", "ipop.check/1", "file",
			      c->file, "fine", is_fine, "complaints", complaints_json(c),
			      "differences", differences != NULL ? differences : json_null()));
	return is_fine ? EXIT_OK : exit_code_of(c->err);
}

static enum exit_code print_wrong(const struct checking *c)
{
	for (uint32_t i = 0; i < c->complaints.count && i < CONFIG_COMPLAINTS_MAX; i++)
		(void)fprintf(stderr, "ipop: %s\n", c->complaints.list[i].text);
	if (c->complaints.count > CONFIG_COMPLAINTS_MAX)
		report_note("and %u more", c->complaints.count - CONFIG_COMPLAINTS_MAX);
	return exit_code_of(c->err);
}

static void print_fine(const struct checking *c)
{
	char until[CALENDAR_TEXT_CHARS + 1];
	unsigned set = 0;

	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++)
		set += c->config.is_set[id];
	if (c->has_file)
		(void)printf("%s is fine; it sets %u of %d options.\n", c->file, set,
			     CONFIG_OPTIONS);
	else
		(void)printf("%s is not there: all options have their defaults.\n", c->file);
	if (c->note.text[0] != '\0')
		report_note("%s", c->note.text);
	if (!c->has_certificate)
		return;
	calendar_to_text(c->certificate.not_after, until);
	(void)printf("The certificate is for \"%s\", whose key is here, and ends %s.\n",
		     c->certificate.name, until);
}

static void print_canonical(const struct checking *c)
{
	static uint8_t text[CONFIG_BYTES_MAX];
	struct writer w = writer_of(text, sizeof(text));

	config_print(&c->config, &w);
	if (writer_ok(&w))
		(void)fwrite(text, 1, w.len, stdout);
}

/* A name of a network has neither. */
static bool is_file_name(const char *argument)
{
	return argument != NULL && strpbrk(argument, "/.") != NULL;
}

static enum exit_code choose(struct checking *c)
{
	const char *const argument = cli_argument(c->cli, 0);
	struct complaint complaint;
	enum exit_code code;

	c->file = argument;
	c->is_network = !is_file_name(argument);
	if (!c->is_network && cli_has(c->cli, "diff")) {
		(void)complain(&complaint, 0,
			       "--diff is for the file of a network: ipop check --diff [NET]");
		return report_code(c->cli, EXIT_USAGE, &complaint);
	}
	if (!c->is_network)
		return EXIT_OK;
	code = host_choose(c->cli, argument, &c->store, &complaint);
	if (code != EXIT_OK)
		return report_code(c->cli, code, &complaint);
	if (store_path(&c->store, STORE_CONFIG, &c->path) != 0) {
		(void)complain(&complaint, 0, "--root: the name is too long");
		return report_code(c->cli, EXIT_USAGE, &complaint);
	}
	c->file = c->path.text;
	return EXIT_OK;
}

enum exit_code verb_check(const struct cli *cli)
{
	struct checking c = { .cli = cli };
	json_t *list = NULL;
	enum exit_code code = choose(&c);

	if (code != EXIT_OK)
		return code;
	config_init(&c.config);
	check_all(&c);
	if (c.complaints.count == 0 && cli_has(cli, "diff"))
		code = ask_differences(&c, &list);
	if (code != EXIT_OK)
		return code;
	if (cli->json)
		return print_json(&c, list);
	if (c.complaints.count > 0)
		return print_wrong(&c);
	if (cli_has(cli, "print"))
		print_canonical(&c);
	else if (list != NULL)
		print_differences(&c, list);
	else
		print_fine(&c);
	json_decref(list);
	return EXIT_OK;
}
