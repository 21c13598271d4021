/* config.c - see config.h: the table, then what reads it. */
#include "group/config.h"

#include "base/check.h"
#include "base/err.h"
#include "group/nearest.h"
#include "group/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define HELP_COLUMNS 78
#define NAME_CHARS_MAX 64  /* of what is wrong, and is shown */
#define RATE_MIN 64        /* thousands of bits a second: less carries no conversation */
#define RATE_MAX 100000000 /* 100 Gbit/s */

static_assert(BOOTSTRAP_TEXT_CHARS <= CONFIG_VALUE_MAX, "a bootstrap line would not fit");

static const char *const log_levels[CONFIG_LOG_LEVELS + 1] = {
	[CONFIG_LOG_ERROR] = "error",
	[CONFIG_LOG_WARNING] = "warning",
	[CONFIG_LOG_INFO] = "info",
	[CONFIG_LOG_DEBUG] = "debug",
};

static const char *const lans[CONFIG_LANS + 1] = {
	[CONFIG_LAN_ON] = "on",
	[CONFIG_LAN_OFF] = "off",
};

static const char *const cryptos[CONFIG_CRYPTOS + 1] = {
	[CONFIG_CRYPTO_AUTO] = "auto",
	[CONFIG_CRYPTO_OPENSSL] = "openssl",
	[CONFIG_CRYPTO_CHACHA20] = "chacha20",
};

static const char *const offloads[CONFIG_OFFLOADS + 1] = {
	[CONFIG_OFFLOAD_AUTO] = "auto",
	[CONFIG_OFFLOAD_NO_TUN] = "no-tun",
	[CONFIG_OFFLOAD_NO_UDP] = "no-udp",
	[CONFIG_OFFLOAD_OFF] = "off",
};

static const struct config_option options[CONFIG_OPTIONS] = {
	[CONFIG_PORT] = {
		.name = "port",
		.type = CONFIG_TYPE_NUMBER,
		.fallback = "4767",
		.max = UINT16_MAX,
		.example = "4767",
		.help = "UDP port on which other members reach this host. If you do not set it and "
			"the default is taken, any free port will do; a port that you set must be "
			"free. 0: always any free port. Set it where a firewall or a bootstrap line "
			"counts on it.",
		.offset = offsetof(struct config, port),
	},
	[CONFIG_IPV4_PREFIX] = {
		.name = "ipv4-prefix",
		.type = CONFIG_TYPE_PREFIX,
		.min = PREFIX_LEN_MIN,
		.max = PREFIX_LEN_MAX,
		.example = "10.151.0.0/16",
		.help = "IPv4 addresses of the network: what the CA gives members their addresses "
			"from. On the host of a member the bundle says which they are; what "
			"stands here must be the same.",
		.offset = offsetof(struct config, ipv4_prefix),
	},
	[CONFIG_BOOTSTRAP] = {
		.name = "bootstrap",
		.type = CONFIG_TYPE_BOOTSTRAP,
		.max = CONFIG_BOOTSTRAP_MAX,
		.example = "vpn.example.org:4767#aebagbafaydqqcikbmga2dqpcaireeyu",
		.help = "A member through whom the network can be entered, besides those of the "
			"bundle: HOST:PORT#ID, with the id that `ipop status` shows there. May "
			"stand several times.",
		.is_live = true,
		.offset = offsetof(struct config, bootstrap),
	},
	[CONFIG_RELAY] = {
		.name = "relay",
		.type = CONFIG_TYPE_RATE,
		.fallback = "10M",
		.min = RATE_MIN,
		.max = RATE_MAX,
		.example = "10M",
		.help = "How many bits per second this host may pass on, in all, for members that "
			"reach each other in no other way: a number with k, M or G behind it (500k "
			"is 500,000 bits per second), or off. A relay sees ciphertext only. What "
			"goes beyond the rate is dropped.",
		.is_live = true,
		.offset = offsetof(struct config, relay_kbit_s),
	},
	[CONFIG_LAN] = {
		.name = "lan",
		.type = CONFIG_TYPE_WORD,
		.fallback = "on",
		.words = lans,
		.example = "on",
		.help = "Whether this host looks for members on the networks that it is itself on, "
			"by multicast that only members can read: on or off. With it members on "
			"one network find each other though no bootstrap member can be reached. A "
			"firewall has to let in UDP port 4768.",
		.offset = offsetof(struct config, lan),
	},
	[CONFIG_CRYPTO] = {
		.name = "crypto",
		.type = CONFIG_TYPE_WORD,
		.fallback = "auto",
		.words = cryptos,
		.example = "auto",
		.help = "How packets are encrypted: auto (what is fastest on this machine, also by "
			"a library that is loaded if it is installed), openssl (by OpenSSL alone) "
			"or chacha20 (the same, and sessions that begin here use "
			"ChaCha20-Poly1305). Members with different settings understand each "
			"other.",
		.offset = offsetof(struct config, crypto),
	},
	[CONFIG_OFFLOAD] = {
		.name = "offload",
		.type = CONFIG_TYPE_WORD,
		.fallback = "auto",
		.words = offloads,
		.example = "auto",
		.help = "Whether packets pass the kernel in large pieces, which is several times as "
			"fast: auto (as far as the kernel can), no-tun (not on the network's own "
			"interface), no-udp (not on the sockets to other members) or off. Change it "
			"only to find out whether a kernel or driver has a fault there.",
		.offset = offsetof(struct config, offload),
	},
	[CONFIG_WORKERS] = {
		.name = "workers",
		.type = CONFIG_TYPE_NUMBER,
		.max = CONFIG_WORKERS_MAX,
		.example = "2",
		.help = "How many threads move packets; a stream is moved by one of them. With 0 the "
			"thread that does everything else moves them too. Without this line: one for "
			"each processor but one, at least one.",
		.offset = offsetof(struct config, workers),
	},
	[CONFIG_LOG_LEVEL] = {
		.name = "log-level",
		.type = CONFIG_TYPE_WORD,
		.fallback = "info",
		.words = log_levels,
		.example = "info",
		.help = "How much the daemon tells: error, warning, info or debug.",
		.is_live = true,
		.offset = offsetof(struct config, log_level),
	},
	[CONFIG_ON_UP] = {
		.name = "on-up",
		.type = CONFIG_TYPE_PATH,
		.max = CONFIG_PATH_MAX,
		.example = "/etc/ipop/lab-up",
		.help = "A program that is run when the network is up: the interface has its "
			"addresses. It gets no arguments but an environment: IPOP_EVENT (up), "
			"IPOP_NETWORK, IPOP_INTERFACE, IPOP_IPV6 and, if there is one, IPOP_IPV4. "
			"It has the daemon's rights, so nobody but root may be able to write the "
			"file or this one, and no more than these: sudo and mount fail. It is "
			"ended after 30 s, and what it leaves running within a second; a daemon stays "
			"if it has left its process group, as by setsid.",
		.is_live = true,
		.offset = offsetof(struct config, on_up),
	},
	[CONFIG_ON_DOWN] = {
		.name = "on-down",
		.type = CONFIG_TYPE_PATH,
		.max = CONFIG_PATH_MAX,
		.example = "/etc/ipop/lab-down",
		.help = "The same when the daemon ends, before its interface goes; IPOP_EVENT is "
			"down. The daemon waits for it, for 2 s at most.",
		.is_live = true,
		.offset = offsetof(struct config, on_down),
	},
	[CONFIG_ON_PEER] = {
		.name = "on-peer",
		.type = CONFIG_TYPE_PATH,
		.max = CONFIG_PATH_MAX,
		.example = "/etc/ipop/lab-peer",
		.help = "The same when a member that this host has a session with comes or goes: "
			"IPOP_EVENT is peer-up or peer-down, IPOP_PEER its name, IPOP_PEER_IPV6 its "
			"address. One runs at a time, ten a second at most, each for 10 s at most; "
			"who comes and goes meanwhile is not told of. When the network goes down "
			"only on-down is run, and what runs then is ended before it.",
		.is_live = true,
		.offset = offsetof(struct config, on_peer),
	},
};

static_assert(CONFIG_PORT_DEFAULT == 4767, "the table says 4767");

/* Powers of 1,000, as networks have them; in thousands, the largest first. */
static const struct {
	char letter;
	uint32_t thousands;
} rate_units[] = { { 'G', 1000000 }, { 'M', 1000 }, { 'k', 1 } };
#define RATE_UNITS (sizeof(rate_units) / sizeof(rate_units[0]))
#define RATE_TEXT_CHARS 11 /* 10 digits, unit */

const struct config_option *config_option(enum config_option_id id)
{
	CHECK(id < CONFIG_OPTIONS);
	return &options[id];
}

/* Where the value of an option stands; of its type. */
static void *value_at(struct config *config, const struct config_option *option)
{
	return (uint8_t *)config + option->offset;
}

static const void *value_of(const struct config *config, const struct config_option *option)
{
	return (const uint8_t *)config + option->offset;
}

/* In the largest unit that says it exactly. */
static void rate_to_text(uint32_t rate, char ret[RATE_TEXT_CHARS + 1])
{
	size_t i = 0;
	int len;

	while (rate % rate_units[i].thousands != 0)
		i++; /* the last divides all */
	len = rate == 0 ? snprintf(ret, RATE_TEXT_CHARS + 1, "off")
			: snprintf(ret, RATE_TEXT_CHARS + 1, "%u%c", rate / rate_units[i].thousands,
				   rate_units[i].letter);
	CHECK(len > 0 && len <= RATE_TEXT_CHARS);
}

/* What a value of this option has to be: completes "must be ...". */
static void describe(const struct config_option *option, char *ret, size_t ret_size)
{
	char min[RATE_TEXT_CHARS + 1];
	char max[RATE_TEXT_CHARS + 1];
	int len = 0;

	switch (option->type) {
	case CONFIG_TYPE_NUMBER:
		len = snprintf(ret, ret_size, "a number from %u to %u", option->min, option->max);
		break;
	case CONFIG_TYPE_WORD:
		for (size_t i = 0; option->words[i] != NULL && (size_t)len < ret_size; i++)
			len += snprintf(ret + len, ret_size - (size_t)len, "%s%s",
					i == 0                         ? ""
					: option->words[i + 1] == NULL ? " or "
								       : ", ",
					option->words[i]);
		break;
	case CONFIG_TYPE_RATE:
		rate_to_text(option->min, min);
		rate_to_text(option->max, max);
		len = snprintf(ret, ret_size, "off, or bits per second from %s to %s, as in %s",
			       min, max, option->example);
		break;
	case CONFIG_TYPE_PREFIX:
		len = snprintf(ret, ret_size,
			       "an IPv4 prefix of /%u to /%u with zeros behind it, as in %s",
			       option->min, option->max, option->example);
		break;
	case CONFIG_TYPE_PATH:
		len = snprintf(ret, ret_size, "a path that begins with /, as in %s",
			       option->example);
		break;
	case CONFIG_TYPE_BOOTSTRAP:
		len = snprintf(ret, ret_size, "HOST:PORT#ID, as in %s", option->example);
		break;
	}
	CHECK(len > 0 && (size_t)len < ret_size);
}

static int parse_number(const struct config_option *option, struct span text, uint32_t *value)
{
	uint32_t number;

	if (text_number(text, &number) != 0 || number < option->min || number > option->max)
		return ERR_MALFORMED;
	*value = number;
	return 0;
}

static int parse_word(const struct config_option *option, struct span text, uint32_t *value)
{
	for (uint32_t i = 0; option->words[i] != NULL; i++) {
		if (text_equal(text, option->words[i])) {
			*value = i;
			return 0;
		}
	}
	return ERR_MALFORMED;
}

static int parse_rate(const struct config_option *option, struct span text, uint32_t *value)
{
	const uint8_t letter = text.len > 0 ? text.data[text.len - 1] : 0;
	uint32_t number;

	if (text_equal(text, "off")) {
		*value = 0;
		return 0;
	}
	for (size_t i = 0; i < RATE_UNITS; i++) {
		const uint32_t unit = rate_units[i].thousands;

		if (letter != (uint8_t)rate_units[i].letter)
			continue;
		if (text_number(span_of(text.data, text.len - 1), &number) != 0 ||
		    number > option->max / unit || number * unit < option->min)
			return ERR_MALFORMED;
		*value = number * unit;
		return 0;
	}
	return ERR_MALFORMED;
}

static int parse_prefix(const struct config_option *option, struct span text, struct prefix *value)
{
	struct prefix prefix;

	if (prefix_from_text(text, &prefix) != 0 || prefix.len < option->min ||
	    prefix.len > option->max)
		return ERR_MALFORMED;
	*value = prefix;
	return 0;
}

/* Of characters that need no quotes anywhere. */
static int parse_path(const struct config_option *option, struct span text,
		      struct config_path *value)
{
	static const char others[] = "/._-+@:";

	if (text.len == 0 || text.len > option->max || text.data[0] != '/')
		return ERR_MALFORMED;
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    memchr(others, c, sizeof(others) - 1) == NULL)
			return ERR_MALFORMED;
	}
	*value = (struct config_path){ 0 };
	memcpy(value->text, text.data, text.len);
	return 0;
}

static int parse_bootstrap(const struct config_option *option, struct span text,
			   struct config_bootstrap *value)
{
	struct bootstrap line;

	if (bootstrap_from_text(text, &line) != 0)
		return ERR_MALFORMED;
	if (value->count == option->max)
		return ERR_FULL;
	value->lines[value->count++] = line;
	return 0;
}

/* 0, ERR_MALFORMED or ERR_FULL; the value stays as it is unless 0. */
static int parse_value(const struct config_option *option, struct span text, void *value)
{
	switch (option->type) {
	case CONFIG_TYPE_NUMBER:
		return parse_number(option, text, value);
	case CONFIG_TYPE_WORD:
		return parse_word(option, text, value);
	case CONFIG_TYPE_RATE:
		return parse_rate(option, text, value);
	case CONFIG_TYPE_PREFIX:
		return parse_prefix(option, text, value);
	case CONFIG_TYPE_PATH:
		return parse_path(option, text, value);
	case CONFIG_TYPE_BOOTSTRAP:
		return parse_bootstrap(option, text, value);
	}
	UNREACHABLE();
}

void config_init(struct config *config)
{
	*config = (struct config){ .port = 0 };
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *const option = &options[i];

		if (option->fallback != NULL)
			CHECK(parse_value(option, span_text(option->fallback),
					  value_at(config, option)) == 0);
	}
}

/* Where the parser is, for its complaints. */
struct place {
	const char *file;
	unsigned line;
	struct complaint *complaint;
};

static bool is_quote(uint8_t c)
{
	return c == '"' || c == '\'';
}

/* What was meant by a name: letters are small ones, a foreign character is one, and quotes are
 * none. */
static struct span fold(struct span name, uint8_t room[NAME_CHARS_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		const uint8_t c = name.data[i];

		if (c >= 'A' && c <= 'Z')
			room[len++] = (uint8_t)(c - 'A' + 'a');
		else if (!is_quote(c) && (c < 0x80 || (c & 0xc0) == 0xc0 || len == 0))
			room[len++] = c;
	}
	return span_of(room, len);
}

/* The one option whose name ends with this word, as ipv4-prefix does with prefix; or NULL. */
static const char *find_end(struct span word)
{
	const char *found = NULL;

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const char *const dash = strrchr(options[i].name, '-');

		if (dash == NULL || !text_equal(word, dash + 1))
			continue;
		if (found != NULL)
			return NULL;
		found = options[i].name;
	}
	return found;
}

static int refuse_name(const struct place *place, struct span name)
{
	uint8_t room[NAME_CHARS_MAX];
	struct nearest nearest = nearest_of(fold(name, room));
	const char *meant = find_end(nearest.word);
	const char *end = is_quote(name.data[0]) ? "\", without quotes?" : "\"?";

	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		nearest_try(&nearest, options[i].name);
	if (nearest.best != NULL)
		meant = nearest.best;
	return complain(place->complaint, ERR_MALFORMED,
			"%s:%u: %.*s: there is no such option%s%s%s", place->file, place->line,
			(int)name.len, (const char *)name.data,
			meant == NULL ? "" : "; did you mean \"", meant == NULL ? "" : meant,
			meant == NULL ? "" : end);
}

static int refuse_value(const struct place *place, const struct config_option *option,
			struct span value, int err)
{
	char right[CONFIG_VALUE_MAX];
	char text[NAME_CHARS_MAX]; /* in which a zero is a mark like another */
	bool has_comment = false;
	size_t shown;

	if (err == ERR_FULL)
		return complain(place->complaint, err, "%s:%u: %s: more than %u lines", place->file,
				place->line, option->name, option->max);
	describe(option, right, sizeof(right));
	for (shown = 0; shown < value.len && shown < NAME_CHARS_MAX; shown++) {
		text[shown] = (char)(value.data[shown] == '\0' ? 1 : value.data[shown]);
		has_comment = has_comment || (shown > 0 && text[shown] == '#' &&
					      (text[shown - 1] == ' ' || text[shown - 1] == '\t'));
	}
	return complain(place->complaint, err, "%s:%u: %s: \"%.*s\" must be %s%s", place->file,
			place->line, option->name, (int)shown, text, right,
			has_comment ? "; a comment needs a line of its own" : "");
}

static int parse_line(const struct place *place, struct span line, struct config *config)
{
	struct span rest = line;
	struct span name;
	int err;

	(void)text_next(&rest, '=', &name); /* the line is not empty */
	if (name.len == line.len || text_trim(name).len == 0)
		return complain(place->complaint, ERR_MALFORMED,
				"%s:%u: a line must be NAME = VALUE, or begin with #", place->file,
				place->line);
	name = text_trim(name);
	rest = text_trim(rest);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *const option = &options[i];

		if (!text_equal(name, option->name))
			continue;
		if (config->is_set[i] && option->type != CONFIG_TYPE_BOOTSTRAP)
			return complain(place->complaint, ERR_MALFORMED,
					"%s:%u: %s: stands a second time; remove one", place->file,
					place->line, option->name);
		err = parse_value(option, rest, value_at(config, option));
		if (err != 0)
			return refuse_value(place, option, rest, err);
		config->is_set[i] = true;
		return 0;
	}
	return refuse_name(place,
			   name.len < NAME_CHARS_MAX ? name : span_of(name.data, NAME_CHARS_MAX));
}

static const uint8_t mark[] = { 0xef, 0xbb,
				0xbf }; /* U+FEFF, which some editors begin a file with */

static bool has_mark(struct span line)
{
	return line.len >= sizeof(mark) && memcmp(line.data, mark, sizeof(mark)) == 0;
}

static int refuse_mark(struct place *place, struct config_complaints *complaints)
{
	place->complaint = &complaints->list[complaints->count++];
	return complain(
		place->complaint, ERR_MALFORMED,
		"%s:1: a byte order mark stands before the first line: save the file as UTF-8 "
		"without it",
		place->file);
}

/* Keeps the complaints that find room, and counts all. */
static int parse(struct span text, const char *file, struct config *ret,
		 struct config_complaints *complaints)
{
	struct complaint no_room;
	struct place place = { .file = file };
	struct config config;
	struct span line;
	int first = 0;

	complaints->count = 0;
	config_init(&config);
	while (text_next(&text, '\n', &line)) {
		int err;

		place.line++;
		if (place.line == 1 && has_mark(line)) {
			err = refuse_mark(&place, complaints);
			first = err;
			line = span_of(line.data + sizeof(mark), line.len - sizeof(mark));
		}
		line = text_trim(line);
		if (line.len == 0 || line.data[0] == '#')
			continue;
		place.complaint = complaints->count < CONFIG_COMPLAINTS_MAX
					  ? &complaints->list[complaints->count]
					  : &no_room;
		err = parse_line(&place, line, &config);
		complaints->count += err != 0;
		first = first == 0 ? err : first;
	}
	if (first == 0)
		*ret = config;
	return first;
}

int config_check(struct span text, const char *file, struct config *ret,
		 struct config_complaints *complaints)
{
	if (text.len <= CONFIG_BYTES_MAX)
		return parse(text, file, ret, complaints);
	complaints->count = 1;
	return complain(&complaints->list[0], ERR_TOO_LONG, "%s: longer than %u bytes", file,
			CONFIG_BYTES_MAX);
}

int config_parse(struct span text, const char *file, struct config *ret,
		 struct complaint *complaint)
{
	struct config_complaints complaints;
	const int err = config_check(text, file, ret, &complaints);

	if (err != 0)
		*complaint = complaints.list[0];
	return err;
}

static void print_text(struct writer *w, const char *text)
{
	writer_span_of(w, span_text(text));
}

/* The sentences of an option as comment lines of at most HELP_COLUMNS. */
static void print_help(const char *help, struct writer *w)
{
	struct span rest = span_text(help);
	struct span word;
	size_t column = 0;

	while (text_next(&rest, ' ', &word)) {
		if (column == 0 || column + 1 + word.len > HELP_COLUMNS) {
			print_text(w, column == 0 ? "#" : "\n#");
			column = 1;
		}
		print_text(w, " ");
		writer_span_of(w, word);
		column += 1 + word.len;
	}
	print_text(w, "\n");
}

static void print_line(const struct config_option *option, const char *comment, const char *value,
		       struct writer *w)
{
	print_text(w, comment);
	print_text(w, option->name);
	print_text(w, " = ");
	print_text(w, value);
	print_text(w, "\n");
}

/* See config_value(); the option is set. */
static bool value_to_text(const struct config_option *option, const void *value, uint32_t i,
			  char ret[CONFIG_VALUE_MAX + 1])
{
	const struct config_bootstrap *bootstrap;
	const struct config_path *path;
	const uint32_t *number;
	int len = 1;

	if (i > 0 && option->type != CONFIG_TYPE_BOOTSTRAP)
		return false;
	switch (option->type) {
	case CONFIG_TYPE_NUMBER:
		number = value;
		len = snprintf(ret, CONFIG_VALUE_MAX + 1, "%u", *number);
		break;
	case CONFIG_TYPE_WORD:
		number = value;
		len = snprintf(ret, CONFIG_VALUE_MAX + 1, "%s", option->words[*number]);
		break;
	case CONFIG_TYPE_RATE:
		number = value;
		rate_to_text(*number, ret);
		break;
	case CONFIG_TYPE_PREFIX:
		prefix_to_text(value, ret);
		break;
	case CONFIG_TYPE_PATH:
		path = value;
		len = snprintf(ret, CONFIG_VALUE_MAX + 1, "%s", path->text);
		break;
	case CONFIG_TYPE_BOOTSTRAP:
		bootstrap = value;
		if (i >= bootstrap->count)
			return false;
		bootstrap_to_text(&bootstrap->lines[i], ret);
		break;
	}
	CHECK(len > 0 && len <= CONFIG_VALUE_MAX);
	return true;
}

bool config_value(const struct config *config, enum config_option_id id, uint32_t i,
		  char ret[CONFIG_VALUE_MAX + 1])
{
	const struct config_option *const option = config_option(id);

	if (!config->is_set[id] && option->fallback == NULL)
		return false;
	return value_to_text(option, value_of(config, option), i, ret);
}

bool config_same(const struct config *a, const struct config *b, enum config_option_id id)
{
	char texts[2][CONFIG_VALUE_MAX + 1];

	for (uint32_t i = 0;; i++) {
		const bool has = config_value(a, id, i, texts[0]);

		if (has != config_value(b, id, i, texts[1]))
			return false;
		if (!has)
			return true;
		if (strcmp(texts[0], texts[1]) != 0)
			return false;
	}
}

/* The size of the type of value that an option has. */
static size_t value_bytes(const struct config_option *option)
{
	switch (option->type) {
	case CONFIG_TYPE_NUMBER:
	case CONFIG_TYPE_WORD:
	case CONFIG_TYPE_RATE:
		return sizeof(uint32_t);
	case CONFIG_TYPE_PREFIX:
		return sizeof(struct prefix);
	case CONFIG_TYPE_PATH:
		return sizeof(struct config_path);
	case CONFIG_TYPE_BOOTSTRAP:
		return sizeof(struct config_bootstrap);
	}
	UNREACHABLE();
}

void config_take(struct config *config, const struct config *from, enum config_option_id id)
{
	const struct config_option *const option = config_option(id);

	config->is_set[id] = from->is_set[id];
	memcpy(value_at(config, option), value_of(from, option), value_bytes(option));
}

static void print_values(const struct config_option *option, const void *value, struct writer *w)
{
	char text[CONFIG_VALUE_MAX + 1];

	for (uint32_t i = 0; value_to_text(option, value, i, text); i++)
		print_line(option, "", text, w);
}

void config_print(const struct config *config, struct writer *w)
{
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *const option = &options[i];

		if (i > 0)
			print_text(w, "\n");
		print_help(option->help, w);
		if (config->is_set[i])
			print_values(option, value_of(config, option), w);
		else
			print_line(option, "#",
				   option->fallback != NULL ? option->fallback : option->example,
				   w);
	}
}
