/* journal.c - see journal.h. */
#include "sim/journal.h"

#include <inttypes.h>

/* First word of each kind of event, so that no two kinds can hash alike. */
enum { KIND_DATAGRAM = 1, KIND_RECORD = 2, KIND_NOTE = 3 };

static const char *const fate_texts[FATES] = {
#define FATE_TEXT(name, text) [name] = (text),
	FATE_LIST(FATE_TEXT)
#undef FATE_TEXT
};

void journal_init(struct journal *journal, FILE *out)
{
	*journal = (struct journal){ .out = out };
	trace_hash_init(&journal->hash);
}

static void hash_head(struct journal *journal, uint64_t kind, struct mono at)
{
	trace_hash_u64(&journal->hash, kind);
	trace_hash_u64(&journal->hash, at.us);
}

/* With its length, so that two texts in a row have one reading. */
static void hash_text(struct journal *journal, const char *text)
{
	const struct span span = text == NULL ? span_of(NULL, 0) : span_text(text);

	trace_hash_u64(&journal->hash, span.len);
	trace_hash_bytes(&journal->hash, span);
}

static void hash_endpoint(struct journal *journal, const struct endpoint *e)
{
	trace_hash_bytes(&journal->hash, span_of(e->ip, sizeof(e->ip)));
	trace_hash_u64(&journal->hash, e->port);
}

static void print_time(const struct journal *journal, struct mono at)
{
	(void)fprintf(journal->out, "[%5" PRIu64 ".%06" PRIu64 "] ", at.us / 1000000,
		      at.us % 1000000);
}

static void print_datagram(const struct journal *journal, struct mono at, enum fate fate,
			   const struct journal_datagram *d)
{
	char source[ENDPOINT_TEXT_CHARS + 1];
	char destination[ENDPOINT_TEXT_CHARS + 1];

	endpoint_to_text(&d->source, source);
	endpoint_to_text(&d->destination, destination);
	print_time(journal, at);
	(void)fprintf(journal->out, "%" PRIu32 ": %s #%" PRIu64 " %s > %s ttl %u, %zu bytes\n",
		      d->device, fate_texts[fate], d->serial, source, destination, d->ttl,
		      d->bytes.len);
}

void journal_datagram(struct journal *journal, struct mono at, enum fate fate,
		      const struct journal_datagram *d)
{
	hash_head(journal, KIND_DATAGRAM, at);
	trace_hash_u64(&journal->hash, (uint64_t)fate << 32 | d->device);
	trace_hash_u64(&journal->hash, d->serial);
	hash_endpoint(journal, &d->source);
	hash_endpoint(journal, &d->destination);
	trace_hash_u64(&journal->hash, (uint64_t)d->ttl << 32 | d->bytes.len);
	if (fate == FATE_SENT || fate == FATE_CORRUPTED) /* they change nowhere else */
		trace_hash_bytes(&journal->hash, d->bytes);
	if (journal->out != NULL)
		print_datagram(journal, at, fate, d);
}

void journal_record(struct journal *journal, struct mono at, uint32_t host,
		    const struct trace_record *record)
{
	hash_head(journal, KIND_RECORD, at);
	trace_hash_u64(&journal->hash, (uint64_t)host << 32 | record->index);
	hash_text(journal, record->machine);
	hash_text(journal, record->from);
	hash_text(journal, record->to);
	hash_text(journal, record->why);
	if (journal->out == NULL)
		return;
	print_time(journal, at);
	(void)fprintf(journal->out, "%" PRIu32 ": %s %" PRIu32 ": %s -> %s (%s)\n", host,
		      record->machine, record->index, record->from, record->to,
		      record->why == NULL ? "" : record->why);
}

void journal_note(struct journal *journal, struct mono at, const char *text)
{
	hash_head(journal, KIND_NOTE, at);
	hash_text(journal, text);
	if (journal->out == NULL)
		return;
	print_time(journal, at);
	(void)fprintf(journal->out, "%s\n", text);
}
