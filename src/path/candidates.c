/* candidates.c - see candidates.h. */
#include "path/candidates.h"

#include "base/check.h"
#include "base/seccheck.h"

#include <string.h>

#define V4_AT 12 /* where the IPv4 address stands in its IPv4-mapped form */

/* The networks below are written as endpoints are: IPv4 as ::ffff:a.b.c.d, so /8 is /104. */
#define V4_NET(a, b, bits_)                                             \
	{                                                               \
		.ip = { [10] = 0xff, 0xff, a, b }, .bits = 96 + (bits_) \
	}
#define V6_NET(a, b, bits_)                     \
	{                                       \
		.ip = { a, b }, .bits = (bits_) \
	}

static bool is_in(const struct endpoint *endpoint, const struct candidates_prefix *net)
{
	const size_t whole = net->bits / 8;
	const uint8_t mask = (uint8_t)(0xff00U >> net->bits % 8);

	return memcmp(endpoint->ip, net->ip, whole) == 0 &&
	       (mask == 0 || ((endpoint->ip[whole] ^ net->ip[whole]) & mask) == 0);
}

static bool is_in_any(const struct endpoint *endpoint, const struct candidates_prefix *nets,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_in(endpoint, &nets[i]))
			return true;
	return false;
}

static bool is_unicast(const struct endpoint *endpoint)
{
	static const struct candidates_prefix v4[] = { V4_NET(0, 0, 8), V4_NET(127, 0, 8),
						       V4_NET(224, 0, 4), V4_NET(240, 0, 4) };
	static const struct candidates_prefix v6[] = { V6_NET(0, 0, 8), V6_NET(0xff, 0, 8),
						       V6_NET(0xfe, 0x80, 10) };

	return endpoint_is_v4(endpoint) ? !is_in_any(endpoint, v4, sizeof(v4) / sizeof(v4[0]))
					: !is_in_any(endpoint, v6, sizeof(v6) / sizeof(v6[0]));
}

bool candidates_is_private(const struct endpoint *endpoint)
{
	static const struct candidates_prefix nets[] = {
		V4_NET(10, 0, 8),    V4_NET(172, 16, 12),  V4_NET(192, 168, 16),
		V4_NET(100, 64, 10), V4_NET(169, 254, 16), V6_NET(0xfc, 0, 7),
	};

	return is_in_any(endpoint, nets, sizeof(nets) / sizeof(nets[0]));
}

bool candidates_is_beside(const struct candidates *c, const struct endpoint *endpoint)
{
	for (uint32_t i = 0; i < c->host_count && !endpoint_is_v4(endpoint); i++)
		if (endpoint_site_equal(&c->hosts[i], endpoint))
			return true;
	return false;
}

void candidates_init(struct candidates *c, const struct candidates_prefix *own, uint32_t own_count)
{
	CHECK(own_count <= CANDIDATES_OWN_PREFIXES_MAX);
	*c = (struct candidates){ .own_count = own_count };
	for (uint32_t i = 0; i < own_count; i++) {
		CHECK(own[i].bits <= 128);
		c->own[i] = own[i];
	}
}

bool candidates_is_probeable(const struct candidates *c, const struct endpoint *endpoint)
{
	return SECCHECK(SEC_CANDIDATE_PROBEABLE,
			endpoint->port != 0 && is_unicast(endpoint) &&
				!is_in_any(endpoint, c->own, c->own_count));
}

/* -- what is told -------------------------------------------------------------------------- */

static bool is_host(const struct candidates *c, const struct endpoint *endpoint)
{
	for (uint32_t i = 0; i < c->host_count; i++)
		if (endpoint_equal(&c->hosts[i], endpoint))
			return true;
	return false;
}

static bool is_fresh(const struct candidates_report *report, struct mono now)
{
	return !id_is_zero(&report->reporter) &&
	       !mono_reached(now, mono_add_ms(report->at, CANDIDATES_REPORT_MS));
}

static bool has(const struct candidates_message *message, const struct endpoint *endpoint)
{
	for (uint32_t i = 0; i < message->candidate_count; i++)
		if (endpoint_equal(&message->candidates[i].endpoint, endpoint))
			return true;
	return false;
}

static void put(struct candidates_message *message, enum candidate_kind kind,
		const struct endpoint *endpoint)
{
	message->candidates[message->candidate_count++] =
		(struct candidate){ .kind = (uint8_t)kind, .endpoint = *endpoint };
}

static uint32_t count_ip(const struct candidates_message *message, const struct endpoint *endpoint)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < message->candidate_count; i++)
		if (endpoint_ip_equal(&message->candidates[i].endpoint, endpoint))
			count++;
	return count;
}

static bool are_independent(const struct candidates_report *a, const struct candidates_report *b)
{
	return !id_equal(&a->reporter, &b->reporter) && !endpoint_ip_equal(&a->from, &b->from);
}

/* Another one says that we have this address, be it with the port of another mapping. */
static bool is_agreed(const struct candidates *c, struct mono now,
		      const struct candidates_report *report)
{
	for (uint32_t i = 0; i < CANDIDATES_REPORTS_MAX; i++) {
		const struct candidates_report *other = &c->reports[i];

		if (is_fresh(other, now) && are_independent(other, report) &&
		    endpoint_ip_equal(&other->seen, &report->seen))
			return true;
	}
	return false;
}

/* The newest report, agreed on or not, whose endpoint is neither the host's nor in the message. */
static const struct candidates_report *newest_untold(const struct candidates *c, struct mono now,
						     const struct candidates_message *message,
						     bool agreed)
{
	const struct candidates_report *newest = NULL;

	for (uint32_t i = 0; i < CANDIDATES_REPORTS_MAX; i++) {
		const struct candidates_report *report = &c->reports[i];

		if (is_fresh(report, now) && (newest == NULL || report->at.us > newest->at.us) &&
		    !is_host(c, &report->seen) && !has(message, &report->seen) &&
		    is_agreed(c, now, report) == agreed)
			newest = report;
	}
	return newest;
}

/* A NAT that lends another port for each peer: where others see us nobody else reaches us, but to
 * know the address helps who filters by addresses. The places of reports stay, so that a further
 * one is no news to anybody. */
static void add_changing(const struct candidates *c, struct mono now, bool agreed,
			 struct candidates_message *ret)
{
	for (uint32_t i = 0; i < CANDIDATES_REPORTS_MAX; i++) {
		const struct candidates_report *report = &c->reports[i];

		if (ret->candidate_count < CANDIDATES_MAX && is_fresh(report, now) &&
		    !is_host(c, &report->seen) && !has(ret, &report->seen) &&
		    count_ip(ret, &report->seen) < CANDIDATES_CHANGING_MAX &&
		    is_agreed(c, now, report) == agreed)
			put(ret, CANDIDATE_SEEN, &report->seen);
	}
}

static void add_seen(const struct candidates *c, struct mono now, bool agreed,
		     struct candidates_message *ret)
{
	const struct candidates_report *report;

	if (ret->nat == NAT_CHANGING) {
		add_changing(c, now, agreed, ret);
		return;
	}
	while (ret->candidate_count < CANDIDATES_MAX &&
	       (report = newest_untold(c, now, ret, agreed)) != NULL)
		put(ret, CANDIDATE_SEEN, &report->seen);
}

static void tell(const struct candidates *c, struct mono now, bool all,
		 struct candidates_message *ret)
{
	struct candidates_message seen = { .nat = (uint8_t)candidates_nat(c, now) };
	uint32_t kept;

	add_seen(c, now, true, &seen);
	if (all)
		add_seen(c, now, false, &seen);
	kept = seen.candidate_count < CANDIDATES_SEEN_KEPT ? seen.candidate_count
							   : CANDIDATES_SEEN_KEPT;
	*ret = (struct candidates_message){ .nat = seen.nat };
	for (uint32_t i = 0; i < c->host_count && i < CANDIDATES_MAX - kept; i++)
		put(ret, CANDIDATE_HOST, &c->hosts[i]);
	for (uint32_t i = 0; i < seen.candidate_count && ret->candidate_count < CANDIDATES_MAX; i++)
		put(ret, CANDIDATE_SEEN, &seen.candidates[i].endpoint);
}

void candidates_tell(const struct candidates *c, struct mono now, struct candidates_message *ret)
{
	tell(c, now, true, ret);
}

void candidates_tell_agreed(const struct candidates *c, struct mono now,
			    struct candidates_message *ret)
{
	tell(c, now, false, ret);
}

/* -- the verdict --------------------------------------------------------------------------- */

/* A neighbour in our own site does not look through our NAT. */
static bool is_witness(const struct candidates_report *report, struct mono now, bool v4)
{
	return is_fresh(report, now) && endpoint_is_v4(&report->seen) == v4 &&
	       !candidates_is_private(&report->from);
}

static enum nat nat_of_family(const struct candidates *c, struct mono now, bool v4)
{
	enum nat verdict = NAT_UNKNOWN;

	for (uint32_t i = 0; i < CANDIDATES_REPORTS_MAX; i++) {
		const struct candidates_report *a = &c->reports[i];

		for (uint32_t k = 0; k < i && is_witness(a, now, v4); k++) {
			const struct candidates_report *b = &c->reports[k];

			if (!is_witness(b, now, v4) || !are_independent(a, b))
				continue;
			if (SECCHECK(SEC_CANDIDATE_AGREED, endpoint_equal(&a->seen, &b->seen)))
				return is_host(c, &a->seen) ? NAT_NONE : NAT_STABLE;
			verdict = NAT_CHANGING;
		}
	}
	return verdict;
}

enum nat candidates_nat(const struct candidates *c, struct mono now)
{
	const enum nat v4 = nat_of_family(c, now, true);

	return v4 != NAT_UNKNOWN ? v4 : nat_of_family(c, now, false);
}

/* -- what happens -------------------------------------------------------------------------- */

bool candidates_are_same(const struct candidates_message *a, const struct candidates_message *b)
{
	if (a->nat != b->nat || a->candidate_count != b->candidate_count)
		return false;
	for (uint32_t i = 0; i < a->candidate_count; i++)
		if (!has(b, &a->candidates[i].endpoint))
			return false;
	return true;
}

/* Both lists, with the verdict. */
struct lists {
	struct candidates_message all, agreed;
};

static struct lists lists_of(const struct candidates *c, struct mono now)
{
	struct lists lists;

	candidates_tell(c, now, &lists.all);
	candidates_tell_agreed(c, now, &lists.agreed);
	return lists;
}

static bool are_other(const struct lists *a, const struct lists *b)
{
	return !candidates_are_same(&a->all, &b->all) ||
	       !candidates_are_same(&a->agreed, &b->agreed);
}

bool candidates_set_host(struct candidates *c, struct mono now, const struct endpoint *endpoints,
			 uint32_t count)
{
	const struct lists before = lists_of(c, now);
	struct lists after;

	c->host_count = 0;
	for (uint32_t i = 0; i < count && c->host_count < CANDIDATES_HOST_MAX; i++)
		if (candidates_is_probeable(c, &endpoints[i]) && !is_host(c, &endpoints[i]))
			c->hosts[c->host_count++] = endpoints[i];
	after = lists_of(c, now);
	return are_other(&before, &after);
}

/* Of those that add_changing() tells: if it gave way to the next reporter, that would be news. */
static bool is_among_first(const struct candidates *c, struct mono now,
			   const struct candidates_report *report)
{
	uint32_t before = 0;

	for (const struct candidates_report *at = c->reports; at < report; at++)
		before += is_fresh(at, now) && endpoint_ip_equal(&at->seen, &report->seen);
	return is_fresh(report, now) && before < CANDIDATES_CHANGING_MAX;
}

/* Should the next reporter have the place of `a` rather than that of `b`? Free ones first (their
 * instant is zero), then the oldest. */
static bool gives_way(const struct candidates *c, struct mono now,
		      const struct candidates_report *a, const struct candidates_report *b)
{
	const bool a_stays = is_among_first(c, now, a);
	const bool b_stays = is_among_first(c, now, b);

	return a_stays != b_stays ? b_stays : a->at.us < b->at.us;
}

/* Where the report goes: over the same peer's last one of that family, else to a place that is
 * free, else to that of one that gives way. */
static struct candidates_report *place_for(struct candidates *c, struct mono now,
					   const struct candidates_report *report)
{
	struct candidates_report *place = &c->reports[0];

	for (uint32_t i = 0; i < CANDIDATES_REPORTS_MAX; i++) {
		struct candidates_report *at = &c->reports[i];

		if (id_equal(&at->reporter, &report->reporter) &&
		    endpoint_is_v4(&at->seen) == endpoint_is_v4(&report->seen))
			return at;
		if (!id_is_zero(&place->reporter) &&
		    (id_is_zero(&at->reporter) || gives_way(c, now, at, place)))
			place = at;
	}
	return place;
}

static bool is_repeated(const struct candidates_report *place,
			const struct candidates_report *report)
{
	return id_equal(&place->reporter, &report->reporter) &&
	       endpoint_equal(&place->seen, &report->seen);
}

/* What was said at this place may give way to the report: each is a claim that others will probe.
 */
static bool may_move(const struct candidates *c, struct mono now,
		     const struct candidates_report *place, const struct candidates_report *report)
{
	return id_is_zero(&place->reporter) || is_agreed(c, now, report) ||
	       is_host(c, &report->seen) ||
	       mono_reached(now, mono_add_ms(place->since, CANDIDATES_MOVE_MS));
}

bool candidates_saw(struct candidates *c, struct mono now, const struct candidates_report *report)
{
	const struct lists before = lists_of(c, now);
	struct candidates_report *place;
	struct lists after;

	CHECK(!id_is_zero(&report->reporter));
	if (!candidates_is_probeable(c, &report->seen))
		return false;
	place = place_for(c, now, report);
	if (!is_repeated(place, report)) {
		if (!SECCHECK(SEC_CANDIDATE_MOVE, may_move(c, now, place, report)))
			return false;
		*place = *report;
		place->since = now;
	}
	place->from = report->from;
	place->at = now;
	after = lists_of(c, now);
	return are_other(&before, &after);
}

void candidates_forget_seen(struct candidates *c)
{
	for (uint32_t i = 0; i < CANDIDATES_REPORTS_MAX; i++)
		c->reports[i] = (struct candidates_report){ 0 };
}
