/* registry.c - see registry.h. */
#include "group/registry.h"

#include "base/calendar.h"
#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "group/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "ipop.registry/1"
#define NO_IPV4 "-"
#define CAPACITY_FIRST 64

/* Name, IPv4, id, key, salt, serial, date, state; each with the space or newline behind it. */
static_assert(CERTIFICATE_NAME_MAX + IPV4_TEXT_CHARS + ID_TEXT_CHARS + TEXT_HEX_CHARS(HASH_BYTES) +
			      TEXT_HEX_CHARS(CERTIFICATE_SALT_BYTES) +
			      TEXT_HEX_CHARS(CERTIFICATE_SERIAL_MAX) + CALENDAR_TEXT_CHARS + 7 +
			      8 <=
		      REGISTRY_LINE_MAX,
	      "an entry would not fit into its line");

void registry_init(struct registry *registry, const struct id *network)
{
	*registry = (struct registry){ .network = *network };
}

void registry_free(struct registry *registry)
{
	free(registry->entries);
	*registry = (struct registry){ .count = 0 };
}

/* Whether the name and the address of an entry are still its own. A certificate is believed for
 * CERTIFICATE_SKEW_S beyond its end, so they stay its own for as long. */
static bool holds(const struct registry_entry *entry, struct wall now)
{
	return !entry->revoked &&
	       wall_to_s(now) <= wall_to_s(entry->not_after) + CERTIFICATE_SKEW_S;
}

static bool same_ipv4(const struct registry_entry *a, const struct registry_entry *b)
{
	return a->has_ipv4 && b->has_ipv4 && memcmp(a->ipv4, b->ipv4, sizeof(a->ipv4)) == 0;
}

static struct registry_entry *find_key(const struct registry *registry,
				       const uint8_t spki_hash[HASH_BYTES])
{
	for (size_t i = 0; i < registry->count; i++)
		if (memcmp(registry->entries[i].spki_hash, spki_hash, HASH_BYTES) == 0)
			return &registry->entries[i];
	return NULL;
}

/* An entry against the one that its key has already. */
static enum registry_refusal judge_renewal(const struct registry_entry *known,
					   const struct registry_entry *entry)
{
	if (!SECCHECK(SEC_REGISTRY_KEY_NOT_REVOKED, !known->revoked))
		return REGISTRY_KEY_REVOKED;
	if (!SECCHECK(SEC_REGISTRY_KEY_KEEPS_NAME, strcmp(known->name, entry->name) == 0))
		return REGISTRY_OTHER_NAME;
	if (!SECCHECK(SEC_REGISTRY_KEY_KEEPS_IPV4,
		      known->has_ipv4 == entry->has_ipv4 &&
			      (!entry->has_ipv4 || same_ipv4(known, entry))))
		return REGISTRY_OTHER_IPV4;
	if (!SECCHECK(SEC_REGISTRY_KEY_KEEPS_SALT,
		      memcmp(known->salt, entry->salt, sizeof(entry->salt)) == 0))
		return REGISTRY_OTHER_SALT;
	return REGISTRY_FINE;
}

/* An entry against that of another key. */
static enum registry_refusal judge_other(const struct registry_entry *other,
					 const struct registry_entry *entry, struct wall now)
{
	const bool holding = holds(other, now);

	if (!SECCHECK(SEC_REGISTRY_NAME_FREE, !holding || strcmp(other->name, entry->name) != 0))
		return REGISTRY_NAME_TAKEN;
	if (!SECCHECK(SEC_REGISTRY_IPV4_FREE, !holding || !same_ipv4(other, entry)))
		return REGISTRY_IPV4_TAKEN;
	if (!SECCHECK(SEC_REGISTRY_ID_FREE, !id_prefix_equal(&other->id, &entry->id)))
		return REGISTRY_ID_TAKEN;
	return REGISTRY_FINE;
}

enum registry_refusal registry_judge(const struct registry *registry,
				     const struct registry_entry *entry, struct wall now,
				     const struct registry_entry **ret_holder)
{
	const struct registry_entry *const known = find_key(registry, entry->spki_hash);
	enum registry_refusal refusal = known == NULL ? REGISTRY_FINE : judge_renewal(known, entry);

	*ret_holder = refusal == REGISTRY_FINE ? NULL : known;
	for (size_t i = 0; refusal == REGISTRY_FINE && i < registry->count; i++) {
		const struct registry_entry *const other = &registry->entries[i];

		if (other != known)
			refusal = judge_other(other, entry, now);
		if (refusal != REGISTRY_FINE)
			*ret_holder = other;
	}
	if (refusal == REGISTRY_FINE && known == NULL && registry->count == REGISTRY_ENTRIES_MAX)
		return REGISTRY_FULL;
	return refusal;
}

/* Room for one more: 0 or ERR_NOMEM. */
static int grow(struct registry *registry)
{
	const size_t capacity = registry->capacity == 0 ? CAPACITY_FIRST : 2 * registry->capacity;
	struct registry_entry *entries;

	if (registry->count < registry->capacity)
		return 0;
	entries = realloc(registry->entries, capacity * sizeof(*entries));
	if (entries == NULL)
		return ERR_NOMEM;
	registry->entries = entries;
	registry->capacity = capacity;
	return 0;
}

static int append(struct registry *registry, const struct registry_entry *entry)
{
	const int err = grow(registry);

	if (err == 0)
		registry->entries[registry->count++] = *entry;
	return err;
}

/* A certificate that was issued before may end later than the newest, and is believed until then:
 * what it says stays its holder's for as long. */
static void renew(struct registry_entry *known, const struct registry_entry *entry)
{
	const struct wall end = known->not_after;
	const bool is_later = entry->not_after.us > end.us;

	*known = *entry;
	if (!SECCHECK(SEC_REGISTRY_LATEST_END, is_later))
		known->not_after = end;
}

int registry_put(struct registry *registry, const struct registry_entry *entry, struct wall now)
{
	const struct registry_entry *holder;
	struct registry_entry *known;

	if (registry_judge(registry, entry, now, &holder) != REGISTRY_FINE)
		return ERR_EXISTS;
	known = find_key(registry, entry->spki_hash);
	if (known == NULL)
		return append(registry, entry);
	renew(known, entry);
	return 0;
}

const struct registry_entry *registry_find_key(const struct registry *registry,
					       const uint8_t spki_hash[HASH_BYTES])
{
	return find_key(registry, spki_hash);
}

int registry_free_ipv4(const struct registry *registry, const struct prefix *prefix, uint8_t ret[4])
{
	/* Of count + 1 addresses one is free, so there is no need to look beyond them. */
	const uint32_t hosts = prefix_size(prefix) - 2; /* without the first and the last */
	const uint32_t span = registry->count < hosts ? (uint32_t)registry->count + 1 : hosts;
	uint8_t *const taken = calloc(span, 1);
	uint32_t at = 0;

	if (taken == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < registry->count; i++) {
		const struct registry_entry *const entry = &registry->entries[i];
		uint32_t offset;

		if (entry->has_ipv4 && prefix_offset(prefix, entry->ipv4, &offset) && offset >= 1 &&
		    offset <= span)
			taken[offset - 1] = 1;
	}
	while (at < span && taken[at] != 0)
		at++;
	free(taken);
	if (at == span)
		return ERR_FULL;
	prefix_at(prefix, at + 1, ret);
	return 0;
}

static void put_text(struct writer *w, const char *text, char end)
{
	writer_span_of(w, span_text(text));
	writer_u8(w, (uint8_t)end);
}

static void put_hex(struct writer *w, const uint8_t *bytes, size_t len, char end)
{
	char text[TEXT_HEX_CHARS(HASH_BYTES) + 1];

	CHECK(len <= HASH_BYTES);
	text_hex(span_of(bytes, len), text);
	put_text(w, text, end);
}

static void put_id(struct writer *w, const struct id *id, char end)
{
	char text[ID_TEXT_CHARS + 1];

	id_to_text(id, text);
	put_text(w, text, end);
}

static void put_entry(struct writer *w, const struct registry_entry *entry)
{
	char text[CALENDAR_TEXT_CHARS + 1] = NO_IPV4;

	put_text(w, entry->name, ' ');
	if (entry->has_ipv4)
		ipv4_to_text(entry->ipv4, text);
	put_text(w, text, ' ');
	put_id(w, &entry->id, ' ');
	put_hex(w, entry->spki_hash, HASH_BYTES, ' ');
	put_hex(w, entry->salt, CERTIFICATE_SALT_BYTES, ' ');
	put_hex(w, entry->serial, entry->serial_len, ' ');
	calendar_to_text(entry->not_after, text);
	put_text(w, text, ' ');
	put_text(w, entry->revoked ? "revoked" : "valid", '\n');
}

size_t registry_text_bytes(const struct registry *registry)
{
	return registry->count * REGISTRY_LINE_MAX + REGISTRY_FRAME_MAX;
}

void registry_to_text(const struct registry *registry, struct writer *w)
{
	const size_t start = w->len;
	uint8_t hash[HASH_BYTES];
	char count[24];
	struct span all;

	put_text(w, SCHEMA, ' ');
	put_id(w, &registry->network, '\n');
	for (size_t i = 0; i < registry->count; i++)
		put_entry(w, &registry->entries[i]);
	all = span_of(w->data + start, w->len - start);
	hash_sha256(&all, 1, hash);
	CHECK(snprintf(count, sizeof(count), "%zu", registry->count) > 0);
	put_text(w, "end", ' ');
	put_text(w, count, ' ');
	put_hex(w, hash, HASH_BYTES, '\n');
}

static int get_serial(struct span text, struct registry_entry *entry)
{
	const size_t len = text.len / 2;

	if (len == 0 || len > CERTIFICATE_SERIAL_MAX)
		return ERR_MALFORMED;
	entry->serial_len = (uint8_t)len;
	return text_from_hex(text, entry->serial, len);
}

static int get_state(struct span text, struct registry_entry *entry)
{
	entry->revoked = text_equal(text, "revoked");
	return entry->revoked || text_equal(text, "valid") ? 0 : ERR_MALFORMED;
}

static int get_ipv4(struct span text, struct registry_entry *entry)
{
	if (text_equal(text, NO_IPV4))
		return 0;
	entry->has_ipv4 = true;
	return ipv4_from_text(text, entry->ipv4);
}

static int get_entry(struct span line, struct registry_entry *ret)
{
	enum { NAME, IPV4, ID, KEY, SALT, SERIAL, NOT_AFTER, STATE, FIELDS };
	struct registry_entry entry = { .has_ipv4 = false };
	struct span field[FIELDS];

	for (size_t i = 0; i < FIELDS; i++)
		if (!text_next(&line, ' ', &field[i]))
			return ERR_MALFORMED;
	if (line.len != 0 || text_copy(field[NAME], entry.name, sizeof(entry.name)) != 0 ||
	    !certificate_name_is_valid(entry.name) || get_ipv4(field[IPV4], &entry) != 0 ||
	    text_id(field[ID], &entry.id) != 0 ||
	    text_from_hex(field[KEY], entry.spki_hash, HASH_BYTES) != 0 ||
	    text_from_hex(field[SALT], entry.salt, CERTIFICATE_SALT_BYTES) != 0 ||
	    get_serial(field[SERIAL], &entry) != 0 ||
	    calendar_from_text(field[NOT_AFTER], &entry.not_after) != 0 ||
	    get_state(field[STATE], &entry) != 0)
		return ERR_MALFORMED;
	*ret = entry;
	return 0;
}

static int get_first_line(struct span *rest, const struct id *network)
{
	struct span line;
	struct span field;
	struct id id;

	if (!text_next(rest, '\n', &line) || !text_next(&line, ' ', &field) ||
	    !text_equal(field, SCHEMA) || text_id(line, &id) != 0)
		return ERR_MALFORMED;
	return SECCHECK(SEC_REGISTRY_OF_NETWORK, id_equal(&id, network)) ? 0 : ERR_FOREIGN;
}

/* The entries, up to the line that begins with "end". */
static int get_entries(struct span rest, struct registry *registry)
{
	struct span line;

	while (text_next(&rest, '\n', &line)) {
		struct registry_entry entry;
		int err;

		if (line.len > 4 && text_equal(span_of(line.data, 4), "end "))
			return 0;
		err = get_entry(line, &entry);
		if (err == 0 && registry->count == REGISTRY_ENTRIES_MAX)
			err = ERR_MALFORMED;
		if (err == 0)
			err = append(registry, &entry);
		if (err != 0)
			return err;
	}
	return ERR_MALFORMED;
}

/* Whether the text is, byte by byte, what these entries are written as: the number and the hash at
 * its end, single spaces, nothing behind the last newline. */
static int compare_text(const struct registry *registry, struct span text)
{
	const size_t capacity = registry_text_bytes(registry);
	uint8_t *const bytes = malloc(capacity);
	struct writer w = writer_of(bytes, capacity);
	bool same;

	if (bytes == NULL)
		return ERR_NOMEM;
	registry_to_text(registry, &w);
	CHECK(writer_ok(&w));
	same = SECCHECK(SEC_REGISTRY_WHOLE, span_equal(writer_span(&w), text));
	free(bytes);
	return same ? 0 : ERR_MALFORMED;
}

int registry_from_text(struct span text, const struct id *network, struct registry *ret)
{
	struct registry registry;
	struct span rest = text;
	int err;

	registry_init(&registry, network);
	if (text.len > REGISTRY_BYTES_MAX)
		return ERR_MALFORMED;
	err = get_first_line(&rest, network);
	if (err == 0)
		err = get_entries(rest, &registry);
	if (err == 0)
		err = compare_text(&registry, text);
	if (err != 0) {
		registry_free(&registry);
		return err;
	}
	*ret = registry;
	return 0;
}
