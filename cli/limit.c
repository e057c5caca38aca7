/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread that ends the process when a step takes too long.
 */
#include "limit.h"

#include <stdlib.h>

#include "tool.h"

static int set_problem(const struct limit *limit, struct problem *problem)
{
	return problem_set(problem, EXIT_DEADLINE, "wall_deadline",
			   "%s guest image %s: the wall-clock deadline passed (--timeout)",
			   limit->what, limit->guest);
}

static void report_end(void *user)
{
	const struct limit *limit = user;
	struct problem problem;

	set_problem(limit, &problem);
	/* The main thread may come as far as limit_end, no further: it waits for this one there. */
	_Exit(problem_report(&problem, "run", limit->as_json));
}

int limit_begin(struct limit *limit, const char *what, const char *guest, struct problem *problem)
{
	int code;

	if (!limit->limited)
		return EXIT_FINE;
	limit->what = what;
	limit->guest = guest;
	limit->begin_ns = cli_os_monotonic_ns();
	code = cli_os_timer_start(limit->left_ns, report_end, limit, &limit->timer);
	if (code == 0)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "os", "thread for --timeout: %s",
			   cli_os_error_text(code));
}

int limit_end(struct limit *limit, int failed, struct problem *problem)
{
	uint64_t spent;

	if (!limit->limited)
		return failed;
	cli_os_timer_stop(limit->timer);
	spent = cli_os_monotonic_ns() - limit->begin_ns;
	limit->left_ns = spent < limit->left_ns ? limit->left_ns - spent : 0;
	if (failed == EXIT_FINE && limit->left_ns == 0)
		return set_problem(limit, problem);
	return failed;
}
