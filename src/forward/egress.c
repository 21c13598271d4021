/* egress.c - see egress.h.
 *
 * Slots and flows are numbered, and lists are made of their numbers, so nothing is searched and
 * nothing allocated:
 *
 *   free slots, free flows   stacks
 *   flow_of_link             a map; a link has a flow while datagrams of it wait
 *   active                   the flows in the order of their turns
 *   a flow's slots           one list a class, oldest first
 *   by_length[n]             the flows in which n datagrams wait. A length changes by one at a
 *                            time, so the greatest that has a flow is never more than a step away.
 *
 * The quantum of a turn is not less than a slot, so whoever has the turn can send a datagram.
 */
#include "forward/egress.h"

#include "base/check.h"
#include "base/err.h"
#include "base/map.h"
#include "forward/codel.h"
#include "wire/ip.h"

#include <assert.h>
#include <stdlib.h>

#define NONE UINT16_MAX

static_assert(EGRESS_TURN_BYTES >= EGRESS_SLOT_BYTES, "whoever has the turn can send a datagram");
static_assert(EGRESS_SLOTS_MAX < NONE, "the number of a slot or flow must fit");

struct list {
	uint16_t first, last; /* NONE: empty */
};

struct place {
	uint16_t before, behind; /* NONE: it is the first, the last */
};

struct stack {
	uint16_t *numbers;
	uint16_t count;
};

enum slot_state { SLOT_FREE, SLOT_RESERVED, SLOT_WAITING, SLOT_TAKEN };

struct slot {
	struct egress_datagram datagram; /* first: the caller's pointer is the slot's */
	enum slot_state state;
};

struct flow {
	uint32_t link;
	uint16_t waiting; /* datagrams; between two calls at least one */
	bool has_turn;    /* got its quantum and has not passed the turn on */
	size_t deficit;   /* bytes it may still send in this turn */
	struct list slots[EGRESS_CLASSES];
	struct codel codel; /* of its data */
};

/* All arrays are owned, and have slot_count places; by_length has one more. */
struct egress {
	uint8_t (*room)[EGRESS_SLOT_BYTES]; /* the bytes of the slots */
	struct slot *slots;
	struct flow *flows;
	struct stack free_slots, free_flows;
	struct map flow_of_link;
	uint16_t recent; /* the flow that was found last, if it still has that link */
	uint16_t slot_count;
	struct list active, *by_length;
	struct place *in_flow;               /* of slots */
	struct place *in_active, *in_length; /* of flows */
	uint16_t longest;                    /* the greatest length of a flow; 0: nothing waits */
	struct egress_counters counters;
};

static const struct list empty_list = { NONE, NONE };

static void add_first(struct list *list, struct place *places, uint16_t number)
{
	places[number] = (struct place){ .before = NONE, .behind = list->first };
	if (list->first != NONE)
		places[list->first].before = number;
	else
		list->last = number;
	list->first = number;
}

static void add_last(struct list *list, struct place *places, uint16_t number)
{
	places[number] = (struct place){ .before = list->last, .behind = NONE };
	if (list->last != NONE)
		places[list->last].behind = number;
	else
		list->first = number;
	list->last = number;
}

static void take_out(struct list *list, struct place *places, uint16_t number)
{
	const struct place place = places[number];

	if (place.before != NONE)
		places[place.before].behind = place.behind;
	else
		list->first = place.behind;
	if (place.behind != NONE)
		places[place.behind].before = place.before;
	else
		list->last = place.before;
}

static void stack_push(struct stack *stack, uint16_t number)
{
	stack->numbers[stack->count++] = number;
}

static uint16_t stack_pop(struct stack *stack)
{
	CHECK(stack->count > 0);
	return stack->numbers[--stack->count];
}

static int make_arrays(struct egress *egress, size_t slots)
{
	egress->room = calloc(slots, sizeof(egress->room[0]));
	egress->slots = calloc(slots, sizeof(egress->slots[0]));
	egress->flows = calloc(slots, sizeof(egress->flows[0]));
	egress->free_slots.numbers = calloc(slots, sizeof(egress->free_slots.numbers[0]));
	egress->free_flows.numbers = calloc(slots, sizeof(egress->free_flows.numbers[0]));
	egress->by_length = calloc(slots + 1, sizeof(egress->by_length[0]));
	egress->in_flow = calloc(slots, sizeof(egress->in_flow[0]));
	egress->in_active = calloc(slots, sizeof(egress->in_active[0]));
	egress->in_length = calloc(slots, sizeof(egress->in_length[0]));
	const bool has_all = egress->room != NULL && egress->slots != NULL &&
			     egress->flows != NULL && egress->free_slots.numbers != NULL &&
			     egress->free_flows.numbers != NULL && egress->by_length != NULL &&
			     egress->in_flow != NULL && egress->in_active != NULL &&
			     egress->in_length != NULL;

	return has_all ? 0 : ERR_NOMEM;
}

int egress_new(struct rng *rng, size_t slots, struct egress **ret)
{
	struct egress *egress = calloc(1, sizeof(*egress));

	CHECK(slots > 0 && slots <= EGRESS_SLOTS_MAX);
	if (egress == NULL)
		return ERR_NOMEM;
	egress->slot_count = (uint16_t)slots;
	map_init(&egress->flow_of_link, rng, (uint32_t)slots, sizeof(uint32_t));
	if (make_arrays(egress, slots) != 0 ||
	    map_reserve(&egress->flow_of_link, (uint32_t)slots) < 0) {
		egress_del(egress);
		return ERR_NOMEM;
	}
	for (uint16_t i = egress->slot_count; i-- > 0;) { /* the lowest number is taken first */
		stack_push(&egress->free_slots, i);
		stack_push(&egress->free_flows, i);
	}
	egress->active = empty_list;
	for (unsigned length = 0; length <= slots; length++)
		egress->by_length[length] = empty_list;
	*ret = egress;
	return 0;
}

void egress_del(struct egress *egress)
{
	if (egress == NULL)
		return;
	map_free(&egress->flow_of_link);
	free(egress->in_length);
	free(egress->in_active);
	free(egress->in_flow);
	free(egress->by_length);
	free(egress->free_flows.numbers);
	free(egress->free_slots.numbers);
	free(egress->flows);
	free(egress->slots);
	free(egress->room);
	free(egress);
}

/* The caller's datagram is a slot of this egress, in that state. */
static uint16_t slot_number(const struct egress *egress, const struct egress_datagram *datagram,
			    enum slot_state state)
{
	const ptrdiff_t number = (const struct slot *)datagram - egress->slots;

	CHECK(number >= 0 && number < egress->slot_count);
	CHECK(egress->slots[number].state == state);
	return (uint16_t)number;
}

static void free_slot(struct egress *egress, uint16_t number)
{
	egress->slots[number].state = SLOT_FREE;
	stack_push(&egress->free_slots, number);
}

/* Mostly the one that was asked for just now; a flow that has ended has no datagrams. */
static struct flow *find_flow(struct egress *egress, uint32_t link)
{
	struct flow *flow = &egress->flows[egress->recent];
	uint32_t number;

	if (flow->link == link && flow->waiting > 0)
		return flow;
	if (!map_get(&egress->flow_of_link, &link, &number))
		return NULL;
	egress->recent = (uint16_t)number;
	return &egress->flows[number];
}

static uint16_t flow_number(const struct egress *egress, const struct flow *flow)
{
	return (uint16_t)(flow - egress->flows);
}

/* The only writer of flow->waiting; it changes by one. */
static void set_waiting(struct egress *egress, struct flow *flow, uint16_t waiting)
{
	const uint16_t number = flow_number(egress, flow);

	take_out(&egress->by_length[flow->waiting], egress->in_length, number);
	add_last(&egress->by_length[waiting], egress->in_length, number);
	flow->waiting = waiting;
	if (waiting > egress->longest)
		egress->longest = waiting;
	else if (egress->by_length[egress->longest].first == NONE)
		egress->longest--; /* it was alone there, and is one below now */
}

/* A link that begins to wait has the last turn of this round. */
static struct flow *add_flow(struct egress *egress, uint32_t link)
{
	const uint16_t number = stack_pop(&egress->free_flows);

	/* Who sends takes many before it knows how many the socket takes: a flow that ends by that
	 * and comes back has not been short. The number that was freed last is taken first. */
	egress->flows[number] = (struct flow){
		.link = link,
		.slots = { empty_list, empty_list },
		.codel = egress->flows[number].link == link ? egress->flows[number].codel
							    : (struct codel){ .count = 0 },
	};
	CHECK(map_put(&egress->flow_of_link, &link, number) == 0);
	add_last(&egress->active, egress->in_active, number);
	add_last(&egress->by_length[0], egress->in_length, number);
	return &egress->flows[number];
}

/* Takes a waiting slot out of its flow, which ends with its last one. */
static void detach(struct egress *egress, struct flow *flow, uint16_t slot)
{
	const struct egress_datagram *datagram = &egress->slots[slot].datagram;

	take_out(&flow->slots[datagram->class], egress->in_flow, slot);
	set_waiting(egress, flow, (uint16_t)(flow->waiting - 1));
	if (flow->waiting > 0)
		return;
	take_out(&egress->by_length[0], egress->in_length, flow_number(egress, flow));
	take_out(&egress->active, egress->in_active, flow_number(egress, flow));
	CHECK(map_remove(&egress->flow_of_link, &flow->link));
	stack_push(&egress->free_flows, flow_number(egress, flow));
}

/* Makes room for a datagram like this by the rule of egress.h; false if it is the one to give. */
static bool displace(struct egress *egress, const struct egress_datagram *like)
{
	struct flow *own = find_flow(egress, like->link);
	struct flow *flow;
	uint16_t victim;

	if (egress->longest == 0)
		return false;
	flow = &egress->flows[egress->by_length[egress->longest].first];
	if (own != NULL && own->waiting == egress->longest) {
		if (like->class != EGRESS_CONTROL || own->slots[EGRESS_DATA].last == NONE)
			return false;
		flow = own;
	}
	victim = flow->slots[EGRESS_DATA].last;
	if (victim == NONE)
		victim = flow->slots[EGRESS_CONTROL].last;
	detach(egress, flow, victim);
	free_slot(egress, victim);
	egress->counters.displaced++;
	return true;
}

struct egress_datagram *egress_reserve(struct egress *egress, const struct egress_datagram *like)
{
	struct egress_datagram *datagram;
	uint16_t number;

	CHECK(like->class < EGRESS_CLASSES);
	if (egress->free_slots.count == 0 && !displace(egress, like)) {
		egress->counters.refused++;
		return NULL;
	}
	number = stack_pop(&egress->free_slots);
	egress->slots[number].state = SLOT_RESERVED;
	datagram = &egress->slots[number].datagram;
	*datagram = *like;
	datagram->data = egress->room[number];
	return datagram;
}

void egress_commit(struct egress *egress, struct egress_datagram *datagram, size_t len)
{
	const uint16_t number = slot_number(egress, datagram, SLOT_RESERVED);
	struct flow *flow = find_flow(egress, datagram->link);

	CHECK(len > 0 && len <= EGRESS_SLOT_BYTES);
	datagram->len = len;
	if (flow == NULL)
		flow = add_flow(egress, datagram->link);
	egress->slots[number].state = SLOT_WAITING;
	add_last(&flow->slots[datagram->class], egress->in_flow, number);
	set_waiting(egress, flow, (uint16_t)(flow->waiting + 1));
	egress->counters.queued++;
}

void egress_cancel(struct egress *egress, struct egress_datagram *datagram)
{
	free_slot(egress, slot_number(egress, datagram, SLOT_RESERVED));
}

/* True if it was lost, for it comes too late; then the flow may have ended. */
static bool thin_out(struct egress *egress, struct flow *flow, uint16_t number, struct mono now)
{
	struct egress_datagram *datagram = &egress->slots[number].datagram;
	const bool is_alone = egress->free_slots.count + 1 == egress->slot_count;

	if (datagram->class != EGRESS_DATA || datagram->since.us == 0 ||
	    !codel_judges(&flow->codel, now, datagram->since, is_alone))
		return false;
	if (datagram->ecn != IP_ECN_NONE) {
		datagram->ecn = IP_ECN_CE;
		egress->counters.marked++;
		return false;
	}
	detach(egress, flow, number);
	free_slot(egress, number);
	egress->counters.late++;
	return true;
}

struct egress_datagram *egress_next(struct egress *egress, struct mono now)
{
	while (egress->active.first != NONE) {
		struct flow *flow = &egress->flows[egress->active.first];
		uint16_t number = flow->slots[EGRESS_CONTROL].first;
		struct slot *slot;

		if (number == NONE)
			number = flow->slots[EGRESS_DATA].first;
		slot = &egress->slots[number];
		if (thin_out(egress, flow, number, now))
			continue;
		if (!flow->has_turn) {
			flow->has_turn = true;
			flow->deficit += EGRESS_TURN_BYTES;
		}
		if (slot->datagram.len <= flow->deficit) {
			flow->deficit -= slot->datagram.len;
			detach(egress, flow, number);
			slot->state = SLOT_TAKEN;
			return &slot->datagram;
		}
		flow->has_turn = false; /* what is left counts in its next turn */
		take_out(&egress->active, egress->in_active, flow_number(egress, flow));
		add_last(&egress->active, egress->in_active, flow_number(egress, flow));
	}
	return NULL;
}

void egress_done(struct egress *egress, struct egress_datagram *datagram)
{
	free_slot(egress, slot_number(egress, datagram, SLOT_TAKEN));
	egress->counters.sent++;
}

void egress_drop(struct egress *egress, struct egress_datagram *datagram)
{
	free_slot(egress, slot_number(egress, datagram, SLOT_TAKEN));
	egress->counters.dropped++;
}

void egress_return(struct egress *egress, struct egress_datagram *datagram)
{
	const uint16_t number = slot_number(egress, datagram, SLOT_TAKEN);
	struct flow *flow = find_flow(egress, datagram->link);

	if (flow == NULL) { /* it ended with this datagram, in its turn: there it goes on */
		flow = add_flow(egress, datagram->link);
		take_out(&egress->active, egress->in_active, flow_number(egress, flow));
		add_first(&egress->active, egress->in_active, flow_number(egress, flow));
		flow->has_turn = true;
	}
	flow->deficit += datagram->len;
	egress->slots[number].state = SLOT_WAITING;
	add_first(&flow->slots[datagram->class], egress->in_flow, number);
	set_waiting(egress, flow, (uint16_t)(flow->waiting + 1));
}

size_t egress_room(const struct egress *egress)
{
	return egress->free_slots.count;
}

struct mono egress_deadline(const struct egress *egress)
{
	(void)egress;
	return MONO_NEVER;
}

struct egress_counters egress_counters(const struct egress *egress)
{
	return egress->counters;
}
