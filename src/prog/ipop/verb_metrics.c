/* verb_metrics.c - `ipop metrics`: a page of metrics, once, or over HTTP for who asks on this host.
 *
 * The daemon itself speaks no HTTP: what parses requests holds no key, needs no right but to read
 * the control socket, and can be reached from this host alone. Several may ask at once (scrapes.h).
 */
#include "base/err.h"
#include "group/text.h"
#include "io/clock.h"
#include "io/signals.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/host.h"
#include "prog/ipop/metrics.h"
#include "prog/ipop/report.h"
#include "prog/ipop/scrapes.h"
#include "prog/ipop/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128
#define SHORT_MS 1000 /* until the next try, where the host has no descriptor left */
#define SOCKET_MODE 0660

struct serving {
	const struct cli *cli;
	struct store store;
	struct scrapes *scrapes;                                  /* owned */
	int listener, signals;                                    /* owned */
	char socket[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* ours to remove; or empty */
};

/* --- the page --- */

/* EXIT_OK, or what the daemon's silence means; with a complaint. */
static enum exit_code print_page(const struct store *store, bool openmetrics, FILE *out,
				 struct complaint *complaint)
{
	const struct control_request ask_status = { .verb = "status" };
	const struct control_request ask_peers = { .verb = "peers" };
	struct control control;
	json_t *status = NULL;
	json_t *peers = NULL;
	enum exit_code code = control_open(store, &control, complaint);

	if (code == EXIT_OK)
		code = control_ask(&control, &ask_status, &status, complaint);
	if (code == EXIT_OK)
		code = control_ask(&control, &ask_peers, &peers, complaint);
	if (code == EXIT_OK)
		metrics_print(status, peers, openmetrics, out);
	control_close(&control);
	json_decref(status);
	json_decref(peers);
	return code;
}

/* Who watches wants to be told that it is down, and not that he may not ask. */
static char *make_page(const struct serving *s, bool openmetrics, size_t *ret_len)
{
	struct complaint unused;
	char *page = NULL;
	FILE *const out = open_memstream(&page, ret_len);

	if (out == NULL)
		return NULL;
	if (print_page(&s->store, openmetrics, out, &unused) != EXIT_OK)
		metrics_print_down(s->store.network, openmetrics, out);
	if (fclose(out) == 0)
		return page;
	free(page);
	return NULL;
}

/* --- where to listen --- */

static enum exit_code refuse_where(const struct serving *s, const char *where)
{
	struct complaint complaint;

	(void)complain(&complaint, 0,
		       "--listen: \"%.200s\" must be a port of this host alone, as in 9476, "
		       "127.0.0.1:9476 or [::1]:9476, or the path of a socket, as in "
		       "/run/ipop-metrics",
		       where);
	return report_code(s->cli, EXIT_USAGE, &complaint);
}

static enum exit_code refuse_bind(const struct serving *s, const char *where, int error)
{
	struct complaint complaint;

	(void)complain(&complaint, 0, "--listen: cannot listen at %.200s: %s", where,
		       error == EADDRINUSE ? "somebody does already" : strerrordesc_np(error));
	return report_code(s->cli, error == EACCES || error == EPERM ? EXIT_DENIED : EXIT_FAILED,
			   &complaint);
}

/* False if it is no place that only this host can reach. */
static bool place_of(const char *where, struct sockaddr_in6 *v6, struct sockaddr_in *v4,
		     bool *ret_is_v6)
{
	const char *port = where;
	uint32_t number;

	*ret_is_v6 = strncmp(where, "[::1]:", 6) == 0;
	if (*ret_is_v6)
		port = where + 6;
	else if (strncmp(where, "127.0.0.1:", 10) == 0)
		port = where + 10;
	if (text_number(span_text(port), &number) != 0 || number == 0 || number > UINT16_MAX)
		return false;
	*v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
				     .sin6_port = htons((uint16_t)number),
				     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	*v4 = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)number),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return true;
}

static bool bind_and_listen(struct serving *s, int family, const struct sockaddr *address,
			    socklen_t len)
{
	const int one = 1;

	s->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return s->listener >= 0 &&
	       setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	       bind(s->listener, address, len) == 0 && listen(s->listener, BACKLOG) == 0;
}

/* A socket that nobody serves any more is replaced. */
static void remove_leftover(const struct sockaddr_un *address)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat status;

	if (fd < 0)
		return;
	if (lstat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
	    errno == ECONNREFUSED)
		(void)unlink(address->sun_path); /* or bind() says that it is there */
	(void)close(fd);                         /* nothing was sent */
}

static enum exit_code listen_at_path(struct serving *s, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	bool listens;

	if (strlen(path) >= sizeof(address.sun_path))
		return refuse_where(s, path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	remove_leftover(&address);
	before = umask(~(mode_t)SOCKET_MODE & 0777);
	listens = bind_and_listen(s, AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(before);
	if (!listens)
		return refuse_bind(s, path, errno);
	memcpy(s->socket, path, strlen(path) + 1);
	return EXIT_OK;
}

static enum exit_code listen_at(struct serving *s, const char *where)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	bool is_v6;
	bool listens;

	if (where[0] == '/')
		return listen_at_path(s, where);
	if (!place_of(where, &v6, &v4, &is_v6))
		return refuse_where(s, where);
	listens = is_v6 ? bind_and_listen(s, AF_INET6, (const struct sockaddr *)&v6, sizeof(v6))
			: bind_and_listen(s, AF_INET, (const struct sockaddr *)&v4, sizeof(v4));
	return listens ? EXIT_OK : refuse_bind(s, where, errno);
}

/* --- those who ask --- */

static void answer(const struct serving *s, int fd, const struct scrapes_answer *what)
{
	scrapes_answer(s->scrapes, fd, what, clock_now().mono);
}

static void refuse(const struct serving *s, int fd, const char *status)
{
	answer(s, fd,
	       &(struct scrapes_answer){ .status = status,
					 .type = "text/plain",
					 .body = span_text("GET /metrics\n") });
}

/* GET /metrics, and what comes behind a question mark is not looked at (RFC 9112, 3). */
static bool is_for_metrics(const char *head)
{
	static const char start[] = "GET /metrics";

	return strncmp(head, start, sizeof(start) - 1) == 0 &&
	       (head[sizeof(start) - 1] == ' ' || head[sizeof(start) - 1] == '?');
}

static void serve(const struct serving *s, int fd, const char *head)
{
	bool openmetrics;
	char *page;
	size_t len;

	if (strncmp(head, "GET ", 4) != 0) {
		refuse(s, fd, "405 Method Not Allowed");
		return;
	}
	if (!is_for_metrics(head)) {
		refuse(s, fd, "404 Not Found");
		return;
	}
	openmetrics = strcasestr(head, "application/openmetrics-text") != NULL;
	page = make_page(s, openmetrics, &len);
	if (page == NULL)
		refuse(s, fd, "503 Service Unavailable");
	else
		answer(s, fd,
		       &(struct scrapes_answer){ .status = "200 OK",
						 .type = metrics_content_type(openmetrics),
						 .body = span_of(page, len) });
	free(page);
}

/* --- the verb --- */

/* Whether who wants in has to wait for what others give back: poll() would say at once that he is
 * there, again and again. */
static bool is_short(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* For poll(2): how long until then; -1 for ever. */
static int left_ms(struct mono now, struct mono until)
{
	if (until.us == MONO_NEVER.us)
		return -1;
	return mono_reached(now, until) ? 0 : (int)mono_ms_between(now, until) + 1;
}

/* Those who said something come before the next who wants in, whom they could have to make room
 * for. */
static void serve_those(struct serving *s, const struct pollfd *waits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *head = NULL;

		if (waits[i].revents != 0)
			head = scrapes_input(s->scrapes, waits[i].fd, clock_now().mono);
		if (head != NULL)
			serve(s, waits[i].fd, head);
	}
	scrapes_expire(s->scrapes, clock_now().mono);
}

/* Returns when the next one may come. */
static struct mono let_in(struct serving *s)
{
	const int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	const struct mono now = clock_now().mono;

	if (fd >= 0)
		scrapes_add(s->scrapes, fd, now);
	else if (is_short(errno))
		return mono_add_ms(now, SHORT_MS);
	return now; /* or it has gone */
}

static void serve_until_told(struct serving *s)
{
	struct pollfd waits[2 + SCRAPES_MAX] = { { .fd = s->signals, .events = POLLIN },
						 { .events = POLLIN } };
	struct mono next = { 0 }; /* who wants in may come from then on */

	for (;;) {
		const struct mono now = clock_now().mono;
		const struct mono room = mono_max(next, scrapes_room(s->scrapes, now));
		const bool open = mono_reached(now, room);
		const struct mono until =
			mono_min(scrapes_deadline(s->scrapes), open ? MONO_NEVER : room);
		const size_t count = scrapes_waits(s->scrapes, &waits[2]);

		waits[1].fd = open ? s->listener : -1; /* poll() passes over that */
		if (poll(waits, 2 + count, left_ms(now, until)) < 0) {
			if (errno != EINTR) /* it was stopped, and goes on */
				return;
			continue;
		}
		if (waits[0].revents != 0)
			return;
		serve_those(s, &waits[2], count);
		if (waits[1].revents != 0)
			next = let_in(s);
	}
}

static enum exit_code listen_and_serve(struct serving *s, const char *where)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct complaint complaint;
	enum exit_code code = listen_at(s, where);
	int err;

	if (code == EXIT_OK) {
		err = signals_open(ends, sizeof(ends) / sizeof(ends[0]), &s->signals);
		s->scrapes = scrapes_new();
		if (err == 0 && s->scrapes == NULL)
			err = ERR_NOMEM;
		if (err != 0) {
			(void)complain(&complaint, err, "%s", err_text(err));
			code = report_failure(s->cli, err, &complaint);
		}
	}
	if (code == EXIT_OK) {
		report_note("Serves the metrics of %s at %s, until Ctrl-C.", s->store.network,
			    where);
		serve_until_told(s);
	}
	scrapes_del(s->scrapes);
	if (s->socket[0] != '\0')
		(void)unlink(s->socket); /* the next one replaces it anyway */
	if (s->listener >= 0)
		(void)close(s->listener); /* nobody comes any more */
	if (s->signals >= 0)
		(void)close(s->signals); /* only read */
	return code;
}

static enum exit_code refuse_both(const struct cli *cli)
{
	struct complaint complaint;

	(void)complain(&complaint, 0,
		       "--openmetrics: with --listen who asks chooses the format, by the header "
		       "Accept: leave it out");
	return report_code(cli, EXIT_USAGE, &complaint);
}

enum exit_code verb_metrics(const struct cli *cli)
{
	struct serving s = { .cli = cli, .listener = -1, .signals = -1 };
	const char *const where = cli_value(cli, "listen", 0);
	struct complaint complaint;
	enum exit_code code = host_choose(cli, cli_argument(cli, 0), &s.store, &complaint);

	if (code != EXIT_OK)
		return report_code(cli, code, &complaint);
	if (where != NULL && cli_has(cli, "openmetrics"))
		return refuse_both(cli);
	if (where != NULL)
		return listen_and_serve(&s, where);
	code = print_page(&s.store, cli_has(cli, "openmetrics"), stdout, &complaint);
	return code == EXIT_OK ? EXIT_OK : report_code(cli, code, &complaint);
}
