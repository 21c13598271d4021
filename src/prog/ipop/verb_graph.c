/* verb_graph.c - `ipop graph`: the network as seen from here, as text, for Graphviz, or drawn.
 *
 * This host knows its own links. Members tell theirs when they are asked (`who`), one after the
 * other, and so name further members, until all, or as many as wanted, were asked.
 */
#include "base/err.h"
#include "io/clock.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/graph.h"
#include "prog/ipop/options.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"
#include "wire/overlay.h"

#include <unistd.h>

#define ASKED_DEFAULT 100

/* Asks members for their links. Who does not answer is drawn so. */
static enum exit_code walk(const struct cli *cli, struct control *control, struct graph *graph,
			   uint32_t max)
{
	const struct mono begun = clock_now().mono;
	struct report_progress progress = { 0 };
	const struct graph_member *member;
	struct complaint complaint;

	for (uint32_t n = 0; n < max && (member = graph_next(graph)) != NULL; n++) {
		char id[ID_TEXT_CHARS + 1];
		const struct control_request request = {
			.verb = "who", .peer = id, .hops = ROUTED_HOPS_MAX, .links = true
		};
		json_t *answer;
		enum exit_code code;

		id_to_text(&member->id, id);
		if (isatty(STDERR_FILENO) != 0)
			report_progress(&progress, mono_ms_between(begun, clock_now().mono) / 1000,
					"%u of %zu members asked", n, graph->count);
		code = control_ask(control, &request, &answer, &complaint);
		if (code == EXIT_OK) {
			graph_take_who(graph, answer);
			json_decref(answer);
		} else if (control->err == ERR_IO || control->err == ERR_UNSUPPORTED) {
			report_progress_end(&progress);
			return report_exit_with(cli, code, control->err, &complaint);
		}
	}
	report_progress_end(&progress);
	return EXIT_OK;
}

static enum exit_code gather(const struct cli *cli, struct control *control, struct graph *graph,
			     uint32_t max)
{
	struct complaint complaint;
	json_t *status;
	json_t *peers;
	enum exit_code code = answer_ask(cli, control, "status", &status);
	int err;

	if (code != EXIT_OK)
		return code;
	err = graph_init(graph, status);
	json_decref(status);
	if (err != 0) {
		(void)complain(&complaint, err, "the daemon's answer: %s", err_text(err));
		return report_failure(cli, err, &complaint);
	}
	code = answer_ask(cli, control, "peers", &peers);
	if (code != EXIT_OK)
		return code;
	graph_take_peers(graph, peers);
	json_decref(peers);
	return walk(cli, control, graph, max);
}

static int write_it(const struct cli *cli, const struct graph *graph, FILE *out)
{
	if (cli->json) {
		json_t *const json = graph_json(graph);

		if (json == NULL)
			return ERR_NOMEM;
		(void)json_dumpf(json, out, JSON_INDENT(1));
		(void)fputc('\n', out);
		json_decref(json);
		return 0;
	}
	if (cli_has(cli, "svg"))
		return graph_svg(graph, out);
	return cli_has(cli, "dot") ? graph_dot(graph, out) : graph_text(graph, out);
}

/* What a reader might take for all that there is. */
static void say_what_is_missing(const struct graph *graph)
{
	const size_t asked = graph_asked(graph);

	if (asked < graph->count)
		report_note("ipop: %zu of %zu members were asked for their links; --ask %zu asks "
			    "all of these",
			    asked, graph->count, graph->count - 1);
	if (graph->is_cut)
		report_note(
			"ipop: there are more than %d members or %d links; the rest is left out",
			GRAPH_MEMBERS_MAX, GRAPH_LINKS_MAX);
}

static enum exit_code write_out(const struct cli *cli, const struct graph *graph)
{
	const char *const path = cli_value(cli, "output", 0);
	struct complaint complaint;
	FILE *const out = path == NULL ? stdout : fopen(path, "we");
	bool failed = out == NULL;
	int err = 0;

	if (out != NULL)
		err = write_it(cli, graph, out);
	if (path != NULL && out != NULL) {
		failed = ferror(out) != 0;
		failed |= fclose(out) != 0;
	}
	if (failed)
		err = complain(&complaint, ERR_IO, "%s: it cannot be written", path);
	else if (err != 0)
		(void)complain(&complaint, err, "%s", err_text(err));
	return err == 0 ? EXIT_OK : report_failure(cli, err, &complaint);
}

enum exit_code verb_graph(const struct cli *cli)
{
	static const struct options_range range = { 0, GRAPH_MEMBERS_MAX, ASKED_DEFAULT };
	struct complaint complaint;
	struct control control;
	struct graph graph = { .count = 0 };
	enum exit_code code;
	uint32_t max;

	if (cli_has(cli, "svg") + cli_has(cli, "dot") + cli->json > 1) {
		(void)complain(&complaint, ERR_MALFORMED,
			       "--svg, --dot and --json are one or the other");
		return report_code(cli, EXIT_USAGE, &complaint);
	}
	if (options_number(cli, "ask", range, &max, &complaint) != 0)
		return report_code(cli, EXIT_USAGE, &complaint);
	code = answer_connect(cli, 0, &control);
	if (code != EXIT_OK)
		return code;
	code = gather(cli, &control, &graph, max);
	control_close(&control);
	if (code == EXIT_OK && graph_arrange(&graph) != 0) {
		(void)complain(&complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		code = report_failure(cli, ERR_NOMEM, &complaint);
	}
	if (code == EXIT_OK)
		code = write_out(cli, &graph);
	if (code == EXIT_OK)
		say_what_is_missing(&graph);
	graph_free(&graph);
	return code;
}
