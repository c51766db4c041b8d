/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt_link.c - where the broker is, and how to prove who we are to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mqtt_priv.h"
#include "otad/auto.h"

#define KEEPALIVE_S	20	/* a broker that hangs is noticed within twice that */
#define INFLIGHT	200	/* of ours on the wire; more is slower, fewer idles */

static int
bad_url(const char *url, struct err *e)
{
	return err_field(e, ERR_BAD, "mqtt.url", "url",
	    "'%.100s' is not mqtt://host[:port] or mqtts://host[:port]", url);
}

/* host, host:port, [v6]:port */
int
mqtt_address(struct mqtt *q, const char *url, struct err *e)
{
	const char *at, *end;
	char *rest;
	long port;

	if (strncasecmp(url, "mqtt://", 7) == 0)
		at = url + 7;
	else if (strncasecmp(url, "mqtts://", 8) == 0)
		at = url + 8;
	else
		return bad_url(url, e);
	q->tls = at == url + 8;
	q->port = q->tls ? 8883 : 1883;
	end = *at == '[' ? strchr(at, ']') : at + strcspn(at, ":/");
	if (*at == '[')
		at++;
	if (end == NULL || end == at || (size_t)(end - at) >= sizeof(q->host))
		return bad_url(url, e);
	memcpy(q->host, at, (size_t)(end - at));
	q->host[end - at] = '\0';
	if (*end == ']')
		end++;
	if (*end == ':') {
		port = strtol(end + 1, &rest, 10);
		if (rest == end + 1 || port < 1 || port > 65535)
			return bad_url(url, e);
		q->port = (int)port;
		end = rest;
	}
	return *end == '\0' || strcmp(end, "/") == 0 ? 0 : bad_url(url, e);
}

static int
failed(const char *what, int rc, struct err *e)
{
	return err_set(e, ERR_INTERNAL, "%s: %s", what, mosquitto_strerror(rc));
}

static int
use_tls(struct mqtt *q, struct mosquitto *m, struct err *e)
{
	const struct mqtt_settings *s = &q->settings;
	const char *cert = s->cert[0] != '\0' ? s->cert : NULL;
	const char *key = s->key[0] != '\0' ? s->key : NULL;
	int rc;

	if (!q->tls)
		return 0;
	if (s->ca[0] != '\0')
		rc = mosquitto_tls_set(m, s->ca, NULL, cert, key, NULL);
	else if ((rc = mosquitto_int_option(m, MOSQ_OPT_TLS_USE_OS_CERTS, 1)) == MOSQ_ERR_SUCCESS &&
	    cert != NULL)
		rc = mosquitto_tls_set(m, NULL, "/etc/ssl/certs", cert, key, NULL);
	if (rc == MOSQ_ERR_SUCCESS)
		rc = mosquitto_tls_opts_set(m, 1, "tlsv1.2", NULL);
	return rc == MOSQ_ERR_SUCCESS ? 0 : failed("certificates for the broker", rc, e);
}

struct mosquitto *
mqtt_session(struct mqtt *q, struct err *e)
{
	/* A persistent session: the broker keeps for us what we have not acknowledged. */
	struct mosquitto *m = mosquitto_new(q->settings.client_id, false, q);
	int rc;

	if (m == NULL) {
		err_errno(e, ERR_INTERNAL, "MQTT session");
		return NULL;
	}
	/* Acknowledgements wait in its queue until we write, which we do only when
	 * what they acknowledge is durable. */
	rc = mosquitto_threaded_set(m, true);
	if (rc == MOSQ_ERR_SUCCESS && q->settings.username[0] != '\0')
		rc = mosquitto_username_pw_set(m, q->settings.username, q->password);
	if (rc == MOSQ_ERR_SUCCESS)
		rc = mosquitto_max_inflight_messages_set(m, INFLIGHT);
	if (rc != MOSQ_ERR_SUCCESS || use_tls(q, m, e) < 0) {
		if (rc != MOSQ_ERR_SUCCESS)
			failed("MQTT session", rc, e);
		mosquitto_destroy(m);
		return NULL;
	}
	return m;
}
