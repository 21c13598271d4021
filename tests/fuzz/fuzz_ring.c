/* fuzz_ring.c - a ring machine to which anything happens, against a plain list of members.
 *
 * Oracle: after each step the near set is what the list says; whoever is wanted was named, is not
 * met, and would be near; a list goes to a member that is met, not too often, and names only such
 * members; a JOIN goes to a link; a message goes to the link that a plain search finds; shares of a
 * broadcast follow each other; and nothing is left to do before the deadline.
 */
#include "base/check.h"
#include "base/err.h"
#include "ring/ring.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define PLACES 64 /* 0 is us, and the names rise clockwise */
#define STEPS_MAX 400
#define OUTPUTS_MAX 2000 /* at one instant */

struct model {
	bool met, linked, named, was_told;
	struct mono told;
};

struct trial {
	struct id sought; /* the last key */
	struct ring *ring;
	struct now now;
	struct model members[PLACES];
	unsigned met, linked;
};

/* Members crowd on our clockwise side and are rare on the other. */
static struct id id_of(uint8_t name)
{
	const unsigned at = 0xfe00U + 16U * name * name;
	struct id id = { { (uint8_t)(at >> 8), (uint8_t)at } };

	id.bytes[ID_BYTES - 1] = name;
	return id;
}

static uint8_t name_of(const struct id *id)
{
	return id->bytes[ID_BYTES - 1];
}

/* How many of those that are met stand nearer on our clockwise side, or on the other. */
static unsigned nearer(const struct trial *trial, uint8_t name, bool clockwise)
{
	unsigned count = 0;

	for (unsigned other = 1; other < PLACES; other++)
		if (trial->members[other].met && (clockwise ? other < name : other > name))
			count++;
	return count;
}

static bool would_be_near(const struct trial *trial, uint8_t name)
{
	return nearer(trial, name, true) < RING_NEAR || nearer(trial, name, false) < RING_NEAR;
}

static void check_near(const struct trial *trial, unsigned step)
{
	struct id near[2 * RING_NEAR];
	const size_t count = ring_near(trial->ring, near);

	CHECK(count == (trial->met < 2 * RING_NEAR ? trial->met : 2 * RING_NEAR));
	for (size_t i = 0; i < count; i++) {
		CHECK(trial->members[name_of(&near[i])].met);
		CHECK(would_be_near(trial, name_of(&near[i])));
		for (size_t j = 0; j < i; j++)
			CHECK(!id_equal(&near[i], &near[j]));
	}
	for (unsigned name = 1 + step % 16; name < PLACES; name += 16) {
		const struct id id = id_of((uint8_t)name);

		CHECK(ring_is_near(trial->ring, &id) ==
		      (trial->members[name].met && would_be_near(trial, (uint8_t)name)));
	}
}

/* The distance to the nearest link that may be taken, or to us. */
static struct id least_distance(const struct trial *trial, const struct routed *routed,
				uint8_t from)
{
	const struct id self = id_of(0);
	struct id least = id_distance(&self, &routed->target.id);

	for (unsigned name = 1; name < PLACES; name++) {
		const struct id id = id_of((uint8_t)name);
		const struct id its = id_distance(&id, &routed->target.id);

		if (trial->members[name].linked && name != from &&
		    (routed->target.kind == TARGET_EXACT || !id_equal(&id, &routed->from)) &&
		    id_compare(&its, &least) < 0)
			least = its;
	}
	return least;
}

static uint8_t script_name(struct script *script)
{
	return script_u8(script) % PLACES;
}

static void check_next(const struct trial *trial, struct script *script)
{
	const bool is_exact = script_u8(script) % 2 == 0;
	const uint8_t from = script_name(script);
	const struct id came_from = from == 0 ? (struct id){ { 0 } } : id_of(from);
	const struct id self = id_of(0);
	struct routed routed = { .target = { TARGET_NEAREST, id_of(script_name(script)) },
				 .from = id_of(script_name(script)) };
	struct id link;
	struct id least;

	if (is_exact)
		routed.target.kind = TARGET_EXACT;
	least = id_distance(&self, &routed.target.id);
	const enum ring_step step = ring_next(trial->ring, &routed, &came_from, &link);

	if (step == RING_ON) {
		const struct id its = id_distance(&link, &routed.target.id);
		const struct id best = least_distance(trial, &routed, from);

		CHECK(trial->members[name_of(&link)].linked && name_of(&link) != from);
		CHECK(from == 0 || id_equal(&its, &best));
		CHECK(from == 0 || id_compare(&its, &least) < 0);
	} else {
		const struct id best = least_distance(trial, &routed, from);

		CHECK(id_equal(&best, &least));
	}
}

static void check_split(const struct trial *trial, struct script *script)
{
	const struct id until = id_of(script_name(script));
	const size_t max = script_u8(script) % 20;
	const struct id self = id_of(0);
	const unsigned route = script_u8(script) % ROUTED_ROUTES;
	const bool is_mirrored = route >= RING_MIRRORED;
	const struct id end =
		is_mirrored ? id_clockwise(&until, &self) : id_clockwise(&self, &until);
	struct ring_share shares[20];
	struct id before = { { 0 } };
	const size_t count = ring_split(trial->ring, &until, route, shares, max);

	CHECK(count <= max && count <= trial->linked);
	for (size_t i = 0; i < count; i++) {
		const struct id place = is_mirrored ? id_clockwise(&shares[i].link, &self)
						    : id_clockwise(&self, &shares[i].link);

		CHECK(trial->members[name_of(&shares[i].link)].linked);
		CHECK(id_compare(&before, &place) < 0);
		CHECK(id_is_zero(&end) || id_compare(&place, &end) < 0);
		CHECK(id_equal(&shares[i].until, i + 1 < count ? &shares[i + 1].link : &until));
		before = place;
	}
}

static void check_list(const struct trial *trial, struct model *member,
		       const struct ring_output *output)
{
	CHECK(member->met);
	CHECK(!member->was_told ||
	      mono_reached(trial->now.mono, mono_add_ms(member->told, RING_TELL_MIN_MS)));
	member->was_told = true;
	member->told = trial->now.mono;
	for (size_t i = 0; i < output->list.count; i++) {
		CHECK(trial->members[name_of(&output->list.ids[i])].met);
		CHECK(!id_equal(&output->list.ids[i], &output->id));
	}
}

static void check_output(struct trial *trial, const struct ring_output *output)
{
	struct model *member = &trial->members[name_of(&output->id)];

	switch (output->kind) {
	case RING_SEEK:
		CHECK(trial->linked > 0);
		trial->sought = output->id;
		break;
	case RING_WANT:
		CHECK(name_of(&output->id) != 0 && !member->met && member->named);
		CHECK(would_be_near(trial, name_of(&output->id)));
		CHECK(id_is_zero(&output->via) || trial->members[name_of(&output->via)].met);
		break;
	case RING_JOIN:
		CHECK(trial->members[name_of(&output->via)].linked);
		break;
	case RING_TELL:
		check_list(trial, member, output);
		break;
	case RING_CHECK:
		CHECK(member->met && ring_is_near(trial->ring, &output->id));
		break;
	case RING_NEAR_CHANGED:
		break;
	}
}

static void drain(struct trial *trial)
{
	struct ring_output output;
	unsigned outputs = 0;

	while (ring_poll(trial->ring, trial->now, &output)) {
		check_output(trial, &output);
		CHECK(++outputs < OUTPUTS_MAX);
	}
	CHECK(!mono_reached(trial->now.mono, ring_deadline(trial->ring)));
	CHECK(!ring_is_settled(trial->ring) || trial->linked > 0);
}

static void meet(struct trial *trial, uint8_t name, bool linked)
{
	const struct ring_member member = { .id = id_of(name), .linked = linked };
	struct model *model = &trial->members[name];

	CHECK(ring_met(trial->ring, trial->now, &member) == (name == 0 ? ERR_DENIED : 0));
	if (name == 0)
		return;
	trial->met += model->met ? 0 : 1;
	trial->linked += (linked ? 1U : 0U) - (model->linked ? 1U : 0U);
	model->met = true;
	model->linked = linked;
}

static void leave(struct trial *trial, uint8_t name)
{
	const struct id id = id_of(name);
	struct model *model = &trial->members[name];

	ring_left(trial->ring, trial->now, &id);
	trial->met -= model->met ? 1 : 0;
	trial->linked -= model->linked ? 1 : 0;
	*model = (struct model){ .named = model->named };
}

static void hear(struct trial *trial, uint8_t from, struct script *script)
{
	struct neighbours list = { .count = script_u8(script) % (NEIGHBOURS_MAX + 1) };
	const uint8_t first = script_u8(script);
	const uint8_t step = script_u8(script);
	const struct id id = id_of(from);

	for (size_t i = 0; i < list.count; i++) {
		const uint8_t name = (uint8_t)((first + i * step) % PLACES);

		list.ids[i] = id_of(name);
		if (trial->members[from].met)
			trial->members[name].named = true;
	}
	CHECK(ring_hear(trial->ring, trial->now, &id, &list) ==
	      (trial->members[from].met ? 0 : ERR_DENIED));
}

static void play(struct trial *trial, struct script *script)
{
	const uint8_t choice = script_u8(script);
	const uint8_t name = script_name(script);
	const struct id id = id_of(name);
	const struct mono due = ring_deadline(trial->ring);

	switch (choice % 8) {
	case 0:
	case 1:
		meet(trial, name, choice % 2 == 0);
		break;
	case 2:
		leave(trial, name);
		break;
	case 3:
	case 4:
		hear(trial, name, script);
		break;
	case 5:
		if (name % 2 == 0)
			ring_failed(trial->ring, trial->now, &id);
		else
			ring_sought(trial->ring, trial->now, &trial->sought,
				    name % 4 == 1 ? &id : NULL);
		break;
	case 6: /* to the deadline, or by some time */
		if (name % 2 == 0 && due.us != MONO_NEVER.us)
			trial->now.mono = due;
		else
			trial->now.mono = mono_add_ms(trial->now.mono, UINT64_C(1000) * name);
		break;
	default:
		check_next(trial, script);
		check_split(trial, script);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trial trial;
	struct script script = script_of(data, size);
	const struct id self = id_of(0);
	struct rng rng;

	trial = (struct trial){ .now = { .mono = { .us = 1000000 } } };
	rng_init_seed(&rng, script_u8(&script));
	if (ring_new(&self, &rng, &trial.ring) != 0)
		return 0;
	for (unsigned step = 0; step < STEPS_MAX && script.left > 0; step++) {
		play(&trial, &script);
		drain(&trial);
		check_near(&trial, step);
	}
	ring_del(trial.ring);
	return 0;
}
