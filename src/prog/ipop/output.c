/* output.c - see output.h. */
#include "prog/ipop/output.h"

#include "base/calendar.h"
#include "base/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define DAYS_ALONE 10 /* from here on, hours say nothing */

struct output_text output_text(const char *format, ...)
{
	struct output_text ret;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(ret.text, sizeof(ret.text), format, arguments); /* cut */
	va_end(arguments);
	return ret;
}

/* "3 h 20 min", or "3 h" if there is no remainder. */
static struct output_text two_units(uint64_t seconds, uint64_t unit, const char *name,
				    const char *next_name)
{
	const uint64_t next = unit == DAY_S ? HOUR_S : unit / 60;
	const uint64_t rest = seconds % unit / next;

	if (rest == 0)
		return output_text("%" PRIu64 " %s", seconds / unit, name);
	return output_text("%" PRIu64 " %s %" PRIu64 " %s", seconds / unit, name, rest, next_name);
}

struct output_text output_duration(uint64_t seconds)
{
	if (seconds < MINUTE_S)
		return output_text("%" PRIu64 " s", seconds);
	if (seconds < HOUR_S)
		return two_units(seconds, MINUTE_S, "min", "s");
	if (seconds < DAY_S)
		return two_units(seconds, HOUR_S, "h", "min");
	if (seconds < (uint64_t)DAYS_ALONE * DAY_S)
		return two_units(seconds, DAY_S, "d", "h");
	return output_text("%" PRIu64 " d", seconds / DAY_S);
}

/* Three digits of value / 10^3 in a unit: value is in thousandths of it. */
static struct output_text three_digits(uint64_t thousandths, const char *unit)
{
	const uint64_t whole = thousandths / 1000;
	const uint64_t rest = thousandths % 1000;

	if (whole < 10)
		return output_text("%" PRIu64 ".%02" PRIu64 " %s", whole, rest / 10, unit);
	if (whole < 100)
		return output_text("%" PRIu64 ".%" PRIu64 " %s", whole, rest / 100, unit);
	return output_text("%" PRIu64 " %s", whole, unit);
}

struct output_text output_rtt(uint64_t us)
{
	return us < 1000000 ? three_digits(us, "ms") : three_digits(us / 1000, "s");
}

/* In the unit of one, or of the powers of 1,000 that follow. */
static struct output_text in_powers(uint64_t value, const char *one, const char *const units[6])
{
	size_t i = 0;

	if (value < 1000)
		return output_text("%" PRIu64 " %s", value, one);
	for (; value >= 1000000; i++)
		value /= 1000;
	return three_digits(value, units[i]);
}

struct output_text output_bytes(uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };

	return in_powers(bytes, "B", units);
}

struct output_text output_rate(uint64_t bits_s)
{
	static const char *const units[] = { "kbit/s", "Mbit/s", "Gbit/s",
					     "Tbit/s", "Pbit/s", "Ebit/s" };

	return in_powers(bits_s, "bit/s", units);
}

struct output_text output_left(const char *instant, struct wall now)
{
	struct wall end;
	int64_t left;

	if (instant == NULL || calendar_from_text(span_text(instant), &end) != 0)
		return output_text("?");
	left = wall_to_s(end) - wall_to_s(now);
	if (left <= 0)
		return output_text("expired");
	/* To the nearest day, where days are all that shows: a new certificate has 365. */
	if (left >= (int64_t)DAYS_ALONE * DAY_S)
		left += DAY_S / 2;
	return output_duration((uint64_t)left);
}

void output_make_printable(char *text)
{
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

struct output_text output_foreign(const char *text)
{
	struct output_text ret;

	if (text == NULL || *text == '\0')
		return output_text("-");
	ret = output_text("%s", text);
	output_make_printable(ret.text);
	return ret;
}

void output_json(json_t *root)
{
	if (root != NULL && json_dumpf(root, stdout, JSON_INDENT(1)) == 0)
		(void)fputc('\n', stdout);
	json_decref(root);
}

void output_json_line(json_t *root)
{
	if (root != NULL && json_dumpf(root, stdout, JSON_COMPACT) == 0)
		(void)fputc('\n', stdout);
	(void)fflush(stdout);
	json_decref(root);
}

void output_table_init(struct output_table *table, size_t columns)
{
	CHECK(columns >= 1 && columns <= OUTPUT_COLUMNS_MAX);
	*table = (struct output_table){ .columns = columns };
}

void output_table_free(struct output_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct output_table){ .columns = table->columns };
}

void output_cell(struct output_table *table, const char *text)
{
	char *copy;

	if (table->count == table->capacity) {
		const size_t capacity = table->capacity == 0 ? 64 : 2 * table->capacity;
		char **const cells = realloc(table->cells, capacity * sizeof(*table->cells));

		if (cells == NULL)
			return;
		table->cells = cells;
		table->capacity = capacity;
	}
	copy = strdup(text);
	if (copy != NULL)
		table->cells[table->count++] = copy;
}

void output_cell_foreign(struct output_table *table, const char *text)
{
	const size_t before = table->count;

	output_cell(table, text == NULL || *text == '\0' ? "-" : text);
	if (table->count > before)
		output_make_printable(table->cells[before]);
}

void output_table_print(const struct output_table *table, const char *indent, FILE *out)
{
	const size_t in_line = table->columns - (table->has_notes ? 1 : 0);
	size_t widths[OUTPUT_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < table->count; i++) {
		const size_t len = strlen(table->cells[i]);

		if (len > widths[i % table->columns])
			widths[i % table->columns] = len;
	}
	for (size_t i = 0; i < table->count; i++) {
		const size_t column = i % table->columns;
		const bool last = column == in_line - 1;
		const char *const text = table->cells[i];

		if (column == 0)
			(void)fputs(indent, out);
		if (column < in_line)
			(void)fprintf(out, "%-*s%s", last ? 0 : (int)widths[column], text,
				      last ? "\n" : "  ");
		else if (*text != '\0')
			(void)fprintf(out, "%s  %s\n", indent, text);
	}
}
