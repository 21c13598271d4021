/* restarts.c - see restarts.h. */
#include "prog/ipopd/restarts.h"

uint64_t restarts_wait_ms(struct restarts *restarts, struct mono since, struct mono now)
{
	if (mono_ms_between(since, now) >= RESTARTS_STABLE_MS)
		*restarts = (struct restarts){ .in_a_row = 0 };
	if (restarts->in_a_row < UINT32_MAX)
		restarts->in_a_row++;
	restarts->wait_ms = restarts->wait_ms == 0 ? RESTARTS_MIN_MS : restarts->wait_ms * 2;
	if (restarts->wait_ms > RESTARTS_MAX_MS)
		restarts->wait_ms = RESTARTS_MAX_MS;
	return restarts->wait_ms;
}
