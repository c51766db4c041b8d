/* SPDX-License-Identifier: Apache-2.0
 *
 * http_request.c - what a handler sees of a request. Names and values stay where
 * libmicrohttpd keeps them: they live as long as the call does. */
#include "http_priv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "otad/history.h"
#include "router.h"
#include "tls.h"

#define KEY_MAX		256	/* bytes of an API key that are worth hashing */

static const char *
header(const struct request *rq, const char *name)
{
	const struct call *call = rq->carrier;

	return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

struct counting {
	const char	*name;
	int		count;
};

static enum MHD_Result
count_one(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct counting *c = arg;

	(void)kind;
	(void)value;
	c->count += key != NULL && strcasecmp(key, c->name) == 0;
	return MHD_YES;
}

static int
count(const struct request *rq, const char *name)
{
	const struct call *call = rq->carrier;
	struct counting c = { .name = name };

	MHD_get_connection_values(call->connection, MHD_HEADER_KIND, count_one, &c);
	return c.count;
}

/* An argument without value ("?dry_run") is there, and empty. */
static const char *
query(const struct request *rq, const char *name)
{
	const struct call *call = rq->carrier;
	const char *value = NULL;

	if (MHD_lookup_connection_value_n(call->connection, MHD_GET_ARGUMENT_KIND, name,
	    strlen(name), &value, NULL) != MHD_YES)
		return NULL;
	return value != NULL ? value : "";
}

/* A host, and maybe a port, of which an address can be made without quoting. */
static bool
sane_host(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-_:[]";
	size_t n = strspn(host, letters);

	return n > 0 && host[n] == '\0' && n < 256;
}

/* The listener may be a wildcard: ask the connection which address it reached. */
static const char *
own_address(const struct link *l, char ret[ADDRESS_MAX])
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);

	if (getsockname(l->fd, (struct sockaddr *)&ss, &n) != 0)
		return l->listener->address;
	return http_address_text((struct sockaddr *)&ss, true, ret);
}

static void
fill_base(struct call *call)
{
	const char *host = header(&call->x.rq, MHD_HTTP_HEADER_HOST);
	char own[ADDRESS_MAX];

	if (host == NULL || !sane_host(host))
		host = own_address(call->link, own);
	snprintf(call->base, sizeof(call->base), "%s://%s",
	    call->link->listener->tls != NULL ? "https" : "http", host);
}

/* "Multipart/Form-Data; boundary=…" without what follows, in lower case. */
static void
fill_body_type(struct call *call)
{
	const char *type = header(&call->x.rq, MHD_HTTP_HEADER_CONTENT_TYPE);
	size_t i, n;

	n = type != NULL ? strcspn(type, "; \t,") : 0;
	if (n >= sizeof(call->body_type))
		n = 0;
	for (i = 0; i < n; i++)
		call->body_type[i] = (char)tolower((unsigned char)type[i]);
	call->body_type[n] = '\0';
}

static const char *
peer(struct call *call)
{
	struct link *l = call->link;

	if (l->listener->tls == NULL)
		return NULL;
	if (!l->peer_asked)
		tls_peer(l->listener->tls, MHD_get_connection_info(call->connection,
		    MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session, l->peer);
	l->peer_asked = true;
	return l->peer[0] != '\0' ? l->peer : NULL;
}

void
request_fill(struct call *call, const char *url, const char *method, const char *version)
{
	struct request *rq = &call->x.rq;

	rq->carrier = call;
	rq->header_ = header;
	rq->count_ = count;
	rq->query_ = query;
	rq->method = router_method(method);
	rq->path = router_path(url != NULL ? url : "", &call->path);
	rq->http10 = strcmp(version, MHD_HTTP_VERSION_1_1) != 0;
	rq->tls = call->link->listener->tls != NULL;
	rq->address = call->link->address;
	rq->peer = peer(call);
	rq->body = "";
	rq->body_len = 0;
	fill_base(call);
	rq->base = call->base;
	fill_body_type(call);
	rq->body_type = call->body_type;
}

/* "Bearer KEY", or "token KEY" as older clients write. NULL: none. */
static const char *
key_of(const struct request *rq)
{
	static const char *const schemes[] = { "Bearer", "token" };
	const char *text = header(rq, MHD_HTTP_HEADER_AUTHORIZATION);
	size_t i, n = text != NULL ? strcspn(text, " ") : 0;

	for (i = 0; i < NELEM(schemes); i++)
		if (n == strlen(schemes[i]) && strncasecmp(text, schemes[i], n) == 0)
			return text + n + strspn(text + n, " ");
	return NULL;
}

int
request_check_key(struct tx *tx, struct exchange *x, struct err *e)
{
	static const enum role needed[] = {
		[FOR_VIEWERS]	= ROLE_VIEWER,
		[FOR_OPERATORS]	= ROLE_OPERATOR,
		[FOR_ADMINS]	= ROLE_ADMIN,
	};
	const char *key = key_of(&x->rq);
	struct actor who = x->actor;

	if (key == NULL || *key == '\0' || strlen(key) > KEY_MAX)
		return err_set(e, ERR_AUTH, "this needs an API key: Authorization: Bearer KEY");
	if (key_check(tx, key, &who, e) != 0)
		return -1;
	if (who.role < needed[x->route->rights])
		return err_set(e, ERR_FORBIDDEN, "the key '%s' has too low a role for this",
		    who.name);
	snprintf(who.address, sizeof(who.address), "%s", x->rq.address);
	x->actor = who;
	return 0;
}
