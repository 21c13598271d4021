/* top.c - see top.h. */
#include "prog/ipop/top.h"

#include "base/calendar.h"
#include "base/err.h"
#include "prog/ipop/answer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S 1000000

void top_free(struct top *top)
{
	free(top->rows);
	json_decref(top->answer);
	*top = (struct top){ 0 };
}

/* --- two answers, one picture --- */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct top_row *)a)->id.text, ((const struct top_row *)b)->id.text);
}

static struct top_row row_of(const json_t *peer)
{
	struct top_row row = { .peer = peer,
			       .id = answer_text(peer, "id"),
			       .name = answer_member_short(peer),
			       .state = answer_text(peer, "state"),
			       .way = answer_way(peer),
			       .has_rtt = json_is_integer(json_object_get(peer, "rtt_us")),
			       .rtt_us = answer_number(peer, "rtt_us"),
			       .session_s = answer_number(peer, "session_s") };

	row.total =
		(struct top_counts){ .bytes_sent = answer_number(peer, "bytes_sent"),
				     .bytes_received = answer_number(peer, "bytes_received"),
				     .packets_sent = answer_number(peer, "packets_sent"),
				     .packets_received = answer_number(peer, "packets_received"),
				     .packets_lost = answer_number(peer, "packets_lost") };
	return row;
}

/* What was lost may still come: that is no loss of before, taken back. */
static uint64_t risen(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static struct top_counts change_of(const struct top_counts *from, const struct top_counts *to)
{
	return (struct top_counts){ .bytes_sent = risen(from->bytes_sent, to->bytes_sent),
				    .bytes_received =
					    risen(from->bytes_received, to->bytes_received),
				    .packets_sent = risen(from->packets_sent, to->packets_sent),
				    .packets_received =
					    risen(from->packets_received, to->packets_received),
				    .packets_lost = risen(from->packets_lost, to->packets_lost) };
}

/* Its session is not the one whose counters `before` has. */
static bool is_new_session(const struct top_row *before, const struct top_row *row)
{
	return row->session_s < before->session_s ||
	       row->total.packets_received < before->total.packets_received ||
	       row->total.packets_sent < before->total.packets_sent;
}

static void compare(const struct top *before, struct top_row *row)
{
	const struct top_row *const old =
		before->count == 0 ? NULL
				   : bsearch(row, before->rows, before->count, sizeof(*row), by_id);
	static const struct top_counts nothing;

	row->change = change_of(old == NULL || is_new_session(old, row) ? &nothing : &old->total,
				&row->total);
}

int top_update(struct top *top, json_t *answer, struct mono at)
{
	const json_t *const list = json_object_get(answer, "peers");
	const size_t count = json_array_size(list);
	struct top_row *const rows = calloc(count + 1, sizeof(*rows));

	if (rows == NULL) {
		json_decref(answer);
		return ERR_NOMEM;
	}
	if (top->count > 0)
		qsort(top->rows, top->count, sizeof(*top->rows), by_id);
	for (size_t i = 0; i < count; i++) {
		rows[i] = row_of(json_array_get(list, i));
		if (top->rows != NULL)
			compare(top, &rows[i]);
	}
	top->interval_us = top->rows != NULL ? at.us - top->at.us : 0;
	free(top->rows);
	json_decref(top->answer);
	top->answer = answer;
	top->rows = rows;
	top->count = count;
	top->at = at;
	return 0;
}

/* --- order --- */

static uint64_t rate(const struct top *top, uint64_t change)
{
	return top->interval_us == 0 ? 0 : change * US_PER_S / top->interval_us;
}

/* In tenths of a per cent, of what the member sent meanwhile; 0 where that was nothing. */
static uint64_t loss(const struct top_counts *change)
{
	const uint64_t sent = change->packets_received + change->packets_lost;

	return sent == 0 ? 0 : change->packets_lost * 1000 / sent;
}

static int falling(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int by_name(const void *a, const void *b)
{
	const int by_text = strcmp(((const struct top_row *)a)->name.text,
				   ((const struct top_row *)b)->name.text);

	return by_text != 0 ? by_text : by_id(a, b);
}

static int by_traffic(const void *a, const void *b)
{
	const struct top_counts *const one = &((const struct top_row *)a)->change;
	const struct top_counts *const other = &((const struct top_row *)b)->change;
	const int order = falling(one->bytes_sent + one->bytes_received,
				  other->bytes_sent + other->bytes_received);

	return order != 0 ? order : by_name(a, b);
}

static int by_rtt(const void *a, const void *b)
{
	const struct top_row *const one = a;
	const struct top_row *const other = b;
	const int order =
		falling(one->has_rtt ? one->rtt_us + 1 : 0, other->has_rtt ? other->rtt_us + 1 : 0);

	return order != 0 ? order : by_name(a, b);
}

static int by_loss(const void *a, const void *b)
{
	const int order = falling(loss(&((const struct top_row *)a)->change),
				  loss(&((const struct top_row *)b)->change));

	return order != 0 ? order : by_traffic(a, b);
}

static const struct {
	const char *name;
	int (*compare)(const void *a, const void *b);
} orders[TOP_ORDERS] = {
	[TOP_BY_TRAFFIC] = { "traffic", by_traffic },
	[TOP_BY_NAME] = { "name", by_name },
	[TOP_BY_RTT] = { "rtt", by_rtt },
	[TOP_BY_LOSS] = { "loss", by_loss },
};

void top_sort(struct top *top, enum top_order order)
{
	if (top->count > 0)
		qsort(top->rows, top->count, sizeof(*top->rows), orders[order].compare);
}

const char *top_order_name(enum top_order order)
{
	return orders[order].name;
}

/* --- how it looks --- */

static struct output_text rate_text(const struct top *top, uint64_t change)
{
	return top->interval_us == 0 ? output_text("-")
				     : output_text("%s/s", output_bytes(rate(top, change)).text);
}

/* "1.3 %", and "-" where the member sent nothing that could be lost. */
static struct output_text loss_text(const struct top *top, const struct top_counts *change)
{
	const uint64_t tenths = loss(change);

	if (top->interval_us == 0 || change->packets_received + change->packets_lost == 0)
		return output_text("-");
	return output_text("%" PRIu64 ".%" PRIu64 " %%", tenths / 10, tenths % 10);
}

/* "direct 192.0.2.7:4767", "ring, stale", or, where there is no way, "connecting": one column, so
 * that it has room on a screen of 80. */
static struct output_text way_text(const struct top_row *row)
{
	if (strcmp(row->way.text, "-") == 0)
		return row->state;
	if (strcmp(row->state.text, "up") == 0)
		return row->way;
	return output_text("%.100s, %.20s", row->way.text, row->state.text);
}

void top_print(const struct top *top, size_t max, FILE *out)
{
	static const char *const head[] = { "MEMBER", "IN", "OUT", "LOSS", "RTT", "WAY" };
	struct output_table table;

	output_table_init(&table, sizeof(head) / sizeof(head[0]));
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		output_cell(&table, head[i]);
	for (size_t i = 0; i < top->count && i < max; i++) {
		const struct top_row *const row = &top->rows[i];

		output_cell(&table, row->name.text);
		output_cell(&table, rate_text(top, row->change.bytes_received).text);
		output_cell(&table, rate_text(top, row->change.bytes_sent).text);
		output_cell(&table, loss_text(top, &row->change).text);
		output_cell(&table, row->has_rtt ? output_rtt(row->rtt_us).text : "-");
		output_cell(&table, way_text(row).text);
	}
	output_table_print(&table, "", out);
	output_table_free(&table);
}

struct output_text top_total(const struct top *top)
{
	struct top_counts sum = { 0 };

	for (size_t i = 0; i < top->count; i++) {
		sum.bytes_received += top->rows[i].change.bytes_received;
		sum.bytes_sent += top->rows[i].change.bytes_sent;
	}
	return output_text("in %s, out %s", rate_text(top, sum.bytes_received).text,
			   rate_text(top, sum.bytes_sent).text);
}

/* The member as the daemon has it, and what was counted. */
static json_t *row_json(const struct top *top, const struct top_row *row)
{
	static const char *const fields[] = { "name",   "id",    "state", "way",
					      "remote", "relay", "rtt_us" };
	const struct top_counts *const c = &row->change;
	const bool has_loss = c->packets_received + c->packets_lost > 0;
	json_t *const json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "bytes_received_s",
				       (json_int_t)rate(top, c->bytes_received), "bytes_sent_s",
				       (json_int_t)rate(top, c->bytes_sent), "packets_received",
				       (json_int_t)c->packets_received, "packets_sent",
				       (json_int_t)c->packets_sent, "packets_lost",
				       (json_int_t)c->packets_lost, "loss_permille",
				       has_loss ? json_integer((json_int_t)loss(c)) : json_null());

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)json_object_set(json, fields[i], json_object_get(row->peer, fields[i]));
	return json;
}

json_t *top_json(const struct top *top, struct wall now)
{
	char at[CALENDAR_TEXT_CHARS + 1];
	json_t *const members = json_array();

	calendar_to_text(now, at);
	for (size_t i = 0; i < top->count; i++)
		(void)json_array_append_new(members, row_json(top, &top->rows[i]));
	return json_pack("{s:s, s:s, s:I, s:o}", "schema", "ipop.top/1", "at", at, "interval_ms",
			 (json_int_t)(top->interval_us / 1000), "members", members);
}
