/* keep.c - see keep.h. */
#include "prog/ipopd/keep.h"

#include "base/check.h"
#include "base/err.h"
#include "group/text.h"
#include "prog/ipopd/log.h"

#include <string.h>

static int parse_line(struct span line, struct node_neighbour *ret)
{
	struct bootstrap b;
	struct endpoint endpoint;

	if (bootstrap_from_text(line, &b) != 0 || endpoint_ip_from_text(b.host, &endpoint) != 0)
		return ERR_MALFORMED;
	endpoint.port = b.port;
	if (!channel_may_name(&endpoint))
		return ERR_MALFORMED;
	*ret = (struct node_neighbour){ .id = b.id, .endpoint = endpoint };
	return 0;
}

int keep_parse(struct span text, struct channel_neighbours *ret)
{
	struct channel_neighbours neighbours = { .count = 0 };
	struct span line;

	while (text_next(&text, '\n', &line)) {
		if (neighbours.count == NODE_NEIGHBOURS_MAX)
			return ERR_FULL;
		if (parse_line(line, &neighbours.list[neighbours.count]) != 0)
			return ERR_MALFORMED;
		neighbours.count++;
	}
	*ret = neighbours;
	return 0;
}

void keep_print(const struct channel_neighbours *neighbours, struct writer *w)
{
	CHECK(neighbours->count <= NODE_NEIGHBOURS_MAX);
	for (uint32_t i = 0; i < neighbours->count; i++) {
		const struct node_neighbour *const neighbour = &neighbours->list[i];
		struct bootstrap b = { .port = neighbour->endpoint.port, .id = neighbour->id };
		char text[BOOTSTRAP_TEXT_CHARS + 1];

		endpoint_ip_to_text(&neighbour->endpoint, b.host);
		bootstrap_to_text(&b, text);
		writer_span_of(w, span_text(text));
		writer_span_of(w, span_text("\n"));
	}
}

void keep_init(struct keep *keep, const struct store *store)
{
	struct file_bytes bytes = { .len = 0 };
	struct complaint complaint;
	int err;

	*keep = (struct keep){ .store = store };
	err = store_read(store, STORE_NEIGHBOURS, &bytes, &complaint);
	if (err == 0)
		err = keep_parse(span_of(bytes.data, bytes.len), &keep->neighbours);
	else if (err != ERR_NOT_FOUND)
		log_warning("%s", complaint.text);
	if (err == ERR_MALFORMED || err == ERR_FULL)
		log_warning("the file of remembered neighbours is damaged; it is ignored, and "
			    "will be replaced");
	file_free(&bytes);
}

static bool are_same(const struct channel_neighbours *a, const struct channel_neighbours *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!id_equal(&a->list[i].id, &b->list[i].id) ||
		    !endpoint_equal(&a->list[i].endpoint, &b->list[i].endpoint))
			return false;
	return true;
}

void keep_take(struct keep *keep, const struct channel_neighbours *neighbours)
{
	if (are_same(neighbours, &keep->neighbours))
		return;
	keep->neighbours = *neighbours;
	keep->due = true;
}

static void write_file(struct keep *keep)
{
	uint8_t text[KEEP_TEXT_MAX];
	struct writer w = writer_of(text, sizeof(text));
	struct complaint complaint;

	keep->due = false;
	keep_print(&keep->neighbours, &w);
	CHECK(writer_ok(&w));
	if (store_write(keep->store, STORE_NEIGHBOURS, writer_span(&w), &complaint) == 0) {
		keep->failed = false;
		return;
	}
	if (!keep->failed)
		log_warning("cannot remember neighbours: %s", complaint.text);
	keep->failed = true;
	keep->due = true;
}

void keep_poll(struct keep *keep, struct mono now)
{
	if (!keep->due || !mono_reached(now, keep->not_before))
		return;
	write_file(keep);
	keep->not_before = mono_add_ms(now, keep->failed ? KEEP_RETRY_MS : KEEP_PAUSE_MS);
}

struct mono keep_deadline(const struct keep *keep)
{
	return keep->due ? keep->not_before : MONO_NEVER;
}

void keep_flush(struct keep *keep)
{
	if (keep->due)
		write_file(keep);
}
