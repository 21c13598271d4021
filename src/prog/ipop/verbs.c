/* verbs.c - the table of verbs: all that the command line knows about them. */
#include "prog/ipop/verbs.h"

static const struct cli_option create_options[] = {
	{ .name = "bootstrap",
	  .value = "HOST:PORT",
	  .help = "Where other members reach this host: a name or address, and "
		  "the UDP port (4767 if left away). May be given several "
		  "times; the daemon takes the first one's port.",
	  .many = true,
	  .needed = true },
	{ .name = "prefix",
	  .value = "CIDR",
	  .help = "The group's IPv4 addresses. Without it, a /16 of 10.128.0.0/9 that "
		  "overlaps with no route and no other network of this host." },
	{ .name = "any-prefix",
	  .help = "Let --prefix be public addresses (not those of RFC 1918 or RFC 6598), as it "
		  "may where they are yours. Each member has to say it too, with join." },
	{ .name = "name",
	  .value = "HOST",
	  .help = "What this host is called in the group. Without it, its host name." },
	{ .name = "days",
	  .value = "N",
	  .help = "How long its certificate is valid; 365 if left away." },
	{ .name = "passphrase", .help = "Ask for a passphrase that guards the key of the CA." },
	{ .name = "passphrase-file",
	  .value = "FILE",
	  .help = "Take it from the first line of a file (- for standard "
		  "input)." },
	{ .name = NULL },
};

static const struct cli_option sign_options[] = {
	{ .name = "ip",
	  .value = "A.B.C.D",
	  .help = "The member's IPv4 address. Without it, the lowest that is free; in a "
		  "renewal, the one it has." },
	{ .name = "no-ip", .help = "The member gets no IPv4 address; its IPv6 address is enough." },
	{ .name = "days",
	  .value = "N",
	  .help = "How long the certificate is valid; 365 if left away." },
	{ .name = "passphrase-file",
	  .value = "FILE",
	  .help = "Where the key of the CA has a passphrase: take it from the "
		  "first line of a file (- for standard input) instead of "
		  "asking." },
	{ .name = NULL },
};

static const struct cli_option request_options[] = {
	{ .name = "name",
	  .value = "HOST",
	  .help = "What this host is to be called. Without it, its host name." },
	{ .name = "key",
	  .value = "KIND",
	  .help = "ed25519 (without it) or p256, for hardware that has nothing else." },
	{ .name = "renew",
	  .value = "NET",
	  .help = "Ask for a new certificate of the network that this host is in: for the key, and "
		  "with the name, that it has." },
	{ .name = NULL },
};

static const struct cli_option join_options[] = {
	{ .name = "no-up", .help = "Do not start the daemon." },
	{ .name = "any-prefix",
	  .help = "Let the network have IPv4 addresses that are not private ones; this host then "
		  "reaches nothing else under them." },
	{ .name = NULL },
};

static const struct cli_option metrics_options[] = {
	{ .name = "listen",
	  .value = "WHERE",
	  .help = "Serve them at a port of this host (9476, 127.0.0.1:9476, [::1]:9476) or at a "
		  "socket (/run/ipop-metrics)." },
	{ .name = "openmetrics", .help = "Print them in the format of OpenMetrics 1.0." },
	{ .name = NULL },
};

static const struct cli_option check_options[] = {
	{ .name = "diff", .help = "Show what of it the running daemon does otherwise." },
	{ .name = "print",
	  .help = "Print it in full: each option with its help, and those that are not set as "
		  "comments." },
	{ .name = NULL },
};

static const struct cli_option yes_options[] = {
	{ .name = "yes", .help = "Do not ask.", .letter = 'y' },
	{ .name = NULL },
};

static const struct cli_option leave_options[] = {
	{ .name = "yes", .help = "Do not ask.", .letter = 'y' },
	{ .name = "with-ca", .help = "Remove the group's CA as well, if it is on this host." },
	{ .name = NULL },
};

static const struct cli_option ping_options[] = {
	{ .name = "count", .value = "N", .help = "How many; 3 if left away.", .letter = 'c' },
	{ .name = NULL },
};

static const struct cli_option trace_options[] = {
	{ .name = "count",
	  .value = "N",
	  .help = "How often each hop is asked; 3 if left away.",
	  .letter = 'c' },
	{ .name = "ring",
	  .help = "The way along the ring, also where there is a better one: each step goes to a "
		  "member whose id is nearer, and the first not to PEER itself." },
	{ .name = NULL },
};

static const struct cli_option bench_options[] = {
	{ .name = "listen",
	  .help = "Wait for members who measure the way to this host, until Ctrl-C; a line for "
		  "each." },
	{ .name = "once", .help = "With --listen: end after one." },
	{ .name = "time",
	  .value = "S",
	  .help = "Seconds a direction, up to 60; 5 if left away.",
	  .letter = 't' },
	{ .name = "streams",
	  .value = "N",
	  .help = "TCP connections at once, up to 8; 1 if left away." },
	{ .name = "port",
	  .value = "N",
	  .help = "TCP and UDP port; 4769 if left away. The same on both hosts." },
	{ .name = NULL },
};

static const struct cli_option graph_options[] = {
	{ .name = "svg", .help = "A picture for any browser: one file, by itself." },
	{ .name = "dot", .help = "For Graphviz." },
	{ .name = "output",
	  .value = "FILE",
	  .help = "Where to write it; standard output without it.",
	  .letter = 'o' },
	{ .name = "ask",
	  .value = "N",
	  .help = "Ask so many members for their links; 100 if left away, and with 0 nobody: what "
		  "this host knows itself." },
	{ .name = NULL },
};

static const struct cli_option bugreport_options[] = {
	{ .name = "output",
	  .value = "FILE",
	  .help = "Where to write it (- for standard output); without it, "
		  "ipop-NET-DATE.txt here.",
	  .letter = 'o' },
	{ .name = "full", .help = "With whole addresses, and the names of bootstrap hosts." },
	{ .name = NULL },
};

static const struct cli_option monitor_options[] = {
	{ .name = "count", .value = "N", .help = "End after so many events.", .letter = 'c' },
	{ .name = NULL },
};

static const struct cli_option top_options[] = {
	{ .name = "interval",
	  .value = "S",
	  .help = "Seconds between two looks, up to 20; 1 if left away." },
	{ .name = "sort",
	  .value = "ORDER",
	  .help = "traffic (without it), name, rtt or loss; the key s changes it." },
	{ .name = "once", .help = "Show one interval, and end." },
	{ .name = NULL },
};

const struct cli_verb verbs[] = {
	{
		.section = "Make and join networks",
		.verb = "group",
		.sub = "create",
		.arguments = "NAME",
		.options = create_options,
		.help = "Make a group, with this host, which others reach at --bootstrap "
			"HOST:PORT, as its first member.",
		.detail = "Makes the certificate authority (CA) of a new group here and lets this "
			  "host join as the first member. The group's name is also the name of the "
			  "network interface.\n"
			  "The CA is needed only to admit members and to renew their certificates; "
			  "while it is away, the network goes on.",
		.example = "ipop group create lab --bootstrap vpn.example.org:4767",
		.has_keys = true,
		.run = verb_create,
	},
	{
		.section = "Make and join networks",
		.verb = "request",
		.arguments = "",
		.options = request_options,
		.help = "Make a key, and a request to join a group; or to renew (--renew NET).",
		.detail =
			"Prints a request for a certificate (PKCS#10, PEM). It holds nothing "
			"secret: send it to whoever runs the group. The private key stays on this "
			"host.\n"
			"A certificate ends, after a year if nothing else was chosen. Before that, "
			"on the group's first host too: ipop request --renew NET, ipop group sign "
			"where the CA is, and ipop join here. Name, id and addresses stay.",
		.example = "ipop request --name beta > beta.request",
		.has_keys = true,
		.run = verb_request,
	},
	{
		.section = "Make and join networks",
		.verb = "group",
		.sub = "sign",
		.arguments = "NAME REQUEST",
		.options = sign_options,
		.help = "Admit who made a request: prints a bundle.",
		.detail =
			"Signs a request (a file, or - for standard input) on the host where the "
			"group's CA is, and prints the bundle with which its maker joins. A name, "
			"an address and an id have one holder at a time; a second one is refused. "
			"A request of a key that was signed before renews its certificate: name, "
			"address and id stay.\n"
			"The bundle holds the secret of the network, so it travels like a "
			"password; without the private key of the request nobody can join with "
			"it.",
		.example = "ipop group sign lab beta.request > beta.bundle",
		.has_keys = true,
		.run = verb_sign,
	},
	{
		.section = "Make and join networks",
		.verb = "group",
		.sub = "list",
		.arguments = "NAME",
		.reads = true,
		.help = "List the members that were admitted.",
		.detail =
			"Lists what the CA on this host has issued: names, addresses, ids, and how "
			"long each certificate is valid.",
		.example = "ipop group list lab",
		.run = verb_list,
	},
	{
		.section = "Make and join networks",
		.verb = "group",
		.sub = "bootstrap",
		.arguments = "ACTION NAME [LINE]",
		.reads = true,
		.help = "Add, remove or list the ways into the network that bundles name.",
		.detail =
			"ACTION is add, remove or list. LINE is HOST:PORT#NAME: where a member is "
			"reached, and its name, or its id. A network can be entered through any of "
			"its lines, and two or three that do not fail together are good to have.",
		.example = "ipop group bootstrap add lab vpn2.example.org:4767#beta",
		.has_keys = true,
		.run = verb_bootstrap,
	},
	{
		.section = "Make and join networks",
		.verb = "group",
		.sub = "rotate",
		.arguments = "NAME",
		.options = yes_options,
		.help = "Make a new secret for the network.",
		.detail = "Makes a new secret, by which members hide from strangers, and keeps the "
			  "one "
			  "before. Each bundle has both from then on, so a member with either of "
			  "them "
			  "reaches all who have a new bundle. A second rotation shuts out who has "
			  "only "
			  "the first secret, and so asks.",
		.example = "ipop group rotate lab",
		.has_keys = true,
		.run = verb_rotate,
	},
	{
		.section = "Make and join networks",
		.verb = "group",
		.sub = "revoke",
		.arguments = "NAME MEMBER",
		.options = yes_options,
		.help = "Take its place in the group from a member.",
		.detail =
			"Marks a member, by its name, as revoked, and so the keys that had the "
			"name before it and could be renewed still: no certificate is renewed, no "
			"key gets another, and the name is free. Nobody comes back under it but "
			"by a new request, and its address goes to another member only by --ip "
			"of group sign.\n"
			"The other members do not hear of it yet: it stays in the network until "
			"its certificate ends.",
		.example = "ipop group revoke lab beta --yes",
		.has_keys = true,
		.run = verb_revoke,
	},
	{
		.section = "Make and join networks",
		.verb = "join",
		.arguments = "BUNDLE",
		.options = join_options,
		.help = "Join with a bundle, and start.",
		.detail =
			"Takes a bundle (a file, or - for standard input) to the key that made its "
			"request, keeps both, says which addresses it will route into the network, "
			"and "
			"starts the daemon. With a bundle of a network "
			"that this host is in already, renews its certificate; it has to be for "
			"the "
			"key that is here (ipop request --renew), which is never replaced.",
		.example = "ipop join beta.bundle",
		.has_keys = true,
		.run = verb_join,
	},
	{
		.section = "Make and join networks",
		.verb = "leave",
		.arguments = "[NET]",
		.options = leave_options,
		.help = "Stop, and remove the network from this host.",
		.detail = "Stops the daemon and removes the key, the certificate and the "
			  "configuration of this host. The group's CA stays, if it is here, unless "
			  "--with-ca says otherwise; it removes also a CA whose host has left.",
		.example = "ipop leave lab",
		.run = verb_leave,
	},
	{
		.section = "Run",
		.verb = "up",
		.arguments = "[NET]",
		.help = "Start the daemon, and wait until it is usable.",
		.detail = "Starts the daemon of a network: through systemd where it runs, else in "
			  "the "
			  "background with its log in /run/ipop/NET/log. Waits until the interface "
			  "has its addresses and another member answers, and tells the addresses.",
		.example = "ipop up lab",
		.run = verb_up,
	},
	{
		.section = "Run",
		.verb = "down",
		.arguments = "[NET]",
		.help = "Stop the daemon.",
		.detail =
			"Says goodbye to the peers, stops the daemon of a network and waits until "
			"it is gone.",
		.example = "ipop down lab",
		.run = verb_down,
	},
	{
		.section = "Run",
		.verb = "check",
		.arguments = "[NET|FILE]",
		.options = check_options,
		.reads = true,
		.help = "Say what is wrong with a configuration, or with a network's files.",
		.detail =
			"Reads the configuration of a network, and its bundle and key, and says of "
			"each thing that is wrong where it stands and what would be right. With a "
			"FILE (its name has a / or a . in it) only that is read, for before it is "
			"put in its place. Ends with 0 if all is well.",
		.example = "ipop check --diff lab",
		.has_keys = true,
		.run = verb_check,
	},
	{
		.section = "Run",
		.verb = "reload",
		.arguments = "[NET]",
		.reads = true,
		.help = "Have a running daemon read its files anew.",
		.detail =
			"Checks the files of a network, and has its daemon go on with what they "
			"say "
			"now: a renewed certificate, and options that can change while it runs. No "
			"connection is lost. What counts only after ipop down and ipop up is told. "
			"If something is wrong, that is told, and nothing changes.",
		.example = "ipop reload lab",
		.run = verb_reload,
	},
	{
		.section = "Look",
		.verb = "status",
		.arguments = "[NET]",
		.reads = true,
		.help = "Show this host and its peers on one screen.",
		.detail =
			"Shows the addresses of this host, how long its certificate is valid, and "
			"its peers, each with its path.",
		.example = "ipop status --json",
		.run = verb_status,
	},
	{
		.section = "Look",
		.verb = "peers",
		.arguments = "[NET]",
		.reads = true,
		.help = "Show all peers with all that is known of them.",
		.detail = "Shows every peer with its state, round-trip time, path, addresses, "
			  "traffic, the time its certificate is still valid, and why it is not up, "
			  "or not reached directly.",
		.example = "ipop peers lab",
		.run = verb_peers,
	},
	{
		.section = "Look",
		.verb = "ping",
		.arguments = "PEER [NET]",
		.options = ping_options,
		.reads = true,
		.help = "Ask a peer for an answer, and show by which way it came.",
		.detail = "Probes a peer through the encrypted session. PEER is its name, its "
			  "address inside the network, or its id. Ends with 0 if an answer came "
			  "directly, 6 if only by other members, 5 if none came.",
		.example = "ipop ping beta -c 1",
		.run = verb_ping,
	},
	{
		.section = "Look",
		.verb = "why",
		.arguments = "PEER [NET]",
		.reads = true,
		.help = "Tell why a peer is not up, not direct or slow, and what to do.",
		.detail =
			"Looks for PEER (a name, an address inside the network, or an id), pings "
			"it, and says in two sentences how packets to it go and why, and the one "
			"thing that would mend it. Ends as ipop ping does: with 0 if it is reached "
			"directly, 6 if only by other members, 5 if not at all.",
		.example = "ipop why beta",
		.run = verb_why,
	},
	{
		.section = "Look",
		.verb = "routes",
		.arguments = "[NET]",
		.reads = true,
		.help = "Show which addresses go to whom, and by which way.",
		.detail =
			"Shows the prefixes that the kernel leads to the interface of the network, "
			"the addresses of this host, and those of each member that it has a "
			"session "
			"with, with the way by which packets go there. For any other address of "
			"those prefixes a member is looked up when the first packet comes.",
		.example = "ipop routes lab",
		.run = verb_routes,
	},
	{
		.section = "Look",
		.verb = "trace",
		.arguments = "PEER [NET]",
		.options = trace_options,
		.reads = true,
		.help = "Show the members on the way to a peer, with their round trips.",
		.detail =
			"Shows each member that packets for PEER pass: none where the way is "
			"direct, one relay, or those along the ring; how each is reached from the "
			"one before, how long that step takes, and the round trips from here: * "
			"for no answer. PEER is a name, an address inside the network, or an id.\n"
			"Who is marked (unmet) has no session with this host: its name is what it "
			"says. Ends with 0 if PEER was reached, and 5 if not.",
		.example = "ipop trace beta --ring",
		.run = verb_trace,
	},
	{
		.section = "Look",
		.verb = "graph",
		.arguments = "[NET]",
		.options = graph_options,
		.reads = true,
		.help = "Show who is linked with whom, as a list or a picture.",
		.detail =
			"Shows the ring of members, and the links between them: those beside each "
			"other, shortcuts, and, of this host's own, those for traffic; and which "
			"go through a relay. Members are asked for their links one after the "
			"other, as many as --ask says. What they have for their own traffic they "
			"do not tell.",
		.example = "ipop graph --svg -o lab.svg",
		.run = verb_graph,
	},
	{
		.section = "Look",
		.verb = "top",
		.arguments = "[NET]",
		.options = top_options,
		.reads = true,
		.help = "Watch who talks with this host, and how much.",
		.detail =
			"Shows the members that this host knows, each second anew: what comes from "
			"them and goes to them, as encrypted datagrams, how much of what they sent "
			"was lost on the way here, the round trip, and the way. q quits, s sorts "
			"by traffic, name, rtt or loss.\n"
			"Where there is no terminal, or with --once, it shows one interval and "
			"ends; with --json, a line an interval.",
		.example = "ipop top --once",
		.run = verb_top,
	},
	{
		.section = "Look",
		.verb = "monitor",
		.arguments = "[NET]",
		.options = monitor_options,
		.reads = true,
		.help = "Tell what happens, as it happens: a line for each event.",
		.detail =
			"Tells when a peer comes up, goes down or is reached by another way, when "
			"the kind of NAT or the addresses of this host change, and what else its "
			"owner may want to know; until Ctrl-C. With --json, each event is an "
			"object. If the node of the daemon ends, it waits for the next one.",
		.example = "ipop monitor --json",
		.run = verb_monitor,
	},
	{
		.section = "Look",
		.verb = "bench",
		.arguments = "[PEER] [NET]",
		.options = bench_options,
		.reads = true,
		.help = "Measure how much passes to a peer and back, and how fast.",
		.detail =
			"Measures the way to PEER through the tunnel: round trips while nothing "
			"else is sent, then TCP to it and from it, with the round trips beside "
			"that load (half of them, and 99 of 100, took no longer than shown); which "
			"way the packets went, and how busy the processors of this host were. PEER "
			"is a name, an address inside the network, or an id.\n"
			"On PEER, somebody runs ipop bench --listen first. It can be reached by "
			"members alone, serves one of them at a time, and nothing of it stays when "
			"it ends.",
		.example = "ipop bench beta --time 10",
		.run = verb_bench,
	},
	{
		.section = "Look",
		.verb = "metrics",
		.arguments = "[NET]",
		.options = metrics_options,
		.help = "Print what the daemon counts, for Prometheus; or serve it.",
		.detail = "Prints the state of this host, its peers and all counters in the text "
			  "format of Prometheus (0.0.4), as promtool and the textfile collector of "
			  "node_exporter read it. With --listen it serves them over HTTP (GET "
			  "/metrics), to this host alone, until it is ended; there, who asks for "
			  "OpenMetrics gets that. It needs no right but to ask the daemon.",
		.example = "ipop metrics lab",
		.run = verb_metrics,
	},
	{
		.section = "Look",
		.verb = "bugreport",
		.arguments = "[NET]",
		.options = bugreport_options,
		.help = "Write down what helps to understand a fault, in one file.",
		.detail =
			"Writes one file of text: versions, kernel, configuration, status, peers, "
			"counters, and the last lines of the log. Keys and secrets are not in it; "
			"addresses outside of the network are shortened and bootstrap hosts "
			"numbered, unless --full is there. It stays on this host: read it before "
			"you send it.",
		.example = "ipop bugreport lab -o lab.txt",
		.run = verb_bugreport,
	},
	{
		.section = "Look",
		.verb = "version",
		.arguments = "",
		.reads = true,
		.help = "Show the versions of this program and of the daemons that run.",
		.detail = "Shows the versions of this program and of the daemons that run.",
		.example = "ipop version",
		.run = verb_version,
	},
	{ .verb = NULL },
};
