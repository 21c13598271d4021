/* phases.c - see phases.h. */
#include "sim/phases.h"

#include "base/check.h"

#include <inttypes.h>

void phases_run(struct world *world, const struct phases *phases)
{
	const struct mono calm = mono_add_ms(world_time(world), phases->faults_ms);
	const struct mono limit = mono_add_ms(calm, phases->calm_ms);

	CHECK(phases->period_ms > 0);
	while (world_failure(world) == NULL && !mono_reached(world_time(world), calm)) {
		phases->disturb(phases->context);
		world_run(world, mono_min(calm, mono_add_ms(world_time(world), phases->period_ms)));
	}
	if (world_failure(world) != NULL)
		return;
	world_note(world, "calm");
	net_set_calm(world_net(world), true);
	phases->mend(phases->context);
	if (!world_run_until(world, limit, phases->settled, phases->context))
		world_fail(world, "not settled after %" PRIu64 " ms of calm", phases->calm_ms);
}
