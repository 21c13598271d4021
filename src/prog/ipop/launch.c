/* launch.c - see launch.h. */
#include "prog/ipop/launch.h"

#include "base/calendar.h"
#include "base/check.h"
#include "base/err.h"
#include "group/text.h"
#include "io/clock.h"
#include "io/process.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/control.h"
#include "prog/ipop/lost.h"
#include "prog/ipop/output.h"
#include "prog/ipop/report.h"
#include "prog/ipop/spawn.h"
#include "prog/ipopd/ipopd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 50 /* how often it is asked whether it is there */
#define LOG_TAIL_BYTES 2000

/* A start or stop under way. */
struct launch {
	const struct cli *cli;
	const struct store *store;
	struct report_progress progress;
	struct mono since;
	pid_t pid;      /* of the daemon, if we started it ourselves; else 0 */
	off_t log_from; /* and where its log begins */
	json_t *status; /* owned: its newest answer, or NULL */
	/* What it said instead, the last time that it did. */
	enum exit_code refusal;
	int err; /* 0: nothing */
	struct complaint why;
};

static uint64_t elapsed_s(const struct launch *l)
{
	return mono_ms_between(l->since, clock_now().mono) / 1000;
}

static bool listens(const struct store *store)
{
	struct complaint unused;
	struct control control;

	if (control_open(store, &control, &unused) != EXIT_OK)
		return false;
	control_close(&control);
	return true;
}

bool launch_is_running(const struct store *store)
{
	struct file_path unused;

	/* In this order: who stands still and holds the lock is asked nothing. */
	return spawn_is_locked(store, &unused) || listens(store);
}

/* Asks for its status, if it answers already. */
static void look(struct launch *l)
{
	static const struct control_request request = { .verb = "status" };
	struct complaint unused;
	struct control control;
	json_t *answer;

	if (control_open(l->store, &control, &unused) != EXIT_OK)
		return;
	l->refusal = control_ask(&control, &request, &answer, &l->why);
	if (l->refusal != EXIT_OK) {
		l->err = control.err;
	} else {
		json_decref(l->status);
		l->status = answer;
	}
	control_close(&control);
}

/* Whether asking again is of no use; a daemon that only starts or ends says so otherwise, and at
 * once: one that let a whole question's time pass stands still. */
static bool is_refused(const struct launch *l)
{
	return l->err == ERR_FULL || l->err == ERR_DENIED || l->err == ERR_TIMEOUT;
}

static enum exit_code tell_refusal(const struct launch *l)
{
	return report_exit_with(l->cli, l->refusal, l->err, &l->why);
}

static const char *text_of(const struct launch *l, const char *name)
{
	return json_string_value(json_object_get(l->status, name));
}

static bool is_ready(const struct launch *l)
{
	return json_is_true(json_object_get(l->status, "ready"));
}

static json_int_t peers_up(const struct launch *l)
{
	return json_integer_value(json_object_get(l->status, "peers_up"));
}

bool launch_runs_until(const struct store *store, struct wall not_after)
{
	struct launch l = { .store = store };
	char wanted[CALENDAR_TEXT_CHARS + 1];
	const char *end;
	bool same;

	calendar_to_text(not_after, wanted);
	look(&l);
	end = text_of(&l, "certificate_not_after");
	same = end != NULL && strcmp(end, wanted) == 0;
	json_decref(l.status);
	return same;
}

/* --- up --- */

/* The end of what the daemon said, for a person who has to find out why. */
static void print_log(const struct launch *l)
{
	char text[LOG_TAIL_BYTES];
	struct file_path path;
	struct span rest;
	struct span line;
	off_t from = l->log_from;
	ssize_t len;
	off_t end;
	int fd;

	if (store_path(l->store, STORE_LOG, &path) != 0)
		return;
	fd = open(path.text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	if (end < from)
		from = 0; /* it began anew meanwhile */
	if (end - from > LOG_TAIL_BYTES)
		from = end - LOG_TAIL_BYTES;
	len = pread(fd, text, sizeof(text), from);
	(void)close(fd); /* only read */
	rest = span_of(text, len > 0 ? (size_t)len : 0);
	if (from > l->log_from)
		(void)text_next(&rest, '\n', &line); /* the first is cut */
	while (text_next(&rest, '\n', &line))
		report_note("    %.*s", (int)line.len, (const char *)line.data);
}

/* Whether the daemon has put anything into its log. */
static bool has_said(const struct launch *l)
{
	struct file_path path;
	struct stat status;

	return store_path(l->store, STORE_LOG, &path) == 0 && lstat(path.text, &status) == 0 &&
	       status.st_size != l->log_from; /* less: it began anew meanwhile */
}

static enum exit_code died(const struct launch *l, int status)
{
	struct complaint complaint;
	struct complaint why;

	/* It had nowhere else to say why. */
	if (!has_said(l) && spawn_log_line(l->store, "ended without a word\n", &why) != 0)
		(void)complain(&complaint, 0,
			       "%s: the daemon ended with exit code %d, and cannot say why in its "
			       "log: %s",
			       l->store->network, status, why.text);
	else
		(void)complain(&complaint, 0,
			       "%s: the daemon ended with exit code %d:", l->store->network,
			       status);
	(void)report_exit_with(l->cli, EXIT_FAILED, ERR_IO, &complaint);
	print_log(l);
	return status > EXIT_OK && status <= EXIT_CERTIFICATE ? (enum exit_code)status
							      : EXIT_FAILED;
}

/* True if a bootstrap line leads to somebody else than this host. */
static bool has_entrance(const struct store *store, const char *own_id)
{
	struct complaint unused;
	struct bundle bundle;
	bool found = false;

	if (store_read_bundle(store, &bundle, &unused) != 0)
		return false;
	for (uint32_t i = 0; i < bundle.bootstrap_count; i++) {
		char id[ID_TEXT_CHARS + 1];

		id_to_text(&bundle.bootstrap[i].id, id);
		found = found || own_id == NULL || strcmp(id, own_id) != 0;
	}
	bundle_wipe(&bundle);
	return found;
}

/* The unit runs the daemon as a user of its own, who has to have its files before systemd gives it
 * all of the directory, the CA with it. What we start is whose we are, and takes them back. */
static int give_files(const struct launch *l, bool has_systemd, struct complaint *complaint)
{
	uint32_t uid = 0;
	uint32_t gid = 0;

	if (geteuid() != 0 || l->store->root[0] != '\0' ||
	    (has_systemd && process_find_user(IPOPD_USER, &uid, &gid) < 0))
		return 0;
	return store_give(l->store, uid, gid, complaint);
}

/* It has the interface. */
static int complain_lost(const struct store *store, struct complaint *complaint)
{
	int fd;
	const long pid = lost_find(store, &fd);

	if (pid == 0)
		return 0;
	(void)close(fd); /* only a name */
	return complain(complaint, ERR_EXISTS,
			"%s runs (process %ld), but nobody can ask it: its directory in /run is "
			"gone; ipop down %s ends it",
			store->network, pid, store->network);
}

static enum exit_code start(struct launch *l)
{
	const bool has_systemd = spawn_has_systemd(l->store);
	struct complaint complaint;
	int err = complain_lost(l->store, &complaint);

	if (err == 0)
		err = give_files(l, has_systemd, &complaint);
	if (err == 0 && !has_systemd)
		err = spawn_daemon(l->store, &l->pid, &l->log_from, &complaint);
	if (err != 0)
		return report_failure(l->cli, err, &complaint);
	if (!has_systemd)
		return EXIT_OK;
	if (spawn_systemctl("start", l->store) == 0) {
		if (!spawn_is_enabled(l->store))
			report_note(
				"%s is not started at boot; `systemctl enable ipop@%s` does that.",
				l->store->network, l->store->network);
		return EXIT_OK;
	}
	(void)complain(&complaint, 0,
		       "%s: systemd could not start it; journalctl -u ipop@%s says why",
		       l->store->network, l->store->network);
	return report_exit_with(l->cli, EXIT_FAILED, ERR_IO, &complaint);
}

/* Waits for a condition: EXIT_OK, EXIT_NO_REPLY after `seconds`, or what the daemon died of or
 * refuses, reported. */
static enum exit_code wait_until(struct launch *l, bool (*is_met)(const struct launch *l),
				 uint64_t seconds, const char *what)
{
	const struct mono deadline = mono_add_ms(clock_now().mono, seconds * 1000);

	for (;;) {
		int status;

		look(l);
		if (is_met(l))
			return EXIT_OK;
		if (is_refused(l)) {
			report_progress_end(&l->progress);
			return tell_refusal(l);
		}
		if (mono_reached(clock_now().mono, deadline))
			return EXIT_NO_REPLY;
		report_progress(&l->progress, elapsed_s(l), "%s: %s", l->store->network, what);
		if (!spawn_wait(l->pid, LOOK_MS, &status))
			continue;
		l->pid = 0;
		/* Another one holds the lock, which somebody started when we did: it will do. */
		if (!launch_is_running(l->store)) {
			report_progress_end(&l->progress);
			return died(l, status);
		}
	}
}

static bool has_peer(const struct launch *l)
{
	return is_ready(l) && peers_up(l) > 0;
}

static void print_addresses(const struct launch *l, const char *how)
{
	const char *const ipv4 = text_of(l, "ipv4");

	(void)printf("%s is %s: %s has %s%s%s\n", l->store->network, how,
		     output_foreign(text_of(l, "name")).text,
		     ipv4 == NULL ? "" : output_foreign(ipv4).text, ipv4 == NULL ? "" : " and ",
		     output_foreign(text_of(l, "ipv6")).text);
	(void)fflush(stdout);
}

static enum exit_code not_ready(const struct launch *l)
{
	struct complaint complaint;

	(void)complain(&complaint, 0, "%s: the daemon has no addresses after %u s",
		       l->store->network, LAUNCH_READY_S);
	(void)report_exit_with(l->cli, EXIT_FAILED, ERR_TIMEOUT, &complaint);
	if (l->err != 0)
		report_note("    %s", l->why.text);
	if (l->pid > 0)
		print_log(l);
	return EXIT_FAILED;
}

static enum exit_code wait_usable(struct launch *l)
{
	struct complaint complaint;
	enum exit_code code = wait_until(l, is_ready, LAUNCH_READY_S, "the daemon starts");

	if (code != EXIT_OK) {
		report_progress_end(&l->progress);
		return code == EXIT_NO_REPLY ? not_ready(l) : code;
	}
	if (has_entrance(l->store, text_of(l, "id")))
		code = wait_until(l, has_peer, LAUNCH_PEER_S, "looks for another member");
	report_progress_end(&l->progress);
	if (code != EXIT_OK && code != EXIT_NO_REPLY)
		return code;
	print_addresses(l, "up");
	if (code == EXIT_OK)
		return EXIT_OK;
	(void)complain(&complaint, 0,
		       "%s: no other member answers yet; the daemon goes on trying (ipop peers %s "
		       "shows whom it tries). If the group's secret was rotated since this host's "
		       "bundle was made, nobody will: ipop request --renew %s",
		       l->store->network, l->store->network, l->store->network);
	return report_exit_with(l->cli, EXIT_NO_REPLY, ERR_TIMEOUT, &complaint);
}

/* A daemon that holds its lock and does not listen begins or ends, and soon does either. EXIT_OK
 * once that is so; else it has lost its socket. */
static enum exit_code settle(const struct launch *l)
{
	const struct mono deadline = mono_add_ms(clock_now().mono, LAUNCH_LOST_S * UINT64_C(1000));
	struct complaint complaint;
	struct file_path lock;
	int unused;

	while (!listens(l->store) && spawn_is_locked(l->store, &lock)) {
		if (mono_reached(clock_now().mono, deadline)) {
			(void)complain(
				&complaint, 0,
				"%s runs, but nobody can ask it: its control socket is gone; "
				"ipop down %s ends it",
				l->store->network, l->store->network);
			return report_exit_with(l->cli, EXIT_FAILED, ERR_EXISTS, &complaint);
		}
		(void)spawn_wait(0, LOOK_MS, &unused);
	}
	return EXIT_OK;
}

enum exit_code launch_up(const struct cli *cli, const struct store *store)
{
	struct launch l = { .cli = cli, .store = store, .since = clock_now().mono };
	enum exit_code code = EXIT_OK;

	look(&l);
	if (is_ready(&l)) {
		print_addresses(&l, "up already");
	} else if (is_refused(&l)) {
		code = tell_refusal(&l);
	} else {
		code = settle(&l);
		if (code == EXIT_OK && !listens(store))
			code = start(&l);
		if (code == EXIT_OK)
			code = wait_usable(&l);
	}
	json_decref(l.status);
	return code;
}

/* --- reload --- */

static void print_reloaded(const struct store *store, const json_t *answer)
{
	const json_t *const later = json_object_get(answer, "later");

	(void)printf("%s goes on with what its files say now.\n", store->network);
	(void)fflush(stdout);
	for (size_t i = 0; i < json_array_size(later); i++)
		report_note("Not yet: %s; it counts after ipop down %s and ipop up %s.",
			    output_foreign(json_string_value(json_array_get(later, i))).text,
			    store->network, store->network);
}

enum exit_code launch_reload(const struct cli *cli, const struct store *store)
{
	struct complaint complaint;
	struct control control;
	json_t *answer;
	enum exit_code code = control_open(store, &control, &complaint);

	if (code != EXIT_OK)
		return report_code(cli, code, &complaint);
	code = answer_ask(cli, &control, "reload", &answer);
	control_close(&control);
	if (code != EXIT_OK)
		return code;
	if (cli->json) {
		output_json(answer);
	} else {
		print_reloaded(store, answer);
		json_decref(answer);
	}
	return EXIT_OK;
}

/* --- renewal --- */

/* The daemon would not start with a mistake in these. */
static int check_files(const struct store *store, struct complaint *complaint)
{
	struct file_bytes bytes;
	struct file_path path;
	struct config config;
	int err = store_path(store, STORE_CONFIG, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	err = store_read(store, STORE_CONFIG, &bytes, complaint);
	if (err != 0)
		return err;
	config_init(&config);
	err = config_parse(span_of(bytes.data, bytes.len), path.text, &config, complaint);
	file_free(&bytes);
	return err == 0 ? store_check_programs(store, &config, complaint) : err;
}

/* Others know it by these, so a node has them for life. The id has the key and the network in it.
 */
static bool is_same_member(const struct launch *l, const struct certificate *certificate)
{
	char id[ID_TEXT_CHARS + 1];
	char ipv4[IPV4_TEXT_CHARS + 1] = "-";

	id_to_text(&certificate->id, id);
	if (certificate->has_ipv4)
		ipv4_to_text(certificate->ipv4, ipv4);
	return strcmp(answer_text(l->status, "id").text, id) == 0 &&
	       strcmp(answer_text(l->status, "name").text, certificate->name) == 0 &&
	       strcmp(answer_text(l->status, "ipv4").text, ipv4) == 0;
}

/* Asks it to reload; what it said instead stands in `l` then. */
static enum exit_code ask_reload(struct launch *l)
{
	static const struct control_request request = { .verb = "reload" };
	struct control control;
	json_t *answer = NULL;

	l->refusal = control_open(l->store, &control, &l->why);
	if (l->refusal == EXIT_OK)
		l->refusal = control_ask(&control, &request, &answer, &l->why);
	l->err = control.err;
	json_decref(answer);
	control_close(&control);
	return l->refusal;
}

/* Whether it goes on with the files of today, or could not (*ret_anew) without a new start: it
 * stands for another member, is too old to read them, or has no node that could lose anything. */
static enum exit_code go_on(struct launch *l, const struct certificate *certificate, bool *ret_anew)
{
	enum exit_code code = EXIT_OK;

	look(l);
	if (l->status == NULL)
		*ret_anew = l->err == 0 || l->err == ERR_AGAIN;
	else
		*ret_anew = !is_same_member(l, certificate);
	if (l->status != NULL && !*ret_anew)
		code = ask_reload(l);
	else if (!*ret_anew)
		code = l->refusal;
	if (code != EXIT_OK && l->err == ERR_UNSUPPORTED)
		*ret_anew = true;
	json_decref(l->status);
	l->status = NULL;
	return code;
}

enum exit_code launch_renew(const struct cli *cli, const struct store *store,
			    const struct certificate *certificate)
{
	struct launch l = { .cli = cli, .store = store };
	bool is_anew = false;
	enum exit_code code = EXIT_OK;

	l.err = check_files(store, &l.why);
	if (l.err != 0)
		code = exit_code_of(l.err);
	else
		code = go_on(&l, certificate, &is_anew);
	if (is_anew) {
		report_note("%s is running with what it had before, and starts anew with this "
			    "bundle.",
			    store->network);
		code = launch_down(cli, store);
		return code == EXIT_OK ? launch_up(cli, store) : code;
	}
	if (code == EXIT_OK) {
		report_note("%s is running, and goes on with this bundle.", store->network);
		return EXIT_OK;
	}
	(void)report_exit_with(cli, code, l.err, &l.why);
	report_note("The bundle is in its place, but %s goes on with what it had before; once that "
		    "is mended: ipop reload %s",
		    store->network, store->network);
	return code;
}

/* --- down --- */

static enum exit_code ask_down(const struct cli *cli, const struct store *store)
{
	static const struct control_request request = { .verb = "down" };
	struct complaint complaint;
	struct control control;
	json_t *answer;
	enum exit_code code = control_open(store, &control, &complaint);
	int err = control.err;

	if (code == EXIT_OK) {
		code = control_ask(&control, &request, &answer, &complaint);
		if (code == EXIT_OK)
			json_decref(answer);
		err = control.err;
		control_close(&control);
	}
	if (code == EXIT_FAILED && err == ERR_IO)
		code = EXIT_OK; /* it ends already, and has not heard us: it is waited for */
	if ((code == EXIT_NOT_RUNNING && launch_is_running(store)) || code == EXIT_NO_REPLY) {
		err = spawn_terminate(store, &complaint);
		code = err == 0 ? EXIT_OK : exit_code_of(err);
	}
	return code == EXIT_OK ? EXIT_OK : report_exit_with(cli, code, err, &complaint);
}

/* Not one that somebody has started since. */
static bool is_still_there(const struct store *store, long holder)
{
	return launch_is_running(store) && (holder == 0 || spawn_holder(store) == holder);
}

enum exit_code launch_down(const struct cli *cli, const struct store *store)
{
	const struct mono deadline = mono_add_ms(clock_now().mono, LAUNCH_DOWN_S * UINT64_C(1000));
	struct report_progress progress = { .shown = false };
	struct complaint complaint;
	const long holder = spawn_holder(store);
	enum exit_code code = EXIT_OK;
	int unused;
	int err;

	if (!launch_is_running(store)) {
		err = lost_end(store, LAUNCH_DOWN_S, &complaint);
		if (err != ERR_NOT_FOUND)
			return err == 0 ? EXIT_OK : report_failure(cli, err, &complaint);
	}
	/* By systemd, or it would start the daemon again. */
	if (!spawn_has_systemd(store) || !launch_is_running(store) ||
	    spawn_systemctl("stop", store) != 0)
		code = ask_down(cli, store);
	while (code == EXIT_OK && is_still_there(store, holder)) {
		if (mono_reached(clock_now().mono, deadline)) {
			(void)complain(&complaint, 0,
				       "%s: still runs after %u s; if it stands still, end its "
				       "process, %ld, by kill -KILL",
				       store->network, LAUNCH_DOWN_S, holder);
			code = report_exit_with(cli, EXIT_FAILED, ERR_TIMEOUT, &complaint);
			break;
		}
		report_progress(&progress, 0, "%s: says goodbye", store->network);
		(void)spawn_wait(0, LOOK_MS, &unused);
	}
	report_progress_end(&progress);
	return code;
}
