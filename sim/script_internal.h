/* script_internal.h - words and values, for the files of script. */
#ifndef SIM_SCRIPT_INTERNAL_H
#define SIM_SCRIPT_INTERNAL_H

#include "sim/script.h"

#include <stddef.h>

#define WORDS_MAX 20
#define WORD_CHARS 63

struct words {
	char text[WORDS_MAX][WORD_CHARS + 1];
	unsigned count, next;
};

/* What is wrong, into *error; returns ERR_MALFORMED. */
__attribute__((format(printf, 2, 3))) int script_complain(struct script_error *error,
							  const char *format, ...);

/* Splits a line, without its comment: 0 or ERR_MALFORMED. */
int words_split(struct span line, struct words *ret, struct script_error *error);

/* The next word, which is taken; NULL behind the last. */
const char *words_take(struct words *words);
bool words_take_if(struct words *words, const char *word);

/* A value of the kind that a capital word of the grammar names: COUNT, TIME, SHARE, RATE, BITS,
 * FIGURE. One number or a range. 0 or ERR_MALFORMED. */
int value_read(const char *kind, const char *text, struct script_range *ret,
	       struct script_error *error);

/* A number with up to six digits behind the point, in millionths; it may be negative. */
int value_bound(const char *text, int64_t *ret, struct script_error *error);

/* `nat SHARE KIND ...`: the kind and what is changed of it, to the end of the line. */
int nat_read(struct words *words, struct script_statement *ret, struct script_error *error);

#endif
