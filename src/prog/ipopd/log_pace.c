/* log_pace.c - see log_pace.h. */
#include "prog/ipopd/log_pace.h"

#include "base/check.h"

#define US_PER_S 1000000U

bool log_pace_allow(struct log_pace *pace, struct mono now, uint32_t burst, uint32_t a_second,
		    uint64_t *ret_left_out)
{
	uint64_t due = pace->due.us > now.us ? pace->due.us : now.us;

	CHECK(burst > 0 && a_second > 0);
	if (due - now.us > (uint64_t)(burst - 1) * US_PER_S / a_second) {
		pace->left_out++;
		return false;
	}
	pace->due.us = due + US_PER_S / a_second;
	*ret_left_out = pace->left_out;
	pace->left_out = 0;
	return true;
}
