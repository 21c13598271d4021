/* verb_trace.c - `ipop trace`: the members on the way to a peer, one line each, as they answer.
 *
 * A way is direct, through a relay, or along the ring. The first two are those of sessions: their
 * ends are pinged. Along the ring the daemon asks who stands so many hops from here; each hop is
 * asked in turn until the peer itself answers, or nobody.
 */
#include "base/err.h"
#include "base/id.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/options.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"
#include "wire/overlay.h"

#include <inttypes.h>
#include <string.h>

#define COUNT_MAX 10
#define COUNT_DEFAULT 3
#define LINE "%s  %-18s  %-25s  %-7s  %s\n" /* 80 columns with three round trips */
#define UNIT " ms"
#define SILENT_TRIES 2 /* of a hop that does not answer */
#define SILENT_MAX 3   /* such hops in a row end the search */

struct trace {
	const struct cli *cli;
	struct control control;
	struct complaint complaint; /* of the last question that failed */
	const char *peer;
	uint32_t count;
	bool aside;              /* not by the link with the peer itself */
	bool has_claim;          /* a hop was shown that this host has not met, */
	bool has_star;           /* and a question without an answer */
	const char *way;         /* what stands above the hops, */
	struct complaint failed; /* and before that why it is not the shorter one; or "" */
	json_t *hops;            /* owned */
};

/* -- what a hop looks like -------------------------------------------------------------------- */

static bool ends_with_unit(const char *text)
{
	const size_t len = strlen(text);

	return len > strlen(UNIT) && strcmp(text + len - strlen(UNIT), UNIT) == 0;
}

/* "0.81  *  0.79 ms": "*" for each question without an answer, and the unit once, where it is that
 * of what follows. */
static struct output_text rtts_of(const json_t *hop)
{
	const json_t *const rtts = json_object_get(hop, "rtt_us");
	struct output_text text = { "" };
	bool same_unit = false;

	for (size_t i = json_array_size(rtts); i-- > 0;) {
		const json_t *const rtt = json_array_get(rtts, i);
		const struct output_text after = text;
		struct output_text one = output_text("*");

		if (json_is_integer(rtt)) {
			one = output_rtt((uint64_t)json_integer_value(rtt));
			if (same_unit && ends_with_unit(one.text))
				one.text[strlen(one.text) - strlen(UNIT)] = '\0';
			else
				same_unit = ends_with_unit(one.text);
		}
		text = output_text("%.20s%s%.100s", one.text, *after.text != '\0' ? "  " : "",
				   after.text);
	}
	return text;
}

static struct output_text step_of(const json_t *hop)
{
	return json_is_integer(json_object_get(hop, "step_us"))
		       ? output_rtt(answer_number(hop, "step_us"))
		       : output_text("-");
}

/* "direct", where the address is not ours to know. */
static struct output_text way_of(const json_t *hop)
{
	return json_is_string(json_object_get(hop, "remote")) ||
			       strcmp(answer_text(hop, "way").text, "direct") != 0
		       ? answer_way(hop)
		       : output_text("direct");
}

static void show_head(const struct trace *trace)
{
	if (trace->failed.text[0] != '\0')
		report_note("ipop: %s; the way along the ring:", trace->failed.text);
	if (trace->cli->json)
		return;
	(void)printf("%s, %s\n", trace->peer, trace->way);
	(void)printf(LINE, "HOP", "MEMBER", "WAY", "STEP", "ROUND TRIPS");
}

/* The first has the head above it: where there are none, a sentence says why. */
static void show(struct trace *trace, json_t *hop)
{
	const struct output_text member = answer_member(hop);
	const struct output_text rtts = rtts_of(hop);
	const bool is_claim = json_is_false(json_object_get(hop, "met"));

	if (json_array_size(trace->hops) == 0)
		show_head(trace);
	if (json_array_append_new(trace->hops, hop) != 0 || trace->cli->json)
		return;
	trace->has_claim |= is_claim;
	trace->has_star |= strchr(rtts.text, '*') != NULL;
	(void)printf(LINE, output_text("%3zu", json_array_size(trace->hops)).text,
		     output_text("%s%s", member.text, is_claim ? " (unmet)" : "").text,
		     way_of(hop).text, step_of(hop).text, rtts.text);
	(void)fflush(stdout);
}

/* What the signs mean that were shown, or all of it as JSON. */
static enum exit_code sum_up(struct trace *trace, const char *way, bool reached)
{
	if (trace->has_star)
		(void)printf("*: no answer\n");
	if (trace->has_claim)
		(void)printf("(unmet): this host has no session with it, and its name is what it "
			     "says\n");
	if (trace->cli->json)
		output_json(json_pack("{s:s, s:s, s:s, s:b, s:O}", "schema", "ipop.trace/1", "peer",
				      trace->peer, "way", way, "reached", reached, "hops",
				      trace->hops));
	return reached ? EXIT_OK : EXIT_NO_REPLY;
}

/* -- by a session ------------------------------------------------------------------------------ */

static enum exit_code ping(struct trace *trace, const char *peer, json_t **ret)
{
	const struct control_request request = { .verb = "ping", .peer = peer };

	return control_ask(&trace->control, &request, ret, &trace->complaint);
}

/* The end of a session whose first answer is this: pinged as often as was asked for. */
static void show_session(struct trace *trace, const char *peer, const json_t *first)
{
	static const char *const fields[] = { "name", "id", "way", "remote", "relay" };
	json_t *const rtts = json_array();
	json_t *const hop = json_pack("{s:b, s:n, s:o}", "met", true, "step_us", "rtt_us", rtts);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)json_object_set(hop, fields[i], json_object_get(first, fields[i]));
	(void)json_array_append(rtts, json_object_get(first, "rtt_us"));
	for (uint32_t n = 1; n < trace->count; n++) {
		json_t *answer;

		if (ping(trace, peer, &answer) != EXIT_OK) {
			(void)json_array_append_new(rtts, json_null());
			continue;
		}
		(void)json_array_append(rtts, json_object_get(answer, "rtt_us"));
		json_decref(answer);
	}
	show(trace, hop);
}

/* The session with the relay itself goes by another one, or along the ring, or it is silent. */
static void show_relay(struct trace *trace, const char *relay)
{
	json_t *first;

	if (ping(trace, relay, &first) == EXIT_OK) {
		show_session(trace, relay, first);
		json_decref(first);
		return;
	}
	show(trace, json_pack("{s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:[n]}", "name", relay, "id",
			      "met", "way", "remote", "relay", "step_us", "rtt_us"));
}

/* Direct, or through a relay, which is shown before: the peer is one step from it, by a link that
 * is not ours. */
static enum exit_code trace_session(struct trace *trace, json_t *first)
{
	const struct output_text way = answer_text(first, "way");
	const char *const relay = json_string_value(json_object_get(first, "relay"));

	trace->way = relay != NULL ? "through a relay" : "directly";
	if (relay != NULL) {
		show_relay(trace, relay);
		(void)json_object_set_new(first, "way", json_string("direct"));
		(void)json_object_set_new(first, "relay", json_null());
	}
	show_session(trace, trace->peer, first);
	return sum_up(trace, way.text, true);
}

/* -- along the ring ---------------------------------------------------------------------------- */

static enum exit_code who(struct trace *trace, uint32_t hops, json_t **ret)
{
	const struct control_request request = {
		.verb = "who", .peer = trace->peer, .hops = hops, .aside = trace->aside
	};

	return control_ask(&trace->control, &request, ret, &trace->complaint);
}

/* Where this host sees a member, if it has a session with it: for the first hop, whose link is
 * ours. */
static json_t *remote_of(struct trace *trace, const json_t *id)
{
	const struct control_request request = { .verb = "peers" };
	json_t *remote = NULL;
	const json_t *peers;
	json_t *answer;

	if (control_ask(&trace->control, &request, &answer, &trace->complaint) != EXIT_OK)
		return json_null();
	peers = json_object_get(answer, "peers");
	for (size_t i = 0; remote == NULL && i < json_array_size(peers); i++)
		if (json_equal(json_object_get(json_array_get(peers, i), "id"), id))
			remote = json_incref(json_object_get(json_array_get(peers, i), "remote"));
	json_decref(answer);
	return remote != NULL ? remote : json_null();
}

static json_t *hop_of(struct trace *trace, uint32_t number, const json_t *first)
{
	static const char *const fields[] = { "name", "id", "met", "way", "relay", "step_us" };
	json_t *const hop = json_object();

	for (size_t i = 0; first != NULL && i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)json_object_set(hop, fields[i], json_object_get(first, fields[i]));
	(void)json_object_set_new(hop, "remote",
				  first != NULL && number == 1
					  ? remote_of(trace, json_object_get(first, "id"))
					  : json_null());
	for (size_t i = 0; first == NULL && i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)json_object_set_new(hop, fields[i], json_null());
	return hop;
}

/* Asks one hop. *ret_end: "passed", "target", "stuck", or "" if nobody answered. EXIT_OK or
 * EXIT_NO_REPLY, or what makes it useless to ask further hops. */
static enum exit_code trace_hop(struct trace *trace, uint32_t number, struct output_text *ret_end)
{
	enum exit_code code = EXIT_OK;
	json_t *const rtts = json_array();
	json_t *first = NULL;
	json_t *hop;

	*ret_end = output_text("%s", "");
	for (uint32_t n = 0; n < trace->count && (first != NULL || n < SILENT_TRIES); n++) {
		json_t *answer = NULL;

		code = who(trace, number, &answer);
		if (code != EXIT_OK && trace->control.err != ERR_TIMEOUT)
			break;
		(void)json_array_append_new(
			rtts, answer == NULL ? json_null()
					     : json_incref(json_object_get(answer, "rtt_us")));
		if (first == NULL)
			first = answer;
		else
			json_decref(answer);
	}
	if (first != NULL)
		*ret_end = answer_text(first, "end");
	if (first != NULL || code == EXIT_NO_REPLY) {
		hop = hop_of(trace, number, first);
		(void)json_object_set(hop, "rtt_us", rtts);
		show(trace, hop);
		code = first != NULL ? EXIT_OK : EXIT_NO_REPLY;
	}
	json_decref(first);
	json_decref(rtts);
	return code;
}

/* Who was shown last. */
static struct output_text last_of(const struct trace *trace)
{
	return answer_member(json_array_get(trace->hops, json_array_size(trace->hops) - 1));
}

static enum exit_code trace_ring(struct trace *trace)
{
	struct output_text end = { "" };
	uint32_t silent = 0;

	trace->way = "along the ring";
	for (uint32_t hop = 1; hop <= ROUTED_HOPS_MAX && silent < SILENT_MAX; hop++) {
		const enum exit_code code = trace_hop(trace, hop, &end);

		if (code != EXIT_OK && code != EXIT_NO_REPLY && hop == 1 &&
		    trace->failed.text[0] != '\0')
			return report_exit_with(trace->cli, EXIT_NO_REPLY, ERR_TIMEOUT,
						&trace->failed); /* nor is there that way */
		if (code != EXIT_OK && code != EXIT_NO_REPLY)
			return report_exit_with(trace->cli, code, trace->control.err,
						&trace->complaint);
		silent = code == EXIT_OK ? 0 : silent + 1;
		if (code == EXIT_OK && strcmp(end.text, "passed") != 0)
			break;
	}
	if (strcmp(end.text, "stuck") == 0)
		report_note("ipop: %s is off, or nobody has its id: the way ends at %s, the "
			    "nearest to it",
			    trace->peer, last_of(trace).text);
	else if (strcmp(end.text, "target") != 0)
		report_note("ipop: %s was not reached", trace->peer);
	return sum_up(trace, "ring", strcmp(end.text, "target") == 0);
}

/* -- the verb ---------------------------------------------------------------------------------- */

/* By the session, if there is one that does not go along the ring itself. Where there is none, and
 * the id is known, the ring shows how far one gets. */
static enum exit_code run(struct trace *trace)
{
	json_t *first = NULL;
	struct id unused;
	enum exit_code code;

	if (trace->aside)
		return trace_ring(trace);
	code = ping(trace, trace->peer, &first);
	if (code == EXIT_NO_REPLY || (code != EXIT_OK && id_from_text(trace->peer, &unused) == 0)) {
		trace->failed = trace->complaint;
		return trace_ring(trace);
	}
	if (code != EXIT_OK)
		return report_exit_with(trace->cli, code, trace->control.err, &trace->complaint);
	code = strcmp(answer_text(first, "way").text, "ring") == 0 ? trace_ring(trace)
								   : trace_session(trace, first);
	json_decref(first);
	return code;
}

enum exit_code verb_trace(const struct cli *cli)
{
	static const struct options_range range = { 1, COUNT_MAX, COUNT_DEFAULT };
	struct trace trace = { .cli = cli,
			       .peer = cli_argument(cli, 0),
			       .aside = cli_has(cli, "ring") };
	enum exit_code code;

	if (options_number(cli, "count", range, &trace.count, &trace.complaint) != 0)
		return report_code(cli, EXIT_USAGE, &trace.complaint);
	code = answer_connect(cli, 1, &trace.control);
	if (code != EXIT_OK)
		return code;
	trace.hops = json_array();
	code = run(&trace);
	json_decref(trace.hops);
	control_close(&trace.control);
	return code;
}
