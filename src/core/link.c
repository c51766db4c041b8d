/* SPDX-License-Identifier: Apache-2.0
 *
 * link.c - expiring links.
 *
 *	<job>~<device>~<ptype>~<slot>~<expiry>~<mac>
 *
 * Numbers are hexadecimal, the expiry in seconds, the MAC the first 16 bytes of
 * an HMAC-SHA-256 over all before it, under a key that is derived from the state's
 * secret for this purpose alone. A link says nothing that its device does not
 * know; the MAC binds it to one execution, so it ends when that does. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/link.h"
#include "visit.h"

#define TOKEN_MAX	161
#define MAC_LEN		16

static void
sign(const struct core *core, const char *text, size_t n, uint8_t ret[SHA256_LEN])
{
	static const char purpose[] = "otad link";
	uint8_t key[SHA256_LEN];

	hmac_sha256(key, core->settings.secret, 32, purpose, sizeof(purpose) - 1);
	hmac_sha256(ret, key, sizeof(key), text, n);
}

static void
make_token(const struct core *core, const struct answer *a, int64_t expires_ms,
    char ret[TOKEN_MAX])
{
	const struct execution *x = &a->execution;
	uint8_t mac[SHA256_LEN];
	char hex[HEX_LEN(MAC_LEN)];
	int n = snprintf(ret, TOKEN_MAX, "%" PRIx64 "~%" PRIx64 "~%" PRIx32 "~%s~%" PRIx64,
	    (uint64_t)x->job, (uint64_t)x->device, x->ptype, a->image.slot,
	    (uint64_t)(expires_ms / 1000));

	sign(core, ret, (size_t)n, mac);
	snprintf(ret + n, TOKEN_MAX - (size_t)n, "~%s", hex_encode(hex, mac, MAC_LEN));
}

/* A name for the file that people and AT parsers can live with: no brackets. */
static void
file_name(const struct answer *a, char ret[VERSION_MAX + 8])
{
	size_t n = 0;

	for (const char *p = a->firmware; *p != '\0' && n < VERSION_MAX; p++)
		if (*p != '(' && *p != ')')
			ret[n++] = *p;
	memcpy(ret + n, ".bin", sizeof(".bin"));
}

static const char *
base_of(struct tx *tx, uint32_t ptype, struct product *product)
{
	struct err ignored = ERR_INIT;

	if (store_product_find(tx->db, ptype, product, &ignored) > 0 &&
	    product->link_base[0] != '\0')
		return product->link_base;
	if (tx->core->settings.link_base != NULL && tx->core->settings.link_base[0] != '\0')
		return tx->core->settings.link_base;
	return atomic_load(&tx->core->has_link_base) ? tx->core->link_base : "";
}

bool
link_ready(struct tx *tx, uint32_t ptype)
{
	struct product product;

	return base_of(tx, ptype, &product)[0] != '\0';
}

int
link_make(struct tx *tx, const struct answer *a, char ret[LINK_MAX], struct err *e)
{
	const struct core_settings *s = &tx->core->settings;
	char token[TOKEN_MAX], file[VERSION_MAX + 8];
	struct product product;
	const char *base = base_of(tx, a->execution.ptype, &product);

	if (base[0] == '\0')
		return err_field(e, ERR_INVALID, "links.base", "link_base", "no address for links "
		    "is known: set base in [links], or link_base of product %u",
		    a->execution.ptype);
	make_token(tx->core, a, tx->now + (int64_t)s->link_lifetime_s * 1000, token);
	file_name(a, file);
	snprintf(ret, LINK_MAX, "%s/d/%s/%s", base, token, file);
	return 0;
}

/* ---- following ---- */

struct token {
	int64_t		job, device, expires_ms;
	uint32_t	ptype;
	char		slot[SLOT_MAX];
};

/* One hexadecimal number and the ~ behind it. */
static bool
number(const char **at, uint64_t *ret)
{
	char *end;

	if (strspn(*at, "0123456789abcdef") == 0)
		return false;
	*ret = strtoull(*at, &end, 16);
	if (*end != '~')
		return false;
	*at = end + 1;
	return true;
}

/* Only after the MAC proved that make_token() wrote it. */
static int
read_token(const char *text, struct token *ret, struct err *e)
{
	const char *at = text;
	uint64_t job, device, ptype, expiry;
	size_t n;

	if (!number(&at, &job) || !number(&at, &device) || !number(&at, &ptype))
		return err_set(e, ERR_FORBIDDEN, "not a link of this server");
	n = strcspn(at, "~");
	if (n == 0 || n >= SLOT_MAX || at[n] != '~')
		return err_set(e, ERR_FORBIDDEN, "not a link of this server");
	memcpy(ret->slot, at, n);
	ret->slot[n] = '\0';
	at += n + 1;
	if (!number(&at, &expiry))
		return err_set(e, ERR_FORBIDDEN, "not a link of this server");
	ret->job = (int64_t)job;
	ret->device = (int64_t)device;
	ret->ptype = (uint32_t)ptype;
	ret->expires_ms = (int64_t)expiry * 1000;
	return 0;
}

static int
check_token(struct tx *tx, const char *text, struct token *ret, struct err *e)
{
	const char *last = strrchr(text, '~');
	uint8_t mac[SHA256_LEN], given[MAC_LEN];

	if (last == NULL || strlen(text) >= TOKEN_MAX ||
	    hex_decode(given, sizeof(given), last + 1) < 0)
		return err_set(e, ERR_FORBIDDEN, "not a link of this server");
	sign(tx->core, text, (size_t)(last - text), mac);
	if (!same_bytes(mac, given, sizeof(given)))
		return err_set(e, ERR_FORBIDDEN, "not a link of this server");
	if (read_token(text, ret, e) < 0)
		return -1;
	if (ret->expires_ms < tx->now)
		return err_set(e, ERR_GONE, "this link has expired");
	return 0;
}

static int
withdrawn(struct err *e)
{
	return err_set(e, ERR_GONE, "this link was withdrawn");
}

static int
follow(struct visit *v, struct execution *x, const struct token *token, enum ask_how how,
    struct answer *ret, struct err *e)
{
	struct job_brief job;
	enum job_state state;
	struct firmware_brief fw;
	struct image image;
	enum happening what = v->s->resumes && x->attempt > 0 ? HAP_RESUME : HAP_TAKE;
	int r = store_job_brief(v->tx->db, x->job, x->ptype, &job, &state, e);

	if (r <= 0)
		return r < 0 ? -1 : withdrawn(e);
	if (state_ended(x->state) || (state != JOB_RUNNING && !x->taken))
		return withdrawn(e);
	/* The offer lapsed, or the attempt ended and another may begin: the planner
	 * is asked as if the device had asked. */
	if (!x->taken && visit_may_take(v, &job, x, what == HAP_RESUME, e) < 0)
		return -1;
	if ((r = visit_effective(v, x, &fw, e)) <= 0 ||
	    (r = store_image_find(v->tx->db, fw.num, token->slot, &image, e)) <= 0)
		return r < 0 ? -1 : withdrawn(e);
	if (how != ASK_PEEK &&
	    (r = visit_apply(v, &job.policy, x, what, token->slot, e)) != 0)
		return r;
	return visit_answer(v, x, &image, ret, e);
}

int
link_follow(struct tx *tx, const char *text, enum ask_how how, bool resumes,
    struct answer *ret, struct err *e)
{
	struct sighting silent = { .identity = ID_ACCOUNT, .resumes = resumes };
	struct visit v = { .tx = tx, .s = &silent };
	struct token token;
	struct execution x;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (check_token(tx, text, &token, e) < 0)
		return -1;
	if ((r = store_device_find_num(tx->db, token.device, &v.device, e)) > 0)
		r = store_execution_find(tx->db, token.job, token.device, token.ptype, &x, e);
	if (r <= 0)
		return r < 0 ? -1 : withdrawn(e);
	silent.family = core_family(tx->core, v.device.dialect);
	if (silent.family == NULL || v.device.status != DEVICE_ACCEPTED)
		return withdrawn(e);
	snprintf(silent.id, sizeof(silent.id), "%s", v.device.id);
	snprintf(silent.part, sizeof(silent.part), "%s", token.slot);
	if ((r = visit_recognise(&v, e)) != 0)
		return r;
	return follow(&v, &x, &token, how, ret, e);
}
