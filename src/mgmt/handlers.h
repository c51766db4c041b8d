/* handlers.h - what the table of routes points to: a file per noun. */
#ifndef OTAD_MGMT_HANDLERS_H
#define OTAD_MGMT_HANDLERS_H

#include "otad/request.h"

/* body.c: for a verb that takes no body, or {}. */
handler_fn	read_nothing;

/* products.c */
handler_fn	get_products, post_product_read, post_product_write;
handler_fn	get_product, patch_product_read, patch_product_write, delete_product;

/* firmware.c, image.c */
part_fn		post_firmware_part;
end_fn		post_firmware_end;
handler_fn	post_firmware_read, post_firmware_write;
handler_fn	get_firmwares, get_firmware, get_image;
handler_fn	firmware_state_read, yank_firmware, hold_firmware, release_firmware;

/* devices.c */
handler_fn	get_devices, post_device_read, post_device_write;
handler_fn	get_device, patch_device_read, patch_device_write, delete_device;
handler_fn	accept_device, block_device, rotate_device_key, get_device_history;

/* jobs.c, job_steer.c, current.c */
handler_fn	get_jobs, post_job_read, post_job_write;
handler_fn	get_job, get_executions;
handler_fn	pause_job, resume_job, approve_job, open_next_stage;
handler_fn	sliced_job_read, cancel_job_write, retry_job_write;
handler_fn	rollback_job_read, rollback_job_write;
handler_fn	cancel_execution, retry_execution, approve_execution, reject_execution;
handler_fn	explain_device;
handler_fn	put_current_read, put_current_write;

/* filters.c */
handler_fn	get_filters, post_filter_read, post_filter_write, get_filter, delete_filter;

/* import.c */
part_fn		import_devices_part;
end_fn		import_devices_end;
handler_fn	import_devices_read;

/* keys.c, audit.c, health.c, metrics.c */
handler_fn	get_keys, post_key_read, post_key_write, delete_key;
handler_fn	get_audit, get_healthz, get_readyz, get_metrics, get_openapi;

#endif
