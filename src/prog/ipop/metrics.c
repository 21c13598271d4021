/* metrics.c - see metrics.h. */
#include "prog/ipop/metrics.h"

#include "base/calendar.h"
#include "prog/ipop/answer.h"

#include <inttypes.h>
#include <string.h>

/* A page that is being written. */
struct page {
	FILE *out;
	bool openmetrics;
	const char *network;
};

/* --- the format --- */

/* Label values have their own escapes; whatever is no printable ASCII is '?' (output_foreign()). */
static void put_label_value(const char *value, FILE *out)
{
	const struct output_text safe = output_foreign(value);

	for (const char *c = safe.text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			(void)fputc('\\', out);
		(void)fputc(*c, out);
	}
}

static void begin_family(const struct page *page, const char *name, bool is_counter,
			 const char *help)
{
	const char *const suffix = is_counter && !page->openmetrics ? "_total" : "";

	(void)fprintf(page->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name,
		      suffix, is_counter ? "counter" : "gauge");
}

/* Of a member, unless that is NULL. Its name is for people: two may have one name for a while, when
 * it was revoked and given on, and a series is told from others by its labels alone. */
static void begin_sample(const struct page *page, const char *name, const json_t *peer)
{
	(void)fprintf(page->out, "%s{network=\"", name);
	put_label_value(page->network, page->out);
	if (peer != NULL) {
		(void)fputs("\",peer=\"", page->out);
		put_label_value(answer_member(peer).text, page->out);
		(void)fputs("\",id=\"", page->out);
		put_label_value(answer_text(peer, "id").text, page->out);
	}
	(void)fputs("\"} ", page->out);
}

static void put_gauge(const struct page *page, const char *name, const char *help, uint64_t value)
{
	begin_family(page, name, false, help);
	begin_sample(page, name, NULL);
	(void)fprintf(page->out, "%" PRIu64 "\n", value);
}

/* --- this host --- */

static void put_info(const struct page *page, const json_t *status)
{
	static const char *const fields[] = { "name", "id", "version", "cipher", "ipv4", "ipv6" };

	begin_family(page, "ipop_node_info", false, "Who this host is in the network; always 1.");
	(void)fputs("ipop_node_info{network=\"", page->out);
	put_label_value(page->network, page->out);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		(void)fprintf(page->out, "\",%s=\"", fields[i]);
		put_label_value(answer_text(status, fields[i]).text, page->out);
	}
	(void)fputs("\"} 1\n", page->out);
}

static void put_certificate(const struct page *page, const json_t *status)
{
	const char *const end = json_string_value(json_object_get(status, "certificate_not_after"));
	struct wall not_after;

	if (end == NULL || calendar_from_text(span_text(end), &not_after) != 0)
		return;
	put_gauge(page, "ipop_certificate_end_timestamp_seconds",
		  "When the certificate of this host ends.", (uint64_t)wall_to_s(not_after));
}

/* Left out while too few others have told theirs. */
static void put_clock(const struct page *page, const json_t *status)
{
	static const char name[] = "ipop_clock_offset_seconds";
	const json_t *const offset = json_object_get(status, "clock_offset_s");

	if (!json_is_integer(offset))
		return;
	begin_family(page, name, false,
		     "This host's clock before those of the other members; negative: behind.");
	begin_sample(page, name, NULL);
	(void)fprintf(page->out, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(offset));
}

static void put_state(const struct page *page, const json_t *status)
{
	put_gauge(page, "ipop_up", "1 if the daemon answers.", 1);
	put_gauge(page, "ipop_ready", "1 once the addresses stand on the interface.",
		  json_is_true(json_object_get(status, "ready")));
	put_gauge(page, "ipop_settled", "1 while this host stands in its place on the ring.",
		  json_is_true(json_object_get(status, "settled")));
	put_gauge(page, "ipop_uptime_seconds", "Since the node started.",
		  answer_number(status, "uptime_s"));
	put_gauge(page, "ipop_peers_up", "Members with which a session stands.",
		  answer_number(status, "peers_up"));
	put_gauge(page, "ipop_peers_known", "Members that are known.",
		  answer_number(status, "peers_known"));
	put_gauge(page, "ipop_relayed_pairs", "Pairs of other members that this host relays for.",
		  answer_number(status, "relayed_pairs"));
	put_certificate(page, status);
	put_clock(page, status);
}

/* --- counters --- */

/* These go up and down. */
static bool is_level(const char *part, const char *name)
{
	return strcmp(part, "levels") == 0 || strcmp(name, "heap_bytes") == 0 ||
	       (strcmp(part, "sessions") == 0 &&
		(strcmp(name, "half_open") == 0 || strcmp(name, "sessions") == 0)) ||
	       (strcmp(part, "vnet") == 0 && strcmp(name, "waiting") == 0);
}

/* Their names are the daemon's: of letters, digits and _. */
static bool is_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static void put_counter(const struct page *page, const char *part, const char *name, uint64_t value)
{
	const bool is_counter = !is_level(part, name);
	char family[80];
	char sample[96];
	char help[160];

	(void)snprintf(family, sizeof(family), "ipop_%.30s_%.40s", part, name);
	(void)snprintf(sample, sizeof(sample), "%s%s", family, is_counter ? "_total" : "");
	(void)snprintf(help, sizeof(help), "Counter %.40s of %.30s (ipop status --json).", name,
		       part);
	begin_family(page, family, is_counter, help);
	begin_sample(page, sample, NULL);
	(void)fprintf(page->out, "%" PRIu64 "\n", value);
}

static void put_counters(const struct page *page, const json_t *status)
{
	json_t *const parts = json_object_get(status, "counters");
	const char *part;
	const char *name;
	json_t *counters;
	json_t *value;

	json_object_foreach(parts, part, counters)
	{
		json_object_foreach(counters, name, value)
		{
			if (is_name(part) && is_name(name))
				put_counter(page, part, name, answer_number(counters, name));
		}
	}
}

/* --- peers --- */

/* A figure of each peer. */
struct figure {
	const char *name, *help;
	const char *field;
	bool is_counter;
};

static const struct figure figures[] = {
	{ "ipop_peer_sent_bytes", "Sent to a member in this session.", "bytes_sent", true },
	{ "ipop_peer_received_bytes", "Received from it in this session.", "bytes_received", true },
	{ "ipop_peer_sent_packets", "Datagrams to a member in this session.", "packets_sent",
	  true },
	{ "ipop_peer_received_packets", "Datagrams from it in this session.", "packets_received",
	  true },
	{ "ipop_peer_lost_packets", "Datagrams from it that have not come.", "packets_lost",
	  false },
};

static bool has_session(const json_t *peer)
{
	return json_is_integer(json_object_get(peer, "session_s"));
}

/* A figure of each peer that has a session. */
static void put_figure(const struct page *page, const struct figure *figure, const json_t *peers)
{
	char sample[64];

	(void)snprintf(sample, sizeof(sample), "%s%s", figure->name,
		       figure->is_counter ? "_total" : "");
	begin_family(page, figure->name, figure->is_counter, figure->help);
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *const peer = json_array_get(peers, i);

		if (!has_session(peer))
			continue;
		begin_sample(page, sample, peer);
		(void)fprintf(page->out, "%" PRIu64 "\n", answer_number(peer, figure->field));
	}
}

static void put_up(const struct page *page, const json_t *peers)
{
	begin_family(page, "ipop_peer_up", false, "1 while a session with a member stands.");
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *const peer = json_array_get(peers, i);

		begin_sample(page, "ipop_peer_up", peer);
		(void)fprintf(page->out, "%d\n",
			      strcmp(answer_text(peer, "state").text, "up") == 0);
	}
	begin_family(page, "ipop_peer_direct", false,
		     "1 while packets to a member go directly, and not by other members.");
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *const peer = json_array_get(peers, i);

		begin_sample(page, "ipop_peer_direct", peer);
		(void)fprintf(page->out, "%d\n",
			      strcmp(answer_text(peer, "way").text, "direct") == 0);
	}
}

static void put_rtt(const struct page *page, const json_t *peers)
{
	begin_family(page, "ipop_peer_rtt_seconds", false, "The last round trip to a member.");
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *const peer = json_array_get(peers, i);
		const uint64_t us = answer_number(peer, "rtt_us");

		if (!json_is_integer(json_object_get(peer, "rtt_us")))
			continue;
		begin_sample(page, "ipop_peer_rtt_seconds", peer);
		(void)fprintf(page->out, "%" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
	}
}

static void end(const struct page *page)
{
	if (page->openmetrics)
		(void)fputs("# EOF\n", page->out);
}

void metrics_print(const json_t *status, const json_t *peers, bool openmetrics, FILE *out)
{
	const struct output_text network = answer_text(status, "network");
	const struct page page = { .out = out,
				   .openmetrics = openmetrics,
				   .network = network.text };
	const json_t *const list = json_object_get(peers, "peers");

	put_state(&page, status);
	put_info(&page, status);
	put_up(&page, list);
	put_rtt(&page, list);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		put_figure(&page, &figures[i], list);
	put_counters(&page, status);
	end(&page);
}

void metrics_print_down(const char *network, bool openmetrics, FILE *out)
{
	const struct page page = { .out = out, .openmetrics = openmetrics, .network = network };

	put_gauge(&page, "ipop_up", "1 if the daemon answers.", 0);
	end(&page);
}

const char *metrics_content_type(bool openmetrics)
{
	return openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			   : "text/plain; version=0.0.4; charset=utf-8";
}
