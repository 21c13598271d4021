/* heard.c - see heard.h. */
#include "node/heard.h"

#include "base/err.h"
#include "base/seccheck.h"

static bool is_fresh(struct wall at, struct wall now)
{
	return at.us <= now.us ? now.us - at.us <= HEARD_SKEW_US : at.us - now.us <= HEARD_SKEW_US;
}

static struct heard_sender *find(struct heard *heard, const struct id *id)
{
	for (uint32_t i = 0; i < heard->count; i++)
		if (id_equal(&heard->senders[i].id, id))
			return &heard->senders[i];
	return NULL;
}

/* A place that nobody needs: NULL if there is none. */
static struct heard_sender *place_for(struct heard *heard, struct wall now,
				      const struct endpoint *from)
{
	const uint32_t most = endpoint_is_v4(from) ? HEARD_OF_V4_MAX : HEARD_OF_V6_MAX;
	struct heard_sender *place = NULL;
	uint32_t of_source = 0;

	for (uint32_t i = 0; i < heard->count; i++) {
		struct heard_sender *sender = &heard->senders[i];

		if (!is_fresh(sender->at, now))
			place = sender;
		else if (endpoint_site_equal(&sender->from, from))
			of_source++;
	}
	if (!SECCHECK(SEC_BEACON_SOURCE, of_source < most))
		return NULL;
	if (place == NULL && heard->count < HEARD_MAX)
		place = &heard->senders[heard->count++];
	return place;
}

int heard_take(struct heard *heard, struct wall now, const struct heard_sender *beacon)
{
	struct heard_sender *sender = find(heard, &beacon->id);

	if (!SECCHECK(SEC_BEACON_FRESH, is_fresh(beacon->at, now)))
		return ERR_REPLAY;
	/* If our calendar was put right, what was heard before then says nothing. */
	if (sender != NULL &&
	    !SECCHECK(SEC_BEACON_NEW, beacon->at.us > sender->at.us || !is_fresh(sender->at, now)))
		return ERR_REPLAY;
	if (sender == NULL)
		sender = place_for(heard, now, &beacon->from);
	if (sender == NULL)
		return ERR_FULL;
	*sender = *beacon;
	/* What somebody dates ahead in its name must not make it unheard until then. */
	if (sender->at.us > now.us)
		sender->at = now;
	return 0;
}
