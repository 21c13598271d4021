/* input.c - see input.h. */
#include "prog/ipop/input.h"

#include "base/err.h"
#include "crypto/hash.h"
#include "group/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define TERMINAL "/dev/tty"
#define ATTEMPTS 3

/* Fills the room, or as much of it as there is: 0 or ERR_IO. */
static int read_some(int fd, uint8_t *data, size_t room, size_t *ret_len)
{
	size_t len = 0;

	while (len < room) {
		const ssize_t n = read(fd, data + len, room - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

static int read_stream(int fd, size_t max, struct file_bytes *ret)
{
	struct file_bytes bytes = { .data = calloc(1, max + 1) };
	int err;

	if (bytes.data == NULL)
		return ERR_NOMEM;
	err = read_some(fd, bytes.data, max, &bytes.len);
	if (err == 0)
		*ret = bytes;
	else
		file_free(&bytes);
	return err;
}

static int complain_about(const char *name, int err, struct complaint *complaint)
{
	return complain(complaint, err, "%s: %s", strcmp(name, "-") == 0 ? "standard input" : name,
			err_text(err));
}

static bool is_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

/* At most the first `max` bytes. */
static int read_start(const char *name, size_t max, struct file_bytes *ret,
		      struct complaint *complaint)
{
	const bool standard = strcmp(name, "-") == 0;
	const int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	const bool directory = fd >= 0 && is_directory(fd);
	int err = fd < 0 ? file_err(errno) : ERR_UNSUPPORTED;

	if (fd >= 0 && !directory)
		err = read_stream(fd, max, ret);
	if (!standard && fd >= 0)
		(void)close(fd); /* nothing was written */
	if (directory)
		return complain(complaint, err, "%s: that is a directory, not a file", name);
	return err == 0 ? 0 : complain_about(name, err, complaint);
}

int input_read(const char *name, size_t max, struct file_bytes *ret, struct complaint *complaint)
{
	struct file_bytes bytes = { .len = 0 };
	const int err = read_start(name, max + 1, &bytes, complaint);

	if (err != 0)
		return err;
	if (bytes.len > max) {
		file_free(&bytes);
		return complain(complaint, ERR_TOO_LONG,
				"%s: longer than %zu bytes, which is more than belongs there",
				strcmp(name, "-") == 0 ? "standard input" : name, max);
	}
	*ret = bytes;
	return 0;
}

/* --- passphrases --- */

/* The first line, without the carriage return that some editors end it with. */
static int take_line(struct span text, struct input_passphrase *ret)
{
	struct span line = { NULL, 0 };

	(void)text_next(&text, '\n', &line);
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	if (line.len > INPUT_PASSPHRASE_MAX)
		return ERR_TOO_LONG;
	for (size_t i = 0; i < line.len; i++)
		ret->bytes[i] = line.data[i];
	ret->len = line.len;
	return 0;
}

int input_passphrase_file(const struct cli *cli, struct input_passphrase *ret,
			  struct complaint *complaint)
{
	const char *const name = cli_value(cli, "passphrase-file", 0);
	struct file_bytes bytes = { .len = 0 };
	int err;

	if (name == NULL)
		return ERR_NOT_FOUND;
	err = read_start(name, INPUT_PASSPHRASE_MAX + sizeof("\r"), &bytes, complaint);
	if (err != 0)
		return err == ERR_NOT_FOUND ? ERR_IO : err; /* the option is there */
	err = take_line(span_of(bytes.data, bytes.len), ret);
	file_free(&bytes);
	if (err == 0 && ret->len == 0)
		err = ERR_MALFORMED;
	return err == 0 ? 0 : complain(complaint, err, "%s: the first line is no passphrase", name);
}

/* One line. */
static int read_line(int fd, struct input_passphrase *ret)
{
	uint8_t line[INPUT_PASSPHRASE_MAX + 1];
	ssize_t n;
	int err;

	do {
		n = read(fd, line, sizeof(line));
	} while (n < 0 && errno == EINTR);
	err = n > 0 ? take_line(span_of(line, (size_t)n), ret) : ERR_IO;
	secret_wipe(line, sizeof(line));
	return err;
}

/* There is no echo before there is a question, so nothing that is typed early shows; and signals
 * that would leave the terminal like that come to nothing. */
static int ask_once(int fd, const char *question, const char *what, struct input_passphrase *ret)
{
	struct termios before;
	struct termios silent;
	int err = ERR_IO;

	if (tcgetattr(fd, &before) != 0)
		return ERR_IO;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	if (tcsetattr(fd, TCSAFLUSH, &silent) != 0)
		return ERR_IO;
	if (dprintf(fd, "%s %s: ", question, what) > 0)
		err = read_line(fd, ret);
	if (tcsetattr(fd, TCSADRAIN, &before) != 0)
		err = ERR_IO;
	(void)dprintf(fd, "\n"); /* the one that was typed did not show */
	return err;
}

static int ask_twice(int fd, const char *what, struct input_passphrase *ret)
{
	struct input_passphrase second;
	bool agreed = false;
	int err = 0;

	for (unsigned i = 0; i < ATTEMPTS && err == 0 && !agreed; i++) {
		err = ask_once(fd, "New passphrase for", what, ret);
		if (err == 0)
			err = ask_once(fd, "Again, for", what, &second);
		agreed = err == 0 && ret->len > 0 && ret->len == second.len &&
			 secret_equal(ret->bytes, second.bytes, ret->len);
	}
	secret_wipe(&second, sizeof(second));
	return err == 0 && !agreed ? ERR_PASSPHRASE : err;
}

int input_passphrase_ask(const char *what, bool again, struct input_passphrase *ret,
			 struct complaint *complaint)
{
	const int fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return complain(complaint, ERR_UNSUPPORTED,
				"%s needs a passphrase, and there is no terminal to ask for it: "
				"--passphrase-file FILE",
				what);
	err = again ? ask_twice(fd, what, ret) : ask_once(fd, "Passphrase for", what, ret);
	(void)close(fd); /* a terminal */
	return err == 0 ? 0 : complain(complaint, err, "no passphrase for %s", what);
}

bool input_confirm(const char *question)
{
	const int fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	char answer[16] = "";
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (dprintf(fd, "%s [y/N] ", question) > 0)
		n = read(fd, answer, sizeof(answer) - 1);
	(void)close(fd); /* a terminal */
	return n >= 1 && (answer[0] == 'y' || answer[0] == 'Y');
}
