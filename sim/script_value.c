/* script_value.c - words, numbers with units, kinds of NATs: see script_internal.h. */
#include "sim/script_internal.h"

#include "base/check.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#define MILLION 1000000
#define NUMBER_MAX 10000000
#define UNITS_MAX 7

int script_complain(struct script_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, arguments); /* cut if too long */
	va_end(arguments);
	return ERR_MALFORMED;
}

/* -- words --------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int words_split(struct span line, struct words *ret, struct script_error *error)
{
	size_t at = 0;

	*ret = (struct words){ 0 };
	for (;;) {
		size_t len = 0;

		while (at < line.len && is_blank(line.data[at]))
			at++;
		if (at == line.len || line.data[at] == '#')
			return 0;
		while (at + len < line.len && !is_blank(line.data[at + len]) &&
		       line.data[at + len] != '#')
			len++;
		if (ret->count == WORDS_MAX)
			return script_complain(error, "a statement has at most %d words",
					       WORDS_MAX);
		if (len > WORD_CHARS)
			return script_complain(error, "a word has at most %d characters",
					       WORD_CHARS);
		memcpy(ret->text[ret->count++], line.data + at, len);
		at += len;
	}
}

const char *words_take(struct words *words)
{
	return words->next < words->count ? words->text[words->next++] : NULL;
}

bool words_take_if(struct words *words, const char *word)
{
	if (words->next == words->count || strcmp(words->text[words->next], word) != 0)
		return false;
	words->next++;
	return true;
}

/* -- values -------------------------------------------------------------------------------- */

struct unit {
	const char *suffix; /* NULL: the end of the list */
	uint64_t factor;
};

struct value_kind {
	const char *name, *example;
	struct unit units[UNITS_MAX];
};

static const struct value_kind kinds[] = {
	{ "COUNT", "a number such as 100", { { "", 1 }, { NULL, 0 } } },
	{ "TIME",
	  "a time such as 30s (us, ms, s, min, h, d)",
	  { { "us", 1 },
	    { "ms", 1000 },
	    { "s", MILLION },
	    { "min", 60UL * MILLION },
	    { "h", 3600UL * MILLION },
	    { "d", 86400UL * MILLION },
	    { NULL, 0 } } },
	{ "SHARE", "a share such as 5%", { { "%", MILLION / 100 }, { NULL, 0 } } },
	{ "RATE",
	  "a rate such as 100/s",
	  { { "/s", MILLION }, { "/min", MILLION / 60 }, { NULL, 0 } } },
	{ "BITS",
	  "a rate such as 10Mbit (kbit, Mbit, Gbit)",
	  { { "kbit", 125 }, { "Mbit", 125000 }, { "Gbit", 125000000 }, { NULL, 0 } } },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A decimal number in millionths; *text moves behind it. False if there is none, or it is beyond
 * NUMBER_MAX or finer than a millionth. */
static bool take_number(const char **text, uint64_t *ret)
{
	const char *at = *text;
	uint64_t whole = 0;
	uint64_t fraction = 0;
	uint64_t place = MILLION;

	if (!is_digit(*at))
		return false;
	for (; is_digit(*at); at++) {
		whole = 10 * whole + (uint64_t)(*at - '0');
		if (whole > NUMBER_MAX)
			return false;
	}
	if (at[0] == '.' && is_digit(at[1])) { /* two points are a range */
		for (at++; is_digit(*at) && place > 1; at++) {
			place /= 10;
			fraction += place * (uint64_t)(*at - '0');
		}
		if (is_digit(*at))
			return false;
	}
	*ret = MILLION * whole + fraction;
	*text = at;
	return true;
}

static uint64_t scale(uint64_t millionths, uint64_t factor)
{
	return millionths / MILLION * factor + millionths % MILLION * factor / MILLION;
}

int value_read(const char *kind, const char *text, struct script_range *ret,
	       struct script_error *error)
{
	const struct value_kind *found = NULL;
	const char *at = text;
	uint64_t low;
	uint64_t high;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			found = &kinds[i];
	CHECK(found != NULL);
	if (!take_number(&at, &low))
		return script_complain(error, "expected %s instead of \"%s\"", found->example,
				       text);
	high = low;
	if (at[0] == '.' && at[1] == '.') {
		at += 2;
		if (!take_number(&at, &high) || high < low)
			return script_complain(
				error, "\"%s\" is no range: it goes from the lower to the higher",
				text);
	}
	for (const struct unit *unit = found->units; unit->suffix != NULL; unit++)
		if (strcmp(at, unit->suffix) == 0) {
			*ret = (struct script_range){ scale(low, unit->factor),
						      scale(high, unit->factor) };
			return 0;
		}
	return script_complain(error, "expected %s instead of \"%s\"", found->example, text);
}

int value_bound(const char *text, int64_t *ret, struct script_error *error)
{
	const bool negative = text[0] == '-';
	const char *at = negative ? text + 1 : text;
	uint64_t value;

	if (!take_number(&at, &value) || *at != 0)
		return script_complain(error, "expected a number instead of \"%s\"", text);
	*ret = negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

/* -- NATs ---------------------------------------------------------------------------------- */

struct named_nat {
	const char *name;
	const struct natbox_kind *kind;
};

static const struct named_nat nats[] = {
	{ "full-cone", &natbox_full_cone },
	{ "address-restricted", &natbox_address_restricted },
	{ "port-restricted", &natbox_port_restricted },
	{ "symmetric", &natbox_symmetric },
	{ "linux", &natbox_linux_accept },
	{ "firewall", &natbox_firewall },
};

static bool scope_of(const char *word, enum natbox_scope *ret)
{
	static const char *const names[] = { "anybody", "address", "endpoint" };

	for (unsigned i = 0; word != NULL && i < 3; i++)
		if (strcmp(word, names[i]) == 0) {
			*ret = (enum natbox_scope)i;
			return true;
		}
	return false;
}

static bool ports_of(const char *word, enum natbox_ports *ret)
{
	static const char *const names[] = { "preserve", "random", "sequential", "overload" };

	for (unsigned i = 0; word != NULL && i < 4; i++)
		if (strcmp(word, names[i]) == 0) {
			*ret = (enum natbox_ports)i;
			return true;
		}
	return false;
}

/* One thing that is other than the kind has it. */
static int change_read(const char *what, struct words *words, struct natbox_kind *nat,
		       struct script_error *error)
{
	struct script_range time;

	if (strcmp(what, "hairpin") == 0 || strcmp(what, "no-hairpin") == 0) {
		nat->hairpin = what[0] == 'h';
		return 0;
	}
	if (strcmp(what, "mapping") == 0 || strcmp(what, "filtering") == 0) {
		if (!scope_of(words_take(words), what[0] == 'm' ? &nat->mapping : &nat->filtering))
			return script_complain(
				error, "after \"%s\" stands anybody, address or endpoint", what);
		return 0;
	}
	if (strcmp(what, "ports") == 0) {
		if (!ports_of(words_take(words), &nat->ports))
			return script_complain(error, "after \"ports\" stands preserve, random, "
						      "sequential or overload");
		return 0;
	}
	if (strcmp(what, "timeout") == 0) {
		const char *word = words_take(words);
		const int err = value_read("TIME", word == NULL ? "" : word, &time, error);

		if (err != 0)
			return err;
		if (time.low < 1000 || time.low != time.high || time.low > UINT64_C(86400000000))
			return script_complain(error, "a timeout is one time from 1ms to 1d");
		nat->timeout_ms = (uint32_t)(time.low / 1000);
		nat->unanswered_ms = 0;
		return 0;
	}
	return script_complain(error,
			       "\"%s\" is nothing of a NAT: mapping, filtering, ports, timeout, "
			       "hairpin, no-hairpin",
			       what);
}

int nat_read(struct words *words, struct script_statement *ret, struct script_error *error)
{
	const char *name = words_take(words);
	const char *what;

	if (name != NULL && strcmp(name, "any") == 0) {
		ret->any_nat = true;
		return 0;
	}
	for (size_t i = 0; name != NULL && i < sizeof(nats) / sizeof(nats[0]); i++)
		if (strcmp(nats[i].name, name) == 0)
			ret->nat = *nats[i].kind;
	if (ret->nat.name == NULL)
		return script_complain(error,
				       "\"%s\" is no kind of NAT: full-cone, address-restricted, "
				       "port-restricted, symmetric, linux, firewall, any",
				       name == NULL ? "" : name);
	while ((what = words_take(words)) != NULL) {
		const int err = change_read(what, words, &ret->nat, error);

		if (err != 0)
			return err;
	}
	if (ret->nat.ports == NATBOX_OVERLOAD && ret->nat.mapping != NATBOX_ENDPOINT)
		return script_complain(error, "ports are overloaded where mapping is endpoint");
	if (ret->nat.accepts && ret->nat.ports != NATBOX_OVERLOAD)
		return script_complain(error, "a linux NAT overloads its ports");
	return 0;
}
