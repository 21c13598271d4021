/* complete.h - what may come next on a command line: `ipop complete WORD...`, for shells.
 *
 * The scripts of packaging/completion ask at each press of a key, so this needs no daemon, says
 * nothing of what fails, and takes names of members from those that answer within COMPLETE_MS.
 */
#ifndef PROG_IPOP_COMPLETE_H
#define PROG_IPOP_COMPLETE_H

#include "prog/ipop/cli.h"

#define COMPLETE_MS 1000 /* for all networks of the host: a hung daemon hangs no shell */

/* Prints, a line each, what the last word may become; the words before it are those behind `ipop`.
 * Prints nothing where any file, or anything, may come. */
enum exit_code complete_print(const struct cli_verb *verbs, char **words, size_t count);

#endif
