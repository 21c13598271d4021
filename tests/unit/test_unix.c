/* test_unix.c - messages between processes keep their bounds and their descriptors; a listener is
 * open to those it is meant for. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/unix.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct unix_message message_of(const char *text)
{
	struct unix_message message = { .len = strlen(text) };

	memcpy(message.bytes, text, message.len);
	return message;
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void messages_keep_their_bounds(void **state)
{
	const struct unix_message one = message_of("one");
	struct unix_message full = { .len = UNIX_MESSAGE_BYTES_MAX };
	struct unix_message got;
	int pair[2];

	(void)state;
	assert_int_equal(unix_pair(pair), 0);
	assert_int_equal(unix_receive(pair[1], &got), ERR_AGAIN);
	assert_int_equal(unix_send(pair[0], &one), 0);
	assert_int_equal(unix_send(pair[0], &full), 0);
	assert_int_equal(unix_receive(pair[1], &got), 0);
	assert_int_equal(got.len, 3);
	assert_memory_equal(got.bytes, "one", 3);
	assert_int_equal(unix_receive(pair[1], &got), 0);
	assert_int_equal(got.len, UNIX_MESSAGE_BYTES_MAX);
	assert_int_equal(unix_receive(pair[1], &got), ERR_AGAIN);
	(void)close(pair[0]);
	assert_int_equal(unix_receive(pair[1], &got), ERR_NOT_FOUND);
	assert_int_equal(unix_send(pair[1], &one), ERR_IO); /* and no signal */
	(void)close(pair[1]);
}

static void a_message_too_long_is_refused(void **state)
{
	static const uint8_t bytes[UNIX_MESSAGE_BYTES_MAX + 1];
	struct unix_message got;
	int pair[2];

	(void)state;
	assert_int_equal(unix_pair(pair), 0);
	assert_int_equal(send(pair[0], bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(unix_receive(pair[1], &got), ERR_TOO_LONG);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void a_full_channel_says_so(void **state)
{
	const struct unix_message message = message_of("x");
	struct unix_message got;
	int pair[2];
	int err = 0;

	(void)state;
	assert_int_equal(unix_pair(pair), 0);
	for (int i = 0; i < 100000 && err == 0; i++)
		err = unix_send(pair[0], &message);
	assert_int_equal(err, ERR_AGAIN);
	assert_int_equal(unix_receive(pair[1], &got), 0);
	while (unix_receive(pair[1], &got) == 0)
		;
	assert_int_equal(unix_send(pair[0], &message), 0);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void descriptors_travel(void **state)
{
	struct unix_message message = message_of("fds");
	struct unix_message got;
	const unsigned before = open_descriptors();
	int pair[2];
	char byte;

	(void)state;
	assert_int_equal(unix_pair(pair), 0);
	assert_int_equal(pipe(message.fds), 0);
	message.fd_count = 2;
	assert_int_equal(unix_send(pair[0], &message), 0);
	assert_int_equal(unix_receive(pair[1], &got), 0);
	assert_int_equal(got.fd_count, 2);
	assert_int_equal(fcntl(got.fds[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(got.fds[1], "!", 1), 1);
	assert_int_equal(read(message.fds[0], &byte, 1), 1);
	assert_int_equal(byte, '!');
	(void)close(got.fds[0]);
	got.fds[0] = -1; /* taken */
	unix_drop_fds(&got);
	assert_int_equal(got.fd_count, 0);
	unix_drop_fds(&message);
	(void)close(pair[0]);
	(void)close(pair[1]);
	assert_int_equal(open_descriptors(), before);
}

#define MANY (2UL * UNIX_FDS_MAX)
#define CLIENTS_MAX 64 /* more than wait at a listener */

/* More descriptors than a message may have are all closed, whoever sent them. */
static void too_many_descriptors_are_refused(void **state)
{
	struct {
		_Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(MANY * sizeof(int))];
	} control = { 0 };
	char byte = 'x';
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr header = { .msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	static const int fds[MANY]; /* all the same */
	const unsigned before = open_descriptors();
	struct unix_message got;
	int pair[2];

	(void)state;
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(fds)),
			       .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	assert_int_equal(unix_pair(pair), 0);
	assert_int_equal(sendmsg(pair[0], &header, 0), 1);
	assert_int_equal(unix_receive(pair[1], &got), ERR_TOO_LONG);
	(void)close(pair[0]);
	(void)close(pair[1]);
	assert_int_equal(open_descriptors(), before);
}

/* --- a listener --- */

static char parent[64];
static char directory[256]; /* longer than sun_path */

static const char *path_of(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(parent, sizeof(parent), "/tmp/ipop-test-unix-XXXXXX");
	if (mkdtemp(parent) == NULL)
		return -1;
	(void)snprintf(directory, sizeof(directory), "%s/%0140d", parent, 0);
	return mkdir(directory, 0755);
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path_of("control"));
	(void)rmdir(directory);
	return rmdir(parent);
}

static void a_listener_knows_who_connects(void **state)
{
	struct unix_peer peer;
	struct stat status;
	int listener;
	int client;
	int connection;
	char byte;

	(void)state;
	assert_int_equal(unix_connect(path_of("control"), 5000, &client), ERR_NOT_FOUND);
	assert_int_equal(unix_listen(path_of("control"), getgid(), &listener), 0);
	assert_int_equal(stat(path_of("control"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0660);
	assert_int_equal(unix_accept(listener, getgid(), &connection, &peer), ERR_AGAIN);
	assert_int_equal(unix_connect(path_of("control"), 5000, &client), 0);
	assert_int_equal(unix_accept(listener, getgid(), &connection, &peer), 0);
	assert_int_equal(peer.uid, getuid());
	assert_true(peer.in_group);
	assert_int_equal(write(client, "!", 1), 1);
	assert_int_equal(read(connection, &byte, 1), 1);
	(void)close(connection);
	(void)close(client);
	assert_int_equal(unix_connect(path_of("control"), 5000, &client), 0);
	assert_int_equal(unix_accept(listener, getgid() + 4711, &connection, &peer), 0);
	assert_false(peer.in_group);
	(void)close(connection);
	(void)close(client);
	assert_int_equal(unix_connect(path_of("control"), 5000, &client), 0);
	assert_int_equal(unix_accept(listener, UNIX_GROUP_NONE, &connection, &peer), 0);
	assert_false(peer.in_group);
	(void)close(connection);
	(void)close(client);
	(void)close(listener);
}

/* Who hangs takes nobody in any more; then nobody hangs with him. */
static void who_is_not_taken_in_does_not_wait_for_ever(void **state)
{
	int clients[CLIENTS_MAX];
	size_t count = 0;
	int listener;
	int err = 0;

	(void)state;
	assert_int_equal(unix_listen(path_of("control"), UNIX_GROUP_NONE, &listener), 0);
	while (count < CLIENTS_MAX) {
		err = unix_connect(path_of("control"), 10, &clients[count]);
		if (err != 0)
			break;
		count++;
	}
	assert_int_equal(err, ERR_TIMEOUT);
	assert_int_equal(unix_connect(path_of("control"), 0, &clients[count]), ERR_TIMEOUT);
	while (count > 0)
		(void)close(clients[--count]);
	(void)close(listener);
}

static void a_leftover_socket_is_replaced(void **state)
{
	struct stat status;
	int listener;
	int client;

	(void)state;
	assert_int_equal(unix_listen(path_of("control"), UNIX_GROUP_NONE, &listener), 0);
	(void)close(listener); /* as after kill -9: the name stays */
	assert_int_equal(unix_connect(path_of("control"), 5000, &client), ERR_NOT_FOUND);
	assert_int_equal(unix_listen(path_of("control"), UNIX_GROUP_NONE, &listener), 0);
	assert_int_equal(stat(path_of("control"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(unix_connect(path_of("control"), 5000, &client), 0);
	(void)close(client);
	(void)close(listener);
}

static void places_that_cannot_be(void **state)
{
	char name[121];
	int fd;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(unix_listen(path_of(name), UNIX_GROUP_NONE, &fd), ERR_TOO_LONG);
	assert_int_equal(unix_listen("control", UNIX_GROUP_NONE, &fd), ERR_NOT_FOUND);
	assert_int_equal(unix_listen(path_of("none/control"), UNIX_GROUP_NONE, &fd), ERR_NOT_FOUND);
}

/* One descriptor came, and there is no number for it: the message is gone, not the channel. */
static void without_a_free_descriptor_nothing_breaks(void **state)
{
	struct unix_message with = message_of("client"), got;
	struct rlimit kept, few;
	int pair[2];

	(void)state;
	assert_int_equal(unix_pair(pair), 0);
	with.fds[0] = pair[0];
	with.fd_count = 1;
	assert_int_equal(unix_send(pair[0], &with), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &kept), 0);
	few = kept;
	few.rlim_cur = (rlim_t)pair[1] + 1; /* pair() took the lowest that were free */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(unix_receive(pair[1], &got), ERR_FULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &kept), 0);
	assert_int_equal(unix_receive(pair[1], &got), ERR_AGAIN);
	assert_int_equal(unix_send(pair[0], &with), 0);
	assert_int_equal(unix_receive(pair[1], &got), 0);
	assert_int_equal(got.fd_count, 1);
	unix_drop_fds(&got);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_keep_their_bounds),
		cmocka_unit_test(a_message_too_long_is_refused),
		cmocka_unit_test(a_full_channel_says_so),
		cmocka_unit_test(descriptors_travel),
		cmocka_unit_test(too_many_descriptors_are_refused),
		cmocka_unit_test(without_a_free_descriptor_nothing_breaks),
		cmocka_unit_test_setup_teardown(a_listener_knows_who_connects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_not_taken_in_does_not_wait_for_ever, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_leftover_socket_is_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_that_cannot_be, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
