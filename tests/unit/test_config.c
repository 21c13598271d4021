/* test_config.c - what a configuration file says, what it may not say, and that the printed form is
 * the file again. */
#include "base/err.h"
#include "group/config.h"
#include "group/nearest.h"
#include "group/text.h"
#include "tests/lib/cmocka.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ID "aebagbafaydqqcikbmga2dqpcaireeyu"

static int parse(const char *text, struct config *ret, struct complaint *complaint)
{
	return config_parse(span_text(text), "lab.conf", ret, complaint);
}

static struct span print(const struct config *config, uint8_t *buffer, size_t size)
{
	struct writer w = writer_of(buffer, size);

	config_print(config, &w);
	assert_true(writer_ok(&w));
	return writer_span(&w);
}

static void an_empty_file_is_all_defaults(void **state)
{
	struct complaint complaint;
	struct config config;

	(void)state;
	assert_int_equal(parse("", &config, &complaint), 0);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		assert_false(config.is_set[i]);
	assert_int_equal(config.port, CONFIG_PORT_DEFAULT);
	assert_int_equal(config.relay_kbit_s, 10000);
	assert_int_equal(config.lan, CONFIG_LAN_ON);
	assert_int_equal(config.crypto, CONFIG_CRYPTO_AUTO);
	assert_int_equal(config.offload, CONFIG_OFFLOAD_AUTO);
	assert_int_equal(config.log_level, CONFIG_LOG_INFO);
	assert_int_equal(config.bootstrap.count, 0);
	assert_int_equal(config.ipv4_prefix.len, 0);
}

static void every_option_is_read(void **state)
{
	struct complaint complaint;
	struct config config;

	(void)state;
	assert_int_equal(parse("# a comment = with a sign\n"
			       "port=5000\r\n"
			       "\n"
			       " \tipv4-prefix\t= 10.151.0.0/16  \n"
			       "bootstrap = a.example:1#" ID "\n"
			       "  # another\n"
			       "bootstrap = [2001:db8::1]:2#" ID "\n"
			       "relay = 500k\n"
			       "lan = off\n"
			       "crypto = chacha20\n"
			       "offload = no-udp\n"
			       "workers = 8\n"
			       "log-level = debug\n"
			       "on-up = /etc/ipop/lab-up\n"
			       "on-down = /usr/bin/true\n"
			       "on-peer = /usr/bin/false",
			       &config, &complaint),
			 0);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		assert_true(config.is_set[i]);
	assert_int_equal(config.port, 5000);
	assert_int_equal(config.ipv4_prefix.ip[1], 151);
	assert_int_equal(config.ipv4_prefix.len, 16);
	assert_int_equal(config.bootstrap.count, 2);
	assert_string_equal(config.bootstrap.lines[0].host, "a.example");
	assert_string_equal(config.bootstrap.lines[1].host, "2001:db8::1");
	assert_int_equal(config.relay_kbit_s, 500);
	assert_int_equal(config.lan, CONFIG_LAN_OFF);
	assert_int_equal(config.crypto, CONFIG_CRYPTO_CHACHA20);
	assert_int_equal(config.offload, CONFIG_OFFLOAD_NO_UDP);
	assert_int_equal(config.workers, CONFIG_WORKERS_MAX);
	assert_int_equal(config.log_level, CONFIG_LOG_DEBUG);
	assert_string_equal(config.on_up.text, "/etc/ipop/lab-up");
	assert_string_equal(config.on_down.text, "/usr/bin/true");
	assert_string_equal(config.on_peer.text, "/usr/bin/false");
}

/* Each complaint names file, line, option, what is wrong and what is right. */
static void complaints(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "prot = 1", "lab.conf:1: prot: there is no such option; did you mean \"port\"?" },
		{ "\n\nfrobnicate = 1", "lab.conf:3: frobnicate: there is no such option" },
		{ "port", "lab.conf:1: a line must be NAME = VALUE, or begin with #" },
		{ "port =", "lab.conf:1: port: \"\" must be a number from 0 to 65535" },
		{ "port = 65536", "lab.conf:1: port: \"65536\" must be a number from 0 to 65535" },
		{ "port = 1 # why",
		  "lab.conf:1: port: \"1 # why\" must be a number from 0 to 65535; a comment needs "
		  "a line of its own" },
		{ "port = 1#why", "lab.conf:1: port: \"1#why\" must be a number from 0 to 65535" },
		{ "\"port\" = 1", "lab.conf:1: \"port\": there is no such option; did you mean "
				  "\"port\", without quotes?" },
		{ "'Prot' = 1", "lab.conf:1: 'Prot': there is no such option; did you mean "
				"\"port\", without quotes?" },
		{ "\" = 1", "lab.conf:1: \": there is no such option" },
		{ "prefix = 10.0.0.0/8",
		  "lab.conf:1: prefix: there is no such option; did you mean "
		  "\"ipv4-prefix\"?" },
		{ "PORT = 1", "lab.conf:1: PORT: there is no such option; did you mean \"port\"?" },
		{ "Log-Level = info",
		  "lab.conf:1: Log-Level: there is no such option; did you mean \"log-level\"?" },
		{ "p\303\266rt = 1",
		  "lab.conf:1: p?rt: there is no such option; did you mean \"port\"?" },
		{ "\357\273\277port = 1", "lab.conf:1: a byte order mark stands before the first "
					  "line: save the file as UTF-8 without it" },
		{ " = 5", "lab.conf:1: a line must be NAME = VALUE, or begin with #" },
		{ "[lab]", "lab.conf:1: a line must be NAME = VALUE, or begin with #" },
		{ "port = 1\n#\nport = 1", "lab.conf:3: port: stands a second time; remove one" },
		{ "workers = 9", "lab.conf:1: workers: \"9\" must be a number from 0 to 8" },
		{ "log-level = all",
		  "lab.conf:1: log-level: \"all\" must be error, warning, info or debug" },
		{ "relay = 10", "lab.conf:1: relay: \"10\" must be off, or bits per second from "
				"64k to 100G, as in 10M" },
		{ "ipv4-prefix = 10.0.0.0/7",
		  "lab.conf:1: ipv4-prefix: \"10.0.0.0/7\" must be an "
		  "IPv4 prefix of /8 to /30 with zeros behind it, as in "
		  "10.151.0.0/16" },
		{ "ipv4-prefix = 10.0.0.0/31", "lab.conf:1: ipv4-prefix: \"10.0.0.0/31\" must be "
					       "an IPv4 prefix of /8 to /30 with "
					       "zeros behind it, as in 10.151.0.0/16" },
		{ "bootstrap = a:1", "lab.conf:1: bootstrap: \"a:1\" must be HOST:PORT#ID, as in "
				     "vpn.example.org:4767#" ID },
		{ "on-up = lab-up",
		  "lab.conf:1: on-up: \"lab-up\" must be a path that begins with /, as in "
		  "/etc/ipop/lab-up" },
		{ "on-up = /bin/rm -r", "lab.conf:1: on-up: \"/bin/rm -r\" must be a path that "
					"begins with /, as in /etc/ipop/lab-up" },
		{ "port = \x1b[31m",
		  "lab.conf:1: port: \"?[31m\" must be a number from 0 to 65535" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config config = { .port = 7 };
		struct complaint complaint;

		assert_int_equal(parse(cases[i].text, &config, &complaint), ERR_MALFORMED);
		assert_string_equal(complaint.text, cases[i].want);
		assert_int_equal(config.port, 7);
	}
}

/* With a unit, so that nobody wonders which one is meant. */
static void rates(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t want;
	} cases[] = {
		{ "off", 0, 0 },
		{ "64k", 0, 64 },
		{ "1500k", 0, 1500 },
		{ "10M", 0, 10000 },
		{ "100G", 0, 100000000 },
		{ "100000000k", 0, 100000000 },
		{ "63k", ERR_MALFORMED, 0 },
		{ "101G", ERR_MALFORMED, 0 },
		{ "100001M", ERR_MALFORMED, 0 },
		{ "100000001k", ERR_MALFORMED, 0 },
		{ "4295G", ERR_MALFORMED, 0 }, /* in thousands more than 32 bits hold */
		{ "0M", ERR_MALFORMED, 0 },
		{ "64000", ERR_MALFORMED, 0 },
		{ "10m", ERR_MALFORMED, 0 },
		{ "10K", ERR_MALFORMED, 0 },
		{ "10 M", ERR_MALFORMED, 0 },
		{ "1.5M", ERR_MALFORMED, 0 },
		{ "-1M", ERR_MALFORMED, 0 },
		{ "010M", ERR_MALFORMED, 0 },
		{ "10Mk", ERR_MALFORMED, 0 },
		{ "M", ERR_MALFORMED, 0 },
		{ "", ERR_MALFORMED, 0 },
		{ "OFF", ERR_MALFORMED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct complaint complaint;
		struct config config;
		char line[64];

		(void)snprintf(line, sizeof(line), "relay = %s", cases[i].text);
		assert_int_equal(parse(line, &config, &complaint), cases[i].err);
		if (cases[i].err == 0)
			assert_int_equal(config.relay_kbit_s, cases[i].want);
	}
}

static void limits_have_two_sides(void **state)
{
	char text[CONFIG_BYTES_MAX + 2];
	struct complaint complaint;
	struct config config;
	size_t len = 0;

	(void)state;
	assert_int_equal(parse("port = 0", &config, &complaint), 0);
	assert_int_equal(parse("port = 65535", &config, &complaint), 0);
	assert_int_equal(parse("ipv4-prefix = 10.0.0.0/8", &config, &complaint), 0);
	assert_int_equal(parse("ipv4-prefix = 10.0.0.0/30", &config, &complaint), 0);
	for (size_t i = 0; i <= CONFIG_BOOTSTRAP_MAX; i++) {
		if (i == CONFIG_BOOTSTRAP_MAX)
			assert_int_equal(parse(text, &config, &complaint), 0);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "bootstrap = a:1#%s\n", ID);
	}
	assert_int_equal(parse(text, &config, &complaint), ERR_FULL);
	assert_string_equal(complaint.text, "lab.conf:17: bootstrap: more than 16 lines");

	memset(text, '#', sizeof(text));
	assert_int_equal(config_parse(span_of(text, CONFIG_BYTES_MAX), "f", &config, &complaint),
			 0);
	assert_int_equal(
		config_parse(span_of(text, CONFIG_BYTES_MAX + 1), "f", &config, &complaint),
		ERR_TOO_LONG);
}

static void the_printed_form_parses_to_itself(void **state)
{
	static const char *const files[] = {
		"",
		"port = 4767\n", /* set, though to the default: that is a difference */
		"port = 0\nlog-level = error\n",
		"relay = off\n",
		"relay = 1500k\n",
		"relay = 100G\n",
		"on-down = /etc/ipop/a_b-c.d+e@f:g\n",
		"ipv4-prefix = 172.16.0.0/12\nbootstrap = a:1#" ID "\nbootstrap = [::1]:2#" ID "\n",
	};
	static uint8_t first[CONFIG_BYTES_MAX], second[CONFIG_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct complaint complaint;
		struct config config;
		struct config again;
		struct span text;

		assert_int_equal(parse(files[i], &config, &complaint), 0);
		text = print(&config, first, sizeof(first));
		assert_int_equal(config_parse(text, "printed", &again, &complaint), 0);
		for (size_t j = 0; j < CONFIG_OPTIONS; j++)
			assert_int_equal(config.is_set[j], again.is_set[j]);
		assert_int_equal(again.port, config.port);
		assert_int_equal(again.relay_kbit_s, config.relay_kbit_s);
		assert_int_equal(again.log_level, config.log_level);
		assert_int_equal(again.bootstrap.count, config.bootstrap.count);
		assert_true(span_equal(print(&again, second, sizeof(second)), text));
	}
}

/* Whoever removes the # of a printed default says what was meant without the line. */
static void defaults_and_examples_are_right_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *const option = config_option((enum config_option_id)i);
		struct complaint complaint;
		struct config config;
		char line[512];

		assert_true(snprintf(line, sizeof(line), "%s = %s", option->name,
				     option->fallback != NULL ? option->fallback
							      : option->example) > 0);
		assert_int_equal(parse(line, &config, &complaint), 0);
		assert_true(config.is_set[i]);
		assert_int_equal(config.port, CONFIG_PORT_DEFAULT);
		assert_int_equal(config.log_level, CONFIG_LOG_INFO);
		assert_true(strlen(option->help) > 0);
	}
}

static void lines_are_of_80_columns(void **state)
{
	static uint8_t buffer[CONFIG_BYTES_MAX];
	struct complaint complaint;
	struct config config;
	struct span line;
	struct span text;

	(void)state;
	assert_int_equal(parse("", &config, &complaint), 0);
	text = print(&config, buffer, sizeof(buffer));
	while (text_next(&text, '\n', &line))
		assert_true(line.len <= 80);
}

/* Who corrects a file wants to hear of everything at once. */
static void a_check_tells_all(void **state)
{
	static const char *const want[] = {
		"lab.conf:1: prot: there is no such option; did you mean \"port\"?",
		"lab.conf:3: a line must be NAME = VALUE, or begin with #",
		"lab.conf:4: port: \"99999\" must be a number from 0 to 65535",
	};
	struct config_complaints complaints;
	struct config config = { .port = 7 };
	char text[512] = "";

	(void)state;
	assert_int_equal(config_check(span_text("prot = 1\nlan = on\nwhat\nport = 99999\n"),
				      "lab.conf", &config, &complaints),
			 ERR_MALFORMED);
	assert_int_equal(complaints.count, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++)
		assert_string_equal(complaints.list[i].text, want[i]);
	assert_int_equal(config.port, 7);
	for (size_t i = 0; i <= CONFIG_COMPLAINTS_MAX; i++)
		memcpy(text + 2 * i, "x\n", 3);
	assert_int_equal(config_check(span_text(text), "lab.conf", &config, &complaints),
			 ERR_MALFORMED);
	assert_int_equal(complaints.count, CONFIG_COMPLAINTS_MAX + 1);
	assert_int_equal(config_check(span_text("lan = off\n"), "lab.conf", &config, &complaints),
			 0);
	assert_int_equal(complaints.count, 0);
	assert_int_equal(config.lan, CONFIG_LAN_OFF);
}

static void options_differ_by_their_values(void **state)
{
	static const char file[] =
		"port = 4767\nrelay = 20M\nworkers = 1\nbootstrap = a:1#" ID "\n";
	struct complaint complaint;
	char text[CONFIG_VALUE_MAX + 1];
	struct config running;
	struct config config;

	(void)state;
	assert_int_equal(parse("", &running, &complaint), 0);
	assert_int_equal(parse(file, &config, &complaint), 0);
	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++)
		assert_int_equal(config_same(&running, &config, id),
				 id != CONFIG_RELAY && id != CONFIG_WORKERS &&
					 id != CONFIG_BOOTSTRAP);
	assert_false(config_value(&running, CONFIG_WORKERS, 0, text));
	assert_true(config_value(&running, CONFIG_RELAY, 0, text));
	assert_string_equal(text, "10M");
	assert_false(config_value(&running, CONFIG_RELAY, 1, text));
	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++)
		config_take(&running, &config, id);
	for (enum config_option_id id = 0; id < CONFIG_OPTIONS; id++)
		assert_true(config_same(&running, &config, id));
	assert_true(config_value(&running, CONFIG_BOOTSTRAP, 0, text));
	assert_string_equal(text, "a:1#" ID);
	assert_false(config_value(&running, CONFIG_BOOTSTRAP, 1, text));
}

static const char *guess(const char *word)
{
	struct nearest nearest = nearest_of(span_text(word));

	nearest_try(&nearest, "up");
	nearest_try(&nearest, "status");
	nearest_try(&nearest, "start");
	return nearest.best;
}

static void the_nearest_word(void **state)
{
	(void)state;
	assert_string_equal(guess("status"), "status");
	assert_string_equal(guess("stauts"), "status"); /* two that changed places: one slip */
	assert_string_equal(guess("stat"), "start");    /* one slip away; status is two */
	assert_string_equal(guess("stats"), "status");  /* the first of equals */
	assert_string_equal(guess("statusxx"), "status");
	assert_null(guess("statusxxx"));
	assert_string_equal(guess("u"), "up");
	assert_string_equal(guess("ip"), "up");
	assert_null(guess("ab"));
	assert_null(guess(""));
	assert_null(guess("statusstatusstatusstatusstatusstatus"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_is_all_defaults),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(complaints),
		cmocka_unit_test(rates),
		cmocka_unit_test(limits_have_two_sides),
		cmocka_unit_test(the_printed_form_parses_to_itself),
		cmocka_unit_test(defaults_and_examples_are_right_values),
		cmocka_unit_test(lines_are_of_80_columns),
		cmocka_unit_test(a_check_tells_all),
		cmocka_unit_test(options_differ_by_their_values),
		cmocka_unit_test(the_nearest_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
