/* verb_bench.c - `ipop bench`: how much passes between this host and a member, and how fast.
 *
 * The daemon is asked for addresses and ways; the test itself is two programs of this kind that
 * talk through the tunnel (bench_client.h, bench_server.h). Nobody listens but who was told to.
 */
#include "base/err.h"
#include "group/nearest.h"
#include "io/clock.h"
#include "io/signals.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/bench_client.h"
#include "prog/ipop/bench_server.h"
#include "prog/ipop/host.h"
#include "prog/ipop/options.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATTERN_BYTES 131072 /* one write of a stream */
#define RANDOM_BYTES_MAX 65536
#define SECONDS_DEFAULT 5
#define WAY_TRIES 10 /* for a way better than along the ring, so often */
#define WAY_WAIT_MS 500
#define LOOK_MS 2000 /* between two looks at whether the interface is still there */
#define TOLD_MS 1000 /* between two lines about what is no test */
#define TEST_MS_MIN ((uint64_t)BENCH_IDLE_ECHOES * BENCH_IDLE_INTERVAL_MS)

static const char *const families[] = { "ipv6", "ipv4" }; /* in the order of preference */

struct bench {
	const struct cli *cli;
	struct store store;
	struct control control;
	struct complaint complaint;
	json_t *status; /* owned: of this host */
	uint32_t port, seconds, streams;
	uint8_t *pattern; /* owned: what no link can compress */
};

/* How a run that failed ends: a peer that cannot be talked with is no reply, whatever the reason.
 */
static enum exit_code fail(const struct bench *bench, int err)
{
	const bool is_silence = err == ERR_NOT_FOUND || err == ERR_UNSUPPORTED;

	return report_exit_with(bench->cli, is_silence ? EXIT_NO_REPLY : exit_code_of(err), err,
				&bench->complaint);
}

static int draw(struct bench *bench, struct bench_token *ret)
{
	struct entropy entropy;

	bench->pattern = malloc(PATTERN_BYTES);
	if (bench->pattern == NULL)
		return complain(&bench->complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (host_entropy(&entropy, &bench->complaint) != 0)
		return ERR_IO;
	for (size_t i = 0; i < PATTERN_BYTES; i += RANDOM_BYTES_MAX)
		entropy_bytes(&entropy, bench->pattern + i, RANDOM_BYTES_MAX);
	entropy_bytes(&entropy, ret->bytes, BENCH_TOKEN_BYTES);
	entropy_wipe(&entropy);
	return 0;
}

/* Asks for a verb. What fails stands in the bench's complaint. */
static enum exit_code ask(struct bench *bench, const char *verb, const char *peer, json_t **ret)
{
	const struct control_request request = { .verb = verb, .peer = peer };

	return control_ask(&bench->control, &request, ret, &bench->complaint);
}

/* The daemon, and what it says of this host. EXIT_OK, or what was reported. */
static enum exit_code begin(struct bench *bench, size_t network_argument)
{
	enum exit_code code = host_choose(bench->cli, cli_argument(bench->cli, network_argument),
					  &bench->store, &bench->complaint);

	if (code == EXIT_OK)
		code = control_open(&bench->store, &bench->control, &bench->complaint);
	if (code != EXIT_OK)
		return report_code(bench->cli, code, &bench->complaint);
	code = ask(bench, "status", NULL, &bench->status);
	return code == EXIT_OK
		       ? EXIT_OK
		       : report_exit_with(bench->cli, code, bench->control.err, &bench->complaint);
}

/* The daemon closes connections that are silent for 30 s, so after a while this is a new one.
 * False: it is not there any more. */
static bool ask_again(struct bench *bench, const char *verb, json_t **ret)
{
	control_close(&bench->control);
	return control_open(&bench->store, &bench->control, &bench->complaint) == EXIT_OK &&
	       ask(bench, verb, NULL, ret) == EXIT_OK;
}

/* An address of a status, a peer or a pong; false if it has none of that family. */
static bool place_of(const struct bench *bench, const json_t *member, size_t family,
		     struct bench_place *ret)
{
	const char *const text = json_string_value(json_object_get(member, families[family]));
	const char *const interface =
		json_string_value(json_object_get(bench->status, "interface"));

	return text != NULL && interface != NULL &&
	       bench_place_from_text(text, (uint16_t)bench->port, interface, ret) == 0;
}

/* What `peers` says of who has this text in this field; NULL if nobody has. Borrowed. */
static const json_t *find_peer(const json_t *peers, const char *field, const char *text)
{
	const json_t *const list = json_object_get(peers, "peers");

	for (size_t i = 0; text != NULL && i < json_array_size(list); i++) {
		const json_t *const peer = json_array_get(list, i);
		const char *const has = json_string_value(json_object_get(peer, field));

		if (has != NULL && strcmp(has, text) == 0)
			return peer;
	}
	return NULL;
}

/* -- towards a peer ---------------------------------------------------------------------------- */

/* Of a name that nobody has: whose may have been meant. */
static enum exit_code not_there(struct bench *bench, const char *typed, enum exit_code code)
{
	const struct complaint why = bench->complaint;
	const int err = bench->control.err;
	struct nearest nearest = nearest_of(span_text(typed));
	struct complaint complaint = why;
	json_t *peers = NULL;

	if (ask(bench, "peers", NULL, &peers) == EXIT_OK &&
	    find_peer(peers, "name", typed) == NULL) {
		const json_t *const list = json_object_get(peers, "peers");

		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *const name =
				json_string_value(json_object_get(json_array_get(list, i), "name"));

			if (name != NULL)
				nearest_try(&nearest, name);
		}
	}
	if (nearest.best != NULL)
		(void)complain(&complaint, err, "%.400s; did you mean \"%.64s\"?", why.text,
			       nearest.best);
	json_decref(peers);
	return report_exit_with(bench->cli, code, err, &complaint);
}

/* Who is meant, and has a session with this host: as `ping` answers. A new session goes along the
 * ring until a way is found, and that is not worth measuring if there is a better one in a moment.
 */
static enum exit_code meet(struct bench *bench, json_t **ret)
{
	const char *const typed = cli_argument(bench->cli, 0);
	struct report_progress progress = { .shown = false };
	json_t *pong = NULL;

	for (int i = 0; i < WAY_TRIES; i++) {
		const enum exit_code code = ask(bench, "ping", typed, ret);

		if (code != EXIT_OK) {
			report_progress_end(&progress);
			json_decref(pong);
			return not_there(bench, typed, code);
		}
		json_decref(pong);
		pong = *ret;
		if (strcmp(answer_text(pong, "way").text, "ring") != 0 || i == WAY_TRIES - 1)
			break;
		report_progress(&progress, (uint64_t)i * WAY_WAIT_MS / 1000,
				"bench: looking for a way to %s", typed);
		(void)control_wait_closed(&bench->control, WAY_WAIT_MS);
	}
	report_progress_end(&progress);
	return EXIT_OK;
}

/* What stands about the way now; keeps how it was before, if it was another. *ret_peers owns it. */
static void look_at_way(struct bench *bench, struct bench_figures *figures, json_t **ret_peers)
{
	const struct output_text before = figures->way;
	const json_t *peer;

	json_decref(*ret_peers);
	*ret_peers = NULL;
	figures->way_at = NULL;
	if (!ask_again(bench, "peers", ret_peers))
		return;
	peer = find_peer(*ret_peers, "id", figures->id.text);
	if (peer == NULL || !json_is_string(json_object_get(peer, "way")))
		return;
	figures->way_at = peer;
	figures->way = answer_way(peer);
	if (before.text[0] != '\0' && strcmp(before.text, figures->way.text) != 0)
		figures->way_before = before;
	figures->mtu = json_is_integer(json_object_get(peer, "mtu"))
			       ? answer_number(peer, "mtu")
			       : answer_number(bench->status, "mtu");
}

static void prepare(struct bench *bench, const json_t *pong, struct bench_plan *plan,
		    struct bench_figures *figures)
{
	figures->peer = answer_member(pong);
	figures->id = answer_text(pong, "id");
	figures->cipher = answer_text(bench->status, "cipher");
	figures->mtu = answer_number(bench->status, "mtu");
	figures->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	figures->port = (uint16_t)bench->port;
	figures->seconds = plan->seconds = bench->seconds;
	figures->streams = plan->streams = bench->streams;
	plan->peer = figures->peer.text;
	plan->network = bench->store.network;
	plan->port = (uint16_t)bench->port;
	plan->pattern = span_of(bench->pattern, PATTERN_BYTES);
	for (size_t i = 0; i < BENCH_FAMILIES; i++)
		if (place_of(bench, bench->status, i, &plan->here[plan->places]) &&
		    place_of(bench, pong, i, &plan->there[plan->places]))
			plan->places++;
}

static int measure(struct bench *bench, const struct bench_plan *plan,
		   struct bench_figures *figures, json_t **peers)
{
	struct bench_client *const client = bench_client_new(plan);
	char address[INET6_ADDRSTRLEN];
	size_t place;
	int err;

	if (client == NULL)
		return complain(&bench->complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	err = bench_client_begin(client, &place, &bench->complaint);
	if (err == 0) {
		bench_place_to_text(&plan->there[place], address);
		figures->address = output_text("%s", address);
		look_at_way(bench, figures, peers);
	}
	for (enum bench_parts part = BENCH_IDLE; err == 0 && part < BENCH_PARTS; part++)
		err = bench_client_measure(client, part, &figures->parts[part], &bench->complaint);
	bench_client_del(client);
	if (err == 0)
		look_at_way(bench, figures, peers);
	return err;
}

static void tell(const struct bench *bench, const struct bench_figures *figures)
{
	bool answered = false;

	for (size_t i = 0; i < BENCH_PARTS; i++)
		answered |= figures->parts[i].answered > 0;
	if (bench->cli->json)
		output_json(bench_figures_json(figures));
	else
		bench_figures_print(figures, stdout);
	if (!answered)
		report_note("ipop: no datagram came back, so round trips are not known; a firewall "
			    "of %s has to let in UDP %" PRIu32 " too",
			    figures->peer.text, bench->port);
}

static enum exit_code run_against(struct bench *bench)
{
	struct bench_plan plan = { .places = 0 };
	struct bench_figures figures = { .seconds = 0 };
	json_t *pong = NULL;
	json_t *peers = NULL;
	enum exit_code code = begin(bench, 1);
	int err;

	if (code == EXIT_OK)
		code = meet(bench, &pong);
	if (code != EXIT_OK)
		return code;
	err = draw(bench, &plan.token);
	if (err == 0) {
		prepare(bench, pong, &plan, &figures);
		err = measure(bench, &plan, &figures, &peers);
	}
	json_decref(pong);
	if (err == 0)
		tell(bench, &figures);
	json_decref(peers);
	return err == 0 ? EXIT_OK : fail(bench, err);
}

/* -- for others -------------------------------------------------------------------------------- */

/* Why it listens nowhere. */
static enum exit_code refuse_to_listen(struct bench *bench, int err)
{
	const char *const network = bench->store.network;

	if (err == ERR_EXISTS)
		(void)complain(&bench->complaint, err,
			       "port %" PRIu32 " is in use on this host; --port chooses another "
			       "one, here and for who measures",
			       bench->port);
	else if (err == ERR_NOT_FOUND)
		(void)complain(&bench->complaint, err,
			       "this host has no address in %s yet; ipop status %s tells more",
			       network, network);
	else
		(void)complain(&bench->complaint, err, "port %" PRIu32 ": %s", bench->port,
			       err_text(err));
	return report_failure(bench->cli, err, &bench->complaint);
}

/* Listens at the addresses that this host has in the network. EXIT_OK, or what was reported. */
static enum exit_code listen_there(struct bench *bench, struct bench_server *server)
{
	int err = ERR_NOT_FOUND;

	for (size_t i = 0; i < BENCH_FAMILIES; i++) {
		struct bench_place place;
		int one;

		if (!place_of(bench, bench->status, i, &place))
			continue;
		one = bench_server_listen(server, &place);
		if (one != 0 && one != ERR_NOT_FOUND) /* that is a family that is switched off */
			return refuse_to_listen(bench, one);
		err = one == 0 ? 0 : err;
	}
	return err == 0 ? EXIT_OK : refuse_to_listen(bench, err);
}

static void tell_where(const struct bench *bench)
{
	const struct output_text name = answer_text(bench->status, "name");

	report_note("Listening for members of %s on TCP and UDP port %" PRIu32 ", until Ctrl-C.",
		    bench->store.network, bench->port);
	if (bench->port == BENCH_PORT)
		report_note("On one of them: ipop bench %s", name.text);
	else
		report_note("On one of them: ipop bench %s --port %" PRIu32, name.text,
			    bench->port);
}

/* The name of who has this address, or the address. */
static struct output_text name_of(struct bench *bench, const struct bench_place *place)
{
	char text[INET6_ADDRSTRLEN];
	struct output_text name;
	const json_t *peer = NULL;
	json_t *peers = NULL;

	bench_place_to_text(place, text);
	name = output_text("%s", text);
	if (ask_again(bench, "peers", &peers))
		for (size_t i = 0; peer == NULL && i < BENCH_FAMILIES; i++)
			peer = find_peer(peers, families[i], text);
	if (peer != NULL && json_is_string(json_object_get(peer, "name")))
		name = answer_text(peer, "name");
	json_decref(peers);
	return name;
}

static uint64_t rate_of(const struct bench_moved *moved)
{
	return bench_rate(moved->bytes, moved->last.us - moved->first.us);
}

static void tell_served(struct bench *bench, const struct bench_served *served)
{
	const struct output_text name = name_of(bench, &served->from);
	char address[INET6_ADDRSTRLEN];

	if (bench->cli->json) {
		bench_place_to_text(&served->from, address);
		output_json_line(json_pack(
			"{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "schema",
			"ipop.bench-served/1", "peer", name.text, "address", address,
			"received_bytes", (json_int_t)served->received.bytes, "received_bits_s",
			(json_int_t)rate_of(&served->received), "sent_bytes",
			(json_int_t)served->sent.bytes, "sent_bits_s",
			(json_int_t)rate_of(&served->sent), "echoes", (json_int_t)served->echoes,
			"duration_ms", (json_int_t)served->ms));
		return;
	}
	(void)printf("%s: received %s at %s, sent %s at %s, %" PRIu64 " echoes, in %s\n", name.text,
		     output_bytes(served->received.bytes).text,
		     output_rate(rate_of(&served->received)).text,
		     output_bytes(served->sent.bytes).text,
		     output_rate(rate_of(&served->sent)).text, served->echoes,
		     output_duration((served->ms + 500) / 1000).text);
	(void)fflush(stdout);
}

/* Of those who are no bench of ours. */
static void tell_of_stranger(const struct bench_happened *happened)
{
	char address[INET6_ADDRSTRLEN];

	bench_place_to_text(&happened->from, address);
	if (happened->event == BENCH_ALIEN)
		report_note("%s: bench there is of version %u, and here of %u: install the same "
			    "ipop on both",
			    address, happened->version, BENCH_VERSION);
	else
		report_note("%s: what connected is not ipop bench, and was let go", address);
}

/* More than a connection that came and went. */
static bool is_test(const struct bench_happened *happened)
{
	return happened->event == BENCH_SERVED && happened->served.ms >= TEST_MS_MIN;
}

/* Lines are members' to cause, and any program of theirs can: of what is no test, as of one that
 * was over before its first round trips were, there is one in a while at most. */
static void tell_what_happened(struct bench *bench, const struct bench_happened *happened,
			       struct mono *quiet_until)
{
	const struct mono now = clock_now().mono;

	if (happened->event == BENCH_NOTHING ||
	    (!is_test(happened) && !mono_reached(now, *quiet_until)))
		return;
	if (!is_test(happened))
		*quiet_until = mono_add_ms(now, TOLD_MS);
	if (happened->event == BENCH_SERVED)
		tell_served(bench, &happened->served);
	else
		tell_of_stranger(happened);
}

/* Until a signal comes, the interface goes, or (--once) a test was served. */
static enum exit_code serve(struct bench *bench, struct bench_server *server, int signals)
{
	const char *const interface =
		json_string_value(json_object_get(bench->status, "interface"));
	const unsigned index = if_nametoindex(interface);
	const bool once = cli_has(bench->cli, "once");
	struct mono quiet_until = { 0 };
	struct mono look_at = { 0 };
	struct bench_happened happened;

	while (bench_server_turn(server, signals, LOOK_MS, &happened)) {
		const struct mono now = clock_now().mono;

		tell_what_happened(bench, &happened, &quiet_until);
		if (once && is_test(&happened))
			return EXIT_OK;
		if (!mono_reached(now, look_at))
			continue;
		look_at = mono_add_ms(now, LOOK_MS);
		if (if_nametoindex(interface) != index || index == 0) {
			(void)complain(&bench->complaint, ERR_NOT_FOUND,
				       "the interface %s is gone, and the addresses with it; once "
				       "%s is up again: ipop bench --listen %s",
				       interface, bench->store.network, bench->store.network);
			return report_code(bench->cli, EXIT_NOT_RUNNING, &bench->complaint);
		}
	}
	return EXIT_OK;
}

static enum exit_code run_listener(struct bench *bench)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct bench_token unused;
	struct bench_server *server;
	enum exit_code code = begin(bench, 0);
	int signals = -1;
	int err;

	if (code != EXIT_OK)
		return code;
	err = draw(bench, &unused);
	if (err == 0)
		err = signals_open(ends, sizeof(ends) / sizeof(ends[0]), &signals);
	server = err == 0 ? bench_server_new(span_of(bench->pattern, PATTERN_BYTES)) : NULL;
	if (server == NULL) {
		err = err != 0 ? err : ERR_NOMEM;
		(void)complain(&bench->complaint, err, "%s", err_text(err));
		code = report_failure(bench->cli, err, &bench->complaint);
	} else {
		code = listen_there(bench, server);
	}
	if (code == EXIT_OK) {
		tell_where(bench);
		code = serve(bench, server, signals);
	}
	bench_server_del(server);
	if (signals >= 0)
		(void)close(signals);
	return code;
}

/* -- the verb ---------------------------------------------------------------------------------- */

/* Which options belong to which half. 0 or ERR_MALFORMED. */
static int check_words(const struct cli *cli, struct complaint *complaint)
{
	static const char *const of_client[] = { "time", "streams" };
	const bool listens = cli_has(cli, "listen");

	if (listens && cli->argument_count > 1)
		return complain(complaint, ERR_MALFORMED,
				"--listen waits for any member, so it takes no PEER: ipop bench "
				"--listen [NET]");
	if (!listens && cli->argument_count == 0)
		return complain(complaint, ERR_MALFORMED,
				"PEER is missing: ipop bench PEER, or on the other host ipop bench "
				"--listen");
	if (!listens && cli_has(cli, "once"))
		return complain(complaint, ERR_MALFORMED, "--once belongs to --listen");
	for (size_t i = 0; listens && i < sizeof(of_client) / sizeof(of_client[0]); i++)
		if (cli_has(cli, of_client[i]))
			return complain(complaint, ERR_MALFORMED,
					"--%s is for who measures, not for --listen", of_client[i]);
	return 0;
}

enum exit_code verb_bench(const struct cli *cli)
{
	static const struct options_range ports = { 1, UINT16_MAX, BENCH_PORT };
	static const struct options_range times = { 1, BENCH_SECONDS_MAX, SECONDS_DEFAULT };
	static const struct options_range many = { 1, BENCH_STREAMS_MAX, 1 };
	struct bench bench = { .cli = cli, .control = { .fd = -1 } };
	enum exit_code code;

	if (check_words(cli, &bench.complaint) != 0 ||
	    options_number(cli, "port", ports, &bench.port, &bench.complaint) != 0 ||
	    options_number(cli, "time", times, &bench.seconds, &bench.complaint) != 0 ||
	    options_number(cli, "streams", many, &bench.streams, &bench.complaint) != 0)
		return report_code(cli, EXIT_USAGE, &bench.complaint);
	code = cli_has(cli, "listen") ? run_listener(&bench) : run_against(&bench);
	json_decref(bench.status);
	free(bench.pattern);
	control_close(&bench.control);
	return code;
}
