/* exit_code.h - how our programs end (doc/cli.md), and what an error ends them with.
 *
 * The daemon's answers carry these codes, and `ipop up` passes on what the daemon ended with, so
 * both programs have to mean the same.
 */
#ifndef PROG_EXIT_CODE_H
#define PROG_EXIT_CODE_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_RUNNING = 3,
	EXIT_NOT_JOINED = 4,
	EXIT_NO_REPLY = 5,
	EXIT_NOT_DIRECT = 6,
	EXIT_DENIED = 7,
	EXIT_CERTIFICATE = 8
};

/* For 0 or an error of base/err.h, wherever it comes from. Who knows more than the error says
 * chooses by itself: that input which is malformed was a command line (EXIT_USAGE), or that what is
 * not there is a network of this host (EXIT_NOT_JOINED). */
enum exit_code exit_code_of(int err);

#endif
