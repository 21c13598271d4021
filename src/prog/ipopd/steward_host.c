/* steward_host.c - what is in the way on this host; see steward_internal.h. */
#include "prog/ipopd/steward_internal.h"

#include <signal.h>
#include <string.h>

#define AGAIN_MS 1000 /* after a node did not listen */

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
		process_signal(&s->node, SIGKILL);
		s->killed = true; /* and its death is no news */
		return;
	}
	note(s, &trouble);
	if (strcmp(s->told_of_host.text, s->of_host.text) == 0)
		return;
	message.failed = s->of_host;
	if (channel_send(s->channel, &message) == 0)
		s->told_of_host = s->of_host;
	else
		s->host.look_at = mono_add_ms(now, AGAIN_MS);
}
