/* SPDX-License-Identifier: Apache-2.0
 *
 * otafleet play: scenarios one after the other, each with a server, a folder and
 * a time limit of its own. */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"
#include "player.h"

#define LOG_LINES	20		/* of the server's, shown after a failure */
#define END_MS		10000		/* to end by itself after the last statement */
#define PROGRAM_MAX	4096		/* bytes of a path */

AUTO_DEFINE(FILE, file, fclose);

static const struct option options[] = {
	{ "otad",  required_argument, NULL, 'o' },
	{ "keep",  no_argument,       NULL, 'k' },
	{ "help",  no_argument,       NULL, 'h' },
	{ 0 }
};

struct stage {
	char	self[PROGRAM_MAX], otad[PROGRAM_MAX];
	bool	keep;
};

static void
usage(FILE *out)
{
	fputs("usage: otafleet play [--otad PROGRAM] [--keep] FILE.ota …\n"
	    "\n"
	    "  --otad PROGRAM  the server to play with; default: $B/otad, else the\n"
	    "                  otad beside otafleet\n"
	    "  --keep          leave the folder of a scenario that failed\n"
	    "\n"
	    "Statements:\n", out);
	for (const struct verb *v = verbs_check; v->name != NULL; v++)
		fprintf(out, "  %s\n", v->synopsis);
	for (const struct verb *v = verbs_server; v->name != NULL; v++)
		fprintf(out, "  %s\n", v->synopsis);
	for (const struct verb *v = verbs_api; v->name != NULL; v++)
		fprintf(out, "  %s\n", v->synopsis);
	for (const struct verb *v = verbs_talk; v->name != NULL; v++)
		fprintf(out, "  [@NAME] %s\n", v->synopsis);
	fputs("\ndocs/scenarios.md describes the language.\n", out);
}

static int
read_scenario(const char *file, struct buf *ret, struct err *e)
{
	AUTO(file) FILE *f = fopen(file, "re");
	char room[16384];
	size_t n;

	if (f == NULL)
		return err_errno(e, ERR_ABSENT, "open");
	ret->limit = SCRIPT_SIZE_MAX;
	while ((n = fread(room, 1, sizeof(room), f)) > 0)
		buf_add(ret, room, n);
	if (ferror(f))
		return err_errno(e, ERR_ABSENT, "read");
	if (ret->failed)
		return err_set(e, ERR_TOO_BIG, "larger than %d bytes", SCRIPT_SIZE_MAX);
	return ret->len > 0 ? 0 : err_set(e, ERR_BAD, "empty");
}

/* The end of the server's log, indented. */
static void
show_log(const struct server *s, FILE *out)
{
	AUTO(buf) struct buf log = BUF_INIT;
	const char *at;
	int lines = 0;

	server_log(s, &log);
	if (log.len == 0)
		return;
	for (at = log.p + log.len - 1; at > log.p; at--)
		if (at[-1] == '\n' && ++lines == LOG_LINES)
			break;
	fprintf(out, "  the log of the server%s:\n", lines == LOG_LINES ? " ends with" : "");
	while (*at != '\0') {
		int len = (int)strcspn(at, "\n");
		fprintf(out, "    %.*s\n", len, at);
		at += len + (at[len] == '\n');
	}
}

static void
show_answer(const struct talk *t, FILE *out)
{
	const char *body = buf_str(&t->body);

	if (t->answer.head.len == 0)
		return;
	fprintf(out, "  the last answer: %.*s", (int)strcspn(buf_str(&t->answer.head), "\r\n"),
	    buf_str(&t->answer.head));
	if (t->body.len > 0 && strspn(body, "[{") > 0)
		fprintf(out, " %.300s", body);
	fputc('\n', out);
}

static void
player_free(struct player *p, bool keep)
{
	struct talk *t;

	while ((t = p->talks) != NULL) {
		p->talks = t->next;
		talk_free(t);
	}
	server_close(&p->server, keep);
	vars_free(&p->vars);
	clock_free(p->clock);
}

static int
play_text(struct player *p, const struct stage *stage, const struct buf *text,
    struct err *e)
{
	p->clock = clock_new(NULL, e);
	if (p->clock == NULL || server_open(&p->server, stage->otad, p->clock, e) != 0)
		return -1;
	p->end = INT64_MAX;		/* its first statement sets it */
	if (player_text(p, text->p, text->len, 1, e) != 0)
		return -1;
	if (!server_runs(&p->server))
		return 0;
	if (server_stop(&p->server, SIGTERM, clock_boot_ms(p->clock) + END_MS, e) == 0)
		return 0;
	return err_while(e, "after the last statement");
}

/* The exit status of one file. */
static int
play_file(const char *file, const struct stage *stage)
{
	struct player p = { .file = file, .self = stage->self, .server.child = CHILD_NONE };
	AUTO(buf) struct buf text = BUF_INIT;
	struct err e = ERR_INIT;

	if (read_scenario(file, &text, &e) != 0) {
		fprintf(stderr, "%s: %s\n", file, e.text);
		return EXIT_USAGE;
	}
	if (player_check(&p, text.p, text.len, &e) != 0) {
		fprintf(stderr, "%s:%d: %s\n", file, p.line, e.text);
		return EXIT_USAGE;
	}
	if (play_text(&p, stage, &text, &e) == 0) {
		printf("ok      %s: %s\n", file, p.title);
		player_free(&p, false);
		return EXIT_OK;
	}
	printf("FAILED  %s: %s\n", file, p.title);
	printf("%s:%d: %s\n", file, p.line, e.text);
	if (p.last != NULL)
		show_answer(p.last, stdout);
	show_log(&p.server, stdout);
	if (stage->keep)
		printf("  kept: %s\n", p.server.dir);
	fflush(stdout);
	player_free(&p, stage->keep);
	return EXIT_NOT;
}

/* Where otafleet is, and otad with it. */
static int
find_programs(struct stage *stage, const char *otad, struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", stage->self, sizeof(stage->self) - 1);
	const char *b = getenv("B");
	char dir[PROGRAM_MAX];

	if (n <= 0)
		return err_errno(e, ERR_INTERNAL, "/proc/self/exe");
	stage->self[n] = '\0';
	memcpy(dir, stage->self, (size_t)n + 1);
	if (otad != NULL)
		n = snprintf(stage->otad, sizeof(stage->otad), "%s", otad);
	else
		n = snprintf(stage->otad, sizeof(stage->otad), "%s/otad",
		    b != NULL && *b != '\0' ? b : dirname(dir));
	if ((size_t)n >= sizeof(stage->otad) || access(stage->otad, X_OK) != 0)
		return err_errno(e, ERR_ABSENT, "%.200s", stage->otad);
	return 0;
}

int
command_play(int argc, char **argv)
{
	struct stage stage = { .keep = false };
	const char *otad = NULL;
	struct err e = ERR_INIT;
	int c, worst = EXIT_OK;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'o': otad = optarg; break;
		case 'k': stage.keep = true; break;
		case 'h': usage(stdout); return EXIT_OK;
		default: usage(stderr); return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (find_programs(&stage, otad, &e) != 0) {
		fprintf(stderr, "otafleet play: %s\n", e.text);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	for (; optind < argc; optind++) {
		c = play_file(argv[optind], &stage);
		worst = c > worst ? c : worst;
	}
	return worst;
}
