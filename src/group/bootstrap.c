/* bootstrap.c - see bootstrap.h. */
#include "group/bootstrap.h"

#include "base/check.h"
#include "base/err.h"
#include "group/prefix.h"
#include "group/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63 /* RFC 1035, 2.3.4 */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_label(struct span label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.data[0] == '-' ||
	    label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_letter_or_digit(label.data[i]) && label.data[i] != '-')
			return false;
	return true;
}

/* A name of labels; when the last one is a number, the whole is an IPv4 address or nothing, as no
 * top-level domain is all digits (RFC 3696, 2). */
static bool is_name_or_ipv4(struct span host)
{
	struct span rest = host;
	struct span label = { NULL, 0 };
	bool number = true;
	uint8_t ip[4];

	if (host.len == 0 || host.len > BOOTSTRAP_HOST_MAX || host.data[host.len - 1] == '.')
		return false;
	while (text_next(&rest, '.', &label))
		if (!is_label(label))
			return false;
	for (size_t i = 0; i < label.len; i++)
		number = number && is_digit(label.data[i]);
	return !number || ipv4_from_text(host, ip) == 0;
}

static bool is_ipv6(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, host, &address) == 1;
}

/* A name as everybody writes it: whether letters are large and a dot ends it says nothing (RFC
 * 4343, 2; RFC 1034, 3.1), and is one name where names are compared. */
static struct span without_last_dot(struct span host)
{
	return host.len > 1 && host.data[host.len - 1] == '.' ? span_of(host.data, host.len - 1)
							      : host;
}

static void to_lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* The host goes to ret->host; what follows it to *ret_rest, which then begins with ':'. */
static int take_host(struct span text, struct bootstrap *ret, struct span *ret_rest)
{
	const bool bracket = text.len > 0 && text.data[0] == '[';
	const uint8_t *const end =
		text.len == 0 ? NULL : memchr(text.data, bracket ? ']' : ':', text.len);
	struct span host;

	if (end == NULL)
		return ERR_MALFORMED;
	host = span_of(text.data, (size_t)(end - text.data));
	host = bracket ? span_of(host.data + 1, host.len - 1) : without_last_dot(host);
	if (text_copy(host, ret->host, sizeof(ret->host)) != 0 ||
	    !(bracket ? is_ipv6(ret->host) : is_name_or_ipv4(host)))
		return ERR_MALFORMED;
	to_lower(ret->host);
	text = span_of(end, text.len - (size_t)(end - text.data));
	*ret_rest = bracket ? span_of(text.data + 1, text.len - 1) : text;
	return 0;
}

int bootstrap_address_from_text(struct span text, struct bootstrap *ret)
{
	struct bootstrap b = { .port = 0 };
	uint32_t port;
	struct span rest;

	if (take_host(text, &b, &rest) != 0 || rest.len == 0 || rest.data[0] != ':' ||
	    text_number(span_of(rest.data + 1, rest.len - 1), &port) != 0 || port == 0 ||
	    port > UINT16_MAX)
		return ERR_MALFORMED;
	b.port = (uint16_t)port;
	*ret = b;
	return 0;
}

int bootstrap_from_text(struct span text, struct bootstrap *ret)
{
	struct span rest = text;
	struct bootstrap b;
	struct span address;
	struct id id;

	if (!text_next(&rest, '#', &address) || bootstrap_address_from_text(address, &b) != 0 ||
	    text_id(rest, &id) != 0)
		return ERR_MALFORMED;
	b.id = id;
	*ret = b;
	return 0;
}

void bootstrap_to_text(const struct bootstrap *bootstrap, char ret[BOOTSTRAP_TEXT_CHARS + 1])
{
	const bool bracket = strchr(bootstrap->host, ':') != NULL;
	char id[ID_TEXT_CHARS + 1];
	int len;

	id_to_text(&bootstrap->id, id);
	len = snprintf(ret, BOOTSTRAP_TEXT_CHARS + 1, "%s%s%s:%u#%s", bracket ? "[" : "",
		       bootstrap->host, bracket ? "]" : "", bootstrap->port, id);
	CHECK(len > 0 && len <= BOOTSTRAP_TEXT_CHARS);
}

bool bootstrap_can_be_reached(const struct bootstrap *bootstrap)
{
	struct prefix prefix = { .len = 32 };
	struct in6_addr v6;

	if (ipv4_from_text(span_text(bootstrap->host), prefix.ip) == 0)
		return prefix_is_usable(&prefix);
	if (inet_pton(AF_INET6, bootstrap->host, &v6) != 1)
		return strcmp(bootstrap->host, "localhost") != 0; /* RFC 6761, 6.3 */
	return v6.s6_addr[0] != 0 && !IN6_IS_ADDR_LINKLOCAL(&v6) && !IN6_IS_ADDR_MULTICAST(&v6);
}
