/* node_line.c - reaching the members that the bundle's bootstrap lines name.
 *
 * Any one of them leads in, and who is named in many bundles cannot be linked with all who have
 * them. So at first a few are dialled, drawn by lot, and the others, who are *spare*, in turn for
 * as long as we are alone. With a link they wait until our place is found, and if it is not found,
 * or the network is that small, they are needed. Who is named himself dials all at once: these hold
 * the network together for the rest (decision 0019).
 *
 * An attempt dials every address of the host at once, and the first session that stands ends the
 * others. A host name is looked up anew for each, but where it led to last is dialled meanwhile:
 * the look-up may hang, or fail, and the member be there. A failed attempt is repeated after 1, 2,
 * 4, ... 60 s, less a tenth at random. Sooner, but not within a second of the one before, it is
 * repeated for a packet that waits for the member, and for any while we are alone; and once when
 * the last link is gone, also if it was let go before. A member who refuses us says so under the
 * keys of a session that stands: one that ends as soon as it stood is a failure, too. */
#include "node/carrier.h"
#include "node/node_internal.h"

#include "base/check.h"

#include <string.h>

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000
/* Who has a link needs no line to get in, and each attempt costs a kilobyte a try. */
#define PATIENCE_LINKED_MS 1500
#define PATIENCE_ANSWERED_MS 5000 /* its proof takes as long as the answer took */
#define BACKOFF_LINKED_MS 120000
/* Who is not there for minutes is away: it is asked again and again, but no longer for as long as a
 * session waits. */
#define TRIED_HARD 4
#define PATIENCE_ALONE_MS 3000
#define LOOKUP_MS 30000
/* Who was let go is visited after so long: if it has started anew, and knows nobody, somebody has
 * to find it. */
#define VISIT_MS 600000
/* By so many together: of more members each comes by less often, since who is named in all bundles
 * has as many visitors as there are members. */
#define VISITORS_LOG2 5
#define VISIT_RARELY 6 /* doubled so often at most: half a day */
#define AT_ONCE 4
#define TURN_MS 250    /* between two others: RFC 8305, 8, for the same reasons */
#define PLACE_MS 5000  /* who has a link finds its place within so long, if all is well */
#define LASTED_MS 1000 /* from here on a session was no failure */

static bool is_dialling(const struct line *line)
{
	for (size_t i = 0; i < NODE_ENDPOINTS_MAX; i++)
		if (!handle_is_none(line->dials[i]))
			return true;
	return false;
}

/* No attempt is under way: one that only looks up has not begun if there is an address to dial. */
static bool is_idle(const struct line *line)
{
	return !is_dialling(line) && (!line->looking_up || line->endpoint_count > 0);
}

static struct peer *peer_of(const struct node *node, const struct line *line)
{
	struct peer *peer = pool_at(&node->peers, line->peer);

	CHECK(peer != NULL); /* a line's peer is never forgotten */
	return peer;
}

/* For its next attempt. Whose session has just ended is judged by lost() first. */
static bool is_waiting(const struct node *node, const struct line *line)
{
	return is_idle(line) && !peer_is_up(peer_of(node, line)) && line->next.us != MONO_NEVER.us;
}

/* However urgent: BACKOFF_MIN_MS after the attempt before. */
static struct mono earliest(const struct line *line)
{
	return line->dialled.us == 0 ? line->dialled : mono_add_ms(line->dialled, BACKOFF_MIN_MS);
}

/* Who is neither up nor being tried: each has its turn, in an order drawn by lot. */
static void draw_turns(struct node *node, struct now now)
{
	uint32_t order[NODE_BOOTSTRAP_MAX];
	uint32_t count = 0;
	uint32_t under_way = 0;

	for (uint32_t i = 0; i < node->line_count; i++) {
		under_way += is_idle(&node->lines[i]) ? 0 : 1;
		if (!is_waiting(node, &node->lines[i]))
			continue;
		const uint32_t at = (uint32_t)rng_between(&node->rng, 0, count);

		order[count] = i;
		order[count++] = order[at];
		order[at] = i;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct line *line = &node->lines[order[i]];
		const uint32_t place = under_way + i + 1;
		const uint64_t turn = node->is_named || place <= AT_ONCE ? 0 : place - AT_ONCE;

		line->is_spare = turn > 0;
		line->next = mono_max(mono_add_ms(now.mono, turn * TURN_MS), earliest(line));
	}
	node->turns_at = now.mono;
}

/* False if the member is not known yet, and there is no room. */
static bool begin(struct node *node, struct now now, const struct node_bootstrap *config,
		  struct line *line)
{
	struct peer *peer;

	*line = (struct line){ .config = config, .next = now.mono };
	peer = peer_get(node, &config->id, &line->peer);
	if (peer == NULL)
		return false;
	peer->is_line = true;
	if (!peer_is_up(peer))
		peer->why = "not tried yet";
	return true;
}

void lines_init(struct node *node, struct now now)
{
	for (uint32_t i = 0; i < node->config.bootstrap_count; i++) {
		const struct node_bootstrap *config = &node->config.bootstrap[i];

		if (id_equal(&config->id, &node->certificate.id)) {
			node->is_named = true; /* the bundle is the same for all */
			continue;
		}
		CHECK(begin(node, now, config, &node->lines[node->line_count]));
		node->line_count++; /* NODE_PEERS_MAX > NODE_BOOTSTRAP_MAX */
	}
	draw_turns(node, now);
}

const struct node_bootstrap *line_of(const struct node *node, const struct id *id)
{
	const struct line *found = NULL;

	for (uint32_t i = 0; i < node->line_count; i++) {
		const struct line *line = &node->lines[i];

		if (id_equal(&line->config->id, id) &&
		    (found == NULL || line->dialled.us > found->dialled.us))
			found = line;
	}
	return found == NULL ? NULL : found->config;
}

bool lines_are_needed(const struct node *node)
{
	return !ring_is_settled(node->ring) || ring_link_count(node->ring) < (size_t)2 * RING_NEAR;
}

static void fail(struct node *node, struct now now, struct line *line, const char *why)
{
	uint64_t wait_ms = node_is_alone(node) ? BACKOFF_MAX_MS : BACKOFF_LINKED_MS;

	if (peer_is_up(peer_of(node, line)))
		return; /* it dialled us meanwhile */
	if (line->failures < 6)
		wait_ms = (uint64_t)BACKOFF_MIN_MS << line->failures;
	line->failures++;
	line->next = mono_add_ms(now.mono, wait_ms - rng_between(&node->rng, 0, wait_ms / 10));
	peer_of(node, line)->why = why;
}

static bool has_lasted(const struct line *line, struct now now)
{
	return mono_reached(now.mono, mono_add_ms(line->confirmed, LASTED_MS));
}

/* It was up: who lived is dialled again at once. */
static void lost(struct node *node, struct now now, struct line *line)
{
	if (!has_lasted(line, now)) {
		fail(node, now, line, peer_of(node, line)->why);
		return;
	}
	line->failures = 0;
	line->next = now.mono;
}

static uint64_t visit_ms(const struct node *node)
{
	const uint32_t log2 = ring_size_log2(node->ring) / ID_LOG_ONE;
	const uint32_t more = log2 > VISITORS_LOG2 ? log2 - VISITORS_LOG2 : 0;

	return (uint64_t)VISIT_MS << (more < VISIT_RARELY ? more : VISIT_RARELY);
}

static void visit_later(struct node *node, struct now now, struct line *line)
{
	const uint64_t wait_ms = visit_ms(node);

	line->is_spare = false;
	line->next = mono_add_ms(now.mono, wait_ms - rng_between(&node->rng, 0, wait_ms / 2));
}

/* Who could not make us hear his RELEASE, or we him our HOLD, has let us go though we need him:
 * then he is lost as others are. */
void line_let_go(struct node *node, struct now now, struct handle peer)
{
	if (lines_are_needed(node))
		return;
	for (uint32_t i = 0; i < node->line_count; i++) {
		struct line *line = &node->lines[i];

		if (!handle_equal(line->peer, peer) || peer_is_up(peer_of(node, line)))
			continue;
		if (has_lasted(line, now))
			line->failures = 0;
		visit_later(node, now, line);
	}
}

static void dial(struct node *node, struct now now, struct line *line)
{
	const struct target target = { .kind = TARGET_EXACT, .id = line->config->id };

	line->next = MONO_NEVER;
	line->dialled = now.mono;
	for (uint32_t i = 0; i < line->endpoint_count; i++) {
		const struct endpoint local = carrier_any_local(&line->endpoints[i]);
		const struct carrier carrier = carrier_of(&local, &line->endpoints[i]);
		struct handle session;

		if (sessions_dial(node->sessions, now, &target, &carrier, &session) == 0)
			line->dials[i] = session;
	}
	if (is_dialling(line))
		peer_of(node, line)->why = peer_of(node, line)->name[0] == '\0'
						   ? "dialled, no answer yet"
						   : "it was here; dialled again, no answer yet";
	else
		fail(node, now, line, "cannot dial: too many sessions");
}

static void look_up(struct line *line, struct now now)
{
	line->looking_up = true;
	line->lookup_expiry = mono_add_ms(now.mono, LOOKUP_MS);
	line->lookup_wanted = true;
}

static void attempt(struct node *node, struct now now, struct line *line)
{
	struct endpoint endpoint;

	line->next = MONO_NEVER;
	line->is_spare = false;
	line->dialled = now.mono; /* also if its name leads nowhere */
	if (endpoint_ip_from_text(line->config->host, &endpoint) == 0) {
		endpoint.port = line->config->port;
		line->endpoints[0] = endpoint;
		line->endpoint_count = 1;
	} else if (!line->looking_up) {
		look_up(line, now);
	}
	if (line->endpoint_count > 0)
		dial(node, now, line);
	else
		peer_of(node, line)->why = "looking up its host name";
}

/* The attempt ends, and line_closed() hears of it. */
static void give_up(struct node *node, struct now now, const struct line *line)
{
	for (size_t i = 0; i < NODE_ENDPOINTS_MAX; i++)
		sessions_close(node->sessions, now, line->dials[i], FRAME_CLOSE_IDLE);
}

/* What is dialled leads elsewhere: it ends, and the attempt goes on. */
static void end_dials(struct node *node, struct now now, struct line *line)
{
	for (size_t i = 0; i < NODE_ENDPOINTS_MAX; i++) {
		const struct handle session = line->dials[i];

		line->dials[i] = HANDLE_NONE;
		sessions_close(node->sessions, now, session, FRAME_CLOSE_IDLE);
	}
}

static bool is_answered(const struct node *node, const struct line *line)
{
	for (size_t i = 0; i < NODE_ENDPOINTS_MAX; i++)
		if (sessions_is_answered(node->sessions, line->dials[i]))
			return true;
	return false;
}

static uint64_t patience_ms(const struct node *node, const struct line *line)
{
	const uint64_t unanswered_ms = node_is_alone(node) ? PATIENCE_ALONE_MS : PATIENCE_LINKED_MS;

	return is_answered(node, line) ? PATIENCE_ANSWERED_MS : unanswered_ms;
}

/* Who is alone, and was not in vain for long, has all the time that a session takes. */
static struct mono patience_of(const struct node *node, const struct line *line)
{
	if (!is_dialling(line) || (node_is_alone(node) && line->failures < TRIED_HARD))
		return MONO_NEVER;
	return mono_add_ms(line->dialled, patience_ms(node, line));
}

/* Its turn has come, and others have led in. */
static bool can_wait(const struct node *node, struct now now, const struct line *line)
{
	return line->is_spare && !node_is_alone(node) &&
	       (!lines_are_needed(node) ||
		!mono_reached(now.mono, mono_add_ms(node->turns_at, PLACE_MS)));
}

static void put_off(struct node *node, struct now now, struct line *line)
{
	peer_of(node, line)->why = "in reserve, others were reached";
	if (lines_are_needed(node))
		line->next = mono_add_ms(line->next, PLACE_MS);
	else
		visit_later(node, now, line);
}

void lines_tick(struct node *node, struct now now)
{
	for (uint32_t i = 0; i < node->line_count && !node->shutting_down; i++) {
		struct line *line = &node->lines[i];

		if (line->looking_up && mono_reached(now.mono, line->lookup_expiry)) {
			line->looking_up = false;
			if (line->endpoint_count == 0)
				fail(node, now, line, "looking up its host name takes too long");
		}
		if (mono_reached(now.mono, patience_of(node, line)))
			give_up(node, now, line);
		if (peer_is_up(peer_of(node, line)) || !is_idle(line))
			continue;
		if (line->next.us == MONO_NEVER.us)
			lost(node, now, line);
		if (!mono_reached(now.mono, line->next))
			continue;
		if (can_wait(node, now, line))
			put_off(node, now, line);
		else
			attempt(node, now, line);
	}
}

bool lines_poll(struct node *node, struct node_action *ret)
{
	for (uint32_t i = 0; i < node->line_count; i++) {
		struct line *line = &node->lines[i];

		if (!line->lookup_wanted)
			continue;
		line->lookup_wanted = false;
		*ret = (struct node_action){ .kind = NODE_LOOKUP };
		ret->bootstrap = (uint32_t)(line->config - node->config.bootstrap);
		return true;
	}
	return false;
}

struct mono lines_deadline(const struct node *node)
{
	struct mono deadline = MONO_NEVER;

	for (uint32_t i = 0; i < node->line_count && !node->shutting_down; i++) {
		const struct line *line = &node->lines[i];
		const struct peer *peer = pool_at(&node->peers, line->peer);

		if (line->lookup_wanted)
			return (struct mono){ 0 };
		if (line->looking_up)
			deadline = mono_min(deadline, line->lookup_expiry);
		deadline = mono_min(deadline, patience_of(node, line));
		if (!peer_is_up(peer) && is_idle(line))
			deadline = mono_min(deadline, line->next.us == MONO_NEVER.us
							      ? (struct mono){ 0 }
							      : line->next);
	}
	return deadline;
}

static bool leads_to(const struct line *line, const struct endpoint *endpoint)
{
	for (uint32_t i = 0; i < line->endpoint_count; i++)
		if (endpoint_equal(&line->endpoints[i], endpoint))
			return true;
	return false;
}

/* In whatever order, which may be another each time. False if that is known. */
static bool learn(struct line *line, const struct node_event *event)
{
	const uint32_t told = event->lookup.count;
	const uint32_t count = told < NODE_ENDPOINTS_MAX ? told : NODE_ENDPOINTS_MAX;
	struct endpoint endpoints[NODE_ENDPOINTS_MAX] = { 0 };
	bool is_new = count != line->endpoint_count;

	for (uint32_t i = 0; i < count; i++) {
		endpoints[i] = event->lookup.endpoints[i];
		endpoints[i].port = line->config->port;
		is_new |= !leads_to(line, &endpoints[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		line->endpoints[i] = endpoints[i];
	line->endpoint_count = count;
	return is_new;
}

/* If that is nothing, what was known stays: it is dialled already. */
static void found(struct node *node, struct now now, struct line *line,
		  const struct node_event *event)
{
	if (event->lookup.count == 0 && line->endpoint_count == 0)
		fail(node, now, line, "its host name has no address");
	if (event->lookup.count == 0 || !learn(line, event) || peer_is_up(peer_of(node, line)) ||
	    is_answered(node, line))
		return;
	end_dials(node, now, line);
	dial(node, now, line);
}

/* After LOOKUP_MS the attempt has failed, but an address is better than to look up again. */
static bool may_be_late(const struct line *line, const struct node_event *event)
{
	return line->endpoint_count == 0 && event->lookup.count > 0;
}

void lines_lookup_done(struct node *node, struct now now, const struct node_event *event)
{
	for (uint32_t i = 0; i < node->line_count && !node->shutting_down; i++) {
		struct line *line = &node->lines[i];

		if ((uint32_t)(line->config - node->config.bootstrap) != event->lookup.bootstrap)
			continue;
		if (!line->looking_up && !may_be_late(line, event))
			continue;
		line->looking_up = false;
		line->lookup_wanted = false;
		found(node, now, line, event);
	}
}

/* Only attempts of the same line end: a session that the peer dialled does not, since both sides
 * would close the other's and none would be left. Which of two sends is settled by their ephemeral
 * keys. */
void line_confirmed(struct node *node, struct now now, struct handle session, const struct id *id)
{
	for (uint32_t i = 0; i < node->line_count; i++) {
		struct line *line = &node->lines[i];
		bool ours = false;

		if (!id_equal(&line->config->id, id))
			continue;
		line->confirmed = now.mono;
		line->next = MONO_NEVER;
		line->is_spare = false; /* however it came up: lost, it is dialled at once */
		for (size_t k = 0; k < NODE_ENDPOINTS_MAX; k++)
			ours = ours || handle_equal(line->dials[k], session);
		for (size_t k = 0; ours && k < NODE_ENDPOINTS_MAX; k++) {
			const struct handle other = line->dials[k];

			line->dials[k] = HANDLE_NONE;
			if (!handle_is_none(other) && !handle_equal(other, session))
				sessions_close(node->sessions, now, other, FRAME_CLOSE_REPLACED);
		}
	}
}

void line_closed(struct node *node, struct now now, struct handle session, const char *why)
{
	for (uint32_t i = 0; i < node->line_count; i++) {
		struct line *line = &node->lines[i];

		for (size_t k = 0; k < NODE_ENDPOINTS_MAX; k++) {
			if (handle_is_none(line->dials[k]) ||
			    !handle_equal(line->dials[k], session))
				continue;
			line->dials[k] = HANDLE_NONE;
			if (!is_dialling(line))
				fail(node, now, line, why);
		}
	}
}

/* No attempt goes on, and none begins. */
void lines_stop(struct node *node, struct now now)
{
	for (uint32_t i = 0; i < node->line_count; i++) {
		struct line *line = &node->lines[i];

		line->looking_up = false;
		line->lookup_wanted = false;
		for (size_t k = 0; k < NODE_ENDPOINTS_MAX; k++)
			sessions_close(node->sessions, now, line->dials[k], FRAME_CLOSE_SHUTDOWN);
	}
}

static void hurry(struct node *node, struct now now, struct line *line)
{
	if (is_waiting(node, line))
		line->next = mono_min(line->next, mono_max(now.mono, earliest(line)));
}

void lines_hurry(struct node *node, struct now now, const struct vnet_output *wanted)
{
	for (uint32_t i = 0; i < node->line_count; i++) {
		struct line *line = &node->lines[i];
		const struct peer *peer = peer_of(node, line);
		/* An IPv4 address says nothing about whose it is before its owner was met. */
		const bool may_lead =
			peer_has_address(peer, wanted) ||
			(!wanted->has_prefix && peer->name[0] == '\0' && !line->is_spare);

		if (may_lead)
			hurry(node, now, line);
	}
}

void lines_hurry_all(struct node *node, struct now now)
{
	for (uint32_t i = 0; i < node->line_count; i++)
		if (!node->lines[i].is_spare)
			hurry(node, now, &node->lines[i]);
}

void lines_host_changed(struct node *node, struct now now)
{
	for (uint32_t i = 0; i < node->line_count; i++)
		if (is_waiting(node, &node->lines[i]))
			node->lines[i].failures = 0;
	draw_turns(node, now);
}

void lines_left_alone(struct node *node, struct now now)
{
	draw_turns(node, now);
}

bool lines_all_up(const struct node *node)
{
	for (uint32_t i = 0; i < node->line_count; i++) {
		const struct peer *peer = pool_at(&node->peers, node->lines[i].peer);

		if (!peer_is_up(peer))
			return false;
	}
	return true;
}

static bool leads_the_same_way(const struct node_bootstrap *a, const struct node_bootstrap *b)
{
	return id_equal(&a->id, &b->id) && a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* The lines as they were, and what they were made of. */
struct old_lines {
	struct node_bootstrap config[NODE_BOOTSTRAP_MAX];
	struct line lines[NODE_BOOTSTRAP_MAX];
	bool is_taken[NODE_BOOTSTRAP_MAX];
	uint32_t count;
};

/* The line that there was for this, with all that is known of it; false if there was none. */
static bool take_over(struct node *node, struct old_lines *old, const struct node_bootstrap *config,
		      struct line *ret)
{
	for (uint32_t i = 0; i < old->count; i++) {
		const struct line *const line = &old->lines[i];

		if (old->is_taken[i] ||
		    !leads_the_same_way(&old->config[line->config - node->config.bootstrap],
					config))
			continue;
		old->is_taken[i] = true;
		*ret = *line;
		ret->config = config;
		ret->lookup_wanted = ret->looking_up; /* its number may be another one now */
		return true;
	}
	return false;
}

/* Whose line is gone may be forgotten from now on, and not before all lines are made: each new one
 * may make somebody be forgotten. */
static void name_peers(struct node *node, const struct old_lines *old)
{
	for (uint32_t i = 0; i < old->count; i++)
		peer_of(node, &old->lines[i])->is_line = false;
	for (uint32_t i = 0; i < node->line_count; i++)
		peer_of(node, &node->lines[i])->is_line = true;
}

void lines_renew(struct node *node, struct now now, const struct node_bootstrap *bootstrap,
		 uint32_t count)
{
	struct old_lines old = { .count = node->line_count };

	memcpy(old.config, node->config.bootstrap, sizeof(old.config));
	memcpy(old.lines, node->lines, sizeof(old.lines));
	memcpy(node->config.bootstrap, bootstrap, count * sizeof(*bootstrap));
	node->config.bootstrap_count = count;
	node->line_count = 0;
	node->is_named = false;
	for (uint32_t i = 0; i < count; i++) {
		const struct node_bootstrap *config = &node->config.bootstrap[i];
		struct line *line = &node->lines[node->line_count];

		if (id_equal(&config->id, &node->certificate.id))
			node->is_named = true;
		else if (take_over(node, &old, config, line) || begin(node, now, config, line))
			node->line_count++;
	}
	name_peers(node, &old);
	for (uint32_t i = 0; i < old.count; i++)
		if (!old.is_taken[i])
			end_dials(node, now, &old.lines[i]);
}
