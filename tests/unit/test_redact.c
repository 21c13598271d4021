/* test_redact.c - no key leaves in a report, and of hosts no more than half of where they are. */
#include "tests/lib/cmocka.h"

#include "prog/ipop/redact.h"

#include <stdlib.h>
#include <string.h>

#define KEY40 "MC4CAQAwBQYDK2VwBCIEIHFvVGhpcyBpcyBub3Qga"
#define HALF "MC4CAQAwBQYDK2VwBCIEIHFvVGhpcyBpcyBub3Q"

static const struct {
	const char *text, *want, *full; /* full NULL: the text itself */
} cases[] = {
	{ "", "", NULL },
	{ "nothing to hide: 17.5 % at 11:30:00, v1.2", "nothing to hide: 17.5 % at 11:30:00, v1.2",
	  NULL },
	{ "192.0.2.7", "192.0.x.x", NULL },
	{ "\"remote\": \"192.0.2.7:4767\",", "\"remote\": \"192.0.x.x:4767\",", NULL },
	{ "from 192.0.2.7.", "from 192.0.x.x.", NULL },
	{ "[2001:db8:1::7]:4767 is", "[2001:db8:x]:4767 is", NULL },
	{ "at 2001:db8:1::7: no", "at 2001:db8:x: no", NULL },
	{ "10.151.0.9 and fd00::1:9 stay", "10.151.0.9 and fd00::1:9 stay", NULL },
	{ "10.152.0.9 and fd01::9 go", "10.152.x.x and fd01:0:x go", NULL },
	{ "vpn.example.org:4767#id", "(host 1):4767#id", NULL },
	{ "host=vpn.example.org, vpn.example.orgs", "host=(host 1), vpn.example.orgs", NULL },
	{ "key=" KEY40 "!", "key=(left out)!", "key=(left out)!" },
	{ "half=" HALF, "half=" HALF, NULL },
	{ "a\n-----BEGIN PRIVATE KEY-----\nab\n-----END PRIVATE KEY-----\nb", "a\n(left out)\nb",
	  "a\n(left out)\nb" },
	{ "-----BEGIN PRIVATE KEY-----\nab", "(left out)", "(left out)" },
	{ "aebagbafaydqqcikbmga2dqpcaireeyu", "aebagbafaydqqcikbmga2dqpcaireeyu", NULL },
};

static char *redacted(const struct redact *redact, const char *text)
{
	char *result = NULL;
	size_t len;
	FILE *const out = open_memstream(&result, &len);

	assert_non_null(out);
	redact_print(redact, text, out);
	assert_int_equal(fclose(out), 0);
	return result;
}

static void what_is_left(void **state)
{
	struct redact redact = { 0 };

	(void)state;
	redact_own(&redact, "10.151.0.1", 16);
	redact_own(&redact, "fd00::1", 48);
	redact_host(&redact, "vpn.example.org");
	redact_host(&redact, "vpn.example.org");
	redact_host(&redact, "192.0.2.7");
	assert_int_equal(redact.host_count, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *result = redacted(&redact, cases[i].text);

		assert_string_equal(result, cases[i].want);
		free(result);
	}
	redact.full = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *result = redacted(&redact, cases[i].text);

		assert_string_equal(result, cases[i].full != NULL ? cases[i].full : cases[i].text);
		free(result);
	}
}

/* Names that no file has any more, or that may not be read. */
static void names_are_learnt_from_a_text(void **state)
{
	static const char text[] =
		"cannot find a bootstrap host host=gone.example.org attempts=3\n"
		"host=gone.example, then host=[::1] host= host=192.0.2.9\n"
		"bootstrap = other.example.org:4767#abc; :1#x, 7#, # and [2001:db8::1]:4767#abc\n"
		"other.example.org, gone.example.org. gone.example\n";
	struct redact redact = { 0 };
	char *result;

	(void)state;
	redact_learn(&redact, text);
	assert_int_equal(redact.host_count, 3);
	result = redacted(&redact, text);
	assert_string_equal(result,
			    "cannot find a bootstrap host host=(host 1) attempts=3\n"
			    "host=(host 2), then host=[0:0:x] host= host=192.0.x.x\n"
			    "bootstrap = (host 3):4767#abc; :1#x, 7#, # and [2001:db8:x]:4767#abc\n"
			    "(host 3), (host 1). (host 2)\n");
	free(result);
	redact_learn(&redact, "#");
	redact_learn(&redact, "");
	redact_learn(&redact, "1#");
	redact_learn(&redact, "a:1#");
	assert_int_equal(redact.host_count, 4);
}

#define COMPLAINT "error steward lab: /etc/ipop/lab.conf:3: "
#define EXAMPLE "must be HOST:PORT#ID, as in vpn.example.org:4767#aebagbafaydqqcikbmga2dqpcaireeyu"

/* A line that could not be read shows what its writer has in mind all the same. */
static void what_cannot_be_read_is_hidden(void **state)
{
	static const struct {
		const char *text, *want;
	} lines[] = {
		{ COMPLAINT "bootstrap: \"hq-gw.secret.example:4767\" " EXAMPLE "\n",
		  COMPLAINT "bootstrap: \"(left out)\" " EXAMPLE "\n" },
		{ "bootstrap: \"hq-gw.secret.example\" " EXAMPLE,
		  "bootstrap: \"(left out)\" " EXAMPLE },
		{ "bootstrap: \"HQ-gw.secret.example:4767 #s4ax\" " EXAMPLE
		  "; a comment needs a line of its own\nb",
		  "bootstrap: \"(left out)\" " EXAMPLE "; a comment needs a line of its own\nb" },
		{ "bootstrap: \"hq_gw.secret.example:port#s4ax\" " EXAMPLE,
		  "bootstrap: \"(left out)\" " EXAMPLE },
		{ "bootstrap: \"\"[hq gw\" must be x\" " EXAMPLE,
		  "bootstrap: \"(left out)\" " EXAMPLE },
		{ "bootstrap: \"hq-gw.secret.exam\nnext\n", "bootstrap: \"(left out)\nnext\n" },
		{ "bootstrap: \"\" " EXAMPLE, "bootstrap: \"(left out)\" " EXAMPLE },
		{ COMPLAINT "hq-gw.secret.example: there is no such option",
		  COMPLAINT "(host 1): there is no such option" },
		{ COMPLAINT
		  "hq-gw.secret.example:4767#s4ax: there is no such option; did you mean \"x\"?",
		  COMPLAINT "(host 1):4767#s4ax: there is no such option; did you mean \"x\"?" },
		{ COMPLAINT "boot hq-gw.secret.example: there is no such option",
		  COMPLAINT "boot (host 1): there is no such option" },
		{ COMPLAINT "prot: there is no such option; did you mean \"port\"?",
		  COMPLAINT "prot: there is no such option; did you mean \"port\"?" },
		{ COMPLAINT "port: \"hq-gw.secret.example\" must be a number",
		  COMPLAINT "port: \"(host 1)\" must be a number" },
		{ COMPLAINT "on-up: \"/opt/my bin/up.sh\" must be a path",
		  COMPLAINT "on-up: \"/opt/my bin/up.sh\" must be a path" },
		{ "\" must be \": there is no such option: there is no such option\n\" must be",
		  "\" must be \": there is no such option: there is no such option\n\" must be" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct redact redact = { 0 };
		char *result;

		redact_learn(&redact, lines[i].text);
		result = redacted(&redact, lines[i].text);
		assert_string_equal(result, lines[i].want);
		free(result);
		redact.full = true;
		result = redacted(&redact, lines[i].text);
		assert_string_equal(result, lines[i].text);
		free(result);
	}
}

/* And is known wherever else it stands. */
static void a_configuration_tells_names(void **state)
{
	static const char config[] = "# bootstrap = vpn.example.org:4767#aebag\n"
				     " port = 4767\n\n=\n\"\n"
				     "bootstrap = hq-gw.secret.example\n"
				     "Bootsrap = gateway:4767 #abc\n"
				     "bootstrap hq.secret.example\n"
				     "third.secret.example = 3\n"
				     "on-up = /opt/up.sh\n"
				     "bootstrap = \"Fifth.secret.example:4767\"\n";
	struct redact redact = { 0 };
	char *result;

	(void)state;
	redact_learn_config(&redact, config);
	assert_int_equal(redact.host_count, 5);
	result = redacted(&redact, "HQ-GW.secret.example gateway hq.secret.example, "
				   "third.secret.example. fifth.Secret.example: /opt/up.sh "
				   "port 4767 vpn.example.org lan");
	assert_string_equal(result, "(host 1) (host 2) (host 3), (host 4). (host 5): /opt/up.sh "
				    "port 4767 vpn.example.org lan");
	free(result);
}

static void there_are_limits(void **state)
{
	struct redact redact = { 0 };
	char name[16];

	(void)state;
	redact_own(&redact, "-", 16);
	redact_own(&redact, "10.0.0.1", 33);
	redact_own(&redact, "fd00::1", 129);
	assert_int_equal(redact.own_count, 0);
	for (unsigned i = 0; i < REDACT_HOSTS_MAX + 1; i++) {
		(void)snprintf(name, sizeof(name), "host%u", i);
		redact_host(&redact, name);
		redact_own(&redact, "fd00::1", 128);
	}
	assert_int_equal(redact.host_count, REDACT_HOSTS_MAX);
	assert_int_equal(redact.own_count, REDACT_OWN_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(names_are_learnt_from_a_text),
		cmocka_unit_test(what_cannot_be_read_is_hidden),
		cmocka_unit_test(a_configuration_tells_names),
		cmocka_unit_test(there_are_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
