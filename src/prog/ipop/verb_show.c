/* verb_show.c - the verbs that look: `ipop status`, `peers`, `ping` and `version`.
 *
 * What the daemon answers is shown; --json passes its answer on as it is. Texts in it that peers
 * may have chosen go through output_foreign() before a terminal sees them.
 */
#include "base/calendar.h"
#include "base/err.h"
#include "group/bundle.h"
#include "io/clock.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/clock_words.h"
#include "prog/ipop/control.h"
#include "prog/ipop/host.h"
#include "prog/ipop/options.h"
#include "prog/ipop/output.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"
#include "prog/version.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#define STATUS_LINES_MAX 10 /* of peers: with the rest, a screen of 24 lines */
#define NOTE_CHARS (BOOTSTRAP_TEXT_CHARS + 2 + OUTPUT_CHARS) /* a line and why */
#define PING_COUNT_DEFAULT 3
#define PING_COUNT_MAX 1000000
#define PING_INTERVAL_MS 1000

/* --- peers --- */

static bool has_why(const json_t *peer)
{
	return strcmp(answer_text(peer, "why").text, "-") != 0;
}

/* Where the bootstrap line has it of who was never met, and so has no name here: that is what its
 * reader knows. Else NULL. */
static const char *line_of(const json_t *peer)
{
	const char *const name = json_string_value(json_object_get(peer, "name"));

	return name == NULL || *name == '\0' ? json_string_value(json_object_get(peer, "line"))
					     : NULL;
}

static void add_name(struct output_table *table, const json_t *peer, bool all)
{
	if (!all)
		output_cell(table, answer_member_short(peer).text);
	else
		output_cell_foreign(table, line_of(peer) != NULL ? line_of(peer)
								 : answer_member(peer).text);
}

/* In a column of its own, or in a line below, which has room for a long host name. */
static void add_why(struct output_table *table, const json_t *peer, bool all)
{
	const struct output_text why = answer_text(peer, "why");
	char note[NOTE_CHARS];

	if (all || !has_why(peer) || line_of(peer) == NULL) {
		output_cell(table, !all && !has_why(peer) ? "" : why.text);
		return;
	}
	(void)snprintf(note, sizeof(note), "%s: %s", line_of(peer), why.text);
	output_cell_foreign(table, note);
}

static void add_peer(struct output_table *table, const json_t *peer, bool all)
{
	add_name(table, peer, all);
	output_cell(table, answer_text(peer, "state").text);
	output_cell(table, answer_rtt(peer).text);
	output_cell(table, answer_way(peer).text);
	output_cell(table, answer_text(peer, "ipv4").text);
	if (all) {
		output_cell(table, answer_text(peer, "ipv6").text);
		output_cell(table, output_bytes(answer_number(peer, "bytes_sent")).text);
		output_cell(table, output_bytes(answer_number(peer, "bytes_received")).text);
	}
	output_cell(table, answer_left(peer).text);
	add_why(table, peer, all);
}

/* As many as have room in so many lines; how many. */
static size_t add_peers(struct output_table *table, const json_t *peers, size_t lines, bool all)
{
	size_t i;

	for (i = 0; i < json_array_size(peers); i++) {
		const json_t *const peer = json_array_get(peers, i);
		const size_t needed = !all && has_why(peer) ? 2 : 1;

		if (lines < needed)
			break;
		lines -= needed;
		add_peer(table, peer, all);
	}
	return i;
}

/* The first peers, in at most so many lines, with why below each; with `all` every column, and why
 * as the last. */
static void print_peers(const json_t *answer, size_t lines, bool all)
{
	static const char *const head[] = { "PEER", "STATE", "RTT",      "WAY",         "IPV4",
					    "IPV6", "SENT",  "RECEIVED", "CERTIFICATE", "WHY" };
	const json_t *const peers = json_object_get(answer, "peers");
	const size_t columns = sizeof(head) / sizeof(head[0]);
	struct output_table table;
	size_t shown;

	if (json_array_size(peers) == 0) {
		(void)fputs("No other member is known yet.\n", stdout);
		return;
	}
	output_table_init(&table, all ? columns : columns - 3);
	table.has_notes = !all;
	for (size_t i = 0; i < columns; i++)
		if (all || i < 5 || i > 7)
			output_cell(&table, !all && i == columns - 1 ? "" : head[i]);
	shown = add_peers(&table, peers, lines, all);
	output_table_print(&table, "", stdout);
	output_table_free(&table);
	if (json_array_size(peers) > shown)
		(void)printf("and %zu more: ipop peers\n", json_array_size(peers) - shown);
}

enum exit_code verb_peers(const struct cli *cli)
{
	struct control control;
	json_t *answer;
	enum exit_code code = answer_connect(cli, 0, &control);

	if (code != EXIT_OK)
		return code;
	code = answer_ask(cli, &control, "peers", &answer);
	if (code == EXIT_OK && !cli->json) {
		print_peers(answer, SIZE_MAX, true);
		json_decref(answer);
	} else if (code == EXIT_OK) {
		output_json(answer);
	}
	control_close(&control);
	return code;
}

/* --- status --- */

static void add_row(struct output_table *table, const char *name, const char *value)
{
	output_cell(table, name);
	output_cell(table, value);
}

/* A sentence, whole. */
static void add_long_row(struct output_table *table, const char *name, const json_t *value)
{
	output_cell(table, name);
	output_cell_foreign(table, json_string_value(value));
}

/* "10.201.0.1/16" */
static struct output_text address_of(const json_t *status, const char *name, const char *len_name)
{
	struct output_text text = answer_text(status, name);

	if (strcmp(text.text, "-") == 0)
		return output_text("none");
	return output_text("%s/%" PRIu64, text.text, answer_number(status, len_name));
}

/* "364 d", and how to renew it once that is due. */
static struct output_text certificate_of(const json_t *status)
{
	const char *const end = json_string_value(json_object_get(status, "certificate_not_after"));
	const struct output_text left = answer_left(status);
	struct wall not_after;

	if (end == NULL || calendar_from_text(span_text(end), &not_after) != 0 ||
	    !bundle_renewal_is_due(not_after, clock_now().wall))
		return left;
	return output_text("%s; to renew it: ipop request --renew %s", left.text,
			   answer_text(status, "network").text);
}

/* What the NAT verdict means for who wants to reach this host. */
static const char *nat_of(const json_t *status)
{
	static const struct {
		const char *nat, *text;
	} verdicts[] = {
		{ "none", "none: others see this host under its own address" },
		{ "stable", "in between, one port for all peers: direct ways can be made" },
		{ "changing", "in between, another port for each peer: some ways need a relay" },
	};
	const char *const nat = json_string_value(json_object_get(status, "nat"));

	for (size_t i = 0; nat != NULL && i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(nat, verdicts[i].nat) == 0)
			return verdicts[i].text;
	return "not known before two peers tell how they see this host";
}

/* "in its place, relays 2 pairs" */
static struct output_text ring_of(const json_t *status)
{
	const char *const place = json_is_true(json_object_get(status, "settled"))
					  ? "in its place"
					  : "looking for its place";
	const uint64_t pairs = answer_number(status, "relayed_pairs");

	if (pairs == 0)
		return output_text("%s", place);
	return output_text("%s, relays %" PRIu64 " pair%s", place, pairs, pairs == 1 ? "" : "s");
}

/* One sentence, if there is one to say. */
static void print_clock(const json_t *status)
{
	const struct wall now = clock_now().wall;
	const struct clock_words words = clock_words(status, now, version_built());
	const struct clock_words ended = clock_words_ended(status, now);

	if (words.text[0] != '\0')
		(void)printf("\n%s\n", words.text);
	else if (ended.text[0] != '\0')
		(void)printf("\nBeware: %s. If the clock is wrong, set it (timedatectl).\n",
			     ended.text);
}

/* It is what others say. */
static void print_twin(const json_t *status)
{
	if (json_is_true(json_object_get(status, "key_is_twice")))
		(void)printf("\nBeware: another machine has this host's key, and each cuts the "
			     "other off, %s.\nIf so, on one of them ipop leave, then ipop "
			     "request.\n",
			     answer_key_tellers(status).text);
}

static void print_status(const json_t *status)
{
	struct output_table table;
	struct output_text text;

	(void)printf("%s %s for %s\n\n", answer_text(status, "network").text,
		     json_is_true(json_object_get(status, "ready")) ? "is up" : "has been starting",
		     output_duration(answer_number(status, "uptime_s")).text);
	output_table_init(&table, 2);
	add_row(&table, "this host", answer_text(status, "name").text);
	add_row(&table, "id", answer_text(status, "id").text);
	add_row(&table, "IPv4", address_of(status, "ipv4", "ipv4_prefix_len").text);
	add_row(&table, "IPv6", address_of(status, "ipv6", "ipv6_prefix_len").text);
	text = output_text("%s, MTU %" PRIu64 ", UDP port %" PRIu64,
			   answer_text(status, "interface").text, answer_number(status, "mtu"),
			   answer_number(status, "port"));
	add_row(&table, "interface", text.text);
	if (json_is_string(json_object_get(status, "trouble")))
		add_long_row(&table, "trouble", json_object_get(status, "trouble"));
	add_row(&table, "certificate", certificate_of(status).text);
	if (json_is_true(json_object_get(status, "key_is_twice")))
		add_row(&table, "key", "another machine has it, too");
	add_row(&table, "NAT", nat_of(status));
	add_row(&table, "ring", ring_of(status).text);
	text = output_text("%" PRIu64 " up of %" PRIu64 " known", answer_number(status, "peers_up"),
			   answer_number(status, "peers_known"));
	add_row(&table, "peers", text.text);
	output_table_print(&table, "  ", stdout);
	output_table_free(&table);
}

enum exit_code verb_status(const struct cli *cli)
{
	struct control control;
	json_t *status;
	json_t *peers;
	enum exit_code code = answer_connect(cli, 0, &control);

	if (code != EXIT_OK)
		return code;
	code = answer_ask(cli, &control, "status", &status);
	if (code == EXIT_OK && cli->json) {
		output_json(status);
	} else if (code == EXIT_OK) {
		print_status(status);
		print_twin(status);
		print_clock(status);
		json_decref(status);
		code = answer_ask(cli, &control, "peers", &peers);
		if (code == EXIT_OK) {
			(void)fputc('\n', stdout);
			print_peers(peers, STATUS_LINES_MAX, false);
			json_decref(peers);
		}
	}
	control_close(&control);
	return code;
}

/* --- ping --- */

struct pings {
	uint32_t sent, answered, direct;
	uint64_t least_us, most_us, sum_us;
	enum exit_code failure; /* of the last that failed */
};

static void count_reply(struct pings *pings, const json_t *answer)
{
	const uint64_t rtt = answer_number(answer, "rtt_us");

	if (pings->answered == 0 || rtt < pings->least_us)
		pings->least_us = rtt;
	if (rtt > pings->most_us)
		pings->most_us = rtt;
	pings->sum_us += rtt;
	pings->answered++;
	if (json_is_true(json_object_get(answer, "direct")))
		pings->direct++;
}

/* "alpha answers after 12.3 ms, relay by carol (both NATs change ports)" */
static void print_reply(const json_t *answer)
{
	const struct output_text why = answer_text(answer, "why");
	const bool has_why = strcmp(why.text, "-") != 0;

	(void)printf("%s answers after %s, %s%s%s%s\n", answer_text(answer, "name").text,
		     answer_rtt(answer).text, answer_way(answer).text, has_why ? " (" : "",
		     has_why ? why.text : "", has_why ? ")" : "");
	(void)fflush(stdout);
}

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t interrupted_fd;

/* Ends the waiting for an answer, if somebody waits; a second one ends the program. */
static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
	(void)shutdown(interrupted_fd, SHUT_RDWR);
}

/* What was measured until ^C is told, as by ping(8). */
static void mind_interrupts(const struct control *control)
{
	const struct sigaction action = { .sa_handler = on_interrupt,
					  .sa_flags = (int)SA_RESETHAND };

	interrupted_fd = control->fd;
	(void)sigaction(SIGINT, &action, NULL); /* or it ends without a word */
}

/* False when there is no use in going on. */
static bool ping_once(const struct cli *cli, struct control *control, struct pings *pings)
{
	const struct control_request request = { .verb = "ping", .peer = cli_argument(cli, 0) };
	struct complaint complaint;
	json_t *answer;

	pings->sent++;
	pings->failure = control_ask(control, &request, &answer, &complaint);
	if (pings->failure != EXIT_OK && interrupted) {
		pings->sent--; /* nobody knows whether it would have been answered */
		pings->failure = EXIT_NO_REPLY;
		return false;
	}
	if (pings->failure != EXIT_OK) {
		(void)report_exit_with(cli, pings->failure, control->err, &complaint);
		return pings->failure == EXIT_NO_REPLY;
	}
	count_reply(pings, answer);
	if (!cli->json) {
		print_reply(answer);
		json_decref(answer);
	} else {
		output_json(answer);
	}
	return true;
}

static enum exit_code sum_up(const struct cli *cli, const struct pings *pings)
{
	if ((pings->sent > 1 || interrupted) && pings->answered > 0 && !cli->json)
		(void)printf("%" PRIu32 " of %" PRIu32 " answered; %s least, %s mean, %s most\n",
			     pings->answered, pings->sent, output_rtt(pings->least_us).text,
			     output_rtt(pings->sum_us / pings->answered).text,
			     output_rtt(pings->most_us).text);
	if (pings->answered == 0)
		return pings->failure;
	return pings->direct > 0 ? EXIT_OK : EXIT_NOT_DIRECT;
}

enum exit_code verb_ping(const struct cli *cli)
{
	static const struct options_range range = { 1, PING_COUNT_MAX, PING_COUNT_DEFAULT };
	struct pings pings = { .failure = EXIT_OK };
	struct complaint complaint;
	struct control control;
	enum exit_code code;
	uint32_t count;

	if (options_number(cli, "count", range, &count, &complaint) != 0)
		return report_code(cli, EXIT_USAGE, &complaint);
	code = answer_connect(cli, 1, &control);
	if (code != EXIT_OK)
		return code;
	mind_interrupts(&control);
	while (pings.sent < count && !interrupted) {
		if (pings.sent > 0 && control_wait_closed(&control, PING_INTERVAL_MS))
			break;
		if (!ping_once(cli, &control, &pings))
			break;
	}
	control_close(&control);
	return sum_up(cli, &pings);
}

/* --- version --- */

/* The daemons that run, and what they are. */
static json_t *running_versions(const struct cli *cli)
{
	const struct control_request request = { .verb = "version" };
	json_t *const daemons = json_array();
	struct host_networks networks;
	struct complaint nobody_asked;

	(void)host_networks(cli->root, &networks,
			    &nobody_asked); /* then there is none to tell of */
	for (size_t i = 0; i < networks.count; i++) {
		struct complaint unused;
		struct control control;
		struct store store;
		json_t *answer;

		if (host_store(cli, networks.names[i], &store, &unused) != EXIT_OK ||
		    control_open(&store, &control, &unused) != EXIT_OK)
			continue;
		if (control_ask(&control, &request, &answer, &unused) == EXIT_OK) {
			(void)json_object_del(answer, "schema");
			(void)json_object_set_new(answer, "network",
						  json_string(networks.names[i]));
			(void)json_array_append_new(daemons, answer);
		}
		control_close(&control);
	}
	return daemons;
}

enum exit_code verb_version(const struct cli *cli)
{
	json_t *const daemons = running_versions(cli);

	if (cli->json) {
		output_json(json_pack("{s:s, s:s, s:o}", "schema", "ipop.versions/1", "version",
				      version_text(), "daemons", daemons));
		return EXIT_OK;
	}
	(void)printf("ipop %s\n", version_text());
	for (size_t i = 0; i < json_array_size(daemons); i++) {
		const json_t *const one = json_array_get(daemons, i);

		(void)printf("ipopd %s runs %s\n", answer_text(one, "version").text,
			     answer_text(one, "network").text);
	}
	json_decref(daemons);
	return EXIT_OK;
}
