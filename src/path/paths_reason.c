/* paths_reason.c - of paths.h: why a way is not direct, in the words that users read. */
#include "path/paths_internal.h"

enum hindrance { UNNAMED, BOTH_CHANGE, OURS_CHANGES, THEIRS_CHANGES, SILENT };

static enum hindrance hindrance_of(const struct paths *paths)
{
	bool named = false;

	for (uint32_t i = DIRECT_AT; i < PATHS_TRIALS_MAX; i++)
		named |= paths->trials[i].is_named;
	if (!named)
		return UNNAMED;
	if (paths->nat == NAT_CHANGING && paths->peer_nat == NAT_CHANGING)
		return BOTH_CHANGE;
	if (paths->nat == NAT_CHANGING)
		return OURS_CHANGES;
	return paths->peer_nat == NAT_CHANGING ? THEIRS_CHANGES : SILENT;
}

/* Along the ring, although a relay was asked for: the pair has little room there, so it is to be
 * known why. */
const char *paths_reason(const struct paths *paths)
{
	static const char *const why[][2] = {
		[UNNAMED] = { "the peer has named no address",
			      "the peer has named no address, and no member relays" },
		[BOTH_CHANGE] = { "both NATs lend another port for each peer",
				  "both NATs lend another port for each peer, and no member "
				  "relays" },
		[OURS_CHANGES] = { "our NAT lends another port for each peer",
				   "our NAT lends another port for each peer, and no member "
				   "relays" },
		[THEIRS_CHANGES] = { "the peer's NAT lends another port for each peer",
				     "the peer's NAT lends another port for each peer, and no "
				     "member "
				     "relays" },
		[SILENT] = { "no direct way answers",
			     "no direct way answers, and no member relays" },
	};
	const bool is_alone = paths_used(paths)->way.kind == WAY_RING && paths->relay_said.us != 0;

	if (paths_used(paths)->way.kind == WAY_DIRECT)
		return "";
	for (uint32_t i = DIRECT_AT; i < PATHS_TRIALS_MAX; i++)
		if (paths->trials[i].state == TRIAL_PUNCHING)
			return "direct ways are being tried";
	return why[hindrance_of(paths)][is_alone];
}
