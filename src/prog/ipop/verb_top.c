/* verb_top.c - `ipop top`: who talks with this host, again and again. */
#include "base/check.h"
#include "base/err.h"
#include "io/clock.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/options.h"
#include "prog/ipop/report.h"
#include "prog/ipop/screen.h"
#include "prog/ipop/top.h"
#include "prog/ipop/verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_S_MAX 20    /* the daemon closes connections that are silent for 30 s */
#define SCREEN_LINES_ABOVE 3 /* the members: title, keys, head of the table */

struct watch {
	const struct cli *cli;
	struct control control;
	struct top top;
	enum top_order order;
	struct complaint complaint; /* of what failed */
	struct output_text title;   /* "lab: alpha, up for 3 h; 4 up of 5 known" */
	uint32_t interval_s;
};

static int choose_order(const struct cli *cli, enum top_order *ret, struct complaint *complaint)
{
	const char *const text = cli_value(cli, "sort", 0);

	*ret = TOP_BY_TRAFFIC;
	if (text == NULL)
		return 0;
	for (enum top_order o = TOP_BY_TRAFFIC; o < TOP_ORDERS; o++) {
		if (strcmp(text, top_order_name(o)) != 0)
			continue;
		*ret = o;
		return 0;
	}
	return complain(complaint, ERR_MALFORMED,
			"--sort: \"%.40s\" must be traffic, name, rtt or loss", text);
}

static enum exit_code ask(struct watch *watch, const char *verb, json_t **ret)
{
	const struct control_request request = { .verb = verb };

	return control_ask(&watch->control, &request, ret, &watch->complaint);
}

/* Asks for what is now. What fails is kept, since a screen would hide it. */
static enum exit_code look(struct watch *watch)
{
	json_t *status;
	json_t *peers;
	enum exit_code code = ask(watch, "status", &status);

	if (code != EXIT_OK)
		return code;
	watch->title = output_text(
		"%s: %s, up for %s; %" PRIu64 " up of %" PRIu64 " known",
		answer_text(status, "network").text, answer_text(status, "name").text,
		output_duration(answer_number(status, "uptime_s")).text,
		answer_number(status, "peers_up"), answer_number(status, "peers_known"));
	json_decref(status);
	code = ask(watch, "peers", &peers);
	if (code != EXIT_OK)
		return code;
	if (top_update(&watch->top, peers, clock_now().mono) != 0) {
		watch->control.err =
			complain(&watch->complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	top_sort(&watch->top, watch->order);
	return EXIT_OK;
}

/* --- without a screen --- */

static void print_once(const struct watch *watch)
{
	(void)printf("%s; %s\n\n", watch->title.text, top_total(&watch->top).text);
	top_print(&watch->top, SIZE_MAX, stdout);
}

/* A line of JSON an interval, until the daemon or the reader goes. */
static enum exit_code run_plain(struct watch *watch)
{
	const bool once = !watch->cli->json || cli_has(watch->cli, "once");
	enum exit_code code = look(watch);

	while (code == EXIT_OK) {
		(void)control_wait_closed(&watch->control, (int)watch->interval_s * 1000);
		code = look(watch); /* which says so if it has closed */
		if (code != EXIT_OK)
			break;
		if (watch->cli->json)
			output_json_line(top_json(&watch->top, clock_now().wall));
		else
			print_once(watch);
		if (fflush(stdout) != 0 || once)
			break;
	}
	return code;
}

/* --- on a screen --- */

static void draw(const struct watch *watch, const struct screen *screen)
{
	const size_t room =
		screen->rows > SCREEN_LINES_ABOVE + 1 ? screen->rows - SCREEN_LINES_ABOVE - 1 : 1;
	char *text = NULL;
	size_t len = 0;
	FILE *const out = open_memstream(&text, &len);

	if (out == NULL)
		return; /* the next time */
	(void)fprintf(out, "%s; %s\nq quits, s sorts (by %s), every %" PRIu32 " s\n",
		      watch->title.text, top_total(&watch->top).text, top_order_name(watch->order),
		      watch->interval_s);
	top_print(&watch->top, room, out);
	if (fclose(out) == 0)
		screen_show(screen, text);
	free(text);
}

/* What a key asks for. False: to end. */
static bool take_key(struct watch *watch, int key)
{
	if (key == 's') {
		watch->order = (watch->order + 1) % TOP_ORDERS;
		top_sort(&watch->top, watch->order);
	}
	return key != 'q' && key != 'Q' && key != 4; /* Ctrl-D */
}

/* Until it is time to ask again. False: to end, by *ret_signal if that is not 0. */
static bool wait_for_next(struct watch *watch, struct screen *screen, int *ret_signal)
{
	const struct mono due = mono_add_ms(clock_now().mono, (uint64_t)watch->interval_s * 1000);

	for (;;) {
		const struct mono now = clock_now().mono;
		const int left_ms = mono_reached(now, due) ? 0 : (int)mono_ms_between(now, due) + 1;
		int what = 0;

		switch (screen_wait(screen, left_ms, &what)) {
		case SCREEN_TIMEOUT:
			return true;
		case SCREEN_KEY:
			if (!take_key(watch, what))
				return false;
			break;
		case SCREEN_RESIZE:
			break;
		case SCREEN_SIGNAL:
			*ret_signal = what;
			return false;
		case SCREEN_GONE:
			return false;
		}
		draw(watch, screen);
	}
}

static enum exit_code run_screen(struct watch *watch)
{
	enum exit_code code = look(watch);
	struct screen screen;
	int signal = 0;

	if (code != EXIT_OK)
		return code;
	if (screen_open(&screen) != 0)
		return run_plain(watch);
	do {
		draw(watch, &screen);
		if (!wait_for_next(watch, &screen, &signal))
			break;
		code = look(watch);
	} while (code == EXIT_OK);
	screen_close(&screen);
	if (signal != 0)
		screen_die(signal);
	return code;
}

enum exit_code verb_top(const struct cli *cli)
{
	static const struct options_range range = { 1, INTERVAL_S_MAX, 1 };
	struct watch watch = { .cli = cli };
	enum exit_code code;

	if (options_number(cli, "interval", range, &watch.interval_s, &watch.complaint) != 0 ||
	    choose_order(cli, &watch.order, &watch.complaint) != 0)
		return report_code(cli, EXIT_USAGE, &watch.complaint);
	code = answer_connect(cli, 0, &watch.control);
	if (code != EXIT_OK)
		return code;
	if (cli->json || cli_has(cli, "once") || !screen_is_possible())
		code = run_plain(&watch);
	else
		code = run_screen(&watch);
	if (code != EXIT_OK)
		(void)report_exit_with(cli, code, watch.control.err, &watch.complaint);
	top_free(&watch.top);
	control_close(&watch.control);
	return code;
}
