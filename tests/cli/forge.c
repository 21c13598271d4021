/* forge.c - a bundle for a request as a CA of another day would make it: standard input to output.
 *
 * forge NETWORK DAYS: the CA and the certificate, valid for one day, are made so many days ago
 * (negative: ahead).
 */
#include "base/err.h"
#include "group/authority.h"
#include "io/clock.h"
#include "io/seed.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_S 86400
#define BYTES_MAX 65536

static int make(const char *network, struct wall now, struct span pem, struct writer *w)
{
	uint8_t seed[ENTROPY_SEED_BYTES];
	struct authority_wish wish = { .days = 1 };
	struct authority authority = { .network = "" };
	struct authority_issue issue;
	struct complaint complaint;
	struct ca_request request;
	struct entropy entropy;
	struct bundle bundle;
	int err = seed_read(seed, sizeof(seed));

	entropy_init(&entropy, seed);
	wish.request = &request;
	if (err == 0)
		err = ca_request_read(pem, &request);
	if (err == 0)
		err = authority_new(network, now, &entropy, &authority);
	if (err == 0)
		err = authority_sign(&authority, &wish, now, &issue, &complaint);
	if (err == 0)
		err = authority_bundle(&authority, &issue.certificate, &bundle);
	if (err == 0)
		err = bundle_to_text(&bundle, w);
	authority_free(&authority);
	return err;
}

int main(int argc, char **argv)
{
	static uint8_t request[BYTES_MAX];
	static uint8_t text[BUNDLE_BYTES_MAX];
	struct writer w = writer_of(text, sizeof(text));
	struct wall now = clock_now().wall;
	size_t len;
	int err;

	if (argc != 3)
		return 2;
	len = fread(request, 1, sizeof(request), stdin);
	now.us -= strtol(argv[2], NULL, 10) * DAY_S * INT64_C(1000000);
	err = make(argv[1], now, span_of(request, len), &w);
	if (err != 0)
		(void)fprintf(stderr, "forge: %s\n", err_text(err));
	return err == 0 && fwrite(text, 1, w.len, stdout) == w.len ? 0 : 1;
}
