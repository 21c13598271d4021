/* why.c - see why.h. */
#include "prog/ipop/why.h"

#include "base/calendar.h"
#include "prog/ipop/answer.h"
#include "prog/ipop/clock_words.h"
#include "wire/endpoint.h"

#include <inttypes.h>
#include <string.h>

#define LOSSY_PERMILLE \
	20 /* 5 Mbit/s at 20 ms is what TCP makes of it: Mathis et al., CCR 27(3), 1997 */
#define LOSSY_PACKETS 200 /* what may only be late does not count as lost below so many */
#define NOT_UP " is not up: "
#define SOMETHING_HERE "something on this host is in the way"
#define NOBODY "no other member is there to be asked"

/* --- what the daemon says, and what to do about it --- */

struct remedy {
	const char *said; /* how the daemon's words begin */
	const char *code;
	const char *fix;      /* {peer}, {network} and {port} stand for those of the question */
	const char *sentence; /* where the daemon's words are too few; NULL: they will do */
};

#define REMEDY(said, code, fix)       \
	{                             \
		said, code, fix, NULL \
	}

/* Behind the reason why there is no direct way: that there is nothing better than the ring either,
 * and this is what can be mended the soonest. */
static const struct remedy lacks[] = {
	REMEDY(", and no member relays", "no-relay",
	       "On a member that both reach directly, write relay = 10M into "
	       "/etc/ipop/{network}.conf."),
	REMEDY(", and no relay takes the pair", "relays-full",
	       "On a member that both reach directly, raise relay in /etc/ipop/{network}.conf."),
};

#define KEEP_ONE_PORT                                                                         \
	" keep one port for all peers (endpoint-independent mapping, or full cone), or give " \
	"it an address without NAT, such as one of IPv6."
#define WAIT "Wait half a minute, and ask again."
#define NEW_KEY                                                                                    \
	"One of the two has to leave, and join again with a new key: ipop leave {network} there, " \
	"then ipop request."
#define SEE_IT_RUNS                                                                        \
	"See on {peer} that ipop status shows it up, and let its UDP port in through its " \
	"firewall and the router before it; and let UDP port {port} in and out through "   \
	"that of this host."
#define RENEW_PEER                                                                    \
	"Renew its certificate: on {peer} ipop request --renew {network}, then ipop " \
	"group sign where the CA is, and ipop join on {peer}."
#define JOIN_AGAIN                                                                              \
	"Join again on {peer} with a bundle of this network: ipop group sign {network}, where " \
	"its CA is."

/* The first that fits counts. */
static const struct remedy remedies[] = {
	REMEDY("direct ways are being tried", "trying", WAIT),
	REMEDY("another way is in use by now", "trying", WAIT),
	REMEDY("both NATs lend another port", "both-nats",
	       "Let the router of one of the two" KEEP_ONE_PORT),
	REMEDY("our NAT lends another port", "our-nat", "Let this host's router" KEEP_ONE_PORT),
	REMEDY("the peer's NAT lends another port", "peer-nat",
	       "Let the router of {peer}" KEEP_ONE_PORT),
	REMEDY("the peer has named no address", "no-address",
	       "See on {peer} that an interface besides that of the network is up and has an "
	       "address."),
	REMEDY("no direct way answers", "firewall",
	       "Let UDP port {port} in through the firewall of this host, or the port that ipop "
	       "status "
	       "shows there through that of {peer}."),
	REMEDY("its IPv4 address is another member's", "address-twice", NEW_KEY),
	REMEDY("its id begins like another's", "twins", NEW_KEY),
	{ "two machines have its key", "key-twice",
	  "On one of these two, ipop leave {network} and then ipop request: each machine needs a "
	  "key "
	  "of its own.",
	  "two machines have its key, and each cuts the other off" },
	REMEDY("another machine runs with this host's key", "own-key-twice",
	       "On one of the two, ipop leave {network} and then ipop request: each machine needs "
	       "a "
	       "key of its own."),

	{ "not tried yet", "trying", WAIT, "it was not tried yet" },
	{ "looking up its host name takes too long", "dns",
	  "See that this host's resolver answers: getent hosts, with a name from "
	  "the bootstrap lines.",
	  "the lookup of its host name takes too long" },
	{ "looking up its host name", "trying", WAIT, "its host name is being looked up" },
	REMEDY("its host name has no address", "dns",
	       "Correct that name in the DNS, or enter by another member: bootstrap = "
	       "HOST:PORT#ID in /etc/ipop/{network}.conf."),
	REMEDY("in reserve", "reserve", ""),
	REMEDY("dialled, no answer yet", "silent", SEE_IT_RUNS),
	REMEDY("it was here; dialled again", "silent", SEE_IT_RUNS),
	{ "no answer in time", "silent", SEE_IT_RUNS, "it does not answer" },
	REMEDY("stopped answering", "silent", SEE_IT_RUNS),
	REMEDY("does not answer", "silent", SEE_IT_RUNS),
	REMEDY("cannot dial: too many sessions", "full", WAIT),
	REMEDY("the peer said goodbye", "left", "Start it on {peer}: ipop up {network}."),
	REMEDY("it answered, and left", "left", "Start it on {peer}: ipop up {network}."),
	REMEDY("the peer closed", "closed", WAIT),
	REMEDY("closed by us", "closed", WAIT),
	REMEDY("another session with this peer", "closed", WAIT),
	REMEDY("a session with this peer", "closed", WAIT),
	REMEDY("its keys reached their end", "closed", WAIT),
	REMEDY("the clock jumped", "copied", WAIT),
	REMEDY("the kernel says that this machine", "copied", WAIT),

	{ "no longer valid", "peer-expired", RENEW_PEER, "its certificate has ended" },
	REMEDY("the peer's certificate is no longer", "peer-expired", RENEW_PEER),
	{ "not yet valid", "clock", "Set the clocks of this host and of {peer}: timedatectl.",
	  "its certificate is not valid yet by this host's clock" },
	REMEDY("the certificate was revoked", "revoked",
	       "Whoever runs the group took it out; to let it in again, sign a request "
	       "with a new key."),
	{ "belongs to another network", "foreign",
	  "Correct the bootstrap line of {peer}: a member of another network is at "
	  "that address.",
	  "its certificate is one of another network" },
	{ "not a certificate that this network", "foreign", JOIN_AGAIN,
	  "its certificate is none that this network accepts" },
	{ "somebody else answered", "moved",
	  "Correct the bootstrap line of {peer}: another member is at that address by now.",
	  "another member answers at its address" },
	{ "authentication failed", "foreign", JOIN_AGAIN,
	  "what answers there cannot prove that it is a member" },
	REMEDY("the other side is too old", "peer-too-old",
	       "Install a newer version of IPOP on {peer}."),
	REMEDY("this side is too old", "too-old", "Install a newer version of IPOP on this host."),
	REMEDY("the other side speaks another version", "peer-too-old",
	       "Install the same version of IPOP on both."),
	REMEDY("the other side speaks none of our cipher", "ciphers",
	       "Take the line with crypto out of /etc/ipop/{network}.conf, here and on {peer}."),
	REMEDY("the peer's policy denies us", "denied-there",
	       "Ask whoever runs the group whether this host was revoked."),
	REMEDY("policy does not admit the peer", "denied-here",
	       "Ask whoever runs the group whether {peer} was revoked."),
	{ "denied by policy", "denied-here",
	  "Ask whoever runs the group whether {peer} was revoked.", "this host refuses it" },

	REMEDY(SOMETHING_HERE, "host", "{trouble}."),
	REMEDY("nobody answers to that name", "unknown",
	       "See in ipop group list {network}, where the CA is, whether there is such a member; "
	       "if so, "
	       "it is off, or not in the network yet."),
	REMEDY(NOBODY, "alone",
	       "This host reaches nobody yet: see that a bootstrap member is up (ipop peers "
	       "{network} shows them), and that no firewall, here or there, is in the way of UDP: "
	       "port {port} here. If the group's secret was rotated since this host's bundle was "
	       "made, it needs a new one: ipop request --renew {network}."),
	REMEDY("that is no member's name", "unknown", "Name it as ipop peers {network} does."),
};

static const struct remedy unknown =
	REMEDY("", "other",
	       "Nothing is known to help; ipop bugreport {network} writes down what there is.");

static const struct remedy *remedy_of(const char *said)
{
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		if (strstr(said, lacks[i].said) != NULL)
			return &lacks[i];
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (strncmp(said, remedies[i].said, strlen(remedies[i].said)) == 0)
			return &remedies[i];
	return &unknown;
}

/* --- who is meant --- */

static bool is_text(const json_t *object, const char *field, const char *text)
{
	const char *const value = json_string_value(json_object_get(object, field));

	return value != NULL && strcmp(value, text) == 0;
}

static bool is_address(const json_t *object, const char *field, const char *text)
{
	const char *const value = json_string_value(json_object_get(object, field));
	struct endpoint a = { 0 };
	struct endpoint b = { 0 };

	return value != NULL && endpoint_ip_from_text(value, &a) == 0 &&
	       endpoint_ip_from_text(text, &b) == 0 && memcmp(a.ip, b.ip, sizeof(a.ip)) == 0;
}

/* "beta", or "beta.NET.ipop". */
static bool is_name(const json_t *object, const char *network, const char *text)
{
	const struct output_text name = answer_text(object, "name");

	return is_text(object, "name", text) ||
	       strcmp(output_text("%.63s.%.32s.ipop", name.text, network).text, text) == 0;
}

static bool is_meant(const json_t *object, const char *network, const char *asked)
{
	return is_name(object, network, asked) || is_text(object, "id", asked) ||
	       is_address(object, "ipv4", asked) || is_address(object, "ipv6", asked);
}

bool why_is_self(const json_t *status, const char *asked)
{
	return is_meant(status, answer_text(status, "network").text, asked);
}

const json_t *why_find(const json_t *peers, const char *network, const char *asked)
{
	const json_t *const list = json_object_get(peers, "peers");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (is_meant(json_array_get(list, i), network, asked))
			return json_array_get(list, i);
	return NULL;
}

/* --- the judgement --- */

/* How the member is called in the sentences. */
static struct output_text name_of(const struct why_facts *facts)
{
	const struct output_text name = answer_text(facts->peer, "name");

	return strcmp(name.text, "-") == 0 ? output_foreign(facts->asked) : name;
}

static void append(char *text, const char *what, size_t len)
{
	const size_t used = strlen(text);
	const size_t room = WHY_CHARS - 1 - used;

	if (len > room)
		len = room;
	memcpy(text + used, what, len);
	text[used + len] = '\0';
}

/* Puts those of the question into a sentence. */
static void fill_in(const struct why_facts *facts, const char *sentence, char ret[WHY_CHARS])
{
	const struct output_text name = name_of(facts);
	const struct output_text network = answer_text(facts->status, "network");
	const struct output_text port =
		output_text("%" PRIu64, answer_number(facts->status, "port"));
	const char *const trouble = json_string_value(json_object_get(facts->status, "trouble"));
	const struct {
		const char *mark, *value;
	} marks[] = {
		{ "{peer}", name.text },
		{ "{network}", network.text },
		{ "{trouble}", trouble == NULL ? "" : trouble },
		{ "{port}", port.text },
	};

	ret[0] = '\0';
	while (*sentence != '\0') {
		const char *what = sentence;
		size_t what_len = 1;
		size_t len = 1;

		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
			if (strncmp(sentence, marks[i].mark, strlen(marks[i].mark)) != 0)
				continue;
			len = strlen(marks[i].mark);
			what = marks[i].value;
			what_len = strlen(what);
		}
		append(ret, what, what_len);
		sentence += len;
	}
	output_make_printable(ret);
}

static void say(const struct why_facts *facts, const char *code, const char *fix,
		enum exit_code exit, struct why *ret)
{
	ret->code = code;
	ret->exit = exit;
	fill_in(facts, fix, ret->fix);
}

/* What the daemon said why it is not there: of the peer, or of the question. */
static const char *absence_of(const struct why_facts *facts)
{
	const char *const why = json_string_value(json_object_get(facts->peer, "why"));
	const char *const said = facts->refusal == NULL ? NULL : strstr(facts->refusal, NOT_UP);

	const bool has_why = why != NULL && why[0] != '\0' && !is_text(facts->peer, "state", "up");

	/* Silence is what something here would make of any peer; other reasons are its own. */
	if (json_is_string(json_object_get(facts->status, "trouble")) &&
	    (!has_why || strcmp(remedy_of(why)->code, "silent") == 0 ||
	     strcmp(remedy_of(why)->code, "trying") == 0))
		return SOMETHING_HERE;
	if (has_why)
		return why;
	if (said != NULL) /* who reaches nobody knows nothing of names */
		return answer_number(facts->status, "peers_up") == 0 &&
				       strncmp(said + strlen(NOT_UP), "nobody answers", 14) == 0
			       ? NOBODY
			       : said + strlen(NOT_UP);
	return "does not answer";
}

static void judge_absent(const struct why_facts *facts, struct why *ret)
{
	const char *const said = absence_of(facts);
	const struct remedy *const remedy = remedy_of(said);
	const char *const sentence = remedy->sentence != NULL ? remedy->sentence : said;
	const struct output_text name = name_of(facts);
	/* Then nobody lets us in, whatever else is the matter. */
	const struct clock_words ended = clock_words_ended(facts->status, facts->now);

	if (ended.text[0] != '\0') {
		(void)snprintf(ret->reason, WHY_CHARS, "%s is not up: %s.", name.text, ended.text);
		say(facts, "expired",
		    "If the clock is wrong, set it: timedatectl. Else renew the certificate: ipop "
		    "request --renew {network}, then ipop group sign where the CA is, and ipop "
		    "join here.",
		    EXIT_NO_REPLY, ret);
		return;
	}
	if (strcmp(said, "does not answer") == 0)
		(void)snprintf(ret->reason, WHY_CHARS,
			       "%s has a session with this host, and does not answer in it.",
			       name.text);
	else
		(void)snprintf(ret->reason, WHY_CHARS, "%s is not up: %s.", name.text,
			       output_foreign(sentence).text);
	say(facts, remedy->code, remedy->fix, EXIT_NO_REPLY, ret);
}

/* Of a thousand datagrams that the peer sent, how many have not come. */
static uint64_t loss_permille(const json_t *peer)
{
	const uint64_t lost = answer_number(peer, "packets_lost");
	const uint64_t sent = lost + answer_number(peer, "packets_received");

	return sent < LOSSY_PACKETS ? 0 : lost * 1000 / sent;
}

static void judge_direct(const struct why_facts *facts, struct why *ret)
{
	const char *const said = json_string_value(json_object_get(facts->peer, "why"));
	const uint64_t loss = loss_permille(facts->peer);
	const struct output_text name = name_of(facts);

	if (json_is_string(json_object_get(facts->status, "trouble"))) {
		(void)snprintf(ret->reason, WHY_CHARS,
			       "%s is up and reached directly, but " SOMETHING_HERE ".", name.text);
		say(facts, "host", "{trouble}.", EXIT_OK, ret);
	} else if (said != NULL && said[0] != '\0') { /* all is well but this */
		(void)snprintf(ret->reason, WHY_CHARS, "%s is up and reached directly, but %s.",
			       name.text, output_foreign(said).text);
		say(facts, remedy_of(said)->code, remedy_of(said)->fix, EXIT_OK, ret);
	} else if (loss >= LOSSY_PERMILLE) {
		(void)snprintf(ret->reason, WHY_CHARS,
			       "%s is up and reached directly, but %" PRIu64 " of 1,000 datagrams "
			       "that it sends are lost on the way here.",
			       name.text, loss);
		say(facts, "loss",
		    "Look for the loss below the network, on the line between the two: mtr, with "
		    "the address that ipop peers {network} shows as the way.",
		    EXIT_OK, ret);
	} else {
		(void)snprintf(ret->reason, WHY_CHARS,
			       "%s is up and reached directly, at %s, in %s.", name.text,
			       answer_text(facts->pong, "remote").text,
			       answer_rtt(facts->pong).text);
		say(facts, "direct", "", EXIT_OK, ret);
	}
}

static void judge_indirect(const struct why_facts *facts, struct why *ret)
{
	const char *said = json_string_value(json_object_get(facts->pong, "why"));
	const struct output_text way = answer_way(facts->pong);
	const struct output_text name = name_of(facts);
	const struct remedy *remedy;

	if (said == NULL || said[0] == '\0')
		said = "direct ways are being tried";
	remedy = remedy_of(said);
	(void)snprintf(ret->reason, WHY_CHARS,
		       "%s is up, in %s, but not reached directly (%s): %s.", name.text,
		       answer_rtt(facts->pong).text, way.text, output_foreign(said).text);
	say(facts, remedy->code, remedy->fix, EXIT_NOT_DIRECT, ret);
}

/* A wrong clock of ours has what others say refused, and what we say: it comes before whatever else
 * would help a peer that is not up, and is to be mended where nothing else is. */
static void add_clock(const struct why_facts *facts, struct why *why)
{
	const struct clock_words words = clock_words(facts->status, facts->now, facts->built);
	const bool is_up = facts->pong != NULL;

	if (words.text[0] == '\0' || why_is_self(facts->status, facts->asked))
		return;
	append(why->reason, " ", 1);
	append(why->reason, words.text, strlen(words.text));
	if (is_up && why->fix[0] != '\0')
		return;
	(void)snprintf(why->fix, WHY_CHARS, "Set the clock of this host: timedatectl.");
	if (!is_up)
		why->code = "clock";
}

/* Another machine with our key takes our sessions away again and again: that is why, where nothing
 * else is. */
static void add_twin(const struct why_facts *facts, struct why *why)
{
	static const char words[] = " Another machine runs with this host's key, and each cuts the "
				    "other off, ";
	const struct output_text by = answer_key_tellers(facts->status);

	if (!json_is_true(json_object_get(facts->status, "key_is_twice")))
		return;
	append(why->reason, words, sizeof(words) - 1);
	append(why->reason, by.text, strlen(by.text));
	append(why->reason, ".", 1);
	if (facts->pong != NULL && why->fix[0] != '\0')
		return;
	say(facts, "own-key-twice",
	    "If so, on one of the two ipop leave {network}, and then ipop request: each machine "
	    "needs a key of its own.",
	    why->exit, why);
}

void why_judge(const struct why_facts *facts, struct why *ret)
{
	*ret = (struct why){ .code = "" };
	if (why_is_self(facts->status, facts->asked)) {
		(void)snprintf(ret->reason, WHY_CHARS, "%s is this host itself.",
			       output_foreign(facts->asked).text);
		say(facts, "self", "Name another member; ipop peers {network} lists them.", EXIT_OK,
		    ret);
	} else if (facts->pong == NULL) {
		judge_absent(facts, ret);
	} else if (is_text(facts->pong, "way", "direct")) {
		judge_direct(facts, ret);
	} else {
		judge_indirect(facts, ret);
	}
	if (!why_is_self(facts->status, facts->asked))
		add_twin(facts, ret);
	add_clock(facts, ret);
}

json_t *why_json(const struct why_facts *facts, const struct why *why)
{
	static const char *const fields[] = { "name", "id", "state", "way", "remote", "relay" };
	json_t *const root = json_pack("{s:s, s:s, s:s, s:s, s:o}", "schema", "ipop.why/1", "peer",
				       output_foreign(facts->asked).text, "code", why->code,
				       "reason", why->reason, "fix",
				       why->fix[0] == '\0' ? json_null() : json_string(why->fix));

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *const value = json_object_get(facts->peer, fields[i]);

		if (json_object_set_new(root, fields[i],
					value != NULL ? json_incref(value) : json_null()) != 0) {
			json_decref(root);
			return NULL;
		}
	}
	return root;
}
