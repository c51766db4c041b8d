/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel kills a child when the player dies, however it dies: a test run
 * that is interrupted must leave no daemon behind. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "child.h"

/* In the child: never returns. */
static void __attribute__((noreturn))
become(const char *const argv[], const char *log, int out, pid_t parent)
{
	int err = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (err == -1 || dup2(err, STDERR_FILENO) == -1 ||
	    dup2(out != -1 ? out : err, STDOUT_FILENO) == -1)
		_exit(127);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("JOURNAL_STREAM");
	execv(argv[0], (char *const *)argv);	/* which it does not change */
	dprintf(STDERR_FILENO, "%s: cannot be run\n", argv[0]);
	_exit(127);
}

int
child_start(struct child *c, const char *const argv[], const char *log, bool catch, struct err *e)
{
	int ends[2] = { -1, -1 };
	pid_t parent = getpid();

	*c = (struct child)CHILD_NONE;
	/* Sockets, not a pipe: its output is then read as any conversation is. */
	if (catch && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return err_errno(e, ERR_INTERNAL, "socketpair");
	c->pid = fork();
	if (c->pid == 0)
		become(argv, log, ends[1], parent);
	if (catch) {
		close(ends[1]);
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
	}
	c->out = ends[0];
	if (c->pid > 0)
		c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd != -1)
		return 0;
	err_errno(e, ERR_INTERNAL, "start %s", argv[0]);
	child_kill(c);
	return -1;
}

int
child_wait(struct child *c, const struct clock *clock, int64_t deadline, int *ret_status)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };
	int64_t left;
	int status, r;

	do {
		left = deadline - clock_boot_ms(clock);
		r = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (r == -1 && errno == EINTR);
	if (r != 1 || waitpid(c->pid, &status, 0) != c->pid)
		return 0;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	c->pid = 0;
	child_kill(c);
	return 1;
}

void
child_kill(struct child *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	if (c->pidfd != -1)
		close(c->pidfd);
	if (c->out != -1)
		close(c->out);
	*c = (struct child)CHILD_NONE;
}
