-- SPDX-License-Identifier: Apache-2.0
-- http-request lua.troth-authorize ORIGIN: asks the verifier whether this request may go on, and leaves
-- its answer in variables: txn.troth_status (nothing without an answer), txn.troth_device,
-- txn.troth_segment, txn.troth_nonce, txn.troth_challenge. Who may pass, the configuration decides.

-- The way to the verifier: haproxy.cfg's own listener, which adds the caller's token.
local VERIFIER = "unix@/run/haproxy/troth.sock"
local TIMEOUT_MS = 2000

-- What the verifier's answer leaves.
local ANSWERS = {
	["troth-device"] = "txn.troth_device",
	["troth-segment"] = "txn.troth_segment",
	["dpop-nonce"] = "txn.troth_nonce",
	["www-authenticate"] = "txn.troth_challenge",
}

-- All values of a header, as they came: of two, the verifier takes none.
local function values(headers, name)
	local list, i = {}, 0
	while headers[name] and headers[name][i] do
		list[#list + 1] = headers[name][i]
		i = i + 1
	end
	return #list > 0 and list or nil
end

-- Method, address and certificate are HAProxy's word; of the client's headers the credential goes on.
local function question(txn, origin)
	local received = txn.http:req_get_headers()
	local certificate = txn:get_var("txn.troth_certificate")
	return {
		["x-original-method"] = { txn.sf:method() },
		["x-original-url"] = { origin .. txn.sf:pathq() },
		["client-cert"] = certificate and { certificate } or nil,
		["authorization"] = values(received, "authorization"),
		["dpop"] = values(received, "dpop"),
	}
end

core.register_action("troth-authorize", { "http-req" }, function(txn, origin)
	local answer = core.httpclient():get{
		url = "http://verifier/v1/authorize",
		headers = question(txn, origin),
		dst = VERIFIER,
		timeout = TIMEOUT_MS,
	}
	if not answer or not answer.status or answer.status == 0 then
		return
	end
	txn:set_var("txn.troth_status", answer.status)
	for name, variable in pairs(ANSWERS) do
		local value = answer.headers and answer.headers[name]
		if value then
			txn:set_var(variable, value[0])
		end
	end
end, 1)
