/* SPDX-License-Identifier: Apache-2.0
 *
 * table.c - all routes of the management API. docs/openapi.yaml describes the
 * same set; a test compares the two. What is not here yet does not exist: it
 * answers 404 instead of pretending. */
#include "handlers.h"
#include "job_form.h"
#include "otad/mgmt.h"
#include "problem.h"

#define V1	"/api/v1"
#define VIEW	.rights = FOR_VIEWERS
#define OPERATE	.rights = FOR_OPERATORS, .urgency = URGENT_ADMIN
#define ADMIN	.rights = FOR_ADMINS, .urgency = URGENT_ADMIN

/* An upload is as large as its images may be, which the store watches while they
 * arrive; this only keeps the announced length from being absurd. */
#define UPLOAD_MAX	((size_t)1 << 40)

/* Lines are taken as they come, so that this limits patience, not memory. */
#define IMPORT_MAX	((size_t)1 << 30)

static const struct route routes[] = {
	{ M_GET, V1 "/products", VIEW, .read = get_products },
	{ M_POST, V1 "/products", OPERATE, .read = post_product_read,
	  .write = post_product_write },
	{ M_GET, V1 "/products/{ptype}", VIEW, .read = get_product },
	{ M_PATCH, V1 "/products/{ptype}", OPERATE, .read = patch_product_read,
	  .write = patch_product_write },
	{ M_DELETE, V1 "/products/{ptype}", OPERATE, .write = delete_product },
	{ M_PUT, V1 "/products/{ptype}/current", OPERATE, .read = put_current_read,
	  .write = put_current_write },

	{ M_GET, V1 "/firmware", VIEW, .read = get_firmwares },
	{ M_POST, V1 "/firmware", OPERATE, .part = post_firmware_part, .end = post_firmware_end,
	  .read = post_firmware_read, .write = post_firmware_write, .body_max = UPLOAD_MAX },
	{ M_POST, V1 "/firmware/{version}:yank", OPERATE, .read = firmware_state_read,
	  .write = yank_firmware },
	{ M_POST, V1 "/firmware/{version}:hold", OPERATE, .read = firmware_state_read,
	  .write = hold_firmware },
	{ M_POST, V1 "/firmware/{version}:release", OPERATE, .read = firmware_state_read,
	  .write = release_firmware },
	{ M_GET, V1 "/firmware/{version}", VIEW, .read = get_firmware },
	{ M_GET, V1 "/firmware/{version}/images/{slot}", VIEW, .read = get_image },

	{ M_GET, V1 "/devices", VIEW, .read = get_devices },
	{ M_POST, V1 "/devices", OPERATE, .read = post_device_read, .write = post_device_write },
	{ M_POST, V1 "/devices:import", OPERATE, .raw = true, .part = import_devices_part,
	  .end = import_devices_end, .read = import_devices_read, .body_max = IMPORT_MAX },
	{ M_POST, V1 "/devices/{id}:accept", OPERATE, .read = read_nothing,
	  .write = accept_device },
	{ M_POST, V1 "/devices/{id}:block", OPERATE, .read = read_nothing,
	  .write = block_device },
	{ M_POST, V1 "/devices/{id}:rotate-key", OPERATE, .read = read_nothing,
	  .write = rotate_device_key },
	{ M_GET, V1 "/devices/{id}:explain", VIEW, .read = explain_device },
	{ M_GET, V1 "/devices/{id}", VIEW, .read = get_device },
	{ M_PATCH, V1 "/devices/{id}", OPERATE, .read = patch_device_read,
	  .write = patch_device_write },
	{ M_DELETE, V1 "/devices/{id}", OPERATE, .write = delete_device },
	{ M_GET, V1 "/devices/{id}/history", VIEW, .read = get_device_history },

	{ M_GET, V1 "/jobs", VIEW, .read = get_jobs },
	{ M_POST, V1 "/jobs", OPERATE, .read = post_job_read, .write = post_job_write,
	  .body_max = JOB_BODY_MAX },
	{ M_POST, V1 "/jobs/{id}:pause", OPERATE, .read = read_nothing, .write = pause_job },
	{ M_POST, V1 "/jobs/{id}:resume", OPERATE, .read = read_nothing, .write = resume_job },
	{ M_POST, V1 "/jobs/{id}:approve", OPERATE, .read = read_nothing, .write = approve_job },
	{ M_POST, V1 "/jobs/{id}:next-stage", OPERATE, .read = read_nothing,
	  .write = open_next_stage },
	{ M_POST, V1 "/jobs/{id}:retry", OPERATE, .read = sliced_job_read,
	  .write = retry_job_write },
	{ M_POST, V1 "/jobs/{id}:rollback", OPERATE, .read = rollback_job_read,
	  .write = rollback_job_write },
	{ M_POST, V1 "/jobs/{id}:cancel", OPERATE, .read = sliced_job_read,
	  .write = cancel_job_write },
	{ M_GET, V1 "/jobs/{id}", VIEW, .read = get_job },
	{ M_GET, V1 "/jobs/{id}/executions", VIEW, .read = get_executions },
	{ M_POST, V1 "/jobs/{id}/executions/{device}:approve", OPERATE, .read = read_nothing,
	  .write = approve_execution },
	{ M_POST, V1 "/jobs/{id}/executions/{device}:reject", OPERATE, .read = read_nothing,
	  .write = reject_execution },
	{ M_POST, V1 "/jobs/{id}/executions/{device}:cancel", OPERATE, .read = read_nothing,
	  .write = cancel_execution },
	{ M_POST, V1 "/jobs/{id}/executions/{device}:retry", OPERATE, .read = read_nothing,
	  .write = retry_execution },

	{ M_GET, V1 "/filters", VIEW, .read = get_filters },
	{ M_POST, V1 "/filters", OPERATE, .read = post_filter_read, .write = post_filter_write },
	{ M_GET, V1 "/filters/{name}", VIEW, .read = get_filter },
	{ M_DELETE, V1 "/filters/{name}", OPERATE, .write = delete_filter },

	{ M_GET, V1 "/keys", ADMIN, .read = get_keys },
	{ M_POST, V1 "/keys", ADMIN, .read = post_key_read, .write = post_key_write },
	{ M_DELETE, V1 "/keys/{id}", ADMIN, .write = delete_key },
	{ M_GET, V1 "/audit", ADMIN, .read = get_audit },

	{ M_GET, V1 "/openapi.json", .rights = FOR_ANYONE, .read = get_openapi },
	{ M_GET, "/healthz", .rights = FOR_ANYONE, .read = get_healthz },
	{ M_GET, "/readyz", .rights = FOR_ANYONE, .read = get_readyz },
	{ M_GET, "/metrics", .rights = FOR_ANYONE, .read = get_metrics },
	{ 0 }
};

const struct route_table mgmt_table = {
	.routes = routes, .refuse = problem_refuse, .api = true,
};
