/* mqtt.h - the connection to a broker.
 *
 *	mqtt = mqtt_new(&settings, core, health, speakers, e);
 *	mqtt_start(mqtt, e);	connects by itself, and again when the broker went
 *	…
 *	mqtt_stop(mqtt);	then the core may be closed
 *
 * What arrives is durable before it is acknowledged; what is said is chosen only
 * when there is room to say it. A broker that is missing is told of in /readyz
 * ("mqtt") and costs nothing else. */
#ifndef OTAD_MQTT_H
#define OTAD_MQTT_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/dialect.h"

struct health;
struct mqtt;

struct mqtt_settings {		/* strings must outlive the connection; "" when unset */
	const char	*url;		/* mqtt://host:port, mqtts://host:port */
	const char	*client_id;
	const char	*username, *password_file;
	const char	*ca, *cert, *key;
};

struct speaker {		/* a dialect as it was started */
	const struct dialect_ops *ops;
	void		*self;
};

/* speakers end with a row without ops and must outlive it. Files that are named
 * must be readable now; the broker need not be there. */
struct mqtt	*mqtt_new(const struct mqtt_settings *, struct core *, struct health *,
		    const struct speaker *speakers, struct err *);
int		mqtt_start(struct mqtt *, struct err *);
/* Finishes and acknowledges what it has taken, then says goodbye. */
void		mqtt_stop(struct mqtt *);
void		mqtt_free(struct mqtt *);

struct mqtt_figures {
	bool		connected;
	uint64_t	taken;		/* messages handled */
	uint64_t	passed_over;	/* not ours, too large, retained, or refused */
	uint64_t	flooded;	/* beyond what one device may send */
	uint64_t	said;		/* messages published */
	uint64_t	outstanding;	/* published, not acknowledged yet */
};
void		mqtt_figures(struct mqtt *, struct mqtt_figures *ret);

#endif
