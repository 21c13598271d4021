/* steward_host.c - the host as it changes: what is in the way on it, and its addresses; see
 * steward_internal.h. */
#include "prog/ipopd/log.h"
#include "prog/ipopd/steward_internal.h"

#include <string.h>

/* What the log says, it says once. */
static void note(struct steward *s, const struct complaint *trouble)
{
	if (strcmp(trouble->text, s->of_host.text) == 0)
		return;
	if (trouble->text[0] != '\0')
		log_warning("%s", trouble->text);
	else
		log_info("what was in the way of the interface is gone");
	s->of_host = *trouble;
}

void steward_look_at_host(struct steward *s, struct mono now)
{
	struct channel_message message = { .kind = CHANNEL_TROUBLE };
	struct complaint trouble;

	if (s->state != STEWARD_READY || !mono_reached(now, s->host.look_at))
		return;
	if (host_look(&s->host, &s->claims, now, &trouble) < 0) {
		(void)complain(&s->trouble, 0,
			       "somebody moved the interface to another network namespace");
		log_warning("%s", s->trouble.text);
		steward_kill_node(s);
		return;
	}
	note(s, &trouble);
	if (strcmp(s->told_of_host.text, s->of_host.text) == 0)
		return;
	message.failed = s->of_host;
	if (channel_send(s->channel, &message) == 0)
		s->told_of_host = s->of_host;
	else
		s->host.look_at = mono_add_ms(now, STEWARD_RELAX_MS);
}

void steward_tell_addresses(struct steward *s, struct mono now)
{
	struct channel_message message = { .kind = CHANNEL_HOST };
	char text[ADDRESSES_TEXT_CHARS + 1];

	if (s->channel < 0 || !mono_reached(now, s->look_at))
		return;
	s->look_at = mono_add_ms(now, STEWARD_RELAX_MS); /* if something fails */
	if (host_addresses(&s->host, &message.host) < 0)
		return;
	if (!s->knows_addresses || !addresses_equal(&message.host, &s->addresses)) {
		if (channel_send(s->channel, &message) < 0)
			return;
		addresses_to_text(&message.host, text);
		log_line(s->knows_addresses ? CONFIG_LOG_INFO : CONFIG_LOG_DEBUG,
			 "the host's addresses are %s", text[0] == '\0' ? "gone" : text);
		s->knows_addresses = true;
		s->addresses = message.host;
	}
	s->look_at = MONO_NEVER;
}
