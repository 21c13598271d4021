/* redact.c - see redact.h. */
#include "prog/ipop/redact.h"

#include "base/span.h"
#include "group/nearest.h"
#include "group/text.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define KEY_CHARS_MIN 40 /* an id has 32, the secret of a network 44 */

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define V4_CHARS DIGITS "."
#define V6_CHARS DIGITS "abcdefABCDEF.:"
#define KEY_CHARS DIGITS LETTERS "+/" /* and = at its end */
#define NAME_CHARS DIGITS LETTERS "-_"
#define HOST_CHARS NAME_CHARS "."

/* How the programs quote what somebody wrote into a file (group/config.c). */
#define BOOTSTRAP_SAYS "bootstrap: \""
#define WRONG_VALUE "\" must be "
#define WRONG_NAME ": there is no such option"
#define EXAMPLE "as in "

void redact_own(struct redact *redact, const char *address, uint64_t len)
{
	struct endpoint endpoint = { 0 };

	if (redact->own_count == REDACT_OWN_MAX || endpoint_ip_from_text(address, &endpoint) != 0 ||
	    len > endpoint_ip_bits(&endpoint))
		return;
	redact->own[redact->own_count].network = endpoint_network(&endpoint, (unsigned)len);
	redact->own[redact->own_count].len = (unsigned)len;
	redact->own_count++;
}

void redact_host(struct redact *redact, const char *host)
{
	struct endpoint unused;

	if (redact->host_count == REDACT_HOSTS_MAX || host[0] == '\0' ||
	    strlen(host) > BOOTSTRAP_HOST_MAX || endpoint_ip_from_text(host, &unused) == 0)
		return;
	for (size_t i = 0; i < redact->host_count; i++)
		if (strcasecmp(redact->hosts[i], host) == 0)
			return;
	memcpy(redact->hosts[redact->host_count++], host, strlen(host) + 1);
}

static void learn_name(struct redact *redact, const char *name, size_t len)
{
	char host[BOOTSTRAP_HOST_MAX + 1];

	while (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > BOOTSTRAP_HOST_MAX)
		return;
	memcpy(host, name, len);
	host[len] = '\0';
	redact_host(redact, host);
}

/* How many characters of a kind stand in front of a place. */
static size_t count_before(const char *text, const char *at, const char *kind)
{
	size_t len = 0;

	while (at - len > text && strchr(kind, at[-(ptrdiff_t)len - 1]) != NULL)
		len++;
	return len;
}

/* Whether a word stands in front of a place. */
static bool follows(const char *text, const char *at, const char *word)
{
	const size_t len = strlen(word);

	return (size_t)(at - text) >= len && memcmp(at - len, word, len) == 0;
}

/* Host names as the daemon logs them, and HOST:PORT# as it stands in files. */
static void learn_forms(struct redact *redact, const char *text)
{
	static const char key[] = "host=";

	for (const char *at = text; (at = strstr(at, key)) != NULL;) {
		at += sizeof(key) - 1;
		learn_name(redact, at, strspn(at, HOST_CHARS));
	}
	for (const char *at = text; (at = strchr(at, '#')) != NULL; at++) {
		const size_t port = count_before(text, at, DIGITS);
		const char *const end = at - port; /* of the colon */
		size_t name;

		if (port == 0 || (size_t)(end - text) < 2 || end[-1] != ':')
			continue;
		name = count_before(text, end - 1, HOST_CHARS);
		if (!follows(text, end - 1 - name, EXAMPLE))
			learn_name(redact, end - 1 - name, name);
	}
}

static bool has_letter(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (strchr(LETTERS, word.data[i]) != NULL)
			return true;
	return false;
}

/* Whether one could take it for the name of a host. The first word of a bootstrap line is meant to
 * be one, any other has a dot in it. */
static bool is_name(struct span word, bool is_meant)
{
	const uint8_t *const dot = word.len == 0 ? NULL : memchr(word.data, '.', word.len);

	return has_letter(word) && (is_meant || (dot > word.data && dot != NULL));
}

/* What somebody wrote where a bootstrap line belongs, or something else: its words are whatever
 * stands between what cannot be in a name. A path names no host. */
static void learn_value(struct redact *redact, struct span value, bool is_bootstrap)
{
	static const char between[] = " \t:#[]()\",;'=@";
	bool first = is_bootstrap;

	if (!is_bootstrap && value.len > 0 && value.data[0] == '/')
		return;
	for (size_t at = 0; at < value.len;) {
		size_t len = 0;

		while (at + len < value.len && value.data[at + len] != '\0' &&
		       strchr(between, value.data[at + len]) == NULL)
			len++;
		if (is_name(span_of(value.data + at, len), first)) {
			learn_name(redact, (const char *)value.data + at, len);
			first = false;
		}
		at += len + 1;
	}
}

/* The last place in a line where a word stands; NULL: nowhere. */
static const char *find_last(struct span line, const char *word)
{
	const size_t len = strlen(word);

	for (size_t at = line.len; line.len >= len && at-- > 0;)
		if (line.len - at >= len && memcmp(line.data + at, word, len) == 0)
			return (const char *)line.data + at;
	return NULL;
}

/* A complaint in a log: FILE.conf:LINE: NAME: "VALUE" must be ..., or FILE.conf:LINE: NAME: there
 * is no such option. */
static void learn_complaint(struct redact *redact, struct span line)
{
	const char *const value_end = find_last(line, WRONG_VALUE);
	const char *const name_end = find_last(line, WRONG_NAME);
	const char *const begin = (const char *)line.data;
	const char *at;

	if (value_end != NULL) {
		at = memchr(begin, '"', (size_t)(value_end - begin) + 1);
		if (at < value_end)
			learn_value(redact, span_of(at + 1, (size_t)(value_end - at - 1)),
				    follows(begin, at + 1, BOOTSTRAP_SAYS));
	}
	if (name_end == NULL)
		return;
	at = find_last(span_of(begin, (size_t)(name_end - begin)), ".conf:");
	if (at != NULL)
		at = memchr(at, ' ', (size_t)(name_end - at));
	if (at != NULL)
		learn_value(redact, span_of(at, (size_t)(name_end - at)), false);
}

void redact_learn(struct redact *redact, const char *text)
{
	struct span rest = span_text(text);
	struct span line;

	learn_forms(redact, text);
	while (text_next(&rest, '\n', &line))
		learn_complaint(redact, line);
}

/* Also one with a slip in it, or a capital. */
static bool is_bootstrap(struct span name)
{
	struct nearest nearest = nearest_of(name);

	nearest_try(&nearest, "bootstrap");
	return nearest.best != NULL ||
	       (name.len >= 4 && strncasecmp((const char *)name.data, "boot", 4) == 0);
}

void redact_learn_config(struct redact *redact, const char *text)
{
	struct span rest = span_text(text);
	struct span line;

	while (text_next(&rest, '\n', &line)) {
		struct span name;

		line = text_trim(line);
		if (line.len == 0 || line.data[0] == '#')
			continue;
		(void)text_next(&line, '=', &name);
		learn_value(redact, text_trim(name), false);
		learn_value(redact, text_trim(line), is_bootstrap(text_trim(name)));
	}
}

static bool is_own(const struct redact *redact, const struct endpoint *address)
{
	for (size_t i = 0; i < redact->own_count; i++) {
		const struct endpoint *const own = &redact->own[i].network;
		struct endpoint network;

		if (endpoint_is_v4(own) != endpoint_is_v4(address))
			continue;
		network = endpoint_network(address, redact->own[i].len);
		if (endpoint_ip_equal(&network, own))
			return true;
	}
	return false;
}

/* Whether the first `len` characters are an address. */
static bool is_address(const char *text, size_t len, struct endpoint *ret)
{
	char word[ENDPOINT_TEXT_CHARS + 1];

	if (len == 0 || len > ENDPOINT_TEXT_CHARS)
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	return endpoint_ip_from_text(word, ret) == 0;
}

/* How many characters here are an address; 0: none. The longest that is one counts. */
static size_t find_address(const char *text, struct endpoint *ret)
{
	size_t len = strspn(text, V6_CHARS);

	while (len > 0 && (text[len - 1] == ':' || text[len - 1] == '.') &&
	       !is_address(text, len, ret))
		len--; /* the end of a sentence */
	if (is_address(text, len, ret))
		return len;
	len = strspn(text, V4_CHARS); /* with a port behind it */
	while (len > 0 && text[len - 1] == '.')
		len--;
	return is_address(text, len, ret) ? len : 0;
}

static void print_address(const struct redact *redact, const struct endpoint *address,
			  const char *text, size_t len, FILE *out)
{
	const uint8_t *const ip = address->ip;

	if (redact->full || is_own(redact, address))
		(void)fwrite(text, 1, len, out);
	else if (memchr(text, ':', len) == NULL)
		(void)fprintf(out, "%u.%u.x.x", ip[12], ip[13]);
	else
		(void)fprintf(out, "%x:%x:x", ip[0] << 8U | ip[1], ip[2] << 8U | ip[3]);
}

/* Which of the names stands here, as a whole; or -1. The longest: one may begin with another. */
static int find_host(const struct redact *redact, const char *text)
{
	size_t longest = 0;
	int found = -1;

	for (size_t i = 0; !redact->full && i < redact->host_count; i++) {
		const size_t len = strlen(redact->hosts[i]);

		if (len <= longest || strncasecmp(text, redact->hosts[i], len) != 0 ||
		    (text[len] != '\0' && strchr(NAME_CHARS, text[len]) != NULL))
			continue;
		longest = len;
		found = (int)i;
	}
	return found;
}

/* Prints one word, or one character that is none. Returns how far that goes. */
static size_t print_word(const struct redact *redact, const char *text, FILE *out)
{
	struct endpoint address = { 0 };
	const size_t key = strspn(text, KEY_CHARS);
	const int host = find_host(redact, text);
	size_t len;

	if (key >= KEY_CHARS_MIN) {
		(void)fputs("(left out)", out);
		return key + strspn(text + key, "=");
	}
	if (host >= 0) {
		(void)fprintf(out, "(host %d)", host + 1);
		return strlen(redact->hosts[host]);
	}
	len = find_address(text, &address);
	if (len > 0) {
		print_address(redact, &address, text, len, out);
		return len;
	}
	len = strspn(text, DIGITS LETTERS);
	if (len == 0)
		len = 1;
	(void)fwrite(text, 1, len, out);
	return len;
}

/* What a complaint quotes of a bootstrap line goes as a whole, for it is none: what in it is the
 * name nobody can tell. Returns how far that goes; 0: no such quote stands here. */
static size_t print_quote(const struct redact *redact, const char *text, FILE *out)
{
	static const char begin[] = BOOTSTRAP_SAYS;
	const char *end;
	size_t line;

	if (redact->full || strncmp(text, begin, sizeof(begin) - 1) != 0)
		return 0;
	line = strcspn(text, "\n");
	(void)fputs(BOOTSTRAP_SAYS "(left out)", out);
	end = find_last(span_of(text, line), WRONG_VALUE);
	/* One that was cut has no end. */
	return end == NULL || end < text + sizeof(begin) - 1 ? line : (size_t)(end - text);
}

void redact_print(const struct redact *redact, const char *text, FILE *out)
{
	static const char begin[] = "-----BEGIN ";
	static const char end[] = "-----END ";

	while (*text != '\0') {
		const size_t quote = print_quote(redact, text, out);

		if (quote > 0) {
			text += quote;
			continue;
		}
		if (strncmp(text, begin, strlen(begin)) != 0) {
			text += print_word(redact, text, out);
			continue;
		}
		(void)fputs("(left out)", out);
		text = strstr(text, end);
		if (text == NULL)
			return; /* all of the rest may be that key */
		text += strcspn(text, "\n");
	}
}
