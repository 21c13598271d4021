/* test_scrapes.c - who asks is answered, whoever else is connected, and nobody stays for long. */
#include "tests/lib/cmocka.h"

#include "prog/ipop/scrapes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";

static struct mono at(uint64_t ms)
{
	return (struct mono){ .us = 1000000 + ms * 1000 };
}

/* Both ends of a connection; `ours` goes to whom we test. */
struct pair {
	int ours, theirs;
};

static struct pair come(struct scrapes *scrapes, uint64_t ms)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	scrapes_add(scrapes, fds[0], at(ms));
	return (struct pair){ .ours = fds[0], .theirs = fds[1] };
}

static const char *say(struct scrapes *scrapes, struct pair p, const char *text, uint64_t ms)
{
	assert_int_equal(send(p.theirs, text, strlen(text), 0), strlen(text));
	return scrapes_input(scrapes, p.ours, at(ms));
}

/* Whether the other end was closed; nothing else has come. */
static bool is_dropped(struct pair p)
{
	char byte;

	return recv(p.theirs, &byte, 1, MSG_DONTWAIT) == 0;
}

static bool is_at(struct mono a, uint64_t ms)
{
	return a.us == at(ms).us;
}

static void a_request_comes_in_pieces(void **state)
{
	static const char *const whole[] = { "a\r\n\r\n", "a\n\n", "a\nb: c\n\r\n" };
	struct scrapes *const scrapes = scrapes_new();
	struct pair p;

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		p = come(scrapes, 0);
		assert_null(say(scrapes, p, "GET /", 1));
		assert_non_null(say(scrapes, p, whole[i], 2));
		assert_int_equal(close(p.theirs), 0);
	}
	p = come(scrapes, 0);
	assert_null(say(scrapes, p, "GET / HTTP/1.1\r\nHost: x\r\n", 1));
	assert_null(scrapes_input(scrapes, p.ours, at(1))); /* nothing new */
	assert_false(is_dropped(p));
	assert_string_equal(say(scrapes, p, "\r\n", 2), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	scrapes_del(scrapes);
	assert_true(is_dropped(p));
}

static void what_is_no_request_is_dropped(void **state)
{
	struct scrapes *const scrapes = scrapes_new();
	struct pair p = come(scrapes, 0);
	char line[1024];

	(void)state;
	assert_int_equal(send(p.theirs, "GET \0\n\n", 7, 0), 7);
	assert_null(scrapes_input(scrapes, p.ours, at(1)));
	assert_true(is_dropped(p));
	p = come(scrapes, 0);
	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i < SCRAPES_HEAD_BYTES_MAX / sizeof(line); i++) {
		assert_false(is_dropped(p));
		assert_int_equal(send(p.theirs, line, sizeof(line), 0), sizeof(line));
		assert_null(scrapes_input(scrapes, p.ours, at(1)));
	}
	assert_int_equal(recv(p.theirs, line, 1, MSG_DONTWAIT), 0);
	p = come(scrapes, 0);
	assert_int_equal(shutdown(p.theirs, SHUT_WR), 0);
	assert_null(scrapes_input(scrapes, p.ours, at(1)));
	assert_true(is_dropped(p));
	assert_true(scrapes_deadline(scrapes).us == MONO_NEVER.us);
	scrapes_del(scrapes);
}

static void the_longest_silent_goes(void **state)
{
	struct scrapes *const scrapes = scrapes_new();
	struct pair pairs[SCRAPES_MAX];
	struct pollfd waits[SCRAPES_MAX];
	struct pair more;

	(void)state;
	for (size_t i = 0; i < SCRAPES_MAX; i++) {
		assert_true(is_at(scrapes_room(scrapes, at(100 + i)), 100 + i));
		pairs[i] = come(scrapes, 100 + i);
	}
	assert_int_equal(scrapes_waits(scrapes, waits), SCRAPES_MAX);
	assert_true(is_at(scrapes_room(scrapes, at(115)), 100 + SCRAPES_GRACE_MS));
	assert_null(say(scrapes, pairs[0], "G", 116));
	assert_null(say(scrapes, pairs[2], "G", 116));
	assert_true(is_at(scrapes_room(scrapes, at(200)), 200));
	more = come(scrapes, 200);
	assert_true(is_dropped(pairs[1]));
	assert_false(is_dropped(pairs[0]) || is_dropped(pairs[2]) || is_dropped(pairs[3]));
	more = come(scrapes, 201);
	assert_true(is_dropped(pairs[3]));
	assert_false(is_dropped(more));
	scrapes_del(scrapes);
}

/* However much others say: who just came has its time. */
static void who_just_came_stays_for_its_request(void **state)
{
	struct scrapes *const scrapes = scrapes_new();
	struct pair pairs[SCRAPES_MAX];
	struct pair more;

	(void)state;
	for (size_t i = 0; i < SCRAPES_MAX; i++)
		pairs[i] = come(scrapes, 0);
	more = come(scrapes, 20);
	for (size_t i = 1; i < SCRAPES_MAX; i++)
		assert_null(say(scrapes, pairs[i], "G", 30));
	(void)come(scrapes, 31);
	assert_false(is_dropped(more));
	assert_non_null(say(scrapes, more, request, 32));
	scrapes_del(scrapes);
}

static void time_is_short(void **state)
{
	struct scrapes *const scrapes = scrapes_new();
	const struct pair p = come(scrapes, 100);

	(void)state;
	assert_null(say(scrapes, p, "G", 2000));
	assert_true(is_at(scrapes_deadline(scrapes), 100 + SCRAPES_PATIENCE_MS));
	scrapes_expire(scrapes, at(99 + SCRAPES_PATIENCE_MS));
	assert_false(is_dropped(p));
	scrapes_expire(scrapes, at(100 + SCRAPES_PATIENCE_MS));
	assert_true(is_dropped(p));
	scrapes_del(scrapes);
}

/* One who takes it slowly gets all of it, in so much time. */
static void an_answer_goes_out_in_pieces(void **state)
{
	const size_t size = 1 << 20;
	char *const body = calloc(1, size);
	char *const got = malloc(size);
	const struct scrapes_answer answer = { "200 OK", "text/plain", span_of(body, size) };
	struct scrapes *const scrapes = scrapes_new();
	const struct pair p = come(scrapes, 0);
	struct pollfd waits[SCRAPES_MAX];
	size_t sum = 0;
	ssize_t n;

	(void)state;
	assert_non_null(say(scrapes, p, request, 1500));
	scrapes_answer(scrapes, p.ours, &answer, at(1500));
	assert_true(is_at(scrapes_deadline(scrapes), 1500 + SCRAPES_PATIENCE_MS));
	assert_int_equal(scrapes_waits(scrapes, waits), 1);
	assert_int_equal(waits[0].events, POLLOUT);
	while ((n = recv(p.theirs, got, size, MSG_DONTWAIT)) > 0) {
		if (sum == 0)
			assert_memory_equal(got, "HTTP/1.1 200 OK\r\n", 17);
		sum += (size_t)n;
		if (scrapes_waits(scrapes, waits) == 1)
			assert_null(scrapes_input(scrapes, p.ours, at(1600)));
	}
	assert_int_equal(n, 0);
	assert_in_range(sum, size, size + 256);
	scrapes_del(scrapes);
	free(body);
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_in_pieces),
		cmocka_unit_test(what_is_no_request_is_dropped),
		cmocka_unit_test(the_longest_silent_goes),
		cmocka_unit_test(who_just_came_stays_for_its_request),
		cmocka_unit_test(time_is_short),
		cmocka_unit_test(an_answer_goes_out_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
