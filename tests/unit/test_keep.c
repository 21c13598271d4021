/* test_keep.c - what a node remembers comes back after a restart, and nothing else does. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/keep.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID "aebagbafaydqqcikbmga2dqpcaireeyu"

static char root[] = "/tmp/ipop-test-keep-XXXXXX";
static const struct store store = { .root = root, .network = "lab" };
static const struct mono start = { .us = 5000000 };

static int set_up(void **state)
{
	struct complaint complaint;

	(void)state;
	return mkdtemp(root) == NULL || store_make_directory(&store, STORE_MEMBER, &complaint) != 0
		       ? -1
		       : 0;
}

static int tear_down(void **state)
{
	static const char *const parts[] = {
		"/var/lib/ipop/lab/neighbours",
		"/var/lib/ipop/lab",
		"/var/lib/ipop",
		"/var/lib",
		"/var",
		"",
	};
	struct file_path path;

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (file_path(&path, "%s%s", root, parts[i]) != 0 || remove(path.text) != 0)
			return -1;
	return 0;
}

/* --- what was logged, as the number of lines --- */

static int kept_stderr = -1;
static int log_pipe[2];

static void begin_log(void)
{
	kept_stderr = dup(STDERR_FILENO);
	assert_int_equal(pipe(log_pipe), 0);
	assert_int_equal(fcntl(log_pipe[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(dup2(log_pipe[1], STDERR_FILENO), STDERR_FILENO);
}

static unsigned end_log(void)
{
	unsigned lines = 0;
	char byte;

	assert_int_equal(dup2(kept_stderr, STDERR_FILENO), STDERR_FILENO);
	while (read(log_pipe[0], &byte, 1) == 1)
		lines += byte == '\n';
	(void)close(kept_stderr);
	(void)close(log_pipe[0]);
	(void)close(log_pipe[1]);
	return lines;
}

/* --- the file --- */

static void write_text(const char *text)
{
	struct complaint complaint;

	assert_int_equal(store_write(&store, STORE_NEIGHBOURS, span_text(text), &complaint), 0);
}

static void expect_text(const char *want)
{
	struct file_bytes bytes = { .len = 0 };
	struct complaint complaint;

	assert_int_equal(store_read(&store, STORE_NEIGHBOURS, &bytes, &complaint), 0);
	assert_string_equal((const char *)bytes.data, want);
	file_free(&bytes);
}

/* One neighbour, whose endpoint tells it from others. */
static struct channel_neighbours one(uint16_t port)
{
	struct channel_neighbours neighbours = { .count = 1 };

	assert_int_equal(id_from_text(ID, &neighbours.list[0].id), 0);
	neighbours.list[0].endpoint = endpoint_v4((const uint8_t[]){ 203, 0, 113, 7 }, port);
	return neighbours;
}

/* As many as can be, of all kinds of addresses. */
static struct channel_neighbours full(void)
{
	static const char *const addresses[] = {
		"203.0.113.7", "2001:db8::7",     "fd00:1111:2222:3333:4444:5555:6666:7777",
		"::102:304",   "255.255.255.255", "::1"
	};
	struct channel_neighbours neighbours = { .count = NODE_NEIGHBOURS_MAX };

	for (uint8_t i = 0; i < NODE_NEIGHBOURS_MAX; i++) {
		struct node_neighbour *const neighbour = &neighbours.list[i];

		memset(neighbour->id.bytes, 0xf0 + i, ID_BYTES);
		assert_int_equal(endpoint_ip_from_text(addresses[i % 6], &neighbour->endpoint), 0);
		neighbour->endpoint.port = (uint16_t)(UINT16_MAX - i);
	}
	return neighbours;
}

static void the_text_is_of_bootstrap_lines(void **state)
{
	const struct channel_neighbours neighbours = one(4767);
	uint8_t text[KEEP_TEXT_MAX];
	struct writer w = writer_of(text, sizeof(text));

	(void)state;
	keep_print(&neighbours, &w);
	assert_true(span_equal(writer_span(&w), span_text("203.0.113.7:4767#" ID "\n")));
}

static void what_is_printed_is_read_again(void **state)
{
	const struct channel_neighbours neighbours = full();
	struct channel_neighbours got = { .count = 0 };
	uint8_t text[KEEP_TEXT_MAX];
	struct writer w = writer_of(text, sizeof(text));

	(void)state;
	keep_print(&neighbours, &w);
	assert_true(writer_ok(&w));
	assert_int_equal(keep_parse(writer_span(&w), &got), 0);
	assert_int_equal(got.count, neighbours.count);
	for (uint32_t i = 0; i < got.count; i++) {
		assert_true(id_equal(&got.list[i].id, &neighbours.list[i].id));
		assert_true(endpoint_equal(&got.list[i].endpoint, &neighbours.list[i].endpoint));
	}
	assert_int_equal(keep_parse(span_text(""), &got), 0);
	assert_int_equal(got.count, 0);
}

static void only_whole_texts_of_endpoints_are_read(void **state)
{
	static const char *const wrong[] = {
		"\n",
		"x",
		"203.0.113.7:4767\n",
		"203.0.113.7#" ID "\n",
		"vpn.example.org:4767#" ID "\n", /* nothing is to be looked up */
		"203.0.113.7:0#" ID "\n",
		"0.0.0.0:4767#" ID "\n",
		"[::]:4767#" ID "\n",
		"203.0.113.7:4767#" ID "x\n",
		"203.0.113.7:4767#" ID "\n\n",
		"203.0.113.7:4767#" ID "\n203.0.113.7:47",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct channel_neighbours got = { .count = 7 };

		assert_int_equal(keep_parse(span_text(wrong[i]), &got), ERR_MALFORMED);
		assert_int_equal(got.count, 7);
	}
}

static void a_text_has_a_limit(void **state)
{
	static const char line[] = "203.0.113.7:4767#" ID "\n";
	const size_t len = sizeof(line) - 1;
	uint8_t text[(NODE_NEIGHBOURS_MAX + 1) * sizeof(line)];
	struct channel_neighbours got = { .count = 0 };

	(void)state;
	for (size_t i = 0; i <= NODE_NEIGHBOURS_MAX; i++)
		memcpy(text + i * len, line, len);
	assert_int_equal(keep_parse(span_of(text, NODE_NEIGHBOURS_MAX * len), &got), 0);
	assert_int_equal(got.count, NODE_NEIGHBOURS_MAX);
	assert_int_equal(keep_parse(span_of(text, (NODE_NEIGHBOURS_MAX + 1) * len), &got),
			 ERR_FULL);
}

static void a_damaged_file_costs_a_line(void **state)
{
	struct keep keep;

	(void)state;
	begin_log();
	keep_init(&keep, &store); /* there is none yet */
	assert_int_equal(end_log(), 0);
	assert_int_equal(keep.neighbours.count, 0);
	write_text("203.0.113.7:4767#" ID "\nnonsense\n");
	begin_log();
	keep_init(&keep, &store);
	assert_int_equal(end_log(), 1);
	assert_int_equal(keep.neighbours.count, 0);
	assert_int_equal(keep_deadline(&keep).us, MONO_NEVER.us);
}

static void neighbours_come_back(void **state)
{
	const struct channel_neighbours neighbours = one(1);
	struct keep keep;

	(void)state;
	keep_init(&keep, &store);
	keep_take(&keep, &neighbours);
	keep_poll(&keep, start);
	expect_text("203.0.113.7:1#" ID "\n");
	keep_init(&keep, &store);
	assert_int_equal(keep.neighbours.count, 1);
	assert_true(
		endpoint_equal(&keep.neighbours.list[0].endpoint, &neighbours.list[0].endpoint));
	keep_take(&keep, &neighbours);
	assert_int_equal(keep_deadline(&keep).us, MONO_NEVER.us); /* they stand there */
}

static void one_write_a_second(void **state)
{
	struct channel_neighbours neighbours = one(10);
	const struct mono next = mono_add_ms(start, KEEP_PAUSE_MS);
	struct keep keep;

	(void)state;
	keep_init(&keep, &store);
	keep_take(&keep, &neighbours);
	assert_true(mono_reached(start, keep_deadline(&keep)));
	keep_poll(&keep, start);
	for (uint16_t port = 11; port < 20; port++) {
		neighbours = one(port);
		keep_take(&keep, &neighbours);
		keep_poll(&keep, (struct mono){ .us = next.us - 1 });
	}
	expect_text("203.0.113.7:10#" ID "\n");
	assert_int_equal(keep_deadline(&keep).us, next.us);
	keep_poll(&keep, next);
	expect_text("203.0.113.7:19#" ID "\n");
	assert_int_equal(keep_deadline(&keep).us, MONO_NEVER.us);

	neighbours = one(20);
	keep_take(&keep, &neighbours);
	keep_poll(&keep, next);
	expect_text("203.0.113.7:19#" ID "\n");
	keep_flush(&keep); /* the end does not wait */
	expect_text("203.0.113.7:20#" ID "\n");
}

/* While it is hidden nothing can be written to it. */
static void hide(bool hidden)
{
	struct file_path away;
	struct file_path path;

	assert_int_equal(store_directory_path(&store, STORE_MEMBER, &path), 0);
	assert_int_equal(file_path(&away, "%s.hidden", path.text), 0);
	assert_int_equal(hidden ? rename(path.text, away.text) : rename(away.text, path.text), 0);
}

static void a_disk_that_refuses_is_told_of_once(void **state)
{
	struct channel_neighbours neighbours = one(30);
	struct keep keep;

	(void)state;
	keep_init(&keep, &store);
	hide(true);
	begin_log();
	keep_take(&keep, &neighbours);
	for (uint64_t i = 0; i < 3; i++) {
		const struct mono now = mono_add_ms(start, i * KEEP_RETRY_MS);

		keep_take(&keep, &neighbours); /* the same, and still not there */
		assert_int_equal(keep_deadline(&keep).us, i == 0 ? 0 : now.us);
		keep_poll(&keep, now);
	}
	assert_int_equal(end_log(), 1);
	hide(false);
	keep_poll(&keep, mono_add_ms(start, UINT64_C(3) * KEEP_RETRY_MS - 1));
	expect_text("203.0.113.7:20#" ID "\n"); /* not yet */
	keep_poll(&keep, mono_add_ms(start, UINT64_C(3) * KEEP_RETRY_MS));
	expect_text("203.0.113.7:30#" ID "\n");
	assert_int_equal(keep_deadline(&keep).us, MONO_NEVER.us);
}

/* Whom the node named last is tried once more at the end, though it has named nobody since. */
static void the_end_tries_again(void **state)
{
	struct channel_neighbours neighbours = one(31);
	struct keep keep;

	(void)state;
	keep_init(&keep, &store);
	keep_take(&keep, &neighbours);
	hide(true);
	begin_log();
	keep_poll(&keep, start);
	assert_int_equal(end_log(), 1);
	hide(false);
	keep_flush(&keep);
	expect_text("203.0.113.7:31#" ID "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_of_bootstrap_lines),
		cmocka_unit_test(what_is_printed_is_read_again),
		cmocka_unit_test(only_whole_texts_of_endpoints_are_read),
		cmocka_unit_test(a_text_has_a_limit),
		cmocka_unit_test(a_damaged_file_costs_a_line),
		cmocka_unit_test(neighbours_come_back),
		cmocka_unit_test(one_write_a_second),
		cmocka_unit_test(a_disk_that_refuses_is_told_of_once),
		cmocka_unit_test(the_end_tries_again),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
