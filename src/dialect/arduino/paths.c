/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses that are burnt into sketches, served as they always were: "[arduino]
 * paths" names them. `table` is the decision table of the script in the founding
 * document (protocols/arduino.md 1.10), with the inventory in place of its array;
 * `simple:PTYPE` is its simple updater, a file that is there for whoever asks. */
#include <stdlib.h>
#include <string.h>
#include "arduino.h"

#define ROWS_MAX	64
#define PATH_LONGEST	128		/* bytes of one path */
#define PLAIN		"text/plain; charset=utf8"	/* of every answer of the script */

struct row {
	char		path[PATH_LONGEST + 1];
	uint32_t	ptype;		/* simple; 0: table */
	struct route	route;
};
struct paths {
	struct row	rows[ROWS_MAX];
	size_t		n;
};

static const struct row *
find_row(const struct paths *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->rows[i].path, path) == 0)
			return &p->rows[i];
	return NULL;
}

/* ---- table ---- */

static void
say_line(struct exchange *x, int status, const char *line)
{
	reply_text(&x->rep, status, line);
	x->rep.type = PLAIN;
	x->rep.close = true;
}

/* Is there a version for this device? Its product's current, or what it already
 * has from us. */
static int
has_version(struct tx *tx, const char *id, bool *ret, struct err *e)
{
	struct product p = { 0 };
	struct device d = { 0 };

	*ret = false;
	if (device_get(tx, id, &d, e))
		return -1;
	if (d.firmware == 0 && d.ptype != 0 && product_get(tx, d.ptype, &p, e))
		return -1;
	*ret = d.firmware != 0 || p.current_v[0] != '\0' ||
	    (d.channel == 'b' && p.current_b[0] != '\0');
	return 0;
}

/* Rows 3 to 5. Who is pending, blocked or of another family is not in the table. */
static int
table_word(struct tx *tx, struct exchange *x, const struct poll *p, const struct answer *a,
    struct err *e)
{
	bool known = false;

	if (a->verdict == VERDICT_OFFER || a->verdict == VERDICT_NO_KEY ||
	    (a->verdict == VERDICT_NOTHING && p->wants == WANTS_VERSION))
		return arduino_answer(tx, x, p, a, e);
	if (a->verdict == VERDICT_NOTHING && has_version(tx, p->who.id, &known, e))
		return -1;
	say_line(x, known ? 304 : 500, "");
	return 0;
}

static int
table(struct tx *tx, struct exchange *x, struct err *e)
{
	const char *line = arduino_script_refuses(&x->rq);
	struct poll p = { 0 };

	if (line != NULL) {
		say_line(x, 403, line);
		return 0;
	}
	return arduino_read(&x->rq, 0, &p, e) ? -1 : arduino_ask(tx, x, &p, table_word, e);
}

/* ---- simple ---- */

static void auto_firmware_(struct firmware *f) { firmware_clear(f); }

static const struct image *
image_for(const struct firmware *f, enum wants wants)
{
	const char *slot = wants == WANTS_FILES ? "filesystem" : "image";

	for (int i = 0; i < f->nimages; i++)
		if (slot_same(f->images[i].slot, slot))
			return &f->images[i];
	return NULL;
}

/* The file is there for whoever asks, but a firmware that is not to be sent
 * online is not there, and a file system's poll never gets a sketch. */
static int
simple(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct row *row = find_row(x->self, x->rq.path);
	AUTO(firmware) struct firmware f = { 0 };
	struct product p = { 0 };
	const struct image *i;
	enum wants wants;

	if (row == NULL || arduino_wants(&x->rq, &wants, e) ||
	    product_get(tx, row->ptype, &p, e))
		return row == NULL ? err_set(e, ERR_ABSENT, "no such path") : -1;
	if (p.current_v[0] == '\0')
		return err_set(e, ERR_ABSENT, "product %u has no current firmware", row->ptype);
	if (firmware_get(tx, p.current_v, &f, e))
		return -1;
	i = image_for(&f, wants);
	if (f.state != FIRMWARE_READY || strchr("oa", f.version.fota) == NULL || i == NULL)
		return err_set(e, ERR_ABSENT, "%s is not sent from here", f.name);
	arduino_say_file(x, wants, i, f.name, f.nnatives > 0 ? f.natives[0] : "");
	return 0;
}

/* ---- the setting ---- */

static int
bad(struct err *e, const char *word, size_t n, const char *why)
{
	return err_field(e, ERR_BAD, "arduino.paths", "path", "'%.*s': %s",
	    (int)(n < 80 ? n : 80), word, why);
}

static int
row_policy(const char *policy, size_t n, uint32_t *ret)
{
	size_t digits;

	*ret = 0;
	if (n == 5 && strncmp(policy, "table", n) == 0)
		return 0;
	if (n < 8 || n > 12 || strncmp(policy, "simple:", 7) != 0)
		return -1;
	digits = strspn(policy + 7, "0123456789");
	*ret = (uint32_t)strtoul(policy + 7, NULL, 10);
	return digits == n - 7 && *ret != 0 ? 0 : -1;
}

/* Is it an address that the dialect answers anyway? */
static bool
own(const char *path)
{
	char params[PARAMS_MAX][PARAM_MAX];

	for (const struct route *r = arduino_routes; r->pattern != NULL; r++)
		if (route_match(r->pattern, path, params))
			return true;
	return false;
}

static int
row_parse(struct paths *p, const char *word, size_t n, struct err *e)
{
	const char *equals = memrchr(word, '=', n);
	size_t len = equals != NULL ? (size_t)(equals - word) : 0;
	struct row *row = &p->rows[p->n];

	if (p->n == ROWS_MAX)
		return bad(e, word, n, "too many paths");
	if (len == 0 || *word != '/')
		return bad(e, word, n, "PATH=table or PATH=simple:PTYPE is wanted, "
		    "where PATH starts with /");
	if (len > PATH_LONGEST)
		return bad(e, word, n, "path longer than 128 characters");
	memcpy(row->path, word, len);
	row->path[len] = '\0';
	if (strpbrk(row->path, "{}?#%") != NULL)
		return bad(e, word, n, "a path has none of { } ? # %");
	if (row_policy(equals + 1, n - len - 1, &row->ptype))
		return bad(e, word, n, "behind = stands table or simple:PTYPE (1 to 99999)");
	if (find_row(p, row->path) != NULL)
		return bad(e, word, n, "stands there twice");
	if (own(row->path))
		return bad(e, word, n, "is served already");
	row->route = (struct route){ M_GET, row->path, FOR_DEVICES,
	    .read = row->ptype != 0 ? simple : table, .write = arduino_write };
	p->n++;
	return 0;
}

int
arduino_paths_parse(const char *setting, struct paths **ret, struct err *e)
{
	struct paths *p = calloc(1, sizeof(*p));
	const char *word = setting;
	size_t n;

	if (p == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (; *(word += strspn(word, " \t")) != '\0'; word += n) {
		n = strcspn(word, " \t");
		if (row_parse(p, word, n, e)) {
			arduino_paths_free(p);
			return -1;
		}
	}
	*ret = p;
	return 0;
}

void
arduino_paths_free(struct paths *p)
{
	free(p);
}

/* The script answers whatever method it is asked with; updaters only use GET. */
const struct route *
arduino_paths_find(const struct paths *p, const struct request *rq)
{
	const struct row *row = p != NULL ? find_row(p, rq->path) : NULL;

	if (row == NULL || (rq->method != M_GET && rq->method != M_HEAD))
		return NULL;
	return &row->route;
}
