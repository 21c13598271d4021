/* verb_metrics.c - `ipop metrics`: a page of metrics, once, or over HTTP for who asks on this host.
 *
 * The daemon itself speaks no HTTP: what parses requests holds no key, needs no right but to read
 * the control socket, and can be reached from this host alone. One request is served at a time, and
 * one that dawdles is dropped, since Prometheus asks a few times a minute.
 */
#include "base/err.h"
#include "group/text.h"
#include "io/clock.h"
#include "io/signals.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/host.h"
#include "prog/ipop/metrics.h"
#include "prog/ipop/report.h"
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

#define HEAD_BYTES_MAX 8192 /* of a request */
#define PATIENCE_MS 2000    /* for a whole request, and again for a whole answer */
#define BACKLOG 8
#define SHORT_MS 1000 /* until the next try, where the host has no descriptor left */
#define SOCKET_MODE 0660

struct serving {
	const struct cli *cli;
	struct store store;
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

/* --- one request --- */

/* How long until then; 0 if that has been. */
static int left_ms(struct mono until)
{
	const struct mono now = clock_now().mono;

	return mono_reached(now, until) ? 0 : (int)mono_ms_between(now, until) + 1;
}

/* Reads up to the empty line behind the head. False if it does not come in time, or is too long. */
static bool read_head(int fd, char head[HEAD_BYTES_MAX + 1])
{
	const struct mono until = mono_add_ms(clock_now().mono, PATIENCE_MS);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (len < HEAD_BYTES_MAX && poll(&wait, 1, left_ms(until)) == 1) {
		const ssize_t n = recv(fd, head + len, HEAD_BYTES_MAX - len, MSG_DONTWAIT);

		if (n <= 0)
			return false;
		len += (size_t)n;
		head[len] = '\0';
		if (strlen(head) != len)
			return false; /* no text */
		if (strstr(head, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void write_all(int fd, const char *bytes, size_t len)
{
	const struct mono until = mono_add_ms(clock_now().mono, PATIENCE_MS);
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	while (len > 0 && poll(&wait, 1, left_ms(until)) == 1) {
		const ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return; /* it has gone */
		bytes += n;
		len -= (size_t)n;
	}
}

static void answer(int fd, const char *status, const char *type, const char *body, size_t len)
{
	char head[256];
	const int n = snprintf(head, sizeof(head),
			       "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
			       "Connection: close\r\n\r\n",
			       status, type, len);

	write_all(fd, head, (size_t)n); /* it fits: all of it is ours */
	write_all(fd, body, len);
}

static void refuse(int fd, const char *status)
{
	answer(fd, status, "text/plain", "GET /metrics\n", sizeof("GET /metrics\n") - 1);
}

/* GET /metrics, and what comes behind a question mark is not looked at (RFC 9112, 3). */
static bool is_for_metrics(const char *head)
{
	static const char start[] = "GET /metrics";

	return strncmp(head, start, sizeof(start) - 1) == 0 &&
	       (head[sizeof(start) - 1] == ' ' || head[sizeof(start) - 1] == '?');
}

static void serve(const struct serving *s, int fd)
{
	char head[HEAD_BYTES_MAX + 1];
	bool openmetrics;
	char *page;
	size_t len;

	if (!read_head(fd, head))
		return;
	if (strncmp(head, "GET ", 4) != 0) {
		refuse(fd, "405 Method Not Allowed");
		return;
	}
	if (!is_for_metrics(head)) {
		refuse(fd, "404 Not Found");
		return;
	}
	openmetrics = strcasestr(head, "application/openmetrics-text") != NULL;
	page = make_page(s, openmetrics, &len);
	if (page == NULL)
		refuse(fd, "503 Service Unavailable");
	else
		answer(fd, "200 OK", metrics_content_type(openmetrics), page, len);
	free(page);
}

/* --- the verb --- */

/* Whether who wants in has to wait for what others give back: poll() would say at once that he is
 * there, again and again. */
static bool is_short(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void serve_until_told(struct serving *s)
{
	struct pollfd waits[] = { { .fd = s->signals, .events = POLLIN },
				  { .fd = s->listener, .events = POLLIN } };
	nfds_t count = 2; /* without the listener for a while, when there are no descriptors */

	while (poll(waits, count, count == 2 ? -1 : SHORT_MS) >= 0 &&
	       (waits[0].revents & POLLIN) == 0) {
		const int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);

		count = fd < 0 && is_short(errno) ? 1 : 2;
		if (fd < 0)
			continue; /* or it has gone */
		serve(s, fd);
		(void)close(fd); /* said or not */
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
	if (s->socket[0] != '\0')
		(void)unlink(s->socket); /* the next one replaces it anyway */
	if (s->listener >= 0)
		(void)close(s->listener); /* nobody comes any more */
	if (s->signals >= 0)
		(void)close(s->signals); /* only read */
	return code;
}

enum exit_code verb_metrics(const struct cli *cli)
{
	struct serving s = { .cli = cli, .listener = -1, .signals = -1 };
	const char *const where = cli_value(cli, "listen", 0);
	struct complaint complaint;
	enum exit_code code = host_choose(cli, cli_argument(cli, 0), &s.store, &complaint);

	if (code != EXIT_OK)
		return report_code(cli, code, &complaint);
	if (where != NULL)
		return listen_and_serve(&s, where);
	code = print_page(&s.store, true, stdout, &complaint);
	return code == EXIT_OK ? EXIT_OK : report_code(cli, code, &complaint);
}
