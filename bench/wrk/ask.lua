-- Asks about keys drawn at random from a file of secrets.
-- usage: wrk … -s ask.lua URL -- verify|authorize TOKEN FILE [checked]
--
-- The requests are written out before the clock starts. "checked" looks into every answer, which costs
-- wrk more than the server; without it only the status is looked at, and the bench asks the server's
-- own counters for the verdicts.

local requests = {}
local threads = {}
bad = 0

function setup(thread)
  table.insert(threads, thread)
  thread:set("seed", #threads)
end

function init(args)
  local kind, token, file, is_checked = args[1], args[2], args[3], args[4] == "checked"
  math.randomseed(seed)
  for secret in io.lines(file) do
    if kind == "verify" then
      local headers = { Authorization = "Bearer " .. token, ["Content-Type"] = "application/json" }
      local body = '{"secret":"' .. secret .. '","permissions":["orders.read"]}'
      table.insert(requests, wrk.format("POST", "/v1/keys/verify", headers, body))
    else
      local headers = { Authorization = "Bearer " .. secret }
      table.insert(requests, wrk.format("GET", "/v1/authorize?permission=orders.read", headers))
    end
  end
  if is_checked then
    response = function(status, headers, body)
      local is_let_through
      if kind == "verify" then
        is_let_through = body:find('"valid":true', 1, true)
      else
        is_let_through = headers["keyway-key-id"]
      end
      if status ~= 200 or not is_let_through then bad = bad + 1 end
    end
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("bad") end
  print(string.format("counted %d %d %d %d", summary.requests, summary.duration, wrong,
    latency:percentile(99)))
end
