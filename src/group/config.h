/* config.h - /etc/ipop/NET.conf: what the owner of this host wants of one network.
 *
 * One option a line, `name = value`; a line whose first character is `#` is a comment. What the
 * network itself says (certificate, secret, prefix, where to enter it) comes with the bundle and
 * stands beside it, so this file may be empty. All that is known about an option is one line of one
 * table: the parser, the canonical print, the checks and the help are made from it. The canonical
 * print explains each option, and parses to the configuration it was made from.
 */
#ifndef GROUP_CONFIG_H
#define GROUP_CONFIG_H

#include "base/writer.h"
#include "group/bootstrap.h"
#include "group/complaint.h"
#include "group/prefix.h"

#define CONFIG_BYTES_MAX 65536
#define CONFIG_BOOTSTRAP_MAX 16
#define CONFIG_WORKERS_MAX 8
#define CONFIG_PORT_DEFAULT 4767 /* what "IPOP" is on a telephone's keys */
#define CONFIG_PATH_MAX 255
#define CONFIG_VALUE_MAX 400     /* of one value as text; longer ones are wrong in any option */
#define CONFIG_COMPLAINTS_MAX 16 /* about one file, that are kept */

enum config_option_id {
	CONFIG_PORT,
	CONFIG_IPV4_PREFIX,
	CONFIG_BOOTSTRAP,
	CONFIG_RELAY,
	CONFIG_LAN,
	CONFIG_CRYPTO,
	CONFIG_OFFLOAD,
	CONFIG_WORKERS,
	CONFIG_LOG_LEVEL,
	CONFIG_ON_UP,
	CONFIG_ON_DOWN,
	CONFIG_ON_PEER,
	CONFIG_OPTIONS
};

enum config_log_level {
	CONFIG_LOG_ERROR,
	CONFIG_LOG_WARNING,
	CONFIG_LOG_INFO,
	CONFIG_LOG_DEBUG,
	CONFIG_LOG_LEVELS
};

/* Whether members on the host's own networks are looked for. */
enum config_lan { CONFIG_LAN_ON, CONFIG_LAN_OFF, CONFIG_LANS };

/* Whose code seals packets, and with what. */
enum config_crypto {
	CONFIG_CRYPTO_AUTO, /* what is fastest here */
	CONFIG_CRYPTO_OPENSSL,
	CONFIG_CRYPTO_CHACHA20,
	CONFIG_CRYPTOS
};

/* What may be left to the kernel. */
enum config_offload {
	CONFIG_OFFLOAD_AUTO,   /* what it has */
	CONFIG_OFFLOAD_NO_TUN, /* no super-packets and partial checksums on the interface */
	CONFIG_OFFLOAD_NO_UDP, /* no messages of several datagrams on the sockets */
	CONFIG_OFFLOAD_OFF,
	CONFIG_OFFLOADS
};

/* A program of the owner's; empty: none. */
struct config_path {
	char text[CONFIG_PATH_MAX + 1];
};

struct config {
	bool is_set[CONFIG_OPTIONS]; /* false: the value below is the default */
	uint32_t port;             /* not set: this one, or a free one where it is taken; 0: free */
	struct prefix ipv4_prefix; /* not set: the bundle's; this is then 0.0.0.0/0 */
	struct config_bootstrap {
		struct bootstrap lines[CONFIG_BOOTSTRAP_MAX];
		uint32_t count;
	} bootstrap;           /* besides the bundle's */
	uint32_t relay_kbit_s; /* what is relayed for others, in all; 0: nothing */
	uint32_t lan;          /* enum config_lan */
	uint32_t crypto;       /* enum config_crypto */
	uint32_t offload;      /* enum config_offload */
	uint32_t workers;      /* threads that move packets; not set: as many as suit the machine */
	uint32_t log_level;    /* enum config_log_level */
	struct config_path on_up, on_down, on_peer;
};

enum config_type {
	CONFIG_TYPE_NUMBER,   /* uint32_t */
	CONFIG_TYPE_WORD,     /* uint32_t: which of `words` */
	CONFIG_TYPE_RATE,     /* uint32_t: thousands of bits a second; 0: "off" */
	CONFIG_TYPE_PREFIX,   /* struct prefix */
	CONFIG_TYPE_PATH,     /* struct config_path */
	CONFIG_TYPE_BOOTSTRAP /* struct config_bootstrap: the option may stand several times */
};

struct config_option {
	const char *name;
	enum config_type type;
	bool is_live;         /* a change counts in a daemon that runs, once it reads the file */
	const char *fallback; /* the default as text; NULL: none */
	uint32_t min, max;    /* of a number, a rate, a prefix's length, of how many lines */
	const char *const *words; /* of a word: ends with NULL */
	const char *example;      /* a right value */
	const char *help;         /* sentences */
	size_t offset;            /* of the value in struct config */
};

/* One line of the table; requires id < CONFIG_OPTIONS. */
const struct config_option *config_option(enum config_option_id id);

/* All defaults. */
void config_init(struct config *config);

/* Reads a whole file: 0, or ERR_MALFORMED (ERR_TOO_LONG, ERR_FULL) with the complaint
 * "FILE:LINE: OPTION: what is wrong, what would be right". */
int config_parse(struct span text, const char *file, struct config *ret,
		 struct complaint *complaint);

/* All that is wrong in a file, in its order. */
struct config_complaints {
	struct complaint list[CONFIG_COMPLAINTS_MAX];
	uint32_t count; /* also of those that found no room */
};

/* As config_parse(), but goes on to the end of the file: 0, or the error of the first complaint. */
int config_check(struct span text, const char *file, struct config *ret,
		 struct config_complaints *complaints);

/* The i-th value of an option as text, in the one form in which it is printed: false if it has not
 * so many. One that may stand several times has any number; the others have one, the default if
 * none is set, or none if there is no default. */
bool config_value(const struct config *config, enum config_option_id id, uint32_t i,
		  char ret[CONFIG_VALUE_MAX + 1]);

/* Whether an option has the same values in both, set or not. */
bool config_same(const struct config *a, const struct config *b, enum config_option_id id);

/* Takes one option over. */
void config_take(struct config *config, const struct config *from, enum config_option_id id);

/* The canonical form: every option with its help; those that are not set stand there as comments
 * with their default. Fits into CONFIG_BYTES_MAX. */
void config_print(const struct config *config, struct writer *w);

#endif
