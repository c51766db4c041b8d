/* net.h - blocks of addresses: 10.1.0.0/16, 2001:db8::/32, or a single address.
 *
 * An IPv4 address that IPv6 wraps (::ffff:10.1.2.3) is that IPv4 address, and a
 * block of the one family never holds an address of the other. Pure functions. */
#ifndef OTAD_NET_H
#define OTAD_NET_H

#include <stdbool.h>
#include <stdint.h>

#define NET_BYTES	16

struct net {
	uint8_t		bytes[NET_BYTES];	/* IPv4 as IPv6 wraps it */
	uint8_t		bits;			/* of these that count: 0..128 */
	bool		v4;
};

/* An address (all its bits count) or a block. What stands behind the block's bits
 * is ignored. -1: it is neither. */
int	net_parse(struct net *, const char *text);
/* The address, with or without an IPv6 zone, is in the block. What is no address
 * is in none. */
bool	net_has(const struct net *, const char *address);

#endif
