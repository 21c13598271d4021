/* test_ipop_control.c - the client hears what the daemon says, also from one that turns it away. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "io/unix.h"
#include "prog/ipop/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FULL \
	"{\"schema\":\"ipop.error/1\",\"code\":\"ERR_FULL\",\"text\":\"too many\",\"exit\":1}\n"

static char root[] = "/tmp/ipop-test-control-XXXXXX";
static struct store store = { .root = root, .network = "lab" };
static int listener = -1;

static int set_up(void **state)
{
	struct file_path path;

	(void)state;
	return mkdtemp(root) == NULL || store_directory_path(&store, STORE_RUN, &path) != 0 ||
			       file_make_directory(path.text, 0750, FILE_GROUP_KEEP) != 0 ||
			       store_path(&store, STORE_CONTROL, &path) != 0 ||
			       unix_listen(path.text, UNIX_GROUP_NONE, &listener) != 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	static const char *const parts[] = { "/run/ipop/lab/control", "/run/ipop/lab", "/run/ipop",
					     "/run", "" };
	struct file_path path;

	(void)state;
	(void)close(listener);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (file_path(&path, "%s%s", root, parts[i]) != 0 || remove(path.text) != 0)
			return -1;
	return 0;
}

/* A connection of which the daemon's end has said this and is closed. */
static void open_to(const char *answer, struct control *ret)
{
	struct complaint complaint;
	struct unix_peer peer;
	int fd;

	assert_int_equal(control_open(&store, ret, &complaint), EXIT_OK);
	assert_int_equal(unix_accept(listener, UNIX_GROUP_NONE, &fd, &peer), 0);
	assert_int_equal(send(fd, answer, strlen(answer), MSG_NOSIGNAL), strlen(answer));
	(void)close(fd);
}

static void expect_failure(const char *answer, enum exit_code code, int err, const char *text)
{
	static const struct control_request request = { .verb = "status" };
	struct complaint complaint;
	struct control control;
	json_t *unused;

	open_to(answer, &control);
	assert_int_equal(control_ask(&control, &request, &unused, &complaint), code);
	assert_int_equal(control.err, err);
	assert_string_equal(complaint.text, text);
	control_close(&control);
}

/* Its request cannot be sent any more; the reason is there all the same. */
static void who_is_turned_away_hears_why(void **state)
{
	(void)state;
	expect_failure(FULL, EXIT_FAILED, ERR_FULL, "lab: too many");
	expect_failure("", EXIT_FAILED, ERR_IO, "lab: the daemon closed the connection");
}

static void errors_have_their_codes(void **state)
{
	(void)state;
	expect_failure("{\"schema\":\"ipop.error/1\",\"code\":\"ERR_TIMEOUT\",\"text\":\"gone\","
		       "\"exit\":5}\n",
		       EXIT_NO_REPLY, ERR_TIMEOUT, "lab: gone");
	expect_failure("{\"schema\":\"ipop.error/1\",\"code\":\"ERR_OF_TOMORROW\",\"text\":\"\","
		       "\"exit\":99}\n",
		       EXIT_FAILED, ERR_IO, "lab: the daemon refused and did not say why");
	expect_failure("{\"schema\":\"ipop.status/2\"}\n", EXIT_FAILED, ERR_VERSION,
		       "lab: the daemon is of another version than this program");
	expect_failure("hello\n", EXIT_FAILED, ERR_MALFORMED,
		       "lab: the daemon's answer is no JSON");
}

static void nobody_listens(void **state)
{
	struct store other = { .root = root, .network = "den" };
	struct complaint complaint;
	struct control control;

	(void)state;
	assert_int_equal(control_open(&other, &control, &complaint), EXIT_NOT_RUNNING);
	assert_int_equal(control.err, ERR_NOT_FOUND);
	assert_int_equal(control.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_turned_away_hears_why),
		cmocka_unit_test(errors_have_their_codes),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
