/* test_ring_route.c - where messages go: greedy, never in circles, and a broadcast to each once.
 *
 * Method: rings of many machines whose links are drawn; each claim is checked against a plain
 * search over all links. */
#include "base/check.h"
#include "ring/ring.h"

#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#define SEEDS 100
#define COUNT_MAX 40

static const struct id nobody;

static struct node {
	struct id id;
	struct ring *ring;
	bool linked[COUNT_MAX];
	bool silent; /* passes nothing on */
} nodes[COUNT_MAX];  /* in the order of their ids */
static size_t count;
static struct rng rng;

static int compare_nodes(const void *a, const void *b)
{
	return id_compare(&((const struct node *)a)->id, &((const struct node *)b)->id);
}

static void meet(size_t i, size_t j, bool linked)
{
	const struct ring_member member = { .id = nodes[j].id, .linked = linked };

	assert_int_equal(ring_met(nodes[i].ring, (struct now){ .mono = { 0 } }, &member), 0);
	nodes[i].linked[j] = linked;
}

/* Some members; with `exact`, each linked with its near ones; beside those, other pairs by chance.
 */
static void set_up(uint64_t seed, bool exact, unsigned other_per_mille)
{
	rng_init_seed(&rng, seed);
	count = rng_between(&rng, 2, COUNT_MAX);
	for (size_t i = 0; i < count; i++) {
		nodes[i] = (struct node){ .ring = NULL };
		rng_bytes(&rng, nodes[i].id.bytes, ID_BYTES);
	}
	qsort(nodes, count, sizeof(nodes[0]), compare_nodes);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ring_new(&nodes[i].id, &rng, &nodes[i].ring), 0);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			const size_t steps = j - i < count - (j - i) ? j - i : count - (j - i);
			const bool linked =
				(exact && steps <= RING_NEAR) || rng_chance(&rng, other_per_mille);

			if (!linked && rng_chance(&rng, 500))
				continue;
			meet(i, j, linked);
			meet(j, i, linked);
		}
	}
}

/* All that a member hears shows that it is near: it stands, and is settled if it has a link. */
static void settle(void)
{
	static const struct neighbours empty;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			(void)ring_hear(nodes[i].ring, (struct now){ .mono = { 0 } }, &nodes[j].id,
					&empty);
}

static void tear_down(void)
{
	for (size_t i = 0; i < count; i++)
		ring_del(nodes[i].ring);
}

static size_t find(const struct id *id)
{
	for (size_t i = 0; i < count; i++)
		if (id_equal(&nodes[i].id, id))
			return i;
	UNREACHABLE();
}

/* By plain search: the link of i nearest to the key, nearer than i; count: none. */
static size_t nearest_link(size_t i, const struct id *key, const struct id *came_from,
			   const struct id *asker)
{
	struct id least = id_distance(&nodes[i].id, key);
	size_t best = count;

	for (size_t j = 0; j < count; j++) {
		const struct id its = id_distance(&nodes[j].id, key);

		if (!nodes[i].linked[j] || id_equal(&nodes[j].id, came_from) ||
		    id_equal(&nodes[j].id, asker) || id_compare(&its, &least) >= 0)
			continue;
		best = j;
		least = its;
	}
	return best;
}

static struct id random_id(void)
{
	struct id id;

	rng_bytes(&rng, id.bytes, ID_BYTES);
	return id;
}

static void each_step_is_the_best_that_goes_nearer(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		set_up(seed, false, 300);
		settle();
		for (unsigned n = 0; n < 200; n++) {
			const size_t i = rng_between(&rng, 0, count - 1);
			const size_t from = rng_between(&rng, 0, count - 1);
			const size_t asker = rng_between(&rng, 0, count - 1);
			struct routed routed = { .target = { TARGET_NEAREST, random_id() },
						 .from = nodes[asker].id };
			const bool is_ours = from == i;
			const struct id *came_from = is_ours ? &nobody : &nodes[from].id;
			struct id link;
			size_t best;

			if (asker == i)
				continue;
			best = nearest_link(i, &routed.target.id, came_from, &routed.from);
			if (is_ours && !ring_is_settled(nodes[i].ring))
				continue;
			assert_int_equal(ring_next(nodes[i].ring, &routed, came_from, &link),
					 best == count ? RING_HERE : RING_ON);
			assert_true(best == count || id_equal(&link, &nodes[best].id));

			routed.target.kind = TARGET_EXACT;
			best = nearest_link(i, &routed.target.id, came_from, &nobody);
			assert_int_equal(ring_next(nodes[i].ring, &routed, came_from, &link),
					 best == count ? RING_STUCK : RING_ON);
			assert_true(best == count || id_equal(&link, &nodes[best].id));
		}
		tear_down();
	}
}

/* Whatever the links are, and settled or not: no message visits a member twice but the one it came
 * from, which may get it back from a stranger whom it gave its first step. */
static void no_message_goes_in_circles(void **state)
{
	static const enum target_kind kinds[] = { TARGET_EXACT, TARGET_PREFIX, TARGET_NEAREST };

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		set_up(seed, seed % 2 == 0, 100);
		if (seed % 3 == 0)
			settle();
		for (unsigned n = 0; n < 100; n++) {
			bool visited[COUNT_MAX] = { false };
			const struct target target = {
				.kind = kinds[n % 3],
				.id = n % 2 == 0 ? random_id()
						 : nodes[rng_between(&rng, 0, count - 1)].id
			};
			size_t at = rng_between(&rng, 0, count - 1);
			const struct routed routed = { .target = target, .from = nodes[at].id };
			struct id came_from = nobody;
			struct id link;
			unsigned hops = 0;

			while (ring_next(nodes[at].ring, &routed, &came_from, &link) == RING_ON) {
				const bool is_first = hops++ == 0;

				assert_true(nodes[at].linked[find(&link)]);
				assert_false(id_equal(&link, &came_from));
				came_from = nodes[at].id;
				visited[at] = !is_first;
				at = find(&link);
				assert_false(visited[at]);
			}
			assert_in_range(hops, 0, count);
		}
		tear_down();
	}
}

/* A member and links of it at these places clockwise of its id. */
static struct ring *alone_with(const uint8_t *places, size_t places_count, uint8_t doubted)
{
	const struct id own = { { 0 } };
	struct id me = own;
	struct ring *ring;

	me.bytes[ID_BYTES - 1] = 1;
	rng_init_seed(&rng, 1);
	assert_int_equal(ring_new(&me, &rng, &ring), 0);
	for (size_t i = 0; i < places_count; i++) {
		struct ring_member member = { .id = me, .linked = true };

		member.id.bytes[0] = places[i];
		member.doubted = places[i] == doubted;
		assert_int_equal(ring_met(ring, (struct now){ .mono = { 0 } }, &member), 0);
	}
	return ring;
}

/* The first byte of the link that is taken, of a message from another member; 0: none. */
static unsigned taken(struct ring *ring, const struct routed *routed, enum ring_step expected)
{
	struct id link = nobody;
	const struct id from = { { 0xee } };

	assert_int_equal(ring_next(ring, routed, &from, &link), expected);
	return link.bytes[0];
}

static void each_route_takes_another_first_step(void **state)
{
	static const uint8_t places[] = { 10, 20, 30, 40, 50, 60, 200 };
	struct ring *ring = alone_with(places, sizeof(places), 0);
	struct routed routed = { .target = { TARGET_EXACT, { { 61 } } } };
	bool seen[256] = { false };
	unsigned others = 0;

	(void)state;
	for (routed.route = 0; routed.route < 6; routed.route++) {
		struct id link;

		assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_ON);
		assert_true(routed.route > 0 || link.bytes[0] == 60);
		assert_false(seen[link.bytes[0]]); /* and so not the one that leads away */
		seen[link.bytes[0]] = true;
		/* Who passes it on does not stray far. */
		assert_in_range(taken(ring, &routed, RING_ON), routed.route == 0 ? 60 : 40, 60);
		others += taken(ring, &routed, RING_ON) != 60;
	}
	assert_in_range(others, 1, 5);
	ring_del(ring);
}

/* Whatever the route: it might stray to who keeps it. */
static void who_has_the_target_as_a_link_gives_it_to_it(void **state)
{
	static const uint8_t places[] = { 40, 50, 60, 70, 200 };
	struct ring *ring = alone_with(places, sizeof(places), 0);
	struct routed routed = { .target = { TARGET_EXACT, { { 60 } } } };

	(void)state;
	routed.target.id.bytes[ID_BYTES - 1] = 1;
	for (; routed.route < ROUTED_ROUTES; routed.route++)
		assert_int_equal(taken(ring, &routed, RING_ON), 60);
	ring_del(ring);
}

static void what_leaves_twice_takes_links_beside_the_target(void **state)
{
	static const uint8_t places[] = { 10, 20, 30, 40, 50, 60, 200 };
	struct ring *ring = alone_with(places, sizeof(places), 20);
	struct id target = { { 30 } };
	struct id besides = { { 40 } };
	unsigned times[256] = { 0 };

	(void)state;
	target.bytes[ID_BYTES - 1] = besides.bytes[ID_BYTES - 1] = 1;
	for (unsigned n = 0; n < 200; n++) {
		struct id link;

		assert_true(ring_beside(ring, &target, &besides, n, &link));
		times[link.bytes[0]]++;
	}
	/* The four nearest but these two and the one in doubt, some of them behind us. */
	assert_int_equal(times[10] + times[50] + times[60] + times[200], 200);
	assert_true(times[10] == 50 && times[50] == 50 && times[60] == 50 && times[200] == 50);
	ring_del(ring);
}

static void who_has_no_other_link_sends_once(void **state)
{
	static const uint8_t places[] = { 30, 40, 50 };
	struct ring *ring = alone_with(places, 2, 0);
	struct id target = { { 30 } };
	struct id besides = { { 40 } };
	struct id link;

	(void)state;
	target.bytes[ID_BYTES - 1] = besides.bytes[ID_BYTES - 1] = 1;
	assert_false(ring_beside(ring, &target, &besides, 0, &link));
	ring_del(ring);
	ring = alone_with(places, 3, 50);
	assert_true(ring_beside(ring, &target, &besides, 1, &link));
	assert_int_equal(link.bytes[0], 50); /* in doubt, but there is no other */
	ring_del(ring);
}

static void who_is_in_doubt_is_taken_when_nobody_else_leads_on(void **state)
{
	static const uint8_t places[] = { 50, 60, 200 };
	const struct routed far = { .target = { TARGET_EXACT, { { 61 } } } };
	const struct routed near = { .target = { TARGET_EXACT, { { 201 } } } };
	struct ring *ring = alone_with(places, sizeof(places), 60);

	(void)state;
	assert_int_equal(taken(ring, &far, RING_ON), 50);
	ring_del(ring);
	ring = alone_with(places, sizeof(places), 200);
	assert_int_equal(taken(ring, &near, RING_ON), 200);
	ring_del(ring);
}

static void a_hole_is_stepped_around(void **state)
{
	static const uint8_t places[] = { 9, 200 };
	struct ring *ring = alone_with(places, sizeof(places), 0);
	struct routed routed = { .target = { TARGET_EXACT, { { 4 } } } };

	(void)state;
	(void)taken(ring, &routed, RING_STUCK); /* we are nearer than both of them */
	routed.detours = 1;
	assert_int_equal(taken(ring, &routed, RING_ASIDE), 9);
	routed.target.kind = TARGET_PREFIX;
	assert_int_equal(taken(ring, &routed, RING_ASIDE), 9);
	routed.target.kind = TARGET_NEAREST; /* that is us */
	(void)taken(ring, &routed, RING_HERE);
	ring_del(ring);
}

static void on_an_exact_ring_everybody_is_found(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		set_up(seed, true, 20);
		for (size_t n = 0; n < 4 * count; n++) {
			const size_t to = rng_between(&rng, 0, count - 1);
			const size_t from = rng_between(&rng, 0, count - 1);
			struct routed routed = { .target = { TARGET_EXACT, nodes[to].id },
						 .from = nodes[from].id };
			struct id came_from = nobody;
			size_t at = from;
			struct id link;
			enum ring_step step;

			if (n % 3 == 1) { /* of the last 80 bits we know nothing */
				routed.target.kind = TARGET_PREFIX;
				for (size_t i = ID_PREFIX_BYTES; i < ID_BYTES; i++)
					routed.target.id.bytes[i] = 0;
			} else if (n % 3 == 2) {
				routed.to_via = nodes[rng_between(&rng, 0, count - 1)].id;
			}
			while ((step = ring_next(nodes[at].ring, &routed, &came_from, &link)) ==
			       RING_ON) {
				if (id_equal(&routed.to_via, &nodes[at].id))
					routed.to_via = nobody;
				came_from = nodes[at].id;
				at = find(&link);
				if (id_equal(&routed.to_via, &nodes[at].id))
					came_from = nobody; /* from here it may well go back */
			}
			assert_int_equal(step, RING_HERE);
			assert_int_equal(at, to);
		}
		tear_down();
	}
}

static void who_asks_who_is_nearest_besides_itself_is_told(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		set_up(seed, true, 20);
		for (size_t i = 0; i < count; i++) {
			const struct routed routed = { .target = { TARGET_NEAREST, nodes[i].id },
						       .to_via = nodes[(i + 1) % count].id,
						       .from = nodes[i].id };
			struct routed passed = routed;
			struct id came_from = nobody;
			struct id right = id_clockwise(&nodes[i].id, &nodes[(i + 1) % count].id);
			struct id left =
				id_clockwise(&nodes[(i + count - 1) % count].id, &nodes[i].id);
			size_t at = i;
			struct id link;

			while (ring_next(nodes[at].ring, &passed, &came_from, &link) == RING_ON) {
				came_from = nodes[at].id;
				at = find(&link);
				if (id_equal(&passed.to_via, &nodes[at].id))
					passed.to_via = nobody;
			}
			assert_int_equal(at, id_compare(&right, &left) <= 0
						     ? (i + 1) % count
						     : (i + count - 1) % count);
			passed.to_via = nobody; /* and without a via the same */
			assert_int_equal(ring_next(nodes[i].ring, &passed, &nobody, &link),
					 RING_ON);
			assert_int_equal(find(&link), at);
		}
		tear_down();
	}
}

/* One link, on the far side of the target. */
static void a_first_step_may_lead_away(void **state)
{
	static const struct neighbours empty;
	const struct id far = { { 0x80 } };
	const struct id self = { { 0x10 } };
	struct routed routed = { .target = { TARGET_EXACT, { { 0x11 } } }, .from = self };
	struct ring *ring;
	struct id link;

	(void)state;
	rng_init_seed(&rng, 1);
	assert_int_equal(ring_new(&self, &rng, &ring), 0);
	assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_STUCK);
	routed.target.kind = TARGET_NEAREST;
	assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_STUCK);
	routed.from = far; /* somebody else's question */
	assert_int_equal(ring_next(ring, &routed, &self, &link), RING_HERE);
	routed.from = self;
	routed.target.kind = TARGET_EXACT;
	assert_int_equal(
		ring_met(ring, (struct now){ .mono = { 0 } }, &(struct ring_member){ .id = far }),
		0);
	assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_STUCK); /* met only */
	assert_int_equal(ring_met(ring, (struct now){ .mono = { 0 } },
				  &(struct ring_member){ .id = far, .linked = true }),
			 0);
	assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_ON);
	assert_true(id_equal(&link, &far));
	assert_int_equal(ring_next(ring, &routed, &far, &link), RING_STUCK);  /* not back */
	assert_int_equal(ring_next(ring, &routed, &self, &link), RING_STUCK); /* not ours */
	routed.target.id = self;
	assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_HERE);
	routed.target.kind = TARGET_PREFIX;
	assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_HERE);
	routed.target = (struct target){ TARGET_EXACT, { { 0x11 } } };

	assert_int_equal(ring_hear(ring, (struct now){ .mono = { 0 } }, &far, &empty), 0);
	assert_true(ring_is_settled(ring)); /* from now on we know that it leads nowhere */
	assert_int_equal(ring_next(ring, &routed, &nobody, &link), RING_STUCK);
	ring_del(ring);
}

/* Counts who gets it; nobody more often than the parts have room for. */
static void spread(size_t first, const struct id *until, unsigned route, size_t max,
		   unsigned *times)
{
	struct ring_share parts[4 * COUNT_MAX] = { { .link = nodes[first].id, .until = *until } };
	size_t end = 1;

	for (size_t i = 0; i < end; i++) {
		const size_t at = find(&parts[i].link);
		const size_t room = sizeof(parts) / sizeof(parts[0]) - end;

		times[at]++;
		if (nodes[at].silent)
			continue;
		end += ring_split(nodes[at].ring, &parts[i].until, route, &parts[end],
				  max < room ? max : room);
	}
}

static void a_broadcast_reaches_each_member_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		set_up(seed, true, (unsigned)(seed % 3) * 150);
		for (size_t i = 0; i < count; i++) {
			const size_t max = 1 + (i + seed) % 8;
			const unsigned route = (unsigned)(i + seed) % ROUTED_ROUTES;
			const size_t end = rng_between(&rng, 0, count - 1);
			const size_t step = route < RING_MIRRORED ? 1 : count - 1;
			unsigned times[COUNT_MAX] = { 0 };

			spread(i, &nodes[i].id, route, i % 5 == 0 ? COUNT_MAX : max, times);
			for (size_t j = 0; j < count; j++)
				assert_int_equal(times[j], 1);
			for (size_t j = 0; j < count; j++)
				times[j] = 0;
			spread(i, &nodes[end].id, route, max, times); /* a part */
			for (size_t j = i; j != end || times[j] > 0; j = (j + step) % count) {
				assert_int_equal(times[j], 1);
				times[j] = 0;
			}
			for (size_t j = 0; j < count; j++)
				assert_int_equal(times[j], 0);
		}
		tear_down();
	}
}

static void doubt(size_t i, size_t j)
{
	const struct ring_member member = { .id = nodes[j].id, .linked = true, .doubted = true };

	if (nodes[i].linked[j])
		assert_int_equal(ring_met(nodes[i].ring, (struct now){ .mono = { 0 } }, &member),
				 0);
}

/* Some are silent, never RING_NEAR in a row, and those that they are links of know it. */
static void draw_silent(void)
{
	for (size_t j = 0; j + 2 < count; j++) {
		const bool is_in_row = j >= 2 && nodes[j - 1].silent && nodes[j - 2].silent;

		nodes[j].silent = !is_in_row && rng_chance(&rng, 300);
		for (size_t i = 0; i < count && nodes[j].silent; i++)
			doubt(i, j);
	}
}

static void who_is_silent_hides_nobody_from_a_broadcast(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		set_up(seed, true, (unsigned)(seed % 3) * 150);
		draw_silent();
		for (size_t i = 0; i < count; i++) {
			unsigned times[COUNT_MAX] = { 0 };

			if (nodes[i].silent)
				continue;
			spread(i, &nodes[i].id, (unsigned)seed % ROUTED_ROUTES, 16, times);
			for (size_t j = 0; j < count; j++)
				assert_in_range(times[j], nodes[j].silent ? 0 : 1, 1);
		}
		tear_down();
	}
}

/* Whoever doubts whom. */
static void who_is_in_doubt_gets_a_broadcast(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		set_up(seed, true, (unsigned)(seed % 3) * 150);
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < count; j++)
				if (rng_chance(&rng, (unsigned)(seed % 11) * 100))
					doubt(i, j);
		for (size_t i = 0; i < count; i++) {
			const size_t max = 1 + (i + seed) % 8;
			unsigned times[COUNT_MAX] = { 0 };

			spread(i, &nodes[i].id, (unsigned)i % ROUTED_ROUTES, max + 1, times);
			for (size_t j = 0; j < count; j++)
				assert_in_range(times[j], 1, 1);
		}
		tear_down();
	}
}

static void shares_are_spread_over_the_range(void **state)
{
	struct ring_share shares[8];
	struct id own = { { 0xc0, 1 } }; /* none of them is zero */
	struct ring *ring;

	(void)state;
	rng_init_seed(&rng, 1);
	assert_int_equal(ring_new(&own, &rng, &ring), 0);
	assert_int_equal(ring_split(ring, &own, 0, shares, 8), 0);
	for (unsigned i = 1; i <= 100; i++) {
		struct ring_member member = { .id = own, .linked = i % 10 != 0 };

		member.id.bytes[0] = (uint8_t)(own.bytes[0] + i);
		assert_int_equal(ring_met(ring, (struct now){ .mono = { 0 } }, &member), 0);
	}
	assert_int_equal(ring_split(ring, &own, 0, shares, 0), 0);
	assert_int_equal(ring_split(ring, &own, 0, shares, 3), 3);
	assert_int_equal(shares[0].link.bytes[0], 0xc1); /* always: who else would reach it? */
	assert_in_range((uint8_t)(shares[1].link.bytes[0] - 0xc0), 32, 36);
	assert_in_range((uint8_t)(shares[2].link.bytes[0] - 0xc0), 65, 69);
	assert_true(id_equal(&shares[0].until, &shares[1].link));
	assert_true(id_equal(&shares[1].until, &shares[2].link));
	assert_true(id_equal(&shares[2].until, &own));
	ring_del(ring);
}

/* Of 90 links and 3 shares: but the first one, which nobody else would reach, none leads twice. */
static void each_route_splits_at_other_links(void **state)
{
	struct id own = { { 0xc0, 1 } }; /* none of them is zero */
	struct ring_share shares[3];
	bool leads[256] = { false };
	struct ring *ring;

	(void)state;
	rng_init_seed(&rng, 1);
	assert_int_equal(ring_new(&own, &rng, &ring), 0);
	for (unsigned i = 1; i <= 90; i++) {
		struct ring_member member = { .id = own, .linked = true };

		member.id.bytes[0] = (uint8_t)(own.bytes[0] + i);
		assert_int_equal(ring_met(ring, (struct now){ .mono = { 0 } }, &member), 0);
	}
	for (unsigned route = 0; route < RING_SPLITS; route++) {
		assert_int_equal(ring_split(ring, &own, route, shares, 3), 3);
		assert_int_equal(shares[0].link.bytes[0], 0xc1);
		for (size_t i = 1; i < 3; i++) {
			assert_false(leads[shares[i].link.bytes[0]]);
			leads[shares[i].link.bytes[0]] = true;
		}
	}
	ring_del(ring);
}

/* So do those of few links, for which there are shares enough. */
static void few_links_are_split_differently_too(void **state)
{
	static const uint8_t seconds[RING_SPLITS] = { 0xc2, 0xc3, 0xc4, 0xc4 }; /* who leads next */
	struct id own = { { 0xc0, 1 } };
	struct ring_share shares[16];
	struct ring *ring;

	(void)state;
	rng_init_seed(&rng, 1);
	assert_int_equal(ring_new(&own, &rng, &ring), 0);
	for (unsigned i = 1; i <= 4; i++) {
		struct ring_member member = { .id = own, .linked = true };

		member.id.bytes[0] = (uint8_t)(own.bytes[0] + i);
		assert_int_equal(ring_met(ring, (struct now){ .mono = { 0 } }, &member), 0);
	}
	for (unsigned route = 0; route < RING_SPLITS; route++) {
		assert_int_equal(ring_split(ring, &own, route, shares, 16), route == 0 ? 4 : 2);
		assert_int_equal(shares[0].link.bytes[0], 0xc1);
		assert_int_equal(shares[1].link.bytes[0], seconds[route]);
	}
	ring_del(ring);
}

/* The first bytes of those that lead, of links in a row clockwise of us. */
static void assert_leaders(const char *doubted, unsigned route, size_t max, const char *leaders)
{
	struct id own = { { 0xc0, 1 } };
	struct ring_share shares[8];
	char led[9] = "";
	struct ring *ring;
	size_t shared;

	rng_init_seed(&rng, 1);
	assert_int_equal(ring_new(&own, &rng, &ring), 0);
	for (const char *name = "abcdefgh"; *name != '\0'; name++) {
		struct ring_member member = { .id = own, .linked = true };

		member.id.bytes[0] = (uint8_t)(own.bytes[0] + *name - 'a' + 1);
		member.doubted = strchr(doubted, *name) != NULL;
		assert_int_equal(ring_met(ring, (struct now){ .mono = { 0 } }, &member), 0);
	}
	shared = ring_split(ring, &own, route, shares, max);
	for (size_t i = 0; i < shared; i++) {
		led[i] = (char)(shares[i].link.bytes[0] - own.bytes[0] - 1 + 'a');
		assert_true(
			id_equal(&shares[i].until, i + 1 < shared ? &shares[i + 1].link : &own));
	}
	assert_string_equal(led, leaders);
	ring_del(ring);
}

static void who_is_in_doubt_leads_to_nobody_else(void **state)
{
	(void)state;
	assert_leaders("", 0, 8, "abcdefgh");
	assert_leaders("cdg", 0, 8, "abefh");
	assert_leaders("cdg", 1, 8, "abf"); /* half of those that answer */
	assert_leaders("cdg", 3, 8, "aeh");
	assert_leaders("cdg", 0, 2, "ae");
	/* Those before all others: nobody but us reaches them. They lead to themselves. */
	assert_leaders("abg", 0, 8, "abcdefh");
	assert_leaders("abg", 1, 8, "abcdf");
	assert_leaders("abg", 0, 3, "abc");
	assert_leaders("abg", 0, 2, "ac");
	assert_leaders("abg", 0, 1, "c");
	assert_leaders("abg", 0, 0, "");
	assert_leaders("abcdefgh", 0, 8, "abcdefgh");
	assert_leaders("abcdefgh", 1, 8, "abcdefgh");
	assert_leaders("abcdefgh", 0, 2, "ab");
}

/* The same from the other side: who stands behind us is before all others there. */
static void half_of_the_routes_go_the_other_way(void **state)
{
	(void)state;
	assert_leaders("", RING_MIRRORED, 8, "hgfedcba");
	assert_leaders("", RING_MIRRORED, 2, "hd");
	assert_leaders("cdg", RING_MIRRORED + 1, 8, "hfb");
	assert_leaders("hgb", RING_MIRRORED, 8, "hgfedca");
	assert_leaders("hgb", RING_MIRRORED, 2, "hf");
}

/* Eight links in a row clockwise of us. */
static void set_up_row(struct id own, struct ring **ret)
{
	rng_init_seed(&rng, 1);
	assert_int_equal(ring_new(&own, &rng, ret), 0);
	for (unsigned i = 1; i <= 8; i++) {
		struct ring_member member = { .id = own, .linked = true };

		member.id.bytes[0] = (uint8_t)(own.bytes[0] + i);
		assert_int_equal(ring_met(*ret, (struct now){ .mono = { 0 } }, &member), 0);
	}
}

static void a_part_ends_before_the_next_from_either_side(void **state)
{
	struct ring_share shares[8];
	struct id until = { { 0xc5, 1 } }; /* one of them */
	struct ring *ring;

	(void)state;
	set_up_row((struct id){ { 0xc0, 1 } }, &ring);
	assert_int_equal(ring_split(ring, &until, 0, shares, 8), 4);
	assert_int_equal(shares[3].link.bytes[0], 0xc4);
	assert_int_equal(ring_split(ring, &until, RING_MIRRORED, shares, 8), 3);
	assert_int_equal(shares[2].link.bytes[0], 0xc6);
	assert_true(id_equal(&shares[2].until, &until));
	until.bytes[1] = 0; /* nobody: just before that one */
	assert_int_equal(ring_split(ring, &until, RING_MIRRORED, shares, 8), 4);
	assert_int_equal(shares[3].link.bytes[0], 0xc5);
	ring_del(ring);
}

/* By a route above the first ones two members need not choose the same. */
static void members_choose_for_themselves_by_later_routes(void **state)
{
	bool is_second[256] = { false };
	unsigned kinds = 0;

	(void)state;
	for (uint8_t last = 0; last < RING_SPLITS; last++) {
		struct id own = { { 0xc0, 1 } };
		struct ring_share shares[8];
		struct ring *ring;

		own.bytes[ID_BYTES - 1] = last;
		set_up_row(own, &ring);
		assert_in_range(ring_split(ring, &own, RING_SPLITS + 1, shares, 8), 4, 8);
		kinds += !is_second[shares[1].link.bytes[0]];
		is_second[shares[1].link.bytes[0]] = true;
		ring_del(ring);
	}
	assert_in_range(kinds, 2, RING_SPLITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_is_the_best_that_goes_nearer),
		cmocka_unit_test(no_message_goes_in_circles),
		cmocka_unit_test(each_route_takes_another_first_step),
		cmocka_unit_test(who_has_the_target_as_a_link_gives_it_to_it),
		cmocka_unit_test(what_leaves_twice_takes_links_beside_the_target),
		cmocka_unit_test(who_has_no_other_link_sends_once),
		cmocka_unit_test(who_is_in_doubt_is_taken_when_nobody_else_leads_on),
		cmocka_unit_test(a_hole_is_stepped_around),
		cmocka_unit_test(on_an_exact_ring_everybody_is_found),
		cmocka_unit_test(who_asks_who_is_nearest_besides_itself_is_told),
		cmocka_unit_test(a_first_step_may_lead_away),
		cmocka_unit_test(a_broadcast_reaches_each_member_once),
		cmocka_unit_test(who_is_silent_hides_nobody_from_a_broadcast),
		cmocka_unit_test(who_is_in_doubt_gets_a_broadcast),
		cmocka_unit_test(shares_are_spread_over_the_range),
		cmocka_unit_test(each_route_splits_at_other_links),
		cmocka_unit_test(few_links_are_split_differently_too),
		cmocka_unit_test(who_is_in_doubt_leads_to_nobody_else),
		cmocka_unit_test(half_of_the_routes_go_the_other_way),
		cmocka_unit_test(a_part_ends_before_the_next_from_either_side),
		cmocka_unit_test(members_choose_for_themselves_by_later_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
