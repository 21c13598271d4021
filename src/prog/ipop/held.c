/* held.c - see held.h. */
#include "prog/ipop/held.h"

#include "base/calendar.h"
#include "base/err.h"
#include "prog/ipop/output.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 3 /* of these, one sentence has the room */

static bool has_ended(const struct registry_entry *entry, struct wall now)
{
	return wall_to_s(now) > wall_to_s(entry->not_after) + CERTIFICATE_SKEW_S;
}

/* Whether group sign --ip gives the address of an entry to somebody else: no other has it. */
static bool can_be_given(const struct registry *registry, const struct registry_entry *entry,
			 struct wall now)
{
	if (!entry->has_ipv4)
		return false;
	for (size_t i = 0; i < registry->count; i++) {
		const struct registry_entry *const other = &registry->entries[i];

		if (other->has_ipv4 && memcmp(other->ipv4, entry->ipv4, sizeof(entry->ipv4)) == 0 &&
		    !other->revoked && !has_ended(other, now))
			return false;
	}
	return true;
}

static struct output_text describe(const struct registry_entry *entry)
{
	char until[CALENDAR_TEXT_CHARS + 1];
	char ipv4[IPV4_TEXT_CHARS + 1];

	calendar_to_text(entry->not_after, until);
	ipv4_to_text(entry->ipv4, ipv4);
	return output_text("%s of \"%s\" (%s %s)", ipv4, entry->name,
			   entry->revoked ? "revoked; its certificate is good until" : "ended",
			   until);
}

int held_complain(const struct authority *authority, struct wall now, struct complaint *complaint)
{
	const struct registry *const registry = &authority->registry;
	char prefix[PREFIX_TEXT_CHARS + 1];
	char list[SHOWN_MAX * (OUTPUT_CHARS + 2)] = "";
	size_t count = 0;
	int len = 0;

	prefix_to_text(&authority->ipv4_prefix, prefix);
	for (size_t i = 0; i < registry->count; i++) {
		if (!can_be_given(registry, &registry->entries[i], now) || count++ >= SHOWN_MAX)
			continue;
		len += snprintf(list + len, sizeof(list) - (size_t)len, "%s%s",
				count == 1 ? "" : ", ", describe(&registry->entries[i]).text);
	}
	if (count == 0)
		return complain(complaint, ERR_FULL,
				"no address of %s is free; with --no-ip the member has its IPv6 "
				"address alone",
				prefix);
	return complain(complaint, ERR_FULL,
			"no address of %s is free; --no-ip does without, and --ip gives one away: "
			"%s%s",
			prefix, list, count > SHOWN_MAX ? " ..." : "");
}

const struct registry_entry *held_by_revoked(const struct registry *registry,
					     const struct certificate *certificate, struct wall now)
{
	const struct registry_entry *found = NULL;

	if (!certificate->has_ipv4)
		return NULL;
	for (size_t i = 0; i < registry->count; i++) {
		const struct registry_entry *const entry = &registry->entries[i];

		if (!entry->revoked || !entry->has_ipv4 || has_ended(entry, now) ||
		    id_equal(&entry->id, &certificate->id) ||
		    memcmp(entry->ipv4, certificate->ipv4, sizeof(entry->ipv4)) != 0)
			continue;
		if (found == NULL || entry->not_after.us > found->not_after.us)
			found = entry;
	}
	return found;
}
