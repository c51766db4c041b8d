/* SPDX-License-Identifier: Apache-2.0
 *
 * http_epoll.c - never a full house.
 *
 * libmicrohttpd 0.9.75 asks epoll for 128 events at a time and, when it gets all
 * 128, asks again with the same patience before it serves them: a whole group of
 * requests that a commit has just resumed then waits for some other event, up to
 * thirty seconds. Giving one event less than was asked for ends that loop; what is
 * left comes with the next call. The program's own symbol is found before libc's. */
#include <stddef.h>
#include <sys/epoll.h>

int
epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	return epoll_pwait(fd, events, max > 1 ? max - 1 : max, timeout_ms, NULL);
}
