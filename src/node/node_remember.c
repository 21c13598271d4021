/* node_remember.c - the members that were near us, for when nobody of the bootstrap lines is there.
 *
 * All of them are dialled at once after a start, since whoever answers first brings us back, and
 * then the others are left alone. Later each minute, at the latest, one of those that fell silent
 * is dialled: that joins two rings which lost sight of each other. Who does not answer is asked
 * ever less often, and at last forgotten: somebody else has its address by then. While we have no
 * link at all they are dialled in turn, each three seconds at first; after each time round the
 * pause is twice as long, up to that minute, since whoever comes back dials us as well. While a
 * packet waits it is three seconds. */
#include "node/node_internal.h"

#include "base/check.h"
#include "node/carrier.h"

#define RETRY_MS 60000
#define RETRY_MAX_MS 3600000 /* of one that does not answer */
#define RETRY_ALONE_MS 3000  /* the first time round */
#define PATIENCE_MS 3000     /* with one dial, then the next has its turn */
#define PATIENCE_LINKED_MS 1500
#define PATIENCE_BACK_MS 500 /* with the others, when one has brought us back */
#define KEEP_MIN_MS 5000     /* between two KEEPs */

/* -- dialling ------------------------------------------------------------------------------ */

static struct mono pause_after(const struct remembered *r, struct mono now)
{
	const uint64_t ms = r->vain < 6 ? (uint64_t)RETRY_MS << r->vain : RETRY_MAX_MS;

	return mono_add_ms(now, ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS);
}

/* False if there is no need, or no way. */
static bool dial(struct node *node, struct now now, struct remembered *r)
{
	const struct target target = { .kind = TARGET_EXACT, .id = r->neighbour.id };
	const struct endpoint local = carrier_any_local(&r->neighbour.endpoint);
	const struct carrier carrier = carrier_of(&local, &r->neighbour.endpoint);
	const uint64_t patience_ms = node_is_alone(node) ? PATIENCE_MS : PATIENCE_LINKED_MS;
	struct handle handle;
	const struct peer *peer = peer_find(node, &r->neighbour.id, &handle);

	if ((peer != NULL && peer_is_up(peer)) || !handle_is_none(r->session) ||
	    !candidates_is_probeable(&node->candidates, &r->neighbour.endpoint))
		return false;
	if (sessions_dial(node->sessions, now, &target, &carrier, &r->session) != 0)
		return false; /* full: later */
	r->patience = mono_add_ms(now.mono, patience_ms);
	return true;
}

/* It fell silent, or was not met in this life; not if it said goodbye, or we did. Nor if it said
 * that we fell silent (CLOSE 4): it takes us for lost then, and dials. Who is named by a line is
 * dialled for that. */
static bool is_lost(const struct node *node, const struct remembered *r)
{
	struct handle handle;
	const struct peer *peer = peer_find(node, &r->neighbour.id, &handle);

	return peer == NULL || (!peer->is_line && !peer_is_up(peer) && peer->paths.is_dead);
}

/* The next in turn, if there is one. */
static void dial_next(struct node *node, struct now now)
{
	struct memory *m = &node->memory;
	const bool alone = node_is_alone(node);

	for (uint32_t i = 0; i < m->count; i++) {
		struct remembered *next = &m->all[m->at++ % m->count];

		if ((alone || (is_lost(node, next) && mono_reached(now.mono, next->next))) &&
		    dial(node, now, next))
			return;
	}
}

static void forget(struct memory *m, uint32_t i)
{
	m->count--;
	memmove(&m->all[i], &m->all[i + 1], (m->count - i) * sizeof(m->all[0]));
	m->keep_wanted = true;
}

/* The dial is over, unless a session has come of it; then that is no dial any more. */
static void end_dial(struct node *node, struct now now, struct remembered *r)
{
	const struct channel *channel = channel_of(node, r->session);
	const bool stands = channel != NULL && channel->standing;

	if (!stands)
		sessions_close(node->sessions, now, r->session, FRAME_CLOSE_IDLE);
	r->session = HANDLE_NONE;
	if (stands)
		r->vain = 0;
	else if (!node_is_alone(node))
		r->vain++;
	r->next = pause_after(r, now.mono);
}

static void end_dials(struct node *node, struct now now)
{
	struct memory *m = &node->memory;
	bool dialled = false;

	for (uint32_t i = m->count; i-- > 0;) {
		struct remembered *r = &m->all[i];

		if (!handle_is_none(r->session) && mono_reached(now.mono, r->patience))
			end_dial(node, now, r);
		dialled |= !handle_is_none(r->session);
		if (r->vain >= REMEMBER_VAIN_MAX)
			forget(m, i);
	}
	/* Whoever answered first has brought us back: the others are not needed for that. */
	for (uint32_t i = 0; i < m->count && dialled && m->alone > 0 && !node_is_alone(node); i++)
		if (!handle_is_none(m->all[i].session))
			m->all[i].patience = mono_min(m->all[i].patience,
						      mono_add_ms(now.mono, PATIENCE_BACK_MS));
}

/* -- remembering --------------------------------------------------------------------------- */

void remember_init(struct node *node, struct now now)
{
	struct memory *m = &node->memory;

	CHECK(node->config.neighbour_count <= NODE_NEIGHBOURS_MAX);
	m->keep_at = now.mono;
	m->next = now.mono;
	m->count = node->config.neighbour_count;
	for (uint32_t i = 0; i < m->count; i++)
		m->all[i].neighbour = node->config.neighbours[i];
}

void remember_soon(struct node *node)
{
	node->memory.keep_wanted = true;
}

/* Moves it to the front; the last goes where there is no room. */
static void note(struct node *node, struct now now, const struct peer *peer)
{
	struct memory *m = &node->memory;
	struct remembered noted = { .neighbour.id = peer->id };
	uint32_t at = 0;

	while (at < m->count && !id_equal(&m->all[at].neighbour.id, &peer->id))
		at++;
	if (at < m->count) {
		noted.session = m->all[at].session;
		noted.patience = m->all[at].patience;
	} else if (at < NODE_NEIGHBOURS_MAX) {
		m->count++;
	} else {
		end_dial(node, now, &m->all[--at]);
	}
	memmove(&m->all[1], &m->all[0], at * sizeof(m->all[0]));
	noted.neighbour.endpoint = peer_way(peer).remote;
	m->all[0] = noted;
}

static void note_near(struct node *node, struct now now)
{
	struct id near[2 * RING_NEAR];
	const size_t count = ring_near(node->ring, near);

	for (size_t i = 0; i < count; i++) {
		struct handle handle;
		const struct peer *peer = peer_find(node, &near[i], &handle);

		if (peer != NULL && peer_way(peer).kind == WAY_DIRECT)
			note(node, now, peer);
	}
}

bool remember_poll(struct node *node, struct now now, struct node_action *ret)
{
	struct memory *m = &node->memory;

	if (!m->keep_wanted || !mono_reached(now.mono, m->keep_at))
		return false;
	m->keep_wanted = false;
	m->keep_at = mono_add_ms(now.mono, KEEP_MIN_MS);
	note_near(node, now);
	*ret = (struct node_action){ .kind = NODE_KEEP };
	ret->keep.count = m->count;
	for (uint32_t i = 0; i < m->count; i++)
		ret->keep.neighbours[i] = m->all[i].neighbour;
	return ret->keep.count > 0;
}

/* -- time ---------------------------------------------------------------------------------- */

void remember_host_changed(struct node *node, struct now now)
{
	struct memory *m = &node->memory;

	m->alone = 0;
	m->has_dialled = false;
	m->next = now.mono;
}

void remember_hurry(struct node *node)
{
	struct memory *m = &node->memory;

	m->next = mono_min(m->next, mono_add_ms(m->dialled, RETRY_ALONE_MS));
}

/* At random: those who lost each other together do not all wait for the same moment. */
static uint64_t pause_linked_ms(struct node *node)
{
	return RETRY_MS - rng_between(&node->rng, 0, RETRY_MS / 2);
}

/* While we are alone: until the next of them is dialled. */
static uint64_t pause_alone_ms(struct memory *m)
{
	uint64_t ms = RETRY_ALONE_MS;

	for (uint32_t at = m->alone++; at >= m->count; at -= m->count) {
		ms *= 2;
		if (ms >= RETRY_MS)
			return RETRY_MS;
	}
	return ms;
}

void remember_tick(struct node *node, struct now now)
{
	struct memory *m = &node->memory;
	const bool alone = node_is_alone(node);

	end_dials(node, now);
	if (node->shutting_down || m->count == 0)
		return;
	if (!alone)
		m->alone = 0;
	else if (m->alone == 0)
		m->next = mono_min(m->next, mono_add_ms(now.mono, RETRY_ALONE_MS));
	if (!mono_reached(now.mono, m->next))
		return;
	m->dialled = now.mono;
	m->next = mono_add_ms(now.mono, alone ? pause_alone_ms(m) : pause_linked_ms(node));
	if (m->has_dialled) {
		dial_next(node, now);
		return;
	}
	m->has_dialled = true;
	for (uint32_t i = 0; i < m->count; i++)
		(void)dial(node, now, &m->all[i]);
}

struct mono remember_deadline(const struct node *node)
{
	const struct memory *m = &node->memory;
	struct mono deadline = m->count > 0 ? m->next : MONO_NEVER;

	if (node->shutting_down)
		return MONO_NEVER;
	for (uint32_t i = 0; i < m->count; i++)
		if (!handle_is_none(m->all[i].session))
			deadline = mono_min(deadline, m->all[i].patience);
	return m->keep_wanted ? mono_min(deadline, m->keep_at) : deadline;
}
