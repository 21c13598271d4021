/* options.c - see options.h. */
#include "prog/ipop/options.h"

#include "base/err.h"
#include "group/config.h"
#include "group/text.h"
#include "prog/ipop/host.h"

#include <string.h>

int options_number(const struct cli *cli, const char *option, struct options_range range,
		   uint32_t *ret, struct complaint *complaint)
{
	const char *const text = cli_value(cli, option, 0);
	uint32_t value = range.fallback;

	if (text != NULL &&
	    (text_number(span_text(text), &value) != 0 || value < range.min || value > range.max))
		return complain(complaint, ERR_MALFORMED,
				"--%s: \"%.40s\" must be a number from %u to %u", option, text,
				range.min, range.max);
	*ret = value;
	return 0;
}

int options_host_name(const struct cli *cli, char *ret, struct complaint *complaint)
{
	const char *const text = cli_value(cli, "name", 0);

	if (text == NULL)
		host_name(ret);
	if (text == NULL && ret[0] == '\0')
		return complain(
			complaint, ERR_MALFORMED,
			"the name of this host is none that a member can have: --name HOST");
	if (text != NULL && (!certificate_name_is_valid(text) ||
			     text_copy(span_text(text), ret, CERTIFICATE_NAME_MAX + 1) != 0))
		return complain(complaint, ERR_MALFORMED,
				"--name: \"%.80s\" must be 1 to %d characters of a-z, 0-9 and -, "
				"without - at its ends",
				text, CERTIFICATE_NAME_MAX);
	return 0;
}

static int read_address(const char *text, struct bootstrap *ret)
{
	char with_port[BOOTSTRAP_TEXT_CHARS + 1];
	int len;

	if (bootstrap_address_from_text(span_text(text), ret) == 0)
		return 0;
	len = snprintf(with_port, sizeof(with_port), "%s:%d", text, CONFIG_PORT_DEFAULT);
	return len > 0 && (size_t)len < sizeof(with_port)
		       ? bootstrap_address_from_text(span_text(with_port), ret)
		       : ERR_MALFORMED;
}

int options_bootstrap(const struct cli *cli, struct bootstrap ret[BUNDLE_BOOTSTRAP_MAX],
		      uint32_t *ret_count, struct complaint *complaint)
{
	const char *text;
	uint32_t count = 0;

	for (; (text = cli_value(cli, "bootstrap", count)) != NULL; count++) {
		if (count == BUNDLE_BOOTSTRAP_MAX)
			return complain(complaint, ERR_MALFORMED, "--bootstrap: more than %u",
					BUNDLE_BOOTSTRAP_MAX);
		if (read_address(text, &ret[count]) != 0)
			return complain(complaint, ERR_MALFORMED,
					"--bootstrap: \"%.80s\" must be HOST:PORT, as in "
					"vpn.example.org:%u, 192.0.2.1:%u or [2001:db8::1]:%u",
					text, CONFIG_PORT_DEFAULT, CONFIG_PORT_DEFAULT,
					CONFIG_PORT_DEFAULT);
		if (!bootstrap_can_be_reached(&ret[count]))
			return complain(
				complaint, ERR_MALFORMED,
				"--bootstrap: other hosts cannot reach this one at \"%.80s\"",
				text);
	}
	if (count == 0)
		return complain(complaint, ERR_MALFORMED,
				"--bootstrap HOST:PORT is missing: where other members reach this "
				"host");
	*ret_count = count;
	return 0;
}

int options_prefix(const struct cli *cli, struct prefix *ret, struct complaint *complaint)
{
	const char *const text = cli_value(cli, "prefix", 0);
	struct prefix prefix;

	if (text == NULL)
		return 0;
	if (prefix_from_text(span_text(text), &prefix) != 0 || prefix.len < PREFIX_LEN_MIN ||
	    prefix.len > PREFIX_LEN_MAX)
		return complain(complaint, ERR_MALFORMED,
				"--prefix: \"%.40s\" must be an IPv4 prefix of /%u to /%u with "
				"zeros behind it, as in 10.151.0.0/16",
				text, PREFIX_LEN_MIN, PREFIX_LEN_MAX);
	if (!prefix_is_usable(&prefix))
		return complain(complaint, ERR_MALFORMED,
				"--prefix: %.40s is no prefix for hosts; take one of 10.0.0.0/8, "
				"172.16.0.0/12 or 192.168.0.0/16",
				text);
	if (!prefix_is_private(&prefix) && !cli_has(cli, "any-prefix"))
		return complain(complaint, ERR_MALFORMED,
				"--prefix: %.40s may be other hosts' addresses, which no member "
				"could reach any more; take one of 10.0.0.0/8, 172.16.0.0/12 or "
				"192.168.0.0/16, or say --any-prefix if it is yours",
				text);
	*ret = prefix;
	return 0;
}
