/* clock_words.h - what speaks against this host's clock, in one sentence: for whoever looks for the
 * fault elsewhere while that is all.
 */
#ifndef PROG_IPOP_CLOCK_WORDS_H
#define PROG_IPOP_CLOCK_WORDS_H

#include "base/mono.h"

#include <jansson.h>
#include <stdbool.h>

#define CLOCK_WORDS_CHARS 256
#define CLOCK_WORDS_OFF_S 300 /* the other members' clocks may be so far away */

struct clock_words {
	char text[CLOCK_WORDS_CHARS]; /* a sentence, or empty: nothing speaks against it */
};

/* The clocks of the other members do (`clock_offset_s` of ipop.status/1; NULL: nobody was asked),
 * or the date of this program. */
struct clock_words clock_words(const json_t *status, struct wall now, struct wall built);

/* By this clock the certificate of this host has ended, which is what is wrong, or the clock: no
 * sentence yet, but what one begins with, or ends. */
struct clock_words clock_words_ended(const json_t *status, struct wall now);

#endif
