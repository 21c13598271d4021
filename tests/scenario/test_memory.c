/* test_memory.c - memory ends while a member joins, or while its user asks: for each n the n-th
 * piece that a node asks for is not there, in the handshake of either side or behind it. Nobody
 * stops, who asked is answered, and a little later the two talk all the same. What is lost on the
 * way the leak checker of the sanitized build sees.
 */
#include "tests/lib/allocations.h"
#include "tests/scenario/lab.h"

#include "base/check.h"
#include "base/err.h"
#include "node/node_internal.h"
#include "wire/overlay.h"

#include <stdlib.h>

#define FAILED_MS 300 /* the handshake is over */
#define PATIENCE_MS 60000
#define ANSWER_MS (NODE_PING_MS + 200)
#define FAILURES_MIN 100 /* fewer would mean that nothing is counted */
#define FAILURES_MAX 5000

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
int __real_node_input(struct node *node, struct now now, const struct node_event *event);
bool __real_node_poll(struct node *node, struct now now, struct node_action *ret);
int __wrap_node_input(struct node *node, struct now now, const struct node_event *event);
bool __wrap_node_poll(struct node *node, struct now now, struct node_action *ret);

int __wrap_node_input(struct node *node, struct now now, const struct node_event *event)
{
	int err;

	allocations_enter();
	err = __real_node_input(node, now, event);
	allocations_leave();
	return err;
}

bool __wrap_node_poll(struct node *node, struct now now, struct node_action *ret)
{
	bool more;

	allocations_enter();
	more = __real_node_poll(node, now, ret);
	allocations_leave();
	return more;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* They talk in both directions before the time is over. */
static bool talk(void)
{
	static unsigned number;

	for (uint64_t ms = 0; ms < PATIENCE_MS; ms += 100) {
		number = (number + 1) % LAB_NUMBERS_MAX;
		memset(lab.members[0].got[1], 0, sizeof(lab.members[0].got[1]));
		memset(lab.members[1].got[0], 0, sizeof(lab.members[1].got[0]));
		lab_send_number(0, 1, number);
		lab_send_number(1, 0, number);
		lab_run_ms(100);
		if (lab.members[0].got[1][number] > 0 && lab.members[1].got[0][number] > 0)
			return true;
	}
	return false;
}

static void each_piece_of_memory_is_missed_once(struct world *world)
{
	uint64_t n = 0;
	bool failed = true;

	lab_set_up(world, 2);
	lab_place_all_public();
	lab_add_line(1, 0);
	lab_start(0);
	while (failed && n < FAILURES_MAX && world_failure(world) == NULL) {
		const uint64_t before = allocations_count();

		n++;
		allocations_fail_at(n);
		lab_start(1);
		lab_send_number(1, 0, 0);
		lab_run_ms(FAILED_MS);
		allocations_fail_at(0);
		failed = allocations_count() - before >= n;
		SCENARIO_EXPECT(world, talk());
		lab_crash(1);
	}
	SCENARIO_EXPECT(world, n > FAILURES_MIN && n < FAILURES_MAX);
	printf("# %llu pieces\n", (unsigned long long)n - 1);
}

/* Asks member 1 of member 0; true once it has been answered to the end, or refused. */
static bool is_answered(enum node_verb verb)
{
	struct node_event event = { .kind = NODE_REQUEST,
				    .request = { .token = 77,
						 .verb = verb,
						 .route = { .hops = ROUTED_HOPS_MAX,
							    .wants_links = true } } };
	struct node_reply reply;

	if (verb == NODE_PING || verb == NODE_WHO)
		(void)snprintf(event.request.peer, sizeof(event.request.peer), "%s",
			       lab.members[0].identity.certificate.name);
	(void)node_input(lab_node(1), lab_now(1), &event);
	world_wake(lab.world, lab.members[1].host);
	for (unsigned ms = 0; ms < ANSWER_MS; ms += 10) {
		lab_run_ms(10);
		while (node_host_reply(lab.members[1].node, &reply))
			if (reply.kind != NODE_REPLY_STATUS && reply.kind != NODE_REPLY_PEER)
				return true;
	}
	return false;
}

static void each_piece_is_missed_while_somebody_asks(struct world *world)
{
	static const enum node_verb verbs[] = { NODE_STATUS, NODE_PEERS, NODE_PING, NODE_WHO };
	uint64_t pieces = 0;

	lab_set_up(world, 2);
	lab_place_all_public();
	lab_add_line(1, 0);
	lab_start(0);
	lab_start(1);
	SCENARIO_EXPECT(world, talk());
	for (size_t v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++) {
		uint64_t n = 0;
		bool failed = true;

		while (failed && n < FAILURES_MAX && world_failure(world) == NULL) {
			const uint64_t before = allocations_count();

			n++;
			allocations_fail_at(n);
			SCENARIO_EXPECT(world, is_answered(verbs[v]));
			allocations_fail_at(0);
			failed = allocations_count() - before >= n;
			SCENARIO_EXPECT(world, is_answered(verbs[v]));
		}
		pieces += n - 1;
	}
	SCENARIO_EXPECT(world, pieces > 0 && talk());
	printf("# %llu pieces\n", (unsigned long long)pieces);
}

/* Before it has begun a node says so, and leaves nothing behind. */
static void who_cannot_begin_says_so(struct world *world)
{
	struct entropy entropy;
	struct node *node = NULL;
	int err = ERR_NOMEM;
	uint64_t n = 0;
	static const uint8_t seed[ENTROPY_SEED_BYTES] = { 1 };

	lab_set_up(world, 1);
	while (err != 0 && n < FAILURES_MAX) {
		n++;
		entropy_init(&entropy, seed);
		allocations_enter();
		allocations_fail_at(n);
		err = node_new(&lab.members[0].config, &entropy, lab_now(0), &node);
		allocations_fail_at(0);
		allocations_leave();
		SCENARIO_EXPECT(world, err == 0 || err == ERR_NOMEM || err == ERR_CRYPTO);
	}
	SCENARIO_EXPECT(world, err == 0 && n > 10);
	node_del(node);
}

static bool play(unsigned number, const char *name, void (*story)(struct world *world))
{
	const struct world_config config = world_config_default(1);
	struct world *world = world_new(&config);
	const char *failure;

	CHECK(world != NULL);
	story(world);
	failure = world_failure(world);
	if (failure != NULL)
		printf("# %s\n", failure);
	printf("%s %u - %s\n", failure == NULL ? "ok" : "not ok", number, name);
	world_free(world);
	return failure == NULL;
}

/* Not by scenario_main(): what libcrypto keeps for the next time makes each play another one, so
 * there are no traces to compare, nor stories to choose from. */
int main(int argc, char **argv)
{
	bool passed;

	(void)argv;
	if (argc > 1)
		return EXIT_SUCCESS; /* --once, --list */
	passed =
		play(1, "each_piece_of_memory_is_missed_once", each_piece_of_memory_is_missed_once);
	passed = play(2, "each_piece_is_missed_while_somebody_asks",
		      each_piece_is_missed_while_somebody_asks) &&
		 passed;
	passed = play(3, "who_cannot_begin_says_so", who_cannot_begin_says_so) && passed;
	printf("1..3\n");
	return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
