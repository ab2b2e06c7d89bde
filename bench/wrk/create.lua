-- Creates keys, each with a name of its own.
-- usage: wrk … -s create.lua URL -- TOKEN ORGANIZATION

local head, count = nil, 0
local headers = {}

function init(args)
  headers = { Authorization = "Bearer " .. args[1], ["Content-Type"] = "application/json" }
  head = '{"organization":"' .. args[2] .. '","name":"Deploy bot '
end

function request()
  count = count + 1
  local grants = '","grants":[{"permissions":["orders.read","orders.write"],"resource":"*"}]}'
  return wrk.format("POST", "/v1/keys", headers, head .. count .. grants)
end

function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  print(string.format("counted %d %d %d %d", summary.requests, summary.duration, wrong,
    latency:percentile(99)))
end
