/* scenario.c - see scenario.h. */
#include "tests/scenario/scenario.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdlib.h>

struct options {
	const char *program;
	uint64_t seed;    /* the first */
	bool one_seed;    /* only this one, played once */
	const char *only; /* NULL: all scenarios */
	bool once;        /* each, but what must be found in the second play */
	bool journal;
	bool list; /* only tells their names */
};

static bool parse(int argc, char **argv, struct options *ret)
{
	*ret = (struct options){ .program = argv[0], .seed = 1 };
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--journal") == 0) {
			ret->journal = true;
		} else if (strcmp(argv[i], "--once") == 0) {
			ret->once = true;
		} else if (strcmp(argv[i], "--list") == 0) {
			ret->list = true;
		} else if (strcmp(argv[i], "--only") == 0 && value != NULL) {
			ret->only = value;
			i++;
		} else if (strcmp(argv[i], "--seed") == 0 && value != NULL) {
			ret->seed = strtoull(value, NULL, 10);
			ret->one_seed = true;
			i++;
		} else {
			return false;
		}
	}
	return true;
}

/* Of one play. */
struct outcome {
	uint64_t hash, steps;
	bool failed;
	char failure[WORLD_FAILURE_BYTES];
};

static struct outcome play(const struct scenario *scenario, uint64_t seed, FILE *print)
{
	struct world_config config = world_config_default(seed);
	struct outcome outcome = { 0 };

	config.print = print;
	if (scenario->hosts_max > 0)
		config.net.devices_max = scenario->hosts_max;
	struct world *world = world_new(&config);

	CHECK(world != NULL);
	scenario->play(world);
	outcome.hash = world_hash(world);
	outcome.steps = world_steps(world);
	if (world_failure(world) != NULL) {
		outcome.failed = true;
		(void)snprintf(outcome.failure, sizeof(outcome.failure), "%s",
			       world_failure(world));
	}
	world_free(world);
	return outcome;
}

/* What went wrong with one seed, in words; NULL if nothing. Plays a second time, unless somebody
 * else compares. */
static const char *failure(const struct options *options, const struct scenario *scenario,
			   uint64_t seed, const struct outcome *first)
{
	const bool twice = !options->one_seed && (!options->once || scenario->finds != NULL);

	if (first->failed)
		return first->failure;
	if (twice && play(scenario, seed, NULL).hash != first->hash)
		return "played again, the same seed gave another trace hash";
	return NULL;
}

/* Plays a scenario with one seed; true if it passed. Adds to the trace of all its seeds. */
static bool pass(const struct options *options, const struct scenario *scenario, uint64_t seed,
		 struct trace_hash *trace, uint64_t *steps)
{
	const struct outcome first = play(scenario, seed, options->journal ? stdout : NULL);
	const char *found = failure(options, scenario, seed, &first);
	const char *wanted = scenario->finds;

	trace_hash_u64(trace, first.hash);
	*steps += first.steps;
	if (wanted == NULL ? found == NULL : found != NULL && strstr(found, wanted) != NULL)
		return true;
	printf("seed %" PRIu64 ": %s: %s\n", seed, scenario->name,
	       found == NULL ? "the planted bug was not found" : found);
	printf("replay: %s --seed %" PRIu64 " --only %s --journal\n", options->program, seed,
	       scenario->name);
	return false;
}

static bool pass_all_seeds(const struct options *options, const struct scenario *scenario,
			   unsigned number)
{
	const unsigned seeds = options->one_seed || scenario->seeds == 0 ? 1 : scenario->seeds;
	struct trace_hash trace;
	uint64_t steps = 0;
	bool passed = true;

	trace_hash_init(&trace);
	for (unsigned i = 0; i < seeds && passed; i++)
		passed = pass(options, scenario, options->seed + i, &trace, &steps);
	printf("trace %s %016" PRIx64 "\n", scenario->name, trace_hash_value(&trace));
	printf("%s %u - %s # %u seeds, %" PRIu64 " steps\n", passed ? "ok" : "not ok", number,
	       scenario->name, seeds, steps);
	return passed;
}

int scenario_main(int argc, char **argv, const struct scenario *scenarios, size_t count)
{
	struct options options;
	unsigned played = 0;
	unsigned failed = 0;

	if (!parse(argc, argv, &options)) {
		(void)fprintf(stderr,
			      "usage: %s [--seed N] [--only NAME] [--once] [--journal] | --list\n",
			      argv[0]);
		return 2;
	}
	for (size_t i = 0; i < count && options.list; i++)
		printf("%s\n", scenarios[i].name);
	if (options.list)
		return 0;
	printf("seed %" PRIu64 "\n", options.seed);
	for (size_t i = 0; i < count; i++) {
		if (options.only != NULL && strcmp(options.only, scenarios[i].name) != 0)
			continue;
		failed += pass_all_seeds(&options, &scenarios[i], ++played) ? 0 : 1;
		(void)fflush(stdout);
	}
	printf("1..%u\n", played);
	return failed == 0 && played > 0 ? 0 : 1;
}
