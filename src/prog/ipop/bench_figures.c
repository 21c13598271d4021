/* bench_figures.c - see bench_figures.h. */
#include "prog/ipop/bench_figures.h"

#include "base/check.h"
#include "base/reader.h"
#include "group/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* -- echoes ------------------------------------------------------------------------------------ */

void bench_echoes_init(struct bench_echoes *echoes, uint64_t first)
{
	echoes->first = first;
	echoes->sent = 0;
	echoes->answered = 0;
}

bool bench_echoes_send(struct bench_echoes *echoes, uint64_t now_us, uint64_t *ret_number)
{
	CHECK(now_us > 0);
	if (echoes->sent == BENCH_ECHOES_MAX)
		return false;
	echoes->sent_us[echoes->sent] = now_us;
	*ret_number = echoes->first + echoes->sent++;
	return true;
}

void bench_echoes_answer(struct bench_echoes *echoes, uint64_t number, uint64_t now_us)
{
	const uint64_t i = number - echoes->first;
	uint64_t took;

	if (number < echoes->first || i >= echoes->sent || echoes->sent_us[i] == 0)
		return;
	took = now_us > echoes->sent_us[i] ? now_us - echoes->sent_us[i] : 0;
	echoes->rtt_us[echoes->answered++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
	echoes->sent_us[i] = 0;
}

static int by_length(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a;
	const uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t bench_echoes_percentile(struct bench_echoes *echoes, unsigned percent)
{
	uint64_t rank;

	CHECK(echoes->answered > 0 && percent >= 1 && percent <= 100);
	qsort(echoes->rtt_us, echoes->answered, sizeof(echoes->rtt_us[0]), by_length);
	rank = ((uint64_t)percent * echoes->answered + 99) / 100; /* from 1 on */
	return echoes->rtt_us[rank - 1];
}

/* -- processors -------------------------------------------------------------------------------- */

/* "cpu  USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL ...": idle are the 4th and 5th, and what
 * another machine had meanwhile (the 8th) nobody here was busy with. */
struct bench_ticks bench_ticks_of(const char *stat)
{
	struct bench_ticks ticks = { 0, 0 };
	struct span rest = span_text(stat);
	struct span word;
	unsigned column = 0;

	if (!text_next(&rest, '\n', &word))
		return ticks;
	rest = word;
	if (!text_next(&rest, ' ', &word) || !span_equal(word, span_text("cpu")))
		return ticks;
	while (column < 8 && text_next(&rest, ' ', &word)) {
		uint64_t value = 0;

		if (word.len == 0)
			continue; /* two spaces */
		for (size_t i = 0; i < word.len; i++)
			value = value * 10 + (uint64_t)(word.data[i] - '0');
		column++;
		ticks.all += value;
		if (column != 4 && column != 5 && column != 8)
			ticks.busy += value;
	}
	return ticks;
}

int bench_ticks_permille(struct bench_ticks before, struct bench_ticks after)
{
	if (before.all == 0 || after.all <= before.all || after.busy < before.busy ||
	    after.busy - before.busy > after.all - before.all)
		return -1;
	return (int)((after.busy - before.busy) * 1000 / (after.all - before.all));
}

/* -- as a table -------------------------------------------------------------------------------- */

uint64_t bench_rate(uint64_t bytes, uint64_t us)
{
	if (us == 0)
		return 0;
	return bytes <= UINT64_MAX / 8000000 ? bytes * 8000000 / us : bytes / us * 8000000;
}

static void add_row(struct output_table *table, const char *name, const char *value)
{
	output_cell(table, name);
	output_cell(table, value);
}

static void print_facts(const struct bench_figures *f, FILE *out)
{
	struct output_table table;

	output_table_init(&table, 2);
	add_row(&table, "peer", f->peer.text);
	add_row(&table, "address", f->address.text);
	add_row(&table, "way", f->way.text);
	if (f->way_before.text[0] != '\0')
		add_row(&table, "way before", f->way_before.text);
	add_row(&table, "MTU", output_text("%" PRIu64, f->mtu).text);
	add_row(&table, "cipher", f->cipher.text);
	add_row(&table, "test",
		output_text("TCP, %" PRIu32 " stream%s, %" PRIu32 " s a direction", f->streams,
			    f->streams == 1 ? "" : "s", f->seconds)
			.text);
	output_table_print(&table, "  ", out);
	output_table_free(&table);
}

/* "1.2 %", of the echoes; "-" if none left. */
static struct output_text loss_of(const struct bench_part *part)
{
	const uint32_t lost = part->echoes - part->answered;

	if (part->echoes == 0)
		return output_foreign(NULL);
	return output_text("%u.%u %%", lost * 100 / part->echoes, lost * 1000 / part->echoes % 10);
}

static struct output_text busy_of(const struct bench_part *part)
{
	return part->busy_permille < 0 ? output_foreign(NULL)
				       : output_text("%d %%", (part->busy_permille + 5) / 10);
}

void bench_figures_print(const struct bench_figures *f, FILE *out)
{
	static const char *const names[] = { "idle", "to it", "from it" };
	static const char *const head[] = { "",        "RATE", "CARRIED",       "RTT P50",
					    "RTT P99", "LOST", "THIS HOST BUSY" };
	struct output_table table;

	print_facts(f, out);
	(void)fputc('\n', out);
	output_table_init(&table, sizeof(head) / sizeof(head[0]));
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		output_cell(&table, head[i]);
	for (int i = BENCH_IDLE; i < BENCH_PARTS; i++) {
		const struct bench_part *const part = &f->parts[i];
		const bool has = part->answered > 0;

		output_cell(&table, names[i]);
		output_cell(&table, i == BENCH_IDLE
					    ? "-"
					    : output_rate(bench_rate(part->bytes, part->us)).text);
		output_cell(&table, i == BENCH_IDLE ? "-" : output_bytes(part->bytes).text);
		output_cell(&table, has ? output_rtt(part->p50_us).text : "-");
		output_cell(&table, has ? output_rtt(part->p99_us).text : "-");
		output_cell(&table, loss_of(part).text);
		output_cell(&table, busy_of(part).text);
	}
	output_table_print(&table, "  ", out);
	output_table_free(&table);
}

/* -- as JSON ----------------------------------------------------------------------------------- */

static json_t *number_or_null(bool has, uint64_t value)
{
	return has ? json_integer((json_int_t)value) : json_null();
}

static json_t *part_json(const struct bench_part *part, bool is_load)
{
	const bool has = part->answered > 0;

	return json_pack("{s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o}", "bits_s",
			 number_or_null(is_load, bench_rate(part->bytes, part->us)), "bytes",
			 number_or_null(is_load, part->bytes), "duration_us",
			 number_or_null(is_load, part->us), "echoes_sent", (json_int_t)part->echoes,
			 "echoes_answered", (json_int_t)part->answered, "rtt_p50_us",
			 number_or_null(has, part->p50_us), "rtt_p99_us",
			 number_or_null(has, part->p99_us), "busy_permille",
			 number_or_null(part->busy_permille >= 0, (uint64_t)part->busy_permille));
}

json_t *bench_figures_json(const struct bench_figures *f)
{
	json_t *const root = json_pack(
		"{s:s, s:s, s:s, s:s, s:O?, s:O?, s:O?, s:b, s:I, s:s, s:i, s:i, s:i, s:i}",
		"schema", "ipop.bench/1", "peer", f->peer.text, "id", f->id.text, "address",
		f->address.text, "way", json_object_get(f->way_at, "way"), "remote",
		json_object_get(f->way_at, "remote"), "relay", json_object_get(f->way_at, "relay"),
		"way_changed", f->way_before.text[0] != '\0', "mtu", (json_int_t)f->mtu, "cipher",
		f->cipher.text, "seconds", (int)f->seconds, "streams", (int)f->streams, "cpus",
		(int)f->cpus, "port", (int)f->port);
	static const char *const names[] = { "idle", "to", "from" };

	for (int i = BENCH_IDLE; root != NULL && i < BENCH_PARTS; i++)
		(void)json_object_set_new(root, names[i], part_json(&f->parts[i], i != BENCH_IDLE));
	return root;
}
