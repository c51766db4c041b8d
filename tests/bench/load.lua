-- SPDX-License-Identifier: Apache-2.0
--
-- load.lua - what wrk sends. Arguments: WHAT FIRST COUNT [KEY=VALUE…]. Each
-- request is the next of COUNT devices from number FIRST on, over and over.
--	check	an ESP8266 asks			native	a device of our own asks
--	take	as native, and gets a first piece of its image
--	status	as native, tells its progress	(job=ID)
--	download	a person's download of an image	(key=KEY version=NAME)
-- close=1: a connection for each request. The last line printed is JSON.
local what, first, count, options = nil, 0, 1, {}
local at = -1		-- wrk asks for one to look at, which it does not send

function init(args)
	what, first, count = args[1], tonumber(args[2]), tonumber(args[3])
	for i = 4, #args do
		local k, v = args[i]:match("^(%w+)=(.*)$")
		options[k] = v
	end
end

local function esp8266(n)
	local mac = string.format("5C:CF:7F:%02X:%02X:%02X", math.floor(n / 65536) % 256,
	    math.floor(n / 256) % 256, n % 256)
	return "GET /arduino/" .. options.ptype .. "/update HTTP/1.1\r\nHost: bench\r\n" ..
	    "User-Agent: ESP8266-http-Update\r\n" ..
	    (options.close and "Connection: close\r\n" or "") ..
	    "x-ESP8266-Chip-ID: " .. n .. "\r\nx-ESP8266-STA-MAC: " .. mac ..
	    "\r\nx-ESP8266-AP-MAC: 5E" .. mac:sub(3) ..
	    "\r\nx-ESP8266-free-space: 671744\r\nx-ESP8266-sketch-size: 373952\r\n" ..
	    "x-ESP8266-sketch-md5: a56f8ef78a0bebd812f62067daf1408a\r\n" ..
	    "x-ESP8266-chip-size: 4194304\r\nx-ESP8266-sdk-version: 2.2.2-dev(38a443e)\r\n" ..
	    "x-ESP8266-mode: sketch\r\nx-ESP8266-version: v1.0.0t" .. options.ptype .. "(a)\r\n\r\n"
end

local function native(n, line, more, body)
	return line .. " HTTP/1.1\r\nHost: bench\r\n" ..
	    (options.close and "Connection: close\r\n" or "") ..
	    string.format("Authorization: token bench-key-of-device-number-%08d\r\n" ..
	    "X-Device-Id: dev-%06d\r\n", n, n) .. more .. "\r\n" .. (body or "")
end

local function asks()
	return "X-Device-Version: v1.0.0t" .. options.ptype .. "(a)\r\nX-Device-Product: " ..
	    options.ptype .. "\r\n"
end

local function status(n)
	local body = '{"job":"' .. options.job .. '","state":"in_progress","progress":' ..
	    math.max(at, 0) % 100 .. ',"detail":"writing block ' .. at .. '"}'
	return native(n, "POST /device/status", "Content-Type: application/json\r\n" ..
	    "Content-Length: " .. #body .. "\r\n", body)
end

function request()
	local n = first + math.max(at, 0) % count
	at = at + 1
	if what == "check" then
		return esp8266(n)
	elseif what == "download" then
		return "GET /api/v1/firmware/" .. options.version .. "/images/image HTTP/1.1\r\n" ..
		    "Host: bench\r\nAuthorization: Bearer " .. options.key .. "\r\n\r\n"
	elseif what == "status" then
		return status(n)
	elseif what == "take" then
		return native(n, "GET /device/update", asks() .. "Range: bytes=0-15\r\n")
	end
	return native(n, "GET /device/update", asks())
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format('{"requests":%d,"us":%d,"bytes":%d,"refused":%d,"broken":%d,' ..
	    '"p50":%d,"p99":%d}\n', summary.requests, summary.duration, summary.bytes, e.status,
	    e.connect + e.read + e.write + e.timeout, latency:percentile(50),
	    latency:percentile(99)))
end
