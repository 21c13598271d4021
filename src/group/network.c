/* network.c - see network.h. */
#include "group/network.h"

#include "base/check.h"
#include "base/err.h"
#include "crypto/hash.h"
#include "group/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Names that stand for something else: in /var/lib/ipop, or where the kernel keeps the settings of
 * interfaces (net.ipv4.conf.all), which refuses such an interface. */
static const struct {
	const char *name, *why;
} reserved[] = {
	{ "requests", "that is where keys wait for their certificates" },
	{ "all", "to the kernel that means all interfaces" },
	{ "default", "to the kernel that means interfaces to come" },
};

/* An epoch, a space, the secret, a newline. */
static_assert(NETWORK_SECRETS_MAX * (3 + 1 + TEXT_BASE64_CHARS(NETWORK_SECRET_BYTES) + 1) <=
		      NETWORK_SECRETS_TEXT_MAX,
	      "the secrets would not fit");

int network_check_name(const char *name, struct complaint *complaint)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const size_t len = strlen(name);

	if (len == 0 || len > NETWORK_NAME_MAX || name[0] < 'a' || name[0] > 'z' ||
	    strspn(name, allowed) != len)
		return complain(complaint, ERR_MALFORMED,
				"\"%.40s\" cannot be the name of a network: it must be 1 to %u "
				"characters of a-z, 0-9 and -, a letter first",
				name, NETWORK_NAME_MAX);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(name, reserved[i].name) == 0)
			return complain(complaint, ERR_MALFORMED,
					"a network cannot be called \"%s\": %s", name,
					reserved[i].why);
	return 0;
}

void network_secrets_to_text(const struct network_secrets *secrets, struct writer *w)
{
	char line[8 + TEXT_BASE64_CHARS(NETWORK_SECRET_BYTES) + 1];

	for (uint32_t i = 0; i < secrets->count; i++) {
		const int len = snprintf(line, sizeof(line), "%u ", secrets->epochs[i].epoch);

		CHECK(len > 0 && len < 8);
		text_base64(span_of(secrets->epochs[i].bytes, NETWORK_SECRET_BYTES), line + len);
		writer_span_of(w, span_text(line));
		writer_u8(w, '\n');
	}
	secret_wipe(line, sizeof(line));
}

uint8_t network_epoch_next(uint8_t epoch)
{
	return epoch == UINT8_MAX ? 1 : (uint8_t)(epoch + 1);
}

bool network_epoch_is_newer(uint8_t a, uint8_t b)
{
	const int ahead = (UINT8_MAX + a - b) % UINT8_MAX; /* of 255 epochs */

	return ahead > 0 && ahead <= UINT8_MAX / 2;
}

int network_secrets_from_text(struct span text, struct network_secrets *ret)
{
	struct network_secrets secrets = { .count = 0 };
	int err = text.len > 0 && text.data[text.len - 1] == '\n' ? 0 : ERR_MALFORMED;
	struct span line;

	while (err == 0 && text_next(&text, '\n', &line)) {
		const uint32_t i = secrets.count++;
		struct span epoch;
		uint32_t number;

		if (i == NETWORK_SECRETS_MAX || !text_next(&line, ' ', &epoch) ||
		    text_number(epoch, &number) != 0 || number == 0 || number > UINT8_MAX ||
		    (i > 0 &&
		     !network_epoch_is_newer(secrets.epochs[i - 1].epoch, (uint8_t)number)) ||
		    text_from_base64(line, secrets.epochs[i].bytes, NETWORK_SECRET_BYTES) != 0)
			err = ERR_MALFORMED;
		else
			secrets.epochs[i].epoch = (uint8_t)number;
	}
	if (err == 0)
		*ret = secrets;
	secret_wipe(&secrets, sizeof(secrets));
	return err;
}
