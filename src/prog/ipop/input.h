/* input.h - what a verb asks its user for: files that he names, passphrases, a yes. */
#ifndef PROG_IPOP_INPUT_H
#define PROG_IPOP_INPUT_H

#include "group/complaint.h"
#include "io/file.h"
#include "prog/ipop/cli.h"

#define INPUT_PASSPHRASE_MAX 1023

/* A file that the user named, "-" for standard input: at most `max` bytes. Links and pipes are his
 * own business, so they are followed. 0, ERR_NOT_FOUND, ERR_PERMISSION, ERR_TOO_LONG, ERR_NOMEM,
 * ERR_IO, with a complaint that names it. The caller frees it. */
int input_read(const char *name, size_t max, struct file_bytes *ret, struct complaint *complaint);

struct input_passphrase {
	uint8_t bytes[INPUT_PASSPHRASE_MAX + 1]; /* secret */
	size_t len;
};

/* The first line of the file named with --passphrase-file. 0, ERR_NOT_FOUND if there is no such
 * option, or an error with a complaint. */
int input_passphrase_file(const struct cli *cli, struct input_passphrase *ret,
			  struct complaint *complaint);

/* Asks on the terminal, without echo; with `again`, a second time, until both agree. 0,
 * ERR_UNSUPPORTED (there is no terminal), ERR_IO; with a complaint. */
int input_passphrase_ask(const char *what, bool again, struct input_passphrase *ret,
			 struct complaint *complaint);

/* Asks on the terminal; false also where there is none. */
bool input_confirm(const char *question);

#endif
