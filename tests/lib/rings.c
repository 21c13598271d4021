/* rings.c - see rings.h. */
#include "tests/lib/rings.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 65536 /* to come */
#define REDIAL_MS 5000
#define REDIALS 12 /* of so many, one goes out though there are links: to a remembered member */
#define LINK_MAX_US 500000 /* from met to linked */
#define MISSED_MIN_US 500000
#define MISSED_MAX_US 13000000

enum event_kind { EVENT_DIAL, EVENT_MET, EVENT_LINK, EVENT_LIST, EVENT_LEFT, EVENT_REDIAL };

struct rings_event {
	enum event_kind kind;
	uint16_t i, j; /* from and to, or both ends */
	uint32_t age;  /* of the session */
	struct routed dial;
	bool seeks; /* DIAL, MET: for a shortcut, by dial.target */
	struct neighbours list;
};

static const struct id nobody;

static size_t number_of(const struct id *id)
{
	return (size_t)id->bytes[ID_BYTES - 2] << 8 | id->bytes[ID_BYTES - 1];
}

void rings_init(struct rings *rings, uint64_t seed, size_t count)
{
	CHECK(count > 0 && count <= RINGS_MAX);
	*rings = (struct rings){ .count = count, .delay_max_us = 100000 };
	rng_init_seed(&rings->rng, seed);
	heap_init(&rings->queue, EVENTS_MAX);
	pool_init(&rings->events, EVENTS_MAX, sizeof(struct rings_event));
	CHECK(alarms_init(&rings->deadlines, (uint32_t)count) == 0);
	for (size_t i = 0; i < count; i++) {
		struct id *id = &rings->members[i].id;

		rng_bytes(&rings->rng, id->bytes, ID_BYTES);
		id->bytes[ID_BYTES - 2] = (uint8_t)(i >> 8);
		id->bytes[ID_BYTES - 1] = (uint8_t)i;
	}
}

void rings_free(struct rings *rings)
{
	for (size_t i = 0; i < rings->count; i++)
		ring_del(rings->members[i].ring);
	alarms_free(&rings->deadlines);
	heap_free(&rings->queue);
	pool_free(&rings->events);
}

static void schedule(struct rings *rings, uint64_t after_us, const struct rings_event *event)
{
	struct handle handle;
	struct rings_event *slot = pool_take(&rings->events, &handle);

	CHECK(slot != NULL);
	*slot = *event;
	CHECK(heap_push(&rings->queue, mono_add_us(rings->now.mono, after_us), handle.index) == 0);
}

static uint64_t delay_us(struct rings *rings)
{
	return rng_between(&rings->rng, rings->delay_min_us, rings->delay_max_us);
}

static bool is_up(const struct rings *rings, size_t i)
{
	return rings->members[i].ring != NULL;
}

/* Zero: it has none. */
static struct id any_link(const struct rings *rings, size_t i)
{
	for (size_t j = 0; j < rings->count; j++)
		if (rings->sessions[i][j] == RINGS_LINKED)
			return rings->members[j].id;
	return (struct id){ 0 };
}

static void dial(struct rings *rings, size_t i, const struct target *target, const struct id *via,
		 bool seeks)
{
	struct rings_event event = { .kind = EVENT_DIAL, .i = (uint16_t)i, .seeks = seeks };
	const struct rings_member *member = &rings->members[i];

	event.dial = (struct routed){
		.kind = ROUTED_HANDSHAKE,
		.detours = ROUTED_DETOURS_MAX,
		.target = *target,
		.to_via = *via,
		.from = member->id,
	};
	/* The way back: whoever told of it knows us both. */
	if (!id_is_zero(via) && rings->sessions[i][number_of(via)] == RINGS_LINKED)
		event.dial.from_via = *via;
	else
		event.dial.from_via = any_link(rings, i);
	schedule(rings, delay_us(rings), &event);
}

static void tell(struct rings *rings, size_t i, const struct ring_output *output)
{
	struct rings_event event = { .kind = EVENT_LIST, .i = (uint16_t)i };

	event.j = (uint16_t)number_of(&output->id);
	event.age = rings->ages[i][event.j];
	event.list = output->list;
	rings->lists++;
	if (!rng_chance(&rings->rng, rings->list_loss))
		schedule(rings, delay_us(rings), &event);
}

/* Does what a member wants. */
static void serve(struct rings *rings, size_t i)
{
	struct rings_member *member = &rings->members[i];
	struct ring_output output;

	while (ring_poll(member->ring, rings->now, &output)) {
		switch (output.kind) {
		case RING_WANT:
			rings->wants++;
			dial(rings, i, &(struct target){ TARGET_EXACT, output.id }, &output.via,
			     false);
			break;
		case RING_JOIN:
			rings->joins++;
			dial(rings, i, &(struct target){ TARGET_NEAREST, member->id }, &output.via,
			     false);
			break;
		case RING_SEEK:
			rings->seeks++;
			dial(rings, i, &(struct target){ TARGET_NEAREST, output.id }, &nobody,
			     true);
			break;
		case RING_TELL:
			tell(rings, i, &output);
			break;
		case RING_CHECK: /* whoever dies here, all are told */
		case RING_NEAR_CHANGED:
			break;
		}
	}
	CHECK(!mono_reached(rings->now.mono, ring_deadline(member->ring)));
	alarms_set(&rings->deadlines, (uint32_t)i, ring_deadline(member->ring));
}

static void meet_one(struct rings *rings, size_t i, size_t j)
{
	struct ring_member member = { .id = rings->members[j].id };

	member.linked = rings->sessions[i][j] == RINGS_LINKED;
	member.rtt_us = member.linked ? 2 * rings->delay_max_us + (i ^ j) : 0;
	CHECK(ring_met(rings->members[i].ring, rings->now, &member) == 0);
	serve(rings, i);
}

static void set_session(struct rings *rings, size_t i, size_t j, enum rings_session session)
{
	rings->sessions[i][j] = session;
	rings->sessions[j][i] = session;
	if (session == RINGS_NONE)
		return;
	meet_one(rings, i, j);
	meet_one(rings, j, i);
}

static void new_session(struct rings *rings, size_t i, size_t j, enum rings_session session)
{
	rings->ages[i][j]++;
	rings->ages[j][i]++;
	set_session(rings, i, j, session);
}

void rings_link(struct rings *rings, size_t i, size_t j)
{
	CHECK(is_up(rings, i) && is_up(rings, j) && i != j);
	if (rings->sessions[i][j] == RINGS_NONE)
		new_session(rings, i, j, RINGS_LINKED);
	else
		set_session(rings, i, j, RINGS_LINKED);
}

bool rings_any(struct rings *rings, size_t but, size_t *ret)
{
	const size_t from = rng_between(&rings->rng, 0, rings->count - 1);

	for (size_t k = 0; k < rings->count; k++) {
		const size_t i = (from + k) % rings->count;

		if (i != but && is_up(rings, i) && !(rings->apart && (i ^ but) % 2 != 0)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static void redial(struct rings *rings, size_t i)
{
	size_t other;

	if (!is_up(rings, i))
		return;
	const bool is_lost = ring_link_count(rings->members[i].ring) == 0;

	if ((is_lost || rng_between(&rings->rng, 1, REDIALS) == 1) && rings_any(rings, i, &other))
		rings_link(rings, i, other);
	schedule(rings, REDIAL_MS * UINT64_C(1000),
		 &(struct rings_event){ .kind = EVENT_REDIAL, .i = (uint16_t)i });
}

void rings_start(struct rings *rings, size_t i)
{
	CHECK(!is_up(rings, i));
	for (size_t j = 0; j < rings->count; j++) { /* others may not have missed it yet */
		rings->sessions[i][j] = RINGS_NONE;
		rings->sessions[j][i] = RINGS_NONE;
	}
	CHECK(ring_new(&rings->members[i].id, &rings->rng, &rings->members[i].ring) == 0);
	redial(rings, i);
}

static void leave(struct rings *rings, size_t i, size_t gone)
{
	ring_left(rings->members[i].ring, rings->now, &rings->members[gone].id);
	serve(rings, i);
}

void rings_stop(struct rings *rings, size_t i, bool says_goodbye)
{
	CHECK(is_up(rings, i));
	ring_del(rings->members[i].ring);
	rings->members[i].ring = NULL;
	alarms_set(&rings->deadlines, (uint32_t)i, MONO_NEVER);
	for (size_t j = 0; j < rings->count; j++) {
		struct rings_event event = { .kind = EVENT_LEFT,
					     .i = (uint16_t)j,
					     .j = (uint16_t)i,
					     .age = rings->ages[i][j] };
		const uint64_t missed_us = rng_between(&rings->rng, MISSED_MIN_US, MISSED_MAX_US);

		if (rings->sessions[i][j] == RINGS_NONE)
			continue;
		schedule(rings, says_goodbye ? delay_us(rings) : missed_us, &event);
	}
}

void rings_drop_idle(struct rings *rings, unsigned per_mille)
{
	for (size_t i = 0; i < rings->count; i++) {
		for (size_t j = i + 1; j < rings->count; j++) {
			if (!is_up(rings, i) || !is_up(rings, j) ||
			    rings->sessions[i][j] == RINGS_NONE ||
			    ring_uses(rings->members[i].ring, &rings->members[j].id) ||
			    ring_uses(rings->members[j].ring, &rings->members[i].id) ||
			    !rng_chance(&rings->rng, per_mille))
				continue;
			set_session(rings, i, j, RINGS_NONE);
			leave(rings, i, j);
			leave(rings, j, i);
		}
	}
}

size_t rings_walk(const struct rings *rings, size_t i, const struct routed *message,
		  unsigned *ret_hops)
{
	struct routed routed = *message;
	struct id came_from = { { 0 } };
	size_t at = i;

	for (*ret_hops = 0; *ret_hops <= ROUTED_HOPS_MAX; ++*ret_hops) {
		const struct rings_member *member = &rings->members[at];
		struct id link;

		switch (ring_next(member->ring, &routed, &came_from, &link)) {
		case RING_HERE:
			return at;
		case RING_STUCK:
			return rings->count;
		case RING_ASIDE:
			routed.detours--;
			break;
		case RING_ON:
			break;
		}
		if (id_equal(&routed.to_via, &member->id))
			routed.to_via = (struct id){ { 0 } };
		came_from = member->id;
		if (rings->sessions[at][number_of(&link)] != RINGS_LINKED)
			break; /* it crashed, and is not missed yet */
		at = number_of(&link);
		if (!is_up(rings, at))
			break;
	}
	return rings->count;
}

/* The message that asks, the one that answers, and then a session. */
static void arrive(struct rings *rings, const struct rings_event *event)
{
	const struct routed *asked = &event->dial;
	const size_t i = event->i;
	unsigned hops;

	if (!is_up(rings, i))
		return;
	const size_t j = rings_walk(rings, i, asked, &hops);
	bool arrived = j != rings->count && j != i;

	if (arrived) {
		const struct routed answer = { .detours = ROUTED_DETOURS_MAX,
					       .target = { TARGET_EXACT, asked->from },
					       .to_via = asked->from_via,
					       .from = rings->members[j].id };

		arrived = rings_walk(rings, j, &answer, &hops) == i;
	}
	if (arrived) {
		struct rings_event met = *event;

		met.kind = EVENT_MET;
		met.j = (uint16_t)j;
		schedule(rings, delay_us(rings), &met);
		return;
	}
	if (event->seeks)
		ring_sought(rings->members[i].ring, rings->now, &asked->target.id, NULL);
	else
		ring_failed(rings->members[i].ring, rings->now, &asked->target.id);
	serve(rings, i);
}

static void meet(struct rings *rings, size_t i, size_t j)
{
	struct rings_event event = { .kind = EVENT_LINK, .i = (uint16_t)i, .j = (uint16_t)j };

	if (!is_up(rings, i) || !is_up(rings, j) || rings->sessions[i][j] != RINGS_NONE)
		return;
	new_session(rings, i, j, RINGS_CARRIED);
	event.age = rings->ages[i][j];
	schedule(rings, rng_between(&rings->rng, 0, LINK_MAX_US), &event);
}

static void met(struct rings *rings, const struct rings_event *event)
{
	struct ring *ring = rings->members[event->i].ring;

	meet(rings, event->i, event->j);
	if (!event->seeks || ring == NULL)
		return;
	ring_sought(ring, rings->now, &event->dial.target.id, &rings->members[event->j].id);
	serve(rings, event->i);
}

static void hear(struct rings *rings, const struct rings_event *event)
{
	const struct id *from = &rings->members[event->i].id;

	CHECK(ring_hear(rings->members[event->j].ring, rings->now, from, &event->list) == 0);
	serve(rings, event->j);
}

static void happen(struct rings *rings, const struct rings_event *event)
{
	const size_t i = event->i;
	const size_t j = event->j;
	const bool same = rings->ages[i][j] == event->age;
	const bool stands = same && is_up(rings, j) && rings->sessions[i][j] != RINGS_NONE;

	switch (event->kind) {
	case EVENT_DIAL:
		arrive(rings, event);
		break;
	case EVENT_MET:
		met(rings, event);
		break;
	case EVENT_LINK:
		if (stands && is_up(rings, i))
			set_session(rings, i, j, RINGS_LINKED);
		break;
	case EVENT_LIST: /* its sender may be gone meanwhile */
		if (stands)
			hear(rings, event);
		break;
	case EVENT_LEFT:
		if (same && is_up(rings, i)) {
			set_session(rings, i, j, RINGS_NONE);
			leave(rings, i, j);
		}
		break;
	case EVENT_REDIAL:
		redial(rings, i);
		break;
	}
}

void rings_run_ms(struct rings *rings, uint64_t ms)
{
	const struct mono end = mono_add_ms(rings->now.mono, ms);

	for (;;) {
		const struct heap_entry *first = heap_first(&rings->queue);
		const struct mono next = first == NULL ? MONO_NEVER : first->at;
		uint32_t i;
		const struct mono alarm = alarms_first(&rings->deadlines, &i);

		if (!mono_reached(end, mono_min(next, alarm)))
			break;
		rings->now.mono = mono_min(next, alarm);
		if (mono_reached(alarm, next)) {
			struct handle handle;
			const struct rings_event *slot = pool_slot(
				&rings->events, (uint32_t)heap_pop(&rings->queue).item, &handle);
			const struct rings_event event = *slot;

			pool_give(&rings->events, handle);
			happen(rings, &event);
		} else {
			serve(rings, i);
		}
	}
	rings->now.mono = end;
}

static int compare_ids(const void *a, const void *b)
{
	return id_compare(a, b);
}

static const char *fault_of(const struct rings *rings, const struct id *sorted, size_t count,
			    size_t at)
{
	const struct rings_member *member = &rings->members[number_of(&sorted[at])];
	const size_t most = (size_t)2 * RING_NEAR;
	const size_t want = count - 1 < most ? count - 1 : most;
	struct id near[2 * RING_NEAR];
	unsigned hops;

	if (ring_near(member->ring, near) != want)
		return "count";
	for (size_t k = 0; k < want; k++) {
		const size_t behind = want / 2;
		const size_t step = k < behind ? count - behind + k : k - behind + 1;

		if (!id_equal(&near[k], &sorted[(at + step) % count]))
			return "near";
	}
	if (count > 1 && !ring_is_settled(member->ring))
		return "settled";
	for (size_t j = 0; j < rings->count; j++) {
		const struct routed message = { .detours = ROUTED_DETOURS_MAX,
						.target = { TARGET_EXACT, rings->members[j].id },
						.from = member->id };

		if (is_up(rings, j) &&
		    rings_walk(rings, number_of(&sorted[at]), &message, &hops) != j)
			return "route";
	}
	return NULL;
}

const char *rings_fault(struct rings *rings)
{
	struct id sorted[RINGS_MAX];
	const char *fault = NULL;
	size_t count = 0;

	for (size_t i = 0; i < rings->count; i++)
		if (is_up(rings, i))
			sorted[count++] = rings->members[i].id;
	qsort(sorted, count, sizeof(sorted[0]), compare_ids);
	for (size_t at = 0; at < count && fault == NULL; at++)
		fault = fault_of(rings, sorted, count, at);
	return fault;
}
