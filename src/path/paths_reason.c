/* paths_reason.c - of paths.h: why a way is not direct, in the words that users read. */
#include "path/paths_internal.h"

enum hindrance { UNNAMED, BOTH_CHANGE, OURS_CHANGES, THEIRS_CHANGES, SILENT };

static enum hindrance hindrance_of(const struct paths *paths)
{
	bool named = false;

	for (uint32_t i = DIRECT_AT; i < paths->places; i++)
		named |= paths_trial(paths, i)->is_named;
	if (!named)
		return UNNAMED;
	if (paths->nat == NAT_CHANGING && paths->peer_nat == NAT_CHANGING)
		return BOTH_CHANGE;
	if (paths->nat == NAT_CHANGING)
		return OURS_CHANGES;
	return paths->peer_nat == NAT_CHANGING ? THEIRS_CHANGES : SILENT;
}

/* What was asked for, and is missing: the pair has little room along the ring, so it is to be known
 * why it is there. */
enum lack { NOTHING, RELAY, ROOM };

static enum lack lack_of(const struct paths *paths, struct mono now)
{
	if (paths_used(paths)->way.kind != WAY_RING || paths->relay_said.us == 0)
		return NOTHING;
	if (paths->refused.us == 0 ||
	    mono_reached(now, mono_add_ms(paths->refused, PATHS_REFUSED_MS)))
		return RELAY;
	return ROOM;
}

#define NO_RELAY ", and no member relays"
#define NO_ROOM ", and no relay takes the pair"

const char *paths_reason(const struct paths *paths, struct mono now)
{
	static const char *const why[][3] = {
		[UNNAMED] = { "the peer has named no address",
			      "the peer has named no address" NO_RELAY,
			      "the peer has named no address" NO_ROOM },
		[BOTH_CHANGE] = { "both NATs lend another port for each peer",
				  "both NATs lend another port for each peer" NO_RELAY,
				  "both NATs lend another port for each peer" NO_ROOM },
		[OURS_CHANGES] = { "our NAT lends another port for each peer",
				   "our NAT lends another port for each peer" NO_RELAY,
				   "our NAT lends another port for each peer" NO_ROOM },
		[THEIRS_CHANGES] = { "the peer's NAT lends another port for each peer",
				     "the peer's NAT lends another port for each peer" NO_RELAY,
				     "the peer's NAT lends another port for each peer" NO_ROOM },
		[SILENT] = { "no direct way answers", "no direct way answers" NO_RELAY,
			     "no direct way answers" NO_ROOM },
	};

	if (paths_used(paths)->way.kind == WAY_DIRECT)
		return "";
	for (uint32_t i = DIRECT_AT; i < paths->places; i++)
		if (paths_trial(paths, i)->state == TRIAL_PUNCHING)
			return "direct ways are being tried";
	return why[hindrance_of(paths)][lack_of(paths, now)];
}
