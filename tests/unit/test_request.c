/* test_request.c - the lines of doc/control.md are understood, and every other one is refused. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/request.h"
#include "wire/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "{\"schema\":\"ipop.request/1\",\"verb\":"

static int parse(const char *line, struct request *ret)
{
	const char *why = NULL;
	const int err = request_parse(span_text(line), ret, &why);

	assert_true(err == 0 || (why != NULL && why[0] != 0));
	return err;
}

static void verbs_are_known(void **state)
{
	static const struct {
		const char *line;
		enum request_verb verb;
		bool changes;
	} good[] = {
		{ HEAD "\"version\"}", REQUEST_VERSION, false },
		{ HEAD "\"status\"}", REQUEST_STATUS, false },
		{ " { \"verb\" : \"peers\" , \"schema\" : \"ipop.request/1\" } \r", REQUEST_PEERS,
		  false },
		{ HEAD "\"monitor\"}", REQUEST_MONITOR, false },
		{ HEAD "\"config\"}", REQUEST_CONFIG, false },
		{ HEAD "\"reload\"}", REQUEST_RELOAD, true },
		{ HEAD "\"down\"}", REQUEST_DOWN, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct request request;

		assert_int_equal(parse(good[i].line, &request), 0);
		assert_int_equal(request.verb, good[i].verb);
		assert_string_equal(request.peer, "");
		assert_int_equal(request_changes(request.verb), good[i].changes);
	}
	assert_false(request_changes(REQUEST_PING));
}

static void a_ping_has_a_peer(void **state)
{
	struct request request;
	char longest[NODE_PEER_TEXT_MAX + 2];
	char line[256];

	(void)state;
	assert_int_equal(parse(HEAD "\"ping\",\"peer\":\"beta\"}", &request), 0);
	assert_int_equal(request.verb, REQUEST_PING);
	assert_string_equal(request.peer, "beta");
	memset(longest, 'x', sizeof(longest));
	longest[NODE_PEER_TEXT_MAX + 1] = 0;
	(void)snprintf(line, sizeof(line), HEAD "\"ping\",\"peer\":\"%s\"}", longest);
	assert_int_equal(parse(line, &request), ERR_MALFORMED);
	longest[NODE_PEER_TEXT_MAX] = 0;
	(void)snprintf(line, sizeof(line), HEAD "\"ping\",\"peer\":\"%s\"}", longest);
	assert_int_equal(parse(line, &request), 0);
	assert_string_equal(request.peer, longest);
}

static void a_way_is_asked_for_hop_by_hop(void **state)
{
	static const char *const bad[] = {
		HEAD "\"who\"}",
		HEAD "\"who\",\"hops\":3}",
		HEAD "\"who\",\"peer\":\"beta\",\"hops\":0}",
		HEAD "\"who\",\"peer\":\"beta\",\"hops\":33}",
		HEAD "\"who\",\"peer\":\"beta\",\"hops\":\"3\"}",
		HEAD "\"who\",\"peer\":\"beta\",\"hops\":null}",
		HEAD "\"who\",\"peer\":\"beta\",\"aside\":1}",
		HEAD "\"who\",\"peer\":\"beta\",\"links\":\"yes\"}",
		HEAD "\"who\",\"peer\":\"beta\",\"hop\":3}",
		HEAD "\"ping\",\"peer\":\"beta\",\"hops\":3}",
	};
	struct request request;

	(void)state;
	assert_int_equal(parse(HEAD "\"who\",\"peer\":\"beta\"}", &request), 0);
	assert_int_equal(request.verb, REQUEST_WHO);
	assert_string_equal(request.peer, "beta");
	assert_int_equal(request.route.hops, ROUTED_HOPS_MAX);
	assert_false(request.route.is_aside || request.route.wants_links);
	assert_int_equal(parse(HEAD "\"who\",\"peer\":\"beta\",\"hops\":1,\"aside\":true,"
				    "\"links\":true}",
			       &request),
			 0);
	assert_int_equal(request.route.hops, 1);
	assert_true(request.route.is_aside && request.route.wants_links);
	assert_int_equal(
		parse(HEAD "\"who\",\"peer\":\"beta\",\"hops\":32,\"aside\":false}", &request), 0);
	assert_false(request_changes(REQUEST_WHO));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &request), ERR_MALFORMED);
}

static void other_lines_are_refused(void **state)
{
	static const struct {
		const char *line;
		int err;
	} bad[] = {
		{ "", ERR_MALFORMED },
		{ "status", ERR_MALFORMED },
		{ "[]", ERR_MALFORMED },
		{ "\"status\"", ERR_MALFORMED },
		{ "{}", ERR_MALFORMED },
		{ "{\"verb\":\"status\"}", ERR_MALFORMED },
		{ "{\"schema\":\"ipop.request/2\",\"verb\":\"status\"}", ERR_MALFORMED },
		{ "{\"schema\":1,\"verb\":\"status\"}", ERR_MALFORMED },
		{ "{\"schema\":\"ipop.request/1\"}", ERR_UNSUPPORTED },
		{ HEAD "\"reboot\"}", ERR_UNSUPPORTED },
		{ HEAD "\"\"}", ERR_UNSUPPORTED },
		{ HEAD "1}", ERR_UNSUPPORTED },
		{ HEAD "\"status\"", ERR_MALFORMED },
		{ HEAD "\"status\"} x", ERR_MALFORMED },
		{ HEAD "\"status\"}{}", ERR_MALFORMED },
		{ HEAD "\"status\",\"peer\":\"beta\"}", ERR_MALFORMED },
		{ HEAD "\"status\",\"verb\":\"down\"}", ERR_MALFORMED }, /* twice */
		{ HEAD "\"status\",\"x\":1}", ERR_MALFORMED },
		{ HEAD "\"ping\"}", ERR_MALFORMED },
		{ HEAD "\"ping\",\"peer\":\"\"}", ERR_MALFORMED },
		{ HEAD "\"ping\",\"peer\":7}", ERR_MALFORMED },
		{ HEAD "\"ping\",\"host\":\"beta\"}", ERR_MALFORMED },
		{ HEAD "\"ping\",\"peer\":\"be\\u0000ta\"}", ERR_MALFORMED },
		{ HEAD "\"ping\",\"peer\":\"\xff\"}", ERR_MALFORMED }, /* no UTF-8 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct request request = { .verb = REQUEST_VERBS };

		if (parse(bad[i].line, &request) != bad[i].err)
			fail_msg("not refused as it should be: %s", bad[i].line);
		assert_int_equal(request.verb, REQUEST_VERBS); /* untouched */
	}
}

/* Deep nesting is refused before the library looks at it; in strings brackets are only text. */
static void depth_has_a_limit(void **state)
{
	char line[512];
	char deep[REQUEST_DEPTH_MAX + 2];
	char close[REQUEST_DEPTH_MAX + 2];
	struct request request;
	const char *why;

	(void)state;
	memset(deep, '[', sizeof(deep));
	memset(close, ']', sizeof(close));
	for (int levels = REQUEST_DEPTH_MAX - 1; levels <= REQUEST_DEPTH_MAX; levels++) {
		(void)snprintf(line, sizeof(line), HEAD "\"status\",\"x\":%.*s%.*s}", levels, deep,
			       levels, close);
		assert_int_equal(request_parse(span_text(line), &request, &why), ERR_MALFORMED);
		assert_string_equal(why, levels == REQUEST_DEPTH_MAX
						 ? "a request has at most 16 levels"
						 : "the verb does not have these fields");
	}
	assert_int_equal(parse(HEAD "\"ping\",\"peer\":\"\\\"[[[[[[[[[[[[[[[[[[[[\"}", &request),
			 0);
}

static void length_has_a_limit(void **state)
{
	static const char status[] = HEAD "\"status\"}";
	const size_t len = REQUEST_BYTES_MAX + 1;
	char *line = malloc(len);
	struct request request;
	const char *why;

	(void)state;
	assert_non_null(line);
	memset(line, ' ', len);
	memcpy(line, status, sizeof(status) - 1);
	assert_int_equal(request_parse(span_of(line, len), &request, &why), ERR_TOO_LONG);
	assert_int_equal(request_parse(span_of(line, len - 1), &request, &why), 0);
	free(line);
}

/* As many parts as its length allows would take more memory than a request is given. */
static void parts_have_a_limit(void **state)
{
	static const char *const parts[] = { "1,", "[],", "{},", "\"\"," };
	char *line = malloc(REQUEST_BYTES_MAX);
	struct request request;
	const char *why;

	(void)state;
	assert_non_null(line);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const size_t len = strlen(parts[i]);
		size_t used = 1;

		for (line[0] = '['; used + len <= REQUEST_BYTES_MAX; used += len)
			memcpy(line + used, parts[i], len);
		line[used - 1] = ']'; /* a comma was there */
		assert_int_equal(request_parse(span_of(line, used), &request, &why), ERR_TOO_LONG);
		assert_string_equal(why, "a request has at most 6 fields, and this is far more");
		assert_int_equal(parse(HEAD "\"status\"}", &request), 0);
	}
	free(line);
}

/* There is room for each part that is as long as a line. */
static void a_part_may_be_long(void **state)
{
	static const char *const heads[] = { HEAD "\"ping\",\"peer\":\"", HEAD "\"status\",\"" };
	static const char *const tails[] = { "\"}", "\":1}" };
	static const char *const whys[] = { "peer must be a host name, an address or an id",
					    "the verb does not have these fields" };
	char *line = malloc(REQUEST_BYTES_MAX);
	struct request request;
	const char *why;

	(void)state;
	assert_non_null(line);
	for (size_t i = 0; i < 2; i++) {
		const size_t tail = REQUEST_BYTES_MAX - strlen(tails[i]);

		memset(line, 'x', REQUEST_BYTES_MAX);
		memcpy(line, heads[i], strlen(heads[i]));
		memcpy(line + tail, tails[i], strlen(tails[i]));
		assert_int_equal(request_parse(span_of(line, REQUEST_BYTES_MAX), &request, &why),
				 ERR_MALFORMED);
		assert_string_equal(why, whys[i]);
	}
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_are_known),
		cmocka_unit_test(a_ping_has_a_peer),
		cmocka_unit_test(a_way_is_asked_for_hop_by_hop),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(length_has_a_limit),
		cmocka_unit_test(parts_have_a_limit),
		cmocka_unit_test(a_part_may_be_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
