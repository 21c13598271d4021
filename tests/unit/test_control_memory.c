/* test_control_memory.c - memory ends while somebody asks: for each n the n-th piece that an answer
 * needs is not there. The client hears the whole answer, a refusal or the end of his connection,
 * and nothing else; the next one is answered, and nothing is lost on the way. The same where what
 * is set aside for taking a request apart is too small by any number of bytes.
 */
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipopd/control.h"
#include "prog/ipopd/json_arena.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KIND 3
#define FAILURES_MAX 5000
#define SPARE_PERCENT_MIN 25
#define NO_MEMORY "{\"schema\":\"ipop.error/1\",\"code\":\"ERR_NOMEM\","
#define REQUEST(verb) "{\"schema\":\"ipop.request/1\",\"verb\":" verb "}\n"

static struct {
	struct loop loop;
	struct control *control;
	struct now now;
} side = { .now = { .mono.us = 1000000, .wall.us = 1795000000000000 } };

static const struct forward_counters forward;
static const struct egress_counters egress;
static const struct udp_counters udp;
static const struct tun_counters tun;
static const struct world_counters around;
static const struct answers_world world = { .trouble = "the interface lab is down",
					    .cipher = "none",
					    .forward = &forward,
					    .egress = &egress,
					    .udp = &udp,
					    .tun = &tun,
					    .world = &around };
static struct config running, file;
static struct node_who who = { .end = IAM_TARGET, .link_count = 2 };

static const char *const requests[] = {
	REQUEST("\"version\""),
	REQUEST("\"status\""),
	REQUEST("\"peers\""),
	REQUEST("\"ping\",\"peer\":\"beta\""),
	REQUEST("\"who\",\"peer\":\"beta\",\"hops\":3,\"links\":true"),
	REQUEST("\"monitor\""),
	REQUEST("\"config\""),
	REQUEST("\"reload\""),
	REQUEST("\"down\""),
	REQUEST("\"no such\""),
	"no request at all\n",
	"\"no end\n",
};

static void settle(void)
{
	struct loop_event events[LOOP_EVENTS_MAX];
	size_t count;

	while ((count = loop_wait(&side.loop, side.now.mono, side.now.mono, events)) > 0)
		for (size_t e = 0; e < count; e++)
			control_event(side.control, side.now, &events[e]);
}

static void reply(uint64_t token, enum node_reply_kind kind)
{
	struct node_reply said = { .kind = kind, .token = token };

	if (kind == NODE_REPLY_WHO)
		said.who = &who;
	control_reply(side.control, side.now, &said, &world);
}

static void answer(const struct control_request *request)
{
	static const struct happening happening = { .kind = HAPPENING_HOST, .why = "" };
	const uint64_t token = request->token;

	switch (request->request.verb) {
	case REQUEST_STATUS:
		reply(token, NODE_REPLY_STATUS);
		reply(token, NODE_REPLY_END);
		break;
	case REQUEST_PEERS:
		reply(token, NODE_REPLY_PEER);
		reply(token, NODE_REPLY_PEER);
		reply(token, NODE_REPLY_END);
		break;
	case REQUEST_WHO:
		reply(token, NODE_REPLY_WHO);
		break;
	case REQUEST_MONITOR:
		control_watch(side.control, side.now, token);
		control_tell(side.control, side.now, &happening);
		break;
	case REQUEST_CONFIG:
		control_reply_config(side.control, side.now, token, &running);
		break;
	case REQUEST_RELOAD:
		control_reply_reload(side.control, side.now, token, &running, &file);
		break;
	case REQUEST_DOWN:
		control_reply_down(side.control, side.now, token);
		break;
	case REQUEST_PING:
	case REQUEST_VERSION:
	case REQUEST_VERBS:
		reply(token, NODE_REPLY_PONG);
		break;
	}
}

/* The one figure of a status that differs here from one to the next. */
static void cut_starved(char *text)
{
	char *const at = strstr(text, "\"starved\":");

	if (at != NULL)
		memmove(at, strchr(at, '}'), strlen(strchr(at, '}')) + 1);
}

/* Asks; what the client hears, until he hears no more. */
static const char *ask(const char *text)
{
	static char got[ANSWERS_BYTES_MAX + 1];
	struct control_request request;
	int pair[2];
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	control_accept(side.control, side.now, pair[1], 0, true);
	if (send(pair[0], text, strlen(text), MSG_NOSIGNAL) > 0)
		settle();
	while (control_poll(side.control, side.now, &request)) {
		answer(&request);
		settle();
	}
	n = recv(pair[0], got, sizeof(got) - 1, 0);
	got[n > 0 ? n : 0] = '\0';
	cut_starved(got);
	(void)close(pair[0]);
	settle(); /* the other end sees it */
	return got;
}

/* All of the answer, or lines of it and then nothing, a refusal or what was missed. */
static void expect_nothing_untrue(const char *got, const char *whole)
{
	while (*got != '\0') {
		const char *const end = strchr(got, '\n');
		const size_t len = end == NULL ? 0 : (size_t)(end - got) + 1;
		const bool is_error = strncmp(got, NO_MEMORY, strlen(NO_MEMORY)) == 0;
		const bool is_lost = strstr(got, "\"event\":\"lost\"") != NULL;

		if (end == NULL || !(is_error || is_lost || strncmp(got, whole, len) == 0))
			fail_msg("half an answer: %s", got);
		got += len;
		whole += is_error || is_lost ? 0 : len;
	}
}

static void each_piece_is_missed_once(const char *text)
{
	char *const whole = strdup(ask(text)); /* by now all that is kept is there */
	const int64_t live = allocations_live();
	uint64_t count;
	uint64_t n = 0;

	assert_true(whole != NULL && whole[0] != '\0');
	do {
		const uint64_t before = allocations_count();
		const uint64_t starved = control_counters(side.control).starved;
		const char *got;

		n++;
		allocations_fail_at(n);
		got = ask(text);
		allocations_fail_at(0);
		count = allocations_count() - before;
		expect_nothing_untrue(got, whole);
		if (strcmp(got, whole) != 0 && strstr(text, "monitor") == NULL)
			assert_true(control_counters(side.control).starved > starved);
		assert_string_equal(ask(text), whole);
		assert_int_equal(allocations_live(), live);
		assert_true(n < FAILURES_MAX);
	} while (count >= n);
	assert_true(n > 2 && control_counters(side.control).starved > 0);
	printf("# %u pieces: %s", (unsigned)n - 1, text);
	free(whole);
}

static void requests_without_memory(void **state)
{
	json_malloc_t take;
	json_free_t give;

	(void)state;
	json_set_alloc_funcs(malloc, free); /* so that those of jansson count */
	config_init(&running);
	config_init(&file);
	running.bootstrap.count = 1; /* a list with something in it */
	file.port = running.port + 1;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		assert_int_equal(loop_init(&side.loop), 0);
		assert_int_equal(control_new(&side.loop, KIND, &side.control), 0);
		each_piece_is_missed_once(requests[i]);
		control_del(side.control);
		loop_free(&side.loop);
	}
	json_get_alloc_funcs(&take, &give);
	assert_true(take == malloc && give == free); /* those that were there before */
}

/* How much of the room stays free, in percent. */
static unsigned spare(const char *text, size_t len)
{
	struct json_arena arena;
	json_t *root;
	unsigned percent;

	assert_int_equal(json_arena_open(&arena, len), 0);
	assert_int_equal(json_arena_load(&arena, span_of(text, len), &root), 0);
	percent = (unsigned)(100 * (arena.room - arena.used) / arena.room);
	json_arena_close(&arena);
	return percent;
}

/* Repeats a piece, in which # is another letter each time; gives the end. */
static char *repeat(char *at, const char *piece, size_t count)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (size_t i = 0; i < count; i++)
		for (const char *c = piece; *c != '\0'; c++)
			*at++ = *(*c == '#' ? &letters[i] : c);
	return at;
}

/* As many parts as there may be, each of which takes what it can, and a string, which doubles what
 * the library keeps for it whenever it has outgrown that. */
static void the_dearest_requests_have_room(void **state)
{
	static const struct {
		const char *head, *item, *tail, *end;
		unsigned items, ends;
	} shapes[] = {
		{ "[", "{},", "", "]", 15, 1 },        { "[", "[],", "", "]", 15, 1 },
		{ "[", "1.5,", "", "]", 31, 1 },       { "", "[", "", "]", 32, 32 },
		{ "{", "\"#\":1,", ":1", "}", 15, 1 }, { "{", "\"#\":{},", ":{}", "}", 9, 1 },
		{ "", "{\"\":", "", "}", 16, 16 },
	};
	static char text[2 * REQUEST_BYTES_MAX];
	unsigned least = 100;

	(void)state;
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		for (size_t size = 1; size <= REQUEST_BYTES_MAX; size *= 2) {
			for (size_t len = size - 1; len <= size + 1; len++) {
				char *at = repeat(text, shapes[s].head, 1);
				unsigned left;

				at = repeat(at, shapes[s].item, shapes[s].items);
				*at++ = '"';
				at = repeat(at, "x", len);
				*at++ = '"';
				at = repeat(at, shapes[s].tail, 1);
				at = repeat(at, shapes[s].end, shapes[s].ends);
				left = spare(text, (size_t)(at - text));
				least = left < least ? left : least;
			}
		}
	}
	printf("# %u %% of the room stays free\n", least);
	assert_true(least >= SPARE_PERCENT_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(requests_without_memory),
					    cmocka_unit_test(the_dearest_requests_have_room) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
