/* output.h - how things look for people: durations, sizes, instants, tables.
 *
 * No colour, so that a pipe gets what the eye gets.
 */
#ifndef PROG_IPOP_OUTPUT_H
#define PROG_IPOP_OUTPUT_H

#include "base/mono.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OUTPUT_CHARS 128 /* of a figure, or of a text of somebody else's */
#define OUTPUT_COLUMNS_MAX 10

struct output_text {
	char text[OUTPUT_CHARS];
};

/* As printf(3) has it, cut to fit. */
__attribute__((format(printf, 1, 2))) struct output_text output_text(const char *format, ...);

/* The two largest units of a length of time: "45 s", "12 min 5 s", "3 h 20 min", "364 d". */
struct output_text output_duration(uint64_t seconds);

/* "0.81 ms", "12.3 ms", "1.20 s": three digits. */
struct output_text output_rtt(uint64_t us);

/* "700 B", "1.4 kB", "31 MB": powers of 1,000. */
struct output_text output_bytes(uint64_t bytes);

/* "700 bit/s", "943 Mbit/s", "2.31 Gbit/s": powers of 1,000. */
struct output_text output_rate(uint64_t bits_s);

/* How much is left until an instant in RFC 3339, "expired" or "?" if it is none. */
struct output_text output_left(const char *instant, struct wall now);

/* In place: what a terminal may take for a command becomes a question mark. */
void output_make_printable(char *text);

/* A text of somebody else's, cut, with what is not printable ASCII as '?'; "-" for NULL or empty.
 */
struct output_text output_foreign(const char *text);

/* Prints a JSON value and a line feed, and releases it; NULL (no memory) prints nothing. */
void output_json(json_t *root);

/* The same in one line, and at once. */
void output_json_line(json_t *root);

/* A table is built row by row; the first row is its head. Every column is as wide as its widest
 * cell, the last one not padded. Cells are of any length. */
struct output_table {
	char **cells; /* owned, and each of them */
	size_t columns, count, capacity;
	bool has_notes; /* the last cell of a row is a line of its own below it, if it is not "" */
};

/* Requires 1 <= columns <= OUTPUT_COLUMNS_MAX. */
void output_table_init(struct output_table *table, size_t columns);
void output_table_free(struct output_table *table);

/* Adds the next cell; without memory the table ends here. */
void output_cell(struct output_table *table, const char *text);

/* The same of somebody else's text, as output_foreign() has it, but whole. */
void output_cell_foreign(struct output_table *table, const char *text);
void output_table_print(const struct output_table *table, const char *indent, FILE *out);

#endif
