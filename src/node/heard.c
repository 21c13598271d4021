/* heard.c - see heard.h. */
#include "node/heard.h"

#include "base/err.h"
#include "base/seccheck.h"

static bool is_fresh(struct wall at, struct wall now)
{
	return at.us <= now.us ? now.us - at.us <= HEARD_SKEW_US : at.us - now.us <= HEARD_SKEW_US;
}

bool heard_is_source(const struct heard_sender *sender, const struct endpoint *endpoint)
{
	return sender->is_far ? endpoint_site_equal(&sender->from, endpoint)
			      : endpoint_ip_equal(&sender->from, endpoint);
}

/* If our calendar was put right, what was heard before then says nothing. */
static bool is_new(const struct heard *heard, struct wall now, const struct heard_sender *beacon)
{
	for (uint32_t i = 0; i < heard->count; i++) {
		const struct heard_sender *sender = &heard->senders[i];

		if (id_equal(&sender->id, &beacon->id) && is_fresh(sender->at, now) &&
		    beacon->at.us <= sender->at.us)
			return false;
	}
	return true;
}

/* What is of another time, since our calendar was put right, first; then what was heard longest
 * ago.
 */
static bool goes_before(const struct heard_sender *a, const struct heard_sender *b, struct wall now)
{
	return is_fresh(a->at, now) == is_fresh(b->at, now) ? a->at.us < b->at.us
							    : !is_fresh(a->at, now);
}

/* Its own place, or a new one, or that of another: NULL if its source has too many. */
static struct heard_sender *place_for(struct heard *heard, struct wall now,
				      const struct heard_sender *beacon)
{
	const uint32_t most = beacon->is_far ? HEARD_OF_NETWORK_MAX : HEARD_OF_ADDRESS_MAX;
	struct heard_sender *place = NULL;
	uint32_t of_source = 0;

	for (uint32_t i = 0; i < heard->count; i++) {
		struct heard_sender *sender = &heard->senders[i];
		const bool is_its = heard_is_source(beacon, &sender->from);

		if (is_its && id_equal(&sender->id, &beacon->id))
			return sender;
		of_source += is_its && is_fresh(sender->at, now);
		if (place == NULL || goes_before(sender, place, now))
			place = sender;
	}
	if (!SECCHECK(SEC_BEACON_SOURCE, of_source < most))
		return NULL;
	return heard->count < HEARD_MAX ? &heard->senders[heard->count++] : place;
}

int heard_take(struct heard *heard, struct wall now, const struct heard_sender *beacon,
	       struct heard_sender **ret)
{
	struct heard_sender *sender;

	if (!SECCHECK(SEC_BEACON_FRESH, is_fresh(beacon->at, now)))
		return ERR_REPLAY;
	if (!SECCHECK(SEC_BEACON_NEW, is_new(heard, now, beacon)))
		return ERR_REPLAY;
	sender = place_for(heard, now, beacon);
	if (sender == NULL)
		return ERR_FULL;
	*sender = *beacon;
	/* What somebody dates ahead in its name must not make it unheard until then. */
	if (sender->at.us > now.us)
		sender->at = now;
	*ret = sender;
	return 0;
}
