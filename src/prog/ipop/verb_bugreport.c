/* verb_bugreport.c - `ipop bugreport`: all that helps to understand a fault, in one file that its
 * owner can read before he sends it. Nothing leaves this host by itself.
 */
#include "base/calendar.h"
#include "base/err.h"
#include "crypto/hash.h"
#include "group/text.h"
#include "io/clock.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/host.h"
#include "prog/ipop/input.h"
#include "prog/ipop/redact.h"
#include "prog/ipop/report.h"
#include "prog/ipop/spawn.h"
#include "prog/ipop/verbs.h"
#include "prog/version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define LOG_LINES 200
#define LOG_BYTES_MAX 262144 /* lines have at most 1,024 */
#define PROC_BYTES_MAX 65536
#define FACT_CHARS 200
#define REPORT_MODE 0600

struct report {
	const struct cli *cli;
	struct store store;
	struct redact redact;
	json_t *status, *peers;   /* owned; NULL: the daemon does not tell */
	struct complaint silence; /* then why */
	FILE *out;
};

static void print(const struct report *report, const char *text)
{
	redact_print(&report->redact, text, report->out);
}

static void head(const struct report *report, const char *title)
{
	(void)fprintf(report->out, "\n== %s ==\n\n", title);
}

/* --- what is gathered --- */

static json_t *ask(struct control *control, const char *verb, struct complaint *complaint)
{
	const struct control_request request = { .verb = verb };
	json_t *answer = NULL;

	return control_ask(control, &request, &answer, complaint) == EXIT_OK ? answer : NULL;
}

static void ask_daemon(struct report *report)
{
	struct control control;

	if (control_open(&report->store, &control, &report->silence) != EXIT_OK)
		return;
	report->status = ask(&control, "status", &report->silence);
	if (report->status != NULL)
		report->peers = ask(&control, "peers", &report->silence);
	control_close(&control);
}

/* The entrances that the daemon has, which may be those of before. */
static void learn_lines(struct report *report)
{
	const json_t *const peers = json_object_get(report->peers, "peers");

	for (size_t i = 0; i < json_array_size(peers); i++) {
		const char *const line =
			json_string_value(json_object_get(json_array_get(peers, i), "line"));
		const char *const colon = line == NULL ? NULL : strrchr(line, ':');
		char host[BOOTSTRAP_HOST_MAX + 1];

		if (colon == NULL || (size_t)(colon - line) >= sizeof(host))
			continue;
		memcpy(host, line, (size_t)(colon - line));
		host[colon - line] = '\0';
		redact_host(&report->redact, host);
	}
}

/* What the network calls its own stays readable; the names of its entrances go. */
static void learn(struct report *report, const struct config *config)
{
	struct complaint unused;
	struct bundle bundle;
	uint32_t i;

	redact_own(&report->redact, answer_text(report->status, "ipv4").text,
		   answer_number(report->status, "ipv4_prefix_len"));
	redact_own(&report->redact, answer_text(report->status, "ipv6").text,
		   answer_number(report->status, "ipv6_prefix_len"));
	learn_lines(report);
	for (i = 0; i < config->bootstrap.count; i++)
		redact_host(&report->redact, config->bootstrap.lines[i].host);
	if (store_read_bundle(&report->store, &bundle, &unused) != 0)
		return; /* not for this user to read: redact_learn() finds some */
	for (i = 0; i < bundle.bootstrap_count; i++)
		redact_host(&report->redact, bundle.bootstrap[i].host);
	secret_wipe(&bundle, sizeof(bundle));
}

/* A file's text to be freed, in which a zero is a mark like another; NULL: no memory. */
static char *text_of(const struct file_bytes *bytes)
{
	char *const text = calloc(1, bytes->len + 1);

	if (text == NULL || bytes->data == NULL)
		return text;
	memcpy(text, bytes->data, bytes->len);
	for (size_t i = 0; i < bytes->len; i++)
		if (text[i] == '\0')
			text[i] = '?';
	return text;
}

/* --- what is written --- */

/* The first line of a file that begins so, from there on. */
static void print_fact(const struct report *report, const char *file, const char *begin)
{
	char fact[FACT_CHARS + 1];
	struct complaint unused;
	struct file_bytes bytes;
	struct span rest;
	struct span line;

	if (input_read(file, PROC_BYTES_MAX, &bytes, &unused) != 0)
		return;
	rest = span_of(bytes.data, bytes.len);
	while (text_next(&rest, '\n', &line)) {
		if (line.len < strlen(begin) || memcmp(line.data, begin, strlen(begin)) != 0)
			continue;
		(void)snprintf(fact, sizeof(fact), "%.*s\n", (int)line.len,
			       (const char *)line.data);
		print(report, fact);
		break;
	}
	file_free(&bytes);
}

static void print_host(const struct report *report)
{
	struct file_path path;
	struct utsname name;

	head(report, "host");
	if (uname(&name) == 0)
		(void)fprintf(report->out, "%s %s %s\n", name.sysname, name.release, name.machine);
	print_fact(report, "/etc/os-release", "PRETTY_NAME=");
	print_fact(report, "/proc/cpuinfo", "model name");
	print_fact(report, "/proc/meminfo", "MemTotal:");
	print_fact(report, "/proc/meminfo", "MemAvailable:");
	if (file_path(&path, "/sys/class/net/%s/operstate", report->store.network) == 0) {
		(void)fputs("interface: ", report->out);
		(void)fputs(host_has_interface(report->store.network) ? "" : "none\n", report->out);
		print_fact(report, path.text, "");
	}
}

static void print_config(struct report *report, const struct config *config,
			 const struct complaint *complaint)
{
	uint8_t *const text = calloc(1, CONFIG_BYTES_MAX + 1);
	struct writer writer;

	head(report, "configuration");
	redact_learn(&report->redact, complaint->text);
	if (complaint->text[0] != '\0')
		print(report, complaint->text);
	if (complaint->text[0] != '\0' || text == NULL) {
		(void)fputc('\n', report->out);
		free(text);
		return;
	}
	writer = writer_of(text, CONFIG_BYTES_MAX);
	config_print(config, &writer);
	print(report, (const char *)text);
	free(text);
}

static void print_answer(const struct report *report, const char *title, const json_t *answer)
{
	char *text;

	head(report, title);
	if (answer == NULL) {
		print(report, report->silence.text);
		(void)fputc('\n', report->out);
		return;
	}
	text = json_dumps(answer, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	if (text != NULL)
		print(report, text);
	(void)fputc('\n', report->out);
	free(text);
}

/* Where the last LOG_LINES lines begin. */
static const char *last_lines(const char *text)
{
	const char *at = text + strlen(text);
	size_t lines = 0;

	while (at > text && (at[-1] != '\n' || lines++ <= LOG_LINES))
		at--;
	return at;
}

/* Its last bytes, however long it is: it grows as long as the daemon runs. */
static int read_end(const char *path, struct file_bytes *ret)
{
	FILE *const in = fopen(path, "re");

	if (in == NULL)
		return file_err(errno);
	ret->len = 0;
	ret->data = calloc(1, LOG_BYTES_MAX);
	if (fseek(in, -LOG_BYTES_MAX, SEEK_END) != 0)
		rewind(in); /* it is shorter */
	if (ret->data != NULL)
		ret->len = fread(ret->data, 1, LOG_BYTES_MAX, in);
	(void)fclose(in); /* only read */
	return ret->data == NULL ? ERR_NOMEM : 0;
}

static void print_log(struct report *report)
{
	struct file_bytes bytes = { 0 };
	struct file_path path;
	char *text;
	int err = store_path(&report->store, STORE_LOG, &path);

	head(report, "log");
	if (spawn_has_systemd(&report->store))
		err = spawn_journal(&report->store, LOG_LINES, &bytes);
	else if (err == 0)
		err = read_end(path.text, &bytes);
	if (err != 0) {
		(void)fprintf(report->out, "cannot be read: %s\n", err_text(err));
		return;
	}
	text = text_of(&bytes);
	if (text != NULL) {
		/* Lines may have gone from the files since. */
		redact_learn(&report->redact, last_lines(text));
		print(report, last_lines(text));
	}
	free(text);
	file_free(&bytes);
}

/* Or the defaults, and why. */
static void read_config(struct report *report, struct config *config, struct complaint *complaint)
{
	struct file_bytes bytes;
	struct file_path path;
	char *text;

	config_init(config);
	complaint->text[0] = '\0';
	if (store_path(&report->store, STORE_CONFIG, &path) != 0 ||
	    store_read(&report->store, STORE_CONFIG, &bytes, complaint) != 0)
		return;
	(void)config_parse(span_of(bytes.data, bytes.len), path.text, config, complaint);
	text = text_of(&bytes);
	if (text != NULL)
		redact_learn_config(&report->redact, text); /* also where it cannot be read */
	free(text);
	file_free(&bytes);
}

static void print_all(struct report *report)
{
	struct complaint complaint = { "" };
	char now[CALENDAR_TEXT_CHARS + 1];
	struct config config;

	ask_daemon(report);
	read_config(report, &config, &complaint);
	learn(report, &config);
	calendar_to_text(clock_now().wall, now);
	(void)fprintf(report->out,
		      "Bug report of IPOP, network %s, %s\n"
		      "Read it before you send it. Keys and secrets are not in it%s\n",
		      report->store.network, now,
		      report->redact.full ? "."
					  : "; addresses\n"
					    "outside of the network are shortened, names of "
					    "bootstrap hosts are numbers, where\n"
					    "they can be told to be such.");
	head(report, "version");
	(void)fprintf(report->out, "ipop %s\nipopd %s\n", version_text(),
		      report->status != NULL ? answer_text(report->status, "version").text
					     : "does not tell");
	print_host(report);
	print_config(report, &config, &complaint);
	print_answer(report, "status", report->status);
	print_answer(report, "peers", report->peers);
	print_log(report);
}

/* In the directory in which the user stands, under a name of its own. */
static int choose_path(const struct report *report, struct file_path *ret)
{
	const char *const wanted = cli_value(report->cli, "output", 0);
	char now[CALENDAR_TEXT_CHARS + 1];
	char *to = now;

	if (wanted != NULL)
		return file_path(ret, "%s", wanted);
	calendar_to_text(clock_now().wall, now);
	for (const char *from = now; *from != '\0'; from++)
		if (*from != ':' &&
		    *from != '-') /* scp(1) takes what is before a colon for a host */
			*to++ = *from;
	*to = '\0';
	return file_path(ret, "ipop-%s-%s.txt", report->store.network, now);
}

/* Takes the text over. */
static enum exit_code write_report(const struct report *report, char *text, size_t len)
{
	struct complaint complaint;
	struct file_path path;
	int err = choose_path(report, &path);

	if (err == 0 && strcmp(path.text, "-") == 0) {
		(void)fwrite(text, 1, len, stdout); /* main() sees whether it was */
		free(text);
		return EXIT_OK;
	}
	if (err == 0)
		err = file_write(path.text, span_of(text, len), REPORT_MODE);
	free(text);
	if (err != 0) {
		(void)complain(&complaint, err, "%s: it cannot be written: %s", path.text,
			       err_text(err));
		return report_failure(report->cli, err, &complaint);
	}
	(void)printf("The report is in %s; read it before you send it.\n", path.text);
	return EXIT_OK;
}

enum exit_code verb_bugreport(const struct cli *cli)
{
	struct report report = { .cli = cli, .redact.full = cli_has(cli, "full") };
	struct complaint complaint;
	char *text = NULL;
	size_t len = 0;
	enum exit_code code = host_choose(cli, cli_argument(cli, 0), &report.store, &complaint);

	if (code != EXIT_OK)
		return report_code(cli, code, &complaint);
	report.out = open_memstream(&text, &len);
	if (report.out == NULL) {
		(void)complain(&complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		return report_failure(cli, ERR_NOMEM, &complaint);
	}
	print_all(&report);
	json_decref(report.status);
	json_decref(report.peers);
	if (fclose(report.out) != 0) {
		free(text);
		(void)complain(&complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		return report_failure(cli, ERR_NOMEM, &complaint);
	}
	return write_report(&report, text, len);
}
