/* verb_monitor.c - `ipop monitor`: what happens on this member, a line for each event.
 *
 * The daemon tells as it happens, on a connection that stays. When the node behind it ends, the
 * steward starts another one; until that answers, it is asked again and again.
 */
#include "base/calendar.h"
#include "base/err.h"
#include "io/clock.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/host.h"
#include "prog/ipop/options.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

#define COUNT_MAX 1000000
#define AGAIN_MS 250 /* the steward waits as long before it starts another node */

struct listening {
	const struct cli *cli;
	struct control control;
	struct complaint complaint; /* of what failed */
	struct output_text network;
	uint32_t count, left; /* events to show; count 0: all */
};

/* --- an event --- */

static struct output_text peer_event(const json_t *event, const char *kind)
{
	const struct output_text member = answer_member(event);
	const struct output_text why = answer_text(event, "why");
	const bool has_why = strcmp(why.text, "-") != 0;

	if (strcmp(kind, "peer-up") == 0)
		return output_text("%.40s is up, %.80s", member.text, answer_way(event).text);
	if (strcmp(kind, "peer-stale") == 0)
		return output_text("%.40s does not answer probes", member.text);
	if (strcmp(kind, "peer-down") == 0)
		return output_text("%.40s is down%s%.70s", member.text, has_why ? ": " : "",
				   has_why ? why.text : "");
	return output_text("%.40s is reached by another way: %.60s%s%.50s%s", member.text,
			   answer_way(event).text, has_why ? " (" : "", has_why ? why.text : "",
			   has_why ? ")" : "");
}

static struct output_text nat_event(const json_t *event)
{
	const struct output_text nat = answer_text(event, "nat");

	if (strcmp(nat.text, "-") == 0)
		return output_text("the NAT before this host is not known any more");
	if (strcmp(nat.text, "none") == 0)
		return output_text("there is no NAT before this host");
	if (strcmp(nat.text, "stable") == 0)
		return output_text("the NAT before this host has one port for all peers");
	if (strcmp(nat.text, "changing") == 0)
		return output_text("the NAT before this host has another port for each peer");
	return output_text("the kind of NAT before this host is %.40s", nat.text);
}

static struct output_text host_event(uint64_t addresses)
{
	if (addresses == 0)
		return output_text("this host has no address any more");
	if (addresses == 1)
		return output_text("this host has another address");
	return output_text("this host has other addresses, %" PRIu64 " of them", addresses);
}

static struct output_text certificate_event(const json_t *event)
{
	const uint64_t days = answer_number(event, "number");

	return days == 0 ? output_text("this host's certificate has ended")
			 : output_text("this host's certificate ends within %" PRIu64 " day%s",
				       days, days == 1 ? "" : "s");
}

/* Of a later version only its name is known. */
static struct output_text sentence_of(const json_t *event)
{
	const struct output_text kind = answer_text(event, "event");
	const uint64_t number = answer_number(event, "number");

	if (strncmp(kind.text, "peer-", 5) == 0 || strcmp(kind.text, "way") == 0)
		return peer_event(event, kind.text);
	if (strcmp(kind.text, "nat") == 0)
		return nat_event(event);
	if (strcmp(kind.text, "place") == 0)
		return output_text(json_is_true(json_object_get(event, "settled"))
					   ? "this host is in its place on the ring"
					   : "this host looks for its place on the ring");
	if (strcmp(kind.text, "host") == 0)
		return host_event(number);
	if (strcmp(kind.text, "copied") == 0)
		return output_text("this machine is a resumed copy: all keys were dropped");
	if (strcmp(kind.text, "certificate") == 0)
		return certificate_event(event);
	if (strcmp(kind.text, "lost") == 0)
		return output_text("%" PRIu64 " event%s not told: they came faster than they were "
				   "read",
				   number, number == 1 ? " was" : "s were");
	if (strcmp(kind.text, "node-gone") == 0)
		return output_text("the node of the daemon is gone");
	if (strcmp(kind.text, "node-back") == 0)
		return output_text("the node of the daemon is back");
	return kind;
}

/* Takes it over. False when that was the last to show, or nobody reads. */
static bool show(struct listening *l, json_t *event)
{
	if (l->cli->json) {
		output_json_line(event);
	} else {
		(void)printf("%s  %s\n", answer_text(event, "at").text, sentence_of(event).text);
		json_decref(event);
	}
	if (fflush(stdout) != 0)
		return false;
	return l->count == 0 || --l->left > 0;
}

/* What the daemon cannot tell itself. */
static bool show_own(struct listening *l, const char *kind)
{
	char at[CALENDAR_TEXT_CHARS + 1];

	calendar_to_text(clock_now().wall, at);
	return show(l, json_pack("{s:s, s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:s, s:n, s:n, s:n}",
				 "schema", "ipop.event/1", "at", at, "event", kind, "name", "id",
				 "way", "remote", "relay", "why", "", "nat", "settled", "number"));
}

/* --- the connection --- */

static enum exit_code begin(struct listening *l)
{
	const struct control_request request = { .verb = "monitor" };
	json_t *answer = NULL;
	const enum exit_code code = control_ask(&l->control, &request, &answer, &l->complaint);

	json_decref(answer);
	return code;
}

/* Until another node answers: EXIT_OK, or why none will. */
static enum exit_code begin_again(struct listening *l)
{
	struct store store;
	enum exit_code code = host_store(l->cli, l->network.text, &store, &l->complaint);

	while (code == EXIT_OK) {
		control_close(&l->control);
		(void)poll(NULL, 0, AGAIN_MS);
		code = control_open(&store, &l->control, &l->complaint);
		if (code != EXIT_OK)
			break;
		code = begin(l);
		if (code == EXIT_OK || (l->control.err != ERR_AGAIN && l->control.err != ERR_IO))
			break;
		code = EXIT_OK; /* it starts another node */
	}
	return code;
}

/* Events until the last one that was wanted, or the end of the daemon. */
static enum exit_code listen_to(struct listening *l)
{
	enum exit_code code = begin(l);
	bool more = true;

	if (code == EXIT_OK)
		report_note("%s: what happens from now on, until Ctrl-C", l->network.text);
	while (code == EXIT_OK && more) {
		json_t *event;

		if (control_next(&l->control, &event) == 0) {
			more = show(l, event);
			continue;
		}
		more = show_own(l, "node-gone");
		if (!more)
			break;
		code = begin_again(l);
		if (code == EXIT_OK)
			more = show_own(l, "node-back");
	}
	return code;
}

enum exit_code verb_monitor(const struct cli *cli)
{
	static const struct options_range range = { 1, COUNT_MAX, 0 };
	struct listening listening = { .cli = cli };
	enum exit_code code;

	if (options_number(cli, "count", range, &listening.count, &listening.complaint) != 0)
		return report_code(cli, EXIT_USAGE, &listening.complaint);
	listening.left = listening.count;
	code = answer_connect(cli, 0, &listening.control);
	if (code != EXIT_OK)
		return code;
	listening.network = output_text("%s", listening.control.network);
	code = listen_to(&listening);
	if (code != EXIT_OK)
		(void)report_exit_with(cli, code, listening.control.err, &listening.complaint);
	control_close(&listening.control);
	return code;
}
