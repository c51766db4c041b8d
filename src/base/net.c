/* SPDX-License-Identifier: Apache-2.0
 *
 * net.c - both families as 128 bits, so that there is one comparison; the family
 * is kept beside them, since ::/0 means IPv6 to whoever writes it. */
#include "otad/net.h"

#include <arpa/inet.h>
#include <string.h>

#define TEXT_MAX	64	/* an address with its zone */

static const uint8_t wrapped[12] = { [10] = 0xff, [11] = 0xff };

static int
address(struct net *n, const char *text)
{
	if (inet_pton(AF_INET6, text, n->bytes) != 1) {
		memcpy(n->bytes, wrapped, sizeof(wrapped));
		if (inet_pton(AF_INET, text, n->bytes + sizeof(wrapped)) != 1)
			return -1;
	}
	n->v4 = memcmp(n->bytes, wrapped, sizeof(wrapped)) == 0;
	n->bits = 128;
	return 0;
}

/* "16", of at most max bits; no sign, no zero in front. */
static int
bits(const char *text, int max)
{
	int n = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (; *text >= '0' && *text <= '9' && n <= max; text++)
		n = n * 10 + (*text - '0');
	return *text == '\0' && n <= max ? n : -1;
}

int
net_parse(struct net *ret, const char *text)
{
	struct net n;
	char head[TEXT_MAX];
	size_t len = strcspn(text, "/");
	bool colon;
	int count;

	if (len >= sizeof(head))
		return -1;
	memcpy(head, text, len);
	head[len] = '\0';
	if (address(&n, head) < 0)
		return -1;
	if (text[len] == '/') {
		colon = strchr(head, ':') != NULL;
		if ((count = bits(text + len + 1, colon ? 128 : 32)) < 0)
			return -1;
		n.bits = (uint8_t)(colon ? count : count + 96);
		n.v4 = n.v4 && n.bits >= 96;
	}
	*ret = n;
	return 0;
}

bool
net_has(const struct net *n, const char *text)
{
	struct net one;
	char head[TEXT_MAX];
	size_t len = strcspn(text, "%"), whole = n->bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> n->bits % 8);

	if (len >= sizeof(head))
		return false;
	memcpy(head, text, len);
	head[len] = '\0';
	if (address(&one, head) < 0 || one.v4 != n->v4 ||
	    memcmp(one.bytes, n->bytes, whole) != 0)
		return false;
	return n->bits % 8 == 0 || ((one.bytes[whole] ^ n->bytes[whole]) & mask) == 0;
}
