/* fake_daemon.c - stands in for ipopd at the control socket, with prepared answers.
 *
 * fake_daemon SOCKET DIRECTORY: the n-th request of a verb (from 0) is answered with the file
 * DIRECTORY/VERB.n, or the last before it that is there; if DIRECTORY/VERB.n.end is there, too, the
 * connection is closed then. If there is DIRECTORY/again, which goes, it is the first request of
 * each verb again. `down` is the last request. A connection with anything else than a request of
 * doc/control.md is closed.
 */
#include "base/err.h"
#include "io/file.h"
#include "io/unix.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 65536
#define VERBS_MAX 12

struct fake {
	const char *directory;
	struct {
		char verb[16];
		unsigned count;
	} asked[VERBS_MAX];
};

/* How often the verb was asked for before. */
static unsigned count_verb(struct fake *fake, const char *verb)
{
	struct file_path again;

	if (file_path(&again, "%s/again", fake->directory) == 0 && unlink(again.text) == 0)
		memset(fake->asked, 0, sizeof(fake->asked));
	for (size_t i = 0; i < VERBS_MAX; i++) {
		if (fake->asked[i].verb[0] == '\0')
			(void)snprintf(fake->asked[i].verb, sizeof(fake->asked[i].verb), "%s",
				       verb);
		if (strcmp(fake->asked[i].verb, verb) == 0)
			return fake->asked[i].count++;
	}
	return 0;
}

static int answer(struct fake *fake, int fd, const char *verb)
{
	unsigned n = count_verb(fake, verb);
	struct file_bytes bytes;
	struct file_path path;
	int err;

	do {
		err = file_path(&path, "%s/%s.%u", fake->directory, verb, n);
		if (err == 0)
			err = file_read(path.text, LINE_MAX_BYTES, &bytes);
	} while (err == ERR_NOT_FOUND && n-- > 0);
	if (err != 0)
		return err;
	err = write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len ? 0 : ERR_IO;
	file_free(&bytes);
	if (err == 0)
		err = file_path(&path, "%s/%s.%u.end", fake->directory, verb, n);
	return err == 0 && access(path.text, F_OK) == 0 ? ERR_STALE : err;
}

/* One request: 0, or an error after which the connection is closed. */
static int serve_line(struct fake *fake, int fd, const char *line, bool *ret_down)
{
	json_t *const request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *schema = json_string_value(json_object_get(request, "schema"));
	const char *verb = json_string_value(json_object_get(request, "verb"));
	int err = ERR_MALFORMED;

	if (schema != NULL && strcmp(schema, "ipop.request/1") == 0 && verb != NULL) {
		*ret_down = strcmp(verb, "down") == 0;
		err = answer(fake, fd, verb);
	}
	json_decref(request);
	return err;
}

/* Until the client goes; true if it wanted the daemon to go. */
static bool serve(struct fake *fake, int fd)
{
	FILE *const in = fdopen(dup(fd), "r");
	char line[LINE_MAX_BYTES];
	bool down = false;

	while (in != NULL && !down && fgets(line, sizeof(line), in) != NULL)
		if (serve_line(fake, fd, line, &down) != 0)
			break;
	if (in != NULL)
		(void)fclose(in); /* only read */
	return down;
}

int main(int argc, char **argv)
{
	struct fake fake = { .directory = argc == 3 ? argv[2] : "" };
	struct unix_peer peer;
	int listener;
	bool down = false;

	/* Who asks may not wait for the answer. */
	if (argc != 3 || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    unix_listen(argv[1], UNIX_GROUP_NONE, &listener) != 0)
		return 1;
	while (!down) {
		struct pollfd wait = { .fd = listener, .events = POLLIN };
		int fd;

		if (poll(&wait, 1, -1) < 0 ||
		    unix_accept(listener, UNIX_GROUP_NONE, &fd, &peer) != 0)
			continue;
		(void)fcntl(fd, F_SETFL, 0); /* blocking */
		down = serve(&fake, fd);
		if (down)
			(void)unlink(argv[1]);
		(void)close(fd);
	}
	return 0;
}
