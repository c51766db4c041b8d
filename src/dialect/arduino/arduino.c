/* SPDX-License-Identifier: Apache-2.0
 *
 * The Arduino cores' own updaters, ESP8266httpUpdate and HTTPUpdate: one GET that
 * says everything, one answer, and silence until the next one. protocols/arduino.md
 * is what they do, docs/dialects/arduino.md how to point them here. */
#include <stdlib.h>
#include <string.h>
#include "arduino.h"
#include "otad/conf.h"

struct asked {			/* what waits for the writer */
	struct poll	poll;
	word_fn		*word;
};

/* Go on in write. Only reading keeps: a second run of write finds it there. */
static int
keep(struct exchange *x, const struct poll *p, word_fn *word, struct err *e)
{
	struct asked *a;

	if (x->state != NULL)
		return CALL_WRITE;
	a = malloc(sizeof(*a));
	if (a == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	a->poll = *p;
	a->word = word;
	x->state = a;
	x->state_free = free;
	return CALL_WRITE;
}

int
arduino_ask(struct tx *tx, struct exchange *x, const struct poll *p, word_fn *word,
    struct err *e)
{
	bool curious = p->wants == WANTS_VERSION || x->rq.method == M_HEAD;
	struct answer a = { 0 };
	int rc = core_ask(tx, &p->who, curious ? ASK_PEEK : ASK_SERVE, &a, e);

	if (rc == CORE_WRITE)
		return keep(x, p, word, e);
	return rc == 0 ? word(tx, x, p, &a, e) : -1;
}

int
arduino_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct asked *a = x->state;

	return arduino_ask(tx, x, &a->poll, a->word, e);
}

static int
update(struct tx *tx, struct exchange *x, struct err *e)
{
	struct poll p = { 0 };

	return arduino_read(&x->rq, 0, &p, e) ? -1 : arduino_ask(tx, x, &p, arduino_answer, e);
}

static int
update_of_product(struct tx *tx, struct exchange *x, struct err *e)
{
	const char *text = x->rq.params[0];
	size_t n = strspn(text, "0123456789");
	struct poll p = { 0 };
	long ptype = text[n] == '\0' && n >= 1 && n <= 5 ? strtol(text, NULL, 10) : 0;

	if (ptype == 0)
		return err_set(e, ERR_ABSENT, "no such product");
	return arduino_read(&x->rq, (uint32_t)ptype, &p, e) ? -1 :
	    arduino_ask(tx, x, &p, arduino_answer, e);
}

const struct route arduino_routes[] = {
	{ M_GET, "/arduino/update", FOR_DEVICES, .read = update, .write = arduino_write },
	{ M_GET, "/arduino/{ptype}/update", FOR_DEVICES,
	    .read = update_of_product, .write = arduino_write },
	{ 0 }
};

static int
start(const struct conf *conf, void **ret_self, struct err *e)
{
	struct paths *paths;

	if (arduino_paths_parse(conf->arduino.paths, &paths, e))
		return -1;
	*ret_self = paths;
	return 0;
}

static void
stop(void *self)
{
	arduino_paths_free(self);
}

static const struct route *
find(void *self, const struct request *rq)
{
	return arduino_paths_find(self, rq);
}

const struct dialect_ops dialect_arduino = {
	.family = {
		.name = "arduino",
		.proof = PROOF_VERSION,
		.caps = FAMILY_ASKS,
		.offer_guard_s = 120,
		.back_guard_s = 0,
		.silence_floor_s = 48 * 3600,
	},
	.routes = arduino_routes,
	.refuse = arduino_refuse,
	.start = start,
	.stop = stop,
	.find = find,
};
